//! Multistep exponential integrators: DPM-Solver and DPM-Solver++ multistep, their SDE forms, DEIS in lambda,
//! UniP and UniPC.
//!
//! ```text
//! x_t = A x_s + B [E_0 m_0 + sum_i w_i (m_i - m_0)] + C xi,     sum_i w_i r_i^k / k! = M_k,   k = 1 .. p - 1
//! ```
//!
//! with m the predictions and, at noise level eta (0: the flow, 1: the reverse process) and z = (1 + eta) h,
//!
//! | prediction | A | B | integrals | C |
//! |---|---|---|---|---|
//! | data | (sigma_t / sigma_s) e^(-eta h) | alpha_t | E_k(z) | sigma_t sqrt(1 - e^(-2 eta h)) |
//! | noise | alpha_t / alpha_s | -(1 + eta) sigma_t | F_k(h) | sqrt(eta) sigma_t sqrt(e^(2h) - 1) |
//!
//! Which moments M:
//!
//! | weights | M |
//! |---|---|
//! | exact | E_1, E_2, ... |
//! | midpoint | E_0 / 2 where p = 2, exact beyond |
//! | midpoint, second derivative halved | the same, and E_2 / 2 where p = 3 |
//! | step size | z / 2 where p = 2, exact beyond |
//!
//! The corrector (UniC) takes the step again with the output at its end as one more node, r = 1; that output
//! stays in the history as it is. Order p with exact weights and exact starts, p + 1 with the corrector; 2
//! with the second derivative halved, as diffusers, k-diffusion and the authors' code have it. The first
//! steps have lower orders unless they are taken in stages, which caps predictors at global order 2; with
//! noise the weak order is 1 or 2. One call a step. Sources: Lu et al. 2022, arXiv:2206.00927 and
//! arXiv:2211.01095; Zhang, Chen 2022, arXiv:2204.13902; Zhao et al. 2023, arXiv:2302.04867.

use super::StartUp;
use super::builder::{Builder, MOST_TERMS, POSITION};
use super::stages::step_by_stages;
use crate::diffusion::weights::{data_integral, noise_integral, solve};
use crate::diffusion::{Innovation, Node, Program};
use crate::error::{Error, Result};
use crate::particles::MAX_CHANNELS;
use crate::target::Prediction;
use driftlane_kernels::Lane;

/// The highest order. A corrected step of order p reads the position before and p + 1 outputs, and p + 1 registers are
/// carried besides the position.
pub const MOST_ORDER: usize = 10;
const _: () = assert!(MOST_ORDER + 2 <= MOST_TERMS && MOST_ORDER + 2 <= MAX_CHANNELS);

/// The moments that weights are made to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// Those of the exponential integrals.
    Exact,
    /// Half of E_0 for the first derivative at order 2.
    Midpoint,
    /// The same, and half of the second derivative at order 3.
    MidpointHalved,
    /// Exact, and half of the second derivative at order 3.
    ExactHalved,
    /// Half of z for the first derivative at order 2 (bh1).
    StepSize,
}

/// When the last steps have lower orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinalOrder {
    /// Never, but for the step to a clean node.
    Kept,
    /// Order k at the k-th step from the end, in grids of fewer steps than this.
    LoweredBelow(usize),
}

/// A multistep method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Multistep {
    /// 1 to [`MOST_ORDER`].
    pub order: usize,
    /// What the denoiser is asked for.
    pub prediction: Prediction,
    /// Which weights.
    pub weights: Weights,
    /// Whether steps are corrected (UniC).
    pub corrected: bool,
    /// The orders of the last steps.
    pub final_order: FinalOrder,
    /// The first steps.
    pub start_up: StartUp,
    /// Noise level, at least 0.
    pub eta: f64,
    /// What the noise is multiplied by.
    pub noise_scale: f64,
}

/// What a step of an exponential integrator multiplies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kernel {
    pub prediction: Prediction,
    pub weights: Weights,
    pub eta: f64,
}

