//! What warnings say: sentences with the figures, and advice.

use super::super::table::figure;
use super::{Identity, Moment, MovedBy, SEPARATE, Warning};
use std::fmt;

impl Warning {
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
            Self::NonFiniteParticles { by, .. } => match by {
                MovedBy::Adjusted => "lower --step-size, or start elsewhere with --init",
                MovedBy::Unadjusted => {
                    "lower --step-size, or start elsewhere with --init; of a run with a folder, flight.json holds the last \
                     states of the first of them: driftlane replay DIR"
                }
                MovedBy::Solver => "raise --steps, or choose another grid or solver",
            },
            Self::Unstable { .. } => "lower --step-size, or use an adjusted sampler (hmc, mala)",
            Self::RunsAway { .. } => {
                "lower --step-size, start elsewhere with --init, or use an adjusted sampler (hmc, mala)"
            }
            Self::Bias { by, .. } | Self::Imbalance { by, .. } => match by {
                MovedBy::Unadjusted => {
                    "halve --step-size until it no longer matters, raise --warmup, or use an adjusted sampler (hmc, mala)"
                }
                MovedBy::Adjusted => {
                    "raise --warmup and --draws (or --steps), or see whether modes are separated (smc)"
                }
                MovedBy::Solver => "raise --steps, or choose another grid or solver",
            },
            Self::Coalesced { .. } => "raise --particles or --moves-per-stage, or give --lag",
            Self::Ladder { .. } => "raise --target-ess, or add temperatures to --ladder",
            Self::Acceptance { rate, low, .. } if rate < low => "lower --step-size",
            Self::Acceptance { .. } => "raise --step-size",
            Self::RHat { value, .. } if *value <= SEPARATE => "raise --draws",
            Self::RHat { .. } | Self::NestedRHat { .. } => {
                "raise --warmup and --draws; see whether modes are separated (smc)"
            }
            Self::Ess { .. } => "raise --draws",
            Self::MeanEss { .. } => {
                "raise --particles, or move more: --moves-per-stage, --waste-free"
            }
            Self::Evidence { .. } => {
                "raise --moves-per-stage, and give --step-size-spread 10; then raise --particles"
            }
            Self::Undermoved { .. }
            | Self::Modes {
                few_moves: true, ..
            } => "give --step-size-spread 10, and raise --moves-per-stage (20, then 100)",
            Self::Stuck { .. } => {
                "raise --warmup and --target-accept (or lower --step-size), or start elsewhere with --init"
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
            Self::NoOrder { reason, .. } if reason.contains("few particles") => {
                "go by the median distance, or compare on a target whose modes are closer"
            }
            Self::NoOrder { .. } => "lower --nfe",
            Self::SlowBuild => "build with -C target-cpu=native on the machine that runs it",
        }
    }
}

/// A value with the digits that show it above its limit: three decimals, more where those would be the limit's.
fn above(value: f64, limit: f64) -> String {
    let shown = |decimals: usize| format!("{value:.decimals$}");
    let tells = |text: &String| text.parse::<f64>().is_ok_and(|shown| shown > limit);
    let texts = (3..17).map(shown);
    texts.clone().find(tells).unwrap_or_else(|| shown(3))
}

/// A number with one digit after the point below 10, and none above.
fn to_a_digit(value: f64) -> String {
    match value < 9.95 {
        true => format!("{value:.1}"),
        false => format!("{value:.0}"),
    }
}

/// A limit with up to three decimals.
fn to_thousandths(limit: f64) -> String {
    let text = format!("{limit:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
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
            Self::NonFiniteParticles {
                count, particles, ..
            } => write!(
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
                    "R-hat of {coordinate} is {}, above 1.01: chains {}",
                    above(*value, 1.01),
                    match *value > SEPARATE {
                        true => "have not mixed",
                        false => "are too short to tell whether they have mixed",
                    }
                )
            }
            Self::NestedRHat {
                value,
                limit,
                coordinate,
            } => write!(
                f,
                "nested R-hat of {coordinate} is {}, above {}: chains have not mixed",
                above(*value, *limit),
                to_thousandths(*limit)
            ),
            Self::Unstable {
                scheme,
                step_size,
                limit,
            } => write!(
                f,
                "step size {step_size} is not below {}, where {scheme} is stable on this target: particles run away",
                figure(*limit)
            ),
            Self::RunsAway {
                coordinate,
                distance,
                ..
            } if distance.is_infinite() => {
                write!(f, "the sd of {coordinate} overflowed: particles run away")
            }
            Self::RunsAway {
                coordinate,
                distance,
                exact: true,
            } => write!(
                f,
                "a particle ends {} exact sds from the exact mean of {coordinate}: the population runs away",
                figure(*distance)
            ),
            Self::RunsAway {
                coordinate,
                distance,
                exact: false,
            } => write!(
                f,
                "half the particles end more than {} scales of the target's reference from its location in {coordinate}: \
                 the population runs away",
                figure(*distance)
            ),
            Self::Bias {
                coordinate,
                of,
                value,
                exact,
                scale,
                se,
                ..
            } => {
                let (name, unit) = match of {
                    Moment::Mean => ("mean", "of an sd"),
                    Moment::Sd => ("sd", "of it"),
                };
                write!(
                    f,
                    "the {name} of {coordinate} is {}, exactly it is {}: off by {:.0}% {unit}, {:.0} standard errors",
                    figure(*value),
                    figure(*exact),
                    100.0 * (value - exact) / scale,
                    (value - exact).abs() / se
                )
            }
            Self::Imbalance {
                coordinate,
                identity,
                value,
                wanted,
                se,
                ..
            } => {
                let (product, not) = match identity {
                    Identity::Force => ("sd times the slope of the log density", "at rest"),
                    Identity::Virial => (
                        "distance from the mean times the slope of the log density",
                        "spread as the target is",
                    ),
                };
                write!(
                    f,
                    "{product} is {} +- {} in the mean over {coordinate}, and {wanted:.0} in the target: the population is not {not}",
                    figure(*value),
                    figure(*se)
                )
            }
            Self::Ess { value, coordinate } => {
                write!(
                    f,
                    "bulk ESS of {coordinate} is {value:.0}, below 400: estimates are coarse"
                )
            }
            Self::MeanEss { value, coordinate } => write!(
                f,
                "the mean of {coordinate} is worth {value:.0} independent draws, below 400: means are coarse"
            ),
            Self::Evidence {
                log_evidence,
                exact,
                se,
            } => write!(
                f,
                "log evidence {log_evidence:.3} is {:.1} standard errors from the exact {exact:.3}",
                (log_evidence - exact).abs() / se
            ),
            Self::Undermoved {
                stage,
                highest,
                all,
                ..
            } => write!(
                f,
                "at stage {stage} the tenth of the particles with the highest weights accepts {highest:.2} of its moves, \
                 all {all:.2}: moves hardly reach stiff places, and the log evidence may be far too low"
            ),
            Self::Stuck {
                stuck,
                particles,
                moves,
                pull,
            } => {
                write!(
                    f,
                    "{stuck} of {particles} particles accepted none of {moves} moves after warm-up: they stay where they were"
                )?;
                if pull.is_finite() {
                    write!(
                        f,
                        ", and pull a mean by {} standard errors",
                        to_a_digit(*pull)
                    )?;
                }
                Ok(())
            }
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
                few_moves,
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
                write!(
                    f,
                    ": {}",
                    match few_moves {
                        true => "moves are too few",
                        false => "modes are missed",
                    }
                )
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
