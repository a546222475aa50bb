//! `report.html` of every verb: its sections, its numbers, its form, its size.

use super::page::{check, sections};
use super::{json, object, ok};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

fn report(folder: &Path, line: &str, name: &str) -> String {
    ok(folder, &format!("{line} --out {name} --quiet"));
    let html = fs::read_to_string(folder.join(name).join("report.html")).unwrap();
    check(&html);
    html
}

#[test]
fn every_verb_has_its_sections() {
    let temp = tempdir().unwrap();
    let end = ["configuration", "machine", "cite"];
    let cases: [(&str, &[&str]); 7] = [
        (
            "sample funnel --set variance=3 --set dim=4 --particles 32 --draws 200 --warmup 100 --leapfrog-steps 8",
            &["marginals", "pairs", "coordinates", "ranks", "chains"],
        ),
        (
            "sample gaussian --sampler ula --step-size 0.1 --particles 64 --steps 200",
            &["marginals", "coordinates"],
        ),
        (
            "smc eight-gaussians --particles 512 --seed 3",
            &["evidence", "ladder", "marginals", "pairs", "coordinates"],
        ),
        (
            "smc grid-9 --particles 256 --replicates 4",
            &["evidence", "ladder", "marginals", "pairs", "coordinates"],
        ),
        (
            "diffuse grid-25 --particles 256 --steps 12",
            &["solver", "marginals", "pairs", "coordinates"],
        ),
        (
            "compare ddim,heun --on grid-9 --nfe 4,8,16 --particles 64",
            &["comparison", "orders", "rows"],
        ),
        (
            "sample gaussian --particles 1 --draws 300 --warmup 100",
            &["marginals", "coordinates", "ranks", "chains"],
        ),
    ];
    for (k, (line, wanted)) in cases.iter().enumerate() {
        let html = report(temp.path(), line, &format!("r{k}"));
        let mut found = sections(&html);
        found.retain(|section| *section != "warnings");
        let wanted: Vec<&str> = wanted.iter().chain(&end).copied().collect();
        assert_eq!(found, wanted, "{line}");
        assert!(html.contains("driftlane run config.toml"), "{line}");
        // The command, escaped as it stands.
        assert!(html.contains(line), "{line}");
        ok(temp.path(), &format!("report r{k} -o again.html --force"));
        let again = fs::read_to_string(temp.path().join("again.html")).unwrap();
        assert!(again == html, "{line}: drawn again it differs");
    }
}

#[test]
fn numbers_are_those_of_the_summary() {
    let temp = tempdir().unwrap();
    let html = report(
        temp.path(),
        "smc eight-gaussians --particles 512 --replicates 4",
        "a",
    );
    let summary = object(&fs::read_to_string(temp.path().join("a/summary.json")).unwrap());
    let text = |value: f64| format!("{value:.4}").replace('-', "\u{2212}");
    let value = summary["log_evidence"].as_f64().unwrap();
    let se = summary["log_evidence_se"].as_f64().unwrap();
    assert!(html.contains(&format!("<dt>Log evidence</dt><dd>{}</dd>", text(value))));
    assert!(html.contains(&format!("<dt>Standard error</dt><dd>{}</dd>", text(se))));
    let (low, high) = (value - 1.96 * se, value + 1.96 * se);
    assert!(html.contains(&format!("<dd>{} to {}</dd>", text(low), text(high))));
    for z in summary["log_evidences"].as_array().unwrap() {
        assert!(html.contains(&format!(", {}</title>", text(z.as_f64().unwrap()))));
    }
    let stages = summary["temperatures"].as_array().unwrap().len() - 1;
    assert!(html.contains(&format!(
        "<tr><th scope=\"row\">{stages}</th><td>1.0000</td>"
    )));

    let html = report(
        temp.path(),
        "sample eight-schools --particles 16 --draws 100 --warmup 100",
        "b",
    );
    let summary = object(&fs::read_to_string(temp.path().join("b/summary.json")).unwrap());
    let r_hat = summary["r_hat_max"].as_f64().unwrap();
    assert!(html.contains(&format!("<dt>largest R-hat</dt><dd>{r_hat:.3}")));
    for (mean, mcse) in summary["mean"]
        .as_array()
        .unwrap()
        .iter()
        .zip(summary["mcse_mean"].as_array().unwrap())
    {
        for number in [mean, mcse] {
            let size = number.as_f64().unwrap();
            if (1e-4..10.0).contains(&size.abs()) {
                assert!(html.contains(&format!("<td>{}</td>", text(size))), "{size}");
            }
        }
    }
}

