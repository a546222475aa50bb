//! Marginal densities that targets tell in closed form: against their own exact draws.

#![allow(clippy::disallowed_methods)]

use driftlane::kernels::rng::{Purpose, Stream};
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F64, Lane};
use driftlane::parameters::Parameters;
use driftlane::target::library::{self, BoxedTarget, Gaussian, Mixture};

fn built(name: &str, settings: &str) -> BoxedTarget {
    let table = settings.parse().unwrap();
    library::build(name, Parameters::new(name, ".", table)).unwrap()
}

/// Every coordinate of exact draws.
fn draws(target: &BoxedTarget) -> Vec<Vec<f64>> {
    let mut stream = Stream::new(3, Purpose::Exact, 0, 0);
    let mut x = vec![Row::<F64>::splat(0.0); target.dim()];
    let mut columns = vec![Vec::new(); target.dim()];
    for _ in 0..4000 {
        assert!(target.sample_exact(&mut stream, &mut x));
        for (column, row) in columns.iter_mut().zip(&x) {
            column.extend_from_slice(bytemuck::cast_slice::<_, f64>(std::slice::from_ref(row)));
        }
    }
    columns
}

/// The share of draws below each of their deciles is the integral of the density up to there, within
/// 5 standard errors; the integral by the trapezoidal rule from far below.
fn agrees(name: &str, target: &BoxedTarget) {
    for (j, mut column) in draws(target).into_iter().enumerate() {
        column.sort_unstable_by(f64::total_cmp);
        let n = column.len();
        let at = |share: f64| column[(share * (n - 1) as f64) as usize];
        // The central 98%, whose ends have their own noise.
        let (low, high) = (at(0.01), at(0.99));
        let steps = 4000;
        let step = (high - low) / f64::from(steps);
        let density = |k: i32| {
            let found = target.marginal_density(j, low + f64::from(k) * step);
            found.unwrap_or_else(|| panic!("{name} tells no marginal of {j}"))
        };
        let (mut integral, mut last, mut next) = (0.0, density(0), 1);
        for k in 1..=steps {
            let here = density(k);
            integral += 0.5 * step * (last + here);
            last = here;
            if 10 * k == next * steps {
                let x = low + f64::from(k) * step;
                let below = column.partition_point(|v| *v <= x) as f64 / n as f64 - 0.01;
                let error = 5.0 * (0.25 / n as f64).sqrt();
                assert!(
                    (integral - below).abs() < error,
                    "{name} {j} at {x}: {integral} {below}"
                );
                next += 1;
            }
        }
    }
}

#[test]
fn marginal_densities_are_those_of_exact_draws() {
    for (name, settings) in [
        ("gaussian", "dim = 3\nmean = 2"),
        ("eight-gaussians", ""),
        ("grid-9", ""),
        ("fab-40", ""),
        ("many-well", "dim = 4"),
        ("two-modes", "dim = 3\nconditioning = \"hard\""),
        ("funnel", "dim = 3\nvariance = 9"),
        ("funnel", "dim = 2\nvariance = 1"),
        ("banana", ""),
        ("student-mixture", "dim = 2"),
    ] {
        agrees(name, &built(name, settings));
    }
    let covs = vec![
        vec![vec![2.0, 0.9], vec![0.9, 1.0]],
        vec![vec![0.1, 0.0], vec![0.0, 3.0]],
    ];
    let mixture = Mixture::full(vec![1.0, 3.0], vec![vec![0.0, 1.0], vec![4.0, -2.0]], &covs);
    agrees("full mixture", &(Box::new(mixture.unwrap()) as BoxedTarget));
    let correlated = Gaussian::full(vec![1.0, -1.0], &[vec![4.0, 1.0], vec![1.0, 0.5]]);
    agrees(
        "full gaussian",
        &(Box::new(correlated.unwrap()) as BoxedTarget),
    );
    assert_eq!(built("rings", "").marginal_density(0, 0.0), None);
}
