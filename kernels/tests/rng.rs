//! The random streams: eight lanes against eight scalar generators, seeds, uniforms.
//!
//! | gate | size | smallest defect caught for certain |
//! |---|---|---|
//! | avalanche of the lane seed | 2048 keys x 256 bits flipped | one output bit flips with 0.5 +- 0.09, an input bit flips 0.5 +- 0.011 of the output |
//! | neighbouring streams | 3 x 512 pairs of 2^19 bits | correlation of uniforms 0.09 in one pair, 0.0023 in all; of bits 0.011, 0.0003 |
//! | first outputs of 2^17 blocks | 2^20 words | serial correlation 0.007, one byte value off by 20% |
//! | uniforms | 2^24 draws | distribution function off by 1e-3, mean by 5e-4, every cell of 4096 by 0.7% |
//!
//! ("For certain": two standard deviations beyond the limit.)
//! Each gate is judged at a false-alarm rate of 1e-6 and is shown a seeded defect.

mod statistics;

use driftlane_kernels::rng::{Purpose, Stream, lane_seed, uniform, uniform_open};
use driftlane_kernels::{F32, F64, Register};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use statistics::{Gate, Verdict, passes_and_catches};

const PURPOSES: [Purpose; 6] = [
    Purpose::Initial,
    Purpose::Move,
    Purpose::Resample,
    Purpose::Shared,
    Purpose::Exact,
    Purpose::Replicate,
];

fn words(stream: &mut Stream) -> [u64; 8] {
    stream.next_words().to_array()
}

#[test]
fn helpers_of_the_gates_are_right() {
    statistics::check_helpers();
}

#[test]
fn eight_lanes_are_eight_scalar_generators() {
    for (seed, purpose, block, epoch) in [
        (0, Purpose::Initial, 0, 0),
        (1, Purpose::Move, 7, 3),
        (u64::MAX, Purpose::Resample, u64::MAX, u64::MAX),
    ] {
        let mut stream = Stream::new(seed, purpose, block, epoch);
        let mut scalar: [_; 8] = std::array::from_fn(|lane| {
            let seed = lane_seed(seed, purpose, block, epoch, lane as u64);
            Xoshiro256PlusPlus::seed_from_u64(seed)
        });
        for draw in 0..100_000 {
            let expected = scalar.each_mut().map(Rng::next_u64);
            assert_eq!(words(&mut stream), expected, "draw {draw} of {purpose:?}");
        }
    }
}

#[test]
fn the_first_words_of_a_stream_are_pinned() {
    // A change here changes every result ever published with a seed.
    const PINNED_FIRST: [u64; 4] = [
        0xa971_d57b_d5e6_e86c,
        0x6916_4bc6_5d4d_69e1,
        0xe814_83ff_7862_1395,
        0x594f_5a1e_9834_1d3f,
    ];
    const PINNED_HASH: u64 = 0x8429_cba4_d279_db74;
    let mut stream = Stream::new(1, Purpose::Move, 2, 3);
    let first: Vec<u64> = (0..2).flat_map(|_| words(&mut stream)).collect();
    assert_eq!(first[..4], PINNED_FIRST);
    let hash = (0..1000)
        .flat_map(|_| words(&mut stream))
        .fold(0xcbf2_9ce4_8422_2325u64, |h, w| {
            (h ^ w).wrapping_mul(0x0000_0100_0000_01b3)
        });
    assert_eq!(hash, PINNED_HASH);
}

#[test]
fn a_register_of_f32_takes_halves_low_first() {
    let (mut one, mut two) = (
        Stream::new(5, Purpose::Move, 0, 0),
        Stream::new(5, Purpose::Move, 0, 0),
    );
    for _ in 0..1000 {
        let row = one.uniform_row::<F32>();
        for register in row.0 {
            let words = words(&mut two);
            for (j, value) in register.to_array().into_iter().enumerate() {
                let half = (words[j >> 1] >> (32 * (j & 1))) as u32;
                assert_eq!(value, uniform::<f32>(half));
            }
        }
        // Two words of f32 make two normals, registers 0 and 1, then 2 and 3.
        let row = one.normal_row::<F32>();
        for pair in 0..2 {
            let (a, b) = (words(&mut two), words(&mut two));
            for j in 0..16 {
                let half = |w: [u64; 8]| (w[j >> 1] >> (32 * (j & 1))) as u32;
                let (x, y) = driftlane_kernels::rng::gaussian::single::<f32>(half(a), half(b));
                assert_eq!(row.0[2 * pair].to_array()[j].to_bits(), x.to_bits());
                assert_eq!(row.0[2 * pair + 1].to_array()[j].to_bits(), y.to_bits());
            }
        }
        let row = one.normal_row::<F64>();
        for pair in 0..2 {
            let (a, b) = (words(&mut two), words(&mut two));
            for j in 0..8 {
                let (x, y) = driftlane_kernels::rng::gaussian::double::<f64>(a[j], b[j]);
                assert_eq!(row.0[2 * pair].to_array()[j].to_bits(), x.to_bits());
                assert_eq!(row.0[2 * pair + 1].to_array()[j].to_bits(), y.to_bits());
            }
        }
    }
}

