//! `trace.zarr`: draws and their statistics as ArviZ and xarray open them, written while a run goes on.
//!
//! A Zarr v3 store ([`crate::zarr`]) in the schema of ArviZ 1 (`docs/source/schema/schema.md` of arviz-devs/arviz):
//!
//! ```text
//! trace.zarr/          attributes: name, inference_library ..., of smc log_evidence, log_evidence_se, log_evidence_method
//!   posterior/         x (chain, draw, x_dim_0), or an array a name; attribute parameter_names
//!   sample_stats/      lp, acceptance_rate, diverging ... (chain, draw), where known; of smc log_weight,
//!                      inverse_temperature
//!   smc_particles/     x, log_weight, ancestor (stage, particle), inverse_temperature (stage), where they are kept
//!   smc_ladder/        inverse_temperature, ess, acceptance_rate, step_size, log_evidence_increment (stage)
//! ```
//!
//! chain = particle. Of a run that keeps one population (`smc`, `diffuse`, `sample --steps`), `posterior` is that
//! population as one chain whose draws are the particles, of equal weight: of chains of one draw ArviZ computes
//! nothing. (Particles of `smc` that share an ancestor stand side by side, and ArviZ takes that order for time: its
//! errors are coarser than those of the summary, which knows the genealogy.)
//!
//! Coordinates with names of their own are arrays of those names ([`naming`]), since text, which could label an axis,
//! has no data type in Zarr's core specification; indices are whole numbers.
//!
//! `acceptance_rate` is the mean of min(1, alpha) over the moves since the draw before, `diverging` whether one of them
//! had an energy error above 1000 or not finite; `n_steps` and `step_size` are of the last of them, and `energy` is
//! H(x, p) of the state it came to, with the momentum it came with (as Stan has it).
//!
//! A chunk holds all particles and `chunk_draws` draws, draw-major as they are produced (codec `transpose`), about
//! 256 KiB; that length does not depend on the number of draws, so that a longer run begins with the same files.
//! The last chunk is filled up with NaN. Chunk files are the same bytes for the same run; times stand in attributes.

use super::RunRecord;
use crate::disk::{self, Durability};
use crate::error::{Error, Result};
use crate::particles::Numbers;
use crate::zarr::{DataType, Store};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

mod back;
mod describe;
mod held;
pub mod naming;
mod particles;
mod read;
mod resume;
mod variable;
mod whole;

pub use held::current;
pub use read::stat;
use variable::{Variable, parts_of};
pub use whole::{WEIGHTS, attributes, write};

/// The folder's name in a run folder.
pub const NAME: &str = "trace.zarr";
/// About as many bytes of draws are in a chunk.
const CHUNK_BYTES: usize = 1 << 18;
/// Coordinates of draws in a chunk.
const COORDINATES: usize = 1024;

/// Bytes that are left to the system before they are brought to the disk: a tenth of a second of a slow one.
const OUTSTANDING: usize = 32 << 20;
/// Files that are worth a flush of the whole file system.
const MANY: usize = 16;

/// Brings files, and their names up to the run folder, to the disk.
fn to_disk(paths: Vec<PathBuf>, root: &Path) -> Result<()> {
    #[cfg(target_os = "linux")]
    if paths.len() > MANY {
        let whole = || rustix::fs::syncfs(File::open(root)?).map_err(std::io::Error::from);
        return disk::again(whole).map_err(|e| Error::write(root, e));
    }
    let mut folders = BTreeSet::new();
    for path in paths {
        let settle = || File::open(&path)?.sync_all();
        settle().map_err(|e| Error::write(&path, e))?;
        let above = path.ancestors().skip(1);
        folders.extend(
            above
                .take_while(|folder| folder.starts_with(root))
                .map(Path::to_owned),
        );
    }
    folders.extend(root.parent().map(Path::to_owned));
    for folder in folders {
        disk::sync_folder(&folder).map_err(|e| Error::write(&folder, e))?;
    }
    Ok(())
}

/// How many numbers a trace holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceShape {
    /// Particles, each a chain.
    pub particles: usize,
    /// Coordinates.
    pub dim: usize,
    /// Draws of every particle that the run will make.
    pub draws: usize,
    /// Draws in a chunk.
    pub chunk_draws: usize,
    /// Whether there is one draw, whose particles are the draws of one chain.
    pub one_chain: bool,
}

impl TraceShape {
    /// A trace in chunks of about 256 KiB.
    pub fn new(particles: usize, dim: usize, draws: usize) -> Self {
        let draw = particles.saturating_mul(dim).saturating_mul(8).max(1);
        Self {
            particles,
            dim,
            draws,
            chunk_draws: (CHUNK_BYTES / draw).max(1),
            one_chain: false,
        }
    }

    /// The trace of one population, in one chunk.
    pub fn population(particles: usize, dim: usize) -> Self {
        Self {
            particles,
            dim,
            draws: 1,
            chunk_draws: 1,
            one_chain: true,
        }
    }
}

