//! A move by name and settings, before it knows its target.

use super::{
    AdjustedMclmc, Barker, Chees, DualAveraging, EllipticalSlice, Ghmc, Hmc, Mala, Mass, Mclmc,
    Move, MoveKind, Pcn, Rwmh, StepSizes, Ula, Unadjusted,
};
use crate::error::{Error, Result};
use crate::integrator::{Increments, Parameters, SCHEMES, Scheme, Stepper};
use crate::target::{BlockTarget, Precision};

/// A move with its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct MoveSettings {
    /// Which move.
    pub kind: MoveKind,
    /// Given: never adapted. `None`: tuned to `target_accept`.
    pub step_size: Option<f64>,
    /// In (0, 1); `None`: the move's own.
    pub target_accept: Option<f64>,
    /// Leapfrog steps on average, at least 1.
    pub leapfrog_steps: usize,
    /// Relative half-width of the spread of step sizes over particles, in [0, 1); `None`: the move's own.
    pub jitter: Option<f64>,
    /// Step sizes log-uniform from 1/F to F times their centre instead, F at least 1.
    pub step_size_spread: Option<f64>,
    /// The composition HMC moves by.
    pub integrator: &'static Scheme,
    /// The friction of underdamped dynamics, at least 0.
    pub friction: f64,
    /// The law of the noise of unadjusted dynamics.
    pub increments: Increments,
    /// Whether the length of HMC trajectories is tuned ([`Chees`]); `leapfrog_steps` is not used then.
    pub tune_trajectory: bool,
    /// What the scales of moves are tuned by.
    pub mass: Mass,
}

impl Default for MoveSettings {
    fn default() -> Self {
        Self {
            kind: MoveKind::Hmc,
            step_size: None,
            target_accept: None,
            leapfrog_steps: 10,
            jitter: None,
            step_size_spread: None,
            integrator: &SCHEMES[0],
            friction: 1.0,
            increments: Increments::Gaussian,
            tune_trajectory: false,
            mass: Mass::Variance,
        }
    }
}

impl MoveSettings {
    /// The move, for targets in `dim` dimensions of which nothing more is known: without the schemes
    /// that solve a target's linear part.
    pub fn build<R: Precision>(&self, dim: usize) -> Result<Box<dyn Move<R>>> {
        self.build_with(dim, None)
    }

    /// The move, for one target.
    pub fn build_for<R: Precision>(&self, target: &dyn BlockTarget) -> Result<Box<dyn Move<R>>> {
        self.build_with(target.dim(), target.linear_part())
    }

