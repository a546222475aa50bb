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
//! left out of fitted orders.

mod fine;
mod judge;

pub use fine::FINE_SOLVER;
pub(super) use judge::check;

use super::progress::{Progress, Snapshot};
use super::settings::{CompareMethod, DiffuseMethod, Entrant, Init, Precision, Settings};
use super::starts::Starts;
use crate::diagnostics::{FittedOrder, MeasuredError, fit_order};
use crate::diffusion::{self, Diffuse, Node, Program, Start};
use crate::error::{Error, Result};
use crate::flow::Tally;
use crate::record::{CompareRow, Warning};
use crate::target::library::BoxedTarget;
use crate::target::{BlockTarget, Precision as Real};
use driftlane_kernels::rng::{Purpose, Stream};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F32, F64, Lane};
use fine::{Ends, Fine, ends, fine_program};
use judge::conditional;
use std::time::Instant;

/// The fewest calls of a fine solution.
const FINE_CALLS: usize = 2048;
/// Calls of a fine solution over the most of any row: of the flow, and on a Brownian path.
const FINER: (u64, u64) = (4, 16);
/// Errors this many times their standard error are not chance.
const ABOVE_CHANCE: f64 = 4.0;
/// Particles times calls that are timed at least, by repeating small runs.
const TIMED: usize = 1 << 20;

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

/// Exact draws from `law` noised at a node, `[particles, dim]`; 32 particles have a stream, whatever the run.
fn draw(law: &dyn BlockTarget, at: Node, particles: usize, seed: u64) -> Result<Vec<f64>> {
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

/// Runs and measures, and remembers what several solvers share.
struct Bench<'a> {
    settings: &'a Settings,
    target: &'a dyn BlockTarget,
    /// What is sampled where that is conditioned and nothing more: the same for all solvers.
    conditional: Option<BoxedTarget>,
    given: &'a Starts,
    starts: Vec<(Node, Vec<f64>)>,
    fine: Vec<(Ends, Fine)>,
    totals: Tally,
    progress: Progress,
    /// Calls of all rows, and of those done.
    calls: (f64, f64),
}

/// One row before its order is known.
struct Measured {
    row: CompareRow,
    error: MeasuredError,
    above: bool,
}

/// Every solver at every number of calls.
pub(super) fn compare(
    settings: &Settings,
    method: &CompareMethod,
    target: &dyn BlockTarget,
    given: &Starts,
) -> Result<Comparison> {
    let begin = Instant::now();
    let all: u64 = method.calls.iter().sum::<u64>() * method.entrants.len() as u64;
    let mut bench = Bench {
        settings,
        target,
        conditional: conditional(target, &method.entrants[0].method)?,
        given,
        starts: Vec::new(),
        fine: Vec::new(),
        totals: Tally::default(),
        progress: Progress::start("compare", settings.output.quiet),
        calls: (all as f64, 0.0),
    };
    let mut found = Comparison {
        rows: Vec::new(),
        fine: None,
        seconds: 0.0,
        totals: Tally::default(),
        warnings: Vec::new(),
    };
    let measured =
        method
            .entrants
            .iter()
            .try_for_each(|entrant| match settings.population.precision {
                Precision::F64 => bench.entrant::<F64>(method, entrant, &mut found),
                Precision::F32 => bench.entrant::<F32>(method, entrant, &mut found),
            });
    bench.progress.clear();
    measured?;
    for (_, fine) in &bench.fine {
        let (calls, error) = found.fine.unwrap_or((0, 0.0));
        found.fine = Some((calls.max(fine.calls), error.max(fine.error)));
    }
    found.totals = bench.totals;
    found.seconds = begin.elapsed().as_secs_f64();
    Ok(found)
}

