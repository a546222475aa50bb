//! SIGINT, SIGTERM and the time limit: what makes a run stop before its end.
//!
//! The first signal asks the run to stop between two blocks and to write a checkpoint; while results are being written
//! down it ends the process ([`super::closing`]). A second SIGINT ends it at once.

use crate::error::{Error, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Why a run stops before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// `--time-limit`.
    TimeLimit,
}

impl Stop {
    /// In words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupted by SIGINT",
            Self::Terminate => "interrupted by SIGTERM",
            Self::TimeLimit => "interrupted by --time-limit",
        }
    }

    /// The exit code: 128 and the signal's number; a time limit ends a run as SIGTERM does.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate | Self::TimeLimit => 143,
        }
    }
}

/// Flags that signals set.
#[derive(Debug, Clone, Default)]
pub struct Interrupts {
    interrupt: Arc<AtomicBool>,
    terminate: Arc<AtomicBool>,
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
            flag::register(SIGTERM, flags.terminate.clone())
        };
        match listen() {
            Ok(_) => Ok(flags),
            Err(e) => Err(Error::invalid(
                "SIGINT, SIGTERM",
                e,
                "the system must let a run that keeps a folder listen to them; --no-save needs none",
            )),
        }
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
        let interrupted = self.interrupt.load(Ordering::Relaxed);
        interrupted.then_some(Stop::Interrupt)
    }

    /// From now on a signal ends the process at once.
    pub fn end_at_once(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
