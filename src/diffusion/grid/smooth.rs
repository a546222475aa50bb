//! Grids of a formula: uniform in some function of time or of the noise level.
//!
//! With r = (s_min / s_max)^(1/rho), `karras` is s_max ((1 - x) + x r)^rho: nothing overflows for any rho.
//! `kl-optimal` is what minimises the divergence for Gaussian data of unit variance, Sabour, Fidler, Kreis 2024,
//! arXiv:2404.14507.

use super::super::angle::{atan_turns, tan_turns};
use super::{Grid, Points};
use crate::diffusion::Schedule;
use driftlane_kernels::Lane;

/// The `steps + 1` points of a grid; those at the ends are about the schedule's.
pub(super) fn points(grid: Grid, schedule: &Schedule, steps: usize, rho: f64) -> Points {
    let (least, most) = schedule.times();
    let (high, low) = (
        schedule.at(most).noise_level(),
        schedule.at(least).noise_level(),
    );
    let (angle_high, angle_low) = (atan_turns(high), atan_turns(low));
    // Noise alone has no logarithm of its noise level: start where a millionth of it is data.
    let high = if high.is_finite() { high } else { 1e6 };
    let (log_high, log_low) = (Lane::ln(high), Lane::ln(low));
    let ratio = root(low / high, rho);
    let (root_most, root_least) = (root(most, rho), root(least, rho));
    let each = |rule: &dyn Fn(f64) -> f64| {
        let shares = (0..=steps).map(|i| i as f64 / steps as f64);
        shares.map(rule).collect::<Vec<f64>>()
    };
    let from = |a: f64, b: f64, share: f64| share.mul_add(b - a, a);
    match grid {
        Grid::Quadratic => Points::Times(each(&|x| power(from(root_most, root_least, x), rho))),
        Grid::LogSnr => Points::Levels(each(&|x| Lane::exp(from(log_high, log_low, x)))),
        Grid::Karras => Points::Levels(each(&|x| high * power((1.0 - x) + x * ratio, rho))),
        Grid::Polyexponential => Points::Levels(each(&|x| {
            Lane::exp(power(1.0 - x, rho).mul_add(log_high - log_low, log_low))
        })),
        Grid::KlOptimal => Points::Levels(each(&|x| tan_turns(from(angle_high, angle_low, x)))),
        _ => Points::Times(each(&|x| from(most, least, x))),
    }
}

/// x^rho, x >= 0.
fn power(x: f64, rho: f64) -> f64 {
    if x == 0.0 {
        0.0
    } else if rho.fract() == 0.0 {
        Lane::powi(x, rho as u32)
    } else {
        Lane::exp(rho * Lane::ln(x))
    }
}

/// x^(1/rho), x >= 0.
fn root(x: f64, rho: f64) -> f64 {
    if x == 0.0 {
        0.0
    } else if rho == 2.0 {
        x.sqrt()
    } else {
        Lane::exp(Lane::ln(x) / rho)
    }
}
