//! Each union has a discriminator that selects each of its variants by name.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document;

#[test]
fn each_union_has_a_discriminator_for_all_its_variants() {
    let document = document();
    let mut unions = vec![];
    collect(&document, "", &mut unions);
    assert!(unions.len() > 6, "{} unions", unions.len());
    for (place, union) in unions {
        let variants: BTreeSet<Option<&str>> = items(union).map(|item| item["$ref"].as_str()).collect();
        let mapping = union["discriminator"]["mapping"].as_object();
        let mapped = mapping.into_iter().flatten().map(|(_, variant)| variant.as_str());
        assert_eq!(mapped.collect::<BTreeSet<_>>(), variants, "{place}");
    }
}

#[test]
fn each_variant_requires_the_value_that_selects_it() {
    let document = document();
    let mut unions = vec![];
    collect(&document["components"]["schemas"], "", &mut unions);
    for (place, union) in unions {
        let tag = union["discriminator"]["propertyName"].as_str().unwrap();
        for (value, variant) in union["discriminator"]["mapping"].as_object().unwrap() {
            let variant = document
                .pointer(variant.as_str().unwrap().trim_start_matches('#'))
                .unwrap();
            assert_eq!(
                variant["properties"][tag]["enum"],
                serde_json::json!([value]),
                "{place}"
            );
            assert!(variant["required"].as_array().unwrap().contains(&tag.into()), "{place}");
        }
    }
}

fn items(union: &Value) -> impl Iterator<Item = &Value> {
    union["oneOf"].as_array().into_iter().flatten()
}

/// Whether the only alternative is null: a member that can be cleared is no union.
fn is_nullable(schema: &Value) -> bool {
    items(schema).count() == 2 && items(schema).any(|item| item["type"] == "null")
}

/// Adds each schema with alternatives, with its place.
fn collect<'a>(value: &'a Value, place: &str, unions: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(members) => {
            if members.contains_key("oneOf") && !is_nullable(value) {
                unions.push((place.to_owned(), value));
            }
            for (name, value) in members {
                collect(value, &format!("{place}/{name}"), unions);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                collect(item, &format!("{place}/{at}"), unions);
            }
        }
        _ => {}
    }
}
