//! Settings as given, before they are judged: by the command line, else by a file.

use crate::error::{Error, Result};
use crate::parameters::Parameters;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The keys of an experiment file, by table. No key stands in two tables.
pub const KEYS: [(&str, &[&str]); 3] = [
    (
        "method",
        &[
            "verb",
            "sampler",
            "move",
            "draws",
            "steps",
            "warmup",
            "thin",
            "step_size",
            "leapfrog_steps",
            "mass",
            "integrator",
            "friction",
            "jitter",
            "step_size_spread",
            "noise",
            "target_accept",
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
            "solver",
            "nfe",
            "schedule",
            "grid",
            "rho",
            "shift",
            "sigmas",
            "timesteps",
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
            "brownian_path",
            "rtol",
            "atol",
            "solvers",
            "strong",
        ],
    ),
    (
        "population",
        &["particles", "seed", "threads", "precision", "init"],
    ),
    (
        "output",
        &[
            "out",
            "save",
            "force",
            "json",
            "quiet",
            "strict",
            "checkpoint_every",
            "time_limit",
        ],
    ),
];

/// One given value: what it is called in messages, and where relative paths in it start.
#[derive(Debug, Clone)]
struct Entry {
    label: String,
    value: Value,
    /// From the command line: numbers arrive as text.
    typed: bool,
    /// What the file said before the command line overrode it.
    overridden: Option<Value>,
    folder: PathBuf,
}

/// All given values, by key.
#[derive(Debug, Clone, Default)]
pub struct Given {
    entries: HashMap<&'static str, Entry>,
}

impl Given {
    /// Takes the tables of an experiment file called `file` in messages. Unknown tables and keys are
    /// refused with the nearest known name.
    pub(super) fn file(&mut self, file: &str, folder: &Path, tables: Table) -> Result<()> {
        let mut document = Parameters::new(file, folder, tables);
        document.take("target");
        for (table, keys) in KEYS {
            let place = format!("{file} [{table}]");
            let content = match document.take(table) {
                None => continue,
                Some(Value::Table(content)) => content,
                Some(other) => return Err(Error::invalid(place, short(&other), "must be a table")),
            };
            let mut content = Parameters::new(&place, folder, content);
            for &key in keys {
                if let Some(value) = content.take(key) {
                    let label = format!("{place} {key}");
                    let folder = folder.to_owned();
                    let entry = Entry {
                        label,
                        value,
                        typed: false,
                        overridden: None,
                        folder,
                    };
                    self.entries.insert(key, entry);
                }
            }
            content.finish()?;
        }
        document.finish()
    }

    pub(super) fn word(&mut self, key: &'static str, label: &str, text: &Option<String>) {
        if let Some(text) = text {
            self.type_in(key, label, Value::String(text.clone()));
        }
    }

    pub(super) fn flag(&mut self, key: &'static str, label: &str, given: bool, meaning: bool) {
        if given {
            self.type_in(key, label, Value::Boolean(meaning));
        }
    }

    fn type_in(&mut self, key: &'static str, label: &str, value: Value) {
        let (label, folder) = (label.to_owned(), PathBuf::new());
        let overridden = self.entries.remove(key).map(|entry| entry.value);
        self.entries.insert(
            key,
            Entry {
                label,
                value,
                typed: true,
                overridden,
                folder,
            },
        );
    }

    /// The command line overrides files: what a file says for `key` is forgotten where the command line
    /// says `winner`, which leaves it no meaning.
    pub(super) fn yields(&mut self, key: &str, winner: &str) {
        let typed = |key: &str| self.entries.get(key).is_some_and(|entry| entry.typed);
        if typed(winner) && !typed(key) {
            self.entries.remove(key);
        }
    }

    /// The same where the command line changes `winner` from what the file, or else `default`, says.
    pub(super) fn yields_to_change(&mut self, key: &str, winner: &str, default: &str) {
        let default = Value::String(default.into());
        let changed = |entry: &Entry| entry.value != *entry.overridden.as_ref().unwrap_or(&default);
        if self.entries.get(winner).is_some_and(changed) {
            self.yields(key, winner);
        }
    }

    /// Forgets where a file's particles start, as its verb was another than `verb`: every verb has its own places, but
    /// for a file's, which only smc has not.
    pub(super) fn starts_yield_to_verb(&mut self, verb: &str) {
        let is_file = |entry: &Entry| entry.value.as_str().is_some_and(crate::npy::is_name);
        let other = |entry: &Entry| !entry.typed && (verb == "smc" || !is_file(entry));
        if self.entries.get("init").is_some_and(other) {
            self.entries.remove("init");
        }
    }

    /// Forgets a key.
    pub(super) fn drop_key(&mut self, key: &str) {
        self.entries.remove(key);
    }

    /// Given on the command line.
    pub(super) fn is_typed(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.typed)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// The error that refuses what was given for `key`.
    pub(super) fn refuse(&self, key: &str, allowed: impl Into<String>) -> Error {
        let shown = self.entries.get(key).map(|entry| short(&entry.value));
        let shown = shown.unwrap_or_else(|| "(not given)".into());
        Error::invalid(self.label(key), shown, allowed)
    }

