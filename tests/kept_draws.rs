//! What kept draws tell of the moves before them.

use driftlane::Lane;
use driftlane::mcmc::{MoveKind, MoveSettings, Sample, SampleResult, SampleRun};
use driftlane::parameters::Parameters;
use driftlane::target::{BlockTarget, Target, library};
use driftlane_kernels::F64;
use std::process::Command;

const PARTICLES: usize = 300;

fn mover(kind: &str, step_size: Option<f64>) -> MoveSettings {
    MoveSettings {
        kind: MoveKind::from_name(kind).unwrap(),
        step_size,
        ..MoveSettings::default()
    }
}

fn run(target: &dyn BlockTarget, kind: &str, thin: usize, step_size: Option<f64>) -> SampleResult {
    Sample::new(target)
        .particles(PARTICLES)
        .mover(mover(kind, step_size))
        .warmup(100)
        .draws(60, thin)
        .run()
        .unwrap()
}

fn gaussian(dim: i64) -> library::BoxedTarget {
    let settings = [("dim".to_owned(), toml::Value::Integer(dim))];
    let parameters = Parameters::new("gaussian", ".", settings.into_iter().collect());
    library::build("gaussian", parameters).unwrap()
}

/// log pi = -|x|^4 / 4, whose gradient makes a long step fly off.
struct Quartic;

