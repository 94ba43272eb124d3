//! A self-contained JSON Schema (2020-12) for the `detail` of each event.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use auctions::event::AuctionEvent;
use billing::event::BillingEvent;
use coupons::event::CouponEvent;
use fulfillment::event::FulfillmentEvent;
use serde::Serialize;
use shared::accounts::AccountEvent;
use shared::auctions::PointsEvent;
use shared::catalog::CatalogEvent;
use shared::core::event::{DomainEvent, Envelope, Record, VERSION};
use shared::images::ImageEvent;
use shared::orders::OrderEvent;
use shared::payments::{BillingKeyEvent, PaymentEvent};
use tickets::event::TicketEvent;
use utoipa::openapi::schema::{OneOf, Schema};
use utoipa::openapi::{Object, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::examples;

/// The prefixes of references between schemas, in an OpenAPI document and in a self-contained schema.
const IN_OPENAPI: &str = "\"#/components/schemas/";
const IN_SCHEMA: &str = "\"#/$defs/";

/// The schema of one event type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSchema {
    /// `detail-type` on the bus.
    pub detail_type: String,
    /// `source` on the bus: `madang.` and the domain.
    pub source: &'static str,
    /// The schema of `detail`.
    pub text: String,
}

impl EventSchema {
    /// The domain that publishes the event.
    pub fn domain(&self) -> Option<&'static str> {
        Some(self.source.split_once('.')?.1)
    }

    /// The schema as a value that keeps the order of its members.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn json(&self) -> Result<yaml_serde::Value> {
        Ok(serde_json::from_str(&self.text)?)
    }
}

/// A schema file, with its members in the order in which they are written.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "$schema")]
    dialect: &'static str,
    #[serde(rename = "$id")]
    id: String,
    title: &'a str,
    /// Named as in EventBridge's schema registry.
    #[serde(rename = "x-amazon-events-source")]
    source: &'static str,
    #[serde(rename = "x-amazon-events-detail-type")]
    detail_type: &'a str,
    #[serde(flatten)]
    detail: Object,
    /// Not a `serde_json::Value`, which may sort the members.
    examples: [yaml_serde::Value; 1],
    #[serde(rename = "$defs")]
    definitions: BTreeMap<String, RefOr<Schema>>,
}

/// The schemas of all event types, by domain.
///
/// # Errors
/// When an event type has no example.
pub fn schemas() -> Result<Vec<EventSchema>> {
    let examples = examples::events()?;
    let domains = [
        schemas_of::<CatalogEvent>(&examples)?,
        schemas_of::<OrderEvent>(&examples)?,
        schemas_of::<PaymentEvent>(&examples)?,
        schemas_of::<BillingKeyEvent>(&examples)?,
        schemas_of::<FulfillmentEvent>(&examples)?,
        schemas_of::<AuctionEvent>(&examples)?,
        schemas_of::<PointsEvent>(&examples)?,
        schemas_of::<BillingEvent>(&examples)?,
        schemas_of::<ImageEvent>(&examples)?,
        schemas_of::<TicketEvent>(&examples)?,
        schemas_of::<CouponEvent>(&examples)?,
        schemas_of::<AccountEvent>(&examples)?,
    ];
    Ok(domains.into_iter().flatten().collect())
}

/// The schemas of one domain's events, in the order of the enum's variants.
fn schemas_of<E: DomainEvent + ToSchema>(examples: &[Record]) -> Result<Vec<EventSchema>> {
    let (RefOr::T(Schema::OneOf(OneOf { items: kinds, .. })), RefOr::T(Schema::Object(envelope))) =
        (E::schema(), Envelope::<E>::schema())
    else {
        bail!("{} must be an enum, and Envelope a struct", E::name());
    };
    let mut schemas = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let RefOr::T(Schema::Object(kind)) = kind else {
            bail!("each variant of {} must have data", E::name());
        };
        let (detail_type, data) = kind.properties.iter().next().context("a variant has no name")?;
        let example = examples.iter().find(|event| event.detail_type == *detail_type);
        let example = example.with_context(|| format!("add a {detail_type} to infra/contract/src/examples"))?;
        let mut detail = envelope.clone();
        detail.description = kind.description;
        detail.properties.insert("data".to_owned(), data.clone());
        let text = serde_json::to_string_pretty(&Document {
            dialect: "https://json-schema.org/draft/2020-12/schema",
            id: format!("urn:madang:event:{detail_type}:{VERSION}"),
            title: detail_type,
            source: E::SOURCE,
            detail_type,
            examples: [serde_json::from_str(&example.detail)?],
            definitions: definitions::<E>(&detail)?,
            detail,
        })?;
        schemas.push(EventSchema {
            detail_type: detail_type.clone(),
            source: E::SOURCE,
            text: text.replace(IN_OPENAPI, IN_SCHEMA) + "\n",
        });
    }
    Ok(schemas)
}

/// The schemas that `detail` refers to, directly or indirectly.
fn definitions<E: ToSchema>(detail: &Object) -> Result<BTreeMap<String, RefOr<Schema>>> {
    let mut all = Vec::new();
    Envelope::<E>::schemas(&mut all);
    let mut found = BTreeMap::new();
    let mut pending = vec![serde_json::to_string(detail)?];
    while let Some(text) = pending.pop() {
        for (name, schema) in &all {
            if text.contains(&format!("{IN_OPENAPI}{name}\"")) && !found.contains_key(name) {
                pending.push(serde_json::to_string(schema)?);
                found.insert(name.clone(), schema.clone());
            }
        }
    }
    Ok(found)
}
