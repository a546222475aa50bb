//! Solvers: functions from a grid of nodes to a step program.
//!
//! A grid runs from noise to data, [`Node`]s with falling noise levels; the last may be clean.

mod accelerated;
mod adams;
mod ancestral;
pub(super) mod attempt;
pub(super) mod builder;
mod description;
mod families;
mod flow_matching;
mod momentum;
mod multistep;
mod pseudo;
mod restart;
mod runge_kutta;
mod sigma;
mod singlestep;
mod stages;
mod table;
mod time_adams;

pub use description::{Description, Habit, NoiseKind, Setting};
pub use families::numbers_of_family;
pub use multistep::{FinalOrder, MOST_ORDER, Multistep, Weights};
pub use restart::Restart;
pub use runge_kutta::Churn;
pub use table::{adaptive_solvers, find, solvers};

use super::{Node, Schedule};
use crate::error::{Error, Result};

/// How multistep methods come by their first outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StartUp {
    /// Orders 1, 2, ...: one call a step; caps the global order of predictors at 2.
    #[default]
    Cold,
    /// One-step methods of order 3 (exponential methods) or 4 (Adams methods in the noise level) until
    /// there are enough.
    Stages,
}

/// What may be asked of a solver besides its name; `None` and empty leave it to its habits.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Noise level: 0 the probability flow, 1 the reverse process.
    pub eta: Option<f64>,
    /// What noise is multiplied by.
    pub noise_scale: f64,
    /// Whether the last steps have lower orders.
    pub lower_final_order: Option<bool>,
    /// The first outputs of multistep methods.
    pub start_up: StartUp,
    /// Whether steps are corrected by their end (UniC).
    pub corrected: Option<bool>,
    /// Noise added before steps.
    pub churn: Option<Churn>,
    /// Noise levels gone over again.
    pub restarts: Vec<Restart>,
    /// The weight of the newest output in gradient estimation.
    pub extrapolation: Option<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            eta: None,
            noise_scale: 1.0,
            lower_final_order: None,
            start_up: StartUp::Cold,
            corrected: None,
            churn: None,
            restarts: Vec::new(),
            extrapolation: None,
        }
    }
}

impl Options {
    /// Refuses, by name, a number out of its range.
    pub fn check(&self) -> Result<()> {
        let checked = |name: &str, value: Option<f64>, low: f64, high: f64| match value {
            Some(value) if !(low..=high).contains(&value) => {
                let allowed = format!("a number from {low} to {high}");
                Err(Error::invalid(name, value, allowed))
            }
            _ => Ok(()),
        };
        checked("eta", self.eta, 0.0, 10.0)?;
        checked("noise_scale", Some(self.noise_scale), 0.0, 100.0)?;
        checked("extrapolation", self.extrapolation, 0.0, 100.0)?;
        self.churn.iter().try_for_each(Churn::check)?;
        self.restarts.iter().try_for_each(Restart::check)
    }
}

/// What a program is made from.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// The grid.
    pub nodes: &'a [Node],
    /// The schedule it lies on: where times between nodes are.
    pub schedule: &'a Schedule,
    /// What is asked for.
    pub options: &'a Options,
}

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

/// The same, and a start at noise alone, where the noise level is infinite.
fn check_finite_grid(nodes: &[Node]) -> Result<()> {
    check_grid(nodes)?;
    let first = nodes[0].noise_level();
    if first.is_infinite() {
        let allowed = "finite at the start for solvers in the noise level";
        return Err(Error::invalid("grid", first, allowed));
    }
    Ok(())
}

/// The node of a noise level between two others, on the circle or the line that they lie on: any frame
/// will do within a step, and this one has no digits to lose.
fn between(s: Node, t: Node, level: f64) -> Node {
    let alpha = match s.alpha == t.alpha {
        true => s.alpha,
        false => 1.0 / level.mul_add(level, 1.0).sqrt(),
    };
    Node {
        time: level,
        alpha,
        sigma: alpha * level,
    }
}
