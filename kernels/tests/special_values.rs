//! Values of the elementary functions that are exact: zeros with their signs, infinities, NaN,
//! multiples of an eighth of a turn.

use driftlane_kernels::Lane;

/// Exact values in both precisions: what f gives at x, down to the sign of zero.
macro_rules! special {
    ($float:ident, $($f:ident: $(($x:expr, $want:expr)),*;)*) => {
        const INFINITY: $float = <$float>::INFINITY;
        const NAN: $float = <$float>::NAN;
        const MAX: $float = <$float>::MAX;
        $($({
            let (x, want): ($float, $float) = ($x, $want);
            let got = <$float as Lane>::$f(x);
            let same = got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan());
            assert!(same, "{} {}({x:e}) = {got:e}, not {want:e}", stringify!($float), stringify!($f));
        })*)*
    };
}

macro_rules! specials {
    ($name:ident, $float:ident, $huge:expr) => {
        #[test]
        fn $name() {
            let tiny = $float::from_bits(1);
            special!($float,
                exp: (0.0, 1.0), (-0.0, 1.0), (tiny, 1.0), (-INFINITY, 0.0), (-MAX, 0.0),
                    (INFINITY, INFINITY), (MAX, INFINITY), (NAN, NAN);
                exp_m1: (0.0, 0.0), (-0.0, -0.0), (tiny, tiny), (-tiny, -tiny), (-INFINITY, -1.0),
                    (-MAX, -1.0), (INFINITY, INFINITY), (MAX, INFINITY), (NAN, NAN);
                ln: (1.0, 0.0), (0.0, -INFINITY), (-0.0, -INFINITY), (-tiny, NAN), (-1.0, NAN),
                    (-INFINITY, NAN), (INFINITY, INFINITY), (NAN, NAN);
                ln_1p: (0.0, 0.0), (-0.0, -0.0), (tiny, tiny), (-tiny, -tiny), (-1.0, -INFINITY),
                    (-1.5, NAN), (-INFINITY, NAN), (INFINITY, INFINITY), (NAN, NAN),
                    (MAX, <$float as Lane>::ln(MAX));
                sigmoid: (0.0, 0.5), (-0.0, 0.5), (INFINITY, 1.0), (MAX, 1.0), (-INFINITY, 0.0),
                    (-MAX, 0.0), (NAN, NAN);
                softplus: (INFINITY, INFINITY), (MAX, MAX), (1000.0, 1000.0), (-INFINITY, 0.0),
                    (-MAX, 0.0), (NAN, NAN), (0.0, std::$float::consts::LN_2);
            );
            let turn = |u: $float| <$float as Lane>::sin_cos_turns(u);
            for (u, sin, cos) in [(0.0, 0.0, 1.0), (0.25, 1.0, 0.0), (0.5, 0.0, -1.0),
                (0.75, -1.0, 0.0), (-0.25, -1.0, 0.0), (7.0, 0.0, 1.0), ($huge, 0.0, 1.0), (<$float>::MAX, 0.0, 1.0)] {
                assert_eq!(turn(u), (sin, cos), "{u}");
            }
            let (sin, cos) = turn(0.125);
            assert_eq!((sin, cos), (cos, sin));
            assert_eq!(turn(0.625), (-sin, -sin));
            for u in [<$float>::INFINITY, -<$float>::INFINITY, <$float>::NAN] {
                assert!(turn(u).0.is_nan() && turn(u).1.is_nan());
            }
        }
    };
}
specials!(double_specials, f64, 4_503_599_627_370_497.0);
specials!(single_specials, f32, 8_388_609.0);
