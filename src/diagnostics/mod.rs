//! Convergence diagnostics of many chains. Read by nothing that moves particles.

mod autocovariance;
mod rank;

pub use autocovariance::ess_bulk;
pub use rank::{normal_quantile, r_hat};
