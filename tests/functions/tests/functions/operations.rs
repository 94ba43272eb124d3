//! The operations of the API description, each with a request that matches it. A new operation is covered by its entry
//! there.

use std::collections::BTreeMap;

use function_tests::Shop;
use harness::gateway::{Answer, Call};
use harness::objects::FakeS3;
use harness::{FakeQueue, Services};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use shared::aws::lambda::action::Handler;

/// An operation, an administrator's call of it, and bodies that match its schema, if it has one.
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) needs_token: bool,
    pub(crate) call: Call,
    handler: Handler,
    pub(crate) bodies: Vec<Value>,
}

impl Operation {
    /// The route, such as `POST /orders`.
    pub(crate) fn route(&self) -> &str {
        self.call.event()["routeKey"].as_str().unwrap()
    }

    pub(crate) async fn send_body(&self, shop: &Shop, body: &str) -> Answer {
        self.send(shop, self.call.clone().text(body)).await
    }

    pub(crate) async fn send(&self, shop: &Shop, call: Call) -> Answer {
        let Handler::Http(handle) = &self.handler else {
            panic!("{} has no route", self.name)
        };
        call.declared(Answer::of(handle(call.event().to_string(), shop.invocation()).await))
    }
}

/// All operations of the API description.
pub(crate) fn operations(shop: &Shop) -> Vec<Operation> {
    let services = Services {
        kms: Some(shop.kms.clone()),
        queue: Some(FakeQueue::new(SignedDuration::from_mins(1), 5)),
        objects: Some(FakeS3::default()),
        ..Services::default()
    };
    let platform = shop.platform().with_aws(services.config());
    let build = |action: &shared::aws::lambda::action::Action| (action.build)(&platform).unwrap();
    let handlers: BTreeMap<&str, Handler> = registry::actions().map(|action| (action.name, build(action))).collect();
    let document = serde_json::to_value(contract::document()).unwrap();
    let mut operations = vec![];
    for (route, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let contents = operation["requestBody"]["content"].as_object();
            let mut bodies = vec![];
            for content in contents.into_iter().flat_map(|contents| contents.values()) {
                bodies.extend(instances(&document, &content["schema"]));
            }
            // A webhook's body has no schema.
            bodies.retain(|body| !body.is_null());
            let name = operation["operationId"].as_str().unwrap();
            let mut call = Call::new(&method.to_uppercase(), route).by_admin().key("k");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["name"] == "If-Match" {
                    call = call.header("if-match", "*");
                }
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
                path: route.clone(),
                needs_token: operation.get("security").is_some(),
                call,
                handler,
                bodies,
            });
        }
    }
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
    let kinds = schema["type"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let kind = schema["type"]
        .as_str()
        .or_else(|| kinds.clone().find(|kind| *kind != "null"));
    let value = match (kind, schema["format"].as_str()) {
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
        (Some("null") | None, _) => Value::Null,
        other => panic!("no instance of {other:?}: {schema}"),
    };
    vec![value]
}
