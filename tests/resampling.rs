//! Resampling: counts, their exact means and covariances, edges, and the permutation of every
//! declared channel.
//!
//! Exact offspring covariances: multinomial N (diag W - W W'); systematic, by integrating over its
//! one uniform, for W = (.55, .25, .20, 0), N = 4: [[.16, 0, -.16], [0, 0, 0], [-.16, 0, .16]].
//!
//! Power (95%, z = 5): covariances over 40 000 seeds to 0.04; mean counts of 0.5 to 7 over 20 000
//! seeds to 0.12; the distribution function of 1e5 sorted draws to 1.1% (level 1e-6).
#![allow(clippy::disallowed_methods)]

mod gates;

use bytemuck::{cast_slice, cast_slice_mut};
use driftlane::flow::{
    Cloud, FeynmanKac, Flow, Potential, Resampler, Resampling, Tally, resample_offspring,
};
use driftlane::kernels::resample::{exponential_spacings, thresholds};
use driftlane::kernels::rng::{Purpose, Stream};
use driftlane::kernels::tile::{Row, particles_per_tile};
use driftlane::kernels::{F32, F64, Lane};
use driftlane::particles::{Channels, Population, Span};
use driftlane::target::Precision;
use gates::{Gate, mean_and_se, must_fail, must_pass, require, within};
use std::marker::PhantomData;

const ZERO: f64 = f64::NEG_INFINITY;

/// Log weights as the scheduler keeps them: whole rows, filled up with -infinity.
fn rows(log_weights: &[f64]) -> Vec<Row<F64>> {
    let mut out = vec![Row::<F64>::splat(ZERO); log_weights.len().div_ceil(32)];
    cast_slice_mut::<Row<F64>, f64>(&mut out)[..log_weights.len()].copy_from_slice(log_weights);
    out
}

fn offspring(resampler: Resampler, log_weights: &[f64], seed: u64) -> Vec<u32> {
    let max = log_weights.iter().copied().fold(ZERO, f64::max);
    resample_offspring(
        resampler,
        log_weights.len(),
        &rows(log_weights),
        max,
        seed,
        3,
    )
}

fn logs(weights: &[f64]) -> Vec<f64> {
    weights.iter().map(|w| w.ln()).collect()
}

/// Weights of all sizes, a tenth of them zero.
fn rough(n: usize) -> Vec<f64> {
    (0..n)
        .map(|i| {
            let k = (i * 2_654_435_761) % 1_000_003;
            if k % 10 == 0 {
                ZERO
            } else {
                -6.0 * (k as f64 / 1_000_003.0)
            }
        })
        .collect()
}

fn normalised(log_weights: &[f64]) -> Vec<f64> {
    let w: Vec<f64> = log_weights.iter().map(|l| l.exp()).collect();
    let sum: f64 = w.iter().sum();
    w.iter().map(|w| w / sum).collect()
}

/// Counts sum to n, and what weighs nothing has none.
fn counts_are_proper(log_weights: &[f64], counts: &[u32]) -> Gate {
    let total: u64 = counts.iter().map(|&c| u64::from(c)).sum();
    require(total == log_weights.len() as u64, || {
        format!("{total} offspring")
    })?;
    for (i, (lw, &c)) in log_weights.iter().zip(counts).enumerate() {
        require(*lw > ZERO || c == 0, || {
            format!("particle {i} of weight zero has {c} offspring")
        })?;
    }
    Ok(())
}

#[test]
fn counts_sum_to_n_and_spare_zero_weights() {
    for n in [
        1, 2, 5, 31, 32, 33, 63, 64, 65, 1000, 4095, 4096, 4097, 12_345, 100_000, 131_073,
    ] {
        for resampler in Resampler::ALL {
            let mut log_weights = rough(n);
            log_weights[n / 2] = 0.0;
            for seed in 0..3 {
                must_pass(counts_are_proper(
                    &log_weights,
                    &offspring(resampler, &log_weights, seed),
                ));
            }
        }
    }
    // Slots of the counts rotated by one.
    let log_weights = rough(1000);
    let mut wrong = offspring(Resampler::Multinomial, &log_weights, 0);
    wrong.rotate_right(1);
    must_fail(
        "counts off by one particle",
        counts_are_proper(&log_weights, &wrong),
    );
    wrong[3] += 1;
    must_fail(
        "one offspring too many",
        counts_are_proper(&[0.0; 1000], &wrong),
    );
}

