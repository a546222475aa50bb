//! What a checkpoint keeps of tempering.

use super::{TemperatureRecord, Tempering};
use crate::checkpoint::{damaged, from_bytes, to_bytes};
use crate::error::Result;
use crate::flow::Tally;
use crate::mcmc::Tuning;
use crate::smc::decorrelation::Decorrelation;
use crate::smc::{ScheduledStage, WasteFree};
use crate::target::Precision;
use serde::{Deserialize, Serialize};

/// All of [`Tempering`] that changes on the way.
#[derive(Serialize, Deserialize)]
struct TemperingState {
    tempering_param: f64,
    next: f64,
    records: Vec<TemperatureRecord>,
    stage: Tally,
    scales: Vec<f64>,
    scaled: bool,
    location: Vec<f64>,
    log_step_sizes: f64,
    scheduled: Vec<ScheduledStage>,
    decorrelation: Decorrelation,
    step: f64,
    weightings: Vec<WasteFree>,
    tuning: Tuning,
}

impl<R: Precision> Tempering<'_, R> {
    /// As bytes.
    pub(super) fn saved(&self) -> Vec<u8> {
        to_bytes(&TemperingState {
            tempering_param: self.tempering_param,
            next: self.next,
            records: self.records.clone(),
            stage: self.stage.clone(),
            scales: self.scales.clone(),
            scaled: self.scaled,
            location: self.location.clone(),
            log_step_sizes: self.log_step_sizes,
            scheduled: self.scheduled.clone(),
            decorrelation: self.decorrelation.clone(),
            step: self.step,
            weightings: self.weightings.clone(),
            tuning: self.mover.tuning(),
        })
    }

    /// Back from them; refused where they are of another number of coordinates.
    pub(super) fn restore(&mut self, state: &[u8]) -> Result<()> {
        let state: TemperingState = from_bytes("the state of the tempering", state)?;
        let dim = self.path.dim();
        if state.scales.len() != dim || ![0, dim].contains(&state.location.len()) {
            return Err(damaged("has scales of another number of coordinates"));
        }
        if state.scaled {
            self.set_scales(state.scales);
        }
        if !state.location.is_empty() {
            self.mover.set_location(&state.location);
        }
        self.mover.set_tuning(state.tuning);
        self.location = state.location;
        (self.tempering_param, self.next, self.step) =
            (state.tempering_param, state.next, state.step);
        (self.records, self.scheduled) = (state.records, state.scheduled);
        (self.stage, self.log_step_sizes) = (state.stage, state.log_step_sizes);
        (self.decorrelation, self.weightings) = (state.decorrelation, state.weightings);
        Ok(())
    }
}
