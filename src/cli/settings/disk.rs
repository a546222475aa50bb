//! Whether what a run leaves behind fits the disk, before anything is written.

use super::bytes::{count, shown};
use super::memory::{CHAIN_SCALARS, move_vectors};
use super::{Cadence, Length, Method, SampleMethod, Sampler, Settings};
use crate::disk;
use crate::error::{Error, Result};
use crate::record::folder::{FILES, TREES};
use std::path::{Path, PathBuf};

/// The older checkpoint, the newer, and the one being written, while a run goes on; two of them stand while its results
/// are written.
const CHECKPOINTS: [u64; 2] = [3, 2];
/// Draws that fill no chunk of the trace yet, and what moves tell of them, in a checkpoint.
const PENDING: u64 = 1 << 20;
/// Weight and ancestor of every particle at every temperature, where `--keep-particles` keeps them.
const WEIGHED: u64 = 2;
/// Runs whose samples a checkpoint holds while another is under way: the run itself and those from wider references.
const WIDER: u64 = 3;
/// Temperatures of an adaptive ladder are not known before: taken to be so many and the square root of the dimension,
/// which is as their number grows where moves do well (2 to 15 for the targets there are, from 1 to 256 dimensions).
const STAGES: u64 = 10;
/// The arrays of a run, which are replaced whole.
const ARRAYS: [&str; 2] = ["samples.npy", "draws.npy"];
/// Report, figures and manifest, and the text on every coordinate in them.
const TEXTS: u64 = 1 << 20;
const TEXT_OF_COORDINATE: u64 = 512;

/// The bytes that moves tell of every draw, in the trace: log density and acceptance; energy; whether it diverged and
/// its steps; its step size.
fn statistics(sampler: Sampler) -> u64 {
    [
        (16, sampler.is_adjusted()),
        (8, sampler.uses_integrator()),
        (9, sampler.can_diverge()),
        (8, sampler.uses_jitter()),
    ]
    .into_iter()
    .filter_map(|(bytes, told)| told.then_some(bytes))
    .sum()
}

impl Settings {
    /// The bytes that the folder of a run of so many particles in `dim` dimensions holds while it is largest: arrays,
    /// trace, kept particles, report, both checkpoints and the one being written. 0 where nothing is saved.
    pub fn disk_estimate(&self, particles: u64, dim: usize) -> u64 {
        if !self.output.save {
            return 0;
        }
        let coordinates = dim as u64;
        // Every particle has a number in the trace, and every draw, of positions and of what moves tell.
        let numbered = particles
            .saturating_add(self.draws_kept())
            .saturating_mul(2 * 8);
        let texts = TEXTS
            .saturating_add(coordinates.saturating_mul(TEXT_OF_COORDINATE))
            .saturating_add(numbered);
        let population = particles.saturating_mul(coordinates).saturating_mul(8);
        let (kept, statistics) = match &self.method {
            Method::Compare(_) => return texts,
            Method::Sample(method) => (self.draws_kept(), statistics(method.sampler)),
            Method::Smc(_) | Method::Diffuse(_) => (0, 0),
        };
        let draws = kept.saturating_mul(population);
        let told = kept.saturating_mul(particles).saturating_mul(statistics);
        let stages = match &self.method {
            Method::Smc(method) if method.keep_particles => match &method.ladder {
                Some(ladder) => (ladder.len() as u64).saturating_sub(1),
                None => STAGES + coordinates.isqrt(),
            },
            _ => 0,
        };
        let weighed = population.saturating_add(particles.saturating_mul(8 * WEIGHED));
        // What is written as the run goes on stands beside all checkpoints, the rest beside those that are left.
        let streamed = draws
            .saturating_add(told)
            .saturating_add(stages.saturating_mul(weighed));
        // Draws stand in draws.npy and in the trace; without any, the last population does there.
        let last = if kept == 0 { population } else { draws };
        let results = streamed.saturating_add(population).saturating_add(last);
        let checkpoint = self.checkpoint_estimate(particles, dim);
        let [while_running, at_the_end] = match self.output.checkpoint_every {
            // One is written at the end, or where the run is stopped.
            Cadence::Never => [1, 1],
            Cadence::Every(_) | Cadence::Moves(_) => CHECKPOINTS,
        };
        let running = streamed.saturating_add(checkpoint.saturating_mul(while_running));
        let ended = results.saturating_add(checkpoint.saturating_mul(at_the_end));
        texts.saturating_add(running.max(ended))
    }

    /// Draws of every particle that are kept.
    fn draws_kept(&self) -> u64 {
        match &self.method {
            Method::Sample(SampleMethod {
                length: Length::Draws(draws),
                thin,
                ..
            }) => draws / (*thin).max(1),
            _ => 0,
        }
    }

