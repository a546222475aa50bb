//! Generalised HMC: Metropolis-adjusted underdamped Langevin dynamics (Horowitz 1991,
//! doi 10.1016/0370-2693(91)90812-5; Kennedy, Pendleton 2001, doi 10.1016/S0550-3213(01)00129-8; as a splitting
//! OBABO: Bussi, Parrinello 2007, arXiv:0803.4083).
//!
//! ```text
//! p <- exp(-gamma h) p + sqrt(1 - exp(-2 gamma h)) M^(1/2) xi      (law N(0, M) kept, exactly)
//! (x', p') = one step of the composition;   accept with min(1, exp(H(x, p) - H(x', p')))
//! refused: (x, -p)
//! ```
//!
//! Momenta go on from move to move, so the path is ballistic over 1 / gamma; a refusal turns it round,
//! hence the high acceptance it is tuned to. Half a refresh before and half after a step are one whole
//! refresh between steps. One gradient and one density a move with leapfrog.

use super::accept::{accept_tile, note_step_sizes};
use super::step_sizes::tuned_step_sizes;
use super::{Move, StepSizes};
use crate::error::Result;
use crate::flow::Tally;
use crate::integrator::{Leapfrog, Scheme, Scratch, draw_momentum, kinetic_energy};
use crate::particles::Span;
use crate::target::{Law, Precision};
use driftlane_kernels::Lane;
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;

/// The vector channel that keeps the gradient at the position.
const GRADIENT: usize = 1;
/// The vector channel of momenta.
const MOMENTUM: usize = 2;

/// Generalised HMC with its step size, friction and diagonal inverse mass matrix.
#[derive(Debug, Clone)]
pub struct Ghmc {
    step_sizes: StepSizes,
    friction: f64,
    leapfrog: Leapfrog,
}

impl Ghmc {
    /// With unit masses in `dim` dimensions and a friction above 0, in units of inverse time.
    pub fn new(dim: usize, step_sizes: impl Into<StepSizes>, friction: f64) -> Self {
        Self {
            step_sizes: step_sizes.into(),
            friction,
            leapfrog: Leapfrog::new(vec![1.0; dim]),
        }
    }

    /// With another integrator than leapfrog; refused unless it is a symmetric composition of kicks and
    /// drifts.
    pub fn with_integrator(mut self, scheme: &Scheme) -> Result<Self> {
        self.leapfrog = self.leapfrog.with_scheme(scheme)?;
        Ok(self)
    }
}

impl<R: Precision> Move<R> for Ghmc {
    fn name(&self) -> &'static str {
        "ghmc"
    }

    fn run(
        &self,
        law: Law<'_>,
        moves: usize,
        fresh: bool,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        scratch: &mut Scratch<R>,
    ) -> Tally {
        let mut tally = Tally::default();
        let keeps = self.leapfrog.keeps_gradient();
        for tile in 0..block.tiles() {
            let rows = block.rows(tile);
            if fresh {
                let kept = &block.vectors[GRADIENT][rows.clone()];
                scratch.gradient.copy_from_slice(kept);
            } else {
                if keeps {
                    let x = &block.vectors[0][rows.clone()];
                    law.gradient(x, &mut scratch.gradient, &mut scratch.other);
                }
                draw_momentum(
                    &self.leapfrog,
                    stream,
                    &mut block.vectors[MOMENTUM][rows.clone()],
                );
            }
            for _ in 0..moves {
                let h = self.step_sizes.draw::<R>(stream, tile, block);
                note_step_sizes(tile, h, block);
                let time = h * Row::splat(self.friction);
                let keep = (-time).exp();
                let renew = (-(time + time)).exp_m1().abs().sqrt();
                draw_momentum(&self.leapfrog, stream, &mut scratch.momentum);
                let p = &mut block.vectors[MOMENTUM][rows.clone()];
                for (new, p) in scratch.momentum.iter_mut().zip(p.iter_mut()) {
                    *new = keep.mul_add(*p, renew * *new);
                    // What a refusal leaves behind.
                    *p = if active("ghmc-not-turned-round") {
                        *new
                    } else {
                        -*new
                    };
                }
                kinetic_energy(&self.leapfrog, &scratch.momentum, &mut scratch.energy);
                let x = &block.vectors[0][rows.clone()];
                scratch.position.copy_from_slice(x);
                scratch.proposed_gradient.copy_from_slice(&scratch.gradient);
                self.leapfrog.trajectory(law, h, 1, scratch);
                kinetic_energy(
                    &self.leapfrog,
                    &scratch.momentum,
                    &mut scratch.proposed_energy,
                );
                let accept = accept_tile(law, tile, block, stream, scratch, keeps, &mut tally);
                let p = &mut block.vectors[MOMENTUM][rows.clone()];
                for (p, new) in p.iter_mut().zip(&scratch.momentum) {
                    *p = Row::select(accept, *new, *p);
                }
            }
            block.vectors[GRADIENT][rows].copy_from_slice(&scratch.gradient);
            let active = block.active(tile) as u64;
            let evaluations = moves * self.leapfrog.evaluations(1);
            let gradients = evaluations + usize::from(keeps && !fresh);
            tally.gradient_evaluations += active * gradients as u64;
            tally.density_evaluations += active * moves as u64;
        }
        tally
    }

    fn vectors(&self) -> usize {
        3
    }
    fn trajectory_steps(&self) -> Option<usize> {
        Some(1)
    }
    tuned_step_sizes!();
    fn set_scale(&mut self, sd: &[f64]) {
        let inverse_mass = sd.iter().map(|s| s * s).collect();
        self.leapfrog = self.leapfrog.clone().with_inverse_mass(inverse_mass);
    }
}
