//! Stratified resampling: one uniform in each of N equal strata (Kitagawa 1996,
//! doi 10.1080/10618600.1996.10474692; Douc, Cappe, Moulines 2005, arXiv:cs/0507025).
//!
//! ```text
//! G(C) = k + [u_k < C N / S - k],  k = floor(C N / S),   o_i = G(C_i) - G(C_(i-1)),  G(S) = N
//! ```
//!
//! G counts the points (k + u_k) S / N below C, so each bound needs the one uniform of the stratum
//! it falls into and blocks are independent. E[o_i] = N W_i. Cost: a conversion, a product, a floor
//! and a comparison a particle, eight bytes of uniforms.

/// Offspring of the particles of a block. `before` is the cumulative weight before the block, `total`
/// the sum S of all weights, `uniforms` one number on [0, 1) for each of the N strata.
pub fn stratified_offspring(
    quanta: &[u64],
    before: u64,
    total: u64,
    uniforms: &[f64],
    offspring: &mut [u32],
) {
    let n = uniforms.len() as u64;
    let ratio = n as f64 / total as f64;
    let bound = |cumulative: u64| {
        if cumulative == total {
            return n;
        }
        let point = cumulative as f64 * ratio;
        let stratum = point as u64;
        if stratum >= n {
            return n;
        }
        stratum + {
            let of = if crate::mutants::active("stratified-one-uniform") {
                0
            } else {
                stratum as usize
            };
            u64::from(uniforms[of] < point - stratum as f64)
        }
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
