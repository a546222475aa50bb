//! One tempered run of one population: a replicate, or an island.

use super::{Smc, SmcResult, TemperatureRecord, Tempering, waste_free};
use crate::checkpoint::{Reader, Sections, damaged};
use crate::error::{Error, Result};
use crate::flow::{Advance, FeynmanKac, Flow, Pause, Resampler, StageRecord, Weighing};
use crate::mcmc::{MoveKind, check_reference};
use crate::particles::{Numbers, Population};
use crate::target::{Path, Precision};
use std::io::{Read, Seek};

/// A run on its way.
pub(super) struct Single<'a, R: Precision> {
    settings: &'a Smc<'a>,
    model: Tempering<'a, R>,
    flow: Flow<R>,
    /// Particles of the flow: chains of states, of a waste-free run.
    chains: usize,
    starts_without_density: usize,
}

impl<'a, R: Precision> Single<'a, R> {
    /// A run that draws its starts when it first advances.
    pub fn begin(settings: &'a Smc<'a>, particles: usize, seed: u64) -> Result<Self> {
        let (model, chains) = Self::model(settings, particles, seed)?;
        let population = Population::new(chains, model.dim(), model.channels());
        let mut flow = Flow::<R>::waiting(population, seed, settings.resampler)?;
        if let Some(lag) = settings.lag {
            flow = flow.with_lag(lag);
        }
        if settings.keep_particles {
            flow.keep_weighings();
        }
        Ok(Self {
            settings,
            model,
            flow,
            chains,
            starts_without_density: 0,
        })
    }

    /// Its flow, and how many particles that has.
    fn model(
        settings: &'a Smc<'a>,
        particles: usize,
        seed: u64,
    ) -> Result<(Tempering<'a, R>, usize)> {
        let path = Path::tempered(settings.target, settings.reference.clone())?;
        let mover = settings.mover.build::<R>(path.dim())?;
        if !mover.adjusted() {
            let allowed = format!(
                "one that leaves its law invariant: {}",
                MoveKind::ADJUSTED_NAMES.join(", ")
            );
            return Err(Error::invalid("move", mover.name(), allowed));
        }
        check_reference(&*mover, &path)?;
        let (ladder, moves) = (settings.ladder.clone(), settings.moves_per_stage);
        let mut model = Tempering::new(path, mover, ladder, moves, seed)
            .with_mass(settings.mover.mass)
            .with_resampling(settings.resampling);
        if let Some(states) = settings.chain_length {
            model = model.keeping_states(states);
        }
        if !settings.tuned {
            model = model.without_tuning();
        }
        if let Some(schedule) = &settings.schedule {
            model = model.with_schedule(schedule.clone())?;
        }
        Ok((model, particles / settings.chain_length.unwrap_or(1)))
    }

    /// The starts, then one temperature at a time, or less where `pause` says so.
    pub fn advance(
        &mut self,
        observer: &mut dyn FnMut(&StageRecord),
        pause: &Pause<'_>,
    ) -> Result<Advance> {
        let mut watch = |record: &StageRecord, _: &_| observer(record);
        let waiting = !self.flow.started();
        let advance = self
            .flow
            .advance_until(&mut self.model, &mut watch, pause)?;
        if waiting && self.flow.started() {
            self.starts_without_density = self.flow.totals().nan as usize;
        }
        Ok(advance)
    }

    /// The latest weighing, where they are kept.
    pub fn weighing(&self) -> Option<&Weighing> {
        self.flow.weighing()
    }

    /// What [`restore`](Single::restore) needs.
    pub fn save<'b>(&'b self, out: &mut Sections<'b>) {
        out.put("smc", &self.starts_without_density);
        self.flow.save(&self.model, out);
    }

    /// The run that was saved.
    pub fn restore<S: Read + Seek>(
        settings: &'a Smc<'a>,
        particles: usize,
        seed: u64,
        from: &mut Reader<S>,
    ) -> Result<Self> {
        let (mut model, chains) = Self::model(settings, particles, seed)?;
        let mut flow = Flow::restore(&mut model, chains, seed, settings.resampler, from)?;
        if settings.keep_particles {
            flow.keep_weighings();
        }
        if !model.fits(flow.time()) {
            return Err(damaged(format!(
                "is at temperature {} of another ladder",
                flow.time()
            )));
        }
        Ok(Self {
            starts_without_density: from.get("smc")?,
            flow,
            settings,
            model,
            chains,
        })
    }

    /// The result of a run that has reached the target.
    pub fn finish(self) -> SmcResult {
        let Self {
            settings,
            model,
            mut flow,
            chains,
            starts_without_density,
        } = self;
        let chain_length = settings.chain_length;
        let moments = match chain_length {
            Some(_) => waste_free::moments(&mut flow.cloud(), 0.0),
            None => flow.moments(),
        };
        let samples = match chain_length {
            Some(_) => waste_free::states(flow.population()).into(),
            None => flow.take_samples(),
        };
        let by_genealogy = |values: Numbers<'_>| match settings.resampler {
            Resampler::Multinomial => flow
                .genealogy()
                .standard_errors(values, moments.mean().len()),
            _ => None,
        };
        let mean_se = match chain_length {
            Some(states) => {
                let means =
                    waste_free::chain_means(&samples.to_vec(), states, moments.mean().len());
                waste_free::mean_standard_errors(
                    &means,
                    moments.mean().len(),
                    by_genealogy((&means).into()),
                )
            }
            None => by_genealogy(samples.numbers()),
        };
        let each = |f: fn(&TemperatureRecord) -> f64| model.records().iter().map(f).collect();
        let mut temperatures = vec![0.0];
        temperatures.extend(model.records().iter().map(|r| r.tempering_param));
        let lee_whiteley = flow.lee_whiteley();
        let weightings = model.weightings();
        SmcResult {
            log_evidence: flow.log_evidence(),
            log_evidence_se: match chain_length {
                Some(length) => waste_free::standard_error(weightings, length, lee_whiteley),
                None => lee_whiteley.and_then(|v| v.standard_error()),
            },
            log_evidences: Vec::new(),
            autocorrelation_time: waste_free::longest_autocorrelation_time(weightings),
            ess: match chain_length {
                Some(_) => weightings.iter().map(|w| w.ess).collect(),
                None => flow.stages().iter().map(|s| s.ess).collect(),
            },
            log_evidence_increments: flow
                .stages()
                .iter()
                .map(|s| s.log_evidence_increment)
                .collect(),
            acceptance: each(|r| r.acceptance),
            step_size: each(|r| r.step_size),
            moves: model.records().iter().map(|r| r.moves).collect(),
            stiffness: model.records().iter().map(|r| r.stiffness).collect(),
            resamplings: flow.genealogy().resamplings(),
            // Of chains, which the error of a waste-free run does not rest on.
            surviving_ancestors: match chain_length {
                Some(_) => None,
                None => flow.surviving_ancestors(),
            },
            mean: moments.mean().to_vec(),
            mean_se,
            sd: moments.sd(),
            samples,
            nonfinite_starts: match (chain_length, flow.stages().first()) {
                (None, Some(stage)) => stage.nan_potentials as usize,
                _ => starts_without_density,
            },
            schedule: model.schedule(),
            totals: flow.totals().clone(),
            steps: flow.totals().moves as usize / chains,
            temperatures,
        }
    }
}
