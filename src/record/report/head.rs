//! The top of the report: what ran, the verdict, the figures one asks for first, the warnings.

use super::super::table::rate;
use super::super::{Part, RunRecord};
use super::page::{Page, count, escape, number, plural, prose, r_hat, rounded};
use crate::diagnostics::RHatKind;
use std::fmt::Write;

/// Title, verdict and figures.
pub fn header(record: &RunRecord<'_>) -> String {
    let s = &record.summary;
    let kind = match s.part {
        Part::Smc(_) => "Tempered sequential Monte Carlo",
        Part::Sample(_) => "Markov chain sampling",
        Part::Diffuse(_) => "Diffusion sampling",
        Part::Compare(_) => "Comparison of diffusion solvers",
        Part::Other(_) => "Run",
    };
    format!(
        "<header>\n<p class=\"kicker\">{kind}</p>\n<h1>{}</h1>\n<p class=\"lede\">{}</p>\n{}{}</header>\n",
        escape(&s.target),
        lede(record),
        verdict(record),
        tiles(record)
    )
}

fn lede(record: &RunRecord<'_>) -> String {
    let s = &record.summary;
    let moves = match s.part {
        Part::Diffuse(_) | Part::Compare(_) => {
            format!("{} in all", plural(s.steps as usize, "step", "steps"))
        }
        _ => format!(
            "{} each{}",
            plural(s.steps as usize, "move", "moves"),
            only_tuned(record)
        ),
    };
    format!(
        "{} in {}, {moves}, {} arithmetic, {}, seed {}.",
        plural(s.particles, "particle", "particles"),
        plural(s.dim, "dimension", "dimensions"),
        escape(&s.precision),
        plural(s.threads, "thread", "threads"),
        s.seed,
    )
}

/// How many moves only tuned, which the table of stages leaves out: of one ladder, whose moves can be counted there.
fn only_tuned(record: &RunRecord<'_>) -> String {
    let Part::Smc(part) = &record.summary.part else {
        return String::new();
    };
    let staged = part.moves.iter().map(|n| *n as u64).sum::<u64>();
    match record.summary.steps.checked_sub(staged) {
        Some(extra) if extra > 0 && staged > 0 && part.log_evidences.len() <= 1 => {
            format!(" ({} of them only to tune)", count(extra))
        }
        _ => String::new(),
    }
}

fn verdict(record: &RunRecord<'_>) -> String {
    let class = if record.warnings.iter().any(|w| w.forbids_use()) {
        "bad"
    } else if record.warnings.is_empty() {
        "good"
    } else {
        "care"
    };
    format!(
        "<p class=\"verdict {class}\">{}</p>\n",
        prose(&record.verdict())
    )
}

fn tiles(record: &RunRecord<'_>) -> String {
    let s = &record.summary;
    let mut tiles = Vec::new();
    if let Some((value, se)) = s.evidence() {
        let se = se.map_or("no standard error".into(), |se| format!("± {}", number(se)));
        tiles.push(("log evidence", number(value), se));
    }
    match &s.part {
        Part::Smc(part) => {
            let resampled = plural(part.resamplings as usize, "resampling", "resamplings");
            tiles.push((
                "temperatures",
                part.temperatures.len().to_string(),
                resampled,
            ));
        }
        Part::Sample(part) => {
            if let Some(rate) = part.acceptance.filter(|a| a.is_finite()) {
                tiles.push((
                    "acceptance",
                    format!("{rate:.3}"),
                    format!("step size {}", number(part.step_size)),
                ));
            }
            let listed = record.r_hat.iter().copied().filter(|r| !r.is_nan());
            let largest = listed.reduce(f64::max).or(part.r_hat_max);
            if let Some(largest) = largest.filter(|r| !r.is_nan()) {
                let label = match record.r_hat_kind() {
                    RHatKind::Split => "largest R-hat",
                    RHatKind::Nested => "largest nested R-hat",
                };
                tiles.push((label, r_hat(largest), String::new()));
            }
            if let Some(ess) = part.ess_bulk_min.filter(|e| e.is_finite()) {
                tiles.push(("smallest bulk ESS", rounded(ess), String::new()));
            }
        }
        Part::Diffuse(part) => {
            tiles.push((
                "calls a particle",
                part.nfe.to_string(),
                escape(&part.solver),
            ));
        }
        Part::Compare(part) => {
            let solvers = part.rows.chunk_by(|a, b| a.name == b.name).count();
            let rows = plural(part.rows.len(), "row", "rows");
            tiles.push(("solvers", solvers.to_string(), rows));
        }
        Part::Other(_) => {}
    }
    let work = match s.part {
        Part::Diffuse(_) | Part::Compare(_) => String::new(),
        _ => format!("{} gradients", count(s.gradient_evaluations)),
    };
    tiles.push(("seconds", number(s.seconds), work));
    let gradients = match s.part {
        Part::Diffuse(_) | Part::Compare(_) => String::new(),
        _ => format!("{} gradients/s", rate(s.gradients_per_second)),
    };
    tiles.push((
        "particle-steps/s",
        rate(s.particle_steps_per_second),
        gradients,
    ));
    let mut out = String::from("<dl class=\"tiles\">\n");
    for (label, value, detail) in tiles {
        let _ = writeln!(
            out,
            "<div><dt>{label}</dt><dd>{value}<small>{detail}</small></dd></div>"
        );
    }
    out + "</dl>\n"
}

/// Every warning with what to do next.
pub fn warnings(record: &RunRecord<'_>, page: &mut Page) {
    if record.warnings.is_empty() {
        return;
    }
    let mut body = String::from("<ul class=\"warnings\">\n");
    for warning in &record.warnings {
        let class = if warning.forbids_use() { "bad" } else { "care" };
        let _ = writeln!(
            body,
            "<li class=\"{class}\"><code>{}</code> {}.<br><span>Next: {}.</span></li>",
            warning.code(),
            prose(&warning.to_string()),
            prose(warning.advice()),
        );
    }
    page.section("warnings", "Warnings", &(body + "</ul>\n"));
}
