//! Resampling a population: offspring counts from integer weights, then dead slots are filled with
//! surplus copies, channel by channel: within a chunk while it is in cache, the few left over through
//! a buffer (at most one channel) between chunks. Work is cut into fixed chunks, so nothing depends on
//! the number of threads.

use crate::particles::Population;
use crate::target::Precision;
use bytemuck::{Pod, cast_slice_mut};
use driftlane_kernels::F64;
use driftlane_kernels::resample::{
    Matching, exponential_spacings, multinomial_offspring, systematic_offspring, thresholds,
};
use driftlane_kernels::rng::{Purpose, Stream, lane_seed};
use driftlane_kernels::tile::{Row, particles_per_tile};
use driftlane_kernels::weights::{exclusive_prefix_sum, quantise, quantum_bits};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// Particles of a chunk: a multiple of every tile, large enough to pay for a task.
const CHUNK: usize = 4096;

/// A resampling scheme. Every scheme has E\[offspring\] = N W.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resampler {
    /// N independent draws, by sorted uniforms: the scheme the Lee-Whiteley variance is valid for.
    Multinomial,
    /// One uniform for all: least work, counts within one of N W.
    Systematic,
}

impl Resampler {
    /// All schemes.
    pub const ALL: [Self; 2] = [Self::Multinomial, Self::Systematic];

    /// The names, in the order of [`Resampler::ALL`].
    pub const NAMES: &'static [&'static str] = &["multinomial", "systematic"];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Multinomial => "multinomial",
            Self::Systematic => "systematic",
        }
    }

    /// What it is, in a few words.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Multinomial => "independent draws, by sorted uniforms",
            Self::Systematic => "one uniform for all (Carpenter, Clifford, Fearnhead 1999)",
        }
    }

    /// The scheme of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }
}

/// A uniform on [0, 1) for the whole population, one an epoch.
pub(crate) fn population_uniform(seed: u64, purpose: Purpose, epoch: u64) -> f64 {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(lane_seed(seed, purpose, 0, epoch, 0));
    driftlane_kernels::rng::uniform::<f64>(generator.next_u64())
}

/// How many offspring each of `n` particles has; they sum to `n`. `max` is the largest log weight,
/// finite.
pub fn resample_offspring(
    resampler: Resampler,
    n: usize,
    log_weights: &[Row<F64>],
    max: f64,
    seed: u64,
    epoch: u64,
) -> Vec<u32> {
    let mut offspring = vec![0u32; n];
    let weights = (log_weights, max);
    count_offspring(
        resampler,
        weights,
        seed,
        epoch,
        &mut offspring,
        &mut Vec::new(),
    );
    offspring
}

/// [`resample_offspring`] into memory that is there already. Integer weights are made twice, a chunk
/// at a time, instead of being stored: an exponential costs less than the 24 bytes of traffic.
/// `sorted` is working memory.
fn count_offspring(
    resampler: Resampler,
    (log_weights, max): (&[Row<F64>], f64),
    seed: u64,
    epoch: u64,
    offspring: &mut [u32],
    sorted: &mut Vec<f64>,
) {
    let n = offspring.len();
    let bits = quantum_bits(n);
    let quanta_of = |rows: &[Row<F64>], count: usize, quanta: &mut [u64; CHUNK]| {
        quantise(rows, max, bits, &mut quanta[..count])
    };
    let counts = |chunk: usize| CHUNK.min(n - chunk * CHUNK);
    let mut before: Vec<u64> = log_weights
        .par_chunks(CHUNK / 32)
        .enumerate()
        .take(n.div_ceil(CHUNK))
        .map(|(chunk, rows)| quanta_of(rows, counts(chunk), &mut [0; CHUNK]))
        .collect();
    let total = exclusive_prefix_sum(&mut before);
    let chunks = offspring
        .par_chunks_mut(CHUNK)
        .zip(log_weights.par_chunks(CHUNK / 32))
        .zip(&before);
    match resampler {
        Resampler::Systematic => {
            let u = population_uniform(seed, Purpose::Resample, epoch);
            chunks.for_each(|((offspring, rows), &before)| {
                let (count, mut quanta) = (offspring.len(), [0; CHUNK]);
                quanta_of(rows, count, &mut quanta);
                systematic_offspring(&quanta[..count], before, total, n as u64, u, offspring);
            });
        }
        Resampler::Multinomial => {
            sorted.resize(n, 0.0);
            sorted_thresholds(sorted, total, seed, epoch);
            let sorted = &sorted[..];
            chunks.for_each(|((offspring, rows), &before)| {
                let (count, mut quanta) = (offspring.len(), [0; CHUNK]);
                quanta_of(rows, count, &mut quanta);
                multinomial_offspring(&quanta[..count], before, sorted, offspring);
            });
        }
    }
}

/// Fills `spacings` with sorted uniforms on [0, total).
fn sorted_thresholds(spacings: &mut [f64], total: u64, seed: u64, epoch: u64) {
    let sums: Vec<f64> = spacings
        .par_chunks_mut(CHUNK)
        .enumerate()
        .map(|(block, chunk)| {
            let mut stream = Stream::new(seed, Purpose::Resample, block as u64, epoch);
            exponential_spacings(&mut stream, chunk)
        })
        .collect();
    let mut sum = 0.0;
    let before: Vec<f64> = sums
        .iter()
        .map(|s| {
            let start = sum;
            sum += s;
            start
        })
        .collect();
    // The spacing after the last uniform.
    let mut stream = Stream::new(seed, Purpose::Resample, u64::MAX, epoch);
    let end = sum + exponential_spacings(&mut stream, &mut [0.0]);
    let scale = total as f64 / end;
    spacings
        .par_chunks_mut(CHUNK)
        .zip(before)
        .for_each(|(chunk, before)| thresholds(chunk, before, scale, total));
}

