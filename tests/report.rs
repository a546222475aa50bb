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
}

#[test]
fn long_names_end_in_an_ellipsis() {
    let long = "a_parameter_with_a_name_of_sixty_characters_for_a_small_page".to_owned();
    let html = judged(vec![long.clone(), "b".into()], vec![1.0; 2], vec![500.0; 2]);
    let shown: String = long.chars().take(23).collect();
    assert!(html.contains(&format!(">{shown}…</text>")));
}
