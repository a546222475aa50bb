//! A visit to a block: registers from their channels, steps, registers back.

use super::SolverFlow;
use super::densities::add_log_density;
use crate::checkpoint::damaged;
use crate::diffusion::path::Path;
use crate::diffusion::registers::Registers;
use crate::diffusion::start::draw_starts;
use crate::diffusion::{Innovation, Operation};
use crate::error::Result;
use crate::flow::{Cloud, FeynmanKac, Potential, Tally};
use crate::particles::{Channels, Moments, Span};
use crate::target::Precision;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::{Row, particles_per_tile};
use driftlane_kernels::{F64, Lane};

/// Working memory of a visit.
pub struct Memory<R: Precision> {
    registers: Registers<R>,
    wide: Vec<Row<F64>>,
    /// One for every 32 particles of a tile.
    paths: Vec<Path>,
}

impl<R: Precision> SolverFlow<'_, R> {
    /// One step of one tile; `group` is the number of its first 32 particles, `densities` a row for each.
    fn step(
        &self,
        step: usize,
        group: usize,
        stream: &mut Stream,
        memory: &mut Memory<R>,
        densities: &mut [Row<F64>],
    ) {
        let mut calls = self.calls[step % self.steps_per_visit].iter();
        let mut goes_on = self.goes_on.get(step).into_iter().flatten();
        for operation in &self.program.steps[step].operations {
            match operation {
                Operation::Evaluate { from, to, .. } => {
                    if let Some(call) = calls.next() {
                        memory.registers.evaluate(call, *from, *to);
                    }
                }
                Operation::Draw { to, innovation } => {
                    self.draw(innovation.as_ref(), group, stream, memory);
                    if let Some(spread) = self.densities.as_ref().and_then(|all| all[step]) {
                        let noise = &memory.registers.result;
                        add_log_density(spread, noise, &mut memory.wide, densities);
                    }
                    memory.registers.take_result(*to);
                }
                Operation::Combine { to, terms } => match goes_on.next() {
                    Some(true) => memory.registers.advance(terms, *to),
                    _ => memory.registers.combine(terms, *to),
                },
            }
        }
    }

    /// Standard normals into the result of `memory.registers`.
    fn draw(
        &self,
        innovation: Option<&Innovation>,
        group: usize,
        stream: &mut Stream,
        memory: &mut Memory<R>,
    ) {
        let (Some(innovation), true) = (innovation, self.path.is_some()) else {
            // A copy stays in registers through the loop.
            let mut local = stream.clone();
            for row in memory.registers.result.iter_mut() {
                *row = local.normal_row::<R>();
            }
            *stream = local;
            return;
        };
        for (part, path) in memory.paths.iter_mut().enumerate() {
            path.of_group((group + part) as u64);
            path.innovation(innovation, &mut memory.wide);
            R::narrow_part(&memory.wide, part, &mut memory.registers.result);
        }
    }
}

impl<R: Precision> FeynmanKac for SolverFlow<'_, R> {
    type Real = R;
    type Scratch = Memory<R>;

    fn dim(&self) -> usize {
        self.dim
    }
    fn channels(&self) -> Channels {
        Channels {
            vectors: self.channels.iter().flatten().count() + self.rounding.len(),
            scalars: usize::from(self.densities.is_some()),
            states: 0,
        }
    }
    fn scratch(&self) -> Memory<R> {
        let paths = self
            .path
            .iter()
            .flat_map(|(seed, rate)| (0..R::WIDTH / 8).map(|_| Path::new(*seed, *rate, self.dim)));
        let registers = Registers::new(self.program.registers, self.dim);
        let kept: Vec<usize> = self.rounding.iter().map(|pair| pair.0).collect();
        Memory {
            registers: match kept.is_empty() {
                true => registers,
                false => registers.compensated(&kept),
            },
            wide: vec![Row::zero(); self.dim],
            paths: paths.collect(),
        }
    }

    fn m0(&self, block: &mut Span<'_, R>, stream: &mut Stream, memory: &mut Memory<R>) -> Tally {
        let wide = &mut memory.wide;
        draw_starts(self.start, &self.first_law, self.first, block, stream, wide);
        Tally::default()
    }

    fn m(
        &self,
        time: usize,
        _: usize,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        memory: &mut Memory<R>,
    ) -> Tally {
        let mut tally = Tally::default();
        let steps = self.steps_of_visit(time);
        let last = steps.end == self.program.steps.len();
        let calls: usize = self.calls.iter().map(Vec::len).sum();
        let tiles_per_block = block.particles_per_block() / particles_per_tile::<R>();
        let first_group = block.first_block() * tiles_per_block * (R::WIDTH / 8);
        for tile in 0..block.tiles() {
            let (rows, scalars) = (block.rows(tile), block.scalar_range(tile));
            let carried = || self.channels.iter().enumerate();
            for (register, channel) in carried() {
                if let Some(channel) = channel {
                    let kept = &block.vectors[*channel][rows.clone()];
                    memory
                        .registers
                        .register_mut(register)
                        .copy_from_slice(kept);
                }
            }
            for (register, channel) in &self.rounding {
                let kept = &block.vectors[*channel][rows.clone()];
                memory.registers.low_mut(*register).copy_from_slice(kept);
            }
            let densities = match self.densities {
                Some(_) => &mut block.scalars[0][scalars],
                None => &mut [],
            };
            let group = first_group + tile * (R::WIDTH / 8);
            for step in steps.clone() {
                self.step(step, group, stream, memory, densities);
            }
            for (register, channel) in carried() {
                if let Some(channel) = channel {
                    let kept = &mut block.vectors[*channel][rows.clone()];
                    kept.copy_from_slice(memory.registers.register(register));
                }
            }
            for (register, channel) in &self.rounding {
                let kept = &mut block.vectors[*channel][rows.clone()];
                kept.copy_from_slice(memory.registers.low(*register));
            }
            let active = block.active(tile);
            tally.moves += (active * steps.len()) as u64;
            tally.gradient_evaluations += (active * calls) as u64;
            if last {
                let moments = Moments::of_tile::<R>(memory.registers.register(0), active, None);
                tally.moments = std::mem::take(&mut tally.moments).merge(moments);
            }
        }
        tally
    }

    fn log_potential(&self, _: usize, _: &Span<'_, R>, _: &mut [Row<F64>]) {}

    fn plan_potential(&mut self, time: usize, _: &mut Cloud<'_, R>) -> Result<Potential> {
        if time >= self.horizon() {
            return Ok(Potential::Stop);
        }
        self.make_calls(time + 1)?;
        Ok(Potential::One)
    }

    fn set_state(&mut self, _: &[u8], mutation: Option<usize>) -> Result<()> {
        match mutation {
            Some(time) if time < 1 || time > self.horizon() => {
                Err(damaged("is of another program"))
            }
            Some(time) => self.make_calls(time),
            None => Ok(()),
        }
    }
}
