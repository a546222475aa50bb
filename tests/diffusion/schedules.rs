//! Noise schedules and grids: golden values, inverses, ends, order.

use super::gates::{must_fail, must_pass, within};
use driftlane::diffusion::{Grid, Schedule};

fn schedule(name: &str) -> Schedule {
    Schedule::from_name(name).unwrap()
}

#[test]
fn schedules_have_their_golden_values() {
    // Tables of diffusers, in double precision; they take 1 - alpha^2, which costs four digits at t = 0.
    let discrete = schedule("vp-discrete");
    must_pass(within(
        "s(999)",
        discrete.at(999.0).noise_level(),
        157.40728081040757,
        1e-11,
    ));
    must_pass(within(
        "s(0)",
        discrete.at(0.0).noise_level(),
        0.010000500037502575,
        2e-15,
    ));
    let stable = schedule("vp-scaled-linear");
    must_pass(within(
        "s(999)",
        stable.at(999.0).noise_level(),
        14.6146412293,
        1e-9,
    ));
    must_pass(within(
        "s(0)",
        stable.at(0.0).noise_level(),
        0.0291671582,
        1e-10,
    ));
    // alpha(1) = exp(-(19.9/4 + 0.05)), sigma = sqrt(1 - alpha^2).
    let linear = schedule("vp-linear").at(1.0);
    must_pass(within("alpha", linear.alpha, (-5.025f64).exp(), 1e-17));
    must_pass(within(
        "sigma",
        linear.sigma,
        (1.0 - (-10.05f64).exp()).sqrt(),
        1e-15,
    ));
    let cosine = schedule("vp-cosine").at(0.5);
    let angle = |t: f64| (std::f64::consts::FRAC_PI_2 * (t + 0.008) / 1.008).cos();
    must_pass(within(
        "alpha",
        cosine.alpha,
        angle(0.5) / angle(0.0),
        1e-15,
    ));
    let sub = schedule("sub-vp").at(0.3);
    let base = schedule("vp-linear").at(0.3);
    must_pass(within("sigma", sub.sigma, base.sigma * base.sigma, 1e-15));
    must_pass(within(
        "ve",
        schedule("ve").at(0.5).sigma,
        0.5f64.sqrt(),
        1e-15,
    ));
    must_fail(
        "sigma of vp",
        within("sub-vp", sub.sigma, base.sigma, 1e-15),
    );
}

#[test]
fn times_come_back_from_noise_levels() {
    for name in Schedule::NAMES {
        let schedule = schedule(name);
        assert_eq!(schedule.name(), *name);
        let (least, most) = schedule.times();
        let mut before = 0.0;
        for i in 0..=200 {
            let time = least + (most - least) * f64::from(i) / 200.0;
            let node = schedule.at(time);
            let level = node.noise_level();
            assert!(level > before, "{name} at {time}");
            before = level;
            if level.is_finite() {
                let back = schedule.time_of(level);
                must_pass(within(
                    name,
                    back,
                    time,
                    1e-12 * most.max(1.0) + 1e-9 * (time - least),
                ));
                must_pass(within(
                    name,
                    schedule.at(back).noise_level(),
                    level,
                    1e-10 * level,
                ));
            }
        }
    }
    assert!(Schedule::from_name("linear").is_none());
}

#[test]
fn grids_fall_and_end_at_the_schedule() {
    for name in Schedule::NAMES {
        let schedule = schedule(name);
        let (least, most) = schedule.times();
        for grid in Grid::NAMES {
            let grid = Grid::from_name(grid).unwrap();
            for steps in [1, 2, 17] {
                let nodes = grid.nodes(&schedule, steps).unwrap();
                assert_eq!(nodes.len(), steps + 1);
                assert_eq!((nodes[0].time, nodes[steps].time), (most, least));
                let falls = nodes
                    .windows(2)
                    .all(|n| n[1].noise_level() < n[0].noise_level());
                assert!(falls, "{name} {} {steps}", grid.name());
            }
        }
    }
    let edm = Grid::Karras.nodes(&schedule("edm"), 17).unwrap();
    let root = |s: f64| s.powf(1.0 / 7.0);
    let second = (root(80.0) + (root(0.002) - root(80.0)) / 17.0).powi(7);
    must_pass(within("karras", edm[1].sigma, second, 1e-12));
    let uniform = Grid::LogSnr.nodes(&schedule("vp-linear"), 10).unwrap();
    let steps: Vec<f64> = uniform
        .windows(2)
        .map(|n| n[1].lambda() - n[0].lambda())
        .collect();
    for h in &steps {
        must_pass(within("h", *h, steps[0], 1e-9));
    }
    assert!(Grid::Time.nodes(&schedule("ve"), 0).is_err());
}
