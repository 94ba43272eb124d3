//! Compares the operations of two API descriptions.

use std::collections::{BTreeMap, BTreeSet};

use yaml_serde::{Mapping, Value};

use super::schemas::{Comparison, Place, Side};
use crate::reading::{Document, METHODS, text};

/// An operation with what its path adds.
struct Operation<'a> {
    id: String,
    parameters: BTreeMap<(String, String), Value>,
    security: Option<&'a Value>,
    value: &'a Value,
}

/// The breaking differences from `old` to `new`.
pub(super) fn compare(old: Document<'_>, new: Document<'_>) -> Vec<String> {
    let mut requests = Comparison::new(old, new, Side::Request);
    let mut answers = Comparison::new(old, new, Side::Answer);
    let mut refusals = Comparison::new(old, new, Side::Refusal);
    let (were, are) = (operations(old), operations(new));
    for (route, was) in &were {
        let place = Place::new(route.clone());
        let Some(is) = are.get(route) else {
            let moved = are.iter().find(|(_, is)| !was.id.is_empty() && is.id == was.id);
            requests.report(
                &place,
                &match moved {
                    Some((route, _)) => format!("it was moved to {route}"),
                    None => "it was removed".to_owned(),
                },
            );
            continue;
        };
        if was.id != is.id {
            requests.report(&place, &format!("its operationId was {}, and is {}", was.id, is.id));
        }
        security(&mut requests, &place, was, is);
        let grew = request(&mut requests, &place, was, is);
        responses(&mut answers, &mut refusals, &place, (was, is), grew);
    }
    [requests.found, answers.found, refusals.found].concat()
}

fn operations(document: Document<'_>) -> BTreeMap<String, Operation<'_>> {
    let mut operations = BTreeMap::new();
    for (path, item) in members(document.0.get("paths")) {
        let item = document.resolve(item);
        for method in METHODS {
            let Some(value) = item.get(method) else { continue };
            let lists = [item.get("parameters"), value.get("parameters")];
            let parameters = lists.into_iter().flatten().filter_map(Value::as_sequence).flatten();
            let parameters = parameters.map(|parameter| {
                let parameter = document.resolve(parameter);
                let field = |name: &str| parameter.get(name).map(text).unwrap_or_default();
                // Names of headers have no case.
                let name = if field("in") == "header" {
                    field("name").to_lowercase()
                } else {
                    field("name")
                };
                ((field("in"), name), parameter.clone())
            });
            let operation = Operation {
                id: value.get("operationId").map(text).unwrap_or_default(),
                parameters: parameters.collect(),
                security: value.get("security").or_else(|| document.0.get("security")),
                value,
            };
            operations.insert(format!("{} {}", method.to_uppercase(), text(path)), operation);
        }
    }
    operations
}

/// Each way to authenticate must still do.
fn security(requests: &mut Comparison<'_>, place: &Place, was: &Operation<'_>, is: &Operation<'_>) {
    let ways = |operation: &Operation<'_>| -> Vec<BTreeSet<String>> {
        let ways = operation.security.and_then(Value::as_sequence).into_iter().flatten();
        let ways = ways.map(|way| {
            let schemes = members(Some(way)).flat_map(|(scheme, scopes)| {
                let scopes = scopes.as_sequence().into_iter().flatten();
                let scopes = scopes.map(|scope| format!("{} with {}", text(scheme), text(scope)));
                scopes.chain([text(scheme)]).collect::<Vec<_>>()
            });
            schemes.collect()
        });
        ways.collect()
    };
    let (old, new) = (ways(was), ways(is));
    if new.is_empty() {
        return;
    }
    let old = if old.is_empty() { vec![BTreeSet::new()] } else { old };
    for way in old {
        if new.iter().any(|new| new.is_subset(&way)) {
            continue;
        }
        let needed: BTreeSet<_> = new.iter().flat_map(|new| new.difference(&way)).cloned().collect();
        let needed = needed.into_iter().collect::<Vec<_>>().join(", ");
        requests.report(place, &format!("it now requires {needed}"));
    }
}

/// Compares parameters and body. Returns whether the request can say something that it could not.
fn request(requests: &mut Comparison<'_>, place: &Place, was: &Operation<'_>, is: &Operation<'_>) -> bool {
    let mut grew = false;
    for ((kind, name), old) in &was.parameters {
        let place = place.part(&format!("{kind} parameter `{name}`"));
        let Some(new) = is.parameters.get(&(kind.clone(), name.clone())) else {
            requests.report(&place, "it was removed");
            continue;
        };
        if !is_true(old, "required") && is_true(new, "required") {
            requests.report(&place, "it is now required");
        }
        for style in ["style", "explode"] {
            if old.get(style) != new.get(style) {
                requests.report(&place, &format!("its {style} changed"));
            }
        }
        if let (Some(old), Some(new)) = (old.get("schema"), new.get("schema")) {
            requests.schema(&place, old, new);
            grew |= requests.grew(old, new);
        }
    }
    for ((kind, name), new) in &is.parameters {
        if was.parameters.contains_key(&(kind.clone(), name.clone())) {
            continue;
        }
        grew = true;
        if is_true(new, "required") {
            requests.report(
                &place.part(&format!("{kind} parameter `{name}`")),
                "it is new and required",
            );
        }
    }
    let place = place.part("request body");
    let body = |operation: &Operation<'_>, document: Document<'_>| {
        let body = operation.value.get("requestBody")?;
        Some(document.resolve(body).clone())
    };
    match (body(was, requests.old), body(is, requests.new)) {
        (None, None) => {}
        (Some(_), None) => requests.report(&place, "it was removed"),
        (None, Some(new)) => {
            grew = true;
            if is_true(&new, "required") {
                requests.report(&place, "it is new and required");
            }
        }
        (Some(old), Some(new)) => {
            if !is_true(&old, "required") && is_true(&new, "required") {
                requests.report(&place, "it is now required");
            }
            for (old, new) in contents(requests, &place, &old, &new) {
                grew |= requests.grew(&old, &new);
            }
        }
    }
    grew
}

