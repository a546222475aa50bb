//! Where step sizes and scales come from: the weighted population before every temperature, or another run.

use super::Tempering;
use crate::flow::Cloud;
use crate::mcmc::{Mass, RATIO, fisher_scales, gradient_moments};
use crate::particles::{Moments, Span};
use crate::smc::{Schedule, waste_free};
use crate::target::Precision;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// Moves at the first temperature beyond those asked for: the step size is not known there yet.
const FIRST_TUNING_MOVES: usize = 10;

/// Where step sizes and scales come from.
#[derive(Debug, Clone)]
pub(super) enum Tuning {
    /// The population.
    Population,
    /// The move as it is.
    None,
    /// Another run.
    Schedule(Schedule),
}

impl<R: Precision> Tempering<'_, R> {
    /// Moves before those that count: at the first temperature the step size is not known yet.
    pub(super) fn tuning_visits(&self, time: usize) -> usize {
        let tuned = matches!(self.tuning, Tuning::Population);
        let first = time == 1 && tuned && self.mover.tunable();
        if first { FIRST_TUNING_MOVES } else { 0 }
    }

    pub(super) fn set_scales(&mut self, scales: Vec<f64>) {
        self.mover.set_scale(&scales);
        self.scales = scales;
        self.scaled = true;
    }

    /// Readies the move for the temperature about to be moved at, the one after `time` others.
    pub(super) fn tune(&mut self, time: usize, cloud: &mut Cloud<'_, R>) {
        match &self.tuning {
            Tuning::Population => {
                let moments = if self.states > 0 {
                    waste_free::moments(cloud, self.step)
                } else {
                    cloud.moments()
                };
                let sd = moments.sd();
                if sd.iter().all(|s| *s > 0.0 && s.is_finite()) {
                    let scales = match self.mass {
                        Mass::Variance => sd,
                        Mass::Fisher => fisher_scales(&sd, &self.gradient_moments(cloud).sd()),
                    };
                    self.set_scales(scales);
                    self.location = moments.mean().to_vec();
                    self.mover.set_location(&self.location);
                }
                self.mover.restart_adaptation();
            }
            Tuning::None => {}
            Tuning::Schedule(schedule) => {
                let stage = schedule.stages[time].clone();
                self.set_scales(stage.scales);
                self.mover.set_step_size(stage.step_size);
                if let Some(length) = stage.trajectory_length {
                    self.mover.set_trajectory_length(length);
                }
            }
        }
    }

    /// Moments of the gradient of the law about to be moved towards.
    fn gradient_moments(&self, cloud: &mut Cloud<'_, R>) -> Moments {
        let max = Row::<F64>::splat(cloud.weight_sums().max);
        let law = self.path.law(self.tempering_param);
        let dim = self.path.dim();
        let step = Row::<F64>::splat(self.step);
        let of_block = |block: &Span<'_, R>, log_weights: &[Row<F64>]| {
            let mut working = vec![Row::<R>::zero(); 2 * dim];
            let (gradient, other) = working.split_at_mut(dim);
            let mut all = Moments::default();
            for tile in 0..block.tiles() {
                let mut weights = [0.0; 64];
                let at = block.scalar_range(tile);
                for (weights, at) in weights.chunks_exact_mut(32).zip(at) {
                    // A position is the last state of its chain, which has a weight of its own.
                    let row = match self.states {
                        0 => log_weights[at],
                        _ => step * block.scalars[RATIO][at],
                    };
                    weights.copy_from_slice(bytemuck::cast_slice(&(row - max).exp().0));
                }
                let working = (&mut *gradient, &mut *other);
                all = all.merge(gradient_moments(law, block, tile, Some(&weights), working));
            }
            all
        };
        cloud.visit(of_block, Moments::merge)
    }
}
