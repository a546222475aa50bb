//! Measuring one solver at one number of calls.
//!
//! The cost is the least time of several runs from the same starts: [`TIMED`] of them and so many seconds together, one
//! where it takes a second.

use super::fine::{Ends, Fine, ends, fine_program};
use super::judge::conditional;
use crate::checkpoint::{Reader, Sections};
use crate::cli::settings::{CompareMethod, DiffuseMethod, Entrant, Init, Precision, Settings};
use crate::cli::starts::Starts;
use crate::diagnostics::MeasuredError;
use crate::diffusion::{Diffuse, DiffuseRun, Node, Program, Start, Steps};
use crate::error::{Error, Result};
use crate::flow::{Advance, Pause, Tally};
use crate::target::library::BoxedTarget;
use crate::target::{BlockTarget, Precision as Real};
use driftlane_kernels::rng::{Purpose, Stream};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};
use serde::{Deserialize, Serialize};
use std::io::{Read, Seek};
use std::time::Instant;

/// The fewest calls of a fine solution.
const FINE_CALLS: usize = 2048;
/// Calls of a fine solution over the most of any row: of the flow, and on a Brownian path.
pub(super) const FINER: (u64, u64) = (4, 16);
/// Errors this many times their standard error are not chance.
pub(super) const ABOVE_CHANCE: f64 = 4.0;
/// A run is timed again until there are so many times, and so many seconds of them; or seconds enough for few.
const TIMED: (usize, f64, f64) = (3, 0.02, 1.0);

/// Why a row was not measured.
pub(super) enum Halt {
    /// Asked to pause: what was begun is begun anew.
    Paused,
    /// It cannot be.
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

type Halting<T> = std::result::Result<T, Halt>;

/// One row before its order is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) nfe: usize,
    pub(super) steps: usize,
    pub(super) cost: f64,
    pub(super) error: MeasuredError,
    /// Whether the error is the solver's: above the floor of what it is held against, and above chance.
    pub(super) above: bool,
    /// What it is held against.
    pub(super) measure: Measure,
    /// The floor, of a solution.
    pub(super) floor: Option<f64>,
    pub(super) particles: usize,
    /// Particles that are not finite.
    pub(super) nonfinite: usize,
}

/// What an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Measure {
    Solution,
    Strong,
    Moments,
}

impl Measure {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Solution => "solution",
            Self::Strong => "strong",
            Self::Moments => "moments",
        }
    }
}

/// Runs and measures, and remembers what several rows share.
pub(super) struct Bench<'a> {
    pub(super) settings: &'a Settings,
    target: &'a dyn BlockTarget,
    /// What is sampled where that is conditioned and nothing more: the same for all solvers.
    conditional: Option<BoxedTarget>,
    given: &'a Starts,
    starts: Vec<(Node, Vec<f64>)>,
    /// Of the flow.
    fine: Vec<(Ends, Fine)>,
    /// On the particles' Brownian paths, of the entrant of that name.
    strong: Option<(String, Fine)>,
    totals: Tally,
    /// Of what is under way: counted once it is done.
    pending: Tally,
}

