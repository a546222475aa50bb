//! Standard normals as [`Stream::normal_row`] makes them: their law, their tails, their independence,
//! and the accuracy of the map from words.
//!
//! 2^25 draws in each precision, taken as the engine takes them: 256 rows of each of many streams.
//!
//! | gate | smallest defect caught for certain |
//! |---|---|
//! | moments 1 to 8 | mean 1.2e-3, variance 0.17%, kurtosis 0.9%, sixth moment 3%, eighth 15% |
//! | tail counts at 3, 4, 5, 6 | 3 sigma 2.3%, 4 sigma 15%, 5 sigma a factor 3, 6 sigma 10 draws for 0 |
//! | tails given a small first word | the tail beyond 6 or 8 sigma off by 3% (f64), 6 sigma 5% (f32) |
//! | distribution function | off by 5e-4 at any of 1025 places; shape by chi-square to 3e-4 |
//! | correlations | 1.5e-3 of neighbours in a row or in time, of squares likewise |
//! | signs and quadrants | 0.2% more of one quadrant |
//!
//! Each gate is judged at a false-alarm rate of 1e-6 and is shown a seeded defect.

#![allow(clippy::disallowed_methods)]

#[allow(dead_code)]
mod double_double;
mod statistics;

use double_double::{Dd, Reference};
use driftlane_kernels::rng::{Purpose, Stream, Vector, gaussian};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F32, F64};
use statistics::{Gate, Verdict, normal_cdf, passes_and_catches, upper_tail};

const DRAWS: u64 = 1 << 25;
const ROWS_PER_STREAM: u64 = 256;

/// Calls `use_row` with every row of the population, as `f64`s in the order of particles.
fn rows<R: Vector>(mut use_row: impl FnMut(&[f64])) {
    let width = R::WIDTH * 4;
    let streams = DRAWS / (ROWS_PER_STREAM * width as u64);
    let mut values = vec![0.0; width];
    for block in 0..streams {
        let mut stream = Stream::new(2027, Purpose::Move, block % 512, block / 512);
        for _ in 0..ROWS_PER_STREAM {
            let row: Row<R> = stream.normal_row();
            for (v, x) in values
                .iter_mut()
                .zip(bytemuck::cast_slice::<R, R::Scalar>(&row.0))
            {
                *v = (*x).into();
            }
            use_row(&values);
        }
    }
}

const PLACES: usize = 1024;
const REACH: f64 = 6.0;

/// What one pass over all draws collects.
struct Survey {
    n: u64,
    powers: [f64; 8],
    tails: [u64; 4],
    histogram: Vec<u64>,
    zeros: u64,
    largest: f64,
}

/// Surveys the draws, each passed through `defect` first.
fn survey<R: Vector>(defect: impl Fn(f64) -> f64) -> Survey {
    let mut s = Survey {
        n: 0,
        powers: [0.0; 8],
        tails: [0; 4],
        histogram: vec![0; PLACES + 2],
        zeros: 0,
        largest: 0.0,
    };
    rows::<R>(|values| {
        let mut powers = [0.0; 8];
        for &given in values {
            let x = defect(given);
            assert!(x.is_finite());
            let mut power = 1.0;
            for sum in &mut powers {
                power *= x;
                *sum += power;
            }
            let size = x.abs();
            if size > 3.0 {
                for (k, count) in s.tails.iter_mut().enumerate() {
                    *count += u64::from(size > 3.0 + k as f64);
                }
                s.largest = s.largest.max(size);
            }
            s.zeros += u64::from(x == 0.0);
            let place = (x + REACH) * (PLACES as f64 / (2.0 * REACH));
            s.histogram[(place.floor() + 1.0).clamp(0.0, PLACES as f64 + 1.0) as usize] += 1;
        }
        for (sum, p) in s.powers.iter_mut().zip(powers) {
            *sum += p;
        }
        s.n += values.len() as u64;
    });
    s
}

