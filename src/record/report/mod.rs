//! `report.html`: one file that shows a run to someone who was not there.
//!
//! Everything is inside it (style, charts as SVG); it loads nothing, runs no script, follows the
//! reader's light or dark setting, and reads on a phone and on paper. It is drawn from figures and from
//! counts ([`Figures`](super::figures::Figures)), not from arrays: a few hundred kilobytes at most,
//! and the same bytes again from `record.json`.

mod axis;
mod chains;
pub(super) mod chart;
mod closing;
mod coordinates;
mod evidence;
mod head;
mod marginals;
mod methods;
pub(super) mod names;
mod page;
#[cfg(test)]
mod palette;
mod ranks;
mod shapes;

pub(super) use axis::Axis;

use super::RunRecord;
use page::{Page, escape};

const STYLE: &str = include_str!("style.css");

/// The report as an HTML document.
pub fn html(record: &RunRecord<'_>) -> String {
    let s = &record.summary;
    let mut page = Page::default();
    head::warnings(record, &mut page);
    evidence::evidence(record, &mut page);
    evidence::ladder(record, &mut page);
    methods::diffusion(record, &mut page);
    methods::comparison(record, &mut page);
    marginals::marginals(record, &mut page);
    marginals::pairs(record, &mut page);
    coordinates::coordinates(record, &mut page);
    ranks::ranks(record, &mut page);
    chains::chains(record, &mut page);
    closing::configuration(record, &mut page);
    closing::provenance(record, &mut page);
    closing::citation(record, &mut page);
    let (contents, body) = page.finish();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{target} · {verb} · driftlane</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         {header}{contents}{body}\
         <footer>driftlane {version}, commit {commit}, {isa} build</footer>\n</main>\n</body>\n</html>\n",
        target = escape(&s.target),
        verb = escape(&s.verb),
        header = head::header(record),
        version = escape(&s.driftlane),
        commit = escape(&record.manifest.build.commit),
        isa = escape(&s.isa),
    )
}
