//! How the chains move: traces, the spread of the log density, acceptance, autocorrelation.

use super::super::RunRecord;
use super::super::figures::{Acceptance, Autocorrelation, ChainFigures, Energy, TraceFigure};
use super::Axis;
use super::chart::Chart;
use super::page::{Drawing, Page, edges, escape, grid, key, number, plural, range};

/// All of it, for a run that kept draws.
pub fn chains(record: &RunRecord<'_>, page: &mut Page) {
    let Some(chains) = &record.figures.chains else {
        return;
    };
    let mut figures: Vec<String> = chains
        .traces
        .iter()
        .filter_map(|t| trace(record, chains, t, page))
        .collect();
    figures.extend(chains.energy.as_ref().map(|e| energy(e, page)));
    figures.extend(
        chains
            .acceptance
            .as_ref()
            .map(|a| acceptance(record, a, page)),
    );
    figures.extend(autocorrelation(record, &chains.autocorrelations, page));
    if figures.is_empty() {
        return;
    }
    let all = record.summary.particles;
    let text = match chains.chains < all {
        true => format!(
            "<p>From {} of {all} chains, evenly spaced.</p>\n",
            chains.chains
        ),
        false => String::new(),
    };
    page.section("chains", "How the chains move", &(text + &grid(&figures)));
}

fn trace(
    record: &RunRecord<'_>,
    chains: &ChainFigures,
    trace: &TraceFigure,
    page: &mut Page,
) -> Option<String> {
    let of = trace
        .coordinate
        .map_or("log density".to_owned(), |j| record.name(j));
    let wide = trace
        .quantiles
        .iter()
        .flatten()
        .chain(trace.alone.iter().flatten().filter(|_| chains.chains <= 8));
    let (low, high) = range(wide.copied())?;
    // Chains far off must not press all others into a line: the picture is cut, and says where.
    let quartiles = range(trace.quantiles.iter().flat_map(|q| [q[1], q[3]]))?;
    let room = 6.0 * (quartiles.1 - quartiles.0);
    let (lowest, highest) = (low, high);
    let (low, high) = match room > 0.0 && chains.chains > 8 {
        true => (low.max(quartiles.0 - room), high.min(quartiles.1 + room)),
        false => (low, high),
    };
    let cut = match low > lowest || high < highest {
        true => format!(
            " Cut: values reach from {} to {}.",
            number(lowest),
            number(highest)
        ),
        false => String::new(),
    };
    let pad = 0.04 * (high - low);
    let (first, last) = (*trace.draws.first()?, *trace.draws.last()?);
    let label = super::page::short(&of, 24);
    let mut chart = Chart::new(
        360.0,
        220.0,
        Axis::counted("draw", first as f64, last as f64),
        Axis::linear(&label, low - pad, high + pad),
    );
    let at = |q: usize| {
        trace
            .draws
            .iter()
            .zip(&trace.quantiles)
            .map(move |(d, v)| (*d as f64, v[q]))
    };
    let between = |a: usize, b: usize| {
        at(a)
            .zip(at(b))
            .map(|((x, low), (_, high))| (x, low, high))
            .collect::<Vec<_>>()
    };
    let what = match chains.chains > 8 {
        true => {
            chart.band(&between(0, 4), "area");
            chart.band(&between(1, 3), "area more");
            chart.line(&at(2).collect::<Vec<_>>(), "line");
            format!(
                "over {}: {} median, {} central 50% and {} central 90%. The band should be level from the first draw on: a drift \
                 is a warm-up that was too short",
                plural(chains.chains, "chain", "chains"),
                key("line"),
                key("area more"),
                key("area")
            )
        }
        false => {
            for (k, line) in trace.alone.iter().enumerate() {
                let points: Vec<(f64, f64)> = trace
                    .draws
                    .iter()
                    .zip(line)
                    .map(|(d, v)| (*d as f64, *v))
                    .collect();
                chart.line(&points, &format!("line thin c{k}"));
            }
            format!(
                "along {}. Lines should cross often and look alike: levels that stay apart are chains that have not met, \
                 long flat pieces are chains that are stuck",
                plural(trace.alone.len(), "chain", "of the chains")
            )
        }
    };
    let name = match trace.coordinate {
        Some(_) => format!("{}, the coordinate that is worst,", escape(&of)),
        None => "Log density".into(),
    };
    let shown = trace.draws.len();
    let fewer = match last > shown {
        true => format!(" ({shown} of {last} draws, evenly spaced)"),
        false => String::new(),
    };
    let description = format!(
        "From draw {first} to {last}, between {} and {}",
        number(low),
        number(high)
    );
    let drawing = Drawing {
        chart,
        title: format!("Trace of {of}"),
        description,
    };
    Some(page.figure(vec![drawing], &format!("{name} {what}.{fewer}{cut}")))
}

