//! How to repeat the run, where it ran, how to cite it.

use super::super::{Part, RunRecord};
use super::page::{Page, escape, facts};
use crate::diagnostics::RHatKind;
use std::fmt::Write;

/// The command and the resolved configuration.
pub fn configuration(record: &RunRecord<'_>, page: &mut Page) {
    let command = escape(&record.command);
    let body = format!(
        "<p>The same bytes come from this command, on any number of threads:</p>\n\
         <pre tabindex=\"0\"><code>{command}</code></pre>\n\
         <p>or from the resolved configuration below, every default written out, which the folder of the run holds:</p>\n\
         <pre tabindex=\"0\"><code>driftlane run config.toml</code></pre>\n\
         <details open>\n<summary>config.toml</summary>\n<pre tabindex=\"0\"><code>{}</code></pre>\n</details>\n",
        escape(record.config.trim_end())
    );
    page.section("configuration", "Configuration", &body);
}

/// Program, build and machine.
pub fn provenance(record: &RunRecord<'_>, page: &mut Page) {
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
        ("Target features", escape(&build.features.join(" "))),
        ("Compiler", escape(&build.compiler)),
        ("Processor", escape(&machine.cpu)),
        ("Cores", machine.cores.to_string()),
        ("Memory", memory),
        ("Threads used", record.summary.threads.to_string()),
        ("Seed", record.manifest.seed.to_string()),
    ];
    let rows: Vec<(&str, String)> = rows
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .collect();
    page.section("machine", "Machine and build", &facts(&rows));
}

/// The program, and what the figures above rest on.
pub fn citation(record: &RunRecord<'_>, page: &mut Page) {
    let build = &record.manifest.build;
    let mut body = format!(
        "<p>driftlane, version {}, commit {}: name both, the seed and the command above. The source \
         of every move, integrator and solver stands at the head of its file in the program.</p>\n",
        escape(&build.version),
        escape(&build.commit)
    );
    let s = &record.summary;
    let smc = matches!(s.part, Part::Smc(_));
    let replicates = matches!(&s.part, Part::Smc(part) if part.log_evidences.len() > 1);
    let figures = &record.figures;
    let energy = figures.chains.as_ref().is_some_and(|c| c.energy.is_some());
    let diffusion = matches!(s.part, Part::Diffuse(_) | Part::Compare(_));
    let sources = [
        (
            smc,
            "Del Moral, Doucet, Jasra 2006, Sequential Monte Carlo samplers, J. R. Stat. Soc. B 68:411, doi 10.1111/j.1467-9868.2006.00553.x",
        ),
        (
            smc && !replicates,
            "Lee, Whiteley 2018, Variance estimation in the particle filter, Biometrika 105:609, doi 10.1093/biomet/asy028",
        ),
        (
            !record.r_hat.is_empty(),
            "Vehtari, Gelman, Simpson, Carpenter, Bürkner 2021, Rank-normalization, folding, and localization, Bayesian Anal. 16:667, doi 10.1214/20-BA1221",
        ),
        (
            record.r_hat_kind() == RHatKind::Nested,
            "Margossian, Hoffman, Sountsov, Riou-Durand, Vehtari, Gelman 2024, Nested R-hat: assessing the convergence of Markov chain Monte Carlo when running many short chains, Bayesian Anal., arXiv:2110.13017",
        ),
        (
            figures.ranks.is_some(),
            "Säilynoja, Bürkner, Vehtari 2022, Graphical test for discrete uniformity, Stat. Comput. 32:32, doi 10.1007/s11222-022-10090-6",
        ),
        (
            energy,
            "Betancourt 2016, Diagnosing suboptimal cotangent disintegrations in Hamiltonian Monte Carlo, arXiv:1604.00695",
        ),
        (
            diffusion,
            "Song, Sohl-Dickstein, Kingma, Kumar, Ermon, Poole 2021, Score-based generative modeling through stochastic differential equations, arXiv:2011.13456",
        ),
    ];
    let mut list = String::new();
    for (_, source) in sources.iter().filter(|(used, _)| *used) {
        let _ = writeln!(list, "<li>{}</li>", escape(source));
    }
    if !list.is_empty() {
        body += "<p>What is shown here rests on:</p>\n<ul class=\"sources\">\n";
        body += &(list + "</ul>\n");
    }
    page.section("cite", "How to cite", &body);
}
