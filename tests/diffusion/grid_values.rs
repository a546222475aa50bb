//! Values of time grids: formulas, tables, and what other implementations have.

use super::gates::{must_fail, must_pass, within};
use super::grids::{all_within, check_order, grid, levels, schedule, times, with};
use driftlane::diffusion::GridOptions;

#[test]
fn powers_of_noise_levels_and_times() {
    let edm = schedule("edm");
    let karras = grid("karras").nodes(&edm, 17).unwrap();
    let root = |s: f64, rho: f64| s.powf(1.0 / rho);
    let rule = |i: u32, n: f64, rho: f64| {
        (root(80.0, rho) + f64::from(i) / n * (root(0.002, rho) - root(80.0, rho))).powf(rho)
    };
    assert_eq!((karras[0].sigma, karras[17].sigma), (80.0, 0.002));
    // The second of EDM's 18 levels.
    must_pass(within("1", karras[1].sigma, 57.586, 1e-3));
    for i in 1..17 {
        let exact = rule(i, 17.0, 7.0);
        must_pass(within(
            "karras",
            karras[i as usize].sigma,
            exact,
            1e-13 * exact,
        ));
    }
    for rho in [0.01, 0.5, 1.0, 3.0, 100.0] {
        let nodes = grid("rho")
            .nodes_with(&edm, 4, &with(Some(rho), None))
            .unwrap();
        check_order(&nodes, 4);
        if rho > 0.1 {
            let exact = rule(2, 4.0, rho);
            must_pass(within("rho", nodes[2].sigma, exact, 1e-12 * exact));
        }
    }
    // k-diffusion's own: a power of 1 is uniform in the logarithm.
    let poly = grid("polyexponential");
    let log = grid("exponential").nodes(&edm, 6).unwrap();
    all_within(&levels(&poly.nodes(&edm, 6).unwrap()), &levels(&log), 1e-14);
    let square = poly.nodes_with(&edm, 2, &with(Some(2.0), None)).unwrap();
    let exact = (0.25 * (80.0f64 / 0.002).ln()).exp() * 0.002;
    must_pass(within("square", square[1].sigma, exact, 1e-14));
    let vp = schedule("vp-linear");
    let quadratic = grid("quadratic");
    let middle = |rho: Option<f64>| quadratic.nodes_with(&vp, 2, &with(rho, None)).unwrap()[1].time;
    let mean = |rho: f64| (0.5 * (1.0 + 1e-3f64.powf(1.0 / rho))).powf(rho);
    must_pass(within("power 2", middle(None), mean(2.0), 1e-15));
    must_pass(within("power 3", middle(Some(3.0)), mean(3.0), 1e-15));
    must_fail(
        "power 3",
        within("power 2", middle(Some(3.0)), mean(2.0), 1e-4),
    );
    let steps: Vec<f64> = grid("logsnr")
        .nodes(&vp, 10)
        .unwrap()
        .windows(2)
        .map(|n| n[1].lambda() - n[0].lambda())
        .collect();
    for h in &steps {
        must_pass(within("h", *h, steps[0], 1e-12));
    }
}

#[test]
fn kl_optimal_is_uniform_in_the_arc_tangent() {
    for name in ["edm", "flow", "vp-scaled-linear"] {
        let nodes = grid("kl-optimal").nodes(&schedule(name), 8).unwrap();
        let all = levels(&nodes);
        let (high, low) = (all[0].atan(), all[8].atan());
        for (i, level) in all.iter().enumerate().skip(1) {
            let share = i as f64 / 8.0;
            let exact = (share * low + (1.0 - share) * high).tan();
            must_pass(within(name, *level, exact, 1e-13 * exact));
        }
    }
}

