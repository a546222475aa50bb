//! From what was given to settings: defaults, types, ranges, and what contradicts what.

use super::{
    Init, Length, Mass, Method, Output, Population, Precision, ReferenceSpec, Resampler,
    SampleMethod, Sampler, Settings, SmcMethod, TargetSpec, Tuning, compare, default_particles,
    diffuse,
};
use crate::cli::config;
use crate::cli::given::Given;
use crate::error::{Error, Result};
use crate::flow::Resampling;
use crate::integrator::{Dynamics, Increments, SCHEMES, Scheme, scheme};
use crate::record::manifest;
use std::path::{Path, PathBuf};

/// The verbs that experiment files may name.
const VERBS: [&str; 4] = ["sample", "smc", "diffuse", "compare"];
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
/// More moves than any run makes.
const MOVES: u64 = 1_000_000_000_000;

impl Settings {
    /// The settings an experiment file stands for. `file` is its name in messages, `folder` where
    /// relative paths in it start.
    pub fn from_toml(text: &str, file: &str, folder: &Path) -> Result<Self> {
        let mut given = Given::default();
        let table = config::parse_toml(text, Path::new(file))?;
        let target = config::experiment(file, folder, table, &mut given)?;
        Self::resolve(target, None, given)
    }

    /// Fills in every default and judges everything that can be judged without building the target.
    /// `verb` is the command's; `None` takes the file's.
    pub(in crate::cli) fn resolve(
        target: TargetSpec,
        verb: Option<&str>,
        mut given: Given,
    ) -> Result<Self> {
        for (key, winner) in [
            ("draws", "steps"),
            ("thin", "steps"),
            ("steps", "draws"),
            ("target_accept", "step_size"),
            ("jitter", "step_size_spread"),
            ("step_size_spread", "jitter"),
            ("ladder", "freeze"),
            ("step_size", "freeze"),
            ("freeze", "ladder"),
            ("freeze", "step_size"),
            ("out", "save"),
            ("save", "out"),
        ] {
            given.yields(key, winner);
        }
        for key in [
            "leapfrog_steps",
            "target_accept",
            "integrator",
            "friction",
            "mass",
            "jitter",
            "step_size_spread",
            "noise",
        ] {
            for winner in ["sampler", "move"] {
                given.yields_to_change(key, winner, "hmc");
            }
        }
        let allowed = "must be \"sample\", \"smc\", \"diffuse\" or \"compare\"";
        let own = given.text("verb", allowed)?.map(str::to_owned);
        if own.as_deref().is_some_and(|own| !VERBS.contains(&own)) {
            return Err(given.refuse("verb", allowed));
        }
        let verb = match (verb, own.as_deref()) {
            (Some(verb), own) => {
                // Another verb's experiment: what only that verb knows says nothing here.
                if own.is_some_and(|own| own != verb) {
                    foreign(verb).iter().for_each(|key| given.drop_key(key));
                    given.yields_to_verb("init", verb);
                }
                verb.to_owned()
            }
            (None, Some(own)) => own.to_owned(),
            (None, None) => return Err(given.refuse("verb", allowed)),
        };
        if let Some(key) = foreign(&verb).iter().find(|key| given.has(key)) {
            return Err(given.refuse(key, format!("has no meaning for {verb}; leave it out")));
        }
        let method = match verb.as_str() {
            "smc" => Method::Smc(smc(&given)?),
            "diffuse" => Method::Diffuse(diffuse::method(&given)?),
            "compare" => Method::Compare(compare::method(&given)?),
            _ => Method::Sample(sample(&given)?),
        };
        let population = population(&given, &method)?;
        let settings = Self {
            target,
            method,
            population,
            output: output(&given)?,
        };
        settings.validate()?;
        Ok(settings)
    }
}

/// What says nothing to `verb`.
fn foreign(verb: &str) -> Vec<&'static str> {
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

/// One of several names, with a hint for a near miss.
pub(super) fn choice<T>(
    given: &Given,
    key: &str,
    names: &[&str],
    default: T,
    from: impl Fn(&str) -> Option<T>,
) -> Result<T> {
    let allowed = format!("must be {}", config::one_of(names));
    let Some(name) = given.text(key, &allowed)? else {
        return Ok(default);
    };
    from(name).ok_or_else(|| given.refuse(key, allowed + &config::hint(name, names)))
}

/// How many, or `auto` for a trajectory length tuned on the population.
fn leapfrog_steps(given: &Given, sampler: Sampler) -> Result<Option<u64>> {
    let is_auto = given
        .text("leapfrog_steps", "")
        .is_ok_and(|text| text == Some("auto"));
    if is_auto && sampler != Sampler::Hmc {
        let allowed = "must be a number: trajectory lengths are tuned for hmc only";
        return Err(given.refuse("leapfrog_steps", allowed));
    }
    if is_auto {
        return Ok(None);
    }
    given.count("leapfrog_steps", 10, 1..=100_000).map(Some)
}

