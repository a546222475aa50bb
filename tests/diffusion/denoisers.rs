//! Denoisers of the library, guided and thresholded, against plain double precision.

use super::gates::{must_fail, must_pass, within};
use super::starts::program;
use driftlane::diffusion::solver::{Options, find};
use driftlane::diffusion::{
    Denoising, Diffuse, Grid, Guidance, Node, Operation, Prediction, Program, Schedule, Start,
    Step, diffuse,
};
use driftlane::kernels::{F32, F64};
use driftlane::target::library::{Gaussian, Mixture, Points};
use driftlane::target::{BlockTarget, Precision};

type Cov = [[f64; 2]; 2];
type Normals = Vec<(f64, [f64; 2], Cov)>;

/// The prediction of a mixture of normals in the plane, by inverses of two by two.
fn plain(normals: &Normals, x: &[f64], at: &Node, what: Prediction) -> [f64; 2] {
    let (a, s) = (at.alpha, at.sigma);
    let (mut logs, mut all) = (Vec::new(), Vec::new());
    for (weight, mean, c) in normals {
        let v = [
            [a * a * c[0][0] + s * s, a * a * c[0][1]],
            [a * a * c[1][0], a * a * c[1][1] + s * s],
        ];
        let det = v[0][0] * v[1][1] - v[0][1] * v[1][0];
        let r = [x[0] - a * mean[0], x[1] - a * mean[1]];
        let u = [
            (v[1][1] * r[0] - v[0][1] * r[1]) / det,
            (v[0][0] * r[1] - v[1][0] * r[0]) / det,
        ];
        logs.push(weight.ln() - 0.5 * (u[0] * r[0] + u[1] * r[1] + det.ln()));
        all.push([0, 1].map(|j| match what {
            Prediction::Noise => s * u[j],
            Prediction::Data => mean[j] + a * (c[j][0] * u[0] + c[j][1] * u[1]),
        }));
    }
    let high = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> = logs.iter().map(|log| (log - high).exp()).collect();
    let total: f64 = shares.iter().sum();
    [0, 1].map(|j| {
        let sum: f64 = shares.iter().zip(&all).map(|(share, m)| share * m[j]).sum();
        sum / total
    })
}

/// Predictions at positions: a program of one call.
fn called<R: Precision>(
    target: &dyn BlockTarget,
    at: Node,
    what: Prediction,
    x: &[f64],
    denoising: &Denoising,
) -> Vec<f64> {
    let program = Program {
        registers: 2,
        steps: vec![Step {
            from: at,
            to: at,
            operations: vec![
                Operation::Evaluate {
                    from: 0,
                    to: 1,
                    at,
                    prediction: what,
                },
                Operation::Combine {
                    to: 0,
                    terms: vec![(1, 1.0)],
                },
            ],
        }],
    };
    let run = Diffuse {
        start: Start::Given(x),
        denoising: denoising.clone(),
        ..Diffuse::new(x.len() / target.dim(), 1)
    };
    diffuse::<R>(target, &program, &run, &mut |_| {})
        .unwrap()
        .samples
        .to_vec()
}

fn positions(count: usize, size: f64) -> Vec<f64> {
    (0..count)
        .map(|k| size * ((k as f64 * 0.754_877_666).fract() - 0.5))
        .collect()
}

fn round(s: f64) -> Cov {
    [[s * s, 0.0], [0.0, s * s]]
}

fn laws() -> Vec<(&'static str, Box<dyn BlockTarget>, Normals)> {
    let rows = |c: Cov| vec![c[0].to_vec(), c[1].to_vec()];
    let (c, d) = ([[1.0, 0.6], [0.6, 0.8]], [[0.3, -0.2], [-0.2, 0.5]]);
    let means = [[-1.0, 0.5], [1.0, 1.0], [0.5, -2.0]];
    let lists = || means.iter().map(|m| m.to_vec()).collect::<Vec<_>>();
    let diagonal = Gaussian::diagonal(vec![1.0, -2.0], vec![0.7, 1.3]).unwrap();
    let full = Gaussian::full(vec![1.0, -2.0], &rows(c)).unwrap();
    let weights = [0.2, 0.5, 0.3];
    let isotropic = Mixture::isotropic(weights.to_vec(), lists(), vec![0.3, 0.5, 0.4]).unwrap();
    let tilted = Mixture::full(weights.to_vec(), lists(), &[rows(c), rows(d), rows(c)]).unwrap();
    let of = |covs: [Cov; 3], weights: [f64; 3]| -> Normals {
        (0..3).map(|k| (weights[k], means[k], covs[k])).collect()
    };
    let third = [1.0 / 3.0; 3];
    vec![
        (
            "diagonal",
            Box::new(diagonal),
            vec![(1.0, [1.0, -2.0], [[0.49, 0.0], [0.0, 1.69]])],
        ),
        ("full", Box::new(full), vec![(1.0, [1.0, -2.0], c)]),
        (
            "isotropic",
            Box::new(isotropic),
            of([round(0.3), round(0.5), round(0.4)], weights),
        ),
        ("tilted", Box::new(tilted), of([c, d, c], weights)),
        (
            "points",
            Box::new(Points::new(lists(), 0.0).unwrap()),
            of([round(0.0); 3], third),
        ),
        (
            "smooth",
            Box::new(Points::new(lists(), 0.2).unwrap()),
            of([round(0.2); 3], third),
        ),
    ]
}

