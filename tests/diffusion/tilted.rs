//! A mixture of two normals in eight dimensions with full covariances, in plain double precision.

use driftlane::diffusion::{Node, Prediction};

const DIM: usize = 8;

/// Normals of different widths along axes that do not lie along the coordinates: a reflection takes the axes of
/// each component to them.
pub struct Tilted {
    weights: [f64; 2],
    means: [[f64; DIM]; 2],
    widths: [[f64; DIM]; 2],
    mirrors: [[f64; DIM]; 2],
}

pub fn tilted() -> Tilted {
    let numbers = |from: f64, to: f64, seed: f64| -> [f64; DIM] {
        std::array::from_fn(|i| from + (to - from) * ((i as f64 + seed) * 0.754_877_666).fract())
    };
    Tilted {
        weights: [0.6, 0.4],
        means: [numbers(-1.0, 0.5, 0.3), numbers(-0.5, 1.0, 5.1)],
        widths: [numbers(0.3, 1.2, 2.2), numbers(0.4, 0.9, 9.7)],
        mirrors: [numbers(-1.0, 1.0, 4.4), numbers(-1.0, 1.0, 6.6)],
    }
}

fn mirrored(mirror: &[f64; DIM], x: &[f64]) -> Vec<f64> {
    let dot: f64 = mirror.iter().zip(x).map(|(m, x)| m * x).sum();
    let norm: f64 = mirror.iter().map(|m| m * m).sum();
    let along = 2.0 * dot / norm;
    x.iter().zip(mirror).map(|(x, m)| x - along * m).collect()
}

impl Tilted {
    /// E x_0 or E eps given x = alpha x_0 + sigma eps.
    pub fn predict(&self, x: &[f64], at: &Node, what: Prediction, out: &mut [f64]) {
        let (alpha, sigma) = (at.alpha, at.sigma);
        // Of each component: its log weight, and its prediction.
        let of = |k: usize| {
            let away: Vec<f64> = x
                .iter()
                .zip(self.means[k])
                .map(|(x, m)| x - alpha * m)
                .collect();
            let axes = mirrored(&self.mirrors[k], &away);
            let mut log = self.weights[k].ln();
            let mut along = vec![0.0; DIM];
            for j in 0..DIM {
                let square = self.widths[k][j].powi(2);
                let variance = alpha * alpha * square + sigma * sigma;
                log -= 0.5 * (axes[j] * axes[j] / variance + variance.ln());
                along[j] = axes[j] / variance
                    * match what {
                        Prediction::Data => alpha * square,
                        Prediction::Noise => sigma,
                    };
            }
            let mut m = mirrored(&self.mirrors[k], &along);
            if what == Prediction::Data {
                m.iter_mut()
                    .zip(self.means[k])
                    .for_each(|(m, mean)| *m += mean);
            }
            (log, m)
        };
        let (a, b) = (of(0), of(1));
        let share = 1.0 / (1.0 + (b.0 - a.0).exp());
        for (j, out) in out.iter_mut().enumerate() {
            *out = share * a.1[j] + (1.0 - share) * b.1[j];
        }
    }
}
