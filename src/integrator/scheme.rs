//! A scheme as data: its pieces or its rule, what it costs, how accurate and stable it is, and who
//! found it. The table of all of them is [`super::table`]; nothing here computes a step.

use crate::error::{Error, Result};
use driftlane_kernels::step::splitting::Piece;
use std::borrow::Cow;
use std::fmt;

/// A piece over a share of the step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// Which exact flow.
    pub piece: Piece,
    /// The share c of the step: the flow runs over c h.
    pub share: f64,
}

impl Stage {
    /// `piece` over `share` of the step.
    pub const fn new(piece: Piece, share: f64) -> Self {
        Self { piece, share }
    }
}

/// What a scheme discretises; g = grad log pi, M the mass matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dynamics {
    /// dx = M^-1 p dt, dp = g dt.
    Hamiltonian,
    /// dx = M^-1 p dt, dp = g dt - gamma p dt + sqrt(2 gamma) M^1/2 dW.
    Underdamped,
    /// dx = M^-1 g dt + sqrt(2) M^-1/2 dW.
    Overdamped,
}

/// How a step is made.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// A sequence of exact flows. Overdamped: the same at infinite friction with a step of sqrt(2 h),
    /// so that O draws the momentum anew and a kick and a drift make h g.
    Splitting(Cow<'static, [Stage]>),
    /// x + h g + sqrt(2 h) xi.
    EulerMaruyama,
    /// The same with g / (1 + h |g|): of the whole gradient or coordinate by coordinate.
    Tamed {
        /// Whether every coordinate is tamed by itself.
        by_coordinate: bool,
    },
    /// The gradient at a uniformly random time of the step, on the same Brownian path.
    RandomizedMidpoint,
    /// The gradient of the start, held over a step of otherwise exact damped motion.
    FrozenForce,
    /// The linear part exactly, the rest held (one stage) or corrected (two stages).
    Semilinear {
        /// Whether a second stage corrects the held force to second order.
        corrected: bool,
    },
}

/// Orders of convergence in the step size, for smooth g.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Order {
    /// Of the trajectory.
    Hamiltonian(u32),
    /// Of a Langevin scheme.
    Langevin {
        /// Of expectations at a fixed time.
        weak: u32,
        /// Of the path for a given Brownian path.
        strong: f64,
        /// Of expectations over positions in the stationary law.
        configurational: u32,
    },
}

/// Where a scheme is stable on x'' = -omega^2 x (overdamped: x' = -k x).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stability {
    /// Below this h omega (overdamped: h k), whatever the friction.
    Limit(f64),
    /// Up to a step set by the friction; unstable at any step without it.
    Friction,
    /// Bounded for any step.
    Bounded,
    /// Exact on the linear part it is given.
    LinearPart,
}

/// The law of the noise; see [`driftlane_kernels::rng::Noise`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Increments {
    /// Standard normals.
    #[default]
    Gaussian,
    /// +-1: weak order 1.
    TwoPoint,
    /// +-sqrt 3 or 0: weak order 2.
    ThreePoint,
}

impl Increments {
    /// The names, as the command line has them.
    pub const NAMES: &'static [&'static str] = &["gaussian", "two-point", "three-point"];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The law of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Gaussian, Self::TwoPoint, Self::ThreePoint];
        all.into_iter().find(|law| law.name() == name)
    }

    /// The weak order it keeps; `None`: any.
    pub fn weak_order(self) -> Option<u32> {
        match self {
            Self::Gaussian => None,
            Self::TwoPoint => Some(1),
            Self::ThreePoint => Some(2),
        }
    }
}

/// A scheme.
#[derive(Clone)]
pub struct Scheme {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it discretises.
    pub dynamics: Dynamics,
    /// How it steps.
    pub rule: Rule,
    /// How fast it converges.
    pub order: Order,
    /// Where it is stable.
    pub stability: Stability,
    /// Authors, year, doi or arXiv number.
    pub source: &'static str,
}

