//! What `sample` is given.

use super::choice;
use super::tuning::tuning;
use crate::cli::given::Given;
use crate::cli::settings::{Length, SampleMethod, Sampler};
use crate::error::Result;

/// More moves than any run makes.
const MOVES: u64 = 1_000_000_000_000;

pub(super) fn sample(given: &Given) -> Result<SampleMethod> {
    let sampler = choice(
        given,
        "sampler",
        Sampler::NAMES,
        Sampler::Hmc,
        Sampler::from_name,
    )?;
    let length = match (given.has("draws"), given.has("steps")) {
        (true, true) => return Err(given.refuse("steps", "contradicts --draws; give one of them")),
        (false, true) => Length::Steps(given.count("steps", 0, 1..=MOVES)?),
        _ => Length::Draws(given.count("draws", 200, 1..=MOVES)?),
    };
    if matches!(length, Length::Steps(_)) && given.has("thin") {
        return Err(given.refuse("thin", "has no meaning for --steps, which keeps no draws"));
    }
    let warmup = if sampler.is_adjusted() { 200 } else { 0 };
    let thin = given.count("thin", 1, 1..=MOVES)?;
    if thin > length.moves() {
        let draws = length.moves();
        let allowed = format!("must be from 1 to the number of draws, {draws}");
        return Err(given.refuse("thin", allowed));
    }
    Ok(SampleMethod {
        sampler,
        length,
        warmup: given.count("warmup", warmup, 0..=MOVES)?,
        thin,
        tuning: tuning(given, sampler)?,
    })
}
