//! What a run leaves behind: figures, arrays, a report, and where they came from.
//!
//! The engine fills one [`RunRecord`]; everything here reads it and computes nothing of its own.
//!
//! | module | what it holds |
//! |---|---|
//! | [`summary`] | the JSON object of `--json` and `summary.json` |
//! | [`figures`] | what the pictures of the report are drawn from |
//! | [`comparison`] | table, CSV and picture of `compare` |
//! | [`table`] | the same for people: table, evidence, rates, verdict |
//! | [`warning`] | warnings with stable codes, sentences and advice |
//! | [`npy`] | `.npy` arrays, read strictly and written as a stream |
//! | [`manifest`] | the build, the machine, the seed |
//! | [`trace`] | `trace.zarr`: draws as ArviZ and xarray open them |
//! | [`folder`] | the run folder, which appears whole or not at all |
//! | `partial` | its temporary name, and what killed processes left under such |
//! | [`lock`] | one process on it at a time |
//! | [`longer`] | a finished run that is being made longer |
//! | [`status`] | how far a run is |
//! | [`generations`] | its checkpoints, two of them by turns |
//! | [`flight`] | the last states of a particle that blew up |
//! | [`checksums`] | the checksums of what it wrote |
//! | [`stored`] | a finished run, read back from its folder |
//! | [`report`] | `report.html`, one self-contained file |

pub mod checksums;
mod clock;
pub mod comparison;
mod distinct;
pub mod figures;
pub mod flight;
pub mod folder;
pub mod generations;
pub mod lock;
pub mod longer;
pub mod manifest;
mod nulls;
mod number;
mod partial;
pub mod report;
pub mod status;
pub mod stored;
pub mod summary;
pub mod table;
pub mod trace;
pub mod warning;

pub use crate::disk;
pub use figures::Figures;
pub use folder::{OpenFolder, RunFolder};
pub use lock::Lock;
pub use longer::Longer;
pub use manifest::Manifest;
pub use status::Status;
pub use stored::StoredRun;
pub use summary::{
    ComparePart, CompareRow, DiffusePart, Part, SamplePart, SmcPart, Summary, WiderReference,
};
pub use warning::{Identity, Moment, MovedBy, Warning};

use crate::diagnostics::{RHatKind, normal_quantile, student_t_quantile};
use crate::error::Result;
use crate::npy;
use crate::particles::Numbers;
use crate::target::Exact;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Everything about a finished run that is printed, written or drawn.
#[derive(Debug, Clone)]
pub struct RunRecord<'a> {
    /// The figures, as `--json` prints them.
    pub summary: Summary,
    /// The name of every coordinate, length dim; see [`coordinate_names`].
    pub names: Vec<String>,
    /// R-hat of every coordinate (length dim), or empty.
    pub r_hat: Vec<f64>,
    /// Bulk effective sample size of every coordinate (length dim), or empty.
    pub ess_bulk: Vec<f64>,
    /// Tail effective sample size of every coordinate (length dim), or empty.
    pub ess_tail: Vec<f64>,
    /// Where tempering starts, in words: `normal(0, 10)`.
    pub reference: String,
    /// How the evidence and its standard error were computed, one or two sentences; may be empty.
    pub evidence_method: String,
    /// The text of `config.toml`: the resolved configuration, every default written out.
    pub config: String,
    /// The tempering ladder, one entry for each temperature after the first; empty for MCMC.
    pub stages: Vec<Stage>,
    /// The text of `schedule.toml`, what `--freeze` replays; empty for MCMC.
    pub schedule: String,
    /// The last population, row-major [N, dim], equal weights.
    pub samples: Numbers<'a>,
    /// Kept draws, if any.
    pub draws: Option<Draws<'a>>,
    /// What is known exactly about the target.
    pub exact: Exact,
    /// Warnings, worst first.
    pub warnings: Vec<Warning>,
    /// The command that repeats this run, as typed in a shell.
    pub command: String,
    /// The build and the machine.
    pub manifest: Manifest,
    /// What the pictures of the report are drawn from.
    pub figures: Figures,
}

