//! The figures of a run as one JSON object: what `--json` prints and `summary.json` holds.
//!
//! Fields stand in the order of this file. JSON has no NaN and no infinity: both are written as null.

use super::nulls;
use super::warning::{self, Warning};
use crate::diagnostics::RHatKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What every running verb reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The version of this program.
    pub driftlane: String,
    /// The instruction set of the build: `avx512`, `avx2` or `portable`.
    pub isa: String,
    /// `sample` or `smc`.
    pub verb: String,
    /// The target's name.
    pub target: String,
    /// Its number of coordinates.
    pub dim: usize,
    /// The number of particles.
    pub particles: usize,
    /// Moves done per particle, warm-up included.
    pub steps: u64,
    /// `f64` or `f32`.
    pub precision: String,
    /// Threads used.
    pub threads: usize,
    /// The seed.
    pub seed: u64,
    /// Wall time of the computation in seconds, without start-up and output.
    #[serde(serialize_with = "nulls::finite", deserialize_with = "nulls::number")]
    pub seconds: f64,
    /// All moves of all particles over `seconds`.
    #[serde(serialize_with = "nulls::finite", deserialize_with = "nulls::number")]
    pub particle_steps_per_second: f64,
    /// Gradients evaluated, all particles together.
    pub gradient_evaluations: u64,
    /// The same over `seconds`.
    #[serde(serialize_with = "nulls::finite", deserialize_with = "nulls::number")]
    pub gradients_per_second: f64,
    /// Densities evaluated, all particles together.
    pub density_evaluations: u64,
    /// Evaluations that were NaN or +infinity.
    pub nonfinite: u64,
    /// Warning codes, each once.
    pub warnings: Vec<String>,
    /// The run folder, or null.
    pub out: Option<String>,
    /// What the verb adds.
    #[serde(flatten, skip_deserializing)]
    pub part: Part,
    /// Lower ends of the equal-tailed intervals of 89% of every coordinate, length dim; of kept draws, else of the last
    /// population. Empty, and not written, where there is no population.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub eti89_lb: Vec<f64>,
    /// Their upper ends.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub eti89_ub: Vec<f64>,
}

/// What a verb adds to [`Summary`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Part {
    /// Of `sample`.
    Sample(SamplePart),
    /// Of `smc`.
    Smc(SmcPart),
    /// Of `diffuse`.
    Diffuse(DiffusePart),
    /// Of `compare`.
    Compare(ComparePart),
    /// Of a verb with fields of its own.
    Other(serde_json::Map<String, serde_json::Value>),
}

impl Default for Part {
    fn default() -> Self {
        Self::Other(serde_json::Map::new())
    }
}

/// What `sample` adds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SamplePart {
    /// Share of accepted moves after warm-up; null for unadjusted dynamics.
    #[serde(serialize_with = "nulls::finite_option")]
    pub acceptance: Option<f64>,
    /// The step size used after warm-up.
    #[serde(serialize_with = "nulls::finite", deserialize_with = "nulls::number")]
    pub step_size: f64,
    /// The longest trajectory in units of the scales, where its length was tuned.
    #[serde(serialize_with = "nulls::positive_option")]
    pub trajectory_length: Option<f64>,
    /// Mean of every coordinate, length dim.
    #[serde(
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub mean: Vec<f64>,
    /// Standard deviation of every coordinate, length dim.
    #[serde(
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub sd: Vec<f64>,
    /// The largest R-hat; null where no draws were kept.
    #[serde(serialize_with = "nulls::finite_option")]
    pub r_hat_max: Option<f64>,
    /// Which R-hat: `split`, or `nested` of more than 64 chains; null where no draws were kept.
    #[serde(default)]
    pub r_hat_kind: Option<RHatKind>,
    /// The smallest bulk effective sample size; null where no draws were kept.
    #[serde(serialize_with = "nulls::finite_option")]
    pub ess_bulk_min: Option<f64>,
    /// The smallest tail effective sample size; null where no draws were kept.
    #[serde(serialize_with = "nulls::finite_option")]
    pub ess_tail_min: Option<f64>,
    /// Monte Carlo standard error of every mean, length dim; empty where no draws were kept.
    #[serde(
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub mcse_mean: Vec<f64>,
    /// Kept draws of a particle with a move before them that diverged; null where none were kept or moves conserve no
    /// energy.
    #[serde(default)]
    pub divergences: Option<u64>,
    /// Scales of moves, tuned in warm-up, of every coordinate: their squares are the inverse masses of HMC; empty where
    /// none were tuned.
    #[serde(
        default,
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub scales: Vec<f64>,
    /// E-BFMI of all chains that moved, each about its own mean; null where kept draws have no energies or it has no value.
    #[serde(default, serialize_with = "nulls::finite_option")]
    pub e_bfmi: Option<f64>,
}

