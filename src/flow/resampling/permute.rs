//! Dead slots are filled with surplus copies, channel by channel: within a chunk while it is in cache,
//! the few left over through a buffer (at most one channel) between chunks. Work is cut into fixed
//! chunks, so nothing depends on the number of threads.

use super::Resampler;
use super::counts::{CHUNK, Counting, Draw, Weighted, count_offspring};
use crate::particles::{Population, STATE_SCALARS};
use crate::target::Precision;
use bytemuck::{Pod, cast_slice_mut};
use driftlane_kernels::F64;
use driftlane_kernels::mutants::active;
use driftlane_kernels::resample::Matching;
use driftlane_kernels::tile::{Row, particles_per_tile};
use rayon::prelude::*;
use std::cell::Cell;
use std::collections::VecDeque;

/// Working memory of resampling, kept between resamplings: fresh pages would cost more than the work.
#[derive(Debug, Clone, Default)]
pub(in crate::flow) struct Workspace {
    offspring: Vec<u32>,
    ancestors: Vec<u32>,
    matchings: Vec<Matching>,
    counting: Counting,
    /// What travels between chunks, as bytes of one channel at a time.
    travelling: Vec<u64>,
}

impl Workspace {
    /// Replaces a population, and the ancestors of its particles in earlier generations, by their offspring.
    #[allow(clippy::too_many_arguments)]
    pub fn resample<R: Precision>(
        &mut self,
        resampler: Resampler,
        log_weights: &[Row<F64>],
        max: f64,
        seed: u64,
        epoch: u64,
        population: &mut Population<R>,
        generations: &mut VecDeque<Vec<u32>>,
    ) {
        let n = population.len();
        self.offspring.resize(n, 0);
        self.ancestors.resize(n, 0);
        self.matchings
            .resize(n.div_ceil(CHUNK), Matching::default());
        count_offspring(
            resampler,
            Weighted { log_weights, max },
            Draw { seed, epoch },
            &mut self.offspring,
            &mut self.counting,
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
        if !active("eves-not-resampled") {
            for ancestors in generations {
                permute::<u32, 1>(ancestors, 1, matchings, buffer);
            }
        }
        let dim = population.dim();
        for channel in population.vectors_mut() {
            let flat = cast_slice_mut::<Row<R>, R::Scalar>(channel);
            match particles_per_tile::<R>() {
                32 => permute::<_, 32>(flat, dim, matchings, buffer),
                _ => permute::<_, 64>(flat, dim, matchings, buffer),
            }
        }
        let left_out = usize::from(active("channel-not-resampled"));
        for channel in population.scalars_mut().iter_mut().skip(left_out) {
            let flat = cast_slice_mut::<Row<F64>, f64>(channel);
            permute::<f64, 1>(flat, 1, matchings, buffer);
        }
        let states = population.states();
        if states > 0 {
            let (vectors, numbers) = population.states_mut();
            let flat = cast_slice_mut::<Row<R>, R::Scalar>(vectors);
            match particles_per_tile::<R>() {
                32 => permute::<_, 32>(flat, states * dim, matchings, buffer),
                _ => permute::<_, 64>(flat, states * dim, matchings, buffer),
            }
            let flat = cast_slice_mut::<Row<F64>, f64>(numbers);
            permute::<f64, 32>(flat, states * STATE_SCALARS, matchings, buffer);
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
