//! The linear map of a step on a Gaussian, read off the compiled scheme itself, and what follows from
//! it without simulation.
//!
//! A step on a Gaussian of independent coordinates takes z = (x, p) of each to M z + N xi. M is read
//! from two runs without noise, each column of N from a run in which one draw is 1 and all others are
//! 0; a randomised scheme is run at the nodes of a quadrature in its uniform. The 32 particles of the
//! tile take different step sizes, so one reading serves five.

use driftlane::integrator::{Parameters, Rule, Scheme, Stepper, Tile};
use driftlane::kernels::rng::{Noise, Vector};
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F64, Lane};
use driftlane::target::library::Gaussian;
use driftlane::target::{Path, Target};

pub type Matrix = [[f64; 2]; 2];

/// One draw is 1, all others are 0; every uniform is `uniform`.
struct Impulse {
    at: Option<usize>,
    drawn: usize,
    uniform: f64,
}

impl Noise for Impulse {
    fn row<R: Vector>(&mut self) -> Row<R> {
        let hit = self.at == Some(self.drawn);
        self.drawn += 1;
        Row::<R>::splat(f64::from(u8::from(hit)))
    }
    fn uniform<R: Vector>(&mut self) -> Row<R> {
        Row::<R>::splat(self.uniform)
    }
}

/// M and N N^T of one coordinate and step size, at one value of the uniform.
#[derive(Debug, Clone, Copy)]
pub struct Map {
    pub weight: f64,
    pub m: Matrix,
    pub noise: Matrix,
}

/// Nodes and weights of Gauss-Legendre quadrature on [0, 1], eight points: exact to degree 15.
pub const NODES: [(f64, f64); 8] = [
    (0.019_855_071_751_231_884, 0.050_614_268_145_188_13),
    (0.101_666_761_293_186_63, 0.111_190_517_226_687_24),
    (0.237_233_795_041_835_5, 0.156_853_322_938_943_64),
    (0.408_282_678_752_175_1, 0.181_341_891_689_181),
    (0.591_717_321_247_825, 0.181_341_891_689_181),
    (0.762_766_204_958_164_5, 0.156_853_322_938_943_64),
    (0.898_333_238_706_813_4, 0.111_190_517_226_687_24),
    (0.980_144_928_248_768_1, 0.050_614_268_145_188_13),
];

/// What a scheme is read on: precisions k of the coordinates, their inverse masses, friction.
#[derive(Debug, Clone)]
pub struct Setting {
    pub precision: Vec<f64>,
    pub inverse_mass: Vec<f64>,
    pub friction: f64,
    /// The share of the drift that semilinear schemes are told of.
    pub linear_share: f64,
}

impl Setting {
    pub fn new(precision: Vec<f64>, friction: f64) -> Self {
        Self {
            inverse_mass: vec![1.0; precision.len()],
            precision,
            friction,
            linear_share: 0.5,
        }
    }

    /// d coordinates with unlike precisions and, where the scheme takes them, unlike masses.
    pub fn spread(d: usize, friction: f64, scheme: &Scheme) -> Self {
        let mut setting = Self::new(
            (0..d).map(|j| 1.0 + 0.37 * (j % 7) as f64).collect(),
            friction,
        );
        if !matches!(scheme.rule, Rule::Semilinear { .. }) {
            setting.inverse_mass = (0..d).map(|j| 1.0 / (1.0 + 0.5 * (j % 5) as f64)).collect();
        }
        setting
    }

    /// omega^2 (overdamped: the rate) of coordinate j.
    pub fn rate(&self, j: usize) -> f64 {
        self.precision[j] * self.inverse_mass[j]
    }
}

