//! Targets from names, TOML files and `--set`; refusals that name file, key, value and what is
//! allowed, in one line.

use driftlane::cli::settings::{Settings, TargetSpec};
use driftlane::cli::{Command, ParseOutcome};
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F64, Lane};
use driftlane::target::library::{build, describe};
use driftlane::{Error, parameters::Parameters};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// The settings of `driftlane sample ARGUMENT --set KEY=VALUE ...`.
fn settings(argument: &str, sets: &[(&str, &str)]) -> Result<Settings, Error> {
    let mut args = vec![
        "driftlane".to_owned(),
        "sample".to_owned(),
        argument.to_owned(),
    ];
    for (key, value) in sets {
        args.extend(["--set".to_owned(), format!("{key}={value}")]);
    }
    match driftlane::cli::parse(args) {
        Ok(Command::Run(settings)) => Ok(*settings),
        Err(ParseOutcome::Refused(error)) => Err(error),
        other => panic!("{argument}: {other:?}"),
    }
}

/// Its target, not built yet.
fn parse(argument: &str, sets: &[(&str, &str)]) -> Result<TargetSpec, Error> {
    settings(argument, sets).map(|settings| settings.target)
}

/// The refusal of a target, which must be one line and hold all of `parts`.
fn refused(argument: &str, sets: &[(&str, &str)], parts: &[&str]) {
    let result = parse(argument, sets).and_then(|s| s.build());
    let Err(error) = result else {
        panic!("{argument} {sets:?} was accepted")
    };
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text}");
    assert_eq!(error.exit_code(), 2, "{text}");
    for part in parts {
        assert!(text.contains(part), "{text:?} lacks {part:?}");
    }
}

fn log_density_at_zero(specification: &TargetSpec) -> f64 {
    let target = specification.build().unwrap();
    let x = vec![Row::<F64>::zero(); target.dim()];
    let mut value = [Row::<F64>::zero()];
    target.log_density(&x, &mut value);
    value[0].0[0].to_array()[0]
}

fn npy(path: &Path, descr: &str, fortran: bool, shape: &str, data: &[u8]) {
    let order = if fortran { "True" } else { "False" };
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    fs::write(path, bytes).unwrap();
}

#[test]
fn every_name_without_required_settings_builds() {
    for description in describe() {
        if description.settings.contains("required") {
            refused(description.name, &[], &["missing", "required"]);
        } else {
            let target = parse(description.name, &[]).unwrap().build().unwrap();
            assert!(target.dim() > 0);
            assert_eq!(target.reference().location().len(), target.dim());
            assert_eq!(target.parameter_names().len(), target.dim());
        }
    }
    assert_eq!(parse("phi4", &[]).unwrap().build().unwrap().dim(), 32);
}

#[test]
fn settings_are_typed_and_checked() {
    assert_eq!(
        parse("gaussian", &[("dim", "1e2")])
            .unwrap()
            .build()
            .unwrap()
            .dim(),
        100
    );
    assert_eq!(
        parse("gaussian", &[("sds", "[1, 2.5]")])
            .unwrap()
            .build()
            .unwrap()
            .dim(),
        2
    );
    let cov = [("mean", "[1, 2]"), ("cov", "[[2, 0.5], [0.5, 1]]")];
    assert_eq!(parse("gaussian", &cov).unwrap().build().unwrap().dim(), 2);
    refused("gausian", &[], &["gausian", "did you mean gaussian"]);
    refused("zzzz", &[], &["zzzz", "known", "phi4"]);
    refused("gaussian", &[("dimension", "3")], &["dimension", "unknown"]);
    refused("gaussian", &[("dim", "-3")], &["dim", "-3", "1 to 1000000"]);
    refused("gaussian", &[("sd", "0")], &["sd", "0", "above 0"]);
    refused("gaussian", &[("sd", "nan")], &["sd", "NaN"]);
    refused("gaussian", &[("mean", "inf")], &["mean", "inf", "finite"]);
    refused(
        "gaussian",
        &[("dim", "3"), ("sds", "[1, 2]")],
        &["dim", "3", "2"],
    );
    refused(
        "gaussian",
        &[("sd", "1"), ("sds", "[1]")],
        &["one of sd, sds and cov"],
    );
    refused(
        "gaussian",
        &[("cov", "[[1, 2], [2, 1]]")],
        &["cov", "positive definite"],
    );
    refused(
        "gaussian",
        &[("cov", "[[1, 0.5], [0.4, 1]]")],
        &["cov", "symmetric"],
    );
    refused("many-well", &[("dim", "3")], &["dim", "3", "even"]);
    refused("phi4", &[("a", "-0.1")], &["a = -0.1", "above 0"]);
    refused("phi4", &[("b", "some")], &["b", "some", "number"]);
    refused("eight-gaussians", &[("dim", "2")], &["dim", "unknown"]);
    let means = ("means", "[[0, 0], [1, 1]]");
    refused("mixture", &[means], &["stds", "missing"]);
    refused("mixture", &[means, ("stds", "[1]")], &["stds", "2"]);
    refused(
        "mixture",
        &[means, ("stds", "[1, -1]")],
        &["stds", "-1", "above 0"],
    );
    refused(
        "mixture",
        &[means, ("stds", "[1, 1]"), ("weights", "[1, 0]")],
        &["weights", "0"],
    );
    refused(
        "mixture",
        &[("means", "[[0], [1, 1]]"), ("stds", "[1, 1]")],
        &["means", "rectangular"],
    );
    refused(
        "mixture",
        &[("means", "[[], [1]]"), ("stds", "[1, 1]")],
        &["means"],
    );
    refused(
        "gaussian",
        &[("mean", "start")],
        &["--set mean", "start", ".npy"],
    );
    refused(
        "gaussian",
        &[("dim", "2"), ("dim", "3")],
        &["--set dim = 3", "twice"],
    );
    let own = Parameters::new("[target]", ".", toml::Table::new());
    assert!(build("nothing", own).is_err());
}

