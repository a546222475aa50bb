//! The weighted particles of every stage of `smc`.
//!
//! ```text
//! smc_particles/   x (stage, particle, x_dim_0), log_weight (stage, particle), ancestor (stage, particle)
//! ```
//!
//! ArviZ has no convention for weights; this is the layout proposed to it: `posterior` holds draws of equal weight, and
//! here stands what they came from. Stage s is the population before the temperature of `smc_ladder` stage s + 1 was
//! moved to: exp(log_weight) sums to 1 over its particles, and `ancestor` is the particle of this stage that each one
//! of the next descends from.

use super::Trace;
use super::describe::library;
use crate::disk::{Durability, bytes_of};
use crate::error::{Error, Result};
use crate::flow::Weighing;
use crate::zarr::{Array, DataType};
use serde_json::Map;

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
        self.store.group(GROUP, library());
        self.coordinate(&format!("{GROUP}/stage"), "stage", (stages, 1024))?;
        self.coordinate(
            &format!("{GROUP}/particle"),
            "particle",
            (particles, particles),
        )?;
        let dim = self.plan.shape.dim;
        self.coordinate(&format!("{GROUP}/x_dim_0"), "x_dim_0", (dim, dim))?;
        let arrays = [
            ("x", DataType::Float64, Some(dim)),
            ("log_weight", DataType::Float64, None),
            ("ancestor", DataType::Int64, None),
        ];
        for (name, data_type, coordinates) in arrays {
            let mut array = Array {
                data_type,
                shape: vec![stages as u64, particles as u64],
                chunks: vec![1, particles as u64],
                dimensions: vec!["stage".into(), "particle".into()],
                order: None,
                attributes: Map::new(),
            };
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
