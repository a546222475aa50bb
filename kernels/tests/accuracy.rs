//! Error bounds of the elementary functions, read out of the headers of their source files.
//!
//! Each function is measured over its whole domain: log-uniform in its bits, uniform where it bends,
//! and every neighbour of every breakpoint. A function worse than its line fails; so does one three
//! times better, because its line then says nothing. The worst point is printed.

#![allow(clippy::disallowed_methods)]

mod double_double;

use double_double::{Dd, LN_2_DD, Reference};
use driftlane_kernels::{F32, F64, Lane};

/// The `Error bound of name: x ulp` of a source file.
fn bound(source: &str, name: &str) -> f64 {
    let start = format!("//! Error bound of {name}: ");
    let line = source.lines().find_map(|line| line.strip_prefix(&start));
    let number = line.and_then(|rest| rest.strip_suffix(" ulp"));
    number
        .expect("a bound in the header")
        .parse()
        .expect("a number")
}

fn check(label: &str, bound: f64, worst: (f64, f64)) {
    println!(
        "{label:<22} worst {:.4} ulp at {:e} (bound {bound})",
        worst.0, worst.1
    );
    assert!(
        worst.0 <= bound,
        "{label}: {} ulp at {:e}, bound {bound}",
        worst.0,
        worst.1
    );
    assert!(
        worst.0 >= bound / 3.0,
        "{label}: bound {bound} is idle, worst {}",
        worst.0
    );
}

/// splitmix64.
struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 * 2f64.powi(-53)
    }
}

/// Points of [low, high]: half uniform, half log-uniform by bits, and 40 neighbours on either side of
/// every break.
fn points(low: f64, high: f64, breaks: &[f64]) -> Vec<f64> {
    const COUNT: usize = 1 << 19;
    let mut generator = Generator(high.to_bits());
    let mut points = Vec::with_capacity(COUNT + 100 * breaks.len());
    while points.len() < COUNT {
        points.push(generator.between(low, high));
        let x = f64::from_bits(generator.next());
        if (low..=high).contains(&x) {
            points.push(x);
        }
    }
    for &x in breaks {
        let (mut up, mut down) = (x, x);
        for _ in 0..40 {
            points.extend([up, down]);
            (up, down) = (up.next_up(), down.next_down());
        }
    }
    points.retain(|x| (low..=high).contains(x));
    points.resize(points.len().next_multiple_of(8), points[0]);
    points
}

/// |got - exact 2^exponent| in ulps.
fn ulps(got: f64, exact: Dd, exponent: i32) -> f64 {
    let two = |n: i32| 2f64.powi(n.clamp(-1000, 1000)) * 2f64.powi(n - n.clamp(-1000, 1000));
    let scaled = got * 2f64.powi(-exponent / 2) * 2f64.powi(-exponent - -exponent / 2);
    let field = ((exact.0.to_bits() >> 52) & 0x7ff) as i32;
    let lead = if field == 0 { -1074 } else { field - 1023 } + exponent;
    let ulp = (lead - 52).max(-1074) - exponent;
    ((scaled - exact.0) - exact.1).abs() / two(ulp)
}

type Exact<'a> = &'a dyn Fn(f64) -> (Dd, i32);

fn measure(points: &[f64], f: impl Fn(F64) -> F64, exact: Exact) -> (f64, f64) {
    let mut worst = (0.0, 0.0);
    for chunk in points.chunks_exact(8) {
        let got = f(F64::new(chunk.try_into().unwrap())).to_array();
        for (&x, got) in chunk.iter().zip(got) {
            let (value, exponent) = exact(x);
            let error = ulps(got, value, exponent);
            assert!(!error.is_nan(), "NaN at {x:e}: {got:e}");
            worst = worst.max_by((error, x));
        }
    }
    worst
}

const EXP: &str = include_str!("../src/math/double/exp.rs");
const LN: &str = include_str!("../src/math/double/ln.rs");
const LOGISTIC: &str = include_str!("../src/math/double/logistic.rs");
const SIN_COS: &str = include_str!("../src/math/double/sin_cos.rs");

