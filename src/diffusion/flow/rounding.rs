//! Which registers keep what rounding takes off them in single precision.

use crate::diffusion::Program;
use crate::particles::MAX_CHANNELS;
use crate::target::Precision;

/// Steps from which on single precision keeps what rounding takes off the position. Each step takes 3e-8 of it, so that
/// N of them take 3e-8 sqrt(N): as much as all the rest of single precision from here on.
const MANY_STEPS: usize = 250;

/// The registers whose rounding is kept, each with a channel behind those of registers: none in double precision, in
/// short programs, and where channels are too few.
pub(super) fn rounding_channels<R: Precision>(
    program: &Program,
    channels: &[Option<usize>],
) -> Vec<(usize, usize)> {
    let single = size_of::<R::Scalar>() == size_of::<f32>();
    if !single || program.steps.len() < MANY_STEPS {
        return Vec::new();
    }
    let first = channels.iter().flatten().count();
    let positions = program.positions();
    if first + positions.len() > MAX_CHANNELS {
        return Vec::new();
    }
    positions.into_iter().zip(first..).collect()
}
