//! What a run leaves behind: arrays, JSON, folder, summary and report.

use driftlane::diagnostics::RHatKind;
use driftlane::npy::{self, NonFinite};
use driftlane::particles::Numbers;
use driftlane::record::figures::{Figures, Sources};
use driftlane::record::{
    Draws, Identity, Manifest, Moment, MovedBy, OpenFolder, Part, RunFolder, RunRecord, SamplePart,
    SmcPart, Stage, Summary, Warning, coordinate_names, table, write,
};
use driftlane::target::Exact;
use std::path::Path;

/// A stream of numbers that look standard normal enough for a picture.
struct Normal(u64);

impl Normal {
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
    fn draw(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

fn summary(verb: &str, target: &str, dim: usize, particles: usize, part: Part) -> Summary {
    Summary {
        driftlane: "0.1.0".into(),
        isa: "avx512".into(),
        verb: verb.into(),
        target: target.into(),
        dim,
        particles,
        steps: 60,
        precision: "f64".into(),
        threads: 2,
        seed: 1,
        seconds: 0.4127,
        particle_steps_per_second: 1.27e7,
        gradient_evaluations: 5_120_000,
        gradients_per_second: 1.24e7,
        density_evaluations: 1_200_000,
        nonfinite: 0,
        warnings: vec![],
        out: Some("runs/x-1".into()),
        part,
        eti89_lb: Vec::new(),
        eti89_ub: Vec::new(),
    }
}

fn eight_gaussians(samples: &mut Vec<f64>) -> RunRecord<'_> {
    let mut normal = Normal(7);
    let s = 0.5f64.sqrt() * 10.0;
    let centres = [
        (10.0, 0.0),
        (s, s),
        (0.0, 10.0),
        (-s, s),
        (-10.0, 0.0),
        (-s, -s),
        (0.0, -10.0),
        (s, -s),
    ];
    for i in 0..2048 {
        let (x, y) = centres[i % 8];
        samples.extend([x + 0.8367 * normal.draw(), y + 0.8367 * normal.draw()]);
    }
    let betas = [
        0.0, 0.0021, 0.0064, 0.0151, 0.0339, 0.0722, 0.1451, 0.2817, 0.5311, 1.0,
    ];
    let part = SmcPart {
        log_evidence: -0.0131,
        log_evidence_se: Some(0.0247),
        temperatures: betas.to_vec(),
        ess: vec![1024.2; 9],
        acceptance: vec![0.82; 9],
        moves: vec![5; 9],
        log_evidences: vec![-0.0131],
        islands: 1,
        wider_references: None,
        autocorrelation_time: None,
        mean_se: None,
        resamplings: 9,
        mean: vec![0.021, -0.043],
        sd: vec![7.121, 7.108],
    };
    let stages = betas[1..]
        .iter()
        .enumerate()
        .map(|(t, &tempering_param)| Stage {
            tempering_param,
            ess: if t == 8 { 1630.0 } else { 1024.0 + t as f64 },
            acceptance: 0.9 - 0.02 * t as f64,
            step_size: 2.0 / (1.0 + t as f64),
            log_evidence_increment: -0.8 + 0.19 * t as f64,
        })
        .collect();
    let config = "[target]\nkind = \"eight-gaussians\"\n\n[method]\nverb = \"smc\"\nmove = \"hmc\"\nmoves_per_stage = 5\nleapfrog_steps = 10\ntarget_ess = 0.5\nresampler = \"multinomial\"\n\n[population]\nparticles = 2048\nseed = 1\nprecision = \"f64\"\n";
    let mut s = summary("smc", "eight-gaussians", 2, 2048, Part::Smc(part));
    let warnings = vec![Warning::Acceptance {
        rate: 0.93,
        low: 0.2,
        high: 0.9,
    }];
    s.warn(&warnings);
    RunRecord {
        summary: s,
        names: coordinate_names(2),
        r_hat: vec![],
        ess_bulk: vec![],
        ess_tail: vec![],
        reference: "normal(0, 10)".into(),
        evidence_method: "Sum over stages of the log mean incremental weight. Standard error by the Lee-Whiteley estimate from one run, with the factor (N/(N-1))^q for q resamplings.".into(),
        config: config.into(),
        stages,
        schedule: String::new(),
        samples: Numbers::Double(samples),
        draws: None,
        exact: Exact { log_evidence: Some(0.0), mean: Some(vec![0.0; 2]), sd: Some(vec![7.1204; 2]) },
        warnings,
        command: "driftlane smc eight-gaussians --particles 2048 --seed 1".into(),
        manifest: Manifest::new(1, "driftlane smc eight-gaussians"),
        figures: Figures::default(),
    }
}

fn logistic<'a>(samples: &'a mut Vec<f64>, draws: &'a [f64]) -> RunRecord<'a> {
    let mut normal = Normal(3);
    let mean: Vec<f64> = (0..25)
        .map(|j| ((j * 7919 % 25) as f64 - 12.0) / 11.0)
        .collect();
    let sd: Vec<f64> = (0..25).map(|j| 0.08 + 0.01 * f64::from(j % 5)).collect();
    for _ in 0..1024 {
        let z: Vec<f64> = (0..25).map(|_| normal.draw()).collect();
        samples.extend((0..25).map(|j| mean[j] + sd[j] * (0.8 * z[j] + 0.6 * z[(j + 1) % 25])));
    }
    let part = SamplePart {
        acceptance: Some(0.671),
        trajectory_length: None,
        step_size: 0.0831,
        mean,
        sd,
        r_hat_max: Some(1.0612),
        r_hat_kind: Some(RHatKind::Split),
        ess_bulk_min: Some(8123.0),
        ess_tail_min: Some(f64::NAN),
        divergences: Some(0),
        scales: vec![1.0; 25],
        e_bfmi: Some(0.9),
        mcse_mean: (0..25).map(|j| 0.001 + 1e-5 * f64::from(j)).collect(),
    };
    let warnings = vec![
        Warning::RHat {
            value: 1.0612,
            coordinate: "status<&>".into(),
        },
        Warning::NoStandardError {
            reason: "resampler systematic without replicates".into(),
        },
    ];
    let mut names = coordinate_names(25);
    names[3] = "status<&>".into();
    let mut s = summary("sample", "logistic", 25, 1024, Part::Sample(part));
    s.warn(&warnings);
    RunRecord {
        summary: s,
        names,
        r_hat: (0..25).map(|j| 1.0 + 0.001 * f64::from(j)).collect(),
        ess_bulk: (0..25).map(|j| 9000.0 - f64::from(j) * 35.0).collect(),
        ess_tail: (0..25).map(|j| 7000.0 - f64::from(j) * 15.0).collect(),
        reference: "normal(0, 10)".into(),
        evidence_method: String::new(),
        config: "[target]\nkind = \"logistic\"\ndata = \"german_credit.csv\"\n".into(),
        stages: vec![],
        schedule: String::new(),
        samples: Numbers::Double(samples),
        draws: Some(Draws {
            values: draws,
            draws: 2,
        }),
        exact: Exact::default(),
        warnings,
        command: "driftlane sample german.toml --sampler hmc".into(),
        manifest: Manifest::new(1, "driftlane sample"),
        figures: Figures::default(),
    }
}

fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn choose(out: &Path, force: bool) -> driftlane::Result<RunFolder> {
    RunFolder::choose(Some(out), "x", force)
}

#[test]
fn a_run_leaves_a_whole_folder() {
    let keep = std::env::var_os("DRIFTLANE_KEEP_REPORTS");
    let temp = tempfile::tempdir().unwrap();
    let root = keep.as_ref().map_or(temp.path(), Path::new);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    let draws = vec![0.5; 2 * 1024 * 25];
    let first = eight_gaussians(&mut a);
    let second = logistic(&mut b, &draws);
    let sources = Sources {
        target: None,
        log_densities: &[],
        acceptance: &[],
        energies: &[],
        noise_levels: &[],
    };
    for (name, mut record) in [("smc", first), ("sample", second)] {
        record.figures = Figures::of(&record, &sources);
        let path = root.join(name);
        let folder = choose(&path, true)
            .unwrap()
            .create("# resolved\n", &record.manifest)
            .unwrap();
        assert_eq!(
            listing(&path),
            ["config.toml", "manifest.json", "status.json"]
        );
        assert_eq!(write(&record, &folder).unwrap(), path);
        let array = npy::read(path.join("samples.npy"), NonFinite::Refuse).unwrap();
        assert_eq!(array.shape, [record.summary.particles, record.summary.dim]);
        assert_eq!(Numbers::from(&array.values), record.samples);
        for file in ["summary.json", "manifest.json", "status.json"] {
            let text = std::fs::read_to_string(path.join(file)).unwrap();
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(value.is_object(), "{file}");
        }
        let report = std::fs::read_to_string(path.join("report.html")).unwrap();
        for wanted in [
            "<svg",
            "Configuration",
            &record.command,
            "prefers-color-scheme: dark",
        ] {
            assert!(report.contains(wanted), "{name}: {wanted}");
        }
        for foreign in ["http://", "https://", "<script", "NaN", "inf,", "status<&>"] {
            assert!(!report.contains(foreign), "{name}: {foreign}");
        }
        assert!(listing(&path).iter().all(|name| !name.contains("partial")));
        println!("{}", table::text(&record));
    }
}

#[test]
fn json_has_no_nan_and_keeps_its_order() {
    let part = SmcPart {
        log_evidence: f64::NAN,
        log_evidence_se: Some(0.0),
        temperatures: vec![0.0, 1.0],
        ess: vec![f64::INFINITY],
        acceptance: vec![0.5],
        moves: vec![],
        log_evidences: vec![],
        islands: 1,
        wider_references: None,
        autocorrelation_time: None,
        mean_se: None,
        resamplings: 1,
        mean: vec![f64::NAN, 1.0],
        sd: vec![1.0, f64::NEG_INFINITY],
    };
    let mut s = summary("smc", "x", 2, 10, Part::Smc(part));
    s.seconds = f64::INFINITY;
    s.out = None;
    let warning = Warning::NoStandardError {
        reason: "islands are needed".into(),
    };
    s.warn(&[Warning::SlowBuild, warning.clone(), warning]);
    let expected = concat!(
        r#"{"driftlane":"0.1.0","isa":"avx512","verb":"smc","target":"x","dim":2,"particles":10,"steps":60,"#,
        r#""precision":"f64","threads":2,"seed":1,"seconds":null,"particle_steps_per_second":12700000.0,"#,
        r#""gradient_evaluations":5120000,"gradients_per_second":12400000.0,"density_evaluations":1200000,"#,
        r#""nonfinite":0,"warnings":["W-SLOW-BUILD","W-NO-SE"],"out":null,"log_evidence":null,"#,
        r#""log_evidence_se":null,"temperatures":[0.0,1.0],"ess":[null],"acceptance":[0.5],"moves":[],"log_evidences":[],"islands":1,"wider_references":null,"autocorrelation_time":null,"resamplings":1,"#,
        r#""mean":[null,1.0],"mean_se":null,"sd":[1.0,null]}"#
    );
    assert_eq!(s.to_json(), expected);
}

#[test]
fn the_table_is_short_and_ends_with_the_verdict() {
    let mut samples = Vec::new();
    let text = table::text(&logistic(&mut samples, &[0.0; 50]));
    assert!(text.contains("... 5 more"), "{text}");
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("do not use: W-RHAT"), "{last}");
    let worst_first = text.lines().nth(2).unwrap();
    assert!(worst_first.contains("1.024"), "{text}");
}

