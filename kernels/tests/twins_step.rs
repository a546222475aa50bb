//! Every pass, step and noise row against its scalar twin, bit for bit, and passes against the pieces
//! applied one after the other.

use driftlane_kernels::math::double::{phi_1, phi_2, phi_3};
use driftlane_kernels::rng::{
    Noise, Normals, Purpose, Stream, ThreePoint, TwoPoint, Vector, three_point, two_point,
};
use driftlane_kernels::step::exponential::{FreeFlight, refreshment, semilinear_step};
use driftlane_kernels::step::langevin::tamed;
use driftlane_kernels::step::leapfrog::{drift, kick};
use driftlane_kernels::step::splitting::Piece::{A, B, O, V};
use driftlane_kernels::step::splitting::{Coefficients, Mass, Piece, apply, pass};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F32, F64, Lane, Pack, Register};

/// The passes of the schemes there are, and some that are interpreted.
const PASSES: [&[Piece]; 14] = [
    &[A],
    &[B],
    &[B, A],
    &[V, A],
    &[B, O],
    &[B, O, A],
    &[B, A, O, A],
    &[B, O, B, A],
    &[O, B, A],
    &[O, A],
    &[V],
    &[O, B, O, A, O, A],
    &[B, V, B, A],
    &[],
];

/// Records what another source draws.
struct Recorded<'a, N, S> {
    source: &'a mut N,
    rows: Vec<Vec<S>>,
}

/// A scalar of a row.
trait Scalars: Vector {
    fn of(row: &Row<Self>) -> Vec<Self::Scalar>;
    fn row(values: &[Self::Scalar]) -> Row<Self>;
}
macro_rules! scalars {
    ($register:ty, $float:ty, $width:expr) => {
        impl Scalars for $register {
            fn of(row: &Row<Self>) -> Vec<$float> {
                bytemuck::cast_slice::<Row<Self>, $float>(&[*row]).to_vec()
            }
            fn row(values: &[$float]) -> Row<Self> {
                let mut rows = [Row::<Self>::zero()];
                bytemuck::cast_slice_mut(&mut rows).copy_from_slice(values);
                rows[0]
            }
        }
        impl<N: Noise> Noise for Recorded<'_, N, $float> {
            fn row<R: Vector>(&mut self) -> Row<R> {
                let row = self.source.row::<R>();
                self.rows
                    .push(bytemuck::cast_slice::<Row<R>, $float>(&[row]).to_vec());
                row
            }
            fn uniform<R: Vector>(&mut self) -> Row<R> {
                self.source.uniform()
            }
        }
    };
}
scalars!(F64, f64, 32);
scalars!(F32, f32, 64);

/// Uniforms on [-2, 2) with a zero, a subnormal and an infinity among them.
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = move || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        4.0 * ((state >> 11) as f64 * 2f64.powi(-53)) - 2.0
    };
    let mut values: Vec<f64> = (0..count).map(|_| next()).collect();
    for (k, special) in [0.0, 1e-310, f64::INFINITY, -0.0, 1e300]
        .into_iter()
        .enumerate()
    {
        values[(k * 37 + 5) % count] = special;
    }
    values
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

macro_rules! pass_twins {
    ($name:ident, $register:ty, $float:ty) => {
        #[test]
        fn $name() {
            type R = $register;
            let width = 4 * <R as Register>::WIDTH;
            let dim = 3;
            let row = |seed: u64| -> Row<R> {
                let values = numbers(width, seed);
                R::row(&values.iter().map(|v| *v as $float).collect::<Vec<_>>())
            };
            for (index, pieces) in PASSES.iter().enumerate() {
                let seed = 1000 * index as u64;
                let coefficients: Vec<Coefficients<Row<R>>> = (0..pieces.len())
                    .map(|k| Coefficients {
                        length: row(seed + k as u64),
                        decay: row(seed + 20 + k as u64),
                        noise: row(seed + 40 + k as u64),
                    })
                    .collect();
                let channel = |shift: u64| -> Vec<Row<R>> {
                    (0..dim).map(|j| row(seed + shift + j)).collect()
                };
                let (mut x, mut p, grad) = (channel(60), channel(70), channel(80));
                let (before_x, before_p) = (x.clone(), p.clone());
                let masses: (Vec<$float>, Vec<$float>) =
                    (vec![1.0, 0.25, 3.0], vec![1.0, 2.0, 0.577]);
                let mut stream = Stream::new(7, Purpose::Move, 0, index as u64);
                let mut noise = Recorded {
                    source: &mut Normals(&mut stream),
                    rows: Vec::<Vec<$float>>::new(),
                };
                let slices = (&masses.0[..], &masses.1[..]);
                pass::<R, _>(
                    pieces,
                    &coefficients,
                    (&mut x, &mut p),
                    &grad,
                    slices,
                    &mut noise,
                );
                let draws = pieces.iter().filter(|piece| piece.draws()).count();
                assert_eq!(noise.rows.len(), draws * dim as usize, "{pieces:?}");
                for j in 0..dim as usize {
                    for lane in 0..width {
                        let of = |row: &Row<R>| R::of(row)[lane];
                        let scalars: Vec<Coefficients<$float>> = coefficients
                            .iter()
                            .map(|c| Coefficients {
                                length: of(&c.length),
                                decay: of(&c.decay),
                                noise: of(&c.noise),
                            })
                            .collect();
                        let mass = Mass {
                            inverse: masses.0[j],
                            root: masses.1[j],
                        };
                        let mut drawn = noise.rows[j * draws..].iter().map(|row| row[lane]);
                        let start = (of(&before_x[j]), of(&before_p[j]));
                        let grad = of(&grad[j]);
                        let mut draw = || drawn.next().unwrap();
                        let (one_x, one_p) = apply(pieces, &scalars, start, grad, mass, &mut draw);
                        let got = (of(&x[j]), of(&p[j]));
                        assert!(
                            same(one_x.into(), got.0.into()) && same(one_p.into(), got.1.into()),
                            "{pieces:?} coordinate {j} lane {lane}: {got:?}, not {:?}",
                            (one_x, one_p)
                        );
                    }
                }
            }
        }
    };
}
pass_twins!(passes_f64, F64, f64);
pass_twins!(passes_f32, F32, f32);

