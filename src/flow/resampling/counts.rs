//! Offspring counts of a whole population, scheme by scheme, in parallel.
//!
//! Weights are quantised chunk by chunk to integers whose sums are associative; a chunk needs to know
//! no more than the weight before it, and draws from its own stream. Integer weights are made twice
//! instead of being stored where a scheme reads them once: an exponential costs less than 24 bytes of
//! traffic.

use super::{Resampler, population_uniform};
use driftlane_kernels::F64;
use driftlane_kernels::resample::{
    branching_offspring, exponential_spacings, metropolis_ancestor, metropolis_steps,
    multinomial_offspring, rejection_ancestor, residual_shares, share, ssp_offspring,
    stratified_offspring, survivors, systematic_offspring, thresholds,
};
use driftlane_kernels::rng::{Purpose, Stream};
use driftlane_kernels::tile::Row;
use driftlane_kernels::weights::{exclusive_prefix_sum, quantise, quantum_bits};
use rayon::prelude::*;

/// Particles of a chunk: a multiple of every tile, large enough to pay for a task.
pub(super) const CHUNK: usize = 4096;

/// Streams of a second kind of draw in the same epoch: decisions a particle beside sorted uniforms.
const DECISIONS: u64 = 1 << 40;

/// Log weights (rows of 32) and the largest of them, finite.
#[derive(Clone, Copy)]
pub(super) struct Weighted<'a> {
    pub log_weights: &'a [Row<F64>],
    pub max: f64,
}

/// Where the random numbers of a resampling come from.
#[derive(Clone, Copy)]
pub(super) struct Draw {
    pub seed: u64,
    pub epoch: u64,
}

impl Draw {
    fn stream(self, block: u64) -> Stream {
        Stream::new(self.seed, Purpose::Resample, block, self.epoch)
    }

    /// One word for each of `count` particles of a chunk.
    fn words(self, chunk: usize, words: &mut [u64]) {
        let mut stream = self.stream(DECISIONS + chunk as u64);
        for words in words.chunks_mut(8) {
            let drawn: [u64; 8] = bytemuck::cast(stream.next_words());
            words.copy_from_slice(&drawn[..words.len()]);
        }
    }
}

/// Working memory, kept between resamplings.
#[derive(Debug, Clone, Default)]
pub(super) struct Counting {
    /// Sorted uniforms, or uniforms of strata.
    uniforms: Vec<f64>,
    /// Integer weights, where a scheme reads them out of order.
    quanta: Vec<u64>,
    cumulative: Vec<u64>,
    ancestors: Vec<u32>,
}

/// How many offspring each of `n` particles has; they sum to `n`. `max` is the largest log weight,
/// finite.
pub fn resample_offspring(
    resampler: Resampler,
    n: usize,
    log_weights: &[Row<F64>],
    max: f64,
    seed: u64,
    epoch: u64,
) -> Vec<u32> {
    let mut offspring = vec![0u32; n];
    let (weighted, draw) = (Weighted { log_weights, max }, Draw { seed, epoch });
    let mut memory = Counting::default();
    count_offspring(resampler, weighted, draw, &mut offspring, &mut memory);
    offspring
}

/// A population in chunks: integer weights on demand, and the weight before each chunk.
struct Chunks<'a> {
    weighted: Weighted<'a>,
    n: usize,
    bits: u32,
    before: Vec<u64>,
    total: u64,
}

