//! Traces on disk: chunks, checkpoints, stores that grow. `tests/interop` opens them with xarray and ArviZ.

use driftlane::disk::Durability;
use driftlane::record::trace::{Trace, TracePlan, TraceShape};
use driftlane::zarr::{Array, DataType, Store};
use driftlane::{Error, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::tempdir;

const PARTICLES: usize = 3;
const DIM: usize = 2;

fn plan(draws: usize) -> TracePlan {
    TracePlan {
        shape: TraceShape {
            particles: PARTICLES,
            dim: DIM,
            draws,
            chunk_draws: 4,
            one_chain: false,
        },
        parameters: vec!["x[0]".into(), "x[1]".into()],
        stats: vec!["lp".into(), "diverging".into(), "n_steps".into()],
        attributes: Map::new(),
    }
}

/// Pushes the draws of a range; every number tells where it belongs.
fn draw(trace: &mut Trace, range: std::ops::Range<usize>) -> Result<()> {
    for k in range {
        let x: Vec<f64> = (0..PARTICLES * DIM).map(|i| (100 * k + i) as f64).collect();
        let each = |f: fn(usize, usize) -> f64| (0..PARTICLES).map(|p| f(k, p)).collect::<Vec<_>>();
        let (lp, steps) = (each(|k, p| -((k + p) as f64)), each(|k, p| (k * p) as f64));
        let diverging = each(|k, p| f64::from(k % 3 == p));
        let stats: [(&str, &[f64]); 3] =
            [("lp", &lp), ("diverging", &diverging), ("n_steps", &steps)];
        trace.push(&x, &stats)?;
    }
    Ok(())
}

/// The chunk files below a folder.
fn chunks(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .strip_prefix(folder)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !name.ends_with("zarr.json") {
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

fn object(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path.join("zarr.json")).unwrap()).unwrap()
}

fn floats(bytes: &[u8]) -> Vec<f64> {
    let items = bytes.chunks_exact(8);
    items
        .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
        .collect()
}

#[test]
fn chunks_hold_draws_as_they_came_and_nan_after_them() {
    let temp = tempdir().unwrap();
    let root = temp.path().join("trace.zarr");
    let mut trace = Trace::create(&root, plan(6)).unwrap();
    draw(&mut trace, 0..6).unwrap();
    trace.finish().unwrap();
    let found = chunks(&root);
    let first = floats(&found["posterior/x/c/0/0/0"]);
    let expected: Vec<f64> = (0..4)
        .flat_map(|k| (0..6).map(move |i| f64::from(100 * k + i)))
        .collect();
    assert_eq!(first, expected);
    let last = floats(&found["posterior/x/c/0/1/0"]);
    assert_eq!(last[..6], [400.0, 401.0, 402.0, 403.0, 404.0, 405.0]);
    assert!(last.len() == 24 && last[12..].iter().all(|v| v.is_nan()));
    assert_eq!(
        found["sample_stats/diverging/c/0/0"],
        [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]
    );
    let steps = &found["sample_stats/n_steps/c/0/1"];
    assert_eq!(steps[8..16], 4i64.to_le_bytes());
    assert_eq!(steps[16..24], 8i64.to_le_bytes());

    let x = object(&root.join("posterior/x"));
    assert_eq!(x["shape"], json!([3, 6, 2]));
    assert_eq!(x["dimension_names"], json!(["chain", "draw", "x_dim_0"]));
    assert_eq!(x["codecs"][0]["configuration"]["order"], json!([1, 0, 2]));
    let all = &object(&root)["consolidated_metadata"]["metadata"];
    for node in all.as_object().unwrap().keys() {
        assert_eq!(all[node], object(&root.join(node)), "{node}");
    }
    assert_eq!(
        all["posterior"]["attributes"]["parameter_names"],
        json!(["x[0]", "x[1]"])
    );
    assert_eq!(all["sample_stats/diverging"]["data_type"], "bool");
    assert_eq!(
        all["sample_stats/diverging"]["codecs"][1],
        json!({"name": "bytes"})
    );
}

/// A variable for every name, a vector or a matrix where names count; read back as the coordinates they were.
#[test]
fn named_coordinates_are_arrays_of_their_own() {
    let temp = tempdir().unwrap();
    let root = temp.path().join("trace.zarr");
    let names = [
        "mu", "ln tau", "theta[1]", "theta[2]", "chain", "t[0,0]", "t[0,1]", "t[1,0]", "t[1,1]",
    ];
    let plan = |draws: usize| TracePlan {
        shape: TraceShape {
            dim: names.len(),
            ..plan(draws).shape
        },
        parameters: names.map(str::to_owned).to_vec(),
        stats: vec!["lp".into()],
        attributes: Map::new(),
    };
    let value = |k: usize, p: usize, j: usize| (100 * k + 10 * p + j) as f64;
    let draw = |trace: &mut Trace, range: std::ops::Range<usize>| {
        for k in range {
            let places = (0..PARTICLES).flat_map(|p| (0..names.len()).map(move |j| (p, j)));
            let x: Vec<f64> = places.map(|(p, j)| value(k, p, j)).collect();
            trace.push(&x, &[("lp", &[0.5; PARTICLES])]).unwrap();
        }
    };
    let mut trace = Trace::create(&root, plan(6)).unwrap();
    draw(&mut trace, 0..5);
    trace.flush().unwrap();
    // The chunk that is whole, as it was drawn.
    let back = trace.read_back_positions().unwrap();
    assert_eq!(back.len(), 4 * PARTICLES * names.len());
    for (i, found) in back.iter().enumerate() {
        let (row, j) = (i / names.len(), i % names.len());
        assert_eq!(*found, value(row / PARTICLES, row % PARTICLES, j));
    }
    assert_eq!(trace.read_back("lp").unwrap(), [0.5; 4 * PARTICLES]);
    let (sums, pending) = (trace.checksums().to_vec(), trace.pending());
    drop(trace);
    let mut trace = Trace::reopen(&root, plan(6), &sums, &pending).unwrap();
    draw(&mut trace, 5..6);
    trace.finish().unwrap();

    let found = chunks(&root);
    let tau = floats(&found["posterior/ln tau/c/0/0"]);
    let expected = |k: usize, j: usize| (0..PARTICLES).map(move |p| value(k, p, j));
    assert!(tau.iter().copied().eq((0..4).flat_map(|k| expected(k, 1))));
    let theta = floats(&found["posterior/theta/c/0/1/0"]);
    assert_eq!(theta[..4], [402.0, 403.0, 412.0, 413.0]);
    assert!(!found.keys().any(|name| name.starts_with("posterior/x/")));
    let coordinate = |name: &str| -> Vec<i64> {
        let bytes = &found[&format!("posterior/{name}/c/0")];
        let items = bytes.chunks_exact(8);
        items
            .map(|b| i64::from_le_bytes(b.try_into().unwrap()))
            .collect()
    };
    assert_eq!(coordinate("theta_dim_0"), [1, 2]);
    assert_eq!(coordinate("t_dim_1"), [0, 1]);
    for (name, shape, dimensions, order) in [
        ("mu", json!([3, 6]), json!(["chain", "draw"]), json!([1, 0])),
        (
            "theta",
            json!([3, 6, 2]),
            json!(["chain", "draw", "theta_dim_0"]),
            json!([1, 0, 2]),
        ),
        (
            "t",
            json!([3, 6, 2, 2]),
            json!(["chain", "draw", "t_dim_0", "t_dim_1"]),
            json!([1, 0, 2, 3]),
        ),
    ] {
        let array = object(&root.join("posterior").join(name));
        assert_eq!(array["shape"], shape, "{name}");
        assert_eq!(array["dimension_names"], dimensions, "{name}");
        assert_eq!(
            array["codecs"][0]["configuration"]["order"], order,
            "{name}"
        );
    }
    // A dimension has the name of the fifth.
    assert_eq!(
        object(&root.join("posterior"))["attributes"]["sampled_variables"],
        json!(["mu", "ln tau", "theta", "chain_", "t"])
    );
}

/// Of chains of one draw ArviZ computes nothing.
#[test]
fn a_population_is_one_chain() {
    let temp = tempdir().unwrap();
    let root = temp.path().join("trace.zarr");
    let plan = TracePlan {
        shape: TraceShape::population(PARTICLES, DIM),
        parameters: vec!["a".into(), "b".into()],
        stats: driftlane::record::trace::WEIGHTS
            .map(str::to_owned)
            .to_vec(),
        attributes: Map::new(),
    };
    let mut trace = Trace::create(&root, plan).unwrap();
    trace
        .push_population(&[1.0, 10.0, 2.0, 20.0, 3.0, 30.0])
        .unwrap();
    trace.finish().unwrap();
    let found = chunks(&root);
    assert_eq!(floats(&found["posterior/a/c/0/0"]), [1.0, 2.0, 3.0]);
    assert_eq!(floats(&found["posterior/b/c/0/0"]), [10.0, 20.0, 30.0]);
    assert_eq!(object(&root.join("posterior/a"))["shape"], json!([1, 3]));
    let weights = floats(&found["sample_stats/log_weight/c/0/0"]);
    assert!(weights.iter().all(|w| *w == -driftlane::Lane::ln(3.0)));
    let one = floats(&found["sample_stats/inverse_temperature/c/0/0"]);
    assert_eq!(one, [1.0; 3]);
}

#[test]
fn a_checkpoint_taken_anywhere_leads_to_the_same_files() {
    let temp = tempdir().unwrap();
    let whole = temp.path().join("whole");
    let mut trace = Trace::create(&whole, plan(11)).unwrap();
    draw(&mut trace, 0..11).unwrap();
    trace.finish().unwrap();
    for cut in 0..=11 {
        let root = temp.path().join(format!("cut{cut}"));
        let mut trace = Trace::create(&root, plan(11)).unwrap();
        draw(&mut trace, 0..cut).unwrap();
        trace.flush().unwrap();
        assert_eq!(trace.draws(), cut);
        let (checksums, pending) = (trace.checksums().to_vec(), trace.pending());
        // What comes after the checkpoint is lost with the process.
        draw(&mut trace, cut..(cut + 5).min(11)).unwrap();
        drop(trace);
        let mut trace = Trace::reopen(&root, plan(11), &checksums, &pending).unwrap();
        draw(&mut trace, cut..11).unwrap();
        trace.finish().unwrap();
        assert_eq!(chunks(&root), chunks(&whole), "{cut}");
    }
}

#[test]
fn a_longer_run_begins_with_the_same_chunks() {
    let temp = tempdir().unwrap();
    let (short, long) = (temp.path().join("short"), temp.path().join("long"));
    let mut trace = Trace::create(&short, plan(8)).unwrap();
    draw(&mut trace, 0..8).unwrap();
    let (checksums, pending) = (trace.checksums().to_vec(), trace.pending());
    trace.finish().unwrap();
    let before = chunks(&short);
    let mut trace = Trace::create(&long, plan(13)).unwrap();
    draw(&mut trace, 0..13).unwrap();
    trace.finish().unwrap();
    let after = chunks(&long);
    for (name, bytes) in before.iter().filter(|(name, _)| !name.contains("/draw/")) {
        assert_eq!(&after[name], bytes, "{name}");
    }
    // The short one is extended.
    let mut trace = Trace::reopen(&short, plan(8), &checksums, &pending).unwrap();
    trace.set_draws(13).unwrap();
    assert_eq!(
        object(&short.join("posterior/x"))["shape"],
        json!([3, 13, 2])
    );
    draw(&mut trace, 8..13).unwrap();
    assert!(trace.set_draws(12).is_err());
    trace.finish().unwrap();
    assert_eq!(chunks(&short), after);
    // Chunks do not depend on the number of draws, and hold about 256 KiB.
    assert_eq!(TraceShape::new(64, 8, 10).chunk_draws, 64);
    assert_eq!(TraceShape::new(64, 8, 10_000).chunk_draws, 64);
    assert_eq!(TraceShape::new(1 << 20, 8, 10).chunk_draws, 1);
}

#[test]
fn a_growing_store_is_whole_and_a_short_one_tells_its_length() {
    let temp = tempdir().unwrap();
    let root = temp.path().join("trace.zarr");
    let mut trace = Trace::create(&root, plan(100)).unwrap();
    assert_eq!(
        object(&root.join("sample_stats/lp"))["shape"],
        json!([3, 100])
    );
    draw(&mut trace, 0..5).unwrap();
    assert!(chunks(&root).contains_key("posterior/x/c/0/0/0"));
    assert!(!chunks(&root).contains_key("posterior/x/c/0/1/0"));
    trace.flush().unwrap();
    assert_eq!(floats(&chunks(&root)["posterior/x/c/0/1/0"])[0], 400.0);
    trace.finish().unwrap();
    assert_eq!(object(&root.join("posterior/x"))["shape"], json!([3, 5, 2]));
    // Another trace in its place has none of its draws.
    Trace::create(&root, plan(100)).unwrap();
    assert!(!chunks(&root).contains_key("posterior/x/c/0/0/0"));
}

#[test]
fn damage_is_named() {
    let temp = tempdir().unwrap();
    let root = temp.path().join("trace.zarr");
    let mut trace = Trace::create(&root, plan(9)).unwrap();
    draw(&mut trace, 0..9).unwrap();
    let (checksums, pending) = (trace.checksums().to_vec(), trace.pending());
    trace.flush().unwrap();
    drop(trace);
    let refused = |checksums: &[u32], pending: &[u8], plan: TracePlan, words: &str| {
        let error = Trace::reopen(&root, plan, checksums, pending).unwrap_err();
        assert!(matches!(error, Error::RunFolder { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    for chunk in [
        "posterior/x/c/0/1/0",
        "sample_stats/lp/c/0/0",
        "sample_stats/diverging/c/0/1",
    ] {
        let path = root.join(chunk);
        let bytes = fs::read(&path).unwrap();
        let mut flipped = bytes.clone();
        flipped[5] ^= 1;
        fs::write(&path, flipped).unwrap();
        refused(&checksums, &pending, plan(9), &format!("{chunk} differs"));
        fs::write(&path, &bytes[1..]).unwrap();
        refused(
            &checksums,
            &pending,
            plan(9),
            &format!("{chunk} is not a file of"),
        );
        fs::remove_file(&path).unwrap();
        refused(
            &checksums,
            &pending,
            plan(9),
            &format!("{chunk} cannot be read"),
        );
        fs::create_dir(&path).unwrap();
        refused(
            &checksums,
            &pending,
            plan(9),
            &format!("{chunk} is not a file"),
        );
        fs::remove_dir(&path).unwrap();
        fs::write(&path, &bytes).unwrap();
    }
    let other = "of another trace";
    refused(&checksums, &pending[1..], plan(9), other);
    refused(&checksums, &pending.repeat(4), plan(20), other);
    refused(&checksums[1..], &pending, plan(9), other);
    refused(&checksums, &pending, plan(8), other);
    Trace::reopen(&root, plan(9), &checksums, &pending).unwrap();
}

#[test]
fn draws_that_do_not_suit_the_plan_are_refused() {
    let temp = tempdir().unwrap();
    let root = temp.path().join("trace.zarr");
    let mut trace = Trace::create(&root, plan(1)).unwrap();
    let one: &[f64] = &[0.0; 3];
    let right: [(&str, &[f64]); 3] = [("lp", one), ("diverging", one), ("n_steps", one)];
    let swapped: [(&str, &[f64]); 3] = [("diverging", one), ("lp", one), ("n_steps", one)];
    let short: [(&str, &[f64]); 3] = [("lp", &[0.0; 2]), ("diverging", one), ("n_steps", one)];
    for (draw, stats) in [
        (&[0.0; 5][..], &right[..]),
        (&[0.0; 6], &right[..2]),
        (&[0.0; 6], &swapped),
        (&[0.0; 6], &short),
    ] {
        assert!(matches!(trace.push(draw, stats), Err(Error::Write { .. })));
    }
    trace.push(&[0.0; 6], &right).unwrap();
    assert!(
        trace.push(&[0.0; 6], &right).is_err(),
        "one draw was planned"
    );
    let mut none = plan(1);
    none.shape.particles = 0;
    assert!(Trace::create(&root, none).is_err());
    let mut huge = plan(1);
    huge.shape.chunk_draws = usize::MAX;
    assert!(Trace::create(&root, huge).is_err());
}

#[test]
fn a_store_takes_no_chunk_that_a_reader_would_misread() {
    let temp = tempdir().unwrap();
    let mut store = Store::new(temp.path());
    let base = Array::whole(DataType::Float32, &[4, 2], &["a", "b"]);
    let bad = [
        Array {
            chunks: vec![4],
            ..base.clone()
        },
        Array {
            chunks: vec![0, 2],
            ..base.clone()
        },
        Array {
            order: Some(vec![0, 0]),
            ..base.clone()
        },
        Array {
            dimensions: vec![],
            ..base.clone()
        },
        Array {
            chunks: vec![u64::MAX, 2],
            ..base.clone()
        },
    ];
    for array in bad {
        assert!(matches!(store.array("x", array), Err(Error::Write { .. })));
    }
    let halves = Array {
        chunks: vec![2, 2],
        ..base
    };
    store.array("x", halves).unwrap();
    let write = |store: &Store, name: &str, index: &[u64], bytes: &[u8]| {
        store.write_chunk(name, index, &[bytes], Durability::Flushed)
    };
    for (name, index, length) in [
        ("y", &[0, 0][..], 16),
        ("x", &[0], 16),
        ("x", &[2, 0], 16),
        ("x", &[u64::MAX, 0], 16),
        ("x", &[0, 0], 15),
    ] {
        assert!(
            write(&store, name, index, &vec![0; length]).is_err(),
            "{name} {index:?}"
        );
    }
    write(&store, "x", &[1, 0], &[0; 16]).unwrap();
    store
        .array("scalar", Array::whole(DataType::UInt64, &[], &[]))
        .unwrap();
    write(&store, "scalar", &[], &7u64.to_le_bytes()).unwrap();
    store.write_metadata(Durability::Flushed).unwrap();
    assert_eq!(
        fs::read(temp.path().join("scalar/c")).unwrap(),
        7u64.to_le_bytes()
    );
    assert_eq!(object(&temp.path().join("scalar"))["shape"], json!([]));
}

/// Left in the folder `DRIFTLANE_KEEP_TRACES` names, for `.ci/interop` to open.
#[test]
fn traces_for_other_programs() {
    let keep = std::env::var_os("DRIFTLANE_KEEP_TRACES");
    let temp = tempdir().unwrap();
    let root = keep.as_ref().map_or(temp.path(), Path::new);
    let mut whole = Trace::create(&root.join("whole.zarr"), plan(11)).unwrap();
    draw(&mut whole, 0..11).unwrap();
    whole.set_attribute("name", "a trace that was streamed");
    whole.finish().unwrap();
    // One that is being written: its process has gone on for 9 of 11 draws.
    let mut growing = Trace::create(&root.join("growing.zarr"), plan(11)).unwrap();
    draw(&mut growing, 0..9).unwrap();
    assert_eq!(growing.pending().len(), 6 * 8 + 3 * 8 + 3 + 3 * 8);
}
