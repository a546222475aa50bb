//! Log densities of noisy steps, against normal densities worked out from recorded positions.

use super::gates::{must_fail, must_pass, within};
use super::starts::{kept, program};
use driftlane::diffusion::solver::{Churn, Options, find};
use driftlane::diffusion::{
    Denoising, Diffuse, Grid, Node, Operation, Prediction, Program, Schedule, SolverFlow, Start,
    Step, diffuse, run_steps,
};
use driftlane::flow::{Advance, Flow, Resampler};
use driftlane::kernels::F64;
use driftlane::target::library::Mixture;

fn plain() -> super::mixture::Mixture {
    super::mixture::Mixture {
        weights: vec![0.2, 0.5, 0.3],
        means: vec![vec![-1.0, 0.5], vec![1.0, 1.0], vec![0.5, -2.0]],
        stds: vec![0.3, 0.5, 0.4],
    }
}

fn target() -> Mixture {
    let p = plain();
    Mixture::isotropic(p.weights, p.means, p.stds).unwrap()
}

/// log N of every noisy step of one particle that was seen at these positions.
fn direct(program: &Program, seen: &[Vec<f64>]) -> f64 {
    let mixture = plain();
    let predict = |x: &[f64], at: &Node, what: Prediction, out: &mut [f64]| {
        mixture.predict(x, at, what, out);
    };
    let mut registers = vec![vec![0.0; 2]; program.registers];
    let mut sum = 0.0;
    for (k, step) in program.steps.iter().enumerate() {
        registers[0].clone_from(&seen[k]);
        let alone = Program {
            registers: program.registers,
            steps: vec![Step {
                operations: step.operations.clone(),
                ..step.clone()
            }],
        };
        run_steps(&alone, 0, &mut registers, predict, |_, noise| {
            noise.fill(0.0)
        });
        let drawn = step
            .operations
            .iter()
            .find_map(|operation| match operation {
                Operation::Draw { to, .. } => Some(*to),
                _ => None,
            });
        let (Some(noise), Some(Operation::Combine { terms, .. })) = (drawn, step.operations.last())
        else {
            continue;
        };
        let spread = terms.iter().find(|term| term.0 == noise).unwrap().1;
        for (x, mean) in seen[k + 1].iter().zip(&registers[0]) {
            let xi = (x - mean) / spread;
            sum -= 0.5 * (xi * xi + std::f64::consts::TAU.ln()) + spread.ln();
        }
    }
    sum
}

#[test]
fn log_densities_are_those_of_normals() {
    const PARTICLES: usize = 70;
    let schedule = Schedule::from_name("vp-linear").unwrap();
    let mut nodes = Grid::LogSnr.nodes(&schedule, 8).unwrap();
    nodes.push(schedule.of_noise_level(0.0).unwrap());
    for name in [
        "ddpm",
        "ddpm-large",
        "euler-ancestral",
        "dpm2-ancestral",
        "dpmpp-2s-ancestral",
        "sde-dpm-1",
        "sde-dpm-2m",
        "sde-dpmpp-1",
        "sde-dpmpp-2m",
        "sde-dpmpp-3m",
        "sde-dpmpp-3m-corrected",
        "ddim",
    ] {
        let solver = find(name).unwrap();
        let noise_predictor = name.starts_with("sde-dpm-");
        let used = if noise_predictor {
            &nodes[..9]
        } else {
            &nodes[..]
        };
        let program = program(&solver, used, &schedule, &kept(&solver, Options::default()));
        let plan = Denoising::default();
        let target = target();
        let model = SolverFlow::<F64>::new(&target, &program, &plan, Start::Noise, 1);
        let mut model = model.unwrap().with_log_densities().unwrap();
        let mut flow = Flow::start(&model, PARTICLES, 5, Resampler::Multinomial).unwrap();
        let mut seen = vec![flow.population().positions()];
        while flow
            .advance(&mut model, &mut |_, population| {
                seen.push(population.positions())
            })
            .unwrap()
            == Advance::Moved
        {}
        assert_eq!(seen.len(), program.steps.len() + 1);
        let densities = flow.population().scalar_values(0);
        for (i, density) in densities.iter().enumerate() {
            let own: Vec<Vec<f64>> = seen.iter().map(|x| x[2 * i..2 * i + 2].to_vec()).collect();
            let exact = direct(&program, &own);
            if name == "ddim" {
                assert_eq!((*density, exact), (0.0, 0.0));
                continue;
            }
            // Positions are rounded to 1e-16, the smallest spread is 1e-2.
            let allowed = 1e-12 * exact.abs().max(10.0);
            must_pass(within(name, *density, exact, allowed));
            must_fail(
                "another particle",
                within(name, densities[(i + 1) % PARTICLES], exact, allowed),
            );
        }
    }
}

/// The same numbers by `diffuse`, where one step shows both ends.
#[test]
fn diffuse_returns_them() {
    let schedule = Schedule::from_name("vp-cosine").unwrap();
    let nodes = [schedule.at(0.7), schedule.at(0.5)];
    let given: Vec<f64> = (0..90).map(|k| 0.07 * f64::from(k) - 3.0).collect();
    for name in ["ddpm", "sde-dpmpp-2m", "dpmpp-2s-ancestral"] {
        let program = program(&find(name).unwrap(), &nodes, &schedule, &Options::default());
        let run = Diffuse {
            start: Start::Given(&given),
            log_densities: true,
            ..Diffuse::new(45, 2)
        };
        let result = diffuse::<F64>(&target(), &program, &run, &mut |_| {}).unwrap();
        assert_eq!(result.log_densities.len(), 45);
        for (i, density) in result.log_densities.iter().enumerate() {
            let at = 2 * i..2 * i + 2;
            let seen = [
                given[at.clone()].to_vec(),
                result.samples.to_vec()[at].to_vec(),
            ];
            must_pass(within(name, *density, direct(&program, &seen), 1e-12));
        }
    }
}

#[test]
fn steps_that_are_not_normal_are_refused() {
    let schedule = Schedule::from_name("edm").unwrap();
    let nodes = Grid::Karras.nodes(&schedule, 6).unwrap();
    let churned = Options {
        churn: Some(Churn {
            amount: 3.0,
            from: 0.0,
            to: 100.0,
        }),
        ..Options::default()
    };
    let none = Options::default();
    for (name, options, refused) in [
        ("heun", &churned, true),
        ("dpmpp-sde", &none, true),
        ("accelerated-ddpm", &none, true),
        ("heun", &none, false),
        ("ddpm", &none, false),
    ] {
        let program = program(&find(name).unwrap(), &nodes, &schedule, options);
        let plan = Denoising::default();
        let target = target();
        let model = SolverFlow::<F64>::new(&target, &program, &plan, Start::Noise, 1).unwrap();
        match model.with_log_densities() {
            Ok(_) => assert!(!refused, "{name}"),
            Err(error) => assert!(refused && error.to_string().contains("normal"), "{error}"),
        }
    }
}
