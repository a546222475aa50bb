//! The random numbers of one particle, given to every particle of a row: what takes it through its moves again, in
//! either precision, with the very numbers it had.
//!
//! A row of the stream is drawn in the precision it was drawn in before, the number of the particle's lane is widened,
//! exactly, and fills the row. The stream advances as it did, so that a step draws what it drew.

use super::{Noise, Normals, Stream, ThreePoint, TwoPoint, Vector};
use crate::Lane;
use crate::lane::{F32, F64};
use crate::tile::{Row, particles_per_tile};
use bytemuck::cast_slice;

/// What noise is made of: all numbers of a stream, or those of one particle.
pub trait Source: Clone {
    /// Standard normals.
    fn normals(&mut self) -> impl Noise;
    /// A row of them. Of a stream that a loop keeps in registers, without a reference to it: 1 to 2% of Langevin steps in
    /// 32 dimensions.
    #[inline(always)]
    fn next_normals<R: Vector>(&mut self) -> Row<R> {
        self.normals().row()
    }
    /// +1 or -1.
    fn two_points(&mut self) -> impl Noise;
    /// sqrt 3, 0 or -sqrt 3.
    fn three_points(&mut self) -> impl Noise;
}

impl Source for Stream {
    #[inline(always)]
    fn normals(&mut self) -> impl Noise {
        Normals(self)
    }
    #[inline(always)]
    fn next_normals<R: Vector>(&mut self) -> Row<R> {
        self.normal_row()
    }
    #[inline(always)]
    fn two_points(&mut self) -> impl Noise {
        TwoPoint(self)
    }
    #[inline(always)]
    fn three_points(&mut self) -> impl Noise {
        ThreePoint(self)
    }
}

/// The numbers that one particle of a tile takes from a stream.
#[derive(Debug, Clone)]
pub struct Alone {
    stream: Stream,
    lane: usize,
    single: bool,
}

impl Alone {
    /// Of particle `particle` of a population in the precision `R`, whose tile draws from `stream`.
    pub fn new<R: Vector>(stream: Stream, particle: usize) -> Self {
        Self {
            stream,
            lane: particle % particles_per_tile::<R>(),
            single: size_of::<R::Scalar>() == size_of::<f32>(),
        }
    }
}

impl Source for Alone {
    fn normals(&mut self) -> impl Noise {
        Given(Normals(&mut self.stream), self.lane, self.single)
    }
    fn two_points(&mut self) -> impl Noise {
        Given(TwoPoint(&mut self.stream), self.lane, self.single)
    }
    fn three_points(&mut self) -> impl Noise {
        Given(ThreePoint(&mut self.stream), self.lane, self.single)
    }
}

/// Noise, the lane that is given to all, and whether it is drawn in single precision.
struct Given<N>(N, usize, bool);

fn number<R: Vector>(row: &Row<R>, lane: usize) -> f64 {
    cast_slice::<R, R::Scalar>(&row.0)[lane].into()
}

impl<N: Noise> Noise for Given<N> {
    fn row<R: Vector>(&mut self) -> Row<R> {
        let Self(noise, lane, single) = self;
        Row::<R>::splat(match single {
            true => number(&noise.row::<F32>(), *lane),
            false => number(&noise.row::<F64>(), *lane),
        })
    }
    fn uniform<R: Vector>(&mut self) -> Row<R> {
        let Self(noise, lane, single) = self;
        Row::<R>::splat(match single {
            true => number(&noise.uniform::<F32>(), *lane),
            false => number(&noise.uniform::<F64>(), *lane),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    fn agrees<R: Vector>() {
        let stream = Stream::new(3, Purpose::Move, 1, 2);
        let width = particles_per_tile::<R>();
        for particle in [0, 1, width - 1, width, 5 * width + 7] {
            let (mut all, mut one) = (stream.clone(), Alone::new::<R>(stream.clone(), particle));
            // A stream that is stored and taken up goes on alike.
            let mut stored = Alone::new::<R>(Stream::from_state(stream.state()), particle);
            let check = |all: Row<R>, one: Row<F64>, stored: Row<F32>| {
                let number = number(&all, particle % width);
                let all_lanes = cast_slice::<F64, f64>(&one.0);
                assert!(all_lanes.iter().all(|x| x.to_bits() == number.to_bits()));
                let rounded = cast_slice::<F32, f32>(&stored.0);
                assert!(rounded.iter().all(|x| *x == number as f32));
            };
            for _ in 0..3 {
                let n = Normals(&mut all).row::<R>();
                check(n, one.normals().row(), stored.normals().row());
                let u = Normals(&mut all).uniform::<R>();
                check(u, one.normals().uniform(), stored.normals().uniform());
                let two = TwoPoint(&mut all).row::<R>();
                check(two, one.two_points().row(), stored.two_points().row());
                let three = ThreePoint(&mut all).row::<R>();
                check(three, one.three_points().row(), stored.three_points().row());
            }
        }
    }

    #[test]
    fn a_particle_alone_draws_what_it_drew_among_others() {
        agrees::<F64>();
        agrees::<F32>();
    }
}
