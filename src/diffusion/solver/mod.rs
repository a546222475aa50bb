//! Solvers: functions from a grid of nodes to a step program.
//!
//! A grid runs from noise to data, [`Node`]s with falling noise levels; the last may be clean.

mod builder;
mod multistep;
mod pseudo;
mod sigma;
mod singlestep;
mod table;

pub use multistep::{FinalOrder, Multistep, Weights};
pub use pseudo::pndm;
pub use sigma::{euler, heun, kdpm2, lms};
pub use singlestep::singlestep;
pub use table::{Description, Habit, SOLVERS, find};

use super::Node;
use crate::error::{Error, Result};

/// Refuses a grid no solver can use: fewer than two nodes, noise levels that do not fall, a clean node
/// before the last.
pub(super) fn check_grid(nodes: &[Node]) -> Result<()> {
    if nodes.len() < 2 {
        let shown = format!("{} noise levels", nodes.len());
        return Err(Error::invalid("grid", shown, "at least 2"));
    }
    for pair in nodes.windows(2) {
        let (s, t) = (pair[0].noise_level(), pair[1].noise_level());
        if t.is_nan() || t >= s {
            let allowed = format!("below the noise level before it, {s}");
            return Err(Error::invalid("grid", t, allowed));
        }
    }
    Ok(())
}
