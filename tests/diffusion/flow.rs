//! Programs on whole populations: as the scalar run, for any number of threads, and keeping the law.

use super::gates::{mean_is, must_fail, must_pass, within};
use super::mixture::Mixture as Plain;
use super::program_of;
use super::rounding::bound;
use driftlane::diffusion::solver::{find, solvers};
use driftlane::diffusion::{Diffuse, Grid, Node, Prediction, Schedule, Start, diffuse, run_scalar};
use driftlane::kernels::{F32, F64};
use driftlane::target::library::{Banana, Gaussian, Mixture};
use driftlane::target::{BlockTarget, Target};

fn plain() -> Plain {
    Plain {
        weights: vec![0.2, 0.5, 0.3],
        means: vec![vec![-1.0, 0.5], vec![1.0, 1.0], vec![0.5, -2.0]],
        stds: vec![0.3, 0.5, 0.4],
    }
}

fn target() -> Mixture {
    let p = plain();
    Mixture::isotropic(p.weights, p.means, p.stds).unwrap()
}

/// 100 starts, so that the last tile is not full.
fn starts() -> Vec<f64> {
    (0..200)
        .map(|k| ((k as f64 * 0.754_877_666).fract() - 0.5) * 3.0)
        .collect()
}

#[test]
fn populations_move_as_single_particles() {
    let plain = plain();
    for schedule in ["vp-linear", "flow", "vp-cosine"] {
        let schedule = Schedule::from_name(schedule).unwrap();
        for solver in solvers() {
            let nodes = Grid::Time.nodes(&schedule, 12).unwrap();
            // Solvers in the noise level, or of the noise, do not start at noise alone.
            let on = |nodes: &[_]| program_of(solver, nodes, &schedule);
            let program = on(&nodes).or_else(|_| on(&nodes[1..]));
            let program = program.unwrap();
            if program.is_stochastic() {
                continue;
            }
            let given = starts();
            let all = Diffuse {
                start: Start::Given(&given),
                ..Diffuse::new(100, 1)
            };
            let double = diffuse::<F64>(&target(), &program, &all, &mut |_| {}).unwrap();
            let single = diffuse::<F32>(&target(), &program, &all, &mut |_| {}).unwrap();
            assert_eq!(double.calls, program.calls());
            assert_eq!(
                double.totals.gradient_evaluations,
                100 * program.calls() as u64
            );
            for (particle, end) in given.chunks(2).zip(double.samples.to_vec().chunks(2)) {
                let mut x = particle.to_vec();
                run_scalar(&program, &mut x, |x, at, what, out| {
                    plain.predict(x, at, what, out)
                });
                for (x, end) in x.iter().zip(end) {
                    must_pass(within(&solver.name, *end, *x, 1e-10));
                    must_fail("shifted", within(&solver.name, end + 1e-6, *x, 1e-10));
                }
            }
            let predict = |x: &[f64], at: &Node, what: Prediction, out: &mut [f64]| {
                plain.predict(x, at, what, out);
            };
            // Positions in the noise level reach 150: 12 steps of two roundings of 6e-8 are 2e-4. On vp-cosine the first
            // step multiplies outputs by 30 to 90, which these two chain within a step.
            let chained = solver.name.starts_with("dpm-3s") || solver.name == "pndm-rk";
            let most = if chained { f64::INFINITY } else { 2e-4 };
            let (single, double) = (single.samples.to_vec(), double.samples.to_vec());
            let mut share = 0.0f64;
            for (k, particle) in given.chunks(2).enumerate() {
                let bounds = bound(&program, particle, &target(), &predict);
                for (j, bound) in bounds.into_iter().enumerate() {
                    let (a, b) = (single[2 * k + j], double[2 * k + j]);
                    must_pass(within(&solver.name, a, b, bound.min(most)));
                    share = share.max((a - b).abs() / bound);
                }
            }
            // Some particle comes near its bound: an error of thirty times what there is would be seen.
            must_pass(within(&solver.name, share, 0.5, 0.47));
        }
    }
}

/// From the exact law at the most noise, 40 steps of a second-order solver end in the law at the least: means
/// and second moments over 64,000 particles, their discretisation error below 0.5%; five
/// standard errors of an sd are 1.4%, together 2%.
#[test]
fn the_law_is_carried_from_noise_to_data() {
    let schedule = Schedule::from_name("edm").unwrap();
    let nodes = Grid::Karras.nodes(&schedule, 40).unwrap();
    let program = program_of(&find("dpmpp-2m").unwrap(), &nodes, &schedule).unwrap();
    let cov = vec![vec![1.0, 0.6], vec![0.6, 0.8]];
    let correlated = Gaussian::full(vec![1.0, -2.0], &cov).unwrap();
    let mixed = Mixture::full(
        vec![1.0, 2.0],
        vec![vec![0.0, 0.0], vec![2.0, 1.0]],
        &[cov.clone(), cov],
    )
    .unwrap();
    let targets: [&dyn BlockTarget; 3] = [&target(), &correlated, &mixed];
    for target in targets {
        let run = |seed| {
            let all = Diffuse {
                start: Start::Exact,
                ..Diffuse::new(64_000, seed)
            };
            diffuse::<F64>(target, &program, &all, &mut |_| {}).unwrap()
        };
        let result = run(3);
        assert_eq!(result.nonfinite, 0);
        let exact = target.exact();
        for j in 0..2 {
            let (mean, sd) = (
                exact.mean.as_ref().unwrap()[j],
                exact.sd.as_ref().unwrap()[j],
            );
            let column: Vec<f64> = result
                .samples
                .to_vec()
                .iter()
                .skip(j)
                .step_by(2)
                .copied()
                .collect();
            must_pass(mean_is("mean", &column, mean, 5.0));
            must_pass(within("sd", result.sd[j], sd, 0.02 * sd));
            must_fail("off", mean_is("mean", &column, mean + 0.1 * sd, 5.0));
        }
        let one = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        assert_eq!(one.install(|| run(3)).samples, result.samples);
        assert_ne!(run(4).samples, result.samples);
    }
}

#[test]
fn what_cannot_run_is_refused() {
    let schedule = Schedule::from_name("ve").unwrap();
    let nodes = Grid::LogSnr.nodes(&schedule, 5).unwrap();
    let program = program_of(&find("ddim").unwrap(), &nodes, &schedule).unwrap();
    let banana = Banana::new(2, 10.0, 0.02).unwrap();
    let refused = |target: &dyn BlockTarget, particles, start| {
        let all = Diffuse {
            start,
            ..Diffuse::new(particles, 1)
        };
        let result = diffuse::<F64>(target, &program, &all, &mut |_| {});
        result.unwrap_err().to_string()
    };
    assert!(refused(&banana, 10, Start::Noise).contains("mixture"));
    assert!(refused(&target(), 0, Start::Noise).contains("particles"));
    assert!(refused(&target(), 3, Start::Given(&[0.0; 5])).contains("3 x 2"));
    let rising: Vec<_> = nodes.iter().rev().copied().collect();
    for solver in solvers() {
        assert!(
            program_of(solver, &rising, &schedule).is_err(),
            "{}",
            solver.name
        );
        assert!(
            program_of(solver, &nodes[..1], &schedule).is_err(),
            "{}",
            solver.name
        );
    }
    assert!(Target::noised(&banana, 1.0, 0.1).is_none());
}