/// The factors of one step.
struct Frame {
    /// lambda_t - lambda_s.
    h: f64,
    /// Of the position before.
    position: f64,
    /// Of the sum over outputs.
    outputs: f64,
    /// Of the noise.
    noise: f64,
}

impl Kernel {
    fn frame(&self, s: Node, t: Node) -> Result<Frame> {
        let h = t.lambda() - s.lambda();
        let eta = self.eta;
        // 0 times the infinite step to a clean node is 0.
        let decay = |rate: f64| if rate == 0.0 { 0.0 } else { -rate * h };
        Ok(match self.prediction {
            Prediction::Data => Frame {
                h,
                position: t.sigma / s.sigma * Lane::exp(decay(eta)),
                outputs: t.alpha,
                noise: t.sigma * (-Lane::exp_m1(decay(2.0 * eta))).sqrt(),
            },
            Prediction::Noise if s.alpha == 0.0 => {
                let allowed = "finite at the start for solvers that predict noise";
                return Err(Error::invalid("grid", s.noise_level(), allowed));
            }
            Prediction::Noise if t.is_clean() => {
                let allowed = "above 0 at the end for solvers that predict noise";
                return Err(Error::invalid("grid", 0, allowed));
            }
            Prediction::Noise => Frame {
                h,
                position: t.alpha / s.alpha,
                outputs: -(1.0 + eta) * t.sigma,
                noise: t.sigma * (eta * Lane::exp_m1(2.0 * h)).sqrt(),
            },
        })
    }

    fn integral(&self, k: usize, h: f64) -> f64 {
        match self.prediction {
            Prediction::Data => data_integral(k, (1.0 + self.eta) * h),
            Prediction::Noise => noise_integral(k, h),
        }
    }

    /// What the noise of a step is multiplied by, and which innovation it is.
    pub fn noise(&self, s: Node, t: Node) -> Result<(f64, Option<Innovation>)> {
        let coefficient = self.frame(s, t)?.noise;
        let (s, t) = (s.lambda(), t.lambda());
        let (old, new) = match self.prediction {
            Prediction::Data => (s, t),
            Prediction::Noise => (t, s),
        };
        let rate = match self.prediction {
            Prediction::Data => self.eta,
            Prediction::Noise => 1.0,
        };
        Ok((coefficient, Some(Innovation { old, new, rate })))
    }
}

/// The step from `s` to `t`: the position and outputs, by register, with what they are multiplied by. `output`
/// is that at `s`, `others` are more, with where they are in lambda.
pub(super) fn combination(
    kernel: &Kernel,
    (s, t): (Node, Node),
    output: usize,
    others: &[(usize, f64)],
) -> Result<Vec<(usize, f64)>> {
    let frame = kernel.frame(s, t)?;
    let first = kernel.integral(0, frame.h);
    // h is infinite where t is clean or s noise alone: an output there says nothing of derivatives.
    let others: Vec<(usize, f64)> = others
        .iter()
        .map(|(register, lambda)| (*register, (lambda - s.lambda()) / frame.h))
        .filter(|(_, r)| r.is_finite())
        .collect();
    let m = others.len();
    let mut moments: Vec<f64> = (1..=m).map(|k| kernel.integral(k, frame.h)).collect();
    if m == 1 {
        match kernel.weights {
            Weights::Midpoint | Weights::MidpointHalved => moments[0] = 0.5 * first,
            Weights::StepSize => {
                let z = match kernel.prediction {
                    Prediction::Data => (1.0 + kernel.eta) * frame.h,
                    Prediction::Noise => frame.h,
                };
                moments[0] = 0.5 * z;
            }
            Weights::Exact | Weights::ExactHalved => {}
        }
    }
    let halved = matches!(
        kernel.weights,
        Weights::MidpointHalved | Weights::ExactHalved
    );
    if m == 2 && halved {
        moments[1] *= 0.5;
    }
    let places: Vec<f64> = others.iter().map(|(_, r)| *r).collect();
    let w = solve(&places, &moments).ok_or_else(|| {
        let allowed = "nodes whose noise levels differ by more than rounding";
        Error::invalid("grid", s.noise_level(), allowed)
    })?;
    let rest = first - w.iter().sum::<f64>();
    let mut terms = vec![(POSITION, frame.position), (output, frame.outputs * rest)];
    for ((register, _), w) in others.iter().zip(&w) {
        terms.push((*register, frame.outputs * w));
    }
    Ok(terms)
}

