//! Every kernel and its scalar instance return the same bits (any NaN equals any NaN), and both agree
//! with a plain implementation written another way.
//!
//! Inputs: uniform bit patterns mixed with zeros, subnormals, ends of range, infinities and NaN, so a
//! case of 256 tries each special value in each lane a few times. A twin test has no statistics: one
//! wrong bit in one lane fails it. `twins_math.rs` does the same for elementary functions, `panel.rs`
//! for products with a data matrix.

#![allow(clippy::disallowed_methods)]

use driftlane_kernels::resample::{
    Matching, exponential_spacings, multinomial_offspring, systematic_offspring, thresholds,
};
use driftlane_kernels::rng::{Purpose, Stream, gaussian, uniform, uniform_open};
use driftlane_kernels::step::exponential::OrnsteinUhlenbeck;
use driftlane_kernels::step::langevin::euler_maruyama;
use driftlane_kernels::step::leapfrog::{drift, kick};
use driftlane_kernels::tile::Row;
use driftlane_kernels::weights::{
    IncrementSums, WeightSums, exclusive_prefix_sum, max_row, quantise, quantum_bits, sum_row,
};
use driftlane_kernels::{Dual, F32, F64, Lane, Mask, Pack, Register, Word};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// The same cases in every run.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

/// The bits of a number, all NaNs alike.
trait Bits: Copy {
    fn canonical(self) -> u64;
}
impl Bits for f64 {
    fn canonical(self) -> u64 {
        if self.is_nan() {
            f64::NAN.to_bits()
        } else {
            self.to_bits()
        }
    }
}
impl Bits for f32 {
    fn canonical(self) -> u64 {
        u64::from(if self.is_nan() {
            f32::NAN.to_bits()
        } else {
            self.to_bits()
        })
    }
}
impl Bits for u64 {
    fn canonical(self) -> u64 {
        self
    }
}
impl Bits for u32 {
    fn canonical(self) -> u64 {
        u64::from(self)
    }
}

const SPECIAL_F64: [f64; 18] = [
    0.0,
    1.0,
    0.5,
    0.75,
    1.5,
    2.5,
    3.5,
    0.49999999999999994,
    4503599627370495.5,
    9007199254740992.0,
    1e300,
    f64::MAX,
    f64::MIN_POSITIVE,
    2.225_073_858_507_201e-308,
    5e-324,
    f64::EPSILON,
    f64::INFINITY,
    f64::NAN,
];

fn doubles() -> impl Strategy<Value = f64> {
    let special =
        (0..SPECIAL_F64.len(), any::<bool>(), -1i64..=1).prop_map(|(k, negative, step)| {
            let x = f64::from_bits((SPECIAL_F64[k].to_bits() as i64).wrapping_add(step) as u64);
            if negative { -x } else { x }
        });
    prop_oneof![3 => any::<u64>().prop_map(f64::from_bits), 2 => special, 2 => -10.0..10.0f64]
}

fn singles() -> impl Strategy<Value = f32> {
    prop_oneof![
        3 => any::<u32>().prop_map(f32::from_bits),
        2 => doubles().prop_map(|x| x as f32),
        1 => (0..SPECIAL_F64.len(), -1i32..=1).prop_map(|(k, step)| {
            f32::from_bits(((SPECIAL_F64[k] as f32).to_bits() as i32).wrapping_add(step) as u32)
        }),
    ]
}

fn words64() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => any::<u64>(),
        2 => (0..64u32, -2i64..=2).prop_map(|(k, step)| (1u64 << k).wrapping_add(step as u64)),
        2 => (0..64u32, -2i64..=2).prop_map(|(k, step)| (!(1u64 << k)).wrapping_add(step as u64)),
        1 => (0..4u64).prop_map(|k| k.wrapping_sub(2)),
    ]
}

fn words32() -> impl Strategy<Value = u32> {
    prop_oneof![2 => any::<u32>(), 1 => words64().prop_map(|w| w as u32),
        1 => words64().prop_map(|w| (w >> 32) as u32)]
}

/// A register's worth of inputs.
fn wide<S: Strategy>(element: S, width: usize) -> impl Strategy<Value = Vec<S::Value>> {
    prop::collection::vec(element, width)
}

/// Evaluates an expression on registers and again on each lane's scalars; every output must agree.
/// Inputs are slices of scalars, outputs arrays of numbers; `$R` is the type in either reading.
macro_rules! twin {
    ($name:literal, $vector:ty, $scalar:ty, $T:ident, [$($x:ident: $kind:ident),*], $body:expr) => {{
        let wide = {
            #[allow(dead_code)]
            type $T = $vector;
            $(let $x: kind!($kind, $vector) = *bytemuck::from_bytes(bytemuck::cast_slice(&aligned!($kind, $vector, $x)));)*
            $body
        };
        for lane in 0..<$vector>::WIDTH {
            #[allow(dead_code)]
            type $T = $scalar;
            $(let $x = $x[lane];)*
            let narrow = $body;
            for (output, (&one, all)) in narrow.iter().zip(&wide).enumerate() {
                let all = bytemuck::cast_slice::<u8, _>(bytemuck::bytes_of(all));
                let found = same_type(one, all)[lane];
                prop_assert_eq!(
                    found.canonical(), one.canonical(),
                    "{} output {} lane {}: {:?} instead of {:?}", $name, output, lane, found, one
                );
            }
        }
    }};
}

