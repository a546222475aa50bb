//! Equal-tailed intervals: what lies between two quantiles.
//!
//! ```text
//! [q(t), q(1 - t)],  t = (1 - mass) / 2,  q(p) = v_(k) + (r - k) (v_(k+1) - v_(k)),  r = p (n - 1),  k = floor(r)
//! ```
//!
//! The quantiles are of type 7 (Hyndman, Fan 1996, doi 10.2307/2684934), as R and numpy have them, found by selection:
//! O(n).

/// The mass of an interval that no custom has made too familiar (McElreath 2020, Statistical Rethinking); ArviZ's.
pub const INTERVAL_MASS: f64 = 0.89;

/// The ends of the equal-tailed interval of `mass` in (0, 1); NaN where there are no values. Numbers are reordered; none
/// may be NaN.
pub fn equal_tailed(values: &mut [f64], mass: f64) -> [f64; 2] {
    let tail = 0.5 * (1.0 - mass);
    [tail, 1.0 - tail].map(|p| quantile(values, p))
}

fn quantile(values: &mut [f64], p: f64) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let place = p * (values.len() - 1) as f64;
    let k = place.floor();
    let (_, &mut lower, above) = values.select_nth_unstable_by(k as usize, f64::total_cmp);
    match above.iter().copied().reduce(f64::min) {
        Some(upper) => (place - k).mul_add(upper - lower, lower),
        None => lower,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// numpy.quantile([...], [0.055, 0.945]).
    #[test]
    fn quantiles_are_numpys() {
        let mut values = [3.0, -1.0, 4.0, 1.5, -5.0, 9.0, 2.0, 6.0, -2.0, 0.25, 7.0];
        let [lower, upper] = equal_tailed(&mut values, INTERVAL_MASS);
        assert!((lower - -3.35).abs() < 1e-14, "{lower}");
        assert!((upper - 7.9).abs() < 1e-14, "{upper}");
        assert_eq!(equal_tailed(&mut [2.5], 0.5), [2.5, 2.5]);
        assert!(equal_tailed(&mut [], 0.5)[0].is_nan());
    }
}
