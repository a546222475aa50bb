//! Log densities of noisy steps.
//!
//! ```text
//! sum over noisy steps of log N(x'; A x + sum_j B_j m_j, C^2 I) = -|xi|^2 / 2 - d ln C - d/2 ln 2 pi
//! ```

use crate::diffusion::Operation;
use crate::target::Precision;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// ln C of a step that is normal given its start, `Some(None)` without noise: one draw, that no call of the
/// denoiser depends on, multiplied into the position at the end. `None` for others.
pub(super) fn log_spread(operations: &[Operation]) -> Option<Option<f64>> {
    let mut noise: Option<(usize, f64)> = None;
    for operation in operations {
        match (operation, noise) {
            (Operation::Draw { to, .. }, None) => noise = Some((*to, 0.0)),
            (Operation::Draw { .. }, Some(_)) => return None,
            (Operation::Evaluate { .. }, Some((_, coefficient))) if coefficient != 0.0 => {
                return None;
            }
            (Operation::Combine { to, terms }, Some((register, _))) => {
                let found = terms.iter().find(|term| term.0 == register);
                if let Some((_, coefficient)) = found {
                    if *to != 0 {
                        return None;
                    }
                    noise = Some((register, *coefficient));
                }
            }
            _ => {}
        }
    }
    match noise {
        None => Some(None),
        Some((_, coefficient)) if coefficient > 0.0 => Some(Some(Lane::ln(coefficient))),
        Some(_) => None,
    }
}

/// Adds the log density of a step with this ln C and these normals, a row for 32 particles.
pub(super) fn add_log_density<R: Precision>(
    log_spread: f64,
    noise: &[Row<R>],
    wide: &mut [Row<F64>],
    densities: &mut [Row<F64>],
) {
    let half_log_tau = 0.5 * Lane::ln(std::f64::consts::TAU);
    let constant = Row::<F64>::splat(-(noise.len() as f64) * (log_spread + half_log_tau));
    for (part, density) in densities.iter_mut().enumerate() {
        R::widen_part(noise, part, wide);
        let square = wide
            .iter()
            .fold(Row::<F64>::zero(), |sum, xi| xi.mul_add(*xi, sum));
        *density += square.mul_add(Row::splat(-0.5), constant);
    }
}
