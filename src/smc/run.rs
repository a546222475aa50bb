//! The front door to tempered SMC: `Smc::new(&target).particles(2048).run()?`.

use super::{Ladder, MovesPerStage, Schedule, SmcRun, Stiffness};
use crate::error::{Error, Result};
use crate::flow::{Advance, Resampler, Resampling, StageRecord, Tally};
use crate::mcmc::MoveSettings;
use crate::particles::Samples;
use crate::target::{BlockTarget, Precision, Reference};
use driftlane_kernels::F64;
use driftlane_kernels::rng::{Purpose, lane_seed};
use serde::{Deserialize, Serialize};

/// Settings of a tempered SMC run; every one has a default.
#[derive(Clone)]
pub struct Smc<'a> {
    pub(super) target: &'a dyn BlockTarget,
    pub(super) particles: usize,
    pub(super) seed: u64,
    pub(super) mover: MoveSettings,
    pub(super) moves_per_stage: MovesPerStage,
    pub(super) ladder: Ladder,
    pub(super) resampler: Resampler,
    pub(super) resampling: Resampling,
    pub(super) reference: Option<Reference>,
    pub(super) replicates: usize,
    pub(super) islands: usize,
    pub(super) tuned: bool,
    pub(super) schedule: Option<Schedule>,
    pub(super) chain_length: Option<usize>,
    pub(super) lag: Option<usize>,
    pub(super) keep_particles: bool,
}

/// Told of every visit of every replicate or island.
pub type Observer<'a> = dyn FnMut(usize, &StageRecord) + Send + 'a;

