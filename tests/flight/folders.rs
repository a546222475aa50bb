//! `replay` of run folders.

use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

fn program(folder: &Path, line: &str) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_driftlane"))
        .current_dir(folder)
        .args(line.split_whitespace())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

const PHI4: &str = "phi4 --set n=8 --particles 64 --steps 500 --quiet --out blown";

#[test]
fn every_sampler_is_taken_through_its_moves() {
    for (sampler, h) in [
        ("ula", "0.5"),
        ("obabo", "1.5"),
        ("mclmc", "40"),
        ("underdamped-midpoint", "3"),
        ("randomized-midpoint", "0.5"),
        ("leimkuhler-matthews", "0.5"),
    ] {
        for precision in ["f32", "f64"] {
            let temp = tempfile::tempdir().unwrap();
            let options = format!("--sampler {sampler} --step-size {h} --precision {precision}");
            program(temp.path(), &format!("sample {PHI4} {options}"));
            let place = format!("{sampler}, {precision}");
            let (code, json, errors) = program(temp.path(), "replay blown --json");
            assert_eq!(code, Some(0), "{place}: {errors}");
            let found: Value = serde_json::from_str(&json).unwrap();
            let states = found["states"].as_array().unwrap();
            let early = states[0]["apart"].as_f64().unwrap();
            match precision {
                "f64" => {
                    let finite = states.iter().filter(|s| !s["largest_coordinate"].is_null());
                    for state in finite {
                        assert_eq!(state["apart"], 0.0, "{place}: {json}");
                    }
                }
                _ => assert!(early < 0.01, "{place}: {json}"),
            }
            let verdict = found["verdict"].as_str().unwrap();
            let single = sampler == "mclmc" && precision == "f32";
            let words = match single {
                // Single precision loses it where a velocity runs straight against the gradient.
                true => "use --precision f64",
                false => "is too large there",
            };
            assert!(verdict.contains(words), "{place}: {verdict}");
        }
    }
}

#[test]
fn what_no_run_writes_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let line = format!("sample {PHI4} --sampler baoab --step-size 1.5");
    program(temp.path(), &line);
    let file = temp.path().join("blown/flight.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let replay = |flight: &Value| {
        std::fs::write(&file, flight.to_string()).unwrap();
        program(temp.path(), "replay blown")
    };
    let (code, said, errors) = replay(&whole);
    assert_eq!(code, Some(0), "{errors}");
    assert!(said.contains("made again from move"), "{said}");

    type Edit = fn(&mut Value);
    let edits: [(&str, Edit); 21] = [
        ("missing field `stream`", |f| {
            f["start"].as_object_mut().unwrap().remove("stream");
        }),
        ("missing field `start`", |f| {
            f.as_object_mut().unwrap().remove("start");
        }),
        ("unknown field", |f| f["start"]["more"] = json!(1)),
        ("31 words of a stream instead of 32", |f| {
            f["start"]["stream"].as_array_mut().unwrap().pop();
        }),
        ("not 16 hexadecimal digits", |f| {
            f["start"]["stream"][3] = json!("12")
        }),
        ("not 16 hexadecimal digits", |f| {
            f["start"]["stream"][3] = json!("+123456789abcdef");
        }),
        ("invalid type", |f| f["start"]["stream"][3] = json!(12)),
        ("channels of other lengths", |f| {
            f["start"]["channels"][1].as_array_mut().unwrap().pop();
        }),
        ("channels of other lengths", |f| {
            f["start"]["channels"] = json!([])
        }),
        ("2 channels", |f| {
            f["start"]["channels"].as_array_mut().unwrap().pop();
        }),
        ("states of different lengths, or none", |f| {
            f["states"] = json!([])
        }),
        ("states of different lengths", |f| {
            f["states"][0]["position"].as_array_mut().unwrap().pop();
        }),
        ("do not follow one another", |f| {
            f["states"].as_array_mut().unwrap().remove(1);
        }),
        ("do not follow one another", |f| {
            f["start"]["moves"] = json!(u64::MAX)
        }),
        ("do not follow one another", |f| {
            f["at_move"] = json!(u64::MAX)
        }),
        ("and the run none above 64", |f| {
            let last = 1u64 << 60;
            f["at_move"] = json!(last);
            let states = f["states"].as_array_mut().unwrap();
            let before = states.len() as u64 - 1;
            for (k, state) in states.iter_mut().enumerate() {
                state["moves"] = json!(last - before + k as u64);
            }
        }),
        ("step_size", |f| f["step_size"] = json!(-1.0)),
        ("step_size", |f| f["step_size"] = json!(0)),
        ("config.toml of baoab", |f| f["sampler"] = json!("ula")),
        ("not f32 or f64", |f| f["precision"] = json!("f16")),
        ("\"nought\" is not a number", |f| {
            f["start"]["channels"][0][0] = json!("nought");
        }),
    ];
    for (words, edit) in edits {
        let mut flight = whole.clone();
        edit(&mut flight);
        let (code, _, errors) = replay(&flight);
        assert_eq!(code, Some(5), "{words}: {errors}");
        assert!(
            errors.contains(words) && errors.contains("flight.json") && errors.lines().count() == 1,
            "{words}: {errors}"
        );
    }
    // Any number may be there, and a stream that stands still.
    let taken: [Edit; 4] = [
        |f| f["start"]["channels"][0][0] = json!("inf"),
        |f| f["start"]["channels"][0][3] = json!("-NaN"),
        |f| f["start"]["stream"] = json!(vec!["0000000000000000"; 32]),
        |f| f["particle"] = json!(u64::MAX),
    ];
    for edit in taken {
        let mut flight = whole.clone();
        edit(&mut flight);
        let (code, said, errors) = replay(&flight);
        assert_eq!(code, Some(0), "{errors}");
        assert!(said.contains("not as the run left it"), "{said}");
    }
}

/// A step beyond stability grows by a factor a move: slowly enough that the first of ten states is far out already, where
/// doubles are finite for longer and gradients overflow first.
#[test]
fn slow_growth_is_the_step_size_s() {
    let temp = tempfile::tempdir().unwrap();
    for precision in ["f32", "f64"] {
        for h in ["2.5", "3", "5"] {
            let line = format!(
                "sample gaussian --sampler ula --step-size {h} --particles 8 --steps 3000 --warmup 0 \
                 --precision {precision} --quiet --force --out slow"
            );
            program(temp.path(), &line);
            let (code, said, errors) = program(temp.path(), "replay slow");
            assert_eq!(code, Some(0), "{errors}");
            let told = format!("the step size, {h}, is too large");
            assert!(said.contains(&told), "{precision}, {h}: {said}");
        }
    }
}
