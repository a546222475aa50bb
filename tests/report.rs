//! The report of records made by hand: hostile names, broken numbers, curves that are known.

mod page;

use driftlane::diagnostics::RHatKind;
use driftlane::parameters::Parameters;
use driftlane::record::figures::{Figures, Sources};
use driftlane::record::{
    Draws, Manifest, Part, RunRecord, SamplePart, SmcPart, Stage, Summary, Warning, report,
};
use driftlane::target::library;
use page::{check, sections};

const HOSTILE: &str =
    "\"><script src='https://x.example/a.js'></script><b onload=alert(1)>&amp;]]>\u{0}\u{7}";

fn summary(verb: &str, target: &str, (particles, dim): (usize, usize), part: Part) -> Summary {
    Summary {
        driftlane: "0.1.0".into(),
        isa: "avx2".into(),
        verb: verb.into(),
        target: target.into(),
        dim,
        particles,
        steps: 10,
        precision: "f64".into(),
        threads: 1,
        seed: 1,
        seconds: 0.5,
        particle_steps_per_second: 1e6,
        gradient_evaluations: 0,
        gradients_per_second: 0.0,
        density_evaluations: 0,
        nonfinite: 0,
        warnings: vec![],
        out: None,
        part,
        eti89_lb: Vec::new(),
        eti89_ub: Vec::new(),
    }
}

const NOTHING: Sources<'_> = Sources {
    target: None,
    log_densities: &[],
    acceptance: &[],
    energies: &[],
    noise_levels: &[],
};

/// Numbers that look random.
fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..n)
        .map(|_| (0..6).map(|_| next()).sum::<f64>() - 3.0)
        .collect()
}

#[test]
fn hostile_names_are_text() {
    let (particles, dim, draws) = (4, 3, 120);
    let values = noise(particles * dim * draws, 1);
    let part = SamplePart {
        mean: vec![0.0; dim],
        sd: vec![1.0; dim],
        ..SamplePart::default()
    };
    let mut record = RunRecord {
        names: vec![HOSTILE.into(); dim],
        r_hat: vec![1.0; dim],
        ess_bulk: vec![100.0; dim],
        ess_tail: vec![100.0; dim],
        reference: HOSTILE.into(),
        evidence_method: HOSTILE.into(),
        config: HOSTILE.into(),
        command: HOSTILE.into(),
        warnings: vec![Warning::RHat {
            value: 2.0,
            coordinate: HOSTILE.into(),
        }],
        draws: Some(Draws {
            values: &values,
            draws,
        }),
        samples: (&values[..particles * dim]).into(),
        ..RunRecord::of(
            summary("sample", HOSTILE, (particles, dim), Part::Sample(part)),
            Manifest::new(1, HOSTILE),
        )
    };
    record.figures = Figures::of(&record, &NOTHING);
    let html = report::html(&record);
    assert!(sections(&html).contains(&"ranks") && html.contains("&lt;script"));
    // As text the address may stand there, but for `check`, which knows no text.
    check(
        &html
            .replace("https:", "")
            .replace("src=", "")
            .replace("{}", ""),
    );
    assert!(!html.contains('\u{0}') && !html.contains('\u{7}'));
    assert_eq!(html, report::html(&record), "the same bytes");
}

#[test]
fn broken_numbers_draw_nothing_and_break_nothing() {
    let all = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e308,
        -1e308,
        0.0,
    ];
    for number in all {
        for dim in [1, 2, 5] {
            let values = vec![number; 60 * 3 * dim];
            let part = SmcPart {
                log_evidence: number,
                log_evidence_se: Some(number),
                log_evidences: vec![number; 3],
                mean: vec![number; dim],
                sd: vec![number; dim],
                ..SmcPart::default()
            };
            let stage = Stage {
                tempering_param: number,
                ess: number,
                acceptance: number,
                step_size: number,
                log_evidence_increment: number,
            };
            let mut record = RunRecord {
                r_hat: vec![number; dim],
                ess_bulk: vec![number; dim],
                stages: vec![stage; 3],
                draws: Some(Draws {
                    values: &values,
                    draws: 60,
                }),
                samples: (&values[..3 * dim]).into(),
                ..RunRecord::of(
                    summary("smc", "x", (3, dim), Part::Smc(part)),
                    Manifest::new(1, "x"),
                )
            };
            let more = vec![number; 180];
            let levels = [number, number];
            record.figures = Figures::of(
                &record,
                &Sources {
                    log_densities: &more,
                    acceptance: &more,
                    energies: &more,
                    noise_levels: &levels,
                    ..NOTHING
                },
            );
            check(&report::html(&record));
        }
    }
    // No particles at all.
    let mut record = RunRecord::of(
        summary("smc", "x", (0, 2), Part::Smc(SmcPart::default())),
        Manifest::new(1, "x"),
    );
    record.figures = Figures::of(&record, &NOTHING);
    check(&report::html(&record));
}

