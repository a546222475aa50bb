//! What must hold of any bytes at all, one function a format: no panic, and of what is accepted, what its reader
//! promises. The fuzzer calls these with bytes of its own, the test `bad_input` with those of `corpus/`.

use driftlane::checkpoint::{Reader, Sections};
use driftlane::cli::{Settings, config};
use driftlane::mcmc::{KeptDraws, MoveKind, MoveSettings, Sample, SampleRun};
use driftlane::npy::{self, NonFinite};
use driftlane::smc::{Ladder, Smc, SmcRun};
use driftlane::target::library::Gaussian;
use driftlane::target::library::logistic::{Data, Layout};
use driftlane::{Error, kernels::F64};
use std::io::Cursor;
use std::path::Path;

/// A refusal has an exit code of its kind and says something.
fn judge(error: &Error, code: u8) {
    assert_eq!(error.exit_code(), code, "{error}");
    assert!(error.to_string().len() > 10, "{error}");
}

/// An experiment file. What is accepted is written out as one that means the same.
pub fn configuration(bytes: &[u8]) {
    let (path, folder) = (Path::new("run.toml"), Path::new("/data"));
    let read = |text: &str| Settings::from_toml(text, "run.toml", folder);
    let text = match config::text_of(bytes.to_vec(), path) {
        Ok(text) if takes_seconds(&text) => return,
        Ok(text) => text,
        Err(error) => return judge(&error, 2),
    };
    match read(&text) {
        Ok(settings) => {
            let text = settings.to_toml();
            match read(&text) {
                // As text: a NaN among the target's parameters, which are not judged yet, equals no NaN.
                Ok(again) => assert_eq!(again.to_toml(), text),
                Err(error) => panic!("{error}\n{text}"),
            }
        }
        Err(error) => judge(&error, 2),
    }
}

/// Whether steps are to be planned by the hundred thousand, which is allowed, and takes seconds.
fn takes_seconds(text: &str) -> bool {
    let large = |value: &toml::Value| {
        let text = value.to_string();
        let numbers = text.split(|c: char| !(c.is_ascii_digit() || ".e+".contains(c)));
        numbers
            .filter_map(|number| number.trim_matches('.').parse::<f64>().ok())
            .any(|number| (5000.0..=1e6).contains(&number))
    };
    let Ok(table) = text.parse::<toml::Table>() else {
        return false;
    };
    let method = table.get("method");
    ["steps", "nfe", "restart"]
        .iter()
        .filter_map(|key| method?.get(key))
        .any(large)
}

/// A table of data. What is accepted is a matrix of finite numbers.
pub fn csv(bytes: &[u8]) {
    for standardise in [false, true] {
        let layout = Layout {
            response: "y".into(),
            standardise,
            intercept: standardise,
        };
        match Data::from_bytes(Path::new("data.csv"), bytes, &layout) {
            Ok(data) => {
                assert_eq!(data.rows.len(), data.names.len() * data.response.len());
                assert!(data.rows.iter().all(|x| x.is_finite()));
            }
            Err(error) => judge(&error, 2),
        }
    }
}

/// An array, or an archive of some. What is accepted has as many items as its shape says.
pub fn npy(bytes: &[u8]) {
    for name in ["a.npy", "a.npz", "a.npz:a"] {
        for non_finite in [NonFinite::Keep, NonFinite::Refuse] {
            match npy::read_from(Cursor::new(bytes), name, non_finite) {
                Ok(array) => {
                    assert_eq!(array.values.len(), array.shape.iter().product::<usize>());
                    let finite = array.values.iter().all(|x| x.is_finite());
                    assert!(finite || non_finite == NonFinite::Keep);
                }
                Err(error) => judge(&error, 2),
            }
        }
    }
}

/// A checkpoint: as it is, and with checksums made right, without which hardly any change of a byte would be looked
/// at further.
pub fn checkpoint(bytes: &[u8]) {
    sections(bytes);
    sections(&mended(bytes));
}

