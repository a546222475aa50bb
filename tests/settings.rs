//! From arguments and experiment files to settings, and back to text.

use driftlane::cli::settings::{Init, Length, Method, ReferenceSpec, Resampler, Sampler, Settings};
use driftlane::cli::{Command, ParseOutcome, parse};
use std::path::Path;

fn settings(line: &str) -> Settings {
    match parse(std::iter::once("driftlane").chain(line.split_whitespace())) {
        Ok(Command::Run(settings)) | Ok(Command::DryRun(settings)) => *settings,
        other => panic!("{line}: {other:?}"),
    }
}

fn again(text: &str) -> Settings {
    Settings::from_toml(text, "config.toml", Path::new("/nowhere")).unwrap()
}

#[test]
fn defaults_are_those_of_the_documentation() {
    let s = settings("smc eight-gaussians");
    assert_eq!(
        (s.verb(), s.particles(), s.population.seed),
        ("smc", 2048, 1)
    );
    let Method::Smc(smc) = &s.method else {
        panic!()
    };
    assert_eq!(
        (smc.kernel, smc.moves_per_stage, smc.target_ess),
        (Sampler::Hmc, Some(5), 0.5)
    );
    assert_eq!((smc.resampler, smc.replicates), (Resampler::Multinomial, 1));
    assert_eq!(
        (
            smc.tuning.step_size,
            smc.tuning.leapfrog_steps,
            smc.tuning.target_accept
        ),
        (None, Some(10), 0.7)
    );
    let s = settings("sample gaussian --sampler rwmh --set dim=1e1");
    assert_eq!(s.particles(), 1024);
    assert_eq!(s.target.parameters["dim"].as_float(), Some(10.0));
    let Method::Sample(sample) = &s.method else {
        panic!()
    };
    assert_eq!(
        (sample.length, sample.warmup, sample.tuning.target_accept),
        (Length::Draws(200), 200, 0.234)
    );
    let s = settings("sample gaussian --sampler ula --step-size 0.1 --steps 1e6 --particles 1e5");
    let Method::Sample(sample) = &s.method else {
        panic!()
    };
    assert_eq!(
        (sample.length, sample.warmup, s.particles()),
        (Length::Steps(1_000_000), 0, 100_000)
    );
}

#[test]
fn settings_survive_their_own_text() {
    for line in [
        "smc eight-gaussians",
        "smc funnel --set variance=9 --reference student:4,2.5 --ladder 0,0.1,0.5,1 --replicates 16",
        "smc two-modes --move rwmh --step-size 0.3 --resampler systematic --seed 18446744073709551615",
        "smc phi4 --reference wide.toml --target-ess 0.9 --moves-per-stage 3 --precision f32",
        "sample gaussian --draws 1e3 --thin 10 --warmup 0 --out here --force --json --quiet --strict",
        "sample gaussian --sampler ula --step-size 1e-3 --steps 10 --no-save --init start.npy",
        "sample gaussian --sampler underdamped --step-size 0.1 --friction 0.25 --noise three-point",
        "sample gaussian --sampler leimkuhler-matthews --step-size 0.1 --noise two-point --draws 9",
        "sample gaussian --integrator bcss-3 --leapfrog-steps 4",
        "smc gaussian --integrator minimal-norm-2",
        "sample mixture --set means=[[0.0,1.0],[2,3]] --set stds=[1,1] --threads 3 --leapfrog-steps 7",
        "sample logistic --set data=x.csv --init exact --target-accept 0.8",
        "sample logistic --set intercept_prior={mean=0.0,sd=2.5} --set data=[\"a.csv\",\"b.csv\"]",
    ] {
        let s = settings(line);
        let text = s.to_toml();
        let back = again(&text);
        assert_eq!(
            (&back.method, &back.population, &back.output),
            (&s.method, &s.population, &s.output),
            "{text}"
        );
        assert_eq!(
            (&back.target.name, &back.target.parameters),
            (&s.target.name, &s.target.parameters)
        );
        assert_eq!(back.to_toml(), text);
    }
    let s = settings("sample logistic --set data=x.csv --init start.npy");
    assert!(Path::new(s.target.parameters["data"].as_str().unwrap()).is_absolute());
    assert!(matches!(s.population.init, Init::File(path) if path.is_absolute()));
    assert_eq!(s.population.particles, None, "the file's N rules");
}

/// With what the target tells, and the text of that.
fn completed(s: &Settings) -> (Settings, String) {
    let (target, resolved) = s.build_target().unwrap();
    let mut all = s.completed(&*target, &resolved, s.particles() as usize);
    all.remark(&*target, &resolved, None);
    let text = all.to_record();
    (all, text)
}

