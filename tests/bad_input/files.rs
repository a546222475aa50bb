//! Experiment files.

use super::By::Parse;
use super::{Case, case, with};

pub(super) fn files() -> Vec<Case> {
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
        case(Parse, "run /dev/zero", &["/dev/zero", "more than"]),
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
