//! `report DIR`: the report of a finished run, drawn again from what its folder holds.

use super::export;
use super::options::ReportOptions;
use crate::disk;
use crate::error::Result;
use crate::record::{StoredRun, report};
use std::path::Path;

/// Writes the report, and says where.
pub fn write(options: &ReportOptions) -> Result<String> {
    let run = StoredRun::open_any(Path::new(&options.dir))?;
    super::tell_longer(&run);
    let path = match &options.out {
        Some(out) => {
            export::check_new(Path::new(out), options.force)?;
            Path::new(out).to_owned()
        }
        // Its own file, which says the same.
        None => {
            let own = run.folder().file("report.html");
            export::check_new(&own, true)?;
            own
        }
    };
    let html = report::html(&run.record());
    disk::replace(&path, &[html.as_bytes()])?;
    Ok(format!("{}\n", path.display()))
}
