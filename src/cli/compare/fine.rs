//! Fine solutions: what errors are measured against, and how far they are off themselves.

use crate::cli::settings::Precision;
use crate::diffusion::solver::{Options, Setup, StartUp, find};
use crate::diffusion::{Node, Program, Schedule};
use crate::error::{Error, Result};
use driftlane_kernels::Lane;
use serde::{Deserialize, Serialize};

/// What fine solutions of the flow are made by.
pub const FINE_SOLVER: &str = "unipc-3-bh2";
/// Errors this many times a fine solution's own are errors of the solver.
const ABOVE_FINE: f64 = 10.0;

/// Where a program starts and ends: its first node, its last with noise, and whether clean data follow.
pub(super) type Ends = (Node, Node, bool);

pub(super) fn ends(program: &Program) -> Option<Ends> {
    let (first, last) = (program.steps.first()?, program.steps.last()?);
    let clean = last.to.is_clean();
    Some((first.from, if clean { last.from } else { last.to }, clean))
}

/// A solution so fine that errors of others are theirs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fine {
    pub(super) ends: Vec<f64>,
    pub(super) error: f64,
    /// Errors below are not the solver's: ten times this one's, and rounding.
    pub(super) floor: f64,
    pub(super) calls: usize,
}

impl Fine {
    /// From solutions of so many calls, of half and of a quarter as many.
    pub(super) fn new(
        [ends, half, quarter]: [Vec<f64>; 3],
        calls: usize,
        precision: Precision,
    ) -> Self {
        let (off, before) = (distance(&ends, &half), distance(&half, &quarter));
        let ratio = if off > 0.0 { before / off } else { 2.0 };
        let error = off / (ratio.clamp(2.0, 16.0) - 1.0);
        let rounding = match precision {
            Precision::F64 => f64::EPSILON,
            Precision::F32 => f64::from(f32::EPSILON),
        };
        let size = distance(&ends, &vec![0.0; ends.len()]);
        Self {
            floor: ABOVE_FINE * rounding.mul_add(size, error),
            ends,
            error,
            calls,
        }
    }
}

/// Root mean square distance.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
    (squares.sum::<f64>() / a.len().max(1) as f64).sqrt()
}

/// The program of a fine solution of so many steps between ends.
pub(super) fn fine_program(schedule: &Schedule, ends: Ends, steps: usize) -> Result<Program> {
    let (from, to, clean) = ends;
    let (high, low) = (from.noise_level(), to.noise_level());
    // Noise alone has no logarithm: the first step goes to where a millionth of it is data, or past it.
    let (top, skipped) = match high.is_finite() {
        true => (high, 0),
        false => (low.max(1e6), 1),
    };
    let (top, bottom) = (Lane::ln(top), Lane::ln(low));
    let level = |i: usize| {
        let share = (i - skipped) as f64 / (steps - skipped) as f64;
        Lane::exp(share.mul_add(bottom - top, top))
    };
    let mut nodes = vec![from];
    if high > low && top > bottom {
        for i in 1..steps {
            nodes.push(schedule.of_noise_level(level(i))?);
        }
    }
    if high > low {
        nodes.push(to);
    }
    if clean {
        nodes.push(schedule.of_noise_level(0.0)?);
    }
    let options = &Options {
        start_up: StartUp::Stages,
        lower_final_order: Some(false),
        ..Options::default()
    };
    let solver = find(FINE_SOLVER)
        .ok_or_else(|| Error::invalid("solver", FINE_SOLVER, "a solver's name"))?;
    solver.program(&Setup {
        nodes: &nodes,
        schedule,
        options,
    })
}
