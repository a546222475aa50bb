//! The solvers that have names.

use super::{FinalOrder, Multistep, Weights, euler, heun, kdpm2, lms, pndm, singlestep};
use crate::diffusion::{Node, Prediction, Program};
use crate::error::Result;

/// What a method does after the last noise level of its grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// A step to noise level 0.
    Zero,
    /// A step to the schedule's smallest noise level.
    Smallest,
    /// Nothing.
    Nothing,
}

/// What is known of a solver.
pub struct Description {
    /// Its name in the ecosystem.
    pub name: &'static str,
    /// Global order on smooth grids with exact starts.
    pub order: usize,
    /// Calls of the denoiser a step.
    pub calls: usize,
    /// What follows the last noise level.
    pub habit: Habit,
    /// The first publication.
    pub source: &'static str,
    /// The program on a grid.
    pub program: fn(&[Node]) -> Result<Program>,
}

const fn multistep(
    order: usize,
    prediction: Prediction,
    weights: Weights,
    corrected: bool,
    below: usize,
) -> Multistep {
    Multistep {
        order,
        prediction,
        weights,
        corrected,
        final_order: FinalOrder::LoweredBelow(below),
    }
}

/// Always lowered.
const ALWAYS: usize = usize::MAX;

macro_rules! row {
    ($name:literal, $order:literal, $calls:literal, $habit:ident, $source:literal, $program:expr) => {
        Description {
            name: $name,
            order: $order,
            calls: $calls,
            habit: Habit::$habit,
            source: $source,
            program: $program,
        }
    };
}

/// Every solver.
pub const SOLVERS: &[Description] = {
    use Prediction::{Data, Noise};
    use Weights::{Exact, ExactHalved, Midpoint, MidpointHalved, StepSize};
    &[
        row!(
            "ddim",
            1,
            1,
            Nothing,
            "Song, Meng, Ermon 2020, arXiv:2010.02502",
            |n| { multistep(1, Data, Exact, false, 0).program(n) }
        ),
        row!(
            "deis-2",
            2,
            1,
            Smallest,
            "Zhang, Chen 2022, arXiv:2204.13902",
            |n| { multistep(2, Noise, Exact, false, 15).program(n) }
        ),
        row!(
            "deis-3",
            3,
            1,
            Smallest,
            "Zhang, Chen 2022, arXiv:2204.13902",
            |n| { multistep(3, Noise, Exact, false, 15).program(n) }
        ),
        row!(
            "dpm-1",
            1,
            1,
            Smallest,
            "Lu et al. 2022, arXiv:2206.00927",
            |n| { multistep(1, Noise, Exact, false, 15).program(n) }
        ),
        row!(
            "dpm-2m",
            2,
            1,
            Smallest,
            "Lu et al. 2022, arXiv:2206.00927",
            |n| { multistep(2, Noise, Midpoint, false, 15).program(n) }
        ),
        row!(
            "dpm-3m",
            2,
            1,
            Smallest,
            "Lu et al. 2022, arXiv:2206.00927",
            |n| { multistep(3, Noise, MidpointHalved, false, 15).program(n) }
        ),
        row!(
            "dpmpp-1",
            1,
            1,
            Zero,
            "Lu et al. 2022, arXiv:2211.01095",
            |n| { multistep(1, Data, Exact, false, 15).program(n) }
        ),
        row!(
            "dpmpp-2m",
            2,
            1,
            Zero,
            "Lu et al. 2022, arXiv:2211.01095",
            |n| { multistep(2, Data, Midpoint, false, 15).program(n) }
        ),
        row!(
            "dpmpp-2m-heun",
            2,
            1,
            Zero,
            "Lu et al. 2022, arXiv:2211.01095",
            |n| { multistep(2, Data, Exact, false, 15).program(n) }
        ),
        row!(
            "dpmpp-3m",
            2,
            1,
            Zero,
            "Lu et al. 2022, arXiv:2211.01095",
            |n| { multistep(3, Data, MidpointHalved, false, 15).program(n) }
        ),
        row!(
            "dpmpp-3m-heun",
            2,
            1,
            Zero,
            "Lu et al. 2022, arXiv:2211.01095",
            |n| { multistep(3, Data, ExactHalved, false, 15).program(n) }
        ),
        row!(
            "dpmpp-2s",
            2,
            1,
            Zero,
            "Lu et al. 2022, arXiv:2211.01095",
            |n| singlestep(n, 2)
        ),
        row!(
            "dpmpp-3s",
            3,
            1,
            Zero,
            "Lu et al. 2022, arXiv:2211.01095",
            |n| singlestep(n, 3)
        ),
        row!(
            "unip-2",
            2,
            1,
            Zero,
            "Zhao et al. 2023, arXiv:2302.04867",
            |n| { multistep(2, Data, Midpoint, false, ALWAYS).program(n) }
        ),
        row!(
            "unip-3",
            3,
            1,
            Zero,
            "Zhao et al. 2023, arXiv:2302.04867",
            |n| { multistep(3, Data, Midpoint, false, ALWAYS).program(n) }
        ),
        row!(
            "unipc-2-bh1",
            3,
            1,
            Zero,
            "Zhao et al. 2023, arXiv:2302.04867",
            |n| { multistep(2, Data, StepSize, true, ALWAYS).program(n) }
        ),
        row!(
            "unipc-2-bh2",
            3,
            1,
            Zero,
            "Zhao et al. 2023, arXiv:2302.04867",
            |n| { multistep(2, Data, Midpoint, true, ALWAYS).program(n) }
        ),
        row!(
            "unipc-3-bh2",
            4,
            1,
            Zero,
            "Zhao et al. 2023, arXiv:2302.04867",
            |n| { multistep(3, Data, Midpoint, true, ALWAYS).program(n) }
        ),
        row!(
            "euler",
            1,
            1,
            Zero,
            "Karras et al. 2022, arXiv:2206.00364",
            |n| euler(n)
        ),
        row!(
            "heun",
            2,
            2,
            Zero,
            "Karras et al. 2022, arXiv:2206.00364",
            |n| heun(n)
        ),
        row!("lms", 4, 1, Zero, "Crowson 2022, k-diffusion", |n| lms(
            n, 4
        )),
        row!("kdpm2", 2, 2, Zero, "Crowson 2022, k-diffusion", |n| kdpm2(
            n
        )),
        row!(
            "pndm",
            2,
            1,
            Nothing,
            "Liu, Ren, Lin, Zhao 2022, arXiv:2202.09778",
            |n| pndm(n)
        ),
    ]
};

/// The solver of that name.
pub fn find(name: &str) -> Option<&'static Description> {
    SOLVERS.iter().find(|solver| solver.name == name)
}
