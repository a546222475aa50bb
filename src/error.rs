//! What can go wrong, each with the field, the value and the allowed range.

use std::path::{Path, PathBuf};

/// A result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why something was refused or had to stop. Its text is one line.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting outside what is allowed.
    #[error("{field} = {value}: {allowed}")]
    Invalid {
        /// The setting, as the user writes it (`--particles`, `[method] step_size`).
        field: String,
        /// The value given.
        value: String,
        /// What would be accepted.
        allowed: String,
    },
    /// A file that cannot be read or does not hold what it should.
    #[error("{}: {what}", path.display())]
    Data {
        /// The file.
        path: PathBuf,
        /// What is wrong, with row and column where there are any, and what would be accepted.
        what: String,
    },
    /// The computation cannot go on: no valid start, all weights zero, a density of +infinity.
    #[error("{0}")]
    Numerical(String),
    /// Writing failed.
    #[error("{}: cannot be written: {what}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        what: String,
    },
    /// A checkpoint that cannot be used: damaged, of another format, or of another run.
    #[error("checkpoint {0}")]
    Checkpoint(String),
    /// A run folder that cannot be used for what was asked.
    #[error("{}: {what}", path.display())]
    RunFolder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// A number of many digits as a person writes it: `1e308`, not the 309 digits of it.
fn brief(value: String) -> String {
    match value.parse::<f64>() {
        Ok(number) if value.len() > 40 && number.is_finite() => format!("{number:e}"),
        _ => value,
    }
}

impl Error {
    /// A refused setting.
    pub fn invalid(
        field: impl Into<String>,
        value: impl std::fmt::Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            field: field.into(),
            value: brief(value.to_string()),
            allowed: allowed.into(),
        }
    }

    /// A refused file.
    pub fn data(path: impl AsRef<Path>, what: impl Into<String>) -> Self {
        Self::Data {
            path: path.as_ref().to_owned(),
            what: what.into(),
        }
    }

    /// A failed write.
    pub fn write(path: impl AsRef<Path>, what: impl std::fmt::Display) -> Self {
        Self::Write {
            path: path.as_ref().to_owned(),
            what: what.to_string(),
        }
    }

    /// The exit code of the command line: 2 usage or data, 3 numerical, 4 writing, 5 run folder.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Invalid { .. } | Self::Data { .. } => 2,
            Self::Numerical(_) => 3,
            Self::Write { .. } => 4,
            Self::Checkpoint(_) | Self::RunFolder { .. } => 5,
        }
    }
}
