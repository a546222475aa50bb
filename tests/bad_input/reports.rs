//! What is written of a finished run, where it may not be; runs that are taken for other ones.

use super::Case;
use super::folders::{edit, on};
use std::fs;

pub(super) fn reports() -> Vec<Case> {
    vec![
        on(
            "done",
            "export done --format npz",
            "samples.npy is cut",
            &["samples.npy", "truncated"],
            |f| {
                edit(&f.join("done/samples.npy"), |b| b.truncate(b.len() - 8));
            },
        )
        .exits(5),
        on(
            "done",
            "export done --format npz",
            "samples.npy is gone",
            &["samples.npy", "cannot be read"],
            |f| {
                fs::remove_file(f.join("done/samples.npy")).unwrap();
            },
        )
        .exits(5),
        on(
            "done",
            "report done -o there.html",
            "there.html exists",
            &["--out = there.html", "exists", "--force"],
            |f| {
                fs::write(f.join("there.html"), "kept").unwrap();
            },
        ),
        on(
            "done",
            "report done -o absent/there.html",
            "absent is no folder",
            &["--out = absent/there.html", "parent"],
            |_| {},
        ),
        on(
            "done",
            "report done -o done --force",
            "done is a folder",
            &["--out = done", "must name a file"],
            |_| {},
        ),
        on(
            "done",
            "export done --out there.csv",
            "there.csv exists",
            &["--out = there.csv", "exists", "--force"],
            |f| {
                fs::write(f.join("there.csv"), "kept").unwrap();
            },
        ),
        on(
            "done",
            "export done --format npz --out done",
            "done is a folder",
            &["--out = done", "must name a file"],
            |_| {},
        ),
        on(
            "done",
            "export done --format stan-csv --chains 5",
            "it has 4 chains",
            &["--chains = 5", "4"],
            |_| {},
        ),
        on(
            "done",
            "export done --format stan-csv --out there",
            "there is a file",
            &["--out = there"],
            |f| {
                fs::write(f.join("there"), "kept").unwrap();
            },
        ),
        on(
            "done",
            "export done --out /proc/draws.csv",
            "/proc takes no files",
            &["/proc/draws.csv", "cannot be written"],
            |_| {},
        )
        .exits(4),
        on(
            "done",
            "report done -o /sys/report.html",
            "/sys takes no files",
            &["/sys/report.html", "cannot be written"],
            |_| {},
        )
        .exits(4),
        on(
            "smc",
            "smc gaussian --particles 16 --freeze smc --move rwmh",
            "smc moved by hmc",
            &["schedule.toml", "hmc", "rwmh"],
            |_| {},
        ),
        on(
            "smc",
            "smc gaussian --set dim=2 --freeze smc",
            "smc is of 1 dimension",
            &["schedule.toml", "2"],
            |_| {},
        ),
        on(
            "done",
            "smc gaussian --freeze done",
            "done is no smc run",
            &["schedule.toml", "cannot be read"],
            |_| {},
        ),
        on(
            "smc",
            "smc gaussian --freeze smc",
            "schedule.toml is cut",
            &["schedule.toml"],
            |f| {
                edit(&f.join("smc/schedule.toml"), |b| b.truncate(30));
            },
        ),
        on(
            "done",
            "sample gaussian --out done",
            "done exists",
            &["--out = ", "done", "exists", "--force"],
            |_| {},
        ),
        on(
            "done",
            "sample eight-schools --init done/draws.npy",
            "draws.npy has three axes",
            &["draws.npy", "[6, 4, 1]"],
            |_| {},
        ),
    ]
}
