//! Time grids: ends, order, shifts, refusals.

use super::gates::{must_pass, within};
use driftlane::diffusion::{Grid, GridOptions, Node, Schedule};

const SPACINGS: [&str; 5] = [
    "linspace",
    "leading",
    "trailing",
    "linspace-ddim",
    "leading-ddim",
];

pub fn schedule(name: &str) -> Schedule {
    Schedule::from_name(name).unwrap()
}

pub fn grid(name: &str) -> Grid {
    Grid::from_name(name).unwrap()
}

pub fn levels(nodes: &[Node]) -> Vec<f64> {
    nodes.iter().map(Node::noise_level).collect()
}

pub fn times(nodes: &[Node]) -> Vec<f64> {
    nodes.iter().map(|node| node.time).collect()
}

pub fn with(rho: Option<f64>, shift: Option<f64>) -> GridOptions {
    GridOptions { rho, shift }
}

#[track_caller]
pub fn all_within(got: &[f64], exact: &[f64], relative: f64) {
    assert_eq!(got.len(), exact.len(), "{got:?}");
    for (i, (got, exact)) in got.iter().zip(exact).enumerate() {
        must_pass(within(&format!("{i}"), *got, *exact, relative * exact));
    }
}

/// What is refused, by the field it names: whole times of schedules that have none, levels beyond the schedule's,
/// and one step between nodes that are the same.
fn refused(grid: &str, schedule: &str, steps: usize) -> Option<&'static str> {
    let is_whole = SPACINGS.contains(&grid);
    let is_discrete = ["vp-discrete", "vp-scaled-linear"].contains(&schedule);
    match grid {
        _ if is_whole && !is_discrete => Some("grid ="),
        "ays-svd" if schedule != "flow" => Some("grid ="),
        "linspace-ddim" | "leading-ddim" if steps == 1 => Some("steps ="),
        _ => None,
    }
}

#[track_caller]
pub fn check_order(nodes: &[Node], steps: usize) {
    assert!((2..=steps + 1).contains(&nodes.len()));
    let falls = nodes
        .windows(2)
        .all(|n| n[1].noise_level() < n[0].noise_level() && n[1].time < n[0].time);
    assert!(falls, "{:?}", times(nodes));
    let numbers = nodes.iter().flat_map(|n| [n.time, n.alpha, n.sigma]);
    assert!(numbers.into_iter().all(f64::is_finite));
}

#[test]
fn grids_fall_from_end_to_end_or_are_refused() {
    let mut made = 0;
    for name in Schedule::NAMES {
        let schedule = schedule(name);
        let (least, most) = schedule.times();
        for grid_name in Grid::NAMES {
            let grid = grid(grid_name);
            assert_eq!(grid.name(), *grid_name);
            for steps in [1, 2, 3, 10, 50] {
                let what = format!("{grid_name} {name} {steps}");
                let result = grid.nodes(&schedule, steps);
                if let Some(field) = refused(grid_name, name, steps) {
                    let error = result.unwrap_err().to_string();
                    assert!(error.starts_with(field), "{what}: {error}");
                    continue;
                }
                let nodes = result.unwrap();
                made += 1;
                check_order(&nodes, steps);
                let ends = (nodes[0].time, nodes[nodes.len() - 1].time);
                match *grid_name {
                    "iddpm" | "ays-sd15" | "ays-sdxl" | "ays-svd" => {
                        assert!(ends.0 <= most && ends.1 >= least, "{what}");
                    }
                    "leading" | "leading-ddim" => assert_eq!(ends.1, least, "{what}"),
                    _ => assert_eq!(ends, (most, least), "{what}"),
                }
                // These two end at time 0 by themselves.
                let same = usize::from(grid_name.ends_with("-ddim"));
                assert_eq!(nodes.len(), steps + 1 - same, "{what}");
            }
        }
    }
    // 11 grids everywhere, one on one schedule, five on two, two of these without one step.
    assert_eq!(made, 5 * (11 * 8 + 1 + 5 * 2) - 2 * 2);
}

