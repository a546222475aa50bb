//! The library of targets: gradients against exact differentiation, densities against formulas
//! written another way, constants, exact samplers, log evidences.
#![allow(clippy::disallowed_methods)]

use driftlane::kernels::rng::{Purpose, Stream};
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F32, F64, Lane, Pack};
use driftlane::target::library::logistic::{Data, Layout};
use driftlane::target::library::mixture::{eight_gaussians, fab_40, grid_9, grid_25};
use driftlane::target::library::phi4::transfer_operator;
use driftlane::target::library::{Gaussian, Logistic, ManyWell, Mixture, Phi4};
use driftlane::target::{Target, gradient_by_dual};
use proptest::prelude::*;
use std::f64::consts::TAU;
use std::path::PathBuf;

fn covariance(dim: usize) -> Vec<Vec<f64>> {
    let entry = |i: usize, j: usize| {
        let rough = ((3 * i.min(j) + 5 * i.max(j)) % 7) as f64 / 7.0 - 0.4;
        if i == j { dim as f64 + i as f64 } else { rough }
    };
    (0..dim)
        .map(|i| (0..dim).map(|j| entry(i, j)).collect())
        .collect()
}

fn ramp(dim: usize) -> Vec<f64> {
    (0..dim).map(|j| 0.3 * j as f64 - 1.0).collect()
}

fn full_mixture(dim: usize, count: usize) -> Mixture {
    let means = (0..count)
        .map(|k| ramp(dim).iter().map(|m| m * k as f64).collect())
        .collect();
    let covs: Vec<_> = (0..count)
        .map(|k| covariance(dim + k)[..dim].to_vec())
        .collect();
    let covs: Vec<Vec<Vec<f64>>> = covs
        .into_iter()
        .map(|c| c.into_iter().map(|r| r[..dim].to_vec()).collect())
        .collect();
    Mixture::full((1..=count).map(|w| w as f64).collect(), means, &covs).unwrap()
}

fn wide_mixture(dim: usize, count: usize) -> Mixture {
    let mean = |k: usize| {
        (0..dim)
            .map(|j| ((7 * k + 3 * j) % 13) as f64 - 6.0)
            .collect()
    };
    let stds = (0..count).map(|k| 0.5 + 0.1 * k as f64).collect();
    let weights = (0..count).map(|k| 1.0 + (k % 3) as f64).collect();
    Mixture::isotropic(weights, (0..count).map(mean).collect(), stds).unwrap()
}

fn files(stem: &str) -> Vec<PathBuf> {
    let folder = if stem == "german_credit" {
        "examples/data"
    } else {
        "tests/data"
    };
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    ["train", "test"]
        .map(|part| root.join(format!("{stem}_{part}.csv")))
        .to_vec()
}

fn logistic(stem: &str, standardise: bool, sd: f64) -> Logistic {
    let layout = Layout {
        response: "y".to_owned(),
        standardise,
        intercept: true,
    };
    let data = Data::read(&files(stem), &layout).unwrap();
    let dim = data.names.len();
    Logistic::new(&data, vec![0.0; dim], vec![sd; dim]).unwrap()
}