/// What a trace is of.
#[derive(Debug, Clone, PartialEq)]
pub struct TracePlan {
    /// Its shape.
    pub shape: TraceShape,
    /// The name of every coordinate, length dim.
    pub parameters: Vec<String>,
    /// The statistics of every draw, by ArviZ's names; `diverging` and `reached_max_treedepth` are stored as
    /// booleans, `n_steps` and `tree_depth` as integers, others as floats.
    pub stats: Vec<String>,
    /// Attributes of the root, such as `name`.
    pub attributes: Map<String, Value>,
}

/// A trace being written.
#[derive(Debug)]
pub struct Trace {
    store: Store,
    plan: TracePlan,
    /// Those of positions first, then the statistics in the order of the plan.
    variables: Vec<Variable>,
    /// CRC-32 of every chunk written whole: chunk by chunk, variable by variable.
    checksums: Vec<u32>,
    buffered: usize,
    /// Files that the disk may not have yet.
    unsettled: Vec<PathBuf>,
    /// Their bytes, about.
    outstanding: usize,
    /// Files on their way to the disk.
    under_way: Option<JoinHandle<Result<()>>>,
    /// Checksums of the weighted particles of every stage, and their files.
    stages: Vec<[u32; 3]>,
    /// Of a run that is being lengthened, the draws it had before: what holds them stays as it is until the end.
    first: Option<usize>,
}

impl Trace {
    /// Starts the store in `folder` (of a run: `trace.zarr`); what was there is removed. It can be read from now on;
    /// draws to come are NaN.
    pub fn create(folder: &Path, plan: TracePlan) -> Result<Self> {
        let mut trace = Self::planned(folder, plan)?;
        // Chunks of an earlier trace would be taken for draws of this one.
        disk::remove_tree(folder)?;
        trace.describe(Durability::Lazy)?;
        Ok(trace)
    }

