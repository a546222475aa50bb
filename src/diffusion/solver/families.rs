//! Solvers whose names hold numbers: any of a family is found by its name, some of them stand in the table.
//!
//! | name | solver |
//! |---|---|
//! | `unip-P`, `unip-P-noise` | UniP of order P, on the data or the noise |
//! | `unipc-P-FORM`, `unipc-P-noise-FORM` | UniPC: the same with the corrector, of order P + 1 |
//! | `heavy-ball-L`, `ghvb-L` | momentum, L = (k - 1) + b, 0 < b <= 1 |
//!
//! FORM is bh1, bh2 or vary; on the noise is diffusers' `predict_x0=False`. Sources: Zhao et al. 2023,
//! arXiv:2302.04867; Wizadwongsa et al. 2023, arXiv:2307.11118.

use super::description::{Description, Habit, Method, NoiseKind};
use super::multistep::MOST_ORDER;
use super::table::{multistep, row};
use super::{Multistep, Weights};
use crate::target::Prediction;

const UNIPC: &str = "Zhao et al. 2023, arXiv:2302.04867";
const GHVB: &str = "Wizadwongsa et al. 2023, arXiv:2307.11118";
/// The highest levels of heavy balls and of ghvb.
const MOST_MOMENTUM: (f64, f64) = (4.0, 5.0);

/// The solver of that name, if its numbers are in range.
pub(super) fn of_family(name: &str) -> Option<Description> {
    let uni = uni(name).filter(|uni| (1..=MOST_ORDER).contains(&uni.order));
    uni.map(|uni| uni.row(name)).or_else(|| with_momentum(name))
}

/// What a number in the name of a solver may be, where the name is of a family.
pub fn numbers_of_family(name: &str) -> Option<String> {
    if uni(name).is_some() {
        return Some(format!("orders 1 to {MOST_ORDER}"));
    }
    let (level, generalised) = level(name)?;
    level.parse::<f64>().ok()?;
    Some(format!("levels above 0, at most {}", most(generalised)))
}

/// A member of the families UniP and UniPC, its order not judged.
struct Uni {
    order: usize,
    prediction: Prediction,
    /// None without the corrector.
    form: Option<Weights>,
}

fn uni(name: &str) -> Option<Uni> {
    let mut words = name.split('-');
    let corrected = match words.next()? {
        "unip" => false,
        "unipc" => true,
        _ => return None,
    };
    let digits = words.next()?;
    let plain = digits.chars().all(|c| c.is_ascii_digit()) && !digits.starts_with('0');
    let order = digits.parse().ok().filter(|_| plain)?;
    let mut word = words.next();
    let prediction = match word {
        Some("noise") => {
            word = words.next();
            Prediction::Noise
        }
        _ => Prediction::Data,
    };
    let form = match (word, corrected) {
        (None, false) => None,
        (Some("bh1"), true) => Some(Weights::StepSize),
        (Some("bh2"), true) => Some(Weights::Midpoint),
        (Some("vary"), true) => Some(Weights::Exact),
        _ => return None,
    };
    words.next().is_none().then_some(Uni {
        order,
        prediction,
        form,
    })
}

impl Uni {
    fn row(&self, name: &str) -> Description {
        let weights = self.form.unwrap_or(Weights::Midpoint);
        let corrected = self.form.is_some();
        let method = Method::Exponential(Multistep {
            corrected,
            // Always lowered.
            ..multistep(self.order, self.prediction, weights, usize::MAX)
        });
        let habit = match self.prediction {
            Prediction::Data => Habit::Zero,
            Prediction::Noise => Habit::Smallest,
        };
        let order = self.order + usize::from(corrected);
        let name = name.to_owned();
        row(name, (order, 1), habit, NoiseKind::None, UNIPC, method)
    }
}

/// What follows the name of a family with momentum, and whether it is the generalised one.
fn level(name: &str) -> Option<(&str, bool)> {
    match name.strip_prefix("ghvb-") {
        Some(level) => Some((level, true)),
        None => Some((name.strip_prefix("heavy-ball-")?, false)),
    }
}

fn most(generalised: bool) -> f64 {
    if generalised {
        MOST_MOMENTUM.1
    } else {
        MOST_MOMENTUM.0
    }
}

/// `heavy-ball-L` and `ghvb-L`: L = (k - 1) + b, 0 < b <= 1.
fn with_momentum(name: &str) -> Option<Description> {
    let (level, generalised) = level(name)?;
    let plain = level.chars().all(|c| c.is_ascii_digit() || c == '.');
    let value: f64 = level.parse().ok().filter(|_| plain)?;
    if !(value > 0.0 && value <= most(generalised)) {
        return None;
    }
    let order = value.ceil();
    let method = Method::Momentum(order as usize, value - (order - 1.0), generalised);
    let reached = match (generalised, value == order) {
        (true, _) | (false, true) => order as usize,
        (false, false) => 1,
    };
    let habit = Habit::Zero;
    Some(row(
        name.to_owned(),
        (reached, 1),
        habit,
        NoiseKind::None,
        GHVB,
        method,
    ))
}
