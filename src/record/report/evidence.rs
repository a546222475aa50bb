//! The evidence, its replicates, and the tempering ladder it comes from.

use super::super::{Part, RunRecord, SmcPart};
use super::Axis;
use super::chart::Chart;
use super::page::{Drawing, Page, escape, facts, fixed, grid, key, number, plural, range, table};

/// Rows of the ladder's table.
const STAGES: usize = 400;

/// log Z with its interval, how it was computed, and what other runs of it came to.
pub fn evidence(record: &RunRecord<'_>, page: &mut Page) {
    let (Some((value, se)), Part::Smc(part)) = (record.summary.evidence(), &record.summary.part)
    else {
        return;
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
    if let Some(exact) = record.exact.log_evidence.filter(|e| e.is_finite()) {
        let off = match se {
            Some(se) => {
                let off = fixed((value - exact) / se, 1);
                format!(" (the estimate is off by {off} standard errors)")
            }
            None => format!(" (the estimate is off by {})", number(value - exact)),
        };
        rows.push(("Exact value", number(exact) + &off));
    }
    for wider in part.wider_references.iter().flatten() {
        let se = wider
            .log_evidence_se
            .map_or(String::new(), |se| format!(" ± {}", number(se)));
        let from = format!(
            "{}{se}, {} times as wide",
            number(wider.log_evidence),
            wider.factor
        );
        rows.push(("From a wider reference", from));
    }
    if !record.reference.is_empty() {
        rows.push(("Tempered from", escape(&record.reference)));
    }
    let mut body = facts(&rows);
    if !record.evidence_method.is_empty() {
        body += &format!("<p>{}</p>\n", escape(&record.evidence_method));
    }
    if part.log_evidences.len() > 1 {
        body += &grid(&[replicates(record, part, value, se, page)]);
    }
    page.section("evidence", "Evidence", &body);
}

fn replicates(
    record: &RunRecord<'_>,
    part: &SmcPart,
    value: f64,
    se: Option<f64>,
    page: &mut Page,
) -> String {
    let exact = record.exact.log_evidence;
    let half = 1.96 * se.unwrap_or(0.0);
    let all = part.log_evidences.iter().copied();
    let all = all.chain([value - half, value + half]).chain(exact);
    let (low, high) = range(all).unwrap_or((0.0, 1.0));
    let pad = 0.08 * (high - low);
    let n = part.log_evidences.len();
    let (one, all) = match part.islands > 1 {
        true => ("island", "islands"),
        false => ("replicate", "replicates"),
    };
    let mut chart = Chart::new(
        360.0,
        220.0,
        Axis::counted(one, 0.5, n as f64 + 0.5),
        Axis::linear("log evidence", low - pad, high + pad),
    );
    let (from, to) = (0.5, n as f64 + 0.5);
    if se.is_some() {
        chart.band(
            &[
                (from, value - half, value + half),
                (to, value - half, value + half),
            ],
            "area",
        );
    }
    chart.level(value, "line");
    if let Some(exact) = exact {
        chart.level(exact, "exact");
    }
    let dots: Vec<(f64, f64)> = part
        .log_evidences
        .iter()
        .zip(1..)
        .map(|(z, k)| (f64::from(k), *z))
        .collect();
    chart.marks(&dots, 0, "mark c0");
    let known = exact.map_or(String::new(), |_| {
        format!(", {} the exact value", key("exact"))
    });
    let caption = format!(
        "Log evidence of each of {n} {all} (dots); {} their joint estimate with its 95% interval{known}. \
         Dots should scatter about the line without a gap: two clusters mean that some {all} missed a mode, and a long tail \
         downwards that particles are too few.",
        key("line")
    );
    page.figure(
        vec![Drawing {
            chart,
            title: format!("Log evidence of every {one}"),
            description: format!(
                "{n} dots from {} to {}; estimate {}",
                number(low),
                number(high),
                number(value)
            ),
        }],
        &caption,
    )
}

/// What happened from temperature to temperature; nothing for a run without tempering.
pub fn ladder(record: &RunRecord<'_>, page: &mut Page) {
    let stages = &record.stages;
    if stages.is_empty() {
        return;
    }
    let last = stages.len() as f64;
    // Islands share the particles, replicates do not: with several ladders the picture spans what there is.
    let most_ess = range(stages.iter().map(|s| s.ess)).map_or(1.0, |r| r.1);
    let particles = match part_is_single(record) || islands(record) > 1 {
        true => (record.summary.particles / islands(record)) as f64,
        false => most_ess,
    };
    let beta: Vec<f64> = stages.iter().map(|s| s.tempering_param).collect();
    let (lowest, _) = range(beta.iter().copied()).unwrap_or((1.0, 1.0));
    let scale = match lowest > 0.0 && lowest < 0.02 {
        true => Axis::log("tempering parameter", lowest, 1.0),
        false => Axis::linear("tempering parameter", 0.0, 1.0),
    };
    let mut total = 0.0;
    let evidence: Vec<f64> = stages
        .iter()
        .map(|s| {
            total += s.log_evidence_increment;
            total
        })
        .collect();
    let steps: Vec<f64> = stages.iter().map(|s| s.step_size).collect();
    let ess: Vec<f64> = stages.iter().map(|s| s.ess).collect();
    let acceptance: Vec<f64> = stages.iter().map(|s| s.acceptance).collect();
    let wide = |values: &[f64], label: &str| {
        let (low, high) = range(values.iter().copied()).unwrap_or((0.0, 1.0));
        let pad = 0.06 * (high - low);
        Axis::linear(label, low - pad, high + pad)
    };
    let evidence_axis = wide(&evidence, "log evidence so far");
    let steps_axis = match range(steps.iter().copied()) {
        Some((low, high)) if low > 0.0 && high > 20.0 * low => Axis::log("step size", low, high),
        Some((_, high)) => Axis::linear("step size", 0.0, 1.05 * high),
        None => Axis::linear("step size", 0.0, 1.0),
    };
    let charts = [
        (
            &beta,
            scale,
            "Tempering parameter at each stage",
            "From near 0 (the reference) to 1 (the target). Even steps on \
         this scale are healthy; one long last step, or a plateau of tiny ones, marks where the law changes abruptly.",
        ),
        (
            &ess,
            Axis::linear("effective sample size", 0.0, 1.04 * particles),
            "Effective sample size before resampling",
            "An adaptive ladder holds it at its target share of the particles; a dip of a fixed ladder is a step too long.",
        ),
        (
            &acceptance,
            Axis::linear("acceptance", 0.0, 1.0),
            "Share of accepted moves",
            "It should keep to the range of the \
         move; a fall towards the end means that the step size no longer fits the target.",
        ),
        (
            &steps,
            steps_axis,
            "Step size of the moves",
            "Tuned from the stage before; it shrinks as the law narrows. A \
         sudden fall marks a stiff direction.",
        ),
        (
            &evidence,
            evidence_axis,
            "Log evidence accumulated",
            "The sum of the stages' increments; its last value is the \
         estimate. Most of the error comes from where it is steep.",
        ),
    ];
    let mut figures = Vec::new();
    for (values, y, title, advice) in charts {
        if values
            .iter()
            .all(|v| !v.is_finite() || (*v == 0.0 && title.starts_with("Step")))
        {
            continue;
        }
        let points: Vec<(f64, f64)> = values
            .iter()
            .zip(1..)
            .map(|(v, t)| (f64::from(t), *v))
            .collect();
        let x = Axis::counted("stage", if last > 1.0 { 1.0 } else { 0.5 }, last.max(1.5));
        let mut chart = Chart::new(360.0, 220.0, x, y);
        chart.line(&points, "line");
        chart.dots(&points);
        let (first, end) = (points[0].1, points[points.len() - 1].1);
        let description = format!(
            "From {} at stage 1 to {} at stage {}",
            number(first),
            number(end),
            points.len()
        );
        let drawing = Drawing {
            chart,
            title: title.into(),
            description,
        };
        figures.push(page.figure(vec![drawing], &format!("{title}. {advice}")));
    }
    let moves = match &record.summary.part {
        Part::Smc(part) => part.moves.as_slice(),
        _ => &[],
    };
    let rows: Vec<Vec<String>> = stages
        .iter()
        .enumerate()
        .take(STAGES)
        .map(|(t, s)| {
            let mut row = vec![
                (t + 1).to_string(),
                number(s.tempering_param),
                fixed(s.ess, 0),
                fixed(s.acceptance, 3),
                number(s.step_size),
                number(s.log_evidence_increment),
            ];
            if let Some(moves) = moves.get(t) {
                row.push(moves.to_string());
            }
            row
        })
        .collect();
    let head = [
        "stage",
        "tempering",
        "ESS",
        "acceptance",
        "step size",
        "log Z increment",
        "moves",
    ];
    let head = &head[..rows[0].len().min(head.len())];
    let mut body = format!(
        "<p>{} from the reference to the target; {}, the first is shown.</p>\n",
        plural(stages.len(), "stage", "stages"),
        match islands(record) {
            1 => "replicates have ladders of their own".into(),
            n => format!(
                "islands have ladders of their own and {} each",
                plural(record.summary.particles / n, "particle", "particles")
            ),
        }
    );
    if part_is_single(record) {
        body = format!(
            "<p>{} from the reference to the target.</p>\n",
            plural(stages.len(), "stage", "stages")
        );
    }
    body += &grid(&figures);
    body += &table(head, &rows);
    if stages.len() > STAGES {
        body += &format!(
            "<p>… {} more stages, in record.json.</p>\n",
            stages.len() - STAGES
        );
    }
    page.section("ladder", "Tempering ladder", &body);
}

/// Islands that share the particles; 1 where there are none.
fn islands(record: &RunRecord<'_>) -> usize {
    match &record.summary.part {
        Part::Smc(part) => part.islands.max(1),
        _ => 1,
    }
}

fn part_is_single(record: &RunRecord<'_>) -> bool {
    matches!(&record.summary.part, Part::Smc(part) if part.log_evidences.len() <= 1)
}
