//! How often a checkpoint is written, and how long a run may take.

use crate::cli::given::Given;
use crate::error::Result;
use std::time::Duration;

/// When checkpoints are written besides at the end of an interrupted run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cadence {
    /// This long after the last.
    Every(Duration),
    /// After so many moves of every particle.
    Moves(u64),
    /// Never.
    Never,
}

/// What is written of a run that says nothing of it.
const DEFAULT: Cadence = Cadence::Every(Duration::from_secs(60));
/// A week.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

impl Cadence {
    /// As it is given.
    pub fn text(self) -> String {
        match self {
            Self::Every(time) => duration_text(time),
            Self::Moves(moves) => moves.to_string(),
            Self::Never => "none".into(),
        }
    }
}

/// The shortest of `200ms`, `30s`.
pub fn duration_text(time: Duration) -> String {
    match time.subsec_nanos() {
        0 => format!("{}s", time.as_secs()),
        _ => format!("{}ms", time.as_millis()),
    }
}

/// `200ms`, `30s`, `10m`, `1.5h`: above zero, at most `longest`.
fn duration(text: &str, longest: Duration) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let seconds = digits.parse::<f64>().ok()? * factor;
    let time = Duration::try_from_secs_f64(seconds).ok()?;
    // Whole milliseconds, so that a file says the same.
    let time = Duration::from_millis(time.as_millis() as u64);
    (time >= Duration::from_millis(1) && time <= longest).then_some(time)
}

/// `--checkpoint-every`.
pub(super) fn checkpoint_every(given: &Given) -> Result<Cadence> {
    let allowed =
        "must be a time from 1ms to 168h such as 30s or 200ms, a number of moves from 1, or none";
    let Some(text) = given.word_or_count("checkpoint_every", allowed)? else {
        return Ok(DEFAULT);
    };
    if text == "none" {
        return Ok(Cadence::Never);
    }
    if let Some(time) = duration(&text, LONGEST) {
        return Ok(Cadence::Every(time));
    }
    let number = text.parse::<f64>().ok();
    match number.filter(|x| *x >= 1.0 && *x <= 1e15 && x.fract() == 0.0) {
        Some(moves) => Ok(Cadence::Moves(moves as u64)),
        None => Err(given.refuse("checkpoint_every", allowed)),
    }
}

/// `--time-limit`.
pub(super) fn time_limit(given: &Given) -> Result<Option<Duration>> {
    let allowed = "must be a time from 1ms to 8760h such as 10m or 23.5h, or none";
    let Some(text) = given.word_or_count("time_limit", allowed)? else {
        return Ok(None);
    };
    if text == "none" {
        return Ok(None);
    }
    match duration(&text, Duration::from_secs(8760 * 3600)) {
        Some(time) => Ok(Some(time)),
        None => Err(given.refuse("time_limit", allowed)),
    }
}
