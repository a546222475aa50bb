//! Compact U(1) lattice gauge theory on a periodic n x n square (Wilson 1974,
//! doi 10.1103/PhysRevD.10.2445): one angle a link, one plaquette a site.
//!
//! ```text
//! log pi = beta sum_s cos P_s - 2 n^2 ln(2 pi),   P_s = t_1(s) + t_2(s + e_1) - t_1(s + e_2) - t_2(s)
//! Z = sum_k I_k(beta)^(n^2),                      <cos P> = sum_k I_k^(n^2 - 1) I_k' / Z
//! ```
//!
//! The measure is d t/(2 pi) a link. Coordinates are angles: the law is that of the torus, its reference
//! uniform there, and positions are brought back to [-pi, pi) after every visit. Every link alone is uniform.
//! At large beta the sectors of the topological charge (plaquettes brought to [-pi, pi), added, in turns)
//! are far apart: moves cross between them ever more rarely, which makes it a test of tempering. Coordinates are `t_1` of all sites
//! row by row, then `t_2`. Cost of a gradient: one sine, 20 operations and four additions a plaquette.

use crate::error::{Error, Result};
use crate::parameters::Parameters;
use crate::target::{Exact, Reference, Target};
use driftlane_kernels::Lane;
use std::f64::consts::{PI, TAU};

/// A periodic lattice of angles.
#[derive(Debug, Clone)]
pub struct U1Gauge {
    n: usize,
    beta: f64,
}

impl U1Gauge {
    /// `n` from 2 sites a side; `beta` >= 0, the inverse coupling.
    pub fn new(n: usize, beta: f64) -> Result<Self> {
        if !(2..=256).contains(&n) {
            return Err(Error::invalid("u1-gauge n", n, "must be from 2 to 256"));
        }
        if !(0.0..=1000.0).contains(&beta) {
            let allowed = "must be a number from 0 to 1000";
            return Err(Error::invalid("u1-gauge beta", beta, allowed));
        }
        Ok(Self { n, beta })
    }

    pub(super) fn from_parameters(p: &mut Parameters) -> Result<Self> {
        let n = p.count_or("n", 2..=256, "a whole number from 2 to 256", 8)?;
        let beta = p.number_or("beta", 0.0..=1000.0, "a number from 0 to 1000", 1.0)?;
        Self::new(n as usize, beta)
    }

    /// The links of the plaquette at row `i`, column `j`: those that count positive, then negative.
    #[inline(always)]
    fn links(&self, i: usize, j: usize) -> [usize; 4] {
        let n = self.n;
        let next = |k: usize| if k + 1 == n { 0 } else { k + 1 };
        let second = n * n;
        [
            i * n + j,
            second + i * n + next(j),
            next(i) * n + j,
            second + i * n + j,
        ]
    }

    /// The plaquette angle in turns.
    #[inline(always)]
    fn turns<L: Lane>(x: &[L], [a, b, c, d]: [usize; 4]) -> L {
        (x[a] + x[b] - x[c] - x[d]) * L::splat(1.0 / TAU)
    }

    fn constant(&self) -> f64 {
        -2.0 * (self.n * self.n) as f64 * Lane::ln(TAU)
    }

    /// The mean of cos P, exactly.
    pub fn mean_plaquette(&self) -> f64 {
        let bessel = scaled_bessel(self.beta);
        let volume = (self.n * self.n) as u32;
        // I_k' = (I_(k-1) + I_(k+1)) / 2; orders below 0 mirror those above.
        let derivative = |k: usize| {
            let above = bessel.get(k + 1).copied().unwrap_or(0.0);
            let below = if k == 0 { bessel[1] } else { bessel[k - 1] };
            0.5 * (above + below)
        };
        let ratio = |k: usize| Lane::powi(bessel[k] / bessel[0], volume - 1) / bessel[0];
        let (mut mean, mut total) = (0.0, 0.0);
        for (k, order) in bessel.iter().enumerate() {
            let both = if k == 0 { 1.0 } else { 2.0 };
            mean += both * ratio(k) * derivative(k);
            total += both * ratio(k) * order;
        }
        mean / total
    }
}

/// I_k(beta) exp(-beta) for k = 0, 1, ... down to nothing, by downward recurrence (Miller), normalised by
/// exp(beta) = I_0 + 2 sum_k I_k.
fn scaled_bessel(beta: f64) -> Vec<f64> {
    // I_k / I_0 is about exp(-k^2 / (2 beta)): below 1e-30 from here on.
    let orders = (12.0 * beta.sqrt()) as usize + 40;
    let mut values = vec![0.0; orders + 2];
    if beta < 1e-9 {
        // The recurrence divides by beta; I_0 = 1 and I_1 = beta / 2 to rounding.
        (values[0], values[1]) = (1.0 - beta, 0.5 * beta);
        return values;
    }
    values[orders] = 1e-300;
    for k in (1..=orders).rev() {
        values[k - 1] = values[k + 1] + 2.0 * k as f64 / beta * values[k];
        if values[k - 1] > 1e200 {
            values.iter_mut().for_each(|v| *v *= 1e-250);
        }
    }
    let total = values[0] + 2.0 * values[1..].iter().sum::<f64>();
    values.iter().map(|v| v / total).collect()
}

impl Target for U1Gauge {
    fn dim(&self) -> usize {
        2 * self.n * self.n
    }

    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let mut sum = L::zero();
        for i in 0..self.n {
            for j in 0..self.n {
                sum += Self::turns(x, self.links(i, j)).sin_cos_turns().1;
            }
        }
        sum.mul_add(L::splat(self.beta), L::splat(self.constant()))
    }

    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        let _ = self.log_density_and_gradient(x, grad);
    }

    fn log_density_and_gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) -> L {
        grad.fill(L::zero());
        let (beta, mut sum) = (L::splat(self.beta), L::zero());
        for i in 0..self.n {
            for j in 0..self.n {
                let links = self.links(i, j);
                let (sin, cos) = Self::turns(x, links).sin_cos_turns();
                let pull = beta * sin;
                sum += cos;
                grad[links[0]] -= pull;
                grad[links[1]] -= pull;
                grad[links[2]] += pull;
                grad[links[3]] += pull;
            }
        }
        sum.mul_add(beta, L::splat(self.constant()))
    }

    fn reference(&self) -> Reference {
        Reference::torus(Target::dim(self))
    }

    fn exact(&self) -> Exact {
        let bessel = scaled_bessel(self.beta);
        let volume = (self.n * self.n) as u32;
        let others = bessel[1..]
            .iter()
            .map(|b| Lane::powi(b / bessel[0], volume));
        let dim = Target::dim(self);
        let log_first = f64::from(volume) * (Lane::ln(bessel[0]) + self.beta);
        Exact {
            log_evidence: Some(log_first + Lane::ln_1p(2.0 * others.sum::<f64>())),
            mean: Some(vec![0.0; dim]),
            sd: Some(vec![PI / 3f64.sqrt(); dim]),
        }
    }

    fn parameter_names(&self) -> Vec<String> {
        let sites = (0..self.n).flat_map(|i| (0..self.n).map(move |j| (i, j)));
        let names = |k: usize| sites.clone().map(move |(i, j)| format!("t{k}[{i},{j}]"));
        names(1).chain(names(2)).collect()
    }
}
