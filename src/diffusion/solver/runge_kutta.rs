//! Runge-Kutta methods in the noise level, on dy = eps ds for y = x / alpha, s = sigma / alpha, with noise added
//! before steps where asked for (EDM's churn).
//!
//! ```text
//! e_j at s + c_j (s' - s), y_j = y + (s' - s) sum_(i<j) a_ji e_i;     y' = y + (s' - s) sum_j b_j e_j
//! churn: s~ = s (1 + min(S / n, sqrt 2 - 1)) where S_min <= s <= S_max,  y~ = y + sqrt(s~^2 - s^2) S_noise xi
//! ```
//!
//! | name | stages c; a; b | order |
//! |---|---|---|
//! | `euler` | 0; 1 | 1 |
//! | `heun`, `midpoint`, `ralston` | 0, g; a = g; 1 - 1/(2g), 1/(2g), g = 1, 1/2, 2/3 (EDM's alpha family) | 2 |
//! | `kdpm2` | the stage sqrt(s s'); b = 0, 1 | 2 |
//! | `rho-kutta3`, `rho-ralston3`, `rho-heun3`, `rho-vdh3`, `rho-ssprk3` | three stages | 3 |
//! | `rho-rk4` | the classical four | 4 |
//!
//! As many calls a step as stages; the step to a clean node is Euler's, because a stage there has no noise to
//! predict. After a churn the noise level of a call is above the grid's. Sources: Karras et al. 2022,
//! arXiv:2206.00364; Zhang, Chen 2022, arXiv:2204.13902 (rhoRK); Crowson's k-diffusion.

use super::builder::{Builder, POSITION};
use super::sigma::euler_step;
use super::{Setup, between, check_finite_grid};
use crate::diffusion::{Node, Program};
use crate::error::{Error, Result};
use crate::target::Prediction;
use driftlane_kernels::Lane;

/// A Butcher tableau; the first stage is at the start.
#[derive(Debug)]
pub struct Tableau {
    /// Places of the stages after the first, and what of the stages before leads there.
    pub stages: &'static [(f64, &'static [f64])],
    /// Of all stages at the end.
    pub weights: &'static [f64],
}

/// Euler's method.
pub static EULER: Tableau = Tableau {
    stages: &[],
    weights: &[1.0],
};
/// Heun's.
pub static HEUN: Tableau = Tableau {
    stages: &[(1.0, &[1.0])],
    weights: &[0.5, 0.5],
};
/// The midpoint method.
pub static MIDPOINT: Tableau = Tableau {
    stages: &[(0.5, &[0.5])],
    weights: &[0.0, 1.0],
};
/// Ralston's of order 2.
pub static RALSTON: Tableau = Tableau {
    stages: &[(2.0 / 3.0, &[2.0 / 3.0])],
    weights: &[0.25, 0.75],
};
/// Kutta's of order 3.
pub static KUTTA3: Tableau = Tableau {
    stages: &[(0.5, &[0.5]), (1.0, &[-1.0, 2.0])],
    weights: &[1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0],
};
/// Ralston's of order 3.
pub static RALSTON3: Tableau = Tableau {
    stages: &[(0.5, &[0.5]), (0.75, &[0.0, 0.75])],
    weights: &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0],
};
/// Heun's of order 3.
pub static HEUN3: Tableau = Tableau {
    stages: &[(1.0 / 3.0, &[1.0 / 3.0]), (2.0 / 3.0, &[0.0, 2.0 / 3.0])],
    weights: &[0.25, 0.0, 0.75],
};
/// Van der Houwen's of order 3.
pub static VAN_DER_HOUWEN3: Tableau = Tableau {
    stages: &[
        (8.0 / 15.0, &[8.0 / 15.0]),
        (2.0 / 3.0, &[0.25, 5.0 / 12.0]),
    ],
    weights: &[0.25, 0.0, 0.75],
};
/// The strong-stability-preserving one of order 3.
pub static SSP3: Tableau = Tableau {
    stages: &[(1.0, &[1.0]), (0.5, &[0.25, 0.25])],
    weights: &[1.0 / 6.0, 1.0 / 6.0, 2.0 / 3.0],
};
/// The classical one of order 4.
pub static CLASSICAL4: Tableau = Tableau {
    stages: &[(0.5, &[0.5]), (0.5, &[0.0, 0.5]), (1.0, &[0.0, 0.0, 1.0])],
    weights: &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
};

/// Noise added before steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Churn {
    /// S_churn, shared out among the steps.
    pub amount: f64,
    /// The least noise level it is added at.
    pub from: f64,
    /// The most.
    pub to: f64,
}

impl Churn {
    /// Refuses, by name, numbers out of their ranges.
    pub fn check(&self) -> Result<()> {
        let number = |name: &str, value: f64| match value >= 0.0 {
            true => Ok(()),
            false => Err(Error::invalid(name, value, "a number from 0")),
        };
        if !self.amount.is_finite() {
            return Err(Error::invalid(
                "churn",
                self.amount,
                "a finite number from 0",
            ));
        }
        number("churn", self.amount)?;
        number("churn from", self.from)?;
        number("churn to", self.to)?;
        match self.to >= self.from {
            true => Ok(()),
            false => {
                let allowed = format!("a number from {}, where churn begins", self.from);
                Err(Error::invalid("churn to", self.to, allowed))
            }
        }
    }

