//! The front door to tempered SMC: `Smc::new(&target).particles(2048).run()?`.

use super::{Combined, Ladder, TemperatureRecord, Tempering, combine_replicates};
use crate::error::{Error, Result};
use crate::flow::{Advance, Flow, Resampler, Resampling, StageRecord, Tally, positions};
use crate::mcmc::{MoveKind, MoveSettings, check_reference};
use crate::target::{BlockTarget, Path, Precision, Reference};
use driftlane_kernels::F64;
use driftlane_kernels::rng::{Purpose, lane_seed};

/// Settings of a tempered SMC run; every one has a default.
#[derive(Clone)]
pub struct Smc<'a> {
    target: &'a dyn BlockTarget,
    particles: usize,
    seed: u64,
    mover: MoveSettings,
    moves_per_stage: usize,
    ladder: Ladder,
    resampler: Resampler,
    resampling: Resampling,
    reference: Option<Reference>,
    replicates: usize,
    tuned: bool,
}

/// What a tempered SMC run returns.
#[derive(Debug, Clone)]
pub struct SmcResult {
    /// log Z; over replicates, the logarithm of the mean of their Z.
    pub log_evidence: f64,
    /// Its standard error: Lee-Whiteley for one run, jackknife over replicates; `None` where neither
    /// can be given.
    pub log_evidence_se: Option<f64>,
    /// log Z of every replicate.
    pub log_evidences: Vec<f64>,
    /// Tempering parameters, 0 first and 1 last.
    pub temperatures: Vec<f64>,
    /// Effective sample size after each weighting, one for every temperature after the first.
    pub ess: Vec<f64>,
    /// Mean acceptance probability at every temperature after the first.
    pub acceptance: Vec<f64>,
    /// Step size at every temperature after the first.
    pub step_size: Vec<f64>,
    /// log Z increment of every weighting.
    pub log_evidence_increments: Vec<f64>,
    /// Resamplings.
    pub resamplings: u32,
    /// Initial particles with descendants at the last weighting; `None` where not known.
    pub surviving_ancestors: Option<usize>,
    /// Means of the coordinates over the final population.
    pub mean: Vec<f64>,
    /// Standard deviations of the coordinates over the final population.
    pub sd: Vec<f64>,
    /// The final population of the first replicate, `[particles, dim]`, equal weights.
    pub samples: Vec<f64>,
    /// Moves, evaluations and non-finite values over all replicates.
    pub totals: Tally,
    /// Moves of every particle of the first replicate.
    pub steps: usize,
    /// Starts of all replicates whose log density was NaN: they weighed nothing.
    pub nonfinite_starts: usize,
}

impl<'a> Smc<'a> {
    /// Tempering from the target's own reference with 2048 particles, 5 HMC moves at every
    /// temperature, CESS kept at one half, multinomial resampling at every temperature.
    pub fn new(target: &'a dyn BlockTarget) -> Self {
        Self {
            target,
            particles: 2048,
            seed: 1,
            mover: MoveSettings::default(),
            moves_per_stage: 5,
            ladder: Ladder::Adaptive { target_ess: 0.5 },
            resampler: Resampler::Multinomial,
            resampling: Resampling::Always,
            reference: None,
            replicates: 1,
            tuned: true,
        }
    }

    /// Particles, at least 2.
    pub fn particles(mut self, particles: usize) -> Self {
        self.particles = particles;
        self
    }
    /// The seed: same seed, same bytes.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// The move and its settings.
    pub fn mover(mut self, mover: MoveSettings) -> Self {
        self.mover = mover;
        self
    }
    /// Moves at every temperature, at least 1.
    pub fn moves_per_stage(mut self, moves: usize) -> Self {
        self.moves_per_stage = moves;
        self
    }
    /// How temperatures are chosen.
    pub fn ladder(mut self, ladder: Ladder) -> Self {
        self.ladder = ladder;
        self
    }
    /// The resampling scheme.
    pub fn resampler(mut self, resampler: Resampler) -> Self {
        self.resampler = resampler;
        self
    }
    /// When to resample before the last temperature.
    pub fn resampling(mut self, resampling: Resampling) -> Self {
        self.resampling = resampling;
        self
    }
    /// Another law to start from.
    pub fn reference(mut self, reference: Reference) -> Self {
        self.reference = Some(reference);
        self
    }
    /// Independent runs whose Z are averaged, at least 1.
    pub fn replicates(mut self, replicates: usize) -> Self {
        self.replicates = replicates;
        self
    }
    /// Leaves the move as set; with a fixed ladder Z is then exactly unbiased.
    pub fn without_tuning(mut self) -> Self {
        self.tuned = false;
        self
    }

    /// Runs in double precision.
    pub fn run(&self) -> Result<SmcResult> {
        self.run_in::<F64>(&mut |_, _| {})
    }