#[test]
fn mixtures_take_probabilities_and_agree_however_written() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("mix.toml");
    let body =
        "kind = \"mixture\"\nmeans = [[1, 2], [3, -4]]\nweights = [0.75, 0.25]\nstds = [1, 2]\n";
    fs::write(&file, body).unwrap();
    let name = file.to_str().unwrap();
    let inline = parse(name, &[]).unwrap();
    // ln(0.75 N(0; (1,2), I) + 0.25 N(0; (3,-4), 4 I)).
    let expected = -4.58192020137131;
    assert!(
        (log_density_at_zero(&inline) - expected).abs() < 1e-8,
        "{}",
        log_density_at_zero(&inline)
    );

    // Rounding is no fault, and what does not sum to 1 is.
    for (weights, taken) in [
        ("[0.7500001, 0.25]", true),
        ("[0.75001, 0.25]", false),
        ("[3, 1]", false),
    ] {
        fs::write(&file, body.replace("[0.75, 0.25]", weights)).unwrap();
        assert_eq!(
            parse(name, &[]).unwrap().build().is_ok(),
            taken,
            "{weights}"
        );
    }

    let floats: Vec<u8> = [1.0f64, 2.0, 3.0, -4.0]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let turned: Vec<u8> = [1.0f32, 3.0, 2.0, -4.0]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let integers: Vec<u8> = [1i16, 2, 3, -4]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    npy(
        &folder.path().join("c.npy"),
        "<f8",
        false,
        "(2, 2)",
        &floats,
    );
    npy(&folder.path().join("f.npy"), "<f4", true, "(2, 2)", &turned);
    npy(
        &folder.path().join("i.npy"),
        "<i2",
        false,
        "(2, 2)",
        &integers,
    );
    for array in ["c.npy", "f.npy", "i.npy"] {
        fs::write(
            &file,
            body.replace("[[1, 2], [3, -4]]", &format!("{array:?}")),
        )
        .unwrap();
        let read = parse(name, &[]).unwrap();
        assert_eq!(
            log_density_at_zero(&read),
            log_density_at_zero(&inline),
            "{array}"
        );
        let resolved = settings(name, &[]).unwrap();
        let means = resolved.target.parameters["means"].as_str().unwrap();
        assert!(Path::new(means).is_absolute());
        let again = Settings::from_toml(&resolved.to_toml(), "config.toml", Path::new("/"));
        let again = again.unwrap().target;
        assert_eq!(log_density_at_zero(&again), log_density_at_zero(&inline));
    }
    let covs = body.replace(
        "stds = [1, 2]",
        "covs = [[[1, 0], [0, 1]], [[4, 0], [0, 4]]]",
    );
    fs::write(&file, format!("[target]\n{covs}[method]\nverb = \"smc\"\n")).unwrap();
    assert!((log_density_at_zero(&parse(name, &[]).unwrap()) - expected).abs() < 1e-8);

    let bad = |descr: &str, shape: &str, data: &[u8], parts: &[&str]| {
        npy(&folder.path().join("bad.npy"), descr, false, shape, data);
        fs::write(&file, body.replace("[[1, 2], [3, -4]]", "\"bad.npy\"")).unwrap();
        refused(name, &[], parts);
    };
    bad(
        ">f8",
        "(2, 2)",
        &floats,
        &["bad.npy", "big-endian", "little-endian"],
    );
    bad(
        "<f8",
        "(2, 3)",
        &floats,
        &["bad.npy", "truncated", "48 bytes"],
    );
    bad("<f8", "(4,)", &floats, &["means", "axes"]);
    bad("<f8", "(99999999999, 99999999999)", &floats, &["bad.npy"]);
    bad(
        "<f4",
        "(1, 2)",
        &f32::NAN.to_le_bytes().repeat(2),
        &["bad.npy", "NaN", "finite"],
    );
    fs::write(folder.path().join("bad.npy"), "text").unwrap();
    refused(name, &[], &["bad.npy", "not an npy file"]);
}

