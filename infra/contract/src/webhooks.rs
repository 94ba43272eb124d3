//! The events of the bus as the document's `webhooks`, by reference to their schemas.

use anyhow::{Context, Result};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{OperationBuilder, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{HttpMethod, Paths, Ref, Required};

use crate::EventSchema;

/// The webhooks of all events. A reference is relative to `infra/openapi.yaml`.
pub(crate) fn webhooks(events: &[EventSchema]) -> Result<Paths> {
    let mut webhooks = Paths::new();
    for event in events {
        let name = &event.detail_type;
        let detail = Ref::new(format!("events/{name}.json"));
        let detail = ContentBuilder::new().schema(Some(detail)).build();
        let body = RequestBodyBuilder::new().content("application/json", detail);
        let schema = event.json()?;
        let summary = schema.get("description").and_then(|text| text.as_str());
        let operation = OperationBuilder::new()
            .tag(
                event
                    .domain()
                    .with_context(|| format!("the source of {name} names no domain"))?,
            )
            .summary(Some(summary.with_context(|| format!("{name} has no description"))?))
            .request_body(Some(body.required(Some(Required::True)).build()))
            .build();
        webhooks
            .paths
            .insert(name.clone(), PathItem::new(HttpMethod::Post, operation));
    }
    Ok(webhooks)
}
