//! The moves of a particle that blew up, made again in double precision.
//!
//! The same move runs over one tile that the particle fills: every lane starts where it was when the visit began and takes
//! the random numbers it took, widened. Lanes do not know of each other and are bit-equal to the scalar instance, so the
//! first of them is the particle in scalar double precision. Of a run in double precision it makes the same operations on
//! the same numbers: its states come back bit for bit. Of a run in single precision it tells what rounding did.
//!
//! Every state is reached from the start of the visit, for that is how it was recorded: neighbouring pieces of two steps of
//! a splitting are one (two half refreshments draw once), so steps taken one by one are other steps.

use super::MoveSettings;
use crate::error::{Error, Result};
use crate::flow::FlightRecord;
use crate::integrator::Scratch;
use crate::particles::{Channels, Population};
use crate::target::{BlockTarget, Path, Precision};
use driftlane_kernels::rng::{Alone, Stream};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// The positions of `flight`, recorded in precision `R`, as its move makes them in double precision. Refused: settings of a
/// move that does not make its moves again, or another flight than of a particle of that move and `target`.
pub fn fly_again<R: Precision>(
    target: &dyn BlockTarget,
    settings: &MoveSettings,
    flight: &FlightRecord,
) -> Result<Vec<Vec<f64>>> {
    let mover = settings.build_for::<F64>(target)?;
    let (dim, vectors) = (target.dim(), mover.vectors());
    if !flight.fits(vectors, dim) {
        let allowed = format!(
            "of {vectors} vector channels of {dim} coordinates, as {} keeps them",
            mover.name()
        );
        let value = format!("{} channels", flight.start.channels.len());
        return Err(Error::invalid("flight", value, allowed));
    }
    let channels = Channels {
        vectors,
        scalars: 0,
        states: 0,
    };
    let mut population = Population::<F64>::new(1, dim, channels);
    let mut scratch = Scratch::new(dim);
    let path = Path::plain(target);
    let start = &flight.start;
    let made = flight.at_move - start.moves;
    let first = made - (flight.positions.len() - 1);
    let position = |moves: usize| {
        for (channel, values) in population.vectors_mut().iter_mut().zip(&start.channels) {
            for (row, value) in channel.iter_mut().zip(values) {
                *row = Row::<F64>::splat(*value);
            }
        }
        if moves > 0 {
            let stream = Stream::from_state(start.stream);
            let mut alone = Alone::new::<R>(stream, flight.particle);
            let (law, block) = (path.law(1.0), &mut population.span());
            mover
                .run_alone(law, moves, start.fresh, block, &mut alone, &mut scratch)
                .ok_or_else(|| {
                    let allowed = "a move of unadjusted dynamics: no other blows up";
                    Error::invalid("move", mover.name(), allowed)
                })?;
        }
        Ok(population.positions())
    };
    (first..=made).map(position).collect()
}
