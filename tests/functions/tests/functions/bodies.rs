//! The body of every operation that has one: a body that matches its schema is read, and others are refused, at any
//! depth. A new operation is covered by its entry in the API description.

use std::collections::BTreeMap;

use function_tests::Shop;
use harness::gateway::{Answer, Call};
use serde_json::{Map, Value, json};
use shared::aws::lambda::action::Handler;

/// An operation with a body, and bodies that match its schema.
struct Operation {
    name: String,
    call: Call,
    handler: Handler,
    bodies: Vec<Value>,
}

impl Operation {
    async fn send(&self, shop: &Shop, body: &str) -> Answer {
        let Handler::Http(handle) = &self.handler else {
            panic!("{} has no route", self.name)
        };
        let call = self.call.clone().text(body);
        call.declared(Answer::of(handle(call.event().to_string(), shop.invocation()).await))
    }
}

fn operations(shop: &Shop) -> Vec<Operation> {
    let platform = shop.platform();
    let build = |action: &shared::aws::lambda::action::Action| (action.build)(&platform).unwrap();
    let handlers: BTreeMap<&str, Handler> = registry::actions().map(|action| (action.name, build(action))).collect();
    let document = serde_json::to_value(contract::document()).unwrap();
    let mut operations = vec![];
    for (route, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let bodies = instances(
                &document,
                &operation["requestBody"]["content"]["application/json"]["schema"],
            );
            if bodies.iter().all(Value::is_null) {
                continue;
            }
            let name = operation["operationId"].as_str().unwrap();
            let mut call = Call::new(&method.to_uppercase(), route).by_admin().key("k");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["in"] == "path" {
                    let value = match &instances(&document, &parameter["schema"])[0] {
                        Value::String(text) => text.clone(),
                        value => value.to_string(),
                    };
                    call = call.path(parameter["name"].as_str().unwrap(), &value);
                }
            }
            let handler = handlers[name].clone();
            let name = name.to_owned();
            operations.push(Operation {
                name,
                call,
                handler,
                bodies,
            });
        }
    }
    assert!(operations.len() >= 15, "{} operations have a body", operations.len());
    operations
}

/// Values that match a schema, with all properties, one for each alternative in it. Null for a schema without a type.
fn instances(document: &Value, schema: &Value) -> Vec<Value> {
    if let Some(name) = schema["$ref"].as_str() {
        return instances(document, document.pointer(&name[1..]).unwrap());
    }
    if let Some(example) = schema["examples"].get(0).or(schema["enum"].get(0)) {
        return vec![example.clone()];
    }
    if let Some(kinds) = schema["oneOf"].as_array() {
        return kinds.iter().flat_map(|kind| instances(document, kind)).collect();
    }
    let text = |default: usize| "a".repeat(schema["minLength"].as_u64().map_or(default, |length| length as usize));
    let value = match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("object"), _) => {
            let properties = schema["properties"].as_object().cloned().unwrap_or_default();
            let properties: Vec<(String, Vec<Value>)> = properties
                .into_iter()
                .map(|(name, schema)| (name, instances(document, &schema)))
                .collect();
            let count = properties.iter().map(|(_, values)| values.len()).max().unwrap_or(1);
            let object = |nth: usize| {
                let properties = properties.iter();
                properties
                    .map(|(name, values)| (name.clone(), values[nth % values.len()].clone()))
                    .collect::<Map<_, _>>()
            };
            return (0..count).map(|nth| Value::Object(object(nth))).collect();
        }
        (Some("array"), _) => json!(instances(document, &schema["items"])),
        (Some("integer" | "number"), _) => schema.get("minimum").cloned().unwrap_or(json!(1)),
        (Some("boolean"), _) => json!(true),
        (Some("string"), Some("uuid")) => json!("8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd"),
        (Some("string"), Some("uri")) => json!("https://shop.example.com/"),
        (Some("string"), Some("date-time")) => json!("2026-01-02T00:00:00Z"),
        (Some("string"), Some("date")) => json!("2026-01-02"),
        (Some("string"), _) => json!(text(1)),
        (None, _) => Value::Null,
        other => panic!("no instance of {other:?}: {schema}"),
    };
    vec![value]
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
    for operation in operations(&shop) {
        for body in &operation.bodies {
            let answer = operation.send(&shop, &body.to_string()).await;
            let is_refused = answer.body["type"] == "urn:madang:problem:malformed-body";
            assert!(!is_refused, "{} {body}: {answer:?}", operation.name);
        }
    }
}

#[tokio::test]
async fn an_array_of_its_fields_is_never_read_as_an_object() {
    let shop = Shop::open().await;
    for operation in operations(&shop) {
        for body in &operation.bodies {
            let mut found = vec![];
            objects(body, String::new(), &mut found);
            for pointer in found {
                let fields = body.pointer(&pointer).and_then(Value::as_object).unwrap();
                // In any order, since only one is the order of the type.
                for values in orders(fields.values().collect()) {
                    let array = replaced(body, &pointer, &json!(values).to_string());
                    let answer = operation.send(&shop, &array).await;
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
async fn a_field_that_occurs_twice_or_is_unknown_is_refused() {
    let shop = Shop::open().await;
    for operation in operations(&shop) {
        for body in &operation.bodies {
            let mut found = vec![];
            objects(body, String::new(), &mut found);
            for pointer in found {
                let object = body.pointer(&pointer).unwrap();
                let text = object.to_string();
                let (name, value) = object.as_object().unwrap().iter().next().unwrap();
                for field in [format!("{}:{value}", json!(name)), "\"unknown_field\":[1]".to_owned()] {
                    let body = replaced(body, &pointer, &format!("{},{field}}}", &text[..text.len() - 1]));
                    let answer = operation.send(&shop, &body).await;
                    let context = format!("{} {body}: {answer:?}", operation.name);
                    assert_eq!(answer.body["type"], "urn:madang:problem:malformed-body", "{context}");
                }
            }
        }
    }
}
