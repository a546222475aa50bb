//! What is known of a solver, what it may be told, and how its program is made.

use super::accelerated::{accelerated_ddim, accelerated_ddpm};
use super::adams::{AdamsWeights, adams};
use super::ancestral::{Down, ancestral, ddim, ddpm_large};
use super::flow_matching::flow_matching;
use super::momentum::momentum;
use super::pseudo::pndm;
use super::restart::restart;
use super::runge_kutta::{Tableau, kdpm2, runge_kutta};
use super::singlestep::{Singlestep, singlestep};
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
    Singlestep(Singlestep),
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
        let switch = |on: bool| if on { "on" } else { "off" };
        let of = |value: Option<f64>| value.map(|value| value.to_string());
        let restarts = &options.restarts;
        let given = [
            ("eta", Setting::Eta, of(options.eta)),
            (
                "noise_scale",
                Setting::NoiseScale,
                of(Some(options.noise_scale).filter(|scale| *scale != 1.0)),
            ),
            (
                "lower_order_final",
                Setting::LowerFinalOrder,
                options.lower_final_order.map(|on| switch(on).to_owned()),
            ),
            (
                "start_up",
                Setting::StartUp,
                (options.start_up != StartUp::Cold).then(|| "stages".to_owned()),
            ),
            (
                "corrector",
                Setting::Corrected,
                options.corrected.map(|on| switch(on).to_owned()),
            ),
            (
                "churn",
                Setting::Churn,
                of(options.churn.map(|churn| churn.amount)),
            ),
            (
                "restart",
                Setting::Restarts,
                (!restarts.is_empty()).then(|| format!("{} intervals", restarts.len())),
            ),
            (
                "extrapolation",
                Setting::Extrapolation,
                of(options.extrapolation),
            ),
        ];
        for (name, setting, value) in given {
            if let Some(value) = value.filter(|_| !self.takes(setting)) {
                let allowed = format!("left out for {}, which does not take it", self.name);
                return Err(Error::invalid(name, value, allowed));
            }
        }
        Ok(())
    }

    /// Whether it can begin at noise alone, where alpha is 0: solvers that ask for the noise, and those in the
    /// noise level, cannot.
    fn begins_at_noise_alone(&self) -> bool {
        match self.method {
            Method::Exponential(multistep) => multistep.prediction == Prediction::Data,
            Method::Singlestep(blocks) => blocks.prediction == Prediction::Data,
            Method::Ddim | Method::DdpmLarge | Method::FlowMatching(_) => true,
            _ => false,
        }
    }

    /// Whether it can step to clean data, where sigma is 0: solvers that predict the noise, and those in the
    /// schedule's time, cannot.
    pub fn ends_at_data(&self) -> bool {
        match self.method {
            Method::Exponential(multistep) => multistep.prediction == Prediction::Data,
            Method::Singlestep(blocks) => blocks.prediction == Prediction::Data,
            Method::TimeAdams(_) => false,
            _ => true,
        }
    }

    /// Its program on a grid. The step from noise alone of a solver that cannot take it is DDIM's. Refused:
    /// an option that the solver does not know, by name, and grids that it cannot use.
    pub fn program(&self, setup: &Setup<'_>) -> Result<Program> {
        self.check(setup.options)?;
        let alone = setup.nodes.first().is_some_and(|node| node.alpha == 0.0);
        if !alone || self.begins_at_noise_alone() || self.adaptive().is_some() {
            return self.program_from(setup);
        }
        let part = |nodes| Setup { nodes, ..*setup };
        super::check_grid(setup.nodes)?;
        let (head, rest) = (&setup.nodes[..2], &setup.nodes[1..]);
        let eta = match self.noise {
            NoiseKind::Eta(default) => setup.options.eta.unwrap_or(default).min(1.0),
            _ => 0.0,
        };
        let mut program = ddim(&part(head), eta)?;
        if rest.len() > 1 {
            let later = self.program_from(&part(rest))?;
            program.registers = program.registers.max(later.registers);
            program.steps.extend(later.steps);
        }
        Ok(program)
    }

    fn program_from(&self, setup: &Setup<'_>) -> Result<Program> {
        let options = setup.options;
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
            Method::Singlestep(blocks) => singlestep(setup.nodes, blocks),
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
