//! The reference page: one HTML file with the operations, problems, events and schemas of the contract.
//!
//! It is read from the generated document alone, so it shows whatever that describes. The page needs no other file and no
//! network. Its only script searches, opens shared schemas and copies examples; without it everything can still be read.

mod events;
mod examples;
mod fields;
mod html;
mod operations;
mod problems;

use anyhow::Result;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use yaml_serde::Value;

use crate::EventSchema;
use crate::operations::{Operation, operations};
use crate::reading::{Document, text};
use events::Event;
use fields::{SCHEMA, fields};
use html::{anchor, capitalized, escape, inline, markdown};
use problems::Problems;

/// The page's file.
pub const PATH: &str = "infra/reference.html";

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page of an API description and its events.
///
/// # Errors
/// When the document has no schemas, or an event's schema cannot be read.
pub fn page(api: &Value, events: &[EventSchema]) -> Result<String> {
    let (events, document) = events::events(api, events)?;
    let document = Document(&document);
    let operations = operations(document);
    let problems = Problems::collect(document, &operations);
    let contents = Contents {
        document,
        domains: domains(document, &operations),
        problems,
        operations,
        events,
    };
    let title = document.at("#/info/title").map(text).unwrap_or_default();
    let parts = [
        ("title", escape(&title)),
        (
            "version",
            document
                .at("#/info/version")
                .map(|version| escape(&text(version)))
                .unwrap_or_default(),
        ),
        ("policy", policy()),
        ("navigation", contents.navigation()),
        ("content", contents.sections()),
        ("style", STYLE.trim().to_owned()),
        ("script", SCRIPT.trim().to_owned()),
    ];
    let mut page = String::new();
    let mut rest = TEMPLATE.trim_end();
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        page += before;
        page += parts
            .iter()
            .find(|(part, _)| *part == name)
            .map_or("", |(_, text)| text);
        rest = after;
    }
    Ok(page + rest + "\n")
}

/// A content security policy that allows this page's style and script and nothing else.
fn policy() -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text.trim().as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// The names and descriptions of the document's tags, and of tags that only operations have.
fn domains(document: Document<'_>, operations: &[Operation<'_>]) -> Vec<(String, String)> {
    let tags = document
        .0
        .get("tags")
        .and_then(Value::as_sequence)
        .into_iter()
        .flatten();
    let field = |tag: &Value, name: &str| tag.get(name).map(text).unwrap_or_default();
    let mut domains: Vec<_> = tags
        .map(|tag| (field(tag, "name"), field(tag, "description")))
        .collect();
    for operation in operations {
        if domains.iter().all(|(name, _)| *name != operation.tag) {
            domains.push((operation.tag.clone(), String::new()));
        }
    }
    domains
}

struct Contents<'a> {
    document: Document<'a>,
    domains: Vec<(String, String)>,
    operations: Vec<Operation<'a>>,
    problems: Problems,
    events: Vec<Event>,
}

impl Contents<'_> {
    fn of<'b>(&'b self, domain: &'b str) -> impl Iterator<Item = &'b Operation<'b>> {
        self.operations.iter().filter(move |operation| operation.tag == domain)
    }

    /// The schemas, without problems, which have a section of their own.
    fn schemas(&self) -> impl Iterator<Item = (String, &Value)> {
        let schemas = self.document.at("#/components/schemas").and_then(Value::as_mapping);
        let mut schemas: Vec<_> = schemas
            .into_iter()
            .flatten()
            .map(|(name, schema)| (text(name), schema))
            .collect();
        schemas.retain(|(name, _)| !self.problems.schemas.contains(name));
        schemas.sort_by(|one, other| one.0.cmp(&other.0));
        schemas.into_iter()
    }

    fn navigation(&self) -> String {
        let mut html = "<ul><li><a href=\"#introduction\">Introduction</a></li></ul>".to_owned();
        for (domain, _) in &self.domains {
            let links = self.of(domain).map(|operation| {
                (
                    operation.anchor(),
                    format!("{}<span>{}</span>", operation.label(), inline(&operation.summary)),
                )
            });
            html += &group(&capitalized(domain), true, links);
        }
        let every = [("problems".to_owned(), "Every operation".to_owned())];
        let problems = self.problems.names().map(|(anchor, code)| (anchor, escape(code)));
        html += &group("Problems", false, every.into_iter().chain(problems));
        let events = self.events.iter().map(|event| (event.anchor(), escape(&event.name)));
        html += &group("Events", false, events);
        let schemas = self.schemas();
        let schemas = schemas.map(|(name, _)| (format!("{SCHEMA}{}", anchor(&name)), escape(&name)));
        html + &group("Schemas", false, schemas)
    }

    fn sections(&self) -> String {
        let introduction = self.document.at("#/info/description").map(text).unwrap_or_default();
        let title = self.document.at("#/info/title").map(text).unwrap_or_default();
        let mut html = format!(
            "<section class=\"chapter\" id=\"introduction\"><h1>{} API</h1>{}</section>\n",
            escape(&title),
            markdown(&introduction)
        );
        for (domain, description) in &self.domains {
            html += &chapter(&format!("domain-{}", anchor(domain)), &capitalized(domain), description);
            html.extend(
                self.of(domain)
                    .map(|operation| operation.section(self.document, &self.problems)),
            );
        }
        html += &self.problems.section(self.document);
        html += &chapter(
            "events",
            "Events",
            "The events of the EventBridge bus. Rules match `source` and `detail-type`.",
        );
        html.extend(self.events.iter().map(|event| event.section(self.document)));
        html += &chapter("schemas", "Schemas", "");
        html.extend(self.schemas().map(|(name, schema)| {
            let description = schema.get("description").map(text).unwrap_or_default();
            format!(
                "<section class=\"entry\" id=\"{SCHEMA}{id}\" data-kind=\"schema\"><div class=\"text\"><h3><a href=\"#{SCHEMA}{id}\">{}</a></h3>\
                 {}<div data-body>{}</div></div></section>\n",
                escape(&name),
                markdown(&description),
                fields(self.document, schema),
                id = anchor(&name),
            )
        }));
        html
    }
}

fn chapter(anchor: &str, title: &str, description: &str) -> String {
    format!(
        "<section class=\"chapter\" id=\"{anchor}\"><h2><a href=\"#{anchor}\">{}</a></h2>{}</section>\n",
        escape(title),
        markdown(description)
    )
}

/// A group of links of the navigation.
fn group(title: &str, is_open: bool, links: impl Iterator<Item = (String, String)>) -> String {
    let links = links.map(|(anchor, label)| format!("<li><a href=\"#{anchor}\">{label}</a></li>"));
    let open = if is_open { " open" } else { "" };
    format!(
        "<details{open}><summary>{}</summary><ul>{}</ul></details>",
        escape(title),
        links.collect::<String>()
    )
}
