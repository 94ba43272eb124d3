//! Examples: the described ones, or else values made from a schema; and the `curl` command of an operation.

use yaml_serde::{Mapping, Value};

use super::html::escape;
use crate::reading::{Document, text};

/// The deepest nesting of a made example.
const MAX_DEPTH: usize = 8;

/// The examples of a media type or parameter: each with its summary, if it has one. Without any, one is made from the schema.
pub(super) fn examples(document: Document<'_>, media: &Value) -> Vec<(Option<String>, Value)> {
    if let Some(value) = media.get("example") {
        return vec![(None, value.clone())];
    }
    let named = media.get("examples").and_then(Value::as_mapping).into_iter().flatten();
    let named = named.filter_map(|(name, example)| {
        let example = document.resolve(example);
        let title = example.get("summary").map_or_else(|| text(name), text);
        Some((Some(title), example.get("value")?.clone()))
    });
    let named: Vec<_> = named.collect();
    if !named.is_empty() {
        return named;
    }
    let schema = media.get("schema");
    schema
        .map(|schema| (None, made(document, schema, 0)))
        .into_iter()
        .collect()
}

/// The example that a parameter or its schema describes.
pub(super) fn described(document: Document<'_>, parameter: &Value) -> Option<Value> {
    if parameter.get("example").is_some() || parameter.get("examples").is_some() {
        return examples(document, parameter).pop().map(|(_, value)| value);
    }
    let schema = document.flatten(parameter.get("schema")?);
    let first = |name: &str| schema.get(name)?.as_sequence()?.first().cloned();
    first("examples")
        .or_else(|| schema.get("example").cloned())
        .or_else(|| first("enum"))
}

/// A value of a schema, with the required members of objects.
fn made(document: Document<'_>, schema: &Value, depth: usize) -> Value {
    let schema = document.flatten(schema);
    let first = |name: &str| schema.get(name)?.as_sequence()?.first().cloned();
    let described = schema.get("example").cloned().or_else(|| first("examples"));
    if let Some(value) = described
        .or_else(|| schema.get("default").cloned())
        .or_else(|| first("enum"))
    {
        return value;
    }
    if let Some(variant) = document
        .variants(&schema)
        .and_then(|variants| variants.into_iter().next())
    {
        return made(document, &Value::Mapping(variant.merged), depth + 1);
    }
    let kind = match schema.get("type") {
        Some(Value::Sequence(types)) => types.first().map(text).unwrap_or_default(),
        Some(kind) => text(kind),
        None if schema.contains_key("properties") => "object".to_owned(),
        None => String::new(),
    };
    match kind.as_str() {
        "object" => object(document, &schema, depth),
        "array" if depth < MAX_DEPTH => {
            let items = schema.get("items").map(|items| made(document, items, depth + 1));
            Value::Sequence(items.into_iter().collect())
        }
        "array" => Value::Sequence(Vec::new()),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or_else(|| 1.into()),
        "boolean" => true.into(),
        _ => match schema.get("format").map(text).unwrap_or_default().as_str() {
            "uuid" => "7f3b0c5e-8d6a-8a57-9a43-0a4f1f2d7c11".into(),
            "date-time" => "2026-01-31T09:30:00Z".into(),
            "date" => "2026-01-31".into(),
            "uri" => "https://shop.example.com".into(),
            _ => "…".into(),
        },
    }
}

fn object(document: Document<'_>, schema: &Mapping, depth: usize) -> Value {
    let members = schema.get("properties").and_then(Value::as_mapping);
    let required = schema.get("required").and_then(Value::as_sequence);
    let members = members.into_iter().flatten();
    let members =
        members.filter(|(name, _)| depth < MAX_DEPTH && required.is_some_and(|required| required.contains(name)));
    let members = members.map(|(name, member)| (name.clone(), made(document, member, depth + 1)));
    Value::Mapping(members.collect())
}

/// A request as a `curl` command, ready to paste into a shell where `$API` and `$TOKEN` are set.
pub(super) struct Curl<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// The parameters, resolved.
    pub(super) parameters: &'a [&'a Value],
    pub(super) needs_token: bool,
    /// The media type and the body.
    pub(super) body: Option<(&'a str, &'a Value)>,
}