    /// A whole number in `range`; `1e6` is accepted.
    pub(super) fn count(&self, key: &str, default: u64, range: RangeInclusive<u64>) -> Result<u64> {
        let Some(entry) = self.entries.get(key) else {
            return Ok(default);
        };
        let from_float =
            |x: f64| (x >= 0.0 && x <= 2f64.powi(53) && x.fract() == 0.0).then_some(x as u64);
        let count = match &entry.value {
            Value::Integer(i) => u64::try_from(*i).ok(),
            Value::Float(x) => from_float(*x),
            // A seed beyond 2^63 does not fit a TOML integer and is kept as text.
            Value::String(s) if entry.typed || key == "seed" => s
                .parse()
                .ok()
                .or_else(|| s.parse().ok().and_then(from_float)),
            _ => None,
        };
        count.filter(|n| range.contains(n)).ok_or_else(|| {
            let (low, high) = (range.start(), range.end());
            self.refuse(key, format!("must be a whole number from {low} to {high}"))
        })
    }

    /// A finite number for which `holds`; `None` if not given or given as the word `default_word`.
    pub(super) fn number(
        &self,
        key: &str,
        default_word: &str,
        holds: impl Fn(f64) -> bool,
        allowed: &str,
    ) -> Result<Option<f64>> {
        let Some(entry) = self.entries.get(key) else {
            return Ok(None);
        };
        let number = match &entry.value {
            Value::Float(x) => Some(*x),
            Value::Integer(i) => Some(*i as f64),
            Value::String(s) if s == default_word => return Ok(None),
            Value::String(s) if entry.typed => s.parse().ok(),
            _ => None,
        };
        match number.filter(|x| x.is_finite() && holds(*x)) {
            Some(number) => Ok(Some(number)),
            None => Err(self.refuse(key, allowed)),
        }
    }

    /// A list of numbers: an array, or text with commas on the command line.
    pub(super) fn numbers(
        &self,
        key: &str,
        default_word: &str,
        allowed: &str,
    ) -> Result<Option<Vec<f64>>> {
        let Some(entry) = self.entries.get(key) else {
            return Ok(None);
        };
        let list = match &entry.value {
            Value::String(s) if s == default_word => return Ok(None),
            Value::String(s) if entry.typed => {
                s.split(',').map(|item| item.trim().parse().ok()).collect()
            }
            Value::Array(items) => items
                .iter()
                .map(|item| {
                    item.as_float()
                        .or_else(|| item.as_integer().map(|i| i as f64))
                })
                .collect(),
            _ => None,
        };
        list.map(Some).ok_or_else(|| self.refuse(key, allowed))
    }

    /// Words: an array of texts or whole numbers, or text with commas on the command line.
    pub(super) fn words(&self, key: &str, allowed: &str) -> Result<Option<Vec<String>>> {
        let word = |item: &Value| match item {
            Value::String(s) => Some(s.clone()),
            Value::Integer(i) => Some(i.to_string()),
            _ => None,
        };
        let words: Option<Vec<String>> = match self.entries.get(key).map(|entry| &entry.value) {
            None => return Ok(None),
            Some(Value::String(s)) => Some(s.split(',').map(|s| s.trim().to_owned()).collect()),
            Some(Value::Array(items)) => items.iter().map(word).collect(),
            Some(other) => word(other).map(|word| vec![word]),
        };
        let whole = |words: &Vec<String>| words.iter().all(|word| !word.is_empty());
        match words.filter(whole) {
            Some(words) => Ok(Some(words)),
            None => Err(self.refuse(key, allowed)),
        }
    }

    /// What a key is called in messages.
    pub(super) fn label(&self, key: &str) -> String {
        let given = self.entries.get(key).map(|entry| entry.label.clone());
        given.unwrap_or_else(|| format!("--{}", key.replace('_', "-")))
    }

    /// Text; `None` if not given.
    pub(super) fn text(&self, key: &str, allowed: &str) -> Result<Option<&str>> {
        match self.entries.get(key).map(|entry| &entry.value) {
            None => Ok(None),
            Some(Value::String(s)) if !s.is_empty() => Ok(Some(s)),
            Some(_) => Err(self.refuse(key, allowed)),
        }
    }

    /// A word, or a whole number as text; `None` if not given.
    pub(super) fn word_or_count(&self, key: &str, allowed: &str) -> Result<Option<String>> {
        match self.entries.get(key).map(|entry| &entry.value) {
            Some(Value::Integer(i)) => Ok(Some(i.to_string())),
            _ => Ok(self.text(key, allowed)?.map(str::to_owned)),
        }
    }

    /// true or false.
    pub(super) fn truth(&self, key: &str, default: bool) -> Result<bool> {
        match self.entries.get(key).map(|entry| &entry.value) {
            None => Ok(default),
            Some(Value::Boolean(b)) => Ok(*b),
            Some(_) => Err(self.refuse(key, "must be true or false")),
        }
    }

    /// A path given for `key`, made absolute from where it was given.
    pub(super) fn path(&self, key: &str, text: &str) -> PathBuf {
        let folder = self
            .entries
            .get(key)
            .map_or(Path::new(""), |entry| &entry.folder);
        let path = folder.join(text);
        std::path::absolute(&path).unwrap_or(path)
    }
}

/// A value in at most sixty characters on one line.
pub(super) fn short(value: &Value) -> String {
    let text = match value {
        Value::String(s) => s.clone(),
        other => other.to_string(),
    };
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match text.chars().count() {
        0 => "(empty)".into(),
        n if n > 60 => text.chars().take(57).collect::<String>() + "...",
        _ => text,
    }
}
