//! Kick and drift: the two exact flows Hamiltonian integrators are composed of.
//!
//! ```text
//! H(x, p) = -log pi(x) + sum_j p_j^2 / (2 m_j)
//! kick:  p <- p + h g(x)          drift:  x <- x + h p / m
//! leapfrog (velocity Verlet): kick h/2, drift h, kick h/2
//! ```
//!
//! Leapfrog has order 2, is reversible, preserves volume and is stable for h omega < 2. Cost: one
//! fused multiply-add a coordinate for a kick, one and a product for a drift. Source: Verlet 1967,
//! doi 10.1103/PhysRev.159.98; Duane, Kennedy, Pendleton, Roweth 1987,
//! doi 10.1016/0370-2693(87)91197-X.

use crate::lane::Lane;

/// p + h g.
#[inline(always)]
pub fn kick<L: Lane>(p: L, grad: L, step_size: L) -> L {
    step_size.mul_add(grad, p)
}

/// x + h p / m.
#[inline(always)]
pub fn drift<L: Lane>(x: L, p: L, inverse_mass: L, step_size: L) -> L {
    (step_size * inverse_mass).mul_add(p, x)
}
