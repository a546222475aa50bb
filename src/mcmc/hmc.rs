//! Hamiltonian Monte Carlo (Duane, Kennedy, Pendleton, Roweth 1987,
//! doi 10.1016/0370-2693(87)91197-X; Neal 2011, arXiv:1206.1901).
//!
//! ```text
//! p ~ N(0, M);  (x', p') = leapfrog(x, p; h, L);  accept with min(1, exp(H(x, p) - H(x', p')))
//! h = step_size (1 + jitter (2 u - 1)) for each particle,  L in [mean/2, 3 mean/2] shared by all
//! ```
//!
//! Jitter breaks the resonance of a fixed trajectory length with any one frequency; a step size of
//! its own lets every particle find a stable one in a funnel. L is shared so that a tile never waits
//! for its slowest particle. L gradients and one density a move; the gradient of an accepted end
//! point starts the next trajectory, in the next visit too. Leapfrog is the default of any symmetric
//! composition of kicks and drifts; one that starts with a drift needs no gradient to start from.

use super::accept::accept_tile;
use super::step_sizes::{StepSizes, tuned_step_sizes};
use super::{DualAveraging, Move};
use crate::error::Result;
use crate::flow::{Tally, population_uniform};
use crate::integrator::{Leapfrog, Scheme, Scratch, draw_momentum, kinetic_energy};
use crate::particles::Span;
use crate::target::{Law, Precision};
use driftlane_kernels::Lane;
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::{Purpose, Stream};
use driftlane_kernels::tile::Row;

/// HMC with its step size, its mean trajectory length and its diagonal inverse mass matrix.
#[derive(Debug, Clone)]
pub struct Hmc {
    step_sizes: StepSizes,
    mean_steps: usize,
    steps: usize,
    leapfrog: Leapfrog,
}

impl Hmc {
    /// Relative half-width of the per-particle spread of step sizes.
    pub const JITTER: f64 = 0.2;

    /// With unit masses in `dim` dimensions, `mean_steps` >= 1 leapfrog steps on average.
    pub fn new(dim: usize, step_size: DualAveraging, mean_steps: usize) -> Self {
        Self {
            step_sizes: StepSizes::new(step_size, Self::JITTER),
            mean_steps,
            steps: mean_steps,
            leapfrog: Leapfrog::new(vec![1.0; dim]),
        }
    }

    /// With step sizes uniform on step_size (1 +- jitter), one a particle and move; 0 <= jitter < 1.
    pub fn with_jitter(mut self, jitter: f64) -> Self {
        self.step_sizes = StepSizes::new(self.step_sizes.tuner, jitter);
        self
    }

    /// With another spread of step sizes.
    pub fn with_step_sizes(mut self, step_sizes: StepSizes) -> Self {
        self.step_sizes = step_sizes;
        self
    }

    /// With another integrator than leapfrog; refused unless it is a symmetric composition of kicks and
    /// drifts.
    pub fn with_integrator(mut self, scheme: &Scheme) -> Result<Self> {
        self.leapfrog = self.leapfrog.with_scheme(scheme)?;
        Ok(self)
    }

    /// A step size to start tuning from, in units of the scales: d^(-1/4), the rate at which
    /// acceptance stays put as d grows (Beskos et al. 2013, doi 10.3150/12-BEJ414).
    pub fn initial_step_size(dim: usize) -> f64 {
        1.0 / (dim as f64).sqrt().sqrt()
    }
}

/// The vector channel that keeps the gradient at the position, so that a visit under the same law
/// need not evaluate it again: a tenth of the work at ten leapfrog steps.
const GRADIENT: usize = 1;

impl<R: Precision> Move<R> for Hmc {
    fn name(&self) -> &'static str {
        "hmc"
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
            if !keeps {
                // The scheme drifts before its first kick: no gradient to start from.
            } else if fresh {
                scratch
                    .gradient
                    .copy_from_slice(&block.vectors[GRADIENT][rows.clone()]);
            } else {
                let x = &block.vectors[0][rows.clone()];
                law.gradient(x, &mut scratch.gradient, &mut scratch.other);
            }
            for _ in 0..moves {
                let step_size = self.step_sizes.draw(stream);
                draw_momentum(&self.leapfrog, stream, &mut scratch.momentum);
                kinetic_energy(
                    &self.leapfrog,
                    &scratch.momentum,
                    &mut scratch.wide,
                    &mut scratch.energy,
                );
                scratch
                    .position
                    .copy_from_slice(&block.vectors[0][rows.clone()]);
                scratch.proposed_gradient.copy_from_slice(&scratch.gradient);
                self.leapfrog
                    .trajectory(law, step_size, self.steps, scratch);
                if active("half-kick-missing") {
                    let half = step_size * Row::splat(0.5);
                    for (p, g) in scratch.momentum.iter_mut().zip(&scratch.proposed_gradient) {
                        *p = (-half).mul_add(*g, *p);
                    }
                }
                kinetic_energy(
                    &self.leapfrog,
                    &scratch.momentum,
                    &mut scratch.wide,
                    &mut scratch.proposed_energy,
                );
                accept_tile(law, tile, block, stream, scratch, keeps, &mut tally);
            }
            block.vectors[GRADIENT][rows].copy_from_slice(&scratch.gradient);
            let active = block.active(tile) as u64;
            let evaluations = self.leapfrog.evaluations(self.steps);
            let gradients = moves * evaluations + usize::from(keeps && !fresh);
            tally.gradient_evaluations += active * gradients as u64;
            tally.density_evaluations += active * moves as u64;
        }
        tally
    }

    fn vectors(&self) -> usize {
        2
    }
    fn before_visit(&mut self, seed: u64, epoch: u64) {
        let half = self.mean_steps / 2;
        let u = population_uniform(seed, Purpose::Shared, epoch);
        self.steps = self.mean_steps - half + (u * (2 * half + 1) as f64) as usize;
    }

    tuned_step_sizes!();

    fn set_scale(&mut self, sd: &[f64]) {
        let inverse_mass = sd.iter().map(|s| s * s).collect();
        self.leapfrog = self.leapfrog.clone().with_inverse_mass(inverse_mass);
    }
}
