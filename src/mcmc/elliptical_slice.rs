//! Elliptical slice sampling for a Gaussian reference N(m, S) (Murray, Adams, MacKay 2010,
//! arXiv:1001.0175).
//!
//! ```text
//! nu ~ N(0, S);  log y = log L(x) + log u;  theta uniform on a circle, bracket [theta - 1, theta] in turns
//! x' = m + (x - m) cos theta + nu sin theta;  accept where log L(x') > log y, L = pi / N(m, S)
//! otherwise shrink the bracket to theta on its side of 0, theta uniform on the bracket, and again
//! ```
//!
//! Nothing to tune, never a rejection: the bracket shrinks on the current point. A tile goes on until
//! its last particle has found its slice, those that have found theirs stand still; after
//! [`MOST_SHRINKS`] a particle stays where it is (a bracket of 2^-64 turns). One density a try; about
//! three tries a particle, five or six for a tile of 32.

use super::accept::accept_tile;
use super::{BASE, Move, RATIO};
use crate::flow::Tally;
use crate::integrator::Scratch;
use crate::particles::Span;
use crate::target::{Law, Precision};
use driftlane_kernels::lane::{Mask, Table};
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::{Purpose, Stream};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// Tries of a particle before it stays where it is: a bracket halves about once a try.
pub const MOST_SHRINKS: usize = 128;

/// Elliptical slice sampling.
#[derive(Debug, Clone, Copy, Default)]
pub struct EllipticalSlice;

/// The search of 32 particles on their ellipses, angles in turns.
#[derive(Clone, Copy)]
struct Search {
    level: Row<F64>,
    theta: Row<F64>,
    low: Row<F64>,
    high: Row<F64>,
    found: Row<F64>,
}

impl<R: Precision> Move<R> for EllipticalSlice {
    fn name(&self) -> &'static str {
        "elliptical-slice"
    }

    fn run(
        &self,
        law: Law<'_>,
        moves: usize,
        _fresh: bool,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        scratch: &mut Scratch<R>,
    ) -> Tally {
        let mut tally = Tally::default();
        let reference = law.path.reference();
        let location = Table::from(reference.location().to_vec());
        let scale = Table::from(reference.scale().to_vec());
        let (zero, one) = (Row::<F64>::zero(), Row::<F64>::one());
        for tile in 0..block.tiles() {
            for _ in 0..moves {
                for (nu, &s) in scratch.momentum.iter_mut().zip(scale.of::<R>()) {
                    *nu = Row::<R>::broadcast(s) * stream.normal_row::<R>();
                }
                let (rows, scalars) = (block.rows(tile), block.scalar_range(tile));
                let x = &block.vectors[0][rows];
                let old_base = &block.scalars[BASE][scalars.clone()];
                law.log_reference(x, old_base, &mut scratch.wide, &mut scratch.energy);
                let mut searches = Vec::with_capacity(scalars.len());
                for (part, at) in scalars.clone().enumerate() {
                    let old = law.log_density(block.scalars[BASE][at], block.scalars[RATIO][at]);
                    let theta = stream.uniform_row::<F64>();
                    let u = stream.uniform_open_row::<F64>();
                    let height = if active("slice-at-the-top") {
                        zero
                    } else {
                        u.ln()
                    };
                    searches.push(Search {
                        level: old - scratch.energy[part] + height,
                        theta,
                        low: theta - one,
                        high: theta,
                        found: idle(old, block.active(tile).saturating_sub(32 * part)),
                    });
                    scratch.energy[part] = old;
                }
                // Tries have a stream of their own, so that a particle that needs many of them leaves
                // the numbers of all later moves as they are.
                let [word, ..] = bytemuck::cast::<_, [u64; 8]>(stream.next_words());
                let mut angles = Stream::new(word, Purpose::Move, tile as u64, 0);
                let mut tries = 0;
                while tries < MOST_SHRINKS && searches.iter().any(|s| s.found.lt(one).any()) {
                    tries += 1;
                    rotate::<R>(
                        &searches,
                        (&location, &scratch.momentum),
                        x,
                        &mut scratch.position,
                    );
                    law.log_densities(
                        &scratch.position,
                        &mut scratch.wide,
                        &mut scratch.base,
                        &mut scratch.ratio,
                    );
                    law.log_reference(
                        &scratch.position,
                        &scratch.base,
                        &mut scratch.wide,
                        &mut scratch.proposed_energy,
                    );
                    for (part, search) in searches.iter_mut().enumerate() {
                        let new = law.log_density(scratch.base[part], scratch.ratio[part]);
                        let inside = search.level.lt(new - scratch.proposed_energy[part]);
                        search.found = Row::select(inside, one, search.found);
                        let open = search.found.lt(one);
                        let below = search.theta.lt(zero);
                        let low = Row::select(below, search.theta, search.low);
                        let high = Row::select(below, search.high, search.theta);
                        let next = angles.uniform_row::<F64>().mul_add(high - low, low);
                        search.low = Row::select(open, low, search.low);
                        search.high = Row::select(open, high, search.high);
                        search.theta = Row::select(open, next, search.theta);
                    }
                }
                // Found slices are accepted for certain, the others refused for certain.
                for (part, search) in searches.iter().enumerate() {
                    let new = law.log_density(scratch.base[part], scratch.ratio[part]);
                    let never = Row::splat(f64::INFINITY);
                    let found = one.le(search.found).and(search.level.is_nan().not());
                    scratch.proposed_energy[part] = Row::select(found, new, never);
                }
                accept_tile(law, tile, block, stream, scratch, false, &mut tally);
                tally.density_evaluations += (block.active(tile) * tries) as u64;
            }
        }
        tally
    }

    fn needs_normal_reference(&self) -> bool {
        true
    }
    fn step_size(&self) -> f64 {
        1.0
    }
}

/// 1 for those of 32 particles that need no search: beyond the first `active`, and without a density to
/// stay above.
fn idle(density: Row<F64>, active: usize) -> Row<F64> {
    let mut idle = Row::<F64>::zero();
    bytemuck::cast_slice_mut::<_, f64>(&mut idle.0)[active.min(32)..].fill(1.0);
    Row::select(density.is_nan(), Row::one(), idle)
}

/// x' = m + (x - m) cos theta + nu sin theta for one tile.
fn rotate<R: Precision>(
    searches: &[Search],
    (location, nu): (&Table, &[Row<R>]),
    x: &[Row<R>],
    position: &mut [Row<R>],
) {
    let (mut cos, mut sin) = ([Row::<R>::zero()], [Row::<R>::zero()]);
    for (part, search) in searches.iter().enumerate() {
        let (s, c) = search.theta.sin_cos_turns();
        R::narrow_part(&[c], part, &mut cos);
        R::narrow_part(&[s], part, &mut sin);
    }
    let from = x.iter().zip(nu).zip(location.of::<R>());
    for (new, ((x, nu), &m)) in position.iter_mut().zip(from) {
        let m = Row::<R>::broadcast(m);
        *new = sin[0].mul_add(*nu, cos[0].mul_add(*x - m, m));
    }
}
