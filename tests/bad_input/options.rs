//! Options of the command line.

use super::By::{Engine, Parse};
use super::{Case, case, with};

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
            &["--draws 1000000000", "memory"],
        ),
        // Moves.
        case(Parse, "sample gaussian --step-size 0", &["--step-size = 0"]),
        case(
            Parse,
            "sample gaussian --step-size -0.1",
            &["--step-size = -0.1"],
        ),
        case(
            Parse,
            "sample gaussian --step-size nan",
            &["--step-size = nan"],
        ),
        case(
            Parse,
            "sample gaussian --step-size inf",
            &["--step-size = inf"],
        ),
        case(
            Parse,
            "sample gaussian --step-size -inf",
            &["--step-size = -inf"],
        ),
        case(
            Parse,
            "sample gaussian --step-size --json",
            &["--step-size = --json", "number"],
        ),
        case(
            Parse,
            "sample gaussian --step-size 1e-320",
            &["--step-size = 1e-320"],
        ),
        case(
            Parse,
            "sample gaussian --step-size 0,1",
            &["--step-size = 0,1"],
        ),
        case(
            Parse,
            "sample gaussian --sampler ula",
            &["--step-size = (not given)", "ula"],
        ),
        case(
            Parse,
            "sample gaussian --target-accept 0",
            &["--target-accept = 0"],
        ),
        case(
            Parse,
            "sample gaussian --target-accept 1",
            &["--target-accept = 1"],
        ),
        case(
            Parse,
            "sample gaussian --target-accept -0.5",
            &["--target-accept = -0.5"],
        ),
        case(
            Parse,
            "sample gaussian --target-accept 0.8 --step-size 0.1",
            &["--target-accept = 0.8"],
        ),
        case(
            Parse,
            "sample gaussian --leapfrog-steps 0",
            &["--leapfrog-steps = 0"],
        ),
        case(
            Parse,
            "sample gaussian --leapfrog-steps 1e9",
            &["--leapfrog-steps = 1e9"],
        ),
        case(
            Parse,
            "sample gaussian --sampler rwmh --leapfrog-steps 5",
            &["--leapfrog-steps = 5", "rwmh"],
        ),
        case(
            Parse,
            "sample gaussian --sampler hmcc",
            &["--sampler = hmcc", "did you mean hmc?"],
        ),
        case(
            Parse,
            "smc gaussian --move walk",
            &["--move = walk", "rwmh"],
        ),
        case(Parse, "smc gaussian --move ula", &["--move = ula"]),
        case(
            Parse,
            "smc gaussian --move hcm",
            &["--move = hcm", "did you mean hmc?"],
        ),
        case(
            Parse,
            "smc gaussian --resampler residual",
            &["--resampler = residual"],
        ),
        case(
            Parse,
            "smc gaussian --leapfrog-steps 100001",
            &["--leapfrog-steps = 100001", "100000"],
        ),
        case(
            Parse,
            "smc gaussian --particles 0",
            &["--particles = 0", "from 2"],
        ),
        case(Parse, "smc gaussian --particles -5", &["--particles = -5"]),
        case(
            Parse,
            "smc gaussian --particles nan",
            &["--particles = nan"],
        ),
        case(
            Parse,
            "smc gaussian --particles 1e12",
            &["--particles = 1e12"],
        ),
        case(
            Engine,
            "smc gaussian --particles 1e10",
            &["--particles = 10000000000", "memory"],
        ),
        case(
            Parse,
            "smc gaussian --threads 1e6",
            &["--threads = 1e6", "4096"],
        ),
        case(Parse, "smc gaussian --threads 1.5", &["--threads = 1.5"]),
        case(Parse, "smc gaussian --seed 1.5", &["--seed = 1.5"]),
        case(Parse, "smc gaussian --ladder 1", &["--ladder = 1"]),
        case(Parse, "smc gaussian --ladder 0", &["--ladder = 0"]),
        case(
            Parse,
            "smc gaussian --ladder 0,0.5,0.2,1",
            &["--ladder = 0,0.5,0.2,1"],
        ),
        case(Parse, "smc gaussian --ladder 0,1,2", &["--ladder = 0,1,2"]),
        case(Parse, "smc gaussian --ladder 0,inf", &["--ladder = 0,inf"]),
        case(Parse, "smc gaussian --ladder 0,,1", &["--ladder = 0,,1"]),
        case(
            Parse,
            "smc gaussian --ladder many",
            &["--ladder = many", "from 0 to 1"],
        ),
        case(
            Parse,
            "smc gaussian --init exact",
            &["--init = exact", "--reference"],
        ),
        case(
            Parse,
            "smc gaussian --init x.npy",
            &["--init = x.npy", "--reference"],
        ),
        case(
            Engine,
            "smc gaussian --init prior",
            &["--init = prior", "no prior"],
        ),
        case(
            Parse,
            "smc gaussian --resampler multinomal",
            &["--resampler = multinomal", "multinomial?"],
        ),
        case(
            Parse,
            "smc gaussian --moves-per-stage 0",
            &["--moves-per-stage = 0"],
        ),
        case(Parse, "smc gaussian --target-ess 0", &["--target-ess = 0"]),
        case(Parse, "smc gaussian --target-ess 1", &["--target-ess = 1"]),
        case(
            Parse,
            "smc gaussian --target-ess 1.5",
            &["--target-ess = 1.5"],
        ),
        case(Parse, "smc gaussian --replicates 0", &["--replicates = 0"]),
        case(
            Parse,
            "smc gaussian --ladder 0,0.5",
            &["--ladder = 0,0.5", "to 1"],
        ),
        case(
            Parse,
            "smc gaussian --ladder 0,0.5,0.5,1",
            &["--ladder = 0,0.5,0.5,1"],
        ),
        case(
            Parse,
            "smc gaussian --ladder 0,nan,1",
            &["--ladder = 0,nan,1"],
        ),
        case(
            Parse,
            "smc gaussian --ladder -1,0,1",
            &["--ladder = -1,0,1"],
        ),
        case(Parse, "smc gaussian --ladder 0;1", &["--ladder = 0;1"]),
        case(
            Parse,
            "smc gaussian --reference normal:0",
            &["--reference = normal:0"],
        ),
        case(
            Parse,
            "smc gaussian --reference normal:-2",
            &["--reference = normal:-2"],
        ),
        case(
            Parse,
            "smc gaussian --reference student:3",
            &["--reference = student:3"],
        ),
        case(
            Parse,
            "smc gaussian --reference cauchy:1",
            &["--reference = cauchy:1"],
        ),
        case(
            Engine,
            "smc gaussian --reference absent.toml",
            &["absent.toml"],
        ),
        case(
            Parse,
            "sample gaussian --precision f16",
            &["--precision = f16", "f64"],
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
    let mut case = case(
        Engine,
        "smc gaussian --out /proc/run",
        &["/proc/run", "cannot be written"],
    );
    case.code = 4;
    vec![case]
}
