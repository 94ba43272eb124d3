//! JSON from outside.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A map from outside. A name that occurs twice is refused: RFC 8259 §4 leaves open what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct UniqueMap<V>(pub BTreeMap<String, V>);

impl<V> Default for UniqueMap<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<V> UniqueMap<V> {
    /// Whether the map has no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for UniqueMap<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entries<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
            type Value = UniqueMap<V>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<UniqueMap<V>, A::Error> {
                let mut map = BTreeMap::new();
                while let Some((name, value)) = entries.next_entry::<String, V>()? {
                    if map.contains_key(&name) {
                        return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
                    }
                    map.insert(name, value);
                }
                Ok(UniqueMap(map))
            }
        }

        from.deserialize_map(Entries(PhantomData))
    }
}

/// The reason for which a text was not read: the place in it, and what is wrong there.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct Unreadable {
    path: String,
    reason: String,
}

impl Unreadable {
    /// The place in the text, such as `price.amount`. `.` for the whole text.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Reads a `T`.
///
/// Serde also reads a struct from an array of its fields, and the name of an enum's variant from an object. Here each
/// value must have the JSON type that a `T` is written with, so that every accepted text is one that the type's schema
/// describes. So `null` is refused for a field that is left out when it has no value. A field that occurs twice is
/// refused.
///
/// # Errors
/// The first place where the text is not a `T`.
pub fn from_slice<T: DeserializeOwned + Serialize>(text: &[u8]) -> Result<T, Unreadable> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let read: T = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let reason = match is_private(&path) {
            // Serde quotes the value.
            true => "it has the wrong form".to_owned(),
            false => error.inner().to_string(),
        };
        Unreadable { path, reason }
    })?;
    json.end().map_err(whole)?;
    // Serde buffers the fields of a tagged enum, and reads structs from that buffer. So a deserializer that refuses
    // arrays for structs would not see them all; what was read is compared with the text instead.
    let sent: Value = serde_json::from_slice(text).map_err(whole)?;
    let written = serde_json::to_value(&read).map_err(whole)?;
    require_same_types(&sent, &written, &mut String::new())?;
    Ok(read)
}

/// The members with personal data.
const PRIVATE: [&str; 2] = ["contact", "shipping_address"];

