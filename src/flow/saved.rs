//! A running flow as sections of a checkpoint, and back.
//!
//! Kept: the population with all its channels as they lie in memory, weights, evidence, genealogy, records, totals,
//! and, within a visit, which blocks are done. Not kept: random states (streams are made of seed and epoch), working
//! memory, and the latest ancestors, which nothing later reads.

use super::genealogy::GenealogyState;
use super::resampling::Workspace;
use super::scheduler::Mutation;
use super::visit::Piece;
use super::{FeynmanKac, Flow, Genealogy, LeeWhiteley, Resampler, StageRecord, Tally};
use crate::checkpoint::{Reader, Sections, damaged};
use crate::error::Result;
use crate::particles::Population;
use crate::target::Precision;
use bytemuck::{cast_slice, cast_slice_mut, zeroed_vec};
use driftlane_kernels::F64;
use driftlane_kernels::tile::Row;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::io::{Read, Seek};

/// All of a [`Flow`] that is small.
#[derive(Serialize, Deserialize)]
struct FlowState {
    particles: usize,
    dim: usize,
    precision: usize,
    seed: u64,
    time: usize,
    epoch: u64,
    weighted: bool,
    log_weight_sum: f64,
    log_evidence: f64,
    genealogy: GenealogyState,
    lee_whiteley: Option<LeeWhiteley>,
    surviving_ancestors: Option<usize>,
    stages: Vec<StageRecord>,
    keep_stages: bool,
    totals: Tally,
    mutation: Option<Mutation>,
    starts: Option<Vec<Piece<Tally>>>,
}

impl<R: Precision> Flow<R> {
    /// Everything that [`Flow::restore`] needs besides the model, its state included.
    pub fn save<'a, F>(&'a self, model: &F, out: &mut Sections<'a>)
    where
        F: FeynmanKac<Real = R>,
    {
        let state = FlowState {
            particles: self.population.len(),
            dim: self.population.dim(),
            precision: R::WIDTH,
            seed: self.seed,
            time: self.time,
            epoch: self.epoch,
            weighted: !self.log_weights.is_empty(),
            log_weight_sum: self.log_weight_sum,
            log_evidence: self.log_evidence,
            genealogy: self.genealogy.state(),
            lee_whiteley: self.lee_whiteley,
            surviving_ancestors: self.surviving_ancestors,
            stages: self.stages.clone(),
            keep_stages: self.keep_stages,
            totals: self.totals.clone(),
            mutation: self.mutation.clone(),
            starts: self.starts.clone(),
        };
        out.put("flow", &state);
        out.put_bytes("model", model.state());
        for (name, bytes) in self.population.channels() {
            out.put_bytes(&name, bytes);
        }
        out.put_bytes("log-weights", cast_slice::<_, u8>(&self.log_weights));
        for (k, ancestors) in self.genealogy.generations().iter().enumerate() {
            out.put_bytes(&format!("ancestors{k}"), cast_slice::<_, u8>(ancestors));
        }
    }

    /// The flow that was saved; `model`, of the same settings, takes up its state. Refused: sections that are
    /// missing or do not fit the model, the particles or the seed.
    pub fn restore<F, S>(
        model: &mut F,
        n: usize,
        seed: u64,
        resampler: Resampler,
        from: &mut Reader<S>,
    ) -> Result<Self>
    where
        F: FeynmanKac<Real = R>,
        S: Read + Seek,
    {
        let state: FlowState = from.get("flow")?;
        let kept = [state.particles, state.dim, state.precision];
        if kept != [n, model.dim(), R::WIDTH] || state.seed != seed {
            let [particles, dim, _] = kept;
            return Err(damaged(format!(
                "is of another run: {particles} particles in {dim} dimensions with seed {}",
                state.seed
            )));
        }
        let mut population = Population::<R>::new(n, model.dim(), model.channels());
        for (name, bytes) in population.channels_mut() {
            from.read_into(&name, bytes)?;
        }
        let rows = population.tiles() * Population::<R>::scalar_rows();
        let mut log_weights = zeroed_vec::<Row<F64>>(if state.weighted { rows } else { 0 });
        from.read_into("log-weights", cast_slice_mut::<_, u8>(&mut log_weights))?;
        let mut generations = VecDeque::new();
        for k in 0..state.genealogy.generations {
            let mut ancestors = vec![0u32; n];
            from.read_into(
                &format!("ancestors{k}"),
                cast_slice_mut::<_, u8>(&mut ancestors),
            )?;
            generations.push_back(ancestors);
        }
        let blocks = population.span().blocks();
        let under_way = state.mutation.as_ref().map(|mutation| &mutation.pieces);
        if !under_way
            .into_iter()
            .chain(&state.starts)
            .all(|pieces| Piece::fit(pieces, blocks))
        {
            return Err(damaged("tells of blocks that the population does not have"));
        }
        if state.starts.is_some() && (state.time > 0 || state.mutation.is_some()) {
            return Err(damaged("has moved particles that are not drawn"));
        }
        let under_way = state.mutation.as_ref().map(|_| state.time);
        model.set_state(&from.bytes("model")?, under_way)?;
        Ok(Self {
            seed,
            resampler,
            time: state.time,
            epoch: state.epoch,
            log_weights,
            log_weight_sum: state.log_weight_sum,
            log_evidence: state.log_evidence,
            genealogy: Genealogy::restored(&state.genealogy, n, generations)?,
            lee_whiteley: state.lee_whiteley,
            surviving_ancestors: state.surviving_ancestors,
            workspace: Workspace::default(),
            population,
            stages: state.stages,
            keep_stages: state.keep_stages,
            totals: state.totals,
            mutation: state.mutation,
            weighing: None,
            starts: state.starts,
        })
    }
}
