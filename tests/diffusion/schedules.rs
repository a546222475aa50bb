//! Noise schedules: golden values and inverses.

use super::gates::{must_fail, must_pass, within};
use driftlane::diffusion::Schedule;
use proptest::prelude::*;

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

/// By mpmath at 40 digits. Where there is little noise 1 - alpha^2, or a difference of logarithms, would be wrong
/// in the twelfth digit.
#[test]
fn schedules_keep_their_digits() {
    for (name, time, level) in [
        ("vp-linear", 0.001, 0.010485992786702986),
        ("vp-linear", 0.3, 1.2341513317962287),
        ("vp-linear", 1.0, 152.16697028394647),
        ("sub-vp", 0.001, 1.0995000005538274e-4),
        ("sub-vp", 0.3, 0.958886183390932),
        ("sub-vp", 1.0, 152.1636845261746),
        (
            "vp-cosine",
            0.001,
            0.006425280135665511 / 0.9999793576745363,
        ),
        ("vp-cosine", 0.5, 0.7114467018402449 / 0.702740058941169),
        ("flow", 0.25, 1.0 / 3.0),
    ] {
        let got = schedule(name).at(time).noise_level();
        must_pass(within(name, got, level, 3e-15 * level));
        must_fail(
            "twelfth digit",
            within(name, got * (1.0 + 1e-12), level, 3e-15 * level),
        );
    }
    // cos near a quarter turn: an angle rounded by 1e-16 is 1e-14 of it.
    let end = schedule("vp-cosine").at(0.9946).alpha;
    must_pass(within("alpha", end, 0.008415534959361, 3e-16));
}

/// EDM's VP in its own frame: x = (x_0 + s eps) / sqrt(1 + s^2).
#[test]
fn the_vp_schedule_of_edm_is_vp_linear() {
    let (edm, linear) = (schedule("edm-vp"), schedule("vp-linear"));
    assert_eq!((&edm, edm.name()), (&linear, "vp-linear"));
    for i in 1..=50 {
        let t = f64::from(i) / 50.0;
        let s = (9.95 * t * t + 0.1 * t).exp_m1().sqrt();
        let node = edm.at(t);
        must_pass(within("s", node.noise_level(), s, 4e-15 * s));
        let scale = 1.0 / (1.0 + s * s).sqrt();
        must_pass(within("alpha", node.alpha, scale, 4e-15 * scale));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]
    /// A time comes back from its noise level to eight units in the last place, of times below a tenth of the last in
    /// those of a tenth.
    #[test]
    fn any_time_comes_back(which in 0..Schedule::NAMES.len(), share in 0.0..=1.0f64) {
        let schedule = schedule(Schedule::NAMES[which]);
        let (least, most) = schedule.times();
        let time = (most - least).mul_add(share, least).min(most);
        let back = schedule.time_of(schedule.at(time).noise_level());
        let unit = time.max(0.1 * most) * f64::EPSILON;
        prop_assert!((back - time).abs() <= 8.0 * unit, "{} {time} {back}", schedule.name());
    }

    /// Of noise levels, the other way round; beyond the ends the time is the nearer end.
    #[test]
    fn any_noise_level_comes_back(which in 0..Schedule::NAMES.len(), log in -14.0..14.0f64) {
        let schedule = schedule(Schedule::NAMES[which]);
        let (least, most) = schedule.times();
        let level = log.exp();
        let (low, high) = (schedule.at(least).noise_level(), schedule.at(most).noise_level());
        let back = schedule.at(schedule.time_of(level)).noise_level();
        let inside = level.clamp(low, high);
        // A time rounded by 1e-16 is this much of a level.
        let tolerance = 1e-13 * inside * (1.0 + inside);
        prop_assert!((back - inside).abs() <= tolerance, "{} {level} {back}", schedule.name());
        let node = schedule.of_noise_level(level).unwrap();
        prop_assert!((node.noise_level() / level - 1.0).abs() < 1e-15);
        if (low..=high).contains(&level) {
            prop_assert!((node.time - schedule.time_of(level)).abs() <= 4.0 * f64::EPSILON * most);
        }
    }
}

/// No noise, noise alone, and levels whose squares are infinite have the time of an end.
#[test]
fn extreme_levels_have_the_times_of_ends() {
    for name in Schedule::NAMES {
        let schedule = schedule(name);
        let (least, most) = schedule.times();
        for (level, end) in [
            (0.0, least),
            (1e-300, least),
            (1e300, most),
            (f64::INFINITY, most),
        ] {
            assert_eq!(
                schedule.time_of(level),
                if level == 1e300 && *name == "flow" {
                    1.0
                } else {
                    end
                },
                "{name}"
            );
            if let Ok(node) = schedule.of_noise_level(level) {
                let finite = [node.time, node.alpha, node.sigma]
                    .iter()
                    .all(|v| v.is_finite());
                assert!(finite, "{name} {level}: {node:?}");
            }
        }
        for time in [-1.0, 0.0, 1.0, 1e3, 1e300] {
            let node = schedule.at(time);
            assert!(
                !node.alpha.is_nan() && !node.sigma.is_nan(),
                "{name} {time}"
            );
            assert!(node.alpha >= 0.0 && node.sigma >= 0.0, "{name} {time}");
        }
    }
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