/// (2m - 1)!! = E x^(2m).
fn moment(k: u32) -> f64 {
    if k % 2 == 1 {
        0.0
    } else {
        (1..k).step_by(2).map(f64::from).product()
    }
}

fn moments(s: &Survey) -> Verdict {
    let mut gate = Gate::new();
    for k in 1..=8u32 {
        let variance = moment(2 * k) - moment(k).powi(2);
        let sd = (variance / s.n as f64).sqrt();
        gate.z(
            format!("moment {k}"),
            s.powers[k as usize - 1] / s.n as f64,
            moment(k),
            sd,
        );
    }
    gate.verdict()
}

fn tails(s: &Survey) -> Verdict {
    let mut gate = Gate::new();
    for (k, &count) in s.tails.iter().enumerate() {
        let sigma = 3.0 + k as f64;
        gate.binomial(
            format!("beyond {sigma}"),
            count,
            s.n,
            2.0 * upper_tail(sigma),
        );
    }
    gate.verdict()
}

fn law(s: &Survey) -> Verdict {
    let mut gate = Gate::new();
    let edge = |i: usize| -REACH + 2.0 * REACH / PLACES as f64 * i as f64;
    let (mut below, mut distance) = (s.histogram[0], 0f64);
    // Places with few expected are gathered from either end.
    let (mut counts, mut expected) = (vec![0u64], vec![0.0]);
    let mut last_cdf = 0.0;
    for i in 0..=PLACES + 1 {
        let cdf = if i > PLACES { 1.0 } else { normal_cdf(edge(i)) };
        if i <= PLACES {
            distance = distance.max((below as f64 / s.n as f64 - cdf).abs());
            below += s.histogram[i + 1];
        }
        *counts.last_mut().unwrap() += s.histogram[i];
        *expected.last_mut().unwrap() += (cdf - last_cdf) * s.n as f64;
        last_cdf = cdf;
        if *expected.last().unwrap() >= 50.0 && i <= PLACES {
            counts.push(0);
            expected.push(0.0);
        }
    }
    let (c, e) = (counts.pop().unwrap(), expected.pop().unwrap());
    *counts.last_mut().unwrap() += c;
    *expected.last_mut().unwrap() += e;
    gate.kolmogorov("distribution", distance, s.n);
    gate.chi_square("histogram", &counts, &expected);
    gate.verdict()
}

fn law_of<R: Vector>(name: &str) {
    let real = survey::<R>(|x| x);
    println!(
        "{name}: largest {:.3}, exact zeros {}",
        real.largest, real.zeros
    );
    // A deviation of two parts in a thousand.
    let wide = survey::<R>(|x| x * 1.002);
    passes_and_catches(&format!("{name} moments"), moments(&real), moments(&wide));
    passes_and_catches(&format!("{name} law"), law(&real), law(&wide));
    // A published ziggurat folded its tail back inside 3.44.
    let folded = survey::<R>(|x| if x.abs() > 3.44 { x % 3.44 } else { x });
    passes_and_catches(&format!("{name} tails"), tails(&real), tails(&folded));
    let moments_of_folded = moments(&folded);
    assert!(
        moments_of_folded.is_err(),
        "moments must see a folded tail too: {moments_of_folded:?}"
    );
}

#[test]
fn the_law_is_normal_f64() {
    law_of::<F64>("f64");
}

#[test]
fn the_law_is_normal_f32() {
    law_of::<F32>("f32");
}