    /// The noise level a step from `s` begins at.
    fn raised(&self, s: f64, steps: usize) -> f64 {
        let most = std::f64::consts::SQRT_2 - 1.0;
        let share = (self.amount / steps as f64).min(most);
        match s >= self.from && s <= self.to {
            true => s * (1.0 + share),
            false => s,
        }
    }
}

/// Registers: the outputs of the stages from 1 on, then the position at a stage, then noise.
const STAGE: usize = 5;
const NOISE: usize = 6;

/// The program of a tableau.
pub fn runge_kutta(setup: &Setup<'_>, tableau: &Tableau) -> Result<Program> {
    check_finite_grid(setup.nodes)?;
    let mut builder = Builder::new();
    let steps = setup.nodes.len() - 1;
    for pair in setup.nodes.windows(2) {
        builder.step(pair[0], pair[1]);
        let s = churn(&mut builder, setup, pair[0], pair[1], steps);
        runge_kutta_step(&mut builder, tableau, s, pair[1]);
    }
    builder.finish()
}

/// The midpoint method in ln s (DPM2 of k-diffusion).
pub fn kdpm2(setup: &Setup<'_>) -> Result<Program> {
    check_finite_grid(setup.nodes)?;
    let mut builder = Builder::new();
    let steps = setup.nodes.len() - 1;
    for pair in setup.nodes.windows(2) {
        let t = pair[1];
        builder.step(pair[0], t);
        let s = churn(&mut builder, setup, pair[0], t, steps);
        if t.is_clean() {
            runge_kutta_step(&mut builder, &EULER, s, t);
            continue;
        }
        builder.evaluate(POSITION, 1, s, Prediction::Noise);
        let logs = Lane::ln(s.noise_level()) + Lane::ln(t.noise_level());
        let middle = between(s, t, Lane::exp(0.5 * logs));
        let (to_stage, noise_of_stage) = euler_step(s, middle);
        builder.combine(STAGE, &[(POSITION, to_stage), (1, noise_of_stage)]);
        builder.evaluate(STAGE, 2, middle, Prediction::Noise);
        let (position, noise) = euler_step(s, t);
        builder.combine(POSITION, &[(POSITION, position), (2, noise)]);
    }
    builder.finish()
}

/// Adds the churn of a step and returns where it leaves the position.
fn churn(builder: &mut Builder, setup: &Setup<'_>, s: Node, t: Node, steps: usize) -> Node {
    let Some(churn) = setup.options.churn else {
        return s;
    };
    let level = s.noise_level();
    let raised = churn.raised(level, steps);
    if raised == level {
        return s;
    }
    let at = between(s, t, raised);
    let spread = at.alpha * (raised * raised - level * level).sqrt();
    let terms = [(POSITION, at.alpha / s.alpha)];
    let noise = (NOISE, setup.options.noise_scale * spread);
    builder.combine_with_noise(POSITION, &terms, noise, None);
    at
}

/// One step from `s`, where the position is, to `t`.
pub(super) fn runge_kutta_step(builder: &mut Builder, tableau: &Tableau, s: Node, t: Node) {
    builder.evaluate(POSITION, 1, s, Prediction::Noise);
    let terms = runge_kutta_end(builder, tableau, s, t, 1, &[2, 3, 4, STAGE]);
    builder.combine(POSITION, &terms);
}

/// What a step combines, the output at its start being in `output`; `free` are registers for three more
/// outputs and the position at a stage.
pub(super) fn runge_kutta_end(
    builder: &mut Builder,
    tableau: &Tableau,
    s: Node,
    t: Node,
    output: usize,
    free: &[usize],
) -> Vec<(usize, f64)> {
    let tableau = if t.is_clean() { &EULER } else { tableau };
    let (level, step) = (s.noise_level(), t.noise_level() - s.noise_level());
    let register = |j: usize| if j == 0 { output } else { free[j - 1] };
    let stage = free[free.len() - 1];
    for (j, (place, before)) in tableau.stages.iter().enumerate() {
        let at = match *place {
            1.0 => t,
            place => between(s, t, place.mul_add(step, level)),
        };
        let mut terms = vec![(POSITION, at.alpha / s.alpha)];
        let weighted = before.iter().enumerate();
        terms.extend(weighted.map(|(i, a)| (register(i), at.alpha * step * a)));
        builder.combine(stage, &terms);
        builder.evaluate(stage, register(j + 1), at, Prediction::Noise);
    }
    let mut terms = vec![(POSITION, t.alpha / s.alpha)];
    let weighted = tableau.weights.iter().enumerate();
    terms.extend(weighted.map(|(j, b)| (register(j), t.alpha * step * b)));
    terms
}
