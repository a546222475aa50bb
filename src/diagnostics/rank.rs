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
            let mean = chain.iter().sum::<f64>() / n as f64;
            let square: f64 = chain.iter().map(|x| (x - mean) * (x - mean)).sum();
            (mean, square / (n as f64 - 1.0))
        })
        .unzip()
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

pub(super) fn variance(values: &[f64]) -> f64 {
    let m = mean(values);
    values.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / (values.len() as f64 - 1.0)
}

fn basic_r_hat(series: &[f64], n: usize) -> f64 {
    let (means, variances) = chain_moments(series, n);
    let n = n as f64;
    let ratio = n * variance(&means) / mean(&variances);
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
    let median = median(&halves);
    let folded: Vec<f64> = halves.iter().map(|x| (x - median).abs()).collect();
    let tail = basic_r_hat(&z_scale(&folded), n);
    if tail > bulk { tail } else { bulk }
}

/// Whether diagnostics mean anything: finite, not constant, at least 4 draws a chain.
pub(super) fn usable(series: &[f64], draws: usize) -> bool {
    draws >= 4 && series.iter().all(|x| x.is_finite()) && series.iter().any(|x| *x != series[0])
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
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
);
const MIDDLE: Rational = (
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
);
const FAR: Rational = (
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
);
