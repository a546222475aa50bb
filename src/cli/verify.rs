//! `verify`: whether the files of a run folder are as they were written.

use super::options::FolderOptions;
use super::outcome;
use crate::error::Result;
use crate::record::{OpenFolder, checksums};
use serde_json::json;

/// `verify DIR`: a line a file; 0, or 5 where one is damaged.
pub fn verify(options: &FolderOptions) -> Result<u8> {
    let open = OpenFolder::open(&options.dir)?;
    let findings = checksums::verify(&open)?;
    let damaged = findings
        .iter()
        .filter(|finding| finding.fault.is_some())
        .count();
    let text = if options.json {
        json!({ "ok": damaged == 0, "files": findings }).to_string() + "\n"
    } else {
        let mut text = String::new();
        for finding in &findings {
            match &finding.fault {
                None => text += &format!("ok       {}\n", finding.file),
                Some(fault) => text += &format!("DAMAGED  {}: {fault}\n", finding.file),
            }
        }
        let all = findings.len();
        text + &match (all, damaged) {
            (0, _) => "nothing to verify: no checkpoint yet\n".to_owned(),
            (_, 0) => format!("{all} files are as they were written\n"),
            _ => format!("{damaged} of {all} files are damaged\n"),
        }
    };
    outcome::print(&text)?;
    Ok(if damaged == 0 { 0 } else { 5 })
}
