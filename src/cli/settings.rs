//! A run's settings with every default filled in, judged, and written out again.

use super::config;
use super::given::Given;
use crate::error::{Error, Result};
use crate::record::manifest;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Everything a run needs to know. Made by [`super::parse`] or [`Settings::from_toml`].
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What is sampled.
    pub target: TargetSpec,
    /// How.
    pub method: Method,
    /// By how many particles, from where.
    pub population: Population,
    /// What is printed and written.
    pub output: Output,
}

/// A target by name, not built yet.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetSpec {
    /// The built-in name.
    pub name: String,
    /// Its parameters, not judged yet; paths are absolute.
    pub parameters: Table,
    /// Where relative paths start.
    pub folder: PathBuf,
    /// How the table of parameters is called in messages: `--set`, a file, `run.toml [target]`.
    pub place: String,
}

/// The verb and what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// `sample`.
    Sample(SampleMethod),
    /// `smc`.
    Smc(SmcMethod),
}

/// How `sample` moves particles.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleMethod {
    /// The move.
    pub sampler: Sampler,
    /// Moves after warm-up.
    pub length: Length,
    /// Moves before the first draw.
    pub warmup: u64,
    /// Every `thin`-th draw is kept; at least 1.
    pub thin: u64,
    /// Step size and trajectories.
    pub tuning: Tuning,
}

/// How long `sample` runs after warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// This many moves, kept.
    Draws(u64),
    /// This many moves; summaries and the last population are kept.
    Steps(u64),
}

impl Length {
    /// The number of moves.
    pub fn moves(self) -> u64 {
        let (Self::Draws(k) | Self::Steps(k)) = self;
        k
    }
}

/// How `smc` tempers.
#[derive(Debug, Clone, PartialEq)]
pub struct SmcMethod {
    /// The move at each temperature.
    pub kernel: Sampler,
    /// Moves of every particle at each temperature.
    pub moves_per_stage: u64,
    /// Share of the particles, in (0, 1), that the next temperature's effective sample size keeps.
    pub target_ess: f64,
    /// How populations are resampled.
    pub resampler: Resampler,
    /// Independent repetitions.
    pub replicates: u64,
    /// Tempering parameters from 0 to 1, increasing; `None`: chosen on the way.
    pub ladder: Option<Vec<f64>>,
    /// Where tempering starts; `None`: the target's own reference.
    pub reference: Option<ReferenceSpec>,
    /// Step size and trajectories.
    pub tuning: Tuning,
}

/// Step size and trajectories of a move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    /// Step size, never adapted; `None`: adapted to `target_accept`.
    pub step_size: Option<f64>,
    /// Leapfrog steps of a trajectory (their mean where it is jittered); used by hmc only.
    pub leapfrog_steps: u64,
    /// Acceptance that step sizes adapt to, in (0, 1).
    pub target_accept: f64,
}

/// Declares an enum whose variants have names that users type.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            /// The names, in the order of the documentation.
            pub const NAMES: &'static [&'static str] = &[$($text),*];

            /// The name users type.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// The variant of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

named! {
    /// A way to move particles.
    Sampler {
        /// Hamiltonian Monte Carlo.
        Hmc = "hmc",
        /// Random-walk Metropolis-Hastings.
        Rwmh = "rwmh",
        /// Unadjusted Langevin steps; `sample` only.
        Ula = "ula",
    }
}

named! {
    /// A way to resample a weighted population.
    Resampler {
        /// Independent draws.
        Multinomial = "multinomial",
        /// One uniform for all.
        Systematic = "systematic",
        /// One uniform a stratum.
        Stratified = "stratified",
        /// Whole offspring first, the rest multinomial.
        Residual = "residual",
    }
}

named! {
    /// The precision particles are stored and moved in.
    Precision {
        /// Double.
        F64 = "f64",
        /// Single; log densities and weights are summed in double.
        F32 = "f32",
    }
}

/// A reference law given by the user.
#[derive(Debug, Clone, PartialEq)]
pub enum ReferenceSpec {
    /// Independent normals of this standard deviation, centred at 0.
    Normal(f64),
    /// Independent Student t with (degrees of freedom, scale), centred at 0.
    Student(f64, f64),
    /// A file that describes it.
    File(PathBuf),
}

