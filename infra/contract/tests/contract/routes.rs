//! The routes of the document and of `template.yaml` are the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::aws::lambda::access::ADMIN;
use structure::template::{Template, entries};
use structure::{assert_none, repository};

use crate::document;

/// Whether each route (`GET /orders`) requires a token.
type Routes = BTreeMap<String, bool>;

#[test]
fn the_routes_in_the_template_are_up_to_date() {
    let file = contract::routes::template().unwrap();
    assert!(
        repository::read(&file.path) == file.text,
        "the routes in {} are out of date: run `cargo contract`",
        file.path
    );
}

#[test]
fn the_template_and_the_document_have_the_same_routes() {
    let described: BTreeSet<String> = described().into_keys().collect();
    let deployed: BTreeSet<String> = deployed().into_keys().collect();
    let mut problems = Vec::new();
    for route in deployed.difference(&described) {
        problems.push(format!("{route} is only in template.yaml: run `cargo contract`"));
    }
    for route in described.difference(&deployed) {
        problems.push(format!("{route} is not in template.yaml: run `cargo contract`"));
    }
    assert_none(&problems);
}

#[test]
fn the_template_and_the_document_require_a_token_for_the_same_routes() {
    let deployed = deployed();
    let mut problems = Vec::new();
    for (route, described) in described() {
        if deployed.get(&route).is_some_and(|&required| required != described) {
            problems.push(format!(
                "{route}: template.yaml must have `security: [{{ NONE: [] }}]` exactly when `security((\"token\" = []))` is missing"
            ));
        }
    }
    assert_none(&problems);
}

/// The verbs of operation ids.
const VERBS: [&str; 41] = [
    "accept", "block", "cancel", "check", "claim", "close", "confirm", "continue", "create", "decide", "delete",
    "deliver", "enter", "erase", "get", "hold", "join", "list", "pause", "place", "presign", "publish", "receive",
    "refund", "register", "release", "replace", "request", "reshard", "resolve", "resume", "revoke", "roll", "search",
    "skip", "start", "suggest", "take", "undo", "update", "upload",
];

#[test]
fn each_operation_is_named_by_a_verb_and_a_noun() {
    for (route, operation) in operations() {
        let id = operation["operationId"].as_str().unwrap();
        // The field's own verb for placing an order from a cart.
        let is_named = id == "checkout" || id.split_once('-').is_some_and(|(verb, _)| VERBS.contains(&verb));
        assert!(is_named, "{route}: {id}");
    }
}

#[test]
fn each_route_that_authenticates_lists_401() {
    for (route, operation) in operations() {
        let requires_token = operation.get("security").is_some();
        // A webhook is authenticated by its signature instead.
        let authenticates = requires_token || is_webhook(&route);
        assert_eq!(operation["responses"].get("401").is_some(), authenticates, "{route}");
    }
}

