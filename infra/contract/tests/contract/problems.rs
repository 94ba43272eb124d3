//! The document lists exactly the existing problem codes, under their statuses.

use std::collections::{BTreeMap, BTreeSet};

use shared::aws::lambda::problem::{MEDIA_TYPE, status_of};
use structure::assert_none;

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
            "no route lists `{code}`: list it in the responses of the routes that return it, or remove it"
        ));
    }
    assert_none(&problems);
}

#[test]
fn each_error_response_of_a_function_is_a_problem() {
    for (route, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            // Only the API gateway returns 429.
            if status.starts_with(['4', '5']) && status != "429" {
                let schema = &response["content"][MEDIA_TYPE]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{route} {status}");
            }
        }
    }
}

/// Each code and its status.
fn statuses() -> BTreeMap<&'static str, u16> {
    let reasons = registry::reasons().map(|reason| (reason.code, status_of(reason.kind).as_u16()));
    reasons.chain([("internal", 500), ("unavailable", 503)]).collect()
}

/// The codes that responses list, each with its route and status.
fn listed() -> Vec<(String, u16, String)> {
    let mut listed = Vec::new();
    for (route, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            if response["content"].get(MEDIA_TYPE).is_none() {
                continue;
            }
            for code in codes(response["description"].as_str().unwrap()) {
                listed.push((route.clone(), status.parse().unwrap(), code.to_owned()));
            }
        }
    }
    listed
}

/// The kebab-case words in backticks. A word after `with` is a member of the preceding problem.
fn codes(description: &str) -> Vec<&str> {
    let parts: Vec<&str> = description.split('`').collect();
    let quoted = parts.chunks_exact(2);
    let codes = quoted.filter(|pair| !pair[0].ends_with("with ")).map(|pair| pair[1]);
    codes
        .filter(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
        .collect()
}

#[test]
fn codes_are_distinguished_from_members_and_headers() {
    let description = "`out-of-stock` with `shortages`, `total-differs` with `total`; see `Retry-After`";
    assert_eq!(codes(description), ["out-of-stock", "total-differs"]);
    assert_eq!(codes("`forbidden`: administrators only"), ["forbidden"]);
}
