//! Systematic resampling: one uniform for the whole population (Carpenter, Clifford, Fearnhead 1999,
//! doi 10.1049/ip-rsn:19990255).
//!
//! ```text
//! G(C) = floor(C N / S + u),  o_i = G(C_i) - G(C_(i-1)),  G(S) = N
//! ```
//!
//! with integer cumulative weights C. Each bound is computed afresh (accumulating u += 1/N loses
//! precision) and every operation is monotone in C, so counts are never negative and telescope to
//! exactly N. E[o_i] = N W_i. Cost: one conversion, one fused multiply-add, one floor a particle.

/// Offspring of the particles of a block. `before` is the cumulative weight before the block,
/// `total` the sum S of all weights, `n` the population, `u` uniform on [0, 1).
pub fn systematic_offspring(
    quanta: &[u64],
    before: u64,
    total: u64,
    n: u64,
    u: f64,
    offspring: &mut [u32],
) {
    let ratio = n as f64 / total as f64;
    let bound = |cumulative: u64| {
        if cumulative == total {
            return n;
        }
        let u = if crate::mutants::active("systematic-shifted") {
            u * 0.5
        } else {
            u
        };
        let g = (cumulative as f64).mul_add(ratio, u) as u64;
        if g < n { g } else { n }
    };
    let mut cumulative = before;
    let mut last = bound(before);
    for (q, o) in quanta.iter().zip(offspring) {
        cumulative += q;
        let next = bound(cumulative);
        *o = (next - last) as u32;
        last = next;
    }
}
