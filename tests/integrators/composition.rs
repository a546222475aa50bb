//! Schemes as data: what a composition must be, what passes are compiled, and the table's own claims.

use super::hamiltonian::{Points, Quartic};
use super::mutants::{self, A, B, O};
use crate::gates::{must_pass, within};
use driftlane::integrator::{
    Dynamics, Increments, Leapfrog, Order, Parameters, Program, SCHEMES, Scheme, Stability, Stage,
    Stepper, scheme,
};
use driftlane::mcmc::MoveKind;

fn stages(list: &[(mutants::Piece, f64)]) -> Vec<Stage> {
    list.iter().map(|&(p, c)| Stage::new(p, c)).collect()
}

#[test]
fn compositions_are_judged() {
    for (list, words) in [
        (&[(A, 1.0)][..], &["1 stages", "one A and one B"][..]),
        (
            &[(A, 0.5), (B, 0.9), (A, 0.5)],
            &["shares of B sum to 0.9", "sum to 1"],
        ),
        (
            &[(A, 0.5), (B, 1.0), (A, 0.6)],
            &["shares of A sum to 1.1", "sum to 1"],
        ),
        (
            &[(A, 0.5), (A, 0.5), (B, 1.0)],
            &["stage 2 = A(0.5)", "alternate"],
        ),
        (
            &[(A, 0.5), (B, 0.0), (A, 0.5)],
            &["stage 2 = B(0)", "other than 0"],
        ),
        (&[(A, f64::NAN), (B, 1.0)], &["stage 1 = A(NaN)", "finite"]),
        (
            &[(A, f64::INFINITY), (B, 1.0)],
            &["stage 1 = A(inf)", "finite"],
        ),
        (
            &[(B, 0.5), (A, 1.0), (O, 1.0), (B, 0.5)],
            &["stage 3 = O(1)", "drift A or a kick B"],
        ),
    ] {
        let refused = Scheme::composition(stages(list)).unwrap_err().to_string();
        for word in words.iter().chain(&["composition"]) {
            assert!(refused.contains(word), "{refused}: {word}");
        }
    }
    let lopsided = Scheme::composition(stages(&[(B, 1.0), (A, 1.0)])).unwrap();
    assert!(!lopsided.is_symmetric());
    assert_eq!(lopsided.order, Order::Hamiltonian(1));
    let refused = Leapfrog::new(vec![1.0]).with_scheme(&lopsided).unwrap_err();
    assert!(refused.to_string().contains("symmetric"), "{refused}");
    let baoab = scheme("baoab").unwrap();
    let refused = Leapfrog::new(vec![1.0]).with_scheme(baoab).unwrap_err();
    assert!(
        refused.to_string().contains("integrator = baoab"),
        "{refused}"
    );
}

#[test]
fn steppers_are_judged() {
    let baoab = scheme("baoab").unwrap();
    let mut parameters = Parameters::new(2);
    for friction in [-1.0, f64::NAN, f64::INFINITY] {
        parameters.friction = friction;
        let refused = Stepper::new(baoab, parameters.clone()).unwrap_err();
        assert!(refused.to_string().starts_with("friction = "), "{refused}");
    }
    let mut parameters = Parameters::new(2);
    parameters.inverse_mass[1] = 0.0;
    let refused = Stepper::new(baoab, parameters).unwrap_err();
    assert!(
        refused.to_string().contains("inverse mass = 0"),
        "{refused}"
    );
    let etd = scheme("etd2rk").unwrap();
    let refused = Stepper::new(etd, Parameters::new(2)).unwrap_err();
    assert!(
        refused.to_string().contains("linear part of 2"),
        "{refused}"
    );
    let mut parameters = Parameters::new(2);
    parameters.linear_part = Some((vec![-1.0; 2], 0.1));
    parameters.inverse_mass[0] = 2.0;
    let refused = Stepper::new(etd, parameters).unwrap_err();
    assert!(refused.to_string().contains("unit masses"), "{refused}");
}

#[test]
fn weak_noise_is_judged() {
    for (name, law, allowed) in [
        ("baoab", Increments::TwoPoint, false),
        ("baoab", Increments::ThreePoint, true),
        ("euler-maruyama", Increments::TwoPoint, true),
        ("randomized-midpoint", Increments::TwoPoint, false),
        ("etd2rk", Increments::Gaussian, true),
    ] {
        let judged = scheme(name).unwrap().check_increments(law);
        assert_eq!(judged.is_ok(), allowed, "{name} {law:?}: {judged:?}");
    }
}

