//! How moves are tuned, of `sample` and `smc`.

use crate::cli::given::Given;
use clap::Args;

#[derive(Debug, Args)]
pub(in crate::cli) struct TuningOptions {
    /// Step size; when given it is never adapted
    #[arg(
        long,
        value_name = "h",
        allow_hyphen_values = true,
        help_heading = "Method"
    )]
    step_size: Option<String>,
    /// Leapfrog steps of a trajectory, the mean where their number is jittered, or auto: tuned by ChEES (hmc) [default: 10]
    #[arg(
        long,
        value_name = "L",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    leapfrog_steps: Option<String>,
    /// Inverse mass matrix: variance (of the coordinates) or fisher (root of their variance over the gradient's) [default: variance]
    #[arg(long, value_name = "NAME", help_heading = "Method")]
    mass: Option<String>,
    /// How hmc moves: velocity-verlet or another (see: driftlane list integrators) [default: velocity-verlet]
    #[arg(long, value_name = "NAME", help_heading = "Method")]
    integrator: Option<String>,
    /// Friction of underdamped dynamics and ghmc [default: 1]
    #[arg(
        long,
        value_name = "GAMMA",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    friction: Option<String>,
    /// Relative half-width of the spread of step sizes over particles [default: hmc and adjusted-mclmc 0.2, others 0]
    #[arg(
        long,
        value_name = "J",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    jitter: Option<String>,
    /// Step sizes log-uniform over h/F to h F instead, one a particle and move: for funnels
    #[arg(
        long,
        value_name = "F",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    step_size_spread: Option<String>,
    /// Acceptance that step sizes adapt to [default: the move's, see: driftlane list moves]
    #[arg(
        long,
        value_name = "P",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    target_accept: Option<String>,
}

impl TuningOptions {
    pub(super) fn give(&self, given: &mut Given) {
        given.word("step_size", "--step-size", &self.step_size);
        given.word("leapfrog_steps", "--leapfrog-steps", &self.leapfrog_steps);
        given.word("mass", "--mass", &self.mass);
        given.word("integrator", "--integrator", &self.integrator);
        given.word("friction", "--friction", &self.friction);
        given.word("jitter", "--jitter", &self.jitter);
        given.word(
            "step_size_spread",
            "--step-size-spread",
            &self.step_size_spread,
        );
        given.word("target_accept", "--target-accept", &self.target_accept);
    }
}
