//! The problems that operations refuse with: a list for each operation, and one of all, by code.

use std::collections::BTreeMap;

use yaml_serde::{Mapping, Value};

use super::fields::field;
use super::html::{anchor, escape, inline, markdown};
use crate::operations::{Operation, is_success};
use crate::reading::{Document, name_of, reference, text};

/// The members of every problem.
const COMMON: [&str; 5] = ["type", "title", "status", "detail", "instance"];

/// A problem with a type of its own.
struct Problem {
    /// The last part of its type.
    code: String,
    kind: String,
    statuses: Vec<String>,
    description: String,
    schema: Mapping,
    /// The anchor and summary of each operation that refuses with it.
    operations: Vec<(String, String)>,
}

/// All problems, and the responses that every operation has.
pub(super) struct Problems {
    by_kind: BTreeMap<String, Problem>,
    /// The names of the schemas that are problems.
    pub(super) schemas: Vec<String>,
    /// For each operation, status and the types of the problems.
    kinds: BTreeMap<(String, String), Vec<String>>,
    /// The statuses of the responses that all operations have in common.
    common: Vec<(String, Value)>,
    /// The id of some operation, which has the common responses.
    some: String,
    /// The number of operations.
    count: usize,
}

impl Problems {
    pub(super) fn collect(document: Document<'_>, operations: &[Operation<'_>]) -> Self {
        let mut problems = Self {
            by_kind: BTreeMap::new(),
            schemas: Vec::new(),
            kinds: BTreeMap::new(),
            common: common(operations),
            some: operations
                .first()
                .map(|operation| operation.id.clone())
                .unwrap_or_default(),
            count: operations.len(),
        };
        for operation in operations {
            for (status, response) in operation.responses.iter().filter(|(status, _)| !is_success(status)) {
                let contents = response
                    .get("content")
                    .and_then(Value::as_mapping)
                    .into_iter()
                    .flatten();
                for schema in contents.filter_map(|(_, content)| content.get("schema")) {
                    problems.add(document, operation, status, schema);
                }
            }
        }
        problems
    }

    /// Adds the problems of a schema, which may be a union.
    fn add(&mut self, document: Document<'_>, operation: &Operation<'_>, status: &str, schema: &Value) {
        let flat = document.flatten(schema);
        if let Some(variants) = document.variants(&flat) {
            if let Some(name) = reference(schema) {
                self.schemas.push(name_of(name).to_owned());
            }
            for variant in variants {
                self.add(document, operation, status, &variant.schema);
            }
            return;
        }
        let kind = flat
            .get("properties")
            .and_then(|members| members.get("type"))
            .map(|kind| document.flatten(kind));
        let kinds = kind
            .as_ref()
            .and_then(|kind| kind.get("enum"))
            .and_then(Value::as_sequence);
        let Some([kind]) = kinds.map(Vec::as_slice) else { return };
        let kind = text(kind);
        if let Some(name) = reference(schema) {
            self.schemas.push(name_of(name).to_owned());
        }
        let problem = self.by_kind.entry(kind.clone()).or_insert_with(|| Problem {
            code: kind.rsplit([':', '/']).next().unwrap_or(&kind).to_owned(),
            kind: kind.clone(),
            statuses: Vec::new(),
            description: own_description(document, schema),
            schema: flat,
            operations: Vec::new(),
        });
        if !problem.statuses.contains(&status.to_owned()) {
            problem.statuses.push(status.to_owned());
        }
        let named = (operation.anchor(), operation.summary.clone());
        if !problem.operations.contains(&named) {
            problem.operations.push(named);
        }
        let kinds = self.kinds.entry((operation.id.clone(), status.to_owned())).or_default();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }

    /// The problems of one operation.
    pub(super) fn of(&self, operation: &Operation<'_>) -> String {
        let mut rows = String::new();
        for (status, response) in &operation.responses {
            if !is_success(status) && !self.is_common(status, response) {
                rows += &self.row(&operation.id, status, response);
            }
        }
        if rows.is_empty() && self.common.is_empty() {
            return String::new();
        }
        let common = self
            .common
            .iter()
            .map(|(status, _)| escape(status))
            .collect::<Vec<_>>()
            .join(", ");
        if !common.is_empty() {
            rows +=
                &format!("<dt></dt><dd class=\"facts\"><a href=\"#problems\">{common}</a> as for every operation</dd>");
        }
        format!("<h4>Problems</h4><dl class=\"problems\">{rows}</dl>")
    }

    fn is_common(&self, status: &str, response: &Value) -> bool {
        let mut common = self.common.iter();
        common.any(|(known, same)| known == status && same == response)
    }

    /// A refusal of an operation: links to its problems, and its description, unless that only names them.
    fn row(&self, operation: &str, status: &str, response: &Value) -> String {
        let kinds = self.kinds.get(&(operation.to_owned(), status.to_owned()));
        let problems: Vec<_> = kinds
            .into_iter()
            .flatten()
            .filter_map(|kind| self.by_kind.get(kind))
            .collect();
        let description = response.get("description").map(text).unwrap_or_default();
        let named = |rest: String, problem: &&Problem| rest.replace(&format!("`{}`", problem.code), "");
        let rest = problems.iter().fold(description.clone(), named);
        let links = problems.iter().map(|problem| {
            format!(
                "<a href=\"#{}\"><code>{}</code></a>",
                problem.anchor(),
                escape(&problem.code)
            )
        });
        let mut lines = vec![links.collect::<Vec<_>>().join(" ")];
        if rest.contains(char::is_alphanumeric) {
            lines.push(inline(&description));
        }
        lines.retain(|line| !line.is_empty());
        format!(
            "<dt><span class=\"status\">{}</span></dt><dd>{}</dd>",
            escape(status),
            lines.join("<br>")
        )
    }

    /// The section of all problems.
    pub(super) fn section(&self, document: Document<'_>) -> String {
        let common = self.common.iter();
        let common = common.map(|(status, response)| self.row(&self.some, status, response));
        let common: String = common.collect();
        let common = if common.is_empty() {
            String::new()
        } else {
            format!("<p>Every operation may respond with:</p><dl class=\"problems\">{common}</dl>")
        };
        let problems: String = self
            .by_kind
            .values()
            .map(|problem| problem.section(document, self.count))
            .collect();
        format!(
            "<section class=\"chapter\" id=\"problems\"><h2><a href=\"#problems\">Problems</a></h2>{common}</section>\n{problems}"
        )
    }

    /// The anchors and codes of all problems.
    pub(super) fn names(&self) -> impl Iterator<Item = (String, &str)> {
        self.by_kind
            .values()
            .map(|problem| (problem.anchor(), problem.code.as_str()))
    }
}