/// Means and covariances over seeds are the exact ones, `z` standard errors each.
fn moments_are_exact(
    weights: &[f64],
    covariance: impl Fn(usize, usize) -> f64,
    seeds: u64,
    draw: impl Fn(u64) -> Vec<u32>,
) -> Gate {
    let n = weights.len();
    let sum: f64 = weights.iter().sum();
    let centred: Vec<Vec<f64>> = (0..seeds)
        .map(|seed| {
            let counts = draw(seed);
            (0..n)
                .map(|i| f64::from(counts[i]) - n as f64 * weights[i] / sum)
                .collect()
        })
        .collect();
    for i in 0..n {
        let own: Vec<f64> = centred.iter().map(|c| c[i]).collect();
        let (mean, se) = mean_and_se(&own);
        within(&format!("E o[{i}] - N W"), mean, 0.0, 5.0 * se + 1e-9)?;
        for j in 0..=i {
            let product: Vec<f64> = centred.iter().map(|c| c[i] * c[j]).collect();
            let (mean, se) = mean_and_se(&product);
            within(
                &format!("Cov o[{i}], o[{j}]"),
                mean,
                covariance(i, j),
                5.0 * se + 1e-9,
            )?;
        }
    }
    Ok(())
}

/// The schemes with E[o] = N W.
fn unbiased() -> impl Iterator<Item = Resampler> {
    Resampler::ALL.into_iter().filter(|r| r.unbiased())
}

const FOUR: [f64; 4] = [0.55, 0.25, 0.20, 0.0];

fn systematic_covariance(i: usize, j: usize) -> f64 {
    [
        [0.16, 0.0, -0.16, 0.0],
        [0.0; 4],
        [-0.16, 0.0, 0.16, 0.0],
        [0.0; 4],
    ][i][j]
}

fn multinomial_covariance(w: &[f64], i: usize, j: usize) -> f64 {
    w.len() as f64 * (if i == j { w[i] } else { 0.0 } - w[i] * w[j])
}

#[test]
fn offspring_means_and_covariances_are_exact() {
    let log_weights = logs(&FOUR);
    let systematic = |seed| offspring(Resampler::Systematic, &log_weights, seed);
    let multinomial = |seed| offspring(Resampler::Multinomial, &log_weights, seed);
    let independent = |i, j| multinomial_covariance(&FOUR, i, j);
    must_pass(moments_are_exact(
        &FOUR,
        systematic_covariance,
        40_000,
        systematic,
    ));
    must_pass(moments_are_exact(&FOUR, independent, 40_000, multinomial));
    must_fail(
        "the other scheme",
        moments_are_exact(&FOUR, independent, 40_000, systematic),
    );
    let heavier = logs(&[0.55, 0.25, 0.22, 0.0]);
    must_fail(
        "a weight 10% too large",
        moments_are_exact(&FOUR, independent, 40_000, |seed| {
            offspring(Resampler::Multinomial, &heavier, seed)
        }),
    );
    let mut weights = vec![0.0; 17];
    for (k, w) in [0.03, 0.11, 0.17, 0.29, 0.40].into_iter().enumerate() {
        weights[3 * k + 1] = w;
    }
    let log_weights = logs(&weights);
    must_pass(moments_are_exact(
        &weights,
        |i, j| multinomial_covariance(&weights, i, j),
        20_000,
        |seed| offspring(Resampler::Multinomial, &log_weights, seed),
    ));
}

/// Systematic counts are within one of N W, whatever the seed.
#[test]
fn systematic_counts_are_within_one_of_their_means() {
    let gate = |log_weights: &[f64], counts: &[u32]| -> Gate {
        let n = log_weights.len() as f64;
        for (w, &c) in normalised(log_weights).iter().zip(counts) {
            within("count", f64::from(c), n * w, 1.0 + 1e-9)?;
        }
        Ok(())
    };
    for n in [5, 1000, 100_003] {
        let log_weights = rough(n);
        for seed in 0..5 {
            must_pass(gate(
                &log_weights,
                &offspring(Resampler::Systematic, &log_weights, seed),
            ));
        }
    }
    let log_weights = rough(1000);
    let other = offspring(Resampler::Multinomial, &log_weights, 1);
    must_fail("independent draws", gate(&log_weights, &other));
}

