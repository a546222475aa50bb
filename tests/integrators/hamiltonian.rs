//! Compositions of kicks and drifts: order by halving, reversibility, volume, shadow energy, stability.
//!
//! Deterministic, on a Gaussian and on a coupled quartic. Order: the error against the same scheme at
//! a sixteenth of the smallest step falls by 2^p within 10% over four halvings. Reversibility: 1e-12
//! after 200 steps and back, relative to the largest coordinate. Volume: the determinant of a Jacobian
//! by central differences is 1 to 1e-8. Energy: the quadratic form a step conserves on the harmonic
//! oscillator to 1e-13 over 1e4 steps and to 5e-12 over 1e6.

use super::linear::{Setting, determinant, growth, maps};
use super::mutants;
use crate::gates::{Gate, must_fail, must_pass, require, within};
use driftlane::integrator::{
    Dynamics, Order, Parameters, SCHEMES, Scheme, Stability, Stepper, Tile, scheme,
};
use driftlane::kernels::rng::{Noise, Vector};
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F64, Lane};
use driftlane::target::library::Gaussian;
use driftlane::target::{BlockTarget, Path, Target};

/// Nothing to draw: noise is 0, uniforms are 1/2.
pub struct Silence;
impl Noise for Silence {
    fn row<R: Vector>(&mut self) -> Row<R> {
        Row::<R>::zero()
    }
    fn uniform<R: Vector>(&mut self) -> Row<R> {
        Row::<R>::splat(0.5)
    }
}

/// exp(-sum_j x_j^4/4 - x_j^2/2 - x_j x_(j+1)/4).
pub struct Quartic(pub usize);
impl Target for Quartic {
    fn dim(&self) -> usize {
        self.0
    }
    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let mut sum = L::zero();
        for j in 0..x.len() {
            let square = x[j] * x[j];
            let next = if j + 1 < x.len() { x[j + 1] } else { L::zero() };
            let own = square * (square * L::splat(0.25) + L::splat(0.5));
            sum += own + x[j] * next * L::splat(0.25);
        }
        -sum
    }
}

/// Positions and momenta of a tile, coordinate by coordinate, particle by particle.
#[derive(Clone)]
pub struct Points {
    pub x: Vec<Row<F64>>,
    pub p: Vec<Row<F64>>,
}

impl Points {
    /// Spread by irrational rotations: no two particles and coordinates alike.
    pub fn spread(d: usize) -> Self {
        let row = |j: usize, shift: f64| -> Row<F64> {
            let of = |k: usize| ((k * d + j) as f64 * 0.618 + shift).fract() * 2.0 - 1.0;
            bytemuck::cast(std::array::from_fn::<f64, 32, _>(of))
        };
        Self {
            x: (0..d).map(|j| row(j, 0.1)).collect(),
            p: (0..d).map(|j| row(j, 0.77)).collect(),
        }
    }

    pub fn flip(&mut self) {
        self.p.iter_mut().for_each(|p| *p = -*p);
    }

    /// All numbers, x first: `[coordinate][particle]`.
    pub fn values(&self) -> Vec<f64> {
        let rows = self.x.iter().chain(&self.p);
        rows.flat_map(|row| bytemuck::cast::<Row<F64>, [f64; 32]>(*row))
            .collect()
    }

    pub fn set(&mut self, coordinate: usize, particle: usize, value: f64) {
        let d = self.x.len();
        let row = match coordinate < d {
            true => &mut self.x[coordinate],
            false => &mut self.p[coordinate - d],
        };
        let mut values: [f64; 32] = bytemuck::cast(*row);
        values[particle] = value;
        *row = bytemuck::cast(values);
    }

    /// `steps` steps of size `h`.
    pub fn advance(&mut self, scheme: &Scheme, target: &dyn BlockTarget, h: f64, steps: usize) {
        let d = self.x.len();
        let parameters = Parameters {
            inverse_mass: (0..d).map(|j| 1.0 / (1.0 + 0.3 * (j % 3) as f64)).collect(),
            ..Parameters::new(d)
        };
        let stepper = Stepper::new(scheme, parameters).unwrap();
        let path = Path::plain(target);
        let mut work: [Vec<Row<F64>>; 3] = std::array::from_fn(|_| vec![Row::zero(); d]);
        let [grad, other, middle] = &mut work;
        let mut tile = Tile {
            x: &mut self.x,
            p: &mut self.p,
            grad,
            other,
            middle,
        };
        let h = Row::<F64>::splat(h);
        stepper.advance(path.law(1.0), h, steps, false, &mut tile, &mut Silence);
    }
}

fn compositions() -> impl Iterator<Item = &'static Scheme> {
    SCHEMES
        .iter()
        .filter(|s| s.dynamics == Dynamics::Hamiltonian)
}

fn largest(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |m, (a, b)| (a - b).abs().max(m))
}

