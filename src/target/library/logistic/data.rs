//! The design matrix: CSV files stacked, checked cell by cell, standardised, an intercept in front.

use super::collinear;
use super::table::{line_of, number, read_header, text_of};
use crate::error::{Error, Result};
use std::io::Read;
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
    /// What every file holds.
    pub files: Vec<DataFile>,
}

/// What tells one file of data from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataFile {
    /// Rows below the header.
    pub rows: usize,
    /// The CRC-32 of its bytes.
    pub crc32: u32,
}

impl Data {
    /// Reads and stacks CSV files with the same header, comma-separated, UTF-8 (a byte order mark
    /// is skipped). Refused by file, line and column: whatever is not a finite decimal number, a
    /// response other than 0 or 1, rows of another length, no rows.
    pub fn read(paths: &[PathBuf], layout: &Layout) -> Result<Self> {
        Self::stack(paths, read_bytes, layout)
    }

    /// The data of one CSV file that holds these bytes and is called `path` in messages; refused like
    /// those of [`Data::read`].
    pub fn from_bytes(path: &Path, bytes: &[u8], layout: &Layout) -> Result<Self> {
        Self::stack(&[path.to_owned()], |_| Ok(bytes.to_vec()), layout)
    }

    /// Files one after the other, so that one is held at a time.
    fn stack(
        paths: &[PathBuf],
        bytes_of: impl Fn(&Path) -> Result<Vec<u8>>,
        layout: &Layout,
    ) -> Result<Self> {
        let mut header: Option<Vec<String>> = None;
        let (mut rows, mut response, mut files) = (Vec::new(), Vec::new(), Vec::new());
        for path in paths {
            let bytes = bytes_of(path)?;
            let crc32 = crc32fast::hash(&bytes);
            let text = text_of(path, bytes)?;
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
                let line = || line_of(&text, record.position());
                if record.len() != names.len() {
                    let what = format!(
                        "line {} has {} cells; the header has {}",
                        line(),
                        record.len(),
                        names.len()
                    );
                    return Err(Error::data(path, what));
                }
                for (j, cell) in record.iter().enumerate() {
                    let value = number(path, &line, &names[j], cell)?;
                    if j != y {
                        rows.push(value);
                    } else if value == 0.0 || value == 1.0 {
                        response.push(value == 1.0);
                    } else {
                        let (line, name) = (line(), &names[j]);
                        let what = format!("line {line}, column {name}: {cell}; must be 0 or 1");
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
            files.push(DataFile {
                rows: response.len() - before,
                crc32,
            });
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
            files,
        };
        if layout.standardise {
            data.standardise();
        }
        if layout.intercept {
            data.prepend_ones();
        }
        Ok(data)
    }

    /// Columns whose coefficients the data does not tell, and a response that is always the same.
    pub(super) fn notes(&self) -> Vec<String> {
        let d = self.names.len();
        if self.response.len() < 2 {
            return Vec::new();
        }
        let constant = |j: usize| {
            let mut column = self.rows.iter().skip(j).step_by(d);
            let first = column.next().copied();
            column.all(|x| Some(*x) == first).then_some(first).flatten()
        };
        let columns: Vec<(&String, f64)> = (0..d)
            .filter_map(|j| Some((&self.names[j], constant(j)?)))
            .collect();
        let of_column = |(k, (name, value)): (usize, &(&String, f64))| match columns[..k]
            .iter()
            .find(|(_, other)| *other != 0.0)
        {
            _ if *value == 0.0 => Some(format!(
                "column {name:?} is constant: its coefficient follows the prior alone"
            )),
            Some((other, _)) => Some(format!(
                "column {name:?} is constant: the prior alone tells its coefficient from that of {other:?}"
            )),
            // It serves as the intercept.
            None => None,
        };
        let mut notes: Vec<String> = columns.iter().enumerate().filter_map(of_column).collect();
        notes.extend(collinear::notes(&self.names, &self.rows));
        let first = self.response.first();
        if self.response.iter().all(|y| Some(y) == first) {
            let class = u8::from(first == Some(&true));
            notes.push(format!(
                "the response is {class} in all {} rows: the prior alone bounds the coefficients",
                self.response.len()
            ));
        }
        notes
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

/// The bytes of a regular file.
fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    if path.is_dir() {
        return Err(Error::data(path, "is a folder; must be a CSV file"));
    }
    if path.metadata().is_ok_and(|m| !m.is_file()) {
        return Err(Error::data(
            path,
            "is not a regular file; must be a CSV file",
        ));
    }
    // What is no text shows at its beginning: a sparse file of any length is not read to its end.
    let read = || {
        let mut file = std::fs::File::open(path)?;
        let mut bytes = Vec::new();
        file.by_ref().take(1 << 16).read_to_end(&mut bytes)?;
        if !bytes.contains(&0) {
            file.read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    };
    read().map_err(|error: std::io::Error| Error::data(path, format!("cannot be read: {error}")))
}