impl Target for Quartic {
    fn dim(&self) -> usize {
        3
    }
    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let sum = x.iter().fold(L::zero(), |sum, x| x.mul_add(*x, sum));
        -(L::splat(0.25) * sum * sum)
    }
    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        let sum = x.iter().fold(L::zero(), |sum, x| x.mul_add(*x, sum));
        for (g, x) in grad.iter_mut().zip(x) {
            *g = -(sum * *x);
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Probabilities, not counts of decisions: their mean is the run's, and few of them are 0 or 1 exactly.
#[test]
fn acceptance_is_the_mean_probability_of_the_moves_since_the_draw_before() {
    let target = gaussian(5);
    for kind in ["hmc", "ghmc", "adjusted-mclmc", "mala", "barker", "rwmh"] {
        for thin in [1, 3] {
            let result = run(&*target, kind, thin, None);
            let draws = result.draws.unwrap();
            let all = mean(&draws.acceptance);
            let told = result.acceptance.unwrap();
            assert!((all - told).abs() < 1e-12, "{kind}, {thin}: {all}, {told}");
            let whole = draws.acceptance.iter().filter(|a| a.fract() == 0.0).count();
            assert!(
                whole * 3 < 2 * draws.acceptance.len(),
                "{kind}, {thin}: {whole}"
            );
        }
    }
}

/// E + log pi is the kinetic energy: never below 0, d / 2 on average where momenta are those of the law.
#[test]
fn energies_are_of_the_state_that_was_come_to() {
    let dim = 5;
    let target = gaussian(dim);
    for kind in ["hmc", "ghmc"] {
        let result = run(&*target, kind, 1, None);
        let draws = result.draws.unwrap();
        let kinetic: Vec<f64> = draws
            .energies
            .iter()
            .zip(&draws.log_densities)
            .map(|(e, l)| e + l)
            .collect();
        assert!(kinetic.iter().all(|k| *k > -1e-9), "{kind}");
        let average = mean(&kinetic);
        assert!(
            (average - 0.5 * dim as f64).abs() < 0.1,
            "{kind}: {average}"
        );
        assert_eq!(result.divergences, Some(0));
        let ratio = result.e_bfmi.unwrap();
        // Potential and kinetic energies of a Gaussian have the same variance: 1 where trajectories decorrelate.
        assert!(kind != "hmc" || (ratio - 1.0).abs() < 0.25, "{ratio}");
    }
    for kind in ["mala", "rwmh", "adjusted-mclmc"] {
        let result = run(&*target, kind, 1, None);
        assert!(result.e_bfmi.is_none() && result.draws.unwrap().energies.is_empty());
    }
}

#[test]
fn trajectories_that_fly_off_are_counted_as_divergences() {
    for kind in ["hmc", "ghmc", "adjusted-mclmc"] {
        let calm = run(&Quartic, kind, 2, Some(0.05));
        assert_eq!(calm.divergences, Some(0), "{kind}");
        let wild = run(
            &Quartic,
            kind,
            2,
            Some(if kind == "hmc" { 2.0 } else { 30.0 }),
        );
        let (count, all) = (wild.divergences.unwrap(), 60 * PARTICLES as u64);
        assert!(
            count > all / 100 && count <= all,
            "{kind}: {count} of {all}"
        );
    }
    assert_eq!(run(&Quartic, "mala", 2, Some(9.0)).divergences, None);
}

/// Chains that sit at different energies, none of which says that its own momenta do too little.
#[test]
fn chains_in_different_places_are_no_fault_of_momenta() {
    let own = [
        [1.0, -1.0, 2.0, 0.5, -2.0, 0.0].repeat(10),
        [0.3, 0.1, -0.4, 0.9, -1.0, 0.2].repeat(10),
    ];
    let apart: Vec<f64> = own
        .iter()
        .zip([0.0, 1e6])
        .flat_map(|(c, e)| c.iter().map(move |x| x + e))
        .collect();
    let together: Vec<f64> = own.concat();
    let within = |series: &[f64]| driftlane::diagnostics::e_bfmi_within(series, 2, 60);
    assert!((within(&apart) - within(&together)).abs() < 1e-4 && within(&apart) > 1.0);
    assert!(driftlane::diagnostics::e_bfmi_pooled(&apart, 2, 60) < 1e-9);
    let alone = driftlane::diagnostics::e_bfmi(&own[0]);
    assert_eq!(driftlane::diagnostics::e_bfmi_within(&own[0], 1, 60), alone);
}

/// Energies that walk: a short look takes them for fresh ones, and is not believed.
#[test]
fn slow_energies_are_told_from_enough_draws_only() {
    let walk = |draws: usize| -> Vec<f64> {
        let up = |k: usize| (k * k + k / 3).is_multiple_of(2);
        let step = |k: usize| if up(k) { 1.0 } else { -1.0 };
        (0..draws)
            .scan(0.0, |at, k| {
                *at += step(k / 7);
                Some(*at)
            })
            .collect()
    };
    let within = |draws: usize| driftlane::diagnostics::e_bfmi_within(&walk(draws), 1, draws);
    assert!(within(49).is_nan());
    assert!(
        within(50) < 0.3 && within(400) < 0.3,
        "{} {}",
        within(50),
        within(400)
    );
}

/// Every draw tells the step sizes and the length of its own trajectory.
#[test]
fn step_sizes_and_lengths_are_those_of_the_latest_move() {
    let target = gaussian(2);
    let sample = Sample::new(&*target)
        .particles(PARTICLES)
        .mover(mover("hmc", Some(0.1)))
        .warmup(3)
        .draws(40, 1);
    let mut run = SampleRun::<F64>::begin(&sample).unwrap();
    let (mut lengths, mut before) = (Vec::new(), Vec::new());
    for _ in 0..43 {
        run.advance(&mut |_| {}, &|| false).unwrap();
        if run.draws().1 == 0 {
            continue;
        }
        let latest = run.latest();
        let step_sizes = latest.step_sizes.unwrap().to_vec();
        assert!(step_sizes.iter().all(|h| (0.08..=0.12).contains(h)));
        assert!((mean(&step_sizes) - 0.1).abs() < 0.01 && step_sizes != before);
        assert!(
            latest
                .divergences
                .unwrap()
                .iter()
                .all(|count| *count == 0.0)
        );
        before = step_sizes;
        lengths.push(latest.trajectory_steps.unwrap());
    }
    lengths.sort_unstable();
    lengths.dedup();
    assert!(lengths.len() > 5 && lengths[0] >= 5 && lengths[lengths.len() - 1] <= 15);
}

/// The command line tells them too: in the trace, in the summary, in warnings.
#[test]
fn the_trace_and_the_warnings_tell_of_divergences() {
    let temp = tempfile::tempdir().unwrap();
    let sample = |line: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_driftlane"))
            .current_dir(temp.path())
            .args(line.split_whitespace())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let stat = |out: &str, name: &str, draws: usize| {
        let folder = temp.path().join(out).join("trace.zarr");
        driftlane::record::trace::stat(&folder, name, 64, draws).unwrap()
    };
    let wild = sample(
        "sample funnel --set dim=20 --set variance=9 --particles 64 --draws 120 --thin 3 --json --quiet --out wild",
    );
    let count = wild["divergences"].as_u64().unwrap();
    assert!(
        wild["warnings"]
            .as_array()
            .unwrap()
            .contains(&"W-DIVERGENT".into())
    );
    let diverging = stat("wild", "diverging", 40).unwrap();
    assert!(count > 0 && diverging.iter().sum::<f64>() == count as f64);
    let rate = stat("wild", "acceptance_rate", 40).unwrap();
    let told = wild["acceptance"].as_f64().unwrap();
    assert!((mean(&rate) - told).abs() < 1e-12);
    for name in ["lp", "energy", "n_steps", "step_size"] {
        let values = stat("wild", name, 40).unwrap();
        assert!(values.iter().all(|v| v.is_finite()), "{name}");
    }
    let steps = stat("wild", "n_steps", 40).unwrap();
    assert!(steps.iter().all(|n| (5.0..=15.0).contains(n)) && mean(&steps) > 6.0);

    let calm = sample("sample gaussian --particles 64 --draws 60 --json --quiet --out calm");
    assert_eq!(calm["divergences"], 0);
    assert!((calm["e_bfmi"].as_f64().unwrap() - 1.0).abs() < 0.4);
    let walk = sample(
        "sample gaussian --particles 64 --draws 40 --sampler rwmh --json --quiet --out walk",
    );
    assert!(walk["divergences"].is_null() && walk["e_bfmi"].is_null());
    assert!(stat("walk", "diverging", 40).is_none() && stat("walk", "step_size", 40).is_some());

    // Tails so heavy that one momentum changes little of the energy.
    let heavy = sample(
        "sample funnel --set dim=20 --set variance=9 --particles 64 --draws 400 --json --quiet --out heavy",
    );
    let ratio = heavy["e_bfmi"].as_f64().unwrap();
    let warned = heavy["warnings"]
        .as_array()
        .unwrap()
        .contains(&"W-EBFMI".into());
    assert_eq!(warned, ratio < 0.3);
    assert!(warned, "{ratio}");
}
