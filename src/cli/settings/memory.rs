//! Whether a run fits the memory there is, before anything is allocated.

use super::bytes::shown;
use super::{Length, Method, SampleMethod, Settings};
use crate::error::{Error, Result};
use crate::record::manifest;

impl Settings {
    /// The bytes a run of so many particles needs for `dim` coordinates: particles with their gradients,
    /// momenta and copies, kept draws and their diagnostics.
    pub fn memory_estimate(&self, particles: u64, dim: usize) -> u64 {
        let word = self.population.precision.bytes();
        let dim = dim as u64;
        // Particles lie in whole tiles, 32 of them in double precision; every thread works on one.
        let tile = 256 / word;
        let particles = particles.div_ceil(tile).saturating_mul(tile);
        let scratch = (self.population.threads as u64)
            .saturating_mul(tile)
            .saturating_mul(dim);
        let scratch = scratch.saturating_mul(6 * word);
        // Position, momentum, gradient, a proposal of each, and one channel being resampled; two log
        // densities, acceptances, weights and ancestors, which are double in either precision.
        let channels = 7u64.saturating_mul(dim).saturating_add(10);
        let moving = particles.saturating_mul(channels).saturating_mul(word);
        let kept = match &self.method {
            Method::Sample(SampleMethod {
                length: Length::Draws(k),
                thin,
                ..
            }) => k / (*thin).max(1),
            // Starts, ends, fine solutions, and what every particle says of an error.
            Method::Compare(method) => 5 + method.calls.len() as u64,
            _ => 1,
        };
        // Diagnostics take one coordinate at a time: its series, ranks and scores.
        let words = dim.saturating_add(5);
        moving.saturating_add(scratch).saturating_add(
            kept.saturating_mul(particles)
                .saturating_mul(words)
                .saturating_mul(8),
        )
    }

    /// Refuses a run that does not fit the memory this process may still use.
    pub fn check_memory(&self, particles: u64, dim: usize) -> Result<()> {
        let Some(available) = manifest::available_memory() else {
            return Ok(());
        };
        let needed = self.memory_estimate(particles, dim);
        if needed <= available {
            return Ok(());
        }
        let advice = match &self.method {
            Method::Sample(SampleMethod {
                length: Length::Draws(k),
                ..
            }) => {
                format!(" with --draws {k}; lower either, or use --steps")
            }
            _ => "; lower it".into(),
        };
        let allowed = format!(
            "must fit memory: {} needed, {} available for {dim} coordinates{advice}",
            shown(needed),
            shown(available)
        );
        Err(Error::invalid("--particles", particles, allowed))
    }
}
