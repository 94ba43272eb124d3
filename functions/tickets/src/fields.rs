//! Rules for the fields of venues, performers and performances.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::Error;
use shared::aws::lambda::Invocation;
use shared::core::error::{self, Rejection};
use shared::core::json::from_slice;
use shared::core::merge_patch;
use shared::core::text::{DisplayText, InvalidText, text_map};
use shared::images::{ImageId, ImagePurpose, ImageStatus, ImageStore};
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

use crate::reason;

/// The most languages of a text.
const MAX_LANGUAGES: usize = 20;
/// The longest name, in characters.
pub const MAX_NAME: usize = 100;
/// The longest description, in characters.
pub const MAX_TEXT: usize = 5_000;

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
    let found = try_join_all(ids.iter().map(|&id| images.get(id, invocation.deadline))).await?;
    for (id, stored) in ids.iter().zip(found) {
        let is_usable = stored.is_some_and(|stored| {
            stored.image.status == ImageStatus::Ready && stored.image.purpose == ImagePurpose::Listing
        });
        if !is_usable {
            let detail = format!("there is no image {id} that is ready and has the purpose LISTING");
            return Err(invalid(field, &detail).into());
        }
    }
    Ok(())
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

/// Whether a text is a language, with or without a region (RFC 5646).
fn is_language(text: &str) -> bool {
    let (language, region) = match text.split_once('-') {
        Some((language, region)) => (language, Some(region)),
        None => (text, None),
    };
    let is_region = |region: &str| region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_uppercase());
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && region.is_none_or(is_region)
}

/// The schema of names by language.
pub fn names_schema() -> Object {
    schema(Type::String.into(), MAX_NAME)
}

/// The schema of a merge patch of names by language.
pub fn names_patch_schema() -> Object {
    schema(text_map::or_null(Type::String), MAX_NAME)
}

/// The schema of descriptions by language.
pub fn texts_schema() -> Object {
    schema(Type::String.into(), MAX_TEXT)
}

/// The schema of a merge patch of descriptions by language.
pub fn texts_patch_schema() -> Object {
    schema(text_map::or_null(Type::String), MAX_TEXT)
}

fn schema(text: SchemaType, max: usize) -> Object {
    let language = ObjectBuilder::new().schema_type(Type::String);
    let language = language.pattern(Some("^[a-z]{2,3}(-[A-Z]{2})?$"));
    text_map::schema(Type::Object.into(), language, text, max)
        .max_properties(Some(MAX_LANGUAGES))
        .description(Some("What customers read, by language."))
        .examples([serde_json::json!({ "en": "The Nutcracker", "ko": "호두까기 인형" })])
        .build()
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