/// More than one in a hundred, or a mean pulled by more than its standard error.
#[test]
fn stuck_particles_forbid_use_where_they_matter() {
    let of = |stuck, pull| Warning::Stuck {
        stuck,
        particles: 1000,
        moves: 200,
        pull,
    };
    for (stuck, pull, forbids) in [
        (1, 0.4, false),
        (10, 1.0, false),
        (11, 0.1, true),
        (1, 1.2, true),
        (1000, f64::INFINITY, true),
    ] {
        let warning = of(stuck, pull);
        assert_eq!(warning.forbids_use(), forbids, "{warning}");
        let told = warning.to_string().contains("pull a mean by");
        assert_eq!(told, pull.is_finite(), "{warning}");
    }
    assert!(of(2, 0.44).to_string().ends_with("by 0.4 standard errors"));
    assert!(of(2, 31.4).to_string().ends_with("by 31 standard errors"));
}

#[test]
fn every_warning_has_a_code_a_sentence_and_advice() {
    let coordinate = "x[0]".to_owned();
    let all = [
        Warning::NonFinite {
            count: 3,
            evaluations: 1000,
        },
        Warning::ShortChains {
            states: 8,
            autocorrelation_time: 3.0,
            chains: 64,
        },
        Warning::NonFiniteStarts {
            count: 2,
            particles: 100,
        },
        Warning::NonFiniteParticles {
            count: 2,
            particles: 100,
            by: MovedBy::Unadjusted,
        },
        Warning::Coalesced {
            ancestors: 3,
            particles: 1000,
        },
        Warning::Ladder {
            stage: 4,
            ess: 2.0,
            particles: 1000,
        },
        Warning::Acceptance {
            rate: 0.1,
            low: 0.2,
            high: 0.95,
        },
        Warning::RHat {
            value: 1.2,
            coordinate: coordinate.clone(),
        },
        Warning::RHat {
            value: 1.0101,
            coordinate: coordinate.clone(),
        },
        Warning::NestedRHat {
            value: 1.0132,
            limit: 1.0131,
            coordinate: coordinate.clone(),
        },
        Warning::Unstable {
            scheme: "baoab".into(),
            step_size: 2.5,
            limit: 2.0,
        },
        Warning::RunsAway {
            coordinate: coordinate.clone(),
            distance: f64::INFINITY,
            exact: false,
        },
        Warning::RunsAway {
            coordinate: coordinate.clone(),
            distance: 1e80,
            exact: true,
        },
        Warning::Bias {
            coordinate: coordinate.clone(),
            of: Moment::Sd,
            value: 2.02,
            exact: 1.0,
            scale: 1.0,
            se: 0.02,
            by: MovedBy::Unadjusted,
        },
        Warning::Imbalance {
            coordinate: "x[0]".into(),
            identity: Identity::Virial,
            value: -1.8,
            wanted: -1.0,
            se: 0.02,
            by: MovedBy::Adjusted,
        },
        Warning::Ess {
            value: 50.0,
            coordinate: coordinate.clone(),
        },
        Warning::MeanEss {
            value: 6.2,
            coordinate,
        },
        Warning::Evidence {
            log_evidence: -5.8,
            exact: 1.2,
            se: 0.23,
        },
        Warning::Undermoved {
            stage: 9,
            highest: 0.31,
            all: 0.7,
            excess: 2.6,
        },
        Warning::Modes {
            log_evidence: -5.8,
            factor: 8.0,
            wider: -9.1,
            se: Some(0.3),
            few_moves: true,
        },
        Warning::Stuck {
            stuck: 5,
            particles: 100,
            moves: 200,
            pull: 0.4,
        },
        Warning::NoStandardError {
            reason: "one island".into(),
        },
        Warning::SlowBuild,
    ];
    for warning in &all {
        assert!(warning.code().starts_with("W-"));
        for text in [warning.to_string(), warning.advice().to_owned()] {
            assert!(
                !text.is_empty() && !text.contains('\n') && !text.ends_with('.'),
                "{text}"
            );
        }
    }
}

