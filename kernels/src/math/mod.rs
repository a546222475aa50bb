//! Elementary functions, the same bits on every machine.
pub mod double;
pub mod single;
