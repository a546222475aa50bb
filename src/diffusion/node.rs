//! A point of a noise schedule.

use crate::error::{Error, Result};
use driftlane_kernels::Lane;
use serde::{Deserialize, Serialize};

/// Where a solver stops on its way: x = alpha x_0 + sigma eps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The schedule's own time.
    pub time: f64,
    /// What the data are multiplied by, at least 0.
    pub alpha: f64,
    /// What the noise is multiplied by, at least 0; not 0 together with alpha.
    pub sigma: f64,
}

impl Node {
    /// In the frame of variance-preserving schedules, alpha^2 + sigma^2 = 1, at noise level `s` =
    /// sigma / alpha, from 0; infinity is noise alone. Time is the noise level.
    pub fn variance_preserving(s: f64) -> Result<Self> {
        Self::check(s)?;
        let (alpha, sigma) = if s > 1.0 {
            let inverse = 1.0 / s;
            let norm = inverse.mul_add(inverse, 1.0).sqrt();
            (inverse / norm, 1.0 / norm)
        } else {
            let norm = s.mul_add(s, 1.0).sqrt();
            (1.0 / norm, s / norm)
        };
        Ok(Self {
            time: s,
            alpha,
            sigma,
        })
    }

    /// In the frame of variance-exploding schedules, alpha = 1, at noise level `s`, from 0 and finite.
    pub fn variance_exploding(s: f64) -> Result<Self> {
        Self::check(s)?;
        if s.is_infinite() {
            return Err(Error::invalid("noise level", s, "finite where alpha is 1"));
        }
        Ok(Self {
            time: s,
            alpha: 1.0,
            sigma: s,
        })
    }

    fn check(s: f64) -> Result<()> {
        if s.is_nan() || s < 0.0 {
            return Err(Error::invalid("noise level", s, "a number from 0"));
        }
        Ok(())
    }

    /// sigma / alpha; infinity where there is noise alone.
    pub fn noise_level(&self) -> f64 {
        self.sigma / self.alpha
    }

    /// ln(alpha / sigma): infinity without noise, -infinity without data.
    pub fn lambda(&self) -> f64 {
        Lane::ln(self.alpha) - Lane::ln(self.sigma)
    }

    /// Whether no noise is left.
    pub fn is_clean(&self) -> bool {
        self.sigma == 0.0
    }
}
