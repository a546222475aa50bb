//! The two register tiles of [`super::Panel`].
//!
//! z_r = sum_j X_rj theta_j over columns for four rows, and g_j += sum_r X_rj r_r over the rows of a
//! block for up to [`WIDE`] columns: per column (row) one load of the particles' four registers, one
//! broadcast for each row (column) of the tile.

use super::ROWS;
use crate::lane::Lane;

/// The most columns in a tile: 6 x 4 accumulators, 4 registers of residuals and a broadcast are 29
/// of 32 registers.
const WIDE: usize = 6;

/// The four products of a packed group of rows with `theta`; a group of fewer columns uses the
/// first entries of `theta`.
#[inline(always)]
pub(super) fn rows_times<L: Lane>(packed: &[L::Scalar], theta: &[L]) -> [L; ROWS] {
    let mut z = [L::zero(); ROWS];
    for (&theta, column) in theta.iter().zip(packed.chunks_exact(ROWS)) {
        for r in 0..ROWS {
            z[r] = L::broadcast(column[r]).mul_add(theta, z[r]);
        }
    }
    z
}

/// `grad` += X^T `residual` for a block of packed groups `stride` scalars apart. The columns are cut
/// into tiles of nearly equal width: 25 = 5 x 5, not 4 x 6 + 1, whose last tile would wait for the
/// latency of its four accumulators.
#[inline(always)]
pub(super) fn columns_times<L: Lane>(
    data: &[L::Scalar],
    stride: usize,
    residual: &[[L; ROWS]],
    grad: &mut [L],
) {
    let columns = grad.len();
    let tiles = columns.div_ceil(WIDE);
    let (width, mut wider) = (columns / tiles, columns % tiles);
    let mut first = 0;
    while first < columns {
        let width = width + usize::from(wider > 0);
        wider = wider.saturating_sub(1);
        let data = &data[first * ROWS..];
        let grad = &mut grad[first..first + width];
        match width {
            1 => tile::<L, 1>(data, stride, residual, grad),
            2 => tile::<L, 2>(data, stride, residual, grad),
            3 => tile::<L, 3>(data, stride, residual, grad),
            4 => tile::<L, 4>(data, stride, residual, grad),
            5 => tile::<L, 5>(data, stride, residual, grad),
            _ => tile::<L, WIDE>(data, stride, residual, grad),
        }
        first += width;
    }
}

/// `W` columns of X^T `residual`, added to `grad`.
#[inline(always)]
fn tile<L: Lane, const W: usize>(
    data: &[L::Scalar],
    stride: usize,
    residual: &[[L; ROWS]],
    grad: &mut [L],
) {
    let mut sum: [L; W] = std::array::from_fn(|j| grad[j]);
    for (g, residual) in residual.iter().enumerate() {
        let packed = &data[g * stride..][..W * ROWS];
        for r in 0..ROWS {
            for j in 0..W {
                sum[j] = L::broadcast(packed[j * ROWS + r]).mul_add(residual[r], sum[j]);
            }
        }
    }
    grad.copy_from_slice(&sum);
}
