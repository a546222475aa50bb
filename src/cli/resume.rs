//! `resume`: a run goes on from its newest checkpoint, or from its start where there is none.
//!
//! What a checkpoint was computed from must be what the folder says now: [`identity`] covers the configuration, all
//! but threads, output and the number of draws, and the content of every file it names.

use super::course::{HEAD, Head, this_build};
use super::execute::{self, Loaded, carry_out};
use super::given::Given;
use super::interrupts::Interrupts;
use super::options::ResumeOptions;
use super::settings::{Length, Method, SampleMethod, Settings};
use super::{config, outcome};
use crate::disk;
use crate::error::{Error, Result};
use crate::npy;
use crate::record::checksums;
use crate::record::generations::{self, Found, unusable};
use crate::record::{Lock, Longer, Manifest, OpenFolder, Status, trace};
use std::path::Path;
use toml::Value;

/// Keys that may differ between the run that wrote a checkpoint and the one that goes on: none changes a number that
/// was computed already.
const FREE: [(&str, &[&str]); 2] = [("method", &["draws"]), ("population", &["threads"])];

/// A checksum of everything a run's numbers follow from besides the program: configuration and files.
pub fn identity(settings: &Settings) -> Result<u32> {
    let mut table = settings.to_table();
    table.remove("output");
    for (name, keys) in FREE {
        if let Some(Value::Table(content)) = table.get_mut(name) {
            keys.iter().for_each(|key| drop(content.remove(*key)));
        }
    }
    spell_as_before(&mut table);
    let mut sum = crc32fast::Hasher::new();
    // A table's keys are sorted.
    sum.update(toml::to_string(&table).unwrap_or_default().as_bytes());
    let mut files = Vec::new();
    files_of(&Value::Table(table), &mut files);
    for file in files {
        // One array of an archive stands for all of it.
        let path = npy::file_of(Path::new(&file));
        let schedule = path.join("schedule.toml");
        let path = if path.is_dir() {
            schedule.as_path()
        } else {
            path
        };
        if path.is_file() {
            let content = std::fs::read(path);
            let content = content.map_err(|e| Error::data(path, format!("cannot be read: {e}")))?;
            sum.update(&content);
        }
    }
    Ok(sum.finalize())
}

/// Words and keys that are written out now and were not when the first checkpoints of this version were: they are told
/// by the older spelling.
fn spell_as_before(table: &mut toml::Table) {
    if let Some(Value::Table(population)) = table.get_mut("population")
        && population.get("init").and_then(Value::as_str) == Some("noise")
    {
        population.insert("init".into(), "default".into());
    }
    if let Some(Value::Table(method)) = table.get_mut("method")
        && method.get("verb").and_then(Value::as_str) == Some("compare")
        && method.get("lower_order_final").and_then(Value::as_str) == Some("off")
    {
        method.remove("lower_order_final");
    }
}

/// Every absolute path among the values.
fn files_of(value: &Value, files: &mut Vec<String>) {
    match value {
        Value::String(text) if Path::new(text).is_absolute() => files.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| files_of(item, files)),
        Value::Table(table) => table.values().for_each(|item| files_of(item, files)),
        _ => {}
    }
}

/// `resume DIR`: the exit code of the run.
pub fn resume(options: &ResumeOptions) -> Result<u8> {
    let folder = Path::new(&options.dir);
    let open = OpenFolder::open(folder)?;
    let lock = Lock::take(folder)?;
    let code = resume_locked(options, &open);
    drop(lock);
    code
}

