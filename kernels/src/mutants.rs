//! Seeded defects, for proving that tests can fail.
//!
//! With the feature `mutants`, `DRIFTLANE_MUTANT=name` switches on one defect; `.ci/mutants` runs the test
//! that must catch it, for every name. Without the feature [`active`] is `false` at compile time and
//! nothing of a defect is left in the program.

/// Whether the defect of that name is switched on.
#[cfg(feature = "mutants")]
pub fn active(name: &str) -> bool {
    use std::sync::OnceLock;
    static CHOSEN: OnceLock<Option<String>> = OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| std::env::var("DRIFTLANE_MUTANT").ok());
    chosen.as_deref() == Some(name)
}

/// Whether the defect of that name is switched on: never, without the feature `mutants`.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub const fn active(_name: &str) -> bool {
    false
}
