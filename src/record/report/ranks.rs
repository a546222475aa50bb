//! Rank plots and differences of distribution functions, with bands (Sailynoja, Buerkner, Vehtari 2022,
//! doi 10.1007/s11222-022-10090-6, arXiv:2103.10522): do the chains have one law?

use super::super::RunRecord;
use super::super::figures::{RankFigure, Ranks};
use super::Axis;
use super::chart::Chart;
use super::page::{Drawing, Page, count, edges, escape, key, short};

/// Both pictures of every coordinate that has ranks.
pub fn ranks(record: &RunRecord<'_>, page: &mut Page) {
    let Some(ranks) = &record.figures.ranks else {
        return;
    };
    let groups: Vec<String> = ranks
        .groups
        .iter()
        .enumerate()
        .map(|(k, name)| {
            format!(
                "<span class=\"nowrap\">{} {}</span>",
                key(&format!("line c{k}")),
                escape(name)
            )
        })
        .collect();
    let thinned = match ranks.draws < ranks.of_draws {
        true if ranks.draws <= ranks.effective || ranks.effective == 0 => {
            "thinned to be about independent".to_owned()
        }
        true => format!(
            "more than its {} independent ones, so that lines may leave the band for that alone",
            ranks.effective
        ),
        false => "all there are".to_owned(),
    };
    let dim = record.summary.dim;
    let which = match dim > ranks.coordinates.len() {
        true => format!(
            "the {} of {dim} coordinates with the largest R-hat",
            ranks.coordinates.len()
        ),
        false => "every coordinate".into(),
    };
    let intro = format!(
        "<p>The draws of {} groups are ranked together, for {which}. Of each group {} of {} draws are taken, {thinned}. \
         Where all groups have one law, their ranks are uniform.</p>\n<p class=\"keys\">{}</p>\n",
        ranks.groups.len(),
        count(ranks.draws as u64),
        count(ranks.of_draws as u64),
        groups.join(" &ensp; ")
    );
    let differences = ranks
        .coordinates
        .iter()
        .map(|r| difference(record, ranks, r))
        .collect();
    let outside: Vec<String> = ranks
        .coordinates
        .iter()
        .filter(|r| !r.inside)
        .map(|r| escape(&record.name(r.coordinate)))
        .collect();
    let found = match outside.len() {
        0 => "Every line is inside.".to_owned(),
        _ => format!("Outside for {}.", outside.join(", ")),
    };
    let alarms = 1.0 - ranks.level;
    let joint = match dim {
        1 => "holds all lines with probability 95% where groups have one law".to_owned(),
        // Written before the level was joint.
        _ if alarms > 0.04 => {
            "holds all lines of one picture with probability 95% where groups have one law"
                .to_owned()
        }
        _ => format!(
            "holds all lines of all {dim} coordinates{} with probability 95% where groups have one law (of one with {}%)",
            match dim > ranks.coordinates.len() {
                true => ", from which these were chosen,",
                false => "",
            },
            percent(ranks.level),
        ),
    };
    let caption = format!(
        "Distribution function of the ranks of each group, less that of uniform ranks; {} {joint}. {found} A hill is a group that sits too low, a valley one that sits too high; an S, a \
         group with too little or too much spread.",
        key("area")
    );
    let mut body = intro + &page.figure(differences, &caption);
    let histograms = ranks
        .coordinates
        .iter()
        .map(|r| histogram(record, ranks, r))
        .collect();
    let caption = format!(
        "Rank plots: draws of each group in equal parts of the ranks, about the number {} that each would hold. Level is right; a \
         slope is a group that sits too high or low, a bowl or a hill one whose spread differs.",
        key("exact")
    );
    body += &page.figure(histograms, &caption);
    page.section("ranks", "Do the chains agree?", &body);
}

/// A share near 1 with two digits of what is left to it.
fn percent(share: f64) -> String {
    let left = (100.0 * (1.0 - share)).max(1e-9);
    let digits = (0..9).find(|digits| left * 10f64.powi(*digits) >= 1.0);
    format!("{:.*}", digits.unwrap_or(9) as usize + 1, 100.0 - left)
}

fn difference(record: &RunRecord<'_>, ranks: &Ranks, figure: &RankFigure) -> Drawing {
    let draws = ranks.draws.max(1) as f64;
    let all = draws * ranks.groups.len() as f64;
    let at = |before: usize| before as f64 / all;
    let bounds = ranks.low.iter().zip(&ranks.high);
    let mut band = vec![(0.0, 0.0, 0.0)];
    band.extend(ranks.before.iter().zip(bounds).map(|(b, (low, high))| {
        let z = at(*b);
        (z, *low as f64 / draws - z, *high as f64 / draws - z)
    }));
    band.push((1.0, 0.0, 0.0));
    let lines: Vec<Vec<(f64, f64)>> = figure
        .counts
        .iter()
        .map(|counts| {
            let inner = ranks.before.iter().zip(counts);
            let inner = inner.map(|(b, c)| (at(*b), *c as f64 / draws - at(*b)));
            std::iter::once((0.0, 0.0))
                .chain(inner)
                .chain([(1.0, 0.0)])
                .collect()
        })
        .collect();
    let widest = band
        .iter()
        .flat_map(|b| [b.1, b.2])
        .chain(lines.iter().flatten().map(|p| p.1));
    let reach = 1.1 * widest.fold(0.0f64, |m, v| m.max(v.abs()));
    let x = Axis::linear("rank", 0.0, 1.0);
    let mut chart = Chart::new(300.0, 190.0, x, Axis::linear("difference", -reach, reach))
        .with_space(26.0, 12.0);
    chart.band(&band, "area");
    for (k, line) in lines.iter().enumerate() {
        chart.line(line, &format!("line c{k}"));
    }
    let name = record.name(figure.coordinate);
    chart.name(&short(&name, 30));
    let inside = if figure.inside { "inside" } else { "outside" };
    Drawing {
        chart,
        title: format!("Difference of distribution functions of {name}"),
        description: format!("{} lines, {inside} the band", lines.len()),
    }
}

fn histogram(record: &RunRecord<'_>, ranks: &Ranks, figure: &RankFigure) -> Drawing {
    let bins = figure.bins.first().map_or(1, Vec::len).max(1);
    let level = ranks.draws as f64 / bins as f64;
    let most = figure.bins.iter().flatten().copied().max().unwrap_or(1);
    let top = f64::from(most).max(2.0 * level);
    let x = Axis::linear("rank", 0.0, 1.0);
    let mut chart =
        Chart::new(300.0, 190.0, x, Axis::counted("draws", 0.0, 1.05 * top)).with_space(26.0, 12.0);
    let edges = edges(0.0, 1.0, bins);
    for (k, counts) in figure.bins.iter().enumerate() {
        let heights: Vec<f64> = counts.iter().map(|n| f64::from(*n)).collect();
        chart.steps(&edges, &heights, &format!("line thin c{k}"));
    }
    chart.level(level, "exact");
    let name = record.name(figure.coordinate);
    chart.name(&short(&name, 30));
    Drawing {
        chart,
        title: format!("Rank plot of {name}"),
        description: format!(
            "{} groups in {bins} parts, {level:.1} draws expected in each",
            figure.bins.len()
        ),
    }
}