#[test]
fn scale_does_not_matter_and_uniform_weights_change_nothing() {
    let n = 5000;
    for resampler in Resampler::ALL {
        // Powers of two shift exactly, so the bytes agree.
        let log_weights: Vec<f64> = rough(n)
            .iter()
            .map(|l| (l * 1024.0).round() / 1024.0)
            .collect();
        let one = offspring(resampler, &log_weights, 4);
        for shift in [13.0, -512.0, 4096.0, -65_536.0] {
            let shifted: Vec<f64> = log_weights.iter().map(|l| l + shift).collect();
            assert_eq!(
                one,
                offspring(resampler, &shifted, 4),
                "{} {shift}",
                resampler.name()
            );
        }
        assert_ne!(
            one,
            offspring(resampler, &log_weights, 5),
            "the seed changes something"
        );
    }
    for n in [1, 7, 32, 1000, 4097, 100_001, 1 << 17] {
        for seed in 0..20 {
            let counts = offspring(Resampler::Systematic, &vec![-3.7; n], seed);
            assert!(counts.iter().all(|&c| c == 1), "{n} particles, seed {seed}");
        }
    }
}

#[test]
fn extreme_weights() {
    let n = 3001;
    for resampler in unbiased() {
        for seed in 0..10 {
            // One particle has everything; its neighbours weigh e^-800 of it, or nothing.
            for (alone, rest) in [(0, ZERO), (n - 1, -800.0), (1234, -1e300), (32, ZERO)] {
                let mut log_weights = vec![rest; n];
                log_weights[alone] = 700.0;
                let counts = offspring(resampler, &log_weights, seed);
                assert_eq!(counts[alone], n as u32);
                assert_eq!(counts.iter().sum::<u32>(), n as u32);
            }
            // Two with equal weights at both ends share all.
            let mut log_weights = vec![ZERO; n];
            (log_weights[0], log_weights[n - 1]) = (-1e-3, -1e-3);
            let counts = offspring(resampler, &log_weights, seed);
            assert_eq!(counts[0] + counts[n - 1], n as u32);
            assert!(counts[0].abs_diff(counts[n - 1]) < 350, "{counts:?}");
        }
    }
}

/// Cumulative counts of equal weights are an empirical distribution function: its distance from
/// the diagonal is bounded (Dvoretzky, Kiefer, Wolfowitz, level 1e-6), and not too small either.
#[test]
fn multinomial_draws_are_uniform_at_1e5() {
    let n = 100_000;
    let gate = |counts: &[u32]| -> Gate {
        let (mut sum, mut farthest) = (0.0f64, 0.0f64);
        for (i, &c) in counts.iter().enumerate() {
            sum += f64::from(c);
            farthest = farthest.max((sum - (i + 1) as f64).abs());
        }
        let distance = farthest / n as f64;
        let bound = ((2.0f64 / 1e-6).ln() / (2.0 * n as f64)).sqrt();
        require(distance < bound, || {
            format!("distance {distance}, bound {bound}")
        })?;
        // P(sup < 0.25 / sqrt N) is below 1e-7.
        require(distance > 0.25 / (n as f64).sqrt(), || {
            format!("too regular: {distance}")
        })
    };
    for seed in 0..8 {
        must_pass(gate(&offspring(
            Resampler::Multinomial,
            &vec![0.0; n],
            seed,
        )));
    }
    must_fail(
        "systematic",
        gate(&offspring(Resampler::Systematic, &vec![0.0; n], 0)),
    );
    let tilted: Vec<f64> = (0..n).map(|i| 0.12 * i as f64 / n as f64).collect();
    must_fail(
        "weights that rise by 12%",
        gate(&offspring(Resampler::Multinomial, &tilted, 0)),
    );
}

