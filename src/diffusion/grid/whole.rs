//! Spacings over the T = 1000 whole times of a discrete schedule, as diffusers names them.
//!
//! ```text
//! linspace        round((T - 1) (n - i) / n)          i = 0 .. n - 1, the last but 0
//! leading         (n - i) floor(T / (n + 1))
//! trailing        round(T - i T / n) - 1
//! linspace-ddim   round((T - 1) (n - 1 - i) / (n - 1)), down to 0
//! leading-ddim    (n - 1 - i) floor(T / n), down to 0
//! ```
//!
//! rounded to even at a half. The first three are what the solvers DPM, UniPC, DEIS and SA do; DDIM has the last
//! two, and Euler's family has `linspace-ddim` without the rounding. Offsets are 0. Lin, Liu, Li, Yang 2024,
//! arXiv:2305.08891.

use super::{Grid, Points};
use crate::diffusion::Schedule;
use crate::error::{Error, Result};

/// The `steps` points of a spacing.
pub(super) fn times(grid: Grid, schedule: &Schedule, steps: usize) -> Result<Points> {
    if !schedule.is_discrete() {
        let allowed = "one of time or noise level: this one is for whole times, those of vp-discrete and \
                       vp-scaled-linear";
        return Err(Error::invalid("grid", grid.name(), allowed));
    }
    let last = schedule.times().1 as usize;
    if steps > last {
        let allowed = format!("1 to {last} of {}", grid.name());
        return Err(Error::invalid("steps", steps, allowed));
    }
    let (count, n) = (last + 1, steps);
    // As NumPy's `arange` has it: its rounding decides where a time is at a half.
    let back = (count as f64 - count as f64 / n as f64) - count as f64;
    let time = |i: usize| match grid {
        Grid::Linspace => even(last, n - i, n),
        Grid::LinspaceDdim => even(last, n - 1 - i, (n - 1).max(1)),
        Grid::Leading => ((n - i) * (count / (n + 1))) as f64,
        Grid::LeadingDdim => ((n - 1 - i) * (count / n)) as f64,
        _ => (count as f64 + i as f64 * back).round_ties_even() - 1.0,
    };
    Ok(Points::Times((0..n).map(time).collect()))
}

/// `index` of `parts` even parts of `whole`, rounded.
fn even(whole: usize, index: usize, parts: usize) -> f64 {
    (index as f64 * (whole as f64 / parts as f64)).round_ties_even()
}