/// A pass is its pieces one after the other, each by its own formula.
#[test]
fn pieces_are_their_formulas() {
    let c = |length, decay, noise| Coefficients {
        length,
        decay,
        noise,
    };
    let coefficients = [
        c(0.3, 9.0, 9.0),
        c(0.2, 9.0, 9.0),
        c(9.0, 0.8, 0.6),
        c(0.1, 0.7, 0.5),
    ];
    let mass = Mass {
        inverse: 0.25,
        root: 2.0,
    };
    let (x, p, g, xi) = (1.5f64, -0.7, 0.9, [0.4, -1.1]);
    let mut drawn = xi.into_iter();
    let got = apply(&[B, A, O, V], &coefficients, (x, p), g, mass, &mut || {
        drawn.next().unwrap()
    });
    let p1 = kick(p, g, 0.3);
    let x1 = drift(x, p1, 0.25, 0.2);
    let p2 = 0.8 * p1 + 0.6 * 2.0 * xi[0];
    let p3 = 0.7 * p2 + 0.1 * g + 0.5 * 2.0 * xi[1];
    assert_eq!(got.0, x1);
    assert!((got.1 - p3).abs() < 1e-15, "{} {p3}", got.1);
}

#[test]
fn coefficients_and_steps() {
    let z = numbers(8, 3).map_row(|v| v.abs() * 20.0);
    let w = numbers(8, 4).map_row(|v| v);
    for (name, wide, narrow) in [
        ("phi_1", phi_1(z.0), z.1.map(phi_1)),
        ("phi_2", phi_2(w.0), w.1.map(phi_2)),
        ("phi_3", phi_3(w.0), w.1.map(phi_3)),
        (
            "tamed",
            tamed(w.0, z.0),
            std::array::from_fn(|k| tamed(w.1[k], z.1[k])),
        ),
        ("decay", refreshment(z.0).0, z.1.map(|z| refreshment(z).0)),
        ("noise", refreshment(z.0).1, z.1.map(|z| refreshment(z).1)),
        (
            "semilinear",
            semilinear_step(z.0, w.0, w.0, z.0, w.0, z.0),
            std::array::from_fn(|k| {
                semilinear_step(z.1[k], w.1[k], w.1[k], z.1[k], w.1[k], z.1[k])
            }),
        ),
    ] {
        for (k, one) in narrow.into_iter().enumerate() {
            assert!(same(wide.to_array()[k], one), "{name} {k}");
        }
    }
    let flight = FreeFlight::new(1.7, z.0);
    let mass = Mass {
        inverse: w.0,
        root: z.0,
    };
    let flown = flight.apply((w.0, z.0), mass, [z.0, w.0]);
    for k in 0..8 {
        let one = FreeFlight::new(1.7, z.1[k]);
        let fields = |f: &FreeFlight<f64>| {
            [
                f.decay,
                f.psi_1,
                f.psi_2,
                f.momentum_noise,
                f.shared_noise,
                f.position_noise,
            ]
        };
        let wide = [
            flight.decay,
            flight.psi_1,
            flight.psi_2,
            flight.momentum_noise,
            flight.shared_noise,
            flight.position_noise,
        ];
        for (wide, one) in wide.iter().zip(fields(&one)) {
            assert!(same(wide.to_array()[k], one));
        }
        let mass = Mass {
            inverse: w.1[k],
            root: z.1[k],
        };
        let alone = one.apply((w.1[k], z.1[k]), mass, [z.1[k], w.1[k]]);
        assert!(same(flown.0.to_array()[k], alone.0) && same(flown.1.to_array()[k], alone.1));
    }
}