/// What `diffuse` adds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DiffusePart {
    /// The solver's name.
    pub solver: String,
    /// Calls of the denoiser, a particle.
    pub nfe: usize,
    /// The noise schedule's name.
    pub schedule: String,
    /// The time grid's name, or `given`.
    pub grid: String,
    /// Mean of every coordinate at the end, length dim.
    #[serde(
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub mean: Vec<f64>,
    /// Standard deviation of every coordinate at the end, length dim.
    #[serde(
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub sd: Vec<f64>,
}

/// What `compare` adds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ComparePart {
    /// The noise schedule's name.
    pub schedule: String,
    /// The time grid's name, or `by name` where solvers have grids of their own.
    pub grid: String,
    /// The solver of fine solutions of the flow; null where none was needed.
    pub fine_solver: Option<String>,
    /// Their most calls.
    pub fine_nfe: Option<usize>,
    /// The largest of their estimated errors.
    #[serde(serialize_with = "nulls::finite_option")]
    pub fine_error: Option<f64>,
    /// Solver by solver, rising calls.
    pub rows: Vec<CompareRow>,
}

/// One solver at one number of calls.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CompareRow {
    /// The solver, as it was called.
    pub name: String,
    /// Calls of the denoiser, a particle.
    pub nfe: usize,
    /// Steps.
    pub steps: usize,
    /// Wall time in seconds over the particles: the least of several runs, three at least unless
    /// they take a second.
    #[serde(serialize_with = "nulls::finite", deserialize_with = "nulls::number")]
    pub cost: f64,
    /// The error; null where a particle is not finite, and where moments are off by no more than chance makes them
    /// ([`CompareRow::error_below`]).
    #[serde(serialize_with = "nulls::finite_option")]
    pub error: Option<f64>,
    /// Its standard error over particles.
    #[serde(serialize_with = "nulls::finite_option")]
    pub error_se: Option<f64>,
    /// The fitted order of the solver, the same in each of its rows.
    #[serde(serialize_with = "nulls::finite_option")]
    pub order: Option<f64>,
    /// The lower end of its 95% interval.
    #[serde(serialize_with = "nulls::finite_option")]
    pub order_low: Option<f64>,
    /// The upper end.
    #[serde(serialize_with = "nulls::finite_option")]
    pub order_high: Option<f64>,
    /// Why there is no order.
    pub order_note: Option<String>,
    /// What the error is: `solution`, `strong` (distances to a fine solution) or `moments`.
    pub measure: String,
    /// Errors below are not the solver's alone; null for moments.
    #[serde(serialize_with = "nulls::finite_option")]
    pub floor: Option<f64>,
    /// Where the error of moments is below what chance alone makes: two standard errors of that, which it is below.
    #[serde(default, serialize_with = "nulls::finite_option")]
    pub error_below: Option<f64>,
    /// Median distance over particles, which few that end elsewhere do not move; null for moments.
    #[serde(default, serialize_with = "nulls::finite_option")]
    pub error_median: Option<f64>,
}