fn tuning(given: &Given, sampler: Sampler) -> Result<Tuning> {
    let allowed = "must be a number from 1e-100 to 1e100";
    let step_size = given.number(
        "step_size",
        "adapt",
        |h| (1e-100..=1e100).contains(&h),
        allowed,
    )?;
    if !sampler.uses_leapfrog_steps() && given.has("leapfrog_steps") {
        return Err(given.refuse(
            "leapfrog_steps",
            format!("has no meaning for {}", sampler.name()),
        ));
    }
    if !sampler.uses_mass() && given.has("mass") {
        return Err(given.refuse("mass", format!("has no meaning for {}", sampler.name())));
    }
    let meaningless =
        |key: &str| given.refuse(key, format!("has no meaning for {}", sampler.name()));
    if !sampler.uses_integrator() && given.has("integrator") {
        return Err(meaningless("integrator"));
    }
    if !sampler.uses_friction() && given.has("friction") {
        return Err(meaningless("friction"));
    }
    if sampler.is_adjusted() && given.has("noise") {
        return Err(meaningless("noise"));
    }
    let (laws, gaussian) = (Increments::NAMES, Increments::Gaussian);
    let noise = choice(given, "noise", laws, gaussian, Increments::from_name)?;
    if let Some(Err(Error::Invalid { allowed, .. })) = sampler
        .scheme()
        .map(|scheme| scheme.check_increments(noise))
    {
        return Err(given.refuse("noise", allowed));
    }
    let compositions: Vec<&str> = compositions().map(|scheme| scheme.name).collect();
    let find = |name: &str| scheme(name).filter(|s| compositions.contains(&s.name));
    let integrator = choice(given, "integrator", &compositions, &SCHEMES[0], find)?;
    if sampler.is_adjusted() && sampler.default_target_accept().is_none() && step_size.is_some() {
        return Err(meaningless("step_size"));
    }
    if !sampler.uses_jitter() && given.has("jitter") {
        return Err(meaningless("jitter"));
    }
    if !sampler.uses_jitter() && given.has("step_size_spread") {
        return Err(meaningless("step_size_spread"));
    }
    if given.has("step_size_spread") && given.has("jitter") {
        return Err(given.refuse("jitter", "contradicts --step-size-spread; give one of them"));
    }
    let adapts = step_size.is_none() && sampler.default_target_accept().is_some();
    if !adapts && given.has("target_accept") {
        return Err(given.refuse(
            "target_accept",
            "has no meaning where no step size is tuned",
        ));
    }
    let default = sampler.default_target_accept().unwrap_or(0.65);
    let inside = |p: f64| p > 0.0 && p < 1.0;
    let allowed = "must be a number between 0 and 1, both excluded";
    Ok(Tuning {
        step_size,
        leapfrog_steps: leapfrog_steps(given, sampler)?,
        mass: choice(given, "mass", Mass::NAMES, Mass::Variance, Mass::from_name)?,
        jitter: given
            .number(
                "jitter",
                "",
                |j| (0.0..1.0).contains(&j),
                "must be a number at least 0 and below 1",
            )?
            .unwrap_or(sampler.default_jitter()),
        step_size_spread: given.number(
            "step_size_spread",
            "",
            |f| (1.0..=1e6).contains(&f),
            "must be a number from 1 to 1e6",
        )?,
        target_accept: given
            .number("target_accept", "", inside, allowed)?
            .unwrap_or(default),
        integrator,
        friction: given
            .number(
                "friction",
                "",
                |g| (0.0..=1e100).contains(&g),
                "must be a number from 0 to 1e100",
            )?
            .unwrap_or(1.0),
        noise,
    })
}

/// What hmc can move by.
fn compositions() -> impl Iterator<Item = &'static Scheme> {
    let proposes = |s: &&Scheme| s.dynamics == Dynamics::Hamiltonian && s.is_symmetric();
    SCHEMES.iter().filter(proposes)
}

