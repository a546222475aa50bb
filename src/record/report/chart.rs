//! A small chart as SVG: a frame with round ticks, and marks in it.
//!
//! Colours come from the page's style sheet by class, so that one drawing serves light and dark; that
//! is why it is not left to a plotting crate, which writes colours into every element.

use super::{escape, number};
use std::fmt::Write;

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
    label: String,
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
    fn place(&self, value: f64) -> f64 {
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
    fn ticks(&self, about: usize) -> Vec<(f64, String)> {
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
        while self.count(self.step(about)) < 2.0 && about < 20 {
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

/// A drawing being made; coordinates are data values.
#[derive(Debug)]
pub struct Chart {
    width: f64,
    height: f64,
    left: f64,
    bottom: f64,
    top: f64,
    right: f64,
    x: Axis,
    y: Axis,
    body: String,
}

/// Shapes of marks: disc, square, triangle, diamond.
const SHAPES: usize = 4;
/// Between lines of text.
const LINE: f64 = 15.0;
/// Space above and to the right of the frame.
const TOP: f64 = 10.0;
const RIGHT: f64 = 12.0;

impl Chart {
    /// An empty chart of `width` by `height` units; text is 12 units high.
    pub fn new(width: f64, height: f64, x: Axis, y: Axis) -> Self {
        let left = if y.label.is_empty() { 12.0 } else { 64.0 };
        let bottom = if x.label.is_empty() { 22.0 } else { 40.0 };
        Self {
            width,
            height,
            left,
            bottom,
            top: TOP,
            right: RIGHT,
            x,
            y,
            body: String::new(),
        }
    }

    /// With other space above and to the right of the frame: for a title, for labels.
    pub fn with_space(mut self, top: f64, right: f64) -> Self {
        (self.top, self.right) = (top, right);
        self
    }

    fn x(&self, value: f64) -> f64 {
        self.left + self.x.place(value) * (self.width - self.left - self.right)
    }

    fn y(&self, value: f64) -> f64 {
        let floor = self.height - self.bottom;
        floor - self.y.place(value) * (floor - self.top)
    }

    /// A line through points, with a class of the style sheet.
    pub fn line(&mut self, points: &[(f64, f64)], class: &str) {
        let points: Vec<String> = points
            .iter()
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .map(|&(x, y)| format!("{:.1},{:.1}", self.x(x), self.y(y)))
            .collect();
        if points.len() > 1 {
            let _ = writeln!(
                self.body,
                "<polyline class=\"{class}\" points=\"{}\"/>",
                points.join(" ")
            );
        }
    }

    /// Dots, each with its values as a tooltip; none where there are more than 120.
    pub fn dots(&mut self, points: &[(f64, f64)]) {
        if points.len() > 120 {
            return;
        }
        for &(x, y) in points
            .iter()
            .filter(|(x, y)| x.is_finite() && y.is_finite())
        {
            let (cx, cy) = (self.x(x), self.y(y));
            let tip = format!("{}, {}", number(x), number(y));
            let _ = writeln!(
                self.body,
                "<circle class=\"dot\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"2.6\"><title>{tip}</title></circle>"
            );
        }
    }

    /// Marks of one of a few shapes, each with its values as a tooltip.
    pub fn marks(&mut self, points: &[(f64, f64)], shape: usize, class: &str) {
        for &(x, y) in points.iter().filter(|p| p.0.is_finite() && p.1.is_finite()) {
            let (cx, cy) = (self.x(x), self.y(y));
            let tip = format!("{}, {}", number(x), number(y));
            let at = |x: f64, y: f64| format!("{:.1} {:.1}", cx + x, cy + y);
            let path = match shape % SHAPES {
                0 => format!(
                    "M{}a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0 -7.2 0z",
                    at(-3.6, 0.0)
                ),
                1 => format!("M{}h6.4v6.4h-6.4z", at(-3.2, -3.2)),
                2 => format!("M{}L{}L{}z", at(0.0, -4.4), at(4.2, 3.2), at(-4.2, 3.2)),
                _ => format!("M{}l4.5 4.5l-4.5 4.5l-4.5 -4.5z", at(0.0, -4.5)),
            };
            let _ = writeln!(
                self.body,
                "<path class=\"{class}\" d=\"{path}\"><title>{tip}</title></path>"
            );
        }
    }

    /// Error bars: x, and y from low to high.
    pub fn error_bars(&mut self, bars: &[(f64, f64, f64)], class: &str) {
        for &(x, low, high) in bars {
            let (x, low, high) = (self.x(x), self.y(low), self.y(high));
            // Shorter than a mark they say nothing.
            if low - high > 2.0 {
                let _ = writeln!(
                    self.body,
                    "<path class=\"{class}\" d=\"M{x:.1} {low:.1}V{high:.1}M{:.1} {low:.1}h6M{:.1} {high:.1}h6\"/>",
                    x - 3.0,
                    x - 3.0
                );
            }
        }
    }

    /// Labels to the right of the frame, each joined to its point (x, y), moved apart where they would overlap:
    /// (x, y, name, its class, what follows it).
    pub fn labels(&mut self, labels: &[(f64, f64, String, String, String)]) {
        let floor = self.height - self.bottom;
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by(|a, b| self.y(labels[*a].1).total_cmp(&self.y(labels[*b].1)));
        let mut places: Vec<f64> = order.iter().map(|k| self.y(labels[*k].1)).collect();
        let apart = LINE.min((floor - self.top) / labels.len().max(1) as f64);
        // Groups that touch share the way they have to move.
        for _ in 0..200 {
            let mut moved = false;
            for k in 1..places.len() {
                let lack = apart - (places[k] - places[k - 1]);
                if lack > 1e-3 {
                    places[k - 1] -= 0.5 * lack;
                    places[k] += 0.5 * lack;
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        let (mut low, mut high) = (self.top + 4.0, floor - 2.0);
        for place in &mut places {
            *place = place.max(low);
            low = *place + apart;
        }
        for place in places.iter_mut().rev() {
            *place = place.min(high);
            high = *place - apart;
        }
        let right = self.width - self.right;
        for (k, place) in order.iter().zip(places) {
            let (x, y, name, class, rest) = &labels[*k];
            let (x, y) = (self.x(*x), self.y(*y));
            let _ = writeln!(
                self.body,
                "<path class=\"joint\" d=\"M{:.1} {y:.1}L{:.1} {place:.1}h8\"/><text x=\"{:.1}\" y=\"{:.1}\"><tspan class=\"{class}\">{}</tspan> {}</text>",
                x + 6.0,
                right + 4.0,
                right + 16.0,
                place + 4.0,
                escape(name),
                escape(rest)
            );
        }
    }

    /// A title and a line below it, above the frame.
    pub fn heading(&mut self, title: &str, below: &str) {
        let x = self.left;
        let _ = writeln!(
            self.body,
            "<text class=\"title\" x=\"{x:.1}\" y=\"22\">{}</text><text x=\"{x:.1}\" y=\"40\">{}</text>",
            escape(title),
            escape(below)
        );
    }

    /// Adjoining bars of a histogram over `edges` (one more than `heights`).
    pub fn bars(&mut self, edges: &[f64], heights: &[f64]) {
        let floor = self.height - self.bottom;
        let mut path = String::new();
        for (edge, &height) in edges.windows(2).zip(heights).filter(|(_, h)| **h > 0.0) {
            let (x0, x1, y) = (self.x(edge[0]), self.x(edge[1]), self.y(height));
            let wide = (x1 - x0 - 0.6).max(0.4);
            let _ = write!(path, "M{x0:.1} {floor:.1}V{y:.1}h{wide:.1}V{floor:.1}z");
        }
        let _ = writeln!(self.body, "<path class=\"bar\" d=\"{path}\"/>");
    }

    /// Cells of a two-dimensional histogram, `counts[row][column]` with row 0 lowest: eight shades.
    pub fn cells(&mut self, counts: &[Vec<u32>]) {
        let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
        let columns = counts.first().map_or(1, Vec::len).max(1);
        let wide = (self.width - self.left - self.right) / columns as f64;
        let high = (self.height - self.bottom - self.top) / counts.len().max(1) as f64;
        for shade in 1..=8u32 {
            let mut path = String::new();
            for (r, row) in counts.iter().enumerate() {
                for (c, &n) in row.iter().enumerate() {
                    // Square-root scale, so that thin tails stay visible.
                    let level = (8.0 * (f64::from(n) / f64::from(most)).sqrt()).ceil() as u32;
                    if n > 0 && level == shade {
                        let x = self.left + c as f64 * wide;
                        let y = self.height - self.bottom - (r + 1) as f64 * high;
                        let _ = write!(path, "M{x:.1} {y:.1}h{wide:.2}v{high:.2}h-{wide:.2}z");
                    }
                }
            }
            if !path.is_empty() {
                let opacity = 0.08 + 0.92 * f64::from(shade) / 8.0;
                let _ = writeln!(
                    self.body,
                    "<path class=\"cell\" fill-opacity=\"{opacity:.2}\" d=\"{path}\"/>"
                );
            }
        }
    }

    /// Text in the upper right corner of the frame.
    pub fn note(&mut self, text: &str) {
        let (x, y) = (self.width - self.right - 4.0, self.top + 14.0);
        let text = escape(text);
        let _ = writeln!(
            self.body,
            "<text class=\"note\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\">{text}</text>"
        );
    }

    /// The drawing as an SVG element; `title` is read by screen readers.
    pub fn finish(self, title: &str) -> String {
        let (w, h) = (self.width, self.height);
        format!(
            "<svg viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{}\">\n{}</svg>\n",
            escape(title),
            self.content()
        )
    }

    /// The drawing as a file of its own, with its style sheet and ground.
    pub fn finish_alone(self, title: &str, style: &str) -> String {
        let (w, h) = (self.width, self.height);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{}\">\n<style>\n{style}</style>\n<rect class=\"ground\" width=\"{w}\" height=\"{h}\"/>\n{}</svg>\n",
            escape(title),
            self.content()
        )
    }

    /// Axes below, marks above them.
    fn content(&self) -> String {
        let h = self.height;
        let (floor, right) = (h - self.bottom, self.width - self.right);
        let mut axes = String::new();
        let about_x = ((right - self.left) / 70.0).max(2.0) as usize;
        for (value, label) in self.x.ticks(about_x) {
            let x = self.x(value);
            let _ = writeln!(
                axes,
                "<path class=\"grid\" d=\"M{x:.1} {floor:.1}v4\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
                floor + 16.0
            );
        }
        if !self.y.label.is_empty() {
            let about_y = ((floor - self.top) / 42.0).max(2.0) as usize;
            for (value, label) in self.y.ticks(about_y) {
                let y = self.y(value);
                let _ = writeln!(
                    axes,
                    "<path class=\"grid\" d=\"M{:.1} {y:.1}H{right:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
                    self.left,
                    self.left - 6.0,
                    y + 4.0
                );
            }
            let middle = (self.top + floor) / 2.0;
            let _ = writeln!(
                axes,
                "<text class=\"label\" transform=\"translate(13 {middle:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
                escape(&self.y.label)
            );
        }
        if !self.x.label.is_empty() {
            let middle = (self.left + right) / 2.0;
            let _ = writeln!(
                axes,
                "<text class=\"label\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                h - 6.0,
                escape(&self.x.label)
            );
        }
        format!(
            "{axes}{}<path class=\"axis\" d=\"M{:.1} {floor:.1}H{right:.1}\"/>\n",
            self.body, self.left,
        )
    }
}
