//! Where particles start: noise, exact draws or given positions.

use super::Node;
use crate::error::{Error, Result};
use crate::particles::{Population, Span};
use crate::target::library::BoxedTarget;
use crate::target::{BlockTarget, Precision};
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// Where particles start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start<'a> {
    /// N(0, sigma^2) at the first node: what is left of any data there is noise.
    Noise,
    /// Exact draws from the noised law at the first node.
    Exact,
    /// These positions, `[particles, dim]`, in the schedule's frame.
    Given(&'a [f64]),
}

/// The noised law at the first node, where starts are drawn from it.
pub(super) fn first_law(
    target: &dyn BlockTarget,
    start: Start<'_>,
    first: Node,
) -> Result<Option<BoxedTarget>> {
    if start != Start::Exact {
        return Ok(None);
    }
    let law = target.noised(first.alpha, first.sigma).ok_or_else(|| {
        let allowed = "a target whose noised law is known";
        Error::invalid("target", "no exact start", allowed)
    });
    law.map(Some)
}

/// Fills a block with starts; given ones are there already.
pub(super) fn draw_starts<R: Precision>(
    start: Start<'_>,
    first_law: &Option<BoxedTarget>,
    first: Node,
    block: &mut Span<'_, R>,
    stream: &mut Stream,
    wide: &mut [Row<F64>],
) {
    if matches!(start, Start::Given(_)) {
        return;
    }
    for tile in 0..block.tiles() {
        let rows = block.rows(tile);
        for part in 0..block.scalar_rows() {
            let exact = first_law
                .as_ref()
                .is_some_and(|law| law.sample_exact(stream, wide));
            if !exact {
                let scale = Row::<F64>::splat(first.sigma);
                for x in wide.iter_mut() {
                    *x = stream.normal_row::<F64>() * scale;
                }
            }
            R::narrow_part(wide, part, &mut block.vectors[0][rows.clone()]);
        }
    }
}

/// Puts given starts into a population; refused where they are not as many.
pub(super) fn place_starts<R: Precision>(
    start: Start<'_>,
    population: &mut Population<R>,
) -> Result<()> {
    let Start::Given(given) = start else {
        return Ok(());
    };
    let (particles, dim) = (population.len(), population.dim());
    if given.len() != particles * dim {
        let allowed = format!("{particles} x {dim}");
        let shown = format!("{} numbers", given.len());
        return Err(Error::invalid("start", shown, allowed));
    }
    population.set_positions(given);
    Ok(())
}
