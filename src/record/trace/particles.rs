//! The weighted particles of every stage of `smc`.
//!
//! ```text
//! smc_particles/   x (stage, particle, x_dim_0), log_weight (stage, particle), ancestor (stage, particle),
//!                  inverse_temperature (stage)
//! ```
//!
//! ArviZ has no convention for weights; this is the layout proposed to it: `posterior` holds draws of equal weight, and
//! here stands what they came from. Stages are those of `smc_ladder`, from 1: particles `x` of stage s, weighted, are
//! of the law at its inverse temperature, which is given here too, and their effective sample size is its `ess` (they
//! were moved at the temperature of stage s - 1, or drawn from the reference). exp(log_weight) sums to 1 over the
//! particles of a stage. `ancestor` looks back: entry (s, i) is the particle of stage s that particle i of stage s + 1,
//! or after the last stage draw i of `posterior`, descends from. Chunk files count stages from 0.

use super::Trace;
use super::describe::library;
use crate::disk::{Durability, bytes_of};
use crate::error::{Error, Result};
use crate::flow::Weighing;
use crate::record::Stage;
use crate::zarr::{Array, DataType};
use serde_json::{Map, json};

const GROUP: &str = "smc_particles";
/// Its arrays.
const NAMES: [&str; 3] = ["x", "log_weight", "ancestor"];

impl Trace {
    /// Writes a stage; each is written once, in order, or again with the same numbers.
    pub fn add_particles(&mut self, weighing: &Weighing) -> Result<()> {
        let stage = weighing.time as u64;
        if weighing.time >= self.stages.len() {
            self.stages.resize(weighing.time + 1, [0; 3]);
        }
        self.describe_particles()?;
        let ancestors: Vec<u8> = weighing
            .ancestors
            .iter()
            .flat_map(|a| i64::from(*a).to_le_bytes())
            .collect();
        let parts = [
            bytes_of(&weighing.positions),
            bytes_of(&weighing.log_weights),
            ancestors.into(),
        ];
        for (k, (name, bytes)) in NAMES.into_iter().zip(parts).enumerate() {
            let index = &[stage, 0, 0][..if k == 0 { 3 } else { 2 }];
            let array = format!("{GROUP}/{name}");
            let lazy = Durability::Lazy;
            self.stages[weighing.time][k] = crc32fast::hash(&bytes);
            let path = self.store.write_chunk(&array, index, &[&bytes], lazy)?;
            self.unsettled.push(path);
        }
        Ok(())
    }

    /// The inverse temperatures that weights are of, where there are particles of all stages.
    pub(super) fn add_temperatures(&mut self, ladder: &[Stage]) -> Result<()> {
        if self.stages.is_empty() || self.stages.len() != ladder.len() {
            return Ok(());
        }
        let values: Vec<f64> = ladder.iter().map(|stage| stage.tempering_param).collect();
        let path = format!("{GROUP}/inverse_temperature");
        let whole = (DataType::Float64, values.len());
        self.store.line(&path, "stage", whole, &bytes_of(&values))
    }

    /// Files of the stages and their CRC-32, names below the store: what a checkpoint keeps.
    pub fn particle_files(&self) -> (Vec<String>, Vec<u32>) {
        let files = self.stages.iter().enumerate().flat_map(|(stage, sums)| {
            NAMES
                .into_iter()
                .zip(*sums)
                .enumerate()
                .map(move |(k, (name, sum))| {
                    let rest = if k == 0 { "/0/0" } else { "/0" };
                    (format!("{GROUP}/{name}/c/{stage}{rest}"), sum)
                })
        });
        files.unzip()
    }

    /// Takes up the stages of a checkpoint. Refused ([`Error::RunFolder`]): files that are missing or hold other bytes.
    pub fn take_up_particles(&mut self, sums: &[u32]) -> Result<()> {
        self.stages = sums.as_chunks::<3>().0.to_vec();
        let (files, sums) = self.particle_files();
        for (file, sum) in files.into_iter().zip(sums) {
            let path = self.store.root().join(&file);
            let refuse = |what: String| Error::RunFolder {
                path: path.clone(),
                what,
            };
            let bytes = std::fs::read(&path);
            let bytes = bytes.map_err(|e| refuse(format!("cannot be read: {e}")))?;
            if crc32fast::hash(&bytes) != sum {
                return Err(refuse("differs from what was written (CRC-32)".into()));
            }
        }
        Ok(())
    }

    /// Tells the store of the group, where there is one.
    pub(super) fn describe_particles(&mut self) -> Result<()> {
        if self.stages.is_empty() {
            return Ok(());
        }
        let (stages, particles) = (self.stages.len(), self.plan.shape.particles);
        let mut attributes = library();
        attributes.insert("parameter_names".into(), json!(self.plan.parameters));
        self.store.group(GROUP, attributes);
        self.coordinate(&format!("{GROUP}/stage"), "stage", (1, stages, 1024))?;
        self.coordinate(
            &format!("{GROUP}/particle"),
            "particle",
            (0, particles, particles),
        )?;
        let dim = self.plan.shape.dim;
        self.coordinate(&format!("{GROUP}/x_dim_0"), "x_dim_0", (0, dim, dim))?;
        let arrays = [
            (
                "x",
                DataType::Float64,
                Some(dim),
                "with exp(log_weight), a sample of the law at the stage's inverse_temperature",
            ),
            (
                "log_weight",
                DataType::Float64,
                None,
                "normalised: exp sums to 1 over the particles of a stage",
            ),
            (
                "ancestor",
                DataType::Int64,
                None,
                "the particle of this stage that particle i of the next, after the last draw i of posterior, \
                 descends from",
            ),
        ];
        for (name, data_type, coordinates, description) in arrays {
            let mut array = Array {
                data_type,
                shape: vec![stages as u64, particles as u64],
                chunks: vec![1, particles as u64],
                dimensions: vec!["stage".into(), "particle".into()],
                order: None,
                attributes: Map::new(),
            };
            let attributes = &mut array.attributes;
            attributes.insert("description".into(), description.into());
            if name == "log_weight" {
                attributes.insert("normalised".into(), true.into());
            }
            if let Some(dim) = coordinates {
                array.shape.push(dim as u64);
                array.chunks.push(dim as u64);
                array.dimensions.push("x_dim_0".into());
            }
            self.store.array(&format!("{GROUP}/{name}"), array)?;
        }
        Ok(())
    }
}
