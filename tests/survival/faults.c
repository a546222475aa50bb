// Makes the k-th call that writes fail, as a full disk or a broken one would: loaded before the C library.
//
// DRIFTLANE_FAULT = k:ENOSPC | k:EIO | k:short; the calls counted are those on files opened for writing, their flushes,
// renames and removals, and folders made, in order over all threads. After ENOSPC every later write fails too, until a
// file is removed; a short write writes half and says so. The number of calls is written to DRIFTLANE_CALLS at the end.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
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
static int cut;

__attribute__((constructor)) static void begin(void) {
    const char *fault = getenv("DRIFTLANE_FAULT");
    if (!fault) return;
    at = atol(fault);
    const char *kind = strchr(fault, ':');
    if (kind && !strcmp(kind, ":ENOSPC")) error = ENOSPC;
    if (kind && !strcmp(kind, ":EIO")) error = EIO;
    if (kind && !strcmp(kind, ":short")) cut = 1;
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
    if (mine == at && error) {
        if (error == ENOSPC) atomic_store(&full, 1);
        return 1;
    }
    return writes && atomic_load(&full);
}

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t count) {
    if (fd > 2) {
        long mine = atomic_load(&calls);
        if (fails(1)) {
            errno = error;
            return -1;
        }
        if (cut && mine == at && count > 1) count /= 2;
    }
    return NEXT(write)(fd, bytes, count);
}

int fsync(int fd) {
    if (fails(0)) {
        errno = error;
        return -1;
    }
    return NEXT(fsync)(fd);
}

int rename(const char *from, const char *to) {
    if (fails(0)) {
        errno = error;
        return -1;
    }
    return NEXT(rename)(from, to);
}

int mkdir(const char *path, mode_t mode) {
    if (fails(0)) {
        errno = error;
        return -1;
    }
    return NEXT(mkdir)(path, mode);
}

int unlink(const char *path) {
    atomic_store(&full, 0);
    return NEXT(unlink)(path);
}

static int open_with(int (*next)(const char *, int, ...), const char *path, int flags, mode_t mode) {
    if ((flags & O_ACCMODE) != O_RDONLY && fails(0)) {
        errno = error;
        return -1;
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
