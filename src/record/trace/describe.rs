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
        let numbers: Vec<i64> = (1..=stages.len() as i64).collect();
        let bytes: Vec<u8> = numbers.iter().flat_map(|k| k.to_le_bytes()).collect();
        let length = stages.len();
        self.store.line(
            "smc_ladder/stage",
            "stage",
            (DataType::Int64, length),
            &bytes,
        )?;
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
        Ok(())
    }

    /// Writes coordinates and metadata; of a run that is being lengthened at its end only.
    pub(super) fn describe(&mut self, durability: Durability) -> Result<()> {
        let shape = self.plan.shape;
        let (particles, dim) = (shape.particles as u64, shape.dim as u64);
        let mut groups = vec!["posterior"];
        if !self.plan.stats.is_empty() {
            groups.push("sample_stats");
        }
        for group in groups {
            let mut attributes = library();
            if group == "posterior" {
                attributes.insert("sample_dims".into(), json!(["chain", "draw"]));
                attributes.insert("sampled_variables".into(), json!(["x"]));
                attributes.insert("parameter_names".into(), json!(self.plan.parameters));
                self.coordinate("posterior/x_dim_0", "x_dim_0", (shape.dim, shape.dim))?;
            }
            self.store.group(group, attributes);
            let particles = shape.particles;
            self.coordinate(&format!("{group}/chain"), "chain", (particles, particles))?;
            self.coordinate(&format!("{group}/draw"), "draw", (shape.draws, COORDINATES))?;
        }
        for (k, variable) in self.variables.iter().enumerate() {
            let mut array = Array {
                data_type: variable.data_type,
                shape: vec![particles, shape.draws as u64],
                chunks: vec![particles, shape.chunk_draws as u64],
                dimensions: vec!["chain".into(), "draw".into()],
                order: Some(vec![1, 0]),
                attributes: Map::new(),
            };
            if k == 0 {
                array.shape.push(dim);
                array.chunks.push(dim);
                array.dimensions.push("x_dim_0".into());
                array.order = Some(vec![1, 0, 2]);
            }
            self.store.array(&variable.path, array)?;
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

    /// Writes 0, 1, 2, ... as a coordinate.
    pub(super) fn coordinate(
        &mut self,
        path: &str,
        name: &str,
        (length, chunk): (usize, usize),
    ) -> Result<()> {
        if self.first.is_some() {
            return Ok(());
        }
        let bytes: Vec<u8> = (0..length as i64).flat_map(i64::to_le_bytes).collect();
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
