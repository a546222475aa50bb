//! What deserves a line beside the figures of a run: nothing is refused, and something may be meant otherwise.

use super::settings::{Init, Method, Settings};
use super::starts::Starts;
use crate::target::BlockTarget;

/// All of it: of the target's data, of the starts.
pub(super) fn of(settings: &Settings, target: &dyn BlockTarget, starts: &Starts) -> Vec<String> {
    let mut notes = target.notes();
    if let Method::Sample(_) = &settings.method {
        notes.extend(one_start(settings, starts, target.dim()));
    }
    notes
}

/// Chains that start at one point and never part agree perfectly.
fn one_start(settings: &Settings, starts: &Starts, dim: usize) -> Option<String> {
    let Init::File(file) = &settings.population.init else {
        return None;
    };
    let mut rows = starts.positions.chunks_exact(dim);
    let first = rows.next()?;
    (starts.particles > 1 && rows.all(|row| row == first)).then(|| {
        format!(
            "--init {}: all {} particles start at one point: that they agree says little of whether they mix",
            file.display(),
            starts.particles
        )
    })
}
