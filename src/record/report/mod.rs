//! `report.html`: one file that shows a run to someone who was not there.
//!
//! Everything is inside it (style, charts as SVG); it loads nothing, runs no script, follows the
//! reader's light or dark setting, and reads on a phone and on paper.

pub(super) mod chart;
mod figures;

use super::table::{figure, rate};
use super::{Part, RunRecord, table};
use std::fmt::Write;

const STYLE: &str = include_str!("style.css");
/// Rows of the table of coordinates.
const ROWS: usize = 200;

/// The report as an HTML document.
pub fn html(record: &RunRecord<'_>) -> String {
    let s = &record.summary;
    let target = escape(&s.target);
    let kind = match s.part {
        Part::Smc(_) => "Tempered sequential Monte Carlo",
        Part::Sample(_) => "Markov chain sampling",
        Part::Diffuse(_) => "Diffusion sampling",
        Part::Compare(_) => "Comparison",
        Part::Other(_) => "Run",
    };
    let sections = [
        warnings(record),
        evidence(record),
        figures::ladder(record),
        figures::marginals(record),
        figures::joint(record),
        coordinates(record),
        configuration(record),
        provenance(record),
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{target} · {verb} · driftlane</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<p class=\"kicker\">{kind}</p>\n<h1>{target}</h1>\n\
         <p class=\"lede\">{lede}</p>\n{verdict}{tiles}</header>\n{sections}\
         <footer>driftlane {version}, commit {commit}, {isa} build</footer>\n</main>\n</body>\n</html>\n",
        verb = escape(&s.verb),
        lede = lede(record),
        verdict = verdict(record),
        tiles = tiles(record),
        sections = sections.concat(),
        version = escape(&s.driftlane),
        commit = escape(&record.manifest.build.commit),
        isa = escape(&s.isa),
    )
}

/// Text made safe inside HTML and SVG, in elements and in attributes.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => safe.push(c),
        }
    }
    safe
}

/// A number with a proper minus sign.
fn number(value: f64) -> String {
    figure(value).replace("e-", "e\u{2212}").replacen(
        '-',
        if value < 0.0 { "\u{2212}" } else { "–" },
        1,
    )
}

/// A whole number with thin spaces between thousands.
fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push('\u{2009}');
        }
        out.push(c);
    }
    out
}

fn section(title: &str, body: &str) -> String {
    format!("<section>\n<h2>{title}</h2>\n{body}</section>\n")
}

fn lede(record: &RunRecord<'_>) -> String {
    let s = &record.summary;
    let plural = |n: usize, one: &str, many: &str| {
        format!("{} {}", count(n as u64), if n == 1 { one } else { many })
    };
    format!(
        "{} in {}, {} moves each, {} arithmetic, {}, seed {}.",
        plural(s.particles, "particle", "particles"),
        plural(s.dim, "dimension", "dimensions"),
        count(s.steps),
        escape(&s.precision),
        plural(s.threads, "thread", "threads"),
        s.seed,
    )
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
        escape(&record.verdict())
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
            let resampled = format!("{} resamplings", part.resamplings);
            tiles.push((
                "temperatures",
                part.temperatures.len().to_string(),
                resampled,
            ));
        }
        Part::Sample(part) => {
            if let Some(rate) = part.acceptance {
                tiles.push((
                    "acceptance",
                    format!("{rate:.3}"),
                    format!("step size {}", number(part.step_size)),
                ));
            }
            if let Some(r_hat) = part.r_hat_max {
                tiles.push(("largest R-hat", format!("{r_hat:.3}"), String::new()));
            }
            if let Some(ess) = part.ess_bulk_min {
                tiles.push(("smallest bulk ESS", count(ess as u64), String::new()));
            }
        }
        Part::Diffuse(part) => {
            let on = format!("{}, {} grid", part.schedule, part.grid);
            tiles.push((
                "calls",
                part.nfe.to_string(),
                format!("{}, {on}", part.solver),
            ));
        }
        Part::Compare(_) | Part::Other(_) => {}
    }
    tiles.push((
        "seconds",
        number(s.seconds),
        format!("{} gradients", count(s.gradient_evaluations)),
    ));
    let gradients = format!("{} gradients/s", rate(s.gradients_per_second));
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

fn warnings(record: &RunRecord<'_>) -> String {
    if record.warnings.is_empty() {
        return String::new();
    }
    let mut body = String::from("<ul class=\"warnings\">\n");
    for warning in &record.warnings {
        let class = if warning.forbids_use() { "bad" } else { "care" };
        let _ = writeln!(
            body,
            "<li class=\"{class}\"><code>{}</code> {}.<br><span>Next: {}.</span></li>",
            warning.code(),
            escape(&warning.to_string()),
            escape(warning.advice()),
        );
    }
    section("Warnings", &(body + "</ul>\n"))
}

