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
    assert!(html.contains("class=\"verdict bad\">do not use"));
    assert!(
        html.contains("Outside for x[0]"),
        "chains that have not met leave the band"
    );
    let summary = json(temp.path(), "summary bad");
    assert!(summary["r_hat_max"].as_f64().unwrap() > 1.1);
}
