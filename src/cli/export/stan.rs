//! CSV files as CmdStan writes them, one a chain: what cmdstanpy, cmdstanr and posterior read.
//!
//! Layout: `stan-dev/cmdstan`, `src/test/interface/example_output/bernoulli_chain_1.csv` and the CmdStan guide,
//! "Stan CSV file format": `#` lines with the configuration, a header, the adaptation, the draws, the times.
//! Parameters are `x.1`, `x.2`, ... counted from 1; ArviZ and the other formats count from 0.
//!
//! Columns before the parameters come from `sample_stats` of the run's `trace.zarr` where it has them. What the
//! folder does not tell has the value CmdStan gives when there is nothing to tell:
//!
//! | column or line | statistic | otherwise |
//! |---|---|---|
//! | `lp__` | `lp` | 0 |
//! | `accept_stat__` | `acceptance_rate` | the run's share of accepted moves; 1 where nothing is rejected |
//! | `stepsize__` | `step_size` | the step size after warm-up |
//! | `treedepth__` | `tree_depth` | 0 |
//! | `n_leapfrog__` | `n_steps` | the leapfrog steps of a trajectory, 0 where they vary or there are none |
//! | `divergent__` | `diverging` | 0 |
//! | `energy__` | `energy` | 0 |
//! | `engine`, `max_depth` | | nuts, 10, without which cmdstanpy reads no file |
//! | inverse mass matrix | | ones |
//! | version | | 2.35.0, the layout's; the program's own stands in `driftlane_version` |

use super::{Numbers, digits};
use crate::disk::{self, NewFile};
use crate::error::{Error, Result};
use crate::record::{Part, StoredRun, trace};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Columns before the parameters, and the statistics of a trace they are.
const COLUMNS: [(&str, &str); 7] = [
    ("lp__", "lp"),
    ("accept_stat__", "acceptance_rate"),
    ("stepsize__", "step_size"),
    ("treedepth__", "tree_depth"),
    ("n_leapfrog__", "n_steps"),
    ("divergent__", "diverging"),
    ("energy__", "energy"),
];
/// The most files: tools for a few long chains choke on thousands of short ones.
const MOST_CHAINS: usize = 64;

/// The number given to `--chains`.
pub(super) fn chains(text: &str) -> Result<usize> {
    let allowed = || format!("must be a whole number, 1 to {MOST_CHAINS}");
    let count = text.parse::<usize>().ok();
    let count = count.filter(|count| (1..=MOST_CHAINS).contains(count));
    count.ok_or_else(|| Error::invalid("--chains", super::super::one_line(text), allowed()))
}

/// Files to be written, none of them in the way of another.
pub(super) struct Plan {
    folder: PathBuf,
    files: Vec<PathBuf>,
}

impl Plan {
    /// Settles chains and files; refuses too many chains, and files that are there already.
    pub(super) fn new(
        run: &StoredRun,
        given: Option<&str>,
        out: &Path,
        force: bool,
    ) -> Result<Self> {
        let particles = run.record().summary.particles;
        let given = given.map(chains).transpose()?;
        let count = match (run.kept(), given) {
            (None, None | Some(1)) => 1,
            (None, Some(count)) => {
                let allowed = "must be 1: the run kept one population, whose particles are the draws of one chain";
                return Err(Error::invalid("--chains", count, allowed));
            }
            (Some(_), Some(count)) if count > particles => {
                let allowed = format!("must be at most {particles}, the particles of the run");
                return Err(Error::invalid("--chains", count, allowed));
            }
            (Some(_), None) if particles > MOST_CHAINS => {
                let allowed = format!(
                    "must be given, 1 to {MOST_CHAINS}: {particles} particles would be as many files; \
                     csv and npz take all"
                );
                return Err(Error::invalid("--chains", "(not given)", allowed));
            }
            (Some(_), count) => count.unwrap_or(particles),
        };
        let refuse = |allowed: &str| Err(Error::invalid("--out", out.display(), allowed));
        match fs::symlink_metadata(out) {
            Ok(found) if !found.is_dir() => {
                return refuse("is not a folder; stan-csv writes a file a chain into a folder");
            }
            Err(_) if !disk::parent(out).is_dir() => {
                return refuse("its parent must be a folder that exists");
            }
            _ => {}
        }
        let files: Vec<PathBuf> = (1..=count)
            .map(|id| out.join(format!("chain-{id}.csv")))
            .collect();
        if !force && files.iter().any(|file| fs::symlink_metadata(file).is_ok()) {
            return refuse("holds chains; choose another name or give --force");
        }
        Ok(Self {
            folder: out.to_owned(),
            files,
        })
    }

    /// Writes the files.
    pub(super) fn write(self, run: &StoredRun) -> Result<Vec<PathBuf>> {
        let stats = stats(run)?;
        let made = !self.folder.exists();
        disk::create_folders(&self.folder)?;
        let written = self.write_all(run, &stats);
        if written.is_err() && made {
            // Only succeeds if empty.
            let _ = fs::remove_dir(&self.folder);
        }
        written.map(|()| self.files)
    }

