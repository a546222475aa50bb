//! Choosing temperatures: fixed ladders, and bisection on CESS.
//!
//! The next tempering parameter b' solves CESS(b') = target_ess on (b, 1], where CESS is the
//! conditional effective sample size as a fraction (equal to ESS / N when weights are uniform). CESS
//! falls monotonically in b' whatever the weights (Zhou, Johansen, Aston 2016,
//! doi 10.1080/10618600.2015.1060885), so bisection cannot miss; it is solved on the logarithm of the
//! step, where a first step of 1e-9 is as easy as one of 0.1.

use crate::error::{Error, Result};
use driftlane_kernels::Lane;

/// The smallest step of the tempering parameter: progress is certain whatever the density.
const SMALLEST_STEP: f64 = 1e-12;

/// More temperatures than any run needs: a ladder that is longer does not end.
pub(super) const MOST_TEMPERATURES: usize = 10_000;

/// How tempering parameters are chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum Ladder {
    /// By bisection, so that CESS stays at this fraction.
    Adaptive {
        /// In (0, 1).
        target_ess: f64,
    },
    /// Given: increasing from 0 to 1.
    Fixed(Vec<f64>),
}

impl Ladder {
    /// An adaptive ladder; `target_ess` in (0, 1).
    pub fn adaptive(target_ess: f64) -> Result<Self> {
        if target_ess > 0.0 && target_ess < 1.0 {
            Ok(Self::Adaptive { target_ess })
        } else {
            Err(Error::invalid(
                "target_ess",
                target_ess,
                "a number above 0 and below 1",
            ))
        }
    }

    /// A given ladder, strictly increasing from 0 to 1.
    pub fn fixed(ladder: Vec<f64>) -> Result<Self> {
        let shown = || {
            ladder
                .iter()
                .map(f64::to_string)
                .collect::<Vec<_>>()
                .join(",")
        };
        let increasing = ladder.windows(2).all(|w| w[0] < w[1]);
        if ladder.len() < 2 || ladder[0] != 0.0 || ladder[ladder.len() - 1] != 1.0 || !increasing {
            return Err(Error::invalid(
                "ladder",
                shown(),
                "tempering parameters increasing strictly from 0 to 1",
            ));
        }
        Ok(Self::Fixed(ladder))
    }

    /// The parameter after `current`, the `time`-th; `cess_fraction(step)` tells the CESS of a step.
    pub fn next(&self, time: usize, current: f64, cess_fraction: impl FnMut(f64) -> f64) -> f64 {
        match self {
            Self::Fixed(ladder) => ladder[time + 1],
            Self::Adaptive { target_ess } => bisect(current, *target_ess, cess_fraction),
        }
    }
}

fn bisect(current: f64, target: f64, mut cess_fraction: impl FnMut(f64) -> f64) -> f64 {
    let whole = 1.0 - current;
    if cess_fraction(whole) >= target {
        return 1.0;
    }
    let (mut low, mut high) = (Lane::ln(SMALLEST_STEP), Lane::ln(whole));
    // 2^-26 of the logarithm's range of 28: the step is within 1e-6 of the solution.
    for _ in 0..26 {
        let middle = 0.5 * (low + high);
        if cess_fraction(Lane::exp(middle)) >= target {
            low = middle;
        } else {
            high = middle;
        }
    }
    (current + Lane::exp(low)).min(1.0)
}
