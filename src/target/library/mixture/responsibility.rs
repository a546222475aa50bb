//! The log-sum-exp that every mixture shares: energies in bits, weights 2^(low - e_k), sums. Powers of two need no
//! reduction by ln 2: in `f32` 11 operations a weight for 15.
//!
//! Components go in chunks of [`CHUNK`] whose energies stay on the stack (2 KiB for a row of a
//! tile); a chunk that finds a lower minimum rescales the sums of the ones before. Each of the three
//! loops of a chunk (energies, exponentials, sums) keeps its constants and accumulators in
//! registers: one fused loop spills ten registers and measured 15% slower.

use driftlane_kernels::{Lane, Mask};

/// Components whose energies are held at once.
const CHUNK: usize = 8;

/// The components of a mixture at one point.
pub(super) trait Components<L: Lane> {
    /// How many.
    fn count(&self) -> usize;
    /// e_k = -log2(w_k N(x; component k)).
    fn energy(&self, k: usize) -> L;
    /// Adds component k to the gradient's sums with this weight.
    fn add(&mut self, k: usize, weight: L);
    /// Multiplies the gradient's sums.
    fn scale(&mut self, factor: L);
}

/// Where the energies' minimum and the sum of weights ended.
#[derive(Clone, Copy)]
pub(super) struct Responsibility<L> {
    /// min_k e_k, at most the largest finite number.
    pub low: L,
    /// sum_k 2^(low - e_k).
    pub sum: L,
}

impl<L: Lane> Responsibility<L> {
    /// ln sum_k 2^-e_k; -infinity where no energy is finite, NaN where one is NaN.
    #[inline(always)]
    pub fn log_density(self) -> L {
        let nowhere = largest::<L>().le(self.low).and(self.sum.eq(self.sum));
        L::select(
            nowhere,
            L::splat(f64::NEG_INFINITY),
            self.low
                .neg_mul_add(L::splat(std::f64::consts::LN_2), self.sum.ln()),
        )
    }
}

/// The largest finite number of the precision: where the minimum starts, so that low - e_k is never
/// infinity - infinity.
#[inline(always)]
fn largest<L: Lane>() -> L {
    if single::<L>() {
        L::splat(f32::MAX.into())
    } else {
        L::splat(f64::MAX)
    }
}

#[inline(always)]
fn single<L: Lane>() -> bool {
    size_of::<L::Scalar>() == 4
}

/// Sums over all components.
///
/// Weights below 2^-58 (2^-144 in `f64`) count as that: relative to the largest they are far below
/// rounding, and their products with small means would be subnormal, 150 cycles apiece (measured:
/// eight Gaussians in `f32` 20 times slower).
#[inline(always)]
pub(super) fn sum<L: Lane>(components: &mut impl Components<L>) -> Responsibility<L> {
    let mut sums = Responsibility {
        low: largest::<L>(),
        sum: L::zero(),
    };
    let count = components.count();
    let mut first = 0;
    while first + CHUNK <= count {
        let before = sums.low;
        let energies: [L; CHUNK] = std::array::from_fn(|k| {
            let energy = components.energy(first + k);
            sums.low = energy.min(sums.low);
            energy
        });
        add_chunk(components, first, energies, before, &mut sums);
        first += CHUNK;
    }
    // Room for no more than there are: clearing 2 KiB for one component is 2% of twenty-five.
    match count - first {
        0 => {}
        1 => add_rest::<L, 1>(components, first, count, &mut sums),
        2..=4 => add_rest::<L, 4>(components, first, count, &mut sums),
        _ => add_rest::<L, CHUNK>(components, first, count, &mut sums),
    }
    sums
}

/// Adds the components from `first` on, at most `MOST`.
#[inline(always)]
fn add_rest<L: Lane, const MOST: usize>(
    components: &mut impl Components<L>,
    first: usize,
    count: usize,
    sums: &mut Responsibility<L>,
) {
    let mut energies = [L::zero(); MOST];
    let energies = &mut energies[..count - first];
    let before = sums.low;
    for (k, slot) in energies.iter_mut().enumerate() {
        *slot = components.energy(first + k);
        sums.low = slot.min(sums.low);
    }
    add_chunk(components, first, energies, before, sums);
}

/// Adds the components from `first` on, given their energies and the least energy before them.
#[inline(always)]
fn add_chunk<L: Lane>(
    components: &mut impl Components<L>,
    first: usize,
    mut energies: impl AsMut<[L]>,
    before: L,
    sums: &mut Responsibility<L>,
) {
    let energies = energies.as_mut();
    let floor = L::splat(if single::<L>() { -58.0 } else { -144.0 });
    if first > 0 {
        // Exact 1 where the minimum stands. NaN stays NaN: `max` returns its second argument.
        let shrink = floor.max(sums.low - before).exp2_nonpositive();
        sums.sum *= shrink;
        components.scale(shrink);
    }
    for slot in energies.iter_mut() {
        *slot = floor.max(sums.low - *slot).exp2_nonpositive();
    }
    for (k, &weight) in energies.iter().enumerate() {
        sums.sum += weight;
        components.add(first + k, weight);
    }
}
