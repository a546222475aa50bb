//! Several runs of one sampler as one result: islands of one population, and replicates.
//!
//! K islands of N/K particles that never meet are K independent estimates of Z (Verge, Dubarry,
//! Del Moral, Moulines 2015, arXiv:1306.3911), and the error of their mean follows from their spread
//! whatever the resampling scheme. With a fixed ladder and fixed moves each is unbiased, and so is their
//! mean; an adaptive ladder and tuned moves add a bias of O(K/N), which islands do not average out. Particles of island k carry the weight Z_k; systematic
//! resampling makes them one population of equal weights.

use super::replicates::student_scale;
use super::{Combined, SmcResult, combine_replicates};
use crate::flow::{Resampler, Tally, resample_offspring};
use driftlane_kernels::mutants::active;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// The result of the first run with evidence, moments and counts of all of them.
pub(super) fn combine(mut results: Vec<SmcResult>) -> SmcResult {
    let log_evidences: Vec<f64> = results.iter().map(|r| r.log_evidence).collect();
    let Combined {
        log_evidence,
        log_evidence_se,
    } = combine_replicates(&log_evidences);
    let weights: Vec<f64> = log_evidences
        .iter()
        .map(|z| Lane::exp(z - log_evidence) / log_evidences.len() as f64)
        .collect();
    let (mean, sd) = pooled_moments(&results, &weights);
    let mean_se = (results.len() > 1).then(|| spread_of_means(&results, &weights, &mean));
    let totals = results
        .iter()
        .fold(Tally::default(), |sum, r| sum.merge(r.totals.clone()));
    let surviving = results
        .iter()
        .map(|r| r.surviving_ancestors)
        .sum::<Option<usize>>();
    let times = results.iter().filter_map(|r| r.autocorrelation_time);
    let autocorrelation_time = times.reduce(|a, b| if b > a { b } else { a });
    // Runs of one target take temperatures much alike, so what is stiff is so at the same stages.
    let mut stiffness = results[0].stiffness.clone();
    for other in &results[1..] {
        for (sum, stage) in stiffness.iter_mut().zip(&other.stiffness) {
            *sum = sum.merge(*stage);
        }
    }
    let nonfinite_starts = results.iter().map(|r| r.nonfinite_starts).sum();
    let mut first = results.swap_remove(0);
    if log_evidences.len() > 1 {
        first.log_evidence = log_evidence;
        first.log_evidence_se = log_evidence_se;
        (first.mean, first.sd) = (mean, sd);
        first.mean_se = mean_se;
    }
    first.log_evidences = log_evidences;
    first.surviving_ancestors = surviving;
    first.stiffness = stiffness;
    first.totals = totals;
    first.autocorrelation_time = autocorrelation_time;
    first.nonfinite_starts = nonfinite_starts;
    first
}

/// Means and standard deviations of all runs together.
fn pooled_moments(results: &[SmcResult], weights: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let runs = || weights.iter().zip(results);
    (0..results[0].mean.len())
        .map(|j| {
            let m: f64 = runs().map(|(w, r)| w * r.mean[j]).sum();
            let second: f64 = runs()
                .map(|(w, r)| {
                    let d = r.mean[j] - m;
                    w * r.sd[j].mul_add(r.sd[j], d * d)
                })
                .sum();
            (m, second.sqrt())
        })
        .unzip()
}

/// Standard errors of the pooled means: of a ratio of means over K independent runs, by the delta method,
/// scaled like that of log Z so that 1.96 of them cover 95%.
fn spread_of_means(results: &[SmcResult], weights: &[f64], means: &[f64]) -> Vec<f64> {
    let k = results.len() as f64;
    let scale = student_scale(results.len());
    let spread = |j: usize| {
        let square = |(w, r): (&f64, &SmcResult)| {
            let off = w * (r.mean[j] - means[j]);
            off * off
        };
        weights.iter().zip(results).map(square).sum::<f64>()
    };
    (0..means.len())
        .map(|j| scale * (spread(j) * k / (k - 1.0)).sqrt())
        .collect()
}

/// The particles of all islands as one population of equal weights, `[particles, dim]`.
pub(super) fn merge_populations(results: &[SmcResult], dim: usize, seed: u64) -> Vec<f64> {
    let log_weights: Vec<f64> = results
        .iter()
        .flat_map(|r| {
            let weight = if active("islands-weigh-the-same") {
                0.0
            } else {
                r.log_evidence - Lane::ln((r.samples.len() / dim) as f64)
            };
            std::iter::repeat_n(weight, r.samples.len() / dim)
        })
        .collect();
    let n = log_weights.len();
    let max = log_weights
        .iter()
        .fold(f64::NEG_INFINITY, |m, &x| if x > m { x } else { m });
    let mut rows = vec![Row::<F64>::splat(f64::NEG_INFINITY); n.div_ceil(32)];
    bytemuck::cast_slice_mut::<_, f64>(&mut rows)[..n].copy_from_slice(&log_weights);
    // An epoch no flow reaches, so that the draw is independent of the islands' own.
    let offspring = resample_offspring(Resampler::Systematic, n, &rows, max, seed, u64::MAX);
    let particles = results.iter().flat_map(|r| {
        let all = r.samples.numbers();
        (0..all.len())
            .step_by(dim)
            .map(move |first| all.part(first, dim))
    });
    let mut merged = Vec::with_capacity(n * dim);
    for (x, copies) in particles.zip(offspring) {
        for _ in 0..copies {
            merged.extend_from_slice(&x);
        }
    }
    merged
}
