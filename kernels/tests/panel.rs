//! The panel products: packs get the bits of scalars, and both agree with plain sums.

use driftlane_kernels::panel::{Panel, ROWS};
use driftlane_kernels::{F32, F64, Lane, Pack};
use proptest::prelude::*;
use std::ops::Range;

type Row = Pack<F64, 4>;

fn matrix(rows: usize, columns: usize, seed: usize) -> Vec<f64> {
    let entry = |i: usize| ((i * 7919 + seed * 104_729) % 2003) as f64 / 1001.0 - 1.0;
    (0..rows * columns).map(entry).collect()
}

fn residual<L: Lane>(rows: Range<usize>, z: &mut [L; ROWS]) {
    for (k, z) in z.iter_mut().enumerate() {
        *z = z.mul_add(L::splat(0.5), L::splat((rows.start + k) as f64));
    }
}

fn run<L: Lane>(panel: &Panel, theta: &[L]) -> (Vec<L>, Vec<L>) {
    let mut z = Vec::new();
    panel.for_each(theta, |rows, group: &[L; ROWS]| {
        assert_eq!(rows.start, z.len());
        z.extend_from_slice(&group[..rows.len()]);
    });
    let mut grad = vec![L::one(); panel.columns()];
    panel.accumulate(theta, &mut grad, residual);
    (z, grad)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_pack_gets_the_bits_of_its_scalars(
        rows in 1usize..70, columns in 1usize..31, seed in 0usize..1000, triangular: bool,
    ) {
        let rows = if triangular { columns } else { rows };
        let mut values = matrix(rows, columns, seed);
        if triangular {
            for i in 0..columns {
                values[i * columns + i + 1..(i + 1) * columns].fill(0.0);
            }
        }
        let panel = if triangular {
            Panel::lower_triangular(columns, &values)
        } else {
            Panel::new(columns, &values)
        };
        prop_assert_eq!((panel.rows(), panel.columns()), (rows, columns));
        let value = |j: usize, l: usize| ((j * 37 + l * 11 + seed) % 101) as f64 / 50.0 - 1.0;
        let theta: Vec<Row> = (0..columns)
            .map(|j| Pack([0, 1, 2, 3].map(|r| F64::new([0, 1, 2, 3, 4, 5, 6, 7].map(|l| value(j, 8 * r + l))))))
            .collect();
        let (z, grad) = run(&panel, &theta);
        prop_assert_eq!(z.len(), rows);
        for l in 0..32 {
            let point: Vec<f64> = (0..columns).map(|j| value(j, l)).collect();
            let (z_one, grad_one) = run(&panel, &point);
            let lane = |row: &Row| row.0[l / 8].to_array()[l % 8].to_bits();
            for i in 0..rows {
                prop_assert_eq!(lane(&z[i]), z_one[i].to_bits());
            }
            for j in 0..columns {
                prop_assert_eq!(lane(&grad[j]), grad_one[j].to_bits());
            }
            // Against plain sums.
            let plain = |i: usize| (0..columns).map(|j| values[i * columns + j] * point[j]).sum::<f64>();
            for (i, z) in z_one.iter().enumerate() {
                prop_assert!((z - plain(i)).abs() < 1e-13 * (1 + columns) as f64);
            }
            for j in 0..columns {
                let r = |i: usize| 0.5 * plain(i) + i as f64;
                let expected = 1.0 + (0..rows).map(|i| values[i * columns + j] * r(i)).sum::<f64>();
                prop_assert!((grad_one[j] - expected).abs() < 1e-12 * (rows * rows) as f64);
            }
        }
    }

    #[test]
    fn single_precision_packs_too(rows in 1usize..40, columns in 1usize..20, seed in 0usize..99) {
        let panel = Panel::new(columns, &matrix(rows, columns, seed));
        let value = |j: usize, l: usize| ((j * 37 + l * 11 + seed) % 101) as f32 / 50.0 - 1.0;
        let theta: Vec<F32> =
            (0..columns).map(|j| F32::new(std::array::from_fn(|l| value(j, l)))).collect();
        let (_, grad) = run(&panel, &theta);
        for l in 0..16 {
            let point: Vec<f32> = (0..columns).map(|j| value(j, l)).collect();
            let (_, grad_one) = run(&panel, &point);
            for j in 0..columns {
                prop_assert_eq!(grad[j].to_array()[l].to_bits(), grad_one[j].to_bits());
            }
        }
    }
}

#[test]
fn padding_adds_nothing_even_to_infinities() {
    // Five rows: three of padding in the second group; a residual of infinity must not meet them.
    let panel = Panel::new(2, &[1.0; 10]);
    let mut grad = [0.0f64; 2];
    panel.accumulate(&[1.0, 1.0], &mut grad, |_, z| z.fill(f64::INFINITY));
    assert_eq!(grad, [f64::INFINITY; 2]);
    let mut seen = 0;
    panel.for_each(&[1.0, 2.0], |rows, _| seen += rows.len());
    assert_eq!(seen, 5);
}