/// A register and its lanes.
trait MapRow {
    fn map_row(self, f: impl Fn(f64) -> f64) -> (F64, [f64; 8]);
}
impl MapRow for Vec<f64> {
    fn map_row(self, f: impl Fn(f64) -> f64) -> (F64, [f64; 8]) {
        let values: [f64; 8] = std::array::from_fn(|k| f(self[k]));
        (F64::new(values), values)
    }
}

/// Weak noise: its values, its moments to the order it promises, and its independence of the rest of the
/// word. 2^20 draws: a mean is known to 1e-3, five of them are allowed.
#[test]
fn weak_noise() {
    let mut stream = Stream::new(5, Purpose::Move, 0, 0);
    let count = 1 << 15;
    let mut moments = [[0.0; 5]; 2];
    let mut neighbours = [0.0; 2];
    for _ in 0..count {
        let rows = [
            TwoPoint(&mut stream).row::<F64>(),
            ThreePoint(&mut stream).row::<F64>(),
        ];
        for (law, row) in rows.iter().enumerate() {
            let values = F64::of(row);
            let root = 3.0f64.sqrt();
            let three = [-root, 0.0, root];
            let allowed = [&[-1.0, 1.0][..], &three][law];
            for (k, v) in values.iter().enumerate() {
                assert!(allowed.contains(v), "{v}");
                let mut power = 1.0;
                for sum in &mut moments[law] {
                    power *= v;
                    *sum += power / f64::from(32 * count);
                }
                neighbours[law] += v * values[(k + 8) % 32] / f64::from(32 * count);
            }
        }
    }
    // Fifth and lower moments of a normal, as far as the law keeps them.
    for (law, kept) in [(0, 3), (1, 5)] {
        let normal = [0.0, 1.0, 0.0, 3.0, 0.0];
        for (k, (got, want)) in moments[law].iter().zip(normal).enumerate().take(kept) {
            // Standard deviations of the powers: at most sqrt(3^5) for the fifth.
            let deviation = [1.0, 1.42, 3.0, 4.3, 9.0][k];
            let allowed = 5.0 * deviation / f64::from(32 * count).sqrt();
            assert!(
                (got - want).abs() < allowed,
                "law {law}, power {}: {got}",
                k + 1
            );
        }
        assert!(neighbours[law].abs() < 5e-3);
    }
    // The gate can fail: the fourth moment of two points is 1.
    assert!((moments[0][3] - 3.0).abs() > 1.9);
    // Twins, both precisions.
    for word in [0u64, 1, 1 << 63, u64::MAX, 0x6a09_e667_f3bc_c908] {
        for bit in 0..4 {
            let wide: F64 = two_point(wide::u64x8::splat(word), bit);
            assert!(
                wide.to_array()
                    .iter()
                    .all(|v| *v == two_point::<f64>(word, bit))
            );
            let sign = if word << bit >> 63 == 1 { -1.0 } else { 1.0 };
            assert_eq!(two_point::<f64>(word, bit), sign);
            assert_eq!(two_point::<f32>((word >> 32) as u32, bit), sign as f32);
        }
    }
    for (u, want) in [
        (0.0, -1.0),
        (0.166, -1.0),
        (0.167, 0.0),
        (0.83, 0.0),
        (0.834, 1.0),
    ] {
        let got: Pack<F64, 4> = Pack([three_point(F64::splat(u)); 4]);
        assert!(
            F64::of(&got)
                .iter()
                .all(|v| (v - want * 3.0f64.sqrt()).abs() < 1e-15)
        );
        assert_eq!(three_point(u as f32), (want * 3.0f64.sqrt()) as f32);
    }
}

/// Sums of one to eleven registers of one to four rows, any bits, against the scalar sum.
mod combinations {
    use super::{F32, F64, Lane, Pack, Row};
    use driftlane_kernels::step::combination::{Position, Term, advance, combine};
    use proptest::prelude::*;

