//! What is known of a solver, what it may be told, and how its program is made.

use super::accelerated::{accelerated_ddim, accelerated_ddpm};
use super::adams::{AdamsWeights, adams};
use super::ancestral::{Down, ancestral, ddim, ddpm_large};
use super::flow_matching::flow_matching;
use super::momentum::momentum;
use super::pseudo::pndm;
use super::restart::restart;
use super::runge_kutta::{Tableau, kdpm2, runge_kutta};
use super::singlestep::singlestep;
use super::time_adams::time_adams;
use super::{FinalOrder, Multistep, Options, Setup, StartUp};
use crate::diffusion::Program;
use crate::error::{Error, Result};
use crate::target::Prediction;
use std::borrow::Cow;

/// What a method does after the last noise level of its grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// A step to noise level 0.
    Zero,
    /// A step to the schedule's smallest noise level.
    Smallest,
    /// Nothing.
    Nothing,
}

/// Whether a solver draws noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoiseKind {
    /// Never.
    None,
    /// As much as a level eta says, this by default.
    Eta(f64),
    /// As its method says.
    Own,
}

/// What a solver may be told besides its grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// [`Options::eta`](super::Options::eta).
    Eta,
    /// [`Options::noise_scale`](super::Options::noise_scale).
    NoiseScale,
    /// [`Options::lower_final_order`](super::Options::lower_final_order).
    LowerFinalOrder,
    /// [`Options::start_up`](super::Options::start_up).
    StartUp,
    /// [`Options::corrected`](super::Options::corrected).
    Corrected,
    /// [`Options::churn`](super::Options::churn).
    Churn,
    /// [`Options::restarts`](super::Options::restarts).
    Restarts,
    /// [`Options::extrapolation`](super::Options::extrapolation).
    Extrapolation,
}

/// How a program is made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Method {
    Exponential(Multistep),
    Singlestep(usize, Prediction),
    Ddim,
    DdpmLarge,
    Ancestral(Down),
    RungeKutta(&'static Tableau),
    Kdpm2,
    Adams(usize, AdamsWeights),
    TimeAdams(usize),
    Pndm(bool),
    Momentum(usize, f64, bool),
    Restart,
    AcceleratedDdim,
    AcceleratedDdpm,
    FlowMatching(bool),
    Adaptive(usize),
}

/// What is known of a solver.
#[derive(Debug, Clone)]
pub struct Description {
    /// Its name in the ecosystem.
    pub name: Cow<'static, str>,
    /// Other names: classes of diffusers, functions of k-diffusion, names of ComfyUI.
    pub aliases: &'static [&'static str],
    /// Global order on smooth grids with exact starts; weak where there is noise.
    pub order: usize,
    /// Calls of the denoiser a step.
    pub calls: usize,
    /// What follows the last noise level.
    pub habit: Habit,
    /// Its noise.
    pub noise: NoiseKind,
    /// The first publication.
    pub source: &'static str,
    pub(super) method: Method,
}

impl Description {
    /// What it may be told.
    pub fn takes(&self, setting: Setting) -> bool {
        use Setting::{
            Churn, Corrected, Eta, Extrapolation, LowerFinalOrder, NoiseScale, Restarts,
        };
        let taken: &[Setting] = match self.method {
            Method::Exponential(m) if m.eta > 0.0 => &[Eta, NoiseScale, LowerFinalOrder],
            Method::Exponential(_) => &[
                Eta,
                NoiseScale,
                LowerFinalOrder,
                Setting::StartUp,
                Corrected,
            ],
            Method::Ddim | Method::Ancestral(_) => &[Eta, NoiseScale],
            Method::DdpmLarge | Method::AcceleratedDdpm => &[NoiseScale],
            Method::RungeKutta(_) | Method::Kdpm2 => &[Churn, NoiseScale],
            Method::Adams(_, AdamsWeights::Extrapolated(_)) => &[Extrapolation],
            Method::Adams(order, _) if order > 1 => &[Setting::StartUp],
            Method::Restart => &[Restarts, NoiseScale],
            _ => &[],
        };
        taken.contains(&setting)
    }

