//! What a tempered run settled on, to be replayed.
//!
//! An adaptive run chooses temperatures, scales and step sizes from its own population, which biases
//! its estimate of Z by O(1/N). Replayed by fresh particles the same choices are constants: with a
//! resampling scheme of E\[offspring\] = N W the estimate is then unbiased for every N (Del Moral 2004,
//! doi 10.1007/978-1-4684-9393-1), whatever decides when to resample.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// The choices of a run, stage by stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The move's name.
    #[serde(rename = "move")]
    pub mover: String,
    /// One for every temperature after the first, 0.
    pub stages: Vec<ScheduledStage>,
}

/// The choices at one temperature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduledStage {
    /// The tempering parameter.
    pub tempering_param: f64,
    /// The geometric mean of the step sizes its moves were made with.
    pub step_size: f64,
    /// Moves of every particle, at least 1.
    pub moves: usize,
    /// The longest trajectory, where its length was tuned.
    #[serde(default)]
    pub trajectory_length: Option<f64>,
    /// The scale of every coordinate, length dim.
    pub scales: Vec<f64>,
}

impl Schedule {
    /// Refuses a schedule that cannot be replayed by the move `mover` in `dim` dimensions: another
    /// move, no stages, tempering parameters that do not increase to 1, scales that are not `dim`
    /// finite numbers above 0, step sizes likewise.
    pub fn check(&self, mover: &str, dim: usize) -> Result<()> {
        if self.mover != mover {
            let allowed = format!("{}, the move of the schedule", self.mover);
            return Err(Error::invalid("move", mover, allowed));
        }
        let ladder: Vec<f64> = self.ladder();
        super::Ladder::fixed(ladder)?;
        for (k, stage) in self.stages.iter().enumerate() {
            let place = |field: &str| format!("schedule stage {} {field}", k + 1);
            let positive = |x: &f64| *x > 0.0 && x.is_finite();
            if !positive(&stage.step_size) {
                let allowed = "a finite number above 0";
                return Err(Error::invalid(place("step_size"), stage.step_size, allowed));
            }
            if !(1..=1_000_000).contains(&stage.moves) {
                return Err(Error::invalid(place("moves"), stage.moves, "1 to 1000000"));
            }
            if let Some(length) = stage.trajectory_length.filter(|l| !positive(l)) {
                let allowed = "a finite number above 0";
                return Err(Error::invalid(place("trajectory_length"), length, allowed));
            }
            if stage.scales.len() != dim {
                let shown = format!("{} numbers", stage.scales.len());
                let allowed = format!("{dim}, one for every coordinate");
                return Err(Error::invalid(place("scales"), shown, allowed));
            }
            if let Some(scale) = stage.scales.iter().find(|s| !positive(s)) {
                let allowed = "finite numbers above 0";
                return Err(Error::invalid(place("scales"), scale, allowed));
            }
        }
        Ok(())
    }

    /// The tempering parameters, 0 first.
    pub fn ladder(&self) -> Vec<f64> {
        let stages = self.stages.iter().map(|stage| stage.tempering_param);
        std::iter::once(0.0).chain(stages).collect()
    }
}