fn order(name: &str, scheme: &Scheme, p: u32) -> Gate {
    let target = Quartic(3);
    let (time, coarse) = (2.0, 20);
    let run = |steps: usize| {
        let mut points = Points::spread(3);
        points.advance(scheme, &target, time / steps as f64, steps);
        points.values()
    };
    let exact = run(coarse * 256);
    let errors: Vec<f64> = (0..5).map(|k| largest(&run(coarse << k), &exact)).collect();
    for pair in errors.windows(2) {
        let ratio = pair[0] / pair[1] / f64::from(1 << p);
        within(
            &format!("{name}: order {p}, errors {errors:?}"),
            ratio,
            1.0,
            0.1,
        )?;
    }
    Ok(())
}

#[test]
fn orders_by_halving() {
    for scheme in compositions() {
        let Order::Hamiltonian(p) = scheme.order else {
            panic!("{scheme:?}")
        };
        must_pass(order(scheme.name, scheme, p));
    }
    for (what, name, wrong) in mutants::hamiltonian() {
        must_fail(what, order(name, &wrong, 4));
    }
}

fn reversible(name: &str, scheme: &Scheme, target: &dyn BlockTarget, h: f64) -> Gate {
    let start = Points::spread(target.dim());
    let mut points = start.clone();
    points.advance(scheme, target, h, 200);
    points.flip();
    points.advance(scheme, target, h, 200);
    points.flip();
    let away = largest(&points.values(), &start.values());
    require(away < 1e-12, || {
        format!("{name}, d = {}: {away:e}", target.dim())
    })
}

/// Precisions from 1 to 100: the stiffest coordinate at h omega = 0.5.
fn stiff(d: usize) -> Gaussian {
    let sd = (0..d).map(|j| 10f64.powf(-(j as f64) / d as f64)).collect();
    Gaussian::diagonal(vec![0.0; d], sd).unwrap()
}

#[test]
fn there_and_back() {
    for scheme in compositions() {
        for d in [1, 7, 8, 9, 64] {
            must_pass(reversible(scheme.name, scheme, &stiff(d), 0.05));
        }
        must_pass(reversible(scheme.name, scheme, &Quartic(5), 0.05));
    }
    let (a, b) = (super::mutants::A, super::mutants::B);
    let lopsided = [(b, 0.45), (a, 1.0), (b, 0.55)];
    let wrong = mutants::with_stages("velocity-verlet", &lopsided);
    must_fail(
        "an unsymmetric composition",
        reversible("lopsided", &wrong, &stiff(7), 0.05),
    );
}

/// The determinant by elimination.
fn det(mut a: Vec<Vec<f64>>) -> f64 {
    let n = a.len();
    let mut det = 1.0;
    for k in 0..n {
        let pivot = (k..n).max_by(|i, j| a[*i][k].abs().total_cmp(&a[*j][k].abs()));
        let pivot = pivot.unwrap();
        if pivot != k {
            a.swap(k, pivot);
            det = -det;
        }
        det *= a[k][k];
        for i in k + 1..n {
            let factor = a[i][k] / a[k][k];
            for l in k..n {
                a[i][l] -= factor * a[k][l];
            }
        }
    }
    det
}

/// Jacobian of three steps at one point: two particles for each of the 2 d <= 14 coordinates, moved
/// by +-1e-4; the differences are of fourth order, so 1e-9 is expected.
fn jacobian(d: usize, step: impl Fn(&mut Points)) -> f64 {
    let base = Points::spread(d).values();
    let columns = 2 * d;
    let column = |k: usize| -> Vec<f64> {
        let delta = 1e-3;
        let mut points = Points::spread(d);
        let offsets = [-2.0, -1.0, 1.0, 2.0];
        for (particle, offset) in offsets.iter().enumerate() {
            for c in 0..columns {
                let move_by = if c == k { offset * delta } else { 0.0 };
                points.set(c, particle, base[32 * c] + move_by);
            }
        }
        step(&mut points);
        let out = points.values();
        (0..columns)
            .map(|c| {
                let f = &out[32 * c..32 * c + 4];
                (f[0] - 8.0 * f[1] + 8.0 * f[2] - f[3]) / (12.0 * delta)
            })
            .collect()
    };
    let transposed: Vec<Vec<f64>> = (0..columns).map(column).collect();
    det(transposed)
}