/// Exact draws from `law` noised at a node, `[particles, dim]`; 32 particles have a stream, whatever the run.
pub(super) fn draw(
    law: &dyn BlockTarget,
    at: Node,
    particles: usize,
    seed: u64,
) -> Result<Vec<f64>> {
    let refuse = || {
        let allowed = "must be a target whose noised law is known, to start from";
        Error::invalid("TARGET", "no exact start", allowed)
    };
    let noised = law.noised(at.alpha, at.sigma).ok_or_else(refuse)?;
    let dim = law.dim();
    let mut tile = vec![Row::<F64>::zero(); dim];
    let mut starts = Vec::with_capacity(particles * dim);
    for group in 0..particles.div_ceil(32) {
        let mut stream = Stream::new(seed, Purpose::Exact, group as u64, 0);
        if !noised.sample_exact(&mut stream, &mut tile) {
            return Err(refuse());
        }
        let lanes: &[f64] = bytemuck::cast_slice(&tile);
        for particle in 0..32.min(particles - 32 * group) {
            starts.extend((0..dim).map(|j| lanes[32 * j + particle]));
        }
    }
    Ok(starts)
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        first: &DiffuseMethod,
        target: &'a dyn BlockTarget,
        given: &'a Starts,
    ) -> Result<Self> {
        Ok(Self {
            settings,
            target,
            conditional: conditional(target, first)?,
            given,
            starts: Vec::new(),
            fine: Vec::new(),
            strong: None,
            totals: Tally::default(),
            pending: Tally::default(),
        })
    }

    pub(super) fn totals(&self) -> &Tally {
        &self.totals
    }

    /// The most calls of a fine solution of the flow, and the largest estimated error.
    pub(super) fn coarsest(&self) -> Option<(usize, f64)> {
        self.fine.iter().fold(None, |found, (_, fine)| {
            let (calls, error) = found.unwrap_or((0, 0.0));
            Some((
                fine.calls.max(calls),
                if fine.error > error {
                    fine.error
                } else {
                    error
                },
            ))
        })
    }

    pub(super) fn save(&self, out: &mut Sections<'_>) {
        out.put("fine", &self.fine);
        out.put("strong", &self.strong);
        out.put("totals", &self.totals);
    }

    pub(super) fn restore<S: Read + Seek>(&mut self, from: &mut Reader<S>) -> Result<()> {
        self.fine = from.get("fine")?;
        self.strong = from.get("strong")?;
        self.totals = from.get("totals")?;
        let numbers = self.given.particles * self.target.dim();
        let strong = self.strong.iter().map(|(_, fine)| fine);
        let mut all = self.fine.iter().map(|(_, fine)| fine).chain(strong);
        match all.all(|fine| fine.ends.len() == numbers) {
            true => Ok(()),
            false => Err(Error::Checkpoint("is of other particles".into())),
        }
    }

    /// One solver at the calls of `program`.
    pub(super) fn row<R: Real>(
        &mut self,
        method: &CompareMethod,
        entrant: &Entrant,
        program: &Program,
        pause: &Pause<'_>,
    ) -> Halting<Measured> {
        let row = self.measure::<R>(method, entrant, program, pause);
        match row {
            Ok(_) => self.count(),
            Err(_) => self.pending = Tally::default(),
        }
        row
    }

    /// Counts what is done.
    fn count(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        self.totals = std::mem::take(&mut self.totals).merge(pending);
    }

    fn measure<R: Real>(
        &mut self,
        method: &CompareMethod,
        entrant: &Entrant,
        program: &Program,
        pause: &Pause<'_>,
    ) -> Halting<Measured> {
        let Some(ends) = ends(program) else {
            return Err(Error::invalid("grid", "no steps", "at least 1 step").into());
        };
        let noisy = program.is_stochastic();
        let path = noisy && method.strong;
        let known = self
            .strong
            .as_ref()
            .is_some_and(|(name, _)| *name == entrant.name);
        if path && !known {
            let most = method.calls.iter().copied().max().unwrap_or(1);
            let fine = self.fine_path(entrant, most, ends.0, pause)?;
            self.strong = Some((entrant.name.clone(), fine));
            self.count();
        }
        let flow = match noisy {
            false => Some(self.fine_flow(method, entrant, ends, pause)?),
            true => None,
        };
        let (samples, cost) = self.timed::<R>(program, &entrant.method, path, ends.0, pause)?;
        let dim = self.target.dim();
        let strong = self.strong.as_ref().filter(|_| path).map(|(_, fine)| fine);
        let fine = flow.map(|k| &self.fine[k].1).or(strong);
        let (error, measure) = match fine {
            Some(fine) => {
                let error = MeasuredError::of_solution(&samples, &fine.ends, dim);
                (
                    error,
                    if path {
                        Measure::Strong
                    } else {
                        Measure::Solution
                    },
                )
            }
            None => (of_moments(&samples, self.law(), ends)?, Measure::Moments),
        };
        let floor = fine.map(|fine| fine.floor);
        let chance = if noisy { ABOVE_CHANCE } else { 0.0 };
        let above =
            error.value > floor.unwrap_or(0.0) && error.value > chance * error.standard_error;
        let bad = samples
            .chunks_exact(dim)
            .filter(|x| x.iter().any(|x| !x.is_finite()));
        Ok(Measured {
            nfe: program.calls(),
            steps: program.steps.len(),
            cost,
            above,
            measure,
            floor,
            particles: samples.len() / dim,
            nonfinite: bad.count(),
            error,
        })
    }

    fn law(&self) -> &dyn BlockTarget {
        self.conditional.as_ref().map_or(self.target, |law| &**law)
    }

    /// Where particles start at a node, as the precision of the run has it.
    fn starts_at(&mut self, at: Node) -> Result<usize> {
        if let Some(known) = self.starts.iter().position(|(node, _)| *node == at) {
            return Ok(known);
        }
        let population = &self.settings.population;
        let mut starts = match population.init {
            Init::File(_) => self.given.positions.clone(),
            _ => draw(self.law(), at, self.given.particles, population.seed)?,
        };
        if population.precision == Precision::F32 {
            starts.iter_mut().for_each(|x| *x = f64::from(*x as f32));
        }
        self.starts.push((at, starts));
        Ok(self.starts.len() - 1)
    }

    /// Where particles end.
    fn run<R: Real>(
        &mut self,
        program: &Program,
        method: &DiffuseMethod,
        path: bool,
        start: usize,
        pause: &Pause<'_>,
    ) -> Halting<Vec<f64>> {
        let run = Diffuse {
            particles: self.given.particles,
            start: Start::Given(&self.starts[start].1),
            seed: self.settings.population.seed,
            denoising: method.denoising.clone(),
            brownian_path: path,
            log_densities: false,
        };
        let mut run = DiffuseRun::<R>::begin(self.target, Steps::Program(program), &run)?;
        loop {
            match run.advance(&mut |_| {}, pause)? {
                Advance::Moved => {}
                Advance::Paused => return Err(Halt::Paused),
                Advance::Finished => break,
            }
        }
        let result = run.finish();
        self.pending = std::mem::take(&mut self.pending).merge(result.totals);
        Ok(result.samples.to_vec())
    }

    /// The same with the least time of a few runs over the particles. Those after the first are not counted: how many
    /// there are is a matter of the clock.
    fn timed<R: Real>(
        &mut self,
        program: &Program,
        method: &DiffuseMethod,
        path: bool,
        first: Node,
        pause: &Pause<'_>,
    ) -> Halting<(Vec<f64>, f64)> {
        let start = self.starts_at(first)?;
        let (mut least, mut spent, mut times) = (f64::INFINITY, 0.0, 0);
        let mut kept = None;
        while !enough(times, spent) {
            let before = self.pending.clone();
            let begin = Instant::now();
            let samples = self.run::<R>(program, method, path, start, pause)?;
            let seconds = begin.elapsed().as_secs_f64();
            (least, spent, times) = (least.min(seconds), spent + seconds, times + 1);
            match kept {
                None => kept = Some(samples),
                Some(_) => self.pending = before,
            }
        }
        let cost = least / self.given.particles as f64;
        Ok((kept.unwrap_or_default(), cost))
    }

    /// The fine solution of the flow with these ends.
    fn fine_flow(
        &mut self,
        method: &CompareMethod,
        entrant: &Entrant,
        ends: Ends,
        pause: &Pause<'_>,
    ) -> Halting<usize> {
        if let Some(known) = self.fine.iter().position(|(other, _)| *other == ends) {
            return Ok(known);
        }
        let most = method.calls.iter().copied().max().unwrap_or(1);
        let steps = ((most * FINER.0) as usize).max(FINE_CALLS);
        let schedule = entrant.method.schedule()?;
        let programs = [1, 2, 4].map(|part| fine_program(&schedule, ends, steps / part));
        let fine = self.fine_of(programs, &entrant.method, false, ends.0, pause)?;
        self.fine.push((ends, fine));
        self.count();
        Ok(self.fine.len() - 1)
    }

    /// The fine solution of a solver on the particles' Brownian paths.
    fn fine_path(
        &mut self,
        entrant: &Entrant,
        most: u64,
        first: Node,
        pause: &Pause<'_>,
    ) -> Halting<Fine> {
        let programs = [1, 2, 4].map(|part| entrant.program(most * FINER.1 / part));
        self.fine_of(programs, &entrant.method, true, first, pause)
    }

    fn fine_of(
        &mut self,
        programs: [Result<Program>; 3],
        method: &DiffuseMethod,
        path: bool,
        first: Node,
        pause: &Pause<'_>,
    ) -> Halting<Fine> {
        let start = self.starts_at(first)?;
        let [fine, half, quarter] = programs;
        let fine = fine?;
        let calls = fine.calls();
        let ends = self.run::<F64>(&fine, method, path, start, pause)?;
        let half = self.run::<F64>(&half?, method, path, start, pause)?;
        let quarter = self.run::<F64>(&quarter?, method, path, start, pause)?;
        let precision = self.settings.population.precision;
        Ok(Fine::new([ends, half, quarter], calls, precision))
    }
}

