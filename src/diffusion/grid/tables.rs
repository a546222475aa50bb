//! Grids of tabulated noise levels.
//!
//! `iddpm`: with M = 1000, C_1 = 1e-3, C_2 = 8e-3 and a_j = sin^2(pi/2 j / (M (C_2 + 1))),
//!
//! ```text
//! u_M = 0,    u_(j-1) = sqrt((u_j^2 + 1) / max(a_(j-1) / a_j, C_1) - 1)
//! u_j^2 = a_M / a_j - 1 = sin(A_M + A_j) sin(A_M - A_j) / sin^2 A_j,    j >= 1
//! ```
//!
//! since the maximum decides at j = 1 only. Of the L levels within the schedule's, n steps take those of index
//! round(i (L - 1) / n). Karras et al. 2022, arXiv:2206.00364; Nichol, Dhariwal 2021, arXiv:2102.09672.
//!
//! `ays`: tables of ten steps by Sabour, Fidler, Kreis 2024, arXiv:2404.14507, with the digits ComfyUI has:
//! the levels of the paper's whole times on `vp-scaled-linear`, which differ from the paper's own levels in the
//! third digit. For other numbers of steps ln s is linear in the index.

use super::{Grid, Points};
use crate::diffusion::Schedule;
use crate::error::{Error, Result};
use driftlane_kernels::Lane;

const SD15: [f64; 11] = [
    14.6146412293,
    6.4745760956,
    3.8636745985,
    2.6946151520,
    1.8841921177,
    1.3943805092,
    0.9642583904,
    0.6523686016,
    0.3977456272,
    0.1515232662,
    0.0291671582,
];
const SDXL: [f64; 11] = [
    14.6146412293,
    6.3184485287,
    3.7681790315,
    2.1811480769,
    1.3405244945,
    0.8620721141,
    0.5550693289,
    0.3798540708,
    0.2332364134,
    0.1114188177,
    0.0291671582,
];
const SVD: [f64; 11] = [
    700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002,
];
/// Relative, of the nine digits some entries have.
const ROUNDING: f64 = 1e-8;

const M: usize = 1000;
const LEAST_RATIO: f64 = 1e-3;
const OFFSET: f64 = 8e-3;

/// The noise levels of the schedule's ends, most first.
fn levels_of(schedule: &Schedule) -> (f64, f64) {
    let (least, most) = schedule.times();
    (
        schedule.at(most).noise_level(),
        schedule.at(least).noise_level(),
    )
}

/// The `steps + 1` points of a table of Align Your Steps.
pub(super) fn ays(grid: Grid, schedule: &Schedule, steps: usize) -> Result<Points> {
    let table = match grid {
        Grid::AysSd15 => SD15,
        Grid::AysSdxl => SDXL,
        _ => SVD,
    };
    let (high, low) = levels_of(schedule);
    let (first, last) = (table[0], table[10]);
    if first > high * (1.0 + ROUNDING) || last < low * (1.0 - ROUNDING) {
        let allowed = format!(
            "one within the noise levels of {}, {low:.4e} to {high:.4e}: this one has {last:.4e} to {first:.4e}",
            schedule.name()
        );
        return Err(Error::invalid("grid", grid.name(), allowed));
    }
    let level = |i: usize| {
        let (below, rest) = (10 * i / steps, 10 * i % steps);
        if rest == 0 {
            return table[below];
        }
        let (a, b) = (Lane::ln(table[below]), Lane::ln(table[below + 1]));
        Lane::exp((rest as f64 / steps as f64).mul_add(b - a, a))
    };
    // What is the schedule's end but for the digits of the table is its end.
    let snap = |s: f64| match s {
        s if (s / high - 1.0).abs() <= ROUNDING => high,
        s if (s / low - 1.0).abs() <= ROUNDING => low,
        s => s,
    };
    Ok(Points::Levels(
        (0..=steps).map(|i| snap(level(i))).collect(),
    ))
}

/// Up to `steps + 1` levels of improved DDPM.
pub(super) fn iddpm(schedule: &Schedule, steps: usize) -> Result<Points> {
    let (high, low) = levels_of(schedule);
    let angle = |j: usize| 0.25 * j as f64 / (M as f64 * (OFFSET + 1.0));
    let sin = |turns: f64| turns.sin_cos_turns().0;
    let square = |j: usize| {
        let (end, here) = (angle(M), angle(j));
        sin(end + here) * sin(end - here) / (sin(here) * sin(here))
    };
    let noisiest = (square(1) + 1.0) / LEAST_RATIO - 1.0;
    let squares = std::iter::once(noisiest).chain((1..M).map(square));
    let levels: Vec<f64> = squares
        .map(f64::sqrt)
        .filter(|level| (low..=high).contains(level))
        .collect();
    if levels.len() < 2 {
        let allowed = "one with noise levels within the schedule's";
        return Err(Error::invalid("grid", Grid::Iddpm.name(), allowed));
    }
    let each = (levels.len() - 1) as f64 / steps as f64;
    let entry = |i: usize| levels[(each * i as f64).round_ties_even() as usize];
    Ok(Points::Levels((0..=steps).map(entry).collect()))
}
