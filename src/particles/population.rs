//! Storage of a population and conversion from and to rows of particles.

use super::{Span, States};
use bytemuck::{cast_slice, cast_slice_mut, zeroed_vec};
use driftlane_kernels::F64;
use driftlane_kernels::Register;
use driftlane_kernels::tile::{Row, particles_per_tile, tiles_per_block};

/// The most vector channels, and the most scalar channels, a population can have: what a diffusion solver of order
/// ten carries from step to step.
pub const MAX_CHANNELS: usize = 12;

/// The channels a flow declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels {
    /// Vector channels, position included: at least 1, at most [`MAX_CHANNELS`].
    pub vectors: usize,
    /// Scalar channels in double precision: at most [`MAX_CHANNELS`].
    pub scalars: usize,
    /// States kept of every particle besides its position: their coordinates and [`STATE_SCALARS`]
    /// numbers each.
    pub states: usize,
}

/// Numbers in double precision that belong to a kept state: its log densities.
pub const STATE_SCALARS: usize = 2;

/// `n` particles in `dim` dimensions with their channels. The last tile is filled up with particles
/// that are moved like the others but carry no weight and appear in no result.
#[derive(Debug, Clone)]
pub struct Population<R: Register> {
    n: usize,
    dim: usize,
    vectors: Vec<Vec<Row<R>>>,
    scalars: Vec<Vec<Row<F64>>>,
    states: usize,
    state_vectors: Vec<Row<R>>,
    state_scalars: Vec<Row<F64>>,
}

impl<R: Register> Population<R> {
    /// All zeros.
    pub fn new(n: usize, dim: usize, channels: Channels) -> Self {
        assert!(
            n > 0 && dim > 0,
            "a population has particles and coordinates"
        );
        assert!((1..=MAX_CHANNELS).contains(&channels.vectors) && channels.scalars <= MAX_CHANNELS);
        let tiles = n.div_ceil(particles_per_tile::<R>());
        // Zero pages from the system, so that the threads that move particles touch them first.
        let vector = || zeroed_vec::<Row<R>>(tiles * dim);
        let scalar = || zeroed_vec::<Row<F64>>(tiles * Self::scalar_rows());
        Self {
            n,
            dim,
            vectors: (0..channels.vectors).map(|_| vector()).collect(),
            scalars: (0..channels.scalars).map(|_| scalar()).collect(),
            states: channels.states,
            state_vectors: zeroed_vec(tiles * channels.states * dim),
            state_scalars: zeroed_vec(
                tiles * Self::scalar_rows() * channels.states * STATE_SCALARS,
            ),
        }
    }

    /// Rows of double precision that hold one number for every particle of a tile: 1 for `f64`
    /// tiles of 32 particles, 2 for `f32` tiles of 64.
    pub const fn scalar_rows() -> usize {
        R::WIDTH / 8
    }

    /// Every channel as it lies in memory, with its name: what a checkpoint keeps.
    pub(crate) fn channels(&self) -> impl Iterator<Item = (String, &[u8])> {
        let vectors = self.vectors.iter().map(|v| cast_slice::<_, u8>(v));
        let vectors = vectors.enumerate().map(|(k, v)| (format!("vector{k}"), v));
        let scalars = self.scalars.iter().map(|v| cast_slice::<_, u8>(v));
        let scalars = scalars.enumerate().map(|(k, v)| (format!("scalar{k}"), v));
        let states = [
            (
                "states".to_owned(),
                cast_slice::<_, u8>(&self.state_vectors),
            ),
            ("state-scalars".to_owned(), cast_slice(&self.state_scalars)),
        ];
        vectors.chain(scalars).chain(states)
    }

    /// The same, to be filled again.
    pub(crate) fn channels_mut(&mut self) -> impl Iterator<Item = (String, &mut [u8])> {
        let vectors = self.vectors.iter_mut().map(|v| cast_slice_mut::<_, u8>(v));
        let vectors = vectors.enumerate().map(|(k, v)| (format!("vector{k}"), v));
        let scalars = self.scalars.iter_mut().map(|v| cast_slice_mut::<_, u8>(v));
        let scalars = scalars.enumerate().map(|(k, v)| (format!("scalar{k}"), v));
        let states = [
            (
                "states".to_owned(),
                cast_slice_mut::<_, u8>(&mut self.state_vectors),
            ),
            (
                "state-scalars".to_owned(),
                cast_slice_mut(&mut self.state_scalars),
            ),
        ];
        vectors.chain(scalars).chain(states)
    }

    /// The number of particles.
    pub fn len(&self) -> usize {
        self.n
    }
    /// Never: a population has particles.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }
    /// The number of coordinates.
    pub fn dim(&self) -> usize {
        self.dim
    }
    /// Tiles, the last perhaps partly filled.
    pub fn tiles(&self) -> usize {
        self.n.div_ceil(particles_per_tile::<R>())
    }
    /// Bytes held by all channels.
    pub fn bytes(&self) -> usize {
        let rows =
            |channels: usize, rows: usize, size: usize| channels * self.tiles() * rows * size;
        let vectors = self.vectors.len() + self.states;
        let scalars = self.scalars.len() + self.states * STATE_SCALARS;
        rows(vectors, self.dim, size_of::<Row<R>>())
            + rows(scalars, Self::scalar_rows(), size_of::<Row<F64>>())
    }

