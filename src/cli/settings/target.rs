//! A target by name, and its refusals with the place of what was wrong.

use crate::error::{Error, Result};
use crate::parameters::{Parameters, Resolved};
use crate::target::library;
use std::path::PathBuf;
use toml::Table;

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

impl TargetSpec {
    /// Builds the target, judging its parameters.
    pub fn build(&self) -> Result<library::BoxedTarget> {
        self.build_resolved().map(|built| built.0)
    }

    /// The same, with what stands for parameters that are not given.
    pub fn build_resolved(&self) -> Result<(library::BoxedTarget, Resolved)> {
        if !library::describe()
            .iter()
            .any(|known| known.name == self.name)
        {
            let field = match self.place.as_str() {
                "--set" => "TARGET".to_owned(),
                place => format!("{place} kind"),
            };
            return Err(library::unknown_name(&field, &self.name));
        }
        let parameters = Parameters::new(&self.place, &self.folder, self.parameters.clone());
        library::build_resolved(&self.name, parameters).map_err(|error| self.placed(error))
    }

    /// A refusal by a target's constructor, which knows no file, with the place of the key.
    fn placed(&self, error: Error) -> Error {
        match error {
            Error::Invalid {
                field,
                value,
                allowed,
            } if !field.starts_with(&self.place) => {
                let kind = |word: &str| library::describe().iter().any(|known| known.name == word);
                let key = match field.split_once(' ') {
                    Some((word, key)) if kind(word) => key,
                    _ => &field,
                };
                Error::invalid(format!("{} {key}", self.place), value, allowed)
            }
            other => other,
        }
    }
}
