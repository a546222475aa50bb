//! Inputs that must be refused: the exit code, one line that names field and value, nothing left behind.

use driftlane::cli::{self, ParseOutcome};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Where a case is refused: by [`cli::parse`] alone, or once the target is built or a file is read.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Parse,
    Engine,
}
use By::{Engine, Parse};

struct Case {
    by: By,
    args: Vec<String>,
    files: Vec<(&'static str, Vec<u8>)>,
    /// All of these stand in the line.
    words: Vec<&'static str>,
}

fn case(by: By, args: &str, words: &[&'static str]) -> Case {
    Case {
        by,
        args: args.split_whitespace().map(str::to_owned).collect(),
        files: vec![],
        words: words.to_vec(),
    }
}

/// A case with one file.
fn with(
    by: By,
    args: &str,
    name: &'static str,
    content: impl Into<Vec<u8>>,
    words: &[&'static str],
) -> Case {
    let mut case = case(by, args, words);
    case.files.push((name, content.into()));
    case
}

fn options() -> Vec<Case> {
    vec![
        // The parser's own errors.
        case(Parse, "", &["subcommand"]),
        case(Parse, "smpl gaussian", &["smpl"]),
        case(Parse, "sample", &["<TARGET>"]),
        case(
            Parse,
            "sample gaussian --partcles 5",
            &["--partcles", "--particles"],
        ),
        case(Parse, "sample gaussian --particles", &["--particles"]),
        case(Parse, "sample gaussian --seed 1 --seed 2", &["--seed"]),
        case(Parse, "sample gaussian extra", &["extra"]),
        case(Parse, "sample gaussian --json=yes", &["--json", "yes"]),
        case(Parse, "smc gaussian --warmup 10", &["--warmup"]),
        case(Parse, "smc gaussian --draws 10", &["--draws"]),
        case(Parse, "sample gaussian --ladder 0,1", &["--ladder"]),
        case(Parse, "list moons", &["moons", "targets"]),
        // Sizes.
        case(
            Parse,
            "sample gaussian --particles 0",
            &["--particles = 0", "from 1"],
        ),
        case(
            Parse,
            "sample gaussian --particles -5",
            &["--particles = -5"],
        ),
        case(
            Parse,
            "sample gaussian --particles -1e6",
            &["--particles = -1e6"],
        ),
        case(
            Parse,
            "sample gaussian --particles 1.5",
            &["--particles = 1.5", "whole number"],
        ),
        case(
            Parse,
            "sample gaussian --particles 1e30",
            &["--particles = 1e30"],
        ),
        case(
            Parse,
            "sample gaussian --particles many",
            &["--particles = many"],
        ),
        case(
            Parse,
            "smc gaussian --particles 1",
            &["--particles = 1", "from 2"],
        ),
        case(Parse, "sample gaussian --draws 0", &["--draws = 0"]),
        case(Parse, "sample gaussian --draws -3", &["--draws = -3"]),
        case(Parse, "sample gaussian --steps 0", &["--steps = 0"]),
        case(Parse, "sample gaussian --warmup -1", &["--warmup = -1"]),
        case(
            Parse,
            "sample gaussian --draws 5 --steps 5",
            &["--steps = 5", "--draws"],
        ),
        case(Parse, "sample gaussian --thin 0", &["--thin = 0"]),
        case(
            Parse,
            "sample gaussian --draws 10 --thin 11",
            &["--thin = 11", "10"],
        ),
        case(
            Parse,
            "sample gaussian --steps 10 --thin 2",
            &["--thin = 2", "--steps"],
        ),
        case(Parse, "sample gaussian --threads 0", &["--threads = 0"]),
        case(Parse, "sample gaussian --threads -2", &["--threads = -2"]),
        case(
            Parse,
            "sample gaussian --threads 5000",
            &["--threads = 5000", "4096"],
        ),
        case(Parse, "sample gaussian --seed -1", &["--seed = -1"]),
        case(
            Parse,
            "sample gaussian --seed 18446744073709551616",
            &["--seed = 18446744073709551616"],
        ),
        case(
            Engine,
            "sample gaussian --particles 1e9 --set dim=1000",
            &["--particles = 1000000000", "memory"],
        ),
        case(
            Engine,
            "sample gaussian --draws 1e9 --set dim=100",
            &["--draws 1000000000", "memory"],
        ),
        // Moves.
        case(Parse, "sample gaussian --step-size 0", &["--step-size = 0"]),
        case(
            Parse,
            "sample gaussian --step-size -0.1",
            &["--step-size = -0.1"],
        ),
        case(
            Parse,
            "sample gaussian --step-size nan",
            &["--step-size = nan"],
        ),
        case(
            Parse,
            "sample gaussian --step-size inf",
            &["--step-size = inf"],
        ),
        case(
            Parse,
            "sample gaussian --step-size -inf",
            &["--step-size = -inf"],
        ),
        case(
            Parse,
            "sample gaussian --step-size --json",
            &["--step-size = --json", "number"],
        ),
        case(
            Parse,
            "sample gaussian --step-size 1e-320",
            &["--step-size = 1e-320"],
        ),
        case(
            Parse,
            "sample gaussian --step-size 0,1",
            &["--step-size = 0,1"],
        ),
        case(
            Parse,
            "sample gaussian --sampler ula",
            &["--step-size = (not given)", "ula"],
        ),
        case(
            Parse,
            "sample gaussian --target-accept 0",
            &["--target-accept = 0"],
        ),
        case(
            Parse,
            "sample gaussian --target-accept 1",
            &["--target-accept = 1"],
        ),
        case(
            Parse,
            "sample gaussian --target-accept -0.5",
            &["--target-accept = -0.5"],
        ),
        case(
            Parse,
            "sample gaussian --target-accept 0.8 --step-size 0.1",
            &["--target-accept = 0.8"],
        ),
        case(
            Parse,
            "sample gaussian --leapfrog-steps 0",
            &["--leapfrog-steps = 0"],
        ),
        case(
            Parse,
            "sample gaussian --leapfrog-steps 1e9",
            &["--leapfrog-steps = 1e9"],
        ),
        case(
            Parse,
            "sample gaussian --sampler rwmh --leapfrog-steps 5",
            &["--leapfrog-steps = 5", "rwmh"],
        ),
        case(
            Parse,
            "sample gaussian --sampler hmcc",
            &["--sampler = hmcc", "did you mean hmc?"],
        ),
        case(
            Parse,
            "smc gaussian --move walk",
            &["--move = walk", "rwmh"],
        ),
        case(Parse, "smc gaussian --move ula", &["--move = ula"]),
        case(
            Parse,
            "smc gaussian --resampler multinomal",
            &["--resampler = multinomal", "multinomial?"],
        ),
        case(
            Parse,
            "smc gaussian --moves-per-stage 0",
            &["--moves-per-stage = 0"],
        ),
        case(Parse, "smc gaussian --target-ess 0", &["--target-ess = 0"]),
        case(Parse, "smc gaussian --target-ess 1", &["--target-ess = 1"]),
        case(
            Parse,
            "smc gaussian --target-ess 1.5",
            &["--target-ess = 1.5"],
        ),
        case(Parse, "smc gaussian --replicates 0", &["--replicates = 0"]),
        case(
            Parse,
            "smc gaussian --ladder 0,0.5",
            &["--ladder = 0,0.5", "to 1"],
        ),
        case(
            Parse,
            "smc gaussian --ladder 0,0.5,0.5,1",
            &["--ladder = 0,0.5,0.5,1"],
        ),
        case(
            Parse,
            "smc gaussian --ladder 0,nan,1",
            &["--ladder = 0,nan,1"],
        ),
        case(
            Parse,
            "smc gaussian --ladder -1,0,1",
            &["--ladder = -1,0,1"],
        ),
        case(Parse, "smc gaussian --ladder 0;1", &["--ladder = 0;1"]),
        case(
            Parse,
            "smc gaussian --reference normal:0",
            &["--reference = normal:0"],
        ),
        case(
            Parse,
            "smc gaussian --reference normal:-2",
            &["--reference = normal:-2"],
        ),
        case(
            Parse,
            "smc gaussian --reference student:3",
            &["--reference = student:3"],
        ),
        case(
            Parse,
            "smc gaussian --reference cauchy:1",
            &["--reference = cauchy:1"],
        ),
        case(
            Engine,
            "smc gaussian --reference absent.toml",
            &["absent.toml"],
        ),
        case(
            Parse,
            "sample gaussian --precision f16",
            &["--precision = f16", "f64"],
        ),
        // Output.
        case(
            Parse,
            "sample gaussian --out a --no-save",
            &["--out = a", "--no-save"],
        ),
        case(
            Engine,
            "sample gaussian --out absent/run",
            &["--out", "absent/run", "parent"],
        ),
        with(
            Engine,
            "sample gaussian --out file",
            "file",
            "x",
            &["--out", "file", "not a folder"],
        ),
        with(
            Engine,
            "sample gaussian --out d --force",
            "d/thesis.tex",
            "x",
            &["--out", "not a run folder"],
        ),
        with(
            Engine,
            "sample gaussian --out d",
            "d/config.toml",
            "x",
            &["--out", "exists", "--force"],
        ),
    ]
}

fn files() -> Vec<Case> {
    const RUN: &str = "run run.toml";
    const HEAD: &str = "[target]\nkind = \"gaussian\"\n[method]\nverb = \"smc\"\n";
    let run = |text: &str, words: &[&'static str]| {
        with(Parse, RUN, "run.toml", format!("{HEAD}{text}"), words)
    };
    let raw = |bytes: &[u8], words: &[&'static str]| with(Parse, RUN, "run.toml", bytes, words);
    let nested = format!(
        "{HEAD}ladder = {}1{}\n",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    vec![
        case(Parse, RUN, &["run.toml", "cannot be read"]),
        case(
            Parse,
            "sample absent.toml",
            &["absent.toml", "cannot be read"],
        ),
        with(Parse, "run d", "d/x", "", &["d", "is a folder"]),
        raw(b"", &["run.toml", "empty"]),
        raw(b"\n# nothing\n", &["run.toml", "empty"]),
        raw(b"\x7fELF\0\0\0", &["run.toml", "binary"]),
        raw(b"\xff\xfek\0", &["run.toml", "UTF-16"]),
        raw(b"\xef\xbb\xbf[target]\n", &["run.toml", "byte order mark"]),
        raw(
            b"[target]\nkind = \"caf\xe9\"\n",
            &["run.toml", "UTF-8", "byte 20"],
        ),
        raw(
            b"[target]\nkind = gaussian\n",
            &["run.toml", "line 2, column"],
        ),
        raw(
            b"[target]\nkind = \"gaussian\"\nkind = \"rings\"\n",
            &["run.toml", "line 3", "duplicate key"],
        ),
        raw(b"[target\n", &["run.toml", "line 1"]),
        raw(&vec![b'#'; (16 << 20) + 1], &["run.toml", "16777217"]),
        raw(nested.as_bytes(), &["run.toml", "line 5"]),
        raw(b"[method]\nverb = \"smc\"\n", &["run.toml", "[target]"]),
        raw(
            b"target = 3\n[method]\nverb = \"smc\"\n",
            &["[target]", "3"],
        ),
        raw(
            b"[target]\ndim = 3\n[method]\nverb = \"smc\"\n",
            &["kind", "not given"],
        ),
        raw(
            b"[target]\nkind = 3\n[method]\nverb = \"smc\"\n",
            &["kind = 3"],
        ),
        raw(b"[target]\nkind = \"gaussian\"\n", &["verb", "not given"]),
        raw(
            b"[target]\nkind = \"gaussian\"\n[method]\nverb = \"simc\"\n",
            &["[method] verb = simc"],
        ),
        run("moves = 5\n", &["[method] moves = 5", "move"]),
        run("[populaton]\nseed = 1\n", &["populaton", "population"]),
        run(
            "[population]\nparticels = 10\n",
            &["[population] particels = 10", "particles"],
        ),
        run(
            "[population]\nparticles = \"1000\"\n",
            &["run.toml [population] particles = 1000", "whole number"],
        ),
        run(
            "[population]\nparticles = -4\n",
            &["[population] particles = -4"],
        ),
        run(
            "[population]\nparticles = 1e30\n",
            &["[population] particles = 1"],
        ),
        run(
            "[population]\nparticles = 99999999999999999999\n",
            &["run.toml", "line 6"],
        ),
        run("[population]\nseed = -1\n", &["[population] seed = -1"]),
        run(
            "[population]\nthreads = true\n",
            &["[population] threads = true"],
        ),
        run("population = 5\n", &["[method] population = 5"]),
        run("step_size = nan\n", &["[method] step_size = nan"]),
        run("step_size = [1]\n", &["[method] step_size = [1]"]),
        run("warmup = 10\n", &["[method] warmup = 10", "smc"]),
        run("ladder = [0.0, 2.0]\n", &["[method] ladder = [0.0, 2.0]"]),
        run("ladder = [0.0, \"a\"]\n", &["[method] ladder"]),
        run("reference = \"\"\n", &["[method] reference"]),
        run(
            "[output]\njson = \"yes\"\n",
            &["[output] json = yes", "true or false"],
        ),
        with(
            Parse,
            "sample t.toml",
            "t.toml",
            "[method]\nverb = \"smc\"\n",
            &["t.toml", "[target]"],
        ),
        with(
            Parse,
            "sample t.toml",
            "t.toml",
            "dim = 2\n",
            &["t.toml", "kind"],
        ),
        case(
            Parse,
            "sample gaussian --set dim",
            &["--set = dim", "key=value"],
        ),
        case(
            Parse,
            "sample gaussian --set =3",
            &["--set = =3", "key=value"],
        ),
    ]
}

fn targets() -> Vec<Case> {
    let mixture = |text: &str, words: &[&'static str]| {
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            format!("kind = \"mixture\"\n{text}\n"),
            words,
        )
    };
    let logistic = |csv: &str, words: &[&'static str]| {
        let toml = "kind = \"logistic\"\ndata = \"d.csv\"\nresponse = \"y\"\nstandardise = false\nintercept = true\nprior_sd = 1.0\n";
        let mut case = with(Engine, "sample t.toml", "t.toml", toml, words);
        case.files.push(("d.csv", csv.into()));
        case
    };
    vec![
        case(Engine, "sample gausian", &["gausian", "gaussian"]),
        case(Engine, "sample nothing-like-it", &["nothing-like-it"]),
        case(Engine, "sample gaussian --set dim=0", &["dim = 0"]),
        case(Engine, "sample gaussian --set dim=-3", &["dim = -3"]),
        case(Engine, "sample gaussian --set dim=2.5", &["dim = 2.5"]),
        case(Engine, "sample gaussian --set dim=two", &["dim = ", "two"]),
        case(Engine, "sample gaussian --set dimm=3", &["dimm = 3", "dim"]),
        case(Engine, "sample eight-gaussians --set dim=3", &["dim = 3"]),
        case(Engine, "sample funnel", &["variance"]),
        case(Engine, "sample funnel --set variance=0", &["variance = 0"]),
        case(
            Engine,
            "sample funnel --set variance=-9",
            &["variance = -9"],
        ),
        case(
            Engine,
            "sample funnel --set variance=nan",
            &["variance = ", "NaN"],
        ),
        case(Engine, "sample two-modes --set dim=0", &["dim = 0"]),
        case(Engine, "sample many-well --set dim=3", &["dim = 3", "even"]),
        case(Engine, "sample phi4 --set n=0", &["n = 0"]),
        case(Engine, "sample phi4 --set beta=-1", &["beta = -1"]),
        case(Engine, "sample phi4 --set a=0", &["a = 0"]),
        case(Engine, "sample logistic", &["data"]),
        mixture("weights = [0.5, 0.5]\nstds = [1.0, 1.0]", &["means"]),
        mixture(
            "weights = [0.5, 0.5]\nmeans = [[0.0, 1.0], [2.0]]\nstds = [1.0, 1.0]",
            &["means"],
        ),
        mixture(
            "weights = [1.0]\nmeans = [[0.0], [1.0]]\nstds = [1.0, 1.0]",
            &["weights"],
        ),
        mixture(
            "weights = [0.5, -0.5]\nmeans = [[0.0], [1.0]]\nstds = [1.0, 1.0]",
            &["weights", "-0.5"],
        ),
        mixture(
            "weights = [0.0, 0.0]\nmeans = [[0.0], [1.0]]\nstds = [1.0, 1.0]",
            &["weights"],
        ),
        mixture(
            "weights = [0.5, 0.5]\nmeans = [[0.0], [nan]]\nstds = [1.0, 1.0]",
            &["means"],
        ),
        mixture(
            "weights = [0.5, 0.5]\nmeans = [[0.0], [1.0]]\nstds = [1.0, -1.0]",
            &["stds", "-1"],
        ),
        mixture(
            "weights = [0.5, 0.5]\nmeans = [[0.0], [1.0]]\nstds = [1.0]",
            &["stds"],
        ),
        mixture(
            "weights = [1.0]\nmeans = [[0.0, 0.0]]\ncovs = [[[1.0, 2.0], [2.0, 1.0]]]",
            &["covs", "definite"],
        ),
        mixture(
            "weights = [1.0]\nmeans = [[0.0, 0.0]]\ncovs = [[[1.0, 0.5], [0.2, 1.0]]]",
            &["covs", "symmetric"],
        ),
        mixture(
            "weights = [1.0]\nmeans = [[0.0]]\nstds = [1.0]\ncovs = [[[1.0]]]",
            &["covs", "stds"],
        ),
        mixture("weights = [1.0]\nmeans = []\nstds = [1.0]", &["means"]),
        mixture(
            "weights = [1.0]\nmeans = \"absent.npy\"\nstds = [1.0]",
            &["absent.npy"],
        ),
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            "kind = \"logistic\"\ndata = \"absent.csv\"\nresponse = \"y\"\nprior_sd = 1.0\n",
            &["absent.csv"],
        ),
        logistic("", &["d.csv"]),
        logistic("a,b,y\n", &["d.csv"]),
        logistic("a,b,y\n1,2,1\n1,0\n", &["d.csv", "3"]),
        logistic("a,b,y\n1,2,1\n1,2,0,4\n", &["d.csv", "3"]),
        logistic("a,b,y\n1,2,1\nx,2,0\n", &["d.csv", "x", "a"]),
        logistic("a,b,y\n1,2,1\nNaN,2,0\n", &["d.csv", "NaN"]),
        logistic("a,b,y\n1,2,1\n,2,0\n", &["d.csv", "a"]),
        logistic("a,b,y\n1,2,1\n1e999,2,0\n", &["d.csv", "1e999"]),
        logistic("a,b,z\n1,2,1\n", &["response", "y"]),
        logistic("a,b,y\n1,2,1\n1,2,2\n", &["d.csv", "2", "0"]),
        logistic("a,a,y\n1,2,1\n", &["d.csv", "a"]),
        logistic("a;b;y\n1,5;2;1\n", &["response", "y"]),
        logistic("a,b,y\n1,\"2,1\n1,2,0\n", &["d.csv"]),
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            "kind = \"logistic\"\ndata = \"t.toml/..\"\nresponse = \"y\"\nprior_sd = 1.0\n",
            &["data", "t.toml"],
        ),
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            "kind = \"logistic\"\ndata = \".\"\nresponse = \"y\"\nprior_sd = 1.0\n",
            &["folder"],
        ),
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            "kind = \"logistic\"\ndata = []\nresponse = \"y\"\nprior_sd = 1.0\n",
            &["data"],
        ),
        with(
            Engine,
            "sample t.toml --set prior_sd=-1",
            "t.toml",
            "kind = \"logistic\"\ndata = \"t.toml\"\nresponse = \"y\"\n",
            &["prior_sd = -1"],
        ),
    ]
}

