//! The positions of a population that is over, particle by particle, in the precision they were sampled in: a
//! population of a million particles in ten dimensions stays 40 MB in single precision, and is not copied in double.

use bytemuck::allocation::try_cast_vec;
use bytemuck::{cast_slice, cast_slice_mut, zeroed_vec};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Register};
use std::borrow::Cow;

/// Positions `[particles, dim]`, last axis fastest.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    /// How many numbers count; the memory of a last tile may hold more.
    numbers: usize,
    single: bool,
    /// Numbers of either precision: a row has the same size and alignment in both.
    memory: Vec<Row<F64>>,
}

/// Numbers of either precision, in order; read as double precision, which holds both exactly.
#[derive(Debug, Clone, Copy)]
pub enum Numbers<'a> {
    /// Of a run with `f32`.
    Single(&'a [f32]),
    /// Of a run with `f64`.
    Double(&'a [f64]),
}

impl Samples {
    /// The first `numbers` numbers of `rows`, taken as they lie.
    pub(crate) fn from_rows<R: Register>(rows: Vec<Row<R>>, numbers: usize) -> Self {
        match try_cast_vec(rows) {
            Ok(memory) => Self {
                numbers,
                single: size_of::<R::Scalar>() == 4,
                memory,
            },
            // Rows of another size than that of double precision, as one register in place of eight would have.
            Err((_, rows)) => {
                let values: &[R::Scalar] = cast_slice(&rows);
                let values = values[..numbers].iter().map(|x| (*x).into());
                values.collect::<Vec<f64>>().into()
            }
        }
    }

    /// Zeros.
    pub(crate) fn zeros(numbers: usize, single: bool) -> Self {
        let each = size_of::<Row<F64>>() / if single { 4 } else { 8 };
        Self {
            numbers,
            single,
            memory: zeroed_vec(numbers.div_ceil(each)),
        }
    }

    /// Whether the numbers are in single precision.
    pub(crate) fn is_single(&self) -> bool {
        self.single
    }

    /// The numbers as they lie in memory.
    pub(crate) fn bytes(&self) -> &[u8] {
        let size = if self.single { 4 } else { 8 };
        &cast_slice::<_, u8>(&self.memory)[..self.numbers * size]
    }

    /// The same, to be filled.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        let size = if self.single { 4 } else { 8 };
        &mut cast_slice_mut::<_, u8>(&mut self.memory)[..self.numbers * size]
    }

    /// The numbers.
    pub fn numbers(&self) -> Numbers<'_> {
        match self.single {
            true => Numbers::Single(&cast_slice(&self.memory)[..self.numbers]),
            false => Numbers::Double(&cast_slice(&self.memory)[..self.numbers]),
        }
    }

    /// How many numbers: particles times coordinates.
    pub fn len(&self) -> usize {
        self.numbers
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.numbers == 0
    }
    /// The numbers one after the other.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.numbers().iter()
    }
    /// A copy in double precision.
    pub fn to_vec(&self) -> Vec<f64> {
        self.numbers().part(0, self.numbers).into_owned()
    }
}

impl From<Vec<f64>> for Samples {
    fn from(numbers: Vec<f64>) -> Self {
        let mut samples = Self::zeros(numbers.len(), false);
        samples.bytes_mut().copy_from_slice(cast_slice(&numbers));
        samples
    }
}

impl PartialEq for Samples {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<'a> Numbers<'a> {
    /// How many.
    pub fn len(self) -> usize {
        match self {
            Self::Single(values) => values.len(),
            Self::Double(values) => values.len(),
        }
    }
    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Number `k`, which is one of them.
    #[inline]
    pub fn at(self, k: usize) -> f64 {
        match self {
            Self::Single(values) => values[k].into(),
            Self::Double(values) => values[k],
        }
    }

    /// One after the other.
    pub fn iter(self) -> impl ExactSizeIterator<Item = f64> + 'a {
        (0..self.len()).map(move |k| self.at(k))
    }

    /// `count` of them from number `first` on.
    pub fn part(self, first: usize, count: usize) -> Cow<'a, [f64]> {
        match self.range(first, count) {
            Self::Single(values) => Cow::Owned(values.iter().map(|x| f64::from(*x)).collect()),
            Self::Double(values) => Cow::Borrowed(values),
        }
    }

    /// `count` of them from number `first` on, in their own precision.
    pub fn range(self, first: usize, count: usize) -> Self {
        let range = first..first + count;
        match self {
            Self::Single(values) => Self::Single(&values[range]),
            Self::Double(values) => Self::Double(&values[range]),
        }
    }

    /// All of them in parts that are written one by one: all at once where they are double precision already.
    pub fn parts(self) -> impl Iterator<Item = Cow<'a, [f64]>> {
        let size = match self {
            Self::Single(_) => PART,
            Self::Double(values) => values.len().max(1),
        };
        let all = self.len();
        (0..all)
            .step_by(size)
            .map(move |first| self.part(first, size.min(all - first)))
    }
}

/// Numbers that are widened at once: 512 KiB.
const PART: usize = 1 << 16;

impl<'a> From<&'a [f64]> for Numbers<'a> {
    fn from(values: &'a [f64]) -> Self {
        Self::Double(values)
    }
}

impl<'a, const N: usize> From<&'a [f64; N]> for Numbers<'a> {
    fn from(values: &'a [f64; N]) -> Self {
        Self::Double(values)
    }
}

impl<'a> From<&'a Vec<f64>> for Numbers<'a> {
    fn from(values: &'a Vec<f64>) -> Self {
        Self::Double(values)
    }
}

impl<'a> From<&'a Samples> for Numbers<'a> {
    fn from(samples: &'a Samples) -> Self {
        samples.numbers()
    }
}

impl PartialEq for Numbers<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}
