//! The last states of a particle that blew up: where it was, move by move.

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
}
