//! Resampling a population: offspring counts from integer weights, then the surplus copies of every
//! channel are exported to a buffer and imported into the dead slots, channel by channel. Memory
//! beyond the population: the buffer, at most one channel. Work is cut into fixed chunks, so nothing
//! depends on the number of threads.

use crate::particles::Population;
use crate::target::Precision;
use bytemuck::{Pod, cast_slice_mut};
use driftlane_kernels::F64;
use driftlane_kernels::resample::{
    dead_and_surplus, dead_slots, exponential_spacings, multinomial_offspring, surplus_parents,
    systematic_offspring, thresholds,
};
use driftlane_kernels::rng::{Purpose, Stream, lane_seed};
use driftlane_kernels::tile::{Row, particles_per_tile};
use driftlane_kernels::weights::{exclusive_prefix_sum, quantise, quantum_bits};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

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
    let bits = quantum_bits(n);
    let mut quanta = vec![0u64; n];
    let mut before: Vec<u64> = quanta
        .par_chunks_mut(CHUNK)
        .zip(log_weights.par_chunks(CHUNK / 32))
        .map(|(quanta, rows)| quantise(rows, max, bits, quanta))
        .collect();
    let total = exclusive_prefix_sum(&mut before);
    let mut offspring = vec![0u32; n];
    let chunks = offspring.par_chunks_mut(CHUNK).zip(quanta.par_chunks(CHUNK)).zip(&before);
    match resampler {
        Resampler::Systematic => {
            let u = population_uniform(seed, Purpose::Resample, epoch);
            chunks.for_each(|((offspring, quanta), &before)| {
                systematic_offspring(quanta, before, total, n as u64, u, offspring);
            });
        }
        Resampler::Multinomial => {
            let sorted = sorted_thresholds(n, total, seed, epoch);
            chunks.for_each(|((offspring, quanta), &before)| {
                multinomial_offspring(quanta, before, &sorted, offspring);
            });
        }
    }
    offspring
}

/// `n` sorted uniforms on [0, total).
fn sorted_thresholds(n: usize, total: u64, seed: u64, epoch: u64) -> Vec<f64> {
    let mut spacings = vec![0.0f64; n];
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
    spacings
}

/// Replaces the population by its offspring, survivors in place. Returns the ancestor of every slot.
pub(crate) fn permute<R: Precision>(
    population: &mut Population<R>,
    offspring: &[u32],
) -> Vec<u32> {
    let (dead, surplus): (Vec<u64>, Vec<u64>) =
        offspring.par_chunks(CHUNK).map(dead_and_surplus).unzip();
    let mut ancestors: Vec<u32> = (0..offspring.len() as u32).collect();
    let counts = Counts { offspring, dead: &dead, surplus: &surplus };
    permute_channel(&mut ancestors, 1, 1, &counts);
    let (dim, width) = (population.dim(), particles_per_tile::<R>());
    for channel in population.vectors_mut() {
        permute_channel(cast_slice_mut::<Row<R>, R::Scalar>(channel), dim, width, &counts);
    }
    for channel in population.scalars_mut() {
        permute_channel(cast_slice_mut::<Row<F64>, f64>(channel), 1, 1, &counts);
    }
    ancestors
}

/// Offspring, and dead slots and surplus copies chunk by chunk.
struct Counts<'a> {
    offspring: &'a [u32],
    dead: &'a [u64],
    surplus: &'a [u64],
}

/// Fills the dead slots of a channel laid out `[tile][row][width]`.
fn permute_channel<T: Pod + Send + Sync>(
    channel: &mut [T],
    rows: usize,
    width: usize,
    counts: &Counts<'_>,
) {
    let total: u64 = counts.surplus.iter().sum();
    let mut buffer = vec![T::zeroed(); total as usize * rows];
    let at = |particle: usize, row: usize| {
        (particle / width * rows + row) * width + particle % width
    };
    let chunks = || counts.offspring.par_chunks(CHUNK);
    {
        let exports: Vec<&mut [T]> = pieces(&mut buffer, counts.surplus, rows);
        channel.par_chunks(CHUNK * rows).zip(chunks()).zip(exports).for_each(
            |((channel, offspring), export)| {
                let copies = surplus_parents(offspring, 0);
                for (parent, copy) in copies.zip(export.chunks_exact_mut(rows)) {
                    for (row, value) in copy.iter_mut().enumerate() {
                        *value = channel[at(parent, row)];
                    }
                }
            },
        );
    }
    let imports: Vec<&mut [T]> = pieces(&mut buffer, counts.dead, rows);
    channel.par_chunks_mut(CHUNK * rows).zip(chunks()).zip(imports).for_each(
        |((channel, offspring), import)| {
            for (slot, copy) in dead_slots(offspring).zip(import.chunks_exact(rows)) {
                for (row, value) in copy.iter().enumerate() {
                    channel[at(slot, row)] = *value;
                }
            }
        },
    );
}

/// Cuts a buffer into consecutive pieces of `counts[k] * rows`.
fn pieces<'a, T>(mut buffer: &'a mut [T], counts: &[u64], rows: usize) -> Vec<&'a mut [T]> {
    counts
        .iter()
        .map(|&count| {
            let (piece, rest) = std::mem::take(&mut buffer).split_at_mut(count as usize * rows);
            buffer = rest;
            piece
        })
        .collect()
}
