//! The moves by name, and what is known of each.

use super::{ALPHA_SUM, DIVERGED, ENERGY, Hmc, STEP_SIZE};
use crate::integrator::{Dynamics, EULER_MARUYAMA, SCHEMES, Scheme};

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
    /// Generalised HMC: Metropolis-adjusted underdamped Langevin.
    Ghmc,
    /// Preconditioned Crank-Nicolson.
    Pcn,
    /// Elliptical slice sampling.
    EllipticalSlice,
    /// Unadjusted Langevin.
    Ula,
    /// Unadjusted microcanonical Langevin.
    Mclmc,
    /// Unadjusted dynamics under another Langevin scheme of [`SCHEMES`].
    Dynamics(&'static Scheme),
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
    /// Those that are not a scheme of the table alone; adjusted moves first.
    const NAMED: [Self; 10] = [
        Self::Hmc,
        Self::Rwmh,
        Self::Mala,
        Self::Barker,
        Self::AdjustedMclmc,
        Self::Ghmc,
        Self::Pcn,
        Self::EllipticalSlice,
        Self::Ula,
        Self::Mclmc,
    ];

    /// Whether a scheme is a move of its own: Hamiltonian ones are steps of HMC, and Euler-Maruyama is
    /// [`MoveKind::Ula`].
    const fn is_move(k: usize) -> bool {
        !matches!(SCHEMES[k].dynamics, Dynamics::Hamiltonian) && k != EULER_MARUYAMA
    }

    const COUNT: usize = {
        let (mut count, mut k) = (Self::NAMED.len(), 0);
        while k < SCHEMES.len() {
            count += Self::is_move(k) as usize;
            k += 1;
        }
        count
    };

    /// All of them.
    pub const ALL: [Self; Self::COUNT] = {
        let mut all = [Self::Hmc; Self::COUNT];
        let (mut at, mut k) = (0, 0);
        while at < Self::NAMED.len() {
            all[at] = Self::NAMED[at];
            at += 1;
        }
        while k < SCHEMES.len() {
            if Self::is_move(k) {
                all[at] = Self::Dynamics(&SCHEMES[k]);
                at += 1;
            }
            k += 1;
        }
        all
    };

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
            Self::Ghmc => Facts {
                name: "ghmc",
                summary: "generalised HMC: underdamped Langevin, accepted or turned round \
                          (Horowitz 1991)",
                // A refusal turns the particle round.
                target_accept: Some(0.95),
                adjusted: true,
                gradients: true,
                leapfrog: false,
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
            Self::Dynamics(scheme) => Facts {
                name: scheme.name,
                summary: scheme.source,
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

    /// What it is, in a few words, and its source; of a scheme the source alone.
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

    /// The move of that name; `underdamped` is baoab and `euler-maruyama` is ula.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = match name {
            "underdamped" => "baoab",
            "euler-maruyama" => "ula",
            name => name,
        };
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The scheme it steps by, where it is unadjusted Langevin dynamics.
    pub fn scheme(self) -> Option<&'static Scheme> {
        match self {
            Self::Ula => Some(&SCHEMES[EULER_MARUYAMA]),
            Self::Dynamics(scheme) => Some(scheme),
            _ => None,
        }
    }

    /// The acceptance probability its step size is tuned to; `None` where no step size is tuned.
    pub fn default_target_accept(self) -> Option<f64> {
        self.facts().target_accept
    }

    /// Whether its trajectories follow a composition of kicks and drifts.
    pub fn uses_integrator(self) -> bool {
        matches!(self, Self::Hmc | Self::Ghmc)
    }

    /// Whether its step sizes can be spread over particles.
    pub fn uses_jitter(self) -> bool {
        matches!(
            self,
            Self::Hmc
                | Self::Rwmh
                | Self::Mala
                | Self::Barker
                | Self::AdjustedMclmc
                | Self::Ghmc
                | Self::Pcn
        )
    }

    /// The spread it has unless told otherwise: HMC's trajectories need one against resonance.
    pub fn default_jitter(self) -> f64 {
        match self {
            Self::Hmc | Self::AdjustedMclmc => Hmc::JITTER,
            _ => 0.0,
        }
    }

    /// Whether it has a friction.
    pub fn uses_friction(self) -> bool {
        self == Self::Ghmc
            || self
                .scheme()
                .is_some_and(|scheme| matches!(scheme.dynamics, Dynamics::Underdamped))
    }

    /// Whether it leaves its law invariant; an unadjusted move needs a step size and is never tuned.
    pub fn is_adjusted(self) -> bool {
        self.facts().adjusted
    }

    /// Whether it follows gradients.
    pub fn uses_gradients(self) -> bool {
        self.facts().gradients
    }

    /// Whether it is measured by scales that are tuned.
    pub fn uses_mass(self) -> bool {
        let unscaled = [Self::Pcn, Self::EllipticalSlice];
        self.is_adjusted() && !unscaled.contains(&self)
    }

    /// Whether a move follows a trajectory whose energy is conserved but for its error, so that it can diverge.
    pub fn can_diverge(self) -> bool {
        matches!(self, Self::Hmc | Self::AdjustedMclmc | Self::Ghmc)
    }

    /// Scalar channels of a flow that keeps draws, so that all are declared that the move fills.
    pub(super) fn scalars(self) -> usize {
        match self {
            _ if !self.is_adjusted() => 0,
            _ if self.uses_integrator() => ENERGY + 1,
            _ if self.can_diverge() => DIVERGED + 1,
            _ if self.uses_jitter() => STEP_SIZE + 1,
            _ => ALPHA_SUM + 1,
        }
    }

    /// Whether a move is a trajectory of several steps.
    pub fn uses_leapfrog_steps(self) -> bool {
        self.facts().leapfrog
    }
}
