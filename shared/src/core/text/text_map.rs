//! Schemas of maps from names to texts, which the derive macro cannot limit.

use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, SchemaType, Type};

/// The sentence about a text that clients read.
pub const LINE: &str = "Text of one line.";

/// The sentence about a longer text that clients read.
pub const LINES: &str = "Text of several lines.";

/// The schema of a map from `name` to texts of one line, of the type `text` and with at most `max_text` characters.
pub fn schema(map: SchemaType, name: ObjectBuilder, text: SchemaType, max_text: usize) -> ObjectBuilder {
    schema_of(map, name, text, LINE, max_text)
}

/// The schema of a map from `name` to texts of the type `text` with at most `max_text` characters. `about` says what a text is.
pub fn schema_of(
    map: SchemaType,
    name: ObjectBuilder,
    text: SchemaType,
    about: &'static str,
    max_text: usize,
) -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(text).description(Some(about));
    let text = text.min_length(Some(1)).max_length(Some(max_text));
    ObjectBuilder::new()
        .schema_type(map)
        .property_names(Some(name.build()))
        .additional_properties(Some(AdditionalProperties::RefOr(text.build().into())))
}

/// The type `kind`, or null.
pub fn or_null(kind: Type) -> SchemaType {
    SchemaType::from_iter([kind, Type::Null])
}
