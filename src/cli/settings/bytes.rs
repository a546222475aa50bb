//! Numbers of bytes, and of things, as a sentence has them.

/// With a unit of powers of ten, and one digit after the point: `3.4 GB`.
pub(super) fn shown(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let mut number = bytes as f64 / 1e3;
    let mut unit = 0;
    // Not 1000.0 of a unit that has a larger one.
    while number >= 999.95 && unit + 1 < UNITS.len() {
        number /= 1e3;
        unit += 1;
    }
    format!("{number:.1} {}", UNITS[unit])
}

/// `1 coordinate`, `2 coordinates`.
pub(super) fn count(n: usize, thing: &str) -> String {
    match n {
        1 => format!("1 {thing}"),
        n => format!("{n} {thing}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn units_change_at_a_thousand() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (3_400_000_000, "3.4 GB"),
            (u64::MAX, "18446.7 PB"),
        ] {
            assert_eq!(shown(bytes), text);
        }
    }
}