impl PartialEq for Scheme {
    /// Schemes of the table have names of their own; compositions are told apart by their stages.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.rule == other.rule
    }
}
impl Eq for Scheme {}

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Scheme {
    /// The stages of a splitting; empty for other rules.
    pub fn stages(&self) -> &[Stage] {
        match &self.rule {
            Rule::Splitting(stages) => stages,
            _ => &[],
        }
    }

    /// Gradients a step, those at the ends shared between steps counted once.
    pub fn gradients_per_step(&self) -> usize {
        match &self.rule {
            Rule::Splitting(stages) => evaluations(stages),
            Rule::EulerMaruyama | Rule::Tamed { .. } | Rule::FrozenForce => 1,
            Rule::RandomizedMidpoint => 2,
            Rule::Semilinear { corrected } => 1 + usize::from(*corrected),
        }
    }

    /// Whether its stages read the same backwards.
    pub fn is_symmetric(&self) -> bool {
        let stages = self.stages();
        let pairs = stages.iter().zip(stages.iter().rev());
        !stages.is_empty() && pairs.into_iter().all(|(a, b)| a == b)
    }

    /// Refused where the noise keeps a lower weak order than the scheme has.
    pub fn check_increments(&self, increments: Increments) -> Result<()> {
        let Order::Langevin { weak, .. } = self.order else {
            return Ok(());
        };
        match increments.weak_order() {
            Some(kept) if kept < weak => Err(Error::invalid(
                "noise",
                increments.name(),
                format!(
                    "keeps weak order {kept} and {} has {weak}; {}gaussian does",
                    self.name,
                    if weak == 2 { "three-point or " } else { "" }
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Whether it keeps a momentum (or the noise of the last step) from one step to the next.
    pub fn has_momentum(&self) -> bool {
        self.dynamics != Dynamics::Overdamped || matches!(self.rule, Rule::Splitting(_))
    }

    /// A palindromic or other composition of kicks (B) and drifts (A), in the order they are applied.
    ///
    /// Refused, by stage and sum: fewer than two stages, a share that is not a finite number or is 0,
    /// neighbours of the same piece (they are one), pieces that draw, and shares of A or of B that do
    /// not sum to 1 within 1e-12. Its order is that of consistency: 2 where it is symmetric, else 1.
    pub fn composition(stages: Vec<Stage>) -> Result<Self> {
        let refuse = |value: &dyn fmt::Display, allowed: &str| {
            Err(Error::invalid("composition", value, allowed))
        };
        if stages.len() < 2 {
            return refuse(
                &format!("{} stages", stages.len()),
                "at least one A and one B",
            );
        }
        for (k, stage) in stages.iter().enumerate() {
            let shown = format!("stage {} = {:?}({})", k + 1, stage.piece, stage.share);
            if stage.piece.draws() {
                return refuse(&shown, "must be a drift A or a kick B");
            }
            if stage.share == 0.0 || !stage.share.is_finite() {
                return refuse(&shown, "must have a finite share other than 0");
            }
            if k > 0 && stages[k - 1].piece == stage.piece {
                return refuse(&shown, "must not follow its like: A and B alternate");
            }
        }
        for piece in [Piece::A, Piece::B] {
            let shares = stages.iter().filter(|s| s.piece == piece);
            let sum: f64 = shares.map(|s| s.share).sum();
            if (sum - 1.0).abs() > 1e-12 {
                return refuse(
                    &format!("shares of {piece:?} sum to {sum}"),
                    "must sum to 1",
                );
            }
        }
        let mut scheme = Self {
            name: "composition",
            dynamics: Dynamics::Hamiltonian,
            rule: Rule::Splitting(Cow::Owned(stages)),
            order: Order::Hamiltonian(1),
            stability: Stability::Friction,
            source: "",
        };
        if scheme.is_symmetric() {
            scheme.order = Order::Hamiltonian(2);
        }
        scheme.stability = Stability::Limit(harmonic_limit(scheme.stages()));
        Ok(scheme)
    }
}

/// Gradient evaluations a step in a long run.
fn evaluations(stages: &[Stage]) -> usize {
    // Two steps: the second one counts, so that what is shared with the first is not.
    let (mut moved, mut count) = (false, [0; 2]);
    for count in &mut count {
        for stage in stages {
            if stage.piece.uses_gradient() && moved {
                (moved, *count) = (false, *count + 1);
            }
            moved |= stage.piece == Piece::A;
        }
    }
    count[1]
}

/// The h omega up to which kicks and drifts stay bounded on the harmonic oscillator: the trace of the
/// step's matrix leaves \[-2, 2\] there. To 1e-9; 0 where no step is stable. A palindromic scheme only
/// touches -2 at isolated steps below it, which count as stable.
fn harmonic_limit(stages: &[Stage]) -> f64 {
    let unstable = |h: f64| {
        let (mut x, mut p) = ([1.0, 0.0], [0.0, 1.0]);
        for stage in stages {
            let length = stage.share * h;
            for k in 0..2 {
                match stage.piece {
                    Piece::A => x[k] += length * p[k],
                    _ => p[k] -= length * x[k],
                }
            }
        }
        (x[0] + p[1]).abs() > 2.0 + 1e-9
    };
    let grid = 1e-3;
    let Some(first) = (1..100_000).find(|k| unstable(f64::from(*k) * grid)) else {
        return f64::INFINITY;
    };
    let (mut low, mut high) = (f64::from(first - 1) * grid, f64::from(first) * grid);
    while high - low > 1e-9 {
        let middle = 0.5 * (low + high);
        if unstable(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    low
}
