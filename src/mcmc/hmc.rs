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

use super::accept::{accept_tile, note_step_sizes};
use super::step_sizes::{StepSizes, tuned_step_sizes};
use super::{Chees, DualAveraging, Move, Tuning};
use crate::error::Result;
use crate::flow::{Tally, population_uniform};
use crate::integrator::{Leapfrog, Scheme, Scratch, draw_momentum, kinetic_energy};
use crate::particles::Span;
use crate::target::{Law, Precision};
use driftlane_kernels::Lane;
use driftlane_kernels::lane::Table;
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
    /// Tunes the trajectory length, with where squares are taken about and measured by.
    chees: Option<Chees>,
    location: Table,
    scale: Table,
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
            chees: None,
            location: vec![0.0; dim].into(),
            scale: vec![1.0; dim].into(),
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

    /// With a tuned trajectory length in place of a number of steps.
    pub fn with_chees(mut self, chees: Chees) -> Self {
        self.chees = Some(chees);
        self
    }

    /// (|x'_c|^2 - |x_c|^2) (x'_c . v') of every particle of a tile, in units of the scales.
    fn trajectory_slope<R: Precision>(&self, x: &[Row<R>], scratch: &Scratch<R>) -> Row<R> {
        let (location, scale) = (self.location.of::<R>(), self.scale.of::<R>());
        let (mut grown, mut along) = (Row::<R>::zero(), Row::<R>::zero());
        for j in 0..x.len() {
            let (m, s) = (
                Row::<R>::broadcast(location[j]),
                Row::<R>::broadcast(scale[j]),
            );
            let (before, after) = ((x[j] - m) / s, (scratch.position[j] - m) / s);
            grown = after.mul_add(after, before.neg_mul_add(before, grown));
            along = after.mul_add(s * scratch.momentum[j], along);
        }
        if active("chees-shortens") {
            return -(grown * along);
        }
        grown * along
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
                let step_size = self.step_sizes.draw(stream, tile, block);
                note_step_sizes(tile, step_size, block);
                draw_momentum(&self.leapfrog, stream, &mut scratch.momentum);
                kinetic_energy(&self.leapfrog, &scratch.momentum, &mut scratch.energy);
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
                    &mut scratch.proposed_energy,
                );
                let adapting = self.chees.as_ref().is_some_and(Chees::is_adapting);
                let slope = match adapting {
                    true => self.trajectory_slope(&block.vectors[0][rows.clone()], scratch),
                    false => Row::zero(),
                };
                let accept = accept_tile(law, tile, block, stream, scratch, keeps, &mut tally);
                if adapting {
                    let slope = Row::select(accept, slope, Row::zero());
                    let slope: &[R::Scalar] = bytemuck::cast_slice(&slope.0);
                    let counted = slope[..block.active(tile)].iter().map(|s| (*s).into());
                    tally.trajectory_slope += counted.filter(|s: &f64| s.is_finite()).sum::<f64>();
                }
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
        let u = population_uniform(seed, Purpose::Shared, epoch);
        if let Some(chees) = &mut self.chees {
            chees.draw(u);
            self.steps = chees.steps(self.step_sizes.centre());
            return;
        }
        let half = self.mean_steps / 2;
        self.steps = self.mean_steps - half + (u * (2 * half + 1) as f64) as usize;
    }

    fn trajectory_steps(&self) -> Option<usize> {
        Some(self.steps)
    }
    fn tunable(&self) -> bool {
        let length = self.chees.as_ref().is_some_and(Chees::is_adapting);
        length || self.step_sizes.tuner.is_adapting()
    }
    tuned_step_sizes!(@after_tunable);
    fn tuning(&self) -> Tuning {
        Tuning {
            step_size: Some(self.step_sizes.tuner.clone()),
            trajectory: self.chees.clone(),
        }
    }
    fn set_tuning(&mut self, tuning: Tuning) {
        if let Some(tuner) = tuning.step_size {
            self.step_sizes.tuner = tuner;
        }
        self.chees = tuning.trajectory;
    }
    fn freeze(&mut self) {
        self.step_sizes.tuner.freeze();
        if let Some(chees) = &mut self.chees {
            chees.freeze();
        }
    }
    fn set_location(&mut self, mean: &[f64]) {
        if self.chees.is_some() {
            self.location = mean.to_vec().into();
        }
    }
    fn adapt_trajectory(&mut self, slope: f64) {
        if let Some(chees) = &mut self.chees {
            chees.update(slope);
        }
    }
    fn trajectory_length(&self) -> Option<f64> {
        self.chees.as_ref().map(Chees::length)
    }
    fn set_trajectory_length(&mut self, length: f64) {
        self.chees = Some(Chees::fixed(length));
    }

    fn set_scale(&mut self, sd: &[f64]) {
        self.scale = sd.to_vec().into();
        let inverse_mass = sd.iter().map(|s| s * s).collect();
        self.leapfrog = self.leapfrog.clone().with_inverse_mass(inverse_mass);
    }
}
