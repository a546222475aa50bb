//! Target files and experiment files, and what TARGET on the command line stands for.

use super::given::{Given, short};
use super::settings::TargetSpec;
use crate::error::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The longest file of settings that is read, in bytes; arrays longer than that belong in .npy files.
pub const SIZE_CAP: u64 = 16 << 20;
/// Parameters of targets that name files.
const PATH_KEYS: [&str; 8] = [
    "data", "mean", "sds", "cov", "weights", "means", "stds", "covs",
];

/// Parameters of targets of which one is given.
const SPREADS: [&[&str]; 2] = [&["sd", "sds", "cov"], &["stds", "covs"]];

/// Reads a TOML file. Refused in one line ([`Error::Data`]): no file, a folder, an empty or a too long
/// file, text that is not UTF-8 or starts with a byte order mark, and bad syntax with line and column.
pub fn read_toml(path: &Path) -> Result<Table> {
    let refuse = |what: String| Err(Error::data(path, what));
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(e) => return refuse(format!("cannot be read: {e}")),
    };
    if metadata.is_dir() {
        return refuse("is a folder; expected a TOML file".into());
    }
    if metadata.len() > SIZE_CAP {
        return refuse(format!(
            "holds {} bytes; at most {SIZE_CAP} are read",
            metadata.len()
        ));
    }
    // A device has no length and may have no end.
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|f| f.take(SIZE_CAP + 1).read_to_end(&mut bytes));
    if let Err(e) = read {
        return refuse(format!("cannot be read: {e}"));
    }
    text_of(bytes, path).and_then(|text| parse_toml(&text, path))
}

/// The text of a TOML file's bytes, which came from `path`; refused like those of [`read_toml`].
pub fn text_of(bytes: Vec<u8>, path: &Path) -> Result<String> {
    let refuse = |what: String| Err(Error::data(path, what));
    if bytes.len() as u64 > SIZE_CAP {
        return refuse(format!("holds more than {SIZE_CAP} bytes"));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return refuse("is UTF-16; expected UTF-8 text".into());
    }
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        return refuse("starts with a byte order mark; expected UTF-8 text without one".into());
    }
    if bytes.contains(&0) {
        return refuse("is binary; expected UTF-8 text".into());
    }
    String::from_utf8(bytes).or_else(|e| {
        let at = e.utf8_error().valid_up_to();
        refuse(format!("is not UTF-8 at byte {at}; expected a TOML file"))
    })
}

/// Parses TOML that came from `path`; see [`read_toml`].
pub fn parse_toml(text: &str, path: &Path) -> Result<Table> {
    if text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Err(Error::data(path, "is empty; expected a TOML file"));
    }
    text.parse::<Table>().map_err(|e| {
        let before = &text[..e.span().map_or(0, |span| span.start).min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let message = e.message().replace(['\n', '\r'], " ");
        Error::data(path, format!("line {line}, column {column}: {message}"))
    })
}

/// What TARGET on the command line stands for: a built-in name, a target file, or an experiment file,
/// whose other tables are then taken into `given` as defaults.
pub(super) fn resolve_target(
    target: &str,
    set: &[String],
    given: &mut Given,
) -> Result<TargetSpec> {
    if target.is_empty() {
        return Err(Error::invalid(
            "TARGET",
            "(empty)",
            "must be a name or a file",
        ));
    }
    let mut spec = if target.contains(['.', '/', '\\']) {
        let path = Path::new(target);
        let table = read_toml(path)?;
        if table.contains_key("target") {
            experiment(target, &folder_of(path), table, given)?
        } else if ["method", "population", "output"]
            .iter()
            .any(|t| matches!(table.get(*t), Some(Value::Table(_))))
        {
            return Err(Error::data(path, "has no table [target]"));
        } else {
            target_of(table, target, &folder_of(path))?
        }
    } else {
        TargetSpec {
            name: target.to_owned(),
            parameters: Table::new(),
            folder: current_folder(),
            place: "--set".into(),
        }
    };
    let mut seen: Vec<String> = Vec::new();
    for text in set {
        let (key, value) = parse_set(text)?;
        if seen.contains(&key) {
            let field = format!("--set {key}");
            return Err(Error::invalid(
                field,
                short(&value),
                "is set twice; give it once",
            ));
        }
        seen.push(key.clone());
        // One way to tell a spread overrules the file's.
        for others in SPREADS.iter().filter(|keys| keys.contains(&&*key)) {
            let others = others
                .iter()
                .filter(|other| !seen.iter().any(|seen| seen == *other));
            others.for_each(|other| drop(spec.parameters.remove(*other)));
        }
        spec.parameters.insert(key, value);
    }
    // A path given by --set starts where the command runs; absolute already if it came from a file.
    absolutise(&mut spec.parameters, &current_folder());
    Ok(spec)
}