/// Sums of products between particles of a row, and with the row before, of values and of squares.
fn correlations<R: Vector>(defect: impl Fn(&mut [f64], &[f64])) -> Verdict {
    let width = R::WIDTH * 4;
    // Offsets in a row: next lane, next but one, the other output of the same pair of words (a
    // register on), the other pair (two registers on).
    let offsets = [
        1,
        2,
        3,
        4,
        R::WIDTH / 2,
        R::WIDTH,
        R::WIDTH + 1,
        2 * R::WIDTH,
        3 * R::WIDTH,
    ];
    let mut within = vec![(0.0, 0.0); offsets.len()];
    let mut sin_cos = vec![(0.0, 0.0); width];
    let mut in_time = vec![(0.0, 0.0); width];
    let mut shifted = [(0.0, 0.0); 3];
    let mut before = vec![0.0; width];
    let (mut values, mut square) = (vec![0.0; width], vec![0.0; width]);
    let mut before_square = vec![0.0; width];
    let mut rows_seen = 0u64;
    let mut chain = 0u64;
    rows::<R>(|given| {
        values.copy_from_slice(given);
        defect(&mut values, &before);
        for (s, v) in square.iter_mut().zip(&values) {
            *s = v * v - 1.0;
        }
        for (sums, &offset) in within.iter_mut().zip(&offsets) {
            let (mut a, mut b) = (0.0, 0.0);
            for j in 0..width - offset {
                a += values[j] * values[j + offset];
                b += square[j] * square[j + offset];
            }
            *sums = (sums.0 + a, sums.1 + b);
        }
        for pair in [0, 2] {
            for j in pair * R::WIDTH..(pair + 1) * R::WIDTH {
                sin_cos[j].0 += values[j] * values[j + R::WIDTH];
                sin_cos[j].1 += square[j] * square[j + R::WIDTH];
            }
        }
        if chain > 0 {
            for j in 0..width {
                in_time[j].0 += values[j] * before[j];
                in_time[j].1 += square[j] * before_square[j];
            }
            for (k, sums) in shifted.iter_mut().enumerate() {
                let shift = [1, R::WIDTH, 2 * R::WIDTH][k];
                for j in 0..width - shift {
                    sums.0 += values[j + shift] * before[j];
                    sums.1 += square[j + shift] * before_square[j];
                }
            }
        }
        before.copy_from_slice(&values);
        before_square.copy_from_slice(&square);
        rows_seen += 1;
        chain = (chain + 1) % ROWS_PER_STREAM;
    });
    let mut gate = Gate::new();
    let mut check = |label: String, sums: (f64, f64), n: u64| {
        let sd = (n as f64).sqrt();
        gate.z(label.clone(), sums.0, 0.0, sd);
        // Var (x^2 - 1)(y^2 - 1) = 4.
        gate.z(format!("{label}, squares"), sums.1, 0.0, 2.0 * sd);
    };
    for (sums, offset) in within.iter().zip(offsets) {
        check(
            format!("{offset} particles on"),
            *sums,
            rows_seen * (width - offset) as u64,
        );
    }
    let (mut pairs, mut time) = ((0.0, 0.0), (0.0, 0.0));
    for j in 0..width {
        if j / R::WIDTH % 2 == 0 {
            check(
                format!("sin and cos of particle {j}"),
                sin_cos[j],
                rows_seen,
            );
            pairs = (pairs.0 + sin_cos[j].0, pairs.1 + sin_cos[j].1);
        }
        let n = rows_seen / ROWS_PER_STREAM * (ROWS_PER_STREAM - 1);
        check(format!("particle {j} in time"), in_time[j], n);
        time = (time.0 + in_time[j].0, time.1 + in_time[j].1);
    }
    check("sin and cos".into(), pairs, rows_seen * width as u64 / 2);
    let steps = rows_seen / ROWS_PER_STREAM * (ROWS_PER_STREAM - 1);
    check("in time".into(), time, steps * width as u64);
    for (sums, shift) in shifted.iter().zip([1, R::WIDTH, 2 * R::WIDTH]) {
        check(
            format!("in time, {shift} particles on"),
            *sums,
            steps * (width - shift) as u64,
        );
    }
    gate.verdict()
}

