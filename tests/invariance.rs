//! Moves against the laws they leave invariant.
//!
//! From exact draws, one move must change the mean of no function: X ~ pi and X' = K(X) ~ pi, so
//! f(X') - f(X) has mean zero, and its own noise is smaller than that of f. Functions: means, all
//! products, indicators of half-lines. The exact moments of the target hold before and after.
//!
//! Unadjusted Langevin is exact on a Gaussian of precision k, but for another law: from variance v
//! one step of length h leads to (1 - h k)^2 v + 2 h.
//!
//! Power (95%, z = 5, N = 1e6): a bias of 0.0066 sd of any f(X') - f(X), so a mean moved by 0.7% of
//! a standard deviation and less where moves are small; a variance of 0.94%; E exp(-dH) at 2e5
//! particles and sd(dH) = 1, 1.5%.

// Matrices are indexed as in the formulas.
#![allow(clippy::needless_range_loop)]
#![allow(clippy::disallowed_methods)]

mod gates;

use bytemuck::cast_slice;
use driftlane::flow::{Flow, Resampler, Tally};
use driftlane::integrator::{Leapfrog, Scratch, draw_momentum, kinetic_energy};
use driftlane::kernels::rng::{Purpose, Stream};
use driftlane::kernels::step::exponential::OrnsteinUhlenbeck;
use driftlane::kernels::step::leapfrog::{drift, kick};
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F32, F64, Lane};
use driftlane::mcmc::{Chains, DualAveraging, Hmc, Move, Rwmh, Start, Ula, Work};
use driftlane::particles::{Channels, Population, Span};
use driftlane::target::library::{Gaussian, ManyWell, Mixture};
use driftlane::target::{BlockTarget, Law, Path, Precision, Target};
use gates::{Gate, must_fail, must_pass, require, within};

const N: usize = 1_000_000;

/// Positions before and after some moves.
struct Pair {
    dim: usize,
    before: Vec<f64>,
    after: Vec<f64>,
    acceptance: f64,
}

fn chains<'a, R: Precision>(
    target: &'a dyn BlockTarget,
    mover: Box<dyn Move<R> + 'a>,
    start: Start,
    moves: usize,
    seed: u64,
) -> Chains<'a, R> {
    let work = Work {
        warmup: 0,
        moves,
        every: moves,
    };
    Chains::new(Path::plain(target), mover, start, work, seed)
}

/// Exact draws, and where one move takes them.
fn one_move<R: Precision>(
    target: &dyn BlockTarget,
    mover: Box<dyn Move<R> + '_>,
    n: usize,
) -> Pair {
    let mut model = chains::<R>(target, mover, Start::Exact, 1, 11);
    let mut flow = Flow::<R>::start(&model, n, 11, Resampler::Multinomial).unwrap();
    let before = flow.population().positions();
    flow.advance(&mut model, &mut |_, _| {}).unwrap();
    let acceptance = flow.totals().acceptance().unwrap();
    Pair {
        dim: target.dim(),
        before,
        after: flow.population().positions(),
        acceptance,
    }
}

/// Sum and sum of squares of functions of pairs: their means are zero.
fn mean_zero(names: &[String], sums: &[[f64; 2]], n: usize, z: f64) -> Gate {
    let n = n as f64;
    for (name, [sum, square]) in names.iter().zip(sums) {
        let mean = sum / n;
        let se = ((square / n - mean * mean) / n).sqrt();
        within(name, mean, 0.0, z * se + 1e-12)?;
    }
    Ok(())
}