    /// All files or none: the data of all are on the disk before the first has its name.
    fn write_all(&self, run: &StoredRun, stats: &[Option<Vec<f64>>]) -> Result<()> {
        let mut numbers = Numbers::of(run);
        if run.kept().is_none() {
            (numbers.draws, numbers.chains) = (numbers.chains, 1);
        }
        let facts = Facts::of(run, &numbers);
        let mut ready = Vec::new();
        for (chain, path) in self.files.iter().enumerate() {
            let mut file = NewFile::create(path)?;
            file.write(facts.head(chain + 1).as_bytes())?;
            for draw in 0..numbers.draws {
                let known = |k: usize| {
                    stats[k]
                        .as_ref()
                        .map(|list| list[draw * numbers.chains + chain])
                };
                let front = (0..COLUMNS.len()).map(|k| known(k).unwrap_or(facts.neutral[k]));
                let cells = front
                    .chain(numbers.row(chain, draw).iter().copied())
                    .map(digits);
                let line = cells.collect::<Vec<_>>().join(",") + "\n";
                file.write(line.as_bytes())?;
            }
            file.write(facts.tail.as_bytes())?;
            file.flush()?;
            ready.push(file);
        }
        self.remove_older()?;
        for file in ready {
            file.finish().inspect_err(|_| {
                for placed in &self.files {
                    let _ = fs::remove_file(placed);
                }
            })?;
        }
        Ok(())
    }

    /// Removes what an earlier export of more chains has left: tools read all files of a folder as one fit.
    fn remove_older(&self) -> Result<()> {
        let mut id = self.files.len() + 1;
        loop {
            let older = self.folder.join(format!("chain-{id}.csv"));
            match disk::again(|| fs::remove_file(&older)) {
                Ok(()) => id += 1,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
                Err(e) => return Err(Error::write(older, e)),
            }
        }
    }
}

/// The statistics of kept draws, in the order of the columns, where the trace has them.
fn stats(run: &StoredRun) -> Result<Vec<Option<Vec<f64>>>> {
    let folder = run.folder().file(trace::NAME);
    let particles = run.record().summary.particles;
    let stat = |(_, name): &(&str, &str)| match run.kept() {
        Some(draws) => trace::stat(&folder, name, particles, draws),
        None => Ok(None),
    };
    COLUMNS.iter().map(stat).collect()
}

/// What stands around the draws.
struct Facts {
    configuration: String,
    columns: String,
    adaptation: String,
    /// What the columns before the parameters hold where no statistic is known.
    neutral: [f64; 7],
    tail: String,
}

impl Facts {
    fn of(run: &StoredRun, numbers: &Numbers<'_>) -> Self {
        let record = run.record();
        let summary = &record.summary;
        let config: toml::Table = record.config.parse().unwrap_or_default();
        let method = |key: &str| config.get("method").and_then(|table| table.get(key));
        let whole = |key: &str| method(key).and_then(toml::Value::as_integer);
        let kept = run.kept().is_some();
        let (warmup, thin) = match kept {
            true => (whole("warmup").unwrap_or(0), whole("thin").unwrap_or(1)),
            false => (0, 1),
        };
        let leapfrog = whole("leapfrog_steps").filter(|_| kept).unwrap_or(0);
        let (acceptance, step_size) = match &summary.part {
            Part::Sample(part) => (part.acceptance.unwrap_or(1.0), part.step_size),
            _ => (1.0, 0.0),
        };
        // CmdStan counts draws before thinning.
        let samples = (numbers.draws as i64).saturating_mul(thin);
        let model: String = summary
            .target
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let neutral = [0.0, acceptance, step_size, 0.0, leapfrog as f64, 0.0, 0.0];
        let step_size = digits(step_size);
        let configuration = format!(
            "# stan_version_major = 2\n# stan_version_minor = 35\n# stan_version_patch = 0\n\
             # driftlane_version = {version}\n# model = {model}_model\n# method = sample\n#   sample\n\
             #     num_samples = {samples}\n#     num_warmup = {warmup}\n#     save_warmup = false\n#     thin = {thin}\n\
             #     adapt\n#       engaged = {adapts}\n#     algorithm = hmc\n#       hmc\n#         engine = nuts\n\
             #           nuts\n#             max_depth = 10\n#         metric = diag_e\n#         stepsize = {step_size}\n\
             #         stepsize_jitter = 0\n#     num_chains = 1\n",
            version = env!("CARGO_PKG_VERSION"),
            adapts = warmup > 0,
        ) + &format!("# random\n#   seed = {}\n", summary.seed);
        let mut columns = String::from(
            "lp__,accept_stat__,stepsize__,treedepth__,n_leapfrog__,divergent__,energy__",
        );
        // Writing to a string does not fail.
        for j in 1..=numbers.dim {
            let _ = write!(columns, ",x.{j}");
        }
        let ones = vec!["1"; numbers.dim].join(", ");
        let seconds = summary.seconds;
        Self {
            configuration,
            columns,
            adaptation: format!(
                "# Adaptation terminated\n# Step size = {step_size}\n# Diagonal elements of inverse mass matrix:\n# {ones}\n"
            ),
            neutral,
            tail: format!(
                "# \n#  Elapsed Time: 0 seconds (Warm-up)\n#                {seconds} seconds (Sampling)\n\
                 #                {seconds} seconds (Total)\n# \n"
            ),
        }
    }

    /// Everything before the draws of chain `id`, counted from 1.
    fn head(&self, id: usize) -> String {
        format!(
            "{}# id = {id}\n{}\n{}",
            self.configuration, self.columns, self.adaptation
        )
    }
}
