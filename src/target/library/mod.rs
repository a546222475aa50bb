//! The targets that have names: built from settings, described for `list targets`.
//!
//! | name | density | log Z |
//! |---|---|---|
//! | `gaussian` | normal: isotropic, diagonal or full covariance | 0 |
//! | `mixture` | normal mixture, isotropic or full covariances | 0 |
//! | `eight-gaussians`, `grid-9`, `grid-25`, `fab-40` | mixtures of the literature | 0 |
//! | `points` | a finite data set, smoothed or not | 0 |
//! | `many-well` | double wells beside normals | exact |
//! | `two-modes` | two normals, 2/3 and 1/3, three conditionings | 0 |
//! | `funnel` | Neal's funnel | 0 |
//! | `rings` | concentric rings in the plane | exact |
//! | `banana` | bent normals | 0 |
//! | `student-mixture` | products of Student t laws | 0 |
//! | `phi4` | the phi^4 chain | exact |
//! | `eight-schools` | a hierarchy of normals, centred or not | exact |
//! | `seeds` | a logistic regression with random effects | about -73.404 |
//! | `brownian` | Brownian motion, unknown scales | exact |
//! | `u1-gauge` | U(1) lattice gauge theory | exact |
//! | `dw-4`, `lj-13` | clusters of particles | exact; unknown |
//! | `logistic` | logistic regression on a CSV | unknown |

mod arrays;
pub mod banana;
pub mod brownian;
mod cholesky;
pub mod clusters;
pub mod eight_schools;
pub mod funnel;
pub mod gaussian;
mod helmert;
pub mod logistic;
pub mod many_well;
pub mod mixture;
pub mod phi4;
pub mod points;
pub mod rings;
pub mod seeds;
pub mod student_mixture;
pub mod two_modes;
pub mod u1_gauge;

pub use banana::Banana;
pub use brownian::Brownian;
pub use clusters::{DoubleWell4, LennardJones13};
pub use eight_schools::EightSchools;
pub use funnel::Funnel;
pub use gaussian::Gaussian;
pub use logistic::Logistic;
pub use many_well::ManyWell;
pub use mixture::Mixture;
pub use phi4::Phi4;
pub use points::Points;
pub use rings::Rings;
pub use seeds::Seeds;
pub use student_mixture::StudentMixture;
pub use two_modes::TwoModes;
pub use u1_gauge::U1Gauge;

use crate::error::{Error, Result};
use crate::parameters::{Parameters, Resolved, edit_distance};
use crate::target::{BlockTarget, Unconstrained};
use arrays::Array;
use logistic::{Data, Layout};
use toml::Value;

/// A target that can be moved between threads.
pub type BoxedTarget = Box<dyn BlockTarget + Send>;

/// What `list targets` tells about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// The name.
    pub name: &'static str,
    /// Settings with their defaults; `required` where there is none.
    pub settings: &'static str,
    /// The law tempering starts from.
    pub reference: &'static str,
    /// What is known exactly.
    pub exact: &'static str,
}

const MIXTURE_REFERENCE: &str = "normal, the mixture's mean and sd";
const MIXTURE_EXACT: &str = "log Z = 0, moments, sampler";

