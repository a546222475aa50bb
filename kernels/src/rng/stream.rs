//! xoshiro256++ (Blackman, Vigna 2021, ACM TOMS 47:36, doi 10.1145/3460772) in eight lanes.
//!
//! result = rotl(s0 + s3, 23) + s0; then s is advanced by the linear engine with shift 17 and
//! rotation 45. Eleven register operations for eight words. The lane count is part of the format:
//! a register of `f64` takes word k of lane k; a register of `f32` takes for particle j the half
//! j & 1 (low first) of lane j >> 1.
//!
//! A stream belongs to a block for one epoch (one visit of the scheduler) and is seeded from
//! (seed, purpose, block, epoch), so nothing random is ever stored and no result depends on which
//! thread ran the block. Lane seeds pass a full-avalanche mix before SplitMix64: seeds that differ by
//! small multiples of its increment would share state words otherwise.

use crate::lane::{F32, F64, Pack, Register, Word};
use crate::rng::{normal_pair, uniform, uniform_open};
use crate::tile::Row;
use bytemuck::cast;
use wide::u64x8;

/// What the random numbers of a stream are used for; streams of different purposes are independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Draws from the initial law.
    Initial = 1,
    /// Noise and proposals of moves.
    Move = 2,
    /// Resampling.
    Resample = 3,
    /// Population-level choices: jitter shared by all particles.
    Shared = 4,
    /// Exact draws for tests and starts.
    Exact = 5,
    /// Seeds of replicates and islands.
    Replicate = 6,
    /// Brownian paths: the block is 32 particles, the epoch a node of the tree.
    Path = 7,
}

/// A generator of eight words at a time.
#[derive(Debug, Clone)]
pub struct Stream {
    state: [u64x8; 4],
}

/// The murmur3 finaliser: every input bit changes every output bit with probability one half.
const fn avalanche(mut x: u64) -> u64 {
    x = (x ^ (x >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    x = (x ^ (x >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

/// The seed of one lane: what `Xoshiro256PlusPlus::seed_from_u64` of `rand_xoshiro` turns into the
/// state of that lane.
pub const fn lane_seed(seed: u64, purpose: Purpose, block: u64, epoch: u64, lane: u64) -> u64 {
    // Constants: fractional parts of the square roots of 2, 3, 5, 7, 11.
    let mut h = avalanche(seed ^ 0x6a09_e667_f3bc_c908);
    h = avalanche(h ^ avalanche(purpose as u64 ^ 0xbb67_ae85_84ca_a73b));
    h = avalanche(h.wrapping_add(avalanche(block ^ 0x3c6e_f372_fe94_f82b)));
    h = avalanche(h ^ avalanche(epoch ^ 0xa54f_f53a_5f1d_36f1));
    avalanche(h.wrapping_add(avalanche(lane ^ 0x510e_527f_ade6_82d1)))
}

impl Stream {
    /// The stream of a block in an epoch.
    pub fn new(seed: u64, purpose: Purpose, block: u64, epoch: u64) -> Self {
        let mut state = [[0u64; 8]; 4];
        for lane in 0..8 {
            let lane_of = if crate::mutants::active("rng-lane-reused") {
                lane & 6
            } else {
                lane
            };
            let epoch = if crate::mutants::active("rng-epoch-ignored") {
                0
            } else {
                epoch
            };
            let mut x = lane_seed(seed, purpose, block, epoch, lane_of as u64);
            for word in &mut state {
                x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = x;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                word[lane] = z ^ (z >> 31);
            }
        }
        Self {
            state: state.map(u64x8::new),
        }
    }

    /// Its state, word by word of all lanes.
    pub fn state(&self) -> [u64; 32] {
        cast(self.state)
    }

    /// The stream that goes on from a [`state`](Stream::state).
    pub fn from_state(state: [u64; 32]) -> Self {
        Self { state: cast(state) }
    }

    /// The next word of every lane.
    #[inline(always)]
    pub fn next_words(&mut self) -> u64x8 {
        let [s0, s1, s2, s3] = self.state;
        let result = Word::rotate_left(s0 + s3, 23) + s0;
        let t = s1 << 17u32;
        let s2 = s2 ^ s0;
        let s3 = s3 ^ s1;
        self.state = [s0 ^ s3, s1 ^ s2, s2 ^ t, Word::rotate_left(s3, 45)];
        result
    }

    /// Eight words as the bits of a register.
    #[inline(always)]
    fn bits<R: Vector>(&mut self) -> R::Word {
        R::from_words(self.next_words())
    }

    /// Independent standard normals, one for every particle of a row. Four draws of eight words.
    #[inline(always)]
    pub fn normal_row<R: Vector>(&mut self) -> Row<R> {
        let (b0, b1) = (self.bits::<R>(), self.bits::<R>());
        let (b2, b3) = (self.bits::<R>(), self.bits::<R>());
        let (x0, x1) = R::normal_pair(b0, b1);
        let (x2, x3) = R::normal_pair(b2, b3);
        Pack([x0, x1, x2, x3])
    }

    /// Uniforms on [0, 1), one for every particle of a row.
    #[inline(always)]
    pub fn uniform_row<R: Vector>(&mut self) -> Row<R> {
        Pack(std::array::from_fn(|_| uniform(self.bits::<R>())))
    }

    /// Uniforms on the open interval (0, 1), one for every particle of a row.
    #[inline(always)]
    pub fn uniform_open_row<R: Vector>(&mut self) -> Row<R> {
        Pack(std::array::from_fn(|_| uniform_open(self.bits::<R>())))
    }
}

/// A register that is filled from the eight lanes of a [`Stream`].
pub trait Vector: Register {
    /// The eight words as this register's integers.
    fn from_words(words: u64x8) -> Self::Word;
    /// Two standard normals for every particle; see [`normal_pair`].
    fn normal_pair(first: Self::Word, second: Self::Word) -> (Self, Self);
}

impl Vector for F64 {
    #[inline(always)]
    fn from_words(words: u64x8) -> u64x8 {
        words
    }
    #[inline(always)]
    fn normal_pair(first: u64x8, second: u64x8) -> (Self, Self) {
        normal_pair::double(first, second)
    }
}

impl Vector for F32 {
    #[inline(always)]
    fn from_words(words: u64x8) -> wide::u32x16 {
        cast(words)
    }
    #[inline(always)]
    fn normal_pair(first: wide::u32x16, second: wide::u32x16) -> (Self, Self) {
        normal_pair::single(first, second)
    }
}
