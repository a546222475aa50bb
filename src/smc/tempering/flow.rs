//! Tempering as a Feynman-Kac flow: how it starts, weighs, chooses temperatures and moves.

use super::tuning::Tuning;
use super::{TemperatureRecord, Tempering};
use crate::error::{Error, Result};
use crate::flow::{Cloud, FeynmanKac, Potential, Resampling, Tally};
use crate::integrator::Scratch;
use crate::mcmc::{ACCEPTED, RATIO, weigh_tile, wrap_angles};
use crate::particles::{Channels, Moments, Span};
use crate::smc::decorrelation::{self, Decorrelation};
use crate::smc::ladder::MOST_TEMPERATURES;
use crate::smc::{Ladder, MovesPerStage, ScheduledStage, Stiffness, WasteFree, waste_free};
use crate::target::Precision;
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

impl<R: Precision> FeynmanKac for Tempering<'_, R> {
    type Real = R;
    type Scratch = (Scratch<R>, Vec<Row<R>>);

    fn dim(&self) -> usize {
        self.path.dim()
    }
    fn channels(&self) -> Channels {
        Channels {
            vectors: self.mover.vectors() + usize::from(self.watches()),
            scalars: ACCEPTED + 1,
            states: self.states,
        }
    }
    fn scratch(&self) -> Self::Scratch {
        let dim = self.path.dim();
        let watched = if self.watches() { 3 * dim } else { 0 };
        (Scratch::new(dim), vec![Row::zero(); watched])
    }

    fn m0(
        &self,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        (scratch, _): &mut Self::Scratch,
    ) -> Tally {
        let mut tally = Tally::default();
        for tile in 0..block.tiles() {
            let rows = block.rows(tile);
            for state in 0..self.states.max(1) {
                for part in 0..block.scalar_rows() {
                    self.path.sample_reference(stream, &mut scratch.wide);
                    R::narrow_part(&scratch.wide, part, &mut block.vectors[0][rows.clone()]);
                }
                weigh_tile(&self.path, tile, block, scratch, &mut tally);
                if self.states > 0 {
                    waste_free::keep(block, tile, state);
                    // A chain's potential is finite where one of its states has a density.
                    tally.nan += waste_free::without_density(block, tile, state);
                }
            }
        }
        tally
    }

    fn goes_on(&self, time: usize, visits: usize) -> bool {
        let moves = visits.saturating_sub(self.tuning_visits(time));
        match (&self.tuning, self.moves_per_stage) {
            (Tuning::Schedule(schedule), _) => moves < schedule.stages[time - 1].moves,
            (_, MovesPerStage::Fixed(most)) => moves < most,
            (_, MovesPerStage::UntilDecorrelated { most }) => {
                moves < most && !self.decorrelation.is_reached()
            }
        }
    }

    fn m(
        &self,
        time: usize,
        visit: usize,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        (scratch, watched): &mut Self::Scratch,
    ) -> Tally {
        let start = self.mover.vectors();
        let first = self.tuning_visits(time);
        if visit == first {
            block.scalars[ACCEPTED].fill(Row::zero());
        }
        if self.watches() && visit == first {
            let (x, others) = block.vectors.split_at_mut(1);
            others[start - 1].copy_from_slice(x[0]);
        }
        if self.states > 0 {
            if visit == 0 {
                waste_free::draw_state(block, self.step, stream);
            }
            if visit == first {
                (0..block.tiles()).for_each(|tile| waste_free::keep(block, tile, 0));
            }
        }
        // The law changes between temperatures, so only later visits find a fresh gradient.
        let fresh = visit > 0;
        let law = self.path.law(self.tempering_param);
        let mut tally = self.mover.run(law, 1, fresh, block, stream, scratch);
        if self.path.on_torus() {
            wrap_angles(block);
        }
        if self.states > 0 && visit >= first {
            let state = visit - first + 1;
            (0..block.tiles()).for_each(|tile| waste_free::keep(block, tile, state));
        }
        if self.watches() && visit >= first {
            tally.moments = (0..block.tiles())
                .map(|tile| decorrelation::of_tile(block, tile, start, watched))
                .fold(Default::default(), Moments::merge);
        }
        tally
    }

    fn log_potential(&self, _: usize, block: &Span<'_, R>, log_weights: &mut [Row<F64>]) {
        let from = if active("tempering-from-zero") {
            0.0
        } else {
            self.tempering_param
        };
        if self.states > 0 {
            return waste_free::log_potential(block, self.next - from, log_weights);
        }
        let step = Row::<F64>::splat(self.next - from);
        for (lw, &ratio) in log_weights.iter_mut().zip(block.scalars[RATIO].iter()) {
            *lw = step.mul_add(ratio, *lw);
        }
    }

    fn plan_potential(&mut self, time: usize, cloud: &mut Cloud<'_, R>) -> Result<Potential> {
        if let Some(record) = self.records.last_mut() {
            record.stiffness = Stiffness::of(cloud.population(), record.moves);
        }
        if self.tempering_param >= 1.0 {
            return Ok(Potential::Stop);
        }
        if time >= MOST_TEMPERATURES && matches!(self.ladder, Ladder::Adaptive { .. }) {
            return Err(Error::Numerical(format!(
                "tempering parameter {:e} after {time} temperatures: the ladder does not end",
                self.tempering_param
            )));
        }
        let states = self.states;
        self.next = self.ladder.next(time, self.tempering_param, |step| {
            if states > 0 {
                waste_free::increment(cloud, step).cess_fraction()
            } else {
                cloud.increment(RATIO, step).cess_fraction()
            }
        });
        self.step = self.next - self.tempering_param;
        if states > 0 {
            let (variance, autocorrelation_time) =
                waste_free::variance_of_weighting(cloud.population(), self.step, time == 0);
            self.weightings.push(WasteFree {
                ess: waste_free::increment(cloud, self.step).ess(),
                variance,
                autocorrelation_time,
            });
        }
        Ok(if self.next >= 1.0 {
            Potential::LastThenMove
        } else {
            Potential::Weigh
        })
    }

    fn plan_mutation(&mut self, time: usize, cloud: &mut Cloud<'_, R>) -> Result<Resampling> {
        self.tempering_param = self.next;
        if active("moves-at-the-target") {
            self.tempering_param = 1.0;
        }
        self.tune(time, cloud);
        self.stage = Tally::default();
        self.log_step_sizes = 0.0;
        self.decorrelation = Decorrelation::default();
        Ok(if self.tempering_param >= 1.0 {
            Resampling::Always
        } else {
            self.resampling
        })
    }

    fn tempering_param(&self) -> Option<f64> {
        Some(self.tempering_param)
    }

    fn state(&self) -> Vec<u8> {
        self.saved()
    }

    fn set_state(&mut self, state: &[u8], _: Option<usize>) -> Result<()> {
        self.restore(state)
    }

    fn before_visit(&mut self, _: usize, _: usize, epoch: u64) {
        self.mover.before_visit(self.seed, epoch);
    }

    fn after_visit(&mut self, time: usize, visit: usize, tally: &Tally) {
        let moves = (visit + 1).saturating_sub(self.tuning_visits(time));
        if moves > 0 {
            let mut counted = tally.clone();
            if self.watches() {
                self.decorrelation
                    .update(&std::mem::take(&mut counted.moments));
            }
            self.stage = std::mem::take(&mut self.stage).merge(counted);
            self.log_step_sizes += Lane::ln(self.mover.step_size());
        }
        if matches!(self.tuning, Tuning::Population) {
            self.mover.adapt(tally.acceptance().unwrap_or(0.0));
            let slope = tally.trajectory_slope / tally.moves.max(1) as f64;
            self.mover.adapt_trajectory(slope);
        }
        if !self.goes_on(time, visit + 1) {
            self.records.push(TemperatureRecord {
                tempering_param: self.tempering_param,
                acceptance: self.stage.acceptance().unwrap_or(0.0),
                step_size: self.mover.step_size(),
                moves,
                stiffness: Stiffness::default(),
            });
            self.scheduled.push(ScheduledStage {
                tempering_param: self.tempering_param,
                step_size: Lane::exp(self.log_step_sizes / moves as f64),
                moves,
                trajectory_length: self.mover.trajectory_length(),
                scales: self.scales.clone(),
            });
        }
    }
}
