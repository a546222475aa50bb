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

/// Values in rising order, each with its place in the series.
pub(super) fn sorted(values: &[f64]) -> Vec<(f64, u32)> {
    let mut order: Vec<(f64, u32)> = values.iter().copied().zip(0..).collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    order
}

/// Distances from the median in rising order: those below it and those above it are in order already,
/// so they are merged and nothing is sorted again.
pub(super) fn folded(order: &[(f64, u32)]) -> Vec<(f64, u32)> {
    let middle = order.len() / 2;
    let median = if order.len() % 2 == 1 {
        order[middle].0
    } else {
        0.5 * (order[middle - 1].0 + order[middle].0)
    };
    let distance = |&(x, i): &(f64, u32)| ((x - median).abs(), i);
    let mut below = order[..middle].iter().rev().map(distance).peekable();
    let mut above = order[middle..].iter().map(distance).peekable();
    let mut merged = Vec::with_capacity(order.len());
    loop {
        let from_below = match (below.peek(), above.peek()) {
            (Some(b), Some(a)) => b.0 < a.0,
            (b, _) => b.is_some(),
        };
        let next = if from_below {
            below.next()
        } else {
            above.next()
        };
        match next {
            Some(pair) => merged.push(pair),
            None => return merged,
        }
    }
}

/// Average ranks turned into normal scores, from values in rising order.
pub(super) fn scores(order: &[(f64, u32)]) -> Vec<f64> {
    let total = order.len() as f64 + 0.25;
    let mut z = vec![0.0; order.len()];
    let mut before = 0;
    for ties in order.chunk_by(|a, b| a.0 == b.0) {
        // Ranks before + 1 ..= before + ties, averaged.
        let rank = 0.5 * (2 * before + 1 + ties.len()) as f64;
        before += ties.len();
        let score = normal_quantile((rank - 0.375) / total);
        for (_, i) in ties {
            z[*i as usize] = score;
        }
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
    let order = sorted(&halves);
    rank_r_hat(&scores(&order), &order, n)
}

/// From the scores of halves of `n` draws and their order.
pub(super) fn rank_r_hat(z: &[f64], order: &[(f64, u32)], n: usize) -> f64 {
    larger(basic_r_hat(z, n), basic_r_hat(&scores(&folded(order)), n))
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

/// A quantile by linear interpolation (type 7 of Hyndman and Fan 1996,
/// doi 10.1080/00031305.1996.10473566), by selection in O(n); reorders the values.
pub(super) fn quantile(values: &mut [f64], probability: f64) -> f64 {
    let place = (values.len() as f64 - 1.0) * probability;
    let below = place.floor();
    let share = place - below;
    let (_, &mut a, above) = values.select_nth_unstable_by(below as usize, f64::total_cmp);
    let least = above
        .iter()
        .copied()
        .reduce(|m, x| if x < m { x } else { m });
    let b = least.unwrap_or(a);
    // From the nearer end, so that both ends are met exactly.
    if share < 0.5 {
        a + (b - a) * share
    } else {
        b - (b - a) * (1.0 - share)
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