fn sample(given: &Given) -> Result<SampleMethod> {
    let sampler = choice(
        given,
        "sampler",
        Sampler::NAMES,
        Sampler::Hmc,
        Sampler::from_name,
    )?;
    let length = match (given.has("draws"), given.has("steps")) {
        (true, true) => return Err(given.refuse("steps", "contradicts --draws; give one of them")),
        (false, true) => Length::Steps(given.count("steps", 0, 1..=MOVES)?),
        _ => Length::Draws(given.count("draws", 200, 1..=MOVES)?),
    };
    if matches!(length, Length::Steps(_)) && given.has("thin") {
        return Err(given.refuse("thin", "has no meaning for --steps, which keeps no draws"));
    }
    let warmup = if sampler.is_adjusted() { 200 } else { 0 };
    let thin = given.count("thin", 1, 1..=MOVES)?;
    if thin > length.moves() {
        let draws = length.moves();
        let allowed = format!("must be from 1 to the number of draws, {draws}");
        return Err(given.refuse("thin", allowed));
    }
    Ok(SampleMethod {
        sampler,
        length,
        warmup: given.count("warmup", warmup, 0..=MOVES)?,
        thin,
        tuning: tuning(given, sampler)?,
    })
}

fn smc(given: &Given) -> Result<SmcMethod> {
    let kernel = choice(
        given,
        "move",
        Sampler::ADJUSTED_NAMES,
        Sampler::Hmc,
        Sampler::from_name,
    )?;
    let inside = |p: f64| p > 0.0 && p < 1.0;
    let allowed = "must be a number between 0 and 1, both excluded";
    let target_ess = given
        .number("target_ess", "", inside, allowed)?
        .unwrap_or(0.5);
    let allowed = "must be numbers increasing from 0 to 1";
    // Adding 0 turns -0 into 0.
    let ladder = given.numbers("ladder", "adaptive", allowed)?;
    let ladder = ladder.map(|l| l.into_iter().map(|b| b + 0.0).collect::<Vec<f64>>());
    let is_ladder = |l: &Vec<f64>| {
        l.first() == Some(&0.0) && l.last() == Some(&1.0) && l.windows(2).all(|w| w[0] < w[1])
    };
    if ladder.as_ref().is_some_and(|ladder| !is_ladder(ladder)) {
        return Err(given.refuse("ladder", allowed));
    }
    let chain_length = count_or_none(given, "waste_free", 2)?;
    let resampling = resampling(given)?;
    if chain_length.is_some() && resampling != Resampling::Always {
        let allowed = "must be always with --waste-free, whose chains start from resampled states";
        return Err(given.refuse("resample", allowed));
    }
    let resampler = choice(
        given,
        "resampler",
        Resampler::NAMES,
        Resampler::Multinomial,
        Resampler::from_name,
    )?;
    let lag = count_or_none(given, "lag", 1)?;
    if lag.is_some() && resampler != Resampler::Multinomial {
        let allowed = "has no meaning without multinomial resampling, which its errors hold for";
        return Err(given.refuse("lag", allowed));
    }
    Ok(SmcMethod {
        kernel,
        moves_per_stage: moves_per_stage(given, chain_length)?,
        chain_length,
        lag,
        target_ess,
        resampler,
        resampling,
        islands: given.count("islands", 1, 1..=1 << 35)?,
        replicates: given.count("replicates", 1, 1..=100_000)?,
        freeze: freeze(given, ladder.is_some())?,
        check_modes: given.truth("check_modes", false)?,
        keep_particles: given.truth("keep_particles", false)?,
        ladder,
        reference: reference(given)?,
        tuning: tuning(given, kernel)?,
    })
}

/// A number from `least`, or nothing.
fn count_or_none(given: &Given, key: &str, least: u64) -> Result<Option<u64>> {
    let none = given
        .text(key, "")
        .is_ok_and(|text| text.is_none_or(|text| text == "none"));
    if none {
        return Ok(None);
    }
    given.count(key, least, least..=1_000_000).map(Some)
}

/// How many, or `auto` for as many as decorrelate the population; one less than the states of a chain.
fn moves_per_stage(given: &Given, chain_length: Option<u64>) -> Result<Option<u64>> {
    if let Some(length) = chain_length {
        let moves = given.count("moves_per_stage", length - 1, 0..=1_000_000);
        if moves.ok() != Some(length - 1) {
            let allowed = "must be left out or be one less than --waste-free: \
                           a chain moves from each of its states to the next";
            return Err(given.refuse("moves_per_stage", allowed));
        }
        return Ok(Some(length - 1));
    }
    let is_auto = given
        .text("moves_per_stage", "")
        .is_ok_and(|text| text == Some("auto"));
    if is_auto {
        return Ok(None);
    }
    given.count("moves_per_stage", 5, 1..=1_000_000).map(Some)
}

/// The folder of the run that is replayed: its temperatures and step sizes leave nothing to choose.
fn freeze(given: &Given, has_ladder: bool) -> Result<Option<PathBuf>> {
    let allowed = "must name the folder of a finished smc run";
    let Some(folder) = given
        .text("freeze", allowed)?
        .filter(|text| *text != "none")
    else {
        return Ok(None);
    };
    if folder.is_empty() {
        return Err(given.refuse("freeze", allowed));
    }
    let fixed = given.number("step_size", "adapt", |_| true, "")?.is_some();
    for (key, contradicts) in [("ladder", has_ladder), ("step_size", fixed)] {
        if contradicts {
            let allowed =
                "contradicts --freeze, which replays that of another run; give one of them";
            return Err(given.refuse(key, allowed));
        }
    }
    Ok(Some(given.path("freeze", folder)))
}

