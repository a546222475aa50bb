//! How many moves a temperature takes: a given number, or until the population has forgotten where the
//! stage began.
//!
//! ```text
//! r_j(k) = corr(x_j after k moves, x_j when the stage began)          over the population
//! D(k) = sum_j E (x_j(k) - x_j(0))^2 / Var x_j
//! stop when k >= 5 and max_j r_j(k) <= 0.1 + 3 / sqrt(N),  or D(k) <= 1.05 D(ceil(k/2))
//! ```
//!
//! The first says that nothing is left of the start, up to three standard errors of a correlation of
//! none. The second serves laws whose modes no move crosses, where the correlation never falls: with
//! D(k) = 2 (1 - r^k) twice as many moves add 5% once r^(k/2) is 0.05 (the cumulative squared jump of
//! Buchholz, Chopin, Jacob 2021, arXiv:1808.07730, section 3). Where modes are left now and then neither
//! holds for long, and the most moves allowed are made. Cost: one channel and, each move, one pass over
//! it.

use crate::particles::{Moments, Span};
use crate::target::Precision;
use driftlane_kernels::tile::Row;
use serde::{Deserialize, Serialize};

/// How many moves every particle makes at every temperature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovesPerStage {
    /// This many, at least 1.
    Fixed(usize),
    /// Until the population has decorrelated from the start of the stage.
    UntilDecorrelated {
        /// No more than this many, at least 1.
        most: usize,
    },
}

impl MovesPerStage {
    /// The most moves a temperature may take.
    pub fn most(self) -> usize {
        let (Self::Fixed(most) | Self::UntilDecorrelated { most }) = self;
        most
    }
}

/// Which correlation with its start counts as none, beyond what chance leaves.
const FORGOTTEN: f64 = 0.1;
/// Twice as many moves must add this share to the squared distance from the start.
const STILL_GROWS: f64 = 1.05;
/// Moves that are made at least: coordinates may have decorrelated while a slow mode they all share in has
/// not, as the mean of a phi^4 chain.
const FEWEST: usize = 5;

/// What a stage has seen of its population so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Decorrelation {
    /// D(1), D(2), ...
    distances: Vec<f64>,
    forgotten: bool,
}

impl Decorrelation {
    /// Takes the moments that [`of_tile`] gave, after one more move.
    pub fn update(&mut self, moments: &Moments) {
        let (sd, mean) = (moments.sd(), moments.mean());
        let dim = sd.len() / 3;
        let allowed = FORGOTTEN + 3.0 / moments.weight().sqrt();
        let mut distance = 0.0;
        self.forgotten = true;
        for j in 0..dim {
            let [now, start, apart] = [0, 1, 2].map(|part| sd[part * dim + j]);
            let covariance = 0.5 * (now * now + start * start - apart * apart);
            // A coordinate that is the same everywhere has nothing to forget and everything to learn.
            let known = now > 0.0 && start > 0.0;
            self.forgotten &= known && covariance <= allowed * now * start;
            let shift = mean[2 * dim + j];
            if now > 0.0 {
                distance += shift.mul_add(shift, apart * apart) / (now * now);
            }
        }
        self.distances.push(distance);
    }

    /// Whether more moves would tell nothing new.
    pub fn is_reached(&self) -> bool {
        let k = self.distances.len();
        let half = self.distances.get(k.div_ceil(2).wrapping_sub(1));
        let plateau = half.is_some_and(|half| self.distances[k - 1] <= STILL_GROWS * half);
        k >= FEWEST && (self.forgotten || plateau)
    }
}

/// Moments of position, start and their difference, 3 dim rows, of one tile whose starts are vector
/// channel `start`. `working` holds 3 dim rows.
pub(super) fn of_tile<R: Precision>(
    block: &Span<'_, R>,
    tile: usize,
    start: usize,
    working: &mut [Row<R>],
) -> Moments {
    let rows = block.rows(tile);
    let (x, s) = (&block.vectors[0][rows.clone()], &block.vectors[start][rows]);
    let (now, rest) = working.split_at_mut(x.len());
    let (then, apart) = rest.split_at_mut(x.len());
    now.copy_from_slice(x);
    then.copy_from_slice(s);
    for ((d, x), s) in apart.iter_mut().zip(x).zip(s) {
        *d = *x - *s;
    }
    Moments::of_tile::<R>(working, block.active(tile), None)
}
