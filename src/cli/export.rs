//! `export DIR`: the draws of a finished run in the formats other programs read.
//!
//! | format | what is written |
//! |---|---|
//! | `csv` | `chain,draw,` and a column a coordinate, chain after chain, counted from 0 |
//! | `npz` | `draws` [draw, N, dim] if any were kept, and `samples` [N, dim], the last population |
//! | `stan-csv` | a file a chain as CmdStan writes it: see `stan.rs` |
//!
//! A run that kept no draws gives its last population: one chain whose draws are the particles (as in `trace.zarr`).
//! Numbers have the fewest digits that read back as the same number.

mod stan;

use super::options::ExportOptions;
use crate::disk::{self, NewFile};
use crate::error::{Error, Result};
use crate::npy::npz;
use crate::record::StoredRun;
use serde_json::json;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The formats.
pub const FORMATS: [&str; 3] = ["csv", "npz", "stan-csv"];

/// Refuses options that have no meaning, before a file is opened.
pub fn check(options: &ExportOptions) -> Result<()> {
    if !FORMATS.contains(&options.format.as_str()) {
        let allowed = format!("must be {}", super::config::one_of(&FORMATS));
        return Err(Error::invalid("--format", &options.format, allowed));
    }
    if let Some(chains) = &options.chains {
        if options.format != "stan-csv" {
            let allowed = "has a meaning for --format stan-csv only";
            return Err(Error::invalid("--chains", chains, allowed));
        }
        stan::chains(chains)?;
    }
    Ok(())
}

/// Writes the files, and says which.
pub fn write(options: &ExportOptions) -> Result<String> {
    check(options)?;
    let mut run = StoredRun::open(Path::new(&options.dir))?;
    super::tell_longer(&run);
    let default = match (options.format.as_str(), run.kept()) {
        ("csv", Some(_)) => "draws.csv",
        ("csv", None) => "samples.csv",
        ("npz", _) => "arrays.npz",
        _ => "stan-csv",
    };
    let out = match &options.out {
        Some(out) => PathBuf::from(out),
        None => run.folder().file(default),
    };
    let files = match options.format.as_str() {
        "csv" => {
            check_new(&out, options.force)?;
            load(&mut run)?;
            csv(&Numbers::of(&run), &out)?;
            vec![out]
        }
        "npz" => {
            check_new(&out, options.force)?;
            run.load_samples()?;
            run.load_draws()?;
            arrays(&run, &out)?;
            vec![out]
        }
        _ => {
            let plan = stan::Plan::new(&run, options.chains.as_deref(), &out, options.force)?;
            load(&mut run)?;
            plan.write(&run)?
        }
    };
    let shown: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    Ok(match options.json {
        true => format!("{}\n", json!({"format": options.format, "files": shown})),
        false => shown.iter().map(|file| format!("{file}\n")).collect(),
    })
}

/// Refuses a file that is there already, unless it is to be replaced, and one that can be nowhere.
pub(super) fn check_new(path: &Path, force: bool) -> Result<()> {
    let refuse = |allowed: &str| Err(Error::invalid("--out", path.display(), allowed));
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => refuse("is a folder; must name a file"),
        // Replacing is by rename: a device, a pipe or a link would be gone, not written to.
        Ok(found) if !found.is_file() => {
            refuse("is a link, a pipe or a device; must name a file, or nothing yet")
        }
        Ok(_) if !force => refuse("exists; choose another name or give --force"),
        Ok(_) => Ok(()),
        Err(_) if path.file_name().is_none() => refuse("must name a file"),
        Err(_) if !disk::parent(path).is_dir() => refuse("its parent must be a folder that exists"),
        Err(_) => Ok(()),
    }
}

/// Reads what is exported: kept draws, else the last population.
fn load(run: &mut StoredRun) -> Result<()> {
    match run.kept() {
        Some(_) => run.load_draws(),
        None => run.load_samples(),
    }
}

/// Loaded draws of shape [draw, chain, dim].
struct Numbers<'a> {
    values: &'a [f64],
    draws: usize,
    chains: usize,
    dim: usize,
    names: Vec<String>,
}

