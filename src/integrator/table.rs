//! The schemes there are.
//!
//! Coefficients are written as their sources print them and completed to sum to one; the stability
//! limits, orders and stationary laws claimed here are measured by `tests/integrators`. Two remarks:
//! the three-stage coefficients of Blanes, Casas and Sanz-Serna go by the name of Yoshida elsewhere,
//! and for two stages the value here is the minimiser over h omega < 2 of the bound on the energy error
//! of that paper, not the (3 - sqrt 3)/6 that cancels its leading term.

use super::scheme::{Dynamics, Order, Rule, Scheme, Stability, Stage};
use Dynamics::{Hamiltonian, Overdamped, Underdamped};
use Stability::Limit;
use driftlane_kernels::step::splitting::Piece;
use std::borrow::Cow;

macro_rules! stages {
    ($($piece:ident $share:expr),*) => {
        Rule::Splitting(Cow::Borrowed(&[$(Stage::new(Piece::$piece, $share)),*]))
    };
}

const fn langevin(weak: u32, strong: f64, configurational: u32) -> Order {
    Order::Langevin {
        weak,
        strong,
        configurational,
    }
}

/// The minimum of the leading error of two stages.
const MINIMAL_NORM: f64 = 0.193_183_327_503_783_6;
/// Energy error at h omega < 2: two, three and four stages.
const BCSS_2: f64 = 0.211_781;
const BCSS_3: [f64; 2] = [0.118_880_109_665_48, 0.296_195_042_611_26];
const BCSS_4: [f64; 3] = [
    0.071_353_913_450_279_73,
    0.191_667_8,
    0.268_548_791_161_230_1,
];
/// 1 / (2 - 2^(1/3)).
const YOSHIDA: f64 = 1.351_207_191_959_657_8;
/// Fourth order with four gradients: xi, lambda, chi.
const VEFRL: [f64; 3] = [
    0.164_498_651_557_576,
    -0.020_943_339_103_989_89,
    1.235_692_651_138_917,
];
/// Fourth order with five gradients: theta, rho, lambda, mu.
const OMELYAN_5: [f64; 4] = [
    0.083_983_152_628_766_93,
    0.253_978_510_841_059_5,
    0.682_236_533_571_909,
    -0.032_302_867_652_699_67,
];

/// Fourth order with four gradients: (642 + sqrt 471)/3924, 121 (12 - sqrt 471)/3924.
const MCLACHLAN_4: [f64; 2] = [0.169_139_279_922_072_06, -0.299_186_203_904_050_9];

const OMELYAN_2003: &str = "Omelyan, Mryglod, Folk 2003, doi 10.1016/S0010-4655(02)00754-3";
const BCSS: &str = "Blanes, Casas, Sanz-Serna 2014, doi 10.1137/130932740, arXiv:1405.3153";
const LEIMKUHLER: &str = "Leimkuhler, Matthews 2013, doi 10.1093/amrx/abs010, arXiv:1203.5428";

/// Leapfrog: kick h/2, drift h, kick h/2.
pub const VELOCITY_VERLET: Scheme = Scheme {
    name: "velocity-verlet",
    dynamics: Hamiltonian,
    rule: stages!(B 0.5, A 1.0, B 0.5),
    order: Order::Hamiltonian(2),
    stability: Limit(2.0),
    source: "Verlet 1967, doi 10.1103/PhysRev.159.98",
};

