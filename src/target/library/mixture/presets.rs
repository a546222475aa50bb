//! The mixtures of the sampling literature, each a name of its own.
//!
//! | name | components | source |
//! |---|---|---|
//! | `eight-gaussians` | 10 (sin k pi/4, cos k pi/4), k = 0..7, variance 0.7 | Grenioux et al. 2024 (SLIPS) |
//! | `grid-9` | {-5, 0, 5}^2, variance 0.3 | Zhang, Chen 2022 (PIS); Sendera et al. 2024 |
//! | `grid-25` | {-10, -5, 0, 5, 10}^2, variance 0.3 | Sendera et al. 2024 |
//! | `fab-40` | 40 uniform on [-40, 40]^2, sd ln(1 + e) | Midgley et al. 2023 (FAB) |
//!
//! All are two-dimensional with equal weights.

use super::Mixture;
use driftlane_kernels::Lane;

fn equal(means: Vec<Vec<f64>>, sd: f64) -> Mixture {
    let count = means.len();
    Mixture::isotropic(vec![1.0; count], means, vec![sd; count]).expect("constants are valid")
}

/// Eight modes on a circle of radius 10; 0.7 is the variance.
pub fn eight_gaussians() -> Mixture {
    let mean = |k: u32| {
        let (sin, cos) = Lane::sin_cos_turns(f64::from(k) / 8.0);
        vec![10.0 * sin, 10.0 * cos]
    };
    equal((0..8).map(mean).collect(), 0.7f64.sqrt())
}

fn grid(axis: &[f64]) -> Mixture {
    let means = axis
        .iter()
        .flat_map(|&x| axis.iter().map(move |&y| vec![x, y]))
        .collect();
    equal(means, 0.3f64.sqrt())
}

/// Nine modes on a grid of spacing 5.
pub fn grid_9() -> Mixture {
    grid(&[-5.0, 0.0, 5.0])
}

/// Twenty-five modes on a grid of spacing 5.
pub fn grid_25() -> Mixture {
    grid(&[-10.0, -5.0, 0.0, 5.0, 10.0])
}

/// Forty modes at (torch.rand(40, 2) - 0.5) * 80 with seed 0, sd softplus(1) = 1.3132617.
///
/// torch fills `f32` uniforms from MT19937: (word mod 2^24) 2^-24; the arithmetic on them is `f32`.
pub fn fab_40() -> Mixture {
    let mut words = Mt19937::new(0);
    let mut coordinate = || {
        let uniform = (words.next_word() & 0xff_ffff) as f32 * 2f32.powi(-24);
        f64::from((uniform - 0.5) * 80.0)
    };
    let means = (0..40).map(|_| vec![coordinate(), coordinate()]).collect();
    equal(means, Lane::softplus(1.0f64))
}

/// The Mersenne Twister (Matsumoto, Nishimura 1998, ACM TOMACS 8:3), seeded by `init_genrand`.
struct Mt19937 {
    state: [u32; 624],
    next: usize,
}

impl Mt19937 {
    fn new(seed: u32) -> Self {
        let mut state = [seed; 624];
        for i in 1..624 {
            let last = state[i - 1];
            state[i] = 1_812_433_253u32
                .wrapping_mul(last ^ (last >> 30))
                .wrapping_add(i as u32);
        }
        Self { state, next: 624 }
    }

    fn next_word(&mut self) -> u32 {
        if self.next == 624 {
            for i in 0..624 {
                let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % 624] & 0x7fff_ffff);
                let twist = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + 397) % 624] ^ (y >> 1) ^ twist;
            }
            self.next = 0;
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }
}
