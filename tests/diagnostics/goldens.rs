//! Every figure from kept draws against arviz-stats 1.3.3 on the series of goldens.csv.

use crate::gates::must_fail;
use crate::gates::{Gate, require};
use crate::vectors::{Golden, goldens};
use driftlane::diagnostics::*;

/// A figure of this crate by the column's name.
fn figure(column: &str, golden: &Golden, x: &[f64]) -> f64 {
    let (chains, draws, superchains) = (golden.chains, golden.draws, golden.superchains);
    match column {
        "r_hat" => r_hat(x, chains, draws),
        "nested_r_hat" => nested_r_hat(x, chains, draws, superchains),
        "nested_r_hat_rank" => nested_r_hat_rank(x, chains, draws, superchains),
        "ess_bulk" => ess_bulk(x, chains, draws),
        "ess_tail" => ess_tail(x, chains, draws),
        "ess_mean" => ess_mean(x, chains, draws),
        "ess_sd" => ess_sd(x, chains, draws),
        "ess_quantile" => ess_quantile(x, chains, draws, 0.1),
        "mcse_mean" => mcse_mean(x, chains, draws),
        "mcse_sd" => mcse_sd(x, chains, draws),
        "mcse_median" => mcse_median(x, chains, draws),
        "mcse_quantile" => mcse_quantile(x, chains, draws, 0.1),
        "e_bfmi" => e_bfmi(&x[..draws]),
        _ => panic!("{column}"),
    }
}

/// NaN is equal to NaN alone.
fn agrees(golden: &Golden, column: &str, got: f64, expected: f64) -> Gate {
    let close = (got - expected).abs() <= 1e-10 * expected.abs();
    require(close || got.is_nan() && expected.is_nan(), || {
        format!(
            "{} {column}: {got:e}, arviz-stats {expected:e}",
            golden.name
        )
    })
}

/// Where the reference has a number for what has none: stuck draws, of which it says that each is
/// effective, and infinite ones, which ranks and quantiles happen to survive.
fn has_no_figure(golden: &Golden, column: &str) -> bool {
    let first_chain_alone = column == "e_bfmi";
    golden.name == "constant" || golden.name == "one_infinite" && !first_chain_alone
}

#[test]
fn figures_are_those_of_arviz_stats() {
    let mut broken = Vec::new();
    let goldens = goldens();
    assert!(goldens.len() >= 20);
    for golden in &goldens {
        for (column, arviz) in &golden.figures {
            let got = figure(column, golden, &golden.series);
            let without = has_no_figure(golden, column);
            let expected = if without { f64::NAN } else { *arviz };
            broken.extend(agrees(golden, column, got, expected).err());
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    // The comparison sees a draw that moved.
    let golden = &goldens[0];
    let mut moved = golden.series.clone();
    moved[1234] += 0.1;
    for (column, arviz) in golden.figures.iter().filter(|(c, _)| !c.contains("bfmi")) {
        if !column.contains("quantile") && !column.contains("tail") && column != "mcse_median" {
            let got = figure(column, golden, &moved);
            must_fail(column, agrees(golden, column, got, *arviz));
        }
    }
}

#[test]
fn one_sort_gives_the_same_bits() {
    for golden in &goldens() {
        let all = Convergence::of(&golden.series, golden.chains, golden.draws);
        for (column, got) in [
            ("r_hat", all.r_hat),
            ("ess_bulk", all.ess_bulk),
            ("ess_tail", all.ess_tail),
            ("mcse_mean", all.mcse_mean),
        ] {
            let alone = figure(column, golden, &golden.series);
            let same = got.to_bits() == alone.to_bits() || got.is_nan() && alone.is_nan();
            assert!(same, "{} {column}", golden.name);
        }
    }
}

#[test]
fn series_are_bit_for_bit_those_of_the_reference() {
    let golden = &goldens()[0];
    assert_eq!(golden.series[0], 0.0682303266439076);
    assert_eq!(golden.series[3999], 0.37917835013979073);
}

#[test]
fn figures_do_not_change_with_units() {
    // Scaling by a power of two changes no rank and no rounding.
    for golden in goldens().iter().filter(|g| g.draws >= 4) {
        let scaled: Vec<f64> = golden.series.iter().map(|x| x * 1024.0).collect();
        for (column, _) in &golden.figures {
            let (a, b) = (
                figure(column, golden, &golden.series),
                figure(column, golden, &scaled),
            );
            let unit = if column.starts_with("mcse") {
                1024.0
            } else {
                1.0
            };
            assert!(a * unit == b || a.is_nan() && b.is_nan(), "{column}");
        }
    }
}

#[test]
fn what_has_no_figure_is_nan() {
    let huge: Vec<f64> = (0..400).map(|i| [1e300, -1e300][i % 2]).collect();
    assert!(ess_mean(&huge, 4, 100).is_nan() && ess_sd(&huge, 4, 100).is_nan());
    assert!(mcse_mean(&huge, 4, 100).is_nan() && mcse_sd(&huge, 4, 100).is_nan());
    // Only the middle draw, which splitting drops, differs.
    let mut stuck = vec![1.0; 5];
    stuck[2] = 7.0;
    assert!(ess_bulk(&stuck, 1, 5).is_nan() && ess_mean(&stuck, 1, 5).is_nan());
    // Superchains that do not divide the chains, one alone, none; no chains at all.
    let golden = &goldens()[0];
    for superchains in [0, 1, 3, 5] {
        assert!(nested_r_hat(&golden.series, 4, 1000, superchains).is_nan());
        assert!(nested_r_hat_rank(&golden.series, 4, 1000, superchains).is_nan());
    }
    assert!(nested_r_hat(&[], 0, 0, 2).is_nan() && r_hat(&[], 0, 10).is_nan());
    assert!(ess_tail(&[], 0, 10).is_nan() && e_bfmi(&[]).is_nan() && e_bfmi(&[1.0]).is_nan());
    for probability in [-0.1, 1.1, f64::NAN] {
        assert!(ess_quantile(&golden.series, 4, 1000, probability).is_nan());
        assert!(mcse_quantile(&golden.series, 4, 1000, probability).is_nan());
    }
    // Superchains that are stuck apart are infinitely far from agreement.
    let apart = [1.0, 1.0, 2.0, 2.0];
    assert_eq!(nested_r_hat(&apart, 4, 1, 2), f64::INFINITY);
}
