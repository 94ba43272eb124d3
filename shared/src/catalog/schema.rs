//! Schemas of a product's maps from names to texts.

use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

use crate::catalog::Product;
use crate::core::metadata::Metadata;
use crate::core::text::text_map;

/// The schema of [`Product::attributes`].
pub fn attributes_schema() -> Object {
    attributes(Type::Object.into(), Type::String.into())
}

/// The schema of a merge patch of [`Product::attributes`].
pub fn attributes_patch_schema() -> Object {
    attributes(text_map::or_null(Type::Object), text_map::or_null(Type::String))
}

/// The schema of [`Product::metadata`].
pub fn metadata_schema() -> Object {
    metadata(Metadata::schema())
}

/// The schema of a merge patch of [`Product::metadata`].
pub fn metadata_patch_schema() -> Object {
    metadata(Metadata::patch_schema())
}

fn attributes(map: SchemaType, text: SchemaType) -> Object {
    let name = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(text_map::LINE));
    let name = name.min_length(Some(1)).max_length(Some(Product::MAX_ATTRIBUTE_NAME));
    text_map::schema(map, name, text, Product::MAX_ATTRIBUTE)
        .max_properties(Some(Product::MAX_ATTRIBUTES))
        .description(Some("Facts that shoppers see, by name, such as the weight."))
        .examples([serde_json::json!({ "Origin": "Boseong" })])
        .build()
}

fn metadata(schema: ObjectBuilder) -> Object {
    schema
        .description(Some("Notes of administrators, by name. Nobody else sees them."))
        .examples([serde_json::json!({ "erp_id": "40817" })])
        .build()
}
