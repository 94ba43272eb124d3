//! Checks responses against the API description: a function answers only with statuses, problem codes and bodies that its
//! operation declares.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

use crate::gateway::Answer;

const DOCUMENT: &str = "https://madang.test/openapi";

/// What is wrong with the response of the function behind `route`, such as `GET /orders`, if anything.
pub fn violation(route: &str, answer: &Answer) -> Option<String> {
    let outcome = DESCRIPTION.check(route, answer);
    outcome.err().map(|why| format!("{route}: {why}: {answer:?}"))
}

/// Whether the schema of the request's body of `route` accepts the JSON text `body`.
///
/// # Panics
/// If the operation has no body, or the text is not JSON.
pub fn accepts(route: &str, body: &str) -> bool {
    let body = serde_json::from_str(body).expect("JSON");
    let index = DESCRIPTION.requests.get(route).expect("an operation with a body");
    DESCRIPTION.schemas.validate(&body, *index).is_ok()
}

static DESCRIPTION: LazyLock<Description> = LazyLock::new(Description::read);

/// The schemas of all requests and responses that the API description declares.
struct Description {
    schemas: Schemas,
    requests: BTreeMap<String, SchemaIndex>,
    /// A response without content has no schema.
    responses: BTreeMap<Key, Option<SchemaIndex>>,
}

/// A route, a status and a media type, which is empty without content.
type Key = (String, u16, String);

impl Description {
    fn read() -> Self {
        let document = serde_json::to_value(contract::document()).expect("JSON");
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        compiler.add_resource(DOCUMENT, document.clone()).expect("an address");
        let mut compile = |pointer: String| {
            let fragment = pointer.replace('{', "%7B").replace('}', "%7D");
            let index = compiler.compile(&format!("{DOCUMENT}#{fragment}"), &mut schemas);
            index.unwrap_or_else(|why| panic!("{pointer}: {why:#}"))
        };
        let requests = requests(&document).into_iter();
        let requests = requests.map(|(route, pointer)| (route, compile(pointer))).collect();
        let responses = responses(&document).into_iter();
        let responses = responses
            .map(|(key, pointer)| (key, pointer.map(&mut compile)))
            .collect();
        Self {
            schemas,
            requests,
            responses,
        }
    }

    fn check(&self, route: &str, answer: &Answer) -> Result<(), String> {
        // Without parameters, such as the charset of a page.
        let media_type = answer.media_type.split(';').next().unwrap_or_default();
        let key = (route.to_owned(), answer.status, media_type.to_owned());
        let index = self.responses.get(&key).ok_or("the response is not declared")?;
        if matches!(answer.status, 201 | 202) && !answer.headers.contains_key("location") {
            return Err("the response has no Location".to_owned());
        }
        let Some(index) = index else {
            return Ok(());
        };
        let outcome = self.schemas.validate(&answer.body, *index);
        outcome.map_err(|why| format!("the response does not match its schema: {why}"))
    }
}

/// The JSON pointer of the schema of each request's body, by route.
fn requests(document: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let content = operation["requestBody"]["content"].as_object();
            if let Some((media_type, _)) = content.and_then(|content| content.iter().next()) {
                let (path, media_type) = (escaped(path), escaped(media_type));
                let pointer = format!("/paths/{path}/{method}/requestBody/content/{media_type}/schema");
                found.insert(
                    format!("{} {}", method.to_uppercase(), path.replace("~1", "/")),
                    pointer,
                );
            }
        }
    }
    found
}

/// The JSON pointer of each response's schema, if it has one.
fn responses(document: &Value) -> BTreeMap<Key, Option<String>> {
    let mut found = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            for (status, response) in operation["responses"].as_object().expect("responses") {
                let place = match response["$ref"].as_str() {
                    Some(place) => place.trim_start_matches('#').to_owned(),
                    None => format!("/paths/{}/{method}/responses/{status}", escaped(path)),
                };
                let content = document.pointer(&place).expect("a response")["content"].as_object();
                let key = |media_type: &str| {
                    let route = format!("{} {path}", method.to_uppercase());
                    (route, status.parse().expect("a status"), media_type.to_owned())
                };
                for media_type in content.into_iter().flatten().map(|(media_type, _)| media_type) {
                    let pointer = format!("{place}/content/{}/schema", escaped(media_type));
                    found.insert(key(media_type), Some(pointer));
                }
                if content.is_none() {
                    found.insert(key(""), None);
                }
            }
        }
    }
    found
}

/// A name as a part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(status: u16, code: &str) -> Answer {
        let body = json!({
            "type": format!("urn:madang:problem:{code}"),
            "title": "The resource does not exist",
            "status": status,
            "detail": "There is no such order.",
            "instance": "urn:madang:request:1",
        });
        Answer {
            status,
            replayed: false,
            retry_after: None,
            link: None,
            media_type: "application/problem+json".to_owned(),
            request_id: "1".to_owned(),
            headers: BTreeMap::new(),
            body,
        }
    }

    #[test]
    fn a_declared_problem_is_accepted() {
        assert_eq!(violation("GET /orders/{order_id}", &answer(404, "not-found")), None);
    }

    #[test]
    fn a_code_that_the_operation_does_not_declare_is_a_violation() {
        for (status, code) in [
            (404, "out-of-stock"),
            (404, "unknown"),
            (409, "out-of-stock"),
            (404, "unknown-order"),
        ] {
            let answer = answer(status, code);
            assert!(violation("GET /orders/{order_id}", &answer).is_some(), "{answer:?}");
        }
    }

    #[test]
    fn a_problem_without_its_members_is_a_violation() {
        let mut short = answer(409, "out-of-stock");
        short.body["title"] = json!("Not enough stock");
        assert!(violation("POST /orders", &short).is_some());
        short.body["shortages"] = json!([{ "sku": "tea", "requested": 2, "available": 1 }]);
        assert_eq!(violation("POST /orders", &short), None);
    }

    #[test]
    fn a_new_resource_without_its_location_is_a_violation() {
        let mut created = answer(201, "none");
        created.media_type = "application/json".to_owned();
        created.body = json!({ "movement_id": "8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd", "sku": "tea", "kind": "RECEIPT",
            "change": 1, "created_at": "2026-01-01T00:00:00Z", "created_by": { "kind": "STAFF", "id": "the-admin" } });
        let route = "POST /admin/products/{sku}/stock-movements";
        assert!(violation(route, &created).is_some());
        created
            .headers
            .insert("location".to_owned(), "/admin/products/tea/stock-movements".to_owned());
        assert_eq!(violation(route, &created), None);
    }

    #[test]
    fn a_body_that_does_not_match_its_schema_is_a_violation() {
        let list = |body: Value| Answer {
            status: 200,
            media_type: "application/json".to_owned(),
            body,
            ..answer(200, "none")
        };
        assert_eq!(violation("GET /orders", &list(json!({ "items": [] }))), None);
        assert!(violation("GET /orders", &list(json!({ "items": [{}] }))).is_some());
    }
}
