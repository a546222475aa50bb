//! Draws read back from the whole chunks of a trace that goes on.

use super::variable::Variable;
use super::{Trace, current};
use crate::error::{Error, Result};
use crate::zarr::DataType;
use std::path::Path;

impl Trace {
    /// Draws in the chunks that are whole.
    pub fn whole_draws(&self) -> usize {
        self.checksums.len() / self.variables.len() * self.plan.shape.chunk_draws
    }

    /// The files of those chunks, as [`checksums`](Trace::checksums) has them: names below the store.
    pub fn chunk_files(&self) -> Vec<String> {
        let count = self.variables.len();
        let file = |k: usize| {
            let variable = &self.variables[k % count];
            let path = self
                .store
                .chunk_path(&variable.path, &variable.index(k / count));
            let name = path.strip_prefix(self.store.root()).unwrap_or(&path);
            name.to_string_lossy().into_owned()
        };
        (0..self.checksums.len()).map(file).collect()
    }

    /// A statistic that is stored as floats, in the chunks that are whole: draw-major, `[draw, particle]`;
    /// nothing where the trace has it not. Refused ([`Error::RunFolder`]): chunks that cannot be read.
    pub fn read_back(&self, name: &str) -> Result<Vec<f64>> {
        let path = format!("sample_stats/{name}");
        let is_it = |v: &&Variable| v.path == path && v.data_type == DataType::Float64;
        match self.variables.iter().find(is_it) {
            Some(variable) => self.values_of(variable),
            None => Ok(Vec::new()),
        }
    }

    /// The positions in the chunks that are whole, `[draw, particle, dim]`; refused likewise.
    pub fn read_back_positions(&self) -> Result<Vec<f64>> {
        let dim = self.plan.shape.dim;
        let mut positions = Vec::new();
        for variable in &self.variables {
            let Some(of) = &variable.of else { continue };
            let values = self.values_of(variable)?;
            if of.width() == dim {
                return Ok(values);
            }
            positions.resize(self.whole_draws() * self.plan.shape.particles * dim, 0.0);
            let own = values.chunks_exact(of.width());
            for (row, own) in positions.chunks_exact_mut(dim).zip(own) {
                row[of.first..of.first + own.len()].copy_from_slice(own);
            }
        }
        Ok(positions)
    }

    fn values_of(&self, variable: &Variable) -> Result<Vec<f64>> {
        let chunks = self.checksums.len() / self.variables.len();
        let mut values = Vec::with_capacity(self.whole_draws() * variable.items);
        for chunk in 0..chunks {
            let path = self
                .store
                .chunk_path(&variable.path, &variable.index(chunk));
            let path = current(path, Path::new(""));
            let bytes = std::fs::read(&path).map_err(|e| Error::RunFolder {
                path: path.clone(),
                what: format!("cannot be read: {e}"),
            })?;
            let items = bytes.as_chunks::<8>().0.iter();
            values.extend(items.map(|item| f64::from_le_bytes(*item)));
        }
        Ok(values)
    }
}
