//! Zarr v3 stores, as far as a trace needs them: folders of arrays cut into chunk files.
//!
//! The subset, all of it in the core specification (<https://zarr-specs.readthedocs.io>, "Zarr core specification
//! version 3"): groups and arrays with attributes and `dimension_names`; data types `float64`, `float32`, `int64`,
//! `uint64`, `bool`; a `regular` chunk grid with the `default` key encoding (`c/0/1`, a scalar's chunk is `c`);
//! the codecs `bytes` (little-endian) and, before it, `transpose`. The root's `zarr.json` repeats the metadata of
//! all nodes below it (`consolidated_metadata`, kind `inline`), which is not in the specification yet, but is what
//! zarr-python writes, and what xarray asks for with a warning where it is missing.
//!
//! Every file is written whole under another name first ([`crate::disk`]). A chunk that is not there reads as the
//! fill value, NaN for floats: a store can be read while it is being written.
//!
//! | module | what it holds |
//! |---|---|
//! | [`metadata`] | data types, arrays, and their `zarr.json` |
//! | [`store`] | the folder: metadata and chunks on disk |

pub mod metadata;
pub mod store;

pub use metadata::{Array, DataType};
pub use store::Store;
