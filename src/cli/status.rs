//! `status`: how far a run is, from outside.

use super::options::FolderOptions;
use super::outcome;
use crate::error::{Error, Result};
use crate::record::{Lock, Longer, OpenFolder, generations};
use serde_json::json;

/// `status DIR`: how far a run is.
pub fn status(options: &FolderOptions) -> Result<u8> {
    let open = OpenFolder::open(&options.dir)?;
    let status = open.status().ok_or_else(|| {
        let path = open.file("status.json");
        let what = match path.exists() {
            true => "does not hold the status of a run",
            false => "is missing",
        };
        Error::RunFolder {
            path,
            what: what.into(),
        }
    })?;
    // A process that was killed could not say so.
    let busy = Lock::is_taken(open.path());
    let phase = match status.phase.as_str() {
        "running" if !busy => "ended without a word: resumable",
        phase => phase,
    };
    let newest = generations::newest(open.path());
    let checkpoint = match &newest {
        Ok(Some(found)) => Some((found.generation, found.path.display().to_string())),
        _ => None,
    };
    let longer = Longer::read(&open)?.map(|longer| (longer, Longer::has_results(&open)));
    if options.json {
        let mut value = serde_json::to_value(&status).unwrap_or_default();
        value["phase"] = phase.into();
        value["longer"] = match longer {
            Some((Longer { from, to }, whole)) => json!({"from": from, "to": to, "results": whole}),
            None => serde_json::Value::Null,
        };
        value["checkpoint"] = checkpoint.map(|(_, path)| path).into();
        outcome::print(&format!("{value}\n"))?;
        return Ok(0);
    }
    let mut text = format!(
        "{}: {phase}, {:.1}% done, {} particle-steps in {:.1} s",
        open.path().display(),
        100.0 * status.done,
        status.particle_steps,
        status.seconds
    );
    if let Some(left) = status.seconds_left.filter(|_| busy) {
        text += &format!(", {left:.0} s left");
    }
    if let Some((longer, whole)) = longer {
        text += &format!("\n{}", longer.says(whole));
    }
    text += &match (&newest, checkpoint) {
        (Err(error), _) => format!("\nno usable checkpoint: {error}"),
        (_, Some((generation, path))) => format!("\ncheckpoint {generation}: {path}"),
        _ => String::new(),
    };
    if !status.warnings.is_empty() {
        text += &format!("\nwarnings: {}", status.warnings.join(", "));
    }
    outcome::print(&(text + "\n"))?;
    Ok(0)
}
