//! From what was given to settings: defaults, types, ranges, and what contradicts what.

mod keys;
mod output;
mod population;
mod sample;
mod smc;
mod tuning;

use super::{Method, Settings, TargetSpec, compare, diffuse};
use crate::cli::config;
use crate::cli::given::Given;
use crate::error::Result;
use keys::foreign;
use output::output;
use population::population;
use sample::sample;
use smc::smc;
use std::path::Path;

/// The verbs that experiment files may name.
const VERBS: [&str; 4] = ["sample", "smc", "diffuse", "compare"];

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
                    given.starts_yield_to_verb(verb);
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
            remarks: Vec::new(),
        };
        settings.validate()?;
        Ok(settings)
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
