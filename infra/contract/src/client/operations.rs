//! Operations in TypeScript: an interface with the types of each, and a method that sends it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use shared::aws::lambda::problem::MEDIA_TYPE as PROBLEM;
use yaml_serde::Value;

use super::text::{Member, camel_case, comment, literal, object, pascal_case};
use super::types::{Side, Types, contents, description};
use crate::operations::{Operation, is_success};
use crate::reading::{Document, text};

/// The header for which the client has a value of its own.
const KEY: &str = "Idempotency-Key";

/// The headers that some successful responses lack. OpenAPI's `required` says it of no header, since the types behind the
/// document have no such member.
const OPTIONAL_HEADERS: [&str; 2] = ["Idempotency-Replayed", "Link"];

/// The interface with an operation's types.
///
/// # Errors
/// When two parameters have the same name, or the interface has that of a schema.
pub(super) fn interface(document: Document<'_>, types: &Types<'_>, operation: &Operation<'_>) -> Result<String> {
    let name = interface_name(operation);
    ensure!(
        !types.is_schema(&name),
        "{name} is the name of a schema and of an operation"
    );
    let request = request(document, types, operation).with_context(|| operation.id.clone())?;
    Ok(format!(
        "/** The types of `{}`. */\nexport interface {name} {{\n  request: {request};\n  answer:{};\n  problem:{};\n}}\n\n",
        camel_case(&operation.id),
        union(&answers(document, types, operation)),
        union(&problems(types, operation)),
    ))
}

fn interface_name(operation: &Operation<'_>) -> String {
    format!("{}Operation", pascal_case(&operation.id))
}

/// The method that sends an operation.
pub(super) fn method(document: Document<'_>, types: &Types<'_>, operation: &Operation<'_>) -> String {
    let name = interface_name(operation);
    let is_optional = members(document, types, operation)
        .iter()
        .all(|member| !member.is_required);
    let (send, result) = if is_list(document, operation) {
        ("list", format!("runtime.List<{name}>"))
    } else {
        ("call", format!("Promise<runtime.Result<{name}>>"))
    };
    let route_name = format!("`{} {}`", operation.method, operation.path);
    let about = [operation.summary.clone(), description(operation.value), route_name];
    let about: Vec<String> = about.into_iter().filter(|part| !part.is_empty()).collect();
    format!(
        "{}  {}(request{}: {name}[\"request\"], options?: runtime.Options): {result} {{\n    \
         return this.{send}<{name}>({}, request, options);\n  }}\n",
        comment(&about.join("\n\n"), 2),
        camel_case(&operation.id),
        if is_optional { "?" } else { "" },
        route(document, operation),
    )
}

/// The parameters and the body of an operation.
fn members(document: Document<'_>, types: &Types<'_>, operation: &Operation<'_>) -> Vec<Member> {
    let type_of = |part: &Value| {
        let schema = part.get("schema").unwrap_or(&Value::Null);
        types.of(schema, Side::Request, 4)
    };
    let parameters = operation.parameters.iter().map(|parameter| {
        let name = parameter.get("name").map(text).unwrap_or_default();
        let is_key = name == KEY;
        let default = if is_key {
            "\nDefault: a new key for each call."
        } else {
            ""
        };
        Member {
            description: description(parameter) + default,
            is_required: !is_key && is_required(parameter),
            type_name: type_of(parameter),
            name: if is_in(parameter, "header") {
                camel_case(&name)
            } else {
                name
            },
        }
    });
    let body = operation.body(document).map(|(_, content)| {
        let body = operation.value.get("requestBody").map(|body| document.resolve(body));
        Member {
            name: "body".to_owned(),
            description: body.map(description).unwrap_or_default(),
            is_required: body.is_some_and(is_required),
            type_name: type_of(content),
        }
    });
    parameters.chain(body).collect()
}

fn request(document: Document<'_>, types: &Types<'_>, operation: &Operation<'_>) -> Result<String> {
    let members = members(document, types, operation);
    let mut names = BTreeSet::new();
    for member in &members {
        ensure!(names.insert(&member.name), "two parameters are called {}", member.name);
    }
    Ok(object(members, 2))
}

