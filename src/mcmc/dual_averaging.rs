//! Dual averaging of a step size (Hoffman, Gelman 2014, JMLR 15:1593; Nesterov 2009).
//!
//! ```text
//! H_t = (1 - 1/(t + t0)) H_(t-1) + (delta - alpha_t) / (t + t0)
//! log eps_t = mu - sqrt(t) / gamma H_t
//! log eps_bar_t = t^-kappa log eps_t + (1 - t^-kappa) log eps_bar_(t-1)
//! ```
//!
//! gamma 0.05, t0 10, kappa 0.75. alpha_t is the mean acceptance probability of the whole
//! population, so one visit says what a single chain learns in hundreds of steps; mu is therefore the
//! logarithm of the current step size and not ten times it, or the first visits after every restart
//! would be wasted.

use driftlane_kernels::Lane;
use serde::{Deserialize, Serialize};

const GAMMA: f64 = 0.05;
const T0: f64 = 10.0;

/// A step size being tuned to an acceptance probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DualAveraging {
    target_accept: f64,
    mu: f64,
    t: f64,
    h: f64,
    log_step: f64,
    log_step_bar: f64,
    largest: f64,
    adapting: bool,
}

/// |log step| beyond which no step size means anything: 1e+-100.
const MOST: f64 = 230.0;

impl DualAveraging {
    /// From `step_size`, towards `target_accept`.
    pub fn new(step_size: f64, target_accept: f64) -> Self {
        let log_step = Lane::ln(step_size);
        Self {
            target_accept,
            mu: log_step,
            t: 0.0,
            h: 0.0,
            log_step,
            log_step_bar: log_step,
            largest: MOST,
            adapting: true,
        }
    }

    /// With step sizes up to `largest`: where acceptance stays above its target at any length the
    /// step would else grow without end.
    pub fn up_to(mut self, largest: f64) -> Self {
        self.largest = Lane::ln(largest);
        self
    }

    /// At `step_size` for good.
    pub fn fixed(step_size: f64) -> Self {
        Self {
            adapting: false,
            ..Self::new(step_size, 0.5)
        }
    }

    /// The step size in use.
    pub fn step_size(&self) -> f64 {
        Lane::exp(self.log_step)
    }

    /// The acceptance probability it is tuned to.
    pub fn target_accept(&self) -> f64 {
        self.target_accept
    }

    /// Whether updates change it.
    pub fn is_adapting(&self) -> bool {
        self.adapting
    }

    /// One update; a non-finite acceptance counts as zero.
    pub fn update(&mut self, acceptance: f64) {
        if !self.adapting {
            return;
        }
        let alpha = if acceptance.is_finite() {
            acceptance
        } else {
            0.0
        };
        self.t += 1.0;
        let rate = 1.0 / (self.t + T0);
        self.h = (1.0 - rate) * self.h + rate * (self.target_accept - alpha);
        let log_step = self.mu - self.t.sqrt() / GAMMA * self.h;
        self.log_step = log_step.clamp(-MOST, self.largest);
        // t^-3/4 by square roots: no powf, whose last bit differs between machines.
        let weight = 1.0 / (self.t.sqrt() * self.t.sqrt().sqrt());
        self.log_step_bar = weight * self.log_step + (1.0 - weight) * self.log_step_bar;
    }

    /// Starts anew from the current step size.
    pub fn restart(&mut self) {
        if self.adapting {
            *self = Self {
                largest: self.largest,
                ..Self::new(self.step_size(), self.target_accept)
            };
        }
    }

    /// Settles on the averaged step size.
    pub fn freeze(&mut self) {
        if self.adapting && self.t > 0.0 {
            self.log_step = self.log_step_bar;
        }
        self.adapting = false;
    }
}
