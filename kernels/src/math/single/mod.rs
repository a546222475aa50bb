//! Elementary functions of `f32` and `f32x16`.

mod exp;
mod ln;
mod logistic;
mod sin_cos;

pub use exp::{exp, exp_m1, exp2_nonpositive};
pub use ln::{ln, ln_1p};
pub use logistic::{sigmoid, softplus};
pub use sin_cos::sin_cos_turns;