/// Hand-written gradient and value against dual numbers and `log_density`, packs against scalars.
fn check_gradient<T: Target>(target: &T, x: &[f64]) -> Result<(), TestCaseError> {
    let dim = target.dim();
    let (mut hand, mut both, mut exact) = (vec![0.0; dim], vec![0.0; dim], vec![0.0; dim]);
    target.gradient(x, &mut hand);
    let value = target.log_density_and_gradient(x, &mut both);
    gradient_by_dual(target, x, &mut exact);
    let size = exact.iter().fold(1.0f64, |m, g| m.max(g.abs()));
    for j in 0..dim {
        prop_assert!(
            (hand[j] - exact[j]).abs() <= 1e-10 * size,
            "{j}: {} {}",
            hand[j],
            exact[j]
        );
        prop_assert!((both[j] - exact[j]).abs() <= 1e-10 * size);
    }
    let alone = target.log_density(x);
    prop_assert!(
        (value - alone).abs() <= 1e-12 * (1.0 + alone.abs()),
        "{value} {alone}"
    );

    // Every particle of a tile differs; each must get the bits of its own scalar run.
    let lane = |v: f64, l: usize| v * (1.0 + l as f64 / 64.0);
    let rows: Vec<Row<F64>> = x
        .iter()
        .map(|&v| {
            Pack(std::array::from_fn(|r| {
                F64::new(std::array::from_fn(|l| lane(v, 8 * r + l)))
            }))
        })
        .collect();
    let mut grad = rows.clone();
    let values = target.log_density_and_gradient(&rows, &mut grad);
    let single_rows: Vec<Row<F32>> = x
        .iter()
        .map(|&v| Pack(std::array::from_fn(|_| F32::splat(v as f32))))
        .collect();
    let mut single = single_rows.clone();
    driftlane::target::BlockTarget::gradient_f32(target, &single_rows, &mut single);
    let rounded: Vec<f64> = x.iter().map(|&v| f64::from(v as f32)).collect();
    target.gradient(&rounded, &mut exact);
    for l in 0..32 {
        let point: Vec<f64> = x.iter().map(|&v| lane(v, l)).collect();
        let expected = target.log_density_and_gradient(&point, &mut hand);
        prop_assert_eq!(
            values.0[l / 8].to_array()[l % 8].to_bits(),
            expected.to_bits()
        );
        for j in 0..dim {
            prop_assert_eq!(
                grad[j].0[l / 8].to_array()[l % 8].to_bits(),
                hand[j].to_bits()
            );
        }
    }
    let size = exact.iter().fold(1.0f64, |m, g| m.max(g.abs()));
    for j in 0..dim {
        let got = f64::from(single[j].0[3].to_array()[15]);
        prop_assert!(
            (got - exact[j]).abs() <= 2e-4 * size,
            "f32 {j}: {got} {}",
            exact[j]
        );
    }
    Ok(())
}

fn point(dim: usize, width: f64) -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(-width..width, dim)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn gaussian_gradients(x in point(11, 4.0)) {
        let sds: Vec<f64> = (1..=11).map(|j| 0.2 * f64::from(j)).collect();
        check_gradient(&Gaussian::isotropic(ramp(11), 0.7).unwrap(), &x)?;
        check_gradient(&Gaussian::diagonal(ramp(11), sds).unwrap(), &x)?;
        for dim in [1, 2, 3, 4, 5, 11] {
            let full = Gaussian::full(ramp(dim), &covariance(dim)).unwrap();
            check_gradient(&full, &x[..dim])?;
        }
    }

    #[test]
    fn mixture_gradients(x in point(7, 12.0)) {
        for preset in [eight_gaussians(), grid_9(), grid_25(), fab_40()] {
            check_gradient(&preset, &x[..2])?;
        }
        for dim in 1..=7 {
            check_gradient(&wide_mixture(dim, 37), &x[..dim])?;
            check_gradient(&full_mixture(dim, 18), &x[..dim])?;
        }
    }

    #[test]
    fn chain_gradients(x in point(32, 1.8)) {
        check_gradient(&ManyWell::new(32).unwrap(), &x)?;
        check_gradient(&Phi4::new(32, 0.1, 0.0025, 20.0).unwrap(), &x)?;
        check_gradient(&Phi4::new(1, 0.1, -0.3, 20.0).unwrap(), &x[..1])?;
    }

    #[test]
    fn logistic_gradients(x in point(35, 0.5)) {
        let target = logistic("ionosphere", true, 1.5);
        check_gradient(&target, &x[..34])?;
    }
}

/// ln of the integral over a square by the trapezoidal rule.
fn log_integral_2d(target: &impl Target, centre: [f64; 2], half: f64, cells: i32) -> f64 {
    let step = 2.0 * half / f64::from(cells);
    let at = |c: f64, i: i32| c - half + step * f64::from(i);
    let mut sum = 0.0;
    for i in 0..=cells {
        for j in 0..=cells {
            sum += target
                .log_density(&[at(centre[0], i), at(centre[1], j)])
                .exp();
        }
    }
    (sum * step * step).ln()
}

