//! `flight.json`: the last states of the first particle that blew up, for `driftlane replay`.

use super::{OpenFolder, number};
use crate::error::{Error, Result};
use crate::flow::FlightRecord;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;

/// The file.
pub const FILE: &str = "flight.json";
/// Ten states of more coordinates than are sampled.
const TEXT_CAP: u64 = 1 << 30;

/// What it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flight {
    /// The particle.
    pub particle: usize,
    /// The move after which it was not finite, counted from 1, warm-up included.
    pub at_move: usize,
    /// What moved it.
    pub sampler: String,
    /// Its step size.
    pub step_size: f64,
    /// `f32` or `f64`.
    pub precision: String,
    /// The states up to it, oldest first.
    pub states: Vec<State>,
}

/// Where the particle was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Moves it had made.
    pub moves: usize,
    /// Its coordinates.
    #[serde(with = "number::list")]
    pub position: Vec<f64>,
}

impl Flight {
    /// Of a record of a run.
    pub fn of(record: &FlightRecord, sampler: &str, step_size: f64, precision: &str) -> Self {
        let first = (record.at_move + 1).saturating_sub(record.positions.len());
        let states = record
            .positions
            .iter()
            .enumerate()
            .map(|(k, position)| State {
                moves: first + k,
                position: position.clone(),
            });
        Self {
            particle: record.particle,
            at_move: record.at_move,
            sampler: sampler.to_owned(),
            step_size,
            precision: precision.to_owned(),
            states: states.collect(),
        }
    }

    /// Writes it into a run folder.
    pub fn write(&self, folder: &OpenFolder) -> Result<()> {
        // Numbers of any kind and strings always serialise.
        let text = serde_json::to_string_pretty(self).unwrap_or_default() + "\n";
        folder.put(FILE, &text)
    }

    /// Reads that of a run folder; `None` where nothing blew up. Refused ([`Error::RunFolder`]): a file that does not
    /// hold one.
    pub fn read(folder: &OpenFolder) -> Result<Option<Self>> {
        let path = folder.file(FILE);
        let refuse = |what: String| Error::RunFolder {
            path: path.clone(),
            what,
        };
        let file = match File::open(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|e| refuse(format!("cannot be read: {e}")))?,
        };
        let mut text = String::new();
        file.take(TEXT_CAP)
            .read_to_string(&mut text)
            .map_err(|e| refuse(format!("cannot be read: {e}")))?;
        let flight: Self =
            serde_json::from_str(&text).map_err(|e| refuse(format!("is damaged: {e}")))?;
        let dim = flight
            .states
            .first()
            .map_or(0, |state| state.position.len());
        let same = flight
            .states
            .iter()
            .all(|state| state.position.len() == dim);
        match dim > 0 && same {
            true => Ok(Some(flight)),
            false => Err(refuse(
                "is damaged: states of different lengths, or none".into(),
            )),
        }
    }
}
