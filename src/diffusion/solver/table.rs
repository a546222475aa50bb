//! The solvers that have names: one row each, families by their orders. Longer than other files because it is
//! one table, in the order in which `list solvers` shows it.

use super::adams::AdamsWeights;
use super::ancestral::Down;
use super::description::{Description, Habit, Method, NoiseKind};
use super::families::of_family;
use super::runge_kutta;
use super::singlestep::Singlestep;
use super::{FinalOrder, Multistep, StartUp, Weights};
use crate::target::Prediction;
use std::borrow::Cow;
use std::sync::LazyLock;

const DDIM: &str = "Song, Meng, Ermon 2020, arXiv:2010.02502";
const DDPM: &str = "Ho, Jain, Abbeel 2020, arXiv:2006.11239";
const DEIS: &str = "Zhang, Chen 2022, arXiv:2204.13902";
const DPM: &str = "Lu et al. 2022, arXiv:2206.00927";
const DPM_PP: &str = "Lu et al. 2022, arXiv:2211.01095";
const EDM: &str = "Karras et al. 2022, arXiv:2206.00364";
const K_DIFFUSION: &str = "Crowson 2022, k-diffusion";
const PNDM: &str = "Liu, Ren, Lin, Zhao 2022, arXiv:2202.09778";
const ACCELERATED: &str = "Li et al. 2024, arXiv:2403.03852";
const FLOW: &str = "Lipman et al. 2023, arXiv:2210.02747";

fn exponential(order: usize, prediction: Prediction, weights: Weights, below: usize) -> Method {
    Method::Exponential(multistep(order, prediction, weights, below))
}

pub(super) fn multistep(
    order: usize,
    prediction: Prediction,
    weights: Weights,
    below: usize,
) -> Multistep {
    Multistep {
        order,
        prediction,
        weights,
        corrected: false,
        final_order: FinalOrder::LoweredBelow(below),
        start_up: StartUp::Cold,
        eta: 0.0,
        noise_scale: 1.0,
    }
}

/// At noise level 1 by default.
fn reverse(order: usize, prediction: Prediction, weights: Weights) -> Method {
    Method::Exponential(Multistep {
        eta: 1.0,
        ..multistep(order, prediction, weights, 15)
    })
}

pub(super) fn row(
    name: impl Into<Cow<'static, str>>,
    (order, calls): (usize, usize),
    habit: Habit,
    noise: NoiseKind,
    source: &'static str,
    method: Method,
) -> Description {
    Description {
        name: name.into(),
        aliases: &[],
        order,
        calls,
        habit,
        noise,
        source,
        method,
    }
}

/// Every solver with a step program.
pub fn solvers() -> &'static [Description] {
    &SOLVERS
}

/// The solvers that choose their steps on the way.
pub fn adaptive_solvers() -> &'static [Description] {
    &*ADAPTIVE
}

static ADAPTIVE: LazyLock<[Description; 2]> = LazyLock::new(|| {
    let solver = |name, order, aliases| Description {
        aliases,
        ..row(
            name,
            (order, order),
            Habit::Smallest,
            NoiseKind::None,
            DPM,
            Method::Adaptive(order),
        )
    };
    [
        solver("dpm-adaptive-12", 2, &[]),
        solver(
            "dpm-adaptive-23",
            3,
            &["sample_dpm_adaptive", "dpm_adaptive"],
        ),
    ]
});