#[test]
fn folders_are_refused_or_replaced_but_never_swallowed() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    let manifest = Manifest::new(1, "x");
    let refused = |path: &Path, force| {
        let before = listing(root);
        let error = choose(path, force).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().starts_with("--out = "), "{error}");
        assert_eq!(listing(root), before);
    };
    let out = root.join("run");
    let made = choose(&out, false)
        .unwrap()
        .create("a = 1\n", &manifest)
        .unwrap();
    std::fs::write(made.file("notes.txt"), "mine").unwrap();
    std::fs::write(made.file("samples.npy"), "old").unwrap();
    refused(&out, false);
    choose(&out, true)
        .unwrap()
        .create("a = 2\n", &manifest)
        .unwrap();
    assert_eq!(
        listing(&out),
        ["config.toml", "manifest.json", "notes.txt", "status.json"]
    );
    assert_eq!(
        std::fs::read_to_string(out.join("config.toml")).unwrap(),
        "a = 2\n"
    );
    assert!(OpenFolder::open(&out).is_ok());

    let foreign = root.join("foreign");
    std::fs::create_dir(&foreign).unwrap();
    refused(&foreign, false);
    assert!(
        choose(&foreign, true).is_ok(),
        "an empty folder may be used with --force"
    );
    std::fs::write(foreign.join("thesis.tex"), "").unwrap();
    refused(&foreign, true);
    assert_eq!(OpenFolder::open(&foreign).unwrap_err().exit_code(), 5);
    refused(&foreign.join("thesis.tex"), true);
    refused(&root.join("absent/run"), false);
    refused(Path::new(""), false);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&out, root.join("link")).unwrap();
        refused(&root.join("link"), true);
    }
    // Two runs that chose the same new folder: the second may not touch the first.
    let (a, b) = (
        choose(&root.join("r"), false).unwrap(),
        choose(&root.join("r"), false).unwrap(),
    );
    a.create("", &manifest).unwrap();
    assert_eq!(b.create("", &manifest).unwrap_err().exit_code(), 4);
    assert_eq!(listing(root), ["foreign", "link", "r", "run"]);
}

