//! The design matrix: CSV files stacked, checked cell by cell, standardised, an intercept in front.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// How a CSV becomes a design matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// The column that holds the response, 0 or 1.
    pub response: String,
    /// Subtract the mean of every column and divide by its population standard deviation; a
    /// constant column becomes 0.
    pub standardise: bool,
    /// A column of ones in front, called `intercept`.
    pub intercept: bool,
}

/// Covariates and responses.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// The columns of the design matrix.
    pub names: Vec<String>,
    /// Row-major design matrix.
    pub rows: Vec<f64>,
    /// The responses.
    pub response: Vec<bool>,
}

impl Data {
    /// Reads and stacks CSV files with the same header, comma-separated, UTF-8 (a byte order mark
    /// is skipped). Refused by file, line and column: whatever is not a finite decimal number, a
    /// response other than 0 or 1, rows of another length, no rows.
    pub fn read(paths: &[PathBuf], layout: &Layout) -> Result<Self> {
        let mut header: Option<Vec<String>> = None;
        let (mut rows, mut response) = (Vec::new(), Vec::new());
        for path in paths {
            let text = read_text(path)?;
            let mut reader = csv::ReaderBuilder::new()
                .flexible(true)
                .trim(csv::Trim::All)
                .from_reader(text.as_bytes());
            let names = read_header(path, &mut reader)?;
            let Some(y) = names.iter().position(|name| *name == layout.response) else {
                let known = names.join(", ");
                let what = format!(
                    "no column {:?} (response); it has: {known}",
                    layout.response
                );
                return Err(Error::data(path, what));
            };
            match &header {
                Some(first) if *first != names => {
                    let what = format!("its header differs from that of {}", paths[0].display());
                    return Err(Error::data(path, what));
                }
                _ => header = Some(names.clone()),
            }
            let before = response.len();
            for record in reader.records() {
                let record = record.map_err(|error| Error::data(path, error.to_string()))?;
                let line = record.position().map_or(0, csv::Position::line);
                if record.len() != names.len() {
                    let what = format!(
                        "line {line} has {} cells; the header has {}",
                        record.len(),
                        names.len()
                    );
                    return Err(Error::data(path, what));
                }
                for (j, cell) in record.iter().enumerate() {
                    let value = number(path, line, &names[j], cell)?;
                    if j != y {
                        rows.push(value);
                    } else if value == 0.0 || value == 1.0 {
                        response.push(value == 1.0);
                    } else {
                        let what =
                            format!("line {line}, column {}: {cell}; must be 0 or 1", names[j]);
                        return Err(Error::data(path, what));
                    }
                }
            }
            if response.len() == before {
                return Err(Error::data(
                    path,
                    "no rows below the header; must have at least 1",
                ));
            }
        }
        let Some(mut names) = header else {
            return Err(Error::invalid(
                "logistic data",
                "[]",
                "at least one CSV file",
            ));
        };
        names.retain(|name| *name != layout.response);
        if names.is_empty() && !layout.intercept {
            let allowed = "a column besides the response, or intercept = true";
            return Err(Error::data(&paths[0], format!("no covariates; {allowed}")));
        }
        let mut data = Self {
            names,
            rows,
            response,
        };
        if layout.standardise {
            data.standardise();
        }
        if layout.intercept {
            data.prepend_ones();
        }
        Ok(data)
    }

    /// Column by column: minus the mean, over the population standard deviation; 0 if constant.
    fn standardise(&mut self) {
        let (d, n) = (self.names.len(), self.response.len());
        for j in 0..d {
            let column = || self.rows.iter().skip(j).step_by(d);
            let first = self.rows[j];
            let constant = column().all(|&x| x == first);
            // Scaled, so that columns near the largest number neither overflow nor lose digits.
            let largest = column().fold(0.0f64, |m, x| m.max(x.abs()));
            let unit = if largest > 0.0 { largest } else { 1.0 };
            let mean = column().map(|x| x / unit).sum::<f64>() / n as f64;
            let square = column()
                .map(|x| (x / unit - mean) * (x / unit - mean))
                .sum::<f64>();
            let sd = (square / n as f64).sqrt();
            for x in self.rows.iter_mut().skip(j).step_by(d) {
                *x = if constant {
                    0.0
                } else {
                    (*x / unit - mean) / sd
                };
            }
        }
    }

    fn prepend_ones(&mut self) {
        let d = self.names.len();
        let mut rows = Vec::with_capacity(self.response.len() * (d + 1));
        for i in 0..self.response.len() {
            rows.push(1.0);
            rows.extend(&self.rows[i * d..(i + 1) * d]);
        }
        self.rows = rows;
        self.names.insert(0, "intercept".to_owned());
    }
}

/// The text of a file, without a byte order mark.
fn read_text(path: &Path) -> Result<String> {
    if path.is_dir() {
        return Err(Error::data(path, "is a folder; must be a CSV file"));
    }
    if path.metadata().is_ok_and(|m| !m.is_file()) {
        return Err(Error::data(
            path,
            "is not a regular file; must be a CSV file",
        ));
    }
    let bytes = std::fs::read(path)
        .map_err(|error| Error::data(path, format!("cannot be read: {error}")))?;
    let bytes = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(&bytes)
        .to_vec();
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::data(
            path,
            format!("byte {at} is not UTF-8 text; must be a CSV file in UTF-8"),
        )
    })?;
    if text.contains('\0') {
        return Err(Error::data(path, "is binary; must be a CSV file in UTF-8"));
    }
    if text.trim().is_empty() {
        return Err(Error::data(
            path,
            "is empty; must be a CSV file with a header",
        ));
    }
    Ok(text)
}

/// The names of the columns: present, distinct, and not numbers.
fn read_header(path: &Path, reader: &mut csv::Reader<&[u8]>) -> Result<Vec<String>> {
    let header = reader
        .headers()
        .map_err(|error| Error::data(path, error.to_string()))?;
    let names: Vec<String> = header.iter().map(str::to_owned).collect();
    if names.iter().all(|name| name.parse::<f64>().is_ok()) {
        let what = "the first line holds numbers; must be a header with the names of the columns";
        return Err(Error::data(path, what));
    }
    for (j, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(Error::data(
                path,
                format!("column {} has no name in the header", j + 1),
            ));
        }
        if names[..j].contains(name) {
            return Err(Error::data(
                path,
                format!("two columns are called {name:?}"),
            ));
        }
    }
    Ok(names)
}

/// A finite decimal number.
fn number(path: &Path, line: u64, column: &str, cell: &str) -> Result<f64> {
    let refuse = |allowed: &str| {
        let shown: String = cell.chars().take(40).collect();
        Error::data(
            path,
            format!("line {line}, column {column}: {shown:?}; must be {allowed}"),
        )
    };
    match cell.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) if cell.bytes().any(|b| b.is_ascii_digit()) => {
            Err(refuse("a number within the range of f64, up to 1.8e308"))
        }
        Ok(_) => Err(refuse("a finite number")),
        Err(_) if cell.is_empty() => Err(refuse("a number: missing values are not filled in")),
        Err(_) if cell.replacen(',', ".", 1).parse::<f64>().is_ok() => {
            Err(refuse("a number with a decimal point, not a comma"))
        }
        Err(_) => Err(refuse("a number")),
    }
}
