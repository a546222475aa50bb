//! Whether settings fit each other.

use super::{Length, Levels, Method, Sampler, Settings};
use crate::error::{Error, Result};

impl Settings {
    /// Judges what depends on several settings at once, in the words of the command line.
    pub fn validate(&self) -> Result<()> {
        let refuse = |field: &str, value: &dyn std::fmt::Display, allowed: &str| {
            Err(Error::invalid(field, value, allowed))
        };
        match &self.method {
            Method::Sample(method) => {
                if method.warmup == 0 && method.length.moves() == 0 {
                    return refuse("--draws", &0, "must be at least 1 where --warmup is 0");
                }
                let tuning = &method.tuning;
                if !method.sampler.is_adjusted() && tuning.step_size.is_none() {
                    let name = method.sampler.name();
                    return refuse(
                        "--step-size",
                        &"(not given)",
                        &format!("must be given for {name}, which cannot adapt it"),
                    );
                }
                if let Length::Draws(draws) = method.length
                    && method.thin > draws.max(1)
                {
                    return refuse(
                        "--thin",
                        &method.thin,
                        &format!("must be from 1 to the number of draws, {draws}"),
                    );
                }
            }
            Method::Diffuse(method) => {
                let from_file = |levels: &Option<Levels>| matches!(levels, Some(Levels::File(_)));
                if !from_file(&method.levels) && !from_file(&method.times) {
                    method.plan()?;
                }
            }
            Method::Compare(method) => {
                for entrant in &method.entrants {
                    for calls in &method.calls {
                        entrant.program(*calls)?;
                    }
                }
            }
            Method::Smc(method) => {
                if !method.kernel.is_adjusted() {
                    let names = Sampler::ADJUSTED_NAMES.join(", ");
                    let allowed = format!("must leave its target invariant: {names}");
                    return refuse("--move", &method.kernel.name(), &allowed);
                }
                if method.islands > self.particles() / 2 {
                    let most = self.particles() / 2;
                    let allowed = format!("must be from 1 to {most}, half the particles");
                    return refuse("--islands", &method.islands, &allowed);
                }
                if let Some(length) = method.chain_length {
                    let each = self.particles() / method.islands;
                    let whole = self.particles().is_multiple_of(method.islands);
                    if !whole || !each.is_multiple_of(length) || each / length < 2 {
                        let allowed = format!(
                            "must divide the {} particles of {} into at least 2 chains",
                            self.particles(),
                            if method.islands > 1 {
                                "equal islands"
                            } else {
                                "the run"
                            }
                        );
                        return refuse("--waste-free", &length, &allowed);
                    }
                }
                if method.islands > 1 && method.replicates > 1 {
                    let allowed = "must be 1 with --replicates, which are islands of their own";
                    return refuse("--islands", &method.islands, allowed);
                }
                if method.keep_particles {
                    let several =
                        "stages are those of one ladder, which islands and replicates have each";
                    let contradicted = [
                        (method.islands > 1, "--islands", several),
                        (method.replicates > 1, "--replicates", several),
                        (
                            method.chain_length.is_some(),
                            "--waste-free",
                            "particles of a stage are states of chains there, which have no ancestors of their own",
                        ),
                        (
                            !self.output.save,
                            "--no-save",
                            "particles are kept in trace.zarr",
                        ),
                    ];
                    if let Some((_, other, why)) = contradicted.iter().find(|(is, _, _)| *is) {
                        let allowed = format!("must be left out with {other}: {why}");
                        return refuse("--keep-particles", &"given", &allowed);
                    }
                }
                if self.particles() < 2 {
                    return refuse(
                        "--particles",
                        &self.particles(),
                        "must be at least 2 for smc",
                    );
                }
            }
        }
        Ok(())
    }
}