/// Takes an experiment file apart: its target is returned, its other tables go into `given`.
pub(super) fn experiment(
    label: &str,
    folder: &Path,
    mut table: Table,
    given: &mut Given,
) -> Result<TargetSpec> {
    let target = match table.remove("target") {
        Some(Value::Table(target)) => target,
        Some(other) => {
            return Err(Error::invalid(
                format!("{label} [target]"),
                short(&other),
                "must be a table",
            ));
        }
        None => return Err(Error::data(label, "has no table [target]")),
    };
    let spec = target_of(target, &format!("{label} [target]"), folder)?;
    given.file(label, folder, table)?;
    Ok(spec)
}

/// A table with `kind` and the parameters of that target.
fn target_of(mut table: Table, place: &str, folder: &Path) -> Result<TargetSpec> {
    let field = || format!("{place} kind");
    let name = match table.remove("kind") {
        Some(Value::String(name)) if !name.is_empty() => name,
        Some(other) => {
            return Err(Error::invalid(
                field(),
                short(&other),
                "must be the name of a target",
            ));
        }
        None => {
            return Err(Error::invalid(
                field(),
                "(not given)",
                "must be the name of a target",
            ));
        }
    };
    absolutise(&mut table, folder);
    Ok(TargetSpec {
        name,
        parameters: table,
        folder: folder.to_owned(),
        place: place.to_owned(),
    })
}

/// `key=value` of `--set`; a value that is not TOML is text.
fn parse_set(text: &str) -> Result<(String, Value)> {
    let refuse =
        |allowed: &str| Error::invalid("--set", short(&Value::String(text.into())), allowed);
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| refuse("must be key=value"))?;
    let key = key.trim();
    let is_name = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !is_name {
        return Err(refuse(
            "must be key=value, the key of letters, digits and _",
        ));
    }
    let document = format!("value = {}", value.trim());
    let parsed = document
        .parse::<Table>()
        .ok()
        .filter(|table| table.len() == 1);
    let value = parsed.and_then(|mut table| table.remove("value"));
    Ok((
        key.to_owned(),
        value.unwrap_or_else(|| {
            Value::String(
                text[text.find('=').map_or(0, |at| at + 1)..]
                    .trim()
                    .to_owned(),
            )
        }),
    ))
}

/// Makes the paths among a target's parameters absolute.
fn absolutise(parameters: &mut Table, folder: &Path) {
    let absolute = |key: &str, value: &mut Value| {
        // What is not a file's name is left for the target to refuse as it was given.
        if let Value::String(path) = value
            && !path.is_empty()
            && (key == "data" || crate::npy::is_name(path))
        {
            let joined = folder.join(&*path);
            let joined = std::path::absolute(&joined).unwrap_or(joined);
            if let Some(text) = joined.to_str() {
                *path = text.to_owned();
            }
        }
    };
    for key in PATH_KEYS {
        match parameters.get_mut(key) {
            Some(Value::Array(items)) => items.iter_mut().for_each(|item| absolute(key, item)),
            Some(value) => absolute(key, value),
            None => {}
        }
    }
}

fn folder_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new(""));
    std::path::absolute(folder).unwrap_or_else(|_| current_folder())
}

fn current_folder() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

/// Names as a sentence lists them: `a, b or c`.
pub(super) fn one_of(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} or {last}", names.join(", ")),
    }
}

/// `; did you mean ...?` where a known name is near, else nothing.
pub(super) fn hint(name: &str, known: &[&str]) -> String {
    nearest(name, known).map_or(String::new(), |near| format!("; did you mean {near}?"))
}

/// The nearest of the known names, for hints; `None` if none is near.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |other: &str| edits(name, other);
    let near = known.iter().copied().min_by_key(|other| distance(other))?;
    (distance(near) <= reach(name)).then_some(near)
}

/// The number of single-character edits between two names, one where the same letters stand in another order.
fn edits(a: &str, b: &str) -> usize {
    let sorted = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    match a != b && sorted(a) == sorted(b) {
        true => 1,
        false => crate::parameters::edit_distance(a, b),
    }
}

/// How many edits a near name is away: of a short name, a third is another word.
fn reach(name: &str) -> usize {
    let letters = name.chars().count();
    letters.div_ceil(3).clamp(1, 2.max(letters / 4))
}

/// At most `most` of the known names that are near: those longer by an ending first, then the nearest by edits.
pub(super) fn near<'a>(name: &str, known: &[&'a str], most: usize) -> Vec<&'a str> {
    let distance = |other: &str| edits(name, other);
    let longer = |other: &str| name.len() > 1 && other.starts_with(name);
    let mut near: Vec<(bool, usize, &str)> = known
        .iter()
        .map(|other| (!longer(other), distance(other), *other))
        .filter(|(other_word, edits, _)| !other_word || *edits <= reach(name))
        .collect();
    near.sort_by_key(|(other_word, edits, _)| (*other_word, *edits));
    near.into_iter().take(most).map(|near| near.2).collect()
}
