//! Restart sampling (Xu et al. 2023, arXiv:2306.14878): Heun's method over the grid, and where it passes the
//! foot of a restart interval, noise back up to the interval's head and down again, several times.
//!
//! ```text
//! repeat K times:  y <- y + sqrt(s_head^2 - s_foot^2) S_noise xi,   Heun over N Karras points from head to foot
//! ```
//!
//! The foot is the node of the grid nearest to what is asked for. 2 (N - 1) K calls an interval beside those of
//! the grid. The added noise contracts the errors made so far; it leaves the target's law invariant up to
//! the error of the solver on the interval.

use super::builder::{Builder, POSITION};
use super::runge_kutta::{EULER, HEUN, runge_kutta_step};
use super::{Setup, between, check_finite_grid};
use crate::diffusion::{Node, Program};
use crate::error::{Error, Result};
use driftlane_kernels::Lane;

/// A restart interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Restart {
    /// N: points of the grid from head to foot, at least 2.
    pub points: usize,
    /// K: how often it is gone over.
    pub repeats: usize,
    /// The noise level of the foot.
    pub foot: f64,
    /// The noise level of the head.
    pub head: f64,
}

impl Restart {
    /// Refuses, by name, numbers out of their ranges.
    pub fn check(&self) -> Result<()> {
        if !(2..=1000).contains(&self.points) {
            return Err(Error::invalid("restart points", self.points, "2 to 1000"));
        }
        if !(1..=10_000).contains(&self.repeats) {
            return Err(Error::invalid(
                "restart repeats",
                self.repeats,
                "1 to 10000",
            ));
        }
        if !(self.foot > 0.0 && self.foot < self.head && self.head.is_finite()) {
            let shown = format!("{} to {}", self.foot, self.head);
            let allowed = "noise levels above 0, the foot below the head";
            return Err(Error::invalid("restart interval", shown, allowed));
        }
        Ok(())
    }
}

/// As many as a grid can have steps.
const MOST_CALLS: usize = 1_000_000;

const NOISE: usize = 6;
const RHO: u32 = 7;

/// Restart over the grid; without intervals it is Heun's method.
pub fn restart(setup: &Setup<'_>) -> Result<Program> {
    let nodes = setup.nodes;
    check_finite_grid(nodes)?;
    let calls: usize = setup
        .options
        .restarts
        .iter()
        .map(|r| 2 * (r.points - 1) * r.repeats)
        .sum();
    if calls > MOST_CALLS {
        let allowed = format!("at most {MOST_CALLS} calls in all intervals");
        return Err(Error::invalid("restart", format!("{calls} calls"), allowed));
    }
    // The interval that begins at each node, the first node and a clean one left out.
    let mut intervals: Vec<Vec<&Restart>> = vec![Vec::new(); nodes.len()];
    for interval in &setup.options.restarts {
        let distance = |node: &Node| (node.noise_level() - interval.foot).abs();
        let inner = (1..nodes.len()).filter(|i| !nodes[*i].is_clean());
        let nearest = inner.min_by(|a, b| distance(&nodes[*a]).total_cmp(&distance(&nodes[*b])));
        let Some(foot) = nearest.filter(|i| nodes[*i].noise_level() < interval.head) else {
            let allowed = "a head above the grid's noise level nearest to the foot";
            return Err(Error::invalid("restart interval", interval.head, allowed));
        };
        intervals[foot].push(interval);
    }
    let mut builder = Builder::new();
    for (i, pair) in nodes.windows(2).enumerate() {
        builder.step(pair[0], pair[1]);
        heun(&mut builder, pair[0], pair[1]);
        for interval in &intervals[i + 1] {
            go_over(&mut builder, setup, interval, pair[0], pair[1]);
        }
    }
    builder.finish()
}

fn heun(builder: &mut Builder, s: Node, t: Node) {
    let tableau = if t.is_clean() { &EULER } else { &HEUN };
    runge_kutta_step(builder, tableau, s, t);
}

/// The repeats of one interval, from and back to `foot`; `before` is the node before it.
fn go_over(builder: &mut Builder, setup: &Setup<'_>, interval: &Restart, before: Node, foot: Node) {
    let low = foot.noise_level();
    let root = |s: f64| Lane::exp(Lane::ln(s) / f64::from(RHO));
    let (high_root, low_root) = (root(interval.head), root(low));
    let last = interval.points - 1;
    let nodes: Vec<Node> = (0..=last)
        .map(|i| match i {
            0 => between(before, foot, interval.head),
            i if i == last => foot,
            i => {
                let share = i as f64 / last as f64;
                let root = share.mul_add(low_root - high_root, high_root);
                between(before, foot, Lane::powi(root, RHO))
            }
        })
        .collect();
    let spread = nodes[0].alpha * (interval.head * interval.head - low * low).sqrt();
    for _ in 0..interval.repeats {
        builder.step(foot, nodes[0]);
        let terms = [(POSITION, nodes[0].alpha / foot.alpha)];
        let noise = (NOISE, setup.options.noise_scale * spread);
        builder.combine_with_noise(POSITION, &terms, noise, None);
        for pair in nodes.windows(2) {
            builder.step(pair[0], pair[1]);
            heun(builder, pair[0], pair[1]);
        }
    }
}
