//! The body of every operation that has one: a body that matches its schema is read, and others are refused, at any
//! depth. A new operation is covered by its entry in the API description.

use function_tests::Shop;
use harness::description::accepts;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};

use crate::operations::{Operation, operations};

fn with_bodies(shop: &Shop) -> Vec<Operation> {
    let mut operations = operations(shop);
    operations.retain(|operation| !operation.bodies.is_empty());
    assert!(operations.len() >= 15, "{} operations have a body", operations.len());
    operations
}

/// The JSON pointers of all objects in a value.
fn objects(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                objects(value, format!("{pointer}/{name}"), found);
            }
            found.push(pointer);
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                objects(value, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// The JSON pointers of all values in a value.
fn values(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                values(value, format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(all) => {
            for (index, value) in all.iter().enumerate() {
                values(value, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
    found.push(pointer);
}

/// The values of `fields` in each possible order. Of many fields only in the declared one: twelve have 479 million.
fn orders_of(fields: &Map<String, Value>) -> Vec<Vec<&Value>> {
    const MANY: usize = 7;
    if fields.len() < MANY {
        return orders(fields.values().collect());
    }
    let components = contract::document().components.unwrap();
    let declared = components.schemas.values().find_map(|schema| match schema {
        RefOr::T(Schema::Object(object)) if object.properties.len() == fields.len() => {
            let values = object.properties.keys().map(|name| fields.get(name));
            values.collect::<Option<Vec<&Value>>>()
        }
        _ => None,
    });
    vec![declared.expect("a schema with these fields")]
}

/// The values in each possible order.
fn orders(values: Vec<&Value>) -> Vec<Vec<&Value>> {
    if values.is_empty() {
        return vec![vec![]];
    }
    let first = |nth: usize| {
        let mut rest = values.clone();
        let first = rest.remove(nth);
        orders(rest).into_iter().map(move |mut order| {
            order.push(first);
            order
        })
    };
    (0..values.len()).flat_map(first).collect()
}

/// Replaces the value at `pointer` by a JSON text, which a `Value` may not be able to hold.
fn replaced(body: &Value, pointer: &str, text: &str) -> String {
    let mut body = body.clone();
    *body.pointer_mut(pointer).unwrap() = json!("the replaced value");
    body.to_string().replace("\"the replaced value\"", text)
}

#[tokio::test]
async fn a_body_that_matches_its_schema_is_read() {
    let shop = Shop::open().await;
    for operation in with_bodies(&shop) {
        for body in &operation.bodies {
            let answer = operation.send_body(&shop, &body.to_string()).await;
            let is_refused = answer.body["type"] == "urn:madang:problem:malformed-body";
            assert!(!is_refused, "{} {body}: {answer:?}", operation.name);
        }
    }
}

#[tokio::test]
async fn an_array_of_its_fields_is_never_read_as_an_object() {
    let shop = Shop::open().await;
    for operation in with_bodies(&shop) {
        for body in &operation.bodies {
            let mut found = vec![];
            objects(body, String::new(), &mut found);
            for pointer in found {
                let fields = body.pointer(&pointer).and_then(Value::as_object).unwrap();
                // Only one order is that of the type.
                for values in orders_of(fields) {
                    let array = replaced(body, &pointer, &json!(values).to_string());
                    let answer = operation.send_body(&shop, &array).await;
                    assert_eq!(
                        answer.problem(),
                        "malformed-body",
                        "{} {array}: {answer:?}",
                        operation.name
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn null_is_refused_where_the_schema_forbids_it() {
    let shop = Shop::open().await;
    for operation in with_bodies(&shop) {
        for body in &operation.bodies {
            let mut found = vec![];
            values(body, String::new(), &mut found);
            for pointer in found {
                let nulled = replaced(body, &pointer, "null");
                let answer = operation.send_body(&shop, &nulled).await;
                let is_refused = answer.body["type"] == "urn:madang:problem:malformed-body";
                let is_allowed = accepts(operation.route(), &nulled);
                assert_eq!(is_refused, !is_allowed, "{} {nulled}: {answer:?}", operation.name);
            }
        }
    }
}

#[tokio::test]
async fn a_field_that_occurs_twice_or_is_unknown_is_refused() {
    let shop = Shop::open().await;
    for operation in with_bodies(&shop) {
        for body in &operation.bodies {
            let mut found = vec![];
            objects(body, String::new(), &mut found);
            for pointer in found {
                let object = body.pointer(&pointer).unwrap();
                let text = object.to_string();
                let (name, value) = object.as_object().unwrap().iter().next().unwrap();
                for field in [format!("{}:{value}", json!(name)), "\"unknown_field\":[1]".to_owned()] {
                    let body = replaced(body, &pointer, &format!("{},{field}}}", &text[..text.len() - 1]));
                    let answer = operation.send_body(&shop, &body).await;
                    let context = format!("{} {body}: {answer:?}", operation.name);
                    assert_eq!(answer.body["type"], "urn:madang:problem:malformed-body", "{context}");
                }
            }
        }
    }
}
