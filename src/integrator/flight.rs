//! Underdamped schemes on exact damped flight, on one tile ([`driftlane_kernels::step::exponential`]).
//!
//! ```text
//! frozen force (1 gradient):      (x, p) <- flight of (x, p) over h under the force g(x)
//! randomised midpoint (2), u uniform on [0, 1):
//!   y = position of the flight over u h under g(x)
//!   (x, p) <- flight over h without force + (h psi_1((1-u)h) g(y) / m,  h e^(-gamma (1-u) h) g(y))
//! ```
//!
//! of weak orders 1 and 3: what u adds to second moments is their variance over u, O(h^4) a step. Both
//! keep to one Brownian path a step: the noise of the flight over h is that over u h carried on. u is
//! a number of each particle. Normals a coordinate: two and four. Coefficients are made in double
//! precision and rounded. Sources: Cheng, Chatterji, Bartlett, Jordan 2018, arXiv:1707.03663; Shen,
//! Lee 2019, arXiv:1909.05503.

use super::masses::Masses;
use super::stepper::Tile;
use crate::target::{Law, Precision};
use driftlane_kernels::rng::Noise;
use driftlane_kernels::step::exponential::FreeFlight;
use driftlane_kernels::step::splitting::Mass;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// Free flight over `time`, one for each particle.
pub(super) fn free_flight<R: Precision>(friction: f64, time: Row<R>) -> FreeFlight<Row<R>> {
    let mut narrow = [[Row::<R>::zero()]; 6];
    for part in 0..R::WIDTH / 8 {
        let mut wide = [Row::<F64>::zero()];
        R::widen_part(&[time], part, &mut wide);
        let flights = wide[0].0.map(|time| FreeFlight::new(friction, time));
        let of = |f: fn(&FreeFlight<F64>) -> F64| {
            [driftlane_kernels::Pack(
                [0, 1, 2, 3].map(|k| f(&flights[k])),
            )]
        };
        let fields = [
            of(|c| c.decay),
            of(|c| c.psi_1),
            of(|c| c.psi_2),
            of(|c| c.momentum_noise),
            of(|c| c.shared_noise),
            of(|c| c.position_noise),
        ];
        for (narrow, field) in narrow.iter_mut().zip(&fields) {
            R::narrow_part(field, part, narrow);
        }
    }
    let [
        decay,
        psi_1,
        psi_2,
        momentum_noise,
        shared_noise,
        position_noise,
    ] = narrow.map(|[c]| c);
    FreeFlight {
        decay,
        psi_1,
        psi_2,
        momentum_noise,
        shared_noise,
        position_noise,
    }
}

fn mass<R: Precision>(masses: &Masses, j: usize) -> Mass<Row<R>> {
    Mass {
        inverse: Row::<R>::broadcast(masses.inverse.of::<R>()[j]),
        root: Row::<R>::broadcast(masses.root.of::<R>()[j]),
    }
}

/// One step under the force in `tile.grad`.
pub(super) fn frozen<R: Precision, N: Noise>(
    flight: &FreeFlight<Row<R>>,
    masses: &Masses,
    tile: &mut Tile<'_, R>,
    noise: &mut N,
) {
    for (j, (x, p)) in tile.x.iter_mut().zip(tile.p.iter_mut()).enumerate() {
        let (mass, g) = (mass::<R>(masses, j), tile.grad[j]);
        let xi = [noise.row::<R>(), noise.row::<R>()];
        let (flown, slowed) = flight.apply((*x, *p), mass, xi);
        *x = (flight.psi_2 * mass.inverse).mul_add(g, flown);
        *p = flight.psi_1.mul_add(g, slowed);
    }
}

/// One step of the randomised midpoint from the gradient in `tile.grad`, which is overwritten.
pub(super) fn midpoint<R: Precision, N: Noise>(
    law: Law<'_>,
    friction: f64,
    masses: &Masses,
    step_size: Row<R>,
    tile: &mut Tile<'_, R>,
    noise: &mut N,
) {
    let before = noise.uniform::<R>() * step_size;
    let first = free_flight(friction, before);
    let second = free_flight(friction, step_size - before);
    for (j, (x, p)) in tile.x.iter_mut().zip(tile.p.iter_mut()).enumerate() {
        let mass = mass::<R>(masses, j);
        let xi = [noise.row::<R>(), noise.row::<R>()];
        (*x, *p) = first.apply((*x, *p), mass, xi);
        tile.middle[j] = (first.psi_2 * mass.inverse).mul_add(tile.grad[j], *x);
    }
    law.gradient(tile.middle, tile.grad, tile.other);
    let kick = step_size * second.decay;
    let push = step_size * second.psi_1;
    for (j, (x, p)) in tile.x.iter_mut().zip(tile.p.iter_mut()).enumerate() {
        let (mass, g) = (mass::<R>(masses, j), tile.grad[j]);
        let xi = [noise.row::<R>(), noise.row::<R>()];
        let (flown, slowed) = second.apply((*x, *p), mass, xi);
        *x = (push * mass.inverse).mul_add(g, flown);
        *p = kick.mul_add(g, slowed);
    }
}
