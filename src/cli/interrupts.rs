//! SIGINT, SIGTERM, SIGHUP and the time limit: what makes a run stop before its end.
//!
//! The first signal asks the run to stop between two blocks and to write a checkpoint; while results are being written
//! down it ends the process ([`super::closing`]). A second SIGINT ends it at once.

use crate::error::{Error, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A write beyond the limit of a file's size (`ulimit -f`) fails as one to a full disk does, with a line that names the
/// file: by default its signal ends the process without a word.
pub fn outlive_size_limit() {
    #[cfg(unix)]
    {
        // Where the system refuses even that, the signal ends the process as before.
        let unread = Arc::new(AtomicBool::new(false));
        let _ = flag::register(signal_hook::consts::SIGXFSZ, unread);
    }
}

/// Whether the signal was ignored when the process began; false where the system does not tell.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = text.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Why a run stops before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal is gone.
    HangUp,
    /// `--time-limit`.
    TimeLimit,
}

impl Stop {
    /// In words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupted by SIGINT",
            Self::Terminate => "interrupted by SIGTERM",
            Self::HangUp => "interrupted by SIGHUP",
            Self::TimeLimit => "interrupted by --time-limit",
        }
    }

    /// The exit code: 128 and the signal's number; a time limit ends a run as SIGTERM does.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::HangUp => 129,
            Self::Terminate | Self::TimeLimit => 143,
        }
    }
}

/// Flags that signals set.
#[derive(Debug, Clone, Default)]
pub struct Interrupts {
    interrupt: Arc<AtomicBool>,
    terminate: Arc<AtomicBool>,
    hang_up: Arc<AtomicBool>,
    /// Whether a signal ends the process at once.
    over: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

impl Interrupts {
    /// Takes the signals over from the system, which would end the process. Asked for before a folder is made: where
    /// the system refuses it (exit code 2), nothing has been written.
    pub fn listen() -> Result<Self> {
        let flags = Self::default();
        let listen = || {
            // In this order: a second signal finds the flag of the first.
            flag::register_conditional_shutdown(SIGINT, 130, flags.interrupt.clone())?;
            flag::register_conditional_shutdown(SIGINT, 130, flags.over.clone())?;
            flag::register_conditional_shutdown(SIGTERM, 143, flags.over.clone())?;
            flag::register(SIGINT, flags.interrupt.clone())?;
            flag::register(SIGTERM, flags.terminate.clone())?;
            flags.listen_for_hang_up()
        };
        match listen() {
            Ok(_) => Ok(flags),
            Err(e) => Err(Error::invalid(
                "SIGINT, SIGTERM, SIGHUP",
                e,
                "the system must let a run that keeps a folder listen to them; --no-save needs none",
            )),
        }
    }

    /// SIGHUP too, unless who started the process (`nohup`) had it ignored: the run outlives its terminal then.
    #[cfg(unix)]
    fn listen_for_hang_up(&self) -> std::io::Result<()> {
        use signal_hook::consts::SIGHUP;
        if is_ignored(SIGHUP) {
            return Ok(());
        }
        flag::register_conditional_shutdown(SIGHUP, 129, self.over.clone())?;
        flag::register(SIGHUP, self.hang_up.clone()).map(drop)
    }

    #[cfg(not(unix))]
    fn listen_for_hang_up(&self) -> std::io::Result<()> {
        Ok(())
    }

    /// Stops the run at this time too.
    pub fn at_latest(self, deadline: Option<Instant>) -> Self {
        Self { deadline, ..self }
    }

    /// Whether to stop, and why.
    pub fn stop(&self) -> Option<Stop> {
        let late = || self.deadline.is_some_and(|end| Instant::now() >= end);
        let signal = self.signal();
        signal.or_else(|| late().then_some(Stop::TimeLimit))
    }

    /// The signal that came, if one did.
    pub fn signal(&self) -> Option<Stop> {
        if self.terminate.load(Ordering::Relaxed) {
            return Some(Stop::Terminate);
        }
        if self.interrupt.load(Ordering::Relaxed) {
            return Some(Stop::Interrupt);
        }
        let hung_up = self.hang_up.load(Ordering::Relaxed);
        hung_up.then_some(Stop::HangUp)
    }

    /// From now on a signal ends the process at once.
    pub fn end_at_once(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
