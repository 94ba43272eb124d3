//! Schemas as TypeScript types.
//!
//! A response is open: a later version may answer with another value of an enum and another variant of a union. A request
//! is not. So a schema that both have, and in which that makes a difference, becomes two types: `Schedule` in responses
//! and `ScheduleInput` in requests.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use shared::aws::lambda::problem::MEDIA_TYPE as PROBLEM;
use yaml_serde::{Mapping, Value};

use super::text::{Member, comment, literal, member, object};
use crate::operations::{Operation, is_success};
use crate::reading::{Document, name_of, reference, text};

/// Where a type is used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

/// The types of the schemas that the operations use.
pub(super) struct Types<'a> {
    schemas: BTreeMap<String, &'a Value>,
    in_requests: BTreeSet<String>,
    in_responses: BTreeSet<String>,
    /// The schemas that are open in responses, or contain one that is.
    open: BTreeSet<String>,
}

impl<'a> Types<'a> {
    /// The types that `operations` need.
    ///
    /// # Errors
    /// When the name of a type in requests is the name of another schema.
    pub(super) fn collect(document: Document<'a>, operations: &[Operation<'_>]) -> Result<Self> {
        let schemas = document.at("#/components/schemas").and_then(Value::as_mapping);
        let schemas = schemas.into_iter().flatten();
        let schemas: BTreeMap<String, &Value> = schemas.map(|(name, schema)| (text(name), schema)).collect();
        let (mut in_requests, mut in_responses) = (BTreeSet::new(), BTreeSet::new());
        for operation in operations {
            let body = operation.body(document).map(|(_, content)| content);
            for part in operation.parameters.iter().copied().chain(body) {
                references(part, &mut in_requests);
            }
            for (status, response) in &operation.responses {
                for (kind, content) in contents(response) {
                    if is_success(status) || kind == PROBLEM {
                        references(content, &mut in_responses);
                    }
                }
            }
        }
        let is_open_itself = schemas.iter().filter(|(_, schema)| is_open(schema));
        let mut types = Self {
            open: is_open_itself.map(|(name, _)| name.clone()).collect(),
            in_requests: with_referenced(&schemas, in_requests),
            in_responses: with_referenced(&schemas, in_responses),
            schemas,
        };
        let contains_open = |name: &&String| {
            let contained = with_referenced(&types.schemas, BTreeSet::from([(*name).clone()]));
            contained.iter().any(|name| types.open.contains(name))
        };
        types.open = types.schemas.keys().filter(contains_open).cloned().collect();
        for name in types.schemas.keys() {
            let input = types.name(name, Side::Request);
            ensure!(
                input == *name || !types.is_schema(&input),
                "the schema {name} is {input} in requests, which is the name of another schema"
            );
        }
        Ok(types)
    }

    /// Whether there is a schema of this name.
    pub(super) fn is_schema(&self, name: &str) -> bool {
        self.schemas.contains_key(name)
    }

    /// The name of a schema's type.
    fn name(&self, name: &str, side: Side) -> String {
        let is_both = self.in_requests.contains(name) && self.in_responses.contains(name);
        let differs = is_both && self.open.contains(name) && !self.is_enum(name);
        if side == Side::Request && differs {
            format!("{name}Input")
        } else {
            name.to_owned()
        }
    }

    fn is_enum(&self, name: &str) -> bool {
        self.schemas
            .get(name)
            .is_some_and(|schema| schema.get("enum").is_some())
    }

    /// The declarations of all types that are used, each followed by an empty line.
    pub(super) fn declarations(&self) -> String {
        let mut text = String::new();
        for (name, schema) in &self.schemas {
            let input = self.name(name, Side::Request);
            if self.in_responses.contains(name) {
                text += &self.declaration(name, schema, Side::Response);
            }
            if self.in_requests.contains(name) && !(self.in_responses.contains(name) && input == *name) {
                text += &self.declaration(&input, schema, Side::Request);
            }
        }
        text
    }

    fn declaration(&self, name: &str, schema: &Value, side: Side) -> String {
        // An enum is open where it is used.
        let side = if schema.get("enum").is_some() {
            Side::Request
        } else {
            side
        };
        let body = self.of(schema, side, 0);
        let comment = comment(&description(schema), 0);
        if is_object(schema) {
            format!("{comment}export interface {name} {body}\n\n")
        } else {
            format!("{comment}export type {name} = {body};\n\n")
        }
    }

    /// The type of a schema, written at this indentation.
    pub(super) fn of(&self, schema: &Value, side: Side, indent: usize) -> String {
        if let Some(name) = reference(schema).map(name_of) {
            return match side {
                Side::Response if self.is_enum(name) && self.open.contains(name) => format!("runtime.Open<{name}>"),
                _ => self.name(name, side),
            };
        }
        if let Some(value) = schema.get("const") {
            return literal(value);
        }
        let items = |keyword: &str| schema.get(keyword).and_then(Value::as_sequence);
        if let Some(values) = items("enum") {
            let values = values.iter().map(literal).collect::<Vec<_>>().join(" | ");
            return match side {
                Side::Response if is_open(schema) => format!("runtime.Open<{values}>"),
                _ => values,
            };
        }
        let parts = self.parts(schema, side, indent);
        if let [only] = parts.as_slice() {
            return only.clone();
        }
        if !parts.is_empty() {
            let is_union = |part: &str| !part.starts_with('{') && part.contains(" | ");
            let parts = parts
                .into_iter()
                .map(|part| if is_union(&part) { format!("({part})") } else { part });
            return parts.collect::<Vec<_>>().join(" & ");
        }
        match schema.get("type") {
            Some(Value::Sequence(kinds)) => {
                let kinds = kinds.iter().map(|kind| self.of_kind(&text(kind), schema, side, indent));
                kinds.collect::<Vec<_>>().join(" | ")
            }
            Some(kind) => self.of_kind(&text(kind), schema, side, indent),
            None if schema.get("properties").is_some() => self.object(schema, &self.required(schema), side, indent),
            None => "unknown".to_owned(),
        }
    }

    /// The types of which a schema with a union or with `allOf` has each.
    fn parts(&self, schema: &Value, side: Side, indent: usize) -> Vec<String> {
        let items = |keyword: &str| schema.get(keyword).and_then(Value::as_sequence);
        // A member of one part may be required by another.
        let required = self.required(schema);
        let mut parts = Vec::new();
        for part in items("allOf").into_iter().flatten() {
            parts.push(if is_object(part) {
                self.object(part, &required, side, indent)
            } else {
                self.of(part, side, indent)
            });
        }
        if let Some(variants) = items("oneOf").or_else(|| items("anyOf")) {
            let mut variants: Vec<String> = variants.iter().map(|variant| self.of(variant, side, indent)).collect();
            let tag = schema.get("discriminator").and_then(|found| found.get("propertyName"));
            if let (Side::Response, Some(tag)) = (side, tag) {
                variants.push(format!("{{ {}: runtime.Unlisted }}", member(&text(tag))));
            }
            parts.push(variants.join(" | "));
        }
        if !parts.is_empty() && schema.get("properties").is_some() {
            parts.push(self.object(schema, &required, side, indent));
        }
        parts
    }

    fn of_kind(&self, kind: &str, schema: &Value, side: Side, indent: usize) -> String {
        match kind {
            "string" | "boolean" | "null" => kind.to_owned(),
            "integer" | "number" => "number".to_owned(),
            "object" => self.object(schema, &self.required(schema), side, indent),
            "array" => {
                let items = schema
                    .get("items")
                    .map_or_else(|| "unknown".to_owned(), |items| self.of(items, side, indent));
                if items.contains(' ') {
                    format!("Array<{items}>")
                } else {
                    format!("{items}[]")
                }
            }
            _ => "unknown".to_owned(),
        }
    }

    /// The names of the members that a schema requires, also in its parts.
    fn required(&self, schema: &Value) -> BTreeSet<String> {
        let items = |keyword: &str| schema.get(keyword).and_then(Value::as_sequence).into_iter().flatten();
        let referred = reference(schema).and_then(|name| self.schemas.get(name_of(name)).copied());
        let parts = items("allOf").chain(referred);
        let required = parts.flat_map(|part| self.required(part));
        required.chain(items("required").map(text)).collect()
    }

    fn object(&self, schema: &Value, required: &BTreeSet<String>, side: Side, indent: usize) -> String {
        let Some(members) = schema.get("properties").and_then(Value::as_mapping) else {
            let values = schema.get("additionalProperties").filter(|values| values.is_mapping());
            let values = values.map_or_else(|| "unknown".to_owned(), |values| self.of(values, side, indent));
            return format!("{{ [name: string]: {values} }}");
        };
        let members = members.iter().map(|(name, schema)| {
            let name = text(name);
            Member {
                description: description(schema),
                is_required: required.contains(&name),
                type_name: self.of(schema, side, indent + 2),
                name,
            }
        });
        object(members, indent)
    }
}

