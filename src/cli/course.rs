//! The course of a run: advanced visit by visit, with checkpoints, status and interruptions on its way.
//!
//! ```text
//! advance -> finished                                  -> results
//!         -> asked to stop  -> checkpoint -> the disk  -> exit code 130 or 143
//!         -> a checkpoint is due                       -> checkpoint, and on
//! ```
//!
//! Everything asks the run to pause between two blocks, so that a signal waits for no visit; what is computed does
//! not depend on when, or whether, a run pauses.

use super::closing::Closing;
use super::interrupts::{Interrupts, Stop};
use super::progress::{Progress, Snapshot};
use super::settings::{Cadence, Settings};
use crate::checkpoint::Sections;
use crate::error::{Error, Result};
use crate::flow::{Advance, Pause};
use crate::record::generations::{Checkpoint, Found, Generations, unusable};
use crate::record::manifest::Build;
use crate::record::{Longer, OpenFolder, Status};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How far apart rewrites of `status.json` are at least.
const STATUS: Duration = Duration::from_secs(1);
/// What has been computed for longer is kept before results are made of it: a signal then costs no more.
const MOMENT: Duration = Duration::from_secs(1);

/// Particle-steps, read by those who wait for a number of them.
pub(super) type Counter = Arc<AtomicU64>;

/// Something that runs, and can be paused and saved.
pub(super) trait Running {
    /// Goes on until something is done, or `pause` says so.
    fn advance(&mut self, pause: &Pause<'_>) -> Result<Advance>;
    /// Called before [`save`](Running::save): what is kept beside the checkpoint is brought to the disk.
    fn settle(&mut self) -> Result<()> {
        Ok(())
    }
    /// Whether what is under way when it pauses is begun anew: it pauses only to stop then.
    fn restarts(&self) -> bool {
        false
    }
    /// Everything that is needed to go on.
    fn save<'a>(&'a self, out: &mut Sections<'a>);
    /// Particle-steps as they are counted while it advances, where that may be long.
    fn counter(&self) -> Option<Counter> {
        None
    }
    /// How far it is.
    fn snapshot(&self) -> Snapshot;
}

/// What every checkpoint says of its run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The version that wrote it.
    pub driftlane: String,
    /// Its commit and instruction set.
    pub build: String,
    /// [`identity`](super::resume::identity) of configuration and data.
    pub identity: u32,
    /// Seconds computed.
    pub seconds: f64,
    /// Particle-steps made.
    pub particle_steps: u64,
    /// The share done.
    pub done: f64,
}

/// What tells this build from another of the same version.
pub fn this_build() -> String {
    let build = Build::this();
    format!("{}, {}", build.commit, build.isa)
}

/// The section of [`Head`].
pub const HEAD: &str = "head";

/// A run's way from its start, or from a checkpoint, to its end.
pub(super) struct Course<'a> {
    open: Option<&'a OpenFolder>,
    longer: Option<Longer>,
    interrupts: Option<Interrupts>,
    generations: Option<Generations>,
    found: Option<Found>,
    before: Head,
    cadence: Cadence,
    particles: u64,
    /// Particle-steps of the whole run, where they are known.
    all: Option<f64>,
    begun: Instant,
    last: (Instant, u64),
    told: Instant,
    progress: Progress,
    closing: Closing,
    /// Whether more draws may begin from where the run ends.
    lasting: bool,
}

/// How to go on with a run that was stopped.
fn complain_of(stop: Stop, open: &OpenFolder) {
    let (reason, folder) = (stop.reason(), open.path().display());
    super::complain(&format!("{reason}; go on with: driftlane resume {folder}"));
}

/// With the share done of the run as it is now: what a checkpoint says is of one that may since have been lengthened.
fn of_whole(head: Head, all: Option<f64>) -> Head {
    let done = all.map(|all| (head.particle_steps as f64 / all).clamp(0.0, 1.0));
    Head {
        done: done.unwrap_or(head.done),
        ..head
    }
}

impl<'a> Course<'a> {
    /// Of a run that starts, or goes on from a checkpoint. Without a folder nothing is kept, and signals end the
    /// process.
    pub fn new(
        settings: &Settings,
        identity: u32,
        particles: usize,
        kept: Option<(&'a OpenFolder, Interrupts)>,
        mut found: Option<Found>,
    ) -> Result<Self> {
        let (open, interrupts) = kept.unzip();
        let begun = Instant::now();
        let output = &settings.output;
        let deadline = output.time_limit.map(|limit| begun + limit);
        let interrupts = interrupts.map(|signals: Interrupts| signals.at_latest(deadline));
        let longer = open.map_or(Ok(None), Longer::read)?;
        let all = settings.moves().map(|moves| moves * particles as f64);
        let before = match &mut found {
            Some(found) => {
                let head = found.checkpoint.get(HEAD);
                let head = head.map_err(|error| unusable(&found.path, &error))?;
                of_whole(head, all)
            }
            None => Head {
                driftlane: env!("CARGO_PKG_VERSION").into(),
                build: this_build(),
                identity,
                seconds: 0.0,
                particle_steps: 0,
                done: 0.0,
            },
        };
        Ok(Self {
            generations: open.map(|open| Generations::new(open.path(), found.as_ref())),
            open,
            longer,
            interrupts,
            found,
            last: (begun, before.particle_steps),
            before,
            cadence: output.checkpoint_every,
            particles: particles as u64,
            all,
            begun,
            told: begun,
            progress: Progress::start(settings.verb(), output.quiet),
            closing: Closing::default(),
            lasting: false,
        })
    }

    /// The run folder.
    pub fn folder(&self) -> Option<&'a OpenFolder> {
        self.open
    }