impl Multistep {
    fn kernel(&self) -> Kernel {
        Kernel {
            prediction: self.prediction,
            weights: self.weights,
            eta: self.eta,
        }
    }

    /// The program on `nodes`.
    pub fn program(&self, nodes: &[Node]) -> Result<Program> {
        super::check_grid(nodes)?;
        if !(1..=MOST_ORDER).contains(&self.order) {
            let allowed = format!("1 to {MOST_ORDER}");
            return Err(Error::invalid("order", self.order, allowed));
        }
        if self.corrected && self.eta > 0.0 {
            let allowed = "0 with a corrector, which knows of no noise";
            return Err(Error::invalid("eta", self.eta, allowed));
        }
        if self.start_up == StartUp::Stages && self.eta > 0.0 {
            let allowed = "0 with a start-up in stages, which draw no noise";
            return Err(Error::invalid("eta", self.eta, allowed));
        }
        let (kernel, steps) = (self.kernel(), nodes.len() - 1);
        let exact = Kernel {
            weights: Weights::Exact,
            ..kernel
        };
        let slots = self.order + usize::from(self.corrected);
        let slot = |i: usize| 1 + i % slots;
        let before = slots + 1;
        let free = [slots + 2, slots + 3, slots + 4];
        let noise = slots + 5;
        let mut builder = Builder::new();
        let mut last_order = 0;
        for i in 0..steps {
            let ends @ (s, t) = (nodes[i], nodes[i + 1]);
            builder.step(s, t);
            builder.evaluate(POSITION, slot(i), s, self.prediction);
            let history = |order: usize, i: usize| -> Vec<(usize, f64)> {
                (1..order)
                    .map(|j| (slot(i - j), nodes[i - j].lambda()))
                    .collect()
            };
            // A step from noise alone is infinitely long: its end says nothing of derivatives.
            if self.corrected && i > 0 && last_order > 0 && nodes[i - 1].alpha > 0.0 {
                let mut others = history(last_order, i - 1);
                others.push((slot(i), s.lambda()));
                let ends = (nodes[i - 1], s);
                let mut terms = combination(&kernel, ends, slot(i - 1), &others)?;
                terms[0].0 = before;
                builder.combine(POSITION, &terms);
            }
            if self.corrected && i + 1 < steps {
                builder.combine(before, &[(POSITION, 1.0)]);
            }
            let finite = !t.is_clean() && s.alpha > 0.0;
            if self.start_up == StartUp::Stages && i + 1 < self.order && finite {
                let places: &[f64] = match self.order {
                    2 => &[0.5],
                    _ => &[1.0 / 3.0, 2.0 / 3.0],
                };
                step_by_stages(&mut builder, &exact, ends, places, slot(i), &free)?;
                last_order = 0;
                continue;
            }
            last_order = self.order_of(i, steps, t);
            let terms = combination(&kernel, ends, slot(i), &history(last_order, i))?;
            let (coefficient, innovation) = kernel.noise(s, t)?;
            let coefficient = self.noise_scale * coefficient;
            builder.combine_with_noise(POSITION, &terms, (noise, coefficient), innovation);
        }
        builder.finish()
    }

    /// Rising from 1, falling to 1 at the end where that is asked for.
    fn order_of(&self, i: usize, steps: usize, to: Node) -> usize {
        if to.is_clean() {
            return 1;
        }
        let order = self.order.min(i + 1);
        match self.final_order {
            FinalOrder::LoweredBelow(most) if steps < most => order.min(steps - i),
            _ => order,
        }
    }
}
