//! See `checks::checkpoint`.
#![no_main]

#[path = "../checks.rs"]
#[allow(dead_code)] // Each target calls one of the functions.
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::checkpoint(bytes));
