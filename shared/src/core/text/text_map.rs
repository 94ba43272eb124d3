//! Schemas of maps from names to texts, which the derive macro cannot limit.

use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, SchemaType, Type};

/// What clients read about a text.
pub const LINE: &str = "Text of one line.";

/// The schema of a map from `name` to texts of the type `text` with at most `max_text` characters.
pub fn schema(map: SchemaType, name: ObjectBuilder, text: SchemaType, max_text: usize) -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(text).description(Some(LINE));
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
