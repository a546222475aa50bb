//! Diagnostics against arviz-stats, against exact laws, and in their streaming forms.

#![allow(clippy::disallowed_methods)]

#[path = "../gates/mod.rs"]
mod gates;
mod goldens;
mod many_chains;
mod streaming;
mod vectors;
