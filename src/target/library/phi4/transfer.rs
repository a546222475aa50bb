//! The chain's exact law by a transfer operator.
//!
//! With T(x, y) = exp(-beta a N (x - y)^2 / 2) and w(x) = exp(-beta / (a N) ((1 - x^2)^2 / 4 + b x)),
//! f_1(x) = T(0, x) w(x), f_{i+1}(y) = w(y) int T(x, y) f_i(x) dx, Z = int f_N(x) T(x, 0) dx, and the
//! marginal of site i is f_i f_{N+1-i} / w: the chain reads the same from both ends. Integrals by
//! 2 x 300 Gauss-Legendre nodes, split at 0 so that P(x > 0) is as accurate as Z; N 600^2
//! multiply-adds after 600^2 exponentials.

use driftlane_kernels::Lane;

/// Nodes on each half of the line.
const HALF: usize = 300;

/// What is known exactly about a chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// ln Z.
    pub log_evidence: f64,
    /// P(x_i > 0) for every site.
    pub positive: Vec<f64>,
    /// E x_i.
    pub mean: Vec<f64>,
    /// Standard deviation of x_i.
    pub sd: Vec<f64>,
}

/// Nodes and weights on [-1, 1]: Newton's method on the Legendre polynomial, from Tricomi's
/// approximation of its roots.
fn gauss_legendre(n: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut nodes, mut weights) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for i in 0..n {
        let turn = (i as f64 + 0.75) / (n as f64 + 0.5) / 2.0;
        let mut x = -Lane::sin_cos_turns(turn).1;
        let mut slope = 0.0;
        // Quadratic convergence from 1e-6: three steps reach rounding, the rest costs nothing.
        for _ in 0..6 {
            let (mut p, mut before) = (1.0, 0.0);
            for k in 0..n {
                let k = k as f64;
                let next = ((2.0 * k + 1.0) * x * p - k * before) / (k + 1.0);
                (before, p) = (p, next);
            }
            slope = n as f64 * (x * p - before) / (x * x - 1.0);
            x -= p / slope;
        }
        nodes.push(x);
        weights.push(2.0 / ((1.0 - x * x) * slope * slope));
    }
    (nodes, weights)
}

/// The most sites the operator is applied for: half a second and 20 MB.
const MOST_SITES: usize = 4096;

/// (beta a N, beta / (a N)): the stiffness of a bond and the weight of a site.
fn couplings(n: usize, a: f64, beta: f64) -> (f64, f64) {
    (beta * a * n as f64, beta / (a * n as f64))
}

fn energy(local: f64, b: f64, x: f64) -> f64 {
    let well = 1.0 - x * x;
    local * (0.25 * well * well + b * x)
}

/// The least energy of a site, and how far out it matters: as far as its weight and the pull of its
/// neighbours, at least half of stiffness x^2 / n, allow; 60 is 26 decimal digits below the wells.
fn reach(n: usize, a: f64, b: f64, beta: f64) -> (f64, f64) {
    let (stiffness, local) = couplings(n, a, beta);
    let energy = |x: f64| energy(local, b, x);
    let lowest = (-40..=40)
        .map(|i| energy(f64::from(i) / 20.0))
        .fold(f64::INFINITY, f64::min);
    let cost = |x: f64| energy(x).min(energy(-x)) - lowest + 0.5 * stiffness * x * x / n as f64;
    let mut edge = 2.0;
    while cost(edge) < 60.0 {
        edge += 0.125;
    }
    (lowest, edge)
}

/// Whether the nodes resolve a bond: they are at most pi edge / 2 / [`HALF`] apart, and a sum over
/// points h apart integrates a normal of deviation s to 2 exp(-2 (pi s / h)^2), 1e-13 at h = 0.8 s.
pub fn resolves(n: usize, a: f64, b: f64, beta: f64) -> bool {
    let (_, edge) = reach(n, a, b, beta);
    let spacing = std::f64::consts::FRAC_PI_2 * edge / HALF as f64;
    let deviation = 1.0 / couplings(n, a, beta).0.sqrt();
    n <= MOST_SITES && spacing <= 0.8 * deviation
}

/// The exact law of the chain of `n` sites with parameters `a`, `b`, `beta`.
pub fn transfer_operator(n: usize, a: f64, b: f64, beta: f64) -> Transfer {
    let (stiffness, local) = couplings(n, a, beta);
    let energy = |x: f64| energy(local, b, x);
    let (lowest, edge) = reach(n, a, b, beta);
    let (unit, unit_weight) = gauss_legendre(HALF);
    let half = 0.5 * edge;
    let on = |side: f64| unit.iter().map(move |u| half * (u + side));
    let x: Vec<f64> = on(-1.0).chain(on(1.0)).collect();
    let dx: Vec<f64> = unit_weight
        .iter()
        .chain(&unit_weight)
        .map(|w| w * half)
        .collect();
    let site: Vec<f64> = x.iter().map(|&x| Lane::exp(lowest - energy(x))).collect();
    let bond = |distance: f64| Lane::exp(-0.5 * stiffness * distance * distance);
    // Row y, column x, with the quadrature weight of x folded in.
    let mut operator = Vec::with_capacity(x.len() * x.len());
    for y in &x {
        operator.extend(x.iter().zip(&dx).map(|(x, dx)| bond(x - y) * dx));
    }

    // Forward functions, each scaled to a maximum of 1; their logarithms accumulate.
    let mut forward = Vec::with_capacity(n);
    let mut log_scale = -lowest * n as f64;
    let mut f: Vec<f64> = x.iter().zip(&site).map(|(&x, w)| bond(x) * w).collect();
    loop {
        let largest = f.iter().copied().fold(0.0, f64::max);
        log_scale += Lane::ln(largest);
        f.iter_mut().for_each(|v| *v /= largest);
        forward.push(f);
        if forward.len() == n {
            break;
        }
        let f_last = &forward[forward.len() - 1];
        let product = |row: &[f64]| dot(row, f_last);
        f = operator
            .chunks_exact(x.len())
            .zip(&site)
            .map(|(row, w)| w * product(row))
            .collect();
    }
    let last = &forward[n - 1];
    let end: f64 = (0..x.len()).map(|k| last[k] * bond(x[k]) * dx[k]).sum();

    let (mut positive, mut mean, mut sd) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..n {
        let (f, g) = (&forward[i], &forward[n - 1 - i]);
        let [mut all, mut above, mut first, mut second] = [0.0; 4];
        for k in 0..x.len() {
            if site[k] == 0.0 {
                continue;
            }
            let p = f[k] * (g[k] / site[k]) * dx[k];
            all += p;
            above += if x[k] > 0.0 { p } else { 0.0 };
            first += p * x[k];
            second += p * x[k] * x[k];
        }
        let centre = first / all;
        positive.push(above / all);
        mean.push(centre);
        sd.push((second / all - centre * centre).max(0.0).sqrt());
    }
    Transfer {
        log_evidence: log_scale + Lane::ln(end),
        positive,
        mean,
        sd,
    }
}

/// Eight partial sums, added in a fixed order: the compiler keeps them in one register.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut partial = [0.0; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for k in 0..8 {
            partial[k] = a[k].mul_add(b[k], partial[k]);
        }
    }
    let tail: f64 = a
        .chunks_exact(8)
        .remainder()
        .iter()
        .zip(b.chunks_exact(8).remainder())
        .map(|(a, b)| a * b)
        .sum();
    let p = partial;
    ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7])) + tail
}
