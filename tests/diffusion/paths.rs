//! Brownian paths: innovations are standard normals, independent where steps do not overlap, the same whatever is
//! asked before and in either precision; more steps see the same path.

use super::gates::{known_to, mean_is, must_fail, must_pass, require, within};
use super::starts::{program, slopes};
use driftlane::diffusion::solver::{Options, find};
use driftlane::diffusion::{
    Diffuse, Innovation, Node, Operation, Program, Schedule, Start, Step, diffuse,
};
use driftlane::kernels::{F32, F64};
use driftlane::target::Precision;
use driftlane::target::library::Gaussian;

const PARTICLES: usize = 50_000;

/// Innovations drawn in this order, of which the last is returned.
fn innovations<R: Precision>(all: &[(f64, f64)], rate: f64, path: bool) -> Vec<f64> {
    let node = Node::variance_exploding(1.0).unwrap();
    let draw = |&(old, new): &(f64, f64)| Operation::Draw {
        to: 1,
        innovation: Some(Innovation { old, new, rate }),
    };
    let mut operations: Vec<Operation> = all.iter().map(draw).collect();
    operations.push(Operation::Combine {
        to: 0,
        terms: vec![(1, 1.0)],
    });
    let program = Program {
        registers: 2,
        steps: vec![Step {
            from: node,
            to: node,
            operations,
        }],
    };
    let target = Gaussian::isotropic(vec![0.0], 0.5).unwrap();
    let run = Diffuse {
        brownian_path: path,
        ..Diffuse::new(PARTICLES, 17)
    };
    diffuse::<R>(&target, &program, &run, &mut |_| {})
        .unwrap()
        .samples
        .to_vec()
}

/// Correlations of 50,000 pairs and moments are known to 0.0045 (0.011 the fourth): five standard errors.
#[test]
fn innovations_are_independent_standard_normals() {
    let steps = [
        (-5.0, -4.9),
        (-4.9, -2.0),
        (-2.0, -1.99),
        (0.3, 1.0),
        (1.0, 8.0),
    ];
    for rate in [0.5, 1.0] {
        let all = steps.map(|step| innovations::<F64>(&[step], rate, true));
        for (k, xi) in all.iter().enumerate() {
            let power = |p: i32| xi.iter().map(|x| x.powi(p)).collect::<Vec<f64>>();
            must_pass(mean_is("mean", xi, 0.0, 5.0));
            must_pass(mean_is("square", &power(2), 1.0, 5.0));
            must_pass(mean_is("cube", &power(3), 0.0, 5.0));
            must_pass(mean_is("fourth", &power(4), 3.0, 5.0));
            known_to("square", &power(2), 0.0065);
            let off: Vec<f64> = power(2).iter().map(|x| 1.05 * x).collect();
            must_fail("5% too wide", mean_is("square", &off, 1.0, 5.0));
            for other in &all[..k] {
                let product: Vec<f64> = xi.iter().zip(other).map(|(a, b)| a * b).collect();
                must_pass(mean_is("product", &product, 0.0, 5.0));
            }
            // The neighbour in the population.
            let product: Vec<f64> = xi.windows(2).map(|x| x[0] * x[1]).collect();
            must_pass(mean_is("neighbours", &product, 0.0, 5.0));
        }
        let overlapping = innovations::<F64>(&[(-3.0, -1.0)], rate, true);
        let product: Vec<f64> = all[1]
            .iter()
            .zip(&overlapping)
            .map(|(a, b)| a * b)
            .collect();
        must_fail("overlapping", mean_is("product", &product, 0.0, 5.0));
    }
}

#[test]
fn a_path_is_the_same_whatever_is_asked() {
    let (a, b) = ((-1.3, 0.2), (0.2, 0.9));
    let alone = innovations::<F64>(&[b], 1.0, true);
    assert_eq!(innovations::<F64>(&[a, b], 1.0, true), alone);
    assert_eq!(
        innovations::<F64>(&[(3.0, 7.0), b, a, (-9.0, 2.0), b], 1.0, true),
        alone
    );
    assert_ne!(
        innovations::<F64>(&[a, b], 1.0, false),
        innovations::<F64>(&[b], 1.0, false)
    );
    let narrow: Vec<f64> = alone.iter().map(|x| f64::from(*x as f32)).collect();
    assert_eq!(innovations::<F32>(&[a, b], 1.0, true), narrow);
    // Backwards the ends change places.
    let kept = |d: f64| (-d).exp();
    let first = innovations::<F64>(&[a], 1.0, true);
    let whole = innovations::<F64>(&[(-1.3, 0.9)], 1.0, true);
    let fresh = |d: f64| (1.0 - kept(2.0 * d)).sqrt();
    for ((first, second), whole) in first.iter().zip(&alone).zip(&whole) {
        // Places are two millionths apart, moved by half of that.
        let sum = kept(0.7) * fresh(1.5) * first + fresh(0.7) * second;
        must_pass(within("halves", sum, fresh(2.2) * whole, 2e-5));
    }
}

fn nodes(steps: usize) -> Vec<Node> {
    let ratio = (0.05f64 / 4.0).ln() / steps as f64;
    (0..=steps)
        .map(|i| Node::variance_exploding(4.0 * (ratio * i as f64).exp()).unwrap())
        .collect()
}

/// Root mean squares of what N and 2N steps differ by.
fn differences<R: Precision>(name: &str, path: bool) -> Vec<f64> {
    const FEW: usize = 2000;
    let target = Gaussian::isotropic(vec![0.0], 0.5).unwrap();
    let schedule = Schedule::from_name("ve").unwrap();
    let given: Vec<f64> = (0..FEW).map(|k| 0.004 * k as f64 - 4.0).collect();
    let ends: Vec<Vec<f64>> = [20, 40, 80, 160, 320]
        .iter()
        .map(|steps| {
            let solver = find(name).unwrap();
            let program = program(&solver, &nodes(*steps), &schedule, &Options::default());
            let run = Diffuse {
                start: Start::Given(&given),
                brownian_path: path,
                ..Diffuse::new(FEW, 3)
            };
            diffuse::<R>(&target, &program, &run, &mut |_| {})
                .unwrap()
                .samples
                .to_vec()
        })
        .collect();
    let rms = |pair: &[Vec<f64>]| super::starts::distance(&pair[0], &pair[1]) / (FEW as f64).sqrt();
    ends.windows(2).map(rms).collect()
}

#[test]
fn more_steps_go_along_the_same_path() {
    for name in [
        "sde-dpmpp-1",
        "sde-dpmpp-2m",
        "ddpm",
        "sde-dpm-1",
        "sde-dpm-2m",
    ] {
        let on_path = differences::<F64>(name, true);
        let fresh = differences::<F64>(name, false);
        let falls = |errors: &[f64]| {
            let slope = (errors[1] / errors[3]).log2() / 2.0;
            require(slope >= 0.9, || {
                format!("{name}: {errors:?} {:?}", slopes(errors))
            })
        };
        must_pass(falls(&on_path));
        must_fail("fresh noise", falls(&fresh));
        assert!(fresh[3] > 0.3, "{name} {fresh:?}");
        for (a, b) in on_path.iter().zip(differences::<F32>(name, true)) {
            must_pass(within("single precision", b, *a, 1e-5 + 1e-3 * a));
        }
    }
}
