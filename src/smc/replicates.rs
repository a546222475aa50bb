//! Combining independent estimates of Z.
//!
//! Z estimates are averaged, never their logarithms (E log Z < log Z by half the variance):
//!
//! ```text
//! log Z = log mean_r exp(log Z_r)
//! se = t_(0.975, R-1) / 1.96 sqrt((R - 1)/R sum_r (log Z_(-r) - mean)^2)        (jackknife)
//! ```
//!
//! The jackknife's own error is that of a variance from R values: with R small the ratio of error to
//! standard error has the tails of Student's t with R - 1 degrees of freedom. Scaled by its quantile,
//! 1.96 standard errors cover 95% for any R: 6.5 times the jackknife's at R = 2, 1.09 times at 16.

use crate::diagnostics::{normal_quantile, student_t_quantile};
use driftlane_kernels::Lane;
use driftlane_kernels::mutants::active;

/// Replicates taken together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Combined {
    /// log of the mean of the estimates of Z.
    pub log_evidence: f64,
    /// Its jackknife standard error, scaled so that 1.96 of them cover 95%; `None` with fewer than two
    /// replicates, or where all are equal.
    pub log_evidence_se: Option<f64>,
}

/// What scales the standard error of `runs` runs, at least 2, so that 1.96 of them cover 95%.
pub(super) fn student_scale(runs: usize) -> f64 {
    student_t_quantile(0.975, runs - 1) / normal_quantile(0.975)
}

/// Combines estimates of log Z from independent runs of equal size; at least one.
pub fn combine_replicates(log_evidences: &[f64]) -> Combined {
    let r = log_evidences.len() as f64;
    let max = log_evidences
        .iter()
        .fold(f64::NEG_INFINITY, |m, &x| if x > m { x } else { m });
    let ratios: Vec<f64> = log_evidences.iter().map(|x| Lane::exp(x - max)).collect();
    let sum: f64 = ratios.iter().sum();
    let log_evidence = if active("mean-of-logarithms") {
        log_evidences.iter().sum::<f64>() / r
    } else {
        max + Lane::ln(sum / r)
    };
    let log_evidence_se = (log_evidences.len() > 1).then(|| {
        // Sums of those before and after, not a difference: one run may hold nearly all of the sum.
        let mut after = vec![0.0; ratios.len() + 1];
        for k in (0..ratios.len()).rev() {
            after[k] = after[k + 1] + ratios[k];
        }
        let mut before = 0.0;
        let without: Vec<f64> = ratios
            .iter()
            .zip(&after[1..])
            .map(|(x, after)| {
                let others = before + after;
                before += x;
                max + Lane::ln(others / (r - 1.0))
            })
            .collect();
        let mean = without.iter().sum::<f64>() / r;
        let squares: f64 = without.iter().map(|w| (w - mean) * (w - mean)).sum();
        student_scale(log_evidences.len()) * ((r - 1.0) / r * squares).sqrt()
    });
    Combined {
        log_evidence,
        log_evidence_se: log_evidence_se.filter(|se| *se > 0.0),
    }
}
