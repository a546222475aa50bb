//! Ancestral samplers: a step down in noise level, then noise back up to where the grid wants it.
//!
//! ```text
//! s_up = eta s' sqrt(1 - e^(-2h)),   s_down = sqrt(s'^2 - s_up^2),   s = sigma / alpha
//! DDIM(eta) = DDPM (eta 1) = Euler ancestral:
//!   x' = A x + (alpha' - alpha A) D + sigma' eta sqrt(1 - e^(-2h)) xi,   A = (sigma'/sigma) sqrt(1 - eta^2 (1 - e^(-2h)))
//! DDPM, large variance: the mean of eta 1, variance 1 - (alpha/alpha')^2 (variance-preserving frame)
//! DPM2 ancestral, DPM++ 2S ancestral: two calls to s_down at s^(1/2) s_down^(1/2), of the noise and of the data
//! DPM++ SDE: the same with the noise of the first half at the inner point too
//! ```
//!
//! Weak order 1: as kernels of the reverse process. A law that is right at the start stays right to the order of the
//! step down, 2 for two calls. The last step, to a clean node, adds no noise. eta = 1 is the reverse process: the kernel of
//! SDE-DPM-Solver++ of order 1. Sources: Ho, Jain, Abbeel 2020, arXiv:2006.11239; Song, Meng, Ermon 2020,
//! arXiv:2010.02502; Crowson's k-diffusion.

use super::builder::{Builder, POSITION, innovation};
use super::multistep::{Kernel, Weights};
use super::sigma::euler_step;
use super::stages::stages;
use super::{Setup, between, check_finite_grid, check_grid};
use crate::diffusion::{Node, Program};
use crate::error::{Error, Result};
use crate::target::Prediction;
use driftlane_kernels::Lane;

const OUTPUT: usize = 1;
const SECOND: usize = 2;
const STAGE: usize = 3;
const NOISE: usize = 4;
const LATER_NOISE: usize = 5;

/// sqrt(1 - e^(-2h)): the share of noise that a whole step of the reverse process renews.
fn renewed(s: Node, t: Node) -> f64 {
    let h = t.lambda() - s.lambda();
    (-Lane::exp_m1(-2.0 * h)).sqrt()
}

/// Refuses an eta for which more noise would come up than there is.
fn check_eta(eta: f64) -> Result<()> {
    match (0.0..=1.0).contains(&eta) {
        true => Ok(()),
        false => Err(Error::invalid("eta", eta, "0 to 1 for ancestral samplers")),
    }
}

/// DDIM at noise level `eta`.
pub fn ddim(setup: &Setup<'_>, eta: f64) -> Result<Program> {
    check_grid(setup.nodes)?;
    check_eta(eta)?;
    let mut builder = Builder::new();
    for pair in setup.nodes.windows(2) {
        let (s, t) = (pair[0], pair[1]);
        let share = eta * renewed(s, t);
        let kept = t.sigma / s.sigma * (1.0 - share * share).max(0.0).sqrt();
        let terms = [(POSITION, kept), (OUTPUT, t.alpha - s.alpha * kept)];
        builder.step(s, t);
        builder.evaluate(POSITION, OUTPUT, s, Prediction::Data);
        let noise = (NOISE, setup.options.noise_scale * t.sigma * share);
        builder.combine_with_noise(POSITION, &terms, noise, innovation(s, t, 1.0));
    }
    builder.finish()
}

/// DDPM with the large variance; no noise in the last step.
pub fn ddpm_large(setup: &Setup<'_>) -> Result<Program> {
    check_grid(setup.nodes)?;
    let mut builder = Builder::new();
    let last = setup.nodes.len() - 2;
    for (i, pair) in setup.nodes.windows(2).enumerate() {
        let (s, t) = (pair[0], pair[1]);
        let share = renewed(s, t);
        let kept = t.sigma / s.sigma * (1.0 - share * share).max(0.0).sqrt();
        let terms = [(POSITION, kept), (OUTPUT, t.alpha - s.alpha * kept)];
        // In the frame alpha^2 + sigma^2 = 1, brought back to the grid's.
        let size = |node: Node| {
            node.alpha
                .mul_add(node.alpha, node.sigma * node.sigma)
                .sqrt()
        };
        let (size_s, size_t) = (size(s), size(t));
        let ratio = (s.alpha / size_s) / (t.alpha / size_t);
        let spread = size_t * (1.0 - ratio * ratio).max(0.0).sqrt();
        let spread = if i == last { 0.0 } else { spread };
        builder.step(s, t);
        builder.evaluate(POSITION, OUTPUT, s, Prediction::Data);
        let noise = (NOISE, setup.options.noise_scale * spread);
        builder.combine_with_noise(POSITION, &terms, noise, innovation(s, t, 1.0));
    }
    builder.finish()
}

