//! `info`: the build, the machine, and what the machine was measured to do.

use crate::record::manifest::{Build, Machine};
use crate::record::warning::Warning;
use driftlane_kernels::{F64, Lane, Pack, isa};
use serde::Serialize;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long each peak is measured.
const BUDGET: Duration = Duration::from_millis(200);
/// Numbers copied at a time: far more than any cache holds.
const COPY: usize = 8 << 20;

/// What `info` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Info {
    /// The program.
    #[serde(flatten)]
    pub build: Build,
    /// The machine.
    pub machine: Machine,
    /// What one core was measured to do.
    pub peaks: Peaks,
    /// Warning codes.
    pub warnings: Vec<&'static str>,
}

/// Measured peaks of one core.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Peaks {
    /// Fused multiply-adds in f64, each counted as two operations, in 1e9 a second.
    pub fma_gflops_per_core: f64,
    /// Memory copied (bytes read plus bytes written), in 1e9 bytes a second.
    pub copy_gb_per_second: f64,
}

/// Measures this machine; takes less than a second.
pub fn measure() -> Info {
    let peaks = Peaks {
        fma_gflops_per_core: fma(),
        copy_gb_per_second: copy(),
    };
    let warnings = if isa::FAST {
        vec![]
    } else {
        vec![Warning::SlowBuild.code()]
    };
    Info {
        build: Build::this(),
        machine: Machine::this(),
        peaks,
        warnings,
    }
}

impl Info {
    /// One JSON object on one line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Lines for people.
    pub fn text(&self) -> String {
        let (build, machine) = (&self.build, &self.machine);
        let memory = machine
            .memory
            .map_or("unknown".into(), |b| format!("{:.1} GB", b as f64 / 1e9));
        let mut text = format!(
            "driftlane {} ({})\n\
             build      {}, {}, {}\n\
             compiler   {}\n\
             features   {}\n\
             processor  {}, {} cores to use, {memory} of memory available\n\
             measured   {:.1} f64 GFLOP/s a core, {:.1} GB/s copied by one core\n",
            build.version,
            build.commit,
            build.isa,
            build.profile,
            build.target,
            build.compiler,
            build.features.join(" "),
            machine.cpu,
            machine.cores,
            self.peaks.fma_gflops_per_core,
            self.peaks.copy_gb_per_second,
        );
        if !self.warnings.is_empty() {
            let warning = Warning::SlowBuild;
            text += &format!("{}: {warning}; {}\n", warning.code(), warning.advice());
        }
        text
    }
}

/// Runs `work` until the budget is spent and returns the best rate, in units a second: each call of
/// `work` does `units`.
fn best_rate(units: f64, mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut best = 0.0f64;
    while start.elapsed() < BUDGET {
        let call = Instant::now();
        work();
        best = best.max(units / call.elapsed().as_secs_f64().max(1e-9));
    }
    best
}

/// Twelve independent chains hide the latency of a fused multiply-add on every machine known.
fn fma() -> f64 {
    const ROUNDS: usize = 100_000;
    let mut sums = [Pack::<F64, 4>::splat(1.0); 3];
    let (factor, term) = (
        black_box(Pack::splat(0.999_999)),
        black_box(Pack::splat(1e-6)),
    );
    let flops = (ROUNDS * 3 * 4 * 8 * 2) as f64;
    let rate = best_rate(flops, || {
        let [mut a, mut b, mut c] = sums;
        for _ in 0..ROUNDS {
            a = a.mul_add(factor, term);
            b = b.mul_add(factor, term);
            c = c.mul_add(factor, term);
        }
        sums = black_box([a, b, c]);
    });
    rate / 1e9
}

fn copy() -> f64 {
    let source = vec![1.0f64; COPY];
    let mut sink = vec![0.0f64; COPY];
    let bytes = (2 * COPY * size_of::<f64>()) as f64;
    let rate = best_rate(bytes, || {
        sink.copy_from_slice(black_box(&source));
        black_box(&mut sink);
    });
    rate / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_are_positive_and_json_is_whole() {
        let info = measure();
        assert!(info.peaks.fma_gflops_per_core > 0.0 && info.peaks.copy_gb_per_second > 0.0);
        let value: serde_json::Value = serde_json::from_str(&info.to_json()).unwrap();
        assert_eq!(value["isa"], info.build.isa);
        assert!(value["machine"]["cores"].as_u64() >= Some(1));
        assert!(info.text().contains("GFLOP/s"));
    }
}
