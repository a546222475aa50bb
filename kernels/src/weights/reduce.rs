//! Sums of a row in one fixed shape, so that a result never depends on the machine or on how many
//! threads worked: registers (0+1)+(2+3), then lanes ((0+4)+(2+6))+((1+5)+(3+7)).

use crate::lane::F64;
use crate::tile::Row;

/// The sum over the 32 particles of a row.
#[inline(always)]
pub fn sum_row(row: Row<F64>) -> f64 {
    let [a, b, c, d] = row.0;
    let x = ((a + b) + (c + d)).to_array();
    ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]))
}

/// The maximum over the 32 particles of a row; NaN entries are passed over.
#[inline(always)]
pub fn max_row(row: Row<F64>) -> f64 {
    let mut max = f64::NEG_INFINITY;
    for register in row.0 {
        for x in register.to_array() {
            max = if x > max { x } else { max };
        }
    }
    max
}