/// Which solver goes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Down {
    /// DPM2 on noise predictions.
    Dpm2,
    /// DPM-Solver++(2S) on data predictions.
    DpmPlusPlus2S,
    /// The same with noise at the inner point.
    DpmPlusPlusSde,
}

/// Two calls a step down, then noise.
pub fn ancestral(setup: &Setup<'_>, down: Down, eta: f64) -> Result<Program> {
    check_finite_grid(setup.nodes)?;
    check_eta(eta)?;
    let scale = setup.options.noise_scale;
    let prediction = match down {
        Down::Dpm2 => Prediction::Noise,
        _ => Prediction::Data,
    };
    let kernel = Kernel {
        prediction,
        weights: Weights::Midpoint,
        eta: 0.0,
    };
    let mut builder = Builder::new();
    for pair in setup.nodes.windows(2) {
        let (s, t) = (pair[0], pair[1]);
        builder.step(s, t);
        builder.evaluate(POSITION, OUTPUT, s, prediction);
        if t.is_clean() {
            let terms = match prediction {
                Prediction::Data => vec![(OUTPUT, t.alpha)],
                Prediction::Noise => {
                    let (position, noise) = euler_step(s, t);
                    vec![(POSITION, position), (OUTPUT, noise)]
                }
            };
            builder.combine(POSITION, &terms);
            continue;
        }
        let (up, low) = split(s, t, eta);
        let mut terms = match down {
            Down::Dpm2 => {
                let logs = Lane::ln(s.noise_level()) + Lane::ln(low.noise_level());
                let middle = between(s, t, Lane::exp(0.5 * logs));
                let (position, noise) = euler_step(s, middle);
                builder.combine(STAGE, &[(POSITION, position), (OUTPUT, noise)]);
                builder.evaluate(STAGE, SECOND, middle, prediction);
                let (position, noise) = euler_step(s, low);
                vec![(POSITION, position), (SECOND, noise)]
            }
            Down::DpmPlusPlus2S => {
                let free = [SECOND, STAGE];
                stages(&mut builder, &kernel, (s, low), &[0.5], OUTPUT, &free)?
            }
            Down::DpmPlusPlusSde => {
                sde_stage(&mut builder, scale, s, t, eta);
                let low_share = low.sigma / s.sigma;
                let of_data = low.alpha - s.alpha * low_share;
                vec![(POSITION, low_share), (SECOND, of_data)]
            }
        };
        for term in &mut terms {
            term.1 *= t.alpha / low.alpha;
        }
        let spread = scale * t.alpha * up;
        if down == Down::DpmPlusPlusSde && spread != 0.0 {
            // The noise of the whole step is that of its halves, the first of which is drawn.
            let middle = halfway(s, t);
            let first = renewed(s, middle);
            let kept = Lane::exp(middle.lambda() - t.lambda());
            let (second, whole) = (renewed(middle, t), renewed(s, t));
            terms.push((NOISE, spread * kept * first / whole));
            let rest = (LATER_NOISE, spread * second / whole);
            builder.combine_with_noise(POSITION, &terms, rest, innovation(middle, t, 1.0));
        } else {
            let noise = (NOISE, spread);
            builder.combine_with_noise(POSITION, &terms, noise, innovation(s, t, 1.0));
        }
    }
    builder.finish()
}

/// (s_up, the node of s_down) of a step.
fn split(s: Node, t: Node, eta: f64) -> (f64, Node) {
    let level = t.noise_level();
    let up = eta * level * renewed(s, t);
    let low = (level * level - up * up).max(0.0).sqrt();
    (up, between(s, t, low))
}

fn halfway(s: Node, t: Node) -> Node {
    between(s, t, Lane::exp(-0.5 * (s.lambda() + t.lambda())))
}

/// The output at the middle of a step of DPM++ SDE, reached with noise of its own.
fn sde_stage(builder: &mut Builder, scale: f64, s: Node, t: Node, eta: f64) {
    let middle = halfway(s, t);
    let (up, low) = split(s, middle, eta);
    let kept = low.sigma / s.sigma;
    let ratio = middle.alpha / low.alpha;
    let of_data = low.alpha - s.alpha * kept;
    let terms = [(POSITION, ratio * kept), (OUTPUT, ratio * of_data)];
    let noise = (NOISE, scale * middle.alpha * up);
    builder.combine_with_noise(STAGE, &terms, noise, innovation(s, middle, 1.0));
    builder.evaluate(STAGE, SECOND, middle, Prediction::Data);
}