/// Exact curves integrate to one and pass through what is known.
#[test]
fn exact_curves_are_densities() {
    let line = library::build("gaussian", Parameters::new("x", ".", Default::default())).unwrap();
    let values = noise(3000, 5);
    let mut record = RunRecord {
        samples: (&values).into(),
        ..RunRecord::of(
            summary(
                "diffuse",
                "gaussian",
                (3000, 1),
                Part::Diffuse(Default::default()),
            ),
            Manifest::new(1, "x"),
        )
    };
    let part = driftlane::record::DiffusePart {
        mean: vec![0.0],
        sd: vec![1.0],
        ..Default::default()
    };
    record.summary.part = Part::Diffuse(part);
    let figures = Figures::of(
        &record,
        &Sources {
            target: Some(&*line),
            ..NOTHING
        },
    );
    let curve = &figures.marginals[0].exact;
    let step = curve[1].0 - curve[0].0;
    let area: f64 = curve.iter().map(|p| p.1 * step).sum();
    assert!((area - 1.0).abs() < 0.02, "{area}");
    let counted: u32 = figures.marginals[0].counts.iter().sum();
    assert!(counted as usize > 2900 && figures.values == 3000);
}

/// Bars are held against averages over bins: of forty modes in the plane, whose bins are wide as the modes, a million exact
/// values scatter about them by chance alone, and would not about the curve. Bins that are too wide for the curve become
/// narrower where there are values for it.
#[test]
fn bars_are_held_against_averages_over_bins() {
    let target = library::build("fab-40", Parameters::new("x", ".", Default::default())).unwrap();
    let figures = |n: usize, seed: u64| {
        let values = exact(&*target, n, seed);
        let record = RunRecord {
            samples: (&values).into(),
            ..RunRecord::of(
                summary(
                    "diffuse",
                    "fab-40",
                    (n, 2),
                    Part::Diffuse(driftlane::record::DiffusePart {
                        mean: vec![0.0; 2],
                        sd: vec![1.0; 2],
                        ..Default::default()
                    }),
                ),
                Manifest::new(1, "x"),
            )
        };
        let sources = Sources {
            target: Some(&*target),
            ..NOTHING
        };
        (Figures::of(&record, &sources), record.summary)
    };
    for (n, fewest) in [(1024, 34), (16_384, 60)] {
        let (figures, summary) = figures(n, 3);
        for marginal in &figures.marginals {
            let bins = marginal.counts.len();
            assert!(bins >= fewest && bins <= n / 30, "{n}: {bins}");
            let expected = marginal.expected();
            let width = (marginal.high - marginal.low) / bins as f64;
            let (mut square, mut of_curve, mut used) = (0.0, 0.0, 0.0);
            for (k, (count, average)) in marginal.counts.iter().zip(&expected).enumerate() {
                let middle = marginal.low + (k as f64 + 0.5) * width;
                let curve = target
                    .marginal_density(marginal.coordinate, middle)
                    .unwrap();
                let mean = average * width * n as f64;
                if mean > 5.0 {
                    square += (f64::from(*count) - mean).powi(2) / mean;
                    of_curve += (curve / average - 1.0).powi(2) * mean;
                    used += 1.0;
                }
            }
            // A sum of squares of so many bins, to four standard deviations.
            let most = used + 4.0 * (2.0f64 * used).sqrt();
            assert!(square < most, "{n}: {square} of {used}");
            assert!(n > 2000 || of_curve > 1.0, "{n}: {of_curve}");
        }
        let record = RunRecord {
            figures,
            ..RunRecord::of(summary, Manifest::new(1, "x"))
        };
        let html = report::html(&record);
        check(&html);
        assert!(
            html.contains("<path class=\"expected\"") && html.contains("its average over a bar")
        );
        assert!(html.contains(">density</text>") && html.contains("in the fullest") == (n > 1500));
    }
}

/// Exact draws of a target in the plane.
fn exact(target: &dyn driftlane::target::BlockTarget, n: usize, seed: u64) -> Vec<f64> {
    use driftlane_kernels::rng::{Purpose, Stream};
    use driftlane_kernels::{F64, Lane, tile::Row};
    let mut stream = Stream::new(seed, Purpose::Exact, 0, 0);
    let mut x = vec![Row::<F64>::splat(0.0); 2];
    let mut values = Vec::new();
    while values.len() < 2 * n {
        assert!(target.sample_exact(&mut stream, &mut x));
        let [a, b]: [&[f64]; 2] = [bytemuck::cast_slice(&x[..1]), bytemuck::cast_slice(&x[1..])];
        values.extend(a.iter().zip(b).flat_map(|(a, b)| [*a, *b]));
    }
    values.truncate(2 * n);
    values
}

