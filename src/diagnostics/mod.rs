//! Convergence diagnostics of many chains. Read by nothing that moves particles.

mod autocovariance;
mod gradient;
mod rank;
mod student;

pub use autocovariance::ess_bulk;
pub use gradient::gradient_error;
pub use rank::{normal_quantile, r_hat};
pub use student::student_t_quantile;
