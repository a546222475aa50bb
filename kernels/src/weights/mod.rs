//! Log weights: sums of exponentials, effective sample sizes, fixed-shape reductions, integer
//! weights and their prefix sums.

mod quantise;
mod reduce;
mod sums;

pub use quantise::{exclusive_prefix_sum, quantise, quantum_bits};
pub use reduce::{max_row, sum_row};
pub use sums::{IncrementSums, WeightSums};