/// f(X') - f(X) has mean zero for coordinates, products and indicators; X has the exact moments.
fn invariant(target: &dyn BlockTarget, pair: &Pair) -> Gate {
    let d = pair.dim;
    let exact = target.exact();
    let (mean, sd) = (exact.mean.unwrap(), exact.sd.unwrap());
    let cuts = [-1.5, -0.5, 0.0, 0.7, 1.8];
    let mut names: Vec<String> = Vec::new();
    for j in 0..d {
        names.push(format!("mean of x[{j}]"));
        names.push(format!("exact mean of x[{j}] before"));
        names.push(format!("exact variance of x[{j}] before"));
        names.push(format!("exact mean of x[{j}] after"));
        names.push(format!("exact variance of x[{j}] after"));
        names.extend((0..=j).map(|k| format!("mean of x[{j}] x[{k}]")));
        names.extend(cuts.map(|c| format!("mass of x[{j}] below {c} sd")));
    }
    let mut sums = vec![[0.0f64; 2]; names.len()];
    let (mut x, mut y) = (vec![0.0; d], vec![0.0; d]);
    for (before, after) in pair.before.chunks_exact(d).zip(pair.after.chunks_exact(d)) {
        for j in 0..d {
            x[j] = (before[j] - mean[j]) / sd[j];
            y[j] = (after[j] - mean[j]) / sd[j];
        }
        let mut at = 0;
        let mut add = |value: f64| {
            sums[at][0] += value;
            sums[at][1] += value * value;
            at += 1;
        };
        for j in 0..d {
            add(y[j] - x[j]);
            add(x[j]);
            add(x[j] * x[j] - 1.0);
            add(y[j]);
            add(y[j] * y[j] - 1.0);
            for k in 0..=j {
                add(y[j] * y[k] - x[j] * x[k]);
            }
            for c in cuts {
                add(f64::from(u8::from(y[j] < c)) - f64::from(u8::from(x[j] < c)));
            }
        }
    }
    mean_zero(&names, &sums, pair.before.len() / d, 5.0)
}

fn correlated(dim: usize) -> Gaussian {
    let entry = |i: usize, j: usize| {
        let common = 0.4 * (1.0 + 0.1 * (i + j) as f64);
        common + if i == j { 0.5 + 0.2 * i as f64 } else { 0.0 }
    };
    let cov: Vec<Vec<f64>> = (0..dim)
        .map(|i| (0..dim).map(|j| entry(i, j)).collect())
        .collect();
    Gaussian::full((0..dim).map(|j| 0.5 * j as f64 - 1.0).collect(), &cov).unwrap()
}

fn lopsided() -> Mixture {
    let means = vec![vec![-1.5, 0.0], vec![1.0, 1.0], vec![0.5, -2.0]];
    Mixture::isotropic(vec![0.2, 0.5, 0.3], means, vec![0.5, 0.8, 0.4]).unwrap()
}

/// Targets with the largest step size and mean leapfrog steps of HMC, and the largest of RWMH.
fn targets() -> Vec<(&'static str, Box<dyn BlockTarget>, f64, f64)> {
    vec![
        (
            "gaussian 1",
            Box::new(Gaussian::isotropic(vec![0.3], 0.7).unwrap()),
            1.2,
            3.0,
        ),
        ("gaussian 7", Box::new(correlated(7)), 1.2, 1.0),
        ("gaussian 9", Box::new(correlated(9)), 1.2, 1.0),
        ("mixture", Box::new(lopsided()), 0.9, 2.0),
        ("many-well", Box::new(ManyWell::new(4).unwrap()), 0.3, 1.0),
    ]
}

fn hmc<R: Precision>(dim: usize, step_size: f64) -> Box<dyn Move<R>> {
    Box::new(Hmc::new(dim, DualAveraging::fixed(step_size), 4))
}

fn rwmh<R: Precision>(dim: usize, step_size: f64) -> Box<dyn Move<R>> {
    Box::new(Rwmh::new(dim, DualAveraging::fixed(step_size)))
}

#[test]
fn one_hmc_move_leaves_the_target_invariant() {
    for (name, target, step_size, _) in targets() {
        let mut seen = Vec::new();
        for shrink in [1.0, 0.5, 0.15] {
            let pair = one_move(&*target, hmc::<F64>(target.dim(), shrink * step_size), N);
            seen.push(pair.acceptance);
            if let Err(what) = invariant(&*target, &pair) {
                panic!("{name}, step size {}: {what}", shrink * step_size);
            }
        }
        // The gate has no power where nothing is refused or nothing moves.
        assert!(
            (0.05..0.95).contains(&seen[0]) && seen[2] > 0.95,
            "{name}: {seen:?}"
        );
    }
    let target = correlated(7);
    must_pass(invariant(
        &target,
        &one_move(&target, hmc::<F32>(7, 0.9), N),
    ));
}

#[test]
fn one_rwmh_move_leaves_the_target_invariant() {
    for (name, target, _, step_size) in targets() {
        for shrink in [1.0, 0.3, 0.1] {
            let pair = one_move(&*target, rwmh::<F64>(target.dim(), shrink * step_size), N);
            assert!(
                (0.02..0.99).contains(&pair.acceptance),
                "{name}: {}",
                pair.acceptance
            );
            if let Err(what) = invariant(&*target, &pair) {
                panic!("{name}, step size {}: {what}", shrink * step_size);
            }
        }
    }
    let target = correlated(9);
    must_pass(invariant(
        &target,
        &one_move(&target, rwmh::<F32>(9, 0.3), N),
    ));
}