#[test]
fn thresholds_are_sorted_across_chunks() {
    let (n, total) = (100_000, 1u64 << 61);
    let mut all = vec![0.0; n];
    let mut sums = Vec::new();
    for (block, chunk) in all.chunks_mut(4096).enumerate() {
        let mut stream = Stream::new(9, Purpose::Resample, block as u64, 1);
        sums.push(exponential_spacings(&mut stream, chunk));
    }
    let end: f64 = sums.iter().sum();
    let mut before = 0.0;
    for (chunk, sum) in all.chunks_mut(4096).zip(&sums) {
        thresholds(chunk, before, total as f64 / end, total);
        before += sum;
    }
    assert!(all.windows(2).all(|w| w[0] <= w[1]));
    assert!(all[0] >= 0.0 && all[n - 1] < total as f64);
}

/// A flow whose particles carry their number in every channel.
struct Tagged<R> {
    dim: usize,
    channels: Channels,
    /// Exchanges two particles of this vector channel after resampling: a defect.
    swapped: Option<usize>,
    precision: PhantomData<fn() -> R>,
}

/// What particle `i` holds in row `row` of channel `channel`; exact in `f32`.
fn tag(i: usize, channel: usize, row: usize) -> f64 {
    (i * 64 + channel * 8 + row % 8) as f64
}

impl<R: Precision> FeynmanKac for Tagged<R> {
    type Real = R;
    type Scratch = ();

    fn dim(&self) -> usize {
        self.dim
    }
    fn channels(&self) -> Channels {
        self.channels
    }
    fn scratch(&self) {}

    fn m0(&self, block: &mut Span<'_, R>, _: &mut Stream, (): &mut ()) -> Tally {
        use driftlane::kernels::Scalar as _;
        let (width, first, dim) = (particles_per_tile::<R>(), block.first_particle(), self.dim);
        for channel in 0..self.channels.vectors {
            let values: &mut [R::Scalar] = cast_slice_mut(&mut *block.vectors[channel]);
            for (k, value) in values.iter_mut().enumerate() {
                let (tile, row, lane) = (k / (width * dim), k / width % dim, k % width);
                *value = R::Scalar::from_f64(tag(first + tile * width + lane, channel, row));
            }
        }
        for channel in 0..self.channels.scalars {
            let values: &mut [f64] = cast_slice_mut(&mut *block.scalars[channel]);
            for (k, value) in values.iter_mut().enumerate() {
                *value = tag(first + k, 4 + channel, 0);
            }
        }
        for tile in 0..block.tiles() {
            let first = first + tile * width;
            for state in 0..self.channels.states {
                for row in 0..dim {
                    let at = block.state_rows(tile, state).start + row;
                    let values: &mut [R::Scalar] = cast_slice_mut(&mut block.states.vectors[at].0);
                    for (lane, value) in values.iter_mut().enumerate() {
                        *value = R::Scalar::from_f64(tag(first + lane, state, row + 1));
                    }
                }
                for part in 0..block.scalar_rows() {
                    for number in 0..2 {
                        let at = block.state_scalar_range(tile, part, number).start + state;
                        let values: &mut [f64] = cast_slice_mut(&mut block.states.scalars[at].0);
                        for (lane, value) in values.iter_mut().enumerate() {
                            *value = tag(first + 32 * part + lane, state, number);
                        }
                    }
                }
            }
        }
        Tally::default()
    }

    fn m(&self, _: usize, _: usize, block: &mut Span<'_, R>, _: &mut Stream, (): &mut ()) -> Tally {
        if let Some(channel) = self.swapped
            && block.first_block() == 0
        {
            let values: &mut [R::Scalar] = cast_slice_mut(&mut *block.vectors[channel]);
            values.swap(2, 3);
        }
        Tally::default()
    }

    fn log_potential(&self, time: usize, block: &Span<'_, R>, log_weights: &mut [Row<F64>]) {
        let values = cast_slice_mut::<Row<F64>, f64>(log_weights);
        for (k, value) in values[..block.particles()].iter_mut().enumerate() {
            let i = block.first_particle() + k;
            *value += (((i + 17 * time) * 7919) % 1009) as f64 / 250.0;
        }
    }

    fn plan_potential(&mut self, _: usize, _: &mut Cloud<'_, R>) -> driftlane::Result<Potential> {
        Ok(Potential::Weigh)
    }

    fn plan_mutation(&mut self, _: usize, _: &mut Cloud<'_, R>) -> driftlane::Result<Resampling> {
        Ok(Resampling::Always)
    }
}

