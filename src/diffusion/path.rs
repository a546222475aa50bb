//! Noise that does not depend on the step count: one Brownian path a particle, on a dyadic grid of lambda.
//!
//! ```text
//! Y stationary, E Y(a) Y(b) = e^(-rate |a - b|)                          an Ornstein-Uhlenbeck process
//! Y(m) = (Y(m - d) + Y(m + d)) / (2 cosh(rate d)) + sqrt(tanh(rate d)) xi        its bridge
//! ```
//!
//! from lambda = -16 to 16 in halves, 24 of them (spacing 2e-6), each bridge with a normal of its own that is
//! seeded by where it stands in the tree: whoever asks for Y at a lambda finds the same number, whatever was
//! asked before. Nodes of a grid are moved to the nearest place of the tree and the length of steps with them, so
//! that innovations are standard normals exactly, and independent where steps do not overlap. Up to 24 normals a
//! coordinate and node, less what it shares with the node before.

use super::Innovation;
use crate::error::{Error, Result};
use driftlane_kernels::rng::{Purpose, Stream};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// lambda from -RANGE to RANGE.
const RANGE: f64 = 16.0;
const DEPTH: u32 = 24;
const PLACES: u64 = 1 << DEPTH;
/// Between places.
const SPACING: f64 = 2.0 * RANGE / PLACES as f64;
/// The node in whose stream the right end stands; the tree's own are below 2^DEPTH.
const RIGHT_END: u64 = 2 * PLACES;

/// The nearest place to a lambda; noise alone is at the left end.
fn place(lambda: f64) -> u64 {
    ((lambda.clamp(-RANGE, RANGE) + RANGE) / SPACING + 0.5) as u64
}

/// Refuses a step that is too short to be told apart on the grid.
pub(super) fn check(innovation: &Innovation) -> Result<()> {
    if place(innovation.old) != place(innovation.new) {
        return Ok(());
    }
    let shown = format!("lambda {} to {}", innovation.old, innovation.new);
    let allowed = format!(
        "on a Brownian path, steps of at least {:.1e} within -{RANGE} to {RANGE}",
        2.0 * SPACING
    );
    Err(Error::invalid("grid", shown, allowed))
}

/// The path of 32 particles, and the places of the tree last gone through.
#[derive(Debug, Clone)]
pub(super) struct Path {
    seed: u64,
    rate: f64,
    /// Which 32 particles.
    group: u64,
    ends: [Vec<Row<F64>>; 2],
    /// Node and value at every depth; node 0 is none.
    levels: Vec<(u64, Vec<Row<F64>>)>,
    /// Y at both ends of an innovation.
    pair: [Vec<Row<F64>>; 2],
}

impl Path {
    pub fn new(seed: u64, rate: f64, dim: usize) -> Self {
        let rows = || vec![Row::<F64>::zero(); dim];
        Self {
            seed,
            rate,
            group: u64::MAX,
            ends: [rows(), rows()],
            levels: (0..DEPTH).map(|_| (0, rows())).collect(),
            pair: [rows(), rows()],
        }
    }

    /// Goes over to the path of other particles.
    pub fn of_group(&mut self, group: u64) {
        if self.group == group {
            return;
        }
        self.group = group;
        self.levels.iter_mut().for_each(|level| level.0 = 0);
        let mut left = self.stream(0);
        let mut right = self.stream(RIGHT_END);
        let kept = Lane::exp(-self.rate * 2.0 * RANGE);
        let fresh = Row::<F64>::splat((1.0 - kept * kept).sqrt());
        let [low, high] = &mut self.ends;
        for (low, high) in low.iter_mut().zip(high) {
            *low = left.normal_row::<F64>();
            *high = fresh.mul_add(right.normal_row::<F64>(), Row::splat(kept) * *low);
        }
    }

    fn stream(&self, node: u64) -> Stream {
        Stream::new(self.seed, Purpose::Path, self.group, node)
    }

    /// Standard normals, those of an innovation.
    pub fn innovation(&mut self, innovation: &Innovation, noise: &mut [Row<F64>]) {
        let (old, new) = (place(innovation.old), place(innovation.new));
        self.value(old, 0);
        self.value(new, 1);
        let distance = old.abs_diff(new) as f64 * SPACING;
        let kept = Lane::exp(-self.rate * distance);
        let fresh = (-Lane::exp_m1(-2.0 * self.rate * distance)).sqrt();
        let (kept, scale) = (Row::<F64>::splat(-kept / fresh), Row::splat(1.0 / fresh));
        let [old, new] = &self.pair;
        for (noise, (old, new)) in noise.iter_mut().zip(old.iter().zip(new)) {
            *noise = scale.mul_add(*new, kept * *old);
        }
    }

    /// Y at a place, into `pair[to]`.
    fn value(&mut self, place: u64, to: usize) {
        if place == 0 || place == PLACES {
            let end = usize::from(place == PLACES);
            self.pair[to].copy_from_slice(&self.ends[end]);
            return;
        }
        let (mut low, mut high, mut node) = (0, PLACES, 1);
        // Where the values at both ends stand: ends, or levels.
        let (mut left, mut right) = (None, None);
        for depth in 0..DEPTH as usize {
            let middle = low + (high - low) / 2;
            if self.levels[depth].0 != node {
                self.bridge(depth, node, (left, right), (high - low) as f64);
            }
            if place == middle {
                self.pair[to].copy_from_slice(&self.levels[depth].1);
                return;
            }
            if place < middle {
                (high, right, node) = (middle, Some(depth), 2 * node);
            } else {
                (low, left, node) = (middle, Some(depth), 2 * node + 1);
            }
        }
    }

    /// Fills a level with the middle of an interval of `width` places.
    fn bridge(
        &mut self,
        depth: usize,
        node: u64,
        (left, right): (Option<usize>, Option<usize>),
        width: f64,
    ) {
        let decay = Lane::exp(-self.rate * 0.5 * width * SPACING);
        let square = decay * decay;
        let share = Row::<F64>::splat(decay / (1.0 + square));
        let spread = -Lane::exp_m1(-self.rate * width * SPACING) / (1.0 + square);
        let spread = Row::<F64>::splat(spread.sqrt());
        let mut stream = self.stream(node);
        let mut middle = std::mem::take(&mut self.levels[depth].1);
        let at = |end: Option<usize>, side: usize| match end {
            Some(depth) => &self.levels[depth].1,
            None => &self.ends[side],
        };
        for (j, middle) in middle.iter_mut().enumerate() {
            let both = at(left, 0)[j] + at(right, 1)[j];
            *middle = spread.mul_add(stream.normal_row::<F64>(), share * both);
        }
        self.levels[depth] = (node, middle);
    }
}