#[test]
fn csv_designs_are_built_as_asked() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("1.csv"), "\u{feff}a,y,c\r\n1,0,5\r\n2,1,5\r\n").unwrap();
    fs::write(path("2.csv"), "a,y,c\n6,1,5\n").unwrap();
    fs::write(path("3.csv"), "y,a,c\n6,1,5\n").unwrap();
    let both = format!("[{:?}, {:?}]", path("1.csv"), path("2.csv"));
    let sets = [
        ("data", both.as_str()),
        ("standardise", "true"),
        ("intercept", "true"),
    ];
    let specification = parse("logistic", &sets).unwrap();
    let target = specification.build().unwrap();
    assert_eq!(target.parameter_names(), ["intercept", "a", "c"]);
    // At 0 every row has probability one half; the gradient is X^T (y - 1/2) with the column a
    // standardised to (-2, -1, 3) / sqrt(14 / 3) and the constant column c to 0.
    let at_zero = log_density_at_zero(&specification);
    let expected = -3.0 * std::f64::consts::LN_2 - 1.5 * 1.8378770664093453;
    assert!((at_zero - expected).abs() < 1e-12, "{at_zero} {expected}");
    let x = vec![Row::<F64>::zero(); 3];
    let mut grad = x.clone();
    target.gradient(&x, &mut grad);
    let grad: Vec<f64> = grad.iter().map(|g| g.0[1].to_array()[5]).collect();
    let unit = (14f64 / 3.0).sqrt().recip();
    for (got, want) in grad.iter().zip([0.5, 0.5 * (2.0 - 1.0 + 3.0) * unit, 0.0]) {
        assert!((got - want).abs() < 1e-14, "{grad:?}");
    }
    let prior = [
        &sets[..],
        &[
            ("intercept_prior", "{ mean = 2, sd = 0.5 }"),
            ("prior_sd", "3"),
        ],
    ];
    let target = parse("logistic", &prior.concat()).unwrap().build().unwrap();
    assert_eq!(target.reference().location(), [2.0, 0.0, 0.0]);
    assert_eq!(target.reference().scale(), [0.5, 3.0, 3.0]);
    let mixed = format!("[{:?}, {:?}]", path("1.csv"), path("3.csv"));
    refused(
        "logistic",
        &[("data", &mixed)],
        &["3.csv", "header differs"],
    );
    refused(
        "logistic",
        &[("data", &path("1.csv")), ("prior_sd", "-1")],
        &["prior_sd", "-1"],
    );
    let lone = [
        ("data", path("1.csv")),
        ("intercept_prior", "{ sd = 1 }".to_owned()),
    ];
    let lone: Vec<(&str, &str)> = lone.iter().map(|(k, v)| (*k, v.as_str())).collect();
    refused("logistic", &lone, &["intercept_prior", "intercept = true"]);
}

#[test]
fn the_german_credit_example_builds() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/german_credit.toml");
    let target = parse(file, &[]).unwrap().build().unwrap();
    let names = target.parameter_names();
    assert_eq!(
        (names.len(), &*names[0], &*names[24]),
        (25, "intercept", "x23")
    );
    assert_eq!(target.reference().scale(), [10.0; 25]);
    assert!(target.likelihood().is_some());
}
