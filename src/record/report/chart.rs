//! A small chart as SVG: a frame with round ticks, and marks in it.
//!
//! Colours come from the page's style sheet by class, so that one drawing serves light and dark; that
//! is why it is not left to a plotting crate, which writes colours into every element.

use super::axis::Axis;
use super::page::escape;
use std::fmt::Write;

/// A drawing being made; coordinates are data values.
#[derive(Debug)]
pub struct Chart {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) left: f64,
    pub(super) bottom: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    /// Below everything: for a legend.
    pub(super) foot: f64,
    x: Axis,
    y: Axis,
    pub(super) body: String,
}

/// Space above and to the right of the frame.
const TOP: f64 = 10.0;
const RIGHT: f64 = 12.0;

/// Ticks that an upright axis of this length has room for.
fn y_ticks(length: f64) -> usize {
    (length / 42.0).max(2.0) as usize
}

impl Chart {
    /// An empty chart of `width` by `height` units; text is 12 units high.
    pub fn new(width: f64, height: f64, x: Axis, y: Axis) -> Self {
        let bottom = if x.label.is_empty() { 22.0 } else { 40.0 };
        // The label stands to the left of the longest tick.
        let about = y_ticks(height - bottom - TOP);
        let widest = y.ticks(about).iter().map(|t| t.1.chars().count()).max();
        let left = match y.label.is_empty() {
            true => 12.0,
            false => (34.0 + 7.2 * widest.unwrap_or(0) as f64).max(56.0),
        };
        Self {
            width,
            height,
            left,
            bottom,
            top: TOP,
            right: RIGHT,
            foot: 0.0,
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

    /// With space at the foot, taken from the height.
    pub fn with_foot(mut self, foot: f64) -> Self {
        (self.foot, self.bottom) = (foot, self.bottom + foot);
        self
    }

    /// With the names of rows to the left, from above: the level axis of rows runs from 0 to their number.
    pub fn with_rows(mut self, names: &[String]) -> Self {
        let longest = names.iter().map(|name| name.chars().count()).max();
        self.left = 16.0 + 7.0 * longest.unwrap_or(0) as f64;
        for (k, name) in names.iter().enumerate() {
            let y = self.y((names.len() - k) as f64 - 0.5);
            let _ = writeln!(
                self.body,
                "<path class=\"grid\" d=\"M{:.1} {y:.1}H{:.1}\"/><text class=\"note\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                self.left,
                self.width - self.right,
                self.left - 6.0,
                y + 4.0,
                escape(name)
            );
        }
        self
    }

    /// With room to the left for text that is half as large again.
    pub fn for_large_text(mut self) -> Self {
        let about = y_ticks(self.height - self.bottom - self.top);
        let ticks = self.y.ticks(about);
        let widest = ticks.iter().map(|t| t.1.chars().count()).max();
        self.left = 28.0 + 10.8 * widest.unwrap_or(0) as f64;
        self
    }

    pub(super) fn x(&self, value: f64) -> f64 {
        self.left + self.x.place(value) * (self.width - self.left - self.right)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        let floor = self.height - self.bottom;
        floor - self.y.place(value) * (floor - self.top)
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

    /// A name above the frame.
    pub fn name(&mut self, text: &str) {
        let _ = writeln!(
            self.body,
            "<text class=\"note\" x=\"{:.1}\" y=\"17\">{}</text>",
            self.left,
            escape(text)
        );
    }

    /// The drawing as an SVG element; `title` and `description` are read by screen readers, `id` is its own.
    pub fn finish(self, id: &str, title: &str, description: &str) -> String {
        let (w, h) = (self.width, self.height);
        format!(
            "<svg viewBox=\"0 0 {w} {h}\" role=\"img\" aria-labelledby=\"{id}t {id}d\">\n<title id=\"{id}t\">{}</title>\n<desc id=\"{id}d\">{}</desc>\n{}</svg>\n",
            escape(title),
            escape(description),
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
            let about_y = y_ticks(floor - self.top);
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
                h - self.foot - 6.0,
                escape(&self.x.label)
            );
        }
        format!(
            "{axes}{}<path class=\"axis\" d=\"M{:.1} {floor:.1}H{right:.1}\"/>\n",
            self.body, self.left,
        )
    }
}
