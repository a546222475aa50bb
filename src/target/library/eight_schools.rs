//! Eight schools (Rubin 1981, doi 10.3102/10769986006004377; priors of posteriordb): effects
//! theta_i ~ N(mu, tau^2), y_i ~ N(theta_i, sigma_i^2), mu ~ N(0, 5^2), tau ~ HalfCauchy(5).
//!
//! Coordinates are mu, ln tau and, non-centred, eta_i = (theta_i - mu) / tau; centred, theta_i, where the
//! funnel of tau and theta is left as it is. Given tau everything is normal, so log Z and all moments
//! are one-dimensional integrals: the trapezoidal rule in ln tau, exact to rounding. Cost: 60 operations
//! for a gradient.

use crate::error::Result;
use crate::parameters::Parameters;
use crate::target::transform::{Model, Parameter, Transform, Unconstrained};
use crate::target::{Exact, Reference};
use driftlane_kernels::Lane;

const EFFECTS: [f64; 8] = [28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0];
const ERRORS: [f64; 8] = [15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0];
/// The scale of both priors.
const PRIOR: f64 = 5.0;

/// The model on mu, tau and the effects.
#[derive(Debug, Clone)]
pub struct EightSchools {
    centred: bool,
    constant: f64,
}

impl EightSchools {
    /// Centred (effects themselves) or not (their standardised deviations).
    pub fn new(centred: bool) -> Self {
        let half_tau = 0.5 * Lane::ln(std::f64::consts::TAU);
        let errors: f64 = ERRORS.iter().map(|s| Lane::ln(*s)).sum();
        // N(mu), HalfCauchy(tau), eight N(eta) and eight N(y).
        let cauchy = Lane::ln(2.0 * PRIOR / std::f64::consts::PI);
        let constant = cauchy - 17.0 * half_tau - Lane::ln(PRIOR) - errors;
        Self { centred, constant }
    }

    pub(super) fn from_parameters(p: &mut Parameters) -> Result<Unconstrained<Self>> {
        const NAMES: &str = "non-centred or centred";
        let centred = match p
            .text_or("parameterisation", NAMES, "non-centred")?
            .as_str()
        {
            "non-centred" => false,
            "centred" => true,
            other => return Err(p.must_be("parameterisation", other, NAMES)),
        };
        Unconstrained::new(Self::new(centred))
    }
}

impl Model for EightSchools {
    fn parameters(&self) -> Vec<Parameter> {
        let effects = if self.centred { "theta" } else { "eta" };
        vec![
            Parameter::new("mu", 1, Transform::Real),
            Parameter::new("tau", 1, Transform::Positive),
            Parameter::new(effects, 8, Transform::Real),
        ]
    }

    fn log_density<L: Lane>(&self, theta: &[L]) -> L {
        let (mu, tau) = (theta[0], theta[1]);
        let mut sum = mu * mu * L::splat(1.0 / (PRIOR * PRIOR));
        for (i, &e) in theta[2..].iter().enumerate() {
            let (z, effect) = if self.centred {
                ((e - mu) / tau, e)
            } else {
                (e, tau.mul_add(e, mu))
            };
            let residual = (L::splat(EFFECTS[i]) - effect) * L::splat(1.0 / ERRORS[i]);
            sum = residual.mul_add(residual, z.mul_add(z, sum));
        }
        let spread = tau.mul_add(tau, L::splat(PRIOR * PRIOR)).ln();
        let value = sum.mul_add(L::splat(-0.5), L::splat(self.constant)) - spread;
        if self.centred {
            value - tau.ln() * L::splat(8.0)
        } else {
            value
        }
    }

    fn gradient<L: Lane>(&self, theta: &[L], grad: &mut [L]) {
        let (mu, tau) = (theta[0], theta[1]);
        let mut along_mu = mu * L::splat(-1.0 / (PRIOR * PRIOR));
        let cauchy = tau.mul_add(tau, L::splat(PRIOR * PRIOR));
        let mut along_tau = L::splat(-2.0) * tau / cauchy;
        for (i, &e) in theta[2..].iter().enumerate() {
            let pull = L::splat(1.0 / (ERRORS[i] * ERRORS[i]));
            if self.centred {
                let z = (e - mu) / tau;
                let towards = z / tau;
                along_mu += towards;
                along_tau += (z * z - L::one()) / tau;
                grad[2 + i] = (L::splat(EFFECTS[i]) - e).mul_add(pull, -towards);
            } else {
                let r = (L::splat(EFFECTS[i]) - tau.mul_add(e, mu)) * pull;
                along_mu += r;
                along_tau = r.mul_add(e, along_tau);
                grad[2 + i] = tau.mul_add(r, -e);
            }
        }
        (grad[0], grad[1]) = (along_mu, along_tau);
    }

