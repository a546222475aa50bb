//! What is odd and taken all the same: the run ends well, and a line says what is odd.

use super::run;
use super::starts::npy;
use std::fs;

/// Files, command line, and what stands on standard error or among the warnings.
type Odd = (
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static [&'static str],
);

const SHORT: &str = "--particles 8 --draws 2 --warmup 2 --no-save";

#[test]
fn what_is_odd_is_told_and_taken() {
    let cases: &[Odd] = &[
        (
            &[],
            "sample gaussian --threads {over}",
            &["--threads", "is more than the", "cores"],
        ),
        (
            &[("d.csv", "a,b,y\n1,7,1\n2,7,0\n3,7,1\n")],
            "sample logistic --set data=d.csv --set standardise=true",
            &["column \"b\" is constant", "prior alone"],
        ),
        (
            &[("d.csv", "a,b,y\n1,7,1\n2,7,0\n3,7,1\n")],
            "sample logistic --set data=d.csv --set intercept=true",
            &["column \"b\" is constant", "\"intercept\""],
        ),
        (
            &[("d.csv", "a,b,y\n1,0,1\n2,0,0\n")],
            "sample logistic --set data=d.csv",
            &["column \"b\" is constant", "prior alone"],
        ),
        (
            &[("d.csv", "a,b,y\n1,2,1\n2,4,0\n3,6,1\n-1,-2,0\n")],
            "sample logistic --set data=d.csv",
            &[
                "column \"b\" (a multiple of \"a\")",
                "linear combination",
                "prior alone",
            ],
        ),
        (
            &[(
                "d.csv",
                "a,b,c,y\n1,0,0,1\n0,1,0,0\n0,0,1,1\n0,1,0,0\n1,0,0,1\n",
            )],
            "sample logistic --set data=d.csv --set intercept=true --set standardise=true",
            &["column \"c\" is a linear combination"],
        ),
        (
            &[("d.csv", "a,y\n1,1\n2,1\n3,1\n")],
            "sample logistic --set data=d.csv",
            &["the response is 1 in all 3 rows"],
        ),
        (
            &[],
            "sample gaussian --set sd=0.1 --sampler ula --step-size 0.03",
            &["W-STABILITY", "0.03", "0.0200", "euler-maruyama"],
        ),
        (
            &[],
            "sample gaussian --set sds=[1,0.5] --sampler baoab --step-size 1.2",
            &["W-STABILITY", "1.2", "1.0000", "baoab"],
        ),
    ];
    // One more than there are: the system may refuse a thousand.
    let over = 1 + std::thread::available_parallelism().map_or(1, usize::from);
    for (files, line, words) in cases {
        let line = line.replace("{over}", &over.to_string());
        let temp = tempfile::tempdir().unwrap();
        for (name, content) in *files {
            fs::write(temp.path().join(name), content).unwrap();
        }
        let short = match line.contains("ula") || line.contains("baoab") {
            true => "--particles 8 --draws 2 --no-save",
            false => SHORT,
        };
        let output = run(temp.path(), &format!("{line} {short}"));
        // Beside the run, or with its figures.
        let said =
            String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{line}: {said}");
        let told = |line: &str| words.iter().all(|word| line.contains(word));
        assert!(said.lines().any(told), "{line}: {words:?} not in {said}");
        let quiet = run(temp.path(), &format!("{line} {short} --quiet"));
        assert!(quiet.stderr.is_empty(), "{line}");
    }
}

/// Carriage returns, a byte order mark, blank lines and quotes are no fault of a table.
#[test]
fn what_is_no_fault_is_not_told() {
    let temp = tempfile::tempdir().unwrap();
    let mut results = Vec::new();
    for content in [
        "a,b,y\n1,2,1\n0.5,-3,0\n",
        "a,b,y\r\n1,2,1\r\n0.5,-3,0\r\n",
        "\u{feff}a,b,y\n1,2,1\n0.5,-3,0\n",
        "\"a\",\"b\",\"y\"\n\"1\", 2 ,1\n\n5e-1,-3.0,0",
        "a,b,y\n1,2,1.0\n0.5,-3,0\n",
    ] {
        fs::write(temp.path().join("d.csv"), content).unwrap();
        let line = format!("sample logistic --set data=d.csv {SHORT} --json");
        let output = run(temp.path(), &line);
        // Beside the run, or with its figures.
        let said =
            String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{content:?}: {said}");
        assert!(!said.contains("column"), "{content:?}: {said}");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        results.push((json["mean"].clone(), json["sd"].clone()));
    }
    assert!(
        results.windows(2).all(|pair| pair[0] == pair[1]),
        "{results:?}"
    );
}

/// Starts that are all the same point.
#[test]
fn one_start_for_all_is_told() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(
        temp.path().join("s.npy"),
        npy("<f8", "False", "(4, 2)", &[0; 64]),
    )
    .unwrap();
    let line = "sample gaussian --set dim=2 --init s.npy --draws 2 --warmup 2 --no-save";
    let said = run(temp.path(), line);
    let said = String::from_utf8_lossy(&said.stderr);
    assert!(
        said.contains("s.npy: all 4 particles start at one point"),
        "{said}"
    );
    let mut other = [0u8; 64];
    other[7] = 0x40;
    fs::write(
        temp.path().join("s.npy"),
        npy("<f8", "False", "(4, 2)", &other),
    )
    .unwrap();
    let output = run(temp.path(), line);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !said.contains("one point"),
        "{said}"
    );
}

/// A damaged checkpoint beside a whole one: the run goes on, and says which was damaged.
#[test]
fn one_damaged_checkpoint_is_told() {
    let temp = tempfile::tempdir().unwrap();
    // Moves for many times the limit, however fast the machine.
    let line = "smc eight-gaussians --particles 200 --moves-per-stage 200 --quiet";
    let often = "--checkpoint-every 4 --time-limit 1ms";
    run(temp.path(), &format!("{line} --out run {often}"));
    let folder = temp.path().join("run");
    for _ in 0..20 {
        if folder.join("checkpoint.b").exists() {
            break;
        }
        run(temp.path(), &format!("resume run --quiet {often}"));
    }
    let path = folder.join("checkpoint.b");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let output = run(temp.path(), "resume run --checkpoint-every none");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let told = |line: &str| {
        line.contains("checkpoint.b") && line.contains("checksum") && line.contains("checkpoint.a")
    };
    assert!(said.lines().any(told), "{said}");
}
