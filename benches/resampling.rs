//! One time of the scheduler without a move: weights of 10^6 particles in 10 dimensions (`f64`), log
//! Z, resampling, moving the particles. An element is a particle.
//!
//! Log weights are standard normal, as in the peers' script, and belong to slots, not to particles,
//! so that every time is as uneven as the first (ESS 37%). Goal: 12 ns a particle with systematic
//! resampling and two threads; `particles` takes 80 and JAX 111. The limit is memory: see `TRAFFIC`.

mod common;

use common::{Goal, measure};
use driftlane::flow::{
    Advance, Cloud, FeynmanKac, Flow, Potential, Resampler, Resampling, Tally, resample_offspring,
};
use driftlane::kernels::rng::Stream;
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F64, Lane};
use driftlane::particles::{Channels, Span};
use std::hint::black_box;

const N: usize = 1_000_000;
const DIM: usize = 10;
const GOAL: Goal = Goal {
    nanoseconds: 12.0,
    source: "12 ns a particle",
};

/// Bytes a particle that a time cannot do without. With a third of the slots refilled every line of
/// the position holds one, so all of it is read and written; log weights are read and written when
/// weighed (the potentials read), read twice for integer weights, and reset; counts, ancestors and
/// eves are four bytes each, written and read.
const TRAFFIC: usize = 2 * 8 * DIM + (16 + 8 + 16 + 8) + (8 + 12 + 8);

/// Nothing moves; a slot's potential is always the same.
struct Weights {
    log_weights: Vec<Row<F64>>,
}

impl FeynmanKac for Weights {
    type Real = F64;
    type Scratch = ();

    fn dim(&self) -> usize {
        DIM
    }
    fn channels(&self) -> Channels {
        Channels {
            vectors: 1,
            scalars: 0,
            states: 0,
        }
    }
    fn scratch(&self) {}

    fn m0(&self, block: &mut Span<'_, F64>, stream: &mut Stream, (): &mut ()) -> Tally {
        for row in block.vectors[0].iter_mut() {
            *row = stream.normal_row();
        }
        Tally::default()
    }
    fn m(&self, _: usize, _: usize, _: &mut Span<'_, F64>, _: &mut Stream, (): &mut ()) -> Tally {
        Tally::default()
    }
    fn log_potential(&self, _: usize, block: &Span<'_, F64>, log_weights: &mut [Row<F64>]) {
        let first = block.first_particle() / 32;
        for (lw, given) in log_weights.iter_mut().zip(&self.log_weights[first..]) {
            *lw += *given;
        }
    }
    fn plan_potential(&mut self, _: usize, _: &mut Cloud<'_, F64>) -> driftlane::Result<Potential> {
        Ok(Potential::Weigh)
    }
    fn plan_mutation(&mut self, _: usize, _: &mut Cloud<'_, F64>) -> driftlane::Result<Resampling> {
        Ok(Resampling::Always)
    }
}

fn main() {
    common::require_fast_build();
    let mut criterion = common::criterion();
    let mut log_weights = vec![Row::<F64>::splat(f64::NEG_INFINITY); N.div_ceil(32)];
    let values = common::normals(N, 7);
    bytemuck::cast_slice_mut(&mut log_weights)[..N].copy_from_slice(&values);
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut model = Weights { log_weights };

    let bandwidth = [1, 2].map(common::copy_bandwidth);
    for (threads, bandwidth) in (1..).zip(bandwidth) {
        println!(
            "  copy bandwidth x{threads}: {:.1} GB/s, read and written",
            bandwidth / 1e9
        );
    }
    let mut group = criterion.benchmark_group("resampling");
    for resampler in Resampler::ALL {
        let offspring = resample_offspring(resampler, N, &model.log_weights, max, 1, 1);
        assert_eq!(offspring.iter().map(|&o| o as usize).sum::<usize>(), N);
        let dead = offspring.iter().filter(|o| **o == 0).count();
        for threads in [1, 2] {
            let pool = common::pool(threads);
            let name = format!("{} offspring x{threads}", resampler.name());
            let mut epoch = 0;
            measure(&mut group, &name, N as u64, None, || {
                epoch += 1;
                let weights = &model.log_weights;
                let draw = || resample_offspring(resampler, N, weights, max, 1, epoch);
                black_box(pool.install(draw));
            });
            let mut flow = Flow::start(&model, N, 1, resampler).expect("a population");
            flow.forget_stages();
            let systematic = resampler == Resampler::Systematic && threads == 2;
            let name = format!("{} x{threads}", resampler.name());
            let times = measure(
                &mut group,
                &name,
                N as u64,
                systematic.then_some(GOAL),
                || {
                    let done = pool.install(|| flow.advance(&mut model, &mut |_, _| {}));
                    assert_eq!(done.expect("finite weights"), Advance::Moved);
                },
            );
            let Some(stage) = flow.stages().last() else {
                continue;
            };
            // E exp(z) = exp(1/2), within 6 standard deviations of a mean over N.
            assert!((stage.log_evidence_increment - 0.5).abs() < 0.01);
            assert!((stage.ess / N as f64 - Lane::exp(-1.0f64)).abs() < 0.02);
            if times.median.is_nan() {
                continue;
            }
            println!(
                "  {name}: {:.0}% of slots refilled, {TRAFFIC} bytes a particle: {:.1} GB/s, {:.0}% of the bandwidth",
                100.0 * dead as f64 / N as f64,
                TRAFFIC as f64 * N as f64 / times.median / 1e9,
                100.0 * TRAFFIC as f64 * N as f64 / times.median / bandwidth[threads - 1]
            );
        }
    }
    group.finish();
    criterion.final_summary();
}
