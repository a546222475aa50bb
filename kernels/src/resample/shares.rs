//! N W split exactly: whole offspring, and what is left of one.
//!
//! ```text
//! N q = floor(N q / S) S + r,   0 <= r < S
//! ```
//!
//! with integer weights q and their sum S. The remainders are exact integers in units of 1/S, so over
//! a population they sum to a whole multiple of S and nothing has to be repaired at the end (the
//! round-off that makes floating-point versions return one offspring too few or too many). The
//! quotient is guessed in floating point, off by at most one, and mended in wrapping 64-bit
//! arithmetic. Cost: about ten operations a particle, no division.

/// The floor of N q / S and the exact remainder; `ratio` = N / S rounded. Needs S < 2^62 and
/// N < 2^32.
#[inline(always)]
pub fn share(quantum: u64, n: u64, total: u64, ratio: f64) -> (u32, u64) {
    let guess = (quantum as f64 * ratio) as u64;
    let product = n.wrapping_mul(quantum);
    let rest = product.wrapping_sub(guess.wrapping_mul(total)) as i64;
    // |rest| < 2 S < 2^63: the wrapped difference is the difference.
    let below = i64::from(rest < 0);
    let above = i64::from(rest >= total as i64);
    let whole = guess as i64 - below + above;
    (
        whole as u32,
        (rest + below * total as i64 - above * total as i64) as u64,
    )
}

/// (word * n) / 2^64: an integer uniform on 0 .. n, to 2^-64 n.
#[inline(always)]
pub fn below(word: u64, n: u64) -> u64 {
    ((u128::from(word) * u128::from(n)) >> 64) as u64
}

/// Whether a uniform number, given by 64 random bits, is below part / whole; part <= whole.
#[inline(always)]
pub fn happens(word: u64, part: u64, whole: u64) -> bool {
    u128::from(word) * u128::from(whole) < u128::from(part) << 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact() {
        let mut x = 1u64;
        let mut next = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            x >> 2
        };
        for _ in 0..200_000 {
            let total = (next() >> (next() % 60)) + 1;
            let quantum = next() % (total + 1);
            let n = (next() >> 30 >> (next() % 32)) + 1;
            let exact = u128::from(n) * u128::from(quantum);
            let (whole, rest) = share(quantum, n, total, n as f64 / total as f64);
            assert_eq!(u128::from(whole), exact / u128::from(total));
            assert_eq!(u128::from(rest), exact % u128::from(total));
        }
    }
}