/// One stage of tempering: what happened on the way to a temperature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// The tempering parameter reached, in (0, 1].
    #[serde(with = "number")]
    pub tempering_param: f64,
    /// Effective sample size of the weights before resampling, in particles.
    #[serde(with = "number")]
    pub ess: f64,
    /// Share of accepted moves at this temperature.
    #[serde(with = "number")]
    pub acceptance: f64,
    /// Step size of the moves at this temperature (their mean, if it is jittered).
    #[serde(with = "number")]
    pub step_size: f64,
    /// What the stage added to the log evidence.
    #[serde(with = "number")]
    pub log_evidence_increment: f64,
}

/// Kept draws: `values` in C order of shape [draw, N, dim].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draws<'a> {
    /// The numbers.
    pub values: &'a [f64],
    /// How many draws of every particle.
    pub draws: usize,
}

impl RunRecord<'_> {
    /// A record of figures alone: no arrays, nothing known exactly.
    pub fn of(summary: Summary, manifest: Manifest) -> Self {
        Self {
            summary,
            names: Vec::new(),
            r_hat: Vec::new(),
            ess_bulk: Vec::new(),
            ess_tail: Vec::new(),
            reference: String::new(),
            evidence_method: String::new(),
            config: String::new(),
            stages: Vec::new(),
            schedule: String::new(),
            samples: Numbers::Double(&[]),
            draws: None,
            exact: Exact::default(),
            warnings: Vec::new(),
            command: String::new(),
            manifest,
            figures: Figures::default(),
        }
    }

    /// Mean of every coordinate, if the verb has one.
    pub fn mean(&self) -> &[f64] {
        match &self.summary.part {
            Part::Sample(part) => &part.mean,
            Part::Smc(part) => &part.mean,
            Part::Diffuse(part) => &part.mean,
            Part::Compare(_) | Part::Other(_) => &[],
        }
    }

    /// Monte Carlo standard error of every mean, or empty.
    pub fn mcse_mean(&self) -> &[f64] {
        match &self.summary.part {
            Part::Sample(part) => &part.mcse_mean,
            Part::Smc(part) => part.mean_se.as_deref().unwrap_or(&[]),
            Part::Diffuse(_) | Part::Compare(_) | Part::Other(_) => &[],
        }
    }

    /// Standard deviation of every coordinate, if the verb has one.
    pub fn sd(&self) -> &[f64] {
        match &self.summary.part {
            Part::Sample(part) => &part.sd,
            Part::Smc(part) => &part.sd,
            Part::Diffuse(part) => &part.sd,
            Part::Compare(_) | Part::Other(_) => &[],
        }
    }

    /// Which R-hat [`RunRecord::r_hat`] is.
    pub fn r_hat_kind(&self) -> RHatKind {
        match &self.summary.part {
            Part::Sample(part) => part.r_hat_kind.unwrap_or(RHatKind::Split),
            _ => RHatKind::Split,
        }
    }

    /// The name of a coordinate.
    pub fn name(&self, j: usize) -> String {
        self.names
            .get(j)
            .cloned()
            .unwrap_or_else(|| format!("x[{j}]"))
    }

    /// The one-line verdict.
    pub fn verdict(&self) -> String {
        let mut facts = Vec::new();
        let finite = |value: Option<f64>| value.filter(|v| v.is_finite());
        if let Part::Sample(part) = &self.summary.part {
            let kind = self.r_hat_kind().words();
            facts.extend(finite(part.r_hat_max).map(|r| format!("max {kind} {r:.3}")));
            facts.extend(finite(part.ess_bulk_min).map(|e| format!("min bulk ESS {e:.0}")));
            facts.extend(finite(part.ess_tail_min).map(|e| format!("min tail ESS {e:.0}")));
            facts.extend(part.acceptance.map(|a| format!("acceptance {a:.2}")));
        }
        if let Part::Smc(part) = &self.summary.part {
            let least = part.ess.iter().copied().fold(f64::INFINITY, f64::min);
            facts.push(format!("{} temperatures", part.temperatures.len()));
            if least.is_finite() {
                let islands = part.islands.max(1);
                let of = match islands {
                    1 => String::new(),
                    n => format!(" of {} an island", self.summary.particles / n),
                };
                facts.push(format!("min stage ESS {least:.0}{of}"));
            }
            let runs = part.log_evidences.len();
            let ess = |se: &Vec<f64>| effective_sizes(&part.sd, se, runs);
            let least = part.mean_se.as_ref().map(ess).into_iter().flatten();
            facts.extend(
                least
                    .filter(|ess| ess.is_finite())
                    .reduce(f64::min)
                    // A standard error of few runs may be too small by chance.
                    .map(|ess| ess.min(self.summary.particles as f64))
                    .map(|ess| format!("min ESS of a mean {ess:.0}")),
            );
            facts.extend(
                self.summary
                    .evidence()
                    .and_then(|(_, se)| se)
                    .map(|se| format!("log evidence to {se:.2}")),
            );
        }
        if let Part::Compare(part) = &self.summary.part {
            let solvers = part.rows.chunk_by(|a, b| a.name == b.name).count();
            facts.push(table::count(solvers, "solver"));
        }
        facts.push(format!("{} non-finite evaluations", self.summary.nonfinite));
        warning::verdict(&self.warnings, &facts.join(", "))
    }
}

