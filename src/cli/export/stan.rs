//! CSV files as CmdStan writes them, one a chain: what cmdstanpy, cmdstanr and posterior read.
//!
//! Layout: `stan-dev/cmdstan`, `src/test/interface/example_output/bernoulli_chain_1.csv` and the CmdStan guide,
//! "Stan CSV file format": `#` lines with the configuration, a header, the adaptation, the draws, the times.
//! Columns before the parameters come from `sample_stats` of the run's `trace.zarr`; what is not known is left out, and
//! where the layout needs a cell it is NaN. There are two layouts:
//!
//! | | trajectories that can diverge (`diverging` is known) | all others |
//! |---|---|---|
//! | `algorithm` | hmc, engine static, `int_time` its trajectory's length | fixed_param, of which readers expect nothing |
//! | `lp__` | `lp` | `lp`, else NaN: no reader does without it |
//! | `accept_stat__` | `acceptance_rate`, else the run's mean | `acceptance_rate`, else left out |
//! | `stepsize__` | `step_size`, else the step size after warm-up | `step_size`, else left out |
//! | `treedepth__` | 0: a trajectory of given length is no tree | left out |
//! | `n_leapfrog__` | `n_steps`, else NaN | left out |
//! | `divergent__` | `diverging` | left out |
//! | `energy__` | `energy`, else NaN | left out |
//! | adaptation | step size, inverse masses: squares of the scales of warm-up | left out |
//!
//! `max_depth = 10` stands at the end of the first, apart from the engine, which has none: cmdstanpy (1.3.2) reads no file
//! of hmc without it. The version 2.35.0 is the layout's,
//! the program's own stands in `driftlane_version`, the sampler in `driftlane_sampler`.
//!
//! Parameters are named by the rules of Stan: letters, digits and `_`, indices after points, from 1, first index
//! fastest. Where that is not the name a coordinate has, a comment `# column ln_tau: ln tau` says which it is. ArviZ and
//! the other formats count from 0.