/// Where round(x / ln 2) steps.
fn steps(low: i32, high: i32) -> Vec<f64> {
    (low..high)
        .map(|n| (n as f64 + 0.5) * std::f64::consts::LN_2)
        .collect()
}

#[test]
fn double_exp() {
    let reference = Reference::new();
    let breaks = [
        steps(-1075, 1023),
        vec![0.0, 1.0, -1.0, -745.13, -708.396, 709.78],
    ]
    .concat();
    let all = [
        points(-745.0, 709.782_712_893, &breaks),
        points(-2.0, 2.0, &[]),
    ]
    .concat();
    let worst = measure(&all, <F64 as Lane>::exp, &|x| reference.exp(Dd::from(x)));
    check("f64 exp", bound(EXP, "exp"), worst);

    let whole: Vec<f64> = (0..64).map(|n| -f64::from(n) / 2.0).collect();
    let powers = [points(-1022.0, 0.0, &whole), points(-2.0, 0.0, &[])].concat();
    let worst = measure(&powers, <F64 as Lane>::exp2_nonpositive, &|x| {
        let n = x.round();
        let (value, exponent) = reference.exp(Dd::from(x - n) * LN_2_DD);
        (value, exponent + n as i32)
    });
    check(
        "f64 exp2_nonpositive",
        bound(EXP, "exp2_nonpositive"),
        worst,
    );

    let narrow = [points(-2.0, 2.0, &breaks), points(-40.0, 700.0, &breaks)].concat();
    let worst = measure(&narrow, <F64 as Lane>::exp_m1, &|x| {
        (reference.exp_m1(Dd::from(x)), 0)
    });
    check("f64 exp_m1", bound(EXP, "exp_m1"), worst);
}

#[test]
fn double_ln() {
    let reference = Reference::new();
    let edges = (0..16).map(|i| 1.0 + i as f64 / 16.0);
    let edges: Vec<f64> = edges
        .flat_map(|m| [m / 4.0, m / 2.0, m, m * 2.0, m * 1e290])
        .collect();
    let all = points(f64::from_bits(1), f64::MAX, &edges);
    let worst = measure(&all, <F64 as Lane>::ln, &|x| (reference.ln(x), 0));
    let near = points(0.25, 4.0, &edges);
    let worst = worst.max_by(measure(&near, <F64 as Lane>::ln, &|x| (reference.ln(x), 0)));
    check("f64 ln", bound(LN, "ln"), worst);

    let edges: Vec<f64> = edges
        .iter()
        .map(|u| u - 1.0)
        .chain([0.0, 2f64.powi(53)])
        .collect();
    let all = [
        points(-1.0, 4.0, &edges),
        points(-0.1, 0.1, &edges),
        points(1.0, 1e300, &edges),
    ];
    let mut all = all.concat();
    all.retain(|&x| x > -1.0);
    let worst = measure(&all, <F64 as Lane>::ln_1p, &|x| {
        (reference.ln_1p(Dd::from(x)), 0)
    });
    check("f64 ln_1p", bound(LN, "ln_1p"), worst);
}

/// The larger error of two.
trait Worst {
    fn max_by(self, other: Self) -> Self;
}
impl Worst for (f64, f64) {
    fn max_by(self, other: Self) -> Self {
        if other.0 > self.0 { other } else { self }
    }
}

#[test]
fn double_logistic() {
    let reference = Reference::new();
    let breaks = [
        steps(-1074, 1),
        vec![0.0, 1.0, -1.0, 37.0, -37.0, -708.396, -745.13],
    ]
    .concat();
    let all = [points(-745.0, 100.0, &breaks), points(-4.0, 4.0, &[])].concat();
    let worst = measure(&all, <F64 as Lane>::sigmoid, &|x| reference.sigmoid(x));
    check("f64 sigmoid", bound(LOGISTIC, "sigmoid"), worst);
    let worst = measure(&all, <F64 as Lane>::softplus, &|x| reference.softplus(x));
    check("f64 softplus", bound(LOGISTIC, "softplus"), worst);
}

