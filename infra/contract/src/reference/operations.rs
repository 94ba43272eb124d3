//! The sections of operations: description, parameters, request, responses, problems and an example.

use yaml_serde::Value;

use super::examples::{Curl, examples, highlighted};
use super::fields::{field, fields, shared, type_name};
use super::html::{anchor, escape, inline, markdown};
use super::problems::Problems;
use crate::operations::Operation;
use crate::reading::{Document, name_of, reference, text};

impl Operation<'_> {
    /// The section's anchor.
    pub(super) fn anchor(&self) -> String {
        anchor(&self.id)
    }

    /// The method, as a label.
    pub(super) fn label(&self) -> String {
        format!(
            "<span class=\"method {}\">{}</span>",
            self.method.to_lowercase(),
            self.method
        )
    }

    pub(super) fn section(&self, document: Document<'_>, problems: &Problems) -> String {
        let description = self
            .value
            .get("description")
            .map(|text| markdown(&self::text(text)))
            .unwrap_or_default();
        let path = escape(&self.path).replace('/', "/<wbr>");
        format!(
            "<section class=\"entry\" id=\"{id}\" data-kind=\"operation\" data-names=\"{names}\">\n<div class=\"text\">\
             <h3><a href=\"#{id}\">{}</a></h3><p class=\"route\">{}<code>{path}</code></p>{}{description}{}{}{}{}</div>\n\
             <div class=\"code\">{}</div>\n</section>\n",
            inline(&self.summary),
            self.label(),
            self.access(document),
            self.parameters(document),
            self.request(document),
            self.success(document),
            problems.of(self),
            self.code(document),
            id = self.anchor(),
            names = escape(&format!("{} {} {}", self.id, self.method, self.path)),
        )
    }

    fn access(&self, document: Document<'_>) -> String {
        let deprecated = match self.value.get("deprecated").and_then(Value::as_bool) {
            Some(true) => "Deprecated · ",
            _ => "",
        };
        let schemes = self.security(document);
        if schemes.is_empty() {
            return format!("<p class=\"access\">{deprecated}Public</p>");
        }
        let scopes: Vec<String> = schemes.into_iter().flat_map(|(_, scopes)| scopes).collect();
        let scopes = scopes.iter().map(|scope| format!(" <code>{}</code>", escape(scope)));
        format!(
            "<p class=\"access\">{deprecated}Needs a token{}</p>",
            scopes.collect::<String>()
        )
    }

    fn parameters(&self, document: Document<'_>) -> String {
        let mut html = String::new();
        for (place, title) in [
            ("path", "Path"),
            ("query", "Query"),
            ("header", "Headers"),
            ("cookie", "Cookies"),
        ] {
            let here = self
                .parameters
                .iter()
                .filter(|parameter| parameter.get("in").map(text).as_deref() == Some(place));
            let here = here.map(|parameter| {
                let name = parameter.get("name").map(text).unwrap_or_default();
                described(document, &name, parameter)
            });
            let here: String = here.collect();
            if !here.is_empty() {
                html += &format!("<h4>{title}</h4><ul class=\"fields\">{here}</ul>");
            }
        }
        html
    }

    fn request(&self, document: Document<'_>) -> String {
        let Some((_, content)) = self.body(document) else {
            return String::new();
        };
        let Some(schema) = content.get("schema") else {
            return String::new();
        };
        let body = self.value.get("requestBody").map(|body| document.resolve(body));
        let description = body
            .and_then(|body| body.get("description"))
            .map(text)
            .unwrap_or_default();
        format!(
            "<h4>Request body <span class=\"type\">{}</span></h4>{}{}",
            type_name(document, schema, 0),
            markdown(&description),
            fields(document, schema)
        )
    }

    fn success(&self, document: Document<'_>) -> String {
        let mut html = String::new();
        for (status, response) in self.successes() {
            let content = response
                .get("content")
                .and_then(Value::as_mapping)
                .and_then(|content| content.iter().next());
            let schema = content.and_then(|(_, content)| content.get("schema"));
            let kind = schema.map(|schema| format!(" <span class=\"type\">{}</span>", type_name(document, schema, 0)));
            let description = response.get("description").map(text).unwrap_or_default();
            html += &format!(
                "<h4>Response <span class=\"status\">{}</span>{}</h4>{}",
                escape(status),
                kind.unwrap_or_default(),
                markdown(&description)
            );
            let headers = response
                .get("headers")
                .and_then(Value::as_mapping)
                .into_iter()
                .flatten();
            let headers = headers.map(|(name, header)| described(document, &text(name), document.resolve(header)));
            let headers: String = headers.collect();
            if !headers.is_empty() {
                html += &format!(
                    "<details class=\"inside\"><summary>Headers</summary><ul class=\"fields\">{headers}</ul></details>"
                );
            }
            html += &match schema.map(|schema| (schema, reference(schema))) {
                Some((_, Some(reference))) => shared(name_of(reference)),
                Some((schema, None)) => format!(
                    "<details class=\"inside\"><summary>Body</summary>{}</details>",
                    fields(document, schema)
                ),
                None => String::new(),
            };
        }
        html
    }

    fn code(&self, document: Document<'_>) -> String {
        let body = self.body(document);
        let bodies = body.map(|(_, content)| examples(document, content)).unwrap_or_default();
        let curl = |body: Option<&Value>| {
            let command = Curl {
                method: &self.method,
                path: &self.path,
                parameters: &self.parameters,
                needs_token: !self.security(document).is_empty(),
                body: body.and_then(|value| Some((self.body(document)?.0, value))),
            };
            command.command(document)
        };
        let requests = match bodies.as_slice() {
            [] => vec![(None, curl(None))],
            bodies => bodies
                .iter()
                .map(|(title, body)| (title.clone(), curl(Some(body))))
                .collect(),
        };
        let mut html = blocks("Request", &requests);
        for (status, response) in self.successes() {
            let content = response
                .get("content")
                .and_then(Value::as_mapping)
                .into_iter()
                .flatten();
            for (_, content) in content.take(1) {
                let answers = examples(document, content)
                    .into_iter()
                    .map(|(title, value)| (title, pretty(&value)));
                html += &blocks(&format!("Response {status}"), &answers.collect::<Vec<_>>());
            }
        }
        html
    }
}

/// A parameter or a header as a field.
fn described(document: Document<'_>, name: &str, value: &Value) -> String {
    let mut schema = document.flatten(value.get("schema").unwrap_or(&Value::Null));
    for own in ["description", "deprecated"] {
        if let Some(value) = value.get(own) {
            schema.insert(own.into(), value.clone());
        }
    }
    let is_required = value.get("required").and_then(Value::as_bool) == Some(true);
    field(document, name, &Value::Mapping(schema), is_required, 0)
}

/// A value as indented JSON.
pub(super) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Code with a caption. Of several, the first is open.
pub(super) fn blocks(caption: &str, codes: &[(Option<String>, String)]) -> String {
    let block = |code: &str| format!("<pre tabindex=\"0\">{}</pre>", highlighted(code));
    match codes {
        [] => String::new(),
        [(_, code)] => format!("<figure><figcaption>{caption}</figcaption>{}</figure>", block(code)),
        codes => {
            let codes = codes.iter().enumerate().map(|(index, (title, code))| {
                let open = if index == 0 { " open" } else { "" };
                let title = title.as_deref().unwrap_or("Example");
                format!(
                    "<details{open}><summary>{}</summary>{}</details>",
                    inline(title),
                    block(code)
                )
            });
            format!(
                "<figure><figcaption>{caption}</figcaption>{}</figure>",
                codes.collect::<String>()
            )
        }
    }
}
