//! What a run may warn of: a stable code, a sentence with the figures, and what to do next.

mod words;

use super::number;
use serde::{Deserialize, Serialize};

/// A doubt about a result. Codes never change their meaning: pipelines rely on them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Warning {
    /// Log densities that were NaN or +infinity, among all evaluations.
    NonFinite {
        /// How many.
        count: u64,
        /// Out of how many evaluations.
        evaluations: u64,
    },
    /// Particles that started where the log density is NaN or +infinity.
    NonFiniteStarts {
        /// How many.
        count: usize,
        /// Particles.
        particles: usize,
    },
    /// Steps of an adaptive solver taken although their error was above the tolerance.
    ForcedSteps {
        /// How many, a particle each.
        count: u64,
        /// Out of how many.
        steps: u64,
    },
    /// Particles left out of the results: they ended where position or log density is not finite.
    NonFiniteParticles {
        /// How many.
        count: usize,
        /// Particles.
        particles: usize,
        /// What moved them.
        #[serde(default)]
        by: MovedBy,
    },
    /// The population descends from too few of its first particles.
    Coalesced {
        /// Ancestors left.
        ancestors: usize,
        /// Particles.
        particles: usize,
    },
    /// A stage of the ladder lost nearly all weights.
    Ladder {
        /// The stage, 1 for the first temperature above 0.
        stage: usize,
        /// Its effective sample size.
        #[serde(with = "number")]
        ess: f64,
        /// Particles.
        particles: usize,
    },
    /// Acceptance outside the sane range of the move.
    Acceptance {
        /// The rate, in [0, 1]: the run's, or the worst stage's.
        #[serde(with = "number")]
        rate: f64,
        /// Lower end of the range.
        #[serde(with = "number")]
        low: f64,
        /// Upper end of the range.
        #[serde(with = "number")]
        high: f64,
    },
    /// Chains disagree.
    RHat {
        /// The largest split R-hat.
        #[serde(with = "number")]
        value: f64,
        /// The coordinate it belongs to.
        coordinate: String,
    },
    /// Many short chains that remember where they began, or are still on their way.
    NestedRHat {
        /// The nested R-hat that is most above its limit.
        #[serde(with = "number")]
        value: f64,
        /// 1.01, or what chance gives where that is more.
        #[serde(with = "number")]
        limit: f64,
        /// The coordinate it belongs to.
        coordinate: String,
    },
    /// Too few effective draws.
    Ess {
        /// The smallest bulk effective sample size.
        #[serde(with = "number")]
        value: f64,
        /// The coordinate it belongs to.
        coordinate: String,
    },
    /// A step of unadjusted dynamics beyond where its scheme is stable on the target's linear part.
    Unstable {
        /// The scheme.
        scheme: String,
        /// The step size.
        #[serde(with = "number")]
        step_size: f64,
        /// Where it would have to be below.
        #[serde(with = "number")]
        limit: f64,
    },
    /// A population of unadjusted dynamics that left the region where the target lies.
    RunsAway {
        /// The coordinate that is farthest off.
        coordinate: String,
        /// How far: of the last population the farthest particle in exact standard deviations from the exact mean, else
        /// the median particle in scales of the target's reference from its location; infinite where a standard
        /// deviation overflowed.
        #[serde(with = "number")]
        distance: f64,
        /// Whether the first of these.
        exact: bool,
    },
    /// A mean or a standard deviation that was missed by more than its noise.
    Bias {
        /// The coordinate whose is farthest off.
        coordinate: String,
        /// Which of the two.
        of: Moment,
        /// What came out.
        #[serde(with = "number")]
        value: f64,
        /// What it is.
        #[serde(with = "number")]
        exact: f64,
        /// The exact standard deviation.
        #[serde(with = "number")]
        scale: f64,
        /// The standard error of what came out.
        #[serde(with = "number")]
        se: f64,
        /// What moved the particles.
        by: MovedBy,
    },
    /// Forces that are not those of the target's law in a last population.
    Imbalance {
        /// The coordinate where they are farthest off.
        coordinate: String,
        /// Which mean of forces.
        identity: Identity,
        /// What came out.
        #[serde(with = "number")]
        value: f64,
        /// What any population of the law has.
        #[serde(with = "number")]
        wanted: f64,
        /// The standard error of what came out.
        #[serde(with = "number")]
        se: f64,
        /// What moved the particles.
        by: MovedBy,
    },
    /// Particles that accepted no move after warm-up: more than chance leaves.
    Stuck {
        /// How many.
        stuck: usize,
        /// Particles.
        particles: usize,
        /// Moves of each.
        moves: usize,
        /// How far they pull a mean at most, in its standard errors.
        #[serde(with = "number")]
        pull: f64,
    },
    /// Trajectories that diverged.
    Divergent {
        /// Kept draws with one before them, a particle each.
        count: u64,
        /// Kept draws of all particles.
        draws: u64,
    },
    /// Energies that fresh momenta change too little.
    EBfmi {
        /// Mean squared change over variance.
        #[serde(with = "number")]
        value: f64,
    },
    /// No standard error of the log evidence could be given.
    NoStandardError {
        /// Why.
        reason: String,
    },
    /// Waste-free chains that remember where they started, and too few of them to tell from their
    /// genealogy what that costs.
    ShortChains {
        /// States of a chain.
        states: usize,
        /// The longest autocorrelation time, in states.
        #[serde(with = "number")]
        autocorrelation_time: f64,
        /// Chains.
        chains: usize,
    },
    /// The evidence changes with the reference: one of two runs missed modes, or moves are too few.
    Modes {
        /// Log evidence of the run.
        #[serde(with = "number")]
        log_evidence: f64,
        /// How many times wider the other run's reference is.
        #[serde(with = "number")]
        factor: f64,
        /// Log evidence from there.
        #[serde(with = "number")]
        wider: f64,
        /// The standard error of their difference, if both have one.
        #[serde(with = "number::option")]
        se: Option<f64>,
        /// Whether too few moves explain it.
        #[serde(default)]
        few_moves: bool,
    },
    /// Moves that are refused where a stage puts its weight.
    Undermoved {
        /// The stage, 1 for the first temperature above 0.
        stage: usize,
        /// Acceptance of the tenth of the particles with the highest log ratios.
        #[serde(with = "number")]
        highest: f64,
        /// Acceptance of all.
        #[serde(with = "number")]
        all: f64,
        /// How many times larger their errors of the energy are.
        #[serde(with = "number")]
        excess: f64,
    },
    /// A log evidence that is farther from the exact one than its standard error allows.
    Evidence {
        /// What came out.
        #[serde(with = "number")]
        log_evidence: f64,
        /// What it is.
        #[serde(with = "number")]
        exact: f64,
        /// The standard error of what came out.
        #[serde(with = "number")]
        se: f64,
    },
    /// A mean of a tempered population that rests on too few effective draws.
    MeanEss {
        /// (sd / standard error)^2.
        #[serde(with = "number")]
        value: f64,
        /// The coordinate it belongs to.
        coordinate: String,
    },
    /// An error that could not be measured: particles that are not finite at the end.
    NonFiniteError {
        /// The solver.
        solver: String,
        /// Its calls.
        nfe: usize,
        /// How many particles.
        count: usize,
        /// Out of how many.
        particles: usize,
    },
    /// No order could be fitted.
    NoOrder {
        /// The solver.
        solver: String,
        /// Why.
        reason: String,
    },
    /// A build without fused multiply-add instructions.
    SlowBuild,
}

