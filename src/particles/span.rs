//! A run of consecutive blocks: what a visit of the scheduler sees, one block at a time.

use super::{MAX_CHANNELS, STATE_SCALARS};
use driftlane_kernels::F64;
use driftlane_kernels::Register;
use driftlane_kernels::tile::{Row, particles_per_tile};
use std::ops::Range;

/// Consecutive blocks of a population, all channels.
#[derive(Debug)]
pub struct Span<'a, R: Register> {
    first_block: usize,
    /// Particles from the start of this span to the end of the population.
    remaining: usize,
    dim: usize,
    tiles_per_block: usize,
    /// Vector channels, `[tile][dim]`; undeclared ones are empty.
    pub vectors: [&'a mut [Row<R>]; MAX_CHANNELS],
    /// Scalar channels, `[tile][scalar_rows]`; undeclared ones are empty.
    pub scalars: [&'a mut [Row<F64>]; MAX_CHANNELS],
    /// States kept besides the position.
    pub states: States<'a, R>,
}

/// States kept of every particle: where it has been.
#[derive(Debug)]
pub struct States<'a, R: Register> {
    /// How many a particle.
    pub count: usize,
    /// Coordinates, `[tile][state][dim]`.
    pub vectors: &'a mut [Row<R>],
    /// Numbers, `[tile][scalar row][number][state]`, so that one number of all states lies together.
    pub scalars: &'a mut [Row<F64>],
}

impl<'a, R: Register> Span<'a, R> {
    pub(super) fn new(
        n: usize,
        dim: usize,
        tiles_per_block: usize,
        vectors: [&'a mut [Row<R>]; MAX_CHANNELS],
        scalars: [&'a mut [Row<F64>]; MAX_CHANNELS],
        states: States<'a, R>,
    ) -> Self {
        Self {
            first_block: 0,
            remaining: n,
            dim,
            tiles_per_block,
            vectors,
            scalars,
            states,
        }
    }

    /// Tiles in this span.
    pub fn tiles(&self) -> usize {
        self.vectors[0].len() / self.dim
    }
    /// Blocks in this span.
    pub fn blocks(&self) -> usize {
        self.tiles().div_ceil(self.tiles_per_block)
    }
    /// The index of its first block.
    pub fn first_block(&self) -> usize {
        self.first_block
    }
    /// Particles that count: those that fill up the last tile do not.
    pub fn particles(&self) -> usize {
        self.remaining.min(self.tiles() * particles_per_tile::<R>())
    }
    /// Particles of a whole block.
    pub fn particles_per_block(&self) -> usize {
        self.tiles_per_block * particles_per_tile::<R>()
    }
    /// The index of its first particle.
    pub fn first_particle(&self) -> usize {
        self.first_block * self.particles_per_block()
    }
    /// Coordinates.
    pub fn dim(&self) -> usize {
        self.dim
    }
    /// Double-precision rows a scalar channel has in one tile.
    pub const fn scalar_rows(&self) -> usize {
        R::WIDTH / 8
    }
    /// Particles of tile `tile` of this span that count.
    pub fn active(&self, tile: usize) -> usize {
        let width = particles_per_tile::<R>();
        self.remaining.saturating_sub(tile * width).min(width)
    }
    /// The rows of tile `tile` in a vector channel.
    pub fn rows(&self, tile: usize) -> Range<usize> {
        tile * self.dim..(tile + 1) * self.dim
    }
    /// The rows of tile `tile` in a scalar channel.
    pub fn scalar_range(&self, tile: usize) -> Range<usize> {
        tile * self.scalar_rows()..(tile + 1) * self.scalar_rows()
    }

    /// The rows of state `state` of tile `tile` among the coordinates of states.
    pub fn state_rows(&self, tile: usize, state: usize) -> Range<usize> {
        let at = (tile * self.states.count + state) * self.dim;
        at..at + self.dim
    }
    /// Where number `number` of all states stands for the particles of scalar row `part` of tile `tile`.
    pub fn state_scalar_range(&self, tile: usize, part: usize, number: usize) -> Range<usize> {
        let count = self.states.count;
        let at = ((tile * self.scalar_rows() + part) * STATE_SCALARS + number) * count;
        at..at + count
    }

    /// Some of the tiles of a block, as a block of their own with the same index: what a move makes of them does not
    /// depend on the others, but for the random numbers those draw. Kept states are left out.
    pub(crate) fn tile_span(&mut self, tiles: Range<usize>) -> Span<'_, R> {
        let (dim, rows) = (self.dim, R::WIDTH / 8);
        let part = |tiles: &Range<usize>, rows: usize, length: usize| match length {
            0 => 0..0,
            _ => tiles.start * rows..tiles.end * rows,
        };
        let before = tiles.start * particles_per_tile::<R>();
        Span {
            first_block: self.first_block,
            remaining: self.remaining.saturating_sub(before),
            dim,
            tiles_per_block: self.tiles_per_block,
            vectors: self.vectors.each_mut().map(|v| {
                let range = part(&tiles, dim, v.len());
                &mut v[range]
            }),
            scalars: self.scalars.each_mut().map(|v| {
                let range = part(&tiles, rows, v.len());
                &mut v[range]
            }),
            states: States {
                count: 0,
                vectors: &mut [],
                scalars: &mut [],
            },
        }
    }

    /// Cuts after `blocks` blocks.
    pub(crate) fn split(self, blocks: usize) -> (Self, Self) {
        let tiles = blocks
            .saturating_mul(self.tiles_per_block)
            .min(self.tiles());
        let (left_vectors, right_vectors) = cut(self.vectors, tiles * self.dim);
        let (left_scalars, right_scalars) = cut(self.scalars, tiles * (R::WIDTH / 8));
        let count = self.states.count;
        let (left_states, right_states) =
            self.states.vectors.split_at_mut(tiles * count * self.dim);
        let state_numbers = tiles * (R::WIDTH / 8) * STATE_SCALARS * count;
        let (left_numbers, right_numbers) = self.states.scalars.split_at_mut(state_numbers);
        let states = |vectors, scalars| States {
            count,
            vectors,
            scalars,
        };
        let right = Self {
            first_block: self.first_block + blocks,
            remaining: self
                .remaining
                .saturating_sub(tiles * particles_per_tile::<R>()),
            vectors: right_vectors,
            scalars: right_scalars,
            states: states(right_states, right_numbers),
            ..self
        };
        (
            Self {
                vectors: left_vectors,
                scalars: left_scalars,
                states: states(left_states, left_numbers),
                ..self
            },
            right,
        )
    }
}

/// Cuts every channel after `rows` rows; an undeclared channel has none.
fn cut<T>(
    channels: [&mut [T]; MAX_CHANNELS],
    rows: usize,
) -> ([&mut [T]; MAX_CHANNELS], [&mut [T]; MAX_CHANNELS]) {
    let mut right: [&mut [T]; MAX_CHANNELS] = Default::default();
    let mut k = 0;
    let left = channels.map(|channel| {
        let (l, r) = channel.split_at_mut(rows.min(channel.len()));
        right[k] = r;
        k += 1;
        l
    });
    (left, right)
}
