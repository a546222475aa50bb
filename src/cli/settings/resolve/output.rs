//! What is printed and written.

use crate::cli::given::Given;
use crate::cli::settings::{Output, cadence};
use crate::error::Result;

pub(super) fn output(given: &Given) -> Result<Output> {
    let allowed = "must name a folder";
    let out = given
        .text("out", allowed)?
        .map(|out| given.path("out", out));
    let save = given.truth("save", true)?;
    if !save && out.is_some() {
        return Err(given.refuse("out", "contradicts --no-save; give one of them"));
    }
    let time_limit = cadence::time_limit(given)?;
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
        checkpoint_every: cadence::checkpoint_every(given)?,
        time_limit,
    })
}
