//! From settings to the experiment file they stand for.

mod diffusion;

use super::cadence::duration_text;
use super::{
    Init, Length, Method, Output, Population, ReferenceSpec, Remark, Sampler, Settings, Tuning,
};
use crate::flow::Resampling;
use std::path::Path;
use toml::{Table, Value};

impl Settings {
    /// The experiment file these settings stand for, every default written out; [`Settings::from_toml`]
    /// gives the same settings back.
    pub fn to_table(&self) -> Table {
        let mut target = Table::new();
        target.insert("kind".into(), self.target.name.clone().into());
        target.extend(self.target.parameters.clone());
        let mut document = Table::new();
        document.insert("target".into(), target.into());
        document.insert("method".into(), self.method.to_table().into());
        let mut population = self.population.to_table();
        if matches!(
            (&self.method, &self.population.init),
            (Method::Diffuse(_), Init::Default)
        ) {
            population.insert("init".into(), "noise".into());
        }
        document.insert("population".into(), population.into());
        document.insert("output".into(), self.output.to_table().into());
        document
    }

    /// The `config.toml` of a run folder: without the folder, which is no part of what is repeated from it, and without
    /// leave to replace it.
    pub fn to_record(&self) -> String {
        let mut settings = self.clone();
        (settings.output.out, settings.output.force) = (None, false);
        settings.to_toml()
    }

    /// [`Settings::to_table`] as text, tables in the order target, method, population, output.
    pub fn to_toml(&self) -> String {
        let table = self.to_table();
        let mut out = String::new();
        for (name, first) in [
            ("target", "kind"),
            ("method", "verb"),
            ("population", ""),
            ("output", ""),
        ] {
            let mut content = table
                .get(name)
                .and_then(Value::as_table)
                .cloned()
                .unwrap_or_default();
            out.push_str(&format!("[{name}]\n"));
            // What a table is about stands first; the rest is in alphabetical order.
            if let Some(value) = content.remove(first) {
                out.push_str(&format!("{first} = {value}\n"));
            }
            let part = Table::from_iter([(name.to_owned(), Value::Table(content))]);
            let text = toml::to_string(&part).unwrap_or_default();
            let text = text.strip_prefix(&format!("[{name}]\n")).unwrap_or(&text);
            for line in text.lines() {
                let here = |remark: &&Remark| {
                    remark.table == name && line.starts_with(&format!("{} = ", remark.key))
                };
                for remark in self.remarks.iter().filter(here) {
                    out.push_str(&format!(
                        "# {}\n",
                        remark.text.replace(char::is_control, " ")
                    ));
                }
                out.push_str(line);
                out.push('\n');
            }
            out.push('\n');
        }
        out.truncate(out.trim_end().len());
        out + "\n"
    }
}

/// A count as a TOML integer, or as text where TOML's signed integers end.
fn whole(n: u64) -> Value {
    i64::try_from(n).map_or_else(|_| Value::String(n.to_string()), Value::Integer)
}

fn path(path: &Path) -> Value {
    path.to_string_lossy().into_owned().into()
}

