//! Schemas as nested lists of fields, with types, limits and descriptions.

use yaml_serde::{Mapping, Value};

use super::html::{anchor, escape, inline, markdown};
use crate::reading::{Document, Variant, name_of, reference, text};

/// The prefix of the anchors of schemas.
pub(super) const SCHEMA: &str = "schema-";

/// The deepest nesting of objects without a name.
const MAX_DEPTH: usize = 6;

/// The fields of a schema, or its variants, or its values.
pub(super) fn fields(document: Document<'_>, schema: &Value) -> String {
    body(document, &document.flatten(schema), 0)
}

fn body(document: Document<'_>, schema: &Mapping, depth: usize) -> String {
    if let Some(variants) = document.variants(schema) {
        return union(document, &variants, depth);
    }
    let required = schema.get("required").and_then(Value::as_sequence);
    let members = schema
        .get("properties")
        .and_then(Value::as_mapping)
        .into_iter()
        .flatten();
    let members: String = members
        .map(|(name, member)| {
            let is_required = required.is_some_and(|required| required.contains(name));
            field(document, &text(name), member, is_required, depth)
        })
        .collect();
    if !members.is_empty() {
        return format!("<ul class=\"fields\">{members}</ul>");
    }
    let nested = nested(document, schema, depth);
    format!("{}{nested}", facts(document, schema))
}

/// One field: its name, type, description, limits, and what it contains.
pub(super) fn field(document: Document<'_>, name: &str, schema: &Value, is_required: bool, depth: usize) -> String {
    let flat = document.flatten(schema);
    let required = if is_required {
        " <span class=\"required\">required</span>"
    } else {
        ""
    };
    let deprecated = match flat.get("deprecated").and_then(Value::as_bool) {
        Some(true) => " <span class=\"deprecated\">deprecated</span>",
        _ => "",
    };
    let description = flat
        .get("description")
        .map(|text| markdown(&self::text(text)))
        .unwrap_or_default();
    let inside = if name_of_object(document, schema).is_some() {
        schema.clone()
    } else {
        Value::Mapping(flat.clone())
    };
    format!(
        "<li><div class=\"head\"><code class=\"name\">{}</code> <span class=\"type\">{}</span>{required}{deprecated}</div>\
         {description}{}{}</li>",
        escape(name),
        type_name(document, schema, depth),
        facts(document, &flat),
        inner(document, &inside, depth)
    )
}

/// The content of an object, a list or a map, to be opened.
fn inner(document: Document<'_>, schema: &Value, depth: usize) -> String {
    if let Some(name) = name_of_object(document, schema) {
        return shared(name);
    }
    let flat = document.flatten(schema);
    if flat.contains_key("properties") || document.variants(&flat).is_some() {
        if depth == MAX_DEPTH {
            return String::new();
        }
        return format!(
            "<details class=\"inside\"><summary>Fields</summary>{}</details>",
            body(document, &flat, depth + 1)
        );
    }
    nested(document, &flat, depth)
}

/// The content of the items of a list or the values of a map.
fn nested(document: Document<'_>, schema: &Mapping, depth: usize) -> String {
    let parts = ["items", "additionalProperties"]
        .iter()
        .filter_map(|keyword| schema.get(keyword));
    let parts = parts.filter(|schema| schema.is_mapping() && depth < MAX_DEPTH);
    parts.map(|schema| inner(document, schema, depth + 1)).collect()
}

/// The fields of a shared schema. The page copies them from the schema's section when they are opened.
pub(super) fn shared(name: &str) -> String {
    format!(
        "<details class=\"inside\" data-fields=\"{SCHEMA}{0}\"><summary>Fields of {1}</summary></details>",
        anchor(name),
        escape(name)
    )
}

fn union(document: Document<'_>, variants: &[Variant], depth: usize) -> String {
    let variants = variants.iter().map(|variant| {
        let label = match &variant.tag {
            Some(tag) => format!("<code>{}</code> is <code>{}</code>", escape(tag), escape(&variant.key)),
            None => format!("<code>{}</code>", escape(&variant.key)),
        };
        let description = variant.merged.get("description").map(text).unwrap_or_default();
        let inside = match name_of_object(document, &variant.schema) {
            // A shared schema has a section of its own, but a body shows its variants where it is described.
            Some(name) if depth > 0 => shared(name),
            _ => body(document, &variant.merged, depth + 1),
        };
        format!(
            "<details class=\"variant\"><summary>{label}</summary>{}{inside}</details>",
            markdown(&description)
        )
    });
    format!(
        "<div class=\"variants\"><p class=\"facts\">One of:</p>{}</div>",
        variants.collect::<String>()
    )
}

