//! A weighted population as it was before resampling: what a flow forgets unless it is told to keep it.

/// The population at one time, with the weights its potential gave it and the ancestors that were drawn by them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weighing {
    /// t, from 0.
    pub time: usize,
    /// X_t, `[particles, dim]`.
    pub positions: Vec<f64>,
    /// Logarithms of the weights of X_t after G_t, carried ones included, normalised: their exponentials sum to 1.
    pub log_weights: Vec<f64>,
    /// The particle at time t that each particle of time t + 1 descends from.
    pub ancestors: Vec<u32>,
}
