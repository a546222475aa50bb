//! Microcanonical Langevin and Hamiltonian dynamics (Robnik, De Luca, Silverstein, Seljak 2023,
//! JMLR 24:311, arXiv:2212.08549; with noise: Robnik, Seljak 2024, arXiv:2303.18221; adjusted: Robnik,
//! Cohn-Gordon, Seljak 2025, arXiv:2503.01707).
//!
//! A unit velocity u turns towards the gradient g of log pi, its speed is constant:
//!
//! ```text
//! kick h:  e = g / |g|,  D = h |g| / (d - 1),  z = exp(-D),  c = e.u
//!          u <- (2 z u + e (1 - z)(1 + z + c (1 - z))) / (1 + c + (1 - c) z^2)
//!          kinetic energy += (d - 1) (D + ln((1 + c + (1 - c) z^2) / 2))
//! drift h: x <- x + h S^(1/2) u        (g in the coordinates x / scale)
//! refresh: u <- (u + nu xi) / |u + nu xi|,  nu = sqrt((exp(2 h / L) - 1) / d)
//! ```
//!
//! Steps are kick h/2, drift h, kick h/2: second order. [`Mclmc`] goes on with a partial refresh after
//! every step and never rejects: its law is off by O(h^2). [`AdjustedMclmc`] draws u afresh, makes L
//! steps and accepts with min(1, exp(log pi' - log pi - kinetic energy)): exact. Needs d >= 2. One
//! gradient, two reductions over coordinates and two fused passes a step.

use super::accept::{accept_tile, note_step_sizes};
use super::step_sizes::tuned_step_sizes;
use super::{Move, StepSizes};
use crate::flow::{Tally, population_uniform};
use crate::integrator::Scratch;
use crate::particles::Span;
use crate::target::{Law, Precision};
use driftlane_kernels::lane::Table;
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::{Alone, Noise, Normals, Purpose, Source, Stream};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// The vector channel that keeps the gradient at the position.
const GRADIENT: usize = 1;
/// The vector channel of the velocity.
const VELOCITY: usize = 2;

/// A velocity uniform on the unit sphere.
fn draw_velocity<R: Precision, N: Noise>(normals: &mut N, u: &mut [Row<R>]) {
    let mut square = Row::<R>::zero();
    for u in u.iter_mut() {
        *u = normals.row();
        square = u.mul_add(*u, square);
    }
    let inverse = square.sqrt().recip();
    for u in u.iter_mut() {
        *u *= inverse;
    }
}

/// The kick; returns what it adds to the kinetic energy.
fn kick<R: Precision>(h: Row<R>, scale: &[R::Scalar], grad: &[Row<R>], u: &mut [Row<R>]) -> Row<R> {
    let one = Row::<R>::one();
    let (mut square, mut along) = (Row::<R>::zero(), Row::<R>::zero());
    for ((&s, g), u) in scale.iter().zip(grad).zip(u.iter()) {
        let g = Row::<R>::broadcast(s) * *g;
        square = g.mul_add(g, square);
        along = g.mul_add(*u, along);
    }
    let norm = square.sqrt();
    // No gradient, no turn.
    let flat = norm.le(Row::zero());
    let inverse = Row::select(flat, Row::zero(), norm.recip());
    let freedom = Row::<R>::splat(u.len() as f64 - 1.0);
    let turn = h * norm / freedom;
    let (z, c) = ((-turn).exp(), along * inverse);
    let denominator = (one - c).mul_add(z * z, one + c);
    let towards = inverse * (one - z) * c.mul_add(one - z, one + z) / denominator;
    let keep = (z + z) / denominator;
    for ((&s, g), u) in scale.iter().zip(grad).zip(u.iter_mut()) {
        *u = (towards * Row::<R>::broadcast(s)).mul_add(*g, keep * *u);
    }
    freedom * (turn + (denominator * Row::splat(0.5)).ln())
}

fn drift<R: Precision>(h: Row<R>, scale: &[R::Scalar], u: &[Row<R>], x: &mut [Row<R>]) {
    for ((&s, u), x) in scale.iter().zip(u).zip(x) {
        *x = (h * Row::<R>::broadcast(s)).mul_add(*u, *x);
    }
}

/// Unadjusted microcanonical Langevin dynamics.
#[derive(Debug, Clone)]
pub struct Mclmc {
    step_size: f64,
    decoherence_length: f64,
    scale: Table,
}

impl Mclmc {
    /// With a positive step size and the distance after which the velocity is forgotten, in `dim` >= 2
    /// dimensions with unit scales.
    pub fn new(dim: usize, step_size: f64, decoherence_length: f64) -> Self {
        Self {
            step_size,
            decoherence_length,
            scale: vec![1.0; dim].into(),
        }
    }
}