    macro_rules! twin {
        ($name:ident, $register:ty, $float:ty, $bits:ty) => {
            proptest! {
                #![proptest_config(ProptestConfig::with_cases(300))]
                #[test]
                fn $name(
                    values in proptest::collection::vec(any::<$bits>(), 11 * 4),
                    coefficients in proptest::collection::vec(any::<$bits>(), 11),
                    terms in 0usize..=11,
                    rows in 1usize..=4,
                ) {
                    let coefficients: Vec<$float> =
                        coefficients.iter().map(|b| <$float>::from_bits(*b)).collect();
                    let register = |k: usize| -> Vec<Row<$register>> {
                        let value = |j: usize| <$float>::from_bits(values[4 * k + j]);
                        (0..rows).map(|j| Row::<$register>::broadcast(value(j))).collect()
                    };
                    let registers: Vec<_> = (0..terms).map(register).collect();
                    let all: Vec<Term<'_, Row<$register>>> = registers
                        .iter()
                        .zip(&coefficients)
                        .map(|(register, c)| (&register[..], *c))
                        .collect();
                    let mut sum = vec![Row::<$register>::one(); rows];
                    combine(&all, &mut sum);
                    for (j, Pack(found)) in sum.iter().enumerate() {
                        let mut exact: $float = 0.0;
                        for k in 0..terms {
                            let value = <$float>::from_bits(values[4 * k + j]);
                            exact = match k {
                                0 => value * coefficients[0],
                                _ => Lane::mul_add(value, coefficients[k], exact),
                            };
                        }
                        for register in found {
                            for lane in register.to_array() {
                                let same = lane.to_bits() == exact.to_bits();
                                prop_assert!(same || (lane.is_nan() && exact.is_nan()));
                            }
                        }
                    }
                }
            }
        };
    }
    twin!(double, F64, f64, u64);
    twin!(single, F32, f32, u32);

    /// A position of two parts moved by some terms, as written and for one particle.
    macro_rules! advanced {
        ($name:ident, $register:ty, $float:ty, $bits:ty) => {
            proptest! {
                #![proptest_config(ProptestConfig::with_cases(300))]
                #[test]
                fn $name(
                    values in proptest::collection::vec(any::<$bits>(), 11 * 4),
                    coefficients in proptest::collection::vec(any::<$bits>(), 11),
                    terms in 0usize..=9,
                    rows in 1usize..=4,
                ) {
                    let number = |b: &$bits| <$float>::from_bits(*b);
                    let coefficients: Vec<$float> = coefficients.iter().map(number).collect();
                    let value = |k: usize, j: usize| number(&values[4 * k + j]);
                    let registers: Vec<Vec<Row<$register>>> = (0..11)
                        .map(|k| (0..rows).map(|j| Row::<$register>::broadcast(value(k, j))).collect())
                        .collect();
                    let all: Vec<Term<'_, Row<$register>>> = (0..terms)
                        .map(|k| (&registers[k][..], coefficients[k]))
                        .collect();
                    let position = Position {
                        high: &registers[9],
                        low: &registers[10],
                        factor: coefficients[9],
                        change: coefficients[10],
                    };
                    let mut high = vec![Row::<$register>::one(); rows];
                    let mut low = high.clone();
                    advance(&position, &all, &mut high, &mut low);
                    for j in 0..rows {
                        let mut by = value(10, j) * coefficients[9];
                        for k in 0..terms {
                            by = Lane::mul_add(value(k, j), coefficients[k], by);
                        }
                        by = Lane::mul_add(value(9, j), coefficients[10], by);
                        let sum = value(9, j) + by;
                        let rest = by - (sum - value(9, j));
                        for (Pack(found), exact) in [(high[j], sum), (low[j], rest)] {
                            for lane in found.iter().flat_map(|register| register.to_array()) {
                                let same = lane.to_bits() == exact.to_bits();
                                prop_assert!(same || (lane.is_nan() && exact.is_nan()));
                            }
                        }
                    }
                }
            }
        };
    }
    advanced!(advanced_double, F64, f64, u64);
    advanced!(advanced_single, F32, f32, u32);

    /// A hundred thousand small moves: what is off is the rounding of the moves, and not that of the position.
    #[test]
    fn many_moves_leave_the_rounding_of_one() {
        let row = Row::<F32>::broadcast;
        let (mut high, mut low) = (vec![row(1.0)], vec![row(0.0)]);
        let (mut exact, mut plain) = (1.0f64, 1.0f32);
        let slope = [row(1.0)];
        for k in 0..100_000u32 {
            let change = -1e-4 * f64::from(k % 7);
            let c = 3e-4 * f64::from((k + 3) % 5);
            let (factor, less, c) = ((1.0 + change) as f32, change as f32, c as f32);
            exact = (1.0 + f64::from(less)).mul_add(exact, f64::from(c));
            plain = factor.mul_add(plain, c);
            let position = Position {
                high: &high.clone(),
                low: &low.clone(),
                factor,
                change: less,
            };
            advance(&position, &[(&slope[..], c)], &mut high, &mut low);
        }
        let Pack(found) = high[0];
        let off = |x: f32| (f64::from(x) / exact - 1.0).abs();
        assert!(off(found[0].to_array()[0]) < 1.2e-7, "{found:?} {exact}");
        assert!(off(plain) > 3e-7, "{plain} {exact}");
    }
}