/// A key of a stream's lane: seed, block, epoch, lane.
type Key = [u64; 4];

fn seed_of(key: Key) -> u64 {
    lane_seed(key[0], Purpose::Move, key[1], key[2], key[3])
}

/// What an unmixed seed would be: keys laid side by side by an odd multiplier, one final mix of half
/// strength.
fn weak_seed(key: Key) -> u64 {
    let h = key.iter().fold(0u64, |h, k| {
        h.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(*k)
    });
    h ^ (h >> 32)
}

/// How often each output bit flips with each input bit.
fn avalanche(seed_of: impl Fn(Key) -> u64) -> Verdict {
    const KEYS: u64 = 2048;
    let mut flips = vec![[0u64; 64]; 256];
    for k in 0..KEYS {
        // Half of the keys small, as real ones are; half anywhere.
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(k);
        let mask = if k % 2 == 0 { 0xff } else { u64::MAX };
        let key: Key = std::array::from_fn(|_| generator.next_u64() & mask);
        let base = seed_of(key);
        for (bit, flips) in flips.iter_mut().enumerate() {
            let mut other = key;
            other[bit / 64] ^= 1 << (bit % 64);
            let difference = base ^ seed_of(other);
            for (out, count) in flips.iter_mut().enumerate() {
                *count += difference >> out & 1;
            }
        }
    }
    let mut gate = Gate::new();
    let sd = |n: u64| (n as f64).sqrt() / 2.0;
    for (input, flips) in flips.iter().enumerate() {
        for (output, &count) in flips.iter().enumerate() {
            gate.z(
                format!("bit {input} to {output}"),
                count as f64,
                KEYS as f64 / 2.0,
                sd(KEYS),
            );
        }
        // Bits of one difference are independent too, so their sum has binomial spread.
        let n = 64 * KEYS;
        gate.z(
            format!("bit {input}"),
            flips.iter().sum::<u64>() as f64,
            n as f64 / 2.0,
            sd(n),
        );
    }
    gate.verdict()
}

#[test]
fn every_bit_of_a_key_changes_every_bit_of_the_seed() {
    passes_and_catches("avalanche", avalanche(seed_of), avalanche(weak_seed));
    // Purposes, all pairs.
    let mut gate = Gate::new();
    for (i, &p) in PURPOSES.iter().enumerate() {
        for &q in &PURPOSES[..i] {
            let distance: u32 = (0..512)
                .map(|k| (lane_seed(k, p, 0, 0, 0) ^ lane_seed(k, q, 0, 0, 0)).count_ones())
                .sum();
            let n = 64.0 * 512.0;
            gate.z(
                format!("{p:?} and {q:?}"),
                f64::from(distance),
                n / 2.0,
                n.sqrt() / 2.0,
            );
        }
    }
    println!("purposes: {}", gate.verdict().unwrap());
}

