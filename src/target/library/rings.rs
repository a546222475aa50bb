//! Concentric rings in the plane (Grenioux et al. 2024, SLIPS): the radius is a mixture of normals, the
//! angle uniform: log p(x) = log sum_k w_k N(r; R_k, sd^2) - log(2 pi r), r = |x|.
//!
//! The mixture's mass below r = 0 is not in the plane, so Z = sum_k w_k Phi(R_k / sd): 1 to 4e-12 for the
//! default radii 1, 2, 3, 4 and sd 0.15. Gradient: (d/dr log sum - 1/r) x / r. K (exp + 8) operations.
//! At the origin the density is infinite (and integrable); r is taken as at least 1e-150 there.

use crate::error::{Error, Result};
use crate::parameters::Parameters;
use crate::target::{Exact, Reference, Target};
use driftlane_kernels::lane::Table;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane, Mask};

/// Rings of one width.
#[derive(Debug, Clone)]
pub struct Rings {
    /// Sum to 1.
    weights: Vec<f64>,
    radii: Vec<f64>,
    sd: f64,
    /// R_k / sd and ln(w_k / (sd sqrt(2 pi)) / (2 pi)) of every ring.
    table: Table,
    log_evidence: f64,
    /// Of either coordinate.
    coordinate_sd: f64,
}

impl Rings {
    /// Radii from 0 to 1e6, weights positive (they need not sum to 1), `sd` from 1e-6 to 1e6.
    pub fn new(radii: Vec<f64>, weights: Vec<f64>, sd: f64) -> Result<Self> {
        if radii.is_empty() || radii.len() > 1000 {
            let shown = format!("{} numbers", radii.len());
            return Err(Error::invalid(
                "rings radii",
                shown,
                "must be 1 to 1000 numbers",
            ));
        }
        if let Some(r) = radii.iter().find(|r| !(0.0..=1e6).contains(*r)) {
            return Err(Error::invalid("rings radii", r, "must be from 0 to 1e6"));
        }
        if weights.len() != radii.len() {
            let shown = format!("{} numbers", weights.len());
            let allowed = format!("must be one for each of the {} radii", radii.len());
            return Err(Error::invalid("rings weights", shown, allowed));
        }
        if let Some(w) = weights.iter().find(|w| !(1e-150..=1e150).contains(*w)) {
            let allowed = "must be numbers above 0, from 1e-150 to 1e150";
            return Err(Error::invalid("rings weights", w, allowed));
        }
        if !(1e-6..=1e6).contains(&sd) {
            return Err(Error::invalid("rings sd", sd, "must be from 1e-6 to 1e6"));
        }
        let total: f64 = weights.iter().sum();
        let weights: Vec<f64> = weights.iter().map(|w| w / total).collect();
        let tau = std::f64::consts::TAU;
        let log_width = Lane::ln(sd) + 1.5 * Lane::ln(tau);
        let table: Vec<f64> = radii
            .iter()
            .zip(&weights)
            .flat_map(|(r, w)| [r / sd, Lane::ln(*w) - log_width])
            .collect();
        // int_0^inf N(r; R, sd^2) (1, r^2) dr by the midpoint rule over 12 sd on either side, cut at 0
        // and there done on its own: error below 1e-12.
        let (mut mass, mut second) = (0.0, 0.0);
        for (r, w) in radii.iter().zip(&weights) {
            let low = (r - 12.0 * sd).max(0.0);
            let h = (r + 12.0 * sd - low) / PANELS as f64;
            let (mut m, mut s) = (0.0, 0.0);
            for panel in 0..PANELS {
                for (node, weight) in GAUSS {
                    let x = low + h * (panel as f64 + node);
                    let z = (x - r) / sd;
                    let p = weight * h * Lane::exp(-0.5 * z * z) / (sd * tau.sqrt());
                    m += p;
                    s += p * x * x;
                }
            }
            mass += w * m;
            second += w * s;
        }
        Ok(Self {
            weights,
            radii,
            sd,
            table: table.into(),
            log_evidence: Lane::ln(mass),
            coordinate_sd: (0.5 * second / mass).sqrt(),
        })
    }

