//! Noise schedules: alpha and sigma as functions of a schedule's own time, and back.
//!
//! | name | ln alpha, sigma | time, from data to noise |
//! |---|---|---|
//! | `vp-linear` | -t^2 (b_1 - b_0)/4 - t b_0/2, sqrt(1 - alpha^2); b = 0.1, 20 | 1e-3 to 1 |
//! | `vp-cosine` | ln (cos(pi/2 (t + s)/(1 + s)) / cos(pi/2 s/(1 + s))), the same; s = 0.008 | 1e-3 to 0.9946 |
//! | `vp-discrete` | sum ln(1 - b_i) / 2, b_i linear from 1e-4 to 0.02, i = 0 .. 999; linear between | 0 to 999 |
//! | `vp-scaled-linear` | the same with sqrt b_i linear from sqrt 0.00085 to sqrt 0.012 | 0 to 999 |
//! | `sub-vp` | as `vp-linear`, 1 - alpha^2 | 1e-3 to 1 |
//! | `ve` | 0, 0.01 (50/0.01)^t | 0 to 1 |
//! | `edm` | 0, t | 0.002 to 80 |
//! | `flow` | ln(1 - t), t | 1e-3 to 1 |
//!
//! sigma is sqrt(-expm1(2 ln alpha)) and not sqrt(1 - alpha^2), which loses half of its digits where there is
//! little noise. The inverse is in closed form where there is one, else a bisection of the monotone ln(sigma /
//! alpha) to the last bit. Sources: Ho, Jain, Abbeel 2020, arXiv:2006.11239; Song et al. 2021,
//! arXiv:2011.13456; Nichol, Dhariwal 2021, arXiv:2102.09672; Karras et al. 2022, arXiv:2206.00364; Liu, Gong,
//! Liu 2023, arXiv:2209.03003.

use super::Node;
use crate::error::Result;
use driftlane_kernels::Lane;

const BETA: (f64, f64) = (0.1, 20.0);
const COSINE: f64 = 0.008;
const VE: (f64, f64) = (0.01, 50.0);
const STEPS: usize = 1000;

/// A noise schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    kind: Kind,
    /// ln alpha at whole times, of discrete schedules.
    log_alphas: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    VpLinear,
    VpCosine,
    VpDiscrete,
    VpScaledLinear,
    SubVp,
    Ve,
    Edm,
    Flow,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::VpLinear,
        Self::VpCosine,
        Self::VpDiscrete,
        Self::VpScaledLinear,
        Self::SubVp,
        Self::Ve,
        Self::Edm,
        Self::Flow,
    ];
}