    fn build_with<R: Precision>(
        &self,
        dim: usize,
        linear_part: Option<Vec<f64>>,
    ) -> Result<Box<dyn Move<R>>> {
        if let Some(h) = self.step_size
            && !(h > 0.0 && h.is_normal())
        {
            return Err(Error::invalid("step_size", h, "a finite number above 0"));
        }
        if let Some(a) = self.target_accept
            && !(a > 0.0 && a < 1.0)
        {
            return Err(Error::invalid(
                "target_accept",
                a,
                "a number above 0 and below 1",
            ));
        }
        if !(1..=100_000).contains(&self.leapfrog_steps) {
            return Err(Error::invalid(
                "leapfrog_steps",
                self.leapfrog_steps,
                "1 to 100000",
            ));
        }
        let jitter = self.jitter.unwrap_or(self.kind.default_jitter());
        if !(0.0..1.0).contains(&jitter) {
            return Err(Error::invalid("jitter", jitter, "at least 0 and below 1"));
        }
        let tuned = |initial: f64| match (self.step_size, self.kind.default_target_accept()) {
            (None, Some(accept)) => {
                DualAveraging::new(initial, self.target_accept.unwrap_or(accept))
            }
            (given, _) => DualAveraging::fixed(given.unwrap_or(1.0)),
        };
        if let Some(factor) = self.step_size_spread
            && !(1.0..=1e6).contains(&factor)
        {
            let allowed = "a number from 1 to 1e6";
            return Err(Error::invalid("step_size_spread", factor, allowed));
        }
        let spread_of = |tuner: DualAveraging| match self.step_size_spread {
            Some(factor) => StepSizes::log_uniform(tuner, factor),
            None => StepSizes::new(tuner, jitter),
        };
        let spread = |initial: f64| spread_of(tuned(initial));
        let microcanonical = matches!(self.kind, MoveKind::Mclmc | MoveKind::AdjustedMclmc);
        if microcanonical && dim < 2 {
            let allowed =
                "a move for 1 dimension: microcanonical dynamics needs at least 2 dimensions";
            return Err(Error::invalid("move", self.kind.name(), allowed));
        }
        if self.kind == MoveKind::Ghmc && self.friction <= 0.0 {
            let allowed = "a number above 0: without friction the energy never changes";
            return Err(Error::invalid("friction", self.friction, allowed));
        }
        let needed = || {
            let allowed = "a number above 0; unadjusted dynamics is not tuned, so it is needed";
            self.step_size
                .ok_or_else(|| Error::invalid("step_size", "none", allowed))
        };
        if self.tune_trajectory && self.kind != MoveKind::Hmc {
            let allowed = "hmc: of other moves no trajectory length is tuned";
            return Err(Error::invalid("tune_trajectory", self.kind.name(), allowed));
        }
        let steps = self.leapfrog_steps;
        Ok(match self.kind {
            MoveKind::Hmc => {
                let mover = Hmc::new(dim, tuned(Hmc::initial_step_size(dim)), steps)
                    .with_step_sizes(spread(Hmc::initial_step_size(dim)))
                    .with_integrator(self.integrator)?;
                Box::new(match self.tune_trajectory {
                    true => mover.with_chees(Chees::new(Chees::INITIAL_LENGTH)),
                    false => mover,
                })
            }
            MoveKind::Rwmh => Box::new(Rwmh::new(dim, spread(Rwmh::initial_step_size(dim)))),
            MoveKind::Mala => Box::new(Mala::new(dim, spread(Mala::initial_step_size(dim)))),
            MoveKind::Barker => Box::new(Barker::new(dim, spread(Barker::initial_step_size(dim)))),
            MoveKind::AdjustedMclmc => {
                let step_sizes = spread(AdjustedMclmc::initial_step_size(dim));
                Box::new(AdjustedMclmc::new(dim, step_sizes, steps))
            }
            MoveKind::Ghmc => {
                let step_sizes = spread(Hmc::initial_step_size(dim));
                let friction = self.friction;
                Box::new(Ghmc::new(dim, step_sizes, friction).with_integrator(self.integrator)?)
            }
            MoveKind::Pcn => {
                let tuner = tuned(Pcn::INITIAL_STEP_SIZE).up_to(1.0);
                Box::new(Pcn::new(spread_of(tuner)))
            }
            MoveKind::EllipticalSlice => Box::new(EllipticalSlice),
            MoveKind::Ula | MoveKind::Dynamics(_) => {
                let h = needed()?;
                match self.kind.scheme() {
                    Some(scheme) if self.kind != MoveKind::Ula || self.has_weak_noise() => {
                        scheme.check_increments(self.increments)?;
                        let parameters = Parameters {
                            friction: self.friction,
                            linear_part: linear_part.map(|rates| (rates, h)),
                            ..Parameters::new(dim)
                        };
                        let stepper = Stepper::new(scheme, parameters)?;
                        Box::new(Unadjusted::new(stepper, h).with_increments(self.increments))
                    }
                    _ => Box::new(Ula::new(h)),
                }
            }
            MoveKind::Mclmc => {
                let length = (dim as f64).sqrt();
                Box::new(Mclmc::new(dim, needed()?, length))
            }
        })
    }
    fn has_weak_noise(&self) -> bool {
        self.increments != Increments::Gaussian
    }
}
