//! `--checkpoint-every` and `--time-limit`, on the command line and in files; `list` and `info`.

use super::By::{Engine, Parse};
use super::{Case, case, with};

pub(super) fn cadences() -> Vec<Case> {
    let every = |value: &str| {
        let line = format!("sample gaussian --checkpoint-every {value}");
        case(Parse, &line, &["--checkpoint-every = ", "30s or 200ms"])
    };
    let limit = |value: &str| {
        let line = format!("smc gaussian --time-limit {value}");
        case(Parse, &line, &["--time-limit = ", "from 1ms to 8760h"])
    };
    let run = |text: &str, words: &[&'static str]| {
        let text =
            format!("[target]\nkind = \"gaussian\"\n[method]\nverb = \"smc\"\n[output]\n{text}\n");
        with(Parse, "run run.toml", "run.toml", text, words)
    };
    vec![
        every("0"),
        every("-1"),
        every("0s"),
        every("-30s"),
        every("0.5"),
        every("1e30"),
        every("soon"),
        every("30".repeat(12).as_str()),
        every("5d"),
        every("nan"),
        every("nans"),
        every("infh"),
        every("169h"),
        every("s"),
        limit("0"),
        limit("0ms"),
        limit("-5m"),
        limit("10"),
        limit("1e400h"),
        limit("8761h"),
        limit("forever"),
        limit("10m5s"),
        run(
            "checkpoint_every = 0",
            &["run.toml [output] checkpoint_every = 0"],
        ),
        run(
            "checkpoint_every = 1.5",
            &["[output] checkpoint_every = 1.5"],
        ),
        run(
            "checkpoint_every = true",
            &["[output] checkpoint_every = true"],
        ),
        run(
            "checkpoint_every = \"\"",
            &["[output] checkpoint_every = (empty)"],
        ),
        run("time_limit = 60", &["[output] time_limit = 60", "10m"]),
        run("time_limit = [\"1h\"]", &["[output] time_limit = ["]),
        run("time_limit = 07:32:00", &["[output] time_limit = 07:32:00"]),
        run("out = 3", &["[output] out = 3", "folder"]),
        run("out = \"\"", &["[output] out = (empty)", "folder"]),
        run("save = \"no\"", &["[output] save = no", "true or false"]),
        run("dry_run = true", &["[output] dry_run = true"]),
        case(Parse, "list targets --json", &["--json"]),
        case(Parse, "info cores", &["cores"]),
        case(Parse, "status", &["<DIR>"]),
        case(Parse, "resume", &["<DIR>"]),
        case(Parse, "summary", &["<DIR>"]),
        case(Parse, "report", &["<DIR>"]),
        case(Parse, "export", &["<DIR>"]),
        case(Parse, "summary a --json --csv", &["--json", "--csv"]),
        case(Parse, "summary a --csv --md", &["--csv", "--md"]),
        case(
            Parse,
            "export a --format tsv",
            &["--format = tsv", "stan-csv"],
        ),
        case(
            Parse,
            "export a --format stan-csv --chains 0",
            &["--chains = 0"],
        ),
        case(
            Parse,
            "export a --format stan-csv --chains -1",
            &["--chains = -1"],
        ),
        case(
            Parse,
            "export a --format stan-csv --chains few",
            &["--chains = few"],
        ),
        case(
            Parse,
            "export a --chains 2",
            &["--chains = 2", "stan-csv only"],
        ),
        case(Parse, "resume a --particles 5", &["--particles"]),
        case(Parse, "resume a --seed 5", &["--seed"]),
        case(Engine, "status a b", &["b"]),
    ]
}
