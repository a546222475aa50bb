//! A store on disk: a folder for every node, metadata and chunk files in it.

use super::metadata::{self, Array, DataType};
use crate::disk::{self, Durability};
use crate::error::{Error, Result};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    Group(Map<String, Value>),
    Array(Array),
}

impl Node {
    fn metadata(&self) -> Value {
        match self {
            Self::Group(attributes) => metadata::group(attributes),
            Self::Array(array) => array.metadata(),
        }
    }
}

/// A tree of groups and arrays in a folder. What the nodes are is kept here and written by
/// [`Store::write_metadata`]; numbers go to disk at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Store {
    root: PathBuf,
    attributes: Map<String, Value>,
    nodes: BTreeMap<String, Node>,
}

impl Store {
    /// An empty store in the folder `root`; nothing is written yet.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            attributes: Map::new(),
            nodes: BTreeMap::new(),
        }
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The attributes of the root.
    pub fn attributes(&mut self) -> &mut Map<String, Value> {
        &mut self.attributes
    }

    /// Adds or replaces a group: `path` is its names from the root on, with `/` between them.
    pub fn group(&mut self, path: &str, attributes: Map<String, Value>) {
        self.nodes.insert(path.to_owned(), Node::Group(attributes));
    }

    /// Adds or replaces an array. One that no reader could make sense of is refused ([`Error::Write`]).
    pub fn array(&mut self, path: &str, array: Array) -> Result<()> {
        if let Some(fault) = array.fault() {
            return Err(Error::write(self.root.join(path), fault));
        }
        self.nodes.insert(path.to_owned(), Node::Array(array));
        Ok(())
    }

    /// Adds a one-dimensional array in chunks of `chunk` items and writes its numbers.
    pub fn line(
        &mut self,
        path: &str,
        dimension: &str,
        (data_type, chunk): (DataType, usize),
        items: &[u8],
    ) -> Result<()> {
        let size = data_type.size();
        let mut array = Array::whole(data_type, &[(items.len() / size) as u64], &[dimension]);
        array.chunks = vec![chunk.max(1) as u64];
        self.array(path, array)?;
        for (k, part) in items.chunks(chunk.max(1) * size).enumerate() {
            let padding = data_type
                .fill_bytes()
                .repeat(chunk.max(1) - part.len() / size);
            self.write_chunk(path, &[k as u64], &[part, &padding], Durability::Lazy)?;
        }
        Ok(())
    }

    /// The file of a chunk, whether there is one or not.
    pub fn chunk_path(&self, array: &str, index: &[u64]) -> PathBuf {
        let mut path = self.root.join(array).join("c");
        path.extend(index.iter().map(u64::to_string));
        path
    }

    /// Writes a chunk: `parts`, one after the other, are its bytes in the array's order. Refused
    /// ([`Error::Write`]): an array that is not there, an index or a length that does not suit it.
    pub fn write_chunk(
        &self,
        array: &str,
        index: &[u64],
        parts: &[&[u8]],
        durability: Durability,
    ) -> Result<PathBuf> {
        let length = parts.iter().map(|part| part.len()).sum();
        let parts = parts.iter().map(|part| Cow::Borrowed(*part));
        self.write_chunk_from(array, index, (length, parts), durability)
    }

    /// [`write_chunk`](Store::write_chunk), of parts that are made as they are written, of `length` bytes together.
    pub fn write_chunk_from<'a>(
        &self,
        array: &str,
        index: &[u64],
        (length, parts): (usize, impl Iterator<Item = Cow<'a, [u8]>>),
        durability: Durability,
    ) -> Result<PathBuf> {
        let path = self.chunk_path(array, index);
        self.write_as(&path, array, index, (length, parts), durability)?;
        Ok(path)
    }

    /// [`write_chunk`](Store::write_chunk) into a file `path` that is not its own: readers do not see it there.
    pub fn write_chunk_as(
        &self,
        path: &Path,
        array: &str,
        index: &[u64],
        parts: &[&[u8]],
        durability: Durability,
    ) -> Result<()> {
        let length = parts.iter().map(|part| part.len()).sum();
        let parts = parts.iter().map(|part| Cow::Borrowed(*part));
        self.write_as(path, array, index, (length, parts), durability)
    }

    fn write_as<'a>(
        &self,
        path: &Path,
        array: &str,
        index: &[u64],
        (length, parts): (usize, impl Iterator<Item = Cow<'a, [u8]>>),
        durability: Durability,
    ) -> Result<()> {
        let Some(Node::Array(known)) = self.nodes.get(array) else {
            return Err(Error::write(path, "is a chunk of no array"));
        };
        let inside = index.iter().zip(&known.shape).zip(&known.chunks);
        let inside = inside.map(|((i, n), c)| i.checked_mul(*c).is_some_and(|first| first < *n));
        if index.len() != known.shape.len() || !inside.into_iter().all(|inside| inside) {
            return Err(Error::write(path, "is a chunk outside the array"));
        }
        if Some(length) != known.chunk_bytes() {
            let what = format!("has {length} bytes, which is not what a chunk holds");
            return Err(Error::write(path, what));
        }
        let folder = disk::parent(path);
        disk::create_folders(folder)?;
        disk::replace_from(path, parts, durability)
    }

    /// Writes the `zarr.json` of every node, the root's last: a store whose root tells of a node has it.
    pub fn write_metadata(&self, durability: Durability) -> Result<()> {
        let mut all = Map::new();
        for (name, node) in &self.nodes {
            let folder = self.root.join(name);
            disk::create_folders(&folder)?;
            let object = node.metadata();
            put(&folder, &object, durability)?;
            all.insert(name.clone(), object);
        }
        disk::create_folders(&self.root)?;
        let mut root = metadata::group(&self.attributes);
        root["consolidated_metadata"] =
            json!({"kind": "inline", "must_understand": false, "metadata": all});
        put(&self.root, &root, durability)
    }
}

/// Writes `zarr.json` into a node's folder.
fn put(folder: &Path, object: &Value, durability: Durability) -> Result<()> {
    let text = format!("{object:#}\n");
    disk::replace_with(&folder.join("zarr.json"), &[text.as_bytes()], durability)
}