/// The type of an input: numbers or words.
macro_rules! kind {
    (number, $vector:ty) => {
        $vector
    };
    (word, $vector:ty) => {
        <$vector as Register>::Word
    };
}
/// A register filled from a slice.
macro_rules! aligned {
    (number, $vector:ty, $x:ident) => {{
        let mut register = [<$vector>::default()];
        bytemuck::cast_slice_mut(&mut register).copy_from_slice(&$x[..]);
        register
    }};
    (word, $vector:ty, $x:ident) => {{
        let mut register = [<<$vector as Register>::Word as Word>::splat(0)];
        bytemuck::cast_slice_mut(&mut register).copy_from_slice(&$x[..]);
        register
    }};
}

/// Lets a cast of bytes know its element.
fn same_type<T>(_: T, all: &[T]) -> &[T] {
    all
}

/// Truth as a number, so that masks can be compared.
fn truth<L: Lane>(mask: L::Mask) -> L {
    L::select(mask, L::one(), L::zero())
}

macro_rules! twins_of_a_precision {
    ($module:ident, $vector:ty, $scalar:ty, $word:ty, $numbers:ident, $words:ident, $map:ident,
     $limit:expr, $digits:expr) => {
        mod $module {
            use super::*;
            const W: usize = <$vector>::WIDTH;

            proptest! {
                #![proptest_config(cases(256))]

                #[test]
                fn arithmetic(
                    x in wide($numbers(), W), y in wide($numbers(), W), z in wide($numbers(), W),
                ) {
                    twin!("+-*/", $vector, $scalar, R, [x: number, y: number], [x + y, x - y, x * y, x / y, -x]);
                    twin!("mul_add", $vector, $scalar, R, [x: number, y: number, z: number], [
                        Lane::mul_add(x, y, z),
                        Lane::neg_mul_add(x, y, z),
                        Lane::sqrt(x),
                        Lane::abs(x),
                        Lane::min(x, y),
                        Lane::max(x, y),
                        Lane::square(x),
                        Lane::recip(x),
                        Lane::powi(x, 5),
                        Lane::powi(x, 0),
                        Register::round(x)
                    ]);
                    // Plain definitions.
                    for k in 0..W {
                        let (x, y, z) = (x[k], y[k], z[k]);
                        prop_assert_eq!(Lane::mul_add(x, y, z).canonical(), <$scalar>::mul_add(x, y, z).canonical());
                        prop_assert_eq!(Lane::min(x, y).canonical(), (if x < y { x } else { y }).canonical());
                        prop_assert_eq!(Lane::max(x, y).canonical(), (if y < x { x } else { y }).canonical());
                    }
                }

                #[test]
                fn masks(
                    x in wide($numbers(), W), y in wide($numbers(), W), z in wide($numbers(), W),
                    equal in any::<$word>(),
                ) {
                    // Equal pairs are rare otherwise.
                    let y: Vec<$scalar> = (0..W).map(|k| if equal >> k & 1 == 1 { x[k] } else { y[k] }).collect();
                    twin!("masks", $vector, $scalar, R, [x: number, y: number, z: number], {
                        let (lt, le, eq) = (Lane::lt(x, y), Lane::le(x, y), Lane::eq(x, y));
                        [
                            truth::<R>(lt),
                            truth::<R>(le),
                            truth::<R>(eq),
                            truth::<R>(Lane::is_finite(x)),
                            truth::<R>(Lane::is_nan(x)),
                            truth::<R>(lt.and(eq.not())),
                            truth::<R>(lt.or(eq)),
                            truth::<R>(le.not()),
                            truth::<R>(<R as Lane>::Mask::splat(true)),
                            truth::<R>(<R as Lane>::Mask::splat(false)),
                            <R as Lane>::select(lt, x, z),
                            <R as Lane>::select(lt.not(), z, y)
                        ]
                    });
                    let v = |values: &[$scalar]| -> $vector {
                        let mut register = [<$vector>::default()];
                        bytemuck::cast_slice_mut(&mut register).copy_from_slice(values);
                        register[0]
                    };
                    let mask = Lane::lt(v(&x), v(&y));
                    let count = x.iter().zip(&y).filter(|(x, y)| x < y).count();
                    prop_assert_eq!(mask.count() as usize, count);
                    prop_assert_eq!(mask.any(), count > 0);
                    prop_assert_eq!(mask.all(), count == W);
                    prop_assert_eq!(mask.not().count() as usize, W - count);
                }

                #[test]
                fn exponents(x in wide($numbers(), W), n in wide(-$limit..=$limit, W), m in wide(0.5..2.0, W)) {
                    twin!("split_exponent", $vector, $scalar, R, [x: number], {
                        let (m, e) = Register::split_exponent(x);
                        // Below zero m alone is promised.
                        [m, <R as Lane>::select(Lane::is_nan(m), <R as Lane>::zero(), e)]
                    });
                    twin!("split_binade", $vector, $scalar, R, [x: number], {
                        let (m, e) = Register::split_binade(x);
                        [m, <R as Lane>::select(Lane::is_nan(m), <R as Lane>::zero(), e)]
                    });
                    for &x in x.iter().filter(|x| **x > 0.0 && x.is_finite()) {
                        for ((m, e), low) in [(x.split_exponent(), 0.75), (x.split_binade(), 1.0)] {
                            prop_assert!(m >= low && m < 2.0 * low, "{:e}: {}", x, m);
                            // Exactly: half at a time, because 2^e alone may be out of range.
                            let half = (e / 2.0).floor();
                            let power = |e: $scalar| (2.0 as $scalar).powi(e as i32);
                            prop_assert_eq!(m * power(half) * power(e - half), x);
                        }
                    }
                    let exponent: Vec<$scalar> = n.iter().map(|n| *n as $scalar).collect();
                    let m: Vec<$scalar> =
                        m.iter().zip(&x).map(|(m, x): (&f64, _)| if x.is_nan() { *x } else { (*m as $scalar).min(1.9999999).copysign(*x) }).collect();
                    twin!("scale", $vector, $scalar, R, [m: number, exponent: number], {
                        [Register::scale_by_power_of_two(m, exponent)]
                    });
                    // One rounding: against a product in which 2^n is exact.
                    for (m, n) in m.iter().zip(&n).filter(|(m, _)| !m.is_nan()) {
                        let scaled = m.scale_by_power_of_two(*n as $scalar);
                        let (lift, rest) = if *n < 0 { (*n + $digits, -$digits) } else { (*n - 1, 1) };
                        let power = |n: i32| (2.0 as $scalar).powi(n);
                        if lift.abs() < $limit / 2 {
                            prop_assert_eq!(scaled.canonical(), (m * power(lift) * power(rest)).canonical());
                        }
                    }
                }

                #[test]
                fn words(a in wide($words(), W), b in wide($words(), W), count in 0..<$word>::BITS) {
                    let rotation = count.max(1);
                    twin!("words", $vector, $scalar, R, [a: word, b: word], [
                        Word::wrapping_add(a, b),
                        Word::wrapping_sub(a, b),
                        Word::shl(a, count),
                        Word::shr(a, count),
                        Word::sar(a, count),
                        Word::rotate_left(a, rotation),
                        a & b,
                        a | b,
                        a ^ b,
                        <<R as Register>::Word as Word>::splat(0x8000_0001_8000_0001)
                    ]);
                    let table: [$scalar; 16] = std::array::from_fn(|k| (k * k) as $scalar - 7.5);
                    twin!("conversions", $vector, $scalar, R, [a: word], [
                        <R as Register>::from_unsigned(a),
                        <R as Register>::from_signed(a),
                        <R as Register>::from_bits(a),
                        <R as Register>::lookup16(&table, a)
                    ]);
                    twin!("bits", $vector, $scalar, R, [a: word], [<R as Register>::to_bits(<R as Register>::from_bits(a))]);
                    for &a in &a {
                        prop_assert_eq!(<$scalar>::from_unsigned(a), a as $scalar);
                        prop_assert_eq!(<$scalar as Register>::lookup16(&table, a), table[a as usize & 15]);
                    }
                }

                #[test]
                fn random_numbers(a in wide($words(), W), b in wide($words(), W)) {
                    twin!("gaussian", $vector, $scalar, R, [a: word, b: word], {
                        let (x, y) = gaussian::$map::<R>(a, b);
                        [x, y]
                    });
                    twin!("uniform", $vector, $scalar, R, [a: word], {
                        [uniform::<R>(a), uniform_open::<R>(a)]
                    });
                }

                #[test]
                fn steps(
                    x in wide($numbers(), W), p in wide($numbers(), W), g in wide($numbers(), W),
                    h in wide($numbers(), W), xi in wide($numbers(), W),
                    friction in 0.0..50.0f64, length in 0.0..50.0f64,
                ) {
                    twin!("kick", $vector, $scalar, R, [p: number, g: number, h: number], [kick(p, g, h)]);
                    twin!("drift", $vector, $scalar, R, [x: number, p: number, g: number, h: number], [drift(x, p, g, h)]);
                    twin!("euler", $vector, $scalar, R, [x: number, p: number, g: number, h: number, xi: number], {
                        [euler_maruyama(x, g, h, p, xi)]
                    });
                    let ou = OrnsteinUhlenbeck::new(friction, length);
                    twin!("ou", $vector, $scalar, R, [x: number, xi: number], [ou.step(x, xi)]);
                }

                #[test]
                fn packs_are_their_registers(
                    x in wide($numbers(), 4 * W), y in wide($numbers(), 4 * W), z in wide($numbers(), 4 * W),
                ) {
                    let row = |values: &[$scalar]| -> Row<$vector> {
                        let mut row = Pack([<$vector>::default(); 4]);
                        bytemuck::cast_slice_mut(&mut row.0).copy_from_slice(values);
                        row
                    };
                    let (x, y, z) = (row(&x), row(&y), row(&z));
                    let alike = |label: &str, pack: Row<$vector>, one: &dyn Fn(usize) -> $vector| {
                        for k in 0..4 {
                            let (a, b) = ([pack.0[k]], [one(k)]);
                            let bits = |r: &[$vector; 1]| -> Vec<u64> {
                                bytemuck::cast_slice::<_, $scalar>(r).iter().map(|v| v.canonical()).collect()
                            };
                            prop_assert_eq!(bits(&a), bits(&b), "{} register {}", label, k);
                        }
                        Ok(())
                    };
                    macro_rules! check {
                        ($label:literal, |$p:ident, $q:ident, $r:ident| $body:expr) => {
                            alike(
                                $label,
                                { let ($p, $q, $r) = (x, y, z); let _ = ($q, $r); $body },
                                &|k| { let ($p, $q, $r) = (x.0[k], y.0[k], z.0[k]); let _ = ($q, $r); $body },
                            )?
                        };
                    }
                    check!("+", |p, q, r| p + q);
                    check!("-", |p, q, r| p - q);
                    check!("*", |p, q, r| p * q);
                    check!("/", |p, q, r| p / q);
                    check!("neg", |p, q, r| -p);
                    check!("+=", |p, q, r| { let mut s = p; s += q; s -= r; s *= q; s /= r; s });
                    check!("mul_add", |p, q, r| Lane::mul_add(p, q, r));
                    check!("neg_mul_add", |p, q, r| Lane::neg_mul_add(p, q, r));
                    check!("min", |p, q, r| Lane::min(p, q));
                    check!("max", |p, q, r| Lane::max(p, q));
                    check!("sqrt", |p, q, r| Lane::sqrt(p));
                    check!("abs", |p, q, r| Lane::abs(p));
                    check!("select", |p, q, r| Lane::select(Lane::lt(p, q).or(Lane::eq(p, r)).and(Lane::le(q, r).not()), p, q));
                    check!("exp", |p, q, r| Lane::exp(p));
                    check!("exp_m1", |p, q, r| Lane::exp_m1(p));
                    check!("ln", |p, q, r| Lane::ln(p));
                    check!("ln_1p", |p, q, r| Lane::ln_1p(p));
                    check!("sigmoid", |p, q, r| Lane::sigmoid(p));
                    check!("softplus", |p, q, r| Lane::softplus(p));
                    check!("log_sigmoid", |p, q, r| Lane::log_sigmoid(p));
                    check!("sin", |p, q, r| Lane::sin_cos_turns(p).0);
                    check!("cos", |p, q, r| Lane::sin_cos_turns(p).1);
                    check!("powi", |p, q, r| Lane::powi(p, 7));
                    let count: u32 = (0..4).map(|k| Lane::lt(x.0[k], y.0[k]).count()).sum();
                    prop_assert_eq!(Lane::lt(x, y).count(), count);
                    prop_assert_eq!(Lane::lt(x, y).any(), count > 0);
                    prop_assert_eq!(Lane::lt(x, y).all(), count == 4 * W as u32);
                }
            }
        }
    };
}

