//! What a run may warn of: a stable code, a sentence with the figures, and what to do next.

use super::number;
use serde::{Deserialize, Serialize};
use std::fmt;

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
    /// Too few effective draws.
    Ess {
        /// The smallest bulk effective sample size.
        #[serde(with = "number")]
        value: f64,
        /// The coordinate it belongs to.
        coordinate: String,
    },
    /// Particles that accepted no move after warm-up: more than chance leaves.
    Stuck {
        /// How many.
        stuck: usize,
        /// Particles.
        particles: usize,
        /// Moves of each.
        moves: usize,
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
    /// The evidence changes with the reference: one of two runs missed modes.
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
            Self::RHat { .. } => "W-RHAT",
            Self::Ess { .. } => "W-ESS",
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

    /// What to do next, as an imperative.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NonFinite { .. } => {
                "check the density where it is NaN or infinite, or lower --step-size"
            }
            Self::NonFiniteStarts { .. } => {
                "check the density where it is NaN or infinite, or start elsewhere with --init"
            }
            Self::ForcedSteps { .. } => {
                "raise --rtol and --atol, or choose a solver of given steps"
            }
            Self::NonFiniteParticles { .. } => "lower --step-size, or start elsewhere with --init",
            Self::Coalesced { .. } => "raise --particles or --moves-per-stage, or give --lag",
            Self::Ladder { .. } => "raise --target-ess, or add temperatures to --ladder",
            Self::Acceptance { rate, low, .. } if rate < low => "lower --step-size",
            Self::Acceptance { .. } => "raise --step-size",
            Self::RHat { .. } => {
                "raise --warmup and --draws; see whether modes are separated (smc)"
            }
            Self::Ess { .. } => "raise --draws",
            Self::Stuck { .. } => {
                "lower --step-size, raise --warmup, or start elsewhere with --init"
            }
            Self::Divergent { .. } => {
                "raise --target-accept, give --step-size-spread 10, or reparametrise"
            }
            Self::EBfmi { .. } => "raise --warmup, or reparametrise where tails are heavy",
            Self::NoStandardError { reason } if reason.contains("resampling") => {
                "use --islands 16, or --resampler multinomial"
            }
            Self::NoStandardError { .. } => "raise --particles, or use --replicates 16",
            Self::ShortChains { .. } => {
                "raise --waste-free together with --particles, or leave it out"
            }
            Self::Modes { .. } => {
                "give a wider --reference, or raise --particles, until they agree"
            }
            Self::NonFiniteError { .. } => "raise --nfe, or choose another grid or solver",
            Self::NoOrder { reason, .. } if reason.contains("standard errors") => {
                "raise --particles, or lower --nfe"
            }
            Self::NoOrder { .. } => "lower --nfe",
            Self::SlowBuild => "build with -C target-cpu=native on the machine that runs it",
        }
    }

    /// Whether results should not be used as they are.
    pub fn forbids_use(&self) -> bool {
        match self {
            Self::NonFinite { count, evaluations } => *count as f64 > 0.01 * *evaluations as f64,
            Self::NonFiniteStarts { count, particles }
            | Self::NonFiniteParticles { count, particles } => {
                *count as f64 > 0.01 * *particles as f64
            }
            Self::Coalesced { .. }
            | Self::Ladder { .. }
            | Self::RHat { .. }
            | Self::Modes { .. }
            | Self::Stuck { .. } => true,
            Self::Acceptance { rate, .. } => *rate < 0.01,
            Self::Divergent { count, draws } => *count as f64 > 0.01 * *draws as f64,
            Self::EBfmi { .. } => false,
            Self::ForcedSteps { count, steps } => *count as f64 > 0.01 * *steps as f64,
            Self::Ess { value, .. } => *value < 100.0,
            Self::NonFiniteError { .. } | Self::NoOrder { .. } => false,
            Self::ShortChains { .. } | Self::NoStandardError { .. } | Self::SlowBuild => false,
        }
    }
}

/// The sentence: what, how many, and the consequence; no code and no advice.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NonFinite { count, evaluations } => {
                let share = 100.0 * *count as f64 / (*evaluations).max(1) as f64;
                write!(
                    f,
                    "{count} of {evaluations} evaluations ({share:.2}%) were NaN or +inf"
                )
            }
            Self::NonFiniteStarts { count, particles } => write!(
                f,
                "{count} of {particles} particles start where the log density is NaN or +inf"
            ),
            Self::ForcedSteps { count, steps } => write!(
                f,
                "{count} of {steps} steps were the shortest allowed and taken whatever their error: tolerances are not met"
            ),
            Self::NonFiniteParticles { count, particles } => write!(
                f,
                "{count} of {particles} particles are not finite at the end: they are left out of mean and sd"
            ),
            Self::Coalesced {
                ancestors,
                particles,
            } => {
                write!(
                    f,
                    "{particles} particles descend from {ancestors} ancestors: errors are underestimated"
                )
            }
            Self::Ladder {
                stage,
                ess,
                particles,
            } => write!(
                f,
                "stage {stage} kept an effective sample size of {ess:.1} of {particles}: the evidence is unreliable"
            ),
            Self::Acceptance { rate, low, high } => {
                write!(
                    f,
                    "acceptance {rate:.3} is outside {low} to {high}: moves are inefficient"
                )
            }
            Self::RHat { value, coordinate } => {
                write!(
                    f,
                    "R-hat of {coordinate} is {value:.3}, above 1.01: chains have not mixed"
                )
            }
            Self::Ess { value, coordinate } => {
                write!(
                    f,
                    "bulk ESS of {coordinate} is {value:.0}, below 400: estimates are coarse"
                )
            }
            Self::Stuck {
                stuck,
                particles,
                moves,
            } => write!(
                f,
                "{stuck} of {particles} particles accepted none of {moves} moves after warm-up: they stay where they were"
            ),
            Self::Divergent { count, draws } => {
                let share = 100.0 * *count as f64 / (*draws).max(1) as f64;
                write!(
                    f,
                    "{count} of {draws} kept draws ({share:.2}%) follow a trajectory that diverged: places may be missed"
                )
            }
            Self::EBfmi { value } => write!(
                f,
                "E-BFMI is {value:.2}, below 0.3: momenta renew energies slowly, and tails may be missed"
            ),
            Self::NoStandardError { reason } => {
                write!(f, "no standard error of the log evidence: {reason}")
            }
            Self::ShortChains {
                states,
                autocorrelation_time,
                chains,
            } => write!(
                f,
                "{chains} chains of {states} states, {autocorrelation_time:.0} of them one autocorrelation time: \
                 the standard error of the log evidence may be too small"
            ),
            Self::Modes {
                log_evidence,
                factor,
                wider,
                se,
            } => {
                write!(
                    f,
                    "log evidence {log_evidence:.3}, but {wider:.3} from a reference {factor} times as wide"
                )?;
                match se {
                    Some(se) => write!(
                        f,
                        ", {:.1} standard errors apart",
                        (wider - log_evidence).abs() / se
                    )?,
                    None => write!(f, ", more than ln 2 apart and without standard errors")?,
                }
                write!(f, ": modes are missed")
            }
            Self::NonFiniteError {
                solver,
                nfe,
                count,
                particles,
            } => write!(
                f,
                "{count} of {particles} particles of {solver} are not finite after {nfe} calls: it has no error there"
            ),
            Self::NoOrder { solver, reason } => write!(f, "no order of {solver}: {reason}"),
            Self::SlowBuild => {
                write!(
                    f,
                    "built without fused multiply-add: results are the same, several times slower"
                )
            }
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
