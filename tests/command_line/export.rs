//! `export`: draws as other programs read them. `tests/interop` reads them with those programs.

use super::{array, json, names, ok, run, text};
use driftlane::npy::{self, NonFinite};
use driftlane::record::trace::{Trace, TracePlan, TraceShape};
use std::fs;
use tempfile::tempdir;

const KEPT: &str =
    "sample gaussian --set dim=3 --particles 5 --draws 8 --thin 2 --warmup 10 --out a";
const POPULATION: &str = "smc eight-gaussians --particles 128 --out b";

/// Rows of numbers below a header.
fn rows(csv: &str) -> Vec<Vec<f64>> {
    let cells = |row: &str| row.split(',').map(|cell| cell.parse().unwrap()).collect();
    csv.lines().skip(1).map(cells).collect()
}

#[test]
fn csv_has_every_draw_with_every_digit() {
    let temp = tempdir().unwrap();
    ok(temp.path(), KEPT);
    ok(temp.path(), POPULATION);
    assert_eq!(ok(temp.path(), "export a"), "a/draws.csv\n");
    let csv = fs::read_to_string(temp.path().join("a/draws.csv")).unwrap();
    assert!(csv.starts_with("chain,draw,x[0],x[1],x[2]\n0,0,"));
    let (shape, draws) = array(temp.path().join("a/draws.npy"));
    assert_eq!(shape, [4, 5, 3]);
    let found = rows(&csv);
    assert_eq!(found.len(), 20);
    for (k, row) in found.iter().enumerate() {
        let (chain, draw) = (k / 4, k % 4);
        assert_eq!(row[..2], [chain as f64, draw as f64]);
        assert_eq!(row[2..], draws[(draw * 5 + chain) * 3..][..3]);
    }
    assert_eq!(ok(temp.path(), "export b --out p.csv"), "p.csv\n");
    let (_, samples) = array(temp.path().join("b/samples.npy"));
    let found = rows(&fs::read_to_string(temp.path().join("p.csv")).unwrap());
    for (k, row) in found.iter().enumerate() {
        assert_eq!(row[..2], [0.0, k as f64]);
        assert_eq!(row[2..], samples[2 * k..][..2]);
    }
    assert_eq!(found.len(), 128);
}

#[test]
fn npz_holds_the_arrays_and_starts_another_run() {
    let temp = tempdir().unwrap();
    ok(temp.path(), KEPT);
    ok(temp.path(), POPULATION);
    assert_eq!(ok(temp.path(), "export a --format npz"), "a/arrays.npz\n");
    ok(temp.path(), "export b --format npz --out b.npz");
    for (name, file) in [("draws", "a/draws.npy"), ("samples", "a/samples.npy")] {
        let archived = temp.path().join(format!("a/arrays.npz:{name}"));
        let archived = npy::read(archived, NonFinite::Refuse).unwrap();
        assert_eq!(
            (archived.shape, archived.values),
            array(temp.path().join(file))
        );
    }
    let start = |init: &str| {
        let line = format!("sample gaussian --set dim=2 --init {init} --steps 3 --out c --force");
        ok(temp.path(), &line);
        fs::read(temp.path().join("c/samples.npy")).unwrap()
    };
    let direct = start("b/samples.npy");
    assert_eq!(start("b.npz"), direct);
    assert_eq!(start("b.npz:samples"), direct);
    let several = run(
        temp.path(),
        "sample gaussian --set dim=3 --init a/arrays.npz --steps 3",
    );
    assert_eq!(several.status.code(), Some(2));
    assert!(text(&several.stderr).contains("holds 2 arrays (draws, samples)"));
    // Parameters of a target come from archives too, as files name them.
    let mut writer = npy::npz::Writer::create(temp.path().join("m.npz")).unwrap();
    writer.push("means", &[2, 1], &[-3.0, 3.0]).unwrap();
    writer.push("sds", &[2], &[1.0, 1.0]).unwrap();
    writer.finish().unwrap();
    let file = "kind = \"mixture\"\nmeans = \"m.npz:means\"\nstds = \"m.npz:sds\"\n";
    fs::write(temp.path().join("mix.toml"), file).unwrap();
    let printed = json(temp.path(), "smc mix.toml --particles 256 --no-save");
    assert_eq!(printed["dim"], 1);
}