#[test]
fn two_dimensional_densities_integrate_to_their_evidence() {
    let gaussian = Gaussian::full(vec![1.0, -2.0], &covariance(2)).unwrap();
    let check = |name: &str, got: f64, expected: f64| {
        assert!((got - expected).abs() < 1e-10, "{name}: {got} {expected}");
    };
    check(
        "gaussian",
        log_integral_2d(&gaussian, [1.0, -2.0], 18.0, 400),
        0.0,
    );
    check(
        "eight",
        log_integral_2d(&eight_gaussians(), [0.0; 2], 18.0, 400),
        0.0,
    );
    check(
        "grid-9",
        log_integral_2d(&grid_9(), [0.0; 2], 10.0, 400),
        0.0,
    );
    check(
        "grid-25",
        log_integral_2d(&grid_25(), [0.0; 2], 15.0, 400),
        0.0,
    );
    check(
        "fab-40",
        log_integral_2d(&fab_40(), [0.0; 2], 55.0, 800),
        0.0,
    );
    check(
        "full mixture",
        log_integral_2d(&full_mixture(2, 5), [-2.0, -2.0], 40.0, 800),
        0.0,
    );
    let pair = ManyWell::new(2).unwrap();
    check(
        "many-well",
        log_integral_2d(&pair, [0.0; 2], 10.0, 800),
        10.293479707073868,
    );
}

#[test]
fn densities_follow_their_formulas() {
    let x = [0.3, -1.2, 0.9, 2.0];
    let eight = eight_gaussians();
    let direct: f64 = (0..8)
        .map(|k| {
            let turn = TAU * f64::from(k) / 8.0;
            let square = (x[0] - 10.0 * turn.sin()).powi(2) + (x[1] - 10.0 * turn.cos()).powi(2);
            (-square / 1.4).exp() / (8.0 * TAU * 0.7)
        })
        .sum();
    assert!((eight.log_density(&x[..2]) - direct.ln()).abs() < 1e-12);
    let well = |a: f64, b: f64| -a.powi(4) + 6.0 * a * a + a / 2.0 - b * b / 2.0;
    let many = ManyWell::new(4).unwrap().log_density(&x);
    assert!((many - well(x[0], x[1]) - well(x[2], x[3])).abs() < 1e-12);
    let (a, b, beta, n) = (0.1, 0.05, 20.0, 4.0);
    let path = [0.0, x[0], x[1], x[2], x[3], 0.0];
    let bonds: f64 = path.windows(2).map(|w| (w[1] - w[0]).powi(2) / 2.0).sum();
    let sites: f64 = x.iter().map(|x| (1.0 - x * x).powi(2) / 4.0 + b * x).sum();
    let action = a * n * bonds + sites / (a * n);
    let phi4 = Phi4::new(4, a, b, beta).unwrap().log_density(&x);
    assert!(
        (phi4 + beta * action).abs() < 1e-11,
        "{phi4} {}",
        -beta * action
    );
}

#[test]
fn far_points_are_finite_or_minus_infinity() {
    let fab = fab_40();
    for scale in [1e3, 1e6, 1e100] {
        let (value, mut grad) = (fab.log_density(&[scale, -scale]), [0.0; 2]);
        let both = fab.log_density_and_gradient(&[scale, -scale], &mut grad);
        assert_eq!(value, both);
        assert!(
            value.is_finite() && grad[0] < 0.0 && grad[1] > 0.0,
            "{scale}: {value} {grad:?}"
        );
    }
    assert_eq!(fab.log_density(&[1e200, 0.0]), f64::NEG_INFINITY);
    assert_eq!(fab.log_density(&[f64::INFINITY, 0.0]), f64::NEG_INFINITY);
    assert!(fab.log_density(&[f64::NAN, 0.0]).is_nan());
}

#[test]
fn fab_means_are_those_of_torch() {
    // torch.manual_seed(0); (torch.rand(40, 2) - 0.5) * 80, to four decimals.
    let listed = "-.2995,21.4577; -32.9218,-29.4376; -15.4062,10.7263; -.7925,31.7156; \
        -3.5498,10.5845; -12.0885,-7.8626; -38.2139,-26.4913; -16.4889,1.4817; 15.8134,24.0009; \
        -27.1176,-17.4185; 14.5287,33.2155; -8.2320,29.9325; -6.4473,4.2326; 36.2190,-37.1068; \
        -25.1815,-10.1266; -15.5920,34.5600; -25.9272,-18.4133; -27.9456,-37.4624; \
        -23.3496,34.3839; 17.8487,19.3869; 2.1037,-20.5073; 6.7674,-37.3478; -28.9026,-20.6212; \
        25.2375,23.4529; -17.7398,-1.4433; 25.5824,39.7653; 15.8753,5.4037; 26.8195,-23.5521; \
        7.4538,-31.0122; -27.7234,-20.6633; 18.0989,16.0864; -23.6941,12.0843; 21.9589,-5.0487; \
        1.5273,9.2682; 24.8151,38.4078; -30.8249,-14.6588; 15.7204,33.1420; 34.8083,35.2943; \
        7.9606,-34.7833; 3.6797,-25.0242";
    let fab = fab_40();
    let mut count = 0;
    for (k, pair) in listed.split(';').enumerate() {
        for (j, number) in pair.split(',').enumerate() {
            let expected: f64 = number.trim().parse().unwrap();
            assert!((fab.mean(k)[j] - expected).abs() < 5.1e-5, "{k} {j}");
            count += 1;
        }
    }
    assert_eq!(count, 80);
}

