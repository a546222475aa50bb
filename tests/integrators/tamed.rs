//! Tamed Euler: its step by another formula, and what it is for.

use crate::gates::{must_pass, within};
use driftlane::integrator::{Parameters, Stepper, Tile, scheme};
use driftlane::kernels::rng::{Normals, Purpose, Stream};
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F64, Lane};
use driftlane::target::{Path, Target};

/// exp(-|x|^4/4).
struct Steep;
impl Target for Steep {
    fn dim(&self) -> usize {
        3
    }
    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let square = x.iter().fold(L::zero(), |sum, &x| x.mul_add(x, sum));
        square * square * L::splat(-0.25)
    }
}

/// Positions of 32 particles after `steps` steps from |x| = 10, and the noise of the last step.
fn run(name: &str, h: f64, steps: usize) -> Vec<[f64; 3]> {
    let stepper = Stepper::new(scheme(name).unwrap(), Parameters::new(3)).unwrap();
    let path = Path::plain(&Steep);
    let mut rows: [Vec<Row<F64>>; 5] = std::array::from_fn(|_| vec![Row::zero(); 3]);
    rows[0] = [10.0, -3.0, 0.5].map(Row::<F64>::splat).to_vec();
    let [x, p, grad, other, middle] = &mut rows;
    let mut tile = Tile {
        x,
        p,
        grad,
        other,
        middle,
    };
    let mut stream = Stream::new(9, Purpose::Move, 0, 0);
    let h = Row::splat(h);
    let noise = &mut Normals(&mut stream);
    stepper.advance(path.law(1.0), h, steps, false, &mut tile, noise);
    let of = |row: &Row<F64>| -> [f64; 32] { bytemuck::cast(*row) };
    let columns = [of(&rows[0][0]), of(&rows[0][1]), of(&rows[0][2])];
    (0..32).map(|k| columns.map(|c| c[k])).collect()
}

#[test]
fn one_step() {
    let x = [10.0, -3.0, 0.5f64];
    let h = 0.01;
    let square: f64 = x.iter().map(|x| x * x).sum();
    let grad = x.map(|x| -square * x);
    let norm = square * square.sqrt();
    let mut stream = Stream::new(9, Purpose::Move, 0, 0);
    let noise: Vec<[f64; 32]> = (0..3)
        .map(|_| bytemuck::cast(stream.normal_row::<F64>()))
        .collect();
    for (name, by_coordinate) in [("tamed-euler", false), ("tamed-euler-coordinates", true)] {
        for (k, got) in run(name, h, 1).iter().enumerate() {
            for j in 0..3 {
                let size = if by_coordinate { grad[j].abs() } else { norm };
                let drift = h * grad[j] / (1.0 + h * size);
                let want = x[j] + drift + (2.0 * h).sqrt() * noise[j][k];
                must_pass(within(name, got[j], want, 1e-13));
            }
        }
    }
}

/// From |x| = 10 a step of 0.02 sends Euler-Maruyama to infinity; a tamed step moves by less than one.
#[test]
fn tamed_steps_do_not_explode() {
    let largest = |points: &[[f64; 3]]| {
        let all = points.iter().flatten();
        all.fold(0.0f64, |m, x| {
            if x.is_nan() {
                f64::INFINITY
            } else {
                m.max(x.abs())
            }
        })
    };
    for name in ["tamed-euler", "tamed-euler-coordinates"] {
        assert!(largest(&run(name, 0.02, 500)) < 4.0, "{name}");
    }
    assert!(largest(&run("euler-maruyama", 0.02, 500)) > 1e6);
}