impl<'a> Chunks<'a> {
    fn new(weighted: Weighted<'a>, n: usize) -> Self {
        let mut chunks = Self {
            weighted,
            n,
            bits: quantum_bits(n),
            before: Vec::new(),
            total: 0,
        };
        let mut before: Vec<u64> = (0..n.div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let mut quanta = [0; CHUNK];
                chunks.quantise(chunk, &mut quanta[..chunks.count(chunk)])
            })
            .collect();
        chunks.total = exclusive_prefix_sum(&mut before);
        chunks.before = before;
        chunks
    }

    fn count(&self, chunk: usize) -> usize {
        CHUNK.min(self.n - chunk * CHUNK)
    }

    /// Integer weights of a chunk, and their sum.
    fn quantise(&self, chunk: usize, quanta: &mut [u64]) -> u64 {
        let rows = self.weighted.log_weights;
        let rows = &rows[chunk * (CHUNK / 32)..rows.len().min((chunk + 1) * (CHUNK / 32))];
        quantise(rows, self.weighted.max, self.bits, quanta)
    }

    /// Visits chunks in parallel with their integer weights and their part of `offspring`.
    fn each<T: Send>(
        &self,
        offspring: &mut [u32],
        visit: impl Fn(usize, &mut [u64], &mut [u32]) -> T + Sync,
    ) -> Vec<T> {
        let visit = |(chunk, offspring): (usize, &mut [u32])| {
            let mut quanta = [0; CHUNK];
            let quanta = &mut quanta[..offspring.len()];
            self.quantise(chunk, quanta);
            visit(chunk, quanta, offspring)
        };
        offspring
            .par_chunks_mut(CHUNK)
            .enumerate()
            .map(visit)
            .collect()
    }

    /// All integer weights, for schemes that read them out of order.
    fn store(&self, quanta: &mut Vec<u64>) {
        quanta.resize(self.n, 0);
        let parts = quanta.par_chunks_mut(CHUNK).enumerate();
        parts.for_each(|(chunk, quanta)| {
            self.quantise(chunk, quanta);
        });
    }
}

/// [`resample_offspring`] into memory that is there already.
pub(super) fn count_offspring(
    resampler: Resampler,
    weighted: Weighted<'_>,
    draw: Draw,
    offspring: &mut [u32],
    memory: &mut Counting,
) {
    let chunks = Chunks::new(weighted, offspring.len());
    match resampler {
        Resampler::Multinomial => multinomial(&chunks, draw, offspring, memory),
        Resampler::Systematic => systematic(&chunks, draw, offspring),
        Resampler::Stratified => stratified(&chunks, draw, offspring, memory),
        Resampler::Residual => residual(&chunks, draw, offspring, memory),
        Resampler::Ssp => ssp(&chunks, draw, offspring),
        Resampler::Killing => killing(&chunks, draw, offspring, memory),
        Resampler::Branching => branching(&chunks, draw, offspring),
        Resampler::Metropolis | Resampler::Rejection => {
            slot_by_slot(resampler, &chunks, draw, offspring, memory);
        }
    }
}

fn systematic(chunks: &Chunks<'_>, draw: Draw, offspring: &mut [u32]) {
    let u = population_uniform(draw.seed, Purpose::Resample, draw.epoch);
    let n = chunks.n as u64;
    chunks.each(offspring, |chunk, quanta, offspring| {
        systematic_offspring(quanta, chunks.before[chunk], chunks.total, n, u, offspring);
    });
}

fn multinomial(chunks: &Chunks<'_>, draw: Draw, offspring: &mut [u32], memory: &mut Counting) {
    memory.uniforms.resize(chunks.n, 0.0);
    let sorted = &mut memory.uniforms[..];
    sorted_thresholds(sorted, chunks.total, draw);
    let sorted = &sorted[..];
    chunks.each(offspring, |chunk, quanta, offspring| {
        multinomial_offspring(quanta, chunks.before[chunk], sorted, offspring);
    });
}

fn stratified(chunks: &Chunks<'_>, draw: Draw, offspring: &mut [u32], memory: &mut Counting) {
    memory.uniforms.resize(chunks.n, 0.0);
    let parts = memory.uniforms.par_chunks_mut(CHUNK).enumerate();
    parts.for_each(|(chunk, uniforms)| {
        let mut stream = draw.stream(chunk as u64);
        for uniforms in uniforms.chunks_mut(32) {
            let row = stream.uniform_row::<F64>();
            uniforms.copy_from_slice(&bytemuck::cast_slice(&row.0)[..uniforms.len()]);
        }
    });
    let uniforms = &memory.uniforms[..];
    chunks.each(offspring, |chunk, quanta, offspring| {
        let before = chunks.before[chunk];
        stratified_offspring(quanta, before, chunks.total, uniforms, offspring);
    });
}