/// Whether any two of 2^20 lanes share a seed, or a word of state through SplitMix64, whose sequence
/// from x contains that from x plus its increment. A perfect hash collides with probability 2^-20.
fn collisions(seed_of: impl Fn(u64, Purpose, u64, u64, u64) -> u64) -> usize {
    let mut seeds = Vec::with_capacity(1 << 22);
    for seed in 0..16 {
        for purpose in &PURPOSES[..4] {
            for block in 0..64 {
                for epoch in 0..32 {
                    for lane in 0..8 {
                        let x = seed_of(seed, *purpose, block, epoch, lane);
                        for k in 0..4u64 {
                            seeds.push(x.wrapping_add(k.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
                        }
                    }
                }
            }
        }
    }
    assert_eq!(seeds.len(), 1 << 22);
    seeds.sort_unstable();
    seeds.windows(2).filter(|w| w[0] == w[1]).count()
}

#[test]
fn no_two_lanes_share_state() {
    assert_eq!(collisions(lane_seed), 0);
    // Lanes a SplitMix64 increment apart share three words of four.
    let defect = collisions(|seed, purpose, block, epoch, lane| {
        lane_seed(seed, purpose, block, epoch, 0)
            .wrapping_add(lane.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    });
    assert!(defect > 1 << 20, "{defect}");
}

/// Pairs of neighbouring streams: agreement of bits, and correlation as uniforms.
fn neighbours(mut stream: impl FnMut(u64, u64) -> Box<dyn FnMut() -> [u64; 8]>) -> Verdict {
    const DRAWS: usize = 1024;
    let mut gate = Gate::new();
    let (mut agree, mut product, mut pairs) = (0u64, 0.0, 0u64);
    for (step_block, step_epoch) in [(1, 0), (0, 1), (1, 1)] {
        for k in 0..512 {
            let mut a = stream(k, 5);
            let mut b = stream(k + step_block, 5 + step_epoch);
            let (mut same, mut sum) = (0u64, 0.0);
            for _ in 0..DRAWS {
                for (x, y) in a().into_iter().zip(b()) {
                    same += u64::from((!(x ^ y)).count_ones());
                    sum += (uniform::<f64>(x) - 0.5) * (uniform::<f64>(y) - 0.5);
                }
            }
            let n = 8.0 * DRAWS as f64;
            let bits = 64.0 * n;
            gate.z(
                format!("bits of {k}"),
                same as f64,
                bits / 2.0,
                bits.sqrt() / 2.0,
            );
            gate.z(format!("uniforms of {k}"), sum, 0.0, n.sqrt() / 12.0);
            agree += same;
            product += sum;
            pairs += 1;
        }
    }
    let n = pairs as f64 * 8.0 * DRAWS as f64;
    gate.z(
        "bits of all",
        agree as f64,
        32.0 * n,
        (64.0 * n).sqrt() / 2.0,
    );
    gate.z("uniforms of all", product, 0.0, n.sqrt() / 12.0);
    gate.verdict()
}

#[test]
fn neighbouring_streams_are_uncorrelated() {
    let real = neighbours(|block, epoch| {
        let mut stream = Stream::new(9, Purpose::Move, block, epoch);
        Box::new(move || words(&mut stream))
    });
    // Every hundredth draw of a stream is taken from a stream all blocks share.
    let defect = neighbours(|block, epoch| {
        let mut own = Stream::new(9, Purpose::Move, block, epoch);
        let mut shared = Stream::new(9, Purpose::Shared, 0, 0);
        let mut draw = 0;
        Box::new(move || {
            draw += 1;
            let (a, b) = (words(&mut own), words(&mut shared));
            if draw % 100 == 0 { b } else { a }
        })
    });
    passes_and_catches("neighbouring streams", real, defect);
}

/// The first word of every lane of consecutive blocks, in order: what seeding alone produces.
fn first_outputs(first: impl Fn(u64) -> [u64; 8]) -> Verdict {
    let outputs: Vec<u64> = (0..1 << 17).flat_map(first).collect();
    let n = outputs.len() as f64;
    let mut gate = Gate::new();
    for byte in [0, 3, 7] {
        let mut counts = [0u64; 256];
        for w in &outputs {
            counts[(w >> (8 * byte) & 255) as usize] += 1;
        }
        gate.even(format!("byte {byte}"), &counts);
    }
    let centred: Vec<f64> = outputs.iter().map(|&w| uniform::<f64>(w) - 0.5).collect();
    // Lag 1 is the next lane, 8 the next block.
    for lag in [1, 2, 7, 8, 9, 16, 64] {
        let sum: f64 = centred
            .iter()
            .zip(&centred[lag..])
            .map(|(a, b)| a * b)
            .sum();
        gate.z(
            format!("lag {lag}"),
            sum,
            0.0,
            (n - lag as f64).sqrt() / 12.0,
        );
    }
    gate.verdict()
}

#[test]
fn first_outputs_of_consecutive_blocks_are_random() {
    let real = first_outputs(|block| words(&mut Stream::new(0, Purpose::Initial, block, 0)));
    // The block number written into the state, unmixed, and no warm-up.
    let defect = first_outputs(|block| {
        std::array::from_fn(|lane| {
            let mut state = [7u8; 32];
            state[..8].copy_from_slice(&(8 * block + lane as u64).to_le_bytes());
            Xoshiro256PlusPlus::from_seed(state).next_u64()
        })
    });
    passes_and_catches("first outputs", real, defect);
}

#[test]
fn uniforms_lie_on_their_grid() {
    // Ends.
    assert_eq!(uniform::<f64>(0), 0.0);
    assert_eq!(uniform::<f64>(u64::MAX), 1.0f64.next_down());
    assert_eq!(uniform_open::<f64>(0), 2f64.powi(-53));
    assert_eq!(uniform_open::<f64>(u64::MAX), 1.0f64.next_down());
    assert_eq!(uniform::<f32>(0), 0.0);
    assert_eq!(uniform::<f32>(u32::MAX), 1.0f32.next_down());
    assert_eq!(uniform_open::<f32>(0), 2f32.powi(-24));
    assert_eq!(uniform_open::<f32>(u32::MAX), 1.0f32.next_down());

    let mut stream = Stream::new(3, Purpose::Exact, 0, 0);
    for _ in 0..20_000 {
        for w in words(&mut stream) {
            let u = uniform::<f64>(w);
            assert_eq!(u * 2f64.powi(53), (w >> 11) as f64);
            let v = uniform_open::<f64>(w);
            assert!(v > 0.0 && v < 1.0);
            assert_eq!(v * 2f64.powi(53), (2 * (w >> 12) + 1) as f64);
            // The law of u is that of 1 - u, exactly.
            assert_eq!(uniform_open::<f64>(!w), 1.0 - v);
            let h = w as u32;
            let u = uniform::<f32>(h);
            assert_eq!(u * 2f32.powi(24), (h >> 8) as f32);
            let v = uniform_open::<f32>(h);
            assert!(v > 0.0 && v < 1.0);
            assert_eq!(v * 2f32.powi(24), (2 * (h >> 9) + 1) as f32);
            assert_eq!(uniform_open::<f32>(!h), 1.0 - v);
        }
    }
}

/// 2^24 uniforms: equal cells, distribution function at the cells' ends, mean, and the bits of the
/// grid that the cells do not see.
fn uniform_law(mut row: impl FnMut(&mut Stream) -> Vec<f64>, precision: i32) -> Verdict {
    const CELLS: usize = 4096;
    let mut stream = Stream::new(11, Purpose::Exact, 1, 1);
    let mut cells = vec![0u64; CELLS];
    let mut low = vec![0u64; 64];
    let (mut n, mut sum) = (0u64, 0.0);
    while n < 1 << 24 {
        for u in row(&mut stream) {
            cells[(u * CELLS as f64) as usize] += 1;
            low[((u * 2f64.powi(precision)) as u64 & 63) as usize] += 1;
            sum += u - 0.5;
            n += 1;
        }
    }
    let mut gate = Gate::new();
    gate.even("cells", &cells);
    gate.even("low bits", &low);
    let (mut below, mut distance) = (0u64, 0f64);
    for (i, c) in cells.iter().enumerate() {
        below += c;
        let expected = (i + 1) as f64 / CELLS as f64;
        distance = distance.max((below as f64 / n as f64 - expected).abs());
    }
    gate.kolmogorov("distribution", distance, n);
    gate.z("mean", sum, 0.0, (n as f64 / 12.0).sqrt());
    gate.verdict()
}

fn flat<R: Register>(row: driftlane_kernels::tile::Row<R>) -> Vec<f64> {
    let values: &[R::Scalar] = bytemuck::cast_slice(&row.0);
    values.iter().map(|&v| v.into()).collect()
}

#[test]
fn uniforms_are_uniform() {
    // The grid of `uniform_open` has one bit less, plus a half.
    passes_and_catches(
        "uniform f64",
        uniform_law(|s| flat(s.uniform_row::<F64>()), 53),
        uniform_law(
            |s| {
                flat(s.uniform_row::<F64>())
                    .iter()
                    .map(|u| u * (1.0 - 1e-3))
                    .collect()
            },
            53,
        ),
    );
    passes_and_catches(
        "uniform f32",
        uniform_law(|s| flat(s.uniform_row::<F32>()), 24),
        // A generator of 23 bits where 24 are promised.
        uniform_law(
            |s| {
                flat(s.uniform_row::<F32>())
                    .iter()
                    .map(|u| (u * 2f64.powi(23)).floor() * 2f64.powi(-23))
                    .collect()
            },
            24,
        ),
    );
    passes_and_catches(
        "open f64",
        uniform_law(|s| flat(s.uniform_open_row::<F64>()), 52),
        uniform_law(
            |s| {
                flat(s.uniform_open_row::<F64>())
                    .iter()
                    .map(|u| u.max(5e-4))
                    .collect()
            },
            52,
        ),
    );
    passes_and_catches(
        "open f32",
        uniform_law(|s| flat(s.uniform_open_row::<F32>()), 23),
        uniform_law(
            |s| {
                flat(s.uniform_open_row::<F32>())
                    .iter()
                    .map(|u| u.max(5e-4))
                    .collect()
            },
            23,
        ),
    );
}
