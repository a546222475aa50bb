//! Whether a target has what a plan asks of it, and its noise a path.

use super::Plan;
use super::refusals::in_words;
use crate::cli::settings::DiffuseMethod;
use crate::diffusion::{self, NoiseSource, Operation, Prediction, Program, SolverFlow, Step};
use crate::error::{Error, Result};
use crate::target::BlockTarget;
use driftlane_kernels::F64;

/// Refuses targets without the denoiser that is asked for, and noise that is not on a path.
pub(in crate::cli) fn check_denoiser(
    method: &DiffuseMethod,
    target: &dyn BlockTarget,
    plan: &Plan,
) -> Result<()> {
    // Of an adaptive run, its first call is all that can be judged.
    let first_call;
    let program = match plan {
        Plan::Program(program) => program,
        Plan::Adaptive(..) => {
            first_call = first_call_of(plan);
            &first_call
        }
    };
    let start = diffusion::Start::Noise;
    let flow = SolverFlow::<F64>::new(target, program, &method.denoising, start, 1);
    let flow = flow.map_err(|error| match error {
        Error::Invalid {
            field,
            value,
            allowed,
        } if field == "target" => Error::invalid("TARGET", value, format!("must be {allowed}")),
        other => in_words(other, "--solver"),
    })?;
    if method.brownian_path && !program.is_stochastic() {
        let allowed = "must be left out for a solver that draws no noise";
        return Err(Error::invalid("--brownian-path", &method.solver, allowed));
    }
    let scale = method.options.noise_scale;
    if scale != 1.0 && !program.is_stochastic() {
        let allowed = "must be 1 for a solver that draws no noise";
        return Err(Error::invalid("--noise-scale", scale, allowed));
    }
    let source = match method.brownian_path {
        true => NoiseSource::Path(0),
        false => NoiseSource::Fresh,
    };
    let judged = flow.with_noise(source).map(|_| ());
    judged.map_err(|error| match error {
        Error::Invalid {
            field,
            value,
            allowed,
        } if field == "noise" => {
            let value = format!("{value} for {}", method.solver);
            Error::invalid("--brownian-path", value, format!("must be {allowed}"))
        }
        other => in_words(other, "--grid"),
    })
}

/// A program of one call.
fn first_call_of(plan: &Plan) -> Program {
    let steps = plan.first().map(|at| Step {
        from: at,
        to: at,
        operations: vec![Operation::Evaluate {
            from: 0,
            to: 1,
            at,
            prediction: Prediction::Noise,
        }],
    });
    Program {
        registers: 2,
        steps: steps.into_iter().collect(),
    }
}