/// A plain Metropolised leapfrog (or random walk, `steps` = 0), with one thing wrong.
struct Handmade {
    step_size: f64,
    steps: usize,
    defect: Defect,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Defect {
    None,
    /// Accepts with min(1, exp(H' - H)).
    RatioInverted,
    /// Accepts always.
    NothingRefused,
    /// Starts with a whole kick instead of half of one.
    HalfKickMissing,
    /// Momenta of variance 1.05.
    Momentum,
    /// The proposal is stretched by 1% about the origin.
    Stretched,
    /// The ratio of densities is raised to 0.95.
    Tempered,
}

impl Move<F64> for Handmade {
    fn name(&self) -> &'static str {
        "handmade"
    }
    fn run(
        &self,
        law: Law<'_>,
        moves: usize,
        _fresh: bool,
        block: &mut Span<'_, F64>,
        stream: &mut Stream,
        scratch: &mut Scratch<F64>,
    ) -> Tally {
        let mut tally = Tally::default();
        let (h, one) = (Row::<F64>::splat(self.step_size), Row::<F64>::one());
        let half = h * Row::splat(0.5);
        for tile in 0..block.tiles() {
            for _ in 0..moves {
                let rows = block.rows(tile);
                scratch
                    .position
                    .copy_from_slice(&block.vectors[0][rows.clone()]);
                let energy = |p: &[Row<F64>]| {
                    p.iter().fold(Row::<F64>::zero(), |sum, p| {
                        (*p * *p).mul_add(Row::splat(0.5), sum)
                    })
                };
                let (mut before, mut after) = (Row::<F64>::zero(), Row::<F64>::zero());
                if self.steps == 0 {
                    for x in &mut scratch.position {
                        *x = h.mul_add(stream.normal_row::<F64>(), *x);
                    }
                } else {
                    let wide = if self.defect == Defect::Momentum {
                        1.05f64.sqrt()
                    } else {
                        1.0
                    };
                    for p in &mut scratch.momentum {
                        *p = stream.normal_row::<F64>() * Row::splat(wide);
                    }
                    before = energy(&scratch.momentum);
                    for step in 0..self.steps {
                        law.gradient(&scratch.position, &mut scratch.gradient, &mut scratch.other);
                        let first = step == 0 && self.defect != Defect::HalfKickMissing;
                        for j in 0..scratch.position.len() {
                            let length = if first { half } else { h };
                            scratch.momentum[j] =
                                kick(scratch.momentum[j], scratch.gradient[j], length);
                            scratch.position[j] =
                                drift(scratch.position[j], scratch.momentum[j], one, h);
                        }
                    }
                    law.gradient(&scratch.position, &mut scratch.gradient, &mut scratch.other);
                    for (p, g) in scratch.momentum.iter_mut().zip(&scratch.gradient) {
                        *p = kick(*p, *g, half);
                    }
                    after = energy(&scratch.momentum);
                }
                if self.defect == Defect::Stretched {
                    scratch
                        .position
                        .iter_mut()
                        .for_each(|x| *x *= Row::splat(1.01));
                }
                law.log_densities(
                    &scratch.position,
                    &mut scratch.wide,
                    &mut scratch.base,
                    &mut scratch.ratio,
                );
                let at = block.scalar_range(tile).start;
                let old = law.log_density(block.scalars[0][at], block.scalars[1][at]) - before;
                let new = law.log_density(scratch.base[0], scratch.ratio[0]) - after;
                let log_alpha = match self.defect {
                    Defect::RatioInverted => old - new,
                    Defect::Tempered => (new - old) * Row::splat(0.95),
                    Defect::NothingRefused => Row::zero(),
                    _ => new - old,
                };
                let alpha = Row::zero().min(log_alpha).exp();
                let accept = stream.uniform_row::<F64>().lt(alpha);
                for (x, new) in block.vectors[0][rows].iter_mut().zip(&scratch.position) {
                    *x = Row::select(accept, *new, *x);
                }
                block.scalars[0][at] = Row::select(accept, scratch.base[0], block.scalars[0][at]);
                block.scalars[1][at] = Row::select(accept, scratch.ratio[0], block.scalars[1][at]);
                tally.moves += block.active(tile) as u64;
            }
        }
        tally
    }
    fn step_size(&self) -> f64 {
        self.step_size
    }
}

