//! The Metropolis-Hastings decision for one tile.

use super::{ACCEPTED, ALPHA_SUM, BASE, DIVERGED, ENERGY, LOG_RATIO, RATIO, SHORTENED, STEP_SIZE};
use crate::flow::Tally;
use crate::integrator::Scratch;
use crate::particles::Span;
use crate::target::{Law, Precision};
use bytemuck::cast_slice_mut;
use driftlane_kernels::mutants;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::weights::sum_row;
use driftlane_kernels::{F64, Lane, Mask};

/// An energy error above this is a divergence; the figure of `diagnostics`, which the engine may not name.
pub(super) const DIVERGENCE: f64 = 1000.0;

/// Accepts `scratch.position` for every particle of tile `tile` with probability
/// min(1, exp(new - old)) where old and new are the log density of `law` less `scratch.energy` and
/// `scratch.proposed_energy`. Writes position, gradient (where `with_gradient`) and log densities.
/// A NaN rejects its own particle only. Returns who was accepted. Fills channels [`ACCEPTED`], [`LOG_RATIO`],
/// [`ALPHA_SUM`], [`DIVERGED`] and [`ENERGY`], where there are such.
pub(super) fn accept_tile<R: Precision>(
    law: Law<'_>,
    tile: usize,
    block: &mut Span<'_, R>,
    stream: &mut Stream,
    scratch: &mut Scratch<R>,
    with_gradient: bool,
    tally: &mut Tally,
) -> <Row<R> as Lane>::Mask {
    let active = block.active(tile);
    let (rows, scalars) = (block.rows(tile), block.scalar_range(tile));
    let (zero, one) = (Row::<F64>::zero(), Row::<F64>::one());
    let infinity = Row::<F64>::splat(f64::INFINITY);
    let least_ratio = Row::<F64>::splat(-DIVERGENCE);
    let mut flags = [Row::<R>::zero()];
    for part in 0..scalars.len() {
        let at = scalars.start + part;
        let (base, ratio) = (scratch.base[part], scratch.ratio[part]);
        let (old_base, old_ratio) = (block.scalars[BASE][at], block.scalars[RATIO][at]);
        let (density, old_density) = (
            law.log_density(base, ratio),
            law.log_density(old_base, old_ratio),
        );
        let new = density - scratch.proposed_energy[part];
        let log_alpha = new - (old_density - scratch.energy[part]);
        let log_alpha = if mutants::active("ratio-inverted") {
            -log_alpha
        } else {
            log_alpha
        };
        if let Some(kept) = block.scalars[LOG_RATIO].get_mut(at) {
            *kept = log_alpha;
        }
        // exp of something at most 0; a NaN fails the comparison with 0 and is then refused below.
        let capped = zero.min(log_alpha);
        let proper = capped.le(zero).and(new.lt(infinity));
        let alpha = Row::select(proper, capped.exp(), zero);
        let accept = if mutants::active("everything-accepted") {
            one.le(Row::select(proper, one, zero))
        } else {
            stream.uniform_row::<F64>().lt(alpha)
        };
        if let Some(sum) = block.scalars[ALPHA_SUM].get_mut(at) {
            *sum += alpha;
        }
        if let Some(count) = block.scalars[DIVERGED].get_mut(at) {
            // A NaN fails both comparisons.
            let followed = least_ratio.le(log_alpha).and(log_alpha.lt(infinity));
            let lost = followed.not().and(old_density.is_finite());
            *count += Row::select(lost, one, zero);
        }
        if let Some(energy) = block.scalars[ENERGY].get_mut(at) {
            *energy = Row::select(accept, -new, scratch.energy[part] - old_density);
        }
        block.scalars[BASE][at] = Row::select(accept, base, old_base);
        block.scalars[RATIO][at] = Row::select(accept, ratio, old_ratio);

        let accepted = Row::select(accept, one, zero);
        if let Some(count) = block.scalars[ACCEPTED].get_mut(at) {
            *count += accepted;
        }
        R::narrow_part(&[accepted], part, &mut flags);
        let counted = counted_lanes(active.saturating_sub(32 * part));
        // From elsewhere nothing is accepted, or anything finite: no word on the step size.
        let known = counted.and(old_density.is_finite());
        // Who moves by less than the step size would not have by it.
        let whole = match block.scalars[SHORTENED].get(at) {
            Some(halvings) => known.and(halvings.le(zero)),
            None => known,
        };
        tally.acceptance_sum += sum_row(Row::select(whole, alpha, zero));
        tally.moves_left_out += u64::from(counted.count() - known.count());
        // A trajectory that diverged to where densities overflow says nothing of the density.
        let energies = scratch.proposed_energy[part];
        let nan = density.is_nan().and(energies.is_finite());
        tally.nan += u64::from(nan.and(counted).count());
        let infinite = Lane::eq(density, infinity).and(counted);
        tally.infinite += u64::from(infinite.count());
    }
    tally.moves += active as u64;
    let accept = Row::<R>::zero().lt(flags[0]);
    for (x, new) in block.vectors[0][rows].iter_mut().zip(&scratch.position) {
        *x = Row::select(accept, *new, *x);
    }
    if with_gradient && !mutants::active("stale-gradient") {
        for (g, new) in scratch.gradient.iter_mut().zip(&scratch.proposed_gradient) {
            *g = Row::select(accept, *new, *g);
        }
    }
    accept
}

/// Leaves the step sizes of tile `tile` in channel [`STEP_SIZE`], where there is one.
pub(super) fn note_step_sizes<R: Precision>(tile: usize, h: Row<R>, block: &mut Span<'_, R>) {
    for (part, at) in block.scalar_range(tile).enumerate() {
        if let Some(row) = block.scalars[STEP_SIZE].get_mut(at) {
            R::widen_part(&[h], part, std::slice::from_mut(row));
        }
    }
}

/// The first `count` of 32 particles.
#[inline(always)]
fn counted_lanes(count: usize) -> <Row<F64> as Lane>::Mask {
    if count >= 32 {
        return Mask::splat(true);
    }
    let mut flags = Row::<F64>::zero();
    cast_slice_mut::<_, f64>(&mut flags.0)[..count].fill(1.0);
    Row::zero().lt(flags)
}

/// Adds one coordinate of every particle of a tile to sums in double precision, a row for 32 particles.
#[inline(always)]
pub(super) fn add_coordinate<R: Precision>(row: Row<R>, sums: &mut [Row<F64>]) {
    for (part, sum) in sums.iter_mut().enumerate() {
        let mut wide = [Row::<F64>::zero()];
        R::widen_part(&[row], part, &mut wide);
        *sum += wide[0];
    }
}