/// Compares the schemas of each media type. Returns them.
fn contents(comparison: &mut Comparison<'_>, place: &Place, old: &Value, new: &Value) -> Vec<(Value, Value)> {
    let mut compared = Vec::new();
    for (media, old) in members(old.get("content")) {
        let Some(new) = new.get("content").and_then(|content| content.get(media)) else {
            comparison.report(place, &format!("{} was removed", text(media)));
            continue;
        };
        if let (Some(old), Some(new)) = (old.get("schema"), new.get("schema")) {
            comparison.schema(place, old, new);
            compared.push((old.clone(), new.clone()));
        }
    }
    compared
}

fn responses<'a>(
    answers: &mut Comparison<'a>,
    refusals: &mut Comparison<'a>,
    place: &Place,
    (was, is): (&Operation<'_>, &Operation<'_>),
    grew: bool,
) {
    let of = |operation: &Operation<'_>, document: Document<'_>| -> BTreeMap<String, Value> {
        let responses = members(operation.value.get("responses"));
        responses
            .map(|(status, response)| (text(status), document.resolve(response).clone()))
            .collect()
    };
    let (old, new) = (of(was, answers.old), of(is, answers.new));
    for (status, old) in &old {
        let is_success = status.starts_with('2');
        let comparison = if is_success { &mut *answers } else { &mut *refusals };
        let Some(new) = new.get(status) else {
            if is_success {
                comparison.report(place, &format!("it no longer succeeds with {status}"));
            }
            continue;
        };
        let place = place.part(&format!("response {status}"));
        contents(comparison, &place, old, new);
        for (name, old) in members(old.get("headers")) {
            let place = place.part(&format!("header `{}`", text(name)));
            let old = comparison.old.resolve(old);
            let new = new.get("headers").and_then(|headers| headers.get(name));
            let Some(new) = new.map(|new| comparison.new.resolve(new)) else {
                comparison.report(&place, "it was removed");
                continue;
            };
            if is_true(old, "required") && !is_true(new, "required") {
                comparison.report(&place, "it is now optional");
            }
            if let (Some(old), Some(new)) = (old.get("schema"), new.get("schema")) {
                comparison.schema(&place, old, new);
            }
        }
    }
    for status in new
        .keys()
        .filter(|status| status.starts_with('2') && !old.contains_key(*status))
    {
        answers.report(place, &format!("it may now succeed with {status}"));
    }
    reasons(refusals, place, (&old, &new), grew);
}

/// A request that was accepted may not be refused for a new reason. What a request could not say before may be refused.
fn reasons(
    refusals: &mut Comparison<'_>,
    place: &Place,
    (old, new): (&BTreeMap<String, Value>, &BTreeMap<String, Value>),
    grew: bool,
) {
    let (old, new) = (codes(refusals.old, old), codes(refusals.new, new));
    for (status, codes) in &new {
        let Some(known) = old.get(status) else {
            if codes.is_empty() && !grew {
                refusals.report(place, &format!("it may now refuse with {status}"));
            }
            report_codes(refusals, place, (status, codes), &old, grew);
            continue;
        };
        // Problems without types say nothing about their reasons.
        if !known.is_empty() {
            let codes = codes - known;
            report_codes(refusals, place, (status, &codes), &old, grew);
        }
    }
}

fn report_codes(
    refusals: &mut Comparison<'_>,
    place: &Place,
    (status, codes): (&str, &BTreeSet<String>),
    old: &Codes,
    grew: bool,
) {
    for code in codes {
        if let Some((before, _)) = old.iter().find(|(_, known)| known.contains(code)) {
            refusals.report(place, &format!("`{code}` has status {status}, and had {before}"));
        } else if !grew {
            refusals.report(place, &format!("it may now refuse with {status} `{code}`"));
        }
    }
}

/// The types of the problems of each status.
type Codes = BTreeMap<String, BTreeSet<String>>;

fn codes(document: Document<'_>, responses: &BTreeMap<String, Value>) -> Codes {
    let refusals = responses.iter().filter(|(status, _)| status.starts_with('4'));
    let codes = refusals.map(|(status, response)| {
        let schemas = members(response.get("content")).filter_map(|(_, content)| content.get("schema"));
        let codes = schemas.flat_map(|schema| types(document, &document.flatten(schema)));
        (status.clone(), codes.collect())
    });
    codes.collect()
}

/// The constants of the member `type`, also of the variants of a union.
fn types(document: Document<'_>, problem: &Mapping) -> Vec<String> {
    if let Some(variants) = document.variants(problem) {
        return variants
            .iter()
            .flat_map(|variant| types(document, &variant.merged))
            .collect();
    }
    let kind = problem.get("properties").and_then(|members| members.get("type"));
    let kind = kind.map(|kind| document.flatten(kind)).unwrap_or_default();
    kind.get("enum")
        .and_then(Value::as_sequence)
        .into_iter()
        .flatten()
        .map(text)
        .collect()
}

fn members(mapping: Option<&Value>) -> impl Iterator<Item = (&Value, &Value)> {
    mapping.and_then(Value::as_mapping).into_iter().flatten()
}

fn is_true(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or(false)
}
