//! The registers of a program on one tile, and what operations do to them.

use super::denoising::Call;
use super::solver::builder::MOST_TERMS;
use crate::target::Precision;
use driftlane_kernels::step::combination::{Position, Term, advance, combine};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{Lane, Scalar as _};

/// Rows of every register.
pub(super) struct Registers<R: Precision> {
    all: Vec<Vec<Row<R>>>,
    /// What an operation writes before it takes the place of its register.
    pub result: Vec<Row<R>>,
    other: Vec<Row<R>>,
    /// What rounding took off registers that hold positions; empty for others, and where it is not kept.
    low: Vec<Vec<Row<R>>>,
    low_result: Vec<Row<R>>,
}

impl<R: Precision> Registers<R> {
    pub fn new(count: usize, dim: usize) -> Self {
        let row = || vec![Row::<R>::zero(); dim];
        Self {
            all: (0..count).map(|_| row()).collect(),
            result: row(),
            other: row(),
            low: vec![Vec::new(); count],
            low_result: Vec::new(),
        }
    }

    /// With what rounding takes off these registers.
    pub fn compensated(mut self, positions: &[usize]) -> Self {
        let dim = self.result.len();
        for position in positions {
            self.low[*position] = vec![Row::zero(); dim];
        }
        self.low_result = vec![Row::zero(); dim];
        self
    }

    pub fn low(&self, k: usize) -> &[Row<R>] {
        &self.low[k]
    }
    pub fn low_mut(&mut self, k: usize) -> &mut [Row<R>] {
        &mut self.low[k]
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

    /// The same, and what rounding takes off it where that is kept of register `to`. A position that shrinks or grows by
    /// half in a step loses digits to what is added to it: its rounding is forgotten.
    pub fn advance(&mut self, terms: &[(usize, f64)], to: usize) {
        if self.low[to].is_empty() {
            return self.combine(terms, to);
        }
        let kept = |term: &&(usize, f64)| !self.low[term.0].is_empty();
        let base = terms.iter().find(kept).copied();
        let Some((base, factor)) = base.filter(|(_, a)| (a - 1.0).abs() <= 0.5) else {
            self.low[to].fill(Row::zero());
            return self.combine(terms, to);
        };
        let Self {
            all,
            result,
            low,
            low_result,
            ..
        } = self;
        let position = Position {
            high: &all[base],
            low: &low[base],
            factor: R::Scalar::from_f64(factor),
            change: R::Scalar::from_f64(factor - 1.0),
        };
        let nothing: Term<'_, Row<R>> = (&[], R::Scalar::from_f64(0.0));
        let mut others = [nothing; MOST_TERMS];
        let mut count = 0;
        for (register, coefficient) in terms.iter().filter(|term| term.0 != base) {
            others[count] = (&all[*register], R::Scalar::from_f64(*coefficient));
            count += 1;
        }
        match others[..count] {
            [] if factor == 1.0 => {
                result.copy_from_slice(position.high);
                low_result.copy_from_slice(position.low);
            }
            [a] => advance(&position, &[a], result, low_result),
            [a, b] => advance(&position, &[a, b], result, low_result),
            [a, b, c] => advance(&position, &[a, b, c], result, low_result),
            [a, b, c, d] => advance(&position, &[a, b, c, d], result, low_result),
            ref all => advance(&position, all, result, low_result),
        }
        std::mem::swap(&mut self.low[to], &mut self.low_result);
        self.take_result(to);
    }
}
