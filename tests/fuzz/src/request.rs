//! Fuzz target: an event of the HTTP API, through the entry of every function that has a route.
//!
//! The first line of an input names the function. Each line after it changes a valid event: a JSON pointer, a space, and
//! the new value as JSON or, if it is no JSON, as text; no value removes the field. After a line `event` the rest is the
//! whole event.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::aws::lambda::action::Handler;
use shared::aws::lambda::gateway;

use crate::cloud::{Cloud, NOW, invocation, run};

/// Sends the event: it is answered, and no function fails.
///
/// # Panics
/// If a function panics or answers 500, or the answer is not what clients are promised.
pub fn enter(data: &[u8]) {
    // Created once: some create an HTTP client.
    thread_local! {
        static FUNCTIONS: BTreeMap<&'static str, Handler> = functions();
    }
    let text = String::from_utf8_lossy(data);
    let (name, lines) = text.split_once('\n').unwrap_or((&text, ""));
    FUNCTIONS.with(|functions| {
        // Any other name selects a function too, so that a changed name is no wasted input.
        let nth = name.bytes().map(usize::from).sum::<usize>() % functions.len();
        let function = functions.get(name).or_else(|| functions.values().nth(nth));
        if let Some(Handler::Http(function)) = function {
            check(run(function(event(lines), invocation())));
        }
    });
}

fn check(response: shared::aws::lambda::http::Response) {
    let result = serde_json::to_value(gateway::result(response)).expect("a result that Lambda can send");
    let (status, headers) = (&result["statusCode"], &result["headers"]);
    assert_eq!(headers["request-id"], "request", "{result}");
    assert_ne!(*status, 500, "{result}");
    let body: Value = serde_json::from_str(result["body"].as_str().unwrap_or("null")).expect("JSON");
    if status.as_u64() >= Some(400) {
        assert_eq!(headers["content-type"], "application/problem+json", "{result}");
        assert_eq!(body["status"], *status, "{result}");
        assert_eq!(body["instance"], "urn:madang:request:request", "{result}");
    }
}

fn functions() -> BTreeMap<&'static str, Handler> {
    let platform = Cloud::default().platform();
    let actions = registry::actions().map(|action| (action.name, (action.build)(&platform).expect("its variables")));
    actions
        .filter(|(_, handler)| matches!(handler, Handler::Http(_)))
        .collect()
}

/// The event that the lines of an input describe.
fn event(lines: &str) -> String {
    let mut event = valid();
    let mut rest = lines;
    while let Some((line, after)) = rest.split_once('\n').or((!rest.is_empty()).then_some((rest, ""))) {
        if line == "event" {
            return after.to_owned();
        }
        rest = after;
        let (pointer, value) = line.split_once(' ').unwrap_or((line, ""));
        let (parent, field) = pointer.rsplit_once('/').unwrap_or_default();
        match event.pointer_mut(parent) {
            Some(Value::Object(parent)) if value.is_empty() => drop(parent.remove(field)),
            Some(Value::Object(parent)) => {
                let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
                parent.insert(field.to_owned(), value);
            }
            _ => {}
        }
    }
    event.to_string()
}

/// The path parameters of all routes.
pub fn path_parameters() -> Map<String, Value> {
    const IDS: [&str; 19] = [
        "bid_id",
        "coupon_id",
        "export_id",
        "image_id",
        "import_id",
        "order_id",
        "payment_id",
        "performance_id",
        "performance_review_id",
        "performer_id",
        "plan_id",
        "return_id",
        "shipment_id",
        "showtime_id",
        "subscription_id",
        "ticket_id",
        "transfer_offer_id",
        "venue_id",
        "waiting_room_id",
    ];
    let others = [
        ("customer_id", "ann".to_owned()),
        ("digest", "0".repeat(64)),
        ("period", "1".to_owned()),
        ("provider", "toss".to_owned()),
        ("sku", "tea".to_owned()),
    ];
    let ids = IDS.map(|name| (name.to_owned(), json!(ID)));
    ids.into_iter()
        .chain(others.map(|(name, value)| (name.to_owned(), json!(value))))
        .collect()
}

const ID: &str = "8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd";

/// An administrator's request with the parameters of all routes.
fn valid() -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /orders",
        "rawPath": "/orders",
        "rawQueryString": "",
        "cookies": [],
        "headers": { "content-type": "application/json", "host": "api.example.com", "idempotency-key": "k" },
        "queryStringParameters": {},
        "pathParameters": path_parameters(),
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "api.example.com", "domainPrefix": "api",
            "authorizer": {
                "jwt": { "claims": { "sub": "ann", "token_use": "access", "cognito:groups": "[admin]" }, "scopes": null },
            },
            "http": {
                "method": "POST", "path": "/orders", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                "userAgent": "fuzzer",
            },
            "requestId": "gateway", "routeKey": "POST /orders", "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": NOW * 1000,
        },
        "stageVariables": {},
        "body": "{}",
        "isBase64Encoded": false,
    })
}
