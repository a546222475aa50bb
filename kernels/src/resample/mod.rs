//! Offspring counts from integer weights, and the permutation that keeps survivors in place.

mod multinomial;
mod offspring;
mod systematic;

pub use multinomial::{exponential_spacings, multinomial_offspring, thresholds};
pub use offspring::Matching;
pub use systematic::systematic_offspring;
