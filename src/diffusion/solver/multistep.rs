//! Multistep exponential integrators: DPM-Solver and DPM-Solver++ multistep, DEIS in lambda, UniP and UniPC.
//!
//! ```text
//! x_t = A x_s + B [E_0 m_0 + sum_i w_i (m_i - m_0)],     sum_i w_i r_i^k / k! = M_k,   k = 1 .. p - 1
//! ```
//!
//! with m the predictions, A = sigma_t / sigma_s and B = alpha_t for data, alpha_t / alpha_s and -sigma_t (and F
//! for E) for noise. Which moments M:
//!
//! | weights | M |
//! |---|---|
//! | exact | E_1, E_2, ... |
//! | midpoint | E_0 / 2 where p = 2, exact beyond |
//! | midpoint, second derivative halved | the same, and E_2 / 2 where p = 3 |
//! | step size | h / 2 where p = 2, exact beyond |
//!
//! The corrector (UniC) takes the step again with the output at its end as one more node, r = 1; that output
//! stays in the history as it is. Order p with exact weights and exact starts, p + 1 with the corrector; 2
//! with the second derivative halved, as diffusers, k-diffusion and the authors' code have it. The first
//! steps have lower orders, which caps predictors at global order 2. One call a step. Sources: Lu et al. 2022,
//! arXiv:2206.00927 and arXiv:2211.01095; Zhang, Chen 2022, arXiv:2204.13902; Zhao et al. 2023,
//! arXiv:2302.04867.

use super::builder::{Builder, POSITION};
use crate::diffusion::weights::{data_integral, noise_integral, solve};
use crate::diffusion::{Node, Prediction, Program};
use crate::error::{Error, Result};

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
    /// Half of h for the first derivative at order 2 (bh1).
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multistep {
    /// 1 to 6.
    pub order: usize,
    /// What the denoiser is asked for.
    pub prediction: Prediction,
    /// Which weights.
    pub weights: Weights,
    /// Whether steps are corrected (UniC).
    pub corrected: bool,
    /// The orders of the last steps.
    pub final_order: FinalOrder,
}

/// What a step multiplies.
struct Frame {
    h: f64,
    /// Of the position before.
    position: f64,
    /// Of the sum over outputs.
    outputs: f64,
}

impl Multistep {
    /// The program on `nodes`.
    pub fn program(&self, nodes: &[Node]) -> Result<Program> {
        super::check_grid(nodes)?;
        if !(1..=6).contains(&self.order) {
            return Err(Error::invalid("order", self.order, "1 to 6"));
        }
        let steps = nodes.len() - 1;
        let slots = self.order + usize::from(self.corrected);
        let slot = |i: usize| 1 + i % slots;
        let before = slots + 1;
        let mut builder = Builder::new();
        let mut last_order = 0;
        for i in 0..steps {
            let (s, t) = (nodes[i], nodes[i + 1]);
            builder.step(s, t);
            builder.evaluate(POSITION, slot(i), s, self.prediction);
            // A step from noise alone is infinitely long: its end says nothing of derivatives.
            if self.corrected && i > 0 && nodes[i - 1].alpha > 0.0 {
                let terms = self.step(nodes, i - 1, last_order, Some(i), slot)?;
                let position = (before, terms.0);
                builder.combine(POSITION, &[&[position][..], &terms.1].concat());
            }
            if self.corrected && i + 1 < steps {
                builder.combine(before, &[(POSITION, 1.0)]);
            }
            last_order = self.order_of(i, steps, t);
            let (position, outputs) = self.step(nodes, i, last_order, None, slot)?;
            builder.combine(POSITION, &[&[(POSITION, position)][..], &outputs].concat());
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

    /// The step from node `i`: what multiplies its position, and outputs by register. With the output at
    /// node `end` for a corrector of order `order`.
    fn step(
        &self,
        nodes: &[Node],
        i: usize,
        order: usize,
        end: Option<usize>,
        slot: impl Fn(usize) -> usize,
    ) -> Result<(f64, Vec<(usize, f64)>)> {
        let (s, t) = (nodes[i], nodes[i + 1]);
        let frame = self.frame(s, t)?;
        let integral = |k: usize| match self.prediction {
            Prediction::Data => data_integral(k, frame.h),
            Prediction::Noise => noise_integral(k, frame.h),
        };
        let first = integral(0);
        // h is infinite where t is clean, and there is no history then.
        let mut others: Vec<(usize, f64)> = (1..order)
            .map(|j| (slot(i - j), (nodes[i - j].lambda() - s.lambda()) / frame.h))
            // An output at noise alone says nothing of derivatives.
            .filter(|(_, r)| r.is_finite())
            .collect();
        others.extend(end.map(|end| (slot(end), 1.0)));
        let m = others.len();
        let mut moments: Vec<f64> = (1..=m).map(integral).collect();
        if m == 1 {
            match self.weights {
                Weights::Midpoint | Weights::MidpointHalved => moments[0] = 0.5 * first,
                Weights::StepSize => moments[0] = 0.5 * frame.h,
                Weights::Exact | Weights::ExactHalved => {}
            }
        }
        let halved = matches!(self.weights, Weights::MidpointHalved | Weights::ExactHalved);
        if m == 2 && halved {
            moments[1] *= 0.5;
        }
        let places: Vec<f64> = others.iter().map(|(_, r)| *r).collect();
        let w = solve(&places, &moments).ok_or_else(|| {
            let allowed = "nodes whose noise levels differ by more than rounding";
            Error::invalid("grid", s.noise_level(), allowed)
        })?;
        let mut terms = vec![(slot(i), frame.outputs * (first - w.iter().sum::<f64>()))];
        for ((register, _), w) in others.iter().zip(&w) {
            terms.push((*register, frame.outputs * w));
        }
        Ok((frame.position, terms))
    }

    fn frame(&self, s: Node, t: Node) -> Result<Frame> {
        let h = t.lambda() - s.lambda();
        Ok(match self.prediction {
            Prediction::Data => Frame {
                h,
                position: t.sigma / s.sigma,
                outputs: t.alpha,
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
                outputs: -t.sigma,
            },
        })
    }
}