#[test]
fn defects_of_moves_are_seen() {
    let target = correlated(7);
    let well = ManyWell::new(4).unwrap();
    let check = |target: &dyn BlockTarget, step_size: f64, steps: usize, defect: Defect| {
        invariant(
            target,
            &one_move(
                target,
                Box::new(Handmade {
                    step_size,
                    steps,
                    defect,
                }),
                N,
            ),
        )
    };
    must_pass(check(&target, 0.9, 4, Defect::None));
    must_pass(check(&target, 0.3, 0, Defect::None));
    must_pass(check(&well, 0.25, 4, Defect::None));
    use Defect::*;
    for defect in [
        RatioInverted,
        NothingRefused,
        HalfKickMissing,
        Momentum,
        Stretched,
        Tempered,
    ] {
        must_fail(&format!("HMC, {defect:?}"), check(&target, 0.9, 4, defect));
    }
    for defect in [RatioInverted, NothingRefused, Stretched, Tempered] {
        must_fail(&format!("RWMH, {defect:?}"), check(&target, 0.3, 0, defect));
        must_fail(
            &format!("RWMH on wells, {defect:?}"),
            check(&well, 0.3, 0, defect),
        );
    }
}

/// E exp(-dH) = 1 for any step size and length, from exact draws: volume is kept and H is H.
fn energy_identity<R: Precision>(target: &dyn BlockTarget, h: f64, stretch: f64) -> Gate {
    let (d, path) = (target.dim(), Path::plain(target));
    let law = path.law(1.0);
    let leapfrog = Leapfrog::new((0..d).map(|j| 0.5 + 0.1 * j as f64).collect());
    let mut s = Scratch::<R>::new(d);
    let mut values = Vec::new();
    let mut changes = Vec::new();
    for tile in 0..6250 / s.base.len() {
        let mut stream = Stream::new(5, Purpose::Exact, tile as u64, 0);
        for part in 0..s.base.len() {
            assert!(target.sample_exact(&mut stream, &mut s.wide));
            R::narrow_part(&s.wide, part, &mut s.position);
        }
        draw_momentum(&leapfrog, &mut stream, &mut s.momentum);
        kinetic_energy(&leapfrog, &s.momentum, &mut s.energy);
        law.log_densities(&s.position, &mut s.wide, &mut s.base, &mut s.ratio);
        let old: Vec<Row<F64>> = s
            .energy
            .iter()
            .zip(&s.ratio)
            .map(|(k, l)| *k - *l)
            .collect();
        law.gradient(&s.position, &mut s.proposed_gradient, &mut s.other);
        leapfrog.trajectory(law, Row::<R>::splat(h), 5, &mut s);
        s.position
            .iter_mut()
            .for_each(|x| *x *= Row::<R>::splat(stretch));
        kinetic_energy(&leapfrog, &s.momentum, &mut s.proposed_energy);
        law.log_densities(&s.position, &mut s.wide, &mut s.base, &mut s.ratio);
        for (part, old) in old.iter().enumerate() {
            let change = s.proposed_energy[part] - s.ratio[part] - *old;
            for change in cast_slice::<Row<F64>, f64>(&[change]) {
                changes.push(*change);
                values.push((-change).exp());
            }
        }
    }
    let (mean, se) = gates::mean_and_se(&changes);
    require(mean > -5.0 * se, || format!("E dH = {mean} < 0"))?;
    gates::mean_is("E exp(-dH)", &values, 1.0, 5.0)
}

#[test]
fn energy_changes_average_to_one() {
    for (name, target, step_size, _) in targets() {
        for shrink in [1.0, 0.5, 0.15] {
            for gate in [
                energy_identity::<F64>(&*target, 0.8 * shrink * step_size, 1.0),
                energy_identity::<F32>(&*target, 0.8 * shrink * step_size, 1.0),
            ] {
                assert!(gate.is_ok(), "{name} {shrink}: {gate:?}");
            }
        }
    }
    let target = correlated(9);
    must_fail(
        "positions stretched by 0.5%",
        energy_identity::<F64>(&target, 0.5, 1.005),
    );
}

