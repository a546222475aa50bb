//! Error bounds of the phi functions against double-double references, over their whole range: from
//! |z| = 1e-300 to overflow on the right, to the end of the numbers on the left, with every neighbour
//! of the ends of the series and of the shrinking. The references are themselves compared with values
//! of 60 digits, and a version that subtracts rounded numbers is shown to fail.
#![allow(clippy::disallowed_methods)]

#[allow(dead_code)]
mod double_double;

use double_double::{Dd, Reference};
use driftlane_kernels::math::double::{phi_1, phi_2, phi_3};
use driftlane_kernels::{F64, Lane};

const SOURCE: &str = include_str!("../src/math/double/phi.rs");

fn bound(name: &str) -> f64 {
    let start = format!("//! Error bound of {name}: ");
    let line = SOURCE.lines().find_map(|line| line.strip_prefix(&start));
    let number = line.and_then(|rest| rest.strip_suffix(" ulp"));
    number
        .expect("a bound in the header")
        .parse()
        .expect("a number")
}

thread_local! {
    /// 1 / n!
    static INVERSE_FACTORIALS: [Dd; 32] = {
        let mut table = [Dd::from(1.0); 32];
        for n in 1..32 {
            table[n] = table[n - 1] / Dd::from(n as f64);
        }
        table
    };
}

/// phi_k(z) = value 2^exponent: the series near 0, else the definition on double-double exponentials.
fn exact(reference: &Reference, k: usize, z: f64) -> (Dd, i32) {
    if z.abs() < 1.0 {
        let inverses = INVERSE_FACTORIALS.with(|table| *table);
        let mut sum = Dd::from(0.0);
        for n in (0..28).rev() {
            sum = sum * Dd::from(z) + inverses[n + k];
        }
        return (sum, 0);
    }
    let (e, n) = reference.exp(Dd::from(z.max(-800.0)));
    // Everything over 2^shift.
    let shift = n.max(0);
    let scale = 2f64.powi(-shift);
    let power = 2f64.powi((n - shift).max(-1000));
    let mut value = Dd(e.0 * power, e.1 * power);
    let mut constant = 1.0;
    for m in 1..=k {
        value = (value - Dd::from(constant * scale)) / Dd::from(z);
        constant /= m as f64;
    }
    (value, shift)
}

/// |got - exact 2^exponent| in ulps of the exact.
fn ulps(got: f64, exact: Dd, exponent: i32) -> f64 {
    let two = |n: i32| 2f64.powi(n.clamp(-1000, 1000)) * 2f64.powi(n - n.clamp(-1000, 1000));
    let scaled = got * 2f64.powi(-exponent / 2) * 2f64.powi(-exponent - -exponent / 2);
    let field = ((exact.0.to_bits() >> 52) & 0x7ff) as i32;
    let lead = if field == 0 { -1074 } else { field - 1023 } + exponent;
    let ulp = (lead - 52).max(-1074) - exponent;
    ((scaled - exact.0) - exact.1).abs() / two(ulp)
}

fn points() -> Vec<f64> {
    let mut state = 1u64;
    let mut unit = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 * 2f64.powi(-53)
    };
    let mut points = Vec::new();
    for _ in 0..60_000 {
        points.push(4.0 * unit() - 2.0);
        points.push(1450.0 * unit() - 740.0);
        let size = 10f64.powf(-300.0 + 302.5 * unit());
        points.extend([size.min(700.0), -size]);
        points.push(-10f64.powf(2.0 + 305.0 * unit()));
    }
    let steps = (-1060..1030).map(|n| (n as f64 + 0.5) * std::f64::consts::LN_2);
    for x in steps.chain([
        -1.0,
        1.5,
        60.0,
        -746.0,
        -745.13,
        709.782_712_893,
        0.0,
        1e-300,
        -1e-300,
    ]) {
        let (mut up, mut down) = (x, x);
        for _ in 0..20 {
            points.extend([up, down]);
            (up, down) = (up.next_up(), down.next_down());
        }
    }
    // Where the results are finite: phi_1 ends at 716.
    points.retain(|z| *z < 716.0);
    points.resize(points.len().next_multiple_of(8), 0.5);
    points
}

fn worst(k: usize, f: impl Fn(F64) -> F64) -> (f64, f64) {
    let reference = Reference::new();
    let mut worst = (0.0, 0.0);
    for chunk in points().chunks_exact(8) {
        let got = f(F64::new(chunk.try_into().unwrap())).to_array();
        for (&z, got) in chunk.iter().zip(got) {
            let (value, exponent) = exact(&reference, k, z);
            let error = ulps(got, value, exponent);
            // NaN is as wrong as can be.
            let error = if error.is_nan() { f64::INFINITY } else { error };
            if error > worst.0 {
                worst = (error, z);
            }
        }
    }
    worst
}

#[test]
fn bounds_hold_and_are_not_idle() {
    type Phi = fn(F64) -> F64;
    let functions: [(&str, Phi); 3] = [("phi_1", phi_1), ("phi_2", phi_2), ("phi_3", phi_3)];
    for (k, (name, f)) in functions.into_iter().enumerate() {
        let (worst, at) = worst(k + 1, f);
        let bound = bound(name);
        println!("{name}: worst {worst:.4} ulp at {at:e} (bound {bound})");
        assert!(worst <= bound, "{name}: {worst} ulp at {at:e}");
        assert!(
            worst >= bound / 3.0,
            "{name}: bound {bound} is idle, worst {worst}"
        );
        assert!(bound <= 2.0);
    }
}

