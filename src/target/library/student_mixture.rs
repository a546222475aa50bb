//! Mixture of products of Student t laws (Blessing et al. 2024, arXiv:2406.07423, "MoS"): ten equal
//! components of independent t with 2 degrees of freedom and scale 1, locations uniform on
//! [-10, 10]^dim, log Z = 0.
//!
//! ```text
//! log p = ln 1/K sum_k exp(sum_j [c - (df + 1)/2 ln(1 + z_jk^2 / df)]),   z_jk = x_j - m_jk
//! ```
//!
//! Locations are those of jax's `uniform(PRNGKey(0))` in its first stream, Threefry-2x32 of 20 rounds
//! (Salmon et al. 2011, doi 10.1145/2063384.2063405), so that published figures belong to this target.
//! K d (ln + 6) operations, and an exp a component.

use crate::error::{Error, Result};
use crate::parameters::Parameters;
use crate::target::{Exact, Reference, Target};
use driftlane_kernels::lane::Table;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// Ten components by default; locations lie within this of 0.
const WIDTH: f32 = 10.0;

/// The mixture.
#[derive(Debug, Clone)]
pub struct StudentMixture {
    dim: usize,
    df: f64,
    /// `[component][coordinate]`.
    locations: Table,
    /// ln(1/K) + dim ln(normaliser).
    constant: f64,
}

impl StudentMixture {
    /// `components` from 1 to 10000 in `dim` >= 1 dimensions, at most 1e7 locations in all; `df`, degrees of
    /// freedom, from 0.1 to 1000.
    pub fn new(dim: usize, components: usize, df: f64) -> Result<Self> {
        let most = 10_000_000 / components.clamp(1, 10_000);
        if !(1..=10_000).contains(&components) {
            let allowed = "must be from 1 to 10000";
            return Err(Error::invalid(
                "student-mixture components",
                components,
                allowed,
            ));
        }
        if !(1..=most).contains(&dim) {
            let allowed = format!("must be from 1 to {most} for {components} components");
            return Err(Error::invalid("student-mixture dim", dim, allowed));
        }
        if !(0.1..=1000.0).contains(&df) {
            let allowed = "must be a number from 0.1 to 1000";
            return Err(Error::invalid("student-mixture df", df, allowed));
        }
        let locations: Vec<f64> = jax_uniform(components * dim)
            .into_iter()
            .map(|u| f64::from((u * (2.0 * WIDTH) - WIDTH).max(-WIDTH)))
            .collect();
        // The normaliser of one coordinate is that of a reference with one.
        let one = Reference::student_t(df, vec![0.0], vec![1.0])?;
        let each = one.log_density(&[0.0f64]);
        let constant = each * dim as f64 - Lane::ln(components as f64);
        Ok(Self {
            dim,
            df,
            locations: locations.into(),
            constant,
        })
    }

    pub(super) fn from_parameters(p: &mut Parameters) -> Result<Self> {
        let dim = super::dimension_or(p, "a whole number from 1 to 1000000", 2)?;
        let allowed = "a whole number from 1 to 10000";
        let components = p.count_or("components", 1..=10_000, allowed, 10)?;
        let df = p.number_or("df", 0.1..=1000.0, "a number from 0.1 to 1000", 2.0)?;
        Self::new(dim, components as usize, df)
    }

    /// The location of component `k`.
    pub fn location(&self, k: usize) -> &[f64] {
        &self.locations.values()[k * self.dim..][..self.dim]
    }

    fn components(&self) -> usize {
        self.locations.values().len() / self.dim
    }

    /// The log density of a component, up to `constant`.
    #[inline(always)]
    fn component<L: Lane>(&self, x: &[L], locations: &[L::Scalar]) -> L {
        let inverse = L::splat(1.0 / self.df);
        let sum = x.iter().zip(locations).fold(L::zero(), |sum, (x, &m)| {
            let z = *x - L::broadcast(m);
            sum + (z * z * inverse).ln_1p()
        });
        sum * L::splat(-0.5 * (self.df + 1.0))
    }

    /// The larger of a running maximum and a component; the sum under the new one follows.
    #[inline(always)]
    fn highest<L: Lane>(&self, x: &[L]) -> L {
        let locations = self.locations.of::<L>().chunks_exact(self.dim);
        locations.fold(L::splat(f64::NEG_INFINITY), |high, m| {
            high.max(self.component(x, m))
        })
    }
}

