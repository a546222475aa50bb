//! Offspring counts from integer weights, and the permutation that keeps survivors in place.

mod branching;
mod killing;
mod metropolis;
mod multinomial;
mod offspring;
mod residual;
mod shares;
mod ssp;
mod stratified;
mod systematic;

pub use branching::branching_offspring;
pub use killing::survivors;
pub use metropolis::{
    METROPOLIS_BIAS, MOST_STEPS, MOST_TRIES, metropolis_ancestor, metropolis_steps,
    rejection_ancestor,
};
pub use multinomial::{exponential_spacings, multinomial_offspring, thresholds};
pub use offspring::Matching;
pub use residual::residual_shares;
pub use shares::{below, happens, share};
pub use ssp::ssp_offspring;
pub use stratified::stratified_offspring;
pub use systematic::systematic_offspring;