    pub(super) fn from_parameters(p: &mut Parameters) -> Result<Self> {
        const LIST: &str = "a list of numbers";
        let radii = p.numbers("radii", LIST)?;
        let radii = radii.unwrap_or_else(|| {
            let radii = vec![1.0, 2.0, 3.0, 4.0];
            p.settle("radii", radii.clone());
            radii
        });
        let weights = super::weights(p, radii.len())?;
        let sd = p.number_or("sd", 1e-6..=1e6, "a number from 1e-6 to 1e6", 0.15)?;
        Self::new(radii, weights, sd)
    }

    /// (log density, its slope along r, 1 / r).
    #[inline(always)]
    fn along<L: Lane>(&self, x: &[L]) -> (L, L, L) {
        let square = x[0].mul_add(x[0], x[1] * x[1]);
        let r = L::splat(f64::MIN_POSITIVE.sqrt()).max(square.sqrt());
        let y = r * L::splat(1.0 / self.sd);
        let table = self.table.of::<L>();
        let energy = |ring: &[L::Scalar]| {
            let z = y - L::broadcast(ring[0]);
            (z, (z * z).mul_add(L::splat(-0.5), L::broadcast(ring[1])))
        };
        let mut high = L::splat(f64::NEG_INFINITY);
        for ring in table.chunks_exact(2) {
            high = high.max(energy(ring).1);
        }
        let (mut sum, mut pull) = (L::zero(), L::zero());
        for ring in table.chunks_exact(2) {
            let (z, e) = energy(ring);
            let weight = (e - high).exp();
            sum += weight;
            pull = weight.mul_add(z, pull);
        }
        let inverse = r.recip();
        let slope = -(pull / sum) * L::splat(1.0 / self.sd) - inverse;
        (high + sum.ln() - r.ln(), slope, inverse)
    }
}

/// Panels of the quadrature, each with the four-point Gauss-Legendre rule on [0, 1].
const PANELS: usize = 256;
const GAUSS: [(f64, f64); 4] = [
    (0.069_431_844_202_973_71, 0.173_927_422_568_726_93),
    (0.330_009_478_207_571_87, 0.326_072_577_431_273_07),
    (0.669_990_521_792_428_1, 0.326_072_577_431_273_07),
    (0.930_568_155_797_026_2, 0.173_927_422_568_726_93),
];

impl Target for Rings {
    fn dim(&self) -> usize {
        2
    }

    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        self.along(x).0
    }

    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        self.log_density_and_gradient(x, grad);
    }

    fn log_density_and_gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) -> L {
        let (value, slope, inverse) = self.along(x);
        let factor = slope * inverse;
        grad[0] = factor * x[0];
        grad[1] = factor * x[1];
        value
    }

    /// Normal with the rings' own standard deviation.
    fn reference(&self) -> Reference {
        Reference::normal(vec![0.0; 2], vec![self.coordinate_sd; 2]).expect("a positive scale")
    }

    fn exact(&self) -> Exact {
        Exact {
            log_evidence: Some(self.log_evidence),
            mean: Some(vec![0.0; 2]),
            sd: Some(vec![self.coordinate_sd; 2]),
        }
    }

    /// Ring and radius are drawn anew until the radius is not negative; then the angle.
    fn sample_exact(&self, stream: &mut Stream, x: &mut [Row<F64>]) -> bool {
        let mut missing = <Row<F64> as Lane>::Mask::splat(true);
        let mut radius = Row::<F64>::zero();
        while missing.any() {
            let u = stream.uniform_row::<F64>();
            let mut centre = Row::<F64>::zero();
            let mut below = 0.0;
            for (r, w) in self.radii.iter().zip(&self.weights) {
                let chosen = Row::<F64>::splat(below).le(u);
                centre = Lane::select(chosen, Lane::splat(*r), centre);
                below += w;
            }
            let draw = stream
                .normal_row::<F64>()
                .mul_add(Lane::splat(self.sd), centre);
            radius = Lane::select(missing, draw, radius);
            missing = missing.and(draw.lt(Lane::zero()));
        }
        let (sin, cos) = stream.uniform_row::<F64>().sin_cos_turns();
        (x[0], x[1]) = (radius * cos, radius * sin);
        true
    }
}
