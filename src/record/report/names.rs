//! What tells lines apart: colours, marks, dashes; and their names on a chart.

use super::chart::Chart;
use super::page::escape;
use std::fmt::Write;

/// Colours of the style sheet; they can be told apart with any deficiency of colour vision.
pub const COLOURS: usize = 6;
/// Shapes of marks: disc, square, triangle, diamond.
const SHAPES: usize = 4;
/// Dashes of lines after the first six, the second six ...
const DASHES: [&str; 4] = ["", " dashed", " dotted", " mixed"];
/// Between labels.
const LINE: f64 = 15.0;
/// Between the lines of a legend.
const LEGEND: f64 = 18.0;
/// How far from the edge a line may end and still be joined to its name.
const REACH: f64 = 60.0;

/// How a line and its marks look: different for any two of 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    colour: usize,
    shape: usize,
    dash: usize,
}

impl Key {
    /// Of the line that is drawn after `k` others.
    pub fn of(k: usize) -> Self {
        Self {
            colour: k % COLOURS,
            shape: k % SHAPES,
            dash: k / COLOURS % DASHES.len(),
        }
    }

    /// The class of the line.
    pub fn line(self) -> String {
        format!("line c{}{}", self.colour, DASHES[self.dash])
    }

    /// The class of its marks.
    pub fn mark(self) -> String {
        format!("mark c{}", self.colour)
    }

    /// The class of its error bars.
    pub fn bar(self) -> String {
        format!("bar c{}", self.colour)
    }
}

/// The name of a line.
#[derive(Debug, Clone)]
pub struct Label {
    /// The point it is joined to.
    pub at: (f64, f64),
    /// The name.
    pub name: String,
    /// What follows it.
    pub rest: String,
    /// How the line looks.
    pub key: Key,
}

impl Chart {
    /// Labels to the right of the frame, each joined to its point, moved apart where they would overlap.
    pub fn labels(&mut self, labels: &[Label]) {
        let floor = self.height - self.bottom;
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by(|a, b| self.y(labels[*a].at.1).total_cmp(&self.y(labels[*b].at.1)));
        let mut places: Vec<f64> = order.iter().map(|k| self.y(labels[*k].at.1)).collect();
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
            let label = &labels[*k];
            let (x, y) = (self.x(label.at.0), self.y(label.at.1));
            // A line that ends far from the edge is known by its mark: its joint would cross others.
            if right - x < REACH {
                let _ = writeln!(
                    self.body,
                    "<path class=\"joint\" d=\"M{:.1} {y:.1}L{:.1} {place:.1}h6\"/>",
                    x + 6.0,
                    right + 4.0,
                );
            }
            self.sample(label, (right + 12.0, place), 26.0);
        }
    }

    /// A piece of the line with its mark, and the name behind it.
    fn sample(&mut self, label: &Label, (x, y): (f64, f64), long: f64) {
        let _ = writeln!(
            self.body,
            "<path class=\"{}\" d=\"M{x:.1} {y:.1}h{long:.1}\"/><path class=\"{}\" d=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\"><tspan class=\"name\">{}</tspan> {}</text>",
            label.key.line(),
            label.key.mark(),
            mark(label.key.shape, x + 0.5 * long, y),
            x + long + 7.0,
            y + 4.0,
            escape(&label.name),
            escape(&label.rest)
        );
    }

    /// The height of a legend of so many lines.
    pub fn legend_height(lines: usize) -> f64 {
        LEGEND * lines as f64 + 8.0
    }

    /// The names below the frame, one a line: needs space at the foot.
    pub fn legend(&mut self, labels: &[Label]) {
        let top = self.height - self.foot + 12.0;
        for (k, label) in labels.iter().enumerate() {
            self.sample(label, (14.0, top + LEGEND * k as f64), 34.0);
        }
    }
}

/// The outline of a mark about a point.
pub(super) fn mark(shape: usize, cx: f64, cy: f64) -> String {
    let at = |x: f64, y: f64| format!("{:.1} {:.1}", cx + x, cy + y);
    match shape % SHAPES {
        0 => format!(
            "M{}a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0 -7.2 0z",
            at(-3.6, 0.0)
        ),
        1 => format!("M{}h6.4v6.4h-6.4z", at(-3.2, -3.2)),
        2 => format!("M{}L{}L{}z", at(0.0, -4.4), at(4.2, 3.2), at(-4.2, 3.2)),
        _ => format!("M{}l4.5 4.5l-4.5 4.5l-4.5 -4.5z", at(0.0, -4.5)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_two_dozen_lines_differ() {
        for a in 0..24 {
            for b in 0..a {
                assert_ne!(Key::of(a), Key::of(b), "{a} {b}");
            }
        }
    }
}