/// The description of a schema, a parameter or a response.
pub(super) fn description(part: &Value) -> String {
    part.get("description").map(text).unwrap_or_default()
}

/// The contents of a response by media type.
pub(super) fn contents(response: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let contents = response.get("content").and_then(Value::as_mapping);
    let contents = contents.into_iter().flatten();
    contents.filter_map(|(kind, content)| Some((kind.as_str()?, content)))
}

/// Whether a schema has members and nothing else.
fn is_object(schema: &Value) -> bool {
    let mut others = ["$ref", "allOf", "oneOf", "anyOf"].iter();
    schema.get("properties").is_some() && others.all(|keyword| schema.get(keyword).is_none())
}

/// Whether a schema itself, without those that it refers to, has an open enum or a union of tagged variants.
fn is_open(schema: &Value) -> bool {
    match schema {
        Value::Mapping(keywords) => {
            let is_marked = |name: &str| keywords.get(name).is_some_and(|value| value.as_bool() != Some(false));
            is_marked("x-extensible-enum") || is_marked("discriminator") || keywords.values().any(is_open)
        }
        Value::Sequence(parts) => parts.iter().any(is_open),
        _ => false,
    }
}

/// Adds the names of the schemas to which `part` of the document refers.
fn references(part: &Value, names: &mut BTreeSet<String>) {
    if let Some(name) = reference(part) {
        names.insert(name_of(name).to_owned());
    }
    match part {
        Value::Mapping(members) => Mapping::values(members).for_each(|value| references(value, names)),
        Value::Sequence(parts) => parts.iter().for_each(|part| references(part, names)),
        _ => {}
    }
}

/// The named schemas, and all to which these refer.
fn with_referenced(schemas: &BTreeMap<String, &Value>, names: BTreeSet<String>) -> BTreeSet<String> {
    let mut waiting: Vec<String> = names.iter().cloned().collect();
    let mut all = names;
    while let Some(name) = waiting.pop() {
        let mut found = BTreeSet::new();
        if let Some(schema) = schemas.get(&name) {
            references(schema, &mut found);
        }
        waiting.extend(found.iter().filter(|name| all.insert((*name).clone())).cloned());
    }
    all
}
