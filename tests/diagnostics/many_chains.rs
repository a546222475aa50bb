//! Nested R-hat of many short chains: silent where they have mixed, loud where they have not.

use driftlane::diagnostics::{ManyChains, NestedRHat, r_hat};

/// Numbers that look standard normal.
struct Normal(u64);

impl Normal {
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
    fn draw(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Autoregressive chains of variance 1: each starts at `start(k)`, x <- rho x + sqrt(1 - rho^2) z.
fn chains(
    normal: &mut Normal,
    (count, draws): (usize, usize),
    rho: f64,
    start: impl Fn(usize, f64) -> f64,
) -> Vec<f64> {
    let mut series = Vec::with_capacity(count * draws);
    for k in 0..count {
        let mut x = start(k, normal.draw());
        for _ in 0..draws {
            series.push(x);
            x = rho * x + (1.0 - rho * rho).sqrt() * normal.draw();
        }
    }
    series
}

fn exceeds(found: NestedRHat) -> bool {
    found.value > found.limit
}

/// 200 runs of stationary chains each; the limit is exceeded once in a thousand. Split R-hat, which is
/// about sqrt(1 + tau/n), condemns all of them.
#[test]
fn chains_that_mix_are_left_alone() {
    for (count, draws, rho) in [
        (65, 40, 0.3),
        (256, 100, 0.5),
        (256, 20, 0.0),
        (1000, 30, 0.5),
    ] {
        let many = ManyChains::new(count, draws, 1);
        let mut alarms = [0, 0];
        for seed in 0..200 {
            let mut normal = Normal(0x9e3779b97f4a7c15u64.wrapping_mul(seed + 1));
            let series = chains(&mut normal, (count, draws), rho, |_, z| z);
            alarms[0] += usize::from(exceeds(many.r_hat(&series)));
            if seed < 20 {
                alarms[1] += usize::from(r_hat(&series, count, draws) > 1.01);
            }
        }
        // Three in 200 have probability 1e-3.
        assert!(alarms[0] < 3, "{count} {draws} {rho}: {alarms:?}");
        if rho > 0.0 {
            assert!(alarms[1] > 15, "{count} {draws} {rho}: {alarms:?}");
        }
    }
}

#[test]
fn chains_that_do_not_mix_are_told_of() {
    for seed in 1..=20u64 {
        let mut normal = Normal(seed.wrapping_mul(0x9e3779b97f4a7c15));
        for (count, draws) in [(65, 40), (256, 100), (1000, 10)] {
            let many = ManyChains::new(count, draws, 1);
            let size = (count, draws);
            // In one of two modes each, in any order, and one in twenty of them only.
            let mut apart = chains(&mut normal, size, 0.3, |_, z| z);
            for (k, chain) in apart.chunks_mut(draws).enumerate() {
                chain
                    .iter_mut()
                    .for_each(|x| *x += if k % 3 == 0 { 3.0 } else { -3.0 });
            }
            assert!(many.r_hat(&apart).value > 1.3, "{:?}", many.r_hat(&apart));
            // Of one mean and two widths.
            let mut wide = chains(&mut normal, size, 0.0, |_, z| z);
            for chain in wide.chunks_mut(draws).step_by(2) {
                chain.iter_mut().for_each(|x| *x *= 10.0);
            }
            let found = many.r_hat(&wide);
            assert!(exceeds(found) && found.value > 1.02, "{found:?}");
            // Slower than the run is long.
            let rho = 1.0 - 0.5 / draws as f64;
            let slow = chains(&mut normal, size, rho, |_, z| z);
            assert!(many.r_hat(&slow).value > 1.1, "{:?}", many.r_hat(&slow));
            // All of them on their way from one point: their starts tell nothing.
            let rho = 1.0 - 4.0 / draws as f64;
            let falling = chains(&mut normal, size, rho, |_, _| 5.0);
            assert!(
                many.r_hat(&falling).value > 1.1,
                "{:?}",
                many.r_hat(&falling)
            );
        }
    }
}

#[test]
fn what_has_no_figure_is_not_a_number() {
    let many = ManyChains::new(100, 10, 3);
    assert!(many.r_hat(&[1.0; 1000]).value.is_nan());
    let mut series = vec![0.5; 1000];
    series[7] = f64::NAN;
    assert!(many.r_hat(&series).value.is_nan());
    // Chains that stand still at places of their own.
    let still: Vec<f64> = (0..1000).map(|k| f64::from(k / 10 % 2)).collect();
    assert_eq!(many.r_hat(&still).value, f64::INFINITY);
    assert!(ManyChains::new(100, 3, 1).r_hat(&[0.0; 300]).value.is_nan());
    assert!(ManyChains::new(8, 10, 1).r_hat(&[0.0; 80]).value.is_nan());
}
