//! The one way to visit blocks in parallel, and positions gathered in the order of particles.
//!
//! A span is cut in halves down to a grain that depends on the number of blocks alone; results of
//! the halves are merged in that same fixed shape. So neither the visit nor any reduction depends on
//! the number of threads.

use crate::particles::{Population, Span};
use crate::target::Precision;
use driftlane_kernels::F64;
use driftlane_kernels::tile::{Row, particles_per_tile};
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// f(0), ..., f(count - 1), side by side: for runs too small to keep all threads busy alone.
pub(crate) fn in_parallel<T: Send>(count: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    (0..count).into_par_iter().map(f).collect()
}

/// [`Population::positions`] by all threads.
pub(crate) fn positions<R: Precision>(population: &Population<R>) -> Vec<f64> {
    let mut out = vec![0.0; population.len() * population.dim()];
    copy_positions(population, &mut out);
    out
}

/// [`positions`] into memory of `n * dim` numbers.
pub(crate) fn copy_positions<R: Precision>(population: &Population<R>, out: &mut [f64]) {
    let tile_size = particles_per_tile::<R>() * population.dim();
    out.par_chunks_mut(tile_size)
        .enumerate()
        .for_each(|(tile, rows)| population.copy_tile_positions(tile, rows));
}

/// Visits every block, in parallel, and merges what the visits return in a fixed shape.
///
/// `scratch` makes working memory, which goes from leaf to leaf of the tree, so a visit must not read
/// what another left there; `visit` gets one block at a time with the part of `rows` that belongs to
/// it: `rows` holds [`Span::scalar_rows`] rows a tile, or nothing.
pub fn visit_blocks<R, S, T>(
    span: Span<'_, R>,
    rows: &mut [Row<F64>],
    scratch: &(impl Fn() -> S + Sync),
    visit: &(impl Fn(&mut Span<'_, R>, &mut [Row<F64>], &mut S) -> T + Sync),
    merge: &(impl Fn(T, T) -> T + Sync),
) -> T
where
    R: Precision,
    S: Send,
    T: Send,
{
    // 64 leaves keep two or many cores busy.
    let grain = span.blocks().div_ceil(64).max(1);
    // Fresh memory for every leaf would cost 3% of 64 Langevin steps in 32 dimensions.
    let spare = Mutex::new(Vec::new());
    let leaf = |block: Span<'_, R>, rows: &mut [Row<F64>]| {
        let kept = spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut memory = kept.unwrap_or_else(scratch);
        let result = visit_in_turn(block, rows, &mut memory, visit, merge);
        spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(memory);
        result
    };
    visit_halves(span, rows, grain, &leaf, merge)
}

/// Halves a span down to leaves of at most `grain` blocks.
fn visit_halves<R, T>(
    span: Span<'_, R>,
    rows: &mut [Row<F64>],
    grain: usize,
    leaf: &(impl Fn(Span<'_, R>, &mut [Row<F64>]) -> T + Sync),
    merge: &(impl Fn(T, T) -> T + Sync),
) -> T
where
    R: Precision,
    T: Send,
{
    let blocks = span.blocks();
    // A multiple of the grain, so that leaves are full wherever the population ends.
    let half = blocks.div_ceil(2).next_multiple_of(grain);
    if blocks <= grain || half >= blocks {
        return leaf(span, rows);
    }
    let at = rows_before(&span, half, rows.len());
    let (left_rows, right_rows) = rows.split_at_mut(at);
    let (left, right) = span.split(half);
    let (a, b) = rayon::join(
        || visit_halves(left, left_rows, grain, leaf, merge),
        || visit_halves(right, right_rows, grain, leaf, merge),
    );
    merge(a, b)
}

/// Visits the blocks of a leaf one after the other.
fn visit_in_turn<R, S, T>(
    span: Span<'_, R>,
    rows: &mut [Row<F64>],
    memory: &mut S,
    visit: &impl Fn(&mut Span<'_, R>, &mut [Row<F64>], &mut S) -> T,
    merge: &impl Fn(T, T) -> T,
) -> T
where
    R: Precision,
{
    let (mut rest, mut rest_rows) = (span, rows);
    let mut result: Option<T> = None;
    loop {
        let last = rest.blocks() <= 1;
        let at = if last {
            rest_rows.len()
        } else {
            rows_before(&rest, 1, rest_rows.len())
        };
        let (own_rows, other_rows) = rest_rows.split_at_mut(at);
        let (mut block, other) = rest.split(1);
        let value = visit(&mut block, own_rows, memory);
        result = Some(match result {
            Some(before) => merge(before, value),
            None => value,
        });
        if last {
            break;
        }
        rest = other;
        rest_rows = other_rows;
    }
    result.expect("a span has at least one block")
}

/// Scalar rows of the first `blocks` blocks, no more than there are.
fn rows_before<R: Precision>(span: &Span<'_, R>, blocks: usize, rows: usize) -> usize {
    (blocks * span.particles_per_block() / 32).min(rows)
}