/// What a tempered SMC run returns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SmcResult {
    /// log Z; over replicates, the logarithm of the mean of their Z.
    pub log_evidence: f64,
    /// Its standard error: Lee-Whiteley for one run, with the chains' own for a waste-free one, jackknife
    /// over replicates; `None` where none can be given.
    pub log_evidence_se: Option<f64>,
    /// log Z of every replicate.
    pub log_evidences: Vec<f64>,
    /// Of a waste-free run, the longest autocorrelation time of the potentials along its chains, in
    /// states.
    pub autocorrelation_time: Option<f64>,
    /// Tempering parameters, 0 first and 1 last.
    pub temperatures: Vec<f64>,
    /// Effective sample size after each weighting, one for every temperature after the first.
    pub ess: Vec<f64>,
    /// Mean acceptance probability at every temperature after the first.
    pub acceptance: Vec<f64>,
    /// Step size at every temperature after the first.
    pub step_size: Vec<f64>,
    /// Moves of every particle at every temperature after the first, those that only tuned left out.
    pub moves: Vec<usize>,
    /// Acceptance where log ratios are highest, likewise: of all replicates or islands, as far as the first goes.
    pub stiffness: Vec<Stiffness>,
    /// log Z increment of every weighting.
    pub log_evidence_increments: Vec<f64>,
    /// Resamplings.
    pub resamplings: u32,
    /// Initial particles with descendants at the last weighting; `None` where not known.
    pub surviving_ancestors: Option<usize>,
    /// Means of the coordinates over the final population.
    pub mean: Vec<f64>,
    /// Their standard errors, from the genealogy or the spread of replicates or islands; `None` where
    /// neither can be given.
    pub mean_se: Option<Vec<f64>>,
    /// Standard deviations of the coordinates over the final population.
    pub sd: Vec<f64>,
    /// The final population of the first replicate, `[particles, dim]`, equal weights.
    #[serde(skip)]
    pub samples: Samples,
    /// Moves, evaluations and non-finite values over all replicates.
    pub totals: Tally,
    /// Moves of every particle of the first replicate.
    pub steps: usize,
    /// Starts of all replicates whose log density was NaN: they weighed nothing.
    pub nonfinite_starts: usize,
    /// Temperatures, step sizes and scales, of the first replicate: what [`Smc::schedule`] replays.
    pub schedule: Schedule,
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
            moves_per_stage: MovesPerStage::Fixed(5),
            ladder: Ladder::Adaptive { target_ess: 0.5 },
            resampler: Resampler::Multinomial,
            resampling: Resampling::Always,
            reference: None,
            replicates: 1,
            islands: 1,
            tuned: true,
            schedule: None,
            chain_length: None,
            lag: None,
            keep_particles: false,
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
        self.moves_per_stage = MovesPerStage::Fixed(moves);
        self
    }
    /// Moves at every temperature until the population has decorrelated from the start of the stage, at
    /// most `most`, at least 1. The population decides, which biases Z by O(1/N) like other tuning.
    pub fn moves_until_decorrelated(mut self, most: usize) -> Self {
        self.moves_per_stage = MovesPerStage::UntilDecorrelated { most };
        self
    }
    /// Waste-free: the population is made of chains of this many states, at least 2 and a divisor of the
    /// particles of every run and island, with one move from each state to the next. All states are
    /// weighted; it takes the place of the moves at every temperature.
    pub fn waste_free(mut self, chain_length: usize) -> Self {
        self.chain_length = Some(chain_length);
        self
    }
    /// Takes standard errors from the ancestors `lag` resamplings ago, at least 1, instead of time 0
    /// (Olsson, Douc 2019): for so many temperatures that all particles descend from a few.
    pub fn lag(mut self, lag: usize) -> Self {
        self.lag = Some(lag);
        self
    }
    /// Keeps the weighted population of every temperature, for [`SmcRun::weighing`].
    pub fn keep_particles(mut self, keep: bool) -> Self {
        self.keep_particles = keep;
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
    /// Cuts the population into islands that never meet, from 1 to half the particles; their spread is
    /// the error of log Z for any resampling scheme. The ladder reported is that of the first.
    pub fn islands(mut self, islands: usize) -> Self {
        self.islands = islands;
        self
    }
    /// Leaves the move as set; with a fixed ladder Z is then exactly unbiased.
    pub fn without_tuning(mut self) -> Self {
        self.tuned = false;
        self
    }

    /// Replays temperatures, step sizes and scales of another run of the same move on the same target:
    /// Z is then exactly unbiased, for every resampling scheme that is.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = Some(schedule);
        self
    }

    /// The same run from a reference `factor` times as wide, adaptive and with streams of its own. Where
    /// its log Z differs from the first run's beyond their errors, one of the two has missed modes.
    pub fn from_wider_reference(&self, factor: f64) -> Self {
        let reference = self.reference.clone();
        let reference = reference.unwrap_or_else(|| self.target.reference());
        let stream = u64::MAX ^ factor.to_bits();
        Self {
            reference: Some(reference.widened(factor)),
            seed: lane_seed(self.seed, Purpose::Replicate, stream, 0, 0),
            schedule: None,
            ..self.clone()
        }
    }

    /// Runs in double precision.
    pub fn run(&self) -> Result<SmcResult> {
        self.run_in::<F64>(&mut |_, _| {})
    }

    /// Runs in the precision `R`; `observer` is told of every visit (replicate or island, record).
    pub fn run_in<R: Precision>(&self, observer: &mut Observer<'_>) -> Result<SmcResult> {
        let mut run = SmcRun::<R>::begin(self)?;
        while run.advance(observer, &|| false)? != Advance::Finished {}
        run.finish()
            .ok_or_else(|| Error::Numerical("a replicate did not finish".into()))
    }

    /// Refuses settings out of their ranges, and that contradict each other.
    pub(super) fn validate(&self) -> Result<()> {
        if self.particles < 2 {
            return Err(Error::invalid("particles", self.particles, "at least 2"));
        }
        if self.lag == Some(0) {
            return Err(Error::invalid("lag", 0, "at least 1"));
        }
        if self.moves_per_stage.most() < 1 {
            return Err(Error::invalid("moves_per_stage", 0, "at least 1"));
        }
        if self.replicates < 1 {
            return Err(Error::invalid("replicates", self.replicates, "at least 1"));
        }
        let most = self.particles / 2;
        if !(1..=most).contains(&self.islands) {
            let allowed = format!("1 to {most}, half the particles");
            return Err(Error::invalid("islands", self.islands, allowed));
        }
        if self.islands > 1 && self.replicates > 1 {
            let allowed = "1 with replicates, which are islands of their own";
            return Err(Error::invalid("islands", self.islands, allowed));
        }
        self.check_chains()
    }

    /// Refuses chains that do not divide the population, or that a setting contradicts.
    fn check_chains(&self) -> Result<()> {
        let Some(length) = self.chain_length else {
            return Ok(());
        };
        let each = self.particles / self.islands;
        let whole = self.particles.is_multiple_of(self.islands);
        let fits = length >= 2 && whole && each.is_multiple_of(length) && each / length >= 2;
        if !fits {
            let per = if self.islands > 1 {
                " of every island"
            } else {
                ""
            };
            let allowed =
                format!("from 2 to half the particles{per}, {each}, which it has to divide");
            return Err(Error::invalid("waste_free", length, allowed));
        }
        if self.resampling != Resampling::Always {
            let allowed = "at every temperature, with chains of states";
            return Err(Error::invalid(
                "resampling",
                "by effective sample size",
                allowed,
            ));
        }
        let moves = self
            .schedule
            .iter()
            .flat_map(|s| &s.stages)
            .map(|s| s.moves);
        if let Some(moves) = moves.into_iter().find(|moves| *moves != length - 1) {
            let allowed = format!("{}, one more than the moves of the schedule", moves + 1);
            return Err(Error::invalid("waste_free", length, allowed));
        }
        Ok(())
    }

    pub(super) fn seed_of(&self, run: usize) -> u64 {
        match run {
            0 => self.seed,
            r => lane_seed(self.seed, Purpose::Replicate, r as u64, 0, 0),
        }
    }
}
