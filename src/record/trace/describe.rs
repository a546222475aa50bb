//! What stands around the draws: metadata, coordinates, the ladder of `smc`.

use super::{COORDINATES, Trace};
use crate::disk::{Durability, bytes_of};
use crate::error::Result;
use crate::record::{Stage, clock};
use crate::zarr::{Array, DataType};
use serde_json::{Map, Value, json};

/// A column of `smc_ladder`.
type Column = (&'static str, fn(&Stage) -> f64);

impl Trace {
    /// Adds the group `smc_ladder`; described by [`Trace::finish`].
    pub fn add_ladder(&mut self, stages: &[Stage]) -> Result<()> {
        let library = library();
        self.store.group("smc_ladder", library);
        let length = stages.len();
        self.coordinate("smc_ladder/stage", "stage", (1, length, length))?;
        let columns: [Column; 5] = [
            ("inverse_temperature", |s| s.tempering_param),
            ("ess", |s| s.ess),
            ("acceptance_rate", |s| s.acceptance),
            ("step_size", |s| s.step_size),
            ("log_evidence_increment", |s| s.log_evidence_increment),
        ];
        for (name, column) in columns {
            let values: Vec<f64> = stages.iter().map(column).collect();
            let path = format!("smc_ladder/{name}");
            self.store.line(
                &path,
                "stage",
                (DataType::Float64, length),
                &bytes_of(&values),
            )?;
        }
        self.add_temperatures(stages)
    }

    /// Writes coordinates and metadata; of a run that is being lengthened at its end only.
    pub(super) fn describe(&mut self, durability: Durability) -> Result<()> {
        let shape = self.plan.shape;
        let (chains, draws, chunk_draws) = match shape.one_chain {
            true => (1, shape.particles, shape.particles),
            false => (shape.particles, shape.draws, shape.chunk_draws),
        };
        let positions = self.variables.iter().filter(|v| v.of.is_some());
        let names: Vec<String> = positions
            .map(|v| v.path.trim_start_matches("posterior/").to_owned())
            .collect();
        let mut groups = vec!["posterior"];
        if !self.plan.stats.is_empty() {
            groups.push("sample_stats");
        }
        for group in groups {
            let mut attributes = library();
            if group == "posterior" {
                attributes.insert("sample_dims".into(), json!(["chain", "draw"]));
                attributes.insert("sampled_variables".into(), json!(names));
                attributes.insert("parameter_names".into(), json!(self.plan.parameters));
            }
            self.store.group(group, attributes);
            self.coordinate(&format!("{group}/chain"), "chain", (0, chains, chains))?;
            self.coordinate(&format!("{group}/draw"), "draw", (0, draws, COORDINATES))?;
        }
        let mut axes = Vec::new();
        for variable in &self.variables {
            let mut array = Array {
                data_type: variable.data_type,
                shape: vec![chains as u64, draws as u64],
                chunks: vec![chains as u64, chunk_draws as u64],
                dimensions: vec!["chain".into(), "draw".into()],
                order: None,
                attributes: Map::new(),
            };
            if let Some(of) = &variable.of {
                let name = variable.path.trim_start_matches("posterior/");
                let own = of.axes(name);
                array.shape.extend(of.shape.iter().map(|n| *n as u64));
                array.chunks.extend(of.shape.iter().map(|n| *n as u64));
                array.dimensions.extend(own.clone());
                axes.extend(
                    own.into_iter()
                        .zip(of.origin.clone().into_iter().zip(of.shape.clone())),
                );
            }
            if !shape.one_chain {
                let mut order: Vec<usize> = (0..array.shape.len()).collect();
                order.swap(0, 1);
                array.order = Some(order);
            }
            self.store.array(&variable.path, array)?;
        }
        for (axis, (first, length)) in axes {
            let path = format!("posterior/{axis}");
            self.coordinate(&path, &axis, (first, length, length))?;
        }
        self.describe_particles()?;
        let mut attributes = library();
        attributes.extend(self.plan.attributes.clone());
        *self.store.attributes() = attributes;
        if self.first.is_some() {
            return Ok(());
        }
        self.store.write_metadata(durability)
    }

    /// Writes first, first + 1, ... as a coordinate.
    pub(super) fn coordinate(
        &mut self,
        path: &str,
        name: &str,
        (first, length, chunk): (usize, usize, usize),
    ) -> Result<()> {
        if self.first.is_some() {
            return Ok(());
        }
        let numbers = first as i64..(first + length) as i64;
        let bytes: Vec<u8> = numbers.flat_map(i64::to_le_bytes).collect();
        self.store
            .line(path, name, (DataType::Int64, chunk), &bytes)
    }
}

/// The attributes of every group: who made it, and when.
pub(super) fn library() -> Map<String, Value> {
    let version = env!("CARGO_PKG_VERSION");
    let pairs = [
        ("created_at", clock::now()),
        ("creation_library", "driftlane".into()),
        ("creation_library_version", version.into()),
        ("creation_library_language", "Rust".into()),
        ("inference_library", "driftlane".into()),
        ("inference_library_version", version.into()),
    ];
    pairs
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into_iter()
        .collect()
}
