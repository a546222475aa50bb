//! Numbers of `summary.json`: null stands for what is not finite, which JSON has not, and is read as NaN. For
//! `serde(serialize_with, deserialize_with)`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a number, or null if it is not finite.
pub(super) fn finite<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    finite_option(&Some(*value), serializer)
}

/// Writes a number, or null if there is none or it is not finite.
pub(super) fn finite_option<S: Serializer>(
    value: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    // Adding 0 turns -0 into 0.
    value
        .filter(|v| v.is_finite())
        .map(|v| v + 0.0)
        .serialize(serializer)
}

/// Writes a positive finite number, or null.
pub(super) fn positive_option<S: Serializer>(
    value: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    finite_option(&value.filter(|v| *v > 0.0), serializer)
}

/// Writes a list as [`finite_list`] does, or null.
pub(super) fn finite_list_option<S: Serializer>(
    values: &Option<Vec<f64>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match values {
        Some(values) => finite_list(values, serializer),
        None => serializer.serialize_none(),
    }
}

/// Writes a list with null for every entry that is not finite.
pub(super) fn finite_list<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(
        values
            .iter()
            .map(|v| Some(v + 0.0).filter(|v| v.is_finite())),
    )
}

/// Reads a number; null is NaN.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let value = Option::<f64>::deserialize(deserializer)?;
    Ok(value.unwrap_or(f64::NAN))
}

/// Reads a list; null in it is NaN.
pub(super) fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let values = Vec::<Option<f64>>::deserialize(deserializer)?;
    Ok(values.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect())
}

/// Reads a list as [`numbers`] does, or none.
pub(super) fn numbers_option<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<f64>>, D::Error> {
    let values = Option::<Vec<Option<f64>>>::deserialize(deserializer)?;
    Ok(values.map(|values| values.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect()))
}
