//! Schemas of maps from names to texts, which the derive macro cannot limit.

use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, SchemaType, Type};

use crate::catalog::Product;

/// What clients read about a text.
const LINE: &str = "Text of one line.";

/// The schema of [`Product::attributes`].
pub fn attributes_schema() -> Object {
    attributes(Type::Object.into(), Type::String.into())
}

/// The schema of a merge patch of [`Product::attributes`].
pub fn attributes_patch_schema() -> Object {
    attributes(or_null(Type::Object), or_null(Type::String))
}

/// The schema of [`Product::metadata`].
pub fn metadata_schema() -> Object {
    metadata(Type::Object.into(), Type::String.into())
}

/// The schema of a merge patch of [`Product::metadata`].
pub fn metadata_patch_schema() -> Object {
    metadata(or_null(Type::Object), or_null(Type::String))
}

fn attributes(map: SchemaType, text: SchemaType) -> Object {
    let name = ObjectBuilder::new().schema_type(Type::String).description(Some(LINE));
    let name = name.min_length(Some(1)).max_length(Some(Product::MAX_ATTRIBUTE_NAME));
    texts(map, name, text, Product::MAX_ATTRIBUTE)
        .max_properties(Some(Product::MAX_ATTRIBUTES))
        .description(Some("Facts that shoppers see, by name, such as the weight."))
        .examples([serde_json::json!({ "Origin": "Boseong" })])
        .build()
}

fn metadata(map: SchemaType, text: SchemaType) -> Object {
    let name = ObjectBuilder::new().schema_type(Type::String);
    let name = name.pattern(Some(format!("^[A-Za-z0-9._-]{{1,{}}}$", Product::MAX_METADATA_NAME)));
    texts(map, name, text, Product::MAX_METADATA_TEXT)
        .max_properties(Some(Product::MAX_METADATA))
        .description(Some("Notes of administrators, by name. Nobody else sees them."))
        .examples([serde_json::json!({ "erp_id": "40817" })])
        .build()
}

fn texts(map: SchemaType, name: ObjectBuilder, text: SchemaType, max_text: usize) -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(text).description(Some(LINE));
    let text = text.min_length(Some(1)).max_length(Some(max_text));
    ObjectBuilder::new()
        .schema_type(map)
        .property_names(Some(name.build()))
        .additional_properties(Some(AdditionalProperties::RefOr(text.build().into())))
}

fn or_null(kind: Type) -> SchemaType {
    SchemaType::from_iter([kind, Type::Null])
}