/// What `smc` adds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SmcPart {
    /// Log of the integral of the target's density.
    #[serde(serialize_with = "nulls::finite", deserialize_with = "nulls::number")]
    pub log_evidence: f64,
    /// Its standard error: positive, or null (also when it was zero or not finite).
    #[serde(serialize_with = "nulls::positive_option")]
    pub log_evidence_se: Option<f64>,
    /// Tempering parameters: 0 first, 1 last.
    #[serde(
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub temperatures: Vec<f64>,
    /// Effective sample size at every temperature after the first.
    #[serde(
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub ess: Vec<f64>,
    /// Acceptance of the moves at every temperature after the first.
    #[serde(
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub acceptance: Vec<f64>,
    /// Moves of every particle at every temperature after the first, those that only tuned left out.
    pub moves: Vec<usize>,
    /// Log evidence of every replicate or island; one entry for a single run.
    #[serde(
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub log_evidences: Vec<f64>,
    /// Islands that share the particles, of which [`SmcPart::ess`] counts those of one; 1 for runs without.
    #[serde(default)]
    pub islands: usize,
    /// What runs from wider references came to; null where none were asked for.
    pub wider_references: Option<Vec<WiderReference>>,
    /// Of a waste-free run, the longest autocorrelation time of the weights along its chains, in states.
    #[serde(serialize_with = "nulls::positive_option")]
    pub autocorrelation_time: Option<f64>,
    /// How often the population was resampled.
    pub resamplings: u64,
    /// Mean of every coordinate under the target, length dim.
    #[serde(
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub mean: Vec<f64>,
    /// Standard errors of the means; null where none can be given.
    #[serde(
        serialize_with = "nulls::finite_list_option",
        deserialize_with = "nulls::numbers_option"
    )]
    pub mean_se: Option<Vec<f64>>,
    /// Standard deviation of every coordinate under the target, length dim.
    #[serde(
        serialize_with = "nulls::finite_list",
        deserialize_with = "nulls::numbers"
    )]
    pub sd: Vec<f64>,
}

/// The evidence from a wider reference: what `--check-modes` compares with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WiderReference {
    /// How many times as wide.
    pub factor: f64,
    /// Its log evidence.
    #[serde(serialize_with = "nulls::finite", deserialize_with = "nulls::number")]
    pub log_evidence: f64,
    /// Its standard error: positive, or null.
    #[serde(serialize_with = "nulls::positive_option")]
    pub log_evidence_se: Option<f64>,
}

impl Summary {
    /// Sets the warning codes.
    pub fn warn(&mut self, warnings: &[Warning]) {
        self.warnings = warning::codes(warnings)
            .into_iter()
            .map(str::to_owned)
            .collect();
    }

    /// The object on one line, as `--json` prints it.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists of them always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The object with one field a line, as `summary.json` holds it.
    pub fn to_json_pretty(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The object as [`Summary::to_json_pretty`] wrote it; null is NaN where a number must be. The error says what
    /// is wrong in words.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let judge = |e: serde_json::Error| e.to_string();
        let object: Value = serde_json::from_str(text).map_err(judge)?;
        let mut summary = Self::deserialize(&object).map_err(judge)?;
        summary.part = match summary.verb.as_str() {
            "sample" => Part::Sample(SamplePart::deserialize(&object).map_err(judge)?),
            "smc" => Part::Smc(SmcPart::deserialize(&object).map_err(judge)?),
            "diffuse" => Part::Diffuse(DiffusePart::deserialize(&object).map_err(judge)?),
            "compare" => Part::Compare(ComparePart::deserialize(&object).map_err(judge)?),
            verb => return Err(format!("verb {verb:?} is unknown")),
        };
        Ok(summary)
    }

    /// Log evidence and its standard error, if the verb has one.
    pub fn evidence(&self) -> Option<(f64, Option<f64>)> {
        match &self.part {
            Part::Smc(smc) => {
                let se = smc.log_evidence_se.filter(|s| s.is_finite() && *s > 0.0);
                Some((smc.log_evidence, se))
            }
            _ => None,
        }
    }
}
