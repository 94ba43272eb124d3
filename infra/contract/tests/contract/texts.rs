//! Each string of a request has a grammar, or is a text that people see and says so. Descriptions name things by nouns.

use std::collections::BTreeSet;

use contract::{EVENTS, files};
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

/// Words that begin a clause in place of a noun, such as "How many are free" in place of "The number of free places".
const CLAUSES: [&str; 9] = ["How", "What", "When", "Where", "Which", "Who", "Whom", "Whose", "Why"];

/// Words that name the owner of a thing by a pronoun, such as "Its author" for "The customer who wrote the review".
const PRONOUNS: [&str; 2] = ["Its", "Their"];

#[test]
fn no_description_begins_with_a_clause_that_stands_for_a_noun() {
    let mut problems = Vec::new();
    for (path, document) in documents() {
        for (place, description) in descriptions(&document) {
            if begins_with(description, &CLAUSES) {
                problems.push(format!(
                    "{path}{place}: name the thing, such as `The time at which …`: {description}"
                ));
            }
        }
    }
    assert_none(&problems);
}

/// A description of an operation follows its summary, and may refer to it.
#[test]
fn no_description_of_a_schema_begins_with_a_pronoun() {
    let mut problems = Vec::new();
    for (path, document) in documents() {
        for (place, description) in descriptions(&document) {
            if !place.starts_with("/paths/") && begins_with(description, &PRONOUNS) {
                problems.push(format!("{path}{place}: name the owner of the thing: {description}"));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn a_description_is_found_wherever_it_is() {
    let document = serde_json::json!({
        "description": "Who acted.",
        "properties": { "description": { "type": "string", "description": "Its name." } },
        "oneOf": [{ "const": "A", "description": "A." }],
    });
    let found = descriptions(&document);
    let expected = [
        ("/description", "Who acted."),
        ("/oneOf/0/description", "A."),
        ("/properties/description/description", "Its name."),
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (place, description) in expected {
        assert!(found.contains(&(place.to_owned(), description)), "{place}: {found:?}");
    }
    assert!(begins_with("Who acted.", &CLAUSES) && begins_with("Its name.", &PRONOUNS));
    assert!(!begins_with("However many.", &CLAUSES) && !begins_with("Whether it is.", &CLAUSES));
}

/// The OpenAPI document and the events' schemas, each with its path.
fn documents() -> Vec<(String, Value)> {
    let mut all = vec![("infra/openapi.yaml".to_owned(), document())];
    for file in files().unwrap() {
        if file.path.starts_with(EVENTS) {
            all.push((file.path, serde_json::from_str(&file.text).unwrap()));
        }
    }
    assert!(all.len() > 1, "{EVENTS} has schemas");
    all
}

/// All descriptions and summaries of a document, each with its pointer. Those in examples are of other things.
fn descriptions(value: &Value) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    let mut left = vec![(String::new(), value)];
    while let Some((place, value)) = left.pop() {
        if let Some(members) = value.as_object() {
            for (name, member) in members {
                let place = format!("{place}/{name}");
                if name == "example" || name == "examples" {
                    continue;
                }
                match member.as_str() {
                    Some(text) if name == "description" || name == "summary" => found.push((place, text)),
                    _ => left.push((place, member)),
                }
            }
        }
        let items = value.as_array().into_iter().flatten().enumerate();
        left.extend(items.map(|(index, item)| (format!("{place}/{index}"), item)));
    }
    found
}

/// Whether the first word of a text is one of `words`.
fn begins_with(text: &str, words: &[&str]) -> bool {
    let first = text
        .split(|letter: char| !letter.is_alphabetic())
        .next()
        .unwrap_or_default();
    words.contains(&first)
}
