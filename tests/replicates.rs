//! Replicates taken together: quantiles of Student's t against tables, and what the standard error of
//! log Z covers.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::diagnostics::{normal_quantile, student_t_quantile};
use driftlane::kernels::F64;
use driftlane::kernels::rng::{Purpose, Stream};
use driftlane::kernels::tile::Row;
use driftlane::smc::{Combined, combine_replicates};
use gates::{Gate, must_fail, must_pass, within};

/// Tables to nine digits.
#[test]
fn quantiles_of_student_t_are_those_of_tables() {
    let table = [
        (0.975, 1, 12.706204736),
        (0.975, 2, 4.302652730),
        (0.975, 3, 3.182446305),
        (0.975, 4, 2.776445105),
        (0.975, 5, 2.570581836),
        (0.975, 7, 2.364624252),
        (0.975, 10, 2.228138852),
        (0.975, 15, 2.131449546),
        (0.975, 30, 2.042272456),
        (0.975, 100, 1.983971519),
        (0.9, 3, 1.637744354),
        (0.95, 5, 2.015048373),
        (0.995, 1, 63.656741162),
        (0.995, 10, 3.169272673),
        (0.9995, 4, 8.610301581),
    ];
    for (p, degrees, exact) in table {
        let name = format!("t_{p} with {degrees}");
        let got = student_t_quantile(p, degrees);
        must_pass(within(&name, got, exact, 1e-8));
        let lower = student_t_quantile(1.0 - p, degrees);
        must_pass(within(&name, lower, -exact, 1e-8));
        let next = student_t_quantile(p, degrees + 1);
        must_fail("one degree too many", within(&name, next, exact, 1e-6));
    }
    assert!(student_t_quantile(0.5, 3).abs() < 1e-15);
    // Cauchy: tan(pi (p - 1/2)), far out.
    let far = student_t_quantile(1.0 - 1e-6, 1);
    must_pass(within(
        "Cauchy",
        far * 1e-6 * std::f64::consts::PI,
        1.0,
        1e-6,
    ));
    let many = student_t_quantile(0.975, 1_000_000);
    must_pass(within("normal", many, normal_quantile(0.975), 3e-6));
    for (p, degrees) in [(0.0, 3), (1.0, 3), (f64::NAN, 3), (0.5, 0)] {
        assert!(student_t_quantile(p, degrees).is_nan());
    }
}

const TRIALS: usize = 20_000;

/// 1.96 standard errors, each multiplied by `factor`, hold the exact log Z of 0 in 95% of trials.
fn covers(replicates: usize, factor: f64) -> Gate {
    let mut stream = Stream::new(7, Purpose::Initial, replicates as u64, 0);
    let mut normals = std::iter::from_fn(move || {
        let row = stream.normal_row::<F64>();
        Some(bytemuck::cast_slice::<Row<F64>, f64>(&[row]).to_vec())
    })
    .flatten();
    let covered = (0..TRIALS).filter(|_| {
        // Errors so small that the logarithm is straight.
        let log_z: Vec<f64> = normals
            .by_ref()
            .take(replicates)
            .map(|x| 1e-4 * x)
            .collect();
        let Combined {
            log_evidence,
            log_evidence_se,
        } = combine_replicates(&log_z);
        log_evidence.abs() <= 1.96 * factor * log_evidence_se.unwrap()
    });
    let share = covered.count() as f64 / TRIALS as f64;
    let se = (0.95 * 0.05 / TRIALS as f64).sqrt();
    within(&format!("coverage of {replicates}"), share, 0.95, 5.0 * se)
}

#[test]
fn two_standard_errors_of_few_replicates_cover() {
    for replicates in [2, 3, 4, 8, 16, 64] {
        must_pass(covers(replicates, 1.0));
        if replicates <= 16 {
            let t = student_t_quantile(0.975, replicates - 1);
            let bare = normal_quantile(0.975) / t;
            must_fail("the jackknife alone", covers(replicates, bare));
        }
    }
    let equal = combine_replicates(&[-1.5; 4]);
    assert!((equal.log_evidence + 1.5).abs() < 1e-15 && equal.log_evidence_se.is_none());
    assert!(combine_replicates(&[-1.5]).log_evidence_se.is_none());
}

/// The mean of 1 and 3 is 2, and no other mean of logarithms.
#[test]
fn evidences_are_averaged_and_not_their_logarithms() {
    let combined = combine_replicates(&[0.0, 3.0f64.ln()]);
    must_pass(within("log 2", combined.log_evidence, 2.0f64.ln(), 1e-15));
    let far = combine_replicates(&[-5000.0, -5000.0 + 3.0f64.ln()]);
    must_pass(within("far", far.log_evidence, 2.0f64.ln() - 5000.0, 1e-12));
    must_fail(
        "the mean of logarithms",
        within("log 2", 0.5 * 3.0f64.ln(), 2.0f64.ln(), 1e-3),
    );
}
