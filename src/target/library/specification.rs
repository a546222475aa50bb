//! Which target is meant: a built-in name or a TOML file, and `--set key=value` on top.

use super::{BoxedTarget, DESCRIPTIONS, build, unknown_name};
use crate::error::{Error, Result};
use crate::parameters::Parameters;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// A target's name and its settings, not yet built.
#[derive(Debug, Clone, PartialEq)]
pub struct Specification {
    /// The built-in name.
    pub name: String,
    /// How the settings are called in messages: `--set`, `[target]`, a file name.
    pub place: String,
    /// Relative paths in the settings start here.
    pub folder: PathBuf,
    /// The settings, without `kind`.
    pub settings: Table,
}

impl Specification {
    /// A `[target]` table of an experiment file, or the whole of a target file: `kind` names the
    /// target, the other keys are its settings. `sets` go on top.
    pub fn from_table(
        place: impl Into<String>,
        folder: impl AsRef<Path>,
        mut table: Table,
        sets: &[(String, String)],
    ) -> Result<Self> {
        let place = place.into();
        let name = match table.remove("kind") {
            Some(Value::String(name)) => name,
            Some(other) => {
                return Err(Error::invalid(
                    format!("{place} kind"),
                    other,
                    "the name of a target",
                ));
            }
            None => {
                let allowed = "required: the name of a target, as list targets shows them";
                return Err(Error::invalid(format!("{place} kind"), "missing", allowed));
            }
        };
        if !DESCRIPTIONS.iter().any(|d| d.name == name) {
            return Err(unknown_name(&format!("{place} kind"), &name));
        }
        apply(&mut table, sets)?;
        Ok(Self {
            name,
            place,
            folder: folder.as_ref().to_owned(),
            settings: table,
        })
    }

    /// Builds the target.
    pub fn build(&self) -> Result<BoxedTarget> {
        build(
            &self.name,
            Parameters::new(&self.place, &self.folder, self.settings.clone()),
        )
    }

    /// The `[target]` table that means the same from any folder: `kind`, the settings, and absolute
    /// paths for files.
    pub fn resolved(&self) -> Table {
        let mut table = Table::new();
        table.insert("kind".to_owned(), Value::String(self.name.clone()));
        for (key, value) in &self.settings {
            let value = if is_file(key, value) {
                self.located(value)
            } else {
                value.clone()
            };
            table.insert(key.clone(), value);
        }
        table
    }

    fn located(&self, value: &Value) -> Value {
        absolute(value, &self.folder)
    }
}

/// Reads the `TARGET` argument of the command line: a built-in name, or the path of a TOML file
/// whose `kind` is one (an experiment file's `[target]` table is taken).
pub fn parse_target(argument: &str, sets: &[(String, String)]) -> Result<Specification> {
    if DESCRIPTIONS.iter().any(|d| d.name == argument) {
        let table = Table::from_iter([("kind".to_owned(), Value::String(argument.to_owned()))]);
        return Specification::from_table("--set", "", table, sets);
    }
    let path = Path::new(argument);
    let looks_like_a_file =
        path.extension().is_some_and(|e| e == "toml") || argument.contains('/') || path.exists();
    if !looks_like_a_file {
        return Err(unknown_name("TARGET", argument));
    }
    if path.is_dir() {
        return Err(Error::data(
            path,
            "a folder; a TOML file or the name of a target",
        ));
    }
    let bytes = std::fs::read(path).map_err(|error| Error::data(path, error.to_string()))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::data(path, "not UTF-8 text; a TOML file or the name of a target"))?;
    let mut table: Table = text
        .trim_start_matches('\u{feff}')
        .parse()
        .map_err(|error| {
            let error: toml::de::Error = error;
            let line = error
                .span()
                .map_or(1, |s| 1 + text[..s.start].matches('\n').count());
            Error::data(
                path,
                format!("line {line}: {}", error.message().replace('\n', "; ")),
            )
        })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let place = path.display().to_string();
    match table.remove("target") {
        Some(Value::Table(target)) => {
            Specification::from_table(format!("{place} [target]"), folder, target, sets)
        }
        Some(other) => Err(Error::invalid(
            format!("{place} target"),
            other,
            "a table [target]",
        )),
        None => Specification::from_table(place, folder, table, sets),
    }
}

/// Puts `--set key=value` into a table: the value is read as TOML, and is a string where that fails.
/// File names given here are relative to the working directory, not to the target's file.
fn apply(table: &mut Table, sets: &[(String, String)]) -> Result<()> {
    for (key, text) in sets {
        if key.is_empty() || key == "kind" {
            let shown = format!("{key}={text}");
            return Err(Error::invalid(
                "--set",
                shown,
                "key=value, where key is a setting",
            ));
        }
        let parsed: std::result::Result<Table, _> = format!("value = {text}").parse();
        let value = parsed
            .ok()
            .filter(|parsed| parsed.len() == 1)
            .and_then(|mut parsed| parsed.remove("value"))
            .unwrap_or_else(|| Value::String(text.clone()));
        let value = if is_file(key, &value) {
            absolute(&value, Path::new(""))
        } else {
            value
        };
        table.insert(key.clone(), value);
    }
    Ok(())
}

/// Whether a setting names files.
fn is_file(key: &str, value: &Value) -> bool {
    let npy = |v: &Value| v.as_str().is_some_and(|s| s.ends_with(".npy"));
    key == "data" || npy(value)
}

/// The same file or files from the root; what is not a string stays and is refused later.
fn absolute(value: &Value, folder: &Path) -> Value {
    match value {
        Value::String(name) => {
            let path = folder.join(name);
            let path = std::path::absolute(&path).unwrap_or(path);
            Value::String(path.to_string_lossy().into_owned())
        }
        Value::Array(items) => Value::Array(items.iter().map(|v| absolute(v, folder)).collect()),
        other => other.clone(),
    }
}
