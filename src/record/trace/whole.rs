//! The trace of a run that has finished, from its arrays.

use super::{NAME, RunRecord, Trace, TracePlan, TraceShape};
use crate::error::Result;
use crate::particles::Numbers;
use crate::record::{OpenFolder, Part};
use driftlane_kernels::Lane;
use serde_json::{Map, Value, json};

/// Writes `trace.zarr` into the folder: the kept draws, else the last population as one draw.
pub fn write(record: &RunRecord<'_>, folder: &OpenFolder) -> Result<()> {
    let dim = record.summary.dim.max(1);
    let (values, draws) = match record.draws {
        Some(kept) => (Numbers::from(kept.values), kept.draws),
        None => (record.samples, 1),
    };
    let particles = values.len() / dim / draws.max(1);
    if particles == 0 {
        return Ok(());
    }
    let plan = TracePlan {
        shape: match record.draws {
            Some(_) => TraceShape::new(particles, dim, draws),
            None => TraceShape::population(particles, dim),
        },
        parameters: (0..dim).map(|j| record.name(j)).collect(),
        stats: match &record.summary.part {
            Part::Smc(_) => WEIGHTS.map(str::to_owned).to_vec(),
            _ => Vec::new(),
        },
        attributes: attributes(record),
    };
    let weighted = !plan.stats.is_empty();
    let mut trace = Trace::create(&folder.file(NAME), plan)?;
    for draw in 0..draws {
        let values = values.range(draw * particles * dim, particles * dim);
        match weighted {
            true => trace.push_population(values)?,
            false => trace.push(values, &[])?,
        }
    }
    if !record.stages.is_empty() {
        trace.add_ladder(&record.stages)?;
    }
    trace.finish()
}

/// The statistics of the population that tempering ends with, in the layout proposed to ArviZ.
pub const WEIGHTS: [&str; 2] = ["log_weight", "inverse_temperature"];

impl Trace {
    /// Pushes the population that tempering ended with: equal weights, which sum to 1, at inverse temperature 1. The
    /// statistics of the plan are [`WEIGHTS`].
    pub fn push_population<'a>(&mut self, positions: impl Into<Numbers<'a>>) -> Result<()> {
        let particles = self.plan.shape.particles;
        let equal = vec![-Lane::ln(particles as f64); particles];
        let ones = vec![1.0; particles];
        let [weight, temperature] = WEIGHTS;
        self.push(positions, &[(weight, &equal), (temperature, &ones)])
    }
}

/// What the root tells of a run; numbers that are not finite, which JSON has not, are left out.
pub fn attributes(record: &RunRecord<'_>) -> Map<String, Value> {
    let summary = &record.summary;
    let mut attributes = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            attributes.insert(name.to_owned(), value);
        }
    };
    put(
        "name",
        json!(format!("{} {}", summary.verb, summary.target)),
    );
    put("target", json!(summary.target));
    put("verb", json!(summary.verb));
    put("seed", json!(summary.seed));
    put("precision", json!(summary.precision));
    if let Some((value, se)) = summary.evidence() {
        put("log_evidence", json!(value));
        put("log_evidence_se", json!(se));
        put("log_evidence_method", json!(record.evidence_method));
    }
    match &summary.part {
        Part::Sample(part) => {
            put("step_size", json!(part.step_size));
            put("acceptance_rate", json!(part.acceptance));
        }
        Part::Diffuse(part) => {
            put("solver", json!(part.solver));
            put("nfe", json!(part.nfe));
        }
        Part::Smc(_) | Part::Compare(_) | Part::Other(_) => {}
    }
    attributes
}