    /// The order of a method that chooses its steps on the way, and so has no program
    /// ([`diffuse_adaptive`](crate::diffusion::diffuse_adaptive)).
    pub fn adaptive(&self) -> Option<usize> {
        match self.method {
            Method::Adaptive(order) => Some(order),
            _ => None,
        }
    }

    /// Refuses, by name, an option that the solver does not know.
    pub fn check(&self, options: &Options) -> Result<()> {
        options.check()?;
        for (given, name, setting) in [
            (options.eta.is_some(), "eta", Setting::Eta),
            (
                options.noise_scale != 1.0,
                "noise_scale",
                Setting::NoiseScale,
            ),
            (
                options.lower_final_order.is_some(),
                "lower_final_order",
                Setting::LowerFinalOrder,
            ),
            (
                options.start_up != StartUp::Cold,
                "start_up",
                Setting::StartUp,
            ),
            (options.corrected.is_some(), "corrected", Setting::Corrected),
            (options.churn.is_some(), "churn", Setting::Churn),
            (!options.restarts.is_empty(), "restart", Setting::Restarts),
            (
                options.extrapolation.is_some(),
                "extrapolation",
                Setting::Extrapolation,
            ),
        ] {
            if given && !self.takes(setting) {
                let allowed = "an option of other solvers (see: driftlane list solvers)";
                return Err(Error::invalid(name, &self.name, allowed));
            }
        }
        Ok(())
    }

    /// Its program on a grid. Refused: an option that the solver does not know, by name, and grids that
    /// it cannot use.
    pub fn program(&self, setup: &Setup<'_>) -> Result<Program> {
        let options = setup.options;
        self.check(options)?;
        let eta = match self.noise {
            NoiseKind::Eta(default) => options.eta.unwrap_or(default),
            _ => options.eta.unwrap_or(0.0),
        };
        match self.method {
            Method::Exponential(multistep) => {
                let lowered = match options.lower_final_order {
                    None => multistep.final_order,
                    Some(true) => FinalOrder::LoweredBelow(usize::MAX),
                    Some(false) => FinalOrder::Kept,
                };
                Multistep {
                    eta,
                    noise_scale: options.noise_scale,
                    final_order: lowered,
                    start_up: options.start_up,
                    corrected: options.corrected.unwrap_or(multistep.corrected),
                    ..multistep
                }
                .program(setup.nodes)
            }
            Method::Singlestep(order, prediction) => singlestep(setup.nodes, order, prediction),
            Method::Ddim => ddim(setup, eta),
            Method::DdpmLarge => ddpm_large(setup),
            Method::Ancestral(down) => ancestral(setup, down, eta),
            Method::RungeKutta(tableau) => runge_kutta(setup, tableau),
            Method::Kdpm2 => kdpm2(setup),
            Method::Adams(order, AdamsWeights::Extrapolated(newest)) => {
                let newest = options.extrapolation.unwrap_or(newest);
                adams(setup, order, AdamsWeights::Extrapolated(newest))
            }
            Method::Adams(order, weights) => adams(setup, order, weights),
            Method::TimeAdams(order) => time_adams(setup, order),
            Method::Pndm(runge_kutta) => pndm(setup, runge_kutta),
            Method::Momentum(order, b, generalised) => momentum(setup, order, b, generalised),
            Method::Restart => restart(setup),
            Method::AcceleratedDdim => accelerated_ddim(setup),
            Method::AcceleratedDdpm => accelerated_ddpm(setup),
            Method::FlowMatching(heun) => flow_matching(setup, heun),
            Method::Adaptive(_) => {
                let allowed = "a solver with a step program: this one chooses its steps on the way";
                Err(Error::invalid("solver", &self.name, allowed))
            }
        }
    }
}