static SOLVERS: LazyLock<Vec<Description>> = LazyLock::new(|| {
    use Habit::{Nothing, Smallest, Zero};
    use NoiseKind::{Eta, None as Quiet, Own};
    use Prediction::{Data, Noise};
    use Weights::{Exact, ExactHalved, Midpoint, MidpointHalved};
    let with = |row: Description, aliases| Description { aliases, ..row };
    let mut all = vec![
        with(
            row("ddim", (1, 1), Nothing, Eta(0.0), DDIM, Method::Ddim),
            &["DDIMScheduler"],
        ),
        with(
            row("ddpm", (1, 1), Zero, Eta(1.0), DDPM, Method::Ddim),
            &["DDPMScheduler"],
        ),
        row("ddpm-large", (1, 1), Zero, Own, DDPM, Method::DdpmLarge),
        with(
            row(
                "euler-ancestral",
                (1, 1),
                Zero,
                Eta(1.0),
                K_DIFFUSION,
                Method::Ddim,
            ),
            &[
                "EulerAncestralDiscreteScheduler",
                "sample_euler_ancestral",
                "euler_ancestral",
            ],
        ),
        with(
            row(
                "dpm2-ancestral",
                (1, 2),
                Zero,
                Eta(1.0),
                K_DIFFUSION,
                Method::Ancestral(Down::Dpm2),
            ),
            &[
                "KDPM2AncestralDiscreteScheduler",
                "sample_dpm_2_ancestral",
                "dpm_2_ancestral",
            ],
        ),
        with(
            row(
                "dpmpp-2s-ancestral",
                (1, 2),
                Zero,
                Eta(1.0),
                K_DIFFUSION,
                Method::Ancestral(Down::DpmPlusPlus2S),
            ),
            &["sample_dpmpp_2s_ancestral", "dpmpp_2s_ancestral"],
        ),
        with(
            row(
                "dpmpp-sde",
                (1, 2),
                Zero,
                Eta(1.0),
                K_DIFFUSION,
                Method::Ancestral(Down::DpmPlusPlusSde),
            ),
            &["DPMSolverSDEScheduler", "sample_dpmpp_sde", "dpmpp_sde"],
        ),
    ];
    for order in 1..=3 {
        let name = format!("deis-{order}");
        let method = exponential(order, Noise, Exact, 15);
        let aliases: &[&str] = match order {
            2 => &["DEISMultistepScheduler"],
            3 => &["deis"],
            _ => &[],
        };
        all.push(with(
            row(name, (order, 1), Smallest, Quiet, DEIS, method),
            aliases,
        ));
    }
    for order in 1..=4 {
        let method = Method::Adams(order, AdamsWeights::Exact);
        all.push(row(
            format!("rho-ab-{order}"),
            (order, 1),
            Zero,
            Quiet,
            DEIS,
            method,
        ));
        let method = Method::TimeAdams(order);
        all.push(row(
            format!("t-ab-{order}"),
            (order, 1),
            Smallest,
            Quiet,
            DEIS,
            method,
        ));
    }
    for (name, order, calls, tableau) in [
        ("rho-kutta3", 3, 3, &runge_kutta::KUTTA3),
        ("rho-ralston3", 3, 3, &runge_kutta::RALSTON3),
        ("rho-heun3", 3, 3, &runge_kutta::HEUN3),
        ("rho-vdh3", 3, 3, &runge_kutta::VAN_DER_HOUWEN3),
        ("rho-ssprk3", 3, 3, &runge_kutta::SSP3),
        ("rho-rk4", 4, 4, &runge_kutta::CLASSICAL4),
    ] {
        all.push(row(
            name,
            (order, calls),
            Zero,
            Quiet,
            DEIS,
            Method::RungeKutta(tableau),
        ));
    }
    all.extend([
        row(
            "dpm-1",
            (1, 1),
            Smallest,
            Quiet,
            DPM,
            exponential(1, Noise, Exact, 15),
        ),
        row(
            "dpm-2m",
            (2, 1),
            Smallest,
            Quiet,
            DPM,
            exponential(2, Noise, Midpoint, 15),
        ),
        row(
            "dpm-3m",
            (2, 1),
            Smallest,
            Quiet,
            DPM,
            exponential(3, Noise, MidpointHalved, 15),
        ),
        row(
            "sde-dpm-1",
            (1, 1),
            Smallest,
            Eta(1.0),
            DPM_PP,
            reverse(1, Noise, Exact),
        ),
        row(
            "sde-dpm-2m",
            (2, 1),
            Smallest,
            Eta(1.0),
            DPM_PP,
            reverse(2, Noise, Midpoint),
        ),
        row(
            "dpmpp-1",
            (1, 1),
            Zero,
            Quiet,
            DPM_PP,
            exponential(1, Data, Exact, 15),
        ),
        with(
            row(
                "dpmpp-2m",
                (2, 1),
                Zero,
                Quiet,
                DPM_PP,
                exponential(2, Data, Midpoint, 15),
            ),
            &["DPMSolverMultistepScheduler", "sample_dpmpp_2m", "dpmpp_2m"],
        ),
        row(
            "dpmpp-2m-heun",
            (2, 1),
            Zero,
            Quiet,
            DPM_PP,
            exponential(2, Data, Exact, 15),
        ),
        row(
            "dpmpp-3m",
            (2, 1),
            Zero,
            Quiet,
            DPM_PP,
            exponential(3, Data, MidpointHalved, 15),
        ),
        row(
            "dpmpp-3m-heun",
            (2, 1),
            Zero,
            Quiet,
            DPM_PP,
            exponential(3, Data, ExactHalved, 15),
        ),
        row(
            "dpmpp-3m-corrected",
            (3, 1),
            Zero,
            Quiet,
            DPM_PP,
            exponential(3, Data, Exact, 15),
        ),
        row(
            "sde-dpmpp-1",
            (1, 1),
            Zero,
            Eta(1.0),
            DPM_PP,
            reverse(1, Data, Exact),
        ),
        with(
            row(
                "sde-dpmpp-2m",
                (2, 1),
                Zero,
                Eta(1.0),
                DPM_PP,
                reverse(2, Data, Midpoint),
            ),
            &["sample_dpmpp_2m_sde", "dpmpp_2m_sde"],
        ),
        row(
            "sde-dpmpp-2m-heun",
            (2, 1),
            Zero,
            Eta(1.0),
            DPM_PP,
            reverse(2, Data, Exact),
        ),
        with(
            row(
                "sde-dpmpp-3m",
                (2, 1),
                Zero,
                Eta(1.0),
                DPM_PP,
                reverse(3, Data, ExactHalved),
            ),
            &["sample_dpmpp_3m_sde", "dpmpp_3m_sde"],
        ),
        row(
            "sde-dpmpp-3m-corrected",
            (2, 1),
            Zero,
            Eta(1.0),
            DPM_PP,
            reverse(3, Data, Exact),
        ),
    ]);
    for (family, habit, source, prediction) in
        [("dpm", Smallest, DPM, Noise), ("dpmpp", Zero, DPM_PP, Data)]
    {
        for (order, taylor, fixed) in [
            (2, false, false),
            (3, false, false),
            (2, true, false),
            (3, true, false),
            (2, false, true),
            (3, false, true),
            (2, true, true),
            (3, true, true),
        ] {
            let form = if taylor { "-taylor" } else { "" };
            let end = if fixed { "-fixed" } else { "" };
            let method = Method::Singlestep(Singlestep {
                order,
                prediction,
                taylor,
                fixed,
            });
            let name = format!("{family}-{order}s{form}{end}");
            let aliases: &[&str] = match &*name {
                "dpmpp-2s" => &["DPMSolverSinglestepScheduler"],
                _ => &[],
            };
            all.push(with(
                row(name, (order, 1), habit, Quiet, source, method),
                aliases,
            ));
        }
    }
    for order in 1..=5 {
        all.extend(of_family(&format!("unip-{order}")));
    }
    for order in 1..=5 {
        for form in ["bh1", "bh2", "vary"] {
            let aliases: &[&str] = match (order, form) {
                (2, "bh2") => &["UniPCMultistepScheduler"],
                (3, "bh1") => &["uni_pc"],
                (3, "bh2") => &["uni_pc_bh2"],
                _ => &[],
            };
            let found = of_family(&format!("unipc-{order}-{form}"));
            all.extend(found.map(|row| with(row, aliases)));
        }
    }
    for order in 1..=3 {
        all.extend(of_family(&format!("unip-{order}-noise")));
        for form in ["bh1", "bh2", "vary"] {
            all.extend(of_family(&format!("unipc-{order}-noise-{form}")));
        }
    }
    all.extend([
        with(
            row(
                "euler",
                (1, 1),
                Zero,
                Quiet,
                EDM,
                Method::RungeKutta(&runge_kutta::EULER),
            ),
            &[
                "EulerDiscreteScheduler",
                "EDMEulerScheduler",
                "sample_euler",
            ],
        ),
        with(
            row(
                "heun",
                (2, 2),
                Zero,
                Quiet,
                EDM,
                Method::RungeKutta(&runge_kutta::HEUN),
            ),
            &["HeunDiscreteScheduler", "sample_heun"],
        ),
        row(
            "midpoint",
            (2, 2),
            Zero,
            Quiet,
            EDM,
            Method::RungeKutta(&runge_kutta::MIDPOINT),
        ),
        row(
            "ralston",
            (2, 2),
            Zero,
            Quiet,
            EDM,
            Method::RungeKutta(&runge_kutta::RALSTON),
        ),
        with(
            row("kdpm2", (2, 2), Zero, Quiet, K_DIFFUSION, Method::Kdpm2),
            &["KDPM2DiscreteScheduler", "sample_dpm_2", "dpm_2"],
        ),
        with(
            row(
                "lms",
                (4, 1),
                Zero,
                Quiet,
                K_DIFFUSION,
                Method::Adams(4, AdamsWeights::Exact),
            ),
            &["LMSDiscreteScheduler", "sample_lms"],
        ),
        with(
            row("pndm", (2, 1), Nothing, Quiet, PNDM, Method::Pndm(false)),
            &["PNDMScheduler", "plms"],
        ),
        row("pndm-rk", (2, 1), Nothing, Quiet, PNDM, Method::Pndm(true)),
    ]);
    for order in 2..=4 {
        let most: &[&str] = if order == 4 {
            &["IPNDMScheduler", "ipndm"]
        } else {
            &[]
        };
        let method = Method::Adams(order, AdamsWeights::Uniform);
        all.push(with(
            row(format!("ipndm-{order}"), (2, 1), Zero, Quiet, PNDM, method),
            most,
        ));
        let most: &[&str] = if order == 4 { &["ipndm_v"] } else { &[] };
        let method = Method::Adams(order, AdamsWeights::Exact);
        all.push(with(
            row(
                format!("ipndm-v-{order}"),
                (order, 1),
                Zero,
                Quiet,
                PNDM,
                method,
            ),
            most,
        ));
    }
    all.push(with(
        row(
            "gradient-estimation",
            (1, 1),
            Zero,
            Quiet,
            "Permenter, Yuan 2023, arXiv:2306.04848",
            Method::Adams(2, AdamsWeights::Extrapolated(2.0)),
        ),
        &["gradient_estimation"],
    ));
    for level in ["0.8", "1.8"] {
        all.extend(of_family(&format!("heavy-ball-{level}")));
    }
    for level in ["1.5", "2.5", "3.5"] {
        all.extend(of_family(&format!("ghvb-{level}")));
    }
    all.extend([
        row(
            "restart",
            (2, 2),
            Zero,
            Own,
            "Xu et al. 2023, arXiv:2306.14878",
            Method::Restart,
        ),
        row(
            "accelerated-ddim",
            (2, 1),
            Nothing,
            Quiet,
            ACCELERATED,
            Method::AcceleratedDdim,
        ),
        row(
            "accelerated-ddpm",
            (1, 1),
            Nothing,
            Own,
            ACCELERATED,
            Method::AcceleratedDdpm,
        ),
        with(
            row(
                "flow-euler",
                (1, 1),
                Zero,
                Quiet,
                FLOW,
                Method::FlowMatching(false),
            ),
            &["FlowMatchEulerDiscreteScheduler"],
        ),
        with(
            row(
                "flow-heun",
                (2, 2),
                Zero,
                Quiet,
                FLOW,
                Method::FlowMatching(true),
            ),
            &["FlowMatchHeunDiscreteScheduler"],
        ),
    ]);
    all
});

/// The solver of that name or alias.
pub fn find(name: &str) -> Option<Description> {
    let known = |row: &&Description| row.name == name || row.aliases.contains(&name);
    let mut all = SOLVERS.iter().chain(&*ADAPTIVE);
    let found = all.find(known).cloned();
    found.or_else(|| of_family(name))
}
