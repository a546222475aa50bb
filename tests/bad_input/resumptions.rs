//! Runs that cannot go on: damaged checkpoints, changed configurations, options of `resume`.

use super::Case;
use super::folders::{edit, edit_both, on, reword};
use driftlane::record::generations::NAMES;
use std::fs;
use std::path::Path;

pub(super) fn resumptions() -> Vec<Case> {
    let stopped = |note, words: &[&'static str], change: fn(&Path)| {
        on("stopped", "resume stopped --quiet", note, words, change).exits(5)
    };
    let config = |f: &Path| f.join("stopped/config.toml");
    vec![
        stopped("both checkpoints are cut", &["checkpoint", "ends"], |f| {
            edit_both(f, |b| b.truncate(50));
        }),
        stopped(
            "both checkpoints are empty",
            &["checkpoint", "ends within the first bytes"],
            |f| {
                edit_both(f, Vec::clear);
            },
        ),
        stopped(
            "one bit of both checkpoints is flipped",
            &["checkpoint", "checksum"],
            |f| {
                edit_both(f, |b| {
                    b[32] ^= 4;
                });
            },
        ),
        stopped(
            "both checkpoints are of format 0",
            &["checkpoint", "version 0", "version 3"],
            |f| {
                edit_both(f, |b| b[8..12].copy_from_slice(&0u32.to_le_bytes()));
            },
        ),
        stopped(
            "both checkpoints are of format 4",
            &["checkpoint", "version 4", "version 3"],
            |f| {
                edit_both(f, |b| b[8..12].copy_from_slice(&4u32.to_le_bytes()));
            },
        ),
        stopped(
            "both checkpoints are text",
            &["checkpoint", "is not a checkpoint"],
            |f| {
                edit_both(f, |b| *b = b"a text that is no checkpoint\n".to_vec());
            },
        ),
        stopped(
            "both checkpoints went through a transfer of text",
            &["checkpoint", "is not a checkpoint"],
            |f| {
                edit_both(f, |b| b.retain(|byte| *byte != b'\r'));
            },
        ),
        stopped(
            "both checkpoints go on",
            &["checkpoint", "1 bytes after its end"],
            |f| {
                edit_both(f, |b| b.push(0));
            },
        ),
        stopped("both checkpoints are folders", &["checkpoint"], |f| {
            for name in NAMES {
                let path = f.join("stopped").join(name);
                fs::remove_file(&path).unwrap();
                fs::create_dir(path).unwrap();
            }
        }),
        stopped(
            "config.toml has another seed",
            &["is of another run", "config.toml"],
            move |f| {
                reword(&f.join("stopped/config.toml"), "seed = 1", "seed = 2");
            },
        ),
        stopped(
            "config.toml has more particles",
            &["is of another run", "config.toml"],
            |f| {
                reword(
                    &f.join("stopped/config.toml"),
                    "particles = 200",
                    "particles = 400",
                );
            },
        ),
        stopped(
            "config.toml has another target",
            &["is of another run", "config.toml"],
            |f| {
                reword(&f.join("stopped/config.toml"), "eight-gaussians", "grid-9");
            },
        ),
        stopped("config.toml is empty", &["config.toml", "empty"], |f| {
            fs::write(f.join("stopped/config.toml"), "").unwrap();
        }),
        stopped(
            "config.toml is cut",
            &["cannot be resumed", "config.toml"],
            |f| {
                edit(&f.join("stopped/config.toml"), |b| b.truncate(9));
            },
        ),
        stopped(
            "config.toml has an unknown key",
            &["cannot be resumed", "particels = 3"],
            |f| {
                reword(
                    &f.join("stopped/config.toml"),
                    "particles = 200",
                    "particles = 200\nparticels = 3",
                );
            },
        ),
        stopped(
            "config.toml has no target",
            &["cannot be resumed", "[target]"],
            |f| {
                fs::write(f.join("stopped/config.toml"), "[method]\nverb = \"smc\"\n").unwrap();
            },
        ),
        on(
            "stopped",
            "resume stopped --threads 0",
            "",
            &["--threads = 0"],
            |_| {},
        ),
        on(
            "stopped",
            "resume stopped --threads 5000",
            "",
            &["--threads = 5000", "4096"],
            |_| {},
        ),
        on(
            "stopped",
            "resume stopped --checkpoint-every 0",
            "",
            &["--checkpoint-every = 0"],
            |_| {},
        ),
        on(
            "stopped",
            "resume stopped --time-limit 0",
            "",
            &["--time-limit = 0"],
            |_| {},
        ),
        on(
            "stopped",
            "resume stopped --draws +5",
            "",
            &["--draws = +5", "sample only"],
            |_| {},
        ),
        on(
            "done",
            "resume done --draws 5",
            "",
            &["--draws = 5", "must be +"],
            |_| {},
        ),
        on(
            "done",
            "resume done --draws +0",
            "",
            &["--draws = +0"],
            |_| {},
        ),
        on(
            "done",
            "resume done --draws -5",
            "",
            &["--draws = -5"],
            |_| {},
        ),
        on(
            "done",
            "resume done --draws +1.5",
            "",
            &["--draws = +1.5"],
            |_| {},
        ),
        on(
            "done",
            "resume done --draws +1e30",
            "",
            &["--draws = +1e30"],
            |_| {},
        ),
        on(
            "done",
            "resume done --draws +nan",
            "",
            &["--draws = +nan"],
            |_| {},
        ),
        on(
            "done",
            "resume done --draws +1e12",
            "",
            &["memory", "GB"],
            |_| {},
        ),
        on(
            "steps",
            "resume steps --draws +5",
            "",
            &["--draws = +5", "keeps draws"],
            |_| {},
        ),
        on(
            "done",
            "resume done --draws +5",
            "its checkpoints are gone",
            &["done", "no checkpoint"],
            |f| {
                for name in NAMES {
                    let _ = fs::remove_file(f.join("done").join(name));
                }
            },
        )
        .exits(5),
        on(
            "done",
            "resume done",
            "longer.toml says it becomes shorter",
            &["longer.toml", "must hold from and to"],
            |f| fs::write(f.join("done/longer.toml"), "from = 6\nto = 5\n").unwrap(),
        )
        .exits(5),
        on(
            "done",
            "summary done",
            "longer.toml is no text",
            &["longer.toml", "cannot be read"],
            |f| fs::write(f.join("done/longer.toml"), [0xff, 0]).unwrap(),
        )
        .exits(5),
        on(
            "done",
            "export done --format csv",
            "it is being lengthened and its checksums are gone",
            &[
                "done",
                "is being lengthened from 6 to 9 draws",
                "driftlane resume",
            ],
            |f| {
                fs::write(f.join("done/longer.toml"), "from = 6\nto = 9\n").unwrap();
                fs::remove_file(f.join("done/checksums.json")).unwrap();
            },
        )
        .exits(5),
        on(
            "stopped",
            "status stopped",
            "status.json is cut",
            &["status.json", "does not hold the status"],
            |f| {
                edit(&f.join("stopped/status.json"), |b| b.truncate(7));
            },
        )
        .exits(5),
        on(
            "stopped",
            "resume stopped",
            "config.toml is 17 MB",
            &["config.toml", "bytes"],
            move |f| {
                let file = fs::File::options().write(true).open(config(f)).unwrap();
                file.set_len(17 << 20).unwrap();
            },
        )
        .exits(5),
    ]
}
