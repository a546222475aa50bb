//! `checksums.json`: length and CRC-32 of every file of a finished run, and whether they still hold.
//!
//! A CRC-32 (IEEE 802.3, as in zip and PNG) finds every damage of up to 32 bits in a row and all but one in 4e9 of
//! others; it does not guard against intent.

use super::generations::{self, NAMES};
use super::{OpenFolder, longer, trace};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path};

/// The file.
pub const FILE: &str = "checksums.json";

/// Files that live on after a run: they have checksums of their own, or none.
const LEFT_OUT: [&str; 5] = [FILE, "status.json", longer::FILE, NAMES[0], NAMES[1]];
/// What `export` writes later, at will.
const LATER: [&str; 4] = ["draws.csv", "samples.csv", "arrays.npz", "stan-csv"];
/// More than a list of any run takes.
const TEXT_CAP: u64 = 1 << 28;

/// Length and CRC-32 of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Sum {
    bytes: u64,
    crc32: u32,
}

/// What was found of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its name below the folder.
    pub file: String,
    /// What is wrong with it; null where nothing is.
    pub fault: Option<String>,
}

fn sum_of(path: &Path) -> std::io::Result<Sum> {
    let mut file = File::open(path)?;
    let mut crc = crc32fast::Hasher::new();
    let mut piece = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        match file.read(&mut piece)? {
            0 => break,
            n => {
                crc.update(&piece[..n]);
                bytes += n as u64;
            }
        }
    }
    Ok(Sum {
        bytes,
        crc32: crc.finalize(),
    })
}

/// The names of all files below a folder, links left out.
fn names(folder: &Path, prefix: &str, found: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if LEFT_OUT.contains(&name.as_str()) || LATER.contains(&name.as_str()) {
            continue;
        }
        if kind.is_dir() {
            names(&entry.path(), &format!("{name}/"), found)?;
        } else if kind.is_file() {
            found.push(name);
        }
    }
    Ok(())
}

/// Writes the checksums of all files of a finished run.
pub(super) fn write(folder: &OpenFolder) -> Result<()> {
    let sums = || {
        let mut files = Vec::new();
        names(folder.path(), "", &mut files)?;
        let sums = files.into_iter().map(|name| {
            let sum = sum_of(&folder.file(&name))?;
            Ok((name, sum))
        });
        sums.collect::<std::io::Result<BTreeMap<String, Sum>>>()
    };
    let sums = sums().map_err(|e| Error::write(folder.file(FILE), e))?;
    folder.put(FILE, &text_of(&sums))
}

fn text_of(sums: &BTreeMap<String, Sum>) -> String {
    // Strings and numbers always serialise.
    serde_json::to_string_pretty(sums).unwrap_or_default() + "\n"
}

/// Writes the checksum of one file of a finished run anew, which has been replaced on purpose. Where nothing differs
/// nothing is written: the list tells these results from later ones. Nothing is said of a folder whose list is gone or
/// damaged: `verify` tells that.
pub fn renew(folder: &OpenFolder, name: &str) -> Result<()> {
    let Ok(mut sums) = read(folder) else {
        return Ok(());
    };
    let sum = sum_of(&folder.file(name)).map_err(|e| Error::write(folder.file(name), e))?;
    match sums.insert(name.to_owned(), sum) == Some(sum) {
        true => Ok(()),
        false => folder.put(FILE, &text_of(&sums)),
    }
}

/// What is wrong with the files of a folder: of a finished run all that it wrote, else its checkpoints and what they
/// say is kept beside them. Refused ([`Error::RunFolder`]): a finished run whose list of checksums cannot be read.
pub fn verify(folder: &OpenFolder) -> Result<Vec<Finding>> {
    let status = folder.status();
    // The list is taken away while a run goes on: where it stands the results have to be there, whatever status says.
    let finished = status
        .as_ref()
        .is_some_and(|status| status.phase == "finished")
        || folder.file(FILE).exists();
    let mut findings = Vec::new();
    let fault = status.is_none().then(|| "cannot be read".to_owned());
    let file = "status.json".to_owned();
    findings.push(Finding { file, fault });
    if finished {
        for (name, sum) in read(folder)? {
            let fault = fault_of(folder, &name, Some(sum.bytes), sum.crc32);
            findings.push(Finding { file: name, fault });
        }
    }
    let going_on = !finished || folder.file(longer::FILE).exists();
    findings.extend(of_checkpoints(folder, going_on));
    Ok(findings)
}

/// What is wrong with one file of a folder. A name that leads out of it, or to what is not a file, is never opened.
fn fault_of(folder: &OpenFolder, name: &str, bytes: Option<u64>, crc32: u32) -> Option<String> {
    let inside = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let path = folder.file(name);
    let mut links = path.ancestors().take(Path::new(name).components().count());
    let link = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    if !inside || links.any(link) {
        return Some("leads out of the folder".into());
    }
    match fs::symlink_metadata(&path) {
        Err(e) => return Some(format!("cannot be read: {e}")),
        Ok(found) if !found.is_file() => return Some("is not a file".into()),
        Ok(_) => {}
    }
    match sum_of(&path) {
        Err(e) => Some(format!("cannot be read: {e}")),
        Ok(found) if bytes.is_some_and(|bytes| bytes != found.bytes) => Some(format!(
            "has {} bytes of {}",
            found.bytes,
            bytes.unwrap_or(0)
        )),
        Ok(found) if found.crc32 != crc32 => Some("differs from what was written".into()),
        Ok(_) => None,
    }
}

fn read(folder: &OpenFolder) -> Result<BTreeMap<String, Sum>> {
    let path = folder.file(FILE);
    let refuse = |what: String| Error::RunFolder {
        path: path.clone(),
        what,
    };
    let mut text = String::new();
    let file = File::open(&path);
    file.and_then(|file| file.take(TEXT_CAP).read_to_string(&mut text))
        .map_err(|e| refuse(format!("cannot be read: {e}")))?;
    let sums: BTreeMap<String, Sum> =
        serde_json::from_str(&text).map_err(|e| refuse(format!("is damaged: {e}")))?;
    match sums.contains_key("config.toml") {
        true => Ok(sums),
        false => Err(refuse("is damaged: it does not list config.toml".into())),
    }
}

/// The checkpoints, and the chunks of the trace that the newest knows.
fn of_checkpoints(folder: &OpenFolder, going_on: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in NAMES {
        let path = folder.file(name);
        if let Some(opened) = generations::open(&path) {
            let fault = opened.err().map(|error| error.to_string());
            let file = name.to_owned();
            findings.push(Finding { file, fault });
        }
    }
    if !going_on {
        return findings;
    }
    let Ok(Some(mut found)) = generations::newest(folder.path()) else {
        return findings;
    };
    let sums = found
        .checkpoint
        .get::<Vec<u32>>("trace")
        .unwrap_or_default();
    let files = found
        .checkpoint
        .get::<Vec<String>>("trace-files")
        .unwrap_or_default();
    for (file, sum) in files.into_iter().zip(sums) {
        let file = trace::current(Path::new(trace::NAME).join(file), folder.path());
        let file = file.to_string_lossy().into_owned();
        let fault = fault_of(folder, &file, None, sum);
        findings.push(Finding { file, fault });
    }
    findings
}