    /// How it is being lengthened, of a run that was finished.
    pub fn longer(&self) -> Option<Longer> {
        self.longer
    }

    /// How far processes before this came.
    pub fn begun(&self) -> Snapshot {
        Snapshot {
            particle_steps: self.before.particle_steps,
            done: self.before.done,
            ..Snapshot::default()
        }
    }

    /// Seconds computed, by this process and by those before.
    pub fn seconds(&self) -> f64 {
        self.before.seconds + self.begun.elapsed().as_secs_f64()
    }

    /// What `restore` makes of the checkpoint that the run goes on from, or `begin` where there is none. The older
    /// generation is taken where the newer does not fit what is kept beside it, as a damaged chunk of its draws.
    pub fn start<T>(
        &mut self,
        begin: impl FnOnce() -> Result<T>,
        restore: impl Fn(&mut Checkpoint) -> Result<T>,
    ) -> Result<T> {
        let Some(mut found) = self.found.take() else {
            return begin();
        };
        let of = |found: &mut Found| {
            restore(&mut found.checkpoint).map_err(|error| match error {
                Error::Checkpoint(_) => unusable(&found.path, &error),
                other => other,
            })
        };
        let restored = match (of(&mut found), self.open) {
            (Err(error @ Error::RunFolder { .. }), Some(open)) => {
                let Some(mut older) = found.other(open.path()) else {
                    return Err(error);
                };
                let Ok(head) = older.checkpoint.get::<Head>(HEAD) else {
                    return Err(error);
                };
                let same = (head.identity, &head.driftlane);
                if same != (self.before.identity, &self.before.driftlane) {
                    return Err(error);
                }
                let Ok(restored) = of(&mut older) else {
                    return Err(error);
                };
                super::complain(&format!("{error}; going on from {}", older.path.display()));
                self.last.1 = head.particle_steps;
                self.before = of_whole(head, self.all);
                self.generations = Some(Generations::new(open.path(), Some(&older)));
                restored
            }
            (restored, _) => restored?,
        };
        // Reading back is not computing.
        self.begun = Instant::now();
        self.last.0 = self.begun;
        Ok(restored)
    }

    /// Goes on to the end, or to what stops the run before it.
    pub fn carry(&mut self, run: &mut dyn Running) -> Result<Option<Stop>> {
        loop {
            let advanced = {
                let (course, last, timely) = (&*self, self.last.0, !run.restarts());
                let counter = run.counter().filter(|_| timely);
                let enough = || {
                    let made = counter.as_ref().map(|made| made.load(Ordering::Relaxed));
                    made.is_some_and(|made| course.enough(made))
                };
                run.advance(&|| course.stop().is_some() || timely && course.late(last) || enough())
            };
            let advance = advanced.map_err(|error| self.with_last_checkpoint(error))?;
            let snapshot = run.snapshot();
            self.progress.update(snapshot);
            if advance == Advance::Finished {
                return Ok(None);
            }
            if let Some(stop) = self.stop() {
                self.keep(run)?;
                self.interrupted(stop, snapshot)?;
                return Ok(Some(stop));
            }
            if self.due(snapshot.particle_steps) {
                self.keep(run)?;
            }
            if self.told.elapsed() >= STATUS {
                self.told = Instant::now();
                self.tell("running", snapshot)?;
            }
        }
    }

    fn stop(&self) -> Option<Stop> {
        self.interrupts.as_ref().and_then(Interrupts::stop)
    }

    /// Whether time says that a checkpoint is due.
    fn late(&self, last: Instant) -> bool {
        match self.cadence {
            Cadence::Every(time) => self.open.is_some() && last.elapsed() >= time,
            Cadence::Moves(_) | Cadence::Never => false,
        }
    }

    /// Whether moves say that a checkpoint is due.
    fn enough(&self, particle_steps: u64) -> bool {
        let Cadence::Moves(moves) = self.cadence else {
            return false;
        };
        let since = particle_steps.saturating_sub(self.last.1);
        self.open.is_some() && since >= moves.saturating_mul(self.particles)
    }

