//! The sections of the events on the bus.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use yaml_serde::{Mapping, Value};

use super::examples::examples;
use super::fields::fields;
use super::html::{anchor, escape, markdown};
use super::operations::{blocks, pretty};
use crate::EventSchema;
use crate::reading::{Document, text};

/// An event, with a schema that refers to the schemas of the page.
pub(super) struct Event {
    pub(super) name: String,
    source: String,
    schema: Value,
}

/// The events, and the document with the schemas that only they use.
pub(super) fn events(api: &Value, events: &[EventSchema]) -> Result<(Vec<Event>, Value)> {
    let mut document = api.clone();
    let schemas = document
        .get_mut("components")
        .and_then(|components| components.get_mut("schemas"));
    let schemas = schemas
        .and_then(Value::as_mapping_mut)
        .context("the document has no schemas")?;
    let mut read = Vec::new();
    for event in events {
        let name = &event.detail_type;
        let mut schema = event.json()?;
        let definitions = schema.as_mapping_mut().and_then(|schema| schema.shift_remove("$defs"));
        let definitions = definitions
            .and_then(|found| found.as_mapping().cloned())
            .unwrap_or_default();
        // Events and API share most schemas. One that differs has the event's name too.
        let mut names = BTreeMap::new();
        for (known, definition) in &definitions {
            let known = text(known);
            let here = renamed(definition, &BTreeMap::new());
            let differs = schemas.get(known.as_str()).is_some_and(|other| *other != here);
            let here = if differs {
                format!("{name}.{known}")
            } else {
                known.clone()
            };
            names.insert(known, here);
        }
        for (known, definition) in &definitions {
            if let Some(name) = names
                .get(&text(known))
                .filter(|name| !schemas.contains_key(name.as_str()))
            {
                schemas.insert(name.as_str().into(), renamed(definition, &names));
            }
        }
        read.push(Event {
            name: name.clone(),
            source: event.source.to_owned(),
            schema: renamed(&schema, &names),
        });
    }
    Ok((read, document))
}

/// A schema with references into the document instead of the event's file.
fn renamed(schema: &Value, names: &BTreeMap<String, String>) -> Value {
    match schema {
        Value::String(reference) => match reference.strip_prefix("#/$defs/") {
            Some(name) => {
                let name = names.get(name).map_or(name, String::as_str);
                format!("#/components/schemas/{name}").into()
            }
            None => schema.clone(),
        },
        Value::Sequence(values) => Value::Sequence(values.iter().map(|value| renamed(value, names)).collect()),
        Value::Mapping(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (name.clone(), renamed(value, names)));
            Value::Mapping(members.collect::<Mapping>())
        }
        other => other.clone(),
    }
}

impl Event {
    pub(super) fn anchor(&self) -> String {
        format!("event-{}", anchor(&self.name))
    }

    pub(super) fn section(&self, document: Document<'_>) -> String {
        let description = self.schema.get("description").map(text).unwrap_or_default();
        let details = self
            .schema
            .get("examples")
            .and_then(Value::as_sequence)
            .into_iter()
            .flatten();
        let details: Vec<Value> = details.cloned().collect();
        let details = match details.is_empty() {
            true => examples(
                document,
                &Value::Mapping([("schema".into(), self.schema.clone())].into_iter().collect()),
            )
            .into_iter()
            .map(|(_, value)| value)
            .collect(),
            false => details,
        };
        let codes = details.iter().map(|detail| {
            let event = [
                ("source", self.source.as_str().into()),
                ("detail-type", self.name.as_str().into()),
                ("detail", detail.clone()),
            ];
            let event = event.into_iter().map(|(name, value)| (Value::from(name), value));
            (None, pretty(&Value::Mapping(event.collect())))
        });
        format!(
            "<section class=\"entry\" id=\"{id}\" data-kind=\"event\" data-names=\"{source}\">\n<div class=\"text\"><h3><a href=\"#{id}\">{}</a></h3>\
             <p class=\"route\"><code>{source}</code></p>{}<h4>Detail</h4>{}</div>\n<div class=\"code\">{}</div>\n</section>\n",
            escape(&self.name),
            markdown(&description),
            fields(document, &self.schema),
            blocks("Event", &codes.collect::<Vec<_>>()),
            id = self.anchor(),
            source = escape(&self.source),
        )
    }
}
