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
//! little noise; of the cosine, with A = pi/2 (t + s)/(1 + s) and B = A at t = 0, it is sqrt(sin(A + B)
//! sin(A - B)) / cos B, which loses none.
//!
//! Times of a noise level s are in closed form, with L = ln(1 + s^2) = -2 ln alpha, of `sub-vp` 2 asinh(s / 2):
//!
//! ```text
//! vp-linear     t = 2 L / (sqrt(b_0^2 + 2 (b_1 - b_0) L) + b_0)
//! vp-cosine     tan(A - B) = s^2 cos B / ((r + sin B) (cos^2 B + r sin B)),    r = sqrt(s^2 + sin^2 B)
//! vp-discrete   linear in L between the whole times around it
//! ```
//!
//! The schedule `VP` of EDM, s = sqrt(exp(19.9 t^2 / 2 + 0.1 t) - 1) in the frame x = (x_0 + s eps) / sqrt(1 +
//! s^2), is `vp-linear` and nothing else: `edm-vp` is a second name of it. Sources: Ho, Jain, Abbeel 2020,
//! arXiv:2006.11239; Song et al. 2021, arXiv:2011.13456; Nichol, Dhariwal 2021, arXiv:2102.09672; Karras et al.
//! 2022, arXiv:2206.00364; Liu, Gong, Liu 2023, arXiv:2209.03003.

