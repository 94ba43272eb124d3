//! The operations of a document, as its readers need them.

use yaml_serde::Value;

use crate::reading::{Document, METHODS, text};

/// One operation of the API.
pub(crate) struct Operation<'a> {
    /// The method in capitals.
    pub(crate) method: String,
    pub(crate) path: String,
    /// The operation's id, or its route if it has none.
    pub(crate) id: String,
    pub(crate) summary: String,
    pub(crate) tag: String,
    /// The parameters, with those of the path, resolved.
    pub(crate) parameters: Vec<&'a Value>,
    /// The responses by status, resolved.
    pub(crate) responses: Vec<(String, &'a Value)>,
    /// The operation as the document has it.
    pub(crate) value: &'a Value,
}

/// The operations in the order of the document.
pub(crate) fn operations(document: Document<'_>) -> Vec<Operation<'_>> {
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
                    .map(|(status, response)| (text(status), document.resolve(response)))
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
    /// The schemes, each with its scopes, of the first way to authenticate.
    pub(crate) fn security<'a>(&'a self, document: Document<'a>) -> Vec<(String, Vec<String>)> {
        let security = self.value.get("security").or_else(|| document.0.get("security"));
        let way = security.and_then(|ways| ways.get(0)).and_then(Value::as_mapping);
        let schemes = way.into_iter().flatten().map(|(scheme, scopes)| {
            let scopes = scopes.as_sequence().into_iter().flatten().map(text);
            (text(scheme), scopes.collect())
        });
        schemes.collect()
    }

    /// The media type and the content of the request body.
    pub(crate) fn body<'a>(&'a self, document: Document<'a>) -> Option<(&'a str, &'a Value)> {
        let body = document.resolve(self.value.get("requestBody")?);
        let (media, content) = body.get("content")?.as_mapping()?.iter().next()?;
        Some((media.as_str()?, content))
    }

    /// The responses that are not errors, by status.
    pub(crate) fn successes(&self) -> impl Iterator<Item = (&str, &Value)> {
        let responses = self.responses.iter();
        responses
            .filter(|(status, _)| is_success(status))
            .map(|(status, response)| (status.as_str(), *response))
    }
}

/// Whether a status is not an error.
pub(crate) fn is_success(status: &str) -> bool {
    status.starts_with('2') || status.starts_with('3')
}