/// Every name, in the order of `list targets`.
pub const DESCRIPTIONS: [Description; 21] = [
    Description {
        name: "gaussian",
        settings: "dim = 1, mean = 0, sd = 1 | sds = [..] | cov = [[..],..]",
        reference: "normal, the target's mean and twice its sd",
        exact: MIXTURE_EXACT,
    },
    Description {
        name: "mixture",
        settings: "weights = equal, means required, stds = [..] | covs = [[[..]]]",
        reference: MIXTURE_REFERENCE,
        exact: MIXTURE_EXACT,
    },
    preset("eight-gaussians"),
    preset("grid-9"),
    preset("grid-25"),
    preset("fab-40"),
    Description {
        name: "points",
        settings: "points required, bandwidth = 0",
        reference: "normal, the points' mean and sd",
        exact: MIXTURE_EXACT,
    },
    Description {
        name: "many-well",
        settings: "dim = 2 (even)",
        reference: "normal(0, 2) on the wells, normal(0, 1) beside them",
        exact: "log Z, moments, sampler",
    },
    Description {
        name: "two-modes",
        settings: "dim = 16, conditioning = \"not\" (or \"medium\", \"hard\")",
        reference: MIXTURE_REFERENCE,
        exact: MIXTURE_EXACT,
    },
    Description {
        name: "funnel",
        settings: "dim = 10, variance required (9: Neal; 3: SLIPS)",
        reference: "student(3), the funnel's sd",
        exact: MIXTURE_EXACT,
    },
    Description {
        name: "rings",
        settings: "radii = [1, 2, 3, 4], weights = equal, sd = 0.15",
        reference: "normal, the rings' sd",
        exact: "log Z, moments, sampler",
    },
    Description {
        name: "banana",
        settings: "dim = 2 (even), a = 10, b = 0.02",
        reference: "normal, the banana's sd along it and twice it across",
        exact: MIXTURE_EXACT,
    },
    Description {
        name: "student-mixture",
        settings: "dim = 2, components = 10, df = 2",
        reference: "student(df), the locations' mean and spread",
        exact: MIXTURE_EXACT,
    },
    Description {
        name: "phi4",
        settings: "n = 32, a = 0.1, b = 0, beta = 20, basis = \"sites\" (or \"modes\")",
        reference: "normal(0, 1)",
        exact: "log Z, moments",
    },
    Description {
        name: "eight-schools",
        settings: "parameterisation = \"non-centred\" (or \"centred\")",
        reference: "student(4) about the priors",
        exact: "log Z, moments",
    },
    Description {
        name: "seeds",
        settings: "",
        reference: "student(4), wider than the posterior",
        exact: "nothing (log Z about -73.404)",
    },
    Description {
        name: "brownian",
        settings: "",
        reference: "student(4), wider than the posterior",
        exact: "log Z",
    },
    Description {
        name: "u1-gauge",
        settings: "n = 8, beta = 1",
        reference: "uniform on the torus",
        exact: "log Z, moments",
    },
    Description {
        name: "dw-4",
        settings: "",
        reference: "normal(0, 2.5)",
        exact: "log Z, means",
    },
    Description {
        name: "lj-13",
        settings: "",
        reference: "normal(0, 1)",
        exact: "means",
    },
    Description {
        name: "logistic",
        settings: "data required, response = \"y\", standardise = false, intercept = false, \
                   prior_sd = 1, intercept_prior = { mean, sd }",
        reference: "the prior",
        exact: "nothing",
    },
];

const fn preset(name: &'static str) -> Description {
    Description {
        name,
        settings: "",
        reference: MIXTURE_REFERENCE,
        exact: MIXTURE_EXACT,
    }
}

/// What is known about every name.
pub fn describe() -> &'static [Description] {
    &DESCRIPTIONS
}

/// The error that refuses an unknown name, with the nearest one that exists.
pub(crate) fn unknown_name(field: &str, name: &str) -> Error {
    let near = DESCRIPTIONS
        .iter()
        .map(|d| d.name)
        .min_by_key(|known| edit_distance(known, name));
    let all = DESCRIPTIONS.map(|d| d.name).join(", ");
    let allowed = match near {
        Some(near) if edit_distance(near, name) <= 1 + near.len() / 4 => {
            format!("no such target; did you mean {near}? (known: {all}, or a TOML file)")
        }
        _ => format!("no such target; known: {all}, or a TOML file"),
    };
    Error::invalid(field, name, allowed)
}

/// Builds the target called `name`; whatever `parameters` holds that it does not know is refused.
pub fn build(name: &str, parameters: Parameters) -> Result<BoxedTarget> {
    build_resolved(name, parameters).map(|built| built.0)
}

