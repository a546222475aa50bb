//! Statistics of draws read back from a trace of our own; other layouts are refused, not guessed at.

use crate::error::{Error, Result};
use crate::zarr::{Array, DataType};
use serde_json::{Map, Value};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// More than any `zarr.json` of an array here has.
const TEXT_CAP: u64 = 1 << 16;

/// A statistic of shape [draws, particles] in the trace `folder`, by its name in `sample_stats`; `None` if the trace
/// has it not. Chunks that are missing are full of the fill value.
///
/// Refused ([`Error::RunFolder`]): another shape, another layout than [`super::Trace`] writes, files that cannot be
/// read.
pub fn stat(folder: &Path, name: &str, particles: usize, draws: usize) -> Result<Option<Vec<f64>>> {
    let node = folder.join("sample_stats").join(name);
    let refuse = |what: String| Error::RunFolder {
        path: node.clone(),
        what,
    };
    if !node.join("zarr.json").exists() {
        return Ok(None);
    }
    let mut text = String::new();
    let file = File::open(node.join("zarr.json"));
    file.and_then(|file| file.take(TEXT_CAP).read_to_string(&mut text))
        .map_err(|e| refuse(format!("zarr.json cannot be read: {e}")))?;
    let found: Value =
        serde_json::from_str(&text).map_err(|e| refuse(format!("zarr.json: {e}")))?;
    let types = [DataType::Float64, DataType::Int64, DataType::Bool];
    let data_type = types.into_iter().find(|t| found["data_type"] == t.name());
    let chunk = found["chunk_grid"]["configuration"]["chunk_shape"][1].as_u64();
    let (Some(data_type), Some(chunk)) = (data_type, chunk.filter(|chunk| *chunk > 0)) else {
        return Err(refuse("is not laid out as this program does".into()));
    };
    let expected = Array {
        data_type,
        shape: vec![particles as u64, draws as u64],
        chunks: vec![particles as u64, chunk],
        dimensions: vec!["chain".into(), "draw".into()],
        order: Some(vec![1, 0]),
        attributes: Map::new(),
    };
    let Some(length) = expected
        .chunk_bytes()
        .filter(|_| found == expected.metadata())
    else {
        let what = format!(
            "is not of {draws} draws of {particles} particles as this program lays them out"
        );
        return Err(refuse(what));
    };
    let mut values = Vec::new();
    for k in 0..(draws as u64).div_ceil(chunk) {
        let path = node.join("c/0").join(k.to_string());
        let bytes = match fs::symlink_metadata(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                data_type.fill_bytes().repeat(length / data_type.size())
            }
            Ok(known) if known.is_file() && known.len() == length as u64 => {
                fs::read(&path).map_err(|e| refuse(format!("chunk {k} cannot be read: {e}")))?
            }
            _ => return Err(refuse(format!("chunk {k} is not a file of {length} bytes"))),
        };
        let number = |item: &[u8]| {
            let mut word = [0; 8];
            word[..item.len()].copy_from_slice(item);
            match data_type {
                DataType::Float64 => f64::from_le_bytes(word),
                _ => i64::from_le_bytes(word) as f64,
            }
        };
        values.extend(bytes.chunks_exact(data_type.size()).map(number));
    }
    values.truncate(draws * particles);
    Ok(Some(values))
}