/// Forward, momentum reversed, back: the start again, to rounding.
fn returns(target: &dyn BlockTarget, h: f64, steps: usize, lost: f64) -> Gate {
    let (d, path) = (target.dim(), Path::plain(target));
    let law = path.law(1.0);
    let leapfrog = Leapfrog::new((0..d).map(|j| 0.5 + 0.1 * j as f64).collect());
    let mut s = Scratch::<F64>::new(d);
    let mut stream = Stream::new(6, Purpose::Exact, 0, 0);
    assert!(target.sample_exact(&mut stream, &mut s.wide));
    s.position.copy_from_slice(&s.wide);
    draw_momentum(&leapfrog, &mut stream, &mut s.momentum);
    let (x, p) = (s.position.clone(), s.momentum.clone());
    law.gradient(&s.position, &mut s.proposed_gradient, &mut s.other);
    for _ in 0..2 {
        leapfrog.trajectory(law, Row::<F64>::splat(h), steps, &mut s);
        s.momentum.iter_mut().for_each(|p| *p = -*p);
        s.momentum[0] *= Row::splat(1.0 + lost);
    }
    let flat = |rows: &[Row<F64>]| cast_slice::<Row<F64>, f64>(rows).to_vec();
    for (got, start) in flat(&s.position).iter().zip(&flat(&x)) {
        within("position", *got, *start, 1e-12 * (1.0 + start.abs()))?;
    }
    for (got, start) in flat(&s.momentum).iter().zip(&flat(&p)) {
        within("momentum", *got, *start, 1e-12 * (1.0 + start.abs()))?;
    }
    Ok(())
}

#[test]
fn trajectories_are_reversible() {
    for (_, target, step_size, _) in targets() {
        for steps in [1, 7, 20] {
            must_pass(returns(&*target, 0.3 * step_size, steps, 0.0));
        }
    }
    let isotropic = Gaussian::isotropic(vec![0.0; 64], 1.0).unwrap();
    must_pass(returns(&isotropic, 0.2, 500, 0.0));
    must_fail(
        "one momentum in 1e9 lost",
        returns(&isotropic, 0.2, 10, 1e-9),
    );
}

/// Root mean square energy error over 512 trajectories of the same length in time.
fn energy_error(target: &dyn BlockTarget, h: f64, steps: usize, whole_first_kick: bool) -> f64 {
    let (d, path) = (target.dim(), Path::plain(target));
    let law = path.law(1.0);
    let leapfrog = Leapfrog::new(vec![1.0; d]);
    let mut s = Scratch::<F64>::new(d);
    let mut square = 0.0;
    for tile in 0..16 {
        let mut stream = Stream::new(8, Purpose::Exact, tile, 0);
        assert!(target.sample_exact(&mut stream, &mut s.wide));
        s.position.copy_from_slice(&s.wide);
        draw_momentum(&leapfrog, &mut stream, &mut s.momentum);
        kinetic_energy(&leapfrog, &s.momentum, &mut s.energy);
        law.log_densities(&s.position, &mut s.wide, &mut s.base, &mut s.ratio);
        let old = s.energy[0] - s.ratio[0];
        law.gradient(&s.position, &mut s.proposed_gradient, &mut s.other);
        if whole_first_kick {
            for (p, g) in s.momentum.iter_mut().zip(&s.proposed_gradient) {
                *p = kick(*p, *g, Row::splat(0.5 * h));
            }
        }
        leapfrog.trajectory(law, Row::<F64>::splat(h), steps, &mut s);
        kinetic_energy(&leapfrog, &s.momentum, &mut s.proposed_energy);
        law.log_densities(&s.position, &mut s.wide, &mut s.base, &mut s.ratio);
        let change = s.proposed_energy[0] - s.ratio[0] - old;
        square += cast_slice::<Row<F64>, f64>(&[change])
            .iter()
            .map(|c| c * c)
            .sum::<f64>();
    }
    (square / 512.0).sqrt()
}

/// Halving the step size quarters the energy error, four times, within 10%.
fn second_order(target: &dyn BlockTarget, h: f64, whole_first_kick: bool) -> Gate {
    let errors: Vec<f64> = (0..5u32)
        .map(|k| {
            let refine = 2f64.powi(k as i32);
            energy_error(target, h / refine, 6 << k, whole_first_kick)
        })
        .collect();
    for pair in errors.windows(2) {
        within("ratio of energy errors", pair[0] / pair[1], 4.0, 0.4)?;
    }
    Ok(())
}

#[test]
fn energy_error_is_of_second_order() {
    for target in [
        &correlated(7) as &dyn BlockTarget,
        &lopsided(),
        &ManyWell::new(4).unwrap(),
    ] {
        must_pass(second_order(target, 0.04, false));
        must_fail("a whole kick first", second_order(target, 0.04, true));
    }
}

