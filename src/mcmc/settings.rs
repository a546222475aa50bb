//! A move by name and settings, before it knows its target.

use super::{DualAveraging, Hmc, Move, Rwmh, Ula};
use crate::error::{Error, Result};
use crate::target::Precision;

/// The moves there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveKind {
    /// Hamiltonian Monte Carlo.
    Hmc,
    /// Random-walk Metropolis.
    Rwmh,
    /// Unadjusted Langevin.
    Ula,
}

impl MoveKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hmc, Self::Rwmh, Self::Ula];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hmc => "hmc",
            Self::Rwmh => "rwmh",
            Self::Ula => "ula",
        }
    }

    /// The names, in the order of [`MoveKind::ALL`].
    pub const NAMES: &'static [&'static str] = &["hmc", "rwmh", "ula"];

    /// The move of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The acceptance probability its step size is tuned to; `None` for an unadjusted move.
    pub fn default_target_accept(self) -> Option<f64> {
        match self {
            // 0.65 is optimal as d grows (Beskos et al. 2013); more costs little at small d.
            Self::Hmc => Some(0.7),
            Self::Rwmh => Some(0.234),
            Self::Ula => None,
        }
    }

    /// Whether it follows gradients.
    pub fn uses_gradients(self) -> bool {
        self != Self::Rwmh
    }
}

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
    /// Relative half-width of the spread of step sizes over particles, in [0, 1).
    pub jitter: f64,
}

impl Default for MoveSettings {
    fn default() -> Self {
        Self {
            kind: MoveKind::Hmc,
            step_size: None,
            target_accept: None,
            leapfrog_steps: 10,
            jitter: Hmc::JITTER,
        }
    }
}

impl MoveSettings {
    /// The move, for targets in `dim` dimensions.
    pub fn build<R: Precision>(&self, dim: usize) -> Result<Box<dyn Move<R>>> {
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
        if !(0.0..1.0).contains(&self.jitter) {
            return Err(Error::invalid(
                "jitter",
                self.jitter,
                "at least 0 and below 1",
            ));
        }
        let step_size = |initial: f64, accept: f64| match self.step_size {
            Some(h) => DualAveraging::fixed(h),
            None => DualAveraging::new(initial, self.target_accept.unwrap_or(accept)),
        };
        let accept = self.kind.default_target_accept().unwrap_or(1.0);
        Ok(match self.kind {
            MoveKind::Hmc => Box::new(
                Hmc::new(
                    dim,
                    step_size(Hmc::initial_step_size(dim), accept),
                    self.leapfrog_steps,
                )
                .with_jitter(self.jitter),
            ),
            MoveKind::Rwmh => Box::new(Rwmh::new(
                dim,
                step_size(Rwmh::initial_step_size(dim), accept),
            )),
            MoveKind::Ula => {
                let allowed = "a number above 0; unadjusted dynamics is not tuned, so it is needed";
                let h = self
                    .step_size
                    .ok_or_else(|| Error::invalid("step_size", "none", allowed))?;
                Box::new(Ula::new(h))
            }
        })
    }
}
