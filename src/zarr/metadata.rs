//! Data types, arrays, and the text of their `zarr.json`.

use serde_json::{Map, Value, json};

/// What an array is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// Double precision.
    Float64,
    /// Single precision.
    Float32,
    /// Signed, 64 bits.
    Int64,
    /// Unsigned, 64 bits.
    UInt64,
    /// A byte, 0 or 1.
    Bool,
}

impl DataType {
    /// Its name in the specification.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float64 => "float64",
            Self::Float32 => "float32",
            Self::Int64 => "int64",
            Self::UInt64 => "uint64",
            Self::Bool => "bool",
        }
    }

    /// Bytes of an item.
    pub fn size(self) -> usize {
        match self {
            Self::Float64 | Self::Int64 | Self::UInt64 => 8,
            Self::Float32 => 4,
            Self::Bool => 1,
        }
    }

    /// What a missing chunk is full of.
    fn fill_value(self) -> Value {
        match self {
            Self::Float64 | Self::Float32 => json!("NaN"),
            Self::Int64 | Self::UInt64 => json!(0),
            Self::Bool => json!(false),
        }
    }

    /// The bytes of the fill value. NaN is the quiet one the specification names.
    pub fn fill_bytes(self) -> &'static [u8] {
        match self {
            Self::Float64 => &[0, 0, 0, 0, 0, 0, 0xf8, 0x7f],
            Self::Float32 => &[0, 0, 0xc0, 0x7f],
            Self::Int64 | Self::UInt64 => &[0; 8],
            Self::Bool => &[0],
        }
    }
}

/// An array: what its `zarr.json` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// What it is made of.
    pub data_type: DataType,
    /// The length of every axis; none for a scalar.
    pub shape: Vec<u64>,
    /// The length of a chunk along every axis, at least 1; chunks at the end are as long as all others.
    pub chunks: Vec<u64>,
    /// The name of every axis.
    pub dimensions: Vec<String>,
    /// The axes in the order of a chunk's bytes, slowest first, where that is not the order of `shape`.
    pub order: Option<Vec<usize>>,
    /// What else is known of it.
    pub attributes: Map<String, Value>,
}

impl Array {
    /// An array in one chunk, in C order.
    pub fn whole(data_type: DataType, shape: &[u64], dimensions: &[&str]) -> Self {
        Self {
            data_type,
            shape: shape.to_vec(),
            chunks: shape.iter().map(|&n| n.max(1)).collect(),
            dimensions: dimensions.iter().map(|&name| name.to_owned()).collect(),
            order: None,
            attributes: Map::new(),
        }
    }

    /// Bytes of a chunk; `None` where they cannot be counted.
    pub fn chunk_bytes(&self) -> Option<usize> {
        let items = self.chunks.iter().try_fold(1u64, |n, &c| n.checked_mul(c));
        let bytes = items?.checked_mul(self.data_type.size() as u64)?;
        usize::try_from(bytes).ok()
    }

    /// What is wrong with it, if anything: lists of different lengths, a chunk of length 0, an order that is not a
    /// permutation, sizes beyond the machine.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let axes = self.shape.len();
        if self.chunks.len() != axes || self.dimensions.len() != axes {
            return Some("shape, chunks and dimensions differ in length");
        }
        if self.chunks.contains(&0) {
            return Some("a chunk has length 0");
        }
        if let Some(order) = &self.order {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            if sorted != (0..axes).collect::<Vec<_>>() {
                return Some("the order is not a permutation of the axes");
            }
        }
        match self.chunk_bytes() {
            None => Some("a chunk is longer than memory can be"),
            Some(_) => None,
        }
    }

    /// The object in its `zarr.json`.
    pub fn metadata(&self) -> Value {
        let mut codecs = Vec::new();
        if let Some(order) = &self.order {
            codecs.push(json!({"name": "transpose", "configuration": {"order": order}}));
        }
        codecs.push(match self.data_type.size() {
            // An item of one byte has no ends.
            1 => json!({"name": "bytes"}),
            _ => json!({"name": "bytes", "configuration": {"endian": "little"}}),
        });
        json!({
            "zarr_format": 3,
            "node_type": "array",
            "shape": self.shape,
            "data_type": self.data_type.name(),
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": self.chunks}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": self.data_type.fill_value(),
            "codecs": codecs,
            "dimension_names": self.dimensions,
            "attributes": self.attributes,
        })
    }
}

/// The object in a group's `zarr.json`.
pub(super) fn group(attributes: &Map<String, Value>) -> Value {
    json!({"zarr_format": 3, "node_type": "group", "attributes": attributes})
}
