//! Products of a data matrix with a tile of particles.
//!
//! For a matrix X (n rows, d columns) and one vector theta per particle:
//! z = X theta, then g += X^T r with r = f(z), blocked over [`BLOCK`] rows of X so that z, r,
//! theta, g and the block of X stay in L1 (20 KiB at d = 25 in `f64`; one pass over all rows would
//! write and read back 256 n bytes instead).
//!
//! Cost: 4 n d flops a particle. Both products run on register tiles: [`ROWS`] = 4 rows of X, or up
//! to 6 columns, times the four registers of a row of particles. That is 16 to 24 independent
//! accumulators (8 hide the latency of a fused multiply-add: 4 cycles, two ports) and 8 to 10 loads
//! for 16 to 24 multiply-adds, so neither loads nor latency bind.
//!
//! Every sum runs over rows, or columns, in their order, whatever the tiling: a tile of particles
//! gets the bits of its scalar instance.

mod product;

use crate::lane::{Lane, Scalar, Table};
use std::ops::Range;

/// Rows of X in a register tile.
pub const ROWS: usize = 4;

/// Rows of X in a block.
pub const BLOCK: usize = 16;

/// A matrix packed for [`Panel::for_each`] and [`Panel::accumulate`], in both precisions.
///
/// Groups of [`ROWS`] rows, column after column, the rows of a group side by side; the last group
/// is padded with zero rows, whose entries of r are discarded: they add exactly nothing.
#[derive(Debug, Clone)]
pub struct Panel {
    rows: usize,
    columns: usize,
    lower_triangular: bool,
    packed: Table,
}

impl Panel {
    /// Packs a row-major matrix of `columns` columns.
    ///
    /// # Panics
    /// If `columns` is 0 or `values` is not a whole number of rows.
    pub fn new(columns: usize, values: &[f64]) -> Self {
        assert!(
            columns > 0 && values.len().is_multiple_of(columns),
            "whole rows"
        );
        let rows = values.len() / columns;
        let mut packed = vec![0.0; rows.next_multiple_of(ROWS) * columns];
        for (i, row) in values.chunks_exact(columns).enumerate() {
            for (j, &value) in row.iter().enumerate() {
                packed[(i / ROWS * columns + j) * ROWS + i % ROWS] = value;
            }
        }
        Self {
            rows,
            columns,
            lower_triangular: false,
            packed: packed.into(),
        }
    }

    /// Packs a square matrix whose entries above the diagonal are zero; they are skipped, four
    /// columns at a time, which halves the work.
    ///
    /// # Panics
    /// If `values` is not `dim` x `dim`, `dim` > 0.
    pub fn lower_triangular(dim: usize, values: &[f64]) -> Self {
        assert!(values.len() == dim * dim, "a square matrix");
        Self {
            lower_triangular: true,
            ..Self::new(dim, values)
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Calls `f(rows, z)` for every group of rows in order, with their products z = X `theta`; in
    /// the last group only the first `rows.len()` of z count. 2 n d flops a particle.
    #[inline(always)]
    pub fn for_each<L: Lane>(&self, theta: &[L], mut f: impl FnMut(Range<usize>, &[L; ROWS])) {
        let theta = &theta[..self.columns];
        for (group, packed) in self.groups::<L>() {
            let z = product::rows_times(self.used(group, packed), theta);
            let row = group * ROWS;
            f(row..self.rows.min(row + ROWS), &z);
        }
    }

    /// `grad` += X^T r, where `f(rows, z)` replaces the products z = X `theta` of a group of rows by
    /// its entries of r; groups as in [`Panel::for_each`]. 4 n d flops a particle.
    #[inline(always)]
    pub fn accumulate<L: Lane>(
        &self,
        theta: &[L],
        grad: &mut [L],
        mut f: impl FnMut(Range<usize>, &mut [L; ROWS]),
    ) {
        let (theta, grad) = (&theta[..self.columns], &mut grad[..self.columns]);
        let stride = ROWS * self.columns;
        let data = self.packed.of::<L>();
        let mut block = [[L::zero(); ROWS]; BLOCK / ROWS];
        for (number, data) in data.chunks(BLOCK / ROWS * stride).enumerate() {
            let first = number * (BLOCK / ROWS);
            let block = &mut block[..data.len() / stride];
            for (g, (z, packed)) in block.iter_mut().zip(data.chunks_exact(stride)).enumerate() {
                *z = product::rows_times(self.used(first + g, packed), theta);
            }
            for (g, z) in block.iter_mut().enumerate() {
                let row = (first + g) * ROWS;
                f(row..self.rows.min(row + ROWS), z);
                if row + ROWS > self.rows {
                    z[self.rows - row..].fill(L::zero());
                }
            }
            let last = first + block.len() - 1;
            let columns = self.used(last, &data[..stride]).len() / ROWS;
            product::columns_times(data, stride, block, &mut grad[..columns]);
        }
    }

    /// The groups of rows with their numbers.
    #[inline(always)]
    fn groups<L: Lane>(&self) -> impl Iterator<Item = (usize, &[L::Scalar])> {
        self.packed
            .of::<L>()
            .chunks_exact(ROWS * self.columns)
            .enumerate()
    }

    /// The columns of a group that are not all zero.
    #[inline(always)]
    fn used<'a, S: Scalar>(&self, group: usize, packed: &'a [S]) -> &'a [S] {
        if self.lower_triangular {
            &packed[..packed.len().min((group + 1) * ROWS * ROWS)]
        } else {
            packed
        }
    }
}