fn independence_of<R: Vector>(name: &str) {
    let real = correlations::<R>(|_, _| {});
    // A share of 0.004 of the draw before.
    let in_time = correlations::<R>(|values, before| {
        for (v, b) in values.iter_mut().zip(before) {
            *v += 0.004 * b;
        }
    });
    passes_and_catches(&format!("{name} independence"), real, in_time);
    // Uncorrelated but dependent: both outputs of a pair of words a little larger or smaller together.
    let radius = correlations::<R>(|values, _| {
        for j in 0..R::WIDTH {
            let (a, b) = (values[j], values[j + R::WIDTH]);
            let scale = 1.0 + 0.002 * ((a * a - 1.0) + (b * b - 1.0));
            values[j] *= scale;
            values[j + R::WIDTH] *= scale;
        }
    });
    assert!(radius.is_err(), "{radius:?}");
    println!(
        "{name} independence: seeded radius defect caught; {}",
        radius.unwrap_err()
    );
}

#[test]
fn draws_are_independent_f64() {
    independence_of::<F64>("f64");
}

#[test]
fn draws_are_independent_f32() {
    independence_of::<F32>("f32");
}

/// Signs of the two outputs of a pair of words, and which of them is the larger: eight octants.
fn octants<R: Vector>(defect: impl Fn(f64) -> f64) -> Verdict {
    let mut counts = [0u64; 8];
    rows::<R>(|values| {
        for pair in [0, 2] {
            for j in pair * R::WIDTH..(pair + 1) * R::WIDTH {
                let (x, y) = (defect(values[j]), values[j + R::WIDTH]);
                let octant = usize::from(x > 0.0)
                    + 2 * usize::from(y > 0.0)
                    + 4 * usize::from(x.abs() > y.abs());
                counts[octant] += 1;
            }
        }
    });
    let mut gate = Gate::new();
    gate.even("octants", &counts);
    let n: u64 = counts.iter().sum();
    let with = |bit: usize| {
        (0..8)
            .filter(|o| o & bit != 0)
            .map(|o| counts[o])
            .sum::<u64>()
    };
    for (label, bit) in [("sign of x", 1), ("sign of y", 2), ("|x| > |y|", 4)] {
        gate.z(
            label,
            with(bit) as f64,
            n as f64 / 2.0,
            (n as f64).sqrt() / 2.0,
        );
    }
    gate.verdict()
}

#[test]
fn quadrants_are_even() {
    passes_and_catches(
        "f64 octants",
        octants::<F64>(|x| x),
        octants::<F64>(|x| x + 0.003),
    );
    passes_and_catches(
        "f32 octants",
        octants::<F32>(|x| x),
        octants::<F32>(|x| x + 0.003),
    );
}

/// Counts beyond `sigma` where the first word is below 2^-shift of its range: draws that far out
/// come from there alone, so the law of the tail is seen with few draws.
fn deep_tail(sigmas: &[(f64, u32)], mut draw: impl FnMut(&mut Stream, u32) -> Vec<f64>) -> Verdict {
    let mut gate = Gate::new();
    for &(sigma, shift) in sigmas {
        assert!(
            (-0.5 * sigma * sigma).exp() < 2f64.powi(-(shift as i32)),
            "all of the tail"
        );
        let mut stream = Stream::new(77, Purpose::Exact, u64::from(shift), 0);
        let (mut n, mut count, mut high) = (0u64, 0u64, 0u64);
        while n < 1 << 20 {
            for x in draw(&mut stream, shift) {
                n += 1;
                count += u64::from(x.abs() > sigma);
                high += u64::from(x > sigma);
            }
        }
        let p = 2.0 * upper_tail(sigma) * 2f64.powi(shift as i32);
        gate.binomial(format!("beyond {sigma}"), count, n, p);
        gate.binomial(format!("above {sigma}"), high, n, p / 2.0);
    }
    gate.verdict()
}

