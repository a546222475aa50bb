//! Moves made again. In double precision they are the same operations on the same numbers, so states come back bit for
//! bit; from a run in single precision they part slowly.

use super::Quartic;
use driftlane::Lane;
use driftlane::checkpoint::{Reader, Sections};
use driftlane::flow::{Advance, FlightRecord};
use driftlane::integrator::Increments;
use driftlane::kernels::{F32, F64};
use driftlane::mcmc::{MoveKind, MoveSettings, Sample, SampleRun, fly_again};
use driftlane::record::flight::Flight;
use driftlane::target::{BlockTarget, Precision, Target};
use std::io::Cursor;

/// A normal law whose gradient is no number where a coordinate is beyond 4: what every move gets to in the end, those
/// included that cannot run away.
struct Cliff(usize);

impl Target for Cliff {
    fn dim(&self) -> usize {
        self.0
    }
    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let half = L::splat(-0.5);
        x.iter()
            .fold(L::zero(), |sum, x| (*x * *x).mul_add(half, sum))
    }
    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        let square = L::splat(16.0);
        for (g, x) in grad.iter_mut().zip(x) {
            // Zero or NaN.
            let edge = (square - *x * *x).sqrt();
            *g = edge * L::zero() - *x;
        }
    }
    fn linear_part(&self) -> Option<Vec<f64>> {
        Some(vec![-1.0; self.0])
    }
}

/// Moves before draws are kept, and between them; 0: none is kept, and visits are of 64 moves.
const LENGTHS: [(usize, usize); 4] = [(0, 1), (0, 7), (130, 20), (0, 0)];

fn settings(kind: MoveKind, increments: Increments, step_size: f64) -> MoveSettings {
    MoveSettings {
        kind,
        step_size: Some(step_size),
        increments,
        friction: 1.5,
        ..MoveSettings::default()
    }
}

fn flight<R: Precision>(
    target: &dyn BlockTarget,
    mover: &MoveSettings,
    (warmup, thin): (usize, usize),
) -> Option<FlightRecord> {
    let sample = Sample::new(target)
        .particles(333)
        .seed(11)
        .positions(vec![0.5; 333 * target.dim()])
        .mover(mover.clone())
        .warmup(warmup);
    let sample = match thin {
        0 => sample.steps(640),
        thin => sample.draws(280 / thin, thin),
    };
    let mut run = SampleRun::<R>::begin(&sample).unwrap();
    while run.flight().is_none()
        && run
            .advance(&mut |_| {}, &|| false)
            .is_ok_and(|end| end != Advance::Finished)
    {}
    let found = run.flight().map(|(flight, _)| flight.clone())?;
    // A run that is taken up keeps it as it was, and so does a file.
    let mut sections = Sections::new();
    run.save(0, &mut sections);
    let mut bytes = Vec::new();
    sections.write(&mut bytes).unwrap();
    let mut reader = Reader::open(Cursor::new(bytes)).unwrap();
    let restored = SampleRun::<R>::restore(&sample, &mut reader, |_| Ok(Default::default()));
    let restored = restored.unwrap();
    assert!(same(restored.flight().unwrap().0, &found));
    let written = Flight::of(&found, "any", 0.1, R::NAME);
    let text = serde_json::to_string(&written).unwrap();
    let read: Flight = serde_json::from_str(&text).unwrap();
    assert!(same(&read.record(), &found));
    Some(found)
}

fn bits(x: &[f64]) -> Vec<u64> {
    let bit = |x: &f64| if x.is_nan() { 0 } else { x.to_bits() };
    x.iter().map(bit).collect()
}

fn same(a: &FlightRecord, b: &FlightRecord) -> bool {
    let all = |flight: &FlightRecord| {
        let lists = flight.positions.iter().chain(&flight.start.channels);
        let numbers: Vec<Vec<u64>> = lists.map(|x| bits(x)).collect();
        let start = &flight.start;
        let counts = (flight.particle, flight.at_move, start.moves, start.fresh);
        (counts, numbers, start.stream)
    };
    all(a) == all(b)
}

/// The largest difference between two positions over the size of the first.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    let size = a.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
    let pairs = a.iter().zip(b);
    pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs() / size))
}

fn unadjusted() -> impl Iterator<Item = MoveKind> {
    MoveKind::ALL.into_iter().filter(|kind| !kind.is_adjusted())
}