    /// All blocks.
    pub fn span(&mut self) -> Span<'_, R> {
        let mut vectors = self.vectors.iter_mut();
        let mut scalars = self.scalars.iter_mut();
        Span::new(
            self.n,
            self.dim,
            tiles_per_block::<R>(self.dim),
            std::array::from_fn(|_| vectors.next().map_or(&mut [][..], |v| &mut v[..])),
            std::array::from_fn(|_| scalars.next().map_or(&mut [][..], |v| &mut v[..])),
            States {
                count: self.states,
                vectors: &mut self.state_vectors,
                scalars: &mut self.state_scalars,
            },
        )
    }

    /// A vector channel; 0 is the position.
    pub fn vector(&self, channel: usize) -> &[Row<R>] {
        &self.vectors[channel]
    }
    /// A scalar channel.
    pub fn scalar(&self, channel: usize) -> &[Row<F64>] {
        &self.scalars[channel]
    }
    pub(crate) fn vectors_mut(&mut self) -> &mut [Vec<Row<R>>] {
        &mut self.vectors
    }
    pub(crate) fn scalars_mut(&mut self) -> &mut [Vec<Row<F64>>] {
        &mut self.scalars
    }
    /// Coordinates and numbers of all kept states.
    pub(crate) fn states_mut(&mut self) -> (&mut [Row<R>], &mut [Row<F64>]) {
        (&mut self.state_vectors, &mut self.state_scalars)
    }
    /// States kept of every particle.
    pub fn states(&self) -> usize {
        self.states
    }
    /// The numbers of kept states, laid out as in [`States`].
    pub fn state_scalars(&self) -> &[Row<F64>] {
        &self.state_scalars
    }

    /// One number for every particle, in double precision, in order.
    pub fn scalar_values(&self, channel: usize) -> &[f64] {
        &cast_slice::<Row<F64>, f64>(&self.scalars[channel])[..self.n]
    }

    /// Coordinate `j` of the position of particle `i`, in double precision.
    pub fn coordinate(&self, i: usize, j: usize) -> f64 {
        let each = particles_per_tile::<R>();
        let row = &self.vectors[0][i / each * self.dim + j];
        cast_slice::<_, R::Scalar>(&row.0)[i % each].into()
    }

    /// Positions as rows of particles: `[n, dim]`, double precision.
    pub fn positions(&self) -> Vec<f64> {
        let mut out = vec![0.0; self.n * self.dim];
        let tile_size = particles_per_tile::<R>() * self.dim;
        for (tile, rows) in out.chunks_mut(tile_size).enumerate() {
            self.copy_tile_positions(tile, rows);
        }
        out
    }

    /// The rows of the positions; all else is given back.
    pub(crate) fn into_position_rows(mut self) -> Vec<Row<R>> {
        self.vectors.swap_remove(0)
    }

    /// Writes the positions of tile `tile` as `[particles, dim]` in double precision; `out` holds as
    /// many particles as are wanted, at most a tile's.
    pub fn copy_tile_positions(&self, tile: usize, out: &mut [f64]) {
        copy_rows(&self.vectors[0], tile, self.dim, out);
    }

    /// Writes the kept states of tile `tile` as `[particles, states, dim]` in double precision.
    pub fn copy_tile_states(&self, tile: usize, out: &mut [f64]) {
        copy_rows(&self.state_vectors, tile, self.states * self.dim, out);
    }

    /// Sets positions from `[n, dim]`; particles that fill up the last tile repeat the last one.
    pub fn set_positions(&mut self, rows: &[f64]) {
        use driftlane_kernels::Scalar as _;
        assert_eq!(rows.len(), self.n * self.dim);
        let (dim, n, width) = (self.dim, self.n, particles_per_tile::<R>());
        let flat: &mut [R::Scalar] = cast_slice_mut(&mut self.vectors[0]);
        for (t, tile) in flat.chunks_exact_mut(width * dim).enumerate() {
            for particle in 0..width {
                let source = (t * width + particle).min(n - 1);
                for j in 0..dim {
                    tile[j * width + particle] = R::Scalar::from_f64(rows[source * dim + j]);
                }
            }
        }
    }
}

/// Tile `tile` of a channel of `count` numbers a particle as `[particles, count]`.
fn copy_rows<R: Register>(channel: &[Row<R>], tile: usize, count: usize, out: &mut [f64]) {
    let rows = &channel[tile * count..(tile + 1) * count];
    for (j, row) in rows.iter().enumerate() {
        let row: &[R::Scalar] = cast_slice(&row.0);
        for (value, x) in out[j..].iter_mut().step_by(count).zip(row) {
            *value = (*x).into();
        }
    }
}

/// A tile's rows, one a coordinate, as rows of particles, in the same memory; `memory` holds as many rows.
pub(crate) fn transpose_tile<R: Register>(tile: &mut [Row<R>], memory: &mut [Row<R>]) {
    let dim = tile.len();
    memory.copy_from_slice(tile);
    let out: &mut [R::Scalar] = cast_slice_mut(tile);
    for (j, row) in memory.iter().enumerate() {
        let row: &[R::Scalar] = cast_slice(&row.0);
        for (out, x) in out[j..].iter_mut().step_by(dim).zip(row) {
            *out = *x;
        }
    }
}
