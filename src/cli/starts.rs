//! Starting positions and the reference law, as settings ask for them.

use super::settings::{Init, Method, ReferenceSpec, Settings};
use super::{config, settings};
use crate::error::{Error, Result};
use crate::npy::{self, NonFinite};
use crate::parameters::Parameters;
use crate::smc::Schedule;
use crate::target::{BlockTarget, Reference};
use driftlane_kernels::F64;
use driftlane_kernels::Lane;
use driftlane_kernels::rng::{Purpose, Stream};
use driftlane_kernels::tile::Row;

/// The largest number in single precision.
const LARGEST_F32: f64 = f32::MAX as f64;

/// How many particles there are, and where they start if a file says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Starts {
    /// Particles.
    pub particles: usize,
    /// Row-major [particles, dim]; empty where a law says where to start.
    pub positions: Vec<f64>,
}

impl Starts {
    /// Reads the file `--init` names; its number of rows rules. Refuses a shape that is not
    /// [N, dim], items that are not finite, `--init exact` or `prior` where the target has none.
    pub fn load(settings: &Settings, target: &dyn BlockTarget) -> Result<Self> {
        let asked = settings.particles() as usize;
        let init = &settings.population.init;
        if !matches!(init, Init::File(_)) {
            settings.check_memory_for(asked as u64, target)?;
        }
        match init {
            Init::File(path) => {
                let shape = npy::shape(path)?;
                let dim = target.dim();
                if shape.len() != 2 || shape[1] != dim || shape[0] == 0 {
                    let what = format!("shape {shape:?}; must be [N, {dim}], N at least 1");
                    return Err(Error::data(path, what));
                }
                let particles = shape[0];
                if settings
                    .population
                    .particles
                    .is_some_and(|n| n as usize != particles)
                {
                    let what = format!(
                        "must be {particles}, the number of rows of {}, or left out",
                        path.display()
                    );
                    return Err(Error::invalid("--particles", asked, what));
                }
                // Before the file is read: it may be what does not fit.
                settings.check_memory_for(particles as u64, target)?;
                let positions = npy::read(path, NonFinite::Refuse)?.values;
                if settings.population.precision == settings::Precision::F32
                    && let Some(at) = positions.iter().position(|x| x.abs() > LARGEST_F32)
                {
                    let what = format!(
                        "item [{}, {}] is {:e}: must be within {LARGEST_F32:e} under --precision f32",
                        at / dim,
                        at % dim,
                        positions[at]
                    );
                    return Err(Error::data(path, what));
                }
                Ok(Self {
                    particles,
                    positions,
                })
            }
            Init::Exact => {
                let mut tile = vec![Row::<F64>::zero(); target.dim()];
                let mut stream = Stream::new(0, Purpose::Exact, 0, 0);
                if !target.sample_exact(&mut stream, &mut tile) {
                    let prior = if target.likelihood().is_some() {
                        "prior, "
                    } else {
                        ""
                    };
                    let allowed = format!(
                        "this target has no exact sampler; must be {prior}reference or FILE.npy"
                    );
                    return Err(Error::invalid("--init", "exact", allowed));
                }
                Ok(Self {
                    particles: asked,
                    positions: Vec::new(),
                })
            }
            Init::Prior if target.likelihood().is_none() => {
                let allowed = "this target has no prior; must be exact, reference or FILE.npy";
                Err(Error::invalid("--init", "prior", allowed))
            }
            Init::Default | Init::Prior | Init::Reference => Ok(Self {
                particles: asked,
                positions: Vec::new(),
            }),
        }
    }
}

/// The schedule of the run that `--freeze` names, judged for the move and for targets in `dim`
/// dimensions. Refused ([`Error::Data`]) where the folder holds none, or one of another kind of run.
pub fn schedule(settings: &Settings, dim: usize) -> Result<Option<Schedule>> {
    let Method::Smc(method) = &settings.method else {
        return Ok(None);
    };
    let Some(folder) = &method.freeze else {
        return Ok(None);
    };
    let file = folder.join("schedule.toml");
    let table = config::read_toml(&file)?;
    let refuse = |what: String| Error::data(&file, what);
    let schedule: Schedule = table
        .try_into()
        .map_err(|e: toml::de::Error| refuse(e.message().replace(['\n', '\r'], " ")))?;
    match schedule.check(method.kernel.name(), dim) {
        Err(Error::Invalid {
            field,
            value,
            allowed,
        }) => {
            let allowed = allowed.trim_start_matches("must be ");
            Err(refuse(format!("{field} is {value}: must be {allowed}")))
        }
        Err(other) => Err(other),
        Ok(()) => Ok(Some(schedule)),
    }
}

