//! What a run came to: its figures, printed and written down.

use super::compare;
use super::course::Course;
use super::settings::{CompareMethod, Method, Settings};
use crate::diagnostics::{INTERVAL_MASS, equal_tailed};
use crate::error::{Error, Result};
use crate::mcmc::KeptDraws;
use crate::particles::{Numbers, Samples};
use crate::record::figures::{Figures, Sources};
use crate::record::trace::{self, Trace};
use crate::record::{self, Draws, Longer, Manifest, RunRecord, Stage, Warning, table};
use crate::record::{ComparePart, Part, Summary};
use crate::target::BlockTarget;
use crate::target::library::BoxedTarget;
use driftlane_kernels::isa;
use std::io::Write;

/// What a run computed, before it is written down.
pub(super) struct Outcome {
    pub(super) part: Part,
    pub(super) seconds: f64,
    pub(super) steps: usize,
    pub(super) totals: crate::flow::Tally,
    pub(super) samples: Samples,
    pub(super) draws: Option<KeptDraws>,
    /// The trace, where it was written as draws came.
    pub(super) trace: Option<Trace>,
    pub(super) stages: Vec<Stage>,
    pub(super) schedule: String,
    pub(super) r_hat: Vec<f64>,
    pub(super) ess_bulk: Vec<f64>,
    pub(super) ess_tail: Vec<f64>,
    pub(super) reference: String,
    pub(super) evidence_method: String,
    pub(super) warnings: Vec<Warning>,
    /// Noise levels of a diffusion sampler's nodes; else empty.
    pub(super) noise_levels: Vec<f64>,
}

/// The fields of every verb, with what one adds; no warnings yet.
fn summary(
    settings: &Settings,
    dim: usize,
    particles: usize,
    (steps, seconds, totals): (u64, f64, &crate::flow::Tally),
    open: Option<&record::OpenFolder>,
    part: Part,
) -> Summary {
    let per_second = |count: u64| count as f64 / seconds;
    Summary {
        driftlane: env!("CARGO_PKG_VERSION").to_owned(),
        isa: isa::LEVEL.to_owned(),
        verb: settings.verb().to_owned(),
        target: settings.target.name.clone(),
        dim,
        particles,
        steps,
        precision: settings.population.precision.name().to_owned(),
        threads: settings.population.threads,
        seed: settings.population.seed,
        seconds,
        particle_steps_per_second: per_second(totals.moves),
        gradient_evaluations: totals.gradient_evaluations,
        gradients_per_second: per_second(totals.gradient_evaluations),
        density_evaluations: totals.density_evaluations,
        nonfinite: totals.nonfinite(),
        warnings: Vec::new(),
        out: open.map(folder_name),
        part,
        eti89_lb: Vec::new(),
        eti89_ub: Vec::new(),
    }
}

/// The equal-tailed intervals of every coordinate of rows, numbers that are not finite left out. One column at a time: of
/// a million particles each is 8 MB, and a run that keeps no draws holds no more than it must.
fn intervals(rows: Numbers<'_>, dim: usize) -> (Vec<f64>, Vec<f64>) {
    let mut column = Vec::with_capacity(rows.len() / dim);
    let ends = (0..dim).map(|j| {
        let values = (0..rows.len() / dim).map(|i| rows.at(i * dim + j));
        column.clear();
        column.extend(values.filter(|x| x.is_finite()));
        let [lower, upper] = equal_tailed(&mut column, INTERVAL_MASS);
        (lower, upper)
    });
    ends.unzip()
}

/// The folder, from the root: the same whether the run began here or went on from elsewhere.
fn folder_name(open: &record::OpenFolder) -> String {
    let path = std::path::absolute(open.path()).unwrap_or_else(|_| open.path().to_owned());
    path.display().to_string()
}

/// Writes and prints what a comparison found.
pub(super) fn comparison(
    settings: &Settings,
    method: &CompareMethod,
    dim: usize,
    particles: usize,
    found: compare::Comparison,
    course: &mut Course<'_>,
    (manifest, command): (Manifest, &str),
) -> Result<u8> {
    let open = course.folder();
    let first = &method.entrants[0].method;
    let same = method.entrants.iter().all(|e| e.method.grid == first.grid);
    let part = ComparePart {
        schedule: first.schedule.clone(),
        grid: if same { first.grid.name() } else { "by name" }.to_owned(),
        fine_solver: found.fine.map(|_| compare::FINE_SOLVER.to_owned()),
        fine_nfe: found.fine.map(|fine| fine.0),
        fine_error: found.fine.map(|fine| fine.1),
        rows: found.rows,
    };
    let mut warnings = found.warnings;
    if !isa::FAST {
        warnings.push(Warning::SlowBuild);
    }
    let steps = found.totals.moves / particles.max(1) as u64;
    let counted = (steps, found.seconds, &found.totals);
    let part_of = Part::Compare(part.clone());
    let mut summary = summary(settings, dim, particles, counted, open, part_of);
    summary.warn(&warnings);
    if let Some(open) = open {
        let record = RunRecord {
            config: settings.to_record(),
            warnings: warnings.clone(),
            command: command.to_owned(),
            ..RunRecord::of(summary.clone(), manifest)
        };
        course.conclude(|| record::comparison::write(&record, &part, open))?;
    }
    let text = match settings.output.json {
        true => summary.to_json() + "\n",
        false => record::comparison::text(&summary, &part, &warnings),
    };
    print(&text)?;
    Ok(u8::from(settings.output.strict && !warnings.is_empty()))
}

