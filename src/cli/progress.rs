//! How far a run is, on standard error: a bar on a terminal, plain lines elsewhere, or nothing.
//!
//! The engine calls [`Progress::update`] once per visit of the scheduler, from one thread; nothing here
//! is reached from a hot loop, nothing locks, and nothing that is shown changes what is computed.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Lines are written after these many seconds, then every [`EVERY`].
const FIRST: [u64; 6] = [1, 2, 5, 10, 20, 30];
/// Seconds between later lines.
const EVERY: u64 = 60;
/// Repaints of the bar are at least this far apart.
const REPAINT: Duration = Duration::from_millis(100);
/// Steps of the bar: the share done is told in thousandths.
const STEPS: u64 = 1000;

/// What is known of a run on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Snapshot {
    /// The share done, in [0, 1]: moves of all moves, or the tempering parameter's progress.
    pub done: f64,
    /// Particle-steps so far.
    pub particle_steps: u64,
    /// Share of accepted moves so far, if there is one.
    pub acceptance: Option<f64>,
    /// The temperature reached, if there is one.
    pub tempering_param: Option<f64>,
}

/// Shows a run's progress.
#[derive(Debug)]
pub struct Progress {
    how: How,
    start: Instant,
    next: Duration,
}

#[derive(Debug)]
enum How {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

impl Progress {
    /// Progress of a run called `name`; `quiet` shows nothing.
    pub fn start(name: &str, quiet: bool) -> Self {
        let how = if quiet {
            How::Nothing
        } else if std::io::stderr().is_terminal() {
            let bar =
                ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr_with_hz(10));
            if let Ok(style) =
                ProgressStyle::with_template("{prefix} {bar:30} {percent:>3}% {elapsed} {msg}")
            {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_prefix(name.to_owned());
            How::Bar(bar)
        } else {
            How::Lines
        };
        // A bar waits a moment too, so that short runs leave the terminal alone.
        let next = if matches!(how, How::Bar(_)) {
            2 * REPAINT
        } else {
            due_after(Duration::ZERO)
        };
        Self {
            how,
            start: Instant::now(),
            next,
        }
    }

    /// Tells where the run is; cheap when it is not yet time to show it.
    pub fn update(&mut self, snapshot: Snapshot) {
        if matches!(self.how, How::Nothing) {
            return;
        }
        let elapsed = self.start.elapsed();
        if elapsed < self.next {
            return;
        }
        let text = describe(snapshot, elapsed);
        match &self.how {
            How::Bar(bar) => {
                self.next = elapsed + REPAINT;
                bar.set_position((snapshot.done.clamp(0.0, 1.0) * STEPS as f64) as u64);
                bar.set_message(text);
            }
            How::Lines => {
                self.next = due_after(elapsed);
                let percent = 100.0 * snapshot.done.clamp(0.0, 1.0);
                // A closed standard error must not end the run.
                let _ = writeln!(
                    std::io::stderr(),
                    "{} s: {percent:.0}%, {text}",
                    elapsed.as_secs()
                );
            }
            How::Nothing => {}
        }
    }

    /// Takes the bar away.
    pub fn clear(&mut self) {
        if let How::Bar(bar) = &self.how {
            bar.finish_and_clear();
        }
    }
}

/// When the next line is due, `elapsed` into the run.
fn due_after(elapsed: Duration) -> Duration {
    let seconds = elapsed.as_secs();
    let next = FIRST.into_iter().find(|&s| s > seconds);
    Duration::from_secs(next.unwrap_or((seconds / EVERY + 1) * EVERY))
}

fn describe(snapshot: Snapshot, elapsed: Duration) -> String {
    let rate = snapshot.particle_steps as f64 / elapsed.as_secs_f64().max(1e-9);
    let mut text = format!("{rate:.2e} particle-steps/s");
    if let Some(beta) = snapshot.tempering_param {
        text += &format!(", tempering parameter {beta:.4}");
    }
    if let Some(rate) = snapshot.acceptance {
        text += &format!(", acceptance {rate:.2}");
    }
    // Too early, an estimate says nothing.
    if snapshot.done > 0.02 && snapshot.done < 1.0 {
        let left = elapsed.as_secs_f64() * (1.0 - snapshot.done) / snapshot.done;
        text += &format!(", {left:.0} s left");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_at_1_2_5_10_20_30_then_each_60_seconds() {
        let mut at = Duration::ZERO;
        let due: Vec<u64> = (0..9)
            .map(|_| {
                at = due_after(at);
                at.as_secs()
            })
            .collect();
        assert_eq!(due, [1, 2, 5, 10, 20, 30, 60, 120, 180]);
    }

    #[test]
    fn a_line_tells_rate_and_time_left() {
        let snapshot = Snapshot {
            done: 0.25,
            particle_steps: 1000,
            acceptance: Some(0.7),
            tempering_param: Some(0.125),
        };
        let text = describe(snapshot, Duration::from_secs(10));
        assert_eq!(
            text,
            "1.00e2 particle-steps/s, tempering parameter 0.1250, acceptance 0.70, 30 s left"
        );
        let mut quiet = Progress::start("x", true);
        quiet.update(snapshot);
        quiet.clear();
    }
}