    fn due(&self, particle_steps: u64) -> bool {
        self.enough(particle_steps) || self.late(self.last.0)
    }

    /// Writes a checkpoint.
    pub fn keep(&mut self, run: &mut dyn Running) -> Result<()> {
        let settled = run.settle();
        settled.map_err(|error| self.with_last_checkpoint(error))?;
        let Some(generations) = &mut self.generations else {
            return Ok(());
        };
        let snapshot = run.snapshot();
        let head = Head {
            seconds: self.before.seconds + self.begun.elapsed().as_secs_f64(),
            particle_steps: snapshot.particle_steps,
            done: snapshot.done,
            ..self.before.clone()
        };
        let written = generations.write(|out| {
            out.put(HEAD, &head);
            run.save(out);
        });
        self.last = (Instant::now(), snapshot.particle_steps);
        written.map_err(|error| self.with_last_checkpoint(error))
    }

    /// A failure to write, with what is left to go on from.
    pub fn with_last_checkpoint(&self, error: Error) -> Error {
        let (Error::Write { path, what }, Some(open)) = (&error, self.open) else {
            return error;
        };
        let newest = self.generations.as_ref().and_then(Generations::newest);
        let folder = open.path().display();
        let last = match newest {
            Some(newest) => format!("the last checkpoint is {}", newest.display()),
            None => "there is no checkpoint yet".into(),
        };
        Error::write(
            path,
            format!("{what}; {last}; go on with: driftlane resume {folder}"),
        )
    }

    /// Waits until the latest checkpoint is on the disk.
    pub fn settle(&mut self) -> Result<()> {
        let settled = self
            .generations
            .as_mut()
            .map_or(Ok(()), Generations::settle);
        settled.map_err(|error| self.with_last_checkpoint(error))
    }

    fn interrupted(&mut self, stop: Stop, snapshot: Snapshot) -> Result<()> {
        self.settle()?;
        self.tell(stop.reason(), snapshot)?;
        self.progress.clear();
        if let Some(open) = self.open {
            complain_of(stop, open);
        }
        Ok(())
    }

    fn tell(&self, phase: &str, snapshot: Snapshot) -> Result<()> {
        let Some(open) = self.open else {
            return Ok(());
        };
        let told = open.set_status(&self.status(phase, snapshot));
        told.map_err(|error| self.with_last_checkpoint(error))
    }

    fn status(&self, phase: &str, snapshot: Snapshot) -> Status {
        let here = self.begun.elapsed().as_secs_f64();
        let made = snapshot
            .particle_steps
            .saturating_sub(self.before.particle_steps);
        let share = snapshot.done - self.before.done;
        Status {
            phase: phase.to_owned(),
            done: snapshot.done.clamp(0.0, 1.0),
            particle_steps: snapshot.particle_steps,
            particle_steps_per_second: Some(made as f64 / here.max(1e-9)),
            seconds: self.seconds(),
            seconds_left: (share > 0.0 && snapshot.done < 1.0)
                .then(|| here * (1.0 - snapshot.done) / share),
            warnings: Vec::new(),
        }
    }

    /// The computation is over. A run that more draws may begin from is kept (`lasting`), and what has been computed for
    /// longer than a moment since it was kept last: signals end the process from now on, and nothing more is shown.
    pub fn close(&mut self, run: &mut dyn Running, lasting: bool) -> Result<()> {
        self.progress.clear();
        self.lasting = lasting;
        if lasting || self.last.0.elapsed() >= MOMENT {
            self.keep(run)?;
        }
        let (Some(interrupts), Some(open), Some(generations)) =
            (&self.interrupts, self.open, &self.generations)
        else {
            return Ok(());
        };
        let status = self.status("", run.snapshot());
        let open = open.clone();
        let end = move |stop: Stop| {
            let reason = stop.reason();
            let phase = format!("{reason} while results were written");
            // The process ends whether the status can be written or not.
            let _ = open.set_status(&Status { phase, ..status });
            complain_of(stop, &open);
        };
        let settled = generations.settled();
        self.closing.watch(interrupts.clone(), settled, end);
        Ok(())
    }

    /// Runs `write`, which changes the status; no signal is acted on meanwhile.
    pub fn held<T>(&self, write: impl FnOnce() -> T) -> T {
        self.closing.held(write)
    }

    /// Runs `last`, which is the last that is written of the results. A run that never goes on needs no checkpoint then.
    pub fn conclude(&mut self, last: impl FnOnce() -> Result<()>) -> Result<()> {
        self.settle()?;
        self.closing.conclude(last)?;
        if let Some(interrupts) = &self.interrupts {
            interrupts.end_at_once();
        }
        match &self.generations {
            Some(generations) if !self.lasting => generations.discard(),
            _ => Ok(()),
        }
    }
}
