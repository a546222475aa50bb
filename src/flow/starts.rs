//! The start of a flow: X_0 ~ M_0, block by block, which may be paused like any visit. A density of a million rows of
//! data takes seconds at a million particles.

use super::resampling::Workspace;
use super::scheduler::log_count;
use super::visit::{Pause, Visited, visit_until};
use super::{Advance, FeynmanKac, Flow, Genealogy, Resampler, Tally};
use crate::error::{Error, Result};
use crate::particles::Population;
use crate::target::Precision;
use driftlane_kernels::rng::{Purpose, Stream};

impl<R: Precision> Flow<R> {
    /// Draws X_0 ~ M_0 for `n` particles.
    pub fn start<F>(model: &F, n: usize, seed: u64, resampler: Resampler) -> Result<Self>
    where
        F: FeynmanKac<Real = R>,
    {
        let population = Population::new(n, model.dim(), model.channels());
        Self::start_from(model, population, seed, resampler)
    }

    /// Like [`start`](Flow::start) into a population made by the caller, whose positions M_0 may
    /// read as given starts.
    pub fn start_from<F>(
        model: &F,
        population: Population<R>,
        seed: u64,
        resampler: Resampler,
    ) -> Result<Self>
    where
        F: FeynmanKac<Real = R>,
    {
        let mut flow = Self::waiting(population, seed, resampler)?;
        flow.draw_starts(model, &|| false)?;
        Ok(flow)
    }

    /// A flow into a population made by the caller, that draws X_0 when it first advances.
    pub fn waiting(population: Population<R>, seed: u64, resampler: Resampler) -> Result<Self> {
        let n = population.len();
        if n > u32::MAX as usize {
            return Err(Error::invalid("particles", n, "at most 4294967295"));
        }
        Ok(Self {
            seed,
            resampler,
            time: 0,
            epoch: 0,
            log_weights: Vec::new(),
            log_weight_sum: log_count(n),
            log_evidence: 0.0,
            genealogy: Genealogy::new(n, None),
            lee_whiteley: None,
            surviving_ancestors: None,
            workspace: Workspace::default(),
            population,
            stages: Vec::new(),
            keep_stages: true,
            totals: Tally::default(),
            mutation: None,
            weighing: None,
            starts: Some(Vec::new()),
        })
    }

    /// Whether X_0 is drawn.
    pub fn started(&self) -> bool {
        self.starts.is_none()
    }

    /// Draws X_0, or what is left of it; less where `pause` says so.
    pub(super) fn draw_starts<F>(&mut self, model: &F, pause: &Pause<'_>) -> Result<Advance>
    where
        F: FeynmanKac<Real = R>,
    {
        let Some(done) = self.starts.take() else {
            return Ok(Advance::Moved);
        };
        let seed = self.seed;
        let visited = visit_until(
            self.population.span(),
            &|| model.scratch(),
            &|block, _, scratch| {
                let index = block.first_block() as u64;
                let mut stream = Stream::new(seed, Purpose::Initial, index, 0);
                model.m0(block, &mut stream, scratch)
            },
            &Tally::merge,
            pause,
            &done,
        );
        match visited {
            Visited::Pieces(pieces) => {
                self.starts = Some(pieces);
                Ok(Advance::Paused)
            }
            Visited::Whole(tally) => {
                model.after_m0(&tally, self.population.len())?;
                self.count(&tally);
                Ok(Advance::Moved)
            }
        }
    }
}