/// Refuses a law to start from whose draws single precision cannot hold: 40 scales from its location
/// are beyond any draw of a normal.
pub fn check_precision(settings: &Settings, law: &Reference) -> Result<()> {
    if settings.population.precision == settings::Precision::F64 {
        return Ok(());
    }
    let reach = |(m, s): (&f64, &f64)| m.abs() + 40.0 * s;
    let pairs = law.location().iter().zip(law.scale());
    match pairs.map(reach).find(|x| *x > LARGEST_F32) {
        None => Ok(()),
        Some(reach) => {
            let allowed =
                format!("must be f64: starts reach {reach:e}, single precision {LARGEST_F32:e}");
            Err(Error::invalid("--precision", "f32", allowed))
        }
    }
}

/// The reference `--reference` asks for; `None`: the target's own.
pub fn reference(settings: &Settings, target: &dyn BlockTarget) -> Result<Option<Reference>> {
    let settings::Method::Smc(method) = &settings.method else {
        return Ok(None);
    };
    let dim = target.dim();
    Ok(match &method.reference {
        None => None,
        Some(ReferenceSpec::Prior) if target.likelihood().is_none() => {
            let allowed =
                "this target has no prior; must be target, normal:SD, student:DF,SD or FILE.toml";
            return Err(Error::invalid("--reference", "prior", allowed));
        }
        // Its own: the same path, to the last bit.
        Some(ReferenceSpec::Prior) => None,
        Some(ReferenceSpec::Normal(sd)) => Some(Reference::normal(vec![0.0; dim], vec![*sd; dim])?),
        Some(ReferenceSpec::Student(df, scale)) => Some(Reference::student_t(
            *df,
            vec![0.0; dim],
            vec![*scale; dim],
        )?),
        Some(ReferenceSpec::File(path)) => Some(reference_file(path, dim)?),
    })
}

/// A reference file: `family = "normal"` or `"student"` (then `df`), `location` and `scale` each a
/// number or a list of dim numbers; location 0 if left out.
fn reference_file(path: &std::path::Path, dim: usize) -> Result<Reference> {
    let table = config::read_toml(path)?;
    let folder = path.parent().unwrap_or_else(|| std::path::Path::new(""));
    let place = path.display().to_string();
    let mut parameters = Parameters::new(place, folder, table);
    let family = parameters.text("family", "\"normal\" or \"student\"")?;
    let location = per_coordinate(&mut parameters, "location", dim)?.unwrap_or(vec![0.0; dim]);
    let scale = per_coordinate(&mut parameters, "scale", dim)?.ok_or_else(|| {
        parameters.refuse(
            "scale",
            "missing",
            "required: a number above 0, or one a coordinate",
        )
    })?;
    if let Some(&s) = scale.iter().find(|s| **s <= 0.0) {
        return Err(parameters.must_be("scale", s, "numbers above 0"));
    }
    let reference = match family.as_deref() {
        Some("normal") => Reference::normal(location, scale)?,
        Some("student") => {
            let allowed = "a number above 0";
            let df = parameters.number("df", f64::MIN_POSITIVE.., allowed)?;
            let df = df.ok_or_else(|| parameters.must_be("df", "missing", allowed))?;
            Reference::student_t(df, location, scale)?
        }
        other => {
            let value = other.unwrap_or("missing");
            return Err(parameters.must_be("family", value, "\"normal\" or \"student\""));
        }
    };
    parameters.finish()?;
    Ok(reference)
}

fn per_coordinate(parameters: &mut Parameters, key: &str, dim: usize) -> Result<Option<Vec<f64>>> {
    let allowed = format!("a number, or a list of {dim} numbers");
    let Some(value) = parameters.take(key) else {
        return Ok(None);
    };
    let values = match value.as_float().or(value.as_integer().map(|i| i as f64)) {
        Some(x) if x.is_finite() => vec![x; dim],
        Some(x) => return Err(parameters.must_be(key, x, &allowed)),
        None => parameters.vector(key, &value, &allowed)?,
    };
    if values.len() != dim {
        return Err(parameters.must_be(key, format!("{} numbers", values.len()), &allowed));
    }
    Ok(Some(values))
}