twins_of_a_precision!(double, F64, f64, u64, doubles, words64, double, 2000i32, 64);
twins_of_a_precision!(single, F32, f32, u32, singles, words32, single, 240i32, 32);

#[test]
fn a_twin_that_differs_in_one_lane_is_caught() {
    // The comparison itself: one lane off by one ulp, and -0 for 0.
    let check = |wrong: f64| -> Result<(), TestCaseError> {
        let x = [0.0f64; 8];
        let lane = std::cell::Cell::new(0);
        twin!("defect", F64, f64, R, [x: number], {
            let nudge = if R::WIDTH == 1 && lane.replace(lane.get() + 1) == 5 { wrong } else { 0.0 };
            [Lane::select(Lane::eq(x, x), <R as Lane>::splat(nudge), x)]
        });
        Ok(())
    };
    assert!(check(0.0).is_ok());
    assert!(check(-0.0).is_err());
    assert!(check(5e-324).is_err());
}

// Dual numbers.

/// f'(x) against the analytic formula, to `ulps` times epsilon of the larger of it and its terms.
fn derivative(
    label: &str,
    x: f64,
    f: impl Fn(Dual<f64>) -> Dual<f64>,
    value: f64,
    slope: f64,
    scale: f64,
) -> Result<(), TestCaseError> {
    let d = f(Dual {
        value: x,
        tangent: 1.0,
    });
    prop_assert!(
        (d.value - value).abs() <= 8.0 * f64::EPSILON * value.abs().max(1e-300),
        "{} at {}: {} {}",
        label,
        x,
        d.value,
        value
    );
    prop_assert!(
        (d.tangent - slope).abs() <= 8.0 * f64::EPSILON * slope.abs().max(scale),
        "{}' at {}: {} {}",
        label,
        x,
        d.tangent,
        slope
    );
    // Linear in the direction.
    let turned = f(Dual {
        value: x,
        tangent: -2.0,
    });
    prop_assert_eq!(turned.tangent, -2.0 * d.tangent);
    Ok(())
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn duals_differentiate(x in -20.0..20.0f64, c in -5.0..5.0f64, u in -3.0..3.0f64) {
        let k = Dual::<f64>::constant;
        let p = x.abs() + 1e-3;
        derivative("+", x, |t| t + k(c), x + c, 1.0, 0.0)?;
        derivative("-", x, |t| k(c) - t, c - x, -1.0, 0.0)?;
        derivative("*", x, |t| t * k(c) * t, x * c * x, 2.0 * c * x, 0.0)?;
        derivative("/", p, |t| k(c) / t, c / p, -c / (p * p), 0.0)?;
        derivative("quotient", p, |t| (t + k(1.0)) / (t * t), (p + 1.0) / (p * p),
            -1.0 / (p * p) - 2.0 / (p * p * p), 1.0 / (p * p) + 2.0 / (p * p * p))?;
        derivative("neg", x, |t| -t, -x, -1.0, 0.0)?;
        derivative("mul_add", x, |t| t.mul_add(t, k(c)), x.mul_add(x, c), 2.0 * x, 0.0)?;
        derivative("neg_mul_add", x, |t| t.neg_mul_add(k(c), t), x - x * c, 1.0 - c, c.abs() + 1.0)
            .or_else(|e| if (x - x * c).abs() < 1e-2 * x.abs() { Ok(()) } else { Err(e) })?;
        derivative("sqrt", p, Lane::sqrt, p.sqrt(), 0.5 / p.sqrt(), 0.0)?;
        derivative("abs", x, Lane::abs, x.abs(), x.signum(), 0.0)?;
        derivative("recip", p, Lane::recip, 1.0 / p, -1.0 / (p * p), 0.0)?;
        derivative("square", x, Lane::square, x * x, 2.0 * x, 0.0)?;
        derivative("powi", x, |t| t.powi(5), x.powi(5), 5.0 * x.powi(4), 0.0)?;
        derivative("min", x, |t| t.min(k(c)), x.min(c), if x < c { 1.0 } else { 0.0 }, 0.0)?;
        derivative("max", x, |t| t.max(k(c)), x.max(c), if c < x { 1.0 } else { 0.0 }, 0.0)?;
        derivative("select", x, |t| Lane::select(t.lt(k(c)), t * t, -t), if x < c { x * x } else { -x },
            if x < c { 2.0 * x } else { -1.0 }, 0.0)?;
        derivative("exp", x, Lane::exp, x.exp(), x.exp(), 0.0)?;
        derivative("exp_m1", x, Lane::exp_m1, x.exp_m1(), x.exp(), 0.0)?;
        derivative("ln", p, Lane::ln, p.ln(), 1.0 / p, 0.0)?;
        derivative("ln_1p", p, Lane::ln_1p, p.ln_1p(), 1.0 / (1.0 + p), 0.0)?;
        let s = |x: f64| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) };
        derivative("sigmoid", x, Lane::sigmoid, s(x), s(x) * s(-x), 0.0)?;
        derivative("softplus", x, Lane::softplus, x.max(0.0) + (-x.abs()).exp().ln_1p(), s(x), 0.0)?;
        derivative("log_sigmoid", x, Lane::log_sigmoid, x.min(0.0) - (-x.abs()).exp().ln_1p(), s(-x), 0.0)?;
        let tau = std::f64::consts::TAU;
        let (sin, cos) = Lane::sin_cos_turns(u);
        prop_assert!((sin - (tau * u).sin()).abs() < 1e-14 && (cos - (tau * u).cos()).abs() < 1e-14);
        derivative("sin", u, |t| t.sin_cos_turns().0, sin, tau * cos, 0.0)?;
        derivative("cos", u, |t| t.sin_cos_turns().1, cos, -tau * sin, 0.0)?;
        // A composition by the chain rule, the product rule and a quotient at once.
        let f = |t: Dual<f64>| (t * t.exp()) / (k(1.0) + t * t);
        let q = 1.0 + u * u;
        derivative("composition", u, f, u * u.exp() / q,
            u.exp() * ((1.0 + u) * q - 2.0 * u * u) / (q * q), 4.0 * u.exp() / q)?;
    }

    #[test]
    fn duals_of_registers_are_duals_of_scalars(
        x in wide(doubles(), 8), dx in wide(doubles(), 8), y in wide(doubles(), 8), dy in wide(doubles(), 8),
    ) {
        let v = |a: &[f64]| F64::new(a.try_into().unwrap());
        let (p, q) = (Dual { value: v(&x), tangent: v(&dx) }, Dual { value: v(&y), tangent: v(&dy) });
        fn all<L: Lane>(p: Dual<L>, q: Dual<L>) -> [Dual<L>; 18] {
            [
                p + q, p - q, p * q, p / q, -p, p.mul_add(q, p), p.neg_mul_add(q, q), p.sqrt(), p.abs(),
                p.min(q), p.max(q), Dual::<L>::select(p.le(q), p, q), p.exp(), p.ln(), p.sigmoid(),
                p.softplus(), p.sin_cos_turns().0, p.exp_m1() + p.ln_1p(),
            ]
        }
        let wide = all(p, q);
        for lane in 0..8 {
            let p = Dual { value: x[lane], tangent: dx[lane] };
            let q = Dual { value: y[lane], tangent: dy[lane] };
            for (k, (one, many)) in all(p, q).iter().zip(&wide).enumerate() {
                prop_assert_eq!(one.value.canonical(), many.value.to_array()[lane].canonical(), "{}", k);
                prop_assert_eq!(one.tangent.canonical(), many.tangent.to_array()[lane].canonical(), "{}'", k);
            }
        }
    }
}