fn resume_locked(options: &ResumeOptions, open: &OpenFolder) -> Result<u8> {
    open.sweep();
    let mut settings = settings(options, open)?;
    let longer = Longer::read(open)?;
    let finished = longer.is_none()
        && open
            .status()
            .is_some_and(|status| status.phase == "finished");
    if options.draws.is_none() && finished {
        return again(options, open);
    }
    let longer = lengthen(options, &mut settings, longer, finished)?;
    let loaded = execute::load(&settings)?;
    // Spelled as in the folder, which a checkpoint is told by: an older program left defaults out.
    let settings = loaded.remarked(&settings);
    if options.draws.is_some() {
        loaded.check_disk(&settings)?;
    }
    let mut found = match (generations::newest(open.path()), &longer) {
        // None of them can be used by any program, and nothing but them is lost.
        (Err(Error::RunFolder { path, what }), None) if !what.contains("format version") => {
            let names = generations::NAMES.map(|name| open.file(name).display().to_string());
            let [a, b] = names;
            let advice = format!(
                "{what}; there is no other to go on from: remove {a} and {b}, and driftlane resume {} starts anew from config.toml",
                open.path().display()
            );
            return Err(Error::RunFolder { path, what: advice });
        }
        (found, _) => found?,
    };
    if let Some(found) = &mut found {
        check(found, &settings)?;
        if let (Some(damage), false) = (&found.damage, settings.output.quiet) {
            super::complain(&format!("{damage}; going on from {}", found.path.display()));
        }
    }
    let Some(found) = found else {
        if longer.is_some() {
            return Err(Error::RunFolder {
                path: open.path().to_owned(),
                what: "is finished and has no checkpoint that more draws could begin from".into(),
            });
        }
        return go_on(&settings, &loaded, options, open, None, None);
    };
    go_on(&settings, &loaded, options, open, longer, Some(found))
}

/// Everything is judged: the folder says that the run goes on, and it does.
fn go_on(
    settings: &Settings,
    loaded: &Loaded,
    options: &ResumeOptions,
    open: &OpenFolder,
    longer: Option<Longer>,
    mut found: Option<Found>,
) -> Result<u8> {
    if let Some(found) = &mut found {
        loaded.check_memory(settings, read_back(found, settings, open))?;
    }
    let interrupts = Interrupts::listen()?;
    // Before its status: by this file it is known that the results are those of a finished run.
    if let Some(longer) = longer {
        longer.write(open)?;
    }
    let mut status = open.status().unwrap_or_default();
    if status.phase == "finished" {
        // Of moves, warm-up included, those that were made already.
        let all = loaded.moves(settings);
        status.done = (status.particle_steps as f64 / all).clamp(0.0, 1.0);
        status.seconds_left = None;
    }
    let phase = "running".to_owned();
    open.set_status(&Status { phase, ..status })?;
    if longer.is_none() {
        // Of results that are there and will be others.
        disk::remove(&open.file(checksums::FILE))?;
        if options.draws.is_some() {
            open.put("config.toml", &settings.to_record())?;
        }
    }
    let command = command_of(open);
    let command = match &settings.method {
        Method::Sample(SampleMethod {
            length: Length::Draws(draws),
            ..
        }) => with_draws(
            &command,
            open.path(),
            *draws,
            options.draws.is_some() || longer.is_some(),
        ),
        _ => command,
    };
    let manifest = Manifest::new(settings.population.seed, command.clone());
    if longer.is_none() && options.draws.is_some() {
        open.put("manifest.json", &manifest.to_json())?;
    }
    let kept = Some((open, interrupts));
    carry_out(settings, loaded, manifest, kept, found, &command)
}

/// The bytes of draws that are read back from the trace of a run that keeps them.
fn read_back(found: &mut Found, settings: &Settings, open: &OpenFolder) -> u64 {
    if !matches!(settings.method, Method::Sample(_)) {
        return 0;
    }
    // Of a checkpoint that has none, or is damaged there: it is refused where it is read.
    let files: Vec<String> = found.checkpoint.get("trace-files").unwrap_or_default();
    let length = |file: String| {
        let file = trace::current(Path::new(trace::NAME).join(file), open.path());
        std::fs::symlink_metadata(open.path().join(file)).map_or(0, |found| found.len())
    };
    files.into_iter().map(length).fold(0, u64::saturating_add)
}