/// det of the Jacobian of a trajectory, by central differences: particle 2c and 2c + 1 of a tile
/// start at +- epsilon in phase-space coordinate c.
fn volume(target: &dyn BlockTarget, h: f64, steps: usize, stretch: f64) -> Gate {
    let (d, path) = (target.dim(), Path::plain(target));
    let law = path.law(1.0);
    assert!(4 * d <= 32);
    let epsilon = 1e-4;
    let leapfrog = Leapfrog::new((0..d).map(|j| 0.5 + 0.3 * j as f64).collect());
    for start in 0..4 {
        let mut s = Scratch::<F64>::new(d);
        {
            let fill = |rows: &mut [Row<F64>], offset: usize| {
                let flat: &mut [f64] = bytemuck::cast_slice_mut(rows);
                for j in 0..d {
                    for lane in 0..32 {
                        let centre =
                            (1.3 * j as f64 + 2.1 * f64::from(start) + offset as f64).sin();
                        let sign = if lane % 2 == 0 { 1.0 } else { -1.0 };
                        let here = lane / 2 == offset + j;
                        flat[32 * j + lane] = centre + if here { sign * epsilon } else { 0.0 };
                    }
                }
            };
            fill(&mut s.position, 0);
            fill(&mut s.momentum, d);
        }
        law.gradient(&s.position, &mut s.proposed_gradient, &mut s.other);
        leapfrog.trajectory(law, Row::<F64>::splat(h), steps, &mut s);
        let out: Vec<f64> = cast_slice::<Row<F64>, f64>(&s.position)
            .iter()
            .map(|x| x * stretch)
            .chain(cast_slice::<Row<F64>, f64>(&s.momentum).iter().copied())
            .collect();
        let mut a: Vec<Vec<f64>> = (0..2 * d)
            .map(|row| {
                (0..2 * d)
                    .map(|c| (out[32 * row + 2 * c] - out[32 * row + 2 * c + 1]) / (2.0 * epsilon))
                    .collect()
            })
            .collect();
        let mut det = 1.0;
        for k in 0..2 * d {
            let pivot = (k..2 * d)
                .max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs()))
                .unwrap();
            if pivot != k {
                a.swap(k, pivot);
                det = -det;
            }
            det *= a[k][k];
            for i in k + 1..2 * d {
                let f = a[i][k] / a[k][k];
                for j in k..2 * d {
                    let above = a[k][j];
                    a[i][j] -= f * above;
                }
            }
        }
        within("det of the Jacobian", det, 1.0, 1e-6)?;
    }
    Ok(())
}

#[test]
fn trajectories_keep_volume() {
    for target in [
        &correlated(7) as &dyn BlockTarget,
        &lopsided(),
        &ManyWell::new(4).unwrap(),
    ] {
        must_pass(volume(target, 0.1, 5, 1.0));
        must_fail(
            "positions stretched by 1e-6",
            volume(target, 0.1, 5, 1.0 + 1e-6),
        );
    }
}

/// Unadjusted Langevin steps, with one thing wrong.
struct Langevin {
    step_size: f64,
    noise: f64,
}

impl<R: Precision> Move<R> for Langevin {
    fn name(&self) -> &'static str {
        "langevin"
    }
    fn run(
        &self,
        law: Law<'_>,
        moves: usize,
        _fresh: bool,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        scratch: &mut Scratch<R>,
    ) -> Tally {
        for tile in 0..block.tiles() {
            let x =
                &mut block.vectors[0][tile * scratch.position.len()..][..scratch.position.len()];
            for _ in 0..moves {
                law.gradient(x, &mut scratch.gradient, &mut scratch.other);
                for (x, g) in x.iter_mut().zip(&scratch.gradient) {
                    let noise = stream.normal_row::<R>()
                        * Row::<R>::splat(self.noise * (2.0 * self.step_size).sqrt());
                    *x = Row::<R>::splat(self.step_size).mul_add(*g, *x) + noise;
                }
            }
        }
        Tally::default()
    }
    fn adjusted(&self) -> bool {
        false
    }
    fn step_size(&self) -> f64 {
        self.step_size
    }
}

