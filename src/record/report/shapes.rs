//! The marks of a chart: lines, dots, bars, cells, areas.

use super::chart::Chart;
use super::names::mark;
use super::page::number;
use std::fmt::Write;

impl Chart {
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
            let path = mark(shape, cx, cy);
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

    /// Arrows downwards from bounds that values are below, each with its bound as a tooltip.
    pub fn arrows(&mut self, points: &[(f64, f64)], class: &str) {
        for &(x, y) in points {
            let (cx, cy) = (self.x(x), self.y(y));
            let _ = writeln!(
                self.body,
                "<path class=\"{class}\" d=\"M{:.1} {cy:.1}h8M{cx:.1} {cy:.1}v14m-3.5 -4.5l3.5 4.5l3.5 -4.5\"><title>{}, below {}</title></path>",
                cx - 4.0,
                number(x),
                number(y)
            );
        }
    }

    /// Adjoining bars of a histogram over `edges` (one more than `heights`).
    pub fn bars(&mut self, edges: &[f64], heights: &[f64]) {
        let floor = self.height - self.bottom;
        let mut path = String::new();
        for (edge, &height) in edges.windows(2).zip(heights).filter(|(_, h)| **h > 0.0) {
            let (x0, x1, y) = (self.x(edge[0]), self.x(edge[1]), self.y(height));
            // Narrow bars touch: gaps would pale them.
            let gap = if x1 - x0 > 4.0 { 0.6 } else { 0.0 };
            let wide = (x1 - x0 - gap).max(0.4);
            let _ = write!(path, "M{x0:.1} {floor:.1}V{y:.1}h{wide:.1}V{floor:.1}z");
        }
        let _ = writeln!(self.body, "<path class=\"bars\" d=\"{path}\"/>");
    }

    /// The cells of a two-dimensional histogram, rows of digits from 0 to 8, the lowest row first.
    pub fn cells(&mut self, rows: &[String]) {
        let columns = rows.first().map_or(1, String::len).max(1);
        let wide = (self.width - self.left - self.right) / columns as f64;
        let high = (self.height - self.bottom - self.top) / rows.len().max(1) as f64;
        for shade in 1..=8u32 {
            let mut path = String::new();
            for (r, row) in rows.iter().enumerate() {
                let y = self.height - self.bottom - (r + 1) as f64 * high;
                // Neighbours of one shade are one piece: fewer bytes, and no seams between them.
                let mut from = None;
                let digits = row.chars().map(|c| c.to_digit(10)).chain([None]);
                for (c, digit) in digits.enumerate() {
                    match (digit == Some(shade), from) {
                        (true, None) => from = Some(c),
                        (false, Some(start)) => {
                            let (x, long) =
                                (self.left + start as f64 * wide, (c - start) as f64 * wide);
                            let _ = write!(path, "M{x:.1} {y:.1}h{long:.1}v{high:.1}h-{long:.1}z");
                            from = None;
                        }
                        _ => {}
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

    /// The place of a point given in thousandths of the frame; `None` where the text is no such point.
    fn thousandths(&self, x: Option<&str>, y: Option<&str>) -> Option<(f64, f64)> {
        let share =
            |text: Option<&str>| Some(text?.parse::<f64>().ok()?.clamp(0.0, 1000.0) / 1000.0);
        let floor = self.height - self.bottom;
        Some((
            self.left + share(x)? * (self.width - self.left - self.right),
            floor - share(y)? * (floor - self.top),
        ))
    }

    /// Points `x,y` in thousandths of the frame, separated by spaces.
    pub fn scatter(&mut self, points: &str) {
        let mut path = String::new();
        for point in points.split(' ') {
            let mut numbers = point.split(',');
            if let Some((x, y)) = self.thousandths(numbers.next(), numbers.next()) {
                let _ = write!(path, "M{x:.1} {y:.1}h0");
            }
        }
        let _ = writeln!(self.body, "<path class=\"points\" d=\"{path}\"/>");
    }

    /// Pieces of lines `x,y,x,y` in thousandths of the frame, separated by spaces.
    pub fn contours(&mut self, pieces: &str) {
        let mut path = String::new();
        for piece in pieces.split(' ') {
            let mut numbers = piece.split(',');
            let from = self.thousandths(numbers.next(), numbers.next());
            let to = self.thousandths(numbers.next(), numbers.next());
            if let (Some((x0, y0)), Some((x1, y1))) = (from, to) {
                let _ = write!(path, "M{x0:.1} {y0:.1}L{x1:.1} {y1:.1}");
            }
        }
        if !path.is_empty() {
            let _ = writeln!(self.body, "<path class=\"exact\" d=\"{path}\"/>");
        }
    }

    /// The area between low and high along x: (x, low, high).
    pub fn band(&mut self, points: &[(f64, f64, f64)], class: &str) {
        let finite = |p: &(f64, f64, f64)| [p.0, p.1, p.2].iter().all(|v| v.is_finite());
        let points: Vec<(f64, f64, f64)> = points.iter().copied().filter(finite).collect();
        let up = points.iter().map(|&(x, _, high)| (x, high));
        let back = points.iter().rev().map(|&(x, low, _)| (x, low));
        let outline: Vec<String> = up
            .chain(back)
            .map(|(x, y)| format!("{:.1},{:.1}", self.x(x), self.y(y)))
            .collect();
        let _ = writeln!(
            self.body,
            "<polygon class=\"{class}\" points=\"{}\"/>",
            outline.join(" ")
        );
    }

    /// A level piece for every part of a histogram, without risers.
    pub fn treads(&mut self, edges: &[f64], heights: &[f64], class: &str) {
        let mut path = String::new();
        for (ends, height) in edges.windows(2).zip(heights) {
            let (x0, x1, y) = (self.x(ends[0]), self.x(ends[1]), self.y(*height));
            let _ = write!(path, "M{x0:.1} {y:.1}H{x1:.1}");
        }
        if !path.is_empty() {
            let _ = writeln!(self.body, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }

    /// The outline of a histogram.
    pub fn steps(&mut self, edges: &[f64], heights: &[f64], class: &str) {
        let corners = edges
            .windows(2)
            .zip(heights)
            .flat_map(|(ends, h)| [(ends[0], *h), (ends[1], *h)]);
        let corners: Vec<(f64, f64)> = corners.collect();
        self.line(&corners, class);
    }

    /// A line across the frame at a height.
    pub fn level(&mut self, y: f64, class: &str) {
        if !y.is_finite() {
            return;
        }
        let (y, right) = (self.y(y), self.width - self.right);
        let _ = writeln!(
            self.body,
            "<path class=\"{class}\" d=\"M{:.1} {y:.1}H{right:.1}\"/>",
            self.left
        );
    }

    /// A line from the floor to the top at an x.
    pub fn upright(&mut self, x: f64, class: &str) {
        if !x.is_finite() {
            return;
        }
        let (x, floor) = (self.x(x), self.height - self.bottom);
        let _ = writeln!(
            self.body,
            "<path class=\"{class}\" d=\"M{x:.1} {floor:.1}V{:.1}\"/>",
            self.top
        );
    }
}