#[test]
fn reports_stay_small_and_say_what_they_leave_out() {
    let temp = tempdir().unwrap();
    let html = report(
        temp.path(),
        "sample gaussian --set dim=1024 --particles 20 --draws 60 --warmup 30",
        "wide",
    );
    assert!(html.contains("The 12 of 1024 coordinates with the largest R-hat"));
    assert!(html.contains("824 more with the smallest R-hat"));
    assert!(html.contains("the 6 of 1024 coordinates"));
    let html = report(temp.path(), "smc eight-gaussians --particles 2", "one");
    assert!(sections(&html).contains(&"ladder"));
    let html = report(
        temp.path(),
        "sample gaussian --particles 150000 --steps 2 --precision f32 --warmup 1",
        "many",
    );
    assert!(html.contains("of 150\u{2009}000 particles of the last population, evenly spaced"));
}

#[test]
fn warnings_come_with_what_to_do() {
    let temp = tempdir().unwrap();
    let line =
        "sample fab-40 --particles 8 --draws 100 --warmup 10 --step-size 0.01 --leapfrog-steps 1";
    let html = report(temp.path(), line, "bad");
    assert_eq!(sections(&html)[0], "warnings");
    assert!(html.contains("<code>W-RHAT</code>") && html.contains("<span>Next: "));
    // Options are not broken in two.
    let head = &html[..html.find("id=\"marginals\"").unwrap()];
    let told = head.split("</style>").nth(1).unwrap();
    for (at, _) in told.match_indices("--") {
        let open = told[..at].rfind("<span class=\"nowrap\">").unwrap();
        assert!(!told[open..at].contains("</span>"), "{}", &told[open..at]);
    }
    assert!(html.contains("class=\"verdict bad\">do not use"));
    assert!(
        html.contains("Outside for x[0]"),
        "chains that have not met leave the band"
    );
    let summary = json(temp.path(), "summary bad");
    assert!(summary["r_hat_max"].as_f64().unwrap() > 1.1);
}

/// What a run is held against is the law it leads to.
#[test]
fn conditioned_diffusion_is_held_against_its_components() {
    let temp = tempdir().unwrap();
    let line = "diffuse fab-40 --condition 4 --particles 512 --steps 12";
    let whole = report(
        temp.path(),
        "diffuse fab-40 --particles 512 --steps 12",
        "a",
    );
    // The sd of the whole mixture, and of one component.
    assert!(whole.contains("<td>21.019</td>"));
    let given = report(temp.path(), line, "b");
    assert!(given.contains("<td>1.3133</td>") && !given.contains("21.019"));
    assert!(given.contains("is exact (the marginal density)"));
    let without = report(temp.path(), &format!("{line} --guidance 0"), "c");
    assert!(without.contains("<td>21.019</td>"));
    let guided = report(temp.path(), &format!("{line} --guidance 2"), "d");
    assert!(guided.contains("No exact law is shown: guidance"));
    assert!(!guided.contains("is exact (") && !guided.contains(">exact</th>"));
    assert!(!guided.contains("of the exact density"));
}

#[test]
fn what_is_left_out_is_not_shown_as_all() {
    let temp = tempdir().unwrap();
    let line =
        "sample many-well --sampler ula --step-size 0.05 --particles 64 --steps 200 --seed 2";
    let html = report(temp.path(), line, "r");
    let object = json(temp.path(), "summary r");
    let lost = object["nonfinite"].as_u64().unwrap();
    assert!(lost > 0);
    let sentence =
        format!("all 64 particles of the last population but {lost} left out as not finite");
    assert!(html.contains(&sentence), "{sentence}");
    assert!(html.contains("flight.json") && html.contains("driftlane replay DIR"));
}

#[test]
fn islands_are_told_from_replicates() {
    let temp = tempdir().unwrap();
    let line = "smc fab-40 --particles 2048 --moves-per-stage 1 --seed 3";
    let islands = report(temp.path(), &format!("{line} --islands 16"), "i");
    let verdict = ok(temp.path(), "summary i");
    assert!(verdict.contains(" of 128 an island"), "{verdict}");
    let told = |html: &str| html[..html.find("id=\"configuration\"").unwrap()].to_owned();
    let (islands, replicate) = (told(&islands), "replicate");
    assert!(islands.contains(">island</text>") && !islands.contains(replicate));
    assert!(islands.contains("of all islands"));
    assert!(islands.contains("Tempered from</dt><dd>normal(["));
    let repeated = told(&report(temp.path(), &format!("{line} --replicates 2"), "r"));
    assert!(repeated.contains(">replicate</text>") && !repeated.contains("island"));
    assert!(repeated.contains("of the first replicate"));
}

