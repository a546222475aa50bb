//! The one way to visit blocks in parallel.
//!
//! A span is cut in halves down to a grain that depends on the number of blocks alone; results of
//! the halves are merged in that same fixed shape. So neither the visit nor any reduction depends on
//! the number of threads.

use crate::particles::Span;
use crate::target::Precision;
use driftlane_kernels::F64;
use driftlane_kernels::tile::Row;

/// Visits every block, in parallel, and merges what the visits return in a fixed shape.
///
/// `scratch` makes the working memory of a leaf of the tree; `visit` gets one block at a time with
/// the part of `rows` that belongs to it: `rows` holds [`Span::scalar_rows`] rows a tile, or nothing.
pub fn visit_blocks<R, S, T>(
    span: Span<'_, R>,
    rows: &mut [Row<F64>],
    scratch: &(impl Fn() -> S + Sync),
    visit: &(impl Fn(&mut Span<'_, R>, &mut [Row<F64>], &mut S) -> T + Sync),
    merge: &(impl Fn(T, T) -> T + Sync),
) -> T
where
    R: Precision,
    T: Send,
{
    // 64 leaves keep two or many cores busy; a leaf of several blocks shares its scratch.
    let grain = span.blocks().div_ceil(64).max(1);
    visit_halves(span, rows, grain, scratch, visit, merge)
}

fn visit_halves<R, S, T>(
    span: Span<'_, R>,
    rows: &mut [Row<F64>],
    grain: usize,
    scratch: &(impl Fn() -> S + Sync),
    visit: &(impl Fn(&mut Span<'_, R>, &mut [Row<F64>], &mut S) -> T + Sync),
    merge: &(impl Fn(T, T) -> T + Sync),
) -> T
where
    R: Precision,
    T: Send,
{
    let blocks = span.blocks();
    if blocks > grain {
        // A multiple of the grain, so that leaves are full wherever the population ends.
        let half = blocks.div_ceil(2).next_multiple_of(grain);
        if half < blocks {
            let at = rows_before(&span, half, rows.len());
            let (left_rows, right_rows) = rows.split_at_mut(at);
            let (left, right) = span.split(half);
            let (a, b) = rayon::join(
                || visit_halves(left, left_rows, grain, scratch, visit, merge),
                || visit_halves(right, right_rows, grain, scratch, visit, merge),
            );
            return merge(a, b);
        }
    }
    let mut memory = scratch();
    let mut rest = span;
    let mut rest_rows = rows;
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
        let value = visit(&mut block, own_rows, &mut memory);
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