/// The settings of the folder, with what the command line may change.
fn settings(options: &ResumeOptions, open: &OpenFolder) -> Result<Settings> {
    let file = open.file("config.toml");
    let unusable = |error: Error| match error {
        Error::Invalid { .. } | Error::Data { .. } => Error::RunFolder {
            path: open.path().to_owned(),
            what: format!("cannot be resumed: {error}"),
        },
        other => other,
    };
    let mut given = Given::default();
    let table = config::read_toml(&file).map_err(unusable)?;
    if !table.contains_key("target") {
        return Err(unusable(Error::data(&file, "has no table [target]")));
    }
    let text = file.to_string_lossy().into_owned();
    let target = config::resolve_target(&text, &[], &mut given).map_err(unusable)?;
    // As the file stands, before the command line is heard: its faults are the folder's.
    let verb = None;
    Settings::resolve(target.clone(), verb, given.clone()).map_err(unusable)?;
    options.give(&mut given);
    let mut settings = Settings::resolve(target, verb, given)?;
    settings.output.out = Some(open.path().to_owned());
    (settings.output.json, settings.output.quiet) = (options.json, options.quiet);
    (settings.output.save, settings.output.force) = (true, false);
    Ok(settings)
}

/// Adds the draws that are asked for, to those that a lengthening under way aims at. How the run is lengthened, if
/// there are results of it; more draws of one that is not finished are simply its draws.
fn lengthen(
    options: &ResumeOptions,
    settings: &mut Settings,
    longer: Option<Longer>,
    finished: bool,
) -> Result<Option<Longer>> {
    let draws = |settings: &mut Settings| match &mut settings.method {
        Method::Sample(method) => match &mut method.length {
            Length::Draws(draws) => Some(*draws),
            Length::Steps(_) => None,
        },
        _ => None,
    };
    let from = longer.map_or_else(|| draws(settings), |longer| Some(longer.from));
    if let (Some(longer), Method::Sample(method)) = (longer, &mut settings.method) {
        method.length = Length::Draws(longer.to);
        settings.validate()?;
    }
    if options.draws.is_some() {
        add(options, settings)?;
    } else if longer.is_none() {
        return Ok(None);
    }
    let ends = from.zip(draws(settings));
    let ends = ends.filter(|_| finished || longer.is_some());
    Ok(ends.map(|(from, to)| Longer { from, to }))
}

/// Adds the draws that are asked for.
fn add(options: &ResumeOptions, settings: &mut Settings) -> Result<()> {
    let text = options.draws.as_deref().unwrap_or_default();
    let allowed = "must be + and a whole number from 1, draws to be added";
    let refuse = |allowed: &str| Err(Error::invalid("--draws", text, allowed));
    let number = text
        .strip_prefix('+')
        .and_then(|digits| digits.parse::<f64>().ok());
    let Some(more) = number.filter(|x| *x >= 1.0 && *x <= 1e12 && x.fract() == 0.0) else {
        return refuse(allowed);
    };
    let Method::Sample(method) = &mut settings.method else {
        return refuse("has a meaning for sample only");
    };
    match &mut method.length {
        Length::Draws(draws) => *draws = draws.saturating_add(more as u64),
        Length::Steps(_) => return refuse("has a meaning for a run that keeps draws only"),
    }
    settings.validate()
}

/// Refuses a checkpoint of another program, configuration or data.
fn check(found: &mut Found, settings: &Settings) -> Result<()> {
    let head: Result<Head> = found.checkpoint.get(HEAD);
    let head = head.map_err(|error| unusable(&found.path, &error))?;
    let refuse = |what: String| {
        let path = found.path.clone();
        Err(Error::RunFolder { path, what })
    };
    let this = env!("CARGO_PKG_VERSION");
    if head.driftlane != this {
        return refuse(format!(
            "was written by driftlane {}, and this is {this}: resume it with the program that wrote it",
            head.driftlane
        ));
    }
    if head.identity != identity(settings)? {
        return refuse(
            "is of another run: config.toml, or a file it names, has changed since; put it back, or start anew".into(),
        );
    }
    let this = this_build();
    if head.build != this {
        super::complain(&format!(
            "{} was written by another build ({}), and this is {this}: bytes may differ from those of a run by either",
            found.path.display(),
            head.build
        ));
    }
    Ok(())
}

/// Of a finished run: says so, or prints what it printed.
fn again(options: &ResumeOptions, open: &OpenFolder) -> Result<u8> {
    if options.json {
        let path = open.file("summary.json");
        let text = std::fs::read_to_string(&path);
        let text = text.map_err(|e| Error::RunFolder {
            path: path.clone(),
            what: format!("cannot be read: {e}"),
        })?;
        outcome::print(&(compact(&text) + "\n"))?;
    } else if !options.quiet {
        super::complain(&format!(
            "{} is finished: nothing to do",
            open.path().display()
        ));
    }
    Ok(0)
}

