//! Rules for the fields of venues, performers and performances.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::Error;
use shared::aws::lambda::Invocation;
use shared::core::error::{self, Rejection};
use shared::core::json::from_slice;
use shared::core::merge_patch;
use shared::core::text::by_language::{self, MAX_LANGUAGES, is_language};
use shared::core::text::{DisplayText, InvalidText, text_map};
use shared::images::{ImageId, ImageStore};
use utoipa::openapi::schema::{Object, SchemaType, Type};

use crate::reason;

/// The longest name, in characters.
pub const MAX_NAME: usize = 100;
/// The longest description, in characters.
pub const MAX_TEXT: usize = 5_000;
/// The most bytes of an entity as JSON. A DynamoDB item has at most 400 KB.
const MAX_BYTES: usize = 300_000;

/// The fields with the changes of a merge patch.
///
/// # Errors
/// `malformed-body` when the patch leaves out what is required, and [`Error::Internal`].
pub fn patched<T: Serialize + DeserializeOwned>(fields: &T, patch: &impl Serialize) -> Result<T, Error> {
    let json = |error| Error::internal("apply a patch", error);
    let mut value = serde_json::to_value(fields).map_err(json)?;
    merge_patch::apply(&mut value, &serde_json::to_value(patch).map_err(json)?);
    let text = serde_json::to_vec(&value).map_err(json)?;
    let read = from_slice(&text);
    Ok(read.map_err(|unreadable| Rejection::new(&error::MALFORMED_BODY, unreadable.to_string()))?)
}

/// Checks names by language. At least one is needed.
///
/// # Errors
/// `invalid-show`.
pub fn names(field: &str, texts: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Rejection> {
    if texts.is_empty() {
        return Err(invalid(field, "it needs a text in one language at least"));
    }
    by_language(field, texts, |text| DisplayText::line(text, MAX_NAME))
}

/// Checks descriptions by language.
///
/// # Errors
/// `invalid-show`.
pub fn texts(field: &str, texts: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Rejection> {
    by_language(field, texts, |text| DisplayText::lines(text, MAX_TEXT))
}

/// Checks a text of one line.
///
/// # Errors
/// `invalid-show`.
pub fn line(field: &str, text: &str, max: usize) -> Result<String, Rejection> {
    let line = DisplayText::line(text, max).map(String::from);
    line.map_err(|refused| invalid(field, &refused.to_string()))
}

/// Checks that the images can be shown now, and that each is listed once. They may still be deleted later: clients fetch each
/// image when they show it.
///
/// # Errors
/// `invalid-show`, and those of the store.
pub async fn check_images(
    field: &str,
    images: &ImageStore,
    ids: &[ImageId],
    invocation: &Invocation,
) -> Result<(), Error> {
    require_unique(field, ids)?;
    match images.first_unusable(ids, invocation.deadline).await? {
        None => Ok(()),
        Some(id) => {
            let detail = format!("there is no image {id} that is ready and has the purpose LISTING");
            Err(invalid(field, &detail).into())
        }
    }
}

/// Checks that each value is listed once.
///
/// # Errors
/// `invalid-show`.
pub fn require_unique<T: PartialEq + std::fmt::Display>(field: &str, values: &[T]) -> Result<(), Rejection> {
    let mut values = values.iter().enumerate().map(|(at, value)| (&values[..at], value));
    let twice = values.find(|(before, value)| before.contains(value));
    twice.map_or(Ok(()), |(_, twice)| {
        Err(invalid(field, &format!("{twice} is listed twice")))
    })
}

/// Checks that a number is in a range.
///
/// # Errors
/// `invalid-show`.
pub fn in_range(field: &str, number: u64, range: std::ops::RangeInclusive<u64>) -> Result<(), Rejection> {
    if range.contains(&number) {
        return Ok(());
    }
    let (least, most) = (range.start(), range.end());
    Err(invalid(field, &format!("it is {least} to {most}, not {number}")))
}

/// Checks that an entity fits one item. `field` is its longest one.
///
/// # Errors
/// `invalid-show`.
pub fn require_size(field: &str, entity: &impl Serialize) -> Result<(), Rejection> {
    let bytes = serde_json::to_vec(entity).map_or(usize::MAX, |json| json.len());
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    let detail = format!("all fields together have {bytes} bytes as JSON; the limit is {MAX_BYTES}");
    Err(invalid(field, &detail))
}

/// The rejection of a field.
pub fn invalid(field: &str, detail: &str) -> Rejection {
    let detail = format!("{field}: {detail}.");
    let field = field.to_owned();
    Rejection::with(reason::InvalidShow { field }, detail)
}

fn by_language(
    field: &str,
    texts: &BTreeMap<String, String>,
    read: impl Fn(&str) -> Result<DisplayText, InvalidText>,
) -> Result<BTreeMap<String, String>, Rejection> {
    if texts.len() > MAX_LANGUAGES {
        return Err(invalid(field, &format!("it has at most {MAX_LANGUAGES} languages")));
    }
    let checked = texts.iter().map(|(language, text)| {
        if !is_language(language) {
            return Err(invalid(
                field,
                &format!("{language} is no language such as en or pt-BR"),
            ));
        }
        let text = read(text).map_err(|refused| invalid(field, &format!("{language}: {refused}")))?;
        Ok((language.clone(), text.into()))
    });
    checked.collect()
}

/// The schema of names by language.
pub fn names_schema() -> Object {
    schema(Type::String.into(), text_map::LINE, MAX_NAME)
}

/// The schema of a merge patch of names by language.
pub fn names_patch_schema() -> Object {
    schema(text_map::or_null(Type::String), text_map::LINE, MAX_NAME)
}

/// The schema of descriptions by language.
pub fn texts_schema() -> Object {
    schema(Type::String.into(), text_map::LINES, MAX_TEXT)
}

/// The schema of a merge patch of descriptions by language.
pub fn texts_patch_schema() -> Object {
    schema(text_map::or_null(Type::String), text_map::LINES, MAX_TEXT)
}

fn schema(text: SchemaType, about: &'static str, max: usize) -> Object {
    let example = serde_json::json!({ "en": "The Nutcracker", "ko": "호두까기 인형" });
    by_language::schema(text, about, max, "The text that customers read, by language.", example)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_by_language_and_visible() {
        let of =
            |language: &str, text: &str| names("titles", &BTreeMap::from([(language.to_owned(), text.to_owned())]));
        assert_eq!(of("pt-BR", " Noite ").unwrap()["pt-BR"], "Noite");
        for (language, text) in [
            ("english", "Night"),
            ("EN", "Night"),
            ("en-us", "Night"),
            ("en", ""),
            ("en", "a\nb"),
        ] {
            assert_eq!(
                of(language, text).unwrap_err().reason,
                &reason::INVALID_SHOW,
                "{language} {text:?}"
            );
        }
        assert!(names("titles", &BTreeMap::new()).is_err());
    }
}
