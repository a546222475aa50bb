//! Tiles and blocks: how particles lie in memory.
//!
//! A tile is [`REGISTERS`] registers of particles; a channel with `rows` numbers a particle stores it
//! as `[tile][row][REGISTERS]`, so one row of a tile is one [`Pack`] and code written for one
//! particle runs on 32 (`f64`) or 64 (`f32`) of them with no copy. A block is a few tiles that are
//! advanced through many steps while they are in cache; it owns a random stream, so its size follows
//! from dimension and precision alone, never from the machine.

use crate::lane::{Pack, Register};

/// Registers in a row of a tile.
pub const REGISTERS: usize = 4;

/// A row of a tile: one number for each of its particles.
pub type Row<R> = Pack<R, REGISTERS>;

/// Particles in a tile.
pub const fn particles_per_tile<R: Register>() -> usize {
    R::WIDTH * REGISTERS
}

/// Bytes of position, momentum and gradient of a block: half of a 32 KiB L1 cache.
pub const BLOCK_BYTES: usize = 16 * 1024;

/// The most particles in a block.
pub const MAX_BLOCK_PARTICLES: usize = 256;

/// Tiles in a block of particles in `dim` dimensions: x, p and g together fit [`BLOCK_BYTES`] and
/// there are at most [`MAX_BLOCK_PARTICLES`] particles; at least one tile.
pub const fn tiles_per_block<R: Register>(dim: usize) -> usize {
    let row = size_of::<Row<R>>();
    let by_cache = BLOCK_BYTES / (3 * row * if dim == 0 { 1 } else { dim });
    let most = MAX_BLOCK_PARTICLES / particles_per_tile::<R>();
    let tiles = if by_cache < most { by_cache } else { most };
    if tiles == 0 { 1 } else { tiles }
}
