//! Standard normals into a buffer in L1, random bits included, one core.
//!
//! Goals: 1.7e9 a second in single and 0.6e9 in double precision. Rivals: the ziggurat of `rand_distr`
//! on the scalar generator of the same family.

mod common;

use common::{Goal, measure};
use criterion::Criterion;
use driftlane::kernels::rng::{Purpose, Stream, Vector};
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F32, F64, Lane, Scalar};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use std::hint::black_box;

const SOURCE: &str = "1.7e9 and 0.6e9 a second and core";
const GOAL_F32: Goal = Goal {
    nanoseconds: 1.0 / 1.7,
    source: SOURCE,
};
const GOAL_F64: Goal = Goal {
    nanoseconds: 1.0 / 0.6,
    source: SOURCE,
};

/// Rows of a buffer of 16 KiB.
const ROWS: usize = 64;

fn ours<R: Vector>(stream: &mut Stream, buffer: &mut [Row<R>]) {
    for row in black_box(buffer).iter_mut() {
        *row = stream.normal_row::<R>();
    }
}

fn theirs<S>(generator: &mut Xoshiro256PlusPlus, buffer: &mut [S])
where
    StandardNormal: Distribution<S>,
{
    for value in black_box(buffer).iter_mut() {
        *value = StandardNormal.sample(generator);
    }
}

/// Mean and variance of a buffer's worth are what they should be to 6 standard deviations.
fn check<S: Scalar>(values: &[S]) {
    let n = values.len() as f64;
    let sum: f64 = values.iter().map(|&v| v.into()).sum();
    let squares: f64 = values.iter().map(|&v| v.into() * v.into()).sum();
    assert!((sum / n).abs() < 6.0 / n.sqrt(), "mean {}", sum / n);
    assert!(
        (squares / n - 1.0).abs() < 6.0 * (2.0 / n).sqrt(),
        "variance {}",
        squares / n
    );
}

fn main() {
    common::require_fast_build();
    let mut criterion: Criterion = common::criterion();
    let mut stream = Stream::new(1, Purpose::Move, 0, 0);
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut double = vec![Row::<F64>::zero(); ROWS];
    let mut single = vec![Row::<F32>::zero(); ROWS];
    let mut plain_double = vec![0.0f64; ROWS * 32];
    let mut plain_single = vec![0.0f32; ROWS * 64];
    ours(&mut stream, &mut double);
    check(bytemuck::cast_slice::<_, f64>(&double));
    ours(&mut stream, &mut single);
    check(bytemuck::cast_slice::<_, f32>(&single));
    theirs(&mut generator, &mut plain_double);
    check(&plain_double);
    theirs(&mut generator, &mut plain_single);
    check(&plain_single);

    let mut group = criterion.benchmark_group("gaussian");
    let (n64, n32) = (ROWS as u64 * 32, ROWS as u64 * 64);
    let f32_ = measure(&mut group, "f32", n32, Some(GOAL_F32), || {
        ours(&mut stream, &mut single)
    });
    let f64_ = measure(&mut group, "f64", n64, Some(GOAL_F64), || {
        ours(&mut stream, &mut double)
    });
    let bits = measure(&mut group, "random words alone", n64, None, || {
        let mut sum = stream.next_words();
        for _ in 0..ROWS * 4 {
            sum ^= stream.next_words();
        }
        black_box(sum);
    });
    let rival = measure(&mut group, "rand_distr f64", n64, None, || {
        theirs(&mut generator, &mut plain_double);
    });
    let rival32 = measure(&mut group, "rand_distr f32", n32, None, || {
        theirs(&mut generator, &mut plain_single);
    });
    if common::measuring() {
        println!(
            "  f64: {:.1}x rand_distr, f32: {:.1}x; random words are {:.0}% of f64",
            rival.median / f64_.median,
            rival32.median / f32_.median,
            100.0 * bits.median / f64_.median
        );
    }
    group.finish();
    criterion.final_summary();
}
