//! Convergence diagnostics of many chains. Read by nothing that moves particles.
//!
//! | from kept draws, one coordinate, chain by chain | as draws pass, in bounded memory |
//! |---|---|
//! | [`r_hat`], [`nested_r_hat`], [`nested_r_hat_rank`] | [`ChainMoments`] |
//! | [`ess_bulk`], [`ess_tail`], [`ess_mean`], [`ess_sd`], [`ess_quantile`] | [`Blocking`] |
//! | [`mcse_mean`], [`mcse_sd`], [`mcse_median`], [`mcse_quantile`] | [`Blocking`], [`RunningMoments`] |
//! | [`e_bfmi`], [`e_bfmi_pooled`] | [`EnergyErrors`] |
//!
//! [`MeasuredError`] is the error of a method against a solution or against moments, [`fit_order`] the order it falls by.
//!
//! [`groups_in_order`] and [`EcdfBand`] compare the laws of groups of draws.
//!
//! [`ManyChains`] is nested R-hat for chains with starts of their own: what a run of more than
//! [`MANY_CHAINS`] is judged by, as split R-hat is biased for many short chains.
//!
//! [`Convergence`] holds what a summary shows of a coordinate, from one sort of its draws.
//! The figures from kept draws agree with arviz-stats 1.3.3 but for what has no figure: where a draw
//! is not finite or all draws are equal they are NaN.

mod autocovariance;
mod beta;
mod blocking;
mod chain_moments;
mod convergence;
mod ecdf;
mod energy;
mod gradient;
mod interval;
mod many_chains;
mod mcse;
mod nested;
mod order;
mod rank;
mod running;
mod student;

pub use autocovariance::{ess_bulk, ess_mean, ess_quantile, ess_sd, ess_tail};
pub use blocking::{BlockEstimate, Blocking};
pub use chain_moments::ChainMoments;
pub use convergence::{Convergence, RHatKind};
pub use ecdf::{EcdfBand, groups_in_order};
pub use energy::{DIVERGENCE, EnergyErrors, e_bfmi, e_bfmi_pooled, e_bfmi_within};
pub use gradient::gradient_error;
pub use interval::{INTERVAL_MASS, equal_tailed};
pub use many_chains::{FALSE_ALARMS, MANY_CHAINS, ManyChains, NestedRHat, R_HAT_LIMIT};
pub use mcse::{mcse_mean, mcse_median, mcse_quantile, mcse_sd};
pub use nested::{nested_r_hat, nested_r_hat_rank};
pub use order::{FittedOrder, MeasuredError, fit_order};
pub use rank::{normal_quantile, r_hat};
pub use running::RunningMoments;
pub use student::student_t_quantile;