/// Every setting that `list targets` gives a default stands in the experiment file, and that file stands for itself.
#[test]
fn every_default_is_written_out() {
    for description in driftlane::target::library::describe() {
        let given = match description.name {
            "mixture" => "--set means=[[0.0],[1.0]] --set stds=[1,1]",
            "points" => "--set points=[[0.0],[1.0]] --set bandwidth=0.5",
            "funnel" => "--set variance=9",
            "logistic" => "--set data=examples/data/german_credit_test.csv --set intercept=true",
            _ => "",
        };
        for verb in ["sample", "smc --particles 64"] {
            let (verb, options) = verb.split_once(' ').unwrap_or((verb, ""));
            let s = settings(&format!("{verb} {} {given} {options}", description.name));
            let (all, text) = completed(&s);
            for setting in description.settings.split(", ") {
                // One of several, an entry of a list, or a default.
                let Some((key, _)) = setting.split_once(" = ") else {
                    continue;
                };
                if !key.contains(['|', '[', ' ']) && !["stds", "sds", "cov"].contains(&key) {
                    assert!(all.target.parameters.contains_key(key), "{key}: {text}");
                }
            }
            assert!(!text.contains("default"), "{text}");
            let (again, same) = completed(&again(&text));
            assert_eq!(same, text);
            assert_eq!(again.target.parameters, all.target.parameters);
            use driftlane::cli::resume::identity;
            assert_eq!(identity(&again).unwrap(), identity(&all).unwrap());
        }
    }
    let of = |line: &str| completed(&settings(line)).1;
    let text = of("smc phi4 --set b=0.002");
    for line in [
        "a = 0.1",
        "b = 0.002",
        "beta = 20.0",
        "basis = \"sites\"",
        "n = 32",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(
        text.contains("# normal(0, 1)\nreference = \"target\""),
        "{text}"
    );
    assert!(text.contains("init = \"reference\""), "{text}");
    let text = of("sample gaussian --set sds=[1,2,3]");
    assert!(
        text.contains("dim = 3\nmean = 0.0\nsds") && !text.contains("\nsd ="),
        "{text}"
    );
    assert!(
        text.contains("# normal(0, [2, 4, 6])\ninit = \"reference\""),
        "{text}"
    );
    let text =
        of("smc logistic --set data=examples/data/german_credit_test.csv --set intercept=true");
    assert!(
        text.contains("german_credit_test.csv: 200 rows, CRC-32 aeba3a68\ndata = "),
        "{text}"
    );
    assert!(
        text.contains("[target.intercept_prior]\nmean = 0.0\nsd = 1.0"),
        "{text}"
    );
    assert!(
        text.contains("# normal(0, 1)\nreference = \"prior\""),
        "{text}"
    );
    assert!(text.contains("init = \"prior\""), "{text}");
    let text =
        of("smc logistic --set data=examples/data/german_credit_test.csv --reference normal:3");
    assert!(text.contains("init = \"reference\""), "{text}");
    assert!(of("diffuse grid-9").contains("init = \"noise\""));
    let text = of("compare euler,dpmpp-2m --on grid-9 --nfe 4");
    assert!(text.contains("lower_order_final = \"off\"\n"), "{text}");
    assert!(text.contains("init = \"exact\""), "{text}");
}

/// What an earlier program wrote of a run, and told its checkpoints by: defaults of the target left out.
#[test]
fn older_experiment_files_are_told_as_they_were() {
    use driftlane::cli::resume::identity;
    let told = |s: &Settings| identity(s).unwrap();
    let found = OLDER.map(|(line, _)| (line, told(&settings(line))));
    assert_eq!(found, OLDER);
    // With the words that a folder of it has.
    let found = OLDER.map(|(line, _)| {
        let text = settings(line).to_toml();
        let text = text.replace("init = \"noise\"", "init = \"default\"");
        (
            line,
            told(&again(&text.replace("lower_order_final = \"off\"\n", ""))),
        )
    });
    assert_eq!(found, OLDER);
}

/// Lines, and the checksums by which checkpoints of them are told.
const OLDER: [(&str, u32); 4] = [
    ("sample phi4 --set b=0.002 --draws 10", 120_565_096),
    ("smc two-modes --particles 100", 2_280_478_546),
    ("diffuse grid-9 --steps 5", 4_050_390),
    ("compare ddim,dpmpp-2m --on grid-9 --nfe 4,8", 436_452_396),
];

/// A start that one verb knows and another does not is forgotten with the verb; a file's spread gives way to another.
#[test]
fn what_is_written_out_does_not_stand_in_the_way() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("run.toml");
    let write = |line: &str| std::fs::write(&file, completed(&settings(line)).1).unwrap();
    let file = file.display();
    write("sample gaussian --set dim=3");
    let s = settings(&format!("sample {file} --set sds=[1,2,3]"));
    assert!(s.build_target().is_ok());
    assert_eq!(
        settings(&format!("diffuse {file}")).population.init,
        Init::Default
    );
    write("diffuse grid-9");
    assert_eq!(
        settings(&format!("sample {file}")).population.init,
        Init::Default
    );
    assert_eq!(
        settings(&format!("smc {file}")).population.init,
        Init::Default
    );
    assert_eq!(
        settings(&format!("diffuse {file}")).population.init,
        Init::Default
    );
}

