//! `flight.json`: the last states of the first particle that blew up, and where its last visit began, for
//! `driftlane replay`.
//!
//! Numbers are as short as they can be and come back bit for bit, those JSON has not as text; words of the random stream,
//! which are longer than what some readers take for a number, are 16 hexadecimal digits.

use super::{OpenFolder, number};
use crate::error::{Error, Result};
use crate::flow::{FlightRecord, FlightStart};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;

/// The file.
pub const FILE: &str = "flight.json";
/// Ten states and three channels of more coordinates than are sampled.
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
    /// Where its last visit began, from where it makes its moves again.
    pub start: Start,
    /// The states up to it, oldest first.
    pub states: Vec<State>,
}

/// The particle as its last visit found it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Moves it had made.
    pub moves: usize,
    /// Whether its momentum and gradient were there; else the visit drew them.
    pub fresh: bool,
    /// Its position, momentum and gradient, as far as its sampler keeps them.
    pub channels: Vec<Channel>,
    /// The state of its random stream: four words of each of eight generators, the first words first.
    #[serde(with = "words")]
    pub stream: [u64; 32],
}

/// Coordinates of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Channel(#[serde(with = "number::list")] pub Vec<f64>);

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
        let before = record.positions.len().saturating_sub(1);
        let first = record.at_move.saturating_sub(before);
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
            start: Start {
                moves: record.start.moves,
                fresh: record.start.fresh,
                channels: record.start.channels.iter().cloned().map(Channel).collect(),
                stream: record.start.stream,
            },
            states: states.collect(),
        }
    }

    /// The record of the run.
    pub fn record(&self) -> FlightRecord {
        let positions = self.states.iter().map(|state| state.position.clone());
        let channels = self.start.channels.iter().map(|channel| channel.0.clone());
        FlightRecord {
            particle: self.particle,
            at_move: self.at_move,
            positions: positions.collect(),
            start: FlightStart {
                moves: self.start.moves,
                fresh: self.start.fresh,
                channels: channels.collect(),
                stream: self.start.stream,
            },
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
        match flight.fault() {
            None => Ok(Some(flight)),
            Some(fault) => Err(refuse(format!("is damaged: {fault}"))),
        }
    }

    /// What no run writes.
    fn fault(&self) -> Option<&'static str> {
        let dim = self.states.first().map_or(0, |state| state.position.len());
        let same = self.states.iter().all(|state| state.position.len() == dim);
        if dim == 0 || !same {
            return Some("states of different lengths, or none");
        }
        let channels = &self.start.channels;
        if channels.is_empty() || channels.iter().any(|channel| channel.0.len() != dim) {
            return Some("the start has channels of other lengths than the states, or none");
        }
        let counted = self
            .states
            .windows(2)
            .all(|two| two[0].moves.checked_add(1) == Some(two[1].moves));
        let ends = self.states.last().map(|state| state.moves) == Some(self.at_move);
        if !(counted && ends && self.start.moves <= self.states[0].moves) {
            return Some(
                "the moves of the states do not follow one another from the start to at_move",
            );
        }
        None
    }
}

/// Words as hexadecimal digits.
mod words {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(
        words: &[u64; 32],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(words.iter().map(|word| format!("{word:016x}")))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[u64; 32], D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let mut words = [0; 32];
        if texts.len() != words.len() {
            let found = format!(
                "{} words of a stream instead of {}",
                texts.len(),
                words.len()
            );
            return Err(de::Error::custom(found));
        }
        for (word, text) in words.iter_mut().zip(&texts) {
            let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
            *word = u64::from_str_radix(text, 16)
                .ok()
                .filter(|_| digits)
                .ok_or_else(|| {
                    de::Error::custom(format!("{text:?} is not 16 hexadecimal digits"))
                })?;
        }
        Ok(words)
    }
}