/// The maps of one step, `[coordinate][step size]`, each a list over the nodes of the uniform. Panics
/// where a coordinate feels another one.
pub fn maps(scheme: &Scheme, setting: &Setting, steps: &[f64]) -> Vec<Vec<Vec<Map>>> {
    let d = setting.precision.len();
    let random = matches!(scheme.rule, Rule::RandomizedMidpoint);
    let nodes: &[(f64, f64)] = if random { &NODES } else { &[(0.5, 1.0)] };
    let mut all = vec![vec![Vec::new(); steps.len()]; d];
    for &(uniform, weight) in nodes {
        let of = |x: &dyn Fn(usize) -> f64, p: &dyn Fn(usize) -> f64, at: Option<usize>| {
            step(
                scheme,
                setting,
                steps,
                x,
                p,
                Impulse {
                    at,
                    drawn: 0,
                    uniform,
                },
            )
        };
        let one = |_: usize| 1.0;
        let zero = |_: usize| 0.0;
        let (from_x, draws) = of(&one, &zero, None);
        let (from_p, _) = of(&zero, &one, None);
        for j in 0..d {
            for (s, all) in all[j].iter_mut().enumerate() {
                let (a, b) = (from_x[s][j], from_p[s][j]);
                all.push(Map {
                    weight,
                    m: [[a[0], b[0]], [a[1], b[1]]],
                    noise: [[0.0; 2]; 2],
                });
            }
        }
        if d > 1 {
            // Decoupled: an impulse in one coordinate stays there.
            let (alone, _) = of(&|j| f64::from(u8::from(j == d / 2)), &zero, None);
            for of_step in &alone {
                let felt = of_step.iter().enumerate().filter(|(_, z)| **z != [0.0; 2]);
                assert!(felt.map(|(j, _)| j).all(|j| j == d / 2), "{scheme:?}");
            }
        }
        for at in 0..draws {
            let (out, _) = of(&zero, &zero, Some(at));
            for (s, out) in out.iter().enumerate() {
                for (j, z) in out.iter().enumerate() {
                    let map = all[j][s].last_mut().unwrap();
                    for (row, a) in map.noise.iter_mut().zip(z) {
                        for (entry, b) in row.iter_mut().zip(z) {
                            *entry += a * b;
                        }
                    }
                }
            }
        }
    }
    all
}

/// One step from (x, p), and the number of draws: `[step size][coordinate]` of (x, p).
fn step(
    scheme: &Scheme,
    setting: &Setting,
    steps: &[f64],
    x: &dyn Fn(usize) -> f64,
    p: &dyn Fn(usize) -> f64,
    mut noise: Impulse,
) -> (Vec<Vec<[f64; 2]>>, usize) {
    let d = setting.precision.len();
    let sd = setting.precision.iter().map(|k| 1.0 / k.sqrt()).collect();
    let target = Gaussian::diagonal(vec![0.0; d], sd).unwrap();
    let path = Path::plain(&target);
    let row = |value: f64| Row::<F64>::splat(value);
    let mut rows: [Vec<Row<F64>>; 5] = std::array::from_fn(|_| vec![row(0.0); d]);
    for j in 0..d {
        (rows[0][j], rows[1][j]) = (row(x(j)), row(p(j)));
    }
    let mut out = Vec::new();
    let mut drawn = 0;
    // Semilinear schemes are built for one step size; the others take one a particle.
    let semilinear = matches!(scheme.rule, Rule::Semilinear { .. });
    let groups: Vec<&[f64]> = if semilinear {
        steps.chunks(1).collect()
    } else {
        vec![steps]
    };
    for group in groups {
        let mut sizes = [0.0; 32];
        for (k, size) in sizes.iter_mut().enumerate() {
            *size = group[k % group.len()];
        }
        let rates = Target::linear_part(&target).unwrap();
        let rates = rates.iter().map(|a| setting.linear_share * a).collect();
        let parameters = Parameters {
            friction: setting.friction,
            inverse_mass: setting.inverse_mass.clone(),
            linear_part: semilinear.then_some((rates, group[0])),
        };
        let stepper = Stepper::new(scheme, parameters).unwrap();
        let mut own = rows.clone();
        let [x, p, grad, other, middle] = &mut own;
        let mut tile = Tile {
            x,
            p,
            grad,
            other,
            middle,
        };
        noise.drawn = 0;
        let size: Row<F64> = bytemuck::cast(sizes);
        stepper.advance(path.law(1.0), size, 1, false, &mut tile, &mut noise);
        drawn = noise.drawn;
        let of = |row: &Row<F64>| -> [f64; 32] { bytemuck::cast(*row) };
        for s in 0..group.len() {
            let z = |j: usize| [of(&own[0][j])[s], of(&own[1][j])[s]];
            out.push((0..d).map(z).collect());
        }
    }
    (out, drawn)
}