/// Draws from the exact sampler: every mean and standard deviation within five standard errors.
/// With m draws the mean has standard error sd / sqrt m, so a shift of 0.02 sd is seen at m = 1e6.
fn check_sampler(name: &str, target: &impl Target, tiles: usize) {
    let exact = target.exact();
    let (mean, sd) = (exact.mean.unwrap(), exact.sd.unwrap());
    let dim = target.dim();
    let mut stream = Stream::new(7, Purpose::Exact, 0, 0);
    let mut x = vec![Row::<F64>::zero(); dim];
    let mut sums = vec![[0.0; 4]; dim];
    for _ in 0..tiles {
        assert!(Target::sample_exact(target, &mut stream, &mut x), "{name}");
        for j in 0..dim {
            for v in x[j].0.iter().flat_map(|r| r.to_array()) {
                let z = (v - mean[j]) / sd[j];
                for (power, sum) in sums[j].iter_mut().enumerate() {
                    *sum += z.powi(power as i32 + 1);
                }
            }
        }
    }
    let m = (tiles * 32) as f64;
    for (j, [s1, s2, _, s4]) in sums.into_iter().enumerate() {
        let (first, second, fourth) = (s1 / m, s2 / m, s4 / m);
        assert!(first.abs() < 5.0 / m.sqrt(), "{name} mean {j}: {first}");
        let error = (fourth - 1.0).sqrt() / m.sqrt();
        assert!(
            (second - 1.0).abs() < 5.0 * error,
            "{name} variance {j}: {second} +- {error}"
        );
    }
}

#[test]
fn exact_samplers_have_the_exact_moments() {
    check_sampler(
        "gaussian",
        &Gaussian::diagonal(ramp(3), vec![0.1, 1.0, 9.0]).unwrap(),
        8192,
    );
    check_sampler(
        "gaussian full",
        &Gaussian::full(ramp(5), &covariance(5)).unwrap(),
        8192,
    );
    check_sampler("mixture", &wide_mixture(3, 20), 8192);
    check_sampler("mixture full", &full_mixture(3, 4), 8192);
    check_sampler("fab-40", &fab_40(), 8192);
    check_sampler("many-well", &ManyWell::new(4).unwrap(), 8192);
}

#[test]
fn many_well_constants_and_weight_of_the_right_well() {
    for (dim, expected) in [
        (8, 41.17391883),
        (32, 164.69567531318188),
        (512, 2635.13080501),
    ] {
        let got = Target::exact(&ManyWell::new(dim).unwrap())
            .log_evidence
            .unwrap();
        assert!((got - expected).abs() < 1e-8, "{dim}: {got}");
    }
    let exact = Target::exact(&ManyWell::new(2).unwrap());
    let (mean, sd) = (exact.mean.unwrap(), exact.sd.unwrap());
    assert!((mean[0] - 1.18796098).abs() < 1e-8);
    assert!((sd[0] - (2.95980609f64 - 1.18796098f64.powi(2)).sqrt()).abs() < 1e-8);
    // 262144 draws: the standard error of a frequency near 0.844 is 7e-4.
    let target = ManyWell::new(2).unwrap();
    let mut stream = Stream::new(11, Purpose::Exact, 0, 0);
    let (mut x, mut right) = ([Row::<F64>::zero(); 2], 0u32);
    for _ in 0..8192 {
        Target::sample_exact(&target, &mut stream, &mut x);
        right += x[0]
            .0
            .iter()
            .flat_map(|r| r.to_array())
            .filter(|v| *v > 0.0)
            .count() as u32;
    }
    let share = f64::from(right) / 262144.0;
    assert!((share - 0.8443070962111392).abs() < 5.0 * 7.1e-4, "{share}");
}