/// Why guided diffusion has nothing exact beside it.
const NO_LAW: &str =
    "No exact law is shown: guidance beyond the condition itself leads to a law that is not known";

/// The law that a run leads to, if it is known: the target's; of diffusion with a condition that of the
/// components given, and with guidance other than 0 and 1 none.
pub(super) fn law<'a>(settings: &Settings, target: &'a dyn BlockTarget) -> Option<Law<'a>> {
    let Method::Diffuse(method) = &settings.method else {
        return Some(Law::Whole(target));
    };
    match &method.denoising.guidance {
        Some(guidance) if guidance.scale == 1.0 => target
            .given_components(&guidance.components)
            .map(Law::Given),
        Some(guidance) if guidance.scale != 0.0 => None,
        _ => Some(Law::Whole(target)),
    }
}

/// A law of [`law`].
pub(super) enum Law<'a> {
    Whole(&'a dyn BlockTarget),
    Given(BoxedTarget),
}

impl Law<'_> {
    /// It.
    pub(super) fn get(&self) -> &dyn BlockTarget {
        match self {
            Self::Whole(target) => *target,
            Self::Given(target) => &**target,
        }
    }
}

pub(super) fn report(
    settings: &Settings,
    target: &BoxedTarget,
    outcome: Outcome,
    manifest: Manifest,
    course: &mut Course<'_>,
    command: &str,
) -> Result<u8> {
    let open = course.folder();
    let mut warnings = outcome.warnings;
    if !isa::FAST {
        warnings.push(Warning::SlowBuild);
    }
    let mut summary = summary(
        settings,
        target.dim(),
        outcome.samples.len() / target.dim(),
        (outcome.steps as u64, outcome.seconds, &outcome.totals),
        open,
        outcome.part,
    );
    summary.warn(&warnings);
    let values = match &outcome.draws {
        Some(kept) => Numbers::from(&kept.positions),
        None => outcome.samples.numbers(),
    };
    (summary.eti89_lb, summary.eti89_ub) = intervals(values, target.dim());
    let strict = settings.output.strict && !warnings.is_empty();
    let law = law(settings, &**target);
    let mut record = RunRecord {
        summary,
        names: target.parameter_names(),
        r_hat: outcome.r_hat,
        ess_bulk: outcome.ess_bulk,
        ess_tail: outcome.ess_tail,
        reference: outcome.reference,
        evidence_method: outcome.evidence_method,
        config: settings.to_record(),
        stages: outcome.stages,
        schedule: outcome.schedule,
        samples: outcome.samples.numbers(),
        draws: outcome.draws.as_ref().map(|kept| Draws {
            values: &kept.positions,
            draws: kept.draws,
        }),
        exact: law
            .as_ref()
            .map(|law| law.get().exact())
            .unwrap_or_default(),
        warnings,
        command: command.to_owned(),
        manifest,
        figures: Figures::default(),
    };
    if let Some(open) = open {
        let kept = outcome.draws.as_ref();
        record.figures = Figures::of(
            &record,
            &Sources {
                target: law.as_ref().map(Law::get),
                log_densities: kept.map_or(&[], |kept| &kept.log_densities),
                acceptance: kept.map_or(&[], |kept| &kept.acceptance),
                energies: kept.map_or(&[], |kept| &kept.energies),
                noise_levels: &outcome.noise_levels,
            },
        );
        if law.is_none() {
            record.figures.exact_note = NO_LAW.into();
        }
        course.settle()?;
        let longer = course.longer().is_some();
        let mut trace = outcome.trace;
        if longer {
            // What is slow comes before, so that there are no results for a short while only.
            trace.as_mut().map_or(Ok(()), Trace::flush)?;
            course.held(|| Longer::begin_results(open))?;
        }
        match trace {
            Some(mut trace) => {
                for (name, value) in trace::attributes(&record) {
                    trace.set_attribute(&name, value);
                }
                trace.finish()?;
                if longer {
                    open.put("config.toml", &record.config)?;
                    open.put("manifest.json", &record.manifest.to_json())?;
                    Longer::end(open)?;
                }
            }
            None => trace::write(&record, open)?,
        }
        record::write_results(&record, open)?;
        course.conclude(|| open.set_status(&record::Status::finished(&record.summary)))?;
    }
    let text = if settings.output.json {
        record.summary.to_json() + "\n"
    } else {
        table::text(&record)
    };
    print(&text)?;
    Ok(u8::from(strict))
}

/// Writes to standard output; a reader that closed it early is not an error.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::write("standard output", e))
        }
        _ => Ok(()),
    }
}
