//! JSON merge patches (RFC 7396): only what is named changes, and `null` clears.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// A member of a merge patch that may be cleared. In a struct it needs the attributes `default` and
/// `skip_serializing_if = "Patch::is_absent"`.
///
/// A member that cannot be cleared is an `Option`, which refuses `null` (see [`crate::core::json`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The member is not named: nothing changes.
    #[default]
    Absent,
    /// `null`: the member is cleared.
    Clear,
    /// The member gets this value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the member is not named.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Changes `field` accordingly. `read` checks a new value.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn merge<F: Default, E>(&self, field: &mut F, read: impl FnOnce(&T) -> Result<F, E>) -> Result<(), E> {
        match self {
            Self::Absent => {}
            Self::Clear => *field = F::default(),
            Self::Set(value) => *field = read(value)?,
        }
        Ok(())
    }
}

/// Applies a merge patch to `target`: members that are `null` are removed, objects are merged, and all else is replaced.
pub fn apply(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(members) = target else {
        return;
    };
    for (name, change) in changes {
        match change {
            Value::Null => drop(members.remove(name)),
            change => apply(members.entry(name.clone()).or_insert(Value::Null), change),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(from)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Clear => to.serialize_none(),
            Self::Set(value) => value.serialize(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::from_slice;
    use serde_json::json;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Change {
        #[serde(default, skip_serializing_if = "Patch::is_absent")]
        brand: Patch<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    }

    fn merged(text: &str) -> Option<String> {
        let change: Change = from_slice(text.as_bytes()).unwrap();
        let mut brand = Some("Old".to_owned());
        let read = |brand: &String| Ok::<_, ()>(Some(brand.clone()));
        change.brand.merge(&mut brand, read).unwrap();
        brand
    }

    #[test]
    fn a_patch_is_applied_as_in_the_examples_of_its_standard() {
        // RFC 7396, appendix A.
        for (target, patch, expected) in [
            (json!({ "a": "b" }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "b" }), json!({ "b": "c" }), json!({ "a": "b", "b": "c" })),
            (json!({ "a": "b" }), json!({ "a": null }), json!({})),
            (json!({ "a": "b", "b": "c" }), json!({ "a": null }), json!({ "b": "c" })),
            (json!({ "a": ["b"] }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "c" }), json!({ "a": ["b"] }), json!({ "a": ["b"] })),
            (
                json!({ "a": { "b": "c" } }),
                json!({ "a": { "b": "d", "c": null } }),
                json!({ "a": { "b": "d" } }),
            ),
            (json!({ "a": [{ "b": "c" }] }), json!({ "a": [1] }), json!({ "a": [1] })),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({ "a": "b" }), json!(["c"]), json!(["c"])),
            (json!({ "a": "foo" }), json!(null), json!(null)),
            (json!({ "e": null }), json!({ "a": 1 }), json!({ "e": null, "a": 1 })),
            (json!([1, 2]), json!({ "a": "b", "c": null }), json!({ "a": "b" })),
            (
                json!({}),
                json!({ "a": { "bb": { "ccc": null } } }),
                json!({ "a": { "bb": {} } }),
            ),
        ] {
            let mut changed = target.clone();
            apply(&mut changed, &patch);
            assert_eq!(changed, expected, "{target} {patch}");
        }
    }

    #[test]
    fn only_what_is_named_changes_and_null_clears() {
        assert_eq!(merged("{}"), Some("Old".to_owned()));
        assert_eq!(merged(r#"{"brand":null}"#), None);
        assert_eq!(merged(r#"{"brand":"New"}"#), Some("New".to_owned()));
    }

    #[test]
    fn a_member_that_cannot_be_cleared_refuses_null() {
        let refused = from_slice::<Change>(br#"{"name":null}"#).unwrap_err().to_string();
        assert_eq!(refused, "name: invalid type: null");
    }

    #[test]
    fn a_value_that_is_refused_changes_nothing() {
        let mut field = 1;
        Patch::Set(2).merge(&mut field, |_| Err::<i32, _>("no")).unwrap_err();
        assert_eq!(field, 1);
    }
}