/// The name of the schema that `schema` refers to, if that has fields to show.
fn name_of_object<'b>(document: Document<'_>, schema: &'b Value) -> Option<&'b str> {
    let name = name_of(reference(schema)?);
    let flat = document.flatten(schema);
    let has_fields = flat.contains_key("properties") || document.variants(&flat).is_some();
    has_fields.then_some(name)
}

/// The type of a schema, with a link if it is shared.
pub(super) fn type_name(document: Document<'_>, schema: &Value, depth: usize) -> String {
    if let Some(name) = name_of_object(document, schema) {
        return format!("<a href=\"#{SCHEMA}{}\">{}</a>", anchor(name), escape(name));
    }
    let flat = document.flatten(schema);
    let inside = |keyword: &str| match flat.get(keyword) {
        Some(schema) if schema.is_mapping() && depth < MAX_DEPTH => type_name(document, schema, depth + 1),
        _ => "any".to_owned(),
    };
    let kind = match flat.get("type") {
        Some(Value::Sequence(types)) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
        Some(kind) => text(kind),
        None if flat.contains_key("enum") => "enum".to_owned(),
        None if document.variants(&flat).is_some() => "one of several".to_owned(),
        None if flat.contains_key("properties") => "object".to_owned(),
        None => "any".to_owned(),
    };
    match kind.as_str() {
        "array" => format!("array of {}", inside("items")),
        "object"
            if !flat.contains_key("properties") && flat.get("additionalProperties").is_some_and(Value::is_mapping) =>
        {
            format!("map of {}", inside("additionalProperties"))
        }
        "string" if flat.contains_key("enum") => "enum".to_owned(),
        _ => match flat.get("format").map(text) {
            // Widths of integers are limits, which are shown.
            Some(format) if kind == "string" => format!("string ({})", escape(&format)),
            _ => escape(&kind),
        },
    }
}

/// Values, limits, pattern and default, as one line each.
fn facts(document: Document<'_>, schema: &Mapping) -> String {
    let mut html = String::new();
    if let Some(values) = schema.get("enum").and_then(Value::as_sequence) {
        let values = values
            .iter()
            .map(|value| format!("<code>{}</code>", escape(&text(value))));
        html += &format!("<p class=\"values\">{}</p>", values.collect::<Vec<_>>().join(" "));
    }
    let mut limits: Vec<String> = [
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
    ]
    .iter()
    .filter_map(|(low, high, unit)| range(schema.get(low), schema.get(high), unit))
    .collect();
    if let Some(pattern) = schema.get("pattern") {
        limits.push(format!("matches <code>{}</code>", escape(&text(pattern))));
    }
    if let Some(default) = schema.get("default") {
        limits.push(format!("default <code>{}</code>", escape(&text(default))));
    }
    if !limits.is_empty() {
        html += &format!("<p class=\"facts\">{}</p>", limits.join(" · "));
    }
    // A list of named values has its description and its values at the items.
    if let Some(items) = schema
        .get("items")
        .map(|items| document.flatten(items))
        .filter(|items| items.contains_key("enum"))
    {
        html += &facts(document, &items);
    }
    html
}

fn range(low: Option<&Value>, high: Option<&Value>, unit: &str) -> Option<String> {
    let (low, high) = (low.map(number), high.map(number));
    match (low, high) {
        (Some(low), Some(high)) if low == high => Some(format!("{low}{unit}")),
        (Some(low), Some(high)) => Some(format!("{low} to {high}{unit}")),
        (Some(low), None) if low == "0" => None,
        (Some(low), None) => Some(format!("at least {low}{unit}")),
        (None, Some(high)) => Some(format!("at most {high}{unit}")),
        (None, None) => None,
    }
}

/// A number with its thousands apart.
fn number(value: &Value) -> String {
    let digits = text(value);
    if digits.len() < 5 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return inline(&digits);
    }
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
