//! Working memory of a move: rows for one tile.

use crate::target::Precision;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// Rows for one tile; every vector has `dim` rows, every scalar one row for 32 particles.
#[derive(Debug, Clone)]
pub struct Scratch<R: Precision> {
    /// A proposed position.
    pub position: Vec<Row<R>>,
    /// Momentum.
    pub momentum: Vec<Row<R>>,
    /// Gradient at the current position.
    pub gradient: Vec<Row<R>>,
    /// Gradient at the proposed position.
    pub proposed_gradient: Vec<Row<R>>,
    /// Working memory of gradients.
    pub other: Vec<Row<R>>,
    /// Positions or momenta of 32 particles in double precision.
    pub wide: Vec<Row<F64>>,
    /// Positions and gradients of 32 particles in double precision, one after the other.
    pub wide_pair: Vec<Row<F64>>,
    /// Channels of a whole block, where they are kept while it is moved.
    pub block: Vec<Row<R>>,
    /// base of the proposed position.
    pub base: Vec<Row<F64>>,
    /// ratio of the proposed position.
    pub ratio: Vec<Row<F64>>,
    /// Kinetic energy before the trajectory.
    pub energy: Vec<Row<F64>>,
    /// Kinetic energy after the trajectory.
    pub proposed_energy: Vec<Row<F64>>,
}

impl<R: Precision> Scratch<R> {
    /// For tiles of `dim` coordinates.
    pub fn new(dim: usize) -> Self {
        let vector = || vec![Row::<R>::zero(); dim];
        let scalar = || vec![Row::<F64>::zero(); R::WIDTH / 8];
        Self {
            position: vector(),
            momentum: vector(),
            gradient: vector(),
            proposed_gradient: vector(),
            other: vector(),
            wide: vec![Row::<F64>::zero(); dim],
            wide_pair: vec![Row::<F64>::zero(); 2 * dim],
            block: Vec::new(),
            base: scalar(),
            ratio: scalar(),
            energy: scalar(),
            proposed_energy: scalar(),
        }
    }
}