/// An npy file with this item type, order, shape and number of data bytes, each byte the same.
fn npy(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn starts() -> Vec<Case> {
    let init = |bytes: Vec<u8>, words: &[&'static str]| {
        with(
            Engine,
            "sample gaussian --set dim=2 --init s.npy",
            "s.npy",
            bytes,
            words,
        )
    };
    let zeros = [0u8; 64];
    let mut nan = zeros;
    nan[8..16].copy_from_slice(&f64::NAN.to_le_bytes());
    vec![
        case(Engine, "sample gaussian --init absent.npy", &["absent.npy"]),
        case(Parse, "sample gaussian --init middle", &["--init = middle"]),
        case(Engine, "sample gaussian --init prior", &["--init", "prior"]),
        case(Engine, "sample phi4 --init exact", &["--init", "exact"]),
        init(npy("<f8", "False", "(8,)", &zeros), &["s.npy", "[8]"]),
        init(
            npy("<f8", "False", "(2, 4)", &zeros),
            &["s.npy", "[2, 4]", "2"],
        ),
        init(
            npy("<f8", "True", "(2, 4)", &zeros),
            &["s.npy", "[2, 4]", "2"],
        ),
        init(npy("<f8", "False", "(0, 2)", &[]), &["s.npy", "[0, 2]"]),
        init(
            npy("<f8", "False", "(4, 2)", &nan),
            &["s.npy", "[0, 1]", "NaN"],
        ),
        init(
            npy("<f8", "False", "(4, 2)", &zeros[..56]),
            &["s.npy", "truncated"],
        ),
        init(
            npy("<f8", "False", "(3, 2)", &zeros),
            &["s.npy", "16 bytes after"],
        ),
        init(npy("|O", "False", "(4, 2)", &zeros), &["s.npy", "objects"]),
        init(
            npy(">f8", "False", "(4, 2)", &zeros),
            &["s.npy", "big-endian"],
        ),
        init(
            npy("<f2", "False", "(16, 2)", &zeros),
            &["s.npy", "half precision"],
        ),
        init(
            npy("<f8", "False", "(4611686018427387904, 4)", &zeros),
            &["s.npy", "truncated"],
        ),
        init(b"\x93NUMPY\x09\x00".to_vec(), &["s.npy", "version 9"]),
        init(b"PK\x03\x04        ".to_vec(), &["s.npy", "magic"]),
        init(vec![], &["s.npy", "not an npy file"]),
        with(
            Engine,
            "sample gaussian --set dim=2 --init s.npy --particles 7",
            "s.npy",
            npy("<f8", "False", "(4, 2)", &zeros),
            &["--particles = 7", "4"],
        ),
    ]
}

fn cases() -> Vec<Case> {
    [options(), files(), targets(), starts()]
        .into_iter()
        .flatten()
        .collect()
}

/// Makes the case's folder and returns it with the listing of everything in it.
fn prepare(case: &Case) -> (tempfile::TempDir, BTreeMap<String, u64>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in &case.files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let listing = list(folder.path());
    (folder, listing)
}

/// Every file and folder below `folder`, with the length of files.
fn list(folder: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let length = if path.is_dir() {
                0
            } else {
                path.metadata().unwrap().len()
            };
            found.insert(path.display().to_string(), length);
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found
}

/// What is wrong with the line of a refusal, if anything.
fn complaint(case: &Case, line: &str) -> Option<String> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    if line.is_empty() || line.contains('\n') {
        return Some(format!("not one line: {line:?}"));
    }
    if line.contains("panicked") || line.contains("RUST_BACKTRACE") {
        return Some(format!("a panic: {line}"));
    }
    let missing: Vec<_> = case
        .words
        .iter()
        .filter(|word| !line.contains(**word))
        .collect();
    (!missing.is_empty()).then(|| format!("{missing:?} not in: {line}"))
}

