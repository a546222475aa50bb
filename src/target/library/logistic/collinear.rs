//! Columns of a design matrix that are linear combinations of those before them: the likelihood does not tell their
//! coefficients apart.
//!
//! Modified Gram-Schmidt, done twice (which is as good as it gets: Giraud, Langou 2002), on columns scaled to length 1:
//! what is left of a column is its distance from the span of the others. n d^2 operations; of long tables the first
//! rows are looked at, and the whole, if that is not too long, where those say that a column is none of its own.

/// What is left of a column that depends on others, of length 1: some hundred roundings.
const LEFT: f64 = 1e-11;
/// Operations that a look may take: a tenth of a second.
const WORK: usize = 100_000_000;
/// Names that a line tells.
const NAMED: usize = 3;

/// The note on those columns, if there are any. Constant ones are told of elsewhere.
pub(super) fn notes(names: &[String], rows: &[f64]) -> Option<String> {
    let d = names.len();
    if d < 2 {
        return None;
    }
    let n = rows.len() / d;
    let few = (WORK / (d * d)).max(2 * d).min(n);
    let mut dependent = dependent_columns(&rows[..few * d], d);
    if few < n && !dependent.is_empty() {
        dependent = match n.saturating_mul(d * d) <= 100 * WORK {
            true => dependent_columns(rows, d),
            // Nothing is said of what was not seen.
            false => Vec::new(),
        };
    }
    let named: Vec<String> = dependent
        .iter()
        .take(NAMED)
        .map(|(j, parent)| match parent {
            Some(k) => format!("{:?} (a multiple of {:?})", names[*j], names[*k]),
            None => format!("{:?}", names[*j]),
        })
        .collect();
    let rest = dependent.len().saturating_sub(NAMED);
    let more = match rest {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    match dependent.len() {
        0 => None,
        1 => Some(format!(
            "column {} is a linear combination of those before it: the prior alone tells its coefficient from theirs",
            named[0]
        )),
        _ => Some(format!(
            "columns {}{more} are linear combinations of those before them: the prior alone tells their coefficients from theirs",
            named.join(", ")
        )),
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Of length 1; `None` of zeros.
fn unit(column: Vec<f64>) -> Option<Vec<f64>> {
    // Scaled first, so that squares neither overflow nor vanish.
    let largest = column.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    if largest == 0.0 {
        return None;
    }
    let column: Vec<f64> = column.into_iter().map(|x| x / largest).collect();
    let length = dot(&column, &column).sqrt();
    Some(column.into_iter().map(|x| x / length).collect())
}

/// The columns in the span of those before them, each with the one it is a multiple of, if it is of one.
fn dependent_columns(rows: &[f64], d: usize) -> Vec<(usize, Option<usize>)> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut kept: Vec<(usize, Vec<f64>)> = Vec::new();
    let (mut found, mut constant) = (Vec::new(), false);
    for j in 0..d {
        let column: Vec<f64> = rows.iter().skip(j).step_by(d).copied().collect();
        let same = column.iter().all(|x| *x == column[0]);
        if same && (constant || column[0] == 0.0) {
            continue;
        }
        constant |= same;
        let Some(column) = unit(column) else { continue };
        let mut left = column.clone();
        for _ in 0..2 {
            for direction in &basis {
                let share = dot(&left, direction);
                left.iter_mut()
                    .zip(direction)
                    .for_each(|(x, u)| *x -= share * u);
            }
        }
        if dot(&left, &left).sqrt() <= LEFT {
            let parallel = |other: &[f64]| {
                let share = dot(&column, other);
                let apart = column.iter().zip(other).map(|(x, y)| x - share * y);
                apart.map(|x| x * x).sum::<f64>().sqrt() <= LEFT
            };
            let parent = kept.iter().find(|(_, other)| parallel(other));
            found.push((j, parent.map(|(k, _)| *k)));
        } else {
            basis.extend(unit(left));
            kept.push((j, column));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::notes;

    fn of(columns: &[&[f64]]) -> Option<String> {
        let names: Vec<String> = (0..columns.len()).map(|j| format!("c{j}")).collect();
        let n = columns[0].len();
        let rows: Vec<f64> = (0..n)
            .flat_map(|i| columns.iter().map(move |column| column[i]))
            .collect();
        notes(&names, &rows)
    }

    #[test]
    fn dependent_columns_are_named_and_others_are_not() {
        let ones = [1.0; 6];
        let a = [0.3, -1.2, 2.5, 0.1, 7.0, -3.3];
        let twice = a.map(|x| 2.0 * x);
        let b = [1.0, 0.5, -0.25, 3.0, 0.125, 9.0];
        let sum: Vec<f64> = a
            .iter()
            .zip(b)
            .map(|(a, b)| 1e-9 * (3.0 - a + 0.7 * b))
            .collect();
        let near: Vec<f64> = a.iter().zip(b).map(|(a, b)| a + 1e-9 * b).collect();
        assert_eq!(of(&[&ones, &a, &b]), None);
        assert_eq!(of(&[&a, &near]), None);
        assert_eq!(of(&[&a, &[0.0; 6], &b]), None);
        let said = of(&[&a, &b, &twice]).unwrap();
        assert!(
            said.contains("column \"c2\" (a multiple of \"c0\") is"),
            "{said}"
        );
        let said = of(&[&ones, &a, &b, &sum]).unwrap();
        assert!(said.contains("column \"c3\" is a linear"), "{said}");
        // Three rows hold three directions.
        let said = of(&[
            &a[..3],
            &b[..3],
            &ones[..3],
            &[1.0, 4.0, 9.0],
            &[8.0, 3.0, 1.0],
        ])
        .unwrap();
        assert!(said.contains("columns \"c3\", \"c4\" are"), "{said}");
    }
}
