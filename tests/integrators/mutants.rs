//! Schemes with one thing wrong: each gate must stop its own.

use driftlane::integrator::{Scheme, Stage, scheme};
pub use driftlane::kernels::step::splitting::Piece::{self, A, B, O, V};
use std::borrow::Cow;

/// `name` with other stages.
pub fn with_stages(name: &str, stages: &[(Piece, f64)]) -> Scheme {
    let mut wrong = scheme(name).unwrap().clone();
    let stages = stages
        .iter()
        .map(|&(piece, share)| Stage::new(piece, share));
    wrong.rule = driftlane::integrator::Rule::Splitting(Cow::Owned(stages.collect()));
    wrong
}

/// (defect, the scheme it pretends to be, the defective one).
pub fn langevin() -> Vec<(&'static str, &'static str, Scheme)> {
    let of = |what, name, stages: &[(Piece, f64)]| (what, name, with_stages(name, stages));
    vec![
        of(
            "half a kick missing",
            "baoab",
            &[(B, 0.5), (A, 0.5), (O, 1.0), (A, 0.5)],
        ),
        of(
            "a kick of 0.501",
            "baoab",
            &[(B, 0.501), (A, 0.5), (O, 1.0), (A, 0.5), (B, 0.5)],
        ),
        of(
            "a drift of 0.501",
            "baoab",
            &[(B, 0.5), (A, 0.501), (O, 1.0), (A, 0.5), (B, 0.5)],
        ),
        of(
            "pieces in another order",
            "baoab",
            &[(O, 0.5), (B, 0.5), (A, 1.0), (B, 0.5), (O, 0.5)],
        ),
        of(
            "kicks that do not sum to one",
            "obabo",
            &[(O, 0.5), (B, 0.5), (A, 1.0), (B, 0.6), (O, 0.5)],
        ),
        of(
            "drift before kick",
            "aboba",
            &[(B, 0.5), (A, 0.5), (O, 1.0), (A, 0.5), (B, 0.5)],
        ),
        of(
            "an unsymmetric drift",
            "oabao",
            &[(O, 0.5), (A, 0.4), (B, 1.0), (A, 0.6), (O, 0.5)],
        ),
        of("no second drift", "baoa", &[(B, 1.0), (A, 1.0), (O, 1.0)]),
        of(
            "kick and refreshment one after the other",
            "stochastic-position-verlet",
            &[(A, 0.5), (B, 1.0), (O, 1.0), (A, 0.5)],
        ),
        of(
            "a forced refreshment of 0.99",
            "stochastic-position-verlet",
            &[(A, 0.5), (V, 0.99), (A, 0.5)],
        ),
        of(
            "noise of one step instead of two halves",
            "leimkuhler-matthews",
            &[(O, 1.0), (B, 0.5), (A, 1.0)],
        ),
        of(
            "Leimkuhler-Matthews taken for Euler-Maruyama",
            "euler-maruyama",
            &[(B, 1.0), (A, 0.5), (O, 1.0), (A, 0.5)],
        ),
    ]
}

/// Compositions of kicks and drifts: (defect, the scheme it pretends to be, the defective one).
pub fn hamiltonian() -> Vec<(&'static str, &'static str, Scheme)> {
    let changed = |name: &'static str, stage: usize, by: f64| {
        let mut stages = scheme(name).unwrap().stages().to_vec();
        stages[stage].share += by;
        // The last of the same piece makes up for it, so that sums and symmetry cannot tell.
        let last = stages.len() - 1 - stage;
        stages[last].share += by;
        let rest = stages.len() / 2 - (stages.len() / 2 + stage) % 2;
        let other = stages.len() - 1 - rest;
        stages[rest].share -= by;
        stages[other].share -= by;
        let mut wrong = scheme(name).unwrap().clone();
        wrong.rule = driftlane::integrator::Rule::Splitting(Cow::Owned(stages));
        wrong
    };
    vec![
        (
            "a digit of Yoshida's first kick",
            "yoshida-4",
            changed("yoshida-4", 0, 1e-2),
        ),
        (
            "a digit of chi",
            "minimal-norm-4",
            changed("minimal-norm-4", 2, 1e-2),
        ),
        (
            "a digit of theta",
            "minimal-norm-5",
            changed("minimal-norm-5", 0, 1e-2),
        ),
    ]
}