/// What the standard errors of `runs` runs taken together are scaled by, so that 1.96 of them cover 95%.
pub fn student_scale(runs: usize) -> f64 {
    match runs {
        0 | 1 => 1.0,
        runs => student_t_quantile(0.975, runs - 1) / normal_quantile(0.975),
    }
}

/// How many independent draws the mean of each coordinate is worth: (sd / standard error)^2, of a tempered run or of
/// `runs` taken together.
pub fn effective_sizes(sd: &[f64], mean_se: &[f64], runs: usize) -> Vec<f64> {
    let scale = student_scale(runs);
    let of_mean = |(sd, se): (&f64, &f64)| {
        let quotient = scale * sd / se;
        quotient * quotient
    };
    sd.iter().zip(mean_se).map(of_mean).collect()
}

/// The default names of coordinates, counted from 0: `x[0]`, `x[1]`, ...
pub fn coordinate_names(dim: usize) -> Vec<String> {
    (0..dim).map(|j| format!("x[{j}]")).collect()
}

/// Writes everything a finished run leaves behind into its folder: arrays first, `status.json` last.
///
/// Returns the folder. Every failure is [`Error::Write`](crate::Error::Write); files already written
/// are whole.
pub fn write(record: &RunRecord<'_>, folder: &OpenFolder) -> Result<PathBuf> {
    trace::write(record, folder)?;
    write_streamed(record, folder)
}

/// [`write()`], for a run whose `trace.zarr` was written while it went on.
pub fn write_streamed(record: &RunRecord<'_>, folder: &OpenFolder) -> Result<PathBuf> {
    write_results(record, folder)?;
    folder.set_status(&Status::finished(&record.summary))?;
    Ok(folder.path().to_owned())
}

/// [`write_streamed`] but for the status: until that says so, a run is not finished.
pub fn write_results(record: &RunRecord<'_>, folder: &OpenFolder) -> Result<()> {
    let dim = record.summary.dim.max(1);
    let particles = record.samples.len() / dim;
    let mut samples =
        npy::Writer::create(folder.file("samples.npy"), &[particles, record.summary.dim])?;
    for part in record.samples.parts() {
        samples.push(&part)?;
    }
    samples.finish()?;
    if let Some(draws) = record.draws {
        let particles = draws.values.len() / dim / draws.draws.max(1);
        let shape = [draws.draws, particles, record.summary.dim];
        npy::write(folder.file("draws.npy"), &shape, draws.values)?;
    }
    if !record.schedule.is_empty() {
        folder.put("schedule.toml", &record.schedule)?;
    }
    folder.put("report.html", &report::html(record))?;
    folder.put(stored::FILE, &stored::text(record))?;
    folder.put("summary.json", &record.summary.to_json_pretty())?;
    checksums::write(folder)
}
