//! Hamiltonian trajectories on one tile, with a diagonal inverse mass matrix and one step size a
//! particle: any composition of kicks and drifts, velocity Verlet (leapfrog) unless told otherwise.
//!
//! ```text
//! velocity Verlet: kick h/2, (drift h, kick h) x (L - 1), drift h, kick h/2
//! ```
//!
//! Gradients a step as the scheme says (one for Verlet); each inner pass (kick and drift fused) costs
//! two fused multiply-adds, a product, 24 bytes read and 16 written a coordinate, all in L1.

use super::Scratch;
use super::masses::Masses;
use super::program::{Pass, Program};
use super::scheme::{Dynamics, Rule, Scheme};
use super::table::VELOCITY_VERLET;
use crate::error::{Error, Result};
use crate::target::{Law, Precision};
use driftlane_kernels::rng::{Normals, Stream};
use driftlane_kernels::step::leapfrog::{drift, kick};
use driftlane_kernels::step::splitting::Piece;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// A composition with the mass matrix it moves under.
#[derive(Debug, Clone)]
pub struct Leapfrog {
    masses: Masses,
    program: Program,
}

impl Leapfrog {
    /// Velocity Verlet with inverse masses, all positive: best the variances of the target's
    /// coordinates.
    pub fn new(inverse_mass: Vec<f64>) -> Self {
        Self {
            masses: Masses::new(inverse_mass),
            program: Program::new(VELOCITY_VERLET.stages()),
        }
    }

    /// The same under another scheme; refused unless it is a symmetric composition of kicks and
    /// drifts, because only that proposes reversibly.
    pub fn with_scheme(mut self, scheme: &Scheme) -> Result<Self> {
        let splits = matches!(scheme.rule, Rule::Splitting(_));
        if scheme.dynamics != Dynamics::Hamiltonian || !splits || !scheme.is_symmetric() {
            let allowed =
                "must be a symmetric Hamiltonian scheme (see: driftlane list integrators)";
            return Err(Error::invalid("integrator", scheme.name, allowed));
        }
        self.program = Program::new(scheme.stages());
        Ok(self)
    }

    /// The same scheme with other inverse masses.
    pub fn with_inverse_mass(mut self, inverse_mass: Vec<f64>) -> Self {
        self.masses = Masses::new(inverse_mass);
        self
    }

    /// The inverse masses.
    pub fn inverse_mass(&self) -> &[f64] {
        self.masses.inverse()
    }

    /// Whether a trajectory needs the gradient at its start, and leaves the one at its end.
    pub fn keeps_gradient(&self) -> bool {
        self.program.starts_with_gradient() && self.program.ends_with_gradient()
    }

    /// Gradients of a trajectory of `steps` steps.
    pub fn evaluations(&self, steps: usize) -> usize {
        self.program.evaluations(steps)
    }

    /// Moves `scratch.position` and `scratch.momentum` through `steps` >= 1 steps towards `law`.
    /// `scratch.proposed_gradient` is the gradient at the position, before and after, where the scheme
    /// [keeps it](Leapfrog::keeps_gradient); `scratch.base` and `scratch.ratio` are the log densities
    /// after.
    pub fn trajectory<R: Precision>(
        &self,
        law: Law<'_>,
        step_size: Row<R>,
        steps: usize,
        scratch: &mut Scratch<R>,
    ) {
        let joint = self.program.ends_with_gradient();
        let mut left = self.program.evaluations(steps);
        let inverse_mass = self.masses.inverse.of::<R>();
        let (opening, cycle, repetitions, closing) = self.program.parts(steps);
        let mut play = |passes: &[Pass]| {
            for pass in passes {
                let (x, p) = (&mut scratch.position[..], &mut scratch.momentum[..]);
                let g = &mut scratch.proposed_gradient[..];
                if pass.evaluates {
                    left -= 1;
                    let other = &mut scratch.other[..];
                    if left == 0 && joint {
                        let (base, ratio) = (&mut scratch.base[..], &mut scratch.ratio[..]);
                        law.log_densities_and_gradient(
                            x,
                            base,
                            ratio,
                            g,
                            other,
                            &mut scratch.wide_pair,
                        );
                    } else {
                        law.gradient(x, g, other);
                    }
                }
                kick_and_drift(pass, step_size, inverse_mass, x, p, g);
            }
        };
        play(opening);
        for _ in 0..repetitions {
            play(cycle);
        }
        play(closing);
        if !joint {
            let (base, ratio) = (&mut scratch.base, &mut scratch.ratio);
            law.log_densities(&scratch.position, &mut scratch.wide, base, ratio);
        }
    }
}

/// A pass without noise, which is a kick, a drift, or a drift after a kick: nothing kicks twice without a
/// gradient in between. Lengths are made on the way; a table of them costs a short trajectory more
/// than its arithmetic.
#[inline(always)]
fn kick_and_drift<R: Precision>(
    pass: &Pass,
    step_size: Row<R>,
    inverse_mass: &[R::Scalar],
    x: &mut [Row<R>],
    p: &mut [Row<R>],
    grad: &[Row<R>],
) {
    let length = |k: usize| step_size * Row::<R>::splat(pass.shares[k]);
    let rows = x.iter_mut().zip(p.iter_mut());
    match pass.pieces[..] {
        [Piece::B, Piece::A] => {
            let (kicked, drifted) = (length(0), length(1));
            for ((x, p), (g, &w)) in rows.zip(grad.iter().zip(inverse_mass)) {
                *p = kick(*p, *g, kicked);
                *x = drift(*x, *p, Row::<R>::broadcast(w), drifted);
            }
        }
        [Piece::B] => {
            let kicked = length(0);
            for ((_, p), g) in rows.zip(grad) {
                *p = kick(*p, *g, kicked);
            }
        }
        _ => {
            let drifted = length(0);
            for ((x, p), &w) in rows.zip(inverse_mass) {
                *x = drift(*x, *p, Row::<R>::broadcast(w), drifted);
            }
        }
    }
}

/// Momenta from N(0, M).
pub fn draw_momentum<R: Precision>(integrator: &Leapfrog, stream: &mut Stream, p: &mut [Row<R>]) {
    integrator.masses.draw(&mut Normals(stream), p);
}

/// sum_j p_j^2 / (2 m_j), in double precision, one row for 32 particles.
pub fn kinetic_energy<R: Precision>(integrator: &Leapfrog, p: &[Row<R>], energy: &mut [Row<F64>]) {
    integrator.masses.kinetic_energy(p, energy);
}