#[test]
fn each_public_read_says_how_long_it_may_be_reused() {
    let mut checked = 0;
    for (route, operation) in operations() {
        if route.starts_with("GET ") && operation.get("security").is_none() {
            for header in ["Cache-Control", "ETag"] {
                assert!(
                    operation["responses"]["200"]["headers"].get(header).is_some(),
                    "{route}: {header}"
                );
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 24);
}

#[test]
fn an_operation_lists_403_exactly_under_admin() {
    for (route, operation) in operations() {
        let is_admin = route.split_once(' ').unwrap().1.starts_with(ADMIN);
        assert_eq!(operation["responses"].get("403").is_some(), is_admin, "{route}");
        assert!(
            !is_admin || operation.get("security").is_some(),
            "{route} needs a token"
        );
    }
}

#[test]
fn each_created_or_accepted_resource_has_a_location() {
    let mut checked = 0;
    for (route, operation) in operations() {
        for status in ["201", "202"] {
            if let Some(response) = operation["responses"].get(status) {
                assert!(response["headers"].get("Location").is_some(), "{route} {status}");
                checked += 1;
            }
        }
    }
    assert!(checked >= 9, "{checked}");
}

#[test]
fn pages_of_other_origins_can_send_and_read_what_the_operations_use() {
    let template = Template::read();
    let api = template.resources_of("AWS::Serverless::HttpApi").next().unwrap();
    let cors = &api.property("DefinitionBody").unwrap()["x-amazon-apigateway-cors"];
    let list = |name: &str| -> BTreeSet<String> {
        let values = cors[name].as_sequence().unwrap().iter();
        values.map(|value| value.as_str().unwrap().to_lowercase()).collect()
    };
    let (methods, sent, read) = (list("allowMethods"), list("allowHeaders"), list("exposeHeaders"));
    assert!(sent.contains("authorization") && sent.contains("content-type"));
    let mut problems = Vec::new();
    for (route, operation) in operations() {
        let method = route.split_once(' ').unwrap().0.to_lowercase();
        if !methods.contains(&method) {
            problems.push(format!("{route}: allow the method"));
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap().to_lowercase();
            if parameter["in"] == "header" && !sent.contains(&name) {
                problems.push(format!("{route}: allow the header {name}"));
            }
        }
    }
    let document = document();
    let mut names = BTreeSet::new();
    header_names(&document["paths"], &mut names);
    header_names(&document["components"]["responses"], &mut names);
    assert!(names.contains("location") && names.contains("retry-after"), "{names:?}");
    // Pages can read `Cache-Control` without a permission (Fetch, CORS-safelisted response-header name).
    names.remove("cache-control");
    for name in names.difference(&read) {
        problems.push(format!("expose the header {name}"));
    }
    assert_none(&problems);
}

/// The names of all headers that responses in `value` have, in lower case.
fn header_names(value: &Value, names: &mut BTreeSet<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        // A body can have a member of this name.
        if name == "example" {
            continue;
        }
        if name == "headers" {
            names.extend(value.as_object().unwrap().keys().map(|name| name.to_lowercase()));
        }
        header_names(value, names);
    }
}

#[test]
fn each_parameter_of_a_path_is_described() {
    for (route, operation) in operations() {
        let named: BTreeSet<&str> = route
            .split('{')
            .skip(1)
            .filter_map(|part| part.split('}').next())
            .collect();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let described: BTreeSet<&str> = parameters
            .filter(|parameter| parameter["in"] == "path" && parameter["required"] == true)
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        assert_eq!(described, named, "{route}");
    }
}

#[test]
fn each_post_and_each_patch_without_a_condition_takes_an_idempotency_key() {
    for (route, operation) in operations() {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let key = parameters
            .filter(|parameter| parameter["name"] == "Idempotency-Key")
            .any(|parameter| parameter["in"] == "header" && parameter["required"] == true);
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let is_conditional = parameters.into_iter().any(|parameter| parameter["name"] == "If-Match");
        // A webhook names its payment, which serves as the key.
        let needs_key = match route.split(' ').next() {
            Some("POST") => !is_webhook(&route) && !CHANGES_NOTHING.contains(&route.as_str()),
            Some("PATCH") => !is_conditional,
            _ => false,
        };
        assert_eq!(key, needs_key, "{route}");
    }
}

/// A POST that changes nothing: what it asks for does not fit an address, or what it answers is secret.
const CHANGES_NOTHING: [&str; 4] = [
    "POST /quotes",
    "POST /showtimes/{showtime_id}/quotes",
    "POST /orders/{order_id}/cancellation-quotes",
    "POST /admin/coupons/{coupon_id}/codes",
];

fn is_webhook(route: &str) -> bool {
    route.starts_with("POST /webhooks/")
}

/// The document's operations by their routes.
pub(crate) fn operations() -> Vec<(String, Value)> {
    let document = document();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations.push((format!("{} {path}", method.to_uppercase()), operation.clone()));
        }
    }
    operations
}

fn described() -> Routes {
    let requires_token = |operation: &Value| operation["security"][0].get("token").is_some();
    operations()
        .iter()
        .map(|(route, operation)| (route.clone(), requires_token(operation)))
        .collect()
}

fn deployed() -> Routes {
    let template = Template::read();
    let mut routes = Routes::new();
    for api in template.resources_of("AWS::Serverless::HttpApi") {
        let paths = entries(api.property("DefinitionBody").unwrap(), "paths");
        for (path, methods) in paths {
            for (method, operation) in methods.as_mapping().unwrap() {
                let method = method.as_str().unwrap().to_uppercase();
                // Without `security` a route has the API's default authorizer, which requires a token.
                routes.insert(format!("{method} {path}"), operation.get("security").is_none());
            }
        }
    }
    routes
}
