//! A finished run, read back from its folder: what `summary`, `report` and `export` go by.
//!
//! `summary.json` holds what `--json` prints; `record.json` the rest of what a table or a report shows (per
//! coordinate R-hat and effective sample sizes, stages, what is exact, warnings, what pictures are drawn from), every number
//! as it was. Nothing in a folder is trusted: a file that is missing, too long, or does not fit the others is
//! [`Error::RunFolder`].

use super::{
    Draws, Figures, Longer, Manifest, OpenFolder, RunRecord, Stage, Summary, Warning, distinct,
    number, table,
};
use crate::error::{Error, Result};
use crate::npy::{self, NonFinite};
use crate::particles::Numbers;
use crate::target::Exact;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::Path;

/// The file beside `summary.json`.
pub(super) const FILE: &str = "record.json";
/// The summary of a comparison.
const COMPARISON: &str = "compare.json";
/// The longest text file that is read, in bytes: figures of ten million coordinates.
const TEXT_CAP: u64 = 1 << 30;
/// The layout of `record.json`; readers refuse a later one.
const FORMAT: u32 = 1;

/// What `record.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Saved {
    format: u32,
    names: Vec<String>,
    #[serde(with = "number::list")]
    r_hat: Vec<f64>,
    #[serde(with = "number::list")]
    ess_bulk: Vec<f64>,
    #[serde(with = "number::list")]
    ess_tail: Vec<f64>,
    reference: String,
    evidence_method: String,
    stages: Vec<Stage>,
    #[serde(with = "number::option")]
    exact_log_evidence: Option<f64>,
    #[serde(with = "number::list_option")]
    exact_mean: Option<Vec<f64>>,
    #[serde(with = "number::list_option")]
    exact_sd: Option<Vec<f64>>,
    warnings: Vec<Warning>,
    command: String,
    /// Folders written before there were any have none.
    #[serde(default)]
    figures: Figures,
}

/// The text of `record.json`.
pub(super) fn text(record: &RunRecord<'_>) -> String {
    let saved = Saved {
        format: FORMAT,
        names: record.names.clone(),
        r_hat: record.r_hat.clone(),
        ess_bulk: record.ess_bulk.clone(),
        ess_tail: record.ess_tail.clone(),
        reference: record.reference.clone(),
        evidence_method: record.evidence_method.clone(),
        stages: record.stages.clone(),
        exact_log_evidence: record.exact.log_evidence,
        exact_mean: record.exact.mean.clone(),
        exact_sd: record.exact.sd.clone(),
        warnings: record.warnings.clone(),
        command: record.command.clone(),
        figures: record.figures.clone(),
    };
    // Strings, numbers and lists of them always serialise.
    serde_json::to_string_pretty(&saved).unwrap_or_default() + "\n"
}

/// A finished run in a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRun {
    folder: OpenFolder,
    summary: Summary,
    saved: Saved,
    config: String,
    schedule: String,
    manifest: Manifest,
    /// How many draws `draws.npy` holds, if there is one.
    kept: Option<usize>,
    longer: Option<Longer>,
    /// The text of `checksums.json`, which tells these results from later ones.
    sums: Option<String>,
    samples: Vec<f64>,
    draws: Vec<f64>,
}

impl StoredRun {
    /// Reads the figures of the finished run in `path`; its arrays are read by [`StoredRun::load_samples`] and
    /// [`StoredRun::load_draws`].
    ///
    /// Refused ([`Error::RunFolder`]): not a run folder, a comparison, a run that is not finished (with what to do).
    pub fn open(path: &Path) -> Result<Self> {
        let folder = OpenFolder::open(path)?;
        let refuse = |what: String| Error::RunFolder {
            path: path.to_owned(),
            what,
        };
        if folder.file(COMPARISON).is_file() {
            let what = "holds a comparison, not one run; see compare.json, compare.csv and compare.svg in it";
            return Err(refuse(what.into()));
        }
        Self::read(folder, "summary.json")
    }

