//! The time from the end of the computation until its results stand in the folder: seconds of diagnostics and writing
//! for a run that kept many draws.
//!
//! ```text
//! computed -> a checkpoint, where the run was long -> diagnostics, arrays, report -> status "finished"
//!                                                     a signal: status "interrupted by ...", exit code 130 or 143
//! ```
//!
//! Nothing there can be paused, so a thread waits for the signal beside it and ends the process: every file is whole or
//! absent, and `resume` writes the results again from the checkpoint.

use super::interrupts::{Interrupts, Stop};
use crate::record::generations::Settled;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often the thread looks for a signal: a hundredth of the second that a run may take to stop.
const LOOK: Duration = Duration::from_millis(10);

/// Whether the results stand in the folder. Who changes the status at the end holds it.
#[derive(Debug, Clone, Default)]
pub(super) struct Closing {
    written: Arc<Mutex<bool>>,
}

impl Closing {
    /// Ends the process by `end` where a signal comes before [`conclude`](Closing::conclude), once the checkpoint is on
    /// the disk; where that has failed, the run goes on to say so.
    pub fn watch(
        &self,
        interrupts: Interrupts,
        kept: Arc<Settled>,
        end: impl FnOnce(Stop) + Send + 'static,
    ) {
        let (written, signals) = (self.written.clone(), interrupts.clone());
        let look = move || {
            let stop = loop {
                if *written.lock().unwrap_or_else(PoisonError::into_inner) {
                    return;
                }
                if let (Some(stop), Some(kept)) = (signals.signal(), kept.done()) {
                    if !kept {
                        return signals.end_at_once();
                    }
                    break stop;
                }
                std::thread::sleep(LOOK);
            };
            let written = written.lock().unwrap_or_else(PoisonError::into_inner);
            if *written {
                return;
            }
            end(stop);
            std::process::exit(stop.exit_code().into());
        };
        // Where no thread can be had, a signal ends the process without a word.
        if std::thread::Builder::new().spawn(look).is_err() {
            interrupts.end_at_once();
        }
    }

    /// Runs `write`; no signal is acted on meanwhile.
    pub fn held<T>(&self, write: impl FnOnce() -> T) -> T {
        let _written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        write()
    }

    /// Runs `last`, after which the results stand in the folder; no signal is acted on meanwhile.
    pub fn conclude<T>(&self, last: impl FnOnce() -> T) -> T {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let done = last();
        *written = true;
        done
    }
}
