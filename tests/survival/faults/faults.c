// Makes the k-th call that writes fail, as a full disk or a broken one would: loaded before the C library.
//
// DRIFTLANE_FAULT = k:KIND; the calls counted are those on files opened for writing, their flushes, renames and
// removals, and folders made, in order over all threads. KIND is
//
//   ENOSPC, EDQUOT   this call fails and every later write, until a file is removed
//   EIO, EINTR       this call fails, once
//   short            this write writes half and says so
//   signals          no call fails but those that ask for SIGINT and SIGTERM
//   stop             no call fails; the process is sent SIGTERM before this one
//
// The number of calls is written to DRIFTLANE_CALLS at the end.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;
static atomic_int full;
static long at = -1;
static int error;
static int lasting;
static int cut;
static int deaf;
static int stop;

__attribute__((constructor)) static void begin(void) {
    const char *fault = getenv("DRIFTLANE_FAULT");
    const char *kind = fault ? strchr(fault, ':') : NULL;
    if (!kind) return;
    at = atol(fault);
    if (!strcmp(kind, ":ENOSPC")) error = ENOSPC;
    if (!strcmp(kind, ":EDQUOT")) error = EDQUOT;
    lasting = error != 0;
    if (!strcmp(kind, ":EIO")) error = EIO;
    if (!strcmp(kind, ":EINTR")) error = EINTR;
    if (!strcmp(kind, ":short")) cut = 1;
    if (!strcmp(kind, ":signals")) deaf = 1;
    if (!strcmp(kind, ":stop")) stop = 1;
}

__attribute__((destructor)) static void end(void) {
    const char *path = getenv("DRIFTLANE_CALLS");
    FILE *out = path ? fopen(path, "w") : NULL;
    if (out) {
        fprintf(out, "%ld\n", atomic_load(&calls));
        fclose(out);
    }
}

// Whether this call is the one, or comes after the disk was full.
static int fails(int writes) {
    long mine = atomic_fetch_add(&calls, 1);
    if (mine == at && stop) kill(getpid(), SIGTERM);
    if (mine == at && error) {
        if (lasting) atomic_store(&full, 1);
        return 1;
    }
    return writes && atomic_load(&full);
}

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

#define FAIL_OR(writes)     \
    if (fails(writes)) {    \
        errno = error;      \
        return -1;          \
    }

ssize_t write(int fd, const void *bytes, size_t count) {
    if (fd > 2) {
        long mine = atomic_load(&calls);
        FAIL_OR(1)
        if (cut && mine == at && count > 1) count /= 2;
    }
    return NEXT(write)(fd, bytes, count);
}

int fsync(int fd) {
    FAIL_OR(0)
    return NEXT(fsync)(fd);
}

int rename(const char *from, const char *to) {
    FAIL_OR(0)
    return NEXT(rename)(from, to);
}

int mkdir(const char *path, mode_t mode) {
    FAIL_OR(0)
    return NEXT(mkdir)(path, mode);
}

// A full disk lets files be removed: then these calls are not counted.
static int removes(void) {
    atomic_store(&full, 0);
    if (lasting) return 1;
    long mine = atomic_fetch_add(&calls, 1);
    return !(mine == at && error);
}

int unlink(const char *path) {
    if (!removes()) {
        errno = error;
        return -1;
    }
    return NEXT(unlink)(path);
}

int unlinkat(int folder, const char *path, int flags) {
    if (!removes()) {
        errno = error;
        return -1;
    }
    return NEXT(unlinkat)(folder, path, flags);
}

int rmdir(const char *path) {
    if (!removes()) {
        errno = error;
        return -1;
    }
    return NEXT(rmdir)(path);
}

static int open_with(int (*next)(const char *, int, ...), const char *path, int flags, mode_t mode) {
    if ((flags & O_ACCMODE) != O_RDONLY) {
        FAIL_OR(0)
    }
    return next(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return open_with(NEXT(open64), path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return open_with(NEXT(open), path, flags, mode);
}

int sigaction(int number, const struct sigaction *action, struct sigaction *before) {
    if (deaf && action && (number == SIGINT || number == SIGTERM)) {
        errno = EINVAL;
        return -1;
    }
    return NEXT(sigaction)(number, action, before);
}