#[test]
fn double_sin_cos() {
    let reference = Reference::new();
    let eighths: Vec<f64> = (-24..=24).map(|i| i as f64 / 8.0).collect();
    let all = [points(-1.0, 1.0, &eighths), points(-1e15, 1e15, &eighths)].concat();
    let worst = measure(&all, |u| u.sin_cos_turns().0, &|u| {
        (reference.sin_cos_turns(u).0, 0)
    });
    check("f64 sin_turns", bound(SIN_COS, "sin_turns"), worst);
    let worst = measure(&all, |u| u.sin_cos_turns().1, &|u| {
        (reference.sin_cos_turns(u).1, 0)
    });
    check("f64 cos_turns", bound(SIN_COS, "cos_turns"), worst);
}

/// f32 against f64 by other formulas: every 1021st bit pattern, then 2^20 points of [low, high].
fn single(
    source: &str,
    name: &str,
    (low, high): (f64, f64),
    f: impl Fn(F32) -> F32,
    exact: impl Fn(f64) -> f64,
) {
    let mut points: Vec<f32> = (0..u32::MAX).step_by(1021).map(f32::from_bits).collect();
    points.retain(|x| !x.is_nan());
    let mut generator = Generator(1);
    points.extend((0..1 << 20).map(|_| generator.between(low, high) as f32));
    let mut worst = (0.0, 0.0);
    for chunk in points.chunks_exact(16) {
        let got = f(F32::new(chunk.try_into().unwrap())).to_array();
        for (&x, got) in chunk.iter().zip(got) {
            let exact = exact(x as f64);
            let limit = 2f64.powi(128) * (1.0 - 2f64.powi(-25));
            if exact.is_nan() || exact.abs() >= limit {
                assert!(got.is_nan() == exact.is_nan(), "{name} at {x:e}: {got:e}");
                assert!(got.is_nan() || got as f64 == exact.signum() * f64::INFINITY);
                continue;
            }
            let lead = ((exact.to_bits() >> 52) & 0x7ff) as i32 - 1023;
            let error = (got as f64 - exact).abs() / 2f64.powi((lead - 23).max(-149));
            assert!(!error.is_nan(), "{name} at {x:e}: {got:e}");
            worst = worst.max_by((error, x as f64));
        }
    }
    check(&format!("f32 {name}"), bound(source, name), worst);
}

#[test]
fn single_all() {
    let exp = include_str!("../src/math/single/exp.rs");
    single(exp, "exp", (-104.0, 89.0), <F32 as Lane>::exp, f64::exp);
    single(
        exp,
        "exp2_nonpositive",
        (-126.0, 0.0),
        <F32 as Lane>::exp2_nonpositive,
        f64::exp2,
    );
    single(
        exp,
        "exp_m1",
        (-4.0, 4.0),
        <F32 as Lane>::exp_m1,
        f64::exp_m1,
    );
    let ln = include_str!("../src/math/single/ln.rs");
    single(ln, "ln", (0.25, 4.0), <F32 as Lane>::ln, f64::ln);
    single(ln, "ln_1p", (-1.0, 4.0), <F32 as Lane>::ln_1p, f64::ln_1p);
    let logistic = include_str!("../src/math/single/logistic.rs");
    single(
        logistic,
        "sigmoid",
        (-104.0, 20.0),
        <F32 as Lane>::sigmoid,
        |x| 1.0 / (1.0 + (-x).exp()),
    );
    let softplus = |x: f64| {
        if x > 0.0 {
            x + (-x).exp().ln_1p()
        } else {
            x.exp().ln_1p()
        }
    };
    single(
        logistic,
        "softplus",
        (-20.0, 20.0),
        <F32 as Lane>::softplus,
        softplus,
    );
    let sin_cos = include_str!("../src/math/single/sin_cos.rs");
    let turn = |u: f64| {
        let quadrant = (u % 1.0 * 4.0).round();
        let (s, c) = (std::f64::consts::TAU * (u % 1.0 - quadrant * 0.25)).sin_cos();
        [(s, c), (c, -s), (-s, -c), (-c, s)][(quadrant as i32).rem_euclid(4) as usize]
    };
    single(
        sin_cos,
        "sin_turns",
        (-2.0, 2.0),
        |u| u.sin_cos_turns().0,
        |u| turn(u).0,
    );
    single(
        sin_cos,
        "cos_turns",
        (-2.0, 2.0),
        |u| u.sin_cos_turns().1,
        |u| turn(u).1,
    );
}