/// Whether the place `path` has personal data.
fn is_private(path: &str) -> bool {
    PRIVATE.iter().any(|name| {
        let rest = path.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// An error that concerns no place in particular.
fn whole(error: serde_json::Error) -> Unreadable {
    Unreadable {
        path: ".".to_owned(),
        reason: error.to_string(),
    }
}

/// Checks that each value of `sent` has the same JSON type as in `written`. A type may leave out empty values, but null is
/// none of them.
fn require_same_types(sent: &Value, written: &Value, path: &mut String) -> Result<(), Unreadable> {
    let parent = path.len();
    match (sent, written) {
        (Value::Array(sent), Value::Array(written)) => {
            for (index, (sent, written)) in sent.iter().zip(written).enumerate() {
                *path += &format!("[{index}]");
                require_same_types(sent, written, path)?;
                path.truncate(parent);
            }
            Ok(())
        }
        (Value::Object(sent), Value::Object(written)) => {
            for (name, sent) in sent {
                if parent > 0 {
                    path.push('.');
                }
                *path += name;
                match written.get(name) {
                    Some(written) => require_same_types(sent, written, path)?,
                    None if sent.is_null() => return Err(unreadable(path, "invalid type: null".to_owned())),
                    None => {}
                }
                path.truncate(parent);
            }
            Ok(())
        }
        (sent, written) if type_of(sent) == type_of(written) => Ok(()),
        (sent, written) => {
            let reason = format!("invalid type: {}, expected {}", type_of(sent), type_of(written));
            Err(unreadable(path, reason))
        }
    }
}

fn unreadable(path: &str, reason: String) -> Unreadable {
    let path = if path.is_empty() { "." } else { path };
    Unreadable {
        path: path.to_owned(),
        reason,
    }
}

/// The name of a value's JSON type (RFC 8259 §1).
const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Cart {
        lines: Vec<Line>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gift: Option<Line>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        sku: String,
        unit: Unit,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Unit {
        Piece,
        Gram,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
    enum Step {
        Add { line: Line },
    }

    fn refusal<T: DeserializeOwned + Serialize + std::fmt::Debug>(text: &str) -> String {
        from_slice::<T>(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_struct_is_read_from_an_object_only() {
        let tea = r#"{"sku":"tea","unit":"gram"}"#;
        let cart: Cart = from_slice(format!(r#"{{"lines":[{tea},{tea}]}}"#).as_bytes()).unwrap();
        assert_eq!((cart.lines.len(), cart.gift), (2, None));
        let expected = "invalid type: array, expected object";
        assert_eq!(refusal::<Cart>("[[],null]"), format!(".: {expected}"));
        let text = format!(r#"{{"lines":[{tea},["tea","gram"]]}}"#);
        assert_eq!(refusal::<Cart>(&text), format!("lines[1]: {expected}"));
        let text = r#"{"lines":[],"gift":["tea","gram"]}"#;
        assert_eq!(refusal::<Cart>(text), format!("gift: {expected}"));
    }

    #[test]
    fn a_struct_in_a_tagged_enum_is_read_from_an_object_only() {
        let step: Step = from_slice(br#"{"line":{"sku":"tea","unit":"piece"},"kind":"add"}"#).unwrap();
        let Step::Add { line } = step;
        assert_eq!(line.unit, Unit::Piece);
        let expected = "invalid type: array, expected object";
        let text = r#"{"kind":"add","line":["tea","piece"]}"#;
        assert_eq!(refusal::<Step>(text), format!("line: {expected}"));
        assert_eq!(
            refusal::<Step>(r#"["add",{"sku":"tea","unit":"piece"}]"#),
            format!(".: {expected}")
        );
    }

    #[test]
    fn the_name_of_a_variant_is_read_from_a_string_only() {
        let text = r#"{"lines":[{"sku":"tea","unit":{"gram":null}}]}"#;
        assert_eq!(
            refusal::<Cart>(text),
            "lines[0].unit: invalid type: object, expected string"
        );
    }

    #[test]
    fn null_is_refused_like_any_wrong_type() {
        assert_eq!(
            refusal::<Cart>(r#"{"lines":[],"gift":null}"#),
            "gift: invalid type: null"
        );
        assert!(refusal::<Cart>(r#"{"lines":null}"#).contains("lines: invalid type: null"));
        assert!(refusal::<Cart>(r#"{"lines":[null]}"#).contains("lines[0]: invalid type: null"));
        let value: Value = from_slice(br#"{"any":[null]}"#).unwrap();
        assert_eq!(value["any"][0], Value::Null, "a type that writes null reads it");
    }

    #[test]
    fn a_field_that_occurs_twice_is_refused() {
        let twice = r#"{"lines":[],"lines":[]}"#;
        assert!(refusal::<Cart>(twice).contains("duplicate field `lines`"));
        let tagged = r#"{"kind":"add","line":{"sku":"a","sku":"b","unit":"gram"}}"#;
        assert!(refusal::<Step>(tagged).contains("duplicate field `sku`"));
    }

    #[test]
    fn a_map_names_each_entry_once() {
        let map: UniqueMap<Option<u8>> = from_slice(br#"{"a":1,"b":null}"#).unwrap();
        assert_eq!(map.0, [("a".to_owned(), Some(1)), ("b".to_owned(), None)].into());
        assert!(refusal::<UniqueMap<u8>>(r#"{"a":1,"a":2}"#).contains("duplicate field `a`"));
        assert!(refusal::<UniqueMap<u8>>("[]").contains("expected an object"));
    }

    #[test]
    fn a_text_with_more_than_one_value_is_refused() {
        assert!(refusal::<Cart>(r#"{"lines":[]} {}"#).contains("trailing characters"));
    }
}
