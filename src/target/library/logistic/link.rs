//! The logistic link on a group of rows: r = sigmoid(-z) and sum ln sigmoid(z).
//!
//! A row costs an exponential and a division for r, and an exponential for the sum: logarithms are
//! shared, ln a + ln b = ln(a b). Divisions are not (1/a = b/(a b) halves them): they run beside the
//! exponentials of the next rows, and sharing them measured 10% slower.

use driftlane_kernels::Lane;
use driftlane_kernels::panel::ROWS;

/// Factors of at most 2 before their product is logged: 2^16 is far from overflow, and sixteen
/// roundings of the product weigh as much as sixteen roundings of a sum.
const FACTORS: u32 = 16;

/// Replaces every z by sigmoid(-z) = 1 / (1 + e^z). Without the guards of `Lane::sigmoid`: where e^z
/// overflows, its reciprocal is the 0 that is meant.
#[inline(always)]
pub(super) fn residuals<L: Lane>(z: &mut [L; ROWS]) {
    for z in z.iter_mut() {
        *z = (L::one() + z.exp()).recip();
    }
}

/// The sum of ln sigmoid(z) = min(z, 0) - ln(1 + e^-|z|) over rows.
#[derive(Clone, Copy)]
pub(super) struct LogSigmoids<L> {
    sum: L,
    /// A product of 1 + e^-|z| that is still to be logged, and of how many.
    product: L,
    factors: u32,
}

impl<L: Lane> LogSigmoids<L> {
    /// The empty sum.
    #[inline(always)]
    pub fn new() -> Self {
        Self {
            sum: L::zero(),
            product: L::one(),
            factors: 0,
        }
    }

    /// Adds the first `count` rows of a group.
    #[inline(always)]
    pub fn add(&mut self, z: &[L; ROWS], count: usize) {
        for (r, &z) in z.iter().enumerate() {
            if r < count {
                self.sum += z.min(L::zero());
                self.product = (-z.abs()).exp().mul_add(self.product, self.product);
            }
        }
        self.close(count);
    }

    /// Adds the first `count` rows of a group, and replaces every z by sigmoid(-z), which is
    /// e^-|z| / (1 + e^-|z|) or the rest to 1.
    #[inline(always)]
    pub fn add_and_differentiate(&mut self, z: &mut [L; ROWS], count: usize) {
        for (r, z) in z.iter_mut().enumerate() {
            let small = (-z.abs()).exp();
            if r < count {
                self.sum += z.min(L::zero());
                self.product = small.mul_add(self.product, self.product);
            }
            *z = L::select(z.lt(L::zero()), L::one(), small) / (L::one() + small);
        }
        self.close(count);
    }

    /// Counts factors, and logs their product once there may be no room for four more.
    #[inline(always)]
    fn close(&mut self, factors: usize) {
        self.factors += factors as u32;
        if self.factors >= FACTORS {
            self.sum -= self.product.ln();
            (self.product, self.factors) = (L::one(), 0);
        }
    }

    /// The sum.
    #[inline(always)]
    pub fn total(self) -> L {
        self.sum - self.product.ln()
    }
}
