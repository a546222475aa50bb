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
    x: Axis,
    y: Axis,
    pub(super) body: String,
}

/// Between lines of text.
const LINE: f64 = 15.0;
/// How far from the edge a line may end and still be joined to its name.
const REACH: f64 = 60.0;
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

    pub(super) fn x(&self, value: f64) -> f64 {
        self.left + self.x.place(value) * (self.width - self.left - self.right)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        let floor = self.height - self.bottom;
        floor - self.y.place(value) * (floor - self.top)
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
            // A line that ends far from the edge is known by its colour: its joint would cross others.
            if right - x < REACH {
                let _ = writeln!(
                    self.body,
                    "<path class=\"joint\" d=\"M{:.1} {y:.1}L{:.1} {place:.1}h8\"/>",
                    x + 6.0,
                    right + 4.0,
                );
            }
            let _ = writeln!(
                self.body,
                "<text x=\"{:.1}\" y=\"{:.1}\"><tspan class=\"{class}\">{}</tspan> {}</text>",
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
