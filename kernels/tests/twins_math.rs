//! Scalar and vector instances of the elementary functions return the same bits, and every
//! instruction set returns the bits recorded here.

use driftlane_kernels::{F32, F64, Lane, Pack};
use proptest::prelude::*;

/// One function of a lane; sine and cosine count as two.
#[derive(Clone, Copy, Debug)]
enum Function {
    Exp,
    Exp2,
    ExpM1,
    Ln,
    Ln1p,
    Sigmoid,
    Softplus,
    Sin,
    Cos,
}

use Function::*;
const ALL: [Function; 9] = [Exp, Exp2, ExpM1, Ln, Ln1p, Sigmoid, Softplus, Sin, Cos];

impl Function {
    fn at<L: Lane>(self, x: L) -> L {
        match self {
            Exp => x.exp(),
            // What it is made for, and NaN: folded into the range that both precisions have.
            Exp2 => {
                let low = L::splat(-126.0);
                let folded = L::select(x.lt(low), low, x.min(L::zero()));
                L::select(x.is_nan(), x, folded).exp2_nonpositive()
            }
            ExpM1 => x.exp_m1(),
            Ln => x.ln(),
            Ln1p => x.ln_1p(),
            Sigmoid => x.sigmoid(),
            Softplus => x.softplus(),
            Sin => x.sin_cos_turns().0,
            Cos => x.sin_cos_turns().1,
        }
    }
}

/// Any NaN equals any NaN.
fn bits64(x: f64) -> u64 {
    if x.is_nan() {
        f64::NAN.to_bits()
    } else {
        x.to_bits()
    }
}
fn bits32(x: f32) -> u32 {
    if x.is_nan() {
        f32::NAN.to_bits()
    } else {
        x.to_bits()
    }
}

fn doubles() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => any::<u64>().prop_map(f64::from_bits),
        4 => -750.0..720.0f64,
        2 => (-64i32..64, -4i64..=4).prop_map(|(k, step)| {
            f64::from_bits(((k as f64 / 16.0).to_bits() as i64).wrapping_add(step) as u64)
        }),
        1 => prop::sample::select(vec![
            0.0, -0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MAX, f64::MIN,
            f64::MIN_POSITIVE, 5e-324, -5e-324, 709.782712893384, -745.1332191019411, 4.5e15,
        ]),
    ]
}

fn singles() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => any::<u32>().prop_map(f32::from_bits),
        4 => -110.0..95.0f32,
        2 => (-64i32..64, -4i32..=4).prop_map(|(k, step)| {
            f32::from_bits(((k as f32 / 16.0).to_bits() as i32).wrapping_add(step) as u32)
        }),
        1 => prop::sample::select(vec![
            0.0, -0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX, f32::MIN,
            f32::MIN_POSITIVE, 1e-45, -1e-45, 88.72284, -103.97208, 8_388_608.0,
        ]),
    ]
}