use super::{Numbers, digits};
use crate::disk::{self, NewFile};
use crate::error::{Error, Result};
use crate::record::trace::naming;
use crate::record::{Part, StoredRun, trace};
use std::collections::HashSet;
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
/// Those without which a file is not of HMC.
const TREE_DEPTH: usize = 3;
const DIVERGENT: usize = 5;
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
        // The next one too: it would be removed, as one of an earlier export.
        let next = out.join(format!("chain-{}.csv", count + 1));
        let taken = |file: &PathBuf| fs::symlink_metadata(file).is_ok();
        if !force && files.iter().chain([&next]).any(taken) {
            return refuse("holds chains; choose another name or give --force");
        }
        for file in &files {
            super::check_new(file, force).or_else(|e| match out.is_dir() {
                true => Err(e),
                // The folder is made with its files.
                false => Ok(()),
            })?;
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
        let numbers = Numbers::of(run);
        let facts = Facts::of(run, &numbers, stats);
        let mut ready = Vec::new();
        for (chain, path) in self.files.iter().enumerate() {
            let mut file = NewFile::create(path)?;
            file.write(facts.head(chain + 1).as_bytes())?;
            for draw in 0..numbers.draws {
                let front = facts.front.iter().map(|(k, otherwise)| match &stats[*k] {
                    Some(list) => list[draw * numbers.chains + chain],
                    None => *otherwise,
                });
                let row = numbers.row(chain, draw);
                let cells = front.chain(facts.order.iter().map(|j| row[*j])).map(digits);
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
            if fs::symlink_metadata(&older).is_ok_and(|found| !found.is_file()) {
                return Ok(());
            }
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
    /// The columns before the parameters, with what they hold where no statistic is known.
    front: Vec<(usize, f64)>,
    /// The coordinates in the order of their columns.
    order: Vec<usize>,
    tail: String,
}

impl Facts {
    fn of(run: &StoredRun, numbers: &Numbers<'_>, stats: &[Option<Vec<f64>>]) -> Self {
        let record = run.record();
        let summary = &record.summary;
        let config: toml::Table = record.config.parse().unwrap_or_default();
        let method = |key: &str| config.get("method").and_then(|table| table.get(key));
        let whole = |key: &str| method(key).and_then(toml::Value::as_integer);
        let (warmup, thin) = match run.kept() {
            Some(_) => (whole("warmup").unwrap_or(0), whole("thin").unwrap_or(1)),
            None => (0, 1),
        };
        let hamiltonian = stats[DIVERGENT].is_some();
        let (mut acceptance, mut step_size, mut scales) = (f64::NAN, f64::NAN, &[][..]);
        let mut time = None;
        if let Part::Sample(part) = &summary.part {
            acceptance = part.acceptance.unwrap_or(f64::NAN);
            (step_size, scales) = (part.step_size, &part.scales[..]);
            // Of a tuned trajectory its length is known, of others the steps.
            let steps = whole("leapfrog_steps").map(|steps| steps as f64);
            time = part
                .trajectory_length
                .or(steps.map(|steps| steps * step_size));
        }
        let otherwise = [
            f64::NAN,
            acceptance,
            step_size,
            0.0,
            f64::NAN,
            f64::NAN,
            f64::NAN,
        ];
        let front: Vec<(usize, f64)> = (0..COLUMNS.len())
            .filter(|k| hamiltonian || *k == 0 || (*k != TREE_DEPTH && stats[*k].is_some()))
            .map(|k| (k, otherwise[k]))
            .collect();
        // CmdStan counts draws before thinning.
        let samples = (numbers.draws as i64).saturating_mul(thin);
        let sampler = method("sampler").and_then(toml::Value::as_str);
        let step_size = digits(step_size);
        let mut configuration = format!(
            "# stan_version_major = 2\n# stan_version_minor = 35\n# stan_version_patch = 0\n\
             # driftlane_version = {version}\n# driftlane_sampler = {sampler}\n# model = {model}_model\n\
             # method = sample\n#   sample\n#     num_samples = {samples}\n#     num_warmup = {warmup}\n\
             #     save_warmup = false\n#     thin = {thin}\n",
            version = env!("CARGO_PKG_VERSION"),
            sampler = word(sampler.unwrap_or(&summary.verb)),
            model = word(&summary.target),
        );
        // Writing to a string does not fail.
        if hamiltonian {
            let adapts = warmup > 0
                && method("step_size")
                    .and_then(toml::Value::as_float)
                    .is_none();
            let _ = write!(
                configuration,
                "#     adapt\n#       engaged = {adapts}\n#     algorithm = hmc\n#       hmc\n#         engine = static\n"
            );
            if let Some(time) = time {
                let time = digits(time);
                let _ = write!(
                    configuration,
                    "#           static\n#             int_time = {time}\n"
                );
            }
            let _ = write!(
                configuration,
                "#         metric = diag_e\n#         stepsize = {step_size}\n"
            );
            if let Some(jitter) = method("jitter").and_then(toml::Value::as_float) {
                let _ = writeln!(
                    configuration,
                    "#         stepsize_jitter = {}",
                    digits(jitter)
                );
            }
        } else {
            configuration += "#     algorithm = fixed_param\n";
        }
        let _ = write!(
            configuration,
            "#     num_chains = 1\n# random\n#   seed = {}\n",
            summary.seed
        );
        if hamiltonian {
            configuration +=
                "# no tree was built: readers ask for the depth of one\n# max_depth = 10\n";
        }
        let parameters = Parameters::of(&numbers.names);
        configuration += &parameters.comments;
        let names = front.iter().map(|(k, _)| COLUMNS[*k].0.to_owned());
        let columns: Vec<String> = names.chain(parameters.columns).collect();
        let mass = |j: &usize| digits(scales.get(*j).map_or(1.0, |s| s * s));
        let masses: Vec<String> = parameters.order.iter().map(mass).collect();
        let adaptation = match hamiltonian {
            true => format!(
                "# Adaptation terminated\n# Step size = {step_size}\n# Diagonal elements of inverse mass matrix:\n# {}\n",
                masses.join(", ")
            ),
            false => String::new(),
        };
        Self {
            configuration,
            columns: columns.join(","),
            adaptation,
            front,
            order: parameters.order,
            tail: format!(
                "# \n#  Elapsed Time: {} seconds (Total)\n# \n",
                summary.seconds
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

/// The columns of coordinates.
struct Parameters {
    columns: Vec<String>,
    /// The coordinate of every column.
    order: Vec<usize>,
    /// Which name a column has elsewhere, a line each.
    comments: String,
}

impl Parameters {
    fn of(names: &[String]) -> Self {
        let mut taken = HashSet::new();
        let mut found = Self {
            columns: Vec::new(),
            order: Vec::new(),
            comments: String::new(),
        };
        for array in naming::arrays(names, usize::MAX) {
            let base = word(&array.name);
            let mut name = base.clone();
            for k in 2.. {
                if taken.insert(name.clone()) {
                    break;
                }
                name = format!("{base}_{k}");
            }
            if name != array.name {
                // An equals sign between blanks is a setting to readers.
                let plain = array
                    .name
                    .replace(|c: char| c.is_control() || c == '=', " ");
                let _ = writeln!(found.comments, "# column {name}: {plain}");
            }
            for k in 0..array.width() {
                // The first index is the fastest here, the last in the order of coordinates.
                let (mut rest, mut place, mut stride) = (k, 0, array.width());
                let mut column = name.clone();
                for length in &array.shape {
                    stride /= length;
                    place += rest % length * stride;
                    let _ = write!(column, ".{}", rest % length + 1);
                    rest /= length;
                }
                found.columns.push(column);
                found.order.push(array.first + place);
            }
        }
        found
    }
}

/// A name by the rules of Stan: letters, digits and `_`, a letter first, no `__` at the end.
fn word(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let mut word: String = name.chars().map(plain).collect();
    word.truncate(word.trim_end_matches('_').len());
    if !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
        word.insert(0, 'x');
    }
    word
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn parameters_are_named_by_the_rules_of_stan() {
        let names = [
            "mu", "ln tau", "ln-tau", "t[0,0]", "t[0,1]", "t[1,0]", "t[1,1]", "2__",
        ];
        let found = Parameters::of(&names.map(str::to_owned));
        assert_eq!(
            found.columns,
            [
                "mu", "ln_tau", "ln_tau_2", "t.1.1", "t.2.1", "t.1.2", "t.2.2", "x2"
            ]
        );
        assert_eq!(found.order, [0, 1, 2, 3, 5, 4, 6, 7]);
        assert_eq!(
            found.comments,
            "# column ln_tau: ln tau\n# column ln_tau_2: ln-tau\n# column x2: 2__\n"
        );
    }
}