#[test]
fn a_million_steps_fall_too() {
    let many = 1_000_000;
    for (name, grids) in [("vp-scaled-linear", Grid::NAMES), ("flow", Grid::NAMES)] {
        let schedule = schedule(name);
        for grid_name in grids {
            if let Ok(nodes) = grid(grid_name).nodes(&schedule, many) {
                check_order(&nodes, many);
                let whole = ["beta-t", "iddpm"].contains(grid_name) && name != "flow";
                let least = if whole || *grid_name == "iddpm" {
                    900
                } else {
                    999_000
                };
                assert!(nodes.len() > least, "{grid_name} {name} {}", nodes.len());
            } else {
                let known = SPACINGS.contains(grid_name) || *grid_name == "ays-svd";
                assert!(known, "{grid_name} {name}");
            }
        }
    }
    for steps in [0, many + 1] {
        for name in Grid::NAMES {
            let error = grid(name).nodes(&schedule("vp-discrete"), steps);
            let error = error.unwrap_err().to_string();
            assert!(error.starts_with("steps = "), "{name}: {error}");
        }
    }
}

#[test]
fn a_shift_is_that_of_flow() {
    let flow = schedule("flow");
    let shift = |sigma: f64, s: f64| s * sigma / (1.0 + (s - 1.0) * sigma);
    let plain = grid("time").nodes(&flow, 8).unwrap();
    for s in [0.2, 1.0, 3.0] {
        let nodes = grid("time")
            .nodes_with(&flow, 8, &with(None, Some(s)))
            .unwrap();
        assert_eq!(nodes.len(), 9);
        assert_eq!((nodes[0], nodes[8]), (plain[0], plain[8]));
        for (node, plain) in nodes.iter().zip(&plain).skip(1).take(7) {
            must_pass(within("sigma", node.time, shift(plain.time, s), 4e-16));
        }
    }
    // What leaves the schedule is left out, for any grid and schedule.
    for name in Schedule::NAMES {
        for grid_name in Grid::NAMES {
            for s in [1e-6, 0.3, 5.0, 1e6] {
                match grid(grid_name).nodes_with(&schedule(name), 12, &with(None, Some(s))) {
                    Ok(nodes) => check_order(&nodes, 12),
                    Err(error) => {
                        let error = error.to_string();
                        let known = refused(grid_name, name, 12).unwrap_or("shift =");
                        assert!(error.starts_with(known), "{grid_name} {name} {s}: {error}");
                    }
                }
            }
        }
    }
    let edm = grid("time").nodes_with(&schedule("edm"), 4, &with(None, Some(2.0)));
    all_within(
        &levels(&edm.unwrap()),
        &[80.0, 2.0 * (0.002 + 0.25 * 79.998), 0.002],
        1e-14,
    );
}

#[test]
fn calls_before_clean_data() {
    let vp = schedule("vp-linear");
    let none = GridOptions::default();
    for name in ["time", "karras", "beta", "iddpm", "kl-optimal"] {
        let calls = grid(name).calls_with(&vp, 6, &none).unwrap();
        assert_eq!(calls, grid(name).nodes(&vp, 5).unwrap(), "{name}");
    }
    for name in Grid::NAMES {
        for schedule_name in ["vp-linear", "vp-discrete", "flow"] {
            let schedule = schedule(schedule_name);
            let Ok(one) = grid(name).calls_with(&schedule, 1, &none) else {
                assert_eq!(refused(name, schedule_name, 2), Some("grid ="), "{name}");
                continue;
            };
            assert_eq!(one.len(), 1, "{name}");
            assert_eq!(grid(name).calls_with(&schedule, 7, &none).unwrap().len(), 7);
            let error = grid(name).calls_with(&schedule, 0, &none).unwrap_err();
            assert!(
                error.to_string().starts_with("steps = 0"),
                "{name}: {error}"
            );
        }
    }
}

#[test]
fn options_are_refused_by_name() {
    let vp = schedule("vp-discrete");
    let error = |name: &str, options| {
        let result = grid(name).nodes_with(&vp, 3, &options);
        result.unwrap_err().to_string()
    };
    let bad = [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    for rho in bad.into_iter().chain([100.5]) {
        for name in ["quadratic", "karras", "polyexponential"] {
            let error = error(name, with(Some(rho), None));
            assert!(error.starts_with("rho = "), "{error}");
        }
    }
    for name in Grid::NAMES {
        if !["quadratic", "karras", "polyexponential", "ays-svd"].contains(name) {
            let error = error(name, with(Some(7.0), None));
            assert!(error.starts_with("rho = 7: none"), "{error}");
        }
        for shift in bad.into_iter().chain([1.1e6]) {
            let error = error(name, with(None, Some(shift)));
            assert!(error.starts_with("shift = "), "{name}: {error}");
        }
    }
    for (alias, name) in Grid::ALIASES {
        assert_eq!(grid(alias).name(), *name);
    }
    for unknown in ["simple", "Karras", "", "ays"] {
        assert!(Grid::from_name(unknown).is_none());
    }
}
