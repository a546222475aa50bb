//! The many-well target (Noe et al. 2019; Midgley et al. 2023): independent pairs with
//! log p(x1, x2) = -x1^4 + 6 x1^2 + x1/2 - x2^2/2, two wells near x1 = -1.70 and 1.75 a barrier of 9
//! apart, 2^(d/2) modes in all.
//!
//! Exact, a pair: Z = 11784.509265127826 sqrt(2 pi), log Z = 10.293479707073868, E x1 = 1.18796098,
//! E x1^2 = 2.95980609, P(x1 > 0) = 0.84430710. Cost: 7 operations a pair for a gradient.

use crate::error::{Error, Result};
use crate::target::{Exact, Reference, Target};
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane, Mask};

/// `dim / 2` double wells, each beside a standard normal.
#[derive(Debug, Clone)]
pub struct ManyWell {
    dim: usize,
    log_evidence: f64,
    mean: f64,
    sd: f64,
}

/// The exponent of a well.
#[inline(always)]
fn well<L: Lane>(x: L) -> L {
    let square = x * x;
    let quartic = (L::splat(6.0) - square) * square;
    x.mul_add(L::splat(0.5), quartic)
}

impl ManyWell {
    /// `dim` even, at least 2.
    pub fn new(dim: usize) -> Result<Self> {
        if dim == 0 || !dim.is_multiple_of(2) {
            return Err(Error::invalid(
                "many-well dim",
                dim,
                "must be an even number, at least 2",
            ));
        }
        // The trapezoidal rule converges geometrically for an entire function that has fallen to
        // e^-1100 at the ends: spacing 1/256 is exact to rounding.
        let moments = (-6 * 256..=6 * 256).fold([0.0; 3], |[z, m, s], i| {
            let x = f64::from(i) / 256.0;
            let p = Lane::exp(well(x)) / 256.0;
            [z + p, m + p * x, s + p * x * x]
        });
        let [z, mean, square] = [moments[0], moments[1] / moments[0], moments[2] / moments[0]];
        let pair = Lane::ln(z) + 0.5 * Lane::ln(std::f64::consts::TAU);
        let log_evidence = pair * (dim / 2) as f64;
        Ok(Self {
            dim,
            log_evidence,
            mean,
            sd: (square - mean * mean).sqrt(),
        })
    }
}

impl Target for ManyWell {
    fn dim(&self) -> usize {
        self.dim
    }

    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let half = L::splat(-0.5);
        x.chunks_exact(2).fold(L::zero(), |sum, x| {
            (x[1] * x[1]).mul_add(half, sum + well(x[0]))
        })
    }

    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        let (four, twelve, half) = (L::splat(-4.0), L::splat(12.0), L::splat(0.5));
        for (x, grad) in x.chunks_exact(2).zip(grad.chunks_exact_mut(2)) {
            let slope = (x[0] * x[0]).mul_add(four, twelve);
            grad[0] = slope.mul_add(x[0], half);
            grad[1] = -x[1];
        }
    }

    /// N(0, 2^2) on the wells, whose second moment is 1.72^2: both lie within one standard
    /// deviation and the tails, e^-x^4, are covered; the second of a pair is N(0, 1) and starts as
    /// what it is, so that it adds nothing to the variance of the weights.
    fn reference(&self) -> Reference {
        let scale = (0..self.dim)
            .map(|j| if j % 2 == 0 { 2.0 } else { 1.0 })
            .collect();
        Reference::normal(vec![0.0; self.dim], scale).expect("positive scales")
    }

    fn exact(&self) -> Exact {
        let each = |first: f64, second: f64| {
            Some(
                (0..self.dim)
                    .map(|j| if j % 2 == 0 { first } else { second })
                    .collect(),
            )
        };
        Exact {
            log_evidence: Some(self.log_evidence),
            mean: each(self.mean, 0.0),
            sd: each(self.sd, 1.0),
        }
    }

    fn marginal_density(&self, j: usize, x: f64) -> Option<f64> {
        let log_pair = self.log_evidence / (self.dim / 2) as f64;
        let log_z = log_pair - 0.5 * Lane::ln(std::f64::consts::TAU);
        Some(match j % 2 {
            0 => Lane::exp(well(x) - log_z),
            _ => super::gaussian::normal_density(x, 0.0, 1.0),
        })
    }

    /// Rejection, exact: with c = +-sqrt 3 the sign of x, (x^2 - 3)^2 = (x - c)^2 (x + c)^2 >=
    /// 3 (x - c)^2, so each well lies under a normal of variance 1/6 whose mean x/2 shifts by 1/12.
    /// Acceptance 0.50; a row of 32 is full after seven rounds on average.
    fn sample_exact(&self, stream: &mut Stream, x: &mut [Row<F64>]) -> bool {
        let root = 3f64.sqrt();
        // Masses of the two normals: e^(+-sqrt 3 / 2) and a common factor.
        let right_mass = Lane::sigmoid(root);
        let sd = Lane::splat((1.0f64 / 6.0).sqrt());
        for pair in x.chunks_exact_mut(2) {
            let mut missing = <Row<F64> as Lane>::Mask::splat(true);
            while missing.any() {
                let right = stream.uniform_row::<F64>().lt(Lane::splat(right_mass));
                let centre = Row::<F64>::select(right, Lane::splat(root), Lane::splat(-root));
                let shifted = centre + Lane::splat(1.0 / 12.0);
                let draw = stream.normal_row::<F64>().mul_add(sd, shifted);
                let (near, far) = (draw - centre, draw + centre);
                let exponent = near * near * (Row::<F64>::splat(3.0) - far * far);
                let same_side = Row::<F64>::zero().lt(draw * centre);
                let accepted = stream
                    .uniform_open_row::<F64>()
                    .lt(exponent.exp())
                    .and(same_side);
                pair[0] = Lane::select(missing.and(accepted), draw, pair[0]);
                missing = missing.and(accepted.not());
            }
            pair[1] = stream.normal_row::<F64>();
        }
        true
    }
}
