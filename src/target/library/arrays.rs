//! Vectors, matrices and stacks of matrices among a target's settings: written inline, or the name
//! of an `.npy` or `.npz` file.

use crate::error::Result;
use crate::npy::{self, NonFinite};
use crate::parameters::Parameters;
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
        let allowed =
            format!("must be {what}, finite and rectangular, or the name of an .npy or .npz file");
        let array = match &value {
            Value::String(name) if npy::is_name(name) => {
                let path = parameters.resolve(name);
                let npy::Array { shape, values } = npy::read(&path, NonFinite::Refuse)?;
                let mut sum = crc32fast::Hasher::new();
                values.iter().for_each(|x| sum.update(&x.to_le_bytes()));
                let (path, sum) = (path.display(), sum.finalize());
                let what = format!("{path}: shape {shape:?}, CRC-32 {sum:08x} of its numbers");
                parameters.tell_file(key, what);
                Self { shape, values }
            }
            inline => {
                let mut array = Self {
                    shape: vec![0; axes],
                    values: Vec::new(),
                };
                let complete = array.fill(inline, 0).is_some()
                    && array.values.len() == array.shape.iter().product::<usize>();
                if !complete {
                    return Err(parameters.refuse(key, shorten(inline), &allowed));
                }
                array
            }
        };
        if array.shape.len() != axes || array.shape.contains(&0) {
            let shown = format!("shape {:?}", array.shape);
            return Err(parameters.refuse(
                key,
                shown,
                &format!("must have {axes} axes, none of them empty"),
            ));
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
