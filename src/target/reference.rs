//! Reference laws: normalised, sampled exactly, with a known density.
//!
//! Independent coordinates, each a normal N(m, s^2) or a Student t with `df` degrees of freedom,
//! location m and scale s, or all of them angles, uniform on the torus: there the density is (2 pi)^-dim
//! wherever a position is lifted to. Student variates by Bailey's polar identity (Bailey 1994, Math. Comp.
//! 62:779): sqrt(df (u^(-2/df) - 1)) cos(2 pi v) has exactly the t law.

use super::{Exact, Target};
use crate::error::{Error, Result};
use driftlane_kernels::lane::Table;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// The family of every coordinate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Family {
    /// Normal.
    Normal,
    /// Student t with these degrees of freedom.
    StudentT(f64),
    /// Uniform on [-pi, pi), an angle.
    Torus,
}

/// A product law with a location and a scale for every coordinate.
#[derive(Debug, Clone)]
pub struct Reference {
    family: Family,
    location: Table,
    scale: Table,
    inverse_scale: Table,
    log_normaliser: f64,
}

/// A number in four significant figures, or as it is where that is shorter.
fn brief(x: f64) -> String {
    let plain = format!("{x}");
    let rounded = format!("{x:.3e}")
        .parse::<f64>()
        .map_or(String::new(), |x| format!("{x}"));
    match rounded.len() < plain.len() && !rounded.is_empty() {
        true => rounded,
        false => plain,
    }
}

impl Reference {
    /// N(0, I) in `dim` dimensions.
    pub fn standard_normal(dim: usize) -> Self {
        Self::build(Family::Normal, vec![0.0; dim], vec![1.0; dim])
    }

    /// Independent normals; scales positive and finite, as many as locations.
    pub fn normal(location: Vec<f64>, scale: Vec<f64>) -> Result<Self> {
        Self::checked(Family::Normal, location, scale)
    }

    /// Independent Student t coordinates; `df` positive.
    pub fn student_t(df: f64, location: Vec<f64>, scale: Vec<f64>) -> Result<Self> {
        if !(df > 0.0 && df.is_finite()) {
            return Err(Error::invalid(
                "reference df",
                df,
                "a finite number above 0",
            ));
        }
        Self::checked(Family::StudentT(df), location, scale)
    }

    /// Uniform on the torus of `dim` angles.
    pub fn torus(dim: usize) -> Self {
        // Half the width of [-pi, pi) is what a uniform number on [-1, 1) is scaled by.
        let half = std::f64::consts::PI;
        Self::build(Family::Torus, vec![0.0; dim], vec![half; dim])
    }

    fn checked(family: Family, location: Vec<f64>, scale: Vec<f64>) -> Result<Self> {
        if let Some(&m) = location.iter().find(|m| !m.is_finite()) {
            return Err(Error::invalid("reference location", m, "finite numbers"));
        }
        if let Some(&s) = scale.iter().find(|&&s| !(s > 0.0 && s.is_finite())) {
            return Err(Error::invalid(
                "reference scale",
                s,
                "finite numbers above 0",
            ));
        }
        if location.len() != scale.len() {
            return Err(Error::invalid(
                "reference scale",
                format!("{} numbers", scale.len()),
                format!("as many as locations, {}", location.len()),
            ));
        }
        Ok(Self::build(family, location, scale))
    }

    fn build(family: Family, location: Vec<f64>, scale: Vec<f64>) -> Self {
        let each = match family {
            Family::Normal => -0.5 * std::f64::consts::TAU.ln_lane(),
            Family::StudentT(df) => {
                log_gamma(0.5 * (df + 1.0))
                    - log_gamma(0.5 * df)
                    - 0.5 * (df * std::f64::consts::PI).ln_lane()
            }
            Family::Torus => -std::f64::consts::LN_2,
        };
        let log_normaliser = scale.iter().map(|s| each - s.ln_lane()).sum();
        let inverse_scale = scale.iter().map(|s| 1.0 / s).collect::<Vec<_>>();
        Self {
            family,
            location: location.into(),
            scale: scale.into(),
            inverse_scale: inverse_scale.into(),
            log_normaliser,
        }
    }

    /// The family of every coordinate.
    pub fn family(&self) -> Family {
        self.family
    }
    /// The location of every coordinate.
    pub fn location(&self) -> &[f64] {
        self.location.values()
    }
    /// The scale of every coordinate.
    pub fn scale(&self) -> &[f64] {
        self.scale.values()
    }

    /// The same law with every scale multiplied by `factor`, a finite number above 0; a scale that
    /// would overflow stays at the largest number. A torus cannot be wider.
    pub fn widened(&self, factor: f64) -> Self {
        if self.family == Family::Torus {
            return self.clone();
        }
        let scale = self.scale().iter().map(|s| (s * factor).min(f64::MAX));
        Self::build(self.family, self.location().to_vec(), scale.collect())
    }

