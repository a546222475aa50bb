//! E_k and F_k against values of 60-digit series, and weights against the equations they solve.

use super::gates::{must_fail, must_pass, within};
use driftlane::diffusion::weights::{data_integral, noise_integral, solve};

/// z, E_0 .. E_3, F_0 .. F_2.
const GOLDEN: [[f64; 8]; 7] = [
    [
        0.001,
        9.99500166625008e-4,
        4.99833374991668e-4,
        1.66625008331945e-4,
        4.16583347220238e-5,
        1.00050016670834e-3,
        5.00166708341668e-4,
        1.66708341668056e-4,
    ],
    [
        0.01,
        9.95016625083195e-3,
        4.98337491680536e-3,
        1.66250831946426e-3,
        4.15834720240573e-4,
        0.0100501670841681,
        5.01670841680575e-3,
        1.67084168057542e-3,
    ],
    [
        0.1,
        0.0951625819640404,
        0.0483741803595957,
        0.0162581964040427,
        4.08470262623983e-3,
        0.105170918075648,
        0.0517091807564763,
        0.0170918075647625,
    ],
    [
        0.5,
        0.393469340287367,
        0.213061319425267,
        0.0738773611494663,
        0.0189119443677341,
        0.648721270700128,
        0.297442541400256,
        0.0948850828005126,
    ],
    [
        1.0,
        0.632120558828558,
        0.367879441171442,
        0.132120558828558,
        0.034546107838109,
        1.71828182845905,
        0.718281828459045,
        0.218281828459045,
    ],
    [
        2.5,
        0.917915001376101,
        0.63283399944956,
        0.246866400220176,
        0.0679201065785962,
        11.1824939607035,
        3.47299758428139,
        0.889199033712556,
    ],
    [
        6.0,
        0.997521247823334,
        0.833746458696111,
        0.361042256883982,
        0.106492957186003,
        402.428793492735,
        66.0714655821225,
        10.5119109303538,
    ],
];

#[test]
fn integrals_have_their_golden_values() {
    for row in GOLDEN {
        let (z, data, noise) = (row[0], &row[1..5], &row[5..]);
        for (k, exact) in data.iter().enumerate() {
            must_pass(within("E", data_integral(k, z), *exact, 5e-15 * exact));
            must_fail(
                "a digit off",
                within("E", data_integral(k, z), 1.0 - 1e-13 + exact, 5e-15),
            );
        }
        for (k, exact) in noise.iter().enumerate() {
            must_pass(within("F", noise_integral(k, z), *exact, 5e-15 * exact));
        }
    }
}

/// Both ways of summing meet where they change over, and the recursion holds everywhere it does not cancel.
#[test]
fn integrals_obey_their_recursions() {
    for step in 0..400 {
        let z = 0.5 * 1.02f64.powi(step);
        for k in 1..6 {
            let factorial: f64 = (1..=k).map(|i| i as f64).product();
            let data = 1.0 / factorial - data_integral(k - 1, z) / z;
            must_pass(within("E", data_integral(k, z), data, 4e-15 / z.min(1.0)));
            if z < 600.0 {
                let noise = noise_integral(k - 1, z) / z - 1.0 / factorial;
                let allowed = 1e-14 * (noise + 1.0 / z.min(1.0));
                must_pass(within("F", noise_integral(k, z), noise, allowed));
            }
        }
    }
    assert_eq!(data_integral(0, f64::INFINITY), 1.0);
    assert_eq!(data_integral(3, 0.0), 0.0);
    assert_eq!(noise_integral(2, 0.0), 0.0);
}

#[test]
fn weights_solve_their_equations() {
    let nodes = [-0.7, -1.9, 1.0, 0.4];
    let moments = [0.3, 0.1, 0.02, 0.004];
    let w = solve(&nodes, &moments).unwrap();
    let mut factorial = 1.0;
    for (k, moment) in moments.iter().enumerate() {
        factorial *= (k + 1) as f64;
        let sum: f64 = nodes
            .iter()
            .zip(&w)
            .map(|(r, w)| w * r.powi(k as i32 + 1))
            .sum();
        must_pass(within("moment", sum / factorial, *moment, 1e-15));
    }
    assert_eq!(solve(&[], &[]), Some(vec![]));
    assert_eq!(solve(&[0.5, 0.5], &[0.1, 0.1]), None);
    assert_eq!(solve(&[0.0], &[0.1]), None);
}

/// With one node w = M_1 / r; with two, a and b back, the formulas of DPM-Solver++ of order 3.
#[test]
fn weights_of_one_and_two_nodes_have_closed_forms() {
    for z in [1e-3, 0.03, 0.4, 2.0] {
        let (first, second) = (data_integral(1, z), data_integral(2, z));
        for (a, b) in [(-1.0, -2.0), (-0.6, -1.7), (-1.9, 1.0), (0.3, 0.8)] {
            let one = solve(&[a], &[first]).unwrap();
            must_pass(within("one", one[0], first / a, 1e-16));
            let w = solve(&[a, b], &[first, second]).unwrap();
            let exact = [
                (2.0 * second - b * first) / (a * (a - b)),
                (2.0 * second - a * first) / (b * (b - a)),
            ];
            for (w, exact) in w.iter().zip(exact) {
                must_pass(within("two", *w, exact, 1e-14 * first));
                must_fail(
                    "two",
                    within("two", w * (1.0 + 1e-12), exact, 1e-14 * first),
                );
            }
            // In divided differences, with the factor 2 that most codes leave out.
            let (r0, r1) = (-a, a - b);
            let c_a = first * (1.0 + r0 / (r0 + r1)) + 2.0 * second / (r0 + r1);
            let c_b = -(first * r0 + 2.0 * second) / (r0 + r1);
            must_pass(within("a", w[0], c_b / r1 - c_a / r0, 1e-14 * first));
            must_pass(within("b", w[1], -c_b / r1, 1e-14 * first));
        }
    }
}
