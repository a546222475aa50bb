//! Diagnostics that see every draw once against those that keep them, and against exact values of
//! first-order autoregressions.

use crate::gates::{Gate, must_fail, require, within};
use crate::vectors::{Lcg, goldens};
use driftlane::diagnostics::*;

/// Rows of draws, one value a chain, from series that run chain by chain.
fn rows(series: &[f64], chains: usize, draws: usize) -> Vec<Vec<f64>> {
    let value = |t: usize| move |c: usize| series[c * draws + t];
    (0..draws)
        .map(|t| (0..chains).map(value(t)).collect())
        .collect()
}

fn moments_of(rows: &[Vec<f64>], chains: std::ops::Range<usize>) -> ChainMoments {
    let mut moments = ChainMoments::new(chains.len());
    for row in rows {
        moments.push(&row[chains.clone()]).unwrap();
    }
    moments
}

fn close(name: &str, got: f64, exact: f64) {
    within(name, got, exact, 1e-9 * exact.abs()).unwrap();
}

#[test]
fn chain_moments_give_the_r_hat_of_kept_draws() {
    for golden in goldens()
        .iter()
        .filter(|g| g.draws >= 4 && g.superchains > 1)
    {
        if ["constant", "one_nan", "one_infinite"].contains(&&*golden.name) {
            continue;
        }
        let (chains, draws) = (golden.chains, golden.draws);
        let rows = rows(&golden.series, chains, draws);
        let all = moments_of(&rows, 0..chains);
        assert_eq!((all.chains(), all.draws()), (chains, draws as u64));
        let kept = nested_r_hat(&golden.series, chains, draws, golden.superchains);
        close(&golden.name, all.nested_r_hat(golden.superchains), kept);
        // In two stretches, and in two groups of chains.
        let (early, late) = rows.split_at(draws / 3);
        let stretches = moments_of(early, 0..chains).after(moments_of(late, 0..chains));
        close(
            &golden.name,
            stretches.unwrap().nested_r_hat(golden.superchains),
            kept,
        );
        let groups = moments_of(&rows, 0..1).beside(moments_of(&rows, 1..chains));
        assert_eq!(groups.unwrap(), all);
        // Of halves, side by side: the split R-hat without ranks, by its definition.
        let half = draws / 2;
        let split = moments_of(&rows[..half], 0..chains)
            .beside(moments_of(&rows[draws - half..], 0..chains))
            .unwrap();
        let halves: Vec<&[f64]> = (golden.series.chunks_exact(draws))
            .flat_map(|c| [&c[..half], &c[draws - half..]])
            .collect();
        let each: Vec<_> = halves.iter().map(|h| RunningMoments::of(h)).collect();
        let means: Vec<f64> = each.iter().map(|m| m.mean()).collect();
        let within: f64 = each.iter().map(|m| m.variance()).sum::<f64>() / each.len() as f64;
        let n = half as f64;
        let ratio = n * RunningMoments::of(&means).variance() / within;
        close(&golden.name, split.r_hat(), ((ratio + n - 1.0) / n).sqrt());
    }
}

#[test]
fn rows_of_another_length_are_refused() {
    let message = ChainMoments::new(3)
        .push(&[1.0, 2.0])
        .unwrap_err()
        .to_string();
    assert_eq!(message, "row = 2 numbers: 3, one a chain");
    assert!(Blocking::new(2).push(&[0.0; 3]).is_err());
    let mut one = ChainMoments::new(1);
    one.push(&[1.0]).unwrap();
    assert!(one.clone().beside(ChainMoments::new(1)).is_err());
    assert!(one.after(ChainMoments::new(2)).is_err());
    assert!(ChainMoments::new(4).nested_r_hat(2).is_nan());
    assert!(Blocking::new(4).estimate().is_none() && ChainMoments::new(4).r_hat().is_nan());
}