    /// As [`StoredRun::open`], a comparison too: what a report is drawn from.
    pub fn open_any(path: &Path) -> Result<Self> {
        let folder = OpenFolder::open(path)?;
        match folder.file(COMPARISON).is_file() {
            true => Self::read(folder, COMPARISON),
            false => Self::open(path),
        }
    }

    /// Reads the figures of a folder, the summary from the file that has it.
    fn read(folder: OpenFolder, summary_file: &str) -> Result<Self> {
        let path = folder.path().to_owned();
        let refuse = |what: String| Error::RunFolder {
            path: path.clone(),
            what,
        };
        #[derive(Deserialize)]
        struct Status {
            phase: String,
            done: f64,
        }
        let longer = Longer::read(&folder)?;
        let sums = sums_of(&folder);
        if let Some(longer) = longer.filter(|_| sums.is_none()) {
            let resume = format!("to go on: driftlane resume {}", path.display());
            return Err(refuse(format!("{}; {resume}", longer.says(false))));
        }
        let status: Status = parse(&folder, "status.json")?;
        if status.phase != "finished" && longer.is_none() {
            let share = 100.0 * status.done.clamp(0.0, 1.0);
            return Err(refuse(format!(
                "is not finished ({}, {share:.0}% done); to go on: driftlane resume {}",
                status
                    .phase
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(40)
                    .collect::<String>(),
                path.display()
            )));
        }
        let summary = Summary::from_json(&read(&folder, summary_file)?);
        let summary = summary.map_err(|e| refuse(format!("{summary_file}: {e}")))?;
        if summary.dim == 0 || summary.particles == 0 {
            return Err(refuse(format!(
                "{summary_file}: dim and particles must be at least 1"
            )));
        }
        let saved: Saved = parse(&folder, FILE)?;
        if saved.format != FORMAT {
            let what = format!(
                "record.json has format {}; this program reads {FORMAT}",
                saved.format
            );
            return Err(refuse(what));
        }
        let schedule = match folder.file("schedule.toml").exists() {
            true => read(&folder, "schedule.toml")?,
            false => String::new(),
        };
        let mut run = Self {
            config: read(&folder, "config.toml")?,
            schedule,
            manifest: parse(&folder, "manifest.json")?,
            kept: None,
            longer,
            sums,
            samples: Vec::new(),
            draws: Vec::new(),
            folder,
            summary,
            saved,
        };
        if run.folder.file("draws.npy").exists() {
            let shape =
                npy::shape(run.folder.file("draws.npy")).map_err(|e| refuse(e.to_string()))?;
            match shape[..] {
                [draws, particles, dim]
                    if (particles, dim) == (run.summary.particles, run.summary.dim)
                        && draws > 0 =>
                {
                    run.kept = Some(draws);
                }
                _ => return Err(refuse(run.misfit("draws.npy", &shape))),
            }
        }
        Ok(run)
    }

    /// Its folder.
    pub fn folder(&self) -> &OpenFolder {
        &self.folder
    }

    /// Whether it is being lengthened.
    pub fn longer(&self) -> Option<Longer> {
        self.longer
    }

    /// How many draws of every particle were kept, if any were.
    pub fn kept(&self) -> Option<usize> {
        self.kept
    }

    /// Reads the last population.
    pub fn load_samples(&mut self) -> Result<()> {
        let shape = [self.summary.particles, self.summary.dim];
        self.samples = self.array("samples.npy", |found| *found == shape)?;
        Ok(())
    }

    /// Reads the kept draws, if there are any.
    pub fn load_draws(&mut self) -> Result<()> {
        if let Some(kept) = self.kept {
            let shape = [kept, self.summary.particles, self.summary.dim];
            self.draws = self.array("draws.npy", |found| *found == shape)?;
        }
        Ok(())
    }

    /// What was loaded: kept draws of shape [draw, N, dim], else the last population as one draw, and how many draws.
    pub fn arrays(&self) -> (&[f64], usize) {
        match self.kept {
            Some(draws) => (&self.draws, draws),
            None => (&self.samples, 1),
        }
    }