/// [`build`], with what stands for the settings that were not given: with those given too, the target is the same.
pub fn build_resolved(name: &str, mut parameters: Parameters) -> Result<(BoxedTarget, Resolved)> {
    let p = &mut parameters;
    let target: BoxedTarget = match name {
        "gaussian" => Box::new(gaussian(p)?),
        "mixture" => Box::new(mixture(p)?),
        "points" => {
            const WIDTH: &str = "0 or a finite number, at most 1e150";
            let points = Array::take(p, "points", 2)?
                .ok_or_else(|| p.refuse("points", "missing", "required: a list of vectors"))?;
            let bandwidth = p.number_or("bandwidth", 0.0..=1e150, WIDTH, 0.0)?;
            Box::new(Points::new(points.rows(), bandwidth)?)
        }
        "eight-gaussians" => Box::new(mixture::eight_gaussians()),
        "grid-9" => Box::new(mixture::grid_9()),
        "grid-25" => Box::new(mixture::grid_25()),
        "fab-40" => Box::new(mixture::fab_40()),
        "many-well" => {
            let dim = dimension_or(p, "an even number from 2 to 1000000", 2)?;
            Box::new(ManyWell::new(dim)?)
        }
        "two-modes" => Box::new(TwoModes::from_parameters(p)?),
        "funnel" => Box::new(Funnel::from_parameters(p)?),
        "rings" => Box::new(Rings::from_parameters(p)?),
        "banana" => Box::new(Banana::from_parameters(p)?),
        "student-mixture" => Box::new(StudentMixture::from_parameters(p)?),
        "phi4" => {
            const POSITIVE: &str = "a number above 0, from 1e-6 to 1e6";
            let positive = 1e-6..=1e6;
            let n = p.count_or("n", 1..=100_000, "a whole number from 1 to 100000", 32)?;
            let a = p.number_or("a", positive.clone(), POSITIVE, 0.1)?;
            let b = p.number_or("b", -1e6..=1e6, "a number from -1e6 to 1e6", 0.0)?;
            let beta = p.number_or("beta", positive, POSITIVE, 20.0)?;
            let chain = Phi4::new(n as usize, a, b, beta)?;
            match p.text_or("basis", "sites or modes", "sites")?.as_str() {
                "sites" => Box::new(chain),
                // A matrix of n x n numbers in both precisions.
                "modes" if n <= 4096 => Box::new(phi4::Phi4Modes::new(chain)),
                "modes" => {
                    return Err(p.must_be("n", n, "at most 4096 where basis = \"modes\""));
                }
                other => return Err(p.must_be("basis", other, "sites or modes")),
            }
        }
        "eight-schools" => Box::new(EightSchools::from_parameters(p)?),
        "seeds" => Box::new(Unconstrained::new(Seeds::new())?),
        "brownian" => Box::new(Unconstrained::new(Brownian)?),
        "u1-gauge" => Box::new(U1Gauge::from_parameters(p)?),
        "dw-4" => Box::new(DoubleWell4),
        "lj-13" => Box::new(LennardJones13),
        "logistic" => Box::new(logistic(p)?),
        other => return Err(unknown_name("target", other)),
    };
    let resolved = parameters.resolved().clone();
    parameters.finish()?;
    Ok((target, resolved))
}

fn dimension(p: &mut Parameters, allowed: &str) -> Result<Option<usize>> {
    Ok(p.count("dim", 1..=1_000_000, allowed)?
        .map(|dim| dim as usize))
}

fn dimension_or(p: &mut Parameters, allowed: &str, default: u32) -> Result<usize> {
    let dim = p.count_or("dim", 1..=1_000_000, allowed, default)?;
    Ok(dim as usize)
}

/// `weights`, which must sum to 1; those of `count` components where they are left out, or `equal`.
fn weights(p: &mut Parameters, count: usize) -> Result<Vec<f64>> {
    let equal = || vec![1.0; count];
    let weights = match p.take("weights") {
        None => {
            p.settle("weights", "equal");
            return Ok(equal());
        }
        Some(Value::String(word)) if word == "equal" => return Ok(equal()),
        Some(given) => {
            p.put("weights", given);
            Array::take(p, "weights", 1)?.map_or_else(equal, |array| array.values)
        }
    };
    let positive = weights.iter().all(|w| *w > 0.0);
    let sum: f64 = weights.iter().sum();
    // What is not positive, or too few, is refused by name where components are judged.
    if positive && weights.len() == count && (sum - 1.0).abs() > SUM_SLACK {
        // Not the digits of rounding.
        let shown = format!("numbers that sum to {}", ((sum * 1e9).round() / 1e9) as f32);
        let allowed = "must be positive numbers that sum to 1, within 1e-6, or \"equal\"";
        return Err(p.refuse("weights", shown, allowed));
    }
    Ok(weights)
}

/// What probabilities may be off 1 by: six digits, as they are printed.
const SUM_SLACK: f64 = 1e-6;

/// Squares and inverse squares of widths stay in range.
const WIDTH: &str = "a finite number above 0, from 1e-150 to 1e150";
const POSITIVE: std::ops::RangeInclusive<f64> = 1e-150..=1e150;

/// `dim` follows from `mean`, `sds` or `cov` where one is given; a single `mean` serves all.
fn gaussian(p: &mut Parameters) -> Result<Gaussian> {
    let given = dimension(p, "a whole number from 1 to 1000000")?;
    let sd = p.number("sd", POSITIVE, WIDTH)?;
    let sds = Array::take(p, "sds", 1)?;
    let cov = Array::take(p, "cov", 2)?;
    if usize::from(sd.is_some()) + usize::from(sds.is_some()) + usize::from(cov.is_some()) > 1 {
        return Err(p.refuse(
            "sd",
            "given with another spread",
            "must be one of sd, sds and cov",
        ));
    }
    let number = match p.take("mean") {
        None => {
            p.settle("mean", 0.0);
            Some(0.0)
        }
        Some(Value::Float(m)) => Some(m),
        Some(Value::Integer(m)) => Some(m as f64),
        Some(other) => {
            p.put("mean", other);
            None
        }
    };
    let listed = if number.is_none() {
        Array::take(p, "mean", 1)?
    } else {
        None
    };
    let sizes = [
        given,
        listed.as_ref().map(|m| m.values.len()),
        sds.as_ref().map(|s| s.values.len()),
        cov.as_ref().map(|c| c.shape[0]),
    ];
    let dim = sizes.into_iter().flatten().next().unwrap_or(1);
    if let Some(other) = sizes.into_iter().flatten().find(|&size| size != dim) {
        let shown = format!("{dim}, but another setting has {other}");
        return Err(p.refuse("dim", shown, "must be the same number everywhere"));
    }
    if given.is_none() {
        p.settle("dim", dim as i64);
    }
    let mean = match (listed, number) {
        (Some(listed), _) => listed.values,
        (None, number) => vec![number.unwrap_or(0.0); dim],
    };
    match (sds, cov) {
        (Some(sds), _) => Gaussian::diagonal(mean, sds.values),
        (_, Some(cov)) => Gaussian::full(mean, &cov.rows()),
        _ => {
            if sd.is_none() {
                p.settle("sd", 1.0);
            }
            Gaussian::isotropic(mean, sd.unwrap_or(1.0))
        }
    }
}