/// JSON without the white space between its parts.
fn compact(text: &str) -> String {
    let (mut out, mut quoted, mut escaped) = (String::with_capacity(text.len()), false, false);
    for c in text.chars() {
        if quoted || !c.is_whitespace() {
            out.push(c);
        }
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && c == '\\' && !escaped;
    }
    out
}

/// The command that began the run, as its manifest has it.
fn command_of(open: &OpenFolder) -> String {
    let text = std::fs::read_to_string(open.file("manifest.json")).unwrap_or_default();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let command = manifest.get("command").and_then(|command| command.as_str());
    command.map_or_else(
        || format!("driftlane resume {}", open.path().display()),
        str::to_owned,
    )
}

/// The command of a run of `sample` in `folder` with so many draws: where it says so by an option, with another number;
/// where it says nothing of draws, and they have `changed`, by an option more. Another verb's, whose file is no longer the
/// run's, gives way to the folder's own file.
fn with_draws(command: &str, folder: &Path, draws: u64, changed: bool) -> String {
    let words = words_of(command);
    if words.get(1).map(String::as_str) != Some("sample") {
        return match changed {
            true => {
                let file = folder.join("config.toml").to_string_lossy().into_owned();
                super::shell_line(["driftlane", "run", &file])
            }
            false => command.to_owned(),
        };
    }
    let value = words.iter().position(|word| word == "--draws");
    let joined = words.iter().position(|word| word.starts_with("--draws="));
    let mut words = words;
    match (value, joined) {
        (Some(at), _) if at + 1 < words.len() => words[at + 1] = draws.to_string(),
        (_, Some(at)) => words[at] = format!("--draws={draws}"),
        _ if changed => words.extend(["--draws".to_owned(), draws.to_string()]),
        _ => return command.to_owned(),
    }
    super::shell_line(words.iter().map(String::as_str))
}

/// The words of a command as [`super::shell_line`] writes it: apart by blanks, those in quotes whole.
fn words_of(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => (quoted, begun) = (!quoted, true),
            '\\' if !quoted => word.extend(letters.next()),
            ' ' if !quoted => {
                if begun || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            other => word.push(other),
        }
    }
    if begun || !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_tells_of_the_draws_there_are() {
        for (command, changed, wanted) in [
            (
                "driftlane sample g --draws 200 --seed 2",
                true,
                "driftlane sample g --draws 250 --seed 2",
            ),
            (
                "driftlane sample g --draws 200",
                false,
                "driftlane sample g --draws 250",
            ),
            (
                "driftlane sample g --draws=200 --seed 2",
                true,
                "driftlane sample g --draws=250 --seed 2",
            ),
            ("driftlane sample g", true, "driftlane sample g --draws 250"),
            (
                "driftlane sample g --out 'a --draws 7 b' --draws 200",
                true,
                "driftlane sample g --out 'a --draws 7 b' --draws 250",
            ),
            (
                r"driftlane sample g --out 'it'\''s'",
                true,
                r"driftlane sample g --out 'it'\''s' --draws 250",
            ),
            ("driftlane run a.toml", false, "driftlane run a.toml"),
            (
                "driftlane run a.toml --out b",
                true,
                "driftlane run '/the run/config.toml'",
            ),
            (
                "driftlane resume b",
                true,
                "driftlane run '/the run/config.toml'",
            ),
        ] {
            let folder = Path::new("/the run");
            assert_eq!(with_draws(command, folder, 250, changed), wanted);
        }
    }

    #[test]
    fn json_is_compacted_outside_strings_only() {
        let text = "{\n  \"a b\": [1, 2],\n  \"c\": \"x \\\" y\"\n}\n";
        assert_eq!(compact(text), r#"{"a b":[1,2],"c":"x \" y"}"#);
    }

    #[test]
    fn absolute_paths_are_found_at_any_depth() {
        let table: toml::Table = "a = [\"/x\", \"y\"]\n[b]\nc = \"/z\"\n".parse().unwrap();
        let mut files = Vec::new();
        files_of(&Value::Table(table), &mut files);
        assert_eq!(files, ["/x", "/z"]);
    }
}
