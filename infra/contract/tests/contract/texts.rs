//! Each string of a request has a grammar, or is a text that people see and says so.

use std::collections::BTreeSet;

use serde_json::Value;
use structure::assert_none;

use crate::document;

/// The beginning of the rule's mention in a field's description; `shared::core::text` enforces it.
const TEXT: &str = "Text of ";

#[test]
fn each_string_of_a_request_has_a_grammar_or_is_described_as_text() {
    let document = document();
    let mut strings = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let contents = operation["requestBody"]["content"].as_object();
            for content in contents.into_iter().flat_map(|contents| contents.values()) {
                collect(&document, &content["schema"], "", &mut strings);
            }
        }
    }
    assert!(strings.iter().any(|(name, _)| name == "name"), "the name of a product");
    let mut problems = Vec::new();
    for (name, schema) in strings {
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let has_grammar = ["enum", "const", "format", "pattern"]
            .iter()
            .any(|rule| schema.get(rule).is_some());
        let is_text = schema["description"]
            .as_str()
            .is_some_and(|description| description.contains(TEXT));
        let is_limited = schema.get("maxLength").is_some();
        let is_described = has_grammar || is_text && is_limited;
        if !is_described {
            problems.push(format!("{name} needs a pattern, or `{TEXT}…` and maxLength: {schema}"));
        }
    }
    assert_none(&problems);
}

/// Adds the strings of a schema, with the name of their field.
fn collect(document: &Value, schema: &Value, name: &str, strings: &mut BTreeSet<(String, String)>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap();
        return collect(document, target, name, strings);
    }
    let kinds = schema["type"].as_array();
    if schema["type"] == "string" || kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "string")) {
        strings.insert((name.to_owned(), schema.to_string()));
    }
    for group in ["oneOf", "anyOf", "allOf"] {
        for part in schema[group].as_array().into_iter().flatten() {
            collect(document, part, name, strings);
        }
    }
    for part in ["items", "additionalProperties", "propertyNames"] {
        if let Some(part) = schema.get(part) {
            collect(document, part, name, strings);
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        collect(document, property, name, strings);
    }
}
