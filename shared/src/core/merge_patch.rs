//! JSON merge patches (RFC 7396): only what is named changes, and `null` clears.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