    /// The run as it was when it was written; arrays are those loaded.
    pub fn record(&self) -> RunRecord<'_> {
        let saved = &self.saved;
        RunRecord {
            summary: self.summary.clone(),
            names: saved.names.clone(),
            r_hat: saved.r_hat.clone(),
            ess_bulk: saved.ess_bulk.clone(),
            ess_tail: saved.ess_tail.clone(),
            reference: saved.reference.clone(),
            evidence_method: saved.evidence_method.clone(),
            config: self.config.clone(),
            stages: saved.stages.clone(),
            schedule: self.schedule.clone(),
            samples: Numbers::from(&self.samples),
            draws: self.kept.map(|draws| Draws {
                values: &self.draws,
                draws,
            }),
            exact: Exact {
                log_evidence: saved.exact_log_evidence,
                mean: saved.exact_mean.clone(),
                sd: saved.exact_sd.clone(),
            },
            warnings: saved.warnings.clone(),
            command: saved.command.clone(),
            manifest: self.manifest.clone(),
            figures: saved.figures.clone(),
        }
    }

    fn misfit(&self, name: &str, shape: &[usize]) -> String {
        format!(
            "{name} has shape {shape:?}, which is not that of {} and {}",
            table::count(self.summary.dim, "coordinate"),
            table::count(self.summary.particles, "particle")
        )
    }

    /// An array of the folder; refused before it is read where memory cannot hold it.
    fn array(&self, name: &str, fits: impl Fn(&[usize]) -> bool) -> Result<Vec<f64>> {
        let path = self.folder.file(name);
        let refuse = |what: String| Error::RunFolder {
            path: self.folder.path().to_owned(),
            what,
        };
        let in_folder = |e: Error| refuse(e.to_string());
        let shape = npy::shape(&path).map_err(in_folder)?;
        if !fits(&shape) {
            return Err(refuse(self.misfit(name, &shape)));
        }
        let bytes = 8 * shape.iter().product::<usize>() as u64;
        if let Some(free) = super::manifest::available_memory().filter(|free| *free < bytes) {
            let what = format!("{name} holds {bytes} bytes; {free} bytes of memory are available");
            return Err(refuse(what));
        }
        let array = npy::read(&path, NonFinite::Keep).map_err(in_folder)?;
        if sums_of(&self.folder) != self.sums {
            let what = "was lengthened while it was read: its results are others now; ask again";
            return Err(refuse(what.into()));
        }
        Ok(array.values)
    }
}

/// The text of `checksums.json`, where it stands.
fn sums_of(folder: &OpenFolder) -> Option<String> {
    read(folder, super::checksums::FILE).ok()
}

/// The text of a file of the folder.
fn read(folder: &OpenFolder, name: &str) -> Result<String> {
    let refuse = |what: String| Error::RunFolder {
        path: folder.path().to_owned(),
        what: format!("{name} {what}"),
    };
    let path = folder.file(name);
    let open = || {
        let mut text = String::new();
        let file = std::fs::File::open(&path)?;
        file.take(TEXT_CAP + 1).read_to_string(&mut text)?;
        Ok(text)
    };
    let text = open().map_err(|e: std::io::Error| refuse(format!("cannot be read: {e}")))?;
    if text.len() as u64 > TEXT_CAP {
        return Err(refuse(format!("is longer than {TEXT_CAP} bytes")));
    }
    if name.ends_with(".json") {
        distinct::check(&text).map_err(|e| refuse(e.to_string()))?;
    }
    Ok(text)
}

/// A JSON file of the folder.
fn parse<T: for<'de> Deserialize<'de>>(folder: &OpenFolder, name: &str) -> Result<T> {
    let text = read(folder, name)?;
    serde_json::from_str(&text).map_err(|e| Error::RunFolder {
        path: folder.path().to_owned(),
        what: format!("{name}: {e}"),
    })
}
