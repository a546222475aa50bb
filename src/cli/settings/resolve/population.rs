//! The particles of a run, and where they may start.

use super::choice;
use crate::cli::given::Given;
use crate::cli::settings::{Init, Method, Population, Precision, default_particles};
use crate::error::Result;
use crate::record::manifest;

pub(super) fn population(given: &Given, method: &Method) -> Result<Population> {
    let least = if matches!(method, Method::Smc(_)) {
        2
    } else {
        1
    };
    let allowed = "must be FILE.npy, FILE.npz, exact, prior or reference";
    let init = match given.text("init", allowed)? {
        None | Some("default") => Init::Default,
        Some("noise") if matches!(method, Method::Diffuse(_)) => Init::Default,
        Some("exact") => Init::Exact,
        Some("prior") => Init::Prior,
        Some("reference") => Init::Reference,
        Some(file) if crate::npy::is_name(file) => Init::File(given.path("init", file)),
        Some(_) => return Err(given.refuse("init", allowed)),
    };
    if matches!(method, Method::Smc(_)) && matches!(init, Init::Exact | Init::File(_)) {
        let allowed = "has no meaning for smc, which starts from its reference (see --reference)";
        return Err(given.refuse("init", allowed));
    }
    if matches!(method, Method::Compare(_)) && matches!(init, Init::Prior | Init::Reference) {
        let allowed = "must be FILE.npy, FILE.npz or exact for compare; by default exact draws at the first noise level";
        return Err(given.refuse("init", allowed));
    }
    if matches!(method, Method::Diffuse(_)) && matches!(init, Init::Prior | Init::Reference) {
        let allowed = "must be FILE.npy, FILE.npz, exact or noise for diffuse";
        return Err(given.refuse("init", allowed));
    }
    let particles = given.count("particles", default_particles(method), least..=1 << 36)?;
    let ruled = matches!(init, Init::File(_)) && !given.has("particles");
    Ok(Population {
        particles: (!ruled).then_some(particles),
        seed: given.count("seed", 1, 0..=u64::MAX)?,
        threads: given.count("threads", manifest::cores() as u64, 1..=4096)? as usize,
        precision: choice(
            given,
            "precision",
            Precision::NAMES,
            Precision::F64,
            Precision::from_name,
        )?,
        init,
    })
}