#[test]
fn running_moments_are_exact_and_merge() {
    // 0, 1, ..., n - 1 moved by an offset: variance (n^2 - 1) / 12, kurtosis 9/5 (n^2 - 7/3) / (n^2 - 1).
    for (n, offset) in [(7, 0.0), (256, 0.0), (1000, 1e6), (70_000, -3e5)] {
        let values: Vec<f64> = (0..n).map(|i| f64::from(i) + offset).collect();
        let m = RunningMoments::of(&values);
        let n = f64::from(n);
        assert_eq!(m.count(), n as u64);
        close("mean", m.mean(), offset + (n - 1.0) / 2.0);
        close("variance", m.variance(), n * (n + 1.0) / 12.0);
        close(
            "kurtosis",
            m.kurtosis(),
            1.8 * (n * n - 7.0 / 3.0) / (n * n - 1.0),
        );
        assert!(m.skewness().abs() < 1e-9, "{}", m.skewness());
        let cut = values.len() / 3;
        let parts = RunningMoments::of(&values[..cut]).merge(RunningMoments::of(&values[cut..]));
        close("merged variance", parts.variance(), m.variance());
        close("merged kurtosis", parts.kurtosis(), m.kurtosis());
    }
    // 0, 0, 0, 1: skewness (1 - 2p) / sqrt(p q) at p = 1/4.
    let m = RunningMoments::of(&[0.0, 0.0]).merge(RunningMoments::of(&[0.0, 1.0]));
    close("skewness", m.skewness(), 0.5 / (3.0f64 / 16.0).sqrt());
    let golden = &goldens()[0];
    let m = RunningMoments::of(&golden.series);
    let (x, chains, draws) = (&golden.series, golden.chains, golden.draws);
    close(
        "mcse of the mean",
        m.mcse_mean(ess_mean(x, chains, draws)),
        mcse_mean(x, chains, draws),
    );
    close(
        "mcse of the sd",
        m.mcse_sd(ess_sd(x, chains, draws)),
        mcse_sd(x, chains, draws),
    );
}

/// Stationary chains y' = phi y + e with a standard normal law, fed row by row.
fn autoregression(phi: f64, chains: usize, draws: usize, seed: u64) -> (Blocking, ChainMoments) {
    let mut lcg = Lcg(seed);
    let mut normal = || normal_quantile(lcg.uniform() + 1.0 / (1u64 << 54) as f64);
    let mut row: Vec<f64> = (0..chains).map(|_| normal()).collect();
    let (mut blocking, mut moments) = (Blocking::new(chains), ChainMoments::new(chains));
    let innovation = (1.0 - phi * phi).sqrt();
    for _ in 0..draws {
        blocking.push(&row).unwrap();
        moments.push(&row).unwrap();
        for y in &mut row {
            *y = phi * *y + innovation * normal();
        }
    }
    (blocking, moments)
}

/// b times the variance of the mean of b draws of unit variance and autocorrelation phi^t.
fn tau_of_block(phi: f64, b: f64) -> f64 {
    let edge = 2.0 * phi * (1.0 - phi.powf(b)) / (b * (1.0 - phi) * (1.0 - phi));
    (1.0 + phi) / (1.0 - phi) - edge
}

/// Every tau_b within 4.5 standard errors of its exact value. Block means are normal, and the squares
/// of k of them with correlations rho_j have relative variance 2/k (1 + 2 sum rho_j^2), at most
/// 2/k (1 + phi^2) / (1 - phi^2) at b = 1, and less at every longer block.
fn taus_are_exact(blocking: &Blocking, phi: f64) -> Gate {
    let total = (blocking.chains() as u64 * blocking.draws()) as f64;
    let memory = (1.0 + phi * phi) / (1.0 - phi * phi);
    // The variance of the draws is estimated too: twice its standard error bounds what it adds.
    let draws_error = (2.0 * memory / total).sqrt();
    for (k, tau) in blocking.taus().into_iter().enumerate() {
        let block = (1u64 << k) as f64;
        let error = (2.0 * memory * block / total).sqrt() + draws_error;
        let exact = tau_of_block(phi, block);
        within(&format!("tau of {block}"), tau, exact, 4.5 * error * exact)?;
    }
    Ok(())
}

#[test]
fn block_means_have_the_variance_of_an_autoregression() {
    for (phi, chains, draws) in [
        (0.0, 64, 512),
        (0.5, 64, 512),
        (0.9, 128, 1024),
        (-0.6, 64, 512),
    ] {
        let (blocking, moments) = autoregression(phi, chains, draws, 7);
        taus_are_exact(&blocking, phi).unwrap();
        must_fail("another correlation", taus_are_exact(&blocking, phi - 0.1));
        let estimate = blocking.estimate().unwrap();
        assert!(estimate.settled, "{phi}: {estimate:?}");
        // tau_b of the chosen block, up to its own error.
        let total = (chains * draws) as f64;
        let exact = tau_of_block(phi, estimate.block as f64);
        let error = (2.0 * estimate.block as f64 / total).sqrt();
        within("tau", estimate.tau, exact, 4.5 * 1.5 * error * exact).unwrap();
        assert_eq!(estimate.ess, total / estimate.tau);
        // One block a chain: the variance of the chains' means.
        let last = *blocking.taus().last().unwrap();
        let of_means = draws as f64 * moments.of_means().variance() / blocking.moments().variance();
        close("one block a chain", last, of_means);
    }
}

