//! JSON whose objects name every key once: of two values of one key a reader would silently take one.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// Any value, of which nothing is kept; refused where a key stands twice.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Distinct;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, _: bool) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_str<E>(self, _: &str) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_unit<E>(self) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Distinct, A::Error> {
        while items.next_element::<Distinct>()?.is_some() {}
        Ok(Distinct)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Distinct, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if keys.contains(&key) {
                return Err(A::Error::custom(format!("duplicate key {key:?}")));
            }
            keys.insert(key);
            entries.next_value::<Distinct>()?;
        }
        Ok(Distinct)
    }
}

/// Refuses text that is not JSON, or names a key of one object twice.
pub(super) fn check(text: &str) -> serde_json::Result<()> {
    serde_json::from_str::<Distinct>(text).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_key_stands_once_in_an_object() {
        assert!(check(r#"{"a": [1, -2.5, null, true, "x", {"a": {}}], "b": {"a": 1}}"#).is_ok());
        for text in [
            r#"{"a": 1, "a": 1}"#,
            r#"[{"b": {"a": 1, "c": 2, "a": 3}}]"#,
        ] {
            assert!(
                check(text)
                    .unwrap_err()
                    .to_string()
                    .contains("duplicate key \"a\"")
            );
        }
        assert!(
            check(&"[".repeat(10_000))
                .unwrap_err()
                .to_string()
                .contains("recursion")
        );
    }
}