#[test]
fn default_folders_take_the_first_free_number() {
    let temp = tempfile::tempdir().unwrap();
    // Every other test of this file uses absolute paths.
    std::env::set_current_dir(temp.path()).unwrap();
    let manifest = Manifest::new(1, "x");
    let make = || {
        RunFolder::choose(None, "../two modes", false)
            .unwrap()
            .create("", &manifest)
            .unwrap()
    };
    let first = make();
    assert_eq!(first.path(), Path::new("runs/two-modes-1"));
    assert_eq!(make().path(), Path::new("runs/two-modes-2"));
    std::fs::remove_dir_all("runs/two-modes-1").unwrap();
    assert_eq!(make().path(), first.path());
    assert_eq!(listing(Path::new("runs")), ["two-modes-1", "two-modes-2"]);
    std::env::set_current_dir("/").unwrap();
}

/// The bytes of an npy file with this header text and data.
fn npy_bytes(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn header(descr: &str, fortran: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n")
}

#[test]
fn arrays_come_back_as_written() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("a.npy");
    let values: Vec<f64> = (0..2 * 3 * 701)
        .map(|i| f64::from(i) * 0.37 - 5.0)
        .collect();
    for shape in [vec![4206], vec![6, 701], vec![2, 3, 701], vec![3, 2, 701]] {
        npy::write(&path, &shape, &values).unwrap();
        let array = npy::read(&path, NonFinite::Refuse).unwrap();
        assert_eq!((&array.shape, &array.values), (&shape, &values));
    }
    npy::write(&path, &[0, 4], &[]).unwrap();
    assert_eq!(npy::read(&path, NonFinite::Refuse).unwrap().shape, [0, 4]);
    npy::write(&path, &[], &[2.5]).unwrap();
    assert_eq!(npy::read(&path, NonFinite::Refuse).unwrap().values, [2.5]);
    let data: Vec<u8> = [1.0f64, 4.0, 2.0, 5.0, 3.0, 6.0]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    std::fs::write(&path, npy_bytes(&header("<f8", "True", "(2, 3)"), &data)).unwrap();
    assert_eq!(
        npy::read(&path, NonFinite::Refuse).unwrap().values,
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    );
    for (descr, data, value) in [
        ("<f4", &1.5f32.to_le_bytes()[..], 1.5),
        ("<i2", &(-300i16).to_le_bytes()[..], -300.0),
        ("|i1", &[0xffu8][..], -1.0),
        ("|u1", &[0xffu8][..], 255.0),
        ("<u4", &u32::MAX.to_le_bytes()[..], 4294967295.0),
        (
            "<i8",
            &(-9_007_199_254_740_992i64).to_le_bytes()[..],
            -9007199254740992.0,
        ),
    ] {
        std::fs::write(&path, npy_bytes(&header(descr, "False", "(1,)"), data)).unwrap();
        assert_eq!(
            npy::read(&path, NonFinite::Refuse).unwrap().values,
            [value],
            "{descr}"
        );
    }
    let mut writer = npy::Writer::create(temp.path().join("b.npy"), &[2, 2]).unwrap();
    writer.push(&[1.0]).unwrap();
    assert!(writer.push(&[1.0; 4]).is_err());
    drop(writer);
    assert_eq!(
        npy::Writer::create(temp.path().join("b.npy"), &[2])
            .unwrap()
            .finish()
            .unwrap_err()
            .exit_code(),
        4
    );
    assert_eq!(listing(temp.path()), ["a.npy"]);
}