#[test]
fn in_double_precision_states_come_back_bit_for_bit() {
    let (cliff, quartic) = (Cliff(5), Quartic(3));
    let targets: [(&dyn BlockTarget, f64); 2] = [(&cliff, 0.3), (&quartic, 1.0)];
    let (mut compared, mut fresh) = (0, 0);
    for kind in unadjusted() {
        let laws = [
            Increments::Gaussian,
            Increments::TwoPoint,
            Increments::ThreePoint,
        ];
        let taken = laws.into_iter().filter(|law| match kind.scheme() {
            Some(scheme) => scheme.check_increments(*law).is_ok(),
            None => *law == Increments::Gaussian,
        });
        for law in taken {
            let mut flights = 0;
            for (target, h) in targets {
                let mover = settings(kind, law, h);
                // Some schemes solve a linear part, which not every target has.
                if mover.build_for::<F64>(target).is_err() {
                    continue;
                }
                for length in LENGTHS {
                    let Some(flight) = flight::<F64>(target, &mover, length) else {
                        continue;
                    };
                    flights += 1;
                    fresh += usize::from(flight.start.fresh);
                    let place = format!("{}, {law:?}, {length:?}", kind.name());
                    let again = fly_again::<F64>(target, &mover, &flight).unwrap();
                    assert_eq!(again.len(), flight.positions.len(), "{place}");
                    for (x, y) in flight.positions.iter().zip(&again) {
                        assert_eq!(bits(x), bits(y), "{place}");
                        compared += 1;
                    }
                    // Another stream is another path.
                    let mut other = flight.clone();
                    other.start.stream = other.start.stream.map(|word| !word);
                    let away = fly_again::<F64>(target, &mover, &other).unwrap();
                    let made = flight.at_move - flight.start.moves;
                    let moved = away.iter().zip(&again).any(|(x, y)| bits(x) != bits(y));
                    // The last refreshment of a step may not reach the position.
                    assert!(moved || made < 3, "{place}: the stream makes no difference");
                }
            }
            // Two points and an exact decay stay within 2.6.
            let bounded = kind.name() == "exponential-euler" && law == Increments::TwoPoint;
            let place = format!("{}, {law:?}: {flights} flights", kind.name());
            assert!(flights >= 2 || bounded, "{place}");
        }
    }
    assert!(
        compared > 200 && fresh > 20,
        "{compared} states, {fresh} fresh starts"
    );
}

#[test]
fn a_run_in_single_precision_stays_near() {
    let target = Cliff(5);
    let mut worst = 0.0f64;
    for kind in unadjusted() {
        for length in LENGTHS {
            let mover = settings(kind, Increments::Gaussian, 0.3);
            let Some(flight) = flight::<F32>(&target, &mover, length) else {
                continue;
            };
            let again = fly_again::<F32>(&target, &mover, &flight).unwrap();
            let inside = |x: &[f64]| x.iter().all(|x| x.abs() < 4.0);
            for (x, y) in flight.positions.iter().zip(&again) {
                if inside(x) {
                    let apart = apart(x, y);
                    worst = worst.max(apart);
                    assert!(apart < 1e-4, "{}, {length:?}: {apart}", kind.name());
                }
            }
        }
    }
    // Rounding is a few parts in 1e8 a move.
    assert!(worst > 1e-8 && worst < 1e-5, "{worst}");
}

#[test]
fn flights_of_others_are_refused() {
    let (target, h) = (Cliff(5), 0.3);
    let baoab = MoveKind::from_name("baoab").unwrap();
    let mover = settings(baoab, Increments::Gaussian, h);
    let flight = flight::<F64>(&target, &mover, (0, 7)).unwrap();
    let refused = |target: &dyn BlockTarget, mover: &MoveSettings, flight: &FlightRecord| {
        fly_again::<F64>(target, mover, flight).is_err()
    };
    assert!(!refused(&target, &mover, &flight));
    assert!(refused(&Cliff(4), &mover, &flight));
    let ula = settings(MoveKind::Ula, Increments::Gaussian, h);
    assert!(refused(&target, &ula, &flight));
    assert!(refused(
        &target,
        &settings(baoab, Increments::Gaussian, -h),
        &flight
    ));
    let edited = |edit: fn(&mut FlightRecord)| {
        let mut edited = flight.clone();
        edit(&mut edited);
        refused(&target, &mover, &edited)
    };
    assert!(edited(|f| f.positions.clear()));
    assert!(edited(|f| f.at_move = 0));
    assert!(edited(|f| f.start.moves = usize::MAX));
    assert!(edited(|f| {
        f.positions.clear();
        f.at_move = usize::MAX;
    }));
    assert!(edited(|f| f.start.channels.truncate(1)));
    assert!(edited(|f| f.start.channels[1].truncate(2)));
    assert!(edited(|f| f.positions.extend(vec![vec![0.0; 5]; 100])));
}
