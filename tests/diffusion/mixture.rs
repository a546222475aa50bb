//! The exact predictions of an isotropic normal mixture, in plain double precision.

use driftlane::diffusion::{Node, Prediction};

pub struct Mixture {
    pub weights: Vec<f64>,
    pub means: Vec<Vec<f64>>,
    pub stds: Vec<f64>,
}

impl Mixture {
    /// E x_0 or E eps given x = alpha x_0 + sigma eps.
    pub fn predict(&self, x: &[f64], at: &Node, prediction: Prediction, out: &mut [f64]) {
        let (alpha, sigma) = (at.alpha, at.sigma);
        let variance = |s: f64| alpha * alpha * s * s + sigma * sigma;
        let dim = x.len() as f64;
        let logs: Vec<f64> = (0..self.weights.len())
            .map(|k| {
                let v = variance(self.stds[k]);
                let square: f64 = x
                    .iter()
                    .zip(&self.means[k])
                    .map(|(x, m)| (x - alpha * m).powi(2))
                    .sum();
                self.weights[k].ln() - 0.5 * square / v - 0.5 * dim * v.ln()
            })
            .collect();
        let high = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = logs.iter().map(|l| (l - high).exp()).sum();
        out.fill(0.0);
        for (k, log) in logs.iter().enumerate() {
            let share = (log - high).exp() / total;
            let v = variance(self.stds[k]);
            for ((out, x), m) in out.iter_mut().zip(x).zip(&self.means[k]) {
                let away = x - alpha * m;
                *out += share
                    * match prediction {
                        Prediction::Data => m + alpha * self.stds[k].powi(2) / v * away,
                        Prediction::Noise => sigma / v * away,
                    };
            }
        }
    }
}
