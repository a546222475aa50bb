//! Histories under resampling: a particle goes on as its ancestor would have, bit for bit.

use super::starts::program;
use driftlane::Result;
use driftlane::diffusion::solver::{Options, find};
use driftlane::diffusion::{Denoising, Grid, Program, Schedule, SolverFlow, Start};
use driftlane::flow::{Advance, Cloud, FeynmanKac, Flow, Potential, Resampler, Resampling, Tally};
use driftlane::kernels::rng::Stream;
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F32, F64, Lane};
use driftlane::particles::{Channels, Span};
use driftlane::target::Precision;
use driftlane::target::library::Mixture;

/// A solver's flow that prefers large first coordinates, or does not.
struct Weighed<'a, R: Precision> {
    solver: SolverFlow<'a, R>,
    strength: f64,
    /// Whether history is lost where it is not the position's: a defect.
    forgets: bool,
}

impl<R: Precision> FeynmanKac for Weighed<'_, R> {
    type Real = R;
    type Scratch = <SolverFlow<'static, R> as FeynmanKac>::Scratch;
    fn dim(&self) -> usize {
        self.solver.dim()
    }
    fn channels(&self) -> Channels {
        self.solver.channels()
    }
    fn scratch(&self) -> Self::Scratch {
        self.solver.scratch()
    }
    fn m0(
        &self,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        memory: &mut Self::Scratch,
    ) -> Tally {
        self.solver.m0(block, stream, memory)
    }
    fn m(
        &self,
        time: usize,
        visit: usize,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        memory: &mut Self::Scratch,
    ) -> Tally {
        if self.forgets && time > 3 {
            // As if the history had stayed where it was while positions moved.
            for channel in block.vectors.iter_mut().skip(1) {
                channel.reverse();
            }
        }
        self.solver.m(time, visit, block, stream, memory)
    }
    fn log_potential(&self, _: usize, block: &Span<'_, R>, log_weights: &mut [Row<F64>]) {
        let mut wide = vec![Row::<F64>::zero(); block.dim()];
        let per_tile = block.scalar_rows();
        for (k, weight) in log_weights.iter_mut().enumerate() {
            let rows = block.rows(k / per_tile);
            R::widen_part(&block.vectors[0][rows], k % per_tile, &mut wide);
            *weight += wide[0] * Row::splat(self.strength);
        }
    }
    fn plan_potential(&mut self, time: usize, cloud: &mut Cloud<'_, R>) -> Result<Potential> {
        self.solver.plan_potential(time, cloud)?;
        Ok(match time {
            0 => Potential::One,
            time if time < self.solver.horizon() => Potential::Weigh,
            _ => Potential::Stop,
        })
    }
    fn plan_mutation(&mut self, _: usize, _: &mut Cloud<'_, R>) -> Result<Resampling> {
        Ok(Resampling::BelowEss(0.7))
    }
}

const PARTICLES: usize = 200;

/// Positions at all times, and how often it was resampled.
fn run<R: Precision>(program: &Program, strength: f64, forgets: bool) -> (Vec<Vec<f64>>, usize) {
    let target = Mixture::isotropic(
        vec![0.2, 0.5, 0.3],
        vec![vec![-1.0, 0.5], vec![1.0, 1.0], vec![0.5, -2.0]],
        vec![0.3, 0.5, 0.4],
    );
    let plan = Denoising::default();
    let target = target.unwrap();
    let solver = SolverFlow::<R>::new(&target, program, &plan, Start::Noise, 1).unwrap();
    let mut model = Weighed {
        solver,
        strength,
        forgets,
    };
    let mut flow = Flow::<R>::start(&model, PARTICLES, 8, Resampler::Systematic).unwrap();
    let (mut seen, mut resampled) = (vec![flow.population().positions()], 0);
    while flow
        .advance(&mut model, &mut |record, population| {
            resampled += usize::from(record.resampled);
            seen.push(population.positions());
        })
        .unwrap()
        == Advance::Moved
    {}
    (seen, resampled)
}

fn of(all: &[f64], i: usize) -> [u64; 2] {
    [all[2 * i].to_bits(), all[2 * i + 1].to_bits()]
}

/// Whether every particle is, from every time on, where one and the same particle of `alone` is.
fn follows(alone: &[Vec<f64>], resampled: &[Vec<f64>]) -> bool {
    let last = alone.len() - 1;
    (0..PARTICLES).all(|i| {
        let end = of(&resampled[last], i);
        (0..PARTICLES).any(|a| of(&alone[last], a) == end)
    }) && resampled.iter().zip(alone).all(|(now, alone)| {
        let all: std::collections::HashSet<_> = (0..PARTICLES).map(|a| of(alone, a)).collect();
        (0..PARTICLES).all(|i| all.contains(&of(now, i)))
    })
}

fn check<R: Precision>() {
    let schedule = Schedule::from_name("vp-linear").unwrap();
    let nodes = Grid::LogSnr.nodes(&schedule, 14).unwrap();
    for name in [
        "ddim",
        "dpmpp-2m",
        "dpmpp-3m",
        "deis-3",
        "unipc-3-bh2",
        "lms",
        "t-ab-3",
        "ghvb-2.5",
        "heavy-ball-1.8",
        "pndm",
        "dpmpp-3s",
        "accelerated-ddim",
    ] {
        let program = program(&find(name).unwrap(), &nodes, &schedule, &Options::default());
        let (alone, never) = run::<R>(&program, 0.0, false);
        let (resampled, often) = run::<R>(&program, 1.0, false);
        assert!(never == 0 && often >= 2, "{name}: {often}");
        let last = resampled.len() - 1;
        let left: std::collections::HashSet<_> =
            (0..PARTICLES).map(|i| of(&resampled[last], i)).collect();
        assert!(left.len() < PARTICLES, "{name}");
        assert!(follows(&alone, &resampled), "{name}");
        if name != "ddim" {
            assert!(!program.carried().is_empty());
            let (mixed_up, _) = run::<R>(&program, 1.0, true);
            assert!(!follows(&alone, &mixed_up), "{name} without its history");
        }
    }
}

#[test]
fn particles_go_on_as_their_ancestors_would() {
    check::<F64>();
    check::<F32>();
}
