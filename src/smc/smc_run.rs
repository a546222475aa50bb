//! A tempered SMC run, of one population or of several, that can be paused, saved and restored.
//!
//! Replicates are run one after the other, each by all threads; islands side by side, as each is too small for
//! all of them.

use super::islands::{combine, merge_populations};
use super::run::Observer;
use super::single::Single;
use super::{Smc, SmcResult};
use crate::checkpoint::{Reader, Sections, damaged};
use crate::error::Result;
use crate::flow::{Advance, Pause, Weighing, each_in_parallel};
use crate::particles::Samples;
use crate::target::Precision;
use std::io::{Read, Seek};
use std::sync::{Mutex, PoisonError};

/// A run on its way.
pub struct SmcRun<'a, R: Precision> {
    settings: &'a Smc<'a>,
    /// One a replicate or island.
    parts: Vec<Part<'a, R>>,
}

enum Part<'a, R: Precision> {
    Waiting,
    Running(Box<Single<'a, R>>),
    Done(Box<SmcResult>),
}

impl<'a, R: Precision> SmcRun<'a, R> {
    /// Refused: settings out of their ranges, or that contradict each other.
    pub fn begin(settings: &'a Smc<'a>) -> Result<Self> {
        settings.validate()?;
        let parts = settings.replicates.max(settings.islands);
        Ok(Self {
            settings,
            parts: (0..parts).map(|_| Part::Waiting).collect(),
        })
    }

    /// Particles of a part.
    fn particles(settings: &Smc<'_>, part: usize) -> usize {
        let more = usize::from(part < settings.particles % settings.islands);
        settings.particles / settings.islands + more
    }

    /// One temperature of a replicate, all that is left of islands, or less where `pause` says so; `observer`
    /// is told of every visit (replicate or island, record).
    pub fn advance(&mut self, observer: &mut Observer<'_>, pause: &Pause<'_>) -> Result<Advance> {
        let settings = self.settings;
        if settings.islands == 1 {
            let mut open = self.parts.iter_mut().enumerate();
            let next = open.find(|(_, part)| !matches!(part, Part::Done(_)));
            let Some((k, part)) = next else {
                return Ok(Advance::Finished);
            };
            let done = part.advance(settings, k, &mut |record| observer(k, record), pause)?;
            if done != Advance::Finished {
                return Ok(done);
            }
            if let (Part::Done(result), true) = (part, k > 0) {
                result.samples = Samples::default();
            }
            return Ok(Advance::Moved);
        }
        let observer = Mutex::new(observer);
        let ends = each_in_parallel(&mut self.parts, |k, part| {
            let mut watch = |record: &_| {
                let mut observer = observer.lock().unwrap_or_else(PoisonError::into_inner);
                observer(k, record);
            };
            loop {
                match part.advance(settings, k, &mut watch, pause)? {
                    Advance::Moved => {}
                    end => return Ok(end),
                }
            }
        });
        let ends = ends.into_iter().collect::<Result<Vec<Advance>>>()?;
        let all = ends.iter().all(|end| *end == Advance::Finished);
        Ok(if all {
            Advance::Finished
        } else {
            Advance::Paused
        })
    }

    /// The latest weighing of the first population, where they are kept and it is under way.
    pub fn weighing(&self) -> Option<&Weighing> {
        match self.parts.first() {
            Some(Part::Running(single)) => single.weighing(),
            _ => None,
        }
    }

    /// What [`restore`](SmcRun::restore) needs.
    pub fn save<'b>(&'b self, out: &mut Sections<'b>) {
        let states: Vec<u8> = self.parts.iter().map(Part::state).collect();
        out.put("parts", &states);
        for (k, part) in self.parts.iter().enumerate() {
            out.within(&format!("part{k}/"), |out| match part {
                Part::Waiting => {}
                Part::Running(single) => single.save(out),
                Part::Done(result) => {
                    out.put("result", &**result);
                    let kind = (result.samples.len(), result.samples.is_single());
                    out.put("result-samples-kind", &kind);
                    out.put_bytes("result-samples", result.samples.bytes());
                }
            });
        }
    }

    /// The run that was saved. Refused: a checkpoint of another run.
    pub fn restore<S: Read + Seek>(settings: &'a Smc<'a>, from: &mut Reader<S>) -> Result<Self> {
        let mut run = Self::begin(settings)?;
        let states: Vec<u8> = from.get("parts")?;
        if states.len() != run.parts.len() {
            return Err(damaged(format!("is of {} runs", states.len())));
        }
        for (k, (part, state)) in run.parts.iter_mut().zip(states).enumerate() {
            *part = from.within(&format!("part{k}/"), |from| match state {
                0 => Ok(Part::Waiting),
                1 => {
                    let (particles, seed) = (Self::particles(settings, k), settings.seed_of(k));
                    let single = Single::restore(settings, particles, seed, from)?;
                    Ok(Part::Running(Box::new(single)))
                }
                _ => {
                    let mut result: SmcResult = from.get("result")?;
                    let stages = result.ess.len();
                    let lists = [
                        result.acceptance.len(),
                        result.step_size.len(),
                        result.moves.len(),
                        result.stiffness.len(),
                        result.log_evidence_increments.len(),
                        result.temperatures.len().wrapping_sub(1),
                    ];
                    if lists.iter().any(|length| *length != stages) {
                        return Err(damaged("has lists of different ladders"));
                    }
                    let (length, single): (usize, bool) = from.get("result-samples-kind")?;
                    let most = settings.particles.saturating_mul(settings.target.dim());
                    if length > most {
                        return Err(damaged("has more samples than particles"));
                    }
                    result.samples = Samples::zeros(length, single);
                    from.read_into("result-samples", result.samples.bytes_mut())?;
                    Ok(Part::Done(Box::new(result)))
                }
            })?;
        }
        Ok(run)
    }

    /// The result of a run that is finished; `None` before.
    pub fn finish(self) -> Option<SmcResult> {
        let done = self.parts.into_iter().map(|part| match part {
            Part::Done(result) => Some(*result),
            _ => None,
        });
        let results = done.collect::<Option<Vec<SmcResult>>>()?;
        if self.settings.islands == 1 {
            return Some(combine(results));
        }
        let (dim, seed) = (self.settings.target.dim(), self.settings.seed);
        let samples = merge_populations(&results, dim, seed);
        Some(SmcResult {
            samples: samples.into(),
            ..combine(results)
        })
    }
}

impl<'a, R: Precision> Part<'a, R> {
    fn state(&self) -> u8 {
        match self {
            Self::Waiting => 0,
            Self::Running(_) => 1,
            Self::Done(_) => 2,
        }
    }

    /// The starts, or a temperature.
    fn advance(
        &mut self,
        settings: &'a Smc<'a>,
        k: usize,
        observer: &mut dyn FnMut(&crate::flow::StageRecord),
        pause: &Pause<'_>,
    ) -> Result<Advance> {
        match std::mem::replace(self, Self::Waiting) {
            Self::Waiting => {
                let particles = SmcRun::<R>::particles(settings, k);
                let single = Single::begin(settings, particles, settings.seed_of(k))?;
                *self = Self::Running(Box::new(single));
                Ok(if pause() {
                    Advance::Paused
                } else {
                    Advance::Moved
                })
            }
            Self::Running(mut single) => {
                let done = single.advance(observer, pause)?;
                *self = match done {
                    Advance::Finished => Self::Done(Box::new(single.finish())),
                    _ => Self::Running(single),
                };
                Ok(done)
            }
            Self::Done(result) => {
                *self = Self::Done(result);
                Ok(Advance::Finished)
            }
        }
    }
}
