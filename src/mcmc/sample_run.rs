//! A many-chain run that can be paused, saved and restored.

use super::finite::finite_particles;
use super::{ACCEPTED, ALPHA_SUM, BASE, DIVERGED, ENERGY, RATIO, STEP_SIZE};
use super::{Chains, Sample, SampleResult, Start, Stuck, Work, accept, check_reference};
use crate::checkpoint::{Reader, Sections, damaged};
use crate::diagnostics::{
    Convergence, DIVERGENCE, MANY_CHAINS, ManyChains, NestedRHat, R_HAT_LIMIT, e_bfmi_within,
};
use crate::error::Result;
use crate::flow::{
    Advance, FeynmanKac, FlightRecord, Flow, Pause, Resampler, StageRecord, copy_positions,
    in_parallel,
};
use crate::particles::Population;
use crate::target::{Path, Precision};
use bytemuck::{cast_slice, cast_slice_mut};
use std::io::{Read, Seek};

const _: () = assert!(accept::DIVERGENCE == DIVERGENCE);

/// Draws kept of every particle, and what moves tell of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeptDraws {
    /// Positions, `[draw, particles, dim]`.
    pub positions: Vec<f64>,
    /// Log densities, `[draw, particles]`; empty for unadjusted dynamics, which evaluates none.
    pub log_densities: Vec<f64>,
    /// Mean of min(1, alpha) over the moves since the draw before, `[draw, particles]`; empty likewise.
    pub acceptance: Vec<f64>,
    /// Energies H(x, p) of the state that the last move before the draw came to, with the momentum it came with,
    /// `[draw, particles]`; empty where moves have no momentum.
    pub energies: Vec<f64>,
    /// How many draws.
    pub draws: usize,
}

impl KeptDraws {
    /// Those of draw `k`: positions, log densities, acceptance, energies.
    pub fn draw(&self, k: usize) -> [&[f64]; 4] {
        self.parts().map(|values| {
            let each = values.len() / self.draws.max(1);
            &values[k * each..(k + 1) * each]
        })
    }

    fn parts(&self) -> [&Vec<f64>; 4] {
        [
            &self.positions,
            &self.log_densities,
            &self.acceptance,
            &self.energies,
        ]
    }
    fn parts_mut(&mut self) -> [&mut Vec<f64>; 4] {
        [
            &mut self.positions,
            &mut self.log_densities,
            &mut self.acceptance,
            &mut self.energies,
        ]
    }
}