/// A tile and the verdict are rounded alike.
#[test]
fn sizes_are_rounded_alike() {
    let temp = tempdir().unwrap();
    for seed in 1..=4 {
        let line = format!("sample gaussian --particles 50 --draws 100 --seed {seed}");
        let html = report(temp.path(), &line, &format!("r{seed}"));
        let found = json(temp.path(), &format!("summary r{seed}"));
        let ess = format!("{:.0}", found["ess_bulk_min"].as_f64().unwrap());
        let start = html.find("smallest bulk ESS</dt><dd>").unwrap() + 26;
        let tile: String = html[start..]
            .chars()
            .take_while(|c| *c != '<')
            .filter(char::is_ascii_digit)
            .collect();
        assert_eq!(tile, ess);
    }
}

#[test]
fn angles_have_whole_bins_and_two_particles_are_not_coalesced() {
    let temp = tempdir().unwrap();
    report(
        temp.path(),
        "sample u1-gauge --particles 64 --draws 10 --warmup 20",
        "g",
    );
    let record = object(&fs::read_to_string(temp.path().join("g/record.json")).unwrap());
    for marginal in record["figures"]["marginals"].as_array().unwrap() {
        let ends = ["low", "high"].map(|end| marginal[end].as_f64().unwrap().abs());
        assert!(
            ends.iter().all(|end| *end <= std::f64::consts::PI),
            "{ends:?}"
        );
    }
    // One stage that keeps nearly equal weights: nobody is lost.
    let line = "smc gaussian --particles 2 --ladder 0,0.001,1 --resampler systematic --no-save";
    for seed in 1..20 {
        let told = ok(temp.path(), &format!("{line} --seed {seed}"));
        assert!(
            !told.contains("2 particles descend from 2 ancestors"),
            "{told}"
        );
    }
}

/// A picture for a wide page with names, one for a narrow page with a list of them; what has no place on a
/// logarithmic scale is named.
#[test]
fn comparisons_fit_a_phone() {
    let temp = tempdir().unwrap();
    let line = "compare ddim,dpmpp-2m --on eight-gaussians --nfe 10:40 --particles 256";
    let html = report(temp.path(), line, "c");
    // Two pictures, against calls and against time, each for a wide and for a narrow page.
    assert_eq!(html.matches("viewBox=\"0 0 390 384\"").count(), 2);
    assert_eq!(html.matches("<title id=").count(), 4);
    assert!(
        html.contains("Error against calls and time")
            && html.contains(">time a particle (ns)</text>")
    );
    // Every solver has its line, its mark and its name together, in each of the four.
    for (name, class) in [("ddim", "c0"), ("dpmpp-2m", "c1")] {
        let named = format!("<tspan class=\"name\">{name}</tspan>");
        let parts: Vec<&str> = html.split(&named).collect();
        assert_eq!(parts.len(), 5, "{name}");
        for before in &parts[..4] {
            let last = before.lines().last().unwrap();
            assert!(last.contains(&format!("class=\"line {class}\"")), "{last}");
            assert!(last.contains(&format!("class=\"mark {class}\"")), "{last}");
        }
        assert!(html.contains(&format!("<span class=\"nowrap\">{name}</span>")));
    }
}

/// A seventh solver has the colour of the first and dashes.
#[test]
fn no_two_of_ten_solvers_look_alike() {
    let temp = tempdir().unwrap();
    let names = "ddim,dpmpp-2m,heun,unipc-2-bh2,unipc-3-bh2,deis-2,deis-3,rho-rk4,ipndm-2,dpmpp-1";
    let line = format!("compare {names} --on eight-gaussians --nfe 8,16 --particles 32");
    let html = report(temp.path(), &line, "c");
    let keys: std::collections::BTreeSet<String> = names
        .split(',')
        .map(|name| {
            let named = format!("<tspan class=\"name\">{name}</tspan>");
            let line = html.lines().rfind(|line| line.contains(&named)).unwrap();
            let class = line.split("class=\"").nth(1).unwrap();
            let mark = line.split(" d=\"M").nth(2).unwrap();
            // How the mark goes on from its first point.
            let mark = mark.trim_start_matches(|c: char| c.is_ascii_digit() || ". ".contains(c));
            format!("{} {}", class.split('"').next().unwrap(), &mark[..6])
        })
        .collect();
    assert_eq!(keys.len(), 10, "{keys:?}");
    assert!(keys.iter().any(|key| key.contains("dashed")), "{keys:?}");
}