use super::Node;
use super::angle::atan_turns;
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

    /// Second names, each with the name it stands for.
    pub const ALIASES: &'static [(&'static str, &'static str)] = &[("edm-vp", "vp-linear")];

    /// The schedule of that name or second name.
    pub fn from_name(name: &str) -> Option<Self> {
        let alias = Self::ALIASES.iter().find(|(alias, _)| *alias == name);
        let name = alias.map_or(name, |(_, name)| name);
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

    /// Whether its own times are whole: those of a table of a thousand.
    pub(super) fn is_discrete(&self) -> bool {
        !self.log_alphas.is_empty()
    }

    /// Whether it starts from noise alone, of infinite noise level.
    pub(super) fn is_flow(&self) -> bool {
        self.kind == Kind::Flow
    }

    /// alpha and sigma at `time`, which is brought into the schedule's range of definition.
    pub fn at(&self, time: f64) -> Node {
        let time = match self.kind {
            Kind::Ve => time,
            Kind::VpLinear | Kind::SubVp | Kind::Edm => time.max(0.0),
            Kind::VpCosine | Kind::Flow => time.clamp(0.0, 1.0),
            Kind::VpDiscrete | Kind::VpScaledLinear => time.clamp(0.0, (STEPS - 1) as f64),
        };
        let (alpha, sigma) = match self.kind {
            Kind::Ve => (1.0, VE.0 * Lane::exp(time * Lane::ln(VE.1 / VE.0))),
            Kind::Edm => (1.0, time),
            Kind::Flow => (1.0 - time, time),
            Kind::VpCosine => {
                let (start, cos_start, _) = cosine_start();
                let turned = 0.25 * time / (1.0 + COSINE);
                let product = (turned + 2.0 * start).sin_cos_turns().0 * turned.sin_cos_turns().0;
                let cos = (turned + start).sin_cos_turns().1.max(0.0);
                (cos / cos_start, product.sqrt() / cos_start)
            }
            Kind::SubVp => {
                let log_alpha = self.log_alpha(time);
                (Lane::exp(log_alpha), -Lane::exp_m1(2.0 * log_alpha))
            }
            Kind::VpLinear | Kind::VpDiscrete | Kind::VpScaledLinear => {
                let log_alpha = self.log_alpha(time);
                let sigma = (-Lane::exp_m1(2.0 * log_alpha)).sqrt();
                (Lane::exp(log_alpha), sigma)
            }
        };
        Node { time, alpha, sigma }
    }

    /// ln alpha of the schedules that are made of it.
    fn log_alpha(&self, time: f64) -> f64 {
        let (low, high) = BETA;
        if !self.is_discrete() {
            return -time * (0.25 * time).mul_add(high - low, 0.5 * low);
        }
        let below = (time as usize).min(self.log_alphas.len() - 2);
        let (a, b) = (self.log_alphas[below], self.log_alphas[below + 1]);
        (time - below as f64).mul_add(b - a, a)
    }

    /// alpha and sigma at a noise level sigma / alpha, from 0 and beyond what [`times`](Schedule::times)
    /// span: exact in the schedule's frame. So is its time, where the schedule's formula goes on; else it is the
    /// nearer end.
    pub fn of_noise_level(&self, noise_level: f64) -> Result<Node> {
        let mut node = match self.kind {
            Kind::Ve | Kind::Edm => Node::variance_exploding(noise_level)?,
            _ => Node::variance_preserving(noise_level)?,
        };
        // Squares of larger levels may be infinite, and VE reaches 0 at time -infinity.
        let goes_on = !self.is_discrete() && noise_level < 1e100;
        node.time = match self.kind {
            Kind::Edm | Kind::Flow => self.inverse(noise_level),
            Kind::Ve if noise_level == 0.0 => self.times().0,
            _ if goes_on => self.inverse(noise_level),
            _ => self.time_of(noise_level),
        };
        match self.kind {
            Kind::SubVp => {
                // With a = alpha: 1 - a^2 = s a.
                let half = 0.5 * noise_level;
                node.alpha = 1.0 / (half.mul_add(half, 1.0).sqrt() + half);
                node.sigma = noise_level * node.alpha;
                if noise_level.is_infinite() {
                    node.sigma = 1.0;
                }
            }
            Kind::Flow => {
                let sum = node.alpha + node.sigma;
                (node.alpha, node.sigma) = (node.alpha / sum, node.sigma / sum);
            }
            _ => {}
        }
        Ok(node)
    }

    /// The time of a noise level sigma / alpha, within [`times`](Schedule::times).
    pub fn time_of(&self, noise_level: f64) -> f64 {
        let (least, most) = self.times();
        // Squares of levels beyond the ends may be infinite.
        if noise_level <= self.at(least).noise_level() {
            return least;
        }
        if noise_level >= self.at(most).noise_level() {
            return most;
        }
        self.inverse(noise_level).clamp(least, most)
    }

    /// The time of a noise level by the schedule's formula.
    fn inverse(&self, noise_level: f64) -> f64 {
        match self.kind {
            Kind::Edm => noise_level,
            Kind::Ve => Lane::ln(noise_level / VE.0) / Lane::ln(VE.1 / VE.0),
            Kind::Flow => 1.0 / (1.0 + 1.0 / noise_level),
            Kind::VpLinear => linear_time(Lane::ln_1p(noise_level * noise_level)),
            Kind::SubVp => {
                let half = 0.5 * noise_level;
                let square = half * half;
                // asinh without cancellation.
                let rest = square / (1.0 + (1.0 + square).sqrt());
                linear_time(2.0 * Lane::ln_1p(half + rest))
            }
            Kind::VpCosine => {
                let (_, cos, sin) = cosine_start();
                let square = noise_level * noise_level;
                let root = sin.mul_add(sin, square).sqrt();
                let tan = square * cos / ((root + sin) * root.mul_add(sin, cos * cos));
                4.0 * (1.0 + COSINE) * atan_turns(tan)
            }
            Kind::VpDiscrete | Kind::VpScaledLinear => {
                let log_alpha = -0.5 * Lane::ln_1p(noise_level * noise_level);
                let after = self.log_alphas.partition_point(|a| *a >= log_alpha);
                let below = after.clamp(1, self.log_alphas.len() - 1) - 1;
                let (a, b) = (self.log_alphas[below], self.log_alphas[below + 1]);
                below as f64 + (log_alpha - a) / (b - a)
            }
        }
    }
}

/// The time of L = -2 ln alpha where beta is linear in time.
fn linear_time(l: f64) -> f64 {
    let (low, high) = BETA;
    2.0 * l / ((2.0 * (high - low)).mul_add(l, low * low).sqrt() + low)
}

/// The angle of the cosine schedule at time 0 in turns, its cosine and its sine.
fn cosine_start() -> (f64, f64, f64) {
    let start = 0.25 * COSINE / (1.0 + COSINE);
    let (sin, cos) = start.sin_cos_turns();
    (start, cos, sin)
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