/// The stationary covariance: S = E[M S M^T] + E[N N^T], solved as three equations. Without a momentum
/// only the first entry means something.
pub fn stationary(maps: &[Map], has_momentum: bool) -> Matrix {
    if !has_momentum {
        let (mut square, mut noise) = (0.0, 0.0);
        for map in maps {
            square += map.weight * map.m[0][0] * map.m[0][0];
            noise += map.weight * map.noise[0][0];
        }
        return [[noise / (1.0 - square), 0.0], [0.0, 0.0]];
    }
    // Unknowns (xx, xp, pp).
    let mut system = [[0.0; 4]; 3];
    for (k, row) in system.iter_mut().enumerate() {
        row[k] = 1.0;
    }
    for map in maps {
        let [[a, b], [c, d]] = map.m;
        let w = map.weight;
        let action = [
            [a * a, 2.0 * a * b, b * b],
            [a * c, a * d + b * c, b * d],
            [c * c, 2.0 * c * d, d * d],
        ];
        let noise = [map.noise[0][0], map.noise[0][1], map.noise[1][1]];
        for k in 0..3 {
            for l in 0..3 {
                system[k][l] -= w * action[k][l];
            }
            system[k][3] += w * noise[k];
        }
    }
    let [xx, xp, pp] = solve(system);
    [[xx, xp], [xp, pp]]
}

/// Gaussian elimination with pivots.
fn solve(mut a: [[f64; 4]; 3]) -> [f64; 3] {
    for k in 0..3 {
        let pivot = (k..3).max_by(|i, j| a[*i][k].abs().total_cmp(&a[*j][k].abs()));
        a.swap(k, pivot.unwrap());
        for i in 0..3 {
            if i != k {
                let factor = a[i][k] / a[k][k];
                for l in k..4 {
                    a[i][l] -= factor * a[k][l];
                }
            }
        }
    }
    [0, 1, 2].map(|k| a[k][3] / a[k][k])
}

pub fn product(a: Matrix, b: Matrix) -> Matrix {
    let mut c = [[0.0; 2]; 2];
    for (i, row) in c.iter_mut().enumerate() {
        for (j, entry) in row.iter_mut().enumerate() {
            *entry = a[i][0] * b[0][j] + a[i][1] * b[1][j];
        }
    }
    c
}

pub fn transpose(a: Matrix) -> Matrix {
    [[a[0][0], a[1][0]], [a[0][1], a[1][1]]]
}

pub fn sum(a: Matrix, b: Matrix) -> Matrix {
    [
        [a[0][0] + b[0][0], a[0][1] + b[0][1]],
        [a[1][0] + b[1][0], a[1][1] + b[1][1]],
    ]
}

pub fn determinant(m: Matrix) -> f64 {
    m[0][0] * m[1][1] - m[0][1] * m[1][0]
}

/// The largest modulus of the eigenvalues of E[M (x) M], square-rooted: below 1 exactly where second
/// moments stay bounded. By powers of the linear action on covariances.
pub fn growth(maps: &[Map]) -> f64 {
    let mut s: Matrix = [[1.0, 0.3], [0.3, 2.0]];
    let mut log = 0.0;
    let rounds = 4000;
    for _ in 0..rounds {
        let mut next = [[0.0; 2]; 2];
        for map in maps {
            let moved = product(product(map.m, s), transpose(map.m));
            next = sum(next, moved.map(|row| row.map(|v| map.weight * v)));
        }
        let size = next[0][0].abs() + next[1][1].abs();
        if size == 0.0 {
            return 0.0;
        }
        log += size.ln();
        s = next.map(|row| row.map(|v| v / size));
    }
    (0.5 * log / f64::from(rounds)).exp()
}