fn report(complaints: &[String], total: usize) {
    assert!(
        complaints.is_empty(),
        "{} of {total}:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

#[test]
fn the_program_refuses_in_one_line_and_leaves_nothing() {
    let cases = cases();
    assert!(cases.len() >= 150, "{}", cases.len());
    let mut complaints = Vec::new();
    for case in &cases {
        let (folder, before) = prepare(case);
        let output = Command::new(env!("CARGO_BIN_EXE_driftlane"))
            .args(&case.args)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let mut wrong = Vec::new();
        if output.status.code() != Some(2) {
            wrong.push(format!("exit {:?}", output.status.code()));
        }
        if !output.stdout.is_empty() {
            wrong.push("text on standard output".into());
        }
        if list(folder.path()) != before {
            wrong.push("files left behind".into());
        }
        wrong.extend(complaint(case, &stderr));
        if !wrong.is_empty() {
            complaints.push(format!("{}: {}", case.args.join(" "), wrong.join("; ")));
        }
    }
    report(&complaints, cases.len());
}

#[test]
fn parsing_alone_refuses_what_it_can_judge() {
    let cases: Vec<Case> = cases()
        .into_iter()
        .filter(|case| case.by == Parse)
        .collect();
    let mut complaints = Vec::new();
    for case in &cases {
        let (folder, before) = prepare(case);
        // Only this test changes the working folder, and the other gives its own to every child.
        std::env::set_current_dir(folder.path()).unwrap();
        let args = std::iter::once("driftlane".to_owned()).chain(case.args.iter().cloned());
        let wrong = match cli::parse(args) {
            Ok(command) => Some(format!("accepted as {command:?}")),
            Err(ParseOutcome::Text(text)) => Some(format!("printed {text}")),
            Err(ParseOutcome::Usage(line)) => complaint(case, &line),
            Err(ParseOutcome::Refused(error)) if error.exit_code() != 2 => {
                Some(format!("exit code of {error}"))
            }
            Err(ParseOutcome::Refused(error)) => complaint(case, &error.to_string()),
        };
        assert_eq!(list(folder.path()), before);
        std::env::set_current_dir("/").unwrap();
        complaints.extend(wrong.map(|wrong| format!("{}: {wrong}", case.args.join(" "))));
    }
    report(&complaints, cases.len());
}