fn evidence(record: &RunRecord<'_>) -> String {
    let Some((value, se)) = record.summary.evidence() else {
        return String::new();
    };
    let mut rows = vec![("Log evidence", number(value))];
    match se {
        Some(se) => {
            let (low, high) = (value - 1.96 * se, value + 1.96 * se);
            rows.push(("Standard error", number(se)));
            rows.push((
                "95% interval",
                format!("{} to {}", number(low), number(high)),
            ));
        }
        None => rows.push(("Standard error", "could not be given".into())),
    }
    if let Some(exact) = record.exact.log_evidence {
        let off = match se {
            Some(se) => {
                let off = format!("{:+.1}", (value - exact) / se).replace('-', "\u{2212}");
                format!(" (the estimate is off by {off} standard errors)")
            }
            None => format!(" (the estimate is off by {})", number(value - exact)),
        };
        rows.push(("Exact value", number(exact) + &off));
    }
    if !record.reference.is_empty() {
        rows.push(("Tempered from", escape(&record.reference)));
    }
    let mut body = facts(&rows);
    if !record.evidence_method.is_empty() {
        let _ = writeln!(body, "<p>{}</p>", escape(&record.evidence_method));
    }
    section("Evidence", &body)
}

/// Pairs of a label and text that is already safe.
fn facts(rows: &[(&str, String)]) -> String {
    let mut out = String::from("<dl class=\"facts\">\n");
    for (label, value) in rows {
        let _ = writeln!(out, "<dt>{label}</dt><dd>{value}</dd>");
    }
    out + "</dl>\n"
}

fn coordinates(record: &RunRecord<'_>) -> String {
    let (mean, sd) = (record.mean(), record.sd());
    if mean.is_empty() {
        return String::new();
    }
    let exact = &record.exact;
    let lists = [
        ("mean", Some(mean), 0),
        ("exact", exact.mean.as_deref(), 0),
        ("sd", Some(sd), 0),
        ("exact", exact.sd.as_deref(), 0),
        ("MCSE", Some(record.mcse_mean()), 0),
        ("R-hat", Some(record.r_hat.as_slice()), 3),
        ("bulk ESS", Some(record.ess_bulk.as_slice()), 1),
        ("tail ESS", Some(record.ess_tail.as_slice()), 1),
    ];
    let present: Vec<_> = lists
        .iter()
        .filter(|(_, list, _)| list.is_some_and(|l| !l.is_empty()))
        .collect();
    let mut body = String::from("<div class=\"scroll\"><table>\n<thead><tr><th>coordinate</th>");
    for (name, ..) in &present {
        let _ = write!(body, "<th>{name}</th>");
    }
    body.push_str("</tr></thead>\n<tbody>\n");
    for j in table::shown(record, ROWS) {
        let _ = write!(body, "<tr><th>{}</th>", escape(&record.name(j)));
        for (_, list, style) in &present {
            let value = list.and_then(|l| l.get(j)).copied().unwrap_or(f64::NAN);
            let text = match style {
                3 if value.is_finite() => format!("{value:.3}"),
                1 if value.is_finite() => count(value as u64),
                _ => number(value),
            };
            let _ = write!(body, "<td>{text}</td>");
        }
        body.push_str("</tr>\n");
    }
    body.push_str("</tbody>\n</table></div>\n");
    if mean.len() > ROWS {
        let _ = writeln!(
            body,
            "<p>… {} more, in summary.json.</p>",
            mean.len() - ROWS
        );
    }
    section("Coordinates", &body)
}

fn configuration(record: &RunRecord<'_>) -> String {
    let command = escape(&record.command);
    section(
        "Configuration",
        &format!(
            "<p>The same bytes come from this command, on any number of threads:</p>\n\
             <pre><code>{command}</code></pre>\n\
             <p>The resolved configuration, every default written out:</p>\n<pre><code>{}</code></pre>\n",
            escape(record.config.trim_end())
        ),
    )
}

fn provenance(record: &RunRecord<'_>) -> String {
    let (build, machine) = (&record.manifest.build, &record.manifest.machine);
    let memory = machine.memory.map_or("unknown".into(), |b| {
        format!("{:.1} GB available", b as f64 / 1e9)
    });
    let rows = [
        (
            "Program",
            format!(
                "driftlane {}, commit {}",
                escape(&build.version),
                escape(&build.commit)
            ),
        ),
        (
            "Build",
            format!(
                "{}, {}, {}",
                escape(&build.isa),
                escape(&build.profile),
                escape(&build.target)
            ),
        ),
        ("Compiler", escape(&build.compiler)),
        ("Processor", escape(&machine.cpu)),
        ("Cores", machine.cores.to_string()),
        ("Memory", memory),
    ];
    section("Machine and build", &facts(&rows))
}
