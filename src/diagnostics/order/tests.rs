//! Orders and errors whose size is known.

use super::*;

fn normals(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut uniform = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    (0..n)
        .map(|_| super::super::normal_quantile(uniform()))
        .collect()
}

/// Errors whose exact size is known: E = 2^-p steps times the root mean square of normals.
#[test]
fn an_order_is_found_with_its_interval() {
    let noise = normals(1000, 1);
    let errors: Vec<MeasuredError> = [10.0, 20.0, 40.0, 80.0]
        .iter()
        .map(|n: &f64| {
            let ends: Vec<f64> = noise
                .iter()
                .map(|z| z * (1.0 + 0.5 / n) / (n * n))
                .collect();
            MeasuredError::of_solution(&ends, &vec![0.0; 1000], 1)
        })
        .collect();
    let points: Vec<(f64, &MeasuredError)> =
        [10.0, 20.0, 40.0, 80.0].into_iter().zip(&errors).collect();
    let order = fit_order(&points).unwrap();
    assert!((order.slope - 2.0).abs() < 0.03, "{order:?}");
    assert!(order.low < order.slope && order.slope < order.high);
    assert!(order.high - order.low < 0.2, "{order:?}");
    assert_eq!(fit_order(&points[..1]), None);
    // All particles say the same of every error: the standard error of E is that of a root mean square.
    let expected = errors[0].value * (0.5f64 / 1000.0).sqrt();
    assert!((errors[0].standard_error / expected - 1.0).abs() < 0.2);
}

/// Errors 3 h^2 (1 + 2 h) over the same particles: chance is nothing, the line is bent, and its slope is 2.05. The
/// interval reaches the order, and a straight line keeps its own.
#[test]
fn an_interval_covers_what_the_slope_still_changes() {
    let noise = normals(1000, 3);
    let fitted = |bend: f64| {
        let of = |h: f64| -> MeasuredError {
            let size = 3.0 * h * h * (1.0 + bend * h);
            let ends: Vec<f64> = noise.iter().map(|z| size * z).collect();
            MeasuredError::of_solution(&ends, &vec![0.0; 1000], 1)
        };
        let errors = [20.0, 40.0, 80.0, 160.0].map(|n| (n, of(1.0 / n)));
        let points: Vec<_> = errors.iter().map(|(n, e)| (*n, e)).collect();
        fit_order(&points).unwrap()
    };
    let bent = fitted(2.0);
    assert!(bent.slope > 2.03 && bent.slope < 2.1, "{bent:?}");
    assert!(bent.low < 2.0 && bent.high < 2.2, "{bent:?}");
    let straight = fitted(0.0);
    assert!(straight.high - straight.low < 1e-6, "{straight:?}");
}

/// Three of a thousand particles end a unit off whatever the steps: they are the root mean square, and not the median.
#[test]
fn few_particles_are_told() {
    let mut ends: Vec<f64> = normals(1000, 5).iter().map(|z| 1e-9 * z).collect();
    let smooth = MeasuredError::of_solution(&ends, &vec![0.0; 1000], 1);
    assert!(smooth.few < 0.15 && smooth.few > 0.01, "{}", smooth.few);
    ends[..3].fill(1.0);
    let few = MeasuredError::of_solution(&ends, &vec![0.0; 1000], 1);
    assert!(few.few > 0.99 && few.value > 0.05, "{}", few.few);
    let median = few.median.unwrap();
    assert!((median / 6.7e-10 - 1.0).abs() < 0.1, "{median}");
}

/// Where all moments are right the error is chance: below four standard errors in nearly all of 50 repeats,
/// in many coordinates too; a shift is found with its size.
#[test]
fn right_moments_are_not_an_error() {
    for dim in [1, 40] {
        let mut above = 0;
        for seed in 0..50 {
            let ends = normals(500 * dim, 1000 + seed);
            let error = MeasuredError::of_moments(&ends, &vec![0.0; dim], &vec![1.0; dim]);
            above += usize::from(error.value > 4.0 * error.standard_error);
        }
        assert!(above <= 8, "{dim}: {above}");
        let ends: Vec<f64> = normals(500 * dim, 7).iter().map(|z| z + 1.0).collect();
        let error = MeasuredError::of_moments(&ends, &vec![0.0; dim], &vec![1.0; dim]);
        assert!((error.value - 0.5f64.sqrt()).abs() < 5.0 * error.standard_error);
        assert!(error.value > 4.0 * error.standard_error);
    }
}