#[test]
fn broken_arrays_are_refused_by_name() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("a.npy");
    let mut huge = b"\x93NUMPY\x02\x00".to_vec();
    huge.extend(u32::MAX.to_le_bytes());
    let mut version = npy_bytes(&header("<f8", "False", "(1,)"), &[0; 8]);
    version[6] = 9;
    let eight = |descr: &str, shape: &str| npy_bytes(&header(descr, "False", shape), &[0; 8]);
    let nan = npy_bytes(&header("<f8", "False", "(1, 1)"), &f64::NAN.to_le_bytes());
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![], "ends inside"),
        (b"PK\x03\x04 a zip file, really".to_vec(), "wrong magic"),
        (version, "version 9.0"),
        (huge, "4294967295"),
        (
            b"\x93NUMPY\x01\x00\x76\x00{'descr'".to_vec(),
            "ends inside its header",
        ),
        (eight("|O", "(1,)"), "objects"),
        (eight(">f8", "(1,)"), "big-endian"),
        (eight("<f2", "(4,)"), "half precision"),
        (eight("<c16", "(1,)"), "complex"),
        (eight("<U2", "(1,)"), "text"),
        (eight("|b1", "(8,)"), "booleans"),
        (eight("<f8", "(2,)"), "truncated"),
        (
            eight("<f8", "(4294967296, 4294967296, 4294967296)"),
            "truncated",
        ),
        (
            eight("<f8", "(1000000000000,)"),
            "needs 8000000000000 bytes",
        ),
        (eight("<f8", "(18446744073709551616,)"), "shape"),
        (eight("<f8", "(-1,)"), "shape"),
        (eight("<f8", "()]"), "malformed"),
        (eight("<f4", "(1,)"), "4 bytes after the data"),
        (
            npy_bytes("{'descr': '<f8', 'shape': (1,)}", &[0; 8]),
            "fortran_order",
        ),
        (
            npy_bytes("{'descr': '<f8', 'descr': '<f8'}", &[0; 8]),
            "twice",
        ),
        (npy_bytes("{'descr': [('a', '<f8')]}", &[0; 8]), "record"),
        (npy_bytes(&"(".repeat(9000), &[]), "malformed"),
        (
            npy_bytes(&header("<i8", "False", "(1,)"), &i64::MAX.to_le_bytes()),
            "2^53",
        ),
        (nan, "item [0, 0] is NaN"),
    ];
    for (bytes, wanted) in cases {
        std::fs::write(&path, &bytes).unwrap();
        let error = npy::read(&path, NonFinite::Refuse).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(wanted) && text.contains("a.npy"),
            "{wanted}: {text}"
        );
        assert!(!text.contains('\n') && error.exit_code() == 2, "{text}");
    }
    for path in [temp.path().to_owned(), temp.path().join("absent.npy")] {
        assert_eq!(
            npy::read(&path, NonFinite::Keep).unwrap_err().exit_code(),
            2
        );
    }
    // Every truncation of a good file is refused, whatever byte it ends at.
    npy::write(&path, &[2, 2], &[1.0, 2.0, 3.0, 4.0]).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(npy::read(&path, NonFinite::Refuse).is_err(), "{length}");
    }
}

/// A figure is never shown as its own limit.
#[test]
fn r_hats_are_shown_above_their_limits() {
    let coordinate = "x[0]".to_owned();
    for value in [1.01 + 1e-9, 1.010_04, 1.0104, 1.0106, 1.2, f64::INFINITY] {
        let text = Warning::RHat {
            value,
            coordinate: coordinate.clone(),
        };
        let text = text.to_string();
        assert!(!text.contains("is 1.010,"), "{text}");
        let nested = Warning::NestedRHat {
            value: 1.0131,
            limit: 1.0131 - 1e-6,
            coordinate: coordinate.clone(),
        };
        let text = nested.to_string();
        assert!(text.contains("1.0131, above 1.013:"), "{text}");
    }
}