impl Bench<'_> {
    /// All rows of one solver, and its order.
    fn entrant<R: Real>(
        &mut self,
        method: &CompareMethod,
        entrant: &Entrant,
        found: &mut Comparison,
    ) -> Result<()> {
        let mut rows: Vec<Measured> = Vec::new();
        let mut strong: Option<Fine> = None;
        for calls in &method.calls {
            let program = entrant.program(*calls)?;
            if rows.iter().any(|row| row.row.nfe == program.calls()) {
                continue;
            }
            let Some(ends) = ends(&program) else {
                continue;
            };
            let noisy = program.is_stochastic();
            let path = noisy && method.strong;
            if path && strong.is_none() {
                let most = method.calls.iter().copied().max().unwrap_or(1);
                strong = Some(self.fine_path(entrant, most, ends.0)?);
            }
            let flow = match noisy {
                false => Some(self.fine_flow(method, entrant, ends)?),
                true => None,
            };
            let (samples, cost) = self.timed::<R>(&program, &entrant.method, path, ends.0)?;
            let dim = self.target.dim();
            let fine = flow.map(|k| &self.fine[k].1).or(strong.as_ref());
            let (error, measure) = match fine {
                Some(fine) => {
                    let measure = if path { "strong" } else { "solution" };
                    (
                        MeasuredError::of_solution(&samples, &fine.ends, dim),
                        measure,
                    )
                }
                None => (of_moments(&samples, self.law(), ends)?, "moments"),
            };
            let floor = fine.map_or(0.0, |fine| fine.floor);
            let chance = if noisy { ABOVE_CHANCE } else { 0.0 };
            let above = error.value > floor && error.value > chance * error.standard_error;
            let count = samples
                .chunks_exact(dim)
                .filter(|x| x.iter().any(|x| !x.is_finite()))
                .count();
            if count > 0 {
                found.warnings.push(Warning::NonFiniteError {
                    solver: entrant.name.clone(),
                    nfe: program.calls(),
                    count,
                    particles: samples.len() / dim,
                });
            }
            rows.push(Measured {
                row: CompareRow {
                    name: entrant.name.clone(),
                    nfe: program.calls(),
                    steps: program.steps.len(),
                    cost,
                    error: Some(error.value),
                    // One particle says nothing of its own scatter.
                    error_se: (samples.len() > dim).then_some(error.standard_error),
                    order: None,
                    order_low: None,
                    order_high: None,
                    order_note: None,
                    measure: measure.to_owned(),
                    floor: fine.map(|fine| fine.floor),
                },
                error,
                above,
            });
        }
        let (order, note) = order_of(&rows);
        if let Some(reason) = note.as_ref().filter(|_| rows.len() > 1) {
            found.warnings.push(Warning::NoOrder {
                solver: entrant.name.clone(),
                reason: reason.clone(),
            });
        }
        found
            .rows
            .extend(rows.into_iter().map(|measured| CompareRow {
                order: order.map(|order| order.slope),
                order_low: order.map(|order| order.low),
                order_high: order.map(|order| order.high),
                order_note: note.clone(),
                ..measured.row
            }));
        Ok(())
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
    ) -> Result<Vec<f64>> {
        let run = Diffuse {
            particles: self.given.particles,
            start: Start::Given(&self.starts[start].1),
            seed: self.settings.population.seed,
            denoising: method.denoising.clone(),
            brownian_path: path,
            log_densities: false,
        };
        let result = diffusion::diffuse::<R>(self.target, program, &run, &mut |_| {})?;
        self.totals = std::mem::take(&mut self.totals).merge(result.totals);
        self.progress.update(Snapshot {
            done: self.calls.1 / self.calls.0,
            particle_steps: self.totals.moves,
            acceptance: None,
            tempering_param: None,
        });
        Ok(result.samples)
    }

    /// The same with the least time of a few runs over the particles.
    fn timed<R: Real>(
        &mut self,
        program: &Program,
        method: &DiffuseMethod,
        path: bool,
        first: Node,
    ) -> Result<(Vec<f64>, f64)> {
        let start = self.starts_at(first)?;
        let work = self.given.particles.saturating_mul(program.calls()).max(1);
        let mut least = f64::INFINITY;
        let mut samples = Vec::new();
        for _ in 0..(TIMED / work).clamp(1, 5) {
            let begin = Instant::now();
            samples = self.run::<R>(program, method, path, start)?;
            least = least.min(begin.elapsed().as_secs_f64());
        }
        self.calls.1 += program.calls() as f64;
        Ok((samples, least / self.given.particles as f64))
    }

    /// The fine solution of the flow with these ends.
    fn fine_flow(
        &mut self,
        method: &CompareMethod,
        entrant: &Entrant,
        ends: Ends,
    ) -> Result<usize> {
        if let Some(known) = self.fine.iter().position(|(other, _)| *other == ends) {
            return Ok(known);
        }
        let most = method.calls.iter().copied().max().unwrap_or(1);
        let steps = ((most * FINER.0) as usize).max(FINE_CALLS);
        let schedule = entrant.method.schedule()?;
        let programs = [1, 2, 4].map(|part| fine_program(&schedule, ends, steps / part));
        let fine = self.fine_of(programs, &entrant.method, false, ends.0)?;
        self.fine.push((ends, fine));
        Ok(self.fine.len() - 1)
    }

    /// The fine solution of a solver on the particles' Brownian paths.
    fn fine_path(&mut self, entrant: &Entrant, most: u64, first: Node) -> Result<Fine> {
        let programs = [1, 2, 4].map(|part| entrant.program(most * FINER.1 / part));
        self.fine_of(programs, &entrant.method, true, first)
    }

    fn fine_of(
        &mut self,
        programs: [Result<Program>; 3],
        method: &DiffuseMethod,
        path: bool,
        first: Node,
    ) -> Result<Fine> {
        let start = self.starts_at(first)?;
        let [fine, half, quarter] = programs;
        let fine = fine?;
        let calls = fine.calls();
        let ends = self.run::<F64>(&fine, method, path, start)?;
        let half = self.run::<F64>(&half?, method, path, start)?;
        let quarter = self.run::<F64>(&quarter?, method, path, start)?;
        let precision = self.settings.population.precision;
        Ok(Fine::new([ends, half, quarter], calls, precision))
    }
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

/// The order over the last three doublings above the floor, or why there is none.
fn order_of(rows: &[Measured]) -> (Option<FittedOrder>, Option<String>) {
    let above: Vec<(f64, &MeasuredError)> = rows
        .iter()
        .filter(|row| row.above)
        .map(|row| (row.row.steps as f64, &row.error))
        .collect();
    let last = above.last().map_or(0.0, |point| point.0);
    // Three doublings, where a solver of several calls a step has rounded them.
    let near: Vec<_> = above.into_iter().filter(|p| p.0 * 8.8 >= last).collect();
    if let Some(order) = fit_order(&near) {
        return (Some(order), None);
    }
    let finite = rows
        .iter()
        .filter(|row| row.error.value.is_finite())
        .count();
    let noisy = rows.iter().any(|row| row.row.measure == "moments");
    let reason = match (rows.len(), finite, noisy) {
        (0 | 1, ..) => "a single number of calls".to_owned(),
        (_, 0 | 1, _) => "fewer than two errors are finite".to_owned(),
        (.., true) => {
            format!("fewer than two errors are above {ABOVE_CHANCE} standard errors")
        }
        (.., false) => {
            let floor = rows[0].row.floor.unwrap_or(0.0);
            format!("fewer than two errors are above the floor of the fine solution, {floor:.1e}")
        }
    };
    (None, Some(reason))
}