#[test]
fn the_far_tail_is_normal() {
    let words = |stream: &mut Stream| stream.next_words().to_array();
    let sigmas_f64 = [(4.0, 11), (5.0, 18), (6.0, 25), (7.0, 35), (8.0, 46)];
    // Only the first of a pair: the two are exchangeable, and not independent given their radius.
    let real = deep_tail(&sigmas_f64, |stream, shift| {
        let (a, b) = (words(stream), words(stream));
        (0..8)
            .map(|j| gaussian::double::<f64>(a[j] >> shift, b[j]).0)
            .collect()
    });
    // A first word without its lowest 20 bits: as if uniforms had 44.
    let rounded = deep_tail(&sigmas_f64, |stream, shift| {
        let (a, b) = (words(stream), words(stream));
        (0..8)
            .map(|j| gaussian::double::<f64>(a[j] >> shift & !0xf_ffff, b[j]).0)
            .collect()
    });
    passes_and_catches("f64 far tail", real, rounded);
    // 32-bit words: beyond 6 sigma 65 first words are left, and the steps between them show (the
    // law of the grid deviates from the normal by 1% there), so the check ends at 5.5.
    let sigmas_f32 = [(4.0, 11), (5.0, 18), (5.5, 21)];
    let halves = |w: u64| [w as u32, (w >> 32) as u32];
    let single = |stream: &mut Stream, shift: u32, mask: u32| -> Vec<f64> {
        let (a, b) = (words(stream), words(stream));
        (0..8)
            .flat_map(|j| {
                let (a, b) = (halves(a[j]), halves(b[j]));
                [0, 1].map(|h| f64::from(gaussian::single::<f32>(a[h] >> shift & mask, b[h]).0))
            })
            .collect()
    };
    let real = deep_tail(&sigmas_f32, |stream, shift| single(stream, shift, u32::MAX));
    // Uniforms of 24 bits.
    let coarse = deep_tail(&sigmas_f32, |stream, shift| single(stream, shift, !0xff));
    passes_and_catches("f32 far tail", real, coarse);
}

/// P(|x| > sigma) of the f32 map, exactly but for the second word: every first word that reaches it.
fn tail_of_single(sigma: f64, coarsen: u32) -> f64 {
    let reach = (2f64.powi(32) * (-0.5 * sigma * sigma).exp()) as u32 + 2;
    let mut probability = 0.0;
    for a in 0..reach {
        let radius = (-2.0 * ((f64::from(a & !coarsen) + 0.5) * 2f64.powi(-32)).ln()).sqrt();
        // |cos| of a uniform angle above sigma / radius, by counting over 2^14 second words.
        let beyond = (0..1u32 << 14)
            .filter(|k| {
                let b = k << 18 | 1 << 17;
                f64::from(gaussian::single::<f32>(a & !coarsen, b).0.abs()) > sigma
            })
            .count() as f64
            / 2f64.powi(14);
        let exact = if sigma < radius {
            2.0 / std::f64::consts::PI * (sigma / radius).acos()
        } else {
            0.0
        };
        assert!((beyond - exact).abs() < 3e-3, "a {a}: {beyond} {exact}");
        probability += beyond * 2f64.powi(-32);
    }
    probability
}

#[test]
fn single_precision_reaches_beyond_six_sigma() {
    for (sigma, tolerance) in [(5.5, 0.01), (6.0, 0.03), (6.5, 0.25)] {
        let (found, exact) = (tail_of_single(sigma, 0), 2.0 * upper_tail(sigma));
        println!(
            "f32 beyond {sigma}: {found:.4e}, exact {exact:.4e}, ratio {:.4}",
            found / exact
        );
        assert!((found / exact - 1.0).abs() < tolerance);
    }
    // Uniforms of 24 bits stop at 5.89.
    let coarse = tail_of_single(6.0, 0xff);
    assert!(
        (coarse / (2.0 * upper_tail(6.0)) - 1.0).abs() > 0.5,
        "{coarse}"
    );
}

