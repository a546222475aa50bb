//! Options of the command line.

use super::By::{Engine, Parse};
use super::{Case, case, with};

/// Verbs, unknown options, sizes, output.
pub(super) fn options() -> Vec<Case> {
    vec![
        // The parser's own errors.
        case(Parse, "", &["subcommand"]),
        case(Parse, "smpl gaussian", &["smpl"]),
        case(Parse, "sample", &["<TARGET>"]),
        case(
            Parse,
            "sample gaussian --partcles 5",
            &["--partcles", "--particles"],
        ),
        case(Parse, "sample gaussian --particles", &["--particles"]),
        case(Parse, "sample gaussian --seed 1 --seed 2", &["--seed"]),
        case(Parse, "sample gaussian extra", &["extra"]),
        case(Parse, "sample gaussian --json=yes", &["--json", "yes"]),
        case(Parse, "smc gaussian --warmup 10", &["--warmup"]),
        case(Parse, "smc gaussian --draws 10", &["--draws"]),
        case(Parse, "sample gaussian --ladder 0,1", &["--ladder"]),
        case(Parse, "list moons", &["moons", "targets"]),
        case(
            Parse,
            "list target",
            &["list = target", "did you mean targets?"],
        ),
        case(Parse, "list targets moves", &["moves"]),
        case(Parse, "info --jsn", &["--jsn", "--json"]),
        case(Parse, "smc gaussian --mov hmc", &["--mov", "--move"]),
        case(Parse, "run", &["<FILE.toml>"]),
        // Sizes.
        case(
            Parse,
            "sample gaussian --particles 0",
            &["--particles = 0", "from 1"],
        ),
        case(
            Parse,
            "sample gaussian --particles -5",
            &["--particles = -5"],
        ),
        case(
            Parse,
            "sample gaussian --particles -1e6",
            &["--particles = -1e6"],
        ),
        case(
            Parse,
            "sample gaussian --particles -inf",
            &["--particles = -inf", "whole number"],
        ),
        case(
            Parse,
            "sample gaussian --step-size -NaN",
            &["--step-size = -NaN"],
        ),
        case(
            Parse,
            "sample gaussian --particles 1.5",
            &["--particles = 1.5", "whole number"],
        ),
        case(
            Parse,
            "sample gaussian --particles 1e30",
            &["--particles = 1e30"],
        ),
        case(
            Parse,
            "sample gaussian --particles many",
            &["--particles = many"],
        ),
        case(
            Parse,
            "smc gaussian --particles 1",
            &["--particles = 1", "from 2"],
        ),
        case(Parse, "sample gaussian --draws 0", &["--draws = 0"]),
        case(Parse, "sample gaussian --draws -3", &["--draws = -3"]),
        case(Parse, "sample gaussian --steps 0", &["--steps = 0"]),
        case(Parse, "sample gaussian --warmup -1", &["--warmup = -1"]),
        case(
            Parse,
            "sample gaussian --draws 5 --steps 5",
            &["--steps = 5", "--draws"],
        ),
        case(Parse, "sample gaussian --thin 0", &["--thin = 0"]),
        case(
            Parse,
            "sample gaussian --draws 10 --thin 11",
            &["--thin = 11", "10"],
        ),
        case(
            Parse,
            "sample gaussian --steps 10 --thin 2",
            &["--thin = 2", "--steps"],
        ),
        case(Parse, "sample gaussian --threads 0", &["--threads = 0"]),
        case(Parse, "sample gaussian --threads -2", &["--threads = -2"]),
        case(
            Parse,
            "sample gaussian --threads 5000",
            &["--threads = 5000", "4096"],
        ),
        case(Parse, "sample gaussian --seed -1", &["--seed = -1"]),
        case(
            Parse,
            "sample gaussian --seed 18446744073709551616",
            &["--seed = 18446744073709551616"],
        ),
        case(
            Engine,
            "sample gaussian --particles 1e9 --set dim=1000",
            &["--particles = 1000000000", "memory"],
        ),
        case(
            Engine,
            "sample gaussian --draws 1e9 --set dim=100",
            &["--draws = 1000000000", "--particles 1024", "memory"],
        ),
        // Output.
        case(
            Parse,
            "sample gaussian --out a --no-save",
            &["--out = a", "--no-save"],
        ),
        case(
            Engine,
            "sample gaussian --out absent/run",
            &["--out", "absent/run", "parent"],
        ),
        with(
            Engine,
            "sample gaussian --out file",
            "file",
            "x",
            &["--out", "file", "not a folder"],
        ),
        with(
            Engine,
            "sample gaussian --out file --force",
            "file",
            "x",
            &["--out", "file", "not a folder"],
        ),
        with(
            Engine,
            "sample gaussian --out file/run",
            "file",
            "x",
            &["--out", "file/run"],
        ),
        case(
            Engine,
            "sample gaussian --out ..",
            &["--out", "must name a folder"],
        ),
        case(
            Engine,
            "sample gaussian --out / --force",
            &["--out = /", "must name a folder"],
        ),
        with(
            Engine,
            "sample gaussian --out d --force",
            "d/thesis.tex",
            "x",
            &["--out", "not a run folder"],
        ),
        with(
            Engine,
            "sample gaussian --out d",
            "d/config.toml",
            "x",
            &["--out", "exists", "--force"],
        ),
    ]
}

/// Not a fault of what was given, but of where it is to be written.
pub(super) fn unwritable() -> Vec<Case> {
    vec![
        case(
            Engine,
            "smc gaussian --out /proc/run",
            &["/proc/run", "cannot be written"],
        )
        .exits(4),
        case(
            Engine,
            "sample gaussian --out /sys/run",
            &["/sys/run", "cannot be written"],
        )
        .exits(4),
        case(
            Engine,
            "sample gaussian --out /dev/null",
            &["--out = /dev/null", "not a folder"],
        ),
        case(
            Engine,
            "sample gaussian --out /dev/null/run",
            &["--out = /dev/null/run"],
        ),
    ]
}
