//! Metadata: notes that clients keep on an entity, by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

use crate::core::error::{self, Error, Rejection};
use crate::core::json::UniqueMap;
use crate::core::text::{DisplayText, InvalidText, text_map};

/// Notes that clients keep on an entity, by name. Stored ones can be older than the limits, which only changes check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(BTreeMap<String, String>);

/// The reason why notes are no [`Metadata`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetadata {
    /// There are too many notes.
    #[error("it has more than {} notes", Metadata::MAX)]
    TooMany,
    /// A note's name is invalid.
    #[error("a name has 1 to {} characters of A-Z a-z 0-9 . _ -", Metadata::MAX_NAME)]
    Name,
    /// A note's text is invalid.
    #[error(transparent)]
    Text(#[from] InvalidText),
}

impl From<InvalidMetadata> for Error {
    fn from(invalid: InvalidMetadata) -> Self {
        Rejection::new(&error::INVALID_METADATA, format!("metadata: {invalid}.")).into()
    }
}

impl Metadata {
    /// The most notes.
    pub const MAX: usize = 20;

    /// The longest name.
    pub const MAX_NAME: usize = 40;

    /// The longest text, in characters.
    pub const MAX_TEXT: usize = 200;

    /// Checks the notes of a request.
    ///
    /// # Errors
    /// [`InvalidMetadata`].
    pub fn new(notes: &UniqueMap<String>) -> Result<Self, InvalidMetadata> {
        let mut metadata = Self::default();
        metadata.merge(notes.0.iter().map(|(name, text)| (name, Some(text))))?;
        Ok(metadata)
    }

    /// Changes the notes as a merge patch says: a text is set, none removes the note. Changes nothing when it fails.
    ///
    /// # Errors
    /// [`InvalidMetadata`].
    pub fn merge<'a>(
        &mut self,
        changes: impl IntoIterator<Item = (&'a String, Option<&'a String>)>,
    ) -> Result<(), InvalidMetadata> {
        let mut merged = self.0.clone();
        for (name, text) in changes {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            if !(1..=Self::MAX_NAME).contains(&name.len()) || !name.bytes().all(is_allowed) {
                return Err(InvalidMetadata::Name);
            }
            match text {
                Some(text) => {
                    let text = DisplayText::line(text, Self::MAX_TEXT)?;
                    merged.insert(name.clone(), text.into());
                }
                None => drop(merged.remove(name)),
            }
        }
        if merged.len() > Self::MAX {
            return Err(InvalidMetadata::TooMany);
        }
        self.0 = merged;
        Ok(())
    }

    /// Removes all notes.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether there are no notes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The schema.
    pub fn schema() -> ObjectBuilder {
        schema(Type::Object.into(), Type::String.into())
    }

    /// The schema of a merge patch.
    pub fn patch_schema() -> ObjectBuilder {
        schema(text_map::or_null(Type::Object), text_map::or_null(Type::String))
    }
}

fn schema(map: SchemaType, text: SchemaType) -> ObjectBuilder {
    let name = ObjectBuilder::new().schema_type(Type::String);
    let name = name.pattern(Some(format!("^[A-Za-z0-9._-]{{1,{}}}$", Metadata::MAX_NAME)));
    text_map::schema(map, name, text, Metadata::MAX_TEXT).max_properties(Some(Metadata::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(count: usize) -> UniqueMap<String> {
        UniqueMap((0..count).map(|nth| (format!("note-{nth}"), "x".to_owned())).collect())
    }

    fn note(name: &str, text: &str) -> UniqueMap<String> {
        UniqueMap([(name.to_owned(), text.to_owned())].into())
    }

    #[test]
    fn metadata_has_at_most_20_notes() {
        assert!(Metadata::new(&notes(20)).is_ok());
        assert_eq!(Metadata::new(&notes(21)), Err(InvalidMetadata::TooMany));
        let mut metadata = Metadata::new(&notes(20)).unwrap();
        let before = metadata.clone();
        let text = "y".to_owned();
        let (old, new) = ("note-0".to_owned(), "note-20".to_owned());
        assert_eq!(metadata.merge([(&new, Some(&text))]), Err(InvalidMetadata::TooMany));
        assert_eq!(metadata, before);
        metadata.merge([(&old, None), (&new, Some(&text))]).unwrap();
        assert_ne!(metadata, before);
    }

    #[test]
    fn a_name_has_few_characters_and_a_text_is_visible() {
        let (name, text) = ("n".repeat(40), "차".repeat(200));
        assert!(Metadata::new(&note(&name, &text)).is_ok());
        for name in ["", "a b", "가", &"n".repeat(41)] {
            assert_eq!(Metadata::new(&note(name, "x")), Err(InvalidMetadata::Name), "{name}");
        }
        for text in ["", " ", "a\nb", "a\u{200b}b", &"차".repeat(201)] {
            let invalid = Metadata::new(&note("n", text));
            assert!(matches!(invalid, Err(InvalidMetadata::Text(_))), "{text:?}");
        }
    }

    #[test]
    fn texts_are_trimmed_and_composed() {
        let metadata = Metadata::new(&note("city", " e\u{301}vry ")).unwrap();
        assert_eq!(serde_json::to_string(&metadata).unwrap(), "{\"city\":\"\u{e9}vry\"}");
    }
}
