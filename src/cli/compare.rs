//! `compare`: diffusion solvers side by side, error against calls and cost.
//!
//! Every solver starts from the same particles, exact draws from the law at its first noise level. What it is held
//! against ends where it ends:
//!
//! ```text
//! without noise   a fine solution of the probability flow from the same starts: unipc-3-bh2 in stages, uniform in
//!                 ln(sigma / alpha), at four times the most calls, 2048 at least
//! with noise      mean and sd of the exact law at the last node; or, strong, the same solver at 16 times the most
//!                 calls on the same Brownian path
//! ```
//!
//! The error of a fine solution is estimated by those of half and a quarter as many calls (Richardson), with at most
//! order 4 and at least order 1 assumed. Errors below ten times that, or with noise below four standard errors, are
//! left out of fitted orders. Where the slope is that of few particles, which end in another mode than the fine solution,
//! there is no order, and the median distance tells how the others fare.
//!
//! The cost of a row is the least time of several runs; only the first of them is counted and used.

mod bench;
mod fine;
mod judge;
mod rows;

pub use fine::FINE_SOLVER;
pub(super) use judge::check;

use super::course::{Course, Running};
use super::interrupts::Stop;
use super::progress::Snapshot;
use super::settings::{CompareMethod, DiffuseMethod, Entrant, Precision, Settings};
use super::starts::Starts;
use crate::checkpoint::{Reader, Sections};
use crate::diffusion::Program;
use crate::error::{Error, Result};
use crate::flow::{Advance, Pause, Tally};
use crate::record::{CompareRow, Warning};
use crate::target::BlockTarget;
use bench::{Bench, Halt, Measured};
use driftlane_kernels::{F32, F64};
use std::io::{Read, Seek};

/// What a comparison found.
pub(super) struct Comparison {
    pub(super) rows: Vec<CompareRow>,
    /// The most calls of a fine solution, and its largest estimated error.
    pub(super) fine: Option<(usize, f64)>,
    pub(super) seconds: f64,
    pub(super) totals: Tally,
    pub(super) warnings: Vec<Warning>,
}

impl Entrant {
    /// How it integrates in at most so many calls.
    pub fn at(&self, calls: u64) -> DiffuseMethod {
        DiffuseMethod {
            nfe: Some(calls),
            ..self.method.clone()
        }
    }

    /// Its program of at most so many calls.
    pub fn program(&self, calls: u64) -> Result<Program> {
        self.at(calls).program()
    }
}

/// A comparison on its way: rows are measured one after the other, and a checkpoint holds those that are done.
struct Work<'a> {
    bench: Bench<'a>,
    method: &'a CompareMethod,
    /// Rows of every entrant.
    rows: Vec<Vec<Measured>>,
}

impl<'a> Work<'a> {
    fn begin(
        settings: &'a Settings,
        method: &'a CompareMethod,
        target: &'a dyn BlockTarget,
        given: &'a Starts,
    ) -> Result<Self> {
        Ok(Self {
            bench: Bench::new(settings, &method.entrants[0].method, target, given)?,
            method,
            rows: method.entrants.iter().map(|_| Vec::new()).collect(),
        })
    }

    /// Takes up what was saved.
    fn restored<S: Read + Seek>(mut self, from: &mut Reader<S>) -> Result<Self> {
        let rows: Vec<Vec<Measured>> = from.get("measured")?;
        if rows.len() != self.rows.len() {
            return Err(Error::Checkpoint(format!("is of {} solvers", rows.len())));
        }
        self.rows = rows;
        self.bench.restore(from)?;
        Ok(self)
    }

    /// The next row that is not measured yet: the entrant, and its program.
    fn next(&self) -> Result<Option<(usize, Program)>> {
        for (k, entrant) in self.method.entrants.iter().enumerate() {
            for calls in &self.method.calls {
                let program = entrant.program(*calls)?;
                let known = self.rows[k].iter().any(|row| row.nfe == program.calls());
                if !known && fine::ends(&program).is_some() {
                    return Ok(Some((k, program)));
                }
            }
        }
        Ok(None)
    }
}

impl Running for Work<'_> {
    fn advance(&mut self, pause: &Pause<'_>) -> Result<Advance> {
        let Some((k, program)) = self.next()? else {
            return Ok(Advance::Finished);
        };
        let entrant = &self.method.entrants[k];
        let row = match self.bench.settings.population.precision {
            Precision::F64 => self.bench.row::<F64>(self.method, entrant, &program, pause),
            Precision::F32 => self.bench.row::<F32>(self.method, entrant, &program, pause),
        };
        match row {
            Ok(row) => {
                self.rows[k].push(row);
                Ok(Advance::Moved)
            }
            Err(Halt::Paused) => Ok(Advance::Paused),
            Err(Halt::Failed(error)) => Err(error),
        }
    }

    fn restarts(&self) -> bool {
        true
    }

    fn save<'a>(&'a self, out: &mut Sections<'a>) {
        out.put("measured", &self.rows);
        self.bench.save(out);
    }

    fn snapshot(&self) -> Snapshot {
        let calls: usize = self.rows.iter().flatten().map(|row| row.nfe).sum();
        let all = self.method.calls.iter().sum::<u64>() * self.method.entrants.len() as u64;
        Snapshot {
            done: calls as f64 / all.max(1) as f64,
            particle_steps: self.bench.totals().moves,
            ..Snapshot::default()
        }
    }
}

/// Every solver at every number of calls, or why it stopped before.
pub(super) fn compare(
    settings: &Settings,
    method: &CompareMethod,
    target: &dyn BlockTarget,
    given: &Starts,
    course: &mut Course<'_>,
) -> Result<std::result::Result<Comparison, Stop>> {
    let begin = || Work::begin(settings, method, target, given);
    let mut work = course.start(begin, |from| begin()?.restored(from))?;
    if let Some(stop) = course.carry(&mut work)? {
        return Ok(Err(stop));
    }
    let seconds = course.seconds();
    course.close(&mut work, false)?;
    let mut found = Comparison {
        rows: Vec::new(),
        fine: work.bench.coarsest(),
        seconds,
        totals: work.bench.totals().clone(),
        warnings: Vec::new(),
    };
    for (entrant, measured) in method.entrants.iter().zip(&work.rows) {
        rows::judge(&entrant.name, measured, &mut found);
    }
    Ok(Ok(found))
}