/// Where particles start.
#[derive(Debug, Clone, PartialEq)]
pub enum Init {
    /// The prior if the target has one, else the reference.
    Default,
    /// Exact draws from the target.
    Exact,
    /// Draws from its prior.
    Prior,
    /// Draws from the reference.
    Reference,
    /// An .npy file of shape [N, dim], whose N is the number of particles.
    File(PathBuf),
}

/// The population.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    /// Particles; `None` when `init` is a file, whose N rules, and none were asked for.
    pub particles: Option<u64>,
    /// The seed.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
    /// Precision.
    pub precision: Precision,
    /// Where particles start.
    pub init: Init,
}

/// What is printed and written.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The run folder; `None`: the first free `runs/<target>-<n>`.
    pub out: Option<PathBuf>,
    /// Whether a run folder is written.
    pub save: bool,
    /// Whether an existing run folder may be replaced.
    pub force: bool,
    /// Whether the summary is printed as JSON.
    pub json: bool,
    /// Whether progress is left out.
    pub quiet: bool,
    /// Whether a warning means exit code 1.
    pub strict: bool,
}

/// The verbs that experiment files may name.
const VERBS: [&str; 2] = ["sample", "smc"];
const SAMPLE_KEYS: [&str; 5] = ["sampler", "draws", "steps", "warmup", "thin"];
const SMC_KEYS: [&str; 7] = [
    "move",
    "moves_per_stage",
    "target_ess",
    "resampler",
    "replicates",
    "ladder",
    "reference",
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
    pub(super) fn resolve(
        target: TargetSpec,
        verb: Option<&str>,
        mut given: Given,
    ) -> Result<Self> {
        for (key, winner) in [
            ("draws", "steps"),
            ("thin", "steps"),
            ("steps", "draws"),
            ("target_accept", "step_size"),
            ("out", "save"),
            ("save", "out"),
        ] {
            given.yields(key, winner);
        }
        for key in ["leapfrog_steps", "target_accept"] {
            for winner in ["sampler", "move"] {
                given.yields_to_change(key, winner, "hmc");
            }
        }
        let allowed = "must be \"sample\" or \"smc\"";
        let own = given.text("verb", allowed)?.map(str::to_owned);
        if own.as_deref().is_some_and(|own| !VERBS.contains(&own)) {
            return Err(given.refuse("verb", allowed));
        }
        let verb = match (verb, own.as_deref()) {
            (Some(verb), own) => {
                // Another verb's experiment: what only that verb knows says nothing here.
                if own.is_some_and(|own| own != verb) {
                    let foreign: &[&str] = if verb == "smc" {
                        &SAMPLE_KEYS
                    } else {
                        &SMC_KEYS
                    };
                    foreign.iter().for_each(|key| given.drop_key(key));
                }
                verb.to_owned()
            }
            (None, Some(own)) => own.to_owned(),
            (None, None) => return Err(given.refuse("verb", allowed)),
        };
        let foreign: &[&str] = if verb == "smc" {
            &SAMPLE_KEYS
        } else {
            &SMC_KEYS
        };
        if let Some(key) = foreign.iter().find(|key| given.has(key)) {
            return Err(given.refuse(key, format!("has no meaning for {verb}; leave it out")));
        }
        let method = match verb.as_str() {
            "smc" => Method::Smc(smc(&given)?),
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

    /// `sample` or `smc`.
    pub fn verb(&self) -> &'static str {
        match self.method {
            Method::Sample(_) => "sample",
            Method::Smc(_) => "smc",
        }
    }

    /// The number of particles when no file rules it.
    pub fn particles(&self) -> u64 {
        self.population
            .particles
            .unwrap_or_else(|| default_particles(&self.method))
    }

    /// Judges what depends on several settings at once, in the words of the command line.
    pub fn validate(&self) -> Result<()> {
        let refuse = |field: &str, value: &dyn std::fmt::Display, allowed: &str| {
            Err(Error::invalid(field, value, allowed))
        };
        match &self.method {
            Method::Sample(method) => {
                if method.warmup == 0 && method.length.moves() == 0 {
                    return refuse("--draws", &0, "must be at least 1 where --warmup is 0");
                }
                let tuning = &method.tuning;
                if method.sampler == Sampler::Ula && tuning.step_size.is_none() {
                    return refuse(
                        "--step-size",
                        &"(not given)",
                        "must be given for ula, which cannot adapt it",
                    );
                }
                if let Length::Draws(draws) = method.length
                    && method.thin > draws.max(1)
                {
                    return refuse(
                        "--thin",
                        &method.thin,
                        &format!("must be from 1 to the number of draws, {draws}"),
                    );
                }
            }
            Method::Smc(method) => {
                if method.kernel == Sampler::Ula {
                    return refuse(
                        "--move",
                        &"ula",
                        "must leave its target invariant: hmc or rwmh",
                    );
                }
                if self.particles() < 2 {
                    return refuse(
                        "--particles",
                        &self.particles(),
                        "must be at least 2 for smc",
                    );
                }
            }
        }
        Ok(())
    }

    /// The bytes a run needs for `dim` coordinates: particles with their gradients, momenta and copies,
    /// and kept draws.
    pub fn memory_estimate(&self, dim: usize) -> u64 {
        let word = if self.population.precision == Precision::F32 {
            4
        } else {
            8
        };
        let (particles, dim) = (self.particles(), dim as u64);
        // Position, momentum, gradient, a proposal of each, and one channel being resampled.
        let channels = 7u64.saturating_mul(dim).saturating_add(6);
        let moving = particles.saturating_mul(channels).saturating_mul(word);
        let kept = match &self.method {
            Method::Sample(SampleMethod {
                length: Length::Draws(k),
                thin,
                ..
            }) => k / (*thin).max(1),
            _ => 1,
        };
        moving.saturating_add(
            kept.saturating_mul(particles)
                .saturating_mul(dim)
                .saturating_mul(8),
        )
    }

    /// Refuses a run that does not fit the memory this process may still use.
    pub fn check_memory(&self, dim: usize) -> Result<()> {
        let Some(available) = manifest::available_memory() else {
            return Ok(());
        };
        let needed = self.memory_estimate(dim);
        if needed <= available {
            return Ok(());
        }
        let giga = |bytes: u64| bytes as f64 / 1e9;
        let advice = match &self.method {
            Method::Sample(SampleMethod {
                length: Length::Draws(k),
                ..
            }) => {
                format!(" with --draws {k}; lower either, or use --steps")
            }
            _ => "; lower it".into(),
        };
        let allowed = format!(
            "must fit memory: {:.1} GB needed, {:.1} GB available for {dim} coordinates{advice}",
            giga(needed),
            giga(available)
        );
        Err(Error::invalid("--particles", self.particles(), allowed))
    }

    /// What deserves a line before the run: more threads than cores.
    pub fn notes(&self) -> Vec<String> {
        let (threads, cores) = (self.population.threads, manifest::cores());
        let over = threads > cores;
        over.then(|| {
            format!("--threads {threads} is more than the {cores} cores this process may use")
        })
        .into_iter()
        .collect()
    }

    /// The experiment file these settings stand for, every default written out; [`Settings::from_toml`]
    /// gives the same settings back.
    pub fn to_table(&self) -> Table {
        let mut target = Table::new();
        target.insert("kind".into(), self.target.name.clone().into());
        target.extend(self.target.parameters.clone());
        let mut document = Table::new();
        document.insert("target".into(), target.into());
        document.insert("method".into(), self.method.to_table().into());
        document.insert("population".into(), self.population.to_table().into());
        document.insert("output".into(), self.output.to_table().into());
        document
    }

    /// [`Settings::to_table`] as text, tables in the order target, method, population, output.
    pub fn to_toml(&self) -> String {
        let table = self.to_table();
        let mut out = String::new();
        for (name, first) in [
            ("target", "kind"),
            ("method", "verb"),
            ("population", ""),
            ("output", ""),
        ] {
            let mut content = table
                .get(name)
                .and_then(Value::as_table)
                .cloned()
                .unwrap_or_default();
            out.push_str(&format!("[{name}]\n"));
            // What a table is about stands first; the rest is in alphabetical order.
            if let Some(value) = content.remove(first) {
                out.push_str(&format!("{first} = {value}\n"));
            }
            let part = Table::from_iter([(name.to_owned(), Value::Table(content))]);
            let text = toml::to_string(&part).unwrap_or_default();
            out.push_str(text.strip_prefix(&format!("[{name}]\n")).unwrap_or(&text));
            out.push('\n');
        }
        out.truncate(out.trim_end().len());
        out + "\n"
    }
}

fn default_particles(method: &Method) -> u64 {
    match method {
        Method::Sample(_) => 1024,
        Method::Smc(_) => 2048,
    }
}

/// One of several names, with a hint for a near miss.
fn choice<T>(
    given: &Given,
    key: &str,
    names: &[&str],
    default: T,
    from: impl Fn(&str) -> Option<T>,
) -> Result<T> {
    let allowed = format!("must be {}", names.join(", "));
    let Some(name) = given.text(key, &allowed)? else {
        return Ok(default);
    };
    if !names.contains(&name) {
        return Err(match config::nearest(name, names) {
            Some(near) => given.refuse(key, format!("{allowed}; did you mean {near}?")),
            None => given.refuse(key, allowed),
        });
    }
    from(name).ok_or_else(|| given.refuse(key, allowed))
}

fn tuning(given: &Given, sampler: Sampler) -> Result<Tuning> {
    let allowed = "must be a number from 1e-100 to 1e100";
    let step_size = given.number(
        "step_size",
        "adapt",
        |h| (1e-100..=1e100).contains(&h),
        allowed,
    )?;
    if sampler != Sampler::Hmc && given.has("leapfrog_steps") {
        return Err(given.refuse(
            "leapfrog_steps",
            format!("has no meaning for {}", sampler.name()),
        ));
    }
    let adapts = step_size.is_none() && sampler != Sampler::Ula;
    if !adapts && given.has("target_accept") {
        return Err(given.refuse(
            "target_accept",
            "has no meaning where the step size is given",
        ));
    }
    let default = if sampler == Sampler::Rwmh {
        0.234
    } else {
        0.65
    };
    let inside = |p: f64| p > 0.0 && p < 1.0;
    let allowed = "must be a number between 0 and 1, both excluded";
    Ok(Tuning {
        step_size,
        leapfrog_steps: given.count("leapfrog_steps", 10, 1..=1 << 20)?,
        target_accept: given
            .number("target_accept", "", inside, allowed)?
            .unwrap_or(default),
    })
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
    let warmup = if sampler == Sampler::Ula { 0 } else { 200 };
    Ok(SampleMethod {
        sampler,
        length,
        warmup: given.count("warmup", warmup, 0..=MOVES)?,
        thin: given.count("thin", 1, 1..=length.moves().max(1))?,
        tuning: tuning(given, sampler)?,
    })
}

fn smc(given: &Given) -> Result<SmcMethod> {
    let kernel = choice(
        given,
        "move",
        &["hmc", "rwmh"],
        Sampler::Hmc,
        Sampler::from_name,
    )?;
    let inside = |p: f64| p > 0.0 && p < 1.0;
    let allowed = "must be a number between 0 and 1, both excluded";
    let target_ess = given
        .number("target_ess", "", inside, allowed)?
        .unwrap_or(0.5);
    let allowed = "must be numbers increasing from 0 to 1";
    let ladder = given.numbers("ladder", "adaptive", allowed)?;
    let is_ladder = |l: &Vec<f64>| {
        l.first() == Some(&0.0) && l.last() == Some(&1.0) && l.windows(2).all(|w| w[0] < w[1])
    };
    if ladder.as_ref().is_some_and(|ladder| !is_ladder(ladder)) {
        return Err(given.refuse("ladder", allowed));
    }
    Ok(SmcMethod {
        kernel,
        moves_per_stage: given.count("moves_per_stage", 5, 1..=1_000_000)?,
        target_ess,
        resampler: choice(
            given,
            "resampler",
            Resampler::NAMES,
            Resampler::Multinomial,
            Resampler::from_name,
        )?,
        replicates: given.count("replicates", 1, 1..=100_000)?,
        ladder,
        reference: reference(given)?,
        tuning: tuning(given, kernel)?,
    })
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
    let allowed = "must be FILE.npy, exact, prior or reference";
    let init = match given.text("init", allowed)? {
        None | Some("default") => Init::Default,
        Some("exact") => Init::Exact,
        Some("prior") => Init::Prior,
        Some("reference") => Init::Reference,
        Some(file) if file.ends_with(".npy") => Init::File(given.path("init", file)),
        Some(_) => return Err(given.refuse("init", allowed)),
    };
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
    Ok(Output {
        out,
        save,
        force: given.truth("force", false)?,
        json: given.truth("json", false)?,
        quiet: given.truth("quiet", false)?,
        strict: given.truth("strict", false)?,
    })
}

/// A count as a TOML integer, or as text where TOML's signed integers end.
fn whole(n: u64) -> Value {
    i64::try_from(n).map_or_else(|_| Value::String(n.to_string()), Value::Integer)
}

fn path(path: &Path) -> Value {
    path.to_string_lossy().into_owned().into()
}

fn table<const N: usize>(entries: [(&str, Value); N]) -> Table {
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

impl Tuning {
    fn fill(&self, sampler: Sampler, out: &mut Table) {
        out.insert(
            "step_size".into(),
            self.step_size.map_or_else(|| "adapt".into(), Value::Float),
        );
        if sampler == Sampler::Hmc {
            out.insert("leapfrog_steps".into(), whole(self.leapfrog_steps));
        }
        if self.step_size.is_none() {
            out.insert("target_accept".into(), self.target_accept.into());
        }
    }
}

impl Method {
    fn to_table(&self) -> Table {
        match self {
            Self::Sample(m) => {
                let mut out = table([
                    ("verb", "sample".into()),
                    ("sampler", m.sampler.name().into()),
                    ("warmup", whole(m.warmup)),
                ]);
                match m.length {
                    Length::Draws(k) => {
                        out.insert("draws".into(), whole(k));
                        out.insert("thin".into(), whole(m.thin));
                    }
                    Length::Steps(k) => {
                        out.insert("steps".into(), whole(k));
                    }
                }
                m.tuning.fill(m.sampler, &mut out);
                out
            }
            Self::Smc(m) => {
                let ladder = m
                    .ladder
                    .clone()
                    .map_or_else(|| "adaptive".into(), Value::from);
                let reference = match &m.reference {
                    None => "target".into(),
                    Some(ReferenceSpec::Normal(sd)) => format!("normal:{sd}").into(),
                    Some(ReferenceSpec::Student(df, sd)) => format!("student:{df},{sd}").into(),
                    Some(ReferenceSpec::File(file)) => path(file),
                };
                let mut out = table([
                    ("verb", "smc".into()),
                    ("move", m.kernel.name().into()),
                    ("moves_per_stage", whole(m.moves_per_stage)),
                    ("target_ess", m.target_ess.into()),
                    ("resampler", m.resampler.name().into()),
                    ("replicates", whole(m.replicates)),
                    ("ladder", ladder),
                    ("reference", reference),
                ]);
                m.tuning.fill(m.kernel, &mut out);
                out
            }
        }
    }
}

impl Population {
    fn to_table(&self) -> Table {
        let init = match &self.init {
            Init::Default => "default".into(),
            Init::Exact => "exact".into(),
            Init::Prior => "prior".into(),
            Init::Reference => "reference".into(),
            Init::File(file) => path(file),
        };
        let mut out = table([
            ("seed", whole(self.seed)),
            ("threads", whole(self.threads as u64)),
            ("precision", self.precision.name().into()),
            ("init", init),
        ]);
        out.extend(self.particles.map(|n| ("particles".to_owned(), whole(n))));
        out
    }
}

impl Output {
    fn to_table(&self) -> Table {
        let mut out = table([
            ("save", self.save.into()),
            ("force", self.force.into()),
            ("json", self.json.into()),
            ("quiet", self.quiet.into()),
            ("strict", self.strict.into()),
        ]);
        out.extend(self.out.as_deref().map(|out| ("out".to_owned(), path(out))));
        out
    }
}
