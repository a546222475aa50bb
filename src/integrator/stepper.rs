//! A scheme made ready to step: its passes or its rule, with friction and masses.

use super::explicit::{self, SemilinearTables, Taming};
use super::flight;
use super::masses::Masses;
use super::program::Program;
use super::scheme::{Dynamics, Rule, Scheme};
use super::splitting::{Clock, run};
use crate::error::{Error, Result};
use crate::target::{Law, Precision};
use driftlane_kernels::rng::Noise;
use driftlane_kernels::tile::Row;

/// What a scheme needs to know besides.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// The friction gamma of underdamped dynamics, at least 0; overdamped schemes read none.
    pub friction: f64,
    /// Inverse masses, all positive, one a coordinate. Overdamped: what the gradient is multiplied by.
    pub inverse_mass: Vec<f64>,
    /// The linear part of the drift, one number a coordinate, and the one step size semilinear schemes
    /// are built for; other schemes read neither.
    pub linear_part: Option<(Vec<f64>, f64)>,
}

impl Parameters {
    /// Unit masses and friction in `dim` dimensions, no linear part.
    pub fn new(dim: usize) -> Self {
        Self {
            friction: 1.0,
            inverse_mass: vec![1.0; dim],
            linear_part: None,
        }
    }
}

/// One tile's rows: position, momentum (of schemes that have one), gradient and working memory.
#[derive(Debug)]
pub struct Tile<'a, R: Precision> {
    /// Positions.
    pub x: &'a mut [Row<R>],
    /// Momenta; of leimkuhler-matthews the noise of the last step. Not read where there are none.
    pub p: &'a mut [Row<R>],
    /// Gradients.
    pub grad: &'a mut [Row<R>],
    /// Working memory of gradients.
    pub other: &'a mut [Row<R>],
    /// Positions or forces within a step.
    pub middle: &'a mut [Row<R>],
}

/// A scheme with its parameters.
#[derive(Debug, Clone)]
pub struct Stepper {
    scheme: Scheme,
    friction: f64,
    masses: Masses,
    rule: Ready,
}

#[derive(Debug, Clone)]
enum Ready {
    Splitting(Program),
    Euler(Taming),
    Midpoint,
    Frozen,
    Semilinear(SemilinearTables, bool),
}

impl Stepper {
    /// Refused, by name: a friction that is negative or not finite, inverse masses that are not
    /// positive numbers, and a semilinear scheme without a linear part of the right length or with
    /// masses other than one.
    pub fn new(scheme: &Scheme, parameters: Parameters) -> Result<Self> {
        let Parameters {
            friction,
            inverse_mass,
            linear_part,
        } = parameters;
        if !(friction >= 0.0 && friction.is_finite()) {
            return Err(Error::invalid(
                "friction",
                friction,
                "a finite number, at least 0",
            ));
        }
        if let Some(w) = inverse_mass.iter().find(|w| !(**w > 0.0 && w.is_finite())) {
            return Err(Error::invalid("inverse mass", w, "finite numbers above 0"));
        }
        let rule = match &scheme.rule {
            Rule::Splitting(stages) => Ready::Splitting(Program::new(stages)),
            Rule::EulerMaruyama => Ready::Euler(Taming::None),
            Rule::Tamed { by_coordinate } if *by_coordinate => Ready::Euler(Taming::ByCoordinate),
            Rule::Tamed { .. } => Ready::Euler(Taming::Norm),
            Rule::RandomizedMidpoint => Ready::Midpoint,
            Rule::FrozenForce => Ready::Frozen,
            Rule::Semilinear { corrected } => {
                let dim = inverse_mass.len();
                let Some((rates, step_size)) = linear_part.filter(|l| l.0.len() == dim) else {
                    let allowed = format!("needs a drift with a linear part of {dim} numbers");
                    return Err(Error::invalid("integrator", scheme.name, allowed));
                };
                if inverse_mass.iter().any(|w| *w != 1.0) {
                    let allowed = "takes unit masses: the linear part is its preconditioner";
                    return Err(Error::invalid("integrator", scheme.name, allowed));
                }
                Ready::Semilinear(SemilinearTables::new(&rates, step_size), *corrected)
            }
        };
        Ok(Self {
            scheme: scheme.clone(),
            friction,
            masses: Masses::new(inverse_mass),
            rule,
        })
    }

    /// The scheme.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The masses.
    pub fn masses(&self) -> &Masses {
        &self.masses
    }

    /// Whether a run starts with the gradient at its first position and ends with that at its last, so
    /// that the next run need not evaluate it.
    pub fn keeps_gradient(&self) -> bool {
        match &self.rule {
            Ready::Splitting(program) => {
                program.starts_with_gradient() && program.ends_with_gradient()
            }
            _ => false,
        }
    }

    /// Takes a tile through `steps` steps of size `step_size` (one a particle; semilinear schemes
    /// take the size they were built for) towards `law`. `fresh` tells that `tile.grad` is the gradient
    /// at `tile.x`. Returns the gradients evaluated.
    pub fn advance<R: Precision, N: Noise>(
        &self,
        law: Law<'_>,
        step_size: Row<R>,
        steps: usize,
        fresh: bool,
        tile: &mut Tile<'_, R>,
        noise: &mut N,
    ) -> usize {
        if steps == 0 {
            return 0;
        }
        let program = match &self.rule {
            Ready::Splitting(program) => program,
            rule => {
                self.rule_steps(rule, law, step_size, steps, fresh, tile, noise);
                return steps * self.scheme.gradients_per_step() - usize::from(fresh);
            }
        };
        let mut first = 0;
        if program.starts_with_gradient() && !fresh {
            law.gradient(tile.x, tile.grad, tile.other);
            first = 1;
        }
        let clock = match self.scheme.dynamics {
            Dynamics::Overdamped => Clock::overdamped(step_size),
            _ => Clock::Friction(step_size, self.friction),
        };
        let other = &mut *tile.other;
        let mut evaluate = |x: &[Row<R>], g: &mut [Row<R>]| law.gradient(x, g, other);
        run(
            program,
            steps,
            clock,
            &self.masses,
            tile.x,
            tile.p,
            tile.grad,
            &mut evaluate,
            noise,
        );
        first + program.evaluations(steps)
    }

    #[allow(clippy::too_many_arguments)]
    fn rule_steps<R: Precision, N: Noise>(
        &self,
        rule: &Ready,
        law: Law<'_>,
        step_size: Row<R>,
        steps: usize,
        mut fresh: bool,
        tile: &mut Tile<'_, R>,
        noise: &mut N,
    ) {
        let underdamped = self.scheme.dynamics == Dynamics::Underdamped;
        let flight = matches!(rule, Ready::Frozen)
            .then(|| flight::free_flight::<R>(self.friction, step_size));
        for _ in 0..steps {
            if !fresh {
                law.gradient(tile.x, tile.grad, tile.other);
            }
            fresh = false;
            match (rule, &flight) {
                (Ready::Euler(taming), _) => {
                    explicit::euler(*taming, &self.masses, step_size, tile, noise);
                }
                (Ready::Midpoint, _) if underdamped => {
                    flight::midpoint(law, self.friction, &self.masses, step_size, tile, noise);
                }
                (Ready::Midpoint, _) => {
                    explicit::midpoint(law, &self.masses, step_size, tile, noise);
                }
                (Ready::Semilinear(tables, corrected), _) => {
                    explicit::semilinear(law, tables, *corrected, tile, noise);
                }
                (_, Some(flight)) => flight::frozen(flight, &self.masses, tile, noise),
                _ => {}
            }
        }
    }
}