fn table<const N: usize>(entries: [(&str, Value); N]) -> Table {
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn resampling(when: Resampling) -> Value {
    match when {
        Resampling::Always => "always".into(),
        Resampling::Never => "never".into(),
        Resampling::BelowEss(share) => format!("ess:{share}").into(),
    }
}

impl Tuning {
    fn fill(&self, sampler: Sampler, out: &mut Table) {
        let tunable = sampler.default_target_accept().is_some();
        if tunable || self.step_size.is_some() {
            let adapted = || "adapt".into();
            out.insert(
                "step_size".into(),
                self.step_size.map_or_else(adapted, Value::Float),
            );
        }
        if sampler.uses_leapfrog_steps() {
            let steps = self.leapfrog_steps.map_or_else(|| "auto".into(), whole);
            out.insert("leapfrog_steps".into(), steps);
        }
        if sampler.uses_mass() {
            out.insert("mass".into(), self.mass.name().into());
        }
        if sampler.uses_integrator() {
            out.insert("integrator".into(), self.integrator.name.into());
        }
        if sampler.scheme().is_some() {
            out.insert("noise".into(), self.noise.name().into());
        }
        match self.step_size_spread {
            Some(factor) => {
                out.insert("step_size_spread".into(), factor.into());
            }
            None if sampler.uses_jitter() => {
                out.insert("jitter".into(), self.jitter.into());
            }
            None => {}
        }
        if sampler.uses_friction() {
            out.insert("friction".into(), self.friction.into());
        }
        if self.step_size.is_none() && tunable {
            out.insert("target_accept".into(), self.target_accept.into());
        }
    }
}

impl Method {
    fn to_table(&self) -> Table {
        match self {
            Self::Sample(m) => {
                let mut out = table([
                    ("verb", "sample".into()),
                    ("sampler", m.sampler.name().into()),
                    ("warmup", whole(m.warmup)),
                ]);
                match m.length {
                    Length::Draws(k) => {
                        out.insert("draws".into(), whole(k));
                        out.insert("thin".into(), whole(m.thin));
                    }
                    Length::Steps(k) => {
                        out.insert("steps".into(), whole(k));
                    }
                }
                m.tuning.fill(m.sampler, &mut out);
                out
            }
            Self::Diffuse(m) => diffusion::diffuse(m),
            Self::Compare(m) => diffusion::compare(m),
            Self::Smc(m) => {
                let ladder = m
                    .ladder
                    .clone()
                    .map_or_else(|| "adaptive".into(), Value::from);
                let reference = match &m.reference {
                    None => "target".into(),
                    Some(ReferenceSpec::Prior) => "prior".into(),
                    Some(ReferenceSpec::Normal(sd)) => format!("normal:{sd}").into(),
                    Some(ReferenceSpec::Student(df, sd)) => format!("student:{df},{sd}").into(),
                    Some(ReferenceSpec::File(file)) => path(file),
                };
                let mut out = table([
                    ("verb", "smc".into()),
                    ("move", m.kernel.name().into()),
                    (
                        "moves_per_stage",
                        m.moves_per_stage.map_or_else(|| "auto".into(), whole),
                    ),
                    (
                        "waste_free",
                        m.chain_length.map_or_else(|| "none".into(), whole),
                    ),
                    ("lag", m.lag.map_or_else(|| "none".into(), whole)),
                    ("target_ess", m.target_ess.into()),
                    ("resampler", m.resampler.name().into()),
                    ("resample", resampling(m.resampling)),
                    ("islands", whole(m.islands)),
                    ("replicates", whole(m.replicates)),
                    ("ladder", ladder),
                    ("reference", reference),
                    (
                        "freeze",
                        m.freeze.as_deref().map_or_else(|| "none".into(), path),
                    ),
                    ("check_modes", m.check_modes.into()),
                    ("keep_particles", m.keep_particles.into()),
                ]);
                m.tuning.fill(m.kernel, &mut out);
                out
            }
        }
    }
}

impl Population {
    fn to_table(&self) -> Table {
        let init = match &self.init {
            Init::Default => "default".into(),
            Init::Exact => "exact".into(),
            Init::Prior => "prior".into(),
            Init::Reference => "reference".into(),
            Init::File(file) => path(file),
        };
        let mut out = table([
            ("seed", whole(self.seed)),
            ("threads", whole(self.threads as u64)),
            ("precision", self.precision.name().into()),
            ("init", init),
        ]);
        out.extend(self.particles.map(|n| ("particles".to_owned(), whole(n))));
        out
    }
}

impl Output {
    fn to_table(&self) -> Table {
        let mut out = table([
            ("save", self.save.into()),
            ("force", self.force.into()),
            ("json", self.json.into()),
            ("quiet", self.quiet.into()),
            ("strict", self.strict.into()),
            ("checkpoint_every", self.checkpoint_every.text().into()),
            (
                "time_limit",
                self.time_limit
                    .map_or_else(|| "none".into(), |time| duration_text(time).into()),
            ),
        ]);
        out.extend(self.out.as_deref().map(|out| ("out".to_owned(), path(out))));
        out
    }
}