impl Mclmc {
    fn steps<R: Precision, S: Source>(
        &self,
        law: Law<'_>,
        moves: usize,
        fresh: bool,
        block: &mut Span<'_, R>,
        source: &mut S,
        scratch: &mut Scratch<R>,
    ) -> Tally {
        let mut tally = Tally::default();
        let (h, half) = (Row::splat(self.step_size), Row::splat(0.5 * self.step_size));
        let forget = Lane::exp_m1(2.0 * self.step_size / self.decoherence_length);
        let noise = Row::<R>::splat((forget / self.scale.values().len() as f64).sqrt());
        let scale = self.scale.of::<R>();
        for tile in 0..block.tiles() {
            let rows = block.rows(tile);
            let (position, others) = block.vectors.split_at_mut(GRADIENT);
            let (gradient, velocity) = others.split_at_mut(VELOCITY - GRADIENT);
            let x = &mut position[0][rows.clone()];
            let g = &mut gradient[0][rows.clone()];
            let u = &mut velocity[0][rows];
            if !fresh {
                law.gradient(x, g, &mut scratch.other);
                draw_velocity(&mut source.normals(), u);
            }
            for _ in 0..moves {
                kick::<R>(half, scale, g, u);
                drift::<R>(h, scale, u, x);
                law.gradient(x, g, &mut scratch.other);
                kick::<R>(half, scale, g, u);
                let mut square = Row::<R>::zero();
                for u in u.iter_mut() {
                    *u = noise.mul_add(source.normals().row::<R>(), *u);
                    square = u.mul_add(*u, square);
                }
                let inverse = square.sqrt().recip();
                for u in u.iter_mut() {
                    *u *= inverse;
                }
            }
            let active = block.active(tile);
            tally.moves += (active * moves) as u64;
            tally.acceptance_sum += (active * moves) as f64;
            tally.gradient_evaluations += (active * (moves + usize::from(!fresh))) as u64;
        }
        tally
    }
}

impl<R: Precision> Move<R> for Mclmc {
    fn name(&self) -> &'static str {
        "mclmc"
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
        self.steps(law, moves, fresh, block, stream, scratch)
    }

    fn run_alone(
        &self,
        law: Law<'_>,
        moves: usize,
        fresh: bool,
        block: &mut Span<'_, R>,
        alone: &mut Alone,
        scratch: &mut Scratch<R>,
    ) -> Option<Tally> {
        Some(self.steps(law, moves, fresh, block, alone, scratch))
    }

    fn vectors(&self) -> usize {
        3
    }
    fn adjusted(&self) -> bool {
        false
    }
    fn set_scale(&mut self, sd: &[f64]) {
        self.scale = sd.to_vec().into();
    }
    fn step_size(&self) -> f64 {
        self.step_size
    }
}

/// Metropolis-adjusted microcanonical dynamics with a fresh velocity each move.
#[derive(Debug, Clone)]
pub struct AdjustedMclmc {
    step_sizes: StepSizes,
    mean_steps: usize,
    steps: usize,
    scale: Table,
}

impl AdjustedMclmc {
    /// With unit scales in `dim` >= 2 dimensions, `mean_steps` >= 1 steps on average.
    pub fn new(dim: usize, step_sizes: impl Into<StepSizes>, mean_steps: usize) -> Self {
        Self {
            step_sizes: step_sizes.into(),
            mean_steps,
            steps: mean_steps,
            scale: vec![1.0; dim].into(),
        }
    }

    /// Where tuning starts, in units of the scales: a velocity of length one goes 1 / sqrt(d) as far
    /// as HMC's momentum, whose step is d^(-1/4).
    pub fn initial_step_size(dim: usize) -> f64 {
        (dim as f64).sqrt().sqrt()
    }
}

impl<R: Precision> Move<R> for AdjustedMclmc {
    fn name(&self) -> &'static str {
        "adjusted-mclmc"
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
        let scale = self.scale.of::<R>();
        scratch.energy.fill(Row::<F64>::zero());
        for tile in 0..block.tiles() {
            let rows = block.rows(tile);
            if fresh {
                let kept = &block.vectors[GRADIENT][rows.clone()];
                scratch.gradient.copy_from_slice(kept);
            } else {
                let x = &block.vectors[0][rows.clone()];
                law.gradient(x, &mut scratch.gradient, &mut scratch.other);
            }
            for _ in 0..moves {
                let h = self.step_sizes.draw::<R>(stream, tile, block);
                note_step_sizes(tile, h, block);
                let half = h * Row::splat(0.5);
                draw_velocity(&mut Normals(stream), &mut scratch.momentum);
                let x = &block.vectors[0][rows.clone()];
                scratch.position.copy_from_slice(x);
                scratch.proposed_gradient.copy_from_slice(&scratch.gradient);
                let mut kinetic = Row::<R>::zero();
                for step in 0..self.steps {
                    let (u, g) = (
                        &mut scratch.momentum[..],
                        &mut scratch.proposed_gradient[..],
                    );
                    // Two half kicks with one gradient are a whole one.
                    kinetic += kick::<R>(if step == 0 { half } else { h }, scale, g, u);
                    drift::<R>(h, scale, u, &mut scratch.position);
                    if step + 1 < self.steps {
                        law.gradient(&scratch.position, g, &mut scratch.other);
                    }
                }
                law.log_densities_and_gradient(
                    &scratch.position,
                    &mut scratch.base,
                    &mut scratch.ratio,
                    &mut scratch.proposed_gradient,
                    &mut scratch.other,
                    &mut scratch.wide_pair,
                );
                let (u, g) = (&mut scratch.momentum[..], &scratch.proposed_gradient[..]);
                kinetic += kick::<R>(half, scale, g, u);
                if active("mclmc-kinetic-energy-dropped") {
                    kinetic = Row::zero();
                }
                for (part, energy) in scratch.proposed_energy.iter_mut().enumerate() {
                    R::widen_part(&[kinetic], part, std::slice::from_mut(energy));
                }
                accept_tile(law, tile, block, stream, scratch, true, &mut tally);
            }
            block.vectors[GRADIENT][rows].copy_from_slice(&scratch.gradient);
            let active = block.active(tile) as u64;
            let gradients = moves * self.steps + usize::from(!fresh);
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
    fn trajectory_steps(&self) -> Option<usize> {
        Some(self.steps)
    }
    tuned_step_sizes!();
    fn set_scale(&mut self, sd: &[f64]) {
        self.scale = sd.to_vec().into();
    }
}