#[test]
fn the_command_line_overrides_the_file() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("run.toml");
    std::fs::write(
        &file,
        settings("sample gaussian --set dim=3 --seed 5 --out there").to_toml(),
    )
    .unwrap();
    let file = file.display();
    assert_eq!(settings(&format!("run {file}")).population.seed, 5);
    assert_eq!(settings(&format!("run {file} --seed 6")).population.seed, 6);
    // What the file says and the command line leaves no meaning yields.
    let s = settings(&format!(
        "sample {file} --steps 7 --step-size 0.5 --no-save"
    ));
    let Method::Sample(sample) = &s.method else {
        panic!()
    };
    assert_eq!(
        (sample.length, sample.tuning.step_size),
        (Length::Steps(7), Some(0.5))
    );
    assert!(!s.output.save && s.output.out.is_none());
    let s = settings(&format!("sample {file} --sampler rwmh"));
    let Method::Sample(sample) = &s.method else {
        panic!()
    };
    assert_eq!(sample.tuning.target_accept, 0.234);
    // Another verb takes the target and what it shares.
    let s = settings(&format!("smc {file} --set dim=4 --reference normal:3"));
    let Method::Smc(smc) = &s.method else {
        panic!()
    };
    assert_eq!(smc.reference, Some(ReferenceSpec::Normal(3.0)));
    assert_eq!(
        (s.population.seed, s.target.parameters["dim"].as_integer()),
        (5, Some(4))
    );
}

#[test]
fn memory_is_judged_before_anything_is_allocated() {
    let s = settings("sample gaussian --draws 1e6 --particles 1e6");
    assert!(s.memory_estimate(1_000_000, 100) > 8 * 100_000_000_000_000);
    let error = s.check_memory(1_000_000, 100).unwrap_err();
    assert!(
        error.exit_code() == 2 && error.to_string().starts_with("--draws = 1000000"),
        "{error}"
    );
    assert!(error.to_string().contains("--particles 1000000"), "{error}");
    // Without draws they would not fit either.
    let many = settings("sample gaussian --draws 2 --particles 1e10");
    let error = many.check_memory(10_000_000_000, 100).unwrap_err();
    assert!(error.to_string().starts_with("--particles = "), "{error}");
    assert!(settings("smc gaussian").check_memory(2048, 10).is_ok());
}

/// Denoisers keep a table a call, of as many steps as a visit takes: eight modes in the plane are 8 (3 + 2 * 2)
/// numbers in both precisions.
#[test]
fn memory_counts_denoisers() {
    let each = 8 * 7 * 12;
    for (line, calls) in [
        ("diffuse eight-gaussians", 20),
        ("diffuse eight-gaussians --steps 1000", 32),
        ("diffuse eight-gaussians --steps 1000 --solver heun", 64),
        ("diffuse eight-gaussians --condition 1 --steps 5", 10),
        ("diffuse eight-gaussians --solver dpm-adaptive-23", 3),
        ("compare heun,ddim --on eight-gaussians --nfe 100", 64),
        ("smc eight-gaussians", 0),
    ] {
        let s = settings(line);
        let target = s.target.build().unwrap();
        assert_eq!(s.denoiser_estimate(&*target), calls * each, "{line}");
        assert!(s.check_memory_for(64, &*target).is_ok());
    }
}

#[test]
fn help_of_every_verb_ends_with_an_example_that_parses() {
    for verb in [
        "", "run", "sample", "smc", "summary", "report", "export", "list", "info",
    ] {
        let args = ["driftlane", verb, "--help"];
        let outcome = parse(args.into_iter().filter(|a| !a.is_empty())).unwrap_err();
        let ParseOutcome::Text(text) = &outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(outcome.exit_code(), 0);
        let (_, examples) = text.split_once("Example:").unwrap();
        for line in examples
            .lines()
            .map(str::trim)
            .filter(|l| l.starts_with("driftlane "))
        {
            let line = line.split(" > ").next().unwrap();
            if !line.contains(" run ") {
                assert!(parse(line.split_whitespace()).is_ok(), "{line}");
            }
        }
    }
}

#[test]
fn a_command_can_be_typed_again() {
    let line =
        driftlane::cli::shell_line(["driftlane", "smc", "--set", "means=[[0, 1]]", "it's", ""]);
    assert_eq!(line, r"driftlane smc --set 'means=[[0, 1]]' 'it'\''s' ''");
}
