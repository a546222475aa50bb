//! The library of targets.

mod cholesky;
pub mod gaussian;
pub mod logistic;
pub mod many_well;
pub mod mixture;
pub mod phi4;

pub use gaussian::Gaussian;
pub use logistic::Logistic;
pub use many_well::ManyWell;
pub use mixture::Mixture;
pub use phi4::Phi4;