/// The table agrees with itself: names, sources, gradients, and limits found by another road.
#[test]
fn the_table() {
    let mut names: Vec<&str> = SCHEMES.iter().map(|s| s.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), SCHEMES.len());
    for s in &SCHEMES {
        assert_eq!(scheme(s.name), Some(s));
        assert!(
            s.source.contains("doi 10.") || s.source.contains("arXiv:"),
            "{s:?}"
        );
        let own_name = |shares: f64| (shares - 1.0).abs() < 1e-12;
        for piece in [A, B, O, mutants::V] {
            let of_piece = s.stages().iter().filter(|stage| stage.piece == piece);
            let sum: f64 = of_piece.map(|stage| stage.share).sum();
            assert!(sum == 0.0 || own_name(sum), "{s:?}: {piece:?} {sum}");
        }
        if s.dynamics == Dynamics::Hamiltonian {
            let composed = Scheme::composition(s.stages().to_vec()).unwrap();
            let (Stability::Limit(own), Stability::Limit(found)) =
                (s.stability, composed.stability)
            else {
                panic!("{s:?}")
            };
            // Near its limit the trace of Omelyan's scheme only just crosses -2.
            must_pass(within(s.name, found, own, 1e-4));
            assert!(s.is_symmetric());
        }
    }
    for (name, gradients) in [
        ("velocity-verlet", 1),
        ("position-verlet", 1),
        ("minimal-norm-2", 2),
        ("bcss-3", 3),
        ("bcss-4", 4),
        ("yoshida-4", 3),
        ("minimal-norm-4", 4),
        ("minimal-norm-5", 5),
        ("mclachlan-4", 4),
        ("baoab", 1),
        ("aboba", 1),
        ("oabao", 1),
        ("baoa", 1),
        ("stochastic-position-verlet", 1),
        ("underdamped-midpoint", 2),
        ("etd2rk", 2),
    ] {
        assert_eq!(
            scheme(name).unwrap().gradients_per_step(),
            gradients,
            "{name}"
        );
    }
    for (alias, name) in [
        ("leapfrog", "velocity-verlet"),
        ("underdamped", "baoab"),
        ("ula", "euler-maruyama"),
    ] {
        assert_eq!(scheme(alias).unwrap().name, name);
    }
    assert_eq!(scheme("runge-kutta"), None);
    // Samplers are found by name; each steps by the scheme of that name.
    for (kind, name) in MoveKind::ALL.into_iter().zip(MoveKind::NAMES) {
        assert_eq!(kind.name(), *name);
        assert_eq!(MoveKind::from_name(name), Some(kind));
    }
    assert_eq!(MoveKind::ALL.len(), MoveKind::NAMES.len());
    for s in SCHEMES
        .iter()
        .filter(|s| s.dynamics != Dynamics::Hamiltonian)
    {
        let sampler = MoveKind::from_name(s.name).unwrap();
        assert_eq!(sampler.scheme(), Some(s));
    }
}

/// Passes between gradients, merged across steps; gradients counted.
#[test]
fn passes() {
    let text = |name: &str, steps: usize| -> String {
        let program = Program::new(scheme(name).unwrap().stages());
        let (opening, cycle, repetitions, closing) = program.parts(steps);
        let mut all: Vec<_> = opening.to_vec();
        (0..repetitions).for_each(|_| all.extend_from_slice(cycle));
        all.extend_from_slice(closing);
        let shown = all.iter().map(|pass| {
            let mark = if pass.evaluates { "|" } else { "" };
            let pieces: String = pass.pieces.iter().map(|p| format!("{p:?}")).collect();
            format!("{mark}{pieces}")
        });
        shown.collect::<String>()
    };
    for (name, steps, want) in [
        ("velocity-verlet", 1, "BA|B"),
        ("velocity-verlet", 4, "BA|BA|BA|BA|B"),
        ("position-verlet", 3, "A|BA|BA|BA"),
        ("baoab", 3, "BAOA|BAOA|BAOA|B"),
        ("obabo", 3, "OBA|BOBA|BOBA|BO"),
        ("aboba", 3, "A|BOBA|BOBA|BOBA"),
        ("oabao", 4, "OA|BAOA|BAOA|BAOA|BAO"),
        ("baoa", 3, "BAOA|BAOA|BAOA"),
        ("stochastic-position-verlet", 2, "A|VA|VA"),
        ("bcss-2", 2, "BA|BA|BA|BA|B"),
    ] {
        assert_eq!(text(name, steps), want, "{name}");
    }
    for (name, steps, evaluations) in [
        ("velocity-verlet", 5, 5),
        ("position-verlet", 5, 5),
        ("bcss-3", 4, 12),
        ("baoab", 1, 1),
        ("baoa", 5, 4),
    ] {
        let program = Program::new(scheme(name).unwrap().stages());
        assert_eq!(program.evaluations(steps), evaluations, "{name}");
    }
}

/// A run of n steps is n runs of one, up to rounding, and merged half kicks are the same kick.
#[test]
fn runs_are_steps() {
    for s in SCHEMES
        .iter()
        .filter(|s| s.dynamics == Dynamics::Hamiltonian)
    {
        for steps in [1, 2, 3, 7] {
            let target = Quartic(3);
            let (mut once, mut singly) = (Points::spread(3), Points::spread(3));
            once.advance(s, &target, 0.1, steps);
            (0..steps).for_each(|_| singly.advance(s, &target, 0.1, 1));
            for (a, b) in once.values().iter().zip(singly.values()) {
                must_pass(within(s.name, *a, b, 1e-13));
            }
        }
    }
}
