//! A finite data set as a law: equal masses at points, or a normal of standard deviation `bandwidth` at each.
//!
//! With a bandwidth of 0 it has no density (log density -infinity everywhere: the points have measure zero),
//! and its denoiser is the *ideal denoiser* that a network trained on the data aims at: a softmax over the
//! points,
//!
//! ```text
//! D(x) = sum_k r_k y_k,    r_k ~ exp(-|x - alpha y_k|^2 / (2 sigma^2))
//! ```
//!
//! (Karras et al. 2022, arXiv:2206.00364, eq. 57). K (4 d + exp + 6) operations.

use super::BoxedTarget;
use super::mixture::{Mixture, isotropic_denoiser, root_of_squares};
use crate::error::{Error, Result};
use crate::target::{BoxedDenoiser, Exact, Prediction, Reference, Target};
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// Equal masses at points, smoothed or not.
#[derive(Debug, Clone)]
pub struct Points {
    dim: usize,
    points: Vec<Vec<f64>>,
    bandwidth: f64,
    /// With a bandwidth above 0.
    smooth: Option<Mixture>,
}

impl Points {
    /// From at least one point; `bandwidth` 0, or from 1e-150 to 1e150.
    pub fn new(points: Vec<Vec<f64>>, bandwidth: f64) -> Result<Self> {
        if bandwidth != 0.0 && !(1e-150..=1e150).contains(&bandwidth) {
            let allowed = "must be 0 or a finite number from 1e-150 to 1e150";
            return Err(Error::invalid("points bandwidth", bandwidth, allowed));
        }
        let count = points.len();
        // Judges the points too.
        let width = if bandwidth > 0.0 { bandwidth } else { 1.0 };
        let smooth = Mixture::isotropic(vec![1.0; count], points.clone(), vec![width; count])?;
        Ok(Self {
            dim: points[0].len(),
            points,
            bandwidth,
            smooth: (bandwidth > 0.0).then_some(smooth),
        })
    }

    fn weights(&self) -> Vec<f64> {
        vec![1.0 / self.points.len() as f64; self.points.len()]
    }

    fn moments(&self) -> (Vec<f64>, Vec<f64>) {
        let share = 1.0 / self.points.len() as f64;
        let sum = |f: &dyn Fn(&[f64]) -> f64| self.points.iter().map(|p| share * f(p)).sum::<f64>();
        let mean: Vec<f64> = (0..self.dim).map(|j| sum(&|p| p[j])).collect();
        let sd = (0..self.dim).map(|j| {
            let square = sum(&|p| (p[j] - mean[j]) * (p[j] - mean[j]));
            self.bandwidth.mul_add(self.bandwidth, square).sqrt()
        });
        let sd = sd.collect();
        (mean, sd)
    }
}

impl Target for Points {
    fn dim(&self) -> usize {
        self.dim
    }

    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        match &self.smooth {
            Some(smooth) => Target::log_density(smooth, x),
            None => {
                // Not a constant where there is no position.
                let all = x.iter().fold(L::zero(), |sum, x| sum + *x);
                all.mul_add(L::zero(), L::splat(f64::NEG_INFINITY))
            }
        }
    }

    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        match &self.smooth {
            Some(smooth) => Target::gradient(smooth, x, grad),
            None => grad.fill(L::zero()),
        }
    }

    fn reference(&self) -> Reference {
        let (mean, sd) = self.moments();
        // A coordinate that is the same in all points has no width of its own.
        let sd = sd.iter().map(|s| if *s > 0.0 { *s } else { 1.0 }).collect();
        Reference::normal(mean, sd).expect("moments of checked points")
    }

    fn noised(&self, alpha: f64, sigma: f64) -> Option<BoxedTarget> {
        let scaled = |p: &Vec<f64>| p.iter().map(|x| alpha * x).collect();
        let width = root_of_squares(alpha * self.bandwidth, sigma);
        let points = self.points.iter().map(scaled).collect();
        let widths = vec![width; self.points.len()];
        let noised = Mixture::isotropic(self.weights(), points, widths);
        Some(Box::new(noised.ok()?))
    }

    fn denoiser(&self, alpha: f64, sigma: f64, prediction: Prediction) -> Option<BoxedDenoiser> {
        let widths = vec![self.bandwidth; self.points.len()];
        let at = (alpha, sigma);
        isotropic_denoiser(
            &self.weights(),
            &self.points.concat(),
            &widths,
            at,
            prediction,
        )
    }

    fn given_components(&self, components: &[usize]) -> Option<BoxedTarget> {
        let point = |k: &usize| self.points.get(*k).cloned();
        let points = components.iter().map(point).collect::<Option<Vec<_>>>()?;
        let given = (!points.is_empty()).then(|| Self::new(points, self.bandwidth))?;
        Some(Box::new(given.ok()?))
    }

    fn exact(&self) -> Exact {
        let (mean, sd) = self.moments();
        Exact {
            log_evidence: Some(0.0),
            mean: Some(mean),
            sd: Some(sd),
        }
    }

    /// A point by a uniform number, then a normal of the bandwidth.
    fn sample_exact(&self, stream: &mut Stream, x: &mut [Row<F64>]) -> bool {
        let count = self.points.len();
        let u = stream.uniform_row::<F64>();
        let chosen = u.0.map(|register| {
            let place = |u: f64| ((u * count as f64) as usize).min(count - 1);
            register.to_array().map(place)
        });
        let bandwidth = Row::<F64>::splat(self.bandwidth);
        for (j, x) in x.iter_mut().enumerate() {
            let at = chosen.map(|places| F64::new(places.map(|k| self.points[k][j])));
            *x = bandwidth.mul_add(stream.normal_row::<F64>(), driftlane_kernels::Pack(at));
        }
        true
    }
}
