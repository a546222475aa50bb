//! `report DIR`: the report of a finished run, drawn again from what its folder holds.

use super::export;
use super::options::ReportOptions;
use crate::disk;
use crate::error::Result;
use crate::record::{Lock, StoredRun, checksums, report};
use std::path::Path;

/// Whether two names are of one file.
fn is_same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    a == b || real(a).is_some_and(|a| Some(a) == real(b))
}

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
    let own = run.folder().file("report.html");
    if !is_same(&path, &own) {
        disk::replace(&path, &[html.as_bytes()])?;
        return Ok(format!("{}\n", path.display()));
    }
    // Of a run that is being lengthened another process has the folder, and the results stand until it takes them away.
    let lock = Lock::take_if_free(run.folder().path());
    disk::replace(&path, &[html.as_bytes()])?;
    checksums::renew(run.folder(), "report.html")?;
    drop(lock);
    Ok(format!("{}\n", path.display()))
}
