//! What `wide` lacks, for each instruction set: the only place that names `core::arch`.
//!
//! Every function here returns the same bits at every level; nothing approximate (reciprocal or
//! reciprocal-square-root estimates) is used. The level is the compiler's `target-cpu`, fixed at
//! compile time and named in [`LEVEL`]. `double` works on `f64x8`, `single` on `f32x16`.

#[cfg(all(target_feature = "avx512f", target_feature = "avx512dq"))]
#[allow(unsafe_code)]
mod avx512;
#[cfg(all(target_feature = "avx512f", target_feature = "avx512dq"))]
pub use avx512::{double, single};

#[cfg(not(all(target_feature = "avx512f", target_feature = "avx512dq")))]
mod portable;
#[cfg(not(all(target_feature = "avx512f", target_feature = "avx512dq")))]
pub use portable::{double, single};

/// The instruction set this build was compiled for: `avx512`, `avx2` or `portable`.
pub const LEVEL: &str = if cfg!(all(target_feature = "avx512f", target_feature = "avx512dq")) {
    "avx512"
} else if cfg!(all(target_feature = "avx2", target_feature = "fma")) {
    "avx2"
} else {
    "portable"
};

/// Whether fused multiply-add is an instruction here. Without it results are the same and every
/// kernel is several times slower.
pub const FAST: bool = cfg!(any(target_feature = "fma", target_feature = "neon"));