    /// One line for summaries: `normal(0, 10)`.
    pub fn describe(&self) -> String {
        // Of coordinates that differ, those there is room for, else between what they lie.
        let range = |v: &[f64]| match (v.first(), v.iter().all(|x| *x == v[0])) {
            (Some(x), true) => format!("{x}"),
            (Some(_), false) if v.len() <= 4 => {
                let all: Vec<String> = v.iter().map(|x| brief(*x)).collect();
                format!("[{}]", all.join(", "))
            }
            (Some(_), false) => {
                let (low, high) = v
                    .iter()
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| {
                        (a.min(*x), b.max(*x))
                    });
                format!("{} to {} by coordinate", brief(low), brief(high))
            }
            (None, _) => String::new(),
        };
        let (m, s) = (range(self.location()), range(self.scale()));
        match self.family {
            Family::Normal => format!("normal({m}, {s})"),
            Family::StudentT(df) => format!("student({df}, {m}, {s})"),
            Family::Torus => "uniform on the torus".to_owned(),
        }
    }

    /// Fills one tile (`dim` rows) with independent draws.
    pub fn sample(&self, stream: &mut Stream, x: &mut [Row<F64>]) {
        let location_scale = self.location().iter().zip(self.scale());
        for (x, (&m, &s)) in x.iter_mut().zip(location_scale) {
            let standard = match self.family {
                Family::Normal => stream.normal_row::<F64>(),
                Family::StudentT(df) => {
                    let u = stream.uniform_open_row::<F64>();
                    let (_, cos) = stream.uniform_row::<F64>().sin_cos_turns();
                    let stretch = (u.ln() * Lane::splat(-2.0 / df)).exp_m1();
                    (stretch * Lane::splat(df)).sqrt() * cos
                }
                Family::Torus => {
                    let u = stream.uniform_row::<F64>();
                    u.mul_add(Lane::splat(2.0), Lane::splat(-1.0))
                }
            };
            *x = standard.mul_add(Lane::splat(s), Lane::splat(m));
        }
    }
}

impl Target for Reference {
    fn dim(&self) -> usize {
        self.location().len()
    }

    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let m = self.location.of::<L>();
        let w = self.inverse_scale.of::<L>();
        let mut sum = L::zero();
        if self.family == Family::Torus {
            // Not a constant where there is no position.
            let all = x.iter().fold(sum, |sum, x| sum + *x);
            return all.mul_add(L::zero(), L::splat(self.log_normaliser));
        }
        for j in 0..x.len() {
            let z = (x[j] - L::broadcast(m[j])) * L::broadcast(w[j]);
            sum = match self.family {
                Family::Normal => z.mul_add(z, sum),
                Family::StudentT(df) => sum + (z * z * L::splat(1.0 / df)).ln_1p(),
                Family::Torus => sum,
            };
        }
        let factor = match self.family {
            Family::Normal => -0.5,
            Family::StudentT(df) => -0.5 * (df + 1.0),
            Family::Torus => 0.0,
        };
        sum.mul_add(L::splat(factor), L::splat(self.log_normaliser))
    }

    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        let m = self.location.of::<L>();
        let w = self.inverse_scale.of::<L>();
        for j in 0..x.len() {
            let w = L::broadcast(w[j]);
            let z = (x[j] - L::broadcast(m[j])) * w;
            grad[j] = match self.family {
                Family::Normal => -(z * w),
                Family::StudentT(df) => -(z * w * L::splat(df + 1.0)) / z.mul_add(z, L::splat(df)),
                Family::Torus => L::zero(),
            };
        }
    }

    /// Of normals both from one z; other families have nothing to share.
    fn log_density_and_gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) -> L {
        if self.family != Family::Normal {
            self.gradient(x, grad);
            return self.log_density(x);
        }
        let (m, w) = (self.location.of::<L>(), self.inverse_scale.of::<L>());
        let mut sum = L::zero();
        for (j, (x, g)) in x.iter().zip(grad).enumerate() {
            let w = L::broadcast(w[j]);
            let z = (*x - L::broadcast(m[j])) * w;
            sum = z.mul_add(z, sum);
            *g = -(z * w);
        }
        sum.mul_add(L::splat(-0.5), L::splat(self.log_normaliser))
    }

    fn reference(&self) -> Reference {
        self.clone()
    }

    fn exact(&self) -> Exact {
        let sd = match self.family {
            Family::Normal => Some(self.scale().to_vec()),
            Family::StudentT(df) if df > 2.0 => Some(
                self.scale()
                    .iter()
                    .map(|s| s * (df / (df - 2.0)).sqrt())
                    .collect(),
            ),
            Family::StudentT(_) => None,
            Family::Torus => Some(self.scale().iter().map(|s| s / 3f64.sqrt()).collect()),
        };
        let mean = match self.family {
            Family::StudentT(df) if df <= 1.0 => None,
            _ => Some(self.location().to_vec()),
        };
        Exact {
            log_evidence: Some(0.0),
            mean,
            sd,
        }
    }

    fn sample_exact(&self, stream: &mut Stream, x: &mut [Row<F64>]) -> bool {
        self.sample(stream, x);
        true
    }
}

/// ln x by [`driftlane_kernels::math`], so that constants agree between machines.
trait LnLane {
    fn ln_lane(self) -> f64;
}
impl LnLane for f64 {
    fn ln_lane(self) -> f64 {
        Lane::ln(self)
    }
}

/// ln Gamma(x) for x > 0: upward recurrence to x >= 10, then Stirling's series (error below 1e-14).
fn log_gamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 10.0 {
        shift -= x.ln_lane();
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse
        * (1.0 / 12.0
            - square
                * (1.0 / 360.0
                    - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))));
    shift + (x - 0.5) * x.ln_lane() - x + 0.5 * std::f64::consts::TAU.ln_lane() + series
}
