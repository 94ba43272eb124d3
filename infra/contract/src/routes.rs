//! Generates the routes in the body of the HTTP API in `template.yaml`.

use std::fs;

use anyhow::{Context, Result};
use utoipa::openapi::path::{Operation, PathItem};

use crate::{File, openapi, root};

const TEMPLATE: &str = "template.yaml";

/// The lines before and after the routes in the template.
const BEGIN: &str = "# Written by `cargo contract` from here.\n";
const END: &str = "# To here.\n";

/// The invocation URI of the function `Function`.
const URI: &str =
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations";

/// The properties that all integrations share.
const INTEGRATION: &str =
    "{ type: aws_proxy, httpMethod: POST, payloadFormatVersion: \"2.0\", credentials: !GetAtt ApiRole.Arn }";

/// The template with the routes of all operations.
///
/// # Errors
/// When the template lacks the lines around the routes, or an operation lacks its tag or id.
pub fn template() -> Result<File> {
    let text = fs::read_to_string(root().join(TEMPLATE)).context("read template.yaml")?;
    Ok(File {
        path: TEMPLATE.to_owned(),
        text: with_routes(&text, &routes()?)?,
    })
}

fn with_routes(template: &str, routes: &str) -> Result<String> {
    let (before, rest) = template
        .split_once(BEGIN)
        .with_context(|| format!("template.yaml needs the line `{}`", BEGIN.trim_end()))?;
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("template.yaml needs the line `{}`", END.trim_end()))?;
    let indent = before.rsplit('\n').next().unwrap_or_default();
    let routes: String = routes.lines().map(|line| format!("{indent}{line}\n")).collect();
    Ok(format!("{before}{BEGIN}{routes}{indent}{END}{after}"))
}

/// The paths of the API's body, in YAML. The first operation defines the anchors of the others.
fn routes() -> Result<String> {
    let mut text = String::new();
    let (mut integration, mut uri) = (format!("&lambda {INTEGRATION}"), format!("&uri \"{URI}\""));
    for (path, item) in openapi::document().paths.paths {
        text += &format!("{path}:\n");
        for (method, operation) in operations(&item) {
            let function = function(operation).with_context(|| format!("{method} {path}"))?;
            text += &format!("  {method}:\n");
            text += &format!(
                "    operationId: {}\n",
                operation.operation_id.as_deref().unwrap_or_default()
            );
            if operation.security.is_none() {
                text += "    security: [{ NONE: [] }]\n";
            }
            text += "    x-amazon-apigateway-integration:\n";
            text += &format!("      <<: {integration}\n");
            text += &format!("      uri: !Sub [{uri}, {{ Function: !GetAtt {function} }}]\n");
            (integration, uri) = ("*lambda".to_owned(), "*uri".to_owned());
        }
    }
    Ok(text)
}

fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    [
        ("get", &item.get),
        ("put", &item.put),
        ("post", &item.post),
        ("delete", &item.delete),
        ("patch", &item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// The output of the nested application with the operation's function. The tag is the domain, the id the action.
fn function(operation: &Operation) -> Result<String> {
    let domain = operation
        .tags
        .iter()
        .flatten()
        .next()
        .context("an operation needs a tag")?;
    let action = operation.operation_id.as_deref().context("an operation needs an id")?;
    Ok(format!(
        "{}.Outputs.{}",
        upper_camel_case(domain),
        upper_camel_case(action)
    ))
}

/// Converts `get-product` to `GetProduct`, the name in the templates.
pub(crate) fn upper_camel_case(name: &str) -> String {
    let capitalize = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    name.split('-').map(capitalize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "paths:\n  # Written by `cargo contract` from here.\n  /old:\n  # To here.\nAuth: x\n";

    #[test]
    fn only_the_lines_between_the_marks_are_replaced() {
        let written = with_routes(TEMPLATE, "/new:\n  get:\n").unwrap();
        assert_eq!(written, TEMPLATE.replace("  /old:\n", "  /new:\n    get:\n"));
        assert_eq!(with_routes(&written, "/new:\n  get:\n").unwrap(), written);
    }

    #[test]
    fn a_template_without_the_marks_is_rejected() {
        with_routes(&TEMPLATE.replace("To here", "There"), "").unwrap_err();
    }
}
