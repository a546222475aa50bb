//! What only the target tells of settings: its defaults, where particles start, what its files hold.

use super::{Init, Method, ReferenceSpec, Settings};
use crate::error::{Error, Result};
use crate::parameters::Resolved;
use crate::target::{BlockTarget, Reference};

/// A line that stands above a key in the experiment file, for who reads it: what the value comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The table.
    pub table: &'static str,
    /// The key.
    pub key: String,
    /// The line, without the sign of a comment.
    pub text: String,
}

impl Settings {
    /// The same run with every default of the target and of its starts by name: what `config.toml` says of it, and what
    /// its checkpoints are told by.
    pub fn completed(
        &self,
        target: &dyn BlockTarget,
        resolved: &Resolved,
        particles: usize,
    ) -> Self {
        let mut settings = self.clone();
        settings.target.parameters.extend(resolved.defaults.clone());
        settings.population.particles = Some(particles as u64);
        let prior = target.likelihood().is_some();
        let mut own = true;
        if let Method::Smc(method) = &mut settings.method {
            own = matches!(method.reference, None | Some(ReferenceSpec::Prior));
            if own && prior {
                method.reference = Some(ReferenceSpec::Prior);
            }
        }
        if settings.population.init == Init::Default {
            settings.population.init = match &settings.method {
                Method::Sample(_) | Method::Smc(_) if prior && own => Init::Prior,
                Method::Sample(_) | Method::Smc(_) => Init::Reference,
                Method::Compare(_) => Init::Exact,
                // Noise, which no other verb starts from.
                Method::Diffuse(_) => Init::Default,
            };
        }
        settings
    }

    /// Adds what `config.toml` tells beside the settings: the law that particles start from, and what files hold.
    pub fn remark(
        &mut self,
        target: &dyn BlockTarget,
        resolved: &Resolved,
        reference: Option<&Reference>,
    ) {
        let told = resolved.files.iter().map(|(key, text)| Remark {
            table: "target",
            key: key.clone(),
            text: text.clone(),
        });
        self.remarks = told.collect();
        let law = || reference.map_or_else(|| target.reference().describe(), Reference::describe);
        let (table, key) = match &self.method {
            Method::Smc(_) => ("method", "reference"),
            Method::Sample(_) if !matches!(self.population.init, Init::Exact | Init::File(_)) => {
                ("population", "init")
            }
            _ => return,
        };
        self.remarks.push(Remark {
            table,
            key: key.to_owned(),
            text: law(),
        });
    }

    /// Refuses points without a bandwidth where a density is sampled: they have none.
    pub(super) fn check_points(&self, resolved: &Resolved) -> Result<()> {
        let target = &self.target;
        let moves = matches!(self.method, Method::Sample(_) | Method::Smc(_));
        if target.name != "points" || !moves {
            return Ok(());
        }
        let given = target.parameters.get("bandwidth");
        let width = given.or_else(|| resolved.defaults.get("bandwidth"));
        let number = |value: &toml::Value| {
            value
                .as_float()
                .or_else(|| value.as_integer().map(|i| i as f64))
        };
        match width.and_then(number) {
            Some(0.0) => {
                let allowed = format!(
                    "must be above 0 for {}: points alone have no density (diffuse takes them)",
                    self.verb()
                );
                Err(Error::invalid(
                    format!("{} bandwidth", target.place),
                    0,
                    allowed,
                ))
            }
            _ => Ok(()),
        }
    }

    /// Builds the target, and tells what stands for the settings of it that were not given.
    pub fn build_target(&self) -> Result<(crate::target::library::BoxedTarget, Resolved)> {
        let (target, resolved) = self.target.build_resolved()?;
        self.check_points(&resolved)?;
        Ok((target, resolved))
    }
}
