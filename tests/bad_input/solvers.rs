//! Options of `diffuse` and `compare`.

use super::By::{Engine, Parse};
use super::{Case, case, with};

pub(super) fn solvers() -> Vec<Case> {
    let diffuse = |options: &str, words: &[&'static str]| {
        case(Parse, &format!("diffuse grid-9 {options}"), words)
    };
    let compare = |options: &str, words: &[&'static str]| {
        case(Parse, &format!("compare {options} --on grid-9"), words)
    };
    let built = |mut case: Case| {
        case.by = Engine;
        case
    };
    let mut cases = vec![
        diffuse("--solver dpmpp-2n", &["--solver = dpmpp-2n", "dpmpp-2m"]),
        diffuse("--solver Euler!", &["--solver = Euler!"]),
        diffuse("--steps 0", &["--steps = 0", "from 1"]),
        diffuse("--steps -3", &["--steps = -3"]),
        diffuse("--steps 1e7", &["--steps = 1e7", "1000000"]),
        diffuse("--steps 2.5", &["--steps = 2.5"]),
        diffuse("--nfe 0", &["--nfe = 0"]),
        diffuse("--nfe 10 --steps 5", &["--nfe = 10", "--steps"]),
        diffuse("--schedule vp", &["--schedule = vp", "vp-linear"]),
        diffuse("--grid karas", &["--grid = karas", "karras?"]),
        diffuse("--rho 0", &["--rho = 0"]),
        diffuse("--rho nan", &["--rho = nan"]),
        diffuse("--shift -1", &["--shift = -1"]),
        diffuse("--sigmas 1,2,0", &["--sigmas"]),
        diffuse("--sigmas 1,-1", &["--sigmas = 1,-1"]),
        diffuse("--sigmas nan,0", &["--sigmas = nan,0"]),
        diffuse("--sigmas inf,1,0", &["--sigmas = inf,1,0"]),
        diffuse("--sigmas 0", &["--sigmas"]),
        diffuse("--sigmas ,", &["--sigmas = ,"]),
        diffuse("--sigmas many", &["--sigmas = many"]),
        diffuse(
            "--sigmas 2,1 --timesteps 1,0.5",
            &["--timesteps = 1,0.5", "--sigmas"],
        ),
        diffuse("--sigmas 2,1,0 --steps 5", &["--steps = 5", "--sigmas"]),
        diffuse("--timesteps 5,1", &["--timesteps", "5"]),
        diffuse(
            "--timesteps 0.2,0.5",
            &["--timesteps = 0.5", "before it, 0.2"],
        ),
        diffuse("--sigmas 2,1,0 --rho 3", &["--rho = 3"]),
        diffuse("--final end", &["--final = end", "sigma-min"]),
        diffuse(
            "--lower-order-final maybe",
            &["--lower-order-final = maybe"],
        ),
        diffuse("--eta -1", &["--eta = -1"]),
        diffuse("--eta nan", &["--eta = nan"]),
        diffuse("--noise-scale -1", &["--noise-scale = -1"]),
        diffuse("--churn 1,2", &["--churn = 1,2"]),
        diffuse("--churn -1", &["--churn = -1"]),
        diffuse("--solver euler --churn 1,5,2", &["--churn = 1,5,2"]),
        diffuse("--restart 3,2,0.1", &["--restart = 3,2,0.1"]),
        diffuse("--restart 3,2,2,0.1", &["--restart = 3,2,2,0.1"]),
        diffuse("--restart 1e9,1e9,0.1,1", &["--restart"]),
        diffuse("--restart 1000,1e8,0.1,1 --solver heun", &["--restart"]),
        diffuse("--guidance 2", &["--guidance = 2", "--condition"]),
        diffuse("--guidance nan --condition 1", &["--guidance = nan"]),
        diffuse("--condition 1,1", &["--condition = 1,1", "once"]),
        diffuse("--condition -1", &["--condition = -1"]),
        diffuse("--condition one", &["--condition = one"]),
        built(diffuse("--condition 9", &["condition", "9"])),
        diffuse("--threshold 0", &["--threshold = 0"]),
        diffuse("--threshold 1.5", &["--threshold = 1.5"]),
        diffuse("--rtol 1e-3", &["--rtol = 1e-3", "dpmpp-2m"]),
        diffuse("--solver dpm-adaptive-23 --rtol 0", &["--rtol = 0"]),
        diffuse(
            "--solver dpm-adaptive-23 --steps 5",
            &["--steps = 5", "dpm-adaptive-23"],
        ),
        diffuse("--start-up warm", &["--start-up = warm", "stages"]),
        diffuse("--corrector perhaps", &["--corrector = perhaps"]),
        diffuse("--init prior", &["--init = prior", "diffuse"]),
        diffuse("--particles 0", &["--particles = 0"]),
        diffuse("--warmup 3", &["--warmup"]),
        built(case(
            Engine,
            "diffuse logistic --set data=absent.csv",
            &["absent.csv", "cannot be read"],
        )),
        case(Engine, "diffuse phi4", &["TARGET = phi4", "no denoiser"]),
        case(
            Engine,
            "diffuse grid-9 --sigmas absent.npy",
            &["absent.npy", "cannot be read"],
        ),
        with(
            Engine,
            "diffuse grid-9 --sigmas s.npy",
            "s.npy",
            "0.5,0.1",
            &["s.npy", "magic"],
        ),
        with(
            Engine,
            "diffuse grid-9 --sigmas s.npy",
            "s.npy",
            super::starts::npy("<f8", "False", "(1, 2)", &[0; 16]),
            &["s.npy", "[1, 2]"],
        ),
        with(
            Engine,
            "diffuse grid-9 --sigmas s.npy",
            "s.npy",
            super::starts::npy("<f8", "False", "(2,)", &[0; 16]),
            &["--sigmas = ", "noise levels", "at least 2"],
        ),
    ];
    cases.extend([
        compare("ddim,", &["SOLVERS = ddim,"]),
        compare("ddim,ddim", &["= ddim", "once"]),
        compare("ddin", &["= ddin", "ddim"]),
        compare("ddim,euler,nothing", &["= nothing"]),
        compare("dpm-adaptive-23", &["= dpm-adaptive-23", "--nfe"]),
        compare("ddim --nfe 0:10", &["--nfe = 0:10"]),
        compare("ddim --nfe 20:10", &["--nfe = 20:10"]),
        compare("ddim --nfe 10:1e6", &["--nfe = 10:1e6", "10000"]),
        compare("ddim --nfe 10,10", &["--nfe = 10,10", "rise"]),
        compare("ddim --nfe 1.5", &["--nfe = 1.5"]),
        compare("ddim --nfe :", &["--nfe = :"]),
        compare("ddim --sigmas 1,0", &["--sigmas"]),
        compare("ddim --init prior", &["--init"]),
        case(Parse, "compare ddim", &["--on"]),
        case(
            Engine,
            "compare ddim --on phi4",
            &["TARGET = phi4", "no denoiser"],
        ),
        case(Engine, "compare ddim --on nothing", &["nothing"]),
        case(
            Parse,
            "compare ddim --on absent.toml",
            &["absent.toml", "cannot be read"],
        ),
    ]);
    cases
}