/// Whether a run has been timed often enough: the least of the times of a short one is hardly disturbed by others.
fn enough(times: usize, spent: f64) -> bool {
    let (fewest, short, long) = TIMED;
    times > 0 && spent >= if times < fewest { long } else { short }
}

fn of_moments(samples: &[f64], law: &dyn BlockTarget, ends: Ends) -> Result<MeasuredError> {
    let (_, last, clean) = ends;
    let noised = match clean {
        true => None,
        false => law.noised(last.alpha, last.sigma),
    };
    let exact = noised.as_ref().map_or(law, |law| &**law).exact();
    match (exact.mean, exact.sd) {
        (Some(mean), Some(sd)) => Ok(MeasuredError::of_moments(samples, &mean, &sd)),
        _ => {
            let allowed = "must be a target with exact mean and sd for solvers with noise";
            Err(Error::invalid("TARGET", "no exact moments", allowed))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::enough;

    #[test]
    fn short_runs_are_timed_again() {
        let times = |seconds: f64| (0..).find(|k| enough(*k, seconds * *k as f64));
        for (seconds, expected) in [(1e-4, 200), (0.002, 10), (0.4, 3), (0.9, 2), (2.0, 1)] {
            assert_eq!(times(seconds), Some(expected), "{seconds}");
        }
    }
}