impl Target for StudentMixture {
    fn dim(&self) -> usize {
        self.dim
    }

    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let high = self.highest(x);
        let mut sum = L::zero();
        for m in self.locations.of::<L>().chunks_exact(self.dim) {
            sum += (self.component(x, m) - high).exp();
        }
        high + sum.ln() + L::splat(self.constant)
    }

    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        self.log_density_and_gradient(x, grad);
    }

    fn log_density_and_gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) -> L {
        let high = self.highest(x);
        let (df, mut sum) = (L::splat(self.df), L::zero());
        grad.fill(L::zero());
        for m in self.locations.of::<L>().chunks_exact(self.dim) {
            let weight = (self.component(x, m) - high).exp();
            sum += weight;
            for ((g, x), &m) in grad.iter_mut().zip(x).zip(m) {
                let z = *x - L::broadcast(m);
                *g = weight.mul_add(z / z.mul_add(z, df), *g);
            }
        }
        let factor = sum.recip() * L::splat(-(self.df + 1.0));
        for g in grad.iter_mut() {
            *g *= factor;
        }
        high + sum.ln() + L::splat(self.constant)
    }

    /// Student t of the same degrees of freedom, so that no tail is left uncovered, about the locations'
    /// mean, as wide as they lie apart and a component besides.
    fn reference(&self) -> Reference {
        let count = self.components() as f64;
        let (mean, scale) = (0..self.dim)
            .map(|j| {
                let values = || (0..self.components()).map(|k| self.location(k)[j]);
                let mean = values().sum::<f64>() / count;
                let square = values().map(|m| (m - mean) * (m - mean)).sum::<f64>();
                (mean, (square / count + 1.0).sqrt())
            })
            .unzip();
        Reference::student_t(self.df, mean, scale).expect("locations are finite")
    }

    fn exact(&self) -> Exact {
        let law = self.reference();
        let count = self.components() as f64;
        let sd = (0..self.dim).map(|j| {
            let shift = |k: usize| self.location(k)[j] - law.location()[j];
            let between = (0..self.components()).map(|k| shift(k) * shift(k));
            (self.df / (self.df - 2.0) + between.sum::<f64>() / count).sqrt()
        });
        Exact {
            log_evidence: Some(0.0),
            sd: (self.df > 2.0).then(|| sd.collect()),
            mean: (self.df > 1.0).then(|| law.location().to_vec()),
        }
    }

    fn marginal_density(&self, j: usize, x: f64) -> Option<f64> {
        let count = self.components() as f64;
        let each = (self.constant + Lane::ln(count)) / self.dim as f64;
        let locations = self.locations.values().iter().skip(j).step_by(self.dim);
        let terms = locations.map(|m| {
            let z = x - m;
            Lane::exp(each - 0.5 * (self.df + 1.0) * Lane::ln_1p(z * z / self.df)) / count
        });
        Some(terms.sum())
    }

    fn sample_exact(&self, stream: &mut Stream, x: &mut [Row<F64>]) -> bool {
        let count = self.components();
        let u = stream.uniform_row::<F64>() * Row::<F64>::splat(count as f64);
        let noise = Reference::student_t(self.df, vec![0.0; self.dim], vec![1.0; self.dim]);
        noise.expect("checked when built").sample(stream, x);
        for (j, x) in x.iter_mut().enumerate() {
            let mut centre = Row::<F64>::zero();
            for k in 0..count {
                let chosen = Row::<F64>::splat(k as f64).le(u);
                centre = Lane::select(chosen, Lane::splat(self.location(k)[j]), centre);
            }
            *x += centre;
        }
        true
    }
}

/// `count` uniforms on [0, 1) as jax's key 0 gave them before its stream could be partitioned: counters
/// in two halves, 23 bits of each word as the fraction of an f32.
fn jax_uniform(count: usize) -> Vec<f32> {
    let half = count.div_ceil(2);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for i in 0..half {
        // An odd count is filled up by one zero.
        let other = if half + i < count { half + i } else { 0 };
        let (a, b) = threefry([0, 0], [i as u32, other as u32]);
        first.push(a);
        second.push(b);
    }
    let words = first.into_iter().chain(second).take(count);
    words
        .map(|word| f32::from_bits((word >> 9) | 0x3f80_0000) - 1.0)
        .collect()
}

/// Threefry-2x32, 20 rounds.
fn threefry(key: [u32; 2], counter: [u32; 2]) -> (u32, u32) {
    const ROTATIONS: [[u32; 4]; 2] = [[13, 15, 26, 6], [17, 29, 16, 24]];
    let keys = [key[0], key[1], key[0] ^ key[1] ^ 0x1bd1_1bda];
    let mut a = counter[0].wrapping_add(keys[0]);
    let mut b = counter[1].wrapping_add(keys[1]);
    for round in 0..5usize {
        for rotation in ROTATIONS[round % 2] {
            a = a.wrapping_add(b);
            b = b.rotate_left(rotation) ^ a;
        }
        a = a.wrapping_add(keys[(round + 1) % 3]);
        b = b
            .wrapping_add(keys[(round + 2) % 3])
            .wrapping_add(round as u32 + 1);
    }
    (a, b)
}