// Weights.

/// Log weights: ordinary, far apart, dead, NaN.
fn log_weights() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -30.0..30.0f64,
        2 => -800.0..800.0f64,
        2 => Just(f64::NEG_INFINITY),
        1 => Just(f64::NAN),
        1 => -1e6..1e6f64,
    ]
}

fn rows(values: &[f64]) -> Vec<Row<F64>> {
    let mut rows = vec![Row::<F64>::splat(f64::NEG_INFINITY); values.len().div_ceil(32)];
    bytemuck::cast_slice_mut::<_, f64>(&mut rows)[..values.len()].copy_from_slice(values);
    rows
}

/// e^(lw - max), NaN and -infinity as zero.
fn plain_weights(values: &[f64], max: f64) -> Vec<f64> {
    values
        .iter()
        .map(|lw| {
            if *lw > f64::NEG_INFINITY {
                (lw - max).exp()
            } else {
                0.0
            }
        })
        .collect()
}

fn plain_max(values: &[f64]) -> f64 {
    values
        .iter()
        .copied()
        .filter(|v| !v.is_nan())
        .fold(f64::NEG_INFINITY, f64::max)
}

/// Sums of N non-negative terms of a few roundings each agree this well, in any order.
const SUMS_AGREE: f64 = 1e-13;

