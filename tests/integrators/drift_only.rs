//! Without noise every Langevin scheme is a method for x'' = g - gamma x' (overdamped x' = g): its order
//! on a coupled quartic, by halving against a fine run of itself.
//!
//! The randomised midpoints are run at u = 1/2, where they are the midpoint rule. The error falls by
//! 2^p within 10% over four halvings. This is what the linear maps cannot see: that gradients are
//! taken at the right points of a force that is not linear.

use super::hamiltonian::{Points, Quartic, Silence};
use super::mutants;
use crate::gates::{Gate, must_fail, must_pass, within};
use driftlane::integrator::{Dynamics, Parameters, SCHEMES, Scheme, Stepper, Tile};
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F64, Lane};
use driftlane::target::Path;

const TIME: f64 = 1.0;

fn run(scheme: &Scheme, steps: usize) -> Vec<f64> {
    let mut points = Points::spread(3);
    if scheme.dynamics == Dynamics::Overdamped {
        // What is read there is the noise of the last step.
        points.p.fill(Row::zero());
    }
    let h = TIME / steps as f64;
    let parameters = Parameters {
        friction: 1.5,
        linear_part: Some((vec![-1.0, -0.5, 0.2], h)),
        ..Parameters::new(3)
    };
    let stepper = Stepper::new(scheme, parameters).unwrap();
    let target = Quartic(3);
    let path = Path::plain(&target);
    let mut work: [Vec<Row<F64>>; 3] = std::array::from_fn(|_| vec![Row::zero(); 3]);
    let [grad, other, middle] = &mut work;
    let mut tile = Tile {
        x: &mut points.x,
        p: &mut points.p,
        grad,
        other,
        middle,
    };
    let size = Row::<F64>::splat(h);
    stepper.advance(path.law(1.0), size, steps, false, &mut tile, &mut Silence);
    let values = points.values();
    if scheme.dynamics == Dynamics::Overdamped {
        values[..96].to_vec()
    } else {
        values
    }
}

fn gate(name: &str, scheme: &Scheme, p: u32) -> Gate {
    let fine = run(scheme, 20 * 1024);
    let error = |steps: usize| {
        let pairs = run(scheme, steps).into_iter().zip(&fine);
        pairs.fold(0.0f64, |m, (a, b)| m.max((a - b).abs()))
    };
    let errors: Vec<f64> = (0..5).map(|k| error(20 << k)).collect();
    for pair in errors.windows(2) {
        let ratio = pair[0] / pair[1] / f64::from(1 << p);
        within(&format!("{name}: order {p}, {errors:?}"), ratio, 1.0, 0.1)?;
    }
    Ok(())
}

#[test]
fn orders_of_the_drift() {
    let orders = [
        ("baoab", 2),
        ("obabo", 2),
        ("aboba", 2),
        ("oabao", 2),
        ("baoa", 1),
        ("stochastic-position-verlet", 2),
        ("underdamped-exponential", 1),
        ("underdamped-midpoint", 2),
        ("euler-maruyama", 1),
        ("leimkuhler-matthews", 1),
        ("tamed-euler", 1),
        ("tamed-euler-coordinates", 1),
        ("randomized-midpoint", 2),
        ("exponential-euler", 1),
        ("etd2rk", 2),
    ];
    let langevin = SCHEMES
        .iter()
        .filter(|s| s.dynamics != Dynamics::Hamiltonian);
    let mut checked = 0;
    for (scheme, (name, order)) in langevin.zip(orders) {
        assert_eq!(scheme.name, name);
        must_pass(gate(name, scheme, order));
        checked += 1;
    }
    assert_eq!(checked, orders.len());
    use mutants::{A, B, O};
    let wrong = mutants::with_stages("obabo", &[(O, 0.5), (B, 0.5), (A, 1.0), (O, 0.5), (B, 0.5)]);
    must_fail("an unsymmetric splitting", gate("obabo", &wrong, 2));
}
