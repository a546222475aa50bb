//! Conversions between noise, data, score, v and velocity: every pair and back, the ends, and lanes as scalars.

use super::gates::{must_fail, must_pass, within};
use driftlane::diffusion::{Node, Quantity, Schedule};
use driftlane::kernels::F64;
use proptest::prelude::*;

const ALL: [Quantity; 6] = [
    Quantity::Noise,
    Quantity::Data,
    Quantity::Score,
    Quantity::V,
    Quantity::FLOW,
    Quantity::Velocity {
        alpha_rate: -0.3,
        sigma_rate: 2.0,
    },
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    /// A position of known data and noise has every quantity, whichever it is told by.
    #[test]
    fn every_quantity_tells_the_others(
        data in -5.0..5.0f64,
        noise in -5.0..5.0f64,
        time in 0.05..0.95f64,
        schedule in prop::sample::select(vec!["vp-linear", "vp-cosine", "flow", "sub-vp", "ve"]),
    ) {
        let at = Schedule::from_name(schedule).unwrap().at(time);
        let x = at.alpha.mul_add(data, at.sigma * noise);
        // Data behind much noise, and noise behind much data, lose the digits of the ratio.
        let lost = (at.noise_level() + 1.0 / at.noise_level()) * 1e-13 * (1.0 + x.abs());
        for from in ALL {
            let told = from.of(&at, data, noise);
            for to in ALL {
                let exact = to.of(&at, data, noise);
                let scale = lost * (1.0 + 1.0 / at.sigma) * (1.0 + exact.abs());
                let found = from.convert(to, &at, x, told);
                must_pass(within(&format!("{from:?} to {to:?}"), found, exact, scale));
                let lanes = from.convert(to, &at, F64::splat(x), F64::splat(told));
                prop_assert_eq!(lanes.to_array()[5].to_bits(), found.to_bits());
            }
        }
    }
}

/// What exists at the ends: data where there is no noise, v and velocity at both.
#[test]
fn ends_have_what_exists_there() {
    let clean = Node {
        time: 0.0,
        alpha: 1.0,
        sigma: 0.0,
    };
    let alone = Node {
        time: 1.0,
        alpha: 0.0,
        sigma: 1.0,
    };
    for quantity in [Quantity::V, Quantity::FLOW] {
        for (at, x) in [(clean, 2.0), (alone, -3.0)] {
            let (data, noise) = if at.sigma == 0.0 {
                (2.0, 0.7)
            } else {
                (0.7, -3.0)
            };
            let found = quantity.split(&at, x, quantity.of(&at, data, noise));
            must_pass(within("data", found.0, data, 1e-15));
            must_pass(within("noise", found.1, noise, 1e-15));
            must_fail("another", within("noise", found.1, noise + 1e-3, 1e-15));
        }
    }
    assert_eq!(Quantity::Data.split(&clean, 2.0, 2.0).0, 2.0);
    assert_eq!(Quantity::Noise.split(&alone, -3.0, -3.0).1, -3.0);
}
