//! Unions: each variant is a schema of its own, and the discriminator says which value of the tag selects which.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::Modify;
use utoipa::openapi::schema::{Discriminator, Object, OneOf, Schema};
use utoipa::openapi::{OpenApi, Ref, RefOr};

use crate::routes::upper_camel_case;

/// Adds the discriminators.
pub(crate) struct Unions;

impl Modify for Unions {
    fn modify(&self, api: &mut OpenApi) {
        let Some(components) = &mut api.components else { return };
        let mut variants = BTreeMap::new();
        for (name, schema) in &mut components.schemas {
            if let RefOr::T(Schema::OneOf(union)) = schema {
                variants.extend(separate(name, union));
            }
        }
        components.schemas.extend(variants);
    }
}

/// Replaces the variants of the union `name` by references, and returns them with their names: `PaymentDecisionAskAgain`.
fn separate(name: &str, union: &mut OneOf) -> Vec<(String, RefOr<Schema>)> {
    let Some(tag) = tag(union) else { return vec![] };
    let mut mapping = BTreeMap::new();
    let mut variants = vec![];
    for item in &mut union.items {
        if let Some(value) = object(item).and_then(|variant| tag_value(variant, &tag)) {
            let variant = format!("{name}{}", upper_camel_case(&value.to_lowercase().replace('_', "-")));
            let reference = Ref::from_schema_name(&variant);
            mapping.insert(value, reference.ref_location.clone());
            variants.push((variant, std::mem::replace(item, reference.into())));
        }
    }
    union.discriminator = Some(Discriminator::with_mapping(tag, mapping));
    variants
}

/// The property that has one value in each variant.
fn tag(union: &OneOf) -> Option<String> {
    let mut names = object(union.items.first()?)?.properties.keys();
    let is_tag = |name: &&String| {
        let has_it = |item| object(item).and_then(|variant| tag_value(variant, name)).is_some();
        union.items.iter().all(has_it)
    };
    names.find(is_tag).cloned()
}

fn object(item: &RefOr<Schema>) -> Option<&Object> {
    match item {
        RefOr::T(Schema::Object(object)) => Some(object),
        _ => None,
    }
}

/// The only value of a property.
fn tag_value(variant: &Object, property: &str) -> Option<String> {
    let RefOr::T(Schema::Object(property)) = variant.properties.get(property)? else {
        return None;
    };
    match property.enum_values.as_deref()? {
        [Value::String(only)] => Some(only.clone()),
        _ => None,
    }
}