fn near(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= SUMS_AGREE * b.abs()
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn rows_are_reduced(values in wide(doubles(), 32)) {
        let row = rows(&values)[0];
        prop_assert_eq!(max_row(row), plain_max(&values));
        let finite: Vec<f64> = values.iter().map(|v| v.clamp(-1e300, 1e300)).map(|v| if v.is_nan() { 0.0 } else { v }).collect();
        let sum = sum_row(rows(&finite)[0]);
        let size: f64 = finite.iter().map(|v| v.abs()).sum();
        prop_assert!((sum - finite.iter().sum::<f64>()).abs() <= 32.0 * f64::EPSILON * size);
        // The shape is fixed: registers pairwise, then lanes pairwise, 4 apart, 2, 1.
        let lane = |k: usize| (finite[k] + finite[8 + k]) + (finite[16 + k] + finite[24 + k]);
        let shape = ((lane(0) + lane(4)) + (lane(2) + lane(6))) + ((lane(1) + lane(5)) + (lane(3) + lane(7)));
        prop_assert_eq!(sum.to_bits(), shape.to_bits());
    }

    #[test]
    fn weight_sums_are_sums(values in prop::collection::vec(log_weights(), 1..200)) {
        let sums = WeightSums::of(&rows(&values));
        let max = plain_max(&values);
        prop_assert_eq!(sums.max, max);
        let w = plain_weights(&values, max);
        let (sum, squares) = (w.iter().sum::<f64>(), w.iter().map(|w| w * w).sum::<f64>());
        if max == f64::NEG_INFINITY {
            prop_assert_eq!((sums.sum, sums.sum_squares, sums.ess(), sums.log_sum()), (0.0, 0.0, 0.0, f64::NEG_INFINITY));
        } else {
            prop_assert!(near(sums.sum, sum) && near(sums.sum_squares, squares), "{:?} {} {}", sums, sum, squares);
            prop_assert!(near(sums.ess(), sum * sum / squares));
            let alive = w.iter().filter(|w| **w > 0.0).count() as f64;
            prop_assert!(sums.ess() >= 1.0 - 1e-13 && sums.ess() <= alive * (1.0 + 1e-13));
            prop_assert!((sums.log_sum() - (max + sum.ln())).abs() <= 1e-13 + 4.0 * f64::EPSILON * max.abs());
        }
    }

    #[test]
    fn weight_sums_merge(
        a in prop::collection::vec(log_weights(), 1..100), b in prop::collection::vec(log_weights(), 1..100),
        c in prop::collection::vec(log_weights(), 1..100), all_dead: bool,
    ) {
        let b = if all_dead { vec![f64::NEG_INFINITY; b.len()] } else { b };
        let of = |v: &[f64]| WeightSums::of(&rows(v));
        let (x, y, z) = (of(&a), of(&b), of(&c));
        let whole = of(&[&a[..], &b, &c].concat());
        for merged in [x.merge(y).merge(z), x.merge(y.merge(z)), z.merge(x).merge(y)] {
            prop_assert_eq!(merged.max, whole.max);
            prop_assert!(near(merged.sum, whole.sum) && near(merged.sum_squares, whole.sum_squares), "{:?} {:?}", merged, whole);
        }
        prop_assert_eq!(x.merge(WeightSums::EMPTY), WeightSums::EMPTY.merge(x));
        prop_assert_eq!(x.merge(WeightSums::EMPTY), x);
    }

    #[test]
    fn increment_sums_tell_ess_and_cess(
        pairs in prop::collection::vec((log_weights(), log_weights()), 1..200), delta in 1e-6..1.0f64,
        cut in 0..200usize, cut_again in 0..200usize,
    ) {
        // Ratios within 30 of each other: beyond, terms underflow and the plain formula is no oracle.
        let weights: Vec<f64> = pairs.iter().map(|p| if p.0.abs() > 60.0 { p.0.rem_euclid(60.0) } else { p.0 })
            .map(|w| if w.is_nan() { f64::NEG_INFINITY } else { w }).collect();
        let ratios: Vec<f64> = pairs.iter().map(|p| if p.1.is_finite() { p.1.rem_euclid(100.0) } else { p.1 }).collect();
        let sums = IncrementSums::of(&rows(&weights), &rows(&ratios), delta);
        let w = plain_weights(&weights, plain_max(&weights));
        let scaled: Vec<f64> = ratios.iter().zip(&w).map(|(r, w)| if *w > 0.0 { r * delta } else { f64::NEG_INFINITY }).collect();
        let v = plain_weights(&scaled, plain_max(&scaled));
        let sum = |f: &dyn Fn(f64, f64) -> f64| w.iter().zip(&v).map(|(&w, &v)| f(w, v)).sum::<f64>();
        let (sw, swv, swvv, swwvv) = (sum(&|w, _| w), sum(&|w, v| w * v), sum(&|w, v| w * v * v), sum(&|w, v| w * w * v * v));
        let (ess, cess) = if swv > 0.0 { (swv * swv / swwvv, swv * swv / (sw * swvv)) } else { (0.0, 0.0) };
        prop_assert!((sums.ess() - ess).abs() <= 1e-12 * ess, "{} {}", sums.ess(), ess);
        prop_assert!((sums.cess_fraction() - cess).abs() <= 1e-12 * cess, "{} {}", sums.cess_fraction(), cess);
        // In parts, in either order of merging.
        let mut cuts = [cut % (weights.len() + 1), cut_again % (weights.len() + 1)];
        cuts.sort_unstable();
        let part = |from: usize, to: usize| IncrementSums::of(&rows(&weights[from..to]), &rows(&ratios[from..to]), delta);
        let (a, b, c) = (part(0, cuts[0]), part(cuts[0], cuts[1]), part(cuts[1], weights.len()));
        for merged in [a.merge(b).merge(c), a.merge(b.merge(c)), IncrementSums::EMPTY.merge(c).merge(a).merge(b)] {
            prop_assert!((merged.ess() - ess).abs() <= 1e-12 * ess, "{} {}", merged.ess(), ess);
            prop_assert!((merged.cess_fraction() - cess).abs() <= 1e-12 * cess);
        }
    }

    #[test]
    fn ess_and_cess_are_never_nan(
        pairs in prop::collection::vec((log_weights(), log_weights()), 1..100), delta in 1e-12..1.0f64,
    ) {
        // However far apart: weights and increments that underflow against each other included.
        let (weights, ratios): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let sums = IncrementSums::of(&rows(&weights), &rows(&ratios), delta);
        let merged = sums.merge(IncrementSums::of(&rows(&ratios), &rows(&weights), delta));
        for s in [sums, merged] {
            prop_assert!(s.cess_fraction() >= 0.0 && s.cess_fraction() <= 1.0 + 1e-12, "{}", s.cess_fraction());
            // (Sums of subnormals lose digits: up to a factor 2 with one bit left.)
            prop_assert!(s.ess() >= 0.0 && s.ess() < 400.0, "{}", s.ess());
        }
    }
}