/// The textbook formulas lose everything near 0, and two bits even for phi_1 elsewhere.
#[test]
fn rounded_differences_fail() {
    let plain = |z: F64| (Lane::exp(z) - F64::splat(1.0) - z) / (z * z);
    assert!(worst(2, plain).0 > 1e6);
    assert!(worst(1, |z| Lane::exp_m1(z) / z).0 > 2.0);
}

/// Zeros, infinities, NaN, and overflow where it belongs.
#[test]
fn ends() {
    let all = [phi_1::<f64>, phi_2::<f64>, phi_3::<f64>];
    let mut factorial = 1.0;
    for (k, f) in all.into_iter().enumerate() {
        factorial *= (k + 1) as f64;
        for zero in [0.0, -0.0, 5e-324, -1e-300] {
            assert_eq!(f(zero), 1.0 / factorial);
        }
        assert_eq!(f(f64::NEG_INFINITY), 0.0);
        assert_eq!(f(f64::INFINITY), f64::INFINITY);
        assert!(f(f64::NAN).is_nan());
    }
    // ln of the largest number, plus k times ln z.
    for (f, last, first) in [
        (all[0], 716.3568, 716.3569),
        (all[1], 722.9493, 722.9494),
        (all[2], 729.5600, 729.5601),
    ] {
        assert!(
            f(last).is_finite() && f(last) > 1e308 * 1.7,
            "{:e}",
            f(last)
        );
        assert_eq!(f(first), f64::INFINITY);
    }
    assert_eq!(phi_1(-1e308), 1e-308);
    assert_eq!(phi_2(-1e300), 1e-300);
    assert_eq!(phi_3(-1e300), 0.5e-300);
}

#[test]
fn reference_values() {
    let reference = Reference::new();
    for &(k, z, hi, lo) in GOLDEN {
        let (value, exponent) = exact(&reference, k, z);
        let scale = 2f64.powi(exponent);
        let difference = Dd(value.0 * scale, value.1 * scale) - Dd(hi, lo);
        let error = (difference.0 / hi).abs();
        assert!(error < 2f64.powi(-85), "phi_{k}({z}): 2^{}", error.log2());
    }
}

/// Computed with 80 digits (mpmath), kept as a sum of two.
#[rustfmt::skip]
#[allow(clippy::excessive_precision)]
const GOLDEN: &[(usize, f64, f64, f64)] = &[
    (1, 1e-300, 1.0, 0.0),
    (1, -1e-09, 0.9999999995, 4.153685213502939e-17),
    (1, -0.3, 0.8639392643942738, -3.602425784822566e-17),
    (1, 0.9999, 1.7181818320503606, -8.449542325701072e-17),
    (1, -1.0, 0.6321205588285577, 1.2428753672788363e-17),
    (1, 1.25, 1.992274365969473, 5.198374640703015e-17),
    (1, -2.5, 0.36716600055044046, 1.857523923581972e-17),
    (1, 3.75, 11.072288533350076, -8.632449875626271e-17),
    (1, -20.1, 0.04975124368830801, 1.9566226812857617e-18),
    (1, 55.5, 2.2858659711909135e+22, -1835029.1238478834),
    (1, -600.25, 0.001665972511453561, -6.619909974442938e-20),
    (1, 300.125, 7.333802465518704e+127, 9.824949220150273e+110),
    (2, 1e-300, 0.5, 0.0),
    (2, -1e-09, 0.4999999998333333, 1.3831728489459798e-17),
    (2, -0.3, 0.45353578535242073, 7.339035667474262e-18),
    (2, 0.9999, 0.718253657416102, 5.532596125573109e-17),
    (2, -1.0, 0.36787944117144233, -1.2428753672788363e-17),
    (2, 1.25, 0.7938194927755785, -2.5026384351885267e-17),
    (2, -2.5, 0.2531335997798238, 3.6721345519236776e-18),
    (2, 3.75, 2.6859436088933535, -2.301986633500339e-17),
    (2, -20.1, 0.04727605752794487, 1.159535335941808e-19),
    (2, 55.5, 4.118677425569213e+20, -11218.272501763664),
    (2, -600.25, 0.0016631970470446422, -7.891319607912767e-20),
    (2, 300.125, 2.4435826623969026e+125, -1.0545710217954392e+109),
    (3, 1e-300, 0.16666666666666666, 9.25185853854297e-18),
    (3, -1e-09, 0.166666666625, 1.2707707327575282e-17),
    (3, -0.3, 0.1548807154919309, -2.279972675096048e-19),
    (3, 0.9999, 0.21827548496459853, 1.25166880096398e-17),
    (3, -1.0, 0.13212055882855767, 1.2428753672788363e-17),
    (3, 1.25, 0.2350555942204628, -8.918877235256649e-18),
    (3, -2.5, 0.09874656008807048, -1.468853820769471e-18),
    (3, 3.75, 0.5829182957048943, -2.83430915151707e-17),
    (3, -20.1, 0.022523579227465427, 8.010660642674507e-19),
    (3, 55.5, 7.421040406431015e+18, -128.33824327502097),
    (3, -600.25, 0.0008302154151652734, 4.421313378979093e-21),
    (3, 300.125, 8.141883090035494e+122, -4.883185252081167e+106),
];