fn residual(chunks: &Chunks<'_>, draw: Draw, offspring: &mut [u32], memory: &mut Counting) {
    let n = chunks.n as u64;
    memory.quanta.resize(chunks.n, 0);
    let sums: Vec<(u64, u64)> = memory
        .quanta
        .par_chunks_mut(CHUNK)
        .zip(offspring.par_chunks_mut(CHUNK))
        .enumerate()
        .map(|(chunk, (quanta, offspring))| {
            chunks.quantise(chunk, quanta);
            residual_shares(quanta, n, chunks.total, offspring)
        })
        .collect();
    let whole: u64 = sums.iter().map(|s| s.0).sum();
    let mut before: Vec<u64> = sums.iter().map(|s| s.1).collect();
    let total = exclusive_prefix_sum(&mut before);
    add_draws(
        (n - whole) as usize,
        (&memory.quanta, &before, total),
        draw,
        offspring,
        &mut memory.uniforms,
    );
}

fn killing(chunks: &Chunks<'_>, draw: Draw, offspring: &mut [u32], memory: &mut Counting) {
    let most = 1 << chunks.bits;
    memory.quanta.resize(chunks.n, 0);
    let dead: u64 = memory
        .quanta
        .par_chunks_mut(CHUNK)
        .zip(offspring.par_chunks_mut(CHUNK))
        .enumerate()
        .map(|(chunk, (quanta, offspring))| {
            chunks.quantise(chunk, quanta);
            let mut words = [0; CHUNK];
            draw.words(chunk, &mut words[..quanta.len()]);
            survivors(quanta, most, &words, offspring)
        })
        .sum();
    add_draws(
        dead as usize,
        (&memory.quanta, &chunks.before, chunks.total),
        draw,
        offspring,
        &mut memory.uniforms,
    );
}

/// Adds `draws` independent draws from integer weights (all of them, the weight before each chunk, the
/// sum) to the counts.
fn add_draws(
    draws: usize,
    (quanta, before, total): (&[u64], &[u64], u64),
    draw: Draw,
    offspring: &mut [u32],
    uniforms: &mut Vec<f64>,
) {
    if draws == 0 {
        return;
    }
    uniforms.resize(draws.max(uniforms.len()), 0.0);
    let sorted = &mut uniforms[..draws];
    sorted_thresholds(sorted, total, draw);
    let sorted = &sorted[..];
    offspring
        .par_chunks_mut(CHUNK)
        .zip(quanta.par_chunks(CHUNK))
        .zip(before)
        .for_each(|((offspring, quanta), &before)| {
            let mut more = [0; CHUNK];
            multinomial_offspring(quanta, before, sorted, &mut more[..quanta.len()]);
            for (o, more) in offspring.iter_mut().zip(more) {
                *o += more;
            }
        });
}

fn ssp(chunks: &Chunks<'_>, draw: Draw, offspring: &mut [u32]) {
    let (n, total) = (chunks.n as u64, chunks.total);
    let ratio = n as f64 / total as f64;
    let live = chunks.each(offspring, |chunk, quanta, offspring| {
        for (q, o) in quanta.iter_mut().zip(offspring.iter_mut()) {
            (*o, *q) = share(*q, n, total, ratio);
        }
        let mut words = [0; CHUNK];
        draw.words(chunk, &mut words[..quanta.len()]);
        ssp_offspring(quanta, total, &words, offspring)
    });
    // The last live particle of every chunk, settled against each other.
    let fractions: Vec<u64> = live.iter().map(|l| l.map_or(0, |l| l.1)).collect();
    let mut words = vec![0; live.len()];
    draw.words(live.len(), &mut words);
    let mut more = vec![0; live.len()];
    let left = ssp_offspring(&fractions, total, &words, &mut more);
    assert!(left.is_none(), "fractions sum to a whole number");
    for (chunk, (live, more)) in live.iter().zip(more).enumerate() {
        if let Some((i, _)) = live {
            offspring[chunk * CHUNK + i] += more;
        }
    }
}

