//! The command line: from arguments to judged settings, and what is shown while a run goes on.
//!
//! | module | what it holds |
//! |---|---|
//! | [`options`] | the verbs and options |
//! | [`given`] | settings as given by the command line or a file |
//! | [`config`] | target files and experiment files |
//! | [`settings`] | settings with every default, judged, and written out again |
//! | [`progress`] | the bar, or lines where there is no terminal |
//! | [`starts`] | starting positions and references |
//! | [`diffuse`] | step programs of diffusion solvers |
//! | [`compare`] | `compare`: diffusion solvers side by side |
//! | [`execute`] | carrying out a run |
//! | [`warnings`] | what its figures give cause to warn of |
//! | [`summary`] | the figures of a finished run once more |
//! | [`report`] | its report, drawn again |
//! | [`export`] | its draws for other programs |
//! | [`list`] | what there is |
//! | [`info`] | the build, the machine and its measured peaks |

mod closing;
pub mod compare;
pub mod config;
mod course;
pub mod diffuse;
pub mod execute;
pub mod export;
pub mod given;
pub mod info;
mod interrupts;
pub mod list;
mod notes;
pub mod options;
mod outcome;
pub mod progress;
pub mod replay;
pub mod report;
pub mod resume;
mod sample;
pub mod settings;
mod smc;
pub mod starts;
pub mod status;
pub mod summary;
pub mod verify;
pub mod warnings;

pub use course::{HEAD, Head};
pub use settings::Settings;

use crate::error::Error;
use crate::record::StoredRun;
use clap::Parser;
use clap::error::ErrorKind;
use given::Given;
use options::{ExportOptions, Options, ReportOptions, SummaryOptions, Verb};
use std::ffi::OsString;

/// What the command line asks for, judged as far as possible without building a target.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Run this.
    Run(Box<Settings>),
    /// Print the experiment file these settings stand for.
    DryRun(Box<Settings>),
    /// Print the step program.
    Program(Box<Settings>),
    /// Go on with a run.
    Resume(options::ResumeOptions),
    /// Tell how far a run is.
    Status(options::FolderOptions),
    /// Look at a particle that blew up.
    Replay(options::FolderOptions),
    /// Tell whether the files of a run are as they were written.
    Verify(options::FolderOptions),
    /// Print the figures of a run folder.
    Summary(SummaryOptions),
    /// Draw the report of a run folder again.
    Report(ReportOptions),
    /// Write the draws of a run folder for other programs.
    Export(ExportOptions),
    /// Print what there is: one group of [`GROUPS`], or all.
    List(Option<String>),
    /// Print the build and the machine.
    Info {
        /// As JSON.
        json: bool,
    },
}

/// Why there is nothing to run.
#[derive(Debug)]
pub enum ParseOutcome {
    /// Text for standard output, with exit code 0: help or version.
    Text(String),
    /// A refusal by the parser: one line for standard error, with exit code 2.
    Usage(String),
    /// A refusal of a setting or a file.
    Refused(Error),
}

/// What `list` can be asked for.
pub const GROUPS: [&str; 8] = [
    "targets",
    "samplers",
    "moves",
    "integrators",
    "resamplers",
    "solvers",
    "schedules",
    "grids",
];

impl ParseOutcome {
    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Text(_) => 0,
            Self::Usage(_) => 2,
            Self::Refused(error) => error.exit_code(),
        }
    }
}

