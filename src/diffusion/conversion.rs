//! What networks and papers predict, and how one follows from another at a node.
//!
//! | quantity | noise e | data D |
//! |---|---|---|
//! | noise e | e | (x - sigma e) / alpha |
//! | data D | (x - alpha D) / sigma | D |
//! | score s | -sigma s | (x + sigma^2 s) / alpha |
//! | v = alpha e - sigma D | (sigma x + alpha v) / (alpha^2 + sigma^2) | (alpha x - sigma v) / (alpha^2 + sigma^2) |
//! | velocity u = a D + b e | (alpha u - a x) / (alpha b - a sigma) | (b x - sigma u) / (alpha b - a sigma) |
//!
//! a and b are the rates of alpha and sigma in time: -1 and 1 for flow matching, u = eps - x_0. D alone survives
//! sigma = 0, e alone alpha = 0, v and u both; what does not exist comes out as an infinity or NaN. Six
//! operations. Source: Salimans, Ho 2022, arXiv:2202.00512 (v); Lipman et al. 2023, arXiv:2210.02747 (u).

use super::Node;
use driftlane_kernels::Lane;

/// A quantity that tells data from noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    /// E\[eps | x\].
    Noise,
    /// E\[x_0 | x\].
    Data,
    /// The gradient of the log density of x.
    Score,
    /// alpha eps - sigma x_0.
    V,
    /// d/dt (alpha x_0 + sigma eps) at these rates of alpha and sigma.
    Velocity {
        /// d alpha / dt.
        alpha_rate: f64,
        /// d sigma / dt.
        sigma_rate: f64,
    },
}

impl Quantity {
    /// eps - x_0: the velocity of alpha = 1 - t, sigma = t.
    pub const FLOW: Self = Self::Velocity {
        alpha_rate: -1.0,
        sigma_rate: 1.0,
    };

    /// (data, noise) of a position `x` whose quantity is `value`.
    pub fn split<L: Lane>(self, at: &Node, x: L, value: L) -> (L, L) {
        let (alpha, sigma) = (L::splat(at.alpha), L::splat(at.sigma));
        match self {
            Self::Noise => (sigma.neg_mul_add(value, x) / alpha, value),
            Self::Data => (value, alpha.neg_mul_add(value, x) / sigma),
            Self::Score => {
                let noise = -(sigma * value);
                (sigma.neg_mul_add(noise, x) / alpha, noise)
            }
            Self::V => {
                let size = alpha.mul_add(alpha, sigma * sigma);
                let data = sigma.neg_mul_add(value, alpha * x) / size;
                (data, alpha.mul_add(value, sigma * x) / size)
            }
            Self::Velocity {
                alpha_rate,
                sigma_rate,
            } => {
                let (a, b) = (L::splat(alpha_rate), L::splat(sigma_rate));
                let size = a.neg_mul_add(sigma, alpha * b);
                let data = sigma.neg_mul_add(value, b * x) / size;
                (data, a.neg_mul_add(x, alpha * value) / size)
            }
        }
    }

    /// The quantity of a position with this data and noise.
    pub fn of<L: Lane>(self, at: &Node, data: L, noise: L) -> L {
        let (alpha, sigma) = (L::splat(at.alpha), L::splat(at.sigma));
        match self {
            Self::Noise => noise,
            Self::Data => data,
            Self::Score => -noise / sigma,
            Self::V => sigma.neg_mul_add(data, alpha * noise),
            Self::Velocity {
                alpha_rate,
                sigma_rate,
            } => L::splat(alpha_rate).mul_add(data, L::splat(sigma_rate) * noise),
        }
    }

    /// `value` of this quantity as another.
    pub fn convert<L: Lane>(self, to: Self, at: &Node, x: L, value: L) -> L {
        let (data, noise) = self.split(at, x, value);
        to.of(at, data, noise)
    }
}
