//! The document lists exactly the existing problem codes, under their statuses, and each code has its schema.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shared::aws::lambda::problem::{MEDIA_TYPE, status_of};
use shared::core::error::MemberSchema;
use structure::assert_none;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use crate::document;
use crate::routes::operations;

#[test]
fn each_listed_code_exists_and_has_its_status() {
    let known = statuses();
    let mut problems = Vec::new();
    for (route, status, code) in listed() {
        match known.get(code.as_str()) {
            None => problems.push(format!(
                "{route} lists `{code}` under {status}: the code does not exist"
            )),
            Some(&correct) if correct != status => {
                problems.push(format!(
                    "{route} lists `{code}` under {status}: its status is {correct}"
                ));
            }
            Some(_) => {}
        }
    }
    assert_none(&problems);
}

#[test]
fn each_code_is_listed_by_a_route() {
    let listed: BTreeSet<String> = listed().into_iter().map(|(_, _, code)| code).collect();
    let mut problems = Vec::new();
    for code in statuses().into_keys().filter(|&code| !listed.contains(code)) {
        problems.push(format!(
            "no route lists `{code}`: list it in the REFUSALS of the actions that return it, or remove it"
        ));
    }
    assert_none(&problems);
}

#[test]
fn no_route_lists_a_code_twice() {
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for (route, _, code) in listed() {
        if !seen.insert((route.clone(), code.clone())) {
            problems.push(format!(
                "{route} lists `{code}` twice: leave out of REFUSALS what follows from the request"
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn each_error_response_of_a_function_is_a_problem() {
    let document = document();
    for (route, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            // Only the API gateway returns 429.
            if status.starts_with(['4', '5']) && status != "429" {
                let schema = &resolve(&document, response)["content"][MEDIA_TYPE]["schema"];
                assert!(!kinds(schema).is_empty(), "{route} {status}: {schema}");
            }
        }
    }
}

#[test]
fn a_response_with_several_codes_is_told_apart_by_type() {
    let document = document();
    for (route, operation) in operations() {
        for response in operation["responses"].as_object().unwrap().values() {
            let schema = &resolve(&document, response)["content"][MEDIA_TYPE]["schema"];
            if schema["oneOf"].is_null() {
                continue;
            }
            let mapping: BTreeMap<String, &Value> = kinds(schema)
                .into_iter()
                .map(|kind| (type_of(&document, kind), &kind["$ref"]))
                .collect();
            let discriminator = json!({ "propertyName": "type", "mapping": mapping });
            assert_eq!(schema["discriminator"], discriminator, "{route}");
        }
    }
}

#[test]
fn a_code_declares_the_members_of_its_schema() {
    for definition in registry::definitions() {
        let mut described: Vec<String> = definition.members.map(names).unwrap_or_default();
        let mut declared = definition.reason.members.to_vec();
        described.sort_unstable();
        declared.sort_unstable();
        assert_eq!(described, declared, "{}", definition.reason.code);
    }
}

#[test]
fn each_member_is_described() {
    let document = document();
    let mut problems = Vec::new();
    for definition in registry::definitions() {
        let own = schema_of(&document, definition.reason.code);
        for member in definition.reason.members {
            if own["properties"][member]["description"]
                .as_str()
                .is_none_or(str::is_empty)
            {
                problems.push(format!("{}: describe `{member}`", definition.reason.code));
            }
        }
    }
    assert_none(&problems);
}

fn names(members: MemberSchema) -> Vec<String> {
    let RefOr::T(Schema::Object(object)) = (members.schema)() else {
        panic!("members are an object")
    };
    object.properties.keys().cloned().collect()
}

/// Each code and its status.
fn statuses() -> BTreeMap<&'static str, u16> {
    let reasons = registry::reasons().map(|reason| (reason.code, status_of(reason.kind).as_u16()));
    reasons.chain([("internal", 500), ("unavailable", 503)]).collect()
}

/// The codes that responses list, each with its route and status.
fn listed() -> Vec<(String, u16, String)> {
    let document = document();
    let mut listed = Vec::new();
    for (route, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let schema = &resolve(&document, response)["content"][MEDIA_TYPE]["schema"];
            for kind in kinds(schema) {
                let kind = type_of(&document, kind);
                let code = kind.strip_prefix("urn:madang:problem:").unwrap().to_owned();
                listed.push((route.clone(), status.parse().unwrap(), code));
            }
        }
    }
    listed
}

/// The references to the schemas of a response's codes.
fn kinds(schema: &Value) -> Vec<&Value> {
    match schema["oneOf"].as_array() {
        Some(kinds) => kinds.iter().collect(),
        None => schema.get("$ref").map(|_| schema).into_iter().collect(),
    }
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let place = value["$ref"].as_str();
    place.map_or(value, |place| document.pointer(place.trim_start_matches('#')).unwrap())
}

/// The `type` that a code's schema requires.
fn type_of(document: &Value, kind: &Value) -> String {
    let own = &resolve(document, kind)["allOf"][1];
    own["properties"]["type"]["const"].as_str().unwrap().to_owned()
}

/// The part of a code's schema that other codes do not have.
fn schema_of<'a>(document: &'a Value, code: &str) -> &'a Value {
    let mut schemas = document["components"]["schemas"].as_object().unwrap().values();
    let kind = format!("urn:madang:problem:{code}");
    let schema = schemas.find(|schema| schema["allOf"][1]["properties"]["type"]["const"] == kind);
    &schema.unwrap()["allOf"][1]
}