    /// Student t with 4 degrees of freedom: ln tau has a tail of e^u below, which no normal covers.
    fn reference(&self, dim: usize) -> Reference {
        let effect = if self.centred {
            (4.0, 10.0)
        } else {
            (0.0, 1.0)
        };
        let (mut location, mut scale) = (vec![effect.0; dim], vec![effect.1; dim]);
        location[..2].copy_from_slice(&[0.0, 1.0]);
        scale[..2].copy_from_slice(&[PRIOR, 1.5]);
        Reference::student_t(4.0, location, scale).expect("constants are valid")
    }

    fn exact(&self) -> Exact {
        const STEPS_PER_UNIT: i32 = 32;
        let mut total = [0.0; 21];
        for step in -40 * STEPS_PER_UNIT..=25 * STEPS_PER_UNIT {
            let u = f64::from(step) / f64::from(STEPS_PER_UNIT);
            let (log_weight, moments) = self.given(u);
            let weight = Lane::exp(log_weight) / f64::from(STEPS_PER_UNIT);
            total[0] += weight;
            for (sum, moment) in total[1..].iter_mut().zip(moments) {
                *sum += weight * moment;
            }
        }
        let mean: Vec<f64> = total[1..11].iter().map(|m| m / total[0]).collect();
        let sd = mean.iter().zip(&total[11..]);
        Exact {
            log_evidence: Some(Lane::ln(total[0])),
            sd: Some(sd.map(|(m, s)| (s / total[0] - m * m).sqrt()).collect()),
            mean: Some(mean),
        }
    }
}

impl EightSchools {
    /// The log density of (y, u = ln tau), and the means and the second moments of all ten coordinates
    /// under mu and effects given both.
    fn given(&self, u: f64) -> (f64, [f64; 20]) {
        let tau = Lane::exp(u);
        let tau2 = tau * tau;
        // mu | tau, y by adding precisions; y_i | mu, tau ~ N(mu, sigma_i^2 + tau^2).
        let (mut precision, mut pull) = (1.0 / (PRIOR * PRIOR), 0.0);
        let (mut squares, mut log_det) = (0.0, 2.0 * Lane::ln(PRIOR));
        for (y, s) in EFFECTS.iter().zip(ERRORS) {
            let v = s * s + tau2;
            precision += 1.0 / v;
            pull += y / v;
            squares += y * y / v;
            log_det += Lane::ln(v);
        }
        log_det += Lane::ln(precision);
        let (mean, variance) = (pull / precision, 1.0 / precision);
        let half_tau = 0.5 * Lane::ln(std::f64::consts::TAU);
        let marginal = -0.5 * (squares - pull * mean + log_det) - 8.0 * half_tau;
        let cauchy = Lane::ln(2.0 * PRIOR / std::f64::consts::PI) - Lane::ln(PRIOR * PRIOR + tau2);
        let mut moments = [0.0; 20];
        (moments[0], moments[10]) = (mean, mean.mul_add(mean, variance));
        (moments[1], moments[11]) = (u, u * u);
        for (i, (y, s)) in EFFECTS.iter().zip(ERRORS).enumerate() {
            let v = s * s + tau2;
            // Given mu: slope mu + rest, with a variance of its own.
            let (slope, rest, own) = if self.centred {
                (s * s / v, y * tau2 / v, tau2 * s * s / v)
            } else {
                (-tau / v, y * tau / v, s * s / v)
            };
            let m = slope.mul_add(mean, rest);
            moments[2 + i] = m;
            moments[12 + i] = m * m + own + slope * slope * variance;
        }
        (marginal + cauchy + u, moments)
    }
}
