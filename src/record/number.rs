//! Numbers in `record.json`: those JSON has not are written as text, so that every one comes back as it was.
//!
//! `"NaN"`, `"-NaN"` (its sign decides where it is sorted), `"inf"`, `"-inf"`. For `serde(with = "...")`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number that may be anything.
#[derive(Debug, Clone, Copy)]
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.0;
        match (value.is_nan(), value.is_sign_negative()) {
            _ if value.is_finite() => serializer.serialize_f64(value),
            (true, false) => serializer.serialize_str("NaN"),
            (true, true) => serializer.serialize_str("-NaN"),
            (false, false) => serializer.serialize_str("inf"),
            (false, true) => serializer.serialize_str("-inf"),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Word(String),
        }
        let nan = f64::NAN.abs();
        Ok(Self(match Written::deserialize(deserializer)? {
            Written::Number(value) => value,
            Written::Word(word) => match word.as_str() {
                "NaN" => nan,
                "-NaN" => -nan,
                "inf" => f64::INFINITY,
                "-inf" => f64::NEG_INFINITY,
                _ => return Err(de::Error::custom(format!("{word:?} is not a number"))),
            },
        }))
    }
}

pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    Number(*value).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Number::deserialize(deserializer).map(|number| number.0)
}

/// Of a number or none.
pub(super) mod option {
    use super::{Deserialize, Deserializer, Number, Serialize, Serializer};

    pub(in crate::record) fn serialize<S: Serializer>(
        value: &Option<f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(Number).serialize(serializer)
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        let number = Option::<Number>::deserialize(deserializer)?;
        Ok(number.map(|number| number.0))
    }
}

/// Of a list.
pub(super) mod list {
    use super::{Deserialize, Deserializer, Number, Serializer};

    pub(in crate::record) fn serialize<S: Serializer>(
        values: &[f64],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|value| Number(*value)))
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<f64>, D::Error> {
        let numbers = Vec::<Number>::deserialize(deserializer)?;
        Ok(numbers.into_iter().map(|number| number.0).collect())
    }
}

/// Of a list or none.
pub(super) mod list_option {
    use super::{Deserialize, Deserializer, Number, Serializer, list};

    pub(in crate::record) fn serialize<S: Serializer>(
        values: &Option<Vec<f64>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match values {
            Some(values) => list::serialize(values, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<f64>>, D::Error> {
        let numbers = Option::<Vec<Number>>::deserialize(deserializer)?;
        Ok(numbers.map(|numbers| numbers.into_iter().map(|number| number.0).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::list;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Held(#[serde(with = "list")] Vec<f64>);

    #[test]
    fn every_number_comes_back_bit_for_bit() {
        let nan = f64::NAN.abs();
        let mut numbers = vec![nan, -nan, f64::INFINITY, f64::NEG_INFINITY, -0.0, 5e-324];
        numbers.extend([f64::MAX, 0.1 + 0.2, 1e23, 9_007_199_254_740_993.0, -1.0]);
        let mut bits = 0x0123_4567_89ab_cdefu64;
        for _ in 0..10_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let number = f64::from_bits(bits);
            numbers.push(if number.is_nan() { 1.0 } else { number });
        }
        let text = serde_json::to_string(&Held(numbers.clone())).unwrap();
        let Held(back) = serde_json::from_str(&text).unwrap();
        let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
        assert!(numbers.len() == back.len() && numbers.iter().zip(&back).all(same));
        assert!(serde_json::from_str::<Held>("[\"one\"]").is_err());
    }
}