#[test]
fn chains_too_short_for_their_correlation_are_told() {
    let (blocking, _) = autoregression(0.99, 256, 32, 3);
    assert!(!blocking.estimate().unwrap().settled);
    // Chains that disagree: nearly one effective draw a chain, not one a draw.
    let mut apart = Blocking::new(64);
    let mut lcg = Lcg(5);
    for _ in 0..256 {
        let row: Vec<f64> = (0..64).map(|c| f64::from(c) + lcg.uniform()).collect();
        apart.push(&row).unwrap();
    }
    let estimate = apart.estimate().unwrap();
    assert!(
        estimate.ess < 64.5 * 256.0 / estimate.block as f64,
        "{estimate:?}"
    );
    for value in [f64::NAN, f64::INFINITY, 2.0] {
        let mut blocking = Blocking::new(4);
        for _ in 0..8 {
            blocking.push(&[2.0, 2.0, 2.0, value]).unwrap();
        }
        assert_eq!(blocking.estimate(), None);
    }
}

#[test]
fn blocks_of_chains_merge_in_a_fixed_shape() {
    let golden = goldens()
        .into_iter()
        .find(|g| g.name == "many_chains")
        .unwrap();
    let rows = rows(&golden.series, golden.chains, golden.draws);
    let of = |chains: std::ops::Range<usize>| {
        let mut blocking = Blocking::new(chains.len());
        for row in &rows {
            blocking.push(&row[chains.clone()]).unwrap();
        }
        blocking
    };
    let (all, merged) = (of(0..64), of(0..32).beside(of(32..64)).unwrap());
    for (a, b) in all.taus().into_iter().zip(merged.taus()) {
        close("tau of merged chains", b, a);
    }
    // Whoever computed the parts, the same parts give the same bits; and pushing goes on after.
    let mut again = of(0..32).beside(of(32..64)).unwrap();
    assert_eq!(again, merged);
    again.push(&[0.5; 64]).unwrap();
    assert_eq!(again.draws(), golden.draws as u64 + 1);
}

#[test]
fn energy_tells_slow_refreshment_and_bad_trajectories() {
    // Differences of an autoregression have variance 2 (1 - phi).
    let bfmi = |phi: f64, chains: usize, draws: usize| -> Gate {
        let mut lcg = Lcg(11);
        let mut normal = || normal_quantile(lcg.uniform() + 1.0 / (1u64 << 54) as f64);
        let mut energies = Vec::new();
        for _ in 0..chains {
            let mut y = normal();
            for _ in 0..draws {
                energies.push(y);
                y = phi * y + (1.0 - phi * phi).sqrt() * normal();
            }
        }
        let exact = 2.0 * (1.0 - phi);
        // Numerator and denominator each have a relative error below sqrt(2 memory / n).
        let n = (chains * (draws - 1)) as f64;
        let error = 2.0 * (2.0 * (1.0 + phi * phi) / (1.0 - phi * phi) / n).sqrt();
        within(
            "E-BFMI",
            e_bfmi_pooled(&energies, chains, draws),
            exact,
            4.5 * error * exact,
        )?;
        if chains == 1 {
            require(
                e_bfmi(&energies) == e_bfmi_pooled(&energies, 1, draws),
                || "one chain".into(),
            )?;
        }
        Ok(())
    };
    bfmi(0.0, 1, 4000).unwrap();
    bfmi(0.8, 1, 40_000).unwrap();
    bfmi(0.8, 4000, 4).unwrap();

    // dH ~ N(s^2 / 2, s^2) makes E exp(-dH) = 1.
    let s = 0.5;
    let mut lcg = Lcg(13);
    let mut normal = || normal_quantile(lcg.uniform() + 1.0 / (1u64 << 54) as f64);
    let mut errors: Vec<f64> = (0..20_000).map(|_| 0.5 * s * s + s * normal()).collect();
    let unit = |e: &EnergyErrors| {
        let w = e.weights();
        let se = w.sd() / (w.count() as f64).sqrt();
        within("E exp(-dH)", w.mean(), 1.0, 4.5 * se)
    };
    let right = EnergyErrors::of(&errors);
    unit(&right).unwrap();
    let biased: Vec<f64> = errors.iter().map(|e| e + 0.05).collect();
    must_fail("energy that leaks", unit(&EnergyErrors::of(&biased)));
    assert_eq!((right.divergences(), right.errors().count()), (0, 20_000));
    errors[..4].copy_from_slice(&[f64::NAN, f64::INFINITY, 1001.0, f64::NEG_INFINITY]);
    let lost = EnergyErrors::of(&errors[..100]).merge(EnergyErrors::of(&errors[100..]));
    assert_eq!((lost.divergences(), lost.errors().count()), (4, 19_996));
    assert_eq!(lost.weights().count(), 20_000);
    let largest = errors[4..].iter().fold(0.0f64, |m, e| m.max(e.abs()));
    assert_eq!(lost.largest(), largest);
}