impl Schedule {
    /// The names.
    pub const NAMES: &'static [&'static str] = &[
        "vp-linear",
        "vp-cosine",
        "vp-discrete",
        "vp-scaled-linear",
        "sub-vp",
        "ve",
        "edm",
        "flow",
    ];

    /// The schedule of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let index = Self::NAMES.iter().position(|known| *known == name)?;
        let kind = Kind::ALL[index];
        let log_alphas = match kind {
            Kind::VpDiscrete => log_alphas(|share| (0.02 - 1e-4f64).mul_add(share, 1e-4)),
            Kind::VpScaledLinear => {
                let (low, high) = (0.00085f64.sqrt(), 0.012f64.sqrt());
                log_alphas(|share| {
                    let root = (high - low).mul_add(share, low);
                    root * root
                })
            }
            _ => Vec::new(),
        };
        Some(Self { kind, log_alphas })
    }

    /// The name.
    pub fn name(&self) -> &'static str {
        Self::NAMES[self.kind as usize]
    }

    /// The times of the least and the most noise.
    pub fn times(&self) -> (f64, f64) {
        match self.kind {
            Kind::VpLinear | Kind::SubVp | Kind::Flow => (1e-3, 1.0),
            Kind::VpCosine => (1e-3, 0.9946),
            Kind::VpDiscrete | Kind::VpScaledLinear => (0.0, (STEPS - 1) as f64),
            Kind::Ve => (0.0, 1.0),
            Kind::Edm => (0.002, 80.0),
        }
    }

    /// alpha and sigma at `time`, which is brought into the schedule's range of definition.
    pub fn at(&self, time: f64) -> Node {
        let (alpha, sigma) = match self.kind {
            Kind::Ve => (1.0, VE.0 * Lane::exp(time * Lane::ln(VE.1 / VE.0))),
            Kind::Edm => (1.0, time),
            Kind::Flow => (1.0 - time, time),
            Kind::SubVp => {
                let log_alpha = self.log_alpha(time);
                (Lane::exp(log_alpha), -Lane::exp_m1(2.0 * log_alpha))
            }
            _ => {
                let log_alpha = self.log_alpha(time);
                let sigma = (-Lane::exp_m1(2.0 * log_alpha)).sqrt();
                (Lane::exp(log_alpha), sigma)
            }
        };
        Node { time, alpha, sigma }
    }

    fn log_alpha(&self, time: f64) -> f64 {
        let (low, high) = BETA;
        match self.kind {
            Kind::VpCosine => {
                // The quarter turn goes from data to noise.
                let cos = |t: f64| (0.25 * (t + COSINE) / (1.0 + COSINE)).sin_cos_turns().1;
                Lane::ln(cos(time)) - Lane::ln(cos(0.0))
            }
            Kind::VpDiscrete | Kind::VpScaledLinear => {
                let last = self.log_alphas.len() - 1;
                let time = time.clamp(0.0, last as f64);
                let below = (time as usize).min(last - 1);
                let (a, b) = (self.log_alphas[below], self.log_alphas[below + 1]);
                (time - below as f64).mul_add(b - a, a)
            }
            _ => -time * (0.25 * time).mul_add(high - low, 0.5 * low),
        }
    }

    /// alpha and sigma at a noise level sigma / alpha, from 0 and beyond what [`times`](Schedule::times)
    /// span: exact in the schedule's frame.
    pub fn of_noise_level(&self, noise_level: f64) -> Result<Node> {
        match self.kind {
            Kind::Ve | Kind::Edm => Node::variance_exploding(noise_level),
            Kind::SubVp => {
                // With a = alpha: 1 - a^2 = s a.
                Node::variance_preserving(noise_level)?;
                let half = 0.5 * noise_level;
                let alpha = 1.0 / (half.mul_add(half, 1.0).sqrt() + half);
                Ok(Node {
                    time: self.time_of(noise_level),
                    alpha,
                    sigma: noise_level * alpha,
                })
            }
            Kind::Flow => {
                let node = Node::variance_preserving(noise_level)?;
                let sum = node.alpha + node.sigma;
                Ok(Node {
                    time: node.sigma / sum,
                    alpha: node.alpha / sum,
                    sigma: node.sigma / sum,
                })
            }
            _ => Node::variance_preserving(noise_level),
        }
    }

    /// The time of a noise level sigma / alpha, within [`times`](Schedule::times).
    pub fn time_of(&self, noise_level: f64) -> f64 {
        let (least, most) = self.times();
        let time = match self.kind {
            Kind::Edm => noise_level,
            Kind::Ve => Lane::ln(noise_level / VE.0) / Lane::ln(VE.1 / VE.0),
            Kind::Flow => noise_level / (1.0 + noise_level),
            Kind::VpLinear => {
                let (low, high) = BETA;
                let l = Lane::ln_1p(noise_level * noise_level);
                2.0 * l / ((2.0 * (high - low)).mul_add(l, low * low).sqrt() + low)
            }
            _ => {
                let (mut below, mut above) = (least, most);
                // Until the interval is two neighbouring numbers: a hundred halvings are enough for any.
                for _ in 0..100 {
                    let middle = 0.5 * (below + above);
                    if self.at(middle).noise_level() < noise_level {
                        below = middle;
                    } else {
                        above = middle;
                    }
                }
                above
            }
        };
        time.clamp(least, most)
    }
}

/// Half the running sum of ln(1 - b_i), b_i from `beta` of a share that runs from 0 to 1.
fn log_alphas(beta: impl Fn(f64) -> f64) -> Vec<f64> {
    let betas = (0..STEPS).map(|i| beta(i as f64 / (STEPS - 1) as f64));
    betas
        .scan(0.0, |sum, beta| {
            *sum += 0.5 * Lane::ln_1p(-beta);
            Some(*sum)
        })
        .collect()
}