fn resampling(given: &Given) -> Result<Resampling> {
    let allowed = "must be always, never or ess:SHARE with a share above 0 and at most 1";
    let share = |text: &str| text.parse().ok().filter(|f: &f64| *f > 0.0 && *f <= 1.0);
    match given.text("resample", allowed)? {
        None | Some("always") => Ok(Resampling::Always),
        Some("never") => Ok(Resampling::Never),
        Some(text) => text
            .strip_prefix("ess:")
            .and_then(share)
            .map(Resampling::BelowEss)
            .ok_or_else(|| given.refuse("resample", allowed)),
    }
}

fn reference(given: &Given) -> Result<Option<ReferenceSpec>> {
    let allowed = "must be normal:SD, student:DF,SD (positive numbers) or FILE.toml";
    let text = match given.text("reference", allowed)? {
        None | Some("target") => return Ok(None),
        Some(text) => text,
    };
    let positive = |s: &str| {
        s.trim()
            .parse::<f64>()
            .ok()
            .filter(|x| x.is_finite() && *x > 0.0)
    };
    let law = match text.split_once(':') {
        Some(("normal", sd)) => positive(sd).map(ReferenceSpec::Normal),
        Some(("student", rest)) => rest
            .split_once(',')
            .and_then(|(df, sd)| Some(ReferenceSpec::Student(positive(df)?, positive(sd)?))),
        _ if text.ends_with(".toml") => Some(ReferenceSpec::File(given.path("reference", text))),
        _ => None,
    };
    law.map(Some)
        .ok_or_else(|| given.refuse("reference", allowed))
}

fn population(given: &Given, method: &Method) -> Result<Population> {
    let least = if matches!(method, Method::Smc(_)) {
        2
    } else {
        1
    };
    let allowed = "must be FILE.npy, FILE.npz, exact, prior or reference";
    let init = match given.text("init", allowed)? {
        None | Some("default") => Init::Default,
        Some("exact") => Init::Exact,
        Some("prior") => Init::Prior,
        Some("reference") => Init::Reference,
        Some(file) if crate::npy::is_name(file) => Init::File(given.path("init", file)),
        Some(_) => return Err(given.refuse("init", allowed)),
    };
    if matches!(method, Method::Smc(_)) && matches!(init, Init::Exact | Init::File(_)) {
        let allowed = "has no meaning for smc, which starts from its reference (see --reference)";
        return Err(given.refuse("init", allowed));
    }
    if matches!(method, Method::Compare(_)) && matches!(init, Init::Prior | Init::Reference) {
        let allowed = "must be FILE.npy, FILE.npz or exact for compare; by default exact draws at the first noise level";
        return Err(given.refuse("init", allowed));
    }
    if matches!(method, Method::Diffuse(_)) && matches!(init, Init::Prior | Init::Reference) {
        let allowed = "must be FILE.npy, FILE.npz or exact for diffuse; by default noise";
        return Err(given.refuse("init", allowed));
    }
    let particles = given.count("particles", default_particles(method), least..=1 << 36)?;
    let ruled = matches!(init, Init::File(_)) && !given.has("particles");
    Ok(Population {
        particles: (!ruled).then_some(particles),
        seed: given.count("seed", 1, 0..=u64::MAX)?,
        threads: given.count("threads", manifest::cores() as u64, 1..=4096)? as usize,
        precision: choice(
            given,
            "precision",
            Precision::NAMES,
            Precision::F64,
            Precision::from_name,
        )?,
        init,
    })
}

fn output(given: &Given) -> Result<Output> {
    let allowed = "must name a folder";
    let out = given
        .text("out", allowed)?
        .map(|out| given.path("out", out));
    let save = given.truth("save", true)?;
    if !save && out.is_some() {
        return Err(given.refuse("out", "contradicts --no-save; give one of them"));
    }
    let time_limit = super::cadence::time_limit(given)?;
    if !save && time_limit.is_some() {
        let allowed = "contradicts --no-save: a run that stops has to leave a checkpoint";
        return Err(given.refuse("time_limit", allowed));
    }
    Ok(Output {
        out,
        save,
        force: given.truth("force", false)?,
        json: given.truth("json", false)?,
        quiet: given.truth("quiet", false)?,
        strict: given.truth("strict", false)?,
        checkpoint_every: super::cadence::checkpoint_every(given)?,
        time_limit,
    })
}
