//! What `diffuse` and `compare` tell solvers.

use crate::cli::given::Given;
use clap::Args;

/// Options of diffusion solvers.
#[derive(Debug, Args)]
pub struct SolverOptions {
    /// Noise schedule (see: driftlane list schedules) [default: vp-linear]
    #[arg(long, value_name = "NAME", help_heading = "Method")]
    pub(in crate::cli) schedule: Option<String>,
    /// Time grid (see: driftlane list grids) [default: logsnr]
    #[arg(long, value_name = "NAME", help_heading = "Method")]
    pub(in crate::cli) grid: Option<String>,
    /// Power of the grids karras (7), quadratic (2) and polyexponential (1) [default: the grid's]
    #[arg(
        long,
        value_name = "RHO",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) rho: Option<String>,
    /// Flow shift: what the grid's noise levels are multiplied by [default: none]
    #[arg(
        long,
        value_name = "S",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) shift: Option<String>,
    /// What follows the last noise level: zero, sigma-min or none [default: the solver's habit; compare: none]
    #[arg(long = "final", value_name = "RULE", help_heading = "Method")]
    pub(in crate::cli) last: Option<String>,
    /// Whether the last steps have lower orders: on, off or habit [default: habit; compare: off]
    #[arg(long, value_name = "RULE", help_heading = "Method")]
    pub(in crate::cli) lower_order_final: Option<String>,
    /// Noise level: 0 the probability flow, 1 the reverse process [default: the solver's habit]
    #[arg(
        long,
        value_name = "ETA",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) eta: Option<String>,
    /// What noise is multiplied by [default: 1]
    #[arg(
        long,
        value_name = "S",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) noise_scale: Option<String>,
    /// First steps of multistep solvers: cold, of lower orders, or in stages of calls [default: cold]
    #[arg(long, value_name = "RULE", help_heading = "Method")]
    pub(in crate::cli) start_up: Option<String>,
    /// Correct every step by the call at its end (UniC): on, off or habit [default: habit]
    #[arg(long, value_name = "RULE", help_heading = "Method")]
    pub(in crate::cli) corrector: Option<String>,
    /// Noise added before steps of euler, heun and their like: S, or S,FROM,TO with noise levels [default: none]
    #[arg(
        long,
        value_name = "S[,FROM,TO]",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) churn: Option<String>,
    /// Noise levels gone over again, for the solver restart: POINTS,REPEATS,FOOT,HEAD, several one after the other
    #[arg(
        long,
        value_name = "N,K,FOOT,HEAD",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) restart: Option<String>,
    /// Weight of the newest output in gradient-estimation [default: 2]
    #[arg(
        long,
        value_name = "G",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) extrapolation: Option<String>,
    /// Classifier-free guidance of this scale towards --condition [default: 1]
    #[arg(
        long,
        value_name = "W",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) guidance: Option<String>,
    /// Components of the mixture, from 0, that sampling is conditioned on
    #[arg(
        long,
        value_name = "k[,k..]",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) condition: Option<String>,
    /// Dynamic thresholding of the data prediction at this quantile, 0.995 say [default: none]
    #[arg(
        long,
        value_name = "Q",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) threshold: Option<String>,
}

impl SolverOptions {
    pub(in crate::cli) fn give(&self, given: &mut Given) {
        given.word("schedule", "--schedule", &self.schedule);
        given.word("grid", "--grid", &self.grid);
        given.word("rho", "--rho", &self.rho);
        given.word("shift", "--shift", &self.shift);
        given.word("final", "--final", &self.last);
        given.word(
            "lower_order_final",
            "--lower-order-final",
            &self.lower_order_final,
        );
        given.word("eta", "--eta", &self.eta);
        given.word("noise_scale", "--noise-scale", &self.noise_scale);
        given.word("start_up", "--start-up", &self.start_up);
        given.word("corrector", "--corrector", &self.corrector);
        given.word("churn", "--churn", &self.churn);
        given.word("restart", "--restart", &self.restart);
        given.word("extrapolation", "--extrapolation", &self.extrapolation);
        given.word("guidance", "--guidance", &self.guidance);
        given.word("condition", "--condition", &self.condition);
        given.word("threshold", "--threshold", &self.threshold);
    }
}
