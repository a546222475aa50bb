//! The page as it is put together: sections with a table of contents, numbered figures, text made safe.

use super::super::table::figure;
use super::chart::Chart;
use std::fmt::Write;

/// A page being made.
#[derive(Debug, Default)]
pub struct Page {
    contents: String,
    body: String,
    figures: usize,
    drawings: usize,
}

/// One drawing of a figure, with what a screen reader says of it.
#[derive(Debug)]
pub struct Drawing {
    /// The drawing.
    pub chart: Chart,
    /// What it is.
    pub title: String,
    /// What is on it.
    pub description: String,
}

impl Page {
    /// Adds a section; `body` is safe.
    pub fn section(&mut self, id: &str, title: &str, body: &str) {
        let _ = writeln!(self.contents, "<li><a href=\"#{id}\">{title}</a></li>");
        let _ = write!(
            self.body,
            "<section id=\"{id}\">\n<h2>{title}</h2>\n{body}</section>\n"
        );
    }

    /// A numbered figure; `caption` is safe and says what to see.
    pub fn figure(&mut self, drawings: Vec<Drawing>, caption: &str) -> String {
        self.figures += 1;
        let n = self.figures;
        // Small pictures without labels stand two by two on a phone.
        let (class, inner) = match drawings.as_slice() {
            [only] if only.chart.width < 320.0 => ("figure narrow", ""),
            [_] => ("figure", ""),
            [first, ..] if first.chart.width < 280.0 => ("figure panels", " class=\"small tiny\""),
            _ => ("figure panels", " class=\"small\""),
        };
        let mut out = format!("<figure class=\"{class}\" id=\"figure-{n}\">\n<div{inner}>\n");
        for drawing in drawings {
            self.drawings += 1;
            let id = format!("d{}", self.drawings);
            out.push_str(
                &drawing
                    .chart
                    .finish(&id, &drawing.title, &drawing.description),
            );
        }
        let _ = write!(
            out,
            "</div>\n<figcaption><b>Figure {n}.</b> {caption}</figcaption>\n</figure>\n"
        );
        out
    }

    /// The table of contents and the sections.
    pub fn finish(self) -> (String, String) {
        let contents = format!(
            "<nav aria-label=\"Contents\">\n<ol>\n{}</ol>\n</nav>\n",
            self.contents
        );
        (contents, self.body)
    }
}

/// Text made safe inside HTML and SVG, in elements and in attributes.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => safe.push(c),
        }
    }
    safe
}

/// A name made safe that is not broken at its end of a line, where it is short enough for that.
pub fn whole(name: &str) -> String {
    match name.chars().count() <= 24 {
        true => format!("<span class=\"nowrap\">{}</span>", escape(name)),
        false => escape(name),
    }
}

/// Text made safe in which options of the command line are not broken at the end of a line.
pub fn prose(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.find("--") {
        Some(_) if word.len() <= 40 => {
            format!("<span class=\"nowrap\">{}</span>", escape(word))
        }
        _ => escape(word),
    });
    words.collect::<Vec<String>>().join(" ")
}

/// A name short enough for the room there is, its end left out.
pub fn short(name: &str, most: usize) -> String {
    match name.chars().count() > most {
        true => name.chars().take(most - 1).chain(['…']).collect(),
        false => name.to_owned(),
    }
}

/// A number with a proper minus sign.
pub fn number(value: f64) -> String {
    figure(value).replace("e-", "e\u{2212}").replacen(
        '-',
        if value < 0.0 { "\u{2212}" } else { "–" },
        1,
    )
}

/// A number with so many decimals, a dash if it is not finite.
pub fn fixed(value: f64, decimals: usize) -> String {
    match value.is_finite() {
        true => format!("{value:.decimals$}").replace('-', "\u{2212}"),
        false => "–".into(),
    }
}

/// A whole number with thin spaces between thousands.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push('\u{2009}');
        }
        out.push(c);
    }
    out
}

/// A size that is not a whole number, rounded as the text of a run has it.
pub fn rounded(value: f64) -> String {
    count(value.round_ties_even() as u64)
}

/// R-hat, also that of chains which stand still apart.
pub fn r_hat(value: f64) -> String {
    match value.is_infinite() {
        true => "∞".into(),
        false => fixed(value, 3),
    }
}

/// A number of things: `1 thread`, `2 threads`.
pub fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n as u64), if n == 1 { one } else { many })
}

/// Pairs of a label and text that is already safe.
pub fn facts(rows: &[(&str, String)]) -> String {
    let mut out = String::from("<dl class=\"facts\">\n");
    for (label, value) in rows {
        let _ = writeln!(out, "<dt>{label}</dt><dd>{value}</dd>");
    }
    out + "</dl>\n"
}

/// A table that scrolls in its own box, which shades the side where more is; the first column holds names. All text is
/// safe.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = String::from("<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
    for name in head {
        let _ = write!(out, "<th scope=\"col\">{name}</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        for (k, cell) in row.iter().enumerate() {
            let _ = match k {
                0 => write!(out, "<tr><th scope=\"row\">{cell}</th>"),
                _ => write!(out, "<td>{cell}</td>"),
            };
        }
        out.push_str("</tr>\n");
    }
    out + "</tbody>\n</table></div>\n"
}

/// Figures side by side where there is room.
pub fn grid(figures: &[String]) -> String {
    match figures.is_empty() {
        true => String::new(),
        false => format!("<div class=\"grid\">\n{}</div>\n", figures.concat()),
    }
}

/// A sample of a line or an area in a caption.
pub fn key(class: &str) -> String {
    format!("<span class=\"key {class}\"></span>")
}

/// The range of finite numbers; `None` without any.
pub fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|v| v.is_finite());
    finite.fold(None, |range: Option<(f64, f64)>, v| {
        let (low, high) = range.unwrap_or((v, v));
        Some((low.min(v), high.max(v)))
    })
}

/// Rising edges of equal bins.
pub fn edges(low: f64, high: f64, bins: usize) -> Vec<f64> {
    let edge = |k: usize| low + k as f64 / bins.max(1) as f64 * (high - low);
    (0..=bins).map(edge).collect()
}