fn energy(energy: &Energy, page: &mut Page) -> String {
    let share = |counts: &[u32]| -> Vec<f64> {
        let all: u64 = counts.iter().map(|n| u64::from(*n)).sum();
        counts
            .iter()
            .map(|n| f64::from(*n) / all.max(1) as f64)
            .collect()
    };
    let (marginal, changes) = (share(&energy.marginal), share(&energy.changes));
    let (_, top) = range(marginal.iter().chain(&changes).copied()).unwrap_or((0.0, 1.0));
    let edges = edges(-energy.reach, energy.reach, marginal.len());
    let (name, what, title) = match energy.hamiltonian {
        true => ("energy", "Energy H(x, p)", "Energy and its changes"),
        false => ("log density", "Log density", "Log density and its changes"),
    };
    let mut chart = Chart::new(
        360.0,
        220.0,
        Axis::linear(
            &format!("{name}, less its median"),
            -energy.reach,
            energy.reach,
        ),
        Axis::linear("", 0.0, 1.08 * top),
    );
    chart.bars(&edges, &marginal);
    chart.steps(&edges, &changes, "line c1");
    let shown: u64 = energy.marginal.iter().map(|n| u64::from(*n)).sum();
    let beyond = (energy.values as u64).saturating_sub(shown) as f64 / energy.values.max(1) as f64;
    let beyond = match beyond > 0.002 {
        true => format!(" {:.1}% lie beyond the ends.", 100.0 * beyond),
        false => String::new(),
    };
    let ratio = match energy.e_bfmi {
        Some(ratio) if energy.hamiltonian => format!(
            " Mean squared change over variance (E-BFMI): {}.",
            number(ratio)
        ),
        Some(ratio) => format!(
            " Mean squared change over variance: {} (E-BFMI of the log density: moves have no momentum).",
            number(ratio)
        ),
        None => String::new(),
    };
    let narrow = match energy.hamiltonian {
        true => {
            "below 0.3, as with a line much narrower than the bars, momenta renew the energy slowly and chains reach the \
             tails slowly"
        }
        false => {
            "far below 1, as with a line much narrower than the bars, chains creep through levels of the density and reach \
             the tails slowly"
        }
    };
    let caption = format!(
        "{what} of kept draws {} and its changes from draw to draw {}.{beyond}{ratio} Independent draws give 2 and a wider line; \
         {narrow}.",
        key("bar"),
        key("line c1")
    );
    let drawing = Drawing {
        chart,
        title: title.into(),
        description: format!(
            "Two histograms within {} of the median",
            number(energy.reach)
        ),
    };
    page.figure(vec![drawing], &caption)
}

fn acceptance(record: &RunRecord<'_>, acceptance: &Acceptance, page: &mut Page) -> String {
    let heights: Vec<f64> = acceptance.counts.iter().map(|n| f64::from(*n)).collect();
    let (_, top) = range(heights.iter().copied()).unwrap_or((0.0, 1.0));
    let mut chart = Chart::new(
        360.0,
        220.0,
        Axis::linear("mean acceptance probability", 0.0, 1.0),
        Axis::counted("chains", 0.0, 1.08 * top.max(1.0)),
    );
    chart.bars(&edges(0.0, 1.0, heights.len()), &heights);
    let (least, most) = (acceptance.least, acceptance.most);
    let caption = format!(
        "Mean acceptance probability of each of {}, from {least:.3} to {most:.3}. One hill is right; chains apart from it, above all near 0, are \
         where the step size does not fit, as in the neck of a funnel.",
        plural(record.summary.particles, "chain", "chains")
    );
    let drawing = Drawing {
        chart,
        title: "Acceptance over chains".into(),
        description: format!("From {least:.3} to {most:.3}"),
    };
    page.figure(vec![drawing], &caption)
}

fn autocorrelation(
    record: &RunRecord<'_>,
    all: &[Autocorrelation],
    page: &mut Page,
) -> Option<String> {
    let lags = all.iter().map(|a| a.rho.len()).max()?;
    let (low, _) = range(all.iter().flat_map(|a| a.rho.iter().copied()))?;
    let mut chart = Chart::new(
        360.0,
        220.0,
        Axis::counted("lag in kept draws", 0.0, (lags.max(2) - 1) as f64),
        Axis::linear("autocorrelation", (low - 0.05).min(-0.1), 1.0),
    );
    chart.level(0.0, "limit");
    let mut names = Vec::new();
    for (k, a) in all.iter().enumerate() {
        let points: Vec<(f64, f64)> = a
            .rho
            .iter()
            .zip(0..)
            .map(|(r, lag)| (f64::from(lag), *r))
            .collect();
        chart.line(&points, &format!("line c{k}"));
        names.push(format!(
            "{} {}",
            key(&format!("line c{k}")),
            escape(&record.name(a.coordinate))
        ));
    }
    let caption = format!(
        "Autocorrelation of {}, about the mean of all chains. It should fall to 0 within a small part of a chain; a line that \
         levels off above 0 means that chains sit in different places.",
        names.join(", ")
    );
    let title = "Autocorrelation of kept draws".into();
    let description = format!("{} lines over {lags} lags", all.len());
    Some(page.figure(
        vec![Drawing {
            chart,
            title,
            description,
        }],
        &caption,
    ))
}
