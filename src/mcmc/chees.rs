//! The length of HMC trajectories by ChEES, the change in the estimator of the expected square (Hoffman,
//! Radul, Sountsov 2021, proceedings.mlr.press/v130/hoffman21a).
//!
//! ```text
//! C(t) = 1/4 E (|x' - E x|^2 - |x - E x|^2)^2,    trajectories of length u t, u uniform on (0, 1)
//! t dC/dt = E u t (|x'_c|^2 - |x_c|^2) (x'_c . v')          over accepted proposals
//! ln t <- ln t + min(0.35, rate g / sqrt(mean g^2)),   L = ceil(u t / step_size), 1 <= L <= 1000
//! ```
//!
//! in coordinates measured by the move's scales, so that no one of them decides. Its maximum is where
//! squares of coordinates decorrelate fastest: a quarter of a period and more of the slowest mode. All
//! particles share u, so that a tile never waits; E x is the population's mean after the visit before.
//! The step is Adam's without momentum (decay 0.95); the length used in the end is the average of ln t with
//! weights growing like sqrt(k). Cost: 8 operations a coordinate and move while it adapts.

use driftlane_kernels::Lane;
use serde::{Deserialize, Serialize};

/// Relative change a visit at the typical size of the gradient.
const RATE: f64 = 0.05;
/// Decay of the mean square of the gradient.
const DECAY: f64 = 0.95;
/// The most ln t may change in a visit.
const MOST_CHANGE: f64 = 0.35;
/// The most leapfrog steps of a trajectory.
const MOST_STEPS: f64 = 1000.0;

/// A trajectory length that is tuned on the population.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chees {
    log_length: f64,
    mean_square: f64,
    updates: u32,
    averaged: f64,
    weight: f64,
    adapting: bool,
    /// u of this visit.
    share: f64,
}

impl Chees {
    /// Where tuning starts, in units of the scales: a quarter of the period of a mode they measure right.
    pub const INITIAL_LENGTH: f64 = std::f64::consts::FRAC_PI_2;

    /// Starts at `length`.
    pub fn new(length: f64) -> Self {
        Self {
            log_length: Lane::ln(length),
            mean_square: 0.0,
            updates: 0,
            averaged: 0.0,
            weight: 0.0,
            adapting: true,
            share: 0.5,
        }
    }

    /// Never changes from `length`.
    pub fn fixed(length: f64) -> Self {
        Self {
            adapting: false,
            ..Self::new(length)
        }
    }

    /// The longest trajectory, t.
    pub fn length(&self) -> f64 {
        Lane::exp(self.log_length)
    }
    /// Whether it still adapts.
    pub fn is_adapting(&self) -> bool {
        self.adapting
    }
    /// Draws u for a visit.
    pub fn draw(&mut self, uniform: f64) {
        self.share = uniform;
    }

    /// Leapfrog steps of this visit.
    pub fn steps(&self, step_size: f64) -> usize {
        let steps = (self.share * self.length() / step_size).ceil();
        // A NaN counts as one.
        if steps > MOST_STEPS {
            MOST_STEPS as usize
        } else {
            (steps as usize).max(1)
        }
    }

    /// Follows the mean of (|x'_c|^2 - |x_c|^2) (x'_c . v') over accepted proposals, not of all signs
    /// and sizes worth following: one that is not finite is left out.
    pub fn update(&mut self, slope: f64) {
        let gradient = self.share * self.length() * slope;
        if !self.adapting || !gradient.is_finite() || gradient == 0.0 {
            return;
        }
        self.updates += 1;
        self.mean_square = DECAY.mul_add(self.mean_square, (1.0 - DECAY) * gradient * gradient);
        let corrected = self.mean_square / (1.0 - Lane::powi(DECAY, self.updates));
        let change = RATE * gradient / corrected.sqrt();
        self.log_length += change.clamp(-MOST_CHANGE, MOST_CHANGE);
        let own = f64::from(self.updates).sqrt();
        self.weight += own;
        self.averaged += (self.log_length - self.averaged) * own / self.weight;
    }

    /// Ends adaptation at the averaged length.
    pub fn freeze(&mut self) {
        if self.adapting && self.weight > 0.0 {
            self.log_length = self.averaged;
        }
        self.adapting = false;
    }
}
