//! The grids and their names.

/// How nodes are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grid {
    /// Uniform in time.
    Time,
    /// Uniform in a root of time.
    Quadratic,
    /// Uniform in lambda.
    LogSnr,
    /// Uniform in a root of the noise level.
    Karras,
    /// Powers of the logarithm of the noise level.
    Polyexponential,
    /// Uniform in the arc tangent of the noise level.
    KlOptimal,
    /// Noise levels by quantiles of Beta(0.6, 0.6).
    Beta,
    /// Times by quantiles of Beta(0.6, 0.6).
    BetaTime,
    /// Entries of the levels of improved DDPM.
    Iddpm,
    /// The levels of Align Your Steps for Stable Diffusion 1.5.
    AysSd15,
    /// The levels of Align Your Steps for Stable Diffusion XL.
    AysSdxl,
    /// The levels of Align Your Steps for Stable Video Diffusion.
    AysSvd,
    /// Whole times from the last to the first, evenly.
    Linspace,
    /// Multiples of a whole step, without 0.
    Leading,
    /// Whole times from the last, one even step after the other.
    Trailing,
    /// Whole times from the last to 0, 0 among them.
    LinspaceDdim,
    /// Multiples of a whole step from 0.
    LeadingDdim,
}

impl Grid {
    const ALL: [Self; 17] = [
        Self::Time,
        Self::Quadratic,
        Self::LogSnr,
        Self::Karras,
        Self::Polyexponential,
        Self::KlOptimal,
        Self::Beta,
        Self::BetaTime,
        Self::Iddpm,
        Self::AysSd15,
        Self::AysSdxl,
        Self::AysSvd,
        Self::Linspace,
        Self::Leading,
        Self::Trailing,
        Self::LinspaceDdim,
        Self::LeadingDdim,
    ];

    /// The names.
    pub const NAMES: &'static [&'static str] = &[
        "time",
        "quadratic",
        "logsnr",
        "karras",
        "polyexponential",
        "kl-optimal",
        "beta",
        "beta-t",
        "iddpm",
        "ays-sd15",
        "ays-sdxl",
        "ays-svd",
        "linspace",
        "leading",
        "trailing",
        "linspace-ddim",
        "leading-ddim",
    ];

    /// Second names, each with the name it stands for.
    pub const ALIASES: &'static [(&'static str, &'static str)] = &[
        ("normal", "time"),
        ("deis-t", "quadratic"),
        ("exponential", "logsnr"),
        ("rho", "karras"),
    ];

    /// The name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The grid of that name or second name.
    pub fn from_name(name: &str) -> Option<Self> {
        let alias = Self::ALIASES.iter().find(|(alias, _)| *alias == name);
        let name = alias.map_or(name, |(_, name)| name);
        Self::ALL.into_iter().find(|grid| grid.name() == name)
    }

    /// One line for lists.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Time => "uniform in the schedule's time",
            Self::Quadratic => "uniform in t^(1/rho), rho = 2",
            Self::LogSnr => "uniform in lambda = ln(alpha/sigma)",
            Self::Karras => "uniform in (sigma/alpha)^(1/rho), rho = 7",
            Self::Polyexponential => "powers of the logarithm of the noise level, rho = 1",
            Self::KlOptimal => "uniform in the arc tangent of the noise level",
            Self::Beta => "noise levels by quantiles of Beta(0.6, 0.6)",
            Self::BetaTime => "times by quantiles of Beta(0.6, 0.6)",
            Self::Iddpm => "entries of the 1000 levels of improved DDPM",
            Self::AysSd15 => "Align Your Steps for Stable Diffusion 1.5",
            Self::AysSdxl => "Align Your Steps for Stable Diffusion XL",
            Self::AysSvd => "Align Your Steps for Stable Video Diffusion",
            Self::Linspace => "whole times evenly, of discrete schedules",
            Self::Leading => "multiples of a whole step, without 0, of discrete schedules",
            Self::Trailing => "even steps down from the last whole time, of discrete schedules",
            Self::LinspaceDdim => "whole times evenly, 0 among them, of discrete schedules",
            Self::LeadingDdim => "multiples of a whole step from 0, of discrete schedules",
        }
    }
}
