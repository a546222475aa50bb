//! `--freeze`, which replays a run without its bias, `--check-modes`, which doubts its reference, and
//! `--waste-free`, which keeps every state.

use super::{json, list, ok, run, text};
use std::fs;
use tempfile::tempdir;

#[test]
fn freeze_replays_temperatures_and_step_sizes() {
    let temp = tempdir().unwrap();
    let line = "smc many-well --particles 256 --quiet";
    let first = json(temp.path(), &format!("{line} --out first"));
    let second = json(
        temp.path(),
        &format!("{line} --freeze first --replicates 4 --seed 5 --out second"),
    );
    assert_eq!(list(&first, "temperatures"), list(&second, "temperatures"));
    assert_eq!(list(&second, "log_evidences").len(), 4);
    assert_ne!(first["log_evidence"], second["log_evidence"]);
    // The replay's own schedule replays once more, and its configuration repeats it.
    let config = fs::read_to_string(temp.path().join("second/config.toml")).unwrap();
    assert!(config.contains("freeze = "), "{config}");
    let third = json(temp.path(), "run second/config.toml --no-save --quiet");
    assert_eq!(second["log_evidence"], third["log_evidence"]);
    let fourth = json(temp.path(), &format!("{line} --freeze second --no-save"));
    assert_eq!(list(&first, "temperatures"), list(&fourth, "temperatures"));
}

#[test]
fn freeze_refuses_what_it_cannot_replay() {
    let temp = tempdir().unwrap();
    ok(
        temp.path(),
        "smc gaussian --particles 64 --quiet --out first",
    );
    ok(
        temp.path(),
        "sample gaussian --particles 64 --quiet --out chains",
    );
    fs::create_dir(temp.path().join("edited")).unwrap();
    let schedule = fs::read_to_string(temp.path().join("first/schedule.toml")).unwrap();
    let edited = schedule.replacen("step_size = ", "step_size = -", 1);
    fs::write(temp.path().join("edited/schedule.toml"), edited).unwrap();
    for (line, words) in [
        ("--freeze nowhere", "schedule.toml"),
        ("--freeze chains", "schedule.toml"),
        ("--freeze edited", "step_size"),
        ("--freeze first --move rwmh", "hmc"),
        ("--freeze first --set dim=2", "scales"),
        ("--freeze first --ladder 0,1", "--ladder"),
        ("--freeze first --step-size 0.1", "--step-size"),
    ] {
        let output = run(temp.path(), &format!("smc gaussian --no-save {line}"));
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {errors}");
        assert!(errors.contains(words), "{line}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{line}: {errors}");
    }
}

/// Forty modes tempered from N(0, 1): most are missed, confidently; N(0, 25^2) finds them all.
#[test]
fn a_reference_that_is_too_narrow_is_found_out() {
    let temp = tempdir().unwrap();
    let codes = |reference: &str| {
        let line = format!(
            "smc fab-40 --particles 2048 --reference normal:{reference} --check-modes --no-save --quiet"
        );
        let object = json(temp.path(), &line);
        let wider = object["wider_references"].as_array().unwrap();
        assert_eq!(wider.len(), 3);
        assert!(wider.iter().all(|run| run["log_evidence"].is_number()));
        object["warnings"].to_string()
    };
    assert!(codes("1").contains("W-MODES"));
    assert!(!codes("25").contains("W-MODES"));
    let plain = json(temp.path(), "smc fab-40 --particles 256 --no-save --quiet");
    assert!(plain["wider_references"].is_null());
}

/// Chains of 128 states forget; 64 of 64 on a law they do not mix over are told off.
#[test]
fn waste_free_keeps_every_state() {
    let temp = tempdir().unwrap();
    let line = "smc eight-gaussians --particles 4096 --quiet";
    let first = json(temp.path(), &format!("{line} --waste-free 128 --out first"));
    assert_eq!(first["particles"], 4096);
    assert!(list(&first, "moves").iter().all(|m| *m == 127.0));
    let se = first["log_evidence_se"].as_f64().unwrap();
    assert!(first["log_evidence"].as_f64().unwrap().abs() < 5.0 * se && se < 0.1);
    assert!(
        list(&first, "ess")
            .iter()
            .all(|ess| (100.0..=4096.0).contains(ess))
    );
    // Chains stay in their modes: what 32 starts tell of means is as much as 32 draws do.
    assert_eq!(first["warnings"].to_string(), "[\"W-ESS\"]");
    let again = json(temp.path(), "run first/config.toml --no-save --quiet");
    assert_eq!(first["log_evidence"], again["log_evidence"]);
    let line = format!("{line} --waste-free 128 --freeze first --replicates 3 --no-save");
    assert!(json(temp.path(), &line)["log_evidence_se"].is_number());
    let short =
        "smc many-well --set dim=8 --move mala --particles 4096 --waste-free 64 --no-save --quiet";
    let short = json(temp.path(), short);
    assert!(short["warnings"].to_string().contains("W-CHAINS"));
    let plain = json(temp.path(), "smc gaussian --particles 64 --no-save --quiet");
    assert!(plain["autocorrelation_time"].is_null());
}
