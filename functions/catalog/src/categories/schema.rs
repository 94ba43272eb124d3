//! Schemas of the maps of categories and attributes, which the derive macro cannot describe.

use serde_json::{Value, json};
use shared::catalog::Product;
use shared::core::text::text_map;
use utoipa::openapi::schema::{
    AdditionalProperties, Array, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::attribute::CategoryAttribute;
use super::tree::{CategoryNode, CategoryTree};
use crate::update_categories::{CategoryAttributePatch, CategoryPatch};

/// Defines the schema of a map from names to values. In a merge patch a value may be `null`.
macro_rules! map_schema {
    ($($(#[$doc:meta])* $map:ident: $name:ident => $value:ty, $most:expr, $or_null:ident, $example:ident, $description:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $map;

        impl PartialSchema for $map {
            fn schema() -> RefOr<Schema> {
                let value = $or_null(Ref::from_schema_name(<$value>::name()));
                ObjectBuilder::new()
                    .schema_type(Type::Object)
                    .property_names(Some($name().build()))
                    .additional_properties(Some(AdditionalProperties::RefOr(value)))
                    .max_properties(Some($most))
                    .description(Some($description))
                    .examples([$example()])
                    .build()
                    .into()
            }
        }

        impl ToSchema for $map {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                schemas.push((<$value>::name().into_owned(), <$value>::schema()));
                <$value>::schemas(schemas);
            }
        }
    )*};
}

map_schema! {
    /// Categories by path.
    Categories: path => CategoryNode, CategoryTree::MAX, never_null, categories,
        "The categories by path, such as `drinks/tea`, of at most four names.";
    /// A merge patch of categories by path.
    CategoriesPatch: path => CategoryPatch, CategoryTree::MAX, or_null, categories,
        "The categories by path. `null` removes one.";
    /// Attributes by name.
    CategoryAttributes: attribute => CategoryAttribute, CategoryTree::MAX_ATTRIBUTES, never_null, attributes,
        "The attributes of its products, and of those in the categories below it, by the name that products use.";
    /// A merge patch of attributes by name.
    CategoryAttributesPatch: attribute => CategoryAttributePatch, CategoryTree::MAX_ATTRIBUTES, or_null, attributes,
        "The attributes of its products. `null` removes one.";
}

fn categories() -> Value {
    json!({ "tea": { "names": { "en": "Tea", "ko": "차" }, "position": 2, "attributes": attributes() } })
}

fn attributes() -> Value {
    json!({ "weight": { "type": "NUMBER", "names": { "en": "Weight" }, "unit": "g", "required": true } })
}

fn path() -> ObjectBuilder {
    let path = ObjectBuilder::new().schema_type(Type::String);
    path.pattern(Some("^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*){0,3}$"))
        .max_length(Some(100))
}

fn attribute() -> ObjectBuilder {
    let name = ObjectBuilder::new().schema_type(Type::String);
    name.description(Some(text_map::LINE))
        .min_length(Some(1))
        .max_length(Some(Product::MAX_ATTRIBUTE_NAME))
}

/// The schema of the values of an `ENUM`.
pub fn values() -> Array {
    values_of(Type::Array.into())
}

/// The schema of a merge patch of the values of an `ENUM`.
pub fn values_patch() -> Array {
    values_of(text_map::or_null(Type::Array))
}

fn values_of(kind: SchemaType) -> Array {
    let value = ObjectBuilder::new().schema_type(Type::String);
    let value = value.description(Some(text_map::LINE));
    let value = value.min_length(Some(1)).max_length(Some(Product::MAX_ATTRIBUTE));
    ArrayBuilder::new()
        .schema_type(kind)
        .items(value)
        .max_items(Some(CategoryAttribute::MAX_VALUES))
        .description(Some("The values of an `ENUM`."))
        .build()
}

fn never_null(value: Ref) -> RefOr<Schema> {
    value.into()
}

fn or_null(value: Ref) -> RefOr<Schema> {
    let null = ObjectBuilder::new().schema_type(Type::Null);
    let either = OneOfBuilder::new().item(value).item(null);
    RefOr::T(Schema::OneOf(either.build()))
}