fn branching(chunks: &Chunks<'_>, draw: Draw, offspring: &mut [u32]) {
    let (n, total) = (chunks.n as u64, chunks.total);
    let run = |chunk: usize, quanta: &[u64], state: bool, offspring: &mut [u32]| {
        let mut words = [0; CHUNK];
        let words = &mut words[..quanta.len()];
        draw.words(chunk, words);
        let before = chunks.before[chunk];
        branching_offspring(quanta, before, n, total, words, state, offspring)
    };
    // A chunk's last state for either first state; then the counts with the state it really has.
    let ends = chunks.each(offspring, |chunk, quanta, offspring| {
        [false, true].map(|state| run(chunk, quanta, state, offspring))
    });
    let mut state = false;
    let states: Vec<bool> = ends
        .iter()
        .map(|end| {
            let before = state;
            state = end[usize::from(before)];
            before
        })
        .collect();
    chunks.each(offspring, |chunk, quanta, offspring| {
        run(chunk, quanta, states[chunk], offspring);
    });
}

fn slot_by_slot(
    resampler: Resampler,
    chunks: &Chunks<'_>,
    draw: Draw,
    offspring: &mut [u32],
    memory: &mut Counting,
) {
    chunks.store(&mut memory.quanta);
    let quanta = &memory.quanta[..];
    let most = 1u64 << chunks.bits;
    let steps = metropolis_steps(chunks.total as f64 / chunks.n as f64 / most as f64);
    if resampler == Resampler::Rejection {
        let mut sum = 0;
        memory.cumulative.clear();
        memory.cumulative.extend(quanta.iter().map(|q| {
            sum += q;
            sum
        }));
    }
    let cumulative = &memory.cumulative[..];
    memory.ancestors.resize(chunks.n, 0);
    let parts = memory.ancestors.par_chunks_mut(CHUNK).enumerate();
    parts.for_each(|(chunk, ancestors)| {
        let mut stream = draw.stream(DECISIONS + chunk as u64);
        let mut buffer = [0u64; 8];
        let mut next = 8;
        let mut words = || {
            if next == 8 {
                (buffer, next) = (bytemuck::cast(stream.next_words()), 0);
            }
            next += 1;
            buffer[next - 1]
        };
        for (i, ancestor) in ancestors.iter_mut().enumerate() {
            let slot = chunk * CHUNK + i;
            *ancestor = if resampler == Resampler::Metropolis {
                metropolis_ancestor(slot, quanta, steps, &mut words)
            } else {
                rejection_ancestor(slot, quanta, cumulative, most, &mut words)
            };
        }
    });
    offspring.fill(0);
    for &ancestor in &memory.ancestors {
        offspring[ancestor as usize] += 1;
    }
}

/// Fills `spacings` with sorted uniforms on [0, total).
fn sorted_thresholds(spacings: &mut [f64], total: u64, draw: Draw) {
    let sums: Vec<f64> = spacings
        .par_chunks_mut(CHUNK)
        .enumerate()
        .map(|(block, chunk)| exponential_spacings(&mut draw.stream(block as u64), chunk))
        .collect();
    let mut sum = 0.0;
    let before: Vec<f64> = sums
        .iter()
        .map(|s| {
            let start = sum;
            sum += s;
            start
        })
        .collect();
    // The spacing after the last uniform.
    let end = sum + exponential_spacings(&mut draw.stream(u64::MAX), &mut [0.0]);
    let scale = total as f64 / end;
    spacings
        .par_chunks_mut(CHUNK)
        .zip(before)
        .for_each(|(chunk, before)| thresholds(chunk, before, scale, total));
}