#[test]
fn phi4_evidence_matches_the_transfer_operator_of_the_literature() {
    let table = [
        (32, 0.0, -59.495458, 0.5),
        (32, 0.0009, -59.485063, 0.42847869),
        (32, 0.002, -59.444799, 0.34521623),
        (32, 0.0025, -59.417021, 0.30998983),
        (32, 0.0035, -59.345284, 0.24596851),
        (64, 0.0, -119.870214, 0.5),
        (128, 0.0, -261.377080, 0.5),
        (256, 0.0, -587.884285, 0.5),
        (100, 0.0, -196.912221, 0.5),
        (100, 0.025, -193.664446, 4.129615e-4),
        (100, 0.05, -189.641034, 1.735991e-7),
        (100, 0.075, -185.538805, 2.715432e-10),
        (100, 0.1, -181.362334, 6.872321e-11),
    ];
    for (n, b, log_z, positive) in table {
        let exact = transfer_operator(n, 0.1, b, 20.0);
        assert!(
            (exact.log_evidence - log_z).abs() < 1e-6,
            "{n} {b}: {}",
            exact.log_evidence
        );
        let share = exact.positive[n / 2] / positive - 1.0;
        assert!(
            share.abs() < 1e-6,
            "{n} {b}: {} {positive}",
            exact.positive[n / 2]
        );
    }
    let chain = transfer_operator(100, 0.1, 0.0, 20.0);
    assert!(
        (chain.sd[50].powi(2) - 0.95421).abs() < 1e-5,
        "{}",
        chain.sd[50]
    );
    // One site: an ordinary integral.
    let one = Phi4::new(1, 0.1, 0.3, 20.0).unwrap();
    let step = 1e-3;
    let z: f64 = (-4000..=4000)
        .map(|i| one.log_density(&[f64::from(i) * step]).exp() * step)
        .sum();
    assert!((Target::exact(&one).log_evidence.unwrap() - z.ln()).abs() < 1e-9);
}

#[test]
fn logistic_densities_at_a_known_point() {
    // Log likelihood and log prior summed exactly (math.fsum) outside this program, at
    // theta_j = 0.05 ((7 j mod 11) - 5).
    let cases = [
        (
            "german_credit",
            false,
            10.0,
            -858.7156568979597,
            -80.54125315496796,
        ),
        (
            "german_credit",
            true,
            1.0,
            -761.9042242224718,
            -23.289713330116818,
        ),
        (
            "ionosphere",
            true,
            1.0,
            -256.4576200292236,
            -31.68766012895887,
        ),
        ("sonar", true, 1.0, -165.89112516455688, -56.82775052548503),
    ];
    for (stem, standardise, sd, likelihood, prior) in cases {
        let target = logistic(stem, standardise, sd);
        let theta: Vec<f64> = (0..target.dim())
            .map(|j| 0.05 * ((7 * j % 11) as f64 - 5.0))
            .collect();
        let got = target.log_density(&theta);
        assert!(
            (got - likelihood - prior).abs() < 1e-10 * likelihood.abs(),
            "{stem}: {got}"
        );
        let rows: Vec<Row<F64>> = theta.iter().map(|&t| Lane::splat(t)).collect();
        let mut value = [Row::<F64>::zero()];
        Target::likelihood(&target)
            .unwrap()
            .log_density(&rows, &mut value);
        let got = value[0].0[2].to_array()[3];
        assert!(
            (got - likelihood).abs() < 1e-10 * likelihood.abs(),
            "{stem}: {got}"
        );
        let got = Target::reference(&target).log_density(&theta);
        assert!((got - prior).abs() < 1e-10 * prior.abs(), "{stem}: {got}");
    }
}

#[test]
fn logistic_coefficients_too_large_for_the_exponential() {
    let target = logistic("sonar", true, 1.0);
    let theta = vec![1e4; target.dim()];
    let mut grad = vec![0.0; target.dim()];
    let value = target.log_density_and_gradient(&theta, &mut grad);
    assert!(
        value.is_finite() && grad.iter().all(|g| g.is_finite()),
        "{value}"
    );
}