    /// Runs in the precision `R`; `observer` is told of every visit (replicate, record).
    pub fn run_in<R: Precision>(
        &self,
        observer: &mut dyn FnMut(usize, &StageRecord),
    ) -> Result<SmcResult> {
        if self.particles < 2 {
            return Err(Error::invalid("particles", self.particles, "at least 2"));
        }
        if self.moves_per_stage < 1 {
            return Err(Error::invalid(
                "moves_per_stage",
                self.moves_per_stage,
                "at least 1",
            ));
        }
        if self.replicates < 1 {
            return Err(Error::invalid("replicates", self.replicates, "at least 1"));
        }
        let mut first = None;
        let mut log_evidences = Vec::with_capacity(self.replicates);
        let (mut mean, mut square) = (Vec::new(), Vec::new());
        let mut totals = Tally::default();
        let mut nonfinite_starts = 0;
        for replicate in 0..self.replicates {
            let seed = match replicate {
                0 => self.seed,
                r => lane_seed(self.seed, Purpose::Replicate, r as u64, 0, 0),
            };
            let result = self.once::<R>(seed, &mut |record| observer(replicate, record))?;
            log_evidences.push(result.log_evidence);
            nonfinite_starts += result.nonfinite_starts;
            totals = totals.merge(result.totals.clone());
            mean.push(result.mean.clone());
            square.push(result.sd.clone());
            first.get_or_insert(result);
        }
        let mut result = first.expect("at least one replicate");
        if self.replicates > 1 {
            let Combined {
                log_evidence,
                log_evidence_se,
            } = combine_replicates(&log_evidences);
            result.log_evidence = log_evidence;
            result.log_evidence_se = log_evidence_se;
            pool_moments(&mut result, &log_evidences, &mean, &square);
        }
        result.log_evidences = log_evidences;
        result.totals = totals;
        result.nonfinite_starts = nonfinite_starts;
        Ok(result)
    }

    fn once<R: Precision>(
        &self,
        seed: u64,
        observer: &mut dyn FnMut(&StageRecord),
    ) -> Result<SmcResult> {
        let path = Path::tempered(self.target, self.reference.clone())?;
        let mover = self.mover.build::<R>(path.dim())?;
        if !mover.adjusted() {
            let allowed = format!(
                "one that leaves its law invariant: {}",
                MoveKind::ADJUSTED_NAMES.join(", ")
            );
            return Err(Error::invalid("move", mover.name(), allowed));
        }
        check_reference(&*mover, &path)?;
        let mut model =
            Tempering::new(path, mover, self.ladder.clone(), self.moves_per_stage, seed)
                .with_resampling(self.resampling);
        if !self.tuned {
            model = model.without_tuning();
        }
        let mut flow = Flow::<R>::start(&model, self.particles, seed, self.resampler)?;
        while flow.advance(&mut model, &mut |record, _| observer(record))? == Advance::Moved {}
        let moments = flow.moments();
        let each = |f: fn(&TemperatureRecord) -> f64| model.records().iter().map(f).collect();
        let mut temperatures = vec![0.0];
        temperatures.extend(model.records().iter().map(|r| r.tempering_param));
        let lee_whiteley = flow.lee_whiteley();
        Ok(SmcResult {
            log_evidence: flow.evidence().log_evidence(),
            log_evidence_se: lee_whiteley.and_then(|v| v.standard_error()),
            log_evidences: Vec::new(),
            ess: flow.stages().iter().map(|s| s.ess).collect(),
            log_evidence_increments: flow
                .stages()
                .iter()
                .map(|s| s.log_evidence_increment)
                .collect(),
            acceptance: each(|r| r.acceptance),
            step_size: each(|r| r.step_size),
            resamplings: flow.evidence().resamplings(),
            surviving_ancestors: lee_whiteley.map(|v| v.surviving_ancestors),
            mean: moments.mean().to_vec(),
            sd: moments.sd(),
            samples: positions(flow.population()),
            nonfinite_starts: flow
                .stages()
                .first()
                .map_or(0, |s| s.nan_potentials as usize),
            totals: flow.totals().clone(),
            steps: flow.totals().moves as usize / self.particles,
            temperatures,
        })
    }
}

/// Means and standard deviations of all replicates together, each weighing as its Z.
fn pool_moments(result: &mut SmcResult, log_z: &[f64], mean: &[Vec<f64>], sd: &[Vec<f64>]) {
    use driftlane_kernels::Lane;
    let weight: Vec<f64> = log_z
        .iter()
        .map(|z| Lane::exp(z - result.log_evidence) / log_z.len() as f64)
        .collect();
    for j in 0..result.mean.len() {
        let m: f64 = weight.iter().zip(mean).map(|(w, m)| w * m[j]).sum();
        let second: f64 = weight
            .iter()
            .zip(mean.iter().zip(sd))
            .map(|(w, (mean, sd))| w * (sd[j] * sd[j] + (mean[j] - m) * (mean[j] - m)))
            .sum();
        result.mean[j] = m;
        result.sd[j] = second.sqrt();
    }
}
