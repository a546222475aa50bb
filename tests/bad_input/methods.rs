//! Options of moves, of tempering and of the population.

use super::By::{Engine, Parse};
use super::{Case, case};

pub(super) fn methods() -> Vec<Case> {
    vec![
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
            "sample gaussian --sampler baoab",
            &["--step-size = (not given)", "baoab"],
        ),
        case(
            Parse,
            "sample gaussian --sampler baobab --step-size 1",
            &["--sampler = baobab", "did you mean baoab?"],
        ),
        case(
            Parse,
            "sample gaussian --sampler baoab --step-size 1 --friction -1",
            &["--friction = -1", "0 to"],
        ),
        case(
            Parse,
            "sample gaussian --sampler baoab --step-size 1 --friction nan",
            &["--friction = nan"],
        ),
        case(
            Parse,
            "sample gaussian --friction 1",
            &["--friction = 1", "hmc"],
        ),
        case(
            Parse,
            "sample gaussian --sampler ula --step-size 1 --friction 1",
            &["--friction = 1", "ula"],
        ),
        case(
            Parse,
            "sample gaussian --sampler baoab --step-size 1 --noise two-point",
            &["--noise = two-point", "weak order 1", "three-point"],
        ),
        case(
            Parse,
            "sample gaussian --sampler underdamped-midpoint --step-size 1 --noise three-point",
            &["--noise = three-point", "weak order 2", "gaussian"],
        ),
        case(
            Parse,
            "sample gaussian --sampler ula --step-size 1 --noise cauchy",
            &["--noise = cauchy", "two-point"],
        ),
        case(
            Parse,
            "smc gaussian --resample ess:0",
            &["--resample = ess:0", "ess:SHARE"],
        ),
        case(
            Parse,
            "smc gaussian --resample sometimes",
            &["--resample = sometimes", "always, never"],
        ),
        case(
            Parse,
            "smc gaussian --resample ess:1.5",
            &["--resample = ess:1.5", "at most 1"],
        ),
        case(Parse, "sample gaussian --resample always", &["--resample"]),
        case(Parse, "smc gaussian --islands 0", &["--islands = 0"]),
        case(
            Parse,
            "smc gaussian --particles 100 --islands 51",
            &["--islands", "51", "from 1 to 50"],
        ),
        case(
            Parse,
            "smc gaussian --islands 4 --replicates 2",
            &["--islands", "--replicates"],
        ),
        case(
            Parse,
            "smc gaussian --jitter 1",
            &["--jitter = 1", "below 1"],
        ),
        case(
            Parse,
            "smc gaussian --step-size-spread 0.5",
            &["--step-size-spread = 0.5", "from 1 to 1e6"],
        ),
        case(
            Parse,
            "smc gaussian --step-size-spread 2 --jitter 0.1",
            &["--jitter", "--step-size-spread"],
        ),
        case(
            Parse,
            "smc gaussian --move elliptical-slice --step-size-spread 2",
            &["--step-size-spread", "elliptical-slice"],
        ),
        case(
            Parse,
            "smc gaussian --moves-per-stage automatic",
            &["--moves-per-stage = automatic", "whole number"],
        ),
        case(
            Parse,
            "smc gaussian --ladder 0,1 --freeze runs/gaussian-1",
            &["--ladder", "--freeze"],
        ),
        case(
            Parse,
            "sample gaussian --freeze runs/gaussian-1",
            &["unexpected argument", "--freeze"],
        ),
        case(
            Parse,
            "smc gaussian --move elliptical-slice --jitter 0.1",
            &["--jitter = 0.1", "elliptical-slice"],
        ),
        case(
            Parse,
            "smc gaussian --move elliptical-slice --step-size 0.1",
            &["--step-size = 0.1", "elliptical-slice"],
        ),
        case(
            Parse,
            "smc gaussian --friction 2",
            &["--friction = 2", "hmc"],
        ),
        case(
            Engine,
            "smc gaussian --set dim=3 --move pcn --reference student:4,1",
            &["pcn", "student"],
        ),
        case(
            Engine,
            "smc gaussian --move adjusted-mclmc",
            &["adjusted-mclmc", "at least 2 dimensions"],
        ),
        case(
            Engine,
            "sample gaussian --sampler mclmc --step-size 0.1",
            &["mclmc", "at least 2 dimensions"],
        ),
        case(
            Parse,
            "sample gaussian --noise gaussian",
            &["--noise = gaussian", "hmc"],
        ),
        case(
            Parse,
            "sample gaussian --integrator velocity-verle",
            &[
                "--integrator = velocity-verle",
                "did you mean velocity-verlet?",
            ],
        ),
        case(
            Parse,
            "sample gaussian --integrator baoab",
            &["--integrator = baoab", "velocity-verlet"],
        ),
        case(
            Parse,
            "sample gaussian --sampler rwmh --integrator yoshida-4",
            &["--integrator = yoshida-4", "rwmh"],
        ),
        case(
            Engine,
            "sample eight-gaussians --sampler etd2rk --step-size 1",
            &["integrator = etd2rk", "linear part of 2"],
        ),
        case(
            Engine,
            "sample phi4 --set basis=waves",
            &["basis = waves", "sites or modes"],
        ),
        case(
            Parse,
            "smc gaussian --move baoab",
            &["--move = baoab", "hmc"],
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
            "smc gaussian --resampler residuals",
            &["--resampler = residuals"],
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
        case(
            Parse,
            "smc gaussian --waste-free 1",
            &["--waste-free = 1", "2 to"],
        ),
        case(
            Parse,
            "smc gaussian --waste-free many",
            &["--waste-free = many"],
        ),
        case(
            Parse,
            "smc gaussian --particles 1000 --waste-free 3",
            &["--waste-free = 3", "divide the 1000 particles"],
        ),
        case(
            Parse,
            "smc gaussian --particles 1000 --waste-free 1000",
            &["--waste-free = 1000", "at least 2 chains"],
        ),
        case(
            Parse,
            "smc gaussian --particles 1000 --waste-free 100 --islands 8",
            &["--waste-free = 100", "islands"],
        ),
        case(
            Parse,
            "smc gaussian --waste-free 16 --moves-per-stage 5",
            &["--moves-per-stage = 5", "--waste-free"],
        ),
        case(
            Parse,
            "smc gaussian --waste-free 16 --moves-per-stage auto",
            &["--moves-per-stage = auto", "--waste-free"],
        ),
        case(
            Parse,
            "smc gaussian --waste-free 16 --resample ess:0.5",
            &["--resample = ess:0.5", "--waste-free"],
        ),
        case(Parse, "smc gaussian --lag 0", &["--lag = 0"]),
        case(Parse, "smc gaussian --lag -3", &["--lag = -3"]),
        case(
            Parse,
            "smc gaussian --lag 3 --resampler ssp",
            &["--lag = 3", "multinomial"],
        ),
        case(
            Parse,
            "sample gaussian --sampler mala --leapfrog-steps auto",
            &["--leapfrog-steps = auto", "mala"],
        ),
        case(
            Parse,
            "smc gaussian --move adjusted-mclmc --set dim=2 --leapfrog-steps auto",
            &["--leapfrog-steps = auto", "hmc"],
        ),
        case(
            Parse,
            "sample gaussian --mass full",
            &["--mass = full", "fisher"],
        ),
        case(
            Parse,
            "sample gaussian --sampler ula --step-size 0.1 --mass fisher",
            &["--mass = fisher", "ula"],
        ),
    ]
}