/// `steps` steps on N(0, diag 1/k) from N(0, v): the variance is exactly the one of the recursion,
/// and so is the covariance with the start; means stay zero.
fn langevin_is_exact<R: Precision>(
    mover: impl Fn() -> Box<dyn Move<R>>,
    precision: &[f64],
    h: f64,
    stationary: bool,
    steps: usize,
) -> Gate {
    let d = precision.len();
    let target = Gaussian::diagonal(
        vec![0.0; d],
        precision.iter().map(|k| 1.0 / k.sqrt()).collect(),
    )
    .unwrap();
    let start: Vec<f64> = precision
        .iter()
        .map(|k| {
            if stationary {
                1.0 / (1.0 - 0.5 * h * k) / k
            } else {
                0.25 / k
            }
        })
        .collect();
    let law = Gaussian::diagonal(vec![0.0; d], start.iter().map(|v| v.sqrt()).collect()).unwrap();
    let mut positions = vec![0.0; N * d];
    let mut rows = vec![Row::<F64>::zero(); d];
    for (tile, out) in positions.chunks_mut(32 * d).enumerate() {
        Target::sample_exact(
            &law,
            &mut Stream::new(3, Purpose::Exact, tile as u64, 0),
            &mut rows,
        );
        let flat: &[f64] = cast_slice(&rows);
        for (lane, x) in out.chunks_exact_mut(d).enumerate() {
            (0..d).for_each(|j| x[j] = flat[32 * j + lane]);
        }
    }
    let mut model = chains::<R>(&target, mover(), Start::Given, steps, 21);
    let mut population = Population::<R>::new(
        N,
        d,
        Channels {
            vectors: 1,
            scalars: 0,
            states: 0,
        },
    );
    population.set_positions(&positions);
    let mut flow = Flow::start_from(&model, population, 21, Resampler::Multinomial).unwrap();
    flow.advance(&mut model, &mut |_, _| {}).unwrap();
    let after = flow.population().positions();
    let names: Vec<String> = (0..d)
        .flat_map(|j| {
            ["mean", "variance", "covariance with the start"].map(|n| format!("{n} of x[{j}]"))
        })
        .collect();
    let mut sums = vec![[0.0f64; 2]; 3 * d];
    let exact: Vec<[f64; 2]> = precision
        .iter()
        .zip(&start)
        .map(|(k, v)| {
            let shrink = (1.0 - h * k).powi(steps as i32);
            let law = 1.0 / (1.0 - 0.5 * h * k) / k;
            [law + (v - law) * shrink * shrink, shrink * v]
        })
        .collect();
    for (x, y) in positions.chunks_exact(d).zip(after.chunks_exact(d)) {
        for j in 0..d {
            let values = [y[j], y[j] * y[j] - exact[j][0], x[j] * y[j] - exact[j][1]];
            for (sum, value) in sums[3 * j..3 * j + 3].iter_mut().zip(values) {
                sum[0] += value;
                sum[1] += value * value;
            }
        }
    }
    mean_zero(&names, &sums, N, 5.0)
}

#[test]
fn unadjusted_langevin_has_its_exact_biased_law() {
    fn check<R: Precision>() {
        for (precision, h) in [
            (vec![1.0], 0.5),
            (vec![1.0], 1.5),
            (
                (0..7).map(|j| 0.5 + 0.5 * f64::from(j)).collect::<Vec<_>>(),
                0.1,
            ),
            ((0..9).map(|j| 1.0 + f64::from(j)).collect(), 0.15),
        ] {
            let ula = || -> Box<dyn Move<R>> { Box::new(Ula::new(h)) };
            must_pass(langevin_is_exact::<R>(ula, &precision, h, true, 1));
            must_pass(langevin_is_exact::<R>(ula, &precision, h, false, 3));
        }
        let precision = [1.0, 2.5, 4.0];
        let ula = || -> Box<dyn Move<R>> { Box::new(Ula::new(0.2)) };
        must_pass(langevin_is_exact::<R>(ula, &precision, 0.2, false, 130));
    }
    check::<F64>();
    check::<F32>();
}

#[test]
fn defects_of_unadjusted_langevin_are_seen() {
    let precision = [1.0, 2.5, 4.0];
    let check = |step_size: f64, noise: f64, steps: usize| {
        let mover = || -> Box<dyn Move<F64>> { Box::new(Langevin { step_size, noise }) };
        langevin_is_exact::<F64>(mover, &precision, 0.2, steps == 1, steps)
    };
    must_pass(check(0.2, 1.0, 1));
    must_pass(check(0.2, 1.0, 40));
    must_fail("noise variance off by 1%", check(0.2, 1.01f64.sqrt(), 40));
    must_fail("noise sqrt(h) for sqrt(2 h)", check(0.2, 0.5f64.sqrt(), 1));
    must_fail("half the step size", check(0.1, 1.0, 1));
    must_fail("step size off by 3%", check(0.206, 1.0, 40));
}