/// By scipy.stats.beta.ppf(., 0.6, 0.6), rounded by numpy.rint.
#[test]
fn quantiles_of_the_beta_law() {
    let beta = grid("beta").nodes(&schedule("edm"), 8).unwrap();
    let exact = [
        80.0,
        75.42760522293412,
        65.94592106854171,
        53.650139105280736,
        40.001,
        26.351860894719263,
        14.056078931458295,
        4.574394777065882,
        0.002,
    ];
    all_within(&levels(&beta), &exact, 1e-14);
    let discrete = schedule("vp-scaled-linear");
    let ten = [
        999.0, 959.0, 876.0, 765.0, 637.0, 500.0, 362.0, 234.0, 123.0, 40.0,
    ];
    let twenty = [
        999.0, 986.0, 959.0, 922.0, 876.0, 823.0, 765.0, 703.0, 637.0, 569.0, 500.0, 430.0, 362.0,
        296.0, 234.0, 176.0, 123.0, 77.0, 40.0, 13.0,
    ];
    for whole in [&ten[..], &twenty] {
        let nodes = grid("beta-t").nodes(&discrete, whole.len()).unwrap();
        assert_eq!(times(&nodes), [whole, &[0.0]].concat());
        let calls = grid("beta-t").calls_with(&discrete, whole.len(), &GridOptions::default());
        assert_eq!(times(&calls.unwrap()), whole);
    }
    // Fewer than asked: times that are the same are taken once.
    let many = grid("beta-t").nodes(&discrete, 900).unwrap();
    assert!(many.len() < 901);
    check_order(&many, 900);
    // Without whole times nothing is rounded, and on flow both are uniform in the same.
    let flow = schedule("flow");
    let time = grid("beta-t").nodes(&flow, 4).unwrap();
    must_pass(within(
        "t",
        time[1].time,
        0.001 + 0.999 * 0.824319621347305,
        1e-15,
    ));
    assert_eq!(times(&grid("beta").nodes(&flow, 4).unwrap()), times(&time));
}

/// The recursion as EDM's program has it.
#[test]
fn iddpm_takes_entries_of_its_table() {
    let alpha_bar = |j: usize| {
        (0.5 * std::f64::consts::PI * j as f64 / 1000.0 / 1.008)
            .sin()
            .powi(2)
    };
    let mut table = vec![0.0f64; 1001];
    for j in (1..=1000).rev() {
        let ratio = (alpha_bar(j - 1) / alpha_bar(j)).max(1e-3);
        table[j - 1] = ((table[j] * table[j] + 1.0) / ratio - 1.0).sqrt();
    }
    must_pass(within("u_0", table[0], 20291.1696100215, 1e-6));
    for (name, low, high, count) in [
        ("edm", 0.002, 80.0, 991),
        ("flow", 0.001, f64::INFINITY, 1000),
    ] {
        let inside: Vec<f64> = table
            .iter()
            .copied()
            .filter(|u| (low..=high).contains(u))
            .collect();
        assert_eq!(inside.len(), count);
        for steps in [1usize, 17, 50] {
            let nodes = grid("iddpm").nodes(&schedule(name), steps).unwrap();
            let each = (inside.len() - 1) as f64 / steps as f64;
            let exact: Vec<f64> = (0..=steps)
                .map(|i| inside[(each * i as f64).round_ties_even() as usize])
                .collect();
            // The recursion loses digits that the closed form keeps.
            all_within(&levels(&nodes), &exact, 1e-11);
        }
    }
    let all = grid("iddpm").nodes(&schedule("edm"), 5000).unwrap();
    assert_eq!(all.len(), 991);
}