/// Every scheme, grouped by what it discretises.
pub static SCHEMES: [Scheme; 25] = [
    VELOCITY_VERLET,
    Scheme {
        name: "position-verlet",
        dynamics: Hamiltonian,
        rule: stages!(A 0.5, B 1.0, A 0.5),
        order: Order::Hamiltonian(2),
        stability: Limit(2.0),
        source: "Tuckerman, Berne, Martyna 1992, doi 10.1063/1.463137",
    },
    Scheme {
        name: "minimal-norm-2",
        dynamics: Hamiltonian,
        rule: stages!(B MINIMAL_NORM, A 0.5, B 1.0 - 2.0 * MINIMAL_NORM, A 0.5, B MINIMAL_NORM),
        order: Order::Hamiltonian(2),
        stability: Limit(2.553_145_233_8),
        source: "McLachlan 1995, doi 10.1137/0916010",
    },
    Scheme {
        name: "bcss-2",
        dynamics: Hamiltonian,
        rule: stages!(B BCSS_2, A 0.5, B 1.0 - 2.0 * BCSS_2, A 0.5, B BCSS_2),
        order: Order::Hamiltonian(2),
        stability: Limit(2.634_230_017_6),
        source: BCSS,
    },
    Scheme {
        name: "bcss-3",
        dynamics: Hamiltonian,
        rule: stages!(
            B BCSS_3[0], A BCSS_3[1], B 0.5 - BCSS_3[0], A 1.0 - 2.0 * BCSS_3[1],
            B 0.5 - BCSS_3[0], A BCSS_3[1], B BCSS_3[0]
        ),
        order: Order::Hamiltonian(2),
        stability: Limit(4.661_846_078_2),
        source: BCSS,
    },
    Scheme {
        name: "bcss-4",
        dynamics: Hamiltonian,
        rule: stages!(
            B BCSS_4[0], A BCSS_4[1], B BCSS_4[2], A 0.5 - BCSS_4[1],
            B 1.0 - 2.0 * (BCSS_4[0] + BCSS_4[2]),
            A 0.5 - BCSS_4[1], B BCSS_4[2], A BCSS_4[1], B BCSS_4[0]
        ),
        order: Order::Hamiltonian(2),
        stability: Limit(5.353_717_672_2),
        source: BCSS,
    },
    Scheme {
        name: "yoshida-4",
        dynamics: Hamiltonian,
        rule: stages!(
            B 0.5 * YOSHIDA, A YOSHIDA, B 0.5 * (1.0 - YOSHIDA), A 1.0 - 2.0 * YOSHIDA,
            B 0.5 * (1.0 - YOSHIDA), A YOSHIDA, B 0.5 * YOSHIDA
        ),
        order: Order::Hamiltonian(4),
        stability: Limit(1.573_401_947_4),
        source: "Yoshida 1990, doi 10.1016/0375-9601(90)90092-3",
    },
    Scheme {
        name: "minimal-norm-4",
        dynamics: Hamiltonian,
        rule: stages!(
            B VEFRL[0], A 0.5 - VEFRL[1], B VEFRL[2], A VEFRL[1],
            B 1.0 - 2.0 * (VEFRL[0] + VEFRL[2]),
            A VEFRL[1], B VEFRL[2], A 0.5 - VEFRL[1], B VEFRL[0]
        ),
        order: Order::Hamiltonian(4),
        stability: Limit(3.469_636_070_5),
        source: "Omelyan, Mryglod, Folk 2002, doi 10.1016/S0010-4655(02)00451-4",
    },
    Scheme {
        name: "minimal-norm-5",
        dynamics: Hamiltonian,
        rule: stages!(
            B OMELYAN_5[0], A OMELYAN_5[1], B OMELYAN_5[2], A OMELYAN_5[3],
            B 0.5 - (OMELYAN_5[0] + OMELYAN_5[2]), A 1.0 - 2.0 * (OMELYAN_5[1] + OMELYAN_5[3]),
            B 0.5 - (OMELYAN_5[0] + OMELYAN_5[2]),
            A OMELYAN_5[3], B OMELYAN_5[2], A OMELYAN_5[1], B OMELYAN_5[0]
        ),
        order: Order::Hamiltonian(4),
        stability: Limit(3.142_120_720_5),
        source: OMELYAN_2003,
    },
    Scheme {
        name: "mclachlan-4",
        dynamics: Hamiltonian,
        rule: stages!(
            B MCLACHLAN_4[0], A 6.0 / 11.0, B MCLACHLAN_4[1], A 0.5 - 6.0 / 11.0,
            B 1.0 - 2.0 * (MCLACHLAN_4[0] + MCLACHLAN_4[1]),
            A 0.5 - 6.0 / 11.0, B MCLACHLAN_4[1], A 6.0 / 11.0, B MCLACHLAN_4[0]
        ),
        order: Order::Hamiltonian(4),
        stability: Limit(3.029_966_315_3),
        source: "McLachlan 1995, doi 10.1137/0916010",
    },
    Scheme {
        name: "baoab",
        dynamics: Underdamped,
        rule: stages!(B 0.5, A 0.5, O 1.0, A 0.5, B 0.5),
        order: langevin(2, 1.0, 2),
        stability: Limit(2.0),
        source: LEIMKUHLER,
    },
    Scheme {
        name: "obabo",
        dynamics: Underdamped,
        rule: stages!(O 0.5, B 0.5, A 1.0, B 0.5, O 0.5),
        order: langevin(2, 1.0, 2),
        stability: Limit(2.0),
        source: "Bussi, Parrinello 2007, doi 10.1103/PhysRevE.75.056707",
    },
    Scheme {
        name: "aboba",
        dynamics: Underdamped,
        rule: stages!(A 0.5, B 0.5, O 1.0, B 0.5, A 0.5),
        order: langevin(2, 1.0, 2),
        stability: Limit(2.0),
        source: LEIMKUHLER,
    },
    Scheme {
        name: "oabao",
        dynamics: Underdamped,
        rule: stages!(O 0.5, A 0.5, B 1.0, A 0.5, O 0.5),
        order: langevin(2, 1.0, 2),
        stability: Limit(2.0),
        source: "Leimkuhler, Matthews 2015, doi 10.1007/978-3-319-16375-8",
    },
    Scheme {
        name: "baoa",
        dynamics: Underdamped,
        rule: stages!(B 1.0, A 0.5, O 1.0, A 0.5),
        order: langevin(1, 1.0, 2),
        stability: Limit(2.0),
        source: "Zhang, Liu, Yan, Tuckerman, Liu 2019, doi 10.1021/acs.jpca.9b02771",
    },
    Scheme {
        name: "stochastic-position-verlet",
        dynamics: Underdamped,
        rule: stages!(A 0.5, V 1.0, A 0.5),
        order: langevin(2, 1.0, 2),
        stability: Limit(2.0),
        source: "Melchionna 2007, doi 10.1063/1.2753496, arXiv:0705.1844",
    },
    Scheme {
        name: "underdamped-exponential",
        dynamics: Underdamped,
        rule: Rule::FrozenForce,
        order: langevin(1, 1.0, 1),
        stability: Stability::Friction,
        source: "Cheng, Chatterji, Bartlett, Jordan 2018, arXiv:1707.03663",
    },
    Scheme {
        name: "underdamped-midpoint",
        dynamics: Underdamped,
        rule: Rule::RandomizedMidpoint,
        order: langevin(3, 1.5, 3),
        stability: Stability::Friction,
        source: "Shen, Lee 2019, arXiv:1909.05503",
    },
    Scheme {
        name: "euler-maruyama",
        dynamics: Overdamped,
        rule: Rule::EulerMaruyama,
        order: langevin(1, 1.0, 1),
        stability: Limit(2.0),
        source: "Roberts, Tweedie 1996, doi 10.2307/3318418",
    },
    Scheme {
        name: "leimkuhler-matthews",
        dynamics: Overdamped,
        rule: stages!(B 1.0, A 0.5, O 1.0, A 0.5),
        order: langevin(1, 0.5, 2),
        stability: Limit(2.0),
        source: LEIMKUHLER,
    },
    Scheme {
        name: "tamed-euler",
        dynamics: Overdamped,
        rule: Rule::Tamed {
            by_coordinate: false,
        },
        order: langevin(1, 1.0, 1),
        stability: Stability::Bounded,
        source: "Hutzenthaler, Jentzen, Kloeden 2012, doi 10.1214/11-AAP803; Brosse et al. 2019, arXiv:1710.05559",
    },
    Scheme {
        name: "tamed-euler-coordinates",
        dynamics: Overdamped,
        rule: Rule::Tamed {
            by_coordinate: true,
        },
        order: langevin(1, 1.0, 1),
        stability: Stability::Bounded,
        source: "Brosse, Durmus, Moulines, Sabanis 2019, arXiv:1710.05559",
    },
    Scheme {
        name: "randomized-midpoint",
        dynamics: Overdamped,
        rule: Rule::RandomizedMidpoint,
        order: langevin(2, 1.0, 2),
        stability: Limit(1.596_071_637_9),
        source: "He, Balasubramanian, Erdogdu 2020, arXiv:2011.03176",
    },
    Scheme {
        name: "exponential-euler",
        dynamics: Overdamped,
        rule: Rule::Semilinear { corrected: false },
        order: langevin(1, 1.0, 1),
        stability: Stability::LinearPart,
        source: "Jentzen, Kloeden 2009, doi 10.1098/rspa.2008.0325",
    },
    Scheme {
        name: "etd2rk",
        dynamics: Overdamped,
        rule: Rule::Semilinear { corrected: true },
        order: langevin(2, 1.0, 2),
        stability: Stability::LinearPart,
        source: "Cox, Matthews 2002, doi 10.1006/jcph.2002.6995",
    },
];

/// Where Euler-Maruyama is in [`SCHEMES`].
pub const EULER_MARUYAMA: usize = 18;
const _: () = assert!(matches!(
    SCHEMES[EULER_MARUYAMA].name.as_bytes(),
    b"euler-maruyama"
));

/// The scheme of that name; `leapfrog`, `underdamped` and `ula` are other names of velocity-verlet,
/// baoab and euler-maruyama.
pub fn scheme(name: &str) -> Option<&'static Scheme> {
    let name = match name {
        "leapfrog" => "velocity-verlet",
        "underdamped" => "baoab",
        "ula" => "euler-maruyama",
        name => name,
    };
    SCHEMES.iter().find(|scheme| scheme.name == name)
}