/// One step of the Ornstein-Uhlenbeck kernel from a point has its exact mean and variance.
fn ornstein_uhlenbeck_is_exact<R: Precision>(exponent: f64, step: OrnsteinUhlenbeck) -> Gate {
    let start = 0.7;
    let mut stream = Stream::new(4, Purpose::Exact, 0, 0);
    let (mean, variance) = ((-exponent).exp() * start, -(-2.0 * exponent).exp_m1());
    let mut sums = [[0.0f64; 2]; 2];
    let x = Row::<R>::splat(start);
    let stored: f64 = {
        use driftlane::kernels::Scalar as _;
        R::Scalar::from_f64(start).into()
    };
    let width = driftlane::kernels::tile::particles_per_tile::<R>();
    for _ in 0..N / width {
        let y = [step.step(x, stream.normal_row::<R>())];
        for &y in cast_slice::<Row<R>, R::Scalar>(&y) {
            let y: f64 = y.into();
            let noise = y - mean;
            for (sum, value) in sums.iter_mut().zip([noise, noise * noise - variance]) {
                sum[0] += value;
                sum[1] += value * value;
            }
        }
    }
    let n = (N / width * width) as f64;
    for ([sum, square], name) in sums.iter().zip(["mean", "variance"]) {
        let m = sum / n;
        let se = ((square / n - m * m) / n).sqrt();
        // Rounding of x itself, where the step is far below it.
        let rounding = (stored - start).abs()
            + if size_of::<R::Scalar>() == 8 {
                1e-15
            } else {
                1e-7
            };
        within(name, m, 0.0, 5.0 * se + rounding)?;
    }
    Ok(())
}

#[test]
fn ornstein_uhlenbeck_steps_are_exact_in_law() {
    for exponent in [1e-12, 1e-6, 0.01, 0.5, 5.0, 40.0, 700.0] {
        let step = OrnsteinUhlenbeck::new(2.0, 0.5 * exponent);
        must_pass(ornstein_uhlenbeck_is_exact::<F64>(exponent, step));
        must_pass(ornstein_uhlenbeck_is_exact::<F32>(exponent, step));
        // The coefficients: variance without cancellation, and two half steps are one.
        let exact = (-(-2.0 * exponent).exp_m1()).sqrt();
        must_pass(within("noise scale", step.noise_scale / exact, 1.0, 1e-15));
        let half = OrnsteinUhlenbeck::new(1.0, 0.5 * exponent);
        must_pass(within(
            "decay",
            half.decay * half.decay / step.decay,
            1.0,
            1e-13,
        ));
        let twice = half
            .decay
            .powi(2)
            .mul_add(half.noise_scale.powi(2), half.noise_scale.powi(2));
        must_pass(within("noise", twice.sqrt() / step.noise_scale, 1.0, 1e-14));
    }
    for exponent in [0.01, 0.5, 5.0] {
        let right = OrnsteinUhlenbeck::new(1.0, exponent);
        let euler = OrnsteinUhlenbeck {
            noise_scale: (2.0 * exponent).sqrt(),
            ..right
        };
        must_fail(
            "Euler's noise",
            ornstein_uhlenbeck_is_exact::<F64>(exponent, euler),
        );
        let wide = OrnsteinUhlenbeck {
            noise_scale: right.noise_scale * 1.005,
            ..right
        };
        must_fail(
            "variance off by 1%",
            ornstein_uhlenbeck_is_exact::<F64>(exponent, wide),
        );
    }
}

/// `Start::Exact` draws the target itself.
#[test]
fn exact_starts_are_exact() {
    for (name, target, ..) in targets() {
        let model = chains::<F64>(&*target, rwmh::<F64>(target.dim(), 0.1), Start::Exact, 1, 2);
        let flow = Flow::<F64>::start(&model, N, 2, Resampler::Multinomial).unwrap();
        let x = flow.population().positions();
        let pair = Pair {
            dim: target.dim(),
            before: x.clone(),
            after: x.clone(),
            acceptance: 1.0,
        };
        assert!(
            invariant(&*target, &pair).is_ok(),
            "{name}: {:?}",
            invariant(&*target, &pair)
        );
        let off = x.iter().map(|x| x * 1.01).collect();
        let pair = Pair {
            dim: target.dim(),
            before: off,
            after: x,
            acceptance: 1.0,
        };
        must_fail("draws stretched by 1%", invariant(&*target, &pair));
        // The scalar channels hold the log densities of the draws.
        let mut wide = vec![Row::<F64>::zero(); target.dim()];
        wide.copy_from_slice(&flow.population().vector(0)[..target.dim()]);
        let mut value = [Row::<F64>::zero()];
        target.log_density(&wide, &mut value);
        assert_eq!(&flow.population().scalar(1)[0], &value[0]);
    }
}