/// Sound chains are called outside as rarely as is said, whatever the number of coordinates the shown ones were chosen
/// from: of 40 records at most 6 (5% on average, and one in a thousand has more).
#[test]
fn bands_are_joint_over_coordinates() {
    let (chains, draws, dim) = (4, 400, 12);
    let mut outside = 0;
    for seed in 0..40 {
        let values = noise(chains * draws * dim, 100 + seed);
        let part = SamplePart {
            mean: vec![0.0; dim],
            sd: vec![1.0; dim],
            ..SamplePart::default()
        };
        // Chosen by R-hat, as reports do.
        let r_hat = |j: usize| {
            let chain = |c: usize| {
                (0..draws)
                    .map(|d| values[(d * chains + c) * dim + j])
                    .collect::<Vec<f64>>()
            };
            let all: Vec<f64> = (0..chains).flat_map(chain).collect();
            driftlane::diagnostics::r_hat(&all, chains, draws)
        };
        let mut record = RunRecord {
            r_hat: (0..dim).map(r_hat).collect(),
            ess_bulk: vec![(chains * draws) as f64 * 2.0; dim],
            ess_tail: vec![(chains * draws) as f64 * 2.0; dim],
            samples: (&values[..chains * dim]).into(),
            draws: Some(Draws {
                values: &values,
                draws,
            }),
            ..RunRecord::of(
                summary("sample", "x", (chains, dim), Part::Sample(part)),
                Manifest::new(1, "x"),
            )
        };
        record.figures = Figures::of(&record, &NOTHING);
        let ranks = record.figures.ranks.as_ref().unwrap();
        assert!((ranks.level - (1.0 - 0.05 / 12.0)).abs() < 1e-12);
        let html = report::html(&record);
        let inside = ranks.coordinates.iter().all(|c| c.inside);
        assert_eq!(html.contains("Every line is inside."), inside);
        assert!(html.contains("all lines of all 12 coordinates, from which these were chosen,"));
        assert!(html.contains("(of one with 99.58%)"));
        outside += usize::from(!inside);
    }
    assert!(outside <= 6, "{outside} of 40");
}

/// Moves that only tuned are in the number of moves and not in the table: the report says so.
#[test]
fn moves_that_only_tuned_are_told() {
    let part = SmcPart {
        moves: vec![5; 22],
        mean: vec![0.0],
        sd: vec![1.0],
        log_evidences: vec![0.0],
        ..SmcPart::default()
    };
    let mut summary = summary("smc", "x", (4, 1), Part::Smc(part));
    summary.steps = 120;
    let html = report::html(&RunRecord::of(summary.clone(), Manifest::new(1, "x")));
    assert!(html.contains("120 moves each (10 of them only to tune)"));
    summary.steps = 110;
    let html = report::html(&RunRecord::of(summary, Manifest::new(1, "x")));
    assert!(html.contains("110 moves each, f64"));
}

/// A record of two coordinates with these diagnostics.
fn judged(names: Vec<String>, r_hat: Vec<f64>, ess: Vec<f64>) -> String {
    let values = noise(2 * 70 * 20, 3);
    let part = SamplePart {
        mean: vec![0.0; 2],
        sd: vec![1.0; 2],
        r_hat_kind: Some(RHatKind::Nested),
        ..SamplePart::default()
    };
    let mut record = RunRecord {
        names,
        r_hat,
        ess_bulk: ess.clone(),
        ess_tail: ess,
        samples: (&values[..140]).into(),
        draws: Some(Draws {
            values: &values,
            draws: 20,
        }),
        ..RunRecord::of(
            summary("sample", "x", (70, 2), Part::Sample(part)),
            Manifest::new(1, "x"),
        )
    };
    record.figures = Figures::of(&record, &NOTHING);
    let html = report::html(&record);
    check(&html);
    html
}

#[test]
fn limits_stand_where_they_are() {
    let names = || vec!["a".to_owned(), "b".to_owned()];
    // All below 400: the axis reaches it, linear or logarithmic.
    let html = judged(names(), vec![1.0, 1.1], vec![150.0, 200.0]);
    assert!(html.contains(">400</text>"));
    let html = judged(names(), vec![1.0, 1.1], vec![10.0, 20.0]);
    assert!(html.contains(">10³</text>"));
    // Chains that stand still apart.
    let html = judged(names(), vec![f64::INFINITY, 1.1], vec![500.0, 600.0]);
    assert!(html.contains("<dt>largest nested R-hat</dt><dd>∞"));
    assert!(html.contains("<td>∞</td>") && html.contains("1 figure without end"));
    assert!(html.contains("superchains of neighbours") && html.contains("arXiv:2110.13017"));
    // Coordinates stand apart, each with its name; nothing joins them.
    let html = judged(names(), vec![1.0, 1.1], vec![150.0, 200.0]);
    let section = html.split("id=\"coordinates\"").nth(1).unwrap();
    let section = section.split("</section>").next().unwrap();
    assert!(!section.contains("<polyline") && section.matches(">a</text>").count() == 2);
}

#[test]
fn long_names_end_in_an_ellipsis() {
    let long = "a_parameter_with_a_name_of_sixty_characters_for_a_small_page".to_owned();
    let html = judged(vec![long.clone(), "b".into()], vec![1.0; 2], vec![500.0; 2]);
    let shown: String = long.chars().take(23).collect();
    assert!(html.contains(&format!(">{shown}…</text>")));
}
