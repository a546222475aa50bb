//! The registers of a program on one tile, and what operations do to them.

use super::denoising::Call;
use super::solver::builder::MOST_TERMS;
use crate::target::Precision;
use driftlane_kernels::step::combination::{Term, combine};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{Lane, Scalar as _};

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

    /// Register `to` becomes the combination. The lengths that most steps have are compiled with their number
    /// of terms known: in the plane a list of terms costs as much as the sum.
    #[inline]
    pub fn combine(&mut self, terms: &[(usize, f64)], to: usize) {
        let Self { all, result, .. } = self;
        let term = |(register, coefficient): (usize, f64)| -> Term<'_, Row<R>> {
            (&all[register][..], R::Scalar::from_f64(coefficient))
        };
        match *terms {
            [a] => combine(&[term(a)], result),
            [a, b] => combine(&[term(a), term(b)], result),
            [a, b, c] => combine(&[term(a), term(b), term(c)], result),
            [a, b, c, d] => combine(&[term(a), term(b), term(c), term(d)], result),
            _ => {
                let nothing: Term<'_, Row<R>> = (&[], R::Scalar::from_f64(0.0));
                let mut all = [nothing; MOST_TERMS];
                let all = &mut all[..terms.len()];
                for (slot, pair) in all.iter_mut().zip(terms) {
                    *slot = term(*pair);
                }
                combine(all, result);
            }
        }
        self.take_result(to);
    }
}