// Resampling.

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn quanta_are_nearest_integers(values in prop::collection::vec(log_weights(), 1..200), n in 1usize..5_000_000) {
        let max = plain_max(&values);
        prop_assume!(max > f64::NEG_INFINITY);
        let bits = quantum_bits(n);
        prop_assert!(n as f64 * 2f64.powi(bits as i32) <= 2f64.powi(62));
        prop_assert!(bits == 51 || 2.0 * n as f64 * 2f64.powi(bits as i32) > 2f64.powi(62));
        let mut quanta = vec![7u64; values.len()];
        let total = quantise(&rows(&values), max, bits, &mut quanta);
        prop_assert_eq!(total, quanta.iter().sum::<u64>());
        for (&lw, &q) in values.iter().zip(&quanta) {
            // Bit for bit the scalar function, and near std's.
            let w = if lw <= max { Lane::exp(lw - max) } else { 0.0 };
            prop_assert_eq!(q, (w * 2f64.powi(bits as i32)).round_ties_even() as u64);
            let expected = if lw.is_nan() { 0.0 } else { (lw - max).exp() * 2f64.powi(bits as i32) };
            prop_assert!((q as f64 - expected).abs() <= 1.0 + 4.0 * f64::EPSILON * expected);
        }
    }

    #[test]
    fn prefix_sums_are_sums_before(values in prop::collection::vec(0u64..1 << 40, 0..200)) {
        let mut sums = values.clone();
        let total = exclusive_prefix_sum(&mut sums);
        prop_assert_eq!(total, values.iter().sum::<u64>());
        for (k, &s) in sums.iter().enumerate() {
            prop_assert_eq!(s, values[..k].iter().sum::<u64>());
        }
    }

    #[test]
    fn systematic_counts(
        quanta in prop::collection::vec(prop_oneof![3 => 0u64..1 << 40, 1 => Just(0u64), 1 => 0u64..4], 1..300),
        u in prop_oneof![4 => 0.0..1.0f64, 1 => Just(0.0), 1 => Just(1.0f64.next_down())],
        cut in 0..300usize,
    ) {
        let total: u64 = quanta.iter().sum();
        prop_assume!(total > 0);
        let n = quanta.len();
        let mut offspring = vec![9u32; n];
        systematic_offspring(&quanta, 0, total, n as u64, u, &mut offspring);
        prop_assert_eq!(offspring.iter().map(|&o| u64::from(o)).sum::<u64>(), n as u64);
        // The definition, in exact integers (u to 2^-53): floor(C N / S + u), all N at the end.
        let fixed = (u * 2f64.powi(53)) as u128;
        let bound = |c: u64| {
            let exact = (((u128::from(c) * n as u128) << 53) + fixed * u128::from(total)) / (u128::from(total) << 53);
            if c == total { n as i64 } else { (exact as i64).min(n as i64) }
        };
        let mut cumulative = 0;
        let (mut differ, mut last_difference) = (0, 0i64);
        for (&q, &o) in quanta.iter().zip(&offspring) {
            let before = bound(cumulative);
            cumulative += q;
            let exact = bound(cumulative) - before;
            // A bound within a rounding of an integer may fall to either side, once.
            last_difference += i64::from(o) - exact;
            prop_assert!(last_difference.abs() <= 1);
            differ += i64::from(last_difference != 0);
            let mean = q as f64 / total as f64 * n as f64;
            prop_assert!((f64::from(o) - mean).abs() < 1.0 + 1e-9, "{} {}", o, mean);
            prop_assert!(q > 0 || o == 0);
        }
        // Only u = 0 or 1 puts bounds on integers again and again.
        prop_assert!(differ <= 2 || u == 0.0 || u > 0.999_999, "{}", differ);
        // Block by block the same.
        let cut = cut % (n + 1);
        let mut parts = vec![0u32; n];
        let (left, right) = parts.split_at_mut(cut);
        systematic_offspring(&quanta[..cut], 0, total, n as u64, u, left);
        systematic_offspring(&quanta[cut..], quanta[..cut].iter().sum(), total, n as u64, u, right);
        prop_assert_eq!(parts, offspring);
    }

    #[test]
    fn multinomial_counts(
        quanta in prop::collection::vec(prop_oneof![3 => 0u64..1 << 55, 1 => Just(0u64), 1 => 0u64..4], 1..300),
        seed in 0u64..1000, cut in 0..300usize,
    ) {
        let total: u64 = quanta.iter().sum();
        prop_assume!(total > 0);
        let n = quanta.len();
        let mut sorted = vec![0.0; n];
        let mut stream = Stream::new(seed, Purpose::Resample, 0, 0);
        let cut = cut % (n + 1);
        let (left, right) = sorted.split_at_mut(cut);
        let first = exponential_spacings(&mut stream, left);
        let second = exponential_spacings(&mut stream, right);
        let end = first + second + exponential_spacings(&mut stream, &mut [0.0]);
        let scale = total as f64 / end;
        thresholds(left, 0.0, scale, total);
        thresholds(right, first, scale, total);
        prop_assert!(sorted.windows(2).all(|w| w[0] <= w[1]) && sorted[0] >= 0.0);
        prop_assert!(sorted[n - 1] < total as f64);
        let mut offspring = vec![9u32; n];
        multinomial_offspring(&quanta, 0, &sorted, &mut offspring);
        prop_assert_eq!(offspring.iter().map(|&o| u64::from(o)).sum::<u64>(), n as u64);
        // Naive: for each threshold, the first particle whose cumulative weight exceeds it.
        let mut naive = vec![0u32; n];
        for &t in &sorted {
            let mut cumulative = 0u64;
            let hit = quanta.iter().position(|q| {
                cumulative += q;
                t < cumulative as f64
            });
            naive[hit.unwrap()] += 1;
        }
        prop_assert_eq!(&naive, &offspring);
        prop_assert!(quanta.iter().zip(&offspring).all(|(q, o)| *q > 0 || *o == 0));
        let mut parts = vec![0u32; n];
        let (left, right) = parts.split_at_mut(cut);
        multinomial_offspring(&quanta[..cut], 0, &sorted, left);
        multinomial_offspring(&quanta[cut..], quanta[..cut].iter().sum(), &sorted, right);
        prop_assert_eq!(parts, offspring);
    }

    #[test]
    fn survivors_stay_and_dead_slots_take_the_surplus(
        offspring in prop::collection::vec(prop_oneof![8 => 0u32..5, 1 => 0u32..400], 1..200),
    ) {
        let mut matching = Matching::default();
        // Listed twice: what an earlier, larger chunk left behind must not matter.
        matching.list(&[3; 300]);
        matching.list(&offspring);
        let pairs: Vec<(usize, usize)> = matching.pairs().collect();
        let dead: Vec<usize> = offspring.iter().enumerate().filter(|(_, o)| **o == 0).map(|(i, _)| i).collect();
        let surplus: Vec<usize> = offspring
            .iter()
            .enumerate()
            .flat_map(|(i, &o)| std::iter::repeat_n(i, o.saturating_sub(1) as usize))
            .collect();
        let within = dead.len().min(surplus.len());
        prop_assert_eq!(matching.within(), within);
        let expected: Vec<(usize, usize)> = dead.iter().copied().zip(surplus.iter().copied()).collect();
        prop_assert_eq!(pairs, expected);
        let wide = |list: &[u16]| list.iter().map(|&i| i as usize).collect::<Vec<_>>();
        prop_assert_eq!(wide(matching.open_slots()), &dead[within..]);
        prop_assert_eq!(wide(matching.open_parents()), &surplus[within..]);
    }
}