fn extremes(bits: u32) -> Vec<u64> {
    let all = if bits == 64 {
        u64::MAX
    } else {
        (1 << bits) - 1
    };
    let mut words: Vec<u64> = (0..70).chain((0..70).map(|k| all - k)).collect();
    for k in 0..bits {
        for step in -3i64..=3 {
            words.push((1u64 << k).wrapping_add(step as u64) & all);
            words.push(all.wrapping_sub(1 << k).wrapping_add(step as u64) & all);
        }
    }
    // Where the rounding to a float carries, and patterns.
    for pattern in [
        0x5555_5555_5555_5555,
        0xaaaa_aaaa_aaaa_aaaa,
        0x3333_3333_cccc_cccc,
    ] {
        words.push(pattern & all);
    }
    words
}

#[test]
fn extreme_words_give_finite_normals() {
    let limit = |bits: f64| (2.0 * (bits + 1.0) * std::f64::consts::LN_2).sqrt();
    let (mut far, mut far_single) = (0.0f64, 0.0f32);
    for &a in &extremes(64) {
        for &b in &extremes(64) {
            let (x, y) = gaussian::double::<f64>(a, b);
            assert!(x.is_finite() && y.is_finite(), "{a:x} {b:x}: {x} {y}");
            far = far.max(x.abs()).max(y.abs());
        }
    }
    for &a in &extremes(32) {
        for &b in &extremes(32) {
            let (x, y) = gaussian::single::<f32>(a as u32, b as u32);
            assert!(x.is_finite() && y.is_finite(), "{a:x} {b:x}: {x} {y}");
            far_single = far_single.max(x.abs()).max(y.abs());
        }
    }
    println!("largest: f64 {far}, f32 {far_single}");
    assert!(
        (far / limit(64.0) - 1.0).abs() < 1e-15 && far > 9.49,
        "{far}"
    );
    assert!((f64::from(far_single) / limit(32.0) - 1.0).abs() < 1e-6 && far_single > 6.76);
    // The largest first word is a radius of zero, not of NaN.
    assert_eq!(gaussian::double::<f64>(u64::MAX, 5), (0.0, 0.0));
    assert_eq!(gaussian::single::<f32>(u32::MAX, 5), (0.0, 0.0));
}

/// The bound in the header of the source.
fn bound(name: &str) -> f64 {
    let source = include_str!("../src/rng/gaussian.rs");
    let start = format!("//! Error bound of {name}: ");
    let line = source
        .lines()
        .find_map(|l| l.strip_prefix(&start))
        .expect("a bound in the header");
    line.split(' ').next().unwrap().parse().expect("a number")
}

/// r (cos phi + sin phi) and r (cos phi - sin phi) with their signs, in double-double, from the
/// first word rounded to `u` and the exact second word `b` of `bits` bits; then r.
fn exact(reference: &Reference, u: f64, b: u64, bits: u32) -> (Dd, Dd, Dd) {
    let log = -reference.ln(u);
    let root = log.0.sqrt();
    let radius = if root == 0.0 {
        Dd::from(0.0)
    } else {
        let root = Dd::from(root);
        root + (log - root * root) / (root + root)
    };
    // phi in turns is signed(b << 2) 2^-(bits - 1) / 8: its rounded value and what is left of it.
    let signed = ((b << (64 - bits) << 2) as i64) >> (64 - bits);
    let scale = 2f64.powi(-(bits as i32) - 2);
    let rounded = signed as f64;
    let rest = (i128::from(signed) - rounded as i128) as f64 * scale * std::f64::consts::TAU;
    let (sin, cos) = reference.sin_cos_turns(rounded * scale);
    let (sin, cos) = (sin + Dd::from(rest) * cos, cos - Dd::from(rest) * sin);
    let sign = |bit: u32, x: Dd| if b >> (bits - bit) & 1 == 1 { -x } else { x };
    (
        sign(1, radius * (cos + sin)),
        sign(2, radius * (cos - sin)),
        radius,
    )
}

