//! Which keys say something to which verb.

/// Keys that `diffuse` and `compare` alone know.
const SOLVING_KEYS: [&str; 17] = [
    "nfe",
    "schedule",
    "grid",
    "rho",
    "shift",
    "final",
    "lower_order_final",
    "eta",
    "noise_scale",
    "start_up",
    "corrector",
    "churn",
    "restart",
    "extrapolation",
    "guidance",
    "condition",
    "threshold",
];
/// Keys that `diffuse` alone knows, as they say nothing of several solvers on several grids; it shares `steps`
/// with `sample`.
const DIFFUSE_KEYS: [&str; 6] = [
    "solver",
    "sigmas",
    "timesteps",
    "brownian_path",
    "rtol",
    "atol",
];
/// Keys that only `compare` knows.
const COMPARE_KEYS: [&str; 2] = ["solvers", "strong"];
/// What moves are tuned by.
const TUNING_KEYS: [&str; 8] = [
    "step_size",
    "leapfrog_steps",
    "mass",
    "integrator",
    "friction",
    "jitter",
    "step_size_spread",
    "target_accept",
];
const SAMPLE_KEYS: [&str; 6] = ["sampler", "draws", "steps", "warmup", "thin", "noise"];
const SMC_KEYS: [&str; 14] = [
    "move",
    "moves_per_stage",
    "waste_free",
    "lag",
    "target_ess",
    "resampler",
    "resample",
    "islands",
    "replicates",
    "ladder",
    "reference",
    "freeze",
    "check_modes",
    "keep_particles",
];

/// What says nothing to `verb`.
pub(super) fn foreign(verb: &str) -> Vec<&'static str> {
    let moving = || [&SAMPLE_KEYS[..], &SMC_KEYS, &TUNING_KEYS].concat();
    let diffusing = || [&SOLVING_KEYS[..], &DIFFUSE_KEYS, &COMPARE_KEYS].concat();
    match verb {
        "smc" => [&SAMPLE_KEYS[..], &diffusing()].concat(),
        "diffuse" => {
            let mut keys = [&moving()[..], &COMPARE_KEYS].concat();
            keys.retain(|key| *key != "steps");
            keys
        }
        "compare" => [&moving()[..], &DIFFUSE_KEYS].concat(),
        _ => [&SMC_KEYS[..], &diffusing()].concat(),
    }
}
