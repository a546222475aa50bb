//! A many-chain run that can be paused, saved and restored.

use super::finite::finite_particles;
use super::{ACCEPTED, BASE, Chains, RATIO, Sample, SampleResult, Start, Work, check_reference};
use crate::checkpoint::{Reader, Sections, damaged};
use crate::diagnostics::{Convergence, MANY_CHAINS, ManyChains, NestedRHat, R_HAT_LIMIT};
use crate::error::Result;
use crate::flow::{
    Advance, FeynmanKac, FlightRecord, Flow, Pause, Resampler, StageRecord, copy_positions,
    in_parallel,
};
use crate::particles::Population;
use crate::target::{Path, Precision};
use bytemuck::{cast_slice, cast_slice_mut};
use std::io::{Read, Seek};

/// Draws kept of every particle, and what moves tell of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeptDraws {
    /// Positions, `[draw, particles, dim]`.
    pub positions: Vec<f64>,
    /// Log densities, `[draw, particles]`; empty for unadjusted dynamics, which evaluates none.
    pub log_densities: Vec<f64>,
    /// Moves accepted since the draw before, `[draw, particles]`, as a share; empty likewise.
    pub acceptance: Vec<f64>,
    /// How many draws.
    pub draws: usize,
}

impl KeptDraws {
    /// Those of draw `k` of `particles` particles in `dim` dimensions: positions, log densities, acceptance.
    pub fn draw(&self, k: usize, particles: usize) -> (&[f64], &[f64], &[f64]) {
        let row = self.positions.len() / self.draws.max(1);
        let part = |values: &'_ [f64]| match values.is_empty() {
            true => 0..0,
            false => k * particles..(k + 1) * particles,
        };
        (
            &self.positions[k * row..(k + 1) * row],
            &self.log_densities[part(&self.log_densities)],
            &self.acceptance[part(&self.acceptance)],
        )
    }
}

/// A run on its way.
pub struct SampleRun<'a, R: Precision> {
    settings: &'a Sample<'a>,
    model: Chains<'a, R>,
    flow: Flow<R>,
    adjusted: bool,
    /// Starts without a finite log density.
    nonfinite_starts: usize,
    /// As many as there will be; those not yet drawn are zero.
    draws: KeptDraws,
    /// How many are drawn.
    drawn: usize,
    /// Moves accepted by every particle when the latest draw was kept.
    accepted: Vec<f64>,
}

/// No weights, so nothing is ever resampled.
const RESAMPLER: Resampler = Resampler::Multinomial;

impl<'a, R: Precision> SampleRun<'a, R> {
    /// A run that draws its starts when it first advances, and refuses then if none is valid. Refused: settings out
    /// of their ranges.
    pub fn begin(settings: &'a Sample<'a>) -> Result<Self> {
        let model = Self::model(settings)?;
        let dim = model.dim();
        let mut population = Population::<R>::new(settings.particles, dim, model.channels());
        if settings.start == Start::Given {
            population.set_positions(&settings.positions);
        }
        let mut flow = Flow::waiting(population, settings.seed, RESAMPLER)?;
        flow.forget_stages();
        Ok(Self::of(settings, model, flow, 0))
    }