/// What moved the particles of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MovedBy {
    /// A move that leaves its law invariant.
    #[default]
    Adjusted,
    /// Unadjusted dynamics, which record the flight of the first particle that blows up.
    Unadjusted,
    /// A solver of diffusion.
    Solver,
}

/// A moment of a coordinate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Moment {
    /// The mean.
    Mean,
    /// The standard deviation.
    Sd,
}

/// A mean over a law that integration by parts gives, g the gradient of its log density.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    /// sd E\[g\] = 0.
    Force,
    /// E\[(x - mean) g\] = -1.
    Virial,
}

/// R-hat above which chains are apart; between 1.01 and this, a few hundred draws of chains that have mixed may be
/// (40 of 100 runs of 4 chains of HMC with 200 draws each of a normal law).
const SEPARATE: f64 = 1.05;

impl Warning {
    /// The stable code, such as `W-RHAT`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NonFinite { .. }
            | Self::NonFiniteStarts { .. }
            | Self::NonFiniteParticles { .. }
            | Self::NonFiniteError { .. } => "W-NONFINITE",
            Self::Coalesced { .. } => "W-COALESCED",
            Self::Ladder { .. } => "W-LADDER",
            Self::Acceptance { .. } => "W-ACCEPT",
            Self::RHat { .. } | Self::NestedRHat { .. } => "W-RHAT",
            Self::Unstable { .. } => "W-STABILITY",
            Self::RunsAway { .. } => "W-RUNAWAY",
            Self::Bias { .. } | Self::Imbalance { .. } => "W-BIAS",
            Self::Ess { .. } | Self::MeanEss { .. } => "W-ESS",
            Self::Evidence { .. } => "W-EVIDENCE",
            Self::Undermoved { .. }
            | Self::Modes {
                few_moves: true, ..
            } => "W-UNDERMOVED",
            Self::Stuck { .. } => "W-STUCK",
            Self::Divergent { .. } => "W-DIVERGENT",
            Self::EBfmi { .. } => "W-EBFMI",
            Self::NoStandardError { .. } => "W-NO-SE",
            Self::ShortChains { .. } => "W-CHAINS",
            Self::Modes { .. } => "W-MODES",
            Self::NoOrder { .. } => "W-NO-ORDER",
            Self::SlowBuild => "W-SLOW-BUILD",
            Self::ForcedSteps { .. } => "W-TOLERANCE",
        }
    }

    /// Whether results should not be used as they are.
    pub fn forbids_use(&self) -> bool {
        match self {
            Self::NonFinite { count, evaluations } => *count as f64 > 0.01 * *evaluations as f64,
            Self::NonFiniteStarts { count, particles }
            | Self::NonFiniteParticles {
                count, particles, ..
            } => *count as f64 > 0.01 * *particles as f64,
            Self::Coalesced { .. }
            | Self::Ladder { .. }
            | Self::NestedRHat { .. }
            | Self::Unstable { .. }
            | Self::RunsAway { .. }
            | Self::Modes { .. }
            | Self::Evidence { .. } => true,
            Self::Undermoved { excess, .. } => *excess > 2.0,
            Self::Stuck {
                stuck,
                particles,
                pull,
                ..
            } => *stuck as f64 > 0.01 * *particles as f64 || *pull > 1.0,
            Self::Bias {
                value,
                exact,
                scale,
                ..
            } => (value - exact).abs() > 0.25 * scale,
            Self::Imbalance { value, wanted, .. } => (value - wanted).abs() > 0.25,
            Self::RHat { value, .. } => *value > SEPARATE,
            Self::Acceptance { rate, .. } => *rate < 0.01,
            Self::Divergent { count, draws } => *count as f64 > 0.01 * *draws as f64,
            Self::EBfmi { .. } => false,
            Self::ForcedSteps { count, steps } => *count as f64 > 0.01 * *steps as f64,
            Self::Ess { value, .. } | Self::MeanEss { value, .. } => *value < 100.0,
            Self::NonFiniteError { .. } | Self::NoOrder { .. } => false,
            Self::ShortChains { .. } | Self::NoStandardError { .. } | Self::SlowBuild => false,
        }
    }
}

/// The codes, each once, in order of first appearance.
pub fn codes(warnings: &[Warning]) -> Vec<&'static str> {
    let mut codes = Vec::new();
    for warning in warnings {
        if !codes.contains(&warning.code()) {
            codes.push(warning.code());
        }
    }
    codes
}

/// The one-line verdict: `usable: ...` or `do not use: ...`, with `facts` when nothing is wrong.
pub fn verdict(warnings: &[Warning], facts: &str) -> String {
    let fatal: Vec<_> = warnings.iter().filter(|w| w.forbids_use()).collect();
    if let Some(first) = fatal.first() {
        let more = match fatal.len() {
            1 => String::new(),
            n => format!("; {} more", n - 1),
        };
        return format!(
            "do not use: {} {first}; {}{more}",
            first.code(),
            first.advice()
        );
    }
    match codes(warnings).as_slice() {
        [] => format!("usable: {facts}"),
        codes => format!("usable with care ({}): {facts}", codes.join(", ")),
    }
}