fn ulp(x: f64, digits: i32) -> f64 {
    let exponent = (x.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    2f64.powi(exponent - digits)
}

fn check(name: &str, worst: (f64, u64, u64)) {
    let bound = bound(name);
    println!(
        "{name}: worst {:.3} ulp at {:#x} {:#x} (bound {bound})",
        worst.0, worst.1, worst.2
    );
    assert!(
        worst.0 <= bound,
        "{name}: {} ulp at {:x} {:x}",
        worst.0,
        worst.1,
        worst.2
    );
    assert!(
        worst.0 >= 0.4 * bound,
        "{name}: bound {bound} is idle, worst {}",
        worst.0
    );
}

/// First words over all sizes of u and of 1 - u, with any second word.
fn pairs(n: u64) -> impl Iterator<Item = (u64, u64)> {
    let mut stream = Stream::new(4, Purpose::Exact, 9, 9);
    (0..n / 8).flat_map(move |k| {
        let (a, b) = (
            stream.next_words().to_array(),
            stream.next_words().to_array(),
        );
        (0..8).map(move |j| {
            let shift = (a[j] & 63) as u32;
            let small = a[j] >> shift;
            let first = match (k as usize + j) % 4 {
                0 => a[j],
                1 => small,
                2 => !small,
                // Close to the edges of the table's cells.
                _ => (a[j] & 0xfff0_0000_0000_0000) ^ (a[j] >> 52 & 0xff),
            };
            (first, b[j])
        })
    })
}

/// The larger of two errors in ulp of the radius, with their words; a NaN is larger than anything.
fn worse(worst: &mut (f64, u64, u64), error: f64, a: u64, b: u64) {
    if error > worst.0 || error.is_nan() {
        *worst = (error, a, b);
    }
}

#[test]
fn the_map_is_accurate() {
    let reference = Reference::new();
    let (mut worst, mut worst_below) = ((0.0, 0, 0), (0.0, 0, 0));
    for (a, b) in pairs(400_000) {
        let u = (a as f64 + 0.5) * 2f64.powi(-64);
        let (x, y, radius) = exact(&reference, u, b, 64);
        let (got_x, got_y) = gaussian::double::<f64>(a, b);
        if radius.0 == 0.0 {
            assert_eq!((got_x, got_y), (0.0, 0.0));
            continue;
        }
        for (got, want) in [(got_x, x), (got_y, y)] {
            let error = ((Dd::from(got) - want).0 / ulp(radius.0, 52)).abs();
            worse(&mut worst, error, a, b);
            if u < 31.0 / 32.0 {
                worse(&mut worst_below, error, a, b);
            }
        }
    }
    check("double", worst);
    check("double, u < 31/32", worst_below);
    let mut worst = (0.0, 0, 0);
    for (a, b) in pairs(400_000) {
        let (a, b) = ((a >> 32) as u32, (b >> 32) as u32);
        let u = f64::from(a as f32 + 0.5) * 2f64.powi(-32);
        let (x, y, radius) = exact(&reference, u, u64::from(b), 32);
        let (got_x, got_y) = gaussian::single::<f32>(a, b);
        if radius.0 == 0.0 {
            assert_eq!((got_x, got_y), (0.0, 0.0));
            continue;
        }
        for (got, want) in [(got_x, x), (got_y, y)] {
            let error = ((f64::from(got) - want.0) / ulp(radius.0, 23)).abs();
            worse(&mut worst, error, u64::from(a), u64::from(b));
        }
    }
    check("single", worst);
    // Power: an angle off by 2^-49 of a quarter turn is seen.
    let (x, _, radius) = exact(&reference, 0.25, 1 << 40, 64);
    let turned = exact(&reference, 0.25, (1 << 40) + (1 << 14), 64).0;
    assert!(((turned - x).0 / ulp(radius.0, 52)).abs() > bound("double"));
}
