//! The events of the bus as the document's `webhooks`, by reference to their schemas.

use anyhow::{Context, Result};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{OperationBuilder, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{Components, HttpMethod, OpenApi, Paths, Ref, Required, ResponseBuilder};

use crate::EventSchema;

/// The name of the response that all webhooks expect.
const RECEIVED: &str = "EventReceived";

/// Adds a webhook for each event. A reference is relative to `infra/openapi.yaml`.
pub(crate) fn add(api: &mut OpenApi, events: &[EventSchema]) -> Result<()> {
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
            .response("2XX", Ref::from_response_name(RECEIVED))
            .request_body(Some(body.required(Some(Required::True)).build()))
            .build();
        webhooks
            .paths
            .insert(name.clone(), PathItem::new(HttpMethod::Post, operation));
    }
    api.webhooks = Some(webhooks);
    let received = ResponseBuilder::new().description("The event was received. It may be delivered again.");
    let components = api.components.get_or_insert_with(Components::new);
    components
        .responses
        .insert(RECEIVED.to_owned(), received.build().into());
    Ok(())
}
