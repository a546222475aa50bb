//! A move by name and settings, before it knows its target.

use super::{
    AdjustedMclmc, Barker, DualAveraging, EllipticalSlice, Hmc, Mala, Mclmc, Move, Pcn, Rwmh,
    StepSizes, Ula,
};
use crate::error::{Error, Result};
use crate::target::Precision;

/// The moves there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveKind {
    /// Hamiltonian Monte Carlo.
    Hmc,
    /// Random-walk Metropolis.
    Rwmh,
    /// Metropolis-adjusted Langevin.
    Mala,
    /// The Barker proposal.
    Barker,
    /// Metropolis-adjusted microcanonical dynamics.
    AdjustedMclmc,
    /// Preconditioned Crank-Nicolson.
    Pcn,
    /// Elliptical slice sampling.
    EllipticalSlice,
    /// Unadjusted Langevin.
    Ula,
    /// Unadjusted microcanonical Langevin.
    Mclmc,
}

/// What is known of a kind of move.
struct Facts {
    name: &'static str,
    summary: &'static str,
    /// `None` where no step size is tuned.
    target_accept: Option<f64>,
    adjusted: bool,
    gradients: bool,
    leapfrog: bool,
}

impl MoveKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Hmc,
        Self::Rwmh,
        Self::Mala,
        Self::Barker,
        Self::AdjustedMclmc,
        Self::Pcn,
        Self::EllipticalSlice,
        Self::Ula,
        Self::Mclmc,
    ];

    const fn facts(self) -> Facts {
        match self {
            Self::Hmc => Facts {
                name: "hmc",
                summary: "Hamiltonian Monte Carlo: leapfrog of jittered step size and length, \
                          diagonal mass (Duane et al. 1987)",
                // 0.65 is optimal as d grows (Beskos et al. 2013); more costs little at small d.
                target_accept: Some(0.7),
                adjusted: true,
                gradients: true,
                leapfrog: true,
            },
            Self::Rwmh => Facts {
                name: "rwmh",
                summary: "random-walk Metropolis, scaled to the population (Metropolis et al. 1953)",
                target_accept: Some(0.234),
                adjusted: true,
                gradients: false,
                leapfrog: false,
            },
            Self::Mala => Facts {
                name: "mala",
                summary: "Metropolis-adjusted Langevin, preconditioned by the population \
                          (Roberts, Tweedie 1996)",
                target_accept: Some(0.574),
                adjusted: true,
                gradients: true,
                leapfrog: false,
            },
            Self::Barker => Facts {
                name: "barker",
                summary: "Barker proposal: the gradient chooses the direction (Livingstone, \
                          Zanella 2022)",
                target_accept: Some(0.574),
                adjusted: true,
                gradients: true,
                leapfrog: false,
            },
            Self::AdjustedMclmc => Facts {
                name: "adjusted-mclmc",
                summary: "microcanonical trajectories, accepted or refused (Robnik et al. 2025)",
                // The paper's 0.9 is for sequences without jitter; the optimum is as flat as HMC's.
                target_accept: Some(0.9),
                adjusted: true,
                gradients: true,
                leapfrog: true,
            },
            Self::Pcn => Facts {
                name: "pcn",
                summary: "preconditioned Crank-Nicolson, for a normal reference (Cotter et al. 2013)",
                target_accept: Some(0.234),
                adjusted: true,
                gradients: false,
                leapfrog: false,
            },
            Self::EllipticalSlice => Facts {
                name: "elliptical-slice",
                summary: "elliptical slice, for a normal reference (Murray, Adams, MacKay 2010)",
                target_accept: None,
                adjusted: true,
                gradients: false,
                leapfrog: false,
            },
            Self::Ula => Facts {
                name: "ula",
                summary: "unadjusted Langevin, Euler-Maruyama steps (Roberts, Tweedie 1996)",
                target_accept: None,
                adjusted: false,
                gradients: true,
                leapfrog: false,
            },
            Self::Mclmc => Facts {
                name: "mclmc",
                summary: "unadjusted microcanonical Langevin (Robnik, Seljak 2024)",
                target_accept: None,
                adjusted: false,
                gradients: true,
                leapfrog: false,
            },
        }
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// What it is, in a few words, and its source.
    pub fn summary(self) -> &'static str {
        self.facts().summary
    }

    /// The names, in the order of [`MoveKind::ALL`].
    pub const NAMES: &'static [&'static str] = &{
        let mut names = [""; Self::ALL.len()];
        let mut k = 0;
        while k < names.len() {
            names[k] = Self::ALL[k].facts().name;
            k += 1;
        }
        names
    };

    /// The names of the adjusted moves, which come first.
    pub const ADJUSTED_NAMES: &'static [&'static str] = {
        let mut count = 0;
        while count < Self::ALL.len() && Self::ALL[count].facts().adjusted {
            count += 1;
        }
        Self::NAMES.split_at(count).0
    };

    /// The move of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The acceptance probability its step size is tuned to; `None` where no step size is tuned.
    pub fn default_target_accept(self) -> Option<f64> {
        self.facts().target_accept
    }

    /// Whether it leaves its law invariant; an unadjusted move needs a step size and is never tuned.
    pub fn adjusted(self) -> bool {
        self.facts().adjusted
    }

    /// Whether it follows gradients.
    pub fn uses_gradients(self) -> bool {
        self.facts().gradients
    }

    /// Whether a move is a trajectory of several steps.
    pub fn uses_leapfrog_steps(self) -> bool {
        self.facts().leapfrog
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
        let tuned = |initial: f64| match (self.step_size, self.kind.default_target_accept()) {
            (None, Some(accept)) => {
                DualAveraging::new(initial, self.target_accept.unwrap_or(accept))
            }
            (given, _) => DualAveraging::fixed(given.unwrap_or(1.0)),
        };
        let spread = |initial: f64| StepSizes::new(tuned(initial), self.jitter);
        let microcanonical = matches!(self.kind, MoveKind::Mclmc | MoveKind::AdjustedMclmc);
        if microcanonical && dim < 2 {
            let allowed = "another move: microcanonical dynamics needs at least 2 dimensions";
            return Err(Error::invalid("move", self.kind.name(), allowed));
        }
        let needed = || {
            let allowed = "a number above 0; unadjusted dynamics is not tuned, so it is needed";
            self.step_size
                .ok_or_else(|| Error::invalid("step_size", "none", allowed))
        };
        let steps = self.leapfrog_steps;
        Ok(match self.kind {
            MoveKind::Hmc => Box::new(
                Hmc::new(dim, tuned(Hmc::initial_step_size(dim)), steps).with_jitter(self.jitter),
            ),
            MoveKind::Rwmh => Box::new(Rwmh::new(dim, tuned(Rwmh::initial_step_size(dim)))),
            MoveKind::Mala => Box::new(Mala::new(dim, spread(Mala::initial_step_size(dim)))),
            MoveKind::Barker => Box::new(Barker::new(dim, spread(Barker::initial_step_size(dim)))),
            MoveKind::AdjustedMclmc => {
                let step_sizes = spread(AdjustedMclmc::initial_step_size(dim));
                Box::new(AdjustedMclmc::new(dim, step_sizes, steps))
            }
            MoveKind::Pcn => Box::new(Pcn::new(spread(Pcn::INITIAL_STEP_SIZE))),
            MoveKind::EllipticalSlice => Box::new(EllipticalSlice),
            MoveKind::Ula => Box::new(Ula::new(needed()?)),
            MoveKind::Mclmc => {
                let length = (dim as f64).sqrt();
                Box::new(Mclmc::new(dim, needed()?, length))
            }
        })
    }
}