/// The types of the successful answers.
fn answers(document: Document<'_>, types: &Types<'_>, operation: &Operation<'_>) -> Vec<String> {
    let indent = if operation.successes().count() > 1 { 6 } else { 2 };
    let answer = |(status, response): (&str, &Value)| {
        let schema = contents(response).find_map(|(_, content)| content.get("schema"));
        let body = schema.map_or_else(
            || "undefined".to_owned(),
            |schema| types.of(schema, Side::Response, indent),
        );
        let headers = response
            .get("headers")
            .and_then(Value::as_mapping)
            .into_iter()
            .flatten();
        let headers = headers.map(|(name, header)| {
            let name = text(name);
            Member {
                description: description(document.resolve(header)),
                is_required: !OPTIONAL_HEADERS.contains(&name.as_str()),
                // Whatever it means, a header is a text.
                type_name: "string".to_owned(),
                name: camel_case(&name),
            }
        });
        format!("runtime.Answer<{status}, {body}, {}>", object(headers, indent))
    };
    operation.successes().map(answer).collect()
}

/// The types of the problems with which an operation is refused.
fn problems(types: &Types<'_>, operation: &Operation<'_>) -> Vec<String> {
    let refusals = operation.responses.iter().filter(|(status, _)| !is_success(status));
    let contents = refusals.flat_map(|(_, response)| contents(response));
    let schemas = contents.filter_map(|(kind, content)| content.get("schema").filter(|_| kind == PROBLEM));
    let mut problems = Vec::new();
    for schema in schemas {
        let variants = schema.get("oneOf").and_then(Value::as_sequence);
        for variant in variants.map_or(std::slice::from_ref(schema), Vec::as_slice) {
            let problem = types.of(variant, Side::Response, 2);
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    problems
}

/// A union after a member's name, with each part on a line of its own if there are several.
fn union(types: &[String]) -> String {
    match types {
        [] => " never".to_owned(),
        [only] => format!(" {only}"),
        several => several.iter().map(|part| format!("\n    | {part}")).collect(),
    }
}

/// Whether an operation answers with a page of a list.
fn is_list(document: Document<'_>, operation: &Operation<'_>) -> bool {
    let has_cursor = operation
        .parameters
        .iter()
        .any(|parameter| is_in(parameter, "query") && parameter.get("name").and_then(Value::as_str) == Some("cursor"));
    let mut schemas = operation
        .successes()
        .flat_map(|(_, response)| contents(response))
        .filter_map(|(_, content)| content.get("schema"));
    has_cursor
        && schemas.any(|schema| {
            let flat = document.flatten(schema);
            let members = flat.get("properties").and_then(Value::as_mapping);
            members.is_some_and(|members| members.contains_key("items") && members.contains_key("next_cursor"))
        })
}

/// The data that the runtime needs to send an operation.
fn route(document: Document<'_>, operation: &Operation<'_>) -> String {
    let names = |place: &str| {
        let parameters = operation.parameters.iter().filter(|parameter| is_in(parameter, place));
        let names = parameters.filter_map(|parameter| parameter.get("name")).map(literal);
        names.collect::<Vec<_>>().join(", ")
    };
    let mut route = format!("method: \"{}\", path: \"{}\"", operation.method, operation.path);
    for (member, names) in [("query", names("query")), ("headers", names("header"))] {
        if !names.is_empty() {
            route += &format!(", {member}: [{names}]");
        }
    }
    if let Some((media_type, _)) = operation.body(document) {
        route += &format!(", body: \"{media_type}\"");
    }
    if !operation.security(document).is_empty() {
        route += ", token: true";
    }
    format!("{{ {route} }}")
}

fn is_in(parameter: &Value, place: &str) -> bool {
    parameter.get("in").and_then(Value::as_str) == Some(place)
}

fn is_required(part: &Value) -> bool {
    part.get("required").and_then(Value::as_bool) == Some(true)
}
