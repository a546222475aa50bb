//! Offspring counts from integer weights, and the permutation that keeps survivors in place.

mod multinomial;
mod offspring;
mod systematic;

pub use multinomial::{exponential_spacings, multinomial_offspring, thresholds};
pub use offspring::{dead_and_surplus, dead_slots, surplus_parents};
pub use systematic::systematic_offspring;