impl<'a> Numbers<'a> {
    fn of(run: &'a StoredRun) -> Self {
        let (values, draws) = run.arrays();
        let record = run.record();
        let dim = record.summary.dim;
        let chains = values.len() / dim.max(1) / draws.max(1);
        let (chains, draws) = match run.kept() {
            Some(_) => (chains, draws),
            None => (1, chains),
        };
        Self {
            values,
            draws,
            chains,
            dim,
            names: (0..dim).map(|j| record.name(j)).collect(),
        }
    }

    fn row(&self, chain: usize, draw: usize) -> &[f64] {
        let start = (draw * self.chains + chain) * self.dim;
        &self.values[start..start + self.dim]
    }
}

fn csv(numbers: &Numbers<'_>, path: &Path) -> Result<()> {
    let mut file = NewFile::create(path)?;
    let mut line = String::from("chain,draw");
    for name in &unlike(&numbers.names, &["chain", "draw"]) {
        line.push(',');
        line.push_str(&quoted(name));
    }
    line.push('\n');
    for chain in 0..numbers.chains {
        for draw in 0..numbers.draws {
            line.push_str(&format!("{chain},{draw}"));
            for value in numbers.row(chain, draw) {
                line.push(',');
                line.push_str(&digits(*value));
            }
            line.push('\n');
            file.write(line.as_bytes())?;
            line.clear();
        }
    }
    file.write(line.as_bytes())?;
    file.finish()
}

fn arrays(run: &StoredRun, path: &Path) -> Result<()> {
    let record = run.record();
    let dim = record.summary.dim;
    let mut writer = npz::Writer::create(path)?;
    if let Some(draws) = record.draws {
        let chains = draws.values.len() / dim.max(1) / draws.draws.max(1);
        writer.push("draws", &[draws.draws, chains, dim], draws.values)?;
    }
    writer.push(
        "samples",
        &[record.summary.particles, dim],
        &record.samples.part(0, record.samples.len()),
    )?;
    writer.finish()
}

/// A number in the fewest digits that read back as the same number; `NaN`, `inf` and `-inf` otherwise.
pub(super) fn digits(value: f64) -> String {
    let size = value.abs();
    match (1e-5..1e16).contains(&size) || size == 0.0 || !size.is_finite() {
        true => format!("{value}"),
        false => format!("{value:e}"),
    }
}

/// The names, `_` appended where one is the name of a column before it.
fn unlike(names: &[String], taken: &[&str]) -> Vec<String> {
    let mut taken: HashSet<String> = taken.iter().map(|name| (*name).to_owned()).collect();
    // A name that is no other's stays as it is.
    let mut own = HashSet::new();
    let given: HashSet<&String> = names.iter().collect();
    names
        .iter()
        .map(|name| {
            let mut name = name.clone();
            if !own.insert(name.clone()) || taken.contains(&name) {
                while taken.contains(&name) || given.contains(&name) {
                    name.push('_');
                }
            }
            taken.insert(name.clone());
            name
        })
        .collect()
}

/// A cell of text (RFC 4180).
fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{digits, unlike};

    #[test]
    fn names_of_columns_differ() {
        let names = ["a", "chain", "chain_", "a", "draw", "a_"].map(str::to_owned);
        let found = unlike(&names, &["chain", "draw"]);
        assert_eq!(found, ["a", "chain__", "chain_", "a__", "draw_", "a_"]);
    }

    #[test]
    fn digits_are_few_and_exact() {
        for (value, text) in [
            (0.1, "0.1"),
            (-0.0, "-0"),
            (1e300, "1e300"),
            (-2.5e-7, "-2.5e-7"),
            (123456.0, "123456"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(digits(value), text);
        }
        for value in [
            0.1 + 0.2,
            5e-324,
            f64::MAX,
            1.0 / 3.0,
            1e16,
            9.999_999_999_999_999e-6,
        ] {
            assert_eq!(
                digits(value).parse::<f64>().unwrap().to_bits(),
                value.to_bits()
            );
        }
    }
}