/// What moves tell of the latest draw besides what [`KeptDraws`] has of all: gone with the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatestDraw<'a> {
    /// The step size of every particle's last move, where moves have one.
    pub step_sizes: Option<&'a [f64]>,
    /// How many of the moves of every particle since the draw before diverged, where moves can.
    pub divergences: Option<&'a [f64]>,
    /// Steps of a trajectory, where a move is one.
    pub trajectory_steps: Option<usize>,
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
    /// Draws of a particle that a move led to that diverged.
    divergences: u64,
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
        let scalars = match settings.kept_every {
            Some(_) => settings.mover.kind.scalars(),
            None => 0,
        };
        Ok(model.with_mass(settings.mover.mass).with_scalars(scalars))
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
        let has_energy = settings.mover.kind.scalars() > ENERGY;
        Self {
            draws: KeptDraws {
                // Zero pages from the system: memory is taken as draws come.
                positions: vec![0.0; numbers * model.dim()],
                log_densities: vec![0.0; of_moves],
                acceptance: vec![0.0; of_moves],
                energies: vec![0.0; if has_energy { numbers } else { 0 }],
                draws: kept,
            },
            settings,
            model,
            flow,
            adjusted,
            nonfinite_starts,
            drawn: 0,
            divergences: 0,
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
        let (draws, drawn, diverged) = (&mut self.draws, &mut self.drawn, &mut self.divergences);
        let can_diverge = self.settings.mover.kind.can_diverge();
        let mut watch = |record: &StageRecord, population: &Population<R>| {
            if draws.draws > 0 && work.keeps(record.time, adjusted) {
                keep(population, *drawn, draws, work.every as f64);
                if can_diverge {
                    let counts = population.scalar_values(DIVERGED).iter();
                    *diverged += counts.filter(|count| **count > 0.0).count() as u64;
                }
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

    /// What moves tell of the draw kept last, as long as no move is made after it.
    pub fn latest(&self) -> LatestDraw<'_> {
        let kind = self.settings.mover.kind;
        let channels = if self.draws.draws > 0 {
            kind.scalars()
        } else {
            0
        };
        let population = self.flow.population();
        let channel =
            |k: usize, known: bool| (k < channels && known).then(|| population.scalar_values(k));
        LatestDraw {
            step_sizes: channel(STEP_SIZE, kind.uses_jitter()),
            divergences: channel(DIVERGED, kind.can_diverge()),
            trajectory_steps: self.model.mover().trajectory_steps(),
        }
    }

    /// What [`restore`](SampleRun::restore) needs; the first `elsewhere` draws are kept elsewhere.
    pub fn save<'b>(&'b self, elsewhere: usize, out: &mut Sections<'b>) {
        let counts = (self.nonfinite_starts, self.drawn, elsewhere);
        out.put("sample", &(counts, self.divergences));
        for (name, values) in DRAWS.iter().zip(self.draws.parts()) {
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
        type Counts = ((usize, usize, usize), u64);
        let ((nonfinite_starts, drawn, before), divergences): Counts = from.get("sample")?;
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
        (run.drawn, run.divergences) = (drawn, divergences);
        let first = elsewhere(before)?;
        let kept = run.draws.draws.max(1);
        let all = run.draws.parts_mut().into_iter().zip(first.parts());
        for (name, (values, first)) in DRAWS.iter().zip(all) {
            let each = values.len() / kept;
            if first.len() != before * each {
                return Err(damaged("does not fit the draws that are kept beside it"));
            }
            values[..first.len()].copy_from_slice(first);
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
        let moments = &self.model.kept().moments;
        let (mean, sd, mcse_mean) = (moments.mean(), moments.sd(), each(|c| c.mcse_mean));
        let mut stuck = Stuck::default();
        let mut e_bfmi = None;
        if adjusted {
            let of_population = |j: usize| sd[j] / (chains.len() as f64).sqrt();
            let standard_error = |j| {
                mcse_mean
                    .get(j)
                    .copied()
                    .unwrap_or_else(|| of_population(j))
            };
            stuck = Stuck::of(population, &chains, mean, standard_error);
            let accepted = population.scalar_values(ACCEPTED);
            // Chains that stay where they are say nothing of momenta, and may be anywhere.
            let moved = chains.iter().filter(|chain| accepted[**chain] > 0.0);
            e_bfmi = e_bfmi_of(draws, particles, moved);
        } else {
            totals.nan += nonfinite as u64;
        }
        SampleResult {
            acceptance: if adjusted {
                self.model.kept().acceptance()
            } else {
                None
            },
            step_size: self.model.mover().step_size(),
            scales: self.model.scales().to_vec(),
            trajectory_length: self.model.mover().trajectory_length(),
            mean: mean.to_vec(),
            sd,
            r_hat: convergence.iter().map(|(_, r)| r.value).collect(),
            r_hat_limit: convergence.iter().map(|(_, r)| r.limit).collect(),
            ess_bulk: each(|c| c.ess_bulk),
            ess_tail: each(|c| c.ess_tail),
            mcse_mean,
            samples: self.flow.take_samples(),
            totals,
            nonfinite_starts: self.nonfinite_starts,
            nonfinite,
            stuck,
            divergences: (kept > 0 && settings.mover.kind.can_diverge())
                .then_some(self.divergences),
            e_bfmi,
            steps: settings.warmup + settings.moves,
            draws: (kept > 0).then_some(self.draws),
        }
    }
}

/// Sections of the parts of [`KeptDraws`].
const DRAWS: [&str; 4] = [
    "draws",
    "draws-log-density",
    "draws-acceptance",
    "draws-energy",
];

/// E-BFMI of `chains`, those left out whose energy is not finite somewhere.
fn e_bfmi_of<'a>(
    draws: &KeptDraws,
    particles: usize,
    chains: impl Iterator<Item = &'a usize>,
) -> Option<f64> {
    if draws.energies.is_empty() {
        return None;
    }
    let (mut series, mut count) = (Vec::new(), 0);
    for chain in chains {
        let before = series.len();
        series.extend(draws.energies[*chain..].iter().step_by(particles));
        match series[before..].iter().all(|e: &f64| e.is_finite()) {
            true => count += 1,
            false => series.truncate(before),
        }
    }
    let ratio = e_bfmi_within(&series, count, draws.draws);
    Some(ratio).filter(|ratio| ratio.is_finite())
}

/// Keeps a population as draw `k`, `moves` moves after the one before.
fn keep<R: Precision>(population: &Population<R>, k: usize, draws: &mut KeptDraws, moves: f64) {
    let row = population.len() * population.dim();
    copy_positions(population, &mut draws.positions[k * row..(k + 1) * row]);
    if draws.log_densities.is_empty() {
        return;
    }
    let here = k * population.len()..(k + 1) * population.len();
    let [base, ratio, sum] = [BASE, RATIO, ALPHA_SUM].map(|c| population.scalar_values(c));
    let densities = &mut draws.log_densities[here.clone()];
    for ((density, base), ratio) in densities.iter_mut().zip(base).zip(ratio) {
        *density = base + ratio;
    }
    for (mean, sum) in draws.acceptance[here.clone()].iter_mut().zip(sum) {
        *mean = sum / moves;
    }
    if !draws.energies.is_empty() {
        draws.energies[here].copy_from_slice(population.scalar_values(ENERGY));
    }
}
