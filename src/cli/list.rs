//! `list`: what there is, with defaults.

use crate::flow::Resampler;
use crate::mcmc::MoveKind;
use crate::target::library;

/// One group of [`super::GROUPS`], or all of them.
pub fn text(group: Option<&str>) -> String {
    let mut out = String::new();
    let all = group.is_none();
    let mut section = |name: &str, rows: Vec<[String; 3]>| {
        if !(all || group == Some(name)) {
            return;
        }
        let width = |k: usize| rows.iter().map(|r| r[k].chars().count()).max().unwrap_or(0);
        let (first, second) = (width(0), width(1));
        out.push_str(&format!("{name}\n"));
        for [a, b, c] in &rows {
            let line = format!("  {a:first$}  {b:second$}  {c}");
            out.push_str(line.trim_end());
            out.push('\n');
        }
    };
    let targets = library::describe();
    section(
        "targets",
        targets
            .iter()
            .map(|t| {
                let known = format!("reference: {}; exact: {}", t.reference, t.exact);
                [t.name.to_owned(), t.settings.to_owned(), known]
            })
            .collect(),
    );
    let moves = |kinds: &[MoveKind]| -> Vec<[String; 3]> {
        kinds.iter().map(|&kind| [kind.name().to_owned(), settings(kind), what(kind)]).collect()
    };
    section("samplers", moves(&MoveKind::ALL));
    let adjusted: Vec<_> =
        MoveKind::ALL.into_iter().filter(|k| k.default_target_accept().is_some()).collect();
    section("moves", moves(&adjusted));
    section(
        "resamplers",
        Resampler::ALL
            .iter()
            .map(|r| [r.name().to_owned(), error(*r).to_owned(), r.summary().to_owned()])
            .collect(),
    );
    out
}

fn settings(kind: MoveKind) -> String {
    match (kind, kind.default_target_accept()) {
        (MoveKind::Hmc, Some(a)) => format!("leapfrog_steps = 10, target_accept = {a}"),
        (_, Some(a)) => format!("target_accept = {a}"),
        (_, None) => "step_size required".to_owned(),
    }
}

fn what(kind: MoveKind) -> String {
    match kind {
        MoveKind::Hmc => {
            "Hamiltonian Monte Carlo: leapfrog of jittered step size and length, diagonal mass (Duane et al. 1987)"
        }
        MoveKind::Rwmh => "random-walk Metropolis, scaled to the population (Metropolis et al. 1953)",
        MoveKind::Ula => "unadjusted Langevin, Euler-Maruyama steps (Roberts, Tweedie 1996)",
    }
    .to_owned()
}

fn error(resampler: Resampler) -> &'static str {
    match resampler {
        Resampler::Multinomial => "standard error from one run",
        Resampler::Systematic => "standard error from --replicates",
    }
}
