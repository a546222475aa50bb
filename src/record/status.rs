//! `status.json`: how far a run is, for those who look from outside.

use super::Summary;
use super::nulls::{finite, finite_option};
use serde::{Deserialize, Serialize};

/// What `status.json` holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// `running`, `finished`, `failed`, or `interrupted by ...`.
    pub phase: String,
    /// The share done, in [0, 1].
    #[serde(serialize_with = "finite")]
    pub done: f64,
    /// Particle-steps made.
    pub particle_steps: u64,
    /// By the process that made the latest.
    #[serde(serialize_with = "finite_option")]
    pub particle_steps_per_second: Option<f64>,
    /// Seconds computed, by all processes.
    #[serde(serialize_with = "finite")]
    pub seconds: f64,
    /// Seconds to the end at this rate, where that can be told.
    #[serde(serialize_with = "finite_option")]
    pub seconds_left: Option<f64>,
    /// Warning codes of a finished run.
    pub warnings: Vec<String>,
}

impl Status {
    /// Of a run that came to this summary.
    pub fn finished(summary: &Summary) -> Self {
        Self {
            particle_steps: summary.steps.saturating_mul(summary.particles as u64),
            particle_steps_per_second: Some(summary.particle_steps_per_second),
            seconds: summary.seconds,
            ..Self::of("finished", 1.0, &summary.warnings)
        }
    }

    /// The text of the file.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists of them always serialise.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// A phase with nothing more to tell.
    pub fn of(phase: &str, done: f64, warnings: &[String]) -> Self {
        Self {
            phase: phase.to_owned(),
            done,
            warnings: warnings.to_vec(),
            ..Self::default()
        }
    }
}