proptest! {
    // 64 and 128 points per case.
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn double_twins(x in prop::collection::vec(doubles(), 32)) {
        let pack = Pack(std::array::from_fn(|k| F64::new(x[8 * k..8 * k + 8].try_into().unwrap())));
        for f in ALL {
            let packed: Pack<F64, 4> = f.at(pack);
            for (i, &x) in x.iter().enumerate() {
                let (scalar, lane) = (f.at(x), f.at(pack.0[i / 8]).to_array()[i % 8]);
                prop_assert_eq!(bits64(lane), bits64(scalar), "{:?} at {:e}", f, x);
                prop_assert_eq!(bits64(packed.0[i / 8].to_array()[i % 8]), bits64(scalar));
            }
        }
    }

    #[test]
    fn single_twins(x in prop::collection::vec(singles(), 64)) {
        let pack = Pack(std::array::from_fn(|k| {
            F32::new(x[16 * k..16 * k + 16].try_into().unwrap())
        }));
        for f in ALL {
            let packed: Pack<F32, 4> = f.at(pack);
            for (i, &x) in x.iter().enumerate() {
                let (scalar, lane) = (f.at(x), f.at(pack.0[i / 16]).to_array()[i % 16]);
                prop_assert_eq!(bits32(lane), bits32(scalar), "{:?} at {:e}", f, x);
                prop_assert_eq!(bits32(packed.0[i / 16].to_array()[i % 16]), bits32(scalar));
            }
        }
    }

    /// What NaN, infinities and both zeros do to the extremes.
    #[test]
    fn extremes(a in doubles(), b in doubles(), c in singles(), d in singles()) {
        // Named through the trait: the registers have methods of the same name.
        let (low, high) = (Lane::min(F64::splat(a), F64::splat(b)), Lane::max(F64::splat(a), F64::splat(b)));
        prop_assert_eq!(bits64(Lane::min(a, b)), bits64(low.to_array()[3]));
        prop_assert_eq!(bits64(Lane::max(a, b)), bits64(high.to_array()[3]));
        let (low, high) = (Lane::min(F32::splat(c), F32::splat(d)), Lane::max(F32::splat(c), F32::splat(d)));
        prop_assert_eq!(bits32(Lane::min(c, d)), bits32(low.to_array()[9]));
        prop_assert_eq!(bits32(Lane::max(c, d)), bits32(high.to_array()[9]));
    }
}

/// splitmix64 of a counter: a third of the points are raw bits, the rest are spread over the ranges
/// where the functions bend.
fn point(i: u64) -> (u64, f64) {
    let z = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let z = z ^ (z >> 31);
    let unit = (z >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
    (z, unit * if i % 3 == 1 { 1500.0 } else { 8.0 })
}

fn fold(hash: u64, bits: u64) -> u64 {
    (hash ^ bits).wrapping_mul(0x0000_0100_0000_01b3)
}

/// FNV-1a by words over 99,840 results in each precision.
fn digest(f: Function) -> (u64, u64) {
    let (mut double, mut single) = (0xcbf2_9ce4_8422_2325, 0xcbf2_9ce4_8422_2325);
    for r in 0..12_480 {
        let x = std::array::from_fn(|k| {
            let (bits, x) = point(8 * r + k as u64);
            if r % 3 == 0 { f64::from_bits(bits) } else { x }
        });
        let y = f.at(F64::new(x)).to_array();
        double = y.into_iter().fold(double, |hash, y| fold(hash, bits64(y)));
    }
    for r in 0..6_240 {
        let x = std::array::from_fn(|k| {
            let (bits, x) = point(16 * r + k as u64);
            if r % 3 == 0 {
                f32::from_bits(bits as u32)
            } else {
                x as f32
            }
        });
        let y = f.at(F32::new(x)).to_array();
        single = y
            .into_iter()
            .fold(single, |hash, y| fold(hash, bits32(y) as u64));
    }
    (double, single)
}

#[test]
fn same_bytes_at_every_level() {
    let digests = ALL.map(digest);
    assert_eq!(digests, RECORDED, "{digests:#018x?}");
}

/// Recorded with AVX-512; x86-64-v3 gives the same.
#[rustfmt::skip]
const RECORDED: [(u64, u64); 9] = [
    (0xf71f_16ef_8ede_8ecf, 0xe2ee_04ba_3097_e69f), // Exp
    (0xa156_c8a2_86cc_4003, 0x56db_4403_026d_6eb7), // Exp2
    (0xc0ac_0c84_2c4a_9981, 0xe0e9_8273_9ab6_fae5), // ExpM1
    (0xf301_ecb8_e17f_217c, 0xce9a_a76b_e513_dabf), // Ln
    (0xc4f1_c564_850f_4a60, 0x93bd_853b_30a1_04a6), // Ln1p
    (0x2907_4383_d573_451b, 0xdd35_bac7_3a51_e76e), // Sigmoid
    (0x26d4_8f38_21c9_7629, 0x4669_70dd_c590_8454), // Softplus
    (0x211d_a08e_868f_e3b0, 0x21b3_d454_049c_7166), // Sin
    (0x6ead_4bca_c261_a4dd, 0x240c_15f4_ead7_3554), // Cos
];
