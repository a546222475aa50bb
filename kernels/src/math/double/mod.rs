//! Elementary functions of `f64` and `f64x8`.

mod exp;
mod ln;
mod logistic;
mod phi;
mod sin_cos;

pub use exp::{exp, exp_m1, exp2_nonpositive};
pub use ln::{ln, ln_1p};
pub use logistic::{sigmoid, softplus};
pub use phi::{phi_1, phi_2, phi_3};
pub use sin_cos::sin_cos_turns;
