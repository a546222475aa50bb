//! A variable of a trace: its node, its type, and the draws that are not on disk yet.

use super::naming::Named;
use crate::disk::bytes_of;
use crate::particles::Numbers;
use crate::zarr::DataType;
use std::borrow::Cow;

/// A variable with items for every draw.
#[derive(Debug)]
pub(super) struct Variable {
    /// Its node.
    pub(super) path: String,
    pub(super) data_type: DataType,
    /// Items a draw.
    pub(super) items: usize,
    /// The coordinates it holds, where it is of positions.
    pub(super) of: Option<Named>,
    /// Draws that fill no chunk yet.
    pub(super) buffer: Vec<u8>,
}

impl Variable {
    /// Bytes of a draw.
    pub(super) fn draw_bytes(&self) -> usize {
        self.items * self.data_type.size()
    }

    /// Appends its coordinates of positions `[particles, dim]`.
    pub(super) fn push_of(&mut self, positions: &[f64], dim: usize) {
        let Some(of) = &self.of else { return };
        if of.width() == dim {
            return self.buffer.extend_from_slice(&bytes_of(positions));
        }
        let own = of.first..of.first + of.width();
        for row in positions.chunks_exact(dim) {
            self.buffer.extend_from_slice(&bytes_of(&row[own.clone()]));
        }
    }

    /// Appends a draw.
    pub(super) fn push(&mut self, values: &[f64]) {
        match self.data_type {
            DataType::Bool => self
                .buffer
                .extend(values.iter().map(|v| u8::from(*v != 0.0))),
            DataType::Int64 => {
                let bytes = values.iter().flat_map(|v| (*v as i64).to_le_bytes());
                self.buffer.extend(bytes);
            }
            _ => self.buffer.extend_from_slice(&bytes_of(values)),
        }
    }

    /// The index of a chunk.
    pub(super) fn index(&self, chunk: usize) -> Vec<u64> {
        let axes = self.of.as_ref().map_or(0, |of| of.shape.len());
        let mut index = vec![0, chunk as u64];
        index.resize(2 + axes, 0);
        index
    }
}

/// The bytes of numbers in parts, in double precision.
pub(super) fn parts_of(numbers: Numbers<'_>) -> impl Iterator<Item = Cow<'_, [u8]>> {
    numbers.parts().map(|part| match part {
        Cow::Borrowed(values) => bytes_of(values),
        Cow::Owned(values) => Cow::Owned(bytes_of(&values).into_owned()),
    })
}