#[test]
fn denoisers_are_the_conditional_means() {
    let none = Denoising::default();
    for schedule in ["vp-linear", "edm", "flow"] {
        let schedule = Schedule::from_name(schedule).unwrap();
        for level in [0.05, 0.3, 1.0, 6.0, 40.0] {
            let at = schedule.of_noise_level(level).unwrap();
            let x = positions(100, 4.0 * at.alpha + 4.0 * at.sigma);
            for (name, target, normals) in laws() {
                let of = |what| called::<F64>(&*target, at, what, &x, &none);
                let (data, noise) = (of(Prediction::Data), of(Prediction::Noise));
                let single = called::<F32>(&*target, at, Prediction::Data, &x, &none);
                for (i, x) in x.chunks(2).enumerate() {
                    let d = plain(&normals, x, &at, Prediction::Data);
                    let e = plain(&normals, x, &at, Prediction::Noise);
                    for j in 0..2 {
                        let k = 2 * i + j;
                        let size = 1e-12 * (1.0 + x[j].abs() / at.sigma);
                        must_pass(within(name, data[k], d[j], size / at.sigma.min(1.0)));
                        must_pass(within(name, noise[k], e[j], size / at.sigma.min(1.0)));
                        let sum = at.alpha * data[k] + at.sigma * noise[k];
                        must_pass(within("x", sum, x[j], 1e-12 * (1.0 + x[j].abs())));
                        let allowed = 2e-5 / at.sigma.min(1.0).powi(2);
                        must_pass(within("single", single[k], d[j], allowed));
                        must_fail(
                            name,
                            within(name, data[k] + 1e-6, d[j], size / at.sigma.min(1.0)),
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn guidance_goes_from_the_law_to_its_part() {
    let schedule = Schedule::from_name("vp-linear").unwrap();
    let at = schedule.of_noise_level(0.8).unwrap();
    let x = positions(100, 5.0);
    let (nodes, grid_start) = (
        Grid::LogSnr.nodes(&schedule, 12).unwrap(),
        positions(100, 4.0),
    );
    for (name, target, _) in laws().into_iter().skip(2) {
        let part = target.given_components(&[0, 2]).unwrap();
        let guided = |scale| Denoising {
            guidance: Some(Guidance {
                scale,
                components: vec![0, 2],
            }),
            threshold: None,
        };
        let none = Denoising::default();
        for what in [Prediction::Data, Prediction::Noise] {
            let whole = called::<F64>(&*target, at, what, &x, &none);
            let given = called::<F64>(&*part, at, what, &x, &none);
            for scale in [0.0, 1.0, 2.5, -1.0] {
                let found = called::<F64>(&*target, at, what, &x, &guided(scale));
                for ((found, whole), given) in found.iter().zip(&whole).zip(&given) {
                    let exact = whole + scale * (given - whole);
                    must_pass(within(name, *found, exact, 1e-14 * (1.0 + exact.abs())));
                }
            }
        }
        let program = program(
            &find("dpmpp-2m").unwrap(),
            &nodes,
            &schedule,
            &Options::default(),
        );
        let run = |target: &dyn BlockTarget, denoising: Denoising| {
            let run = Diffuse {
                start: Start::Given(&grid_start),
                denoising,
                ..Diffuse::new(50, 1)
            };
            diffuse::<F64>(target, &program, &run, &mut |_| {})
                .unwrap()
                .samples
                .to_vec()
        };
        let (whole, given) = (run(&*target, none.clone()), run(&*part, none));
        assert_eq!(run(&*target, guided(0.0)), whole, "{name}");
        let off = super::starts::distance(&run(&*target, guided(1.0)), &given);
        must_pass(within(name, off, 0.0, 1e-9));
        let off = super::starts::distance(&run(&*target, guided(0.0)), &given);
        must_fail(name, within(name, off, 0.0, 1e-2));
    }
}

/// The quantile as numpy interpolates it, over a sorted copy.
fn thresholded(data: &[f64], quantile: f64) -> Vec<f64> {
    let mut sizes: Vec<f64> = data.iter().map(|x| x.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let place = quantile * (sizes.len() - 1) as f64;
    let (low, share) = (place.floor() as usize, place.fract());
    let high = (low + 1).min(sizes.len() - 1);
    let bound = (sizes[low] + share * (sizes[high] - sizes[low])).max(1.0);
    data.iter()
        .map(|x| x.clamp(-bound, bound) / bound)
        .collect()
}

#[test]
fn thresholding_is_per_particle() {
    let schedule = Schedule::from_name("vp-linear").unwrap();
    for dim in [1, 2, 7] {
        let sd: Vec<f64> = (0..dim).map(|j| 0.5 + 0.4 * j as f64).collect();
        let target = Gaussian::diagonal(positions(dim, 3.0), sd).unwrap();
        let at = schedule.of_noise_level(0.5).unwrap();
        let x = positions(40 * dim, 9.0);
        let none = Denoising::default();
        let data = called::<F64>(&target, at, Prediction::Data, &x, &none);
        for q in [0.01, 0.5, 0.9, 0.995, 1.0] {
            let denoising = Denoising {
                threshold: Some(q),
                guidance: None,
            };
            let found = called::<F64>(&target, at, Prediction::Data, &x, &denoising);
            let noise = called::<F64>(&target, at, Prediction::Noise, &x, &denoising);
            let plain: Vec<f64> = data.chunks(dim).flat_map(|d| thresholded(d, q)).collect();
            for k in 0..x.len() {
                must_pass(within("data", found[k], plain[k], 1e-14));
                let exact = (x[k] - at.alpha * plain[k]) / at.sigma;
                must_pass(within(
                    "noise",
                    noise[k],
                    exact,
                    1e-13 * (1.0 + exact.abs()),
                ));
            }
            must_fail(
                "none",
                within("", super::starts::distance(&found, &data), 0.0, 1e-3),
            );
        }
        for q in [0.0, 1.1, f64::NAN] {
            let run = Diffuse {
                denoising: Denoising {
                    threshold: Some(q),
                    guidance: None,
                },
                ..Diffuse::new(4, 1)
            };
            let nodes = Grid::Time.nodes(&schedule, 3).unwrap();
            let program = program(
                &find("ddim").unwrap(),
                &nodes,
                &schedule,
                &Options::default(),
            );
            let refused = diffuse::<F64>(&target, &program, &run, &mut |_| {}).unwrap_err();
            assert!(refused.to_string().contains("threshold"));
        }
    }
}

/// At noise levels of 1e5 and 1e8 single precision still knows the data: x + sigma^2 score would be off by sigma times
/// 6e-8, which is all of them.
#[test]
fn full_covariances_keep_their_digits_in_much_noise() {
    let covs = [
        vec![vec![1.0, 0.6], vec![0.6, 0.8]],
        vec![vec![0.3, -0.1], vec![-0.1, 0.2]],
    ];
    let means = vec![vec![0.5, -2.0], vec![2.0, 1.0]];
    let normal = Gaussian::full(means[0].clone(), &covs[0]).unwrap();
    let mixture = Mixture::full(vec![1.0, 2.0], means, &covs).unwrap();
    let targets: [&dyn BlockTarget; 2] = [&normal, &mixture];
    for sigma in [1e-3, 1.0, 1e3, 1e5, 1e8] {
        let at = Node::variance_exploding(sigma).unwrap();
        let x: Vec<f64> = positions(400, 4.0 * sigma.max(1.0))
            .into_iter()
            .map(|x| f64::from(x as f32))
            .collect();
        for (k, target) in targets.into_iter().enumerate() {
            let none = Denoising::default();
            let double = called::<F64>(target, at, Prediction::Data, &x, &none);
            let single = called::<F32>(target, at, Prediction::Data, &x, &none);
            // Shares of components are off by the rounding of energies, 30 bits at most but at the least noise, where they
            // are 1e3 and more; the means are 3 apart.
            let allowed = match k {
                0 => 2e-6,
                _ if sigma < 1.0 => 2e-4,
                _ => 1e-5,
            };
            for (a, b) in single.iter().zip(&double) {
                must_pass(within("single", *a, *b, allowed * b.abs().max(1.0)));
                must_fail("off", within("single", a + 1e-3, *b, allowed));
            }
        }
    }
}
