//! The sections of operations: description, parameters, request, responses, problems and an example.

use yaml_serde::Value;

use super::examples::{Curl, examples, highlighted};
use super::fields::{field, fields, shared, type_name};
use super::html::{anchor, escape, inline, markdown};
use super::problems::Problems;
use crate::reading::{Document, METHODS, name_of, reference, text};

/// One operation of the API.
pub(super) struct Operation<'a> {
    /// The method in capitals.
    pub(super) method: String,
    pub(super) path: String,
    /// The operation's id, or its route if it has none.
    pub(super) id: String,
    pub(super) summary: String,
    pub(super) tag: String,
    /// The parameters, with those of the path, resolved.
    pub(super) parameters: Vec<&'a Value>,
    /// The responses, resolved, and whether they are shared.
    pub(super) responses: Vec<(String, &'a Value, bool)>,
    value: &'a Value,
}

/// The operations in the order of the document.
pub(super) fn operations(document: Document<'_>) -> Vec<Operation<'_>> {
    let mut operations = Vec::new();
    for (path, item) in document
        .0
        .get("paths")
        .and_then(Value::as_mapping)
        .into_iter()
        .flatten()
    {
        let item = document.resolve(item);
        for method in METHODS {
            let Some(value) = item.get(method) else { continue };
            let (path, method) = (text(path), method.to_uppercase());
            let id = value
                .get("operationId")
                .map_or_else(|| format!("{method} {path}"), text);
            let lists = [item.get("parameters"), value.get("parameters")];
            let parameters = lists.into_iter().flatten().filter_map(Value::as_sequence).flatten();
            let responses = value.get("responses").and_then(Value::as_mapping).into_iter().flatten();
            operations.push(Operation {
                summary: value.get("summary").map_or_else(|| id.clone(), text),
                tag: value
                    .get("tags")
                    .and_then(|tags| tags.get(0))
                    .map(text)
                    .unwrap_or_default(),
                parameters: parameters.map(|parameter| document.resolve(parameter)).collect(),
                responses: responses
                    .map(|(status, response)| {
                        let is_shared = response.get("$ref").is_some();
                        (text(status), document.resolve(response), is_shared)
                    })
                    .collect(),
                method,
                path,
                id,
                value,
            });
        }
    }
    operations
}

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

    /// The schemes, each with its scopes, of the first way to authenticate.
    fn security<'a>(&'a self, document: Document<'a>) -> Vec<(String, Vec<String>)> {
        let security = self.value.get("security").or_else(|| document.0.get("security"));
        let way = security.and_then(|ways| ways.get(0)).and_then(Value::as_mapping);
        let schemes = way.into_iter().flatten().map(|(scheme, scopes)| {
            let scopes = scopes.as_sequence().into_iter().flatten().map(text);
            (text(scheme), scopes.collect())
        });
        schemes.collect()
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
                let mut schema = document.flatten(parameter.get("schema").unwrap_or(&Value::Null));
                if let Some(description) = parameter.get("description") {
                    schema.insert("description".into(), description.clone());
                }
                let is_required = parameter.get("required").and_then(Value::as_bool) == Some(true);
                let name = parameter.get("name").map(text).unwrap_or_default();
                field(document, &name, &Value::Mapping(schema), is_required, 0)
            });
            let here: String = here.collect();
            if !here.is_empty() {
                html += &format!("<h4>{title}</h4><ul class=\"fields\">{here}</ul>");
            }
        }
        html
    }

    /// The media type and the content of the request body.
    fn body<'a>(&'a self, document: Document<'a>) -> Option<(&'a str, &'a Value)> {
        let body = document.resolve(self.value.get("requestBody")?);
        let (media, content) = body.get("content")?.as_mapping()?.iter().next()?;
        Some((media.as_str()?, content))
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

    fn successes(&self) -> impl Iterator<Item = (&str, &Value)> {
        let responses = self.responses.iter();
        responses
            .filter(|(status, ..)| is_success(status))
            .map(|(status, response, _)| (status.as_str(), *response))
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
                "<h4>Response <span class=\"status\">{status}</span>{}</h4>{}",
                kind.unwrap_or_default(),
                markdown(&description)
            );
            let headers = response
                .get("headers")
                .and_then(Value::as_mapping)
                .into_iter()
                .flatten();
            let headers: String = headers
                .map(|(name, header)| {
                    let header = document.resolve(header);
                    let mut schema = document.flatten(header.get("schema").unwrap_or(&Value::Null));
                    if let Some(description) = header.get("description") {
                        schema.insert("description".into(), description.clone());
                    }
                    field(document, &text(name), &Value::Mapping(schema), false, 0)
                })
                .collect();
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

/// Whether a status is not an error.
pub(super) fn is_success(status: &str) -> bool {
    status.starts_with('2') || status.starts_with('3')
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
