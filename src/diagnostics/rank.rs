//! Rank-normalised split R-hat (Vehtari, Gelman, Simpson, Carpenter, Buerkner 2021,
//! doi 10.1214/20-BA1221, arXiv:1903.08008).
//!
//! ```text
//! z = Phi^-1((r - 3/8) / (S + 1/4)),   r the average ranks over all split chains
//! R(x) = sqrt((B/W + n - 1) / n),      B = n Var(chain means),  W = mean chain variance
//! R-hat = max(R(z(x)), R(z(|x - median x|)))
//! ```

use driftlane_kernels::Lane;

/// The first and the last half of every chain; the middle draw of an odd number is dropped.
pub(super) fn split(series: &[f64], chains: usize, draws: usize) -> (Vec<f64>, usize) {
    let half = draws / 2;
    let mut halves = Vec::with_capacity(2 * chains * half);
    for chain in series.chunks_exact(draws).take(chains) {
        halves.extend_from_slice(&chain[..half]);
        halves.extend_from_slice(&chain[draws - half..]);
    }
    (halves, half)
}

/// Average ranks turned into normal scores.
pub(super) fn z_scale(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]));
    let total = values.len() as f64 + 0.25;
    let mut z = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let value = values[order[first] as usize];
        let mut last = first + 1;
        while last < order.len() && values[order[last] as usize] == value {
            last += 1;
        }
        // Ranks first + 1 ..= last, averaged over ties.
        let rank = 0.5 * (first + 1 + last) as f64;
        let score = normal_quantile((rank - 0.375) / total);
        for &i in &order[first..last] {
            z[i as usize] = score;
        }
        first = last;
    }
    z
}

/// Means and unbiased variances of chains of `n` draws.
pub(super) fn chain_moments(series: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    series
        .chunks_exact(n)
        .map(|chain| {
            let mean = mean(chain);
            let square: f64 = chain.iter().map(|x| (x - mean) * (x - mean)).sum();
            (mean, square / (n as f64 - 1.0))
        })
        .unzip()
}

/// The mean in two passes: the second takes away the rounding of a sum far from the origin.
pub(super) fn mean(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let rough = values.iter().sum::<f64>() / n;
    rough + values.iter().map(|x| x - rough).sum::<f64>() / n
}

pub(super) fn variance(values: &[f64]) -> f64 {
    let m = mean(values);
    values.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / (values.len() as f64 - 1.0)
}

fn basic_r_hat(series: &[f64], n: usize) -> f64 {
    let (means, variances) = chain_moments(series, n);
    r_hat_of_moments(&means, &variances, n as f64)
}

/// R of chains of `n` draws from their means and variances.
pub(super) fn r_hat_of_moments(means: &[f64], variances: &[f64], n: f64) -> f64 {
    let ratio = n * variance(means) / mean(variances);
    ((ratio + n - 1.0) / n).sqrt()
}

/// Rank-normalised split R-hat of one coordinate; `series` holds `chains` chains of `draws` draws,
/// chain by chain. NaN where a draw is not finite, all are equal, or there are fewer than 4 draws.
pub fn r_hat(series: &[f64], chains: usize, draws: usize) -> f64 {
    if !usable(series, draws) {
        return f64::NAN;
    }
    let (halves, n) = split(series, chains, draws);
    let bulk = basic_r_hat(&z_scale(&halves), n);
    let tail = basic_r_hat(&z_scale(&fold(&halves)), n);
    larger(bulk, tail)
}

/// The larger of two figures; NaN only where both are, as for draws that all lie equally far from
/// their median.
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if b > a || a.is_nan() { b } else { a }
}

/// Whether diagnostics mean anything: finite, not constant, at least 4 draws a chain.
pub(super) fn usable(series: &[f64], draws: usize) -> bool {
    draws >= 4 && series.iter().all(|x| x.is_finite()) && series.iter().any(|x| *x != series[0])
}

/// The quantile of sorted values by linear interpolation (type 7 of Hyndman and Fan 1996,
/// doi 10.1080/00031305.1996.10473566).
pub(super) fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let place = (sorted.len() as f64 - 1.0) * probability;
    let below = place.floor();
    let share = place - below;
    let (a, b) = (
        sorted[below as usize],
        sorted[(below as usize + 1).min(sorted.len() - 1)],
    );
    // From the nearer end, so that both ends are met exactly.
    if share < 0.5 {
        a + (b - a) * share
    } else {
        b - (b - a) * (1.0 - share)
    }
}

/// Distances from the median.
pub(super) fn fold(values: &[f64]) -> Vec<f64> {
    let median = median(values);
    values.iter().map(|x| (x - median).abs()).collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        0.5 * (sorted[middle - 1] + sorted[middle])
    }
}

/// Phi^-1(p) for p in (0, 1): Wichura 1988, algorithm AS 241 (doi 10.2307/2347330), relative error
/// about 1e-16.
pub fn normal_quantile(p: f64) -> f64 {
    let ratio = |x: f64, top: &[f64; 8], bottom: &[f64; 8]| {
        let horner = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * x + c);
        horner(top) / horner(bottom)
    };
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return q * ratio(0.180625 - q * q, &CENTRAL.0, &CENTRAL.1);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-Lane::ln(tail)).sqrt();
    let x = if r <= 5.0 {
        ratio(r - 1.6, &MIDDLE.0, &MIDDLE.1)
    } else {
        ratio(r - 5.0, &FAR.0, &FAR.1)
    };
    if q < 0.0 { -x } else { x }
}

/// Numerator and denominator, constant term first.
type Rational = ([f64; 8], [f64; 8]);

const CENTRAL: Rational = (
    [
        3.3871328727963665,
        133.14166789178438,
        1971.5909503065513,
        13731.69376550946,
        45921.95393154987,
        67265.7709270087,
        33430.57558358813,
        2509.0809287301227,
    ],
    [
        1.0,
        42.31333070160091,
        687.1870074920579,
        5394.196021424751,
        21213.794301586597,
        39307.89580009271,
        28729.085735721943,
        5226.495278852854,
    ],
);
const MIDDLE: Rational = (
    [
        1.4234371107496835,
        4.630337846156546,
        5.769497221460691,
        3.6478483247632045,
        1.2704582524523684,
        0.2417807251774506,
        0.022723844989269184,
        0.0007745450142783414,
    ],
    [
        1.0,
        2.053191626637759,
        1.6763848301838038,
        0.6897673349851,
        0.14810397642748008,
        0.015198666563616457,
        0.0005475938084995345,
        1.0507500716444169e-09,
    ],
);
const FAR: Rational = (
    [
        6.657904643501103,
        5.463784911164114,
        1.7848265399172913,
        0.29656057182850487,
        0.026532189526576124,
        0.0012426609473880784,
        2.7115555687434876e-05,
        2.0103343992922881e-07,
    ],
    [
        1.0,
        0.599832206555888,
        0.1369298809227358,
        0.014875361290850615,
        0.0007868691311456133,
        1.8463183175100548e-05,
        1.421511758316446e-07,
        2.0442631033899397e-15,
    ],
);
