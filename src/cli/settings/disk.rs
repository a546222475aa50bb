//! Whether what a run leaves behind fits the disk, before anything is written.

use super::bytes::shown;
use super::{Cadence, Length, Method, SampleMethod, Settings};
use crate::disk;
use crate::error::{Error, Result};
use crate::record::folder::{FILES, TREES};
use std::path::{Path, PathBuf};

/// The older checkpoint, the newer, and the one being written.
const CHECKPOINTS: u64 = 3;
/// Vectors of a particle in a checkpoint: its position, and the gradient or momentum that most moves keep.
const VECTORS: u64 = 2;
/// Its numbers in double precision there: log densities, acceptances or weight, ancestor, what moves tell of a draw.
const NUMBERS: u64 = 9;
/// Log density, acceptance and what else moves tell of every draw, in the trace.
const STATISTICS: u64 = 6;
/// Weight and ancestor of every particle at every temperature, where `--keep-particles` keeps them.
const WEIGHED: u64 = 2;
/// Temperatures of an adaptive ladder are not known before: taken to be so many and the square root of the dimension,
/// which is as their number grows where moves do well (2 to 15 for the targets there are, from 1 to 256 dimensions).
const STAGES: u64 = 10;
/// The arrays of a run, which are replaced whole.
const ARRAYS: [&str; 2] = ["samples.npy", "draws.npy"];
/// Report, figures and manifest, and the text on every coordinate in them.
const TEXTS: u64 = 1 << 20;
const TEXT_OF_COORDINATE: u64 = 512;

impl Settings {
    /// The bytes that the folder of a run of so many particles in `dim` dimensions holds while it is largest: arrays,
    /// trace, kept particles, report, both checkpoints and the one being written. 0 where nothing is saved.
    pub fn disk_estimate(&self, particles: u64, dim: usize) -> u64 {
        if !self.output.save {
            return 0;
        }
        let dim = dim as u64;
        let texts = TEXTS.saturating_add(dim.saturating_mul(TEXT_OF_COORDINATE));
        let population = particles.saturating_mul(dim).saturating_mul(8);
        let kept = match &self.method {
            Method::Compare(_) => return texts,
            Method::Sample(SampleMethod {
                length: Length::Draws(draws),
                thin,
                ..
            }) => draws / (*thin).max(1),
            Method::Sample(_) | Method::Smc(_) | Method::Diffuse(_) => 0,
        };
        let draws = kept.saturating_mul(population);
        // Draws stand in draws.npy and in the trace; without any, the last population does there.
        let trace = match kept {
            0 => population,
            _ => draws.saturating_add(
                kept.saturating_mul(particles)
                    .saturating_mul(8 * STATISTICS),
            ),
        };
        let vectors = dim.saturating_mul(VECTORS * self.population.precision.bytes());
        let stages = match &self.method {
            Method::Smc(method) if method.keep_particles => match &method.ladder {
                Some(ladder) => (ladder.len() as u64).saturating_sub(1),
                None => STAGES + dim.isqrt(),
            },
            _ => 0,
        };
        let weighed = population.saturating_add(particles.saturating_mul(8 * WEIGHED));
        let weighed = stages.saturating_mul(weighed);
        let checkpoint = particles.saturating_mul(vectors.saturating_add(8 * NUMBERS));
        let checkpoints = match self.output.checkpoint_every {
            // One is written at the end, or where the run is stopped.
            Cadence::Never => 1,
            Cadence::Every(_) | Cadence::Moves(_) => CHECKPOINTS,
        };
        [
            population,
            draws,
            trace,
            weighed,
            checkpoint.saturating_mul(checkpoints),
        ]
        .into_iter()
        .fold(texts, u64::saturating_add)
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
        Err(match &self.method {
            Method::Sample(SampleMethod {
                length: Length::Draws(draws),
                ..
            }) => {
                let advice = format!(
                    " for {particles} particles in {dim} dimensions; lower it, raise --thin, or use --steps"
                );
                Error::invalid("--draws", draws, allowed(&advice))
            }
            Method::Smc(method) if method.keep_particles => {
                let advice =
                    format!(" for {dim} coordinates; lower it, or leave --keep-particles out");
                Error::invalid("--particles", particles, allowed(&advice))
            }
            _ => {
                let advice = format!(" for {dim} coordinates; lower it, or give --no-save");
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
