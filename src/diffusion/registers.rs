//! The registers of a program on one tile, and what operations do to them.

use super::denoising::Call;
use crate::target::Precision;
use driftlane_kernels::Lane;
use driftlane_kernels::step::combination::{Term, combine};
use driftlane_kernels::tile::Row;

/// More than any combination has: a position, six outputs, a corrected output, noise, and room.
const MOST_TERMS: usize = 12;

/// Rows of every register.
pub(super) struct Registers<R: Precision> {
    all: Vec<Vec<Row<R>>>,
    /// What an operation writes before it takes the place of its register.
    pub result: Vec<Row<R>>,
    other: Vec<Row<R>>,
}

impl<R: Precision> Registers<R> {
    pub fn new(count: usize, dim: usize) -> Self {
        let row = || vec![Row::<R>::zero(); dim];
        Self {
            all: (0..count).map(|_| row()).collect(),
            result: row(),
            other: row(),
        }
    }

    pub fn register(&self, k: usize) -> &[Row<R>] {
        &self.all[k]
    }
    pub fn register_mut(&mut self, k: usize) -> &mut [Row<R>] {
        &mut self.all[k]
    }

    /// What was written to `result` becomes register `to`.
    pub fn take_result(&mut self, to: usize) {
        std::mem::swap(&mut self.all[to], &mut self.result);
    }

    /// Register `to` becomes the prediction at register `from`.
    pub fn evaluate(&mut self, call: &Call, from: usize, to: usize) {
        call.predict(&self.all[from], &mut self.result, &mut self.other);
        self.take_result(to);
    }

    /// Register `to` becomes the combination.
    pub fn combine(&mut self, terms: &[(usize, f64)], to: usize) {
        let nothing: Term<'_, Row<R>> = (&[], Row::zero());
        let mut all = [nothing; MOST_TERMS];
        let all = &mut all[..terms.len()];
        for (slot, (register, coefficient)) in all.iter_mut().zip(terms) {
            *slot = (&self.all[*register][..], Row::splat(*coefficient));
        }
        combine(all, &mut self.result);
        self.take_result(to);
    }
}