    /// The bytes of a checkpoint: the channels of the population as they lie in memory, weights, ancestors, and the
    /// samples of parts of the run that are done.
    fn checkpoint_estimate(&self, particles: u64, dim: usize) -> u64 {
        let word = self.population.precision.bytes();
        let row = (dim as u64).saturating_mul(word);
        let tile = 256 / word;
        let whole = particles.div_ceil(tile).saturating_mul(tile);
        let vectors = |sampler, tuning| {
            let (vectors, adjusted) = move_vectors(sampler, tuning);
            (vectors as u64, adjusted)
        };
        match &self.method {
            Method::Compare(_) => 0,
            Method::Diffuse(method) => {
                whole.saturating_mul(row.saturating_mul(method.vectors(word == 4)))
            }
            Method::Sample(method) => {
                let (vectors, adjusted) = vectors(method.sampler, &method.tuning);
                let keeps = matches!(method.length, Length::Draws(_));
                let scalars = if adjusted {
                    CHAIN_SCALARS[usize::from(keeps)]
                } else {
                    0
                };
                let pending = if keeps { PENDING } else { 0 };
                whole
                    .saturating_mul(row.saturating_mul(vectors).saturating_add(8 * scalars))
                    .saturating_add(pending)
            }
            Method::Smc(method) => {
                let (vectors, _) = vectors(method.kernel, &method.tuning);
                let watched = u64::from(method.moves_per_stage.is_none());
                // Two log densities, accepted moves and the weight; ancestors of every generation that errors need.
                let generations = method.lag.unwrap_or(1).min(1 << 20);
                let each = row
                    .saturating_mul(vectors + watched)
                    .saturating_add(8 * 4 + 4 * generations);
                // Of chains, their ends move, and all states are kept, weighed and drawn from.
                let moving = match method.chain_length {
                    None => whole.saturating_mul(each),
                    Some(length) => (whole / length.max(1)).saturating_mul(each).saturating_add(
                        whole.saturating_mul(row.saturating_add(16 + 8 + 4 * generations)),
                    ),
                };
                let done = match (method.check_modes, method.replicates > 1) {
                    (true, _) => WIDER,
                    (false, several) => u64::from(several),
                };
                moving.saturating_add(done.saturating_mul(particles).saturating_mul(row))
            }
        }
    }

    /// Refuses a run that does not fit the disk its folder is on.
    pub fn check_disk(&self, particles: u64, dim: usize) -> Result<()> {
        let out = self.output.out.clone().unwrap_or_else(|| "runs".into());
        let place = existing(&out);
        match disk::free(&place) {
            Some(free) => {
                let free = free.saturating_add(replaced(&out));
                // A run that goes on writes its arrays beside the old ones.
                let beside = ARRAYS.iter().filter(|_| !self.output.force);
                let beside = beside.map(|name| length(&out.join(name)));
                let free = beside.fold(free, u64::saturating_sub);
                self.check_disk_of(particles, dim, free, &place)
            }
            None => Ok(()),
        }
    }

    /// [`Settings::check_disk`] where `free` bytes may be written below `place`.
    pub fn check_disk_of(&self, particles: u64, dim: usize, free: u64, place: &Path) -> Result<()> {
        let needed = self.disk_estimate(particles, dim);
        if needed <= free {
            return Ok(());
        }
        let allowed = |advice: &str| {
            format!(
                "must fit the disk: {} needed, {} free on that of {}{advice}",
                shown(needed),
                shown(free),
                place.display()
            )
        };
        let of_them = count(dim, "coordinate");
        Err(match &self.method {
            Method::Sample(SampleMethod {
                length: Length::Draws(draws),
                ..
            }) => {
                let advice = format!(
                    " for {} of {of_them}; lower it, raise --thin, or use --steps",
                    count(particles as usize, "particle")
                );
                Error::invalid("--draws", draws, allowed(&advice))
            }
            Method::Smc(method) if method.keep_particles => {
                let advice = format!(" for {of_them}; lower it, or leave --keep-particles out");
                Error::invalid("--particles", particles, allowed(&advice))
            }
            _ => {
                let advice = format!(" for {of_them}; lower it, or give --no-save");
                Error::invalid("--particles", particles, allowed(&advice))
            }
        })
    }

    /// What a run takes, in a line.
    pub fn sizes(&self, particles: u64, dim: usize) -> String {
        format!(
            "about {} of memory and {} of disk",
            shown(self.memory_estimate(particles, dim)),
            shown(self.disk_estimate(particles, dim))
        )
    }
}

/// The nearest folder on the way to `out` that is there.
fn existing(out: &Path) -> PathBuf {
    let out = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    let found = out.ancestors().find(|folder| folder.is_dir());
    found.unwrap_or(Path::new("/")).to_owned()
}

/// The bytes of an earlier run in `out`, which are given back before, or while, others are written.
fn replaced(out: &Path) -> u64 {
    FILES
        .iter()
        .chain(&TREES)
        .map(|name| length(&out.join(name)))
        .fold(0, u64::saturating_add)
}

/// The bytes of a file, or of all files below a folder; no link is followed.
fn length(path: &Path) -> u64 {
    let Ok(found) = std::fs::symlink_metadata(path) else {
        return 0;
    };
    if !found.is_dir() {
        return found.len();
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| length(&entry.path()))
        .fold(0, u64::saturating_add)
}
