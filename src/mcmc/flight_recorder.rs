//! The last states of a particle that blew up, and where the visit began in which it did.
//!
//! Unadjusted dynamics never comes back from a position that is not finite. Of the first particle that gets there, the
//! states of its last moves are kept, to be looked at: where the density or its gradient ceased to be a number, or how
//! fast a step size that is too large made it grow.
//!
//! Nothing is recorded while all is well: a visit keeps a copy of its block, in L1, and where a particle of it ends
//! not finite the moves of its tile are made again, by the same random numbers, up to where it happened. Cost: one copy
//! and one sum of the block a visit, of up to 64 moves.

use super::Move;
use super::finite::finite_weights;
use crate::flow::{FlightRecord, FlightStart};
use crate::integrator::Scratch;
use crate::particles::Span;
use crate::target::{Law, Precision};
use bytemuck::cast_slice;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::{Row, particles_per_tile};

/// States of a flight that are kept, the one that is not finite included.
pub const STATES: usize = 10;

/// A visit to a block as it began.
#[derive(Debug, Clone)]
pub(super) struct Before<R: Precision> {
    channels: Vec<Row<R>>,
    stream: Stream,
}

impl<R: Precision> Before<R> {
    /// Keeps the vector channels of `block` and the state of its stream.
    pub fn keep(block: &Span<'_, R>, stream: &Stream, memory: &mut Vec<Row<R>>) -> Self {
        let mut channels = std::mem::take(memory);
        channels.clear();
        for channel in &block.vectors {
            channels.extend_from_slice(channel);
        }
        let stream = stream.clone();
        Self { channels, stream }
    }

    /// Gives the memory back.
    pub fn into_memory(self) -> Vec<Row<R>> {
        self.channels
    }

    /// The flight of the first particle of `block` that `moves` moves made not finite; `earlier_moves` were made before
    /// the visit. The block is as the visit left it, before and after.
    pub fn flight(
        &self,
        mover: &dyn Move<R>,
        (law, moves, fresh): (Law<'_>, usize, bool),
        block: &mut Span<'_, R>,
        scratch: &mut Scratch<R>,
        earlier_moves: usize,
    ) -> Option<Box<FlightRecord>> {
        let tiles = block.tiles();
        let length = block.vectors[0].len();
        let lost = |tile: usize, block: &Span<'_, R>| {
            let rows = block.rows(tile);
            let after = finite_weights(&block.vectors[0][rows.clone()], [&[], &[]]);
            let before = finite_weights(&self.channels[..length][rows], [&[], &[]]);
            let mut lanes = before.iter().zip(after).take(block.active(tile));
            lanes.position(|(before, after)| *before > 0.0 && after == 0.0)
        };
        let lost: Vec<usize> = (0..tiles)
            .filter(|tile| lost(*tile, block).is_some())
            .collect();
        if lost.is_empty() {
            return None;
        }
        let after: Vec<Vec<Row<R>>> = block.vectors.iter().map(|v| v.to_vec()).collect();
        let flights = lost
            .into_iter()
            .map(|tile| self.flight_of_tile(mover, (law, moves, fresh), block, scratch, tile));
        let first = flights.fold(None, FlightRecord::earlier);
        for (channel, after) in block.vectors.iter_mut().zip(&after) {
            channel.copy_from_slice(after);
        }
        first.map(|mut flight| {
            flight.at_move += earlier_moves;
            flight.start.moves += earlier_moves;
            flight
        })
    }

    /// The same of one tile, moves counted from the visit's first; the block is left as it happens to be.
    fn flight_of_tile(
        &self,
        mover: &dyn Move<R>,
        (law, moves, fresh): (Law<'_>, usize, bool),
        block: &mut Span<'_, R>,
        scratch: &mut Scratch<R>,
        tile: usize,
    ) -> Option<Box<FlightRecord>> {
        let length = block.vectors[0].len();
        let active = block.active(tile);
        // The tiles before have to draw what they drew.
        let mut stream = self.stream.clone();
        self.put_back(block);
        if tile > 0 {
            let mut others = block.tile_span(0..tile);
            mover.run(law, moves, fresh, &mut others, &mut stream, scratch);
        }
        let mut after_moves = |count: usize, block: &mut Span<'_, R>| {
            self.put_back(block);
            let mut own = block.tile_span(tile..tile + 1);
            if count > 0 {
                mover.run(law, count, fresh, &mut own, &mut stream.clone(), scratch);
            }
            own.vectors[0].to_vec()
        };
        // Once one particle of the tile is not finite it stays so: halve down to the first move that lost one.
        let began = finite_weights(&self.channels[..length][block.rows(tile)], [&[], &[]]);
        let whole = |x: &[Row<R>]| {
            let now = finite_weights(x, [&[], &[]]);
            let mut lanes = began.iter().zip(now).take(active);
            lanes.position(|(before, now)| *before > 0.0 && now == 0.0)
        };
        let (mut low, mut high) = (0, moves);
        while high - low > 1 {
            let middle = low.midpoint(high);
            match whole(&after_moves(middle, block)) {
                Some(_) => high = middle,
                None => low = middle,
            }
        }
        let lane = whole(&after_moves(high, block))?;
        let first = (high + 1).saturating_sub(STATES);
        let positions = (first..=high).map(|count| of_lane(&after_moves(count, block), lane));
        let positions: Vec<Vec<f64>> = positions.collect();
        let rows = block.rows(tile);
        let channels = self.channels.chunks_exact(length);
        let start = FlightStart {
            moves: 0,
            fresh,
            channels: channels.map(|x| of_lane(&x[rows.clone()], lane)).collect(),
            stream: stream.state(),
        };
        Some(Box::new(FlightRecord {
            particle: block.first_particle() + tile * particles_per_tile::<R>() + lane,
            at_move: high,
            positions,
            start,
        }))
    }

    fn put_back(&self, block: &mut Span<'_, R>) {
        let mut from = 0;
        for channel in &mut block.vectors {
            let to = from + channel.len();
            channel.copy_from_slice(&self.channels[from..to]);
            from = to;
        }
    }
}

/// The numbers of one particle of a tile.
fn of_lane<R: Precision>(rows: &[Row<R>], lane: usize) -> Vec<f64> {
    let numbers = rows
        .iter()
        .map(|row| cast_slice::<_, R::Scalar>(&row.0)[lane]);
    numbers.map(Into::into).collect()
}