#[test]
fn stan_csv_is_laid_out_as_cmdstan_does() {
    let temp = tempdir().unwrap();
    ok(temp.path(), KEPT);
    ok(temp.path(), "export a --format stan-csv --chains 2");
    let summary = fs::read_to_string(temp.path().join("a/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let scales = summary["scales"].as_array().unwrap();
    let scales: Vec<f64> = scales.iter().map(|s| s.as_f64().unwrap()).collect();
    assert_eq!(
        names(temp.path().join("a/stan-csv")),
        ["chain-1.csv", "chain-2.csv"]
    );
    let (_, draws) = array(temp.path().join("a/draws.npy"));
    for id in [1, 2] {
        let file = temp.path().join(format!("a/stan-csv/chain-{id}.csv"));
        let csv = fs::read_to_string(file).unwrap();
        for line in [
            "# method = sample",
            "#     num_samples = 8",
            "#     num_warmup = 10",
            "#     thin = 2",
            &format!("# id = {id}"),
            "#   seed = 1",
        ] {
            assert!(csv.lines().any(|found| found == line), "{line}");
        }
        let from = csv.lines().skip_while(|line| line.starts_with('#'));
        let lines: Vec<&str> = from.collect();
        assert_eq!(
            lines[0],
            "lp__,accept_stat__,stepsize__,treedepth__,n_leapfrog__,divergent__,energy__,x.1,x.2,x.3"
        );
        assert_eq!(lines[1], "# Adaptation terminated");
        assert!(lines[2].starts_with("# Step size = "));
        assert_eq!(lines[3], "# Diagonal elements of inverse mass matrix:");
        let masses: Vec<f64> = lines[4][2..]
            .split(", ")
            .map(|cell| cell.parse().unwrap())
            .collect();
        // They were tuned, so none is 1 exactly.
        assert!(masses.len() == 3 && masses.iter().all(|m| *m > 0.0 && *m != 1.0));
        assert_eq!(masses, scales.iter().map(|s| s * s).collect::<Vec<_>>());
        for line in [
            "#         engine = static",
            "#           static",
            "# max_depth = 10",
            "#         stepsize_jitter = 0.2",
            "# driftlane_sampler = hmc",
        ] {
            assert!(csv.lines().any(|found| found == line), "{line}");
        }
        // A trajectory is ten leapfrog steps long.
        let time = csv.lines().find_map(|l| l.split_once("int_time = "));
        let time: f64 = time.unwrap().1.parse().unwrap();
        let step = summary["step_size"].as_f64().unwrap();
        assert!((time - 10.0 * step).abs() < 1e-12 * time, "{time}, {step}");
        let data: Vec<&str> = lines[5..]
            .iter()
            .copied()
            .filter(|l| !l.starts_with('#'))
            .collect();
        assert_eq!(data.len(), 4);
        for (k, row) in data.iter().enumerate() {
            let row: Vec<f64> = row.split(',').map(|cell| cell.parse().unwrap()).collect();
            assert_eq!(row[7..], draws[(k * 5 + id - 1) * 3..][..3]);
            // Lengths vary, energies are above -log density.
            assert!((5.0..=15.0).contains(&row[4]) && row[6] + row[0] > 0.0);
            assert!(row[5] == 0.0 || row[5] == 1.0);
            assert!(row[3] == 0.0 && (0.0..=1.0).contains(&row[1]) && row[2] > 0.0);
        }
        assert!(csv.contains("seconds (Total)"));
    }
    // One population is one chain.
    ok(temp.path(), POPULATION);
    assert_eq!(
        ok(temp.path(), "export b --format stan-csv --out s"),
        "s/chain-1.csv\n"
    );
    let csv = fs::read_to_string(temp.path().join("s/chain-1.csv")).unwrap();
    assert!(csv.contains("num_samples = 128\n") && csv.contains("num_warmup = 0\n"));
    // Nothing is told of moves, and no engine, metric or mass.
    let lines: Vec<&str> = csv.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines[0], "lp__,x.1,x.2");
    assert!(lines[1..].iter().all(|line| line.starts_with("NaN,")));
    assert!(
        csv.contains("# driftlane_sampler = smc\n") && csv.contains("algorithm = fixed_param\n")
    );
    for word in ["engine", "metric", "mass", "tepsize", "(Warm-up)"] {
        assert!(!csv.contains(word), "{word}");
    }
    assert_eq!(
        csv.lines().filter(|line| !line.starts_with('#')).count(),
        129
    );
    // Of a random walk acceptance and step size are known.
    ok(
        temp.path(),
        "sample eight-schools --sampler rwmh --particles 2 --draws 5 --warmup 9 --out w",
    );
    ok(temp.path(), "export w --format stan-csv --out w");
    let csv = fs::read_to_string(temp.path().join("w/chain-1.csv")).unwrap();
    let header = csv.lines().find(|line| !line.starts_with('#')).unwrap();
    assert!(header.starts_with("lp__,accept_stat__,stepsize__,mu,ln_tau,eta.1,eta.2,"));
    assert!(csv.contains("# column ln_tau: ln tau\n") && !csv.contains("# column mu"));
}

#[test]
fn bad_exports_are_refused_and_nothing_is_overwritten() {
    let temp = tempdir().unwrap();
    ok(temp.path(), KEPT);
    ok(temp.path(), POPULATION);
    ok(
        temp.path(),
        "sample gaussian --particles 65 --draws 2 --warmup 2 --out many",
    );
    fs::write(temp.path().join("mine.csv"), "mine").unwrap();
    fs::create_dir(temp.path().join("folder")).unwrap();
    for format in ["csv", "npz", "stan-csv"] {
        ok(temp.path(), &format!("export a --format {format}"));
    }
    for (line, words) in [
        (
            "export a --format hdf5",
            "--format = hdf5: must be csv, npz or stan-csv",
        ),
        (
            "export a --chains 2",
            "--chains = 2: has a meaning for --format stan-csv only",
        ),
        (
            "export a --format stan-csv --chains 0 --force",
            "--chains = 0: must be a whole number, 1 to 64",
        ),
        (
            "export a --format stan-csv --chains -1 --force",
            "--chains = -1",
        ),
        (
            "export a --format stan-csv --chains 6 --force",
            "--chains = 6: must be at most 5",
        ),
        (
            "export many --format stan-csv",
            "--chains = (not given): must be given, 1 to 64: 65 particles",
        ),
        (
            "export b --format stan-csv --chains 2",
            "--chains = 2: must be 1",
        ),
        ("export a", "--out = a/draws.csv: exists"),
        ("export a --format npz", "--out = a/arrays.npz: exists"),
        (
            "export a --format stan-csv",
            "--out = a/stan-csv: holds chains",
        ),
        ("export a --out mine.csv", "--out = mine.csv: exists"),
        ("export a --out folder", "--out = folder: is a folder"),
        (
            "export a --format stan-csv --out mine.csv",
            "--out = mine.csv: is not a folder",
        ),
        (
            "export a --out no/where.csv",
            "--out = no/where.csv: its parent",
        ),
        (
            "export a --format stan-csv --out no/where",
            "--out = no/where: its parent",
        ),
    ] {
        let output = run(temp.path(), line);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {errors}");
        assert!(
            errors.contains(words) && errors.lines().count() == 1,
            "{line}: {errors}"
        );
    }
    assert_eq!(
        fs::read_to_string(temp.path().join("mine.csv")).unwrap(),
        "mine"
    );
    assert_eq!(names(temp.path().join("folder")), [""; 0]);
    ok(temp.path(), "export a --out mine.csv --force");
    let printed = ok(
        temp.path(),
        "export a --format stan-csv --chains 1 --force --json",
    );
    assert_eq!(
        printed,
        "{\"files\":[\"a/stan-csv/chain-1.csv\"],\"format\":\"stan-csv\"}\n"
    );
    let left = names(temp.path().join("a/stan-csv"));
    assert_eq!(
        left,
        ["chain-1.csv"],
        "chains of the earlier export are gone"
    );
    // A run that replaces the folder takes its exports with it.
    ok(
        temp.path(),
        &format!("{POPULATION} --force").replace("--out b", "--out a"),
    );
    for gone in ["draws.csv", "arrays.npz", "stan-csv"] {
        assert!(!temp.path().join("a").join(gone).exists(), "{gone}");
    }
}

/// What stands at the path stays what it is: a pipe, a link, and what the link names.
#[cfg(unix)]
#[test]
fn only_files_are_replaced() {
    let temp = tempdir().unwrap();
    let at = |name: &str| temp.path().join(name);
    ok(temp.path(), KEPT);
    fs::write(at("mine.csv"), "mine").unwrap();
    std::os::unix::fs::symlink("mine.csv", at("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(at("pipe"))
        .status();
    assert!(made.unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    let kinds = || {
        ["link", "dangling", "pipe", "socket"]
            .map(|name| fs::symlink_metadata(at(name)).unwrap().file_type())
    };
    let before = kinds();
    for name in ["link", "dangling", "pipe", "socket"] {
        for line in [
            format!("export a --out {name} --force"),
            format!("export a --format npz --out {name} --force"),
            format!("report a --out {name} --force"),
        ] {
            let output = run(temp.path(), &line);
            let errors = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{line}: {errors}");
            assert!(
                errors.contains(&format!("--out = {name}: is a link, a pipe or a device"))
                    && errors.lines().count() == 1,
                "{line}: {errors}"
            );
        }
    }
    // Chains of Stan CSV are files in a folder.
    fs::create_dir(at("stan")).unwrap();
    std::os::unix::fs::symlink("../mine.csv", at("stan/chain-2.csv")).unwrap();
    let output = run(temp.path(), "export a --format stan-csv --out stan --force");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("stan/chain-2.csv: is a link"));
    assert_eq!(names(at("stan")), ["chain-2.csv"]);
    assert!(kinds() == before);
    assert_eq!(fs::read_to_string(at("mine.csv")).unwrap(), "mine");
    assert!(!at("nowhere").exists());
}

/// A covariate may be called as the columns before it.
#[test]
fn columns_of_csv_have_different_names() {
    let temp = tempdir().unwrap();
    let table = "chain,draw,y\n1.0,0.2,1\n0.5,-1.0,0\n-0.3,2.0,1\n2.0,1.0,0\n";
    fs::write(temp.path().join("data.csv"), table).unwrap();
    ok(
        temp.path(),
        "sample logistic --set data=data.csv --particles 2 --draws 3 --warmup 5 --out l",
    );
    ok(temp.path(), "export l");
    let csv = fs::read_to_string(temp.path().join("l/draws.csv")).unwrap();
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    assert_eq!(header[..2], ["chain", "draw"]);
    let different: std::collections::BTreeSet<&str> = header.iter().copied().collect();
    assert_eq!(different.len(), header.len(), "{header:?}");
    assert!(header.contains(&"chain_") && header.contains(&"draw_"));
}

#[test]
fn statistics_of_a_trace_are_columns_of_stan_csv() {
    let temp = tempdir().unwrap();
    ok(temp.path(), KEPT);
    let folder = temp.path().join("a/trace.zarr");
    let trace = |draws: usize| {
        fs::remove_dir_all(&folder).unwrap();
        let plan = TracePlan {
            shape: TraceShape {
                particles: 5,
                dim: 3,
                draws,
                chunk_draws: 3,
                one_chain: false,
            },
            parameters: vec![String::new(); 3],
            stats: ["lp", "diverging", "n_steps"].map(str::to_owned).to_vec(),
            attributes: serde_json::Map::new(),
        };
        let mut trace = Trace::create(&folder, plan).unwrap();
        for k in 0..draws {
            let each = |f: fn(usize, usize) -> f64| (0..5).map(|p| f(k, p)).collect::<Vec<_>>();
            let lp = each(|k, p| -0.5 - (10 * k + p) as f64);
            let diverging = each(|k, p| f64::from(u8::from(k == p)));
            let steps = each(|k, p| (7 + k * p) as f64);
            let stats: [(&str, &[f64]); 3] =
                [("lp", &lp), ("diverging", &diverging), ("n_steps", &steps)];
            trace.push(&[0.0; 15], &stats).unwrap();
        }
        trace.finish().unwrap();
    };
    trace(4);
    let export = "export a --format stan-csv --force";
    ok(temp.path(), export);
    for id in 1..=5 {
        let csv =
            fs::read_to_string(temp.path().join(format!("a/stan-csv/chain-{id}.csv"))).unwrap();
        let data = csv.lines().filter(|line| !line.starts_with('#')).skip(1);
        for (k, row) in data.enumerate() {
            let row: Vec<f64> = row.split(',').map(|cell| cell.parse().unwrap()).collect();
            let p = id - 1;
            assert_eq!(row[0], -0.5 - (10 * k + p) as f64);
            assert_eq!(
                (row[4], row[5]),
                ((7 + k * p) as f64, f64::from(u8::from(k == p)))
            );
            assert!(row[1] > 0.0 && row[1] <= 1.0 && row[2] > 0.0);
        }
    }
    // Chunks that are missing are not known; others must be what they seem.
    let chunk = folder.join("sample_stats/lp/c/0/1");
    fs::remove_file(&chunk).unwrap();
    ok(temp.path(), export);
    let csv = fs::read_to_string(temp.path().join("a/stan-csv/chain-1.csv")).unwrap();
    assert_eq!(
        csv.lines().filter(|line| line.starts_with("NaN,")).count(),
        1
    );
    let refused = |words: &str| {
        let output = run(temp.path(), export);
        let errors = text(&output.stderr);
        assert!(
            output.status.code() == Some(5) && errors.contains(words),
            "{errors}"
        );
    };
    fs::write(&chunk, "short").unwrap();
    refused("lp: chunk 1 is not a file of 120 bytes");
    trace(3);
    refused("lp: is not of 4 draws of 5 particles");
    fs::write(folder.join("sample_stats/lp/zarr.json"), "{}").unwrap();
    refused("lp: is not laid out");
    fs::write(folder.join("sample_stats/lp/zarr.json"), "{").unwrap();
    refused("lp: zarr.json");
}
