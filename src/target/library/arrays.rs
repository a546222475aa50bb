//! Vectors, matrices and stacks of matrices among a target's settings: written inline, or the name
//! of an `.npy` file.

use crate::error::{Error, Result};
use crate::parameters::Parameters;
use npyz::{DType, Endianness, NpyHeader, Order, TypeChar};
use std::path::Path;
use toml::Value;

/// A rectangular array, row-major.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

impl Array {
    /// The array called `key`, of one of these numbers of axes.
    pub fn take(parameters: &mut Parameters, key: &str, axes: usize) -> Result<Option<Self>> {
        let Some(value) = parameters.take(key) else {
            return Ok(None);
        };
        let what = [
            "a list of numbers",
            "a list of vectors",
            "a list of matrices",
        ][axes - 1];
        let allowed = format!("{what}, finite and rectangular, or the name of an .npy file");
        let array = match &value {
            Value::String(name) => read_npy(&parameters.resolve(name))?,
            inline => {
                let mut array = Self {
                    shape: vec![0; axes],
                    values: Vec::new(),
                };
                let complete = array.fill(inline, 0).is_some()
                    && array.values.len() == array.shape.iter().product();
                if !complete {
                    return Err(parameters.refuse(key, shorten(inline), &allowed));
                }
                array
            }
        };
        if array.shape.len() != axes || array.shape.contains(&0) {
            let shown = format!("shape {:?}", array.shape);
            return Err(parameters.refuse(key, shown, &format!("{axes} axes, none of them empty")));
        }
        Ok(Some(array))
    }

    /// Appends a nested list; `None` where it is ragged or holds something that is not a finite
    /// number.
    fn fill(&mut self, value: &Value, axis: usize) -> Option<()> {
        if axis == self.shape.len() {
            let number = match value {
                Value::Float(x) if x.is_finite() => *x,
                Value::Integer(i) => *i as f64,
                _ => return None,
            };
            self.values.push(number);
            return Some(());
        }
        let items = value.as_array()?;
        if self.shape[axis] == 0 {
            self.shape[axis] = items.len();
        }
        if items.len() != self.shape[axis] {
            return None;
        }
        items.iter().try_for_each(|item| self.fill(item, axis + 1))
    }

    /// The rows of the last axis.
    pub fn rows(&self) -> Vec<Vec<f64>> {
        let width = self.shape[self.shape.len() - 1];
        self.values
            .chunks_exact(width)
            .map(<[f64]>::to_vec)
            .collect()
    }
}

/// A value for a message, in one line of at most 60 characters.
pub(super) fn shorten(value: &Value) -> String {
    let shown = value.to_string().replace('\n', " ");
    if shown.chars().count() <= 60 {
        return shown;
    }
    shown.chars().take(57).collect::<String>() + "..."
}

/// Reads an `.npy` file of little-endian `f8`, `f4` or integers, in either order of axes. Refused:
/// other types, a size that does not fit the shape, numbers that are not finite.
pub(super) fn read_npy(path: &Path) -> Result<Array> {
    let fail = |what: String| Error::data(path, what);
    if path.is_dir() {
        return Err(fail("a folder; an .npy file".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
    if !shape_fits(&bytes) {
        return Err(fail(
            "a header whose shape is larger than the file".to_owned(),
        ));
    }
    let mut body = &bytes[..];
    let file = NpyHeader::from_reader(&mut body)
        .map_err(|error| fail(format!("not an .npy file: {error}")))?;
    let (dtype, order) = (file.dtype(), file.order());
    let refused = || {
        fail(format!(
            "type {}; f8, f4 or integers, little endian",
            dtype.descr()
        ))
    };
    let DType::Plain(ty) = &dtype else {
        return Err(refused());
    };
    let endian = matches!(ty.endianness(), Endianness::Little | Endianness::Irrelevant);
    let width = ty.size_field() as usize;
    let shape: Vec<usize> = file.shape().iter().map(|&n| n as usize).collect();
    let count = shape.iter().try_fold(1usize, |n, &m| n.checked_mul(m));
    let Some(count) = count.filter(|n| n.checked_mul(width) == Some(body.len())) else {
        let what = format!("{} bytes of data, which is not shape {shape:?}", body.len());
        return Err(fail(what));
    };
    let decode: fn(&[u8]) -> f64 = match (endian, ty.type_char(), width) {
        (true, TypeChar::Float, 8) => |b| f64::from_le_bytes(b.try_into().expect("8 bytes")),
        (true, TypeChar::Float, 4) => |b| f32::from_le_bytes(b.try_into().expect("4 bytes")).into(),
        (true, TypeChar::Int, 1..=8) => |b| {
            let mut word = [if b[b.len() - 1] >= 0x80 { 0xff } else { 0 }; 8];
            word[..b.len()].copy_from_slice(b);
            i64::from_le_bytes(word) as f64
        },
        (true, TypeChar::Uint, 1..=8) => |b| {
            let mut word = [0; 8];
            word[..b.len()].copy_from_slice(b);
            u64::from_le_bytes(word) as f64
        },
        _ => return Err(refused()),
    };
    let stored: Vec<f64> = body.chunks_exact(width).map(decode).collect();
    if let Some(at) = stored.iter().position(|v| !v.is_finite()) {
        return Err(fail(format!(
            "element {at} (as stored) is {}; finite numbers",
            stored[at]
        )));
    }
    let values = match order {
        Order::C => stored,
        Order::Fortran => {
            let mut stride = vec![1; shape.len()];
            for axis in 1..shape.len() {
                stride[axis] = stride[axis - 1] * shape[axis - 1];
            }
            let at = |mut index: usize| {
                let mut offset = 0;
                for axis in (0..shape.len()).rev() {
                    offset += index % shape[axis] * stride[axis];
                    index /= shape[axis];
                }
                stored[offset]
            };
            (0..count).map(at).collect()
        }
    };
    Ok(Array { shape, values })
}

/// Whether the sizes in the header's shape multiply to no more than the bytes of the file. `npyz`
/// multiplies them unchecked, which panics in debug builds.
fn shape_fits(bytes: &[u8]) -> bool {
    let header = String::from_utf8_lossy(&bytes[..bytes.len().min(1 << 16)]);
    let Some((_, rest)) = header.split_once("'shape'") else {
        return true;
    };
    let list = rest.split(')').next().unwrap_or_default();
    list.split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse().unwrap_or(usize::MAX))
        .try_fold(1usize, usize::checked_mul)
        .is_some_and(|count| count <= bytes.len())
}
