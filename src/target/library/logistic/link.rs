//! The logistic link on a few rows: r = sigmoid(-z) and sum ln sigmoid(z).
//!
//! Division and logarithm are the slow instructions (16 cycles a register of `f64` for a division,
//! against 8 for an exponential), so both are shared between rows: 1/a = b/(a b), and
//! ln a + ln b = ln(a b).

use driftlane_kernels::Lane;

/// Factors of at most 2 before their product is logged: 2^16 is far from overflow, and sixteen
/// roundings of the product weigh as much as sixteen roundings of a sum.
const FACTORS: u32 = 16;

/// Replaces every z by sigmoid(-z) = 1 / (1 + e^z), one division for two rows.
///
/// z is held below 340 (`f32`: 43) so that the product of two denominators is finite; the result
/// there is below 1e-147 (1e-18).
#[inline(always)]
pub(super) fn residuals<L: Lane>(z: &mut [L]) {
    let ceiling = L::splat(if size_of::<L::Scalar>() == 4 { 43.0 } else { 340.0 });
    let mut pairs = z.chunks_exact_mut(2);
    for pair in &mut pairs {
        // NaN stays NaN: `min` returns its second argument.
        let a = L::one() + ceiling.min(pair[0]).exp();
        let b = L::one() + ceiling.min(pair[1]).exp();
        let inverse = (a * b).recip();
        (pair[0], pair[1]) = (b * inverse, a * inverse);
    }
    for z in pairs.into_remainder() {
        *z = (L::one() + ceiling.min(*z).exp()).recip();
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
        Self { sum: L::zero(), product: L::one(), factors: 0 }
    }

    /// Adds some rows, at most four.
    #[inline(always)]
    pub fn add(&mut self, z: &[L]) {
        for &z in z {
            self.sum += z.min(L::zero());
            self.product = (-z.abs()).exp().mul_add(self.product, self.product);
        }
        self.close(z.len());
    }

    /// Adds some rows, at most four, and replaces every z by sigmoid(-z).
    #[inline(always)]
    pub fn add_and_differentiate(&mut self, z: &mut [L]) {
        for z in z.iter_mut() {
            let small = (-z.abs()).exp();
            let factor = L::one() + small;
            self.sum += z.min(L::zero());
            self.product = small.mul_add(self.product, self.product);
            *z = L::select(z.lt(L::zero()), L::one(), small) / factor;
        }
        self.close(z.len());
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
