//! Texts by language, such as the names of a category or a venue.

use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

use super::text_map;

/// The most languages of a text.
pub const MAX_LANGUAGES: usize = 20;

/// Whether a text is a language, with or without a region (RFC 5646).
pub fn is_language(text: &str) -> bool {
    let (language, region) = text
        .split_once('-')
        .map_or((text, None), |(language, region)| (language, Some(region)));
    let is_region = |region: &str| region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_uppercase());
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && region.is_none_or(is_region)
}

/// The schema of a map from languages to texts of the type `text`. `about` says what a text is, such as [`text_map::LINE`].
pub fn schema(
    text: SchemaType,
    about: &'static str,
    max_text: usize,
    description: &str,
    example: serde_json::Value,
) -> Object {
    let language = ObjectBuilder::new().schema_type(Type::String);
    let language = language.pattern(Some("^[a-z]{2,3}(-[A-Z]{2})?$"));
    text_map::schema_of(Type::Object.into(), language, text, about, max_text)
        .max_properties(Some(MAX_LANGUAGES))
        .description(Some(description))
        .examples([example])
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_may_have_a_region() {
        for good in ["en", "ko", "gsw", "pt-BR"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "e", "EN", "english", "en-us", "en-", "en-USA", "-US", "en-US-x"] {
            assert!(!is_language(bad), "{bad}");
        }
    }
}