/// Working memory of resampling, kept between resamplings: fresh pages would cost more than the work.
#[derive(Debug, Clone, Default)]
pub(super) struct Workspace {
    offspring: Vec<u32>,
    ancestors: Vec<u32>,
    matchings: Vec<Matching>,
    /// Sorted uniforms of multinomial resampling.
    sorted: Vec<f64>,
    /// What travels between chunks, as bytes of one channel at a time.
    travelling: Vec<u64>,
}

impl Workspace {
    /// Replaces a population, and the time-0 ancestors of its particles, by their offspring.
    #[allow(clippy::too_many_arguments)]
    pub fn resample<R: Precision>(
        &mut self,
        resampler: Resampler,
        log_weights: &[Row<F64>],
        max: f64,
        seed: u64,
        epoch: u64,
        population: &mut Population<R>,
        eves: &mut [u32],
    ) {
        let n = population.len();
        self.offspring.resize(n, 0);
        self.ancestors.resize(n, 0);
        self.matchings
            .resize(n.div_ceil(CHUNK), Matching::default());
        count_offspring(
            resampler,
            (log_weights, max),
            seed,
            epoch,
            &mut self.offspring,
            &mut self.sorted,
        );
        self.offspring
            .par_chunks(CHUNK)
            .zip(&mut self.matchings)
            .zip(self.ancestors.par_chunks_mut(CHUNK))
            .enumerate()
            .for_each(|(chunk, ((offspring, matching), ancestors))| {
                matching.list(offspring);
                for (i, ancestor) in ancestors.iter_mut().enumerate() {
                    *ancestor = (chunk * CHUNK + i) as u32;
                }
            });
        let matchings = &self.matchings;
        let buffer = &mut self.travelling;
        permute::<u32, 1>(&mut self.ancestors, 1, matchings, buffer);
        permute::<u32, 1>(eves, 1, matchings, buffer);
        let dim = population.dim();
        for channel in population.vectors_mut() {
            let flat = cast_slice_mut::<Row<R>, R::Scalar>(channel);
            match particles_per_tile::<R>() {
                32 => permute::<_, 32>(flat, dim, matchings, buffer),
                _ => permute::<_, 64>(flat, dim, matchings, buffer),
            }
        }
        for channel in population.scalars_mut() {
            let flat = cast_slice_mut::<Row<F64>, f64>(channel);
            permute::<f64, 1>(flat, 1, matchings, buffer);
        }
    }

    /// The ancestor of every slot in the latest resampling; empty before the first.
    pub fn ancestors(&self) -> &[u32] {
        &self.ancestors
    }
}

/// Fills the dead slots of a channel laid out `[tile][rows][WIDTH]`; padding beyond the population
/// is left alone. `buffer` is working memory.
fn permute<T: Pod + Send + Sync, const WIDTH: usize>(
    channel: &mut [T],
    rows: usize,
    matchings: &[Matching],
    buffer: &mut Vec<u64>,
) {
    // A particle's first number; its others follow at a distance of WIDTH.
    let first = |particle: usize| particle / WIDTH * WIDTH * rows + particle % WIDTH;
    let span = (rows - 1) * WIDTH + 1;
    let open: usize = matchings.iter().map(|m| m.open_parents().len()).sum();
    let words = (open * rows * size_of::<T>()).div_ceil(8);
    buffer.resize(words.max(buffer.len()), 0);
    let buffer = &mut cast_slice_mut::<u64, T>(buffer)[..open * rows];
    let exports = pieces(buffer, matchings, rows, |m| m.open_parents().len());
    channel
        .par_chunks_mut(CHUNK * rows)
        .zip(matchings)
        .zip(exports)
        .for_each(|((channel, matching), export)| {
            // Cells let the rows of two particles be walked side by side without a bounds check a
            // number.
            let cells = Cell::from_mut(&mut *channel).as_slice_of_cells();
            for (slot, parent) in matching.pairs() {
                let (to, from) = (first(slot), first(parent));
                let from = cells[from..from + span].iter().step_by(WIDTH);
                for (to, from) in cells[to..to + span].iter().step_by(WIDTH).zip(from) {
                    to.set(from.get());
                }
            }
            let parents = matching.open_parents().iter();
            for (&parent, copy) in parents.zip(export.chunks_exact_mut(rows)) {
                let from = first(parent as usize);
                let from = channel[from..from + span].iter().step_by(WIDTH);
                for (value, from) in copy.iter_mut().zip(from) {
                    *value = *from;
                }
            }
        });
    let imports = pieces(buffer, matchings, rows, |m| m.open_slots().len());
    channel
        .par_chunks_mut(CHUNK * rows)
        .zip(matchings)
        .zip(imports)
        .for_each(|((channel, matching), import)| {
            let slots = matching.open_slots().iter();
            for (&slot, copy) in slots.zip(import.chunks_exact(rows)) {
                let to = first(slot as usize);
                let to = channel[to..to + span].iter_mut().step_by(WIDTH);
                for (to, value) in to.zip(copy) {
                    *to = *value;
                }
            }
        });
}

/// Cuts a buffer into consecutive pieces of `count` particles a chunk.
fn pieces<'a, T>(
    mut buffer: &'a mut [T],
    matchings: &[Matching],
    rows: usize,
    count: impl Fn(&Matching) -> usize,
) -> Vec<&'a mut [T]> {
    matchings
        .iter()
        .map(|matching| {
            let (piece, rest) = std::mem::take(&mut buffer).split_at_mut(count(matching) * rows);
            buffer = rest;
            piece
        })
        .collect()
}