#[test]
fn align_your_steps_is_its_table_at_ten_steps() {
    let sd15 = [
        14.6146412293,
        6.4745760956,
        3.8636745985,
        2.6946151520,
        1.8841921177,
        1.3943805092,
        0.9642583904,
        0.6523686016,
        0.3977456272,
        0.1515232662,
        0.0291671582,
    ];
    let sdxl = [
        14.6146412293,
        6.3184485287,
        3.7681790315,
        2.1811480769,
        1.3405244945,
        0.8620721141,
        0.5550693289,
        0.3798540708,
        0.2332364134,
        0.1114188177,
        0.0291671582,
    ];
    let svd = [
        700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002,
    ];
    let scaled = schedule("vp-scaled-linear");
    for (name, table, on) in [
        ("ays-sd15", sd15, &scaled),
        ("ays-sdxl", sdxl, &scaled),
        ("ays-svd", svd, &schedule("flow")),
    ] {
        let ten = grid(name).nodes(on, 10).unwrap();
        // Nine digits of the ends are the schedule's own.
        all_within(&levels(&ten), &table, 1e-8);
        all_within(&levels(&ten[1..10]), &table[1..10], 1e-13);
        let calls = grid(name)
            .calls_with(on, 10, &GridOptions::default())
            .unwrap();
        assert_eq!(calls, ten[..10]);
        let twenty = levels(&grid(name).nodes(on, 20).unwrap());
        for (i, pair) in table.windows(2).enumerate() {
            let middle = (pair[0] * pair[1]).sqrt();
            must_pass(within(name, twenty[2 * i + 1], middle, 2e-8 * middle));
        }
    }
    let ends = times(&grid("ays-sd15").nodes(&scaled, 10).unwrap());
    assert_eq!((ends[0], ends[10]), (999.0, 0.0));
    // The paper's times: ten digits of a level are a millionth of one.
    let sd15 = [
        999.0, 850.0, 736.0, 645.0, 545.0, 455.0, 343.0, 233.0, 124.0, 24.0,
    ];
    let sdxl = [
        999.0, 845.0, 730.0, 587.0, 443.0, 310.0, 193.0, 116.0, 53.0, 13.0,
    ];
    for (name, whole) in [("ays-sd15", sd15), ("ays-sdxl", sdxl)] {
        let got = times(&grid(name).nodes(&scaled, 10).unwrap());
        for (time, exact) in got.iter().zip(whole) {
            must_pass(within(name, *time, exact, 1e-5));
        }
    }
}

/// As NumPy has them from the expressions of diffusers.
#[test]
fn spacings_are_those_of_diffusers() {
    let discrete = schedule("vp-discrete");
    let evenly = |first: i32, by: i32| (0..10).map(|i| f64::from(first - i * by)).collect();
    let lists: [(&str, Vec<f64>); 5] = [
        (
            "linspace",
            vec![
                999.0, 899.0, 799.0, 699.0, 599.0, 500.0, 400.0, 300.0, 200.0, 100.0,
            ],
        ),
        ("leading", evenly(900, 90)),
        ("trailing", evenly(999, 100)),
        ("linspace-ddim", evenly(999, 111)),
        ("leading-ddim", evenly(900, 100)),
    ];
    for (name, list) in lists {
        let calls = grid(name).calls_with(&discrete, 10, &GridOptions::default());
        assert_eq!(times(&calls.unwrap()), list, "{name}");
        let nodes = times(&grid(name).nodes(&discrete, 10).unwrap());
        let ended = match list.last() {
            Some(0.0) => list,
            _ => [&list[..], &[0.0]].concat(),
        };
        assert_eq!(nodes, ended, "{name}");
        for steps in [1000, 1001] {
            let error = grid(name).nodes(&discrete, steps).unwrap_err().to_string();
            assert!(error.starts_with("steps ="), "{error}");
        }
        for steps in 2..1000 {
            let nodes = grid(name).nodes(&discrete, steps).unwrap();
            assert!(nodes.iter().all(|node| node.time.fract() == 0.0));
            check_order(&nodes, steps);
        }
    }
    // Halves: 1000 - 62.5 i to even, and where NumPy's own rounding decides.
    let sixteen = times(&grid("trailing").nodes(&discrete, 16).unwrap());
    assert_eq!(sixteen[..6], [999.0, 937.0, 874.0, 811.0, 749.0, 687.0]);
    let linspace = times(&grid("linspace").nodes(&discrete, 16).unwrap());
    assert_eq!(
        linspace[..9],
        [
            999.0, 937.0, 874.0, 812.0, 749.0, 687.0, 624.0, 562.0, 500.0
        ]
    );
    let exact = [
        999.0, 978.0, 957.0, 936.0, 916.0, 895.0, 874.0, 853.0, 832.0, 811.0, 791.0, 770.0, 749.0,
        728.0, 707.0, 686.0, 666.0, 645.0, 624.0, 603.0, 582.0, 561.0, 541.0, 520.0, 499.0, 478.0,
        457.0, 436.0, 416.0, 395.0, 374.0, 353.0, 332.0, 311.0, 291.0, 270.0, 249.0, 228.0, 207.0,
        186.0, 166.0, 145.0, 124.0, 103.0, 82.0, 61.0, 41.0, 20.0,
    ];
    assert_eq!(
        times(&grid("trailing").nodes(&discrete, 48).unwrap())[..48],
        exact
    );
}
