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
use crate::error::Result;
use crate::flow::Weighing;
use crate::zarr::{Array, DataType};
use serde_json::Map;

const GROUP: &str = "smc_particles";

impl Trace {
    /// Writes a stage; each is written once, in order, or again with the same numbers.
    pub fn add_particles(&mut self, weighing: &Weighing) -> Result<()> {
        let stage = weighing.time as u64;
        self.stages = self.stages.max(weighing.time + 1);
        self.describe_particles()?;
        let ancestors: Vec<u8> = weighing
            .ancestors
            .iter()
            .flat_map(|a| i64::from(*a).to_le_bytes())
            .collect();
        for (name, bytes, index) in [
            ("x", bytes_of(&weighing.positions), &[stage, 0, 0][..]),
            ("log_weight", bytes_of(&weighing.log_weights), &[stage, 0]),
            ("ancestor", ancestors.into(), &[stage, 0]),
        ] {
            let array = format!("{GROUP}/{name}");
            let lazy = Durability::Lazy;
            let path = self.store.write_chunk(&array, index, &[&bytes], lazy)?;
            self.unsettled.push(path);
        }
        Ok(())
    }

    /// How many stages were written by a process before.
    pub fn set_stages(&mut self, stages: usize) {
        self.stages = stages;
    }

    /// Tells the store of the group, where there is one.
    pub(super) fn describe_particles(&mut self) -> Result<()> {
        if self.stages == 0 {
            return Ok(());
        }
        let (stages, particles) = (self.stages, self.plan.shape.particles);
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
