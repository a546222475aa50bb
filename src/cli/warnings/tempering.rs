//! What tempering gives cause to warn of beside its weights: an evidence that is known to be otherwise, moves that
//! are refused where the weights go, means that rest on few draws.

use super::extreme;
use crate::diagnostics::{normal_quantile, student_t_quantile};
use crate::record::{Warning, WiderReference, effective_sizes, student_scale};
use crate::smc::{SmcResult, Stiffness};
use driftlane_kernels::Lane;

/// Standard errors that an estimate may be off by, and the probability that a normal one is not above it.
const FAR: f64 = 4.0;
const NOT_FAR: f64 = 0.999_968_328_758;

/// Degrees of freedom of the standard errors of a run: those of the spread of several runs; else of a sum over the
/// ancestors that are left, or over the chains of a waste-free run.
fn degrees(result: &SmcResult, chains: usize) -> usize {
    let terms = match (result.log_evidences.len(), result.surviving_ancestors) {
        (0 | 1, Some(ancestors)) => ancestors,
        (0 | 1, None) => chains,
        (runs, _) => runs,
    };
    terms.saturating_sub(1).max(1)
}

/// How many standard errors with so many degrees of freedom are too many.
fn far(degrees: usize) -> f64 {
    student_t_quantile(NOT_FAR, degrees).max(FAR)
}

/// Whether log Z is known and the estimate farther off than chance takes it: four standard errors, or what is
/// as improbable under Student's t where they are uncertain themselves.
pub fn of_evidence(result: &SmcResult, exact: Option<f64>, chains: usize) -> Option<Warning> {
    let (exact, se) = exact.zip(result.log_evidence_se)?;
    let most = far(degrees(result, chains)) / student_scale(result.log_evidences.len());
    let off = (result.log_evidence - exact).abs();
    // An estimate that is not a number is far off too.
    (off.is_nan() || off > most * se).then_some(Warning::Evidence {
        log_evidence: result.log_evidence,
        exact,
        se,
    })
}

/// How many times larger errors of the energy may be in the tenth of the particles with the highest log ratios. Of 20
/// seeds at the defaults none is above it of normals, mixtures, phi^4 and eight schools non-centred, 3 of `seeds`, 8 of
/// `banana`; 18 of `brownian`, all of eight schools centred and of the funnel of variance 9.
const MOST_EXCESS: f64 = 1.7;

/// How many times larger errors of the energy are where log ratios are highest:
///
/// ```text
/// a = 2 Phi(-d / 2),   excess = d' / d
/// ```
///
/// d is the standard deviation of normal errors that are accepted at rate a (Gupta, Irback, Karsch, Petersson 1990,
/// doi 10.1016/0370-2693(90)91790-I), so that the rate a move is tuned to does not matter. The acceptance of the highest is
/// raised by its standard error, as the worst of many stages is looked at.
fn excess(stage: &Stiffness) -> Option<f64> {
    let (highest, all) = stage.acceptances()?;
    // A rate of 1 has no errors, and one of 0 no end of them.
    let errors = |rate: f64| -normal_quantile(0.5 * rate.clamp(1e-3, 0.999));
    Some(errors(highest + stage.standard_error()) / errors(all))
}

/// The stage where moves are refused most in the places that weights go to, if that is more than sound runs show.
pub fn of_moves(result: &SmcResult) -> Option<Warning> {
    let each = |stage: &Stiffness| excess(stage).unwrap_or(0.0);
    let excess: Vec<f64> = result.stiffness.iter().map(each).collect();
    let (k, &excess) = extreme(&excess, |a, b| a > b)?;
    let (highest, all) = result.stiffness[k].acceptances()?;
    (excess > MOST_EXCESS).then_some(Warning::Undermoved {
        stage: k + 1,
        highest,
        all,
        excess,
    })
}

/// Effective draws below which means are coarse, as of chains.
const FEW_DRAWS: f64 = 400.0;

/// The coordinate whose mean rests on the fewest effective draws, (sd / se)^2, if they are too few beyond what the
/// uncertainty of the standard errors explains: one in a hundred that are all sound (chi squared by Wilson, Hilferty 1931,
/// doi 10.1073/pnas.17.12.684).
pub fn of_means(result: &SmcResult, names: &[String], chains: usize) -> Option<Warning> {
    let ess = effective_sizes(
        &result.sd,
        result.mean_se.as_ref()?,
        result.log_evidences.len(),
    );
    let (j, &value) = extreme(&ess, |a, b| a < b)?;
    let spread = 2.0 / (9.0 * degrees(result, chains) as f64);
    let upper = normal_quantile(1.0 - 0.01 / ess.len() as f64);
    let chance = Lane::powi(upper.mul_add(spread.sqrt(), 1.0 - spread), 3);
    let particles = result.samples.len() / result.sd.len();
    (value * chance < FEW_DRAWS).then(|| Warning::MeanEss {
        value: value.min(particles as f64),
        coordinate: names[j].clone(),
    })
}

/// What [`of_modes`](super::of_modes) found, where too few moves explain it: log Z falls as the reference widens, from
/// where a population has farther to go, or moves are `doubted` already. Modes that were missed would let it rise.
pub fn explained_by_moves(
    mut warning: Warning,
    wider: &[WiderReference],
    doubted: bool,
) -> Warning {
    if let Warning::Modes {
        log_evidence,
        few_moves,
        ..
    } = &mut warning
    {
        let all =
            std::iter::once(*log_evidence).chain(wider.iter().map(|wider| wider.log_evidence));
        *few_moves = doubted || all.is_sorted_by(|before, after| after < before);
    }
    warning
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes(log_evidence: f64, there: &[f64], doubted: bool) -> &'static str {
        let wider: Vec<WiderReference> = there
            .iter()
            .zip(super::super::FACTORS)
            .map(|(log_evidence, factor)| WiderReference {
                factor,
                log_evidence: *log_evidence,
                log_evidence_se: Some(0.1),
            })
            .collect();
        let warning = Warning::Modes {
            log_evidence,
            factor: 2.0,
            wider: there[0],
            se: Some(0.2),
            few_moves: false,
        };
        explained_by_moves(warning, &wider, doubted).code()
    }

    #[test]
    fn a_fall_is_of_moves_and_a_rise_of_modes() {
        assert_eq!(modes(-1.0, &[-2.0, -3.0, -4.0], false), "W-UNDERMOVED");
        assert_eq!(modes(-2.5, &[-1.0, 0.0, 0.0], false), "W-MODES");
        assert_eq!(modes(-1.0, &[-2.0, -3.0, -2.9], false), "W-MODES");
        assert_eq!(modes(-2.5, &[-1.0, 0.0, 0.0], true), "W-UNDERMOVED");
    }

    #[test]
    fn standard_errors_of_few_degrees_of_freedom_forbid_later() {
        assert!((far(100_000) - 4.0).abs() < 1e-3);
        assert!(far(30) > 4.5 && far(30) < 4.8, "{}", far(30));
        assert!(far(1) > 1e4, "{}", far(1));
    }
}
