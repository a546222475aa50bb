//! The last states of a particle that blew up, and all that is needed to make its moves again.
//!
//! At most ten positions, and of the start of the visit it happened in the particle's vector channels (three at most) and
//! the state of its random stream: 13 numbers a coordinate and 32 words, whatever the number of moves. The stream tells
//! all random numbers, so none of them are stored.

use serde::{Deserialize, Serialize};

/// The last states of the first particle that blew up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlightRecord {
    /// The particle.
    pub particle: usize,
    /// The move, counted from 1 and warm-up included, after which it was not finite.
    pub at_move: usize,
    /// Positions after the moves before that one and after it, oldest first.
    pub positions: Vec<Vec<f64>>,
    /// Where the visit began.
    pub start: FlightStart,
}

/// A particle as a visit found it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlightStart {
    /// Moves it had made, warm-up included.
    pub moves: usize,
    /// Whether the channels besides the position were as its move had left them; else the visit drew them.
    pub fresh: bool,
    /// Its vector channels, the position first.
    pub channels: Vec<Vec<f64>>,
    /// The state of the stream its tile drew from.
    pub stream: [u64; 32],
}

impl FlightRecord {
    /// The one that happened first; of one move, that of the first particle.
    pub(crate) fn earlier(a: Option<Box<Self>>, b: Option<Box<Self>>) -> Option<Box<Self>> {
        match (a, b) {
            (Some(a), Some(b)) => {
                let first = (a.at_move, a.particle) <= (b.at_move, b.particle);
                Some(if first { a } else { b })
            }
            (a, b) => a.or(b),
        }
    }

    /// Whether it is one of a particle of `channels` vector channels of `dim` coordinates.
    pub(crate) fn fits(&self, channels: usize, dim: usize) -> bool {
        let start = &self.start;
        let made = self.at_move.checked_sub(start.moves);
        let before = self.positions.len().checked_sub(1);
        made.zip(before)
            .is_some_and(|(made, before)| before <= made)
            && start.channels.len() == channels
            && self
                .positions
                .iter()
                .chain(&start.channels)
                .all(|x| x.len() == dim)
    }
}