impl Curl<'_> {
    pub(super) fn command(&self, document: Document<'_>) -> String {
        let mut path = self.path.to_owned();
        let (mut query, mut headers) = (Vec::new(), Vec::new());
        if self.needs_token {
            headers.push("authorization: Bearer $TOKEN".to_owned());
        }
        for parameter in self.parameters {
            let field = |name: &str| parameter.get(name).map(text).unwrap_or_default();
            let name = field("name");
            let value = match described(document, parameter) {
                Some(value) => text(&value),
                None if name.eq_ignore_ascii_case("idempotency-key") => "$(uuidgen)".to_owned(),
                None => format!("${}", name.replace('-', "_")),
            };
            let is_required = parameter.get("required").and_then(Value::as_bool) == Some(true);
            match field("in").as_str() {
                "path" => path = path.replace(&format!("{{{name}}}"), &value),
                "query" if is_required => query.push(format!("{name}={value}")),
                "header" if is_required => headers.push(format!("{}: {value}", name.to_lowercase())),
                _ => {}
            }
        }
        if let Some((media, _)) = self.body {
            headers.push(format!("content-type: {media}"));
        }
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{}", query.join("&"))
        };
        let method = match (self.method, self.body) {
            ("GET", None) | ("POST", Some(_)) => String::new(),
            (method, _) => format!(" -X {method}"),
        };
        let mut lines = vec![format!("curl -s{method} {}", quoted(&format!("$API{path}{query}")))];
        lines.extend(headers.iter().map(|header| format!("  -H {}", quoted(header))));
        if let Some((_, body)) = self.body {
            let body = serde_json::to_string_pretty(body).unwrap_or_default();
            lines.push(format!("  -d '{}'", body.replace('\'', r"'\''")));
        }
        lines.join(" \\\n")
    }
}

/// An argument in double quotes, where the shell replaces variables.
fn quoted(argument: &str) -> String {
    format!(
        "\"{}\"",
        argument.replace('\\', r"\\").replace('"', "\\\"").replace('`', "\\`")
    )
}

/// JSON or a command as HTML: names of members in `<b>`, other strings in `<i>`.
pub(super) fn highlighted(code: &str) -> String {
    let mut html = String::new();
    let mut rest = code;
    while let Some(start) = rest.find('"') {
        html += &escape(&rest[..start]);
        let end = string_end(&rest[start..]).map_or(rest.len(), |length| start + length);
        let (string, after) = (&rest[start..end], &rest[end..]);
        let tag = if after.starts_with(':') { 'b' } else { 'i' };
        html += &format!("<{tag}>{}</{tag}>", escape(string));
        rest = after;
    }
    html + &escape(rest)
}

/// The length of the string literal at the start of `text`.
fn string_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (index, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return Some(index + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        yaml_serde::from_str(text).unwrap()
    }

    #[test]
    fn a_made_example_has_the_required_members_and_the_described_values() {
        let document = value(
            "{ s: { type: object, required: [a, b, c], properties: { a: { const: x }, b: { type: array, items: { $ref: '#/n' } }, \
             c: { oneOf: [{ type: string, format: date }] }, d: { type: string } } }, n: { type: integer, minimum: 7 } }",
        );
        let made = made(Document(&document), &value("{ $ref: '#/s' }"), 0);
        assert_eq!(made, value("{ a: x, b: [7], c: '2026-01-31' }"));
    }

    #[test]
    fn a_schema_that_contains_itself_ends() {
        let document = value("{ s: { type: object, required: [s], properties: { s: { $ref: '#/s' } } } }");
        made(Document(&document), &value("{ $ref: '#/s' }"), 0);
    }

    #[test]
    fn a_command_names_token_key_and_path_and_quotes_the_body() {
        let parameters = [
            value("{ name: sku, in: path, required: true, schema: { type: string, examples: [tea] } }"),
            value("{ name: id, in: path, required: true, schema: { type: string } }"),
            value("{ name: Idempotency-Key, in: header, required: true, schema: { type: string } }"),
            value("{ name: limit, in: query, schema: { type: integer } }"),
            value("{ name: If-Match, in: header, required: true, example: '\"3\"' }"),
        ];
        let body = value("{ name: it's }");
        let curl = Curl {
            method: "POST",
            path: "/products/{sku}/{id}",
            parameters: &parameters.iter().collect::<Vec<_>>(),
            needs_token: true,
            body: Some(("application/json", &body)),
        };
        let document = Value::Null;
        assert_eq!(
            curl.command(Document(&document)),
            "curl -s \"$API/products/tea/$id\" \\\n  -H \"authorization: Bearer $TOKEN\" \\\n  \
             -H \"idempotency-key: $(uuidgen)\" \\\n  -H \"if-match: \\\"3\\\"\" \\\n  -H \"content-type: application/json\" \\\n  \
             -d '{\n  \"name\": \"it'\\''s\"\n}'"
        );
    }

    #[test]
    fn names_and_strings_are_marked() {
        assert_eq!(
            highlighted(r#"{"a": "x\"<", "b": 1}"#),
            "{<b>&quot;a&quot;</b>: <i>&quot;x\\&quot;&lt;&quot;</i>, <b>&quot;b&quot;</b>: 1}"
        );
    }
}
