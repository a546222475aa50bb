//! Axes of a chart: ranges, places in them, round ticks.

use super::page::number;

/// One axis.
#[derive(Debug, Clone)]
pub struct Axis {
    low: f64,
    high: f64,
    log: bool,
    /// Ticks at whole numbers only.
    whole: bool,
    /// Ticks at these values, of a logarithmic axis; by default at powers of ten.
    marks: Vec<f64>,
    pub(super) label: String,
}

impl Axis {
    /// A linear axis; an empty or broken range becomes one of width 1.
    pub fn linear(label: &str, low: f64, high: f64) -> Self {
        let ok = low.is_finite() && high.is_finite() && (high - low).is_finite();
        let (low, high) = if ok { (low, high) } else { (0.0, 1.0) };
        let wide = high - low > 1e-12 * low.abs().max(high.abs());
        let pad = 0.5 * low.abs().max(1.0);
        let (low, high) = if wide {
            (low, high)
        } else {
            (low - pad, low + pad)
        };
        Self {
            low,
            high,
            log: false,
            whole: false,
            marks: Vec::new(),
            label: label.into(),
        }
    }

    /// A linear axis of counts: ticks at whole numbers.
    pub fn counted(label: &str, low: f64, high: f64) -> Self {
        Self {
            whole: true,
            ..Self::linear(label, low, high)
        }
    }

    /// A logarithmic axis from one power of ten to another; needs 0 < low < high.
    pub fn log(label: &str, low: f64, high: f64) -> Self {
        let decade = |v: f64| log10(v).floor();
        let (from, to) = (decade(low), -decade(1.0 / high));
        Self {
            low: from,
            high: to.max(from + 1.0),
            log: true,
            whole: false,
            marks: Vec::new(),
            label: label.into(),
        }
    }

    /// A logarithmic axis a little wider than its ends, with ticks at these rising values, all above 0.
    pub fn marked(label: &str, marks: &[f64], ends: (f64, f64)) -> Self {
        let (low, high) = (log10(ends.0), log10(ends.1));
        let pad = (0.04 * (high - low)).max(0.02);
        Self {
            low: low - pad,
            high: high + pad,
            log: true,
            whole: false,
            marks: marks.to_vec(),
            label: label.into(),
        }
    }

    /// Position in [0, 1] of a value in the frame.
    pub(super) fn place(&self, value: f64) -> f64 {
        let value = if self.log { log10(value) } else { value };
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// The round step that gives about so many ticks.
    fn step(&self, about: usize) -> f64 {
        let rough = (self.high - self.low) / about as f64;
        let unit = 10f64.powi(log10(rough).floor() as i32);
        let factor = [1.0, 2.0, 5.0]
            .into_iter()
            .find(|f| f * unit >= rough * 0.999);
        let step = factor.unwrap_or(10.0) * unit;
        if self.whole { step.max(1.0) } else { step }
    }

    /// How many multiples of `step` there are on the axis.
    fn count(&self, step: f64) -> f64 {
        (self.high / step + 1e-9).floor() - (self.low / step - 1e-9).ceil() + 1.0
    }

    /// Ticks as (value, label).
    pub(super) fn ticks(&self, about: usize) -> Vec<(f64, String)> {
        if !self.marks.is_empty() {
            let mut ticks: Vec<(f64, String)> = Vec::new();
            for mark in &self.marks {
                let room = 0.5 / about as f64;
                let free = |(last, _): &(f64, String)| self.place(*mark) - self.place(*last) > room;
                if ticks.last().is_none_or(free) {
                    ticks.push((*mark, format!("{mark}")));
                }
            }
            return ticks;
        }
        if self.log {
            let (from, to) = (self.low as i32, self.high as i32);
            if to - from == 1 {
                let unit = 10f64.powi(from);
                return [1.0, 2.0, 5.0, 10.0]
                    .map(|k| (k * unit, plain(k * unit)))
                    .to_vec();
            }
            let every = ((to - from) / about as i32).max(1);
            let label = |e: i32| match e {
                0 => "1".to_owned(),
                1 => "10".to_owned(),
                e => format!("10{}", superscript(e)),
            };
            let counted = (from..=to).rev().step_by(every as usize);
            return counted.map(|e| (10f64.powi(e), label(e))).collect();
        }
        let mut about = about;
        // Two would be the ends of a single step: no scale to read by.
        while self.count(self.step(about)) < 3.0 && about < 20 {
            about += 1;
        }
        let step = self.step(about);
        let decimals = (-log10(step * 1.0001).floor()).clamp(0.0, 12.0) as usize;
        let first = (self.low / step - 1e-9).ceil();
        (0..self.count(step).clamp(0.0, 50.0) as usize)
            .map(|i| {
                let value = (first + i as f64) * step;
                let plain = value.abs() < 1e5 && decimals < 5;
                let text = match plain {
                    true => format!("{value:.decimals$}").replace('-', "\u{2212}"),
                    false => number(value),
                };
                (value, if value == 0.0 { "0".into() } else { text })
            })
            .collect()
    }
}

/// A round number as short as it is.
fn plain(value: f64) -> String {
    match (1e-3..1e5).contains(&value) {
        // What is left of binary fractions has no place here.
        true => format!("{}", (value * 1e6).round() / 1e6),
        false => number(value),
    }
}

/// Decides where marks and ticks stand; no result depends on it.
#[allow(clippy::disallowed_methods)]
fn log10(value: f64) -> f64 {
    value.log10()
}

fn superscript(exponent: i32) -> String {
    let raised = |c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4'..='9' => char::from_u32('⁰' as u32 + c as u32 - '0' as u32).unwrap_or(c),
        _ => '⁰',
    };
    exponent.to_string().chars().map(raised).collect()
}