fn mixture(p: &mut Parameters) -> Result<Mixture> {
    let means = Array::take(p, "means", 2)?
        .ok_or_else(|| p.refuse("means", "missing", "required: one vector a component"))?;
    let count = means.shape[0];
    let weights = weights(p, count)?;
    match (Array::take(p, "stds", 1)?, Array::take(p, "covs", 3)?) {
        (Some(stds), None) => Mixture::isotropic(weights, means.rows(), stds.values),
        (None, Some(covs)) => {
            let rows = covs.rows();
            let covs: Vec<_> = rows.chunks(covs.shape[1]).map(<[_]>::to_vec).collect();
            Mixture::full(weights, means.rows(), &covs)
        }
        (None, None) => Err(p.refuse("stds", "missing", "required: stds or covs, one a component")),
        (Some(_), Some(_)) => {
            Err(p.refuse("covs", "given with stds", "must be one of stds and covs"))
        }
    }
}

/// A normal prior as it is written.
fn prior_table(mean: f64, sd: f64) -> toml::Table {
    let entries = [("mean", mean), ("sd", sd)];
    let entries = entries.map(|(key, number)| (key.to_owned(), number.into()));
    entries.into_iter().collect()
}

fn logistic(p: &mut Parameters) -> Result<Logistic> {
    const FILES: &str = "a CSV file with a header, or a list of them";
    let names = match p.take("data") {
        Some(Value::String(name)) if name.is_empty() => {
            return Err(p.must_be("data", "(empty)", FILES));
        }
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(items)) if !items.is_empty() => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| p.must_be("data", arrays::shorten(&Value::Array(items)), FILES))?,
        Some(other) => return Err(p.must_be("data", arrays::shorten(&other), FILES)),
        None => return Err(p.refuse("data", "missing", &format!("required: {FILES}"))),
    };
    let layout = Layout {
        response: p.text_or("response", "the name of a column", "y")?,
        standardise: p.flag_or("standardise", false)?,
        intercept: p.flag_or("intercept", false)?,
    };
    let sd = p.number_or("prior_sd", POSITIVE, WIDTH, 1.0)?;
    const PRIOR: &str = "a table { mean = .., sd = .. }, with intercept = true";
    let (mut first_mean, mut first_sd) = (0.0, sd);
    match p.take("intercept_prior") {
        None if layout.intercept => p.settle("intercept_prior", prior_table(first_mean, first_sd)),
        None => {}
        Some(Value::Table(table)) if layout.intercept => {
            let mut own = Parameters::new("intercept_prior", ".", table);
            let finite = f64::MIN..=f64::MAX;
            first_mean = own
                .number("mean", finite, "a finite number")?
                .unwrap_or(0.0);
            first_sd = own.number("sd", POSITIVE, WIDTH)?.unwrap_or(sd);
            own.finish()?;
            p.settle("intercept_prior", prior_table(first_mean, first_sd));
        }
        Some(other) => return Err(p.must_be("intercept_prior", arrays::shorten(&other), PRIOR)),
    }
    let paths: Vec<_> = names.iter().map(|name| p.resolve(name)).collect();
    let data = Data::read(&paths, &layout)?;
    for (path, file) in paths.iter().zip(&data.files) {
        let what = format!(
            "{}: {} rows, CRC-32 {:08x}",
            path.display(),
            file.rows,
            file.crc32
        );
        p.tell_file("data", what);
    }
    let dim = data.names.len();
    let (mut means, mut sds) = (vec![0.0; dim], vec![sd; dim]);
    if layout.intercept {
        (means[0], sds[0]) = (first_mean, first_sd);
    }
    Logistic::new(&data, means, sds)
}
