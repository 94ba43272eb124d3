//! The problems that the document lists are those that exist, under the statuses that they have.

use std::collections::{BTreeMap, BTreeSet};

use shared::aws::lambda::problem::{MEDIA_TYPE, status_of};
use shared::core::error::Reason;
use structure::assert_none;

use crate::routes::operations;

#[test]
fn a_code_that_is_listed_exists_and_stands_under_its_status() {
    let known = statuses();
    let mut problems = Vec::new();
    for (route, status, code) in listed() {
        match known.get(code.as_str()) {
            None => problems.push(format!("{route} lists `{code}` under {status}: there is no such code")),
            Some(&right) if right != status => {
                problems.push(format!("{route} lists `{code}` under {status}: it is a {right}"));
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
            "no route lists `{code}`: name it in the responses of those that answer it, or take it out"
        ));
    }
    assert_none(&problems);
}

#[test]
fn each_refusal_of_a_function_is_a_problem() {
    for (route, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            // 429 is the gateway's alone.
            if status.starts_with(['4', '5']) && status != "429" {
                let schema = &response["content"][MEDIA_TYPE]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{route} {status}");
            }
        }
    }
}

/// Each code and its status.
fn statuses() -> BTreeMap<&'static str, u16> {
    let reasons = Reason::ALL
        .iter()
        .map(|reason| (reason.code, status_of(reason.kind).as_u16()));
    reasons.chain([("internal", 500), ("unavailable", 503)]).collect()
}

/// What the responses list: the route, the status, the code.
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

/// The kebab-case words in backticks; what follows a `with` is a member of the problem before it.
fn codes(description: &str) -> Vec<&str> {
    let parts: Vec<&str> = description.split('`').collect();
    let quoted = parts.chunks_exact(2);
    let codes = quoted.filter(|pair| !pair[0].ends_with("with ")).map(|pair| pair[1]);
    codes
        .filter(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
        .collect()
}

#[test]
fn codes_are_told_from_members_and_headers() {
    let description = "`out-of-stock` with `shortages`, `total-differs` with `total`; see `Retry-After`";
    assert_eq!(codes(description), ["out-of-stock", "total-differs"]);
    assert_eq!(codes("`forbidden`: administrators only"), ["forbidden"]);
}