#[test]
fn volume_is_kept() {
    let gate = |name: &str, d: usize, det: f64| within(&format!("{name}, d = {d}"), det, 1.0, 1e-8);
    for scheme in compositions() {
        for d in [1, 7] {
            let det = jacobian(d, |points| points.advance(scheme, &Quartic(d), 0.2, 3));
            must_pass(gate(scheme.name, d, det));
        }
    }
    let shrinking = jacobian(7, |points| {
        points.advance(scheme("velocity-verlet").unwrap(), &Quartic(7), 0.2, 3);
        points.x[2] *= Row::splat(1.0 - 1e-7);
    });
    must_fail(
        "a coordinate scaled by 1 - 1e-7",
        gate("shrinking", 7, shrinking),
    );
    // Where friction acts, volume shrinks by e^(-gamma h) a coordinate and step, whatever the pieces.
    for name in [
        "baoab",
        "obabo",
        "aboba",
        "oabao",
        "baoa",
        "stochastic-position-verlet",
    ] {
        let scheme = scheme(name).unwrap();
        let setting = Setting::spread(7, 0.7, scheme);
        let shrinks = |scheme: &Scheme| -> Gate {
            for map in maps(scheme, &setting, &[0.3]).iter().flatten() {
                within(name, determinant(map[0].m), (-0.7f64 * 0.3).exp(), 1e-14)?;
            }
            Ok(())
        };
        must_pass(shrinks(scheme));
        let mut stages: Vec<_> = scheme.stages().iter().map(|s| (s.piece, s.share)).collect();
        let draw = stages.iter().position(|s| s.0.draws()).unwrap();
        stages[draw].1 *= 0.5;
        let wrong = mutants::with_stages(name, &stages);
        must_fail("half the friction", shrinks(&wrong));
    }
}

/// p^2/2 + (1 - e) x^2/2 of velocity Verlet, (1 - e) p^2/2 + x^2/2 of position Verlet, e = h^2/4, and for
/// any palindrome -c x^2 + b p^2 from its matrix ((a, b), (c, a)).
fn shadow(name: &str, weights: [f64; 2], steps: usize, h: f64, bound: f64) -> Gate {
    let scheme = scheme(name).unwrap();
    let target = Gaussian::isotropic(vec![0.0], 1.0).unwrap();
    let mut points = Points::spread(1);
    let energy = |points: &Points| -> Vec<f64> {
        let z = points.values();
        let of = |k: usize| weights[0] * z[k] * z[k] + weights[1] * z[32 + k] * z[32 + k];
        (0..32).map(of).collect()
    };
    let start = energy(&points);
    points.advance(scheme, &target, h, steps);
    for (now, start) in energy(&points).iter().zip(start) {
        within(&format!("{name}, {steps} steps"), now / start, 1.0, bound)?;
    }
    Ok(())
}

#[test]
fn shadow_energies_are_kept() {
    for (steps, bound) in [(10_000, 1e-13), (1_000_000, 5e-12)] {
        let e = 0.25 * 0.8 * 0.8;
        must_pass(shadow("velocity-verlet", [1.0 - e, 1.0], steps, 0.8, bound));
        must_pass(shadow("position-verlet", [1.0, 1.0 - e], steps, 0.8, bound));
    }
    must_fail(
        "the energy itself",
        shadow("velocity-verlet", [1.0, 1.0], 10_000, 0.8, 1e-13),
    );
    for scheme in compositions() {
        let setting = Setting::new(vec![1.0], 1.0);
        let m = maps(scheme, &setting, &[0.8])[0][0][0].m;
        must_pass(within(scheme.name, m[0][0], m[1][1], 1e-13));
        must_pass(shadow(scheme.name, [-m[1][0], m[0][1]], 10_000, 0.8, 1e-12));
    }
}

/// Bounded half a percent below the limit, growing half a percent above it.
fn limit(name: &str, scheme: &Scheme, limit: f64) -> Gate {
    let overdamped = scheme.dynamics == Dynamics::Overdamped;
    let root = |f: f64| if overdamped { f } else { f.sqrt() };
    for rate in [1.0, 9.0] {
        let setting = Setting::new(vec![rate], 1e-3);
        let steps = [0.995, 1.005].map(|share| share * limit / root(rate));
        let of_step = &maps(scheme, &setting, &steps)[0];
        let [below, above] = [growth(&of_step[0]), growth(&of_step[1])];
        // Near its limit a scheme that hardly damps rotates on a long ellipse: over 4000 steps that
        // looks like growth by 1e-3. Above, the slowest (Euler-Maruyama) grows by 1%.
        let margin = 2e-3;
        require(below < 1.0 + margin, || {
            format!("{name}: grows by {below} below")
        })?;
        require(above > 1.0 + margin, || format!("{name}: {above} above"))?;
    }
    Ok(())
}

#[test]
fn stability_limits_are_those_of_the_table() {
    let mut checked = 0;
    for scheme in &SCHEMES {
        if let Stability::Limit(h) = scheme.stability {
            must_pass(limit(scheme.name, scheme, h));
            must_fail("a limit 2% too large", limit(scheme.name, scheme, 1.02 * h));
            checked += 1;
        }
    }
    assert!(checked >= 18, "{checked}");
    // Literally: bounded for a million steps at 1.99, gone at 2.01.
    let target = Gaussian::isotropic(vec![0.0], 1.0).unwrap();
    let verlet = scheme("velocity-verlet").unwrap();
    let after = |h: f64, steps: usize| {
        let mut points = Points::spread(1);
        points.advance(verlet, &target, h, steps);
        let all = points.values().into_iter();
        all.fold(0.0f64, |m, v| {
            if v.is_nan() {
                f64::INFINITY
            } else {
                m.max(v.abs())
            }
        })
    };
    assert!(after(1.99, 1_000_000) < 20.0);
    assert!(after(2.01, 10_000) > 1e100);
}
