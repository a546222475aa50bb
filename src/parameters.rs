//! Reading settings from a TOML table: typed, checked, and nothing left over.
//!
//! Every getter takes the key, removes it from the table and refuses a wrong type or range by name;
//! [`Parameters::finish`] refuses what no getter asked for and names the nearest known key.

use crate::error::{Error, Result};
use std::ops::RangeBounds;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// A table of settings being consumed.
#[derive(Debug, Clone)]
pub struct Parameters {
    /// How the table is called in messages: `[target]`, `--set`, a file name.
    place: String,
    /// Relative paths in the table start here.
    folder: PathBuf,
    table: Table,
    known: Vec<String>,
    resolved: Resolved,
}

/// What a table of settings came to besides what it says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resolved {
    /// The settings that were not given, with what stands for them.
    pub defaults: Table,
    /// What the files that settings name hold, by the setting.
    pub files: Vec<(String, String)>,
}

impl Parameters {
    /// The settings of `table`, called `place` in messages; paths are relative to `folder`.
    pub fn new(place: impl Into<String>, folder: impl AsRef<Path>, table: Table) -> Self {
        Self {
            place: place.into(),
            folder: folder.as_ref().to_owned(),
            table,
            known: Vec::new(),
            resolved: Resolved::default(),
        }
    }

    /// What was taken in place of settings that were not given, and what their files hold, so far.
    pub fn resolved(&self) -> &Resolved {
        &self.resolved
    }

    /// Says what stands for a setting that is not given.
    pub fn settle(&mut self, key: &str, value: impl Into<Value>) {
        self.resolved.defaults.insert(key.to_owned(), value.into());
    }

    /// Says what the files that a setting names hold.
    pub fn tell_file(&mut self, key: &str, what: String) {
        self.resolved.files.push((key.to_owned(), what));
    }

    /// [`number`](Parameters::number), or `default` where it is not given.
    pub fn number_or(
        &mut self,
        key: &str,
        range: impl RangeBounds<f64>,
        allowed: &str,
        default: f64,
    ) -> Result<f64> {
        let given = self.number(key, range, allowed)?;
        Ok(given.unwrap_or_else(|| {
            self.settle(key, default);
            default
        }))
    }

    /// [`count`](Parameters::count), or `default` where it is not given.
    pub fn count_or(
        &mut self,
        key: &str,
        range: impl RangeBounds<u64>,
        allowed: &str,
        default: u32,
    ) -> Result<u64> {
        let given = self.count(key, range, allowed)?;
        Ok(given.unwrap_or_else(|| {
            self.settle(key, i64::from(default));
            default.into()
        }))
    }

    /// [`flag`](Parameters::flag), or `default` where it is not given.
    pub fn flag_or(&mut self, key: &str, default: bool) -> Result<bool> {
        let given = self.flag(key)?;
        Ok(given.unwrap_or_else(|| {
            self.settle(key, default);
            default
        }))
    }

    /// [`text`](Parameters::text), or `default` where it is not given.
    pub fn text_or(&mut self, key: &str, allowed: &str, default: &str) -> Result<String> {
        let given = self.text(key, allowed)?;
        Ok(given.unwrap_or_else(|| {
            self.settle(key, default);
            default.to_owned()
        }))
    }

    /// A path relative to the folder of the file the table came from.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// The error that refuses `value` for `key`.
    pub fn refuse(&self, key: &str, value: impl std::fmt::Display, allowed: &str) -> Error {
        Error::invalid(format!("{} {key}", self.place), value, allowed)
    }

    /// The error that refuses `value`, which must be `what`.
    pub fn must_be(&self, key: &str, value: impl std::fmt::Display, what: &str) -> Error {
        self.refuse(key, value, &format!("must be {what}"))
    }

    /// Takes a raw value.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.known.push(key.to_owned());
        self.table.remove(key)
    }

    /// Puts a value back, for a setting that may have one of two forms.
    pub fn put(&mut self, key: &str, value: Value) {
        self.table.insert(key.to_owned(), value);
    }

    /// Whether the key is present.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A finite number in `range`; integers are accepted.
    pub fn number(
        &mut self,
        key: &str,
        range: impl RangeBounds<f64>,
        allowed: &str,
    ) -> Result<Option<f64>> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        let number = match value {
            Value::Float(x) => x,
            Value::Integer(i) => i as f64,
            other => return Err(self.must_be(key, other, allowed)),
        };
        if number.is_finite() && range.contains(&number) {
            Ok(Some(number))
        } else {
            Err(self.must_be(key, number, allowed))
        }
    }

    /// A whole number in `range`; `1e6` is accepted.
    pub fn count(
        &mut self,
        key: &str,
        range: impl RangeBounds<u64>,
        allowed: &str,
    ) -> Result<Option<u64>> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        let count = match &value {
            Value::Integer(i) => u64::try_from(*i).ok(),
            Value::Float(x) if *x >= 0.0 && *x <= 2f64.powi(53) && x.fract() == 0.0 => {
                Some(*x as u64)
            }
            _ => None,
        };
        match count {
            Some(count) if range.contains(&count) => Ok(Some(count)),
            _ => Err(self.must_be(key, value, allowed)),
        }
    }

    /// true or false.
    pub fn flag(&mut self, key: &str) -> Result<Option<bool>> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Boolean(b)) => Ok(Some(b)),
            Some(other) => Err(self.must_be(key, other, "true or false")),
        }
    }

    /// A string.
    pub fn text(&mut self, key: &str, allowed: &str) -> Result<Option<String>> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(s)) => Ok(Some(s)),
            Some(other) => Err(self.must_be(key, other, allowed)),
        }
    }

    /// A list of finite numbers.
    pub fn numbers(&mut self, key: &str, allowed: &str) -> Result<Option<Vec<f64>>> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        self.vector(key, &value, allowed).map(Some)
    }

    /// A finite vector out of a TOML array.
    pub fn vector(&self, key: &str, value: &Value, allowed: &str) -> Result<Vec<f64>> {
        let refuse = |shown: &Value| self.must_be(key, shown, allowed);
        let items = value.as_array().ok_or_else(|| refuse(value))?;
        items
            .iter()
            .map(|item| match item {
                Value::Float(x) if x.is_finite() => Ok(*x),
                Value::Integer(i) => Ok(*i as f64),
                other => Err(refuse(other)),
            })
            .collect()
    }

    /// Refuses whatever is left.
    pub fn finish(self) -> Result<()> {
        let Some((key, value)) = self.table.iter().next() else {
            return Ok(());
        };
        let nearest = self
            .known
            .iter()
            .min_by_key(|known| edit_distance(known, key));
        let hint = match nearest {
            Some(near) if edit_distance(near, key) <= reach(key) => {
                format!("unknown setting; did you mean {near}?")
            }
            None => "unknown setting; there are none here".to_owned(),
            Some(_) => format!("unknown setting; known here: {}", self.known.join(", ")),
        };
        let mut shown = value.to_string().replace('\n', " ");
        if shown.chars().count() > 60 {
            shown = shown.chars().take(57).collect::<String>() + "...";
        }
        Err(Error::invalid(format!("{} {key}", self.place), shown, hint))
    }
}

/// How many edits a near name is away: of a short name, a third is another word.
fn reach(name: &str) -> usize {
    name.chars().count().div_ceil(3).clamp(1, 2)
}

/// The number of single-character edits between two names.
pub fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