fn sections(bytes: &[u8]) {
    let mut reader = match Reader::open(Cursor::new(bytes)) {
        Ok(reader) => reader,
        Err(error) => return judge(&error, 5),
    };
    for (name, length) in reader.sections() {
        match reader.bytes(&name) {
            Ok(payload) => assert_eq!(payload.len() as u64, length),
            Err(error) => panic!("{name} was found and is not read: {error}"),
        }
    }
    restored(bytes);
}

/// Whether a run is restored from it: of chains, of tempering.
pub fn restored(bytes: &[u8]) -> [bool; 2] {
    let target = target();
    let (sample, smc) = (chains(&target), tempering(&target));
    let mut found = [false; 2];
    if let Ok(mut reader) = Reader::open(Cursor::new(bytes)) {
        let kept_elsewhere = |_| Ok(KeptDraws::default());
        match SampleRun::<F64>::restore(&sample, &mut reader, kept_elsewhere) {
            Ok(_) => found[0] = true,
            Err(error) => judge(&error, 5),
        }
        match SmcRun::<F64>::restore(&smc, &mut reader) {
            Ok(_) => found[1] = true,
            Err(error) => judge(&error, 5),
        }
    }
    found
}

/// Where the runs go.
fn target() -> Gaussian {
    match Gaussian::isotropic(vec![0.0; 2], 1.0) {
        Ok(target) => target,
        Err(error) => panic!("{error}"),
    }
}

fn chains(target: &Gaussian) -> Sample<'_> {
    let sample = Sample::new(target).particles(3).seed(1);
    let mover = MoveSettings {
        kind: MoveKind::Hmc,
        ..MoveSettings::default()
    };
    sample.mover(mover).warmup(9).draws(6, 1)
}

fn tempering(target: &Gaussian) -> Smc<'_> {
    let smc = Smc::new(target).particles(4).seed(1).moves_per_stage(1);
    match Ladder::fixed(vec![0.0, 0.5, 1.0]) {
        Ok(ladder) => smc.ladder(ladder),
        Err(error) => panic!("{error}"),
    }
}

/// Checkpoints of the two runs on their way.
#[allow(dead_code)] // Seeds are made by the test alone.
pub fn checkpoints() -> driftlane::Result<[Vec<u8>; 2]> {
    let target = target();
    let (sample, smc) = (chains(&target), tempering(&target));
    let (mut chains, mut tempering) = (
        SampleRun::<F64>::begin(&sample)?,
        SmcRun::<F64>::begin(&smc)?,
    );
    for _ in 0..2 {
        chains.advance(&mut |_| {}, &|| false)?;
    }
    tempering.advance(&mut |_, _| {}, &|| false)?;
    let (mut of_chains, mut of_tempering) = (Sections::new(), Sections::new());
    chains.save(0, &mut of_chains);
    tempering.save(&mut of_tempering);
    let bytes = |sections: &Sections<'_>| {
        let mut bytes = Vec::new();
        // A vector takes whatever is written.
        let _ = sections.write(&mut bytes);
        bytes
    };
    Ok([bytes(&of_chains), bytes(&of_tempering)])
}

/// The sections of a checkpoint as far as they can be followed, each with its checksum made right.
fn mended(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut at = 12;
    while let Some(next) = mend(&mut out, at) {
        at = next;
    }
    out
}

/// Makes the checksum of the section at `at` right; where the next one begins.
fn mend(bytes: &mut [u8], at: usize) -> Option<usize> {
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let name = at + 2 + number(bytes.get(at..at + 2)?) as usize;
    let length = usize::try_from(number(bytes.get(name..name + 8)?)).ok()?;
    let end = (name + 8).checked_add(length)?;
    let sum = crc32fast::hash(bytes.get(at..end)?);
    let place = bytes.get_mut(end..end.checked_add(4)?)?;
    place.copy_from_slice(&sum.to_le_bytes());
    Some(end + 4)
}