    /// Appends a draw: `draw` of shape [particles, dim], and for every statistic of the plan, in its order, its name
    /// and a value for every particle. Refused ([`Error::Write`]): other names or lengths, more draws than planned.
    pub fn push<'a>(
        &mut self,
        draw: impl Into<Numbers<'a>>,
        stats: &[(&str, &[f64])],
    ) -> Result<()> {
        let (draw, shape) = (draw.into(), self.plan.shape);
        let refuse = |what: &str| Err(Error::write(self.store.root(), what));
        let names = stats.iter().map(|(name, _)| *name);
        if !names.eq(self.plan.stats.iter().map(String::as_str)) {
            return refuse("the statistics of a draw are not those planned");
        }
        let lengths = stats.iter().map(|(_, values)| values.len());
        if draw.len() != shape.particles * shape.dim
            || lengths.into_iter().any(|n| n != shape.particles)
        {
            return refuse("a draw is not of the planned shape");
        }
        if self.draws() >= shape.draws {
            return refuse("more draws than planned");
        }
        // A large draw is a chunk by itself: it goes to its file without a copy.
        let floats = |variable: &Variable| variable.data_type == DataType::Float64;
        let positions = self.variables.len() - stats.len();
        if shape.chunk_draws == 1 && positions == 1 && self.variables.iter().all(floats) {
            return self.write_draw(draw, stats);
        }
        let (of_positions, of_moves) = self.variables.split_at_mut(positions);
        let values = draw.part(0, draw.len());
        for variable in of_positions {
            variable.push_of(&values, shape.dim);
        }
        for (variable, (_, values)) in of_moves.iter_mut().zip(stats) {
            variable.push(values);
        }
        self.buffered += 1;
        if self.buffered == shape.chunk_draws {
            self.write_chunks()?;
            for variable in &mut self.variables {
                self.checksums.push(crc32fast::hash(&variable.buffer));
                variable.buffer.clear();
            }
            self.buffered = 0;
        }
        Ok(())
    }

    /// Writes a draw that fills a chunk of every variable.
    fn write_draw(&mut self, draw: Numbers<'_>, stats: &[(&str, &[f64])]) -> Result<()> {
        let chunk = self.checksums.len() / self.variables.len();
        let stats = stats.iter().map(|(_, values)| Numbers::from(*values));
        for (variable, values) in self
            .variables
            .iter()
            .zip(std::iter::once(draw).chain(stats))
        {
            let index = variable.index(chunk);
            let mut sum = crc32fast::Hasher::new();
            let parts = parts_of(values).inspect(|part| sum.update(part));
            let (whole, lazy) = ((8 * values.len(), parts), Durability::Lazy);
            let path = self
                .store
                .write_chunk_from(&variable.path, &index, whole, lazy)?;
            self.unsettled.push(path);
            self.checksums.push(sum.finalize());
        }
        self.count(8 * draw.len())
    }

    /// Draws pushed so far.
    pub fn draws(&self) -> usize {
        self.checksums.len() / self.variables.len() * self.plan.shape.chunk_draws + self.buffered
    }

    /// CRC-32 of the chunks that are on disk for good, for a checkpoint. Call [`Trace::flush`] before: a checkpoint
    /// must not know more than the disk.
    pub fn checksums(&self) -> &[u32] {
        &self.checksums
    }

    /// The draws that fill no chunk yet, for a checkpoint: less than a chunk.
    pub fn pending(&self) -> Vec<u8> {
        let buffers = self.variables.iter().map(|variable| &*variable.buffer);
        buffers.collect::<Vec<_>>().concat()
    }

    /// Says how many draws the run will make: those made so far, or more.
    pub fn set_draws(&mut self, draws: usize) -> Result<()> {
        if draws < self.draws() {
            let what = format!("{draws} draws are fewer than the {} made", self.draws());
            return Err(Error::write(self.store.root(), what));
        }
        self.plan.shape.draws = draws;
        self.describe(Durability::Lazy)
    }

    /// Waits until the disk has all chunks written so far. The draws that fill no chunk are written too, for who
    /// reads the store meanwhile.
    pub fn flush(&mut self) -> Result<()> {
        if self.buffered > 0 {
            self.write_chunks()?;
        }
        self.wait()?;
        self.outstanding = 0;
        to_disk(std::mem::take(&mut self.unsettled), self.store.root())
    }

    /// Counts what was written, and brings it to the disk beside the computation where that is much: a run that draws
    /// faster than the disk writes waits here, and a checkpoint never for more than two such parts.
    fn count(&mut self, bytes: usize) -> Result<()> {
        self.outstanding += bytes;
        if self.outstanding < OUTSTANDING {
            return Ok(());
        }
        self.wait()?;
        self.outstanding = 0;
        let (paths, root) = (
            std::mem::take(&mut self.unsettled),
            self.store.root().to_owned(),
        );
        self.under_way = Some(std::thread::spawn(move || to_disk(paths, &root)));
        Ok(())
    }

    /// Waits for what is on its way to the disk.
    fn wait(&mut self) -> Result<()> {
        match self.under_way.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(done)) => done,
            Some(Err(_)) => Err(Error::write(
                self.store.root(),
                "the thread that wrote it ended",
            )),
        }
    }

    /// Sets an attribute of the root; written by [`Trace::finish`].
    pub fn set_attribute(&mut self, name: &str, value: impl Into<Value>) {
        self.plan.attributes.insert(name.to_owned(), value.into());
    }

    /// Writes what is left. A trace of fewer draws than planned becomes one of those made.
    pub fn finish(mut self) -> Result<()> {
        self.plan.shape.draws = self.draws();
        self.flush()?;
        self.release()?;
        self.describe(Durability::Flushed)
    }

    /// The variables, nothing on disk.
    fn planned(folder: &Path, plan: TracePlan) -> Result<Self> {
        let shape = plan.shape;
        let items = shape.particles.checked_mul(shape.dim);
        let bytes = items.and_then(|n| n.checked_mul(8)?.checked_mul(shape.chunk_draws));
        if items.unwrap_or(0) == 0 || shape.chunk_draws == 0 || bytes.is_none() {
            let what = "a trace needs particles and coordinates, as memory allows";
            return Err(Error::write(folder, what));
        }
        let mut names = plan.parameters.clone();
        names.resize(shape.dim, String::new());
        let arrays = naming::arrays(&names, naming::MOST);
        let nodes = naming::in_store(&arrays);
        let positions = arrays.into_iter().zip(nodes).map(|(of, node)| {
            let items = shape.particles * of.width();
            let path = format!("posterior/{node}");
            (path, DataType::Float64, items, Some(of))
        });
        let stats = plan.stats.iter().map(|name| {
            let data_type = match name.as_str() {
                "diverging" | "reached_max_treedepth" => DataType::Bool,
                "n_steps" | "tree_depth" => DataType::Int64,
                _ => DataType::Float64,
            };
            let path = format!("sample_stats/{name}");
            (path, data_type, shape.particles, None)
        });
        let variables = positions.chain(stats);
        Ok(Self {
            store: Store::new(folder),
            variables: variables
                .map(|(path, data_type, items, of)| Variable {
                    path,
                    data_type,
                    items,
                    of,
                    buffer: Vec::new(),
                })
                .collect(),
            plan,
            checksums: Vec::new(),
            buffered: 0,
            unsettled: Vec::new(),
            outstanding: 0,
            under_way: None,
            stages: Vec::new(),
            first: None,
        })
    }

    /// Writes the chunk that the buffers begin, filled up where they do not fill it.
    fn write_chunks(&mut self) -> Result<()> {
        let chunk = self.checksums.len() / self.variables.len();
        let missing = self.plan.shape.chunk_draws - self.buffered;
        for variable in &self.variables {
            let padding = variable
                .data_type
                .fill_bytes()
                .repeat(missing * variable.items);
            let parts: [&[u8]; 2] = [&variable.buffer, &padding];
            let index = variable.index(chunk);
            let path = self.store.chunk_path(&variable.path, &index);
            let path = if self.holds(chunk) {
                held::aside(&path)
            } else {
                path
            };
            self.store
                .write_chunk_as(&path, &variable.path, &index, &parts, Durability::Lazy)?;
            self.unsettled.push(path);
        }
        let shape = self.plan.shape;
        self.count(8 * shape.chunk_draws * shape.particles * shape.dim)
    }
}
