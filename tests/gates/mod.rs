//! What every statistical test of this folder decides with. A gate returns `Err` with the numbers
//! that failed, so that a test can ask for failure too: each gate is shown a seeded defect.
//!
//! Seeds are fixed, so a gate never flakes. With a cut of z standard errors the smallest bias seen
//! with 95% power is (z + 1.645) standard errors: 6.645 at z = 5.
#![allow(dead_code, clippy::disallowed_methods)]

/// What a gate decides.
pub type Gate = Result<(), String>;

/// Mean and standard error of independent values.
pub fn mean_and_se(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (square / (n - 1.0) / n).sqrt())
}

/// The sample variance.
pub fn variance(values: &[f64]) -> f64 {
    let (_, se) = mean_and_se(values);
    se * se * values.len() as f64
}

/// The mean of independent values is `exact`, up to `z` standard errors.
pub fn mean_is(name: &str, values: &[f64], exact: f64, z: f64) -> Gate {
    let (mean, se) = mean_and_se(values);
    within(name, mean, exact, z * se)
}

/// `got` is `exact` up to `tolerance`; NaN is not.
pub fn within(name: &str, got: f64, exact: f64, tolerance: f64) -> Gate {
    if (got - exact).abs() <= tolerance {
        Ok(())
    } else {
        let off = got - exact;
        Err(format!(
            "{name}: {got:.9e}, exactly {exact:.9e}, off {off:.3e}, allowed {tolerance:.3e}"
        ))
    }
}

/// `condition`, or `Err(what)`.
pub fn require(condition: bool, what: impl FnOnce() -> String) -> Gate {
    if condition { Ok(()) } else { Err(what()) }
}

/// Panics where the mean of these values is known worse than the stated power needs.
#[track_caller]
pub fn known_to(name: &str, values: &[f64], standard_error: f64) {
    let (_, se) = mean_and_se(values);
    assert!(
        se < standard_error,
        "{name}: standard error {se:.3e}, the gate has lost its power"
    );
}

/// Panics unless the gate stopped this defect.
#[track_caller]
pub fn must_fail(defect: &str, gate: Gate) {
    assert!(gate.is_err(), "the gate let this defect pass: {defect}");
}

/// Panics with what a gate found.
#[track_caller]
pub fn must_pass(gate: Gate) {
    if let Err(what) = gate {
        panic!("{what}");
    }
}
