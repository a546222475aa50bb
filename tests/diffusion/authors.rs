//! Forms of DPM-Solver singlestep and of UniPC on the noise: ends by their published formulas, worked out apart from this
//! crate with forty digits (`data/authors.py` prints the rows), on the mixture of [`orders`](super::orders).

use super::gates::{must_fail, must_pass, within};
use super::orders::{START, karras, predict, schedule, uniform};
use super::starts::{end, kept, program};
use driftlane::diffusion::solver::{Options, find};

/// Solver; the ends of 24 steps, uniform in lambda and Karras.
const ENDS: [(&str, [f64; 2]); 36] = [
    ("dpm-2s", [0.666567097958723, 0.666170404166996]),
    ("dpm-2s-taylor", [0.665809034727449, 0.665497731160138]),
    ("dpm-2s-fixed", [0.666709927158513, 0.666478458229833]),
    (
        "dpm-2s-taylor-fixed",
        [0.665935387000594, 0.665759981014308],
    ),
    ("dpm-3s", [0.665505908636188, 0.665548050086294]),
    ("dpm-3s-taylor", [0.665548916884518, 0.66552685019661]),
    ("dpm-3s-fixed", [0.665540925148475, 0.665607021590617]),
    ("dpm-3s-taylor-fixed", [0.66558909605307, 0.665599148852906]),
    ("dpmpp-2s", [0.664477906507144, 0.664345968718171]),
    ("dpmpp-2s-taylor", [0.665113219043857, 0.664906606741903]),
    ("dpmpp-2s-fixed", [0.664575798569182, 0.664534268243959]),
    (
        "dpmpp-2s-taylor-fixed",
        [0.665224619650834, 0.665130448530108],
    ),
    ("dpmpp-3s", [0.665414685520929, 0.665296238492503]),
    ("dpmpp-3s-taylor", [0.665502247807531, 0.665464748922577]),
    ("dpmpp-3s-fixed", [0.6654881276354, 0.665462532157326]),
    (
        "dpmpp-3s-taylor-fixed",
        [0.665559186709235, 0.665583429824133],
    ),
    ("unip-1-noise", [0.659669865279352, 0.659981180678084]),
    ("unipc-1-noise-bh1", [0.66552614371283, 0.665412357301719]),
    ("unipc-1-noise-bh2", [0.666070654760193, 0.665922696857933]),
    ("unipc-1-noise-vary", [0.665884012288055, 0.665747328663915]),
    ("unip-2-noise", [0.665040677023261, 0.665209376275222]),
    ("unipc-2-noise-bh1", [0.665647411950735, 0.665625692993964]),
    ("unipc-2-noise-bh2", [0.665704405946831, 0.665655625162839]),
    ("unipc-2-noise-vary", [0.665684809933371, 0.665645343708636]),
    ("unip-3-noise", [0.664881480157027, 0.665196942617373]),
    ("unipc-3-noise-bh1", [0.665655722246069, 0.665593373812294]),
    ("unipc-3-noise-bh2", [0.665722401926215, 0.665620072906066]),
    ("unipc-3-noise-vary", [0.665699490583279, 0.665610968532053]),
    ("unip-6-noise", [0.664791045298997, 0.665119051491705]),
    ("unipc-6-noise-bh1", [0.665669065217322, 0.665877495333033]),
    ("unipc-6-noise-bh2", [0.665747525920103, 0.665977143445015]),
    ("unipc-6-noise-vary", [0.665720565489755, 0.665943154742498]),
    ("unip-9-noise", [0.666893786569645, 0.713825969690404]),
    ("unipc-9-noise-bh1", [1.09540581066276, 0.148182247224004]),
    ("unipc-9-noise-bh2", [1.19167434248364, 0.682260125106311]),
    ("unipc-9-noise-vary", [1.16583320473996, 0.469908266601805]),
];

#[test]
fn forms_end_where_their_formulas_say() {
    for (name, ends) in ENDS {
        let solver = find(name).unwrap_or_else(|| panic!("no {name}"));
        let program = |nodes: &[_]| {
            let options = kept(&solver, Options::default());
            program(&solver, nodes, &schedule(), &options)
        };
        // Orders beyond 6 carry rounding up on so few steps.
        let allowed = if name.contains('9') { 1e-11 } else { 1e-13 };
        for (nodes, exact) in [uniform(24), karras(24)].iter().zip(ends) {
            let found = end(&program(nodes), &START, &predict)[0];
            must_pass(within(name, found, exact, allowed));
            must_fail(name, within(name, found, exact + 3.0 * allowed, allowed));
        }
    }
}

/// Whole blocks to the end keep the order that a last step of order 1 caps, and the forms are not one another.
#[test]
fn forms_differ() {
    let of = |name: &str| ENDS.iter().find(|row| row.0 == name).unwrap().1[0];
    for family in ["dpm", "dpmpp"] {
        for order in [2, 3] {
            let name = |form: &str| format!("{family}-{order}s{form}");
            for (a, b) in [
                ("", "-taylor"),
                ("", "-fixed"),
                ("-taylor", "-taylor-fixed"),
            ] {
                assert_ne!(of(&name(a)), of(&name(b)));
            }
        }
    }
}
