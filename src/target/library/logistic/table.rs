//! The text of a CSV file, its header and its cells, read without trust.

use crate::error::{Error, Result};
use std::path::Path;

/// The text of a file, without a byte order mark.
pub(super) fn text_of(path: &Path, mut bytes: Vec<u8>) -> Result<String> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
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
    if let Some(line) = open_quote(&text) {
        let what = format!("line {line}: a quote is opened and never closed");
        return Err(Error::data(path, what));
    }
    if text.trim().is_empty() {
        return Err(Error::data(
            path,
            "is empty; must be a CSV file with a header",
        ));
    }
    Ok(text)
}

/// The line of a quote that is still open at the end: all that follows it would be one cell.
fn open_quote(text: &str) -> Option<usize> {
    let (mut line, mut opened, mut first) = (1, None, true);
    for byte in text.bytes() {
        line += usize::from(byte == b'\n');
        match byte {
            // Two in a row within a cell close and open it again.
            b'"' if opened.is_some() => opened = None,
            b'"' if first => opened = Some(line),
            _ => {}
        }
        // A quote elsewhere in a cell is a character of it, but for the second of two.
        first = matches!(byte, b',' | b'\n' | b'\r') || (byte == b'"' && opened.is_none());
    }
    opened
}

/// The names of the columns: present, distinct, and not numbers.
pub(super) fn read_header(path: &Path, reader: &mut csv::Reader<&[u8]>) -> Result<Vec<String>> {
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

/// The line a row begins in. The reader's own count is behind where lines end in CR LF, or are empty.
pub(super) fn line_of(text: &str, position: Option<&csv::Position>) -> usize {
    let start = position.map_or(0, |position| position.byte() as usize);
    let (before, after) = text.split_at_checked(start).unwrap_or((text, ""));
    let skipped = after.len() - after.trim_start_matches(['\r', '\n']).len();
    let skipped = after[..skipped].matches('\n').count();
    1 + before.matches('\n').count() + skipped
}

/// A finite decimal number.
pub(super) fn number(
    path: &Path,
    line: &dyn Fn() -> usize,
    column: &str,
    cell: &str,
) -> Result<f64> {
    let refuse = |allowed: &str| {
        let line = line();
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