impl Problem {
    fn anchor(&self) -> String {
        format!("problem-{}", anchor(&self.code))
    }

    fn section(&self, document: Document<'_>, count: usize) -> String {
        let title = self.schema.get("properties").and_then(|members| members.get("title"));
        let title = title.map(|title| document.flatten(title)).unwrap_or_default();
        let title = title.get("enum").and_then(|titles| titles.get(0));
        let title = title.map(|title| format!("<p class=\"title\">{}</p>", escape(&text(title))));
        let title = title.unwrap_or_default();
        let required = self.schema.get("required").and_then(Value::as_sequence);
        let members = self
            .schema
            .get("properties")
            .and_then(Value::as_mapping)
            .into_iter()
            .flatten();
        let members = members.filter(|(name, _)| !COMMON.contains(&text(name).as_str()));
        let members = members.map(|(name, schema)| {
            let is_required = required.is_some_and(|required| required.contains(name));
            field(document, &text(name), schema, is_required, 0)
        });
        let mut members: String = members.collect();
        if !members.is_empty() {
            members = format!("<h4>Members</h4><ul class=\"fields\">{members}</ul>");
        }
        let links = self
            .operations
            .iter()
            .map(|(anchor, summary)| format!("<a href=\"#{anchor}\">{}</a>", inline(summary)));
        let operations = if self.operations.len() == count {
            "Any operation".to_owned()
        } else {
            format!("From: {}", links.collect::<Vec<_>>().join(" · "))
        };
        let statuses = self
            .statuses
            .iter()
            .map(|status| format!("<span class=\"status\">{}</span>", escape(status)));
        format!(
            "<section class=\"entry\" id=\"{id}\" data-kind=\"problem\" data-names=\"{names}\"><div class=\"text\"><h3><a href=\"#{id}\"><code>{}</code></a> {}</h3>\
             {title}{}{members}<p class=\"facts\">{}</p></div></section>\n",
            escape(&self.code),
            statuses.collect::<Vec<_>>().join(" "),
            markdown(&self.description),
            operations,
            id = self.anchor(),
            names = escape(&self.kind),
        )
    }
}

/// The members that a schema has of its own, without those that it inherits from the schema of every problem.
fn own_description(document: Document<'_>, schema: &Value) -> String {
    let schema = document.resolve(schema);
    let parts = schema.get("allOf").and_then(Value::as_sequence).into_iter().flatten();
    let mut own = [schema]
        .into_iter()
        .chain(parts.filter(|part| reference(part).is_none()));
    let description = own.find_map(|part| part.get("description"));
    description.map(text).unwrap_or_default()
}

/// The refusals that all operations have.
fn common(operations: &[Operation<'_>]) -> Vec<(String, Value)> {
    let [first, others @ ..] = operations else {
        return Vec::new();
    };
    let refusals = first.responses.iter().filter(|(status, _)| !is_success(status));
    let common = refusals.filter(|(status, response)| {
        others.iter().all(|operation| {
            let mut responses = operation.responses.iter();
            responses.any(|(known, same)| known == status && same == response)
        })
    });
    common
        .map(|(status, response)| (status.clone(), (*response).clone()))
        .collect()
}
