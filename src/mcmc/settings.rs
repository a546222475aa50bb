//! A move by name and settings, before it knows its target.

use super::{DualAveraging, Hmc, Move, Rwmh, Ula, Unadjusted};
use crate::error::{Error, Result};
use crate::integrator::{Increments, Parameters, SCHEMES, Scheme, Stepper, scheme};
use crate::target::{BlockTarget, Precision};

/// The moves there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveKind {
    /// Hamiltonian Monte Carlo.
    Hmc,
    /// Random-walk Metropolis.
    Rwmh,
    /// Unadjusted Langevin.
    Ula,
    /// Unadjusted dynamics under another Langevin scheme of [`SCHEMES`].
    Dynamics(&'static Scheme),
}

impl MoveKind {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Hmc,
        Self::Rwmh,
        Self::Ula,
        Self::Dynamics(&SCHEMES[10]),
        Self::Dynamics(&SCHEMES[11]),
        Self::Dynamics(&SCHEMES[12]),
        Self::Dynamics(&SCHEMES[13]),
        Self::Dynamics(&SCHEMES[14]),
        Self::Dynamics(&SCHEMES[15]),
        Self::Dynamics(&SCHEMES[16]),
        Self::Dynamics(&SCHEMES[17]),
        Self::Dynamics(&SCHEMES[19]),
        Self::Dynamics(&SCHEMES[20]),
        Self::Dynamics(&SCHEMES[21]),
        Self::Dynamics(&SCHEMES[22]),
        Self::Dynamics(&SCHEMES[23]),
        Self::Dynamics(&SCHEMES[24]),
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hmc => "hmc",
            Self::Rwmh => "rwmh",
            Self::Ula => "ula",
            Self::Dynamics(scheme) => scheme.name,
        }
    }

    /// The names, in the order of [`MoveKind::ALL`].
    pub const NAMES: &'static [&'static str] = &[
        "hmc",
        "rwmh",
        "ula",
        "baoab",
        "obabo",
        "aboba",
        "oabao",
        "baoa",
        "stochastic-position-verlet",
        "underdamped-exponential",
        "underdamped-midpoint",
        "leimkuhler-matthews",
        "tamed-euler",
        "tamed-euler-coordinates",
        "randomized-midpoint",
        "exponential-euler",
        "etd2rk",
    ];

    /// The move of that name; `underdamped` is baoab and `euler-maruyama` is ula.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = match name {
            "underdamped" => "baoab",
            "euler-maruyama" => "ula",
            name => name,
        };
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The scheme it steps by, where it is unadjusted.
    pub fn scheme(self) -> Option<&'static Scheme> {
        match self {
            Self::Hmc | Self::Rwmh => None,
            Self::Ula => scheme("euler-maruyama"),
            Self::Dynamics(scheme) => Some(scheme),
        }
    }

    /// Whether it accepts and rejects, and so can be tuned.
    pub fn is_adjusted(self) -> bool {
        self.default_target_accept().is_some()
    }

    /// The acceptance probability its step size is tuned to; `None` for an unadjusted move.
    pub fn default_target_accept(self) -> Option<f64> {
        match self {
            // 0.65 is optimal as d grows (Beskos et al. 2013); more costs little at small d.
            Self::Hmc => Some(0.7),
            Self::Rwmh => Some(0.234),
            Self::Ula | Self::Dynamics(_) => None,
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
    /// The composition HMC moves by.
    pub integrator: &'static Scheme,
    /// The friction of underdamped dynamics, at least 0.
    pub friction: f64,
    /// The law of the noise of unadjusted dynamics.
    pub increments: Increments,
}

impl Default for MoveSettings {
    fn default() -> Self {
        Self {
            kind: MoveKind::Hmc,
            step_size: None,
            target_accept: None,
            leapfrog_steps: 10,
            jitter: Hmc::JITTER,
            integrator: &SCHEMES[0],
            friction: 1.0,
            increments: Increments::Gaussian,
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
                .with_jitter(self.jitter)
                .with_integrator(self.integrator)?,
            ),
            MoveKind::Rwmh => Box::new(Rwmh::new(
                dim,
                step_size(Rwmh::initial_step_size(dim), accept),
            )),
            MoveKind::Ula | MoveKind::Dynamics(_) => {
                let allowed = "a number above 0; unadjusted dynamics is not tuned, so it is needed";
                let h = self
                    .step_size
                    .ok_or_else(|| Error::invalid("step_size", "none", allowed))?;
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
        })
    }
    fn has_weak_noise(&self) -> bool {
        self.increments != Increments::Gaussian
    }
}
