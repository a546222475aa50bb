//! Time grids: where on a schedule a solver stops.
//!
//! n steps from noise to data, i = 0 .. n, x = i/n, s = sigma/alpha:
//!
//! | grid | rule | file |
//! |---|---|---|
//! | `time` (`normal`) | t uniform | `smooth.rs` |
//! | `quadratic` (`deis-t`) | t^(1/rho) uniform, rho = 2 | |
//! | `logsnr` (`exponential`) | ln s uniform | |
//! | `karras` (`rho`) | s^(1/rho) uniform, rho = 7 | |
//! | `polyexponential` | ln s = ln s_min + (1 - x)^rho (ln s_max - ln s_min), rho = 1 | |
//! | `kl-optimal` | atan s uniform | |
//! | `beta` | s uniform in Beta(0.6, 0.6) | `beta.rs` |
//! | `beta-t` | whole t uniform in Beta(0.6, 0.6) | |
//! | `iddpm` | entries of a table of 1000 levels | `tables.rs` |
//! | `ays-sd15`, `ays-sdxl`, `ays-svd` | ln s linear between entries of a table of 11 levels | |
//! | `linspace`, `leading`, `trailing`, `linspace-ddim`, `leading-ddim` | whole t | `whole.rs` |
//!
//! Ends are exactly the schedule's, but for tables, which have their own, and for whole times, whose rule gives n
//! points, ended by the schedule's least noise. Nodes that would not fall are left out: nodes of whole times that
//! are the same, and levels closer than numbers get.
//!
//! The flow shift sigma' = r sigma / (1 + (r - 1) sigma), in the frame alpha + sigma = 1 where sigma = s/(1 + s),
//! is s' = r s. Ends stay where they are; what is shifted beyond them is left out.
//!
//! Where the last step goes to clean data, implementations disagree what comes before: those of smooth grids and
//! `iddpm` end n levels at the least noise, the others replace the last of n + 1 nodes. [`Grid::calls_with`] gives
//! these n. Sources: Lu et al. 2022, arXiv:2206.00927; Karras et al. 2022, arXiv:2206.00364; Zhang, Chen 2023,
//! arXiv:2204.13902; Crowson's k-diffusion; the others in their files.

mod beta;
mod names;
mod place;
mod smooth;
mod tables;
mod whole;

use super::{Node, Schedule};
use crate::error::{Error, Result};
use place::{Points, between_ends, falling, place, push_lower};

pub use names::Grid;
pub use place::of_level;

/// What can be set of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GridOptions {
    /// The power of `quadratic`, `karras` and `polyexponential`, above 0 to 100; by default the grid's own.
    pub rho: Option<f64>,
    /// The flow shift, which all noise levels but the ends' are multiplied by, above 0 to 1e6.
    pub shift: Option<f64>,
}

/// What the points of n steps are.
enum Ends {
    /// n + 1 points, the first and last at the schedule's ends.
    Schedule,
    /// n + 1 entries of a table.
    Entries,
    /// n + 1 levels, the last of which stands for clean data.
    Table,
    /// n points before the schedule's least noise.
    Least,
}

impl Grid {
    /// The nodes of `steps` >= 1 steps from the most noise of `schedule` to the least: `steps + 1`, unless some
    /// would be the same.
    pub fn nodes(self, schedule: &Schedule, steps: usize) -> Result<Vec<Node>> {
        self.nodes_with(schedule, steps, &GridOptions::default())
    }

    /// The same with a power or a shift of one's own.
    pub fn nodes_with(
        self,
        schedule: &Schedule,
        steps: usize,
        options: &GridOptions,
    ) -> Result<Vec<Node>> {
        let mut nodes = self.rule(schedule, steps, options)?;
        if let Ends::Least = self.ends() {
            push_lower(&mut nodes, schedule.at(schedule.times().0));
        }
        if nodes.len() > 1 {
            return Ok(nodes);
        }
        if let Some(shift) = options.shift {
            let allowed = "a shift that leaves two nodes within the schedule";
            return Err(Error::invalid("shift", shift, allowed));
        }
        let allowed = format!("at least 2 of {}", self.name());
        Err(Error::invalid("steps", steps, allowed))
    }

    /// The nodes at which `calls` steps start, the last of which goes to clean data: `calls`, unless some would
    /// be the same.
    pub fn calls_with(
        self,
        schedule: &Schedule,
        calls: usize,
        options: &GridOptions,
    ) -> Result<Vec<Node>> {
        let (steps, extra) = match self.ends() {
            Ends::Least => (calls, false),
            Ends::Table => (calls, true),
            // One call has no step before it: of one step, the start.
            Ends::Schedule | Ends::Entries if calls == 1 => (1, true),
            Ends::Schedule | Ends::Entries => (calls.saturating_sub(1), false),
        };
        let mut nodes = self.rule(schedule, steps, options)?;
        if extra && nodes.len() > 1 {
            nodes.pop();
        }
        Ok(nodes)
    }

    fn ends(self) -> Ends {
        match self {
            Self::Iddpm => Ends::Entries,
            Self::AysSd15 | Self::AysSdxl | Self::AysSvd => Ends::Table,
            Self::BetaTime
            | Self::Linspace
            | Self::Leading
            | Self::Trailing
            | Self::LinspaceDdim
            | Self::LeadingDdim => Ends::Least,
            _ => Ends::Schedule,
        }
    }

    fn rule(self, schedule: &Schedule, steps: usize, options: &GridOptions) -> Result<Vec<Node>> {
        if !(1..=1_000_000).contains(&steps) {
            return Err(Error::invalid("steps", steps, "1 to 1000000"));
        }
        let rho = self.rho(options.rho)?;
        if let Some(shift) = options.shift
            && !(shift > 0.0 && shift <= 1e6)
        {
            return Err(Error::invalid("shift", shift, "above 0, at most 1e6"));
        }
        let points = match self {
            Self::Time
            | Self::Quadratic
            | Self::LogSnr
            | Self::Karras
            | Self::Polyexponential
            | Self::KlOptimal => smooth::points(self, schedule, steps, rho),
            Self::Beta => beta::levels(schedule, steps),
            Self::BetaTime => beta::times(schedule, steps),
            Self::Iddpm => tables::iddpm(schedule, steps)?,
            Self::AysSd15 | Self::AysSdxl | Self::AysSvd => tables::ays(self, schedule, steps)?,
            Self::Linspace
            | Self::Leading
            | Self::Trailing
            | Self::LinspaceDdim
            | Self::LeadingDdim => whole::times(self, schedule, steps)?,
        };
        let nodes = place(schedule, points, options.shift);
        Ok(match self.ends() {
            Ends::Schedule => between_ends(schedule, nodes),
            _ => falling(nodes),
        })
    }

    /// The power, of grids that have one.
    fn rho(self, given: Option<f64>) -> Result<f64> {
        let own = match self {
            Self::Quadratic => Some(2.0),
            Self::Karras => Some(7.0),
            Self::Polyexponential => Some(1.0),
            _ => None,
        };
        match (given, own) {
            (None, own) => Ok(own.unwrap_or(1.0)),
            (Some(rho), Some(_)) if rho > 0.0 && rho <= 100.0 => Ok(rho),
            (Some(rho), Some(_)) => Err(Error::invalid("rho", rho, "above 0, at most 100")),
            (Some(rho), None) => {
                let allowed = format!("none: the grid {} has no power", self.name());
                Err(Error::invalid("rho", rho, allowed))
            }
        }
    }
}