/// Every channel of slot k holds the numbers of particle origin[k].
fn channels_agree<R: Precision>(
    population: &Population<R>,
    channels: Channels,
    origin: &[u32],
) -> Gate {
    let (dim, width) = (population.dim(), particles_per_tile::<R>());
    for (slot, &a) in origin.iter().enumerate() {
        for channel in 0..channels.vectors {
            let values: &[R::Scalar] = cast_slice(population.vector(channel));
            for row in 0..dim {
                let got: f64 = values[(slot / width * dim + row) * width + slot % width].into();
                within(
                    &format!("vector {channel}[{row}] at {slot}"),
                    got,
                    tag(a as usize, channel, row),
                    0.0,
                )?;
            }
        }
        for channel in 0..channels.scalars {
            let got = population.scalar_values(channel)[slot];
            within(
                &format!("scalar {channel} at {slot}"),
                got,
                tag(a as usize, 4 + channel, 0),
                0.0,
            )?;
        }
        let (tile, lane) = (slot / width, slot % width);
        let mut held = vec![0.0; width * channels.states * dim];
        if channels.states > 0 && (lane == 0 || slot + 1 == origin.len()) {
            population.copy_tile_states(tile, &mut held);
            let others = origin[tile * width..].iter().take(width);
            for (particle, &a) in others.enumerate() {
                for state in 0..channels.states {
                    for row in 0..dim {
                        let at = (particle * channels.states + state) * dim + row;
                        let name = format!("state {state}[{row}] at {particle} of tile {tile}");
                        within(&name, held[at], tag(a as usize, state, row + 1), 0.0)?;
                    }
                }
            }
        }
        let numbers: &[f64] = cast_slice(population.state_scalars());
        for state in 0..channels.states {
            for number in 0..2 {
                let row = (slot / 32 * 2 + number) * channels.states + state;
                let name = format!("number {number} of state {state} at {slot}");
                let got = numbers[row * 32 + slot % 32];
                within(&name, got, tag(a as usize, state, number), 0.0)?;
            }
        }
    }
    Ok(())
}

fn follow<R: Precision>(
    n: usize,
    dim: usize,
    resampler: Resampler,
    swapped: Option<usize>,
) -> Gate {
    let channels = Channels {
        vectors: 4,
        scalars: 4,
        states: 3,
    };
    let mut model = Tagged::<R> {
        dim,
        channels,
        swapped,
        precision: PhantomData,
    };
    let mut flow = Flow::<R>::start(&model, n, 77, resampler).unwrap();
    let mut origin: Vec<u32> = (0..n as u32).collect();
    channels_agree(flow.population(), channels, &origin)?;
    for time in 0..4 {
        flow.advance(&mut model, &mut |_, _| {}).unwrap();
        let ancestors = flow.ancestors();
        let mut counts = vec![0u32; n];
        ancestors.iter().for_each(|&a| counts[a as usize] += 1);
        // The same counts as asked for directly, and survivors stay.
        let weights: Vec<f64> = (0..n)
            .map(|i| (((i + 17 * time) * 7919) % 1009) as f64 / 250.0)
            .collect();
        let max = weights.iter().copied().fold(ZERO, f64::max);
        let direct = resample_offspring(resampler, n, &rows(&weights), max, 77, time as u64);
        require(direct == counts, || format!("time {time}: other counts"))?;
        for (i, &c) in counts.iter().enumerate() {
            require(c == 0 || ancestors[i] as usize == i, || {
                format!("survivor {i} moved")
            })?;
        }
        origin = ancestors.iter().map(|&a| origin[a as usize]).collect();
        channels_agree(flow.population(), channels, &origin)?;
    }
    Ok(())
}

#[test]
fn every_channel_follows_its_particle() {
    for resampler in Resampler::ALL {
        for (n, dim) in [
            (5, 1),
            (33, 3),
            (4096, 2),
            (9001, 1),
            (8193, 7),
            (20_011, 3),
        ] {
            must_pass(follow::<F64>(n, dim, resampler, None));
            must_pass(follow::<F32>(n, dim, resampler, None));
        }
    }
    must_fail(
        "two particles of one channel exchanged",
        follow::<F64>(9001, 1, Resampler::ALL[0], Some(2)),
    );
}
