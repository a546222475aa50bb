//! Time grids: where on a schedule a solver stops.
//!
//! ```text
//! time         t_i = t_max + i/n (t_min - t_max)
//! quadratic    sqrt t_i uniform
//! logsnr       lambda_i = ln(alpha/sigma) uniform
//! karras       s_i^(1/7) uniform, s = sigma/alpha
//! polyexponential   ln s_i = ln s_min + (1 - i/n)^rho (ln s_max - ln s_min), rho = 7
//! ```
//!
//! for i = 0 .. n, from noise to data. Ends are exactly the schedule's. Sources: Lu et al. 2022,
//! arXiv:2206.00927; Karras et al. 2022, arXiv:2206.00364; Crowson's k-diffusion.

use super::{Node, Schedule};
use crate::error::{Error, Result};
use driftlane_kernels::Lane;

/// How nodes are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grid {
    /// Uniform in time.
    Time,
    /// Uniform in the root of time.
    Quadratic,
    /// Uniform in lambda.
    LogSnr,
    /// Uniform in the seventh root of the noise level.
    Karras,
    /// Powers of the logarithm of the noise level.
    Polyexponential,
}

const RHO: u32 = 7;

impl Grid {
    /// The names.
    pub const NAMES: &'static [&'static str] =
        &["time", "quadratic", "logsnr", "karras", "polyexponential"];

    /// The name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The grid of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [
            Self::Time,
            Self::Quadratic,
            Self::LogSnr,
            Self::Karras,
            Self::Polyexponential,
        ];
        all.into_iter().find(|grid| grid.name() == name)
    }

    /// The `steps + 1` nodes of `steps` >= 1 steps from the most noise of `schedule` to the least.
    pub fn nodes(self, schedule: &Schedule, steps: usize) -> Result<Vec<Node>> {
        if !(1..=1_000_000).contains(&steps) {
            return Err(Error::invalid("steps", steps, "1 to 1000000"));
        }
        let (least, most) = schedule.times();
        let ends = (schedule.at(most), schedule.at(least));
        let (high, low) = (ends.0.noise_level(), ends.1.noise_level());
        // Noise alone has no logarithm of its noise level: start where a millionth of it is data.
        let high = if high.is_finite() { high } else { 1e6 };
        let between = |i: usize| {
            let share = i as f64 / steps as f64;
            let from = |a: f64, b: f64| share.mul_add(b - a, a);
            let root = |s: f64| Lane::exp(Lane::ln(s) / f64::from(RHO));
            match self {
                Self::Time => schedule.at(from(most, least)),
                Self::Quadratic => {
                    let root = from(most.sqrt(), least.sqrt());
                    schedule.at(root * root)
                }
                Self::LogSnr => of_level(schedule, Lane::exp(from(Lane::ln(high), Lane::ln(low)))),
                Self::Karras => of_level(schedule, Lane::powi(from(root(high), root(low)), RHO)),
                Self::Polyexponential => {
                    let (a, b) = (Lane::ln(high), Lane::ln(low));
                    of_level(
                        schedule,
                        Lane::exp(Lane::powi(1.0 - share, RHO).mul_add(a - b, b)),
                    )
                }
            }
        };
        Ok((0..=steps)
            .map(|i| match i {
                0 => ends.0,
                i if i == steps => ends.1,
                i => between(i),
            })
            .collect())
    }
}

/// The node of a noise level, through its time.
pub fn of_level(schedule: &Schedule, noise_level: f64) -> Node {
    schedule.at(schedule.time_of(noise_level))
}