impl From<Error> for ParseOutcome {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Reads the arguments, the program's name first. Nothing is written and no target is built.
pub fn parse(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<Command, ParseOutcome> {
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    check_text(&args)?;
    let options = Options::try_parse_from(join_signed(ask_for_help(args))).map_err(usage)?;
    let mut given = Given::default();
    let mut program = false;
    let (verb, target, dry_run) = match options.verb {
        Verb::Summary(summary) => return Ok(Command::Summary(summary)),
        Verb::Report(report) => return Ok(Command::Report(report)),
        Verb::Export(export) => {
            export::check(&export)?;
            return Ok(Command::Export(export));
        }
        Verb::Info(info) => return Ok(Command::Info { json: info.json }),
        Verb::Resume(options) => return Ok(Command::Resume(options)),
        Verb::Status(options) => return Ok(Command::Status(options)),
        Verb::Replay(options) => return Ok(Command::Replay(options)),
        Verb::Verify(options) => return Ok(Command::Verify(options)),
        Verb::List(list) => {
            let what = list.what.as_deref();
            if let Some(what) = what.filter(|what| !GROUPS.contains(what)) {
                let (names, hint) = (config::one_of(&GROUPS), config::hint(what, &GROUPS));
                let allowed = format!("must be {names}{hint}");
                return Err(Error::invalid("list", one_line(what), allowed).into());
            }
            return Ok(Command::List(list.what));
        }
        Verb::Run(run) => {
            let path = std::path::Path::new(&run.file);
            let table = config::read_toml(path)?;
            if !table.contains_key("target") {
                return Err(Error::data(path, "has no table [target]").into());
            }
            let target = config::resolve_target(&as_path(&run.file), &[], &mut given)?;
            run.give(&mut given);
            (None, target, run.output.dry_run)
        }
        Verb::Sample(sample) => {
            let target =
                config::resolve_target(&sample.target.target, &sample.target.set, &mut given)?;
            sample.give(&mut given);
            (Some("sample"), target, sample.output.dry_run)
        }
        Verb::Smc(smc) => {
            let target = config::resolve_target(&smc.target.target, &smc.target.set, &mut given)?;
            smc.give(&mut given);
            (Some("smc"), target, smc.output.dry_run)
        }
        Verb::Diffuse(diffuse) => {
            let target =
                config::resolve_target(&diffuse.target.target, &diffuse.target.set, &mut given)?;
            diffuse.give(&mut given);
            program = diffuse.program;
            (Some("diffuse"), target, diffuse.output.dry_run)
        }
        Verb::Compare(compare) => {
            let target = config::resolve_target(&compare.on, &compare.set, &mut given)?;
            compare.give(&mut given);
            (Some("compare"), target, compare.output.dry_run)
        }
    };
    let settings = Box::new(Settings::resolve(target, verb, given)?);
    Ok(if program {
        Command::Program(settings)
    } else if dry_run {
        Command::DryRun(settings)
    } else {
        Command::Run(settings)
    })
}

/// `help smc` as `smc --help`, which says the same.
fn ask_for_help(mut args: Vec<OsString>) -> Vec<OsString> {
    if args.get(1).is_some_and(|verb| verb == "help") && args.len() <= 3 {
        args.remove(1);
        args.push("--help".into());
    }
    args
}

/// `--particles -inf` as `--particles=-inf`: words for numbers are refused by the option's own words, as negative
/// numbers are, and not as options that there are none of.
fn join_signed(args: Vec<OsString>) -> Vec<OsString> {
    let is_signed = |arg: &str| {
        let word = arg.strip_prefix('-').map(str::to_ascii_lowercase);
        word.is_some_and(|word| ["inf", "infinity", "nan"].contains(&&*word))
    };
    let mut joined: Vec<OsString> = Vec::new();
    for arg in args {
        let option = joined.last_mut().filter(|last| {
            let last = last.to_str().unwrap_or("");
            last.starts_with("--") && last.len() > 2 && !last.contains('=')
        });
        match option {
            Some(option) if arg.to_str().is_some_and(is_signed) => {
                option.push("=");
                option.push(arg);
            }
            _ => joined.push(arg),
        }
    }
    joined
}

/// Refuses an argument that is not UTF-8, by the option it belongs to or by its place.
fn check_text(args: &[OsString]) -> Result<(), Error> {
    let Some(at) = args.iter().skip(1).position(|arg| arg.to_str().is_none()) else {
        return Ok(());
    };
    let (before, arg) = (args[at].to_str().unwrap_or(""), &args[at + 1]);
    let field = match before.starts_with("--") {
        true => before.to_owned(),
        false => format!("argument {}", at + 1),
    };
    let shown = one_line(&arg.to_string_lossy());
    Err(Error::invalid(field, shown, "must be text in UTF-8"))
}

/// The whole program: reads the arguments, does what they ask for, and returns the exit code. A
/// refusal is one line on standard error.
pub fn main(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    interrupts::outlive_size_limit();
    let outcome = match parse(args.clone()) {
        Ok(Command::Run(settings)) => execute::run(&settings, &typed(&args)),
        Ok(Command::DryRun(settings)) => execute::dry_run(&settings).map(|()| 0),
        Ok(Command::Program(settings)) => diffuse::print_program(&settings).map(|()| 0),
        Ok(Command::Resume(options)) => resume::resume(&options),
        Ok(Command::Status(options)) => status::status(&options),
        Ok(Command::Replay(options)) => replay::replay(&options),
        Ok(Command::Verify(options)) => verify::verify(&options),
        Ok(Command::List(group)) => outcome::print(&list::text(group.as_deref())).map(|()| 0),
        Ok(Command::Summary(asked)) => summary::text(&asked).and_then(printed),
        Ok(Command::Report(asked)) => report::write(&asked).and_then(printed),
        Ok(Command::Export(asked)) => export::write(&asked).and_then(printed),
        Ok(Command::Info { json }) => {
            let info = info::measure();
            let text = if json {
                info.to_json() + "\n"
            } else {
                info.text()
            };
            outcome::print(&text).map(|()| 0)
        }
        Err(ParseOutcome::Text(text)) => outcome::print(&text).map(|()| 0),
        Err(ParseOutcome::Usage(line)) => {
            complain(&line);
            return 2;
        }
        Err(ParseOutcome::Refused(error)) => Err(error),
    };
    outcome.unwrap_or_else(|error| {
        complain(&error.to_string());
        error.exit_code()
    })
}

/// Prints, and the exit code of that.
fn printed(text: String) -> Result<u8, Error> {
    outcome::print(&text).map(|()| 0)
}

fn complain(line: &str) {
    use std::io::Write;
    // A closed standard error must not turn a refusal into a panic.
    let _ = writeln!(std::io::stderr(), "driftlane: {}", one_line(line));
}

/// Of a run that is being lengthened, what the results are of.
fn tell_longer(run: &StoredRun) {
    if let Some(longer) = run.longer() {
        complain(&format!(
            "{} {}",
            run.folder().path().display(),
            longer.says(true)
        ));
    }
}

/// The command as it would be typed into a shell.
fn typed(args: &[OsString]) -> String {
    let given = args
        .iter()
        .skip(1)
        .map(|arg| arg.to_string_lossy().into_owned());
    shell_line(std::iter::once("driftlane".to_owned()).chain(given))
}

/// A file name without a dot or slash, written so that it is not taken for a target's name.
fn as_path(file: &str) -> String {
    if file.contains(['.', '/', '\\']) {
        file.to_owned()
    } else {
        format!("./{file}")
    }
}

/// The parser's own error on one line, with its hint and where to read more.
fn usage(error: clap::Error) -> ParseOutcome {
    let text = error.render().to_string();
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return ParseOutcome::Text(text);
    }
    let mut parts: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with("Usage:") || line.starts_with("For more information") {
            break;
        }
        // How to write a value that starts with a dash: of no use, no argument here does.
        if line.contains("as a value, use '--") {
            continue;
        }
        let line = line
            .strip_prefix("error: ")
            .or_else(|| line.strip_prefix("tip: "))
            .unwrap_or(line);
        parts.push(one_line(line));
    }
    let mut line = String::new();
    for part in parts {
        let joint = if line.is_empty() {
            ""
        } else if line.ends_with(':') {
            " "
        } else {
            "; "
        };
        line.push_str(joint);
        line.push_str(&part);
    }
    ParseOutcome::Usage(format!("{line} (see driftlane --help)"))
}

/// Text without control characters.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Arguments as they would be typed in a shell, quoted where that is needed: what a report gives to
/// repeat a run.
pub fn shell_line(args: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,=:+@%".contains(c);
    let quote = |arg: &str| match !arg.is_empty() && arg.chars().all(plain) {
        true => arg.to_owned(),
        false => format!("'{}'", arg.replace('\'', "'\\''")),
    };
    let words: Vec<String> = args.into_iter().map(|arg| quote(arg.as_ref())).collect();
    words.join(" ")
}