#[test]
fn reference_values() {
    let reference = Reference::new();
    for &(name, x, hi, lo) in GOLDEN {
        let (value, exponent) = match name {
            "exp" => reference.exp(Dd::from(x)),
            "exp_m1" => (reference.exp_m1(Dd::from(x)), 0),
            "ln" => (reference.ln(x), 0),
            "ln_1p" => (reference.ln_1p(Dd::from(x)), 0),
            "sin" => (reference.sin_cos_turns(x).0, 0),
            "cos" => (reference.sin_cos_turns(x).1, 0),
            "sigmoid" => reference.sigmoid(x),
            _ => reference.softplus(x),
        };
        let scale = 2f64.powi(exponent);
        let difference = Dd(value.0 * scale, value.1 * scale) - Dd(hi, lo);
        let error = (difference.0 / hi).abs();
        assert!(error < 2f64.powi(-92), "{name}({x}): 2^{}", error.log2());
    }
}

/// Computed with 60 digits (mpmath), kept as a sum of two.
#[rustfmt::skip]
#[allow(clippy::approx_constant, clippy::excessive_precision)]
const GOLDEN: &[(&str, f64, f64, f64)] = &[
    ("exp", 1.0, 2.718281828459045, 1.4456468917292502e-16),
    ("exp", -0.3, 0.7408182206817179, -1.805530505953e-18),
    ("exp", 7.25, 1408.1048482046956, -2.4613764761569833e-14),
    ("exp", -20.1, 1.865008921902767e-09, 1.0628610813492404e-25),
    ("exp", 1e-09, 1.000000001, -8.224037093664211e-17),
    ("exp_m1", 1e-08, 1.0000000050000001e-08, -6.764525071437688e-25),
    ("exp_m1", -0.3, -0.2591817793182821, -1.805530505953e-18),
    ("exp_m1", 0.35, 0.41906754859325723, -1.6297529353529618e-17),
    ("exp_m1", 2.5, 11.182493960703473, 2.0334002173348147e-16),
    ("exp_m1", -5.0, -0.9932620530009145, -8.577826438071882e-18),
    ("ln", 3.0, 1.0986122886681098, -9.07129723500153e-17),
    ("ln", 0.1, -2.3025850929940455, -1.7150243628057985e-16),
    ("ln", 1e-310, -713.8013788281542, -8.592254740270771e-15),
    ("ln", 1e+300, 690.7755278982137, 2.3747660028800243e-14),
    ("ln", 0.999, -0.0010005003335835344, -2.5644777003677798e-20),
    ("ln", 1.0000001, 9.999999505838704e-08, 1.5249709528441489e-24),
    ("ln_1p", 1e-10, 9.999999999500001e-11, -3.389513322121794e-27),
    ("ln_1p", -0.4, -0.5108256237659907, 1.5233815099851014e-18),
    ("ln_1p", 0.7, 0.5306282510621704, -5.076541175216476e-18),
    ("ln_1p", 50.0, 3.9318256327243257, 4.632466622115275e-17),
    ("sin", 0.1, 0.5877852522924731, 2.0282698052150037e-17),
    ("cos", 0.1, 0.8090169943749475, -4.766175266906226e-17),
    ("sin", 0.3, 0.9510565162951536, -4.853158876183457e-17),
    ("cos", 0.3, -0.30901699437494734, -1.751852518386914e-17),
    ("sin", -0.45, -0.30901699437494734, -1.751852518386914e-17),
    ("cos", -0.45, -0.9510565162951536, 4.853158876183457e-17),
    ("sin", 12.37, 0.7289686274214149, 1.785700327102073e-18),
    ("cos", 12.37, -0.6845471059286851, -3.146720658488859e-17),
    ("sigmoid", -3.0, 0.04742587317756678, -1.793305391834216e-19),
    ("softplus", -3.0, 0.04858735157374206, -2.8911149045062954e-18),
    ("sigmoid", 0.5, 0.6224593312018546, -2.855738705812305e-17),
    ("softplus", 0.5, 0.9740769841801067, -5.522109052790765e-18),
];