    fn model(settings: &'a Sample<'a>) -> Result<Chains<'a, R>> {
        let path = Path::plain(settings.target);
        settings.validate(path.dim())?;
        let mover = settings.mover.build_for::<R>(settings.target)?;
        check_reference(&*mover, &path)?;
        // Moments are looked at every 64 moves (unadjusted) or 8 (adjusted, a density and many
        // gradients each): often enough for the moments, seldom enough to stay in cache.
        let seldom = match mover.adjusted() {
            true => 8,
            false => Work::UNADJUSTED,
        };
        let work = Work {
            warmup: settings.warmup,
            moves: settings.moves,
            every: settings.kept_every.unwrap_or(seldom),
        };
        let model = Chains::new(path, mover, settings.start, work, settings.seed);
        Ok(model.with_mass(settings.mover.mass))
    }

    fn of(
        settings: &'a Sample<'a>,
        model: Chains<'a, R>,
        flow: Flow<R>,
        nonfinite_starts: usize,
    ) -> Self {
        let adjusted = model.mover().adjusted();
        let kept = settings.kept_every.map_or(0, |thin| settings.moves / thin);
        let numbers = kept * settings.particles;
        let of_moves = if adjusted { numbers } else { 0 };
        Self {
            draws: KeptDraws {
                // Zero pages from the system: memory is taken as draws come.
                positions: vec![0.0; numbers * model.dim()],
                log_densities: vec![0.0; of_moves],
                acceptance: vec![0.0; of_moves],
                draws: kept,
            },
            settings,
            model,
            flow,
            adjusted,
            nonfinite_starts,
            drawn: 0,
            accepted: vec![0.0; of_moves.min(settings.particles)],
        }
    }

    /// The starts, then one visit of the scheduler at a time, or less where `pause` says so; `observer` is told of whole
    /// visits. Refused: no valid start, none left that is finite.
    pub fn advance(
        &mut self,
        observer: &mut dyn FnMut(&StageRecord),
        pause: &Pause<'_>,
    ) -> Result<Advance> {
        let (work, adjusted) = (self.model.work(), self.adjusted);
        let (draws, drawn, accepted) = (&mut self.draws, &mut self.drawn, &mut self.accepted);
        let mut watch = |record: &StageRecord, population: &Population<R>| {
            if draws.draws > 0 && work.keeps(record.time, adjusted) {
                keep(population, *drawn, draws, accepted, work.every as f64);
                *drawn += 1;
            }
            observer(record);
        };
        let waiting = !self.flow.started();
        let advance = self
            .flow
            .advance_until(&mut self.model, &mut watch, pause)?;
        if waiting && self.flow.started() {
            self.nonfinite_starts = self.flow.totals().nonfinite() as usize;
        }
        Ok(advance)
    }

    /// The last states of the first particle that unadjusted dynamics lost, and the step size.
    pub fn flight(&self) -> Option<(&FlightRecord, f64)> {
        let flight = self.model.flight()?;
        Some((flight, self.model.mover().step_size()))
    }

    /// How many particles.
    pub fn particles(&self) -> usize {
        self.settings.particles
    }

    /// Draws kept so far, and how many.
    pub fn draws(&self) -> (&KeptDraws, usize) {
        (&self.draws, self.drawn)
    }

    /// What [`restore`](SampleRun::restore) needs; the first `elsewhere` draws are kept elsewhere.
    pub fn save<'b>(&'b self, elsewhere: usize, out: &mut Sections<'b>) {
        out.put("sample", &(self.nonfinite_starts, self.drawn, elsewhere));
        out.put_bytes("accepted", cast_slice::<f64, u8>(&self.accepted));
        let all = [
            &self.draws.positions,
            &self.draws.log_densities,
            &self.draws.acceptance,
        ];
        for (name, values) in DRAWS.iter().zip(all) {
            let each = values.len() / self.draws.draws.max(1);
            let here = &values[elsewhere * each..self.drawn * each];
            out.put_bytes(name, cast_slice::<f64, u8>(here));
        }
        self.flow.save(&self.model, out);
    }

    /// The run that was saved; `elsewhere` gives the first draws that the checkpoint does not hold, of which it
    /// is told the number. More draws may be asked for than before, nothing else may differ. Refused: a
    /// checkpoint of another run.
    pub fn restore<S: Read + Seek>(
        settings: &'a Sample<'a>,
        from: &mut Reader<S>,
        elsewhere: impl FnOnce(usize) -> Result<KeptDraws>,
    ) -> Result<Self> {
        let mut model = Self::model(settings)?;
        let flow = Flow::restore(
            &mut model,
            settings.particles,
            settings.seed,
            RESAMPLER,
            from,
        )?;
        let (nonfinite_starts, drawn, before): (usize, usize, usize) = from.get("sample")?;
        let mut run = Self::of(settings, model, flow, nonfinite_starts);
        let kept = run.draws.draws;
        if before > drawn || drawn > kept {
            return Err(damaged(format!("has {drawn} draws of {kept}")));
        }
        // Draws are counted by visits, and so is time: one that is not the other's belongs to no run.
        if !run.model.fits(run.flow.completed(), drawn, kept > 0) {
            return Err(damaged(format!(
                "has {drawn} draws after visit {}",
                run.flow.time()
            )));
        }
        run.drawn = drawn;
        from.read_into("accepted", cast_slice_mut::<f64, u8>(&mut run.accepted))?;
        let first = elsewhere(before)?;
        let first = [first.positions, first.log_densities, first.acceptance];
        let kept = run.draws.draws.max(1);
        let draws = &mut run.draws;
        let all = [
            &mut draws.positions,
            &mut draws.log_densities,
            &mut draws.acceptance,
        ];
        for ((name, values), first) in DRAWS.iter().zip(all).zip(first) {
            let each = values.len() / kept;
            if first.len() != before * each {
                return Err(damaged("does not fit the draws that are kept beside it"));
            }
            values[..first.len()].copy_from_slice(&first);
            let here = &mut values[before * each..drawn * each];
            from.read_into(name, cast_slice_mut::<f64, u8>(here))?;
        }
        Ok(run)
    }

    /// The result of a run that has reached its horizon.
    pub fn finish(mut self) -> SampleResult {
        let (settings, adjusted) = (self.settings, self.adjusted);
        let draws = &self.draws;
        let dim = self.model.dim();
        let (particles, kept) = (settings.particles, draws.draws);
        let population = self.flow.population();
        let chains = finite_particles(population, adjusted);
        let many = (chains.len() > MANY_CHAINS).then(|| ManyChains::new(chains.len(), kept, dim));
        // A coordinate is sorted twice: of 1e8 numbers that is seconds.
        let convergence = in_parallel(if kept > 0 { dim } else { 0 }, |j| {
            // Chain by chain, as the diagnostics read it.
            let mut series = vec![0.0; kept * chains.len()];
            for (values, chain) in series.chunks_exact_mut(kept).zip(&chains) {
                for (draw, value) in values.iter_mut().enumerate() {
                    *value = draws.positions[(draw * particles + chain) * dim + j];
                }
            }
            let of_chains = Convergence::of(&series, chains.len(), kept);
            let split = NestedRHat {
                value: of_chains.r_hat,
                limit: R_HAT_LIMIT,
            };
            (of_chains, many.map_or(split, |many| many.r_hat(&series)))
        });
        let each = |f: fn(&Convergence) -> f64| {
            let values = convergence.iter().map(|(of_chains, _)| f(of_chains));
            values.collect::<Vec<f64>>()
        };
        let nonfinite = particles - chains.len();
        let mut totals = self.flow.totals().clone();
        let mut stuck = 0;
        if adjusted {
            let accepted = population.scalar_values(ACCEPTED);
            stuck = accepted.iter().filter(|count| **count == 0.0).count();
        } else {
            totals.nan += nonfinite as u64;
        }
        let moments = &self.model.kept().moments;
        SampleResult {
            acceptance: if adjusted {
                self.model.kept().acceptance()
            } else {
                None
            },
            step_size: self.model.mover().step_size(),
            trajectory_length: self.model.mover().trajectory_length(),
            mean: moments.mean().to_vec(),
            sd: moments.sd(),
            r_hat: convergence.iter().map(|(_, r)| r.value).collect(),
            r_hat_limit: convergence.iter().map(|(_, r)| r.limit).collect(),
            ess_bulk: each(|c| c.ess_bulk),
            ess_tail: each(|c| c.ess_tail),
            mcse_mean: each(|c| c.mcse_mean),
            samples: self.flow.take_samples(),
            totals,
            nonfinite_starts: self.nonfinite_starts,
            nonfinite,
            stuck,
            steps: settings.warmup + settings.moves,
            draws: (kept > 0).then_some(self.draws),
        }
    }
}

/// Sections of the parts of [`KeptDraws`].
const DRAWS: [&str; 3] = ["draws", "draws-log-density", "draws-acceptance"];

/// Keeps a population as draw `k`, `moves` moves after the one before.
fn keep<R: Precision>(
    population: &Population<R>,
    k: usize,
    draws: &mut KeptDraws,
    accepted: &mut [f64],
    moves: f64,
) {
    let row = population.len() * population.dim();
    copy_positions(population, &mut draws.positions[k * row..(k + 1) * row]);
    if draws.log_densities.is_empty() {
        return;
    }
    let here = k * population.len()..(k + 1) * population.len();
    let [base, ratio, count] = [BASE, RATIO, ACCEPTED].map(|c| population.scalar_values(c));
    let densities = &mut draws.log_densities[here.clone()];
    for ((density, base), ratio) in densities.iter_mut().zip(base).zip(ratio) {
        *density = base + ratio;
    }
    let shares = &mut draws.acceptance[here];
    for ((share, before), now) in shares.iter_mut().zip(accepted).zip(count) {
        *share = (now - *before) / moves;
        *before = *now;
    }
}
