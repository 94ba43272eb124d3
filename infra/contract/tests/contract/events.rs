//! Each event's schema accepts the published events and requires their fields.

use contract::{examples, schemas};
use serde_json::Value;

use shared::core::event::Record;
use structure::repository;

use crate::Schema;

/// The optional fields of the examples, by the prefix of `source` and `detail-type`.
const OPTIONAL: &[(&str, &str)] = &[
    ("madang.", "/metadata/trace"),
    ("madang.catalog", "/data/points"),
    ("madang.catalog", "/data/description"),
    ("madang.catalog", "/data/brand"),
    ("madang.catalog", "/data/package"),
    ("madang.catalog", "/data/tax_class"),
    ("madang.catalog", "/data/metadata"),
    ("madang.catalog", "/data/metadata/supplier"),
    ("madang.catalog", "/data/package"),
    ("madang.catalog", "/data/low_stock_threshold"),
    ("madang.catalog", "/data/list_at"),
    ("madang.catalog", "/data/unlist_at"),
    ("madang.catalog", "/data/sale"),
    ("madang.catalog", "/data/first_listed_at"),
    ("madang.catalog", "/data/note"),
    ("madang.catalog", "/data/attributes/Weight"),
    ("madang.orders", "/data/shipping"),
    ("madang.orders", "/data/coupons"),
    ("madang.orders", "/data/metadata"),
    ("madang.orders", "/data/metadata/campaign"),
    ("madang.orders", "/data/external_reference"),
    ("madang.orders", "/data/payment_id"),
    ("madang.orders", "/data/paid_at"),
    ("madang.orders", "/data/closed_at"),
    ("madang.coupons", "/data/waiting_room_id"),
    ("madang.coupons", "/data/code_index"),
    ("madang.coupons", "/data/benefit/at_most"),
    ("madang.coupons", "/data/minimum_subtotal"),
    ("madang.coupons", "/data/scope"),
    ("madang.coupons", "/data/scope/skus"),
    ("madang.coupons", "/data/total"),
    ("madang.coupons", "/data/shards"),
    ("madang.coupons", "/data/exhausted_at"),
    ("madang.payments", "/data/failure"),
    ("madang.payments", "/data/deposit"),
    ("madang.payments", "/data/disputes"),
    ("madang.payments", "/data/decided"),
    ("madang.payments", "/data/reviews"),
    ("madang.payments", "/data/reversal"),
    ("madang.payments", "/data/withdrawn"),
    ("madang.payments", "/data/charged_at"),
    ("madang.payments", "/data/failed_at"),
    ("madang.payments", "/data/paid_at"),
    ("madang.auctions BidPlaced", "/data/voucher_id"),
    ("madang.auctions BidExpired", "/data/voucher_id"),
    ("madang.auctions", "/data/closed_at"),
    ("madang.auctions", "/data/buy_bid"),
    ("madang.auctions", "/data/sell_bid"),
    ("madang.billing", "/data/open_period"),
    ("madang.billing", "/data/coupon"),
    ("madang.billing", "/data/coupon/charges_left"),
    ("madang.billing", "/data/coupon/returned_at"),
    ("madang.billing", "/data/coupon/not_applied"),
    ("madang.billing", "/data/past_due_at"),
    ("madang.billing", "/data/cancelled_at"),
    ("madang.billing", "/data/shipping"),
    ("madang.billing", "/data/totals"),
    ("madang.billing", "/data/declined_at"),
    ("madang.billing", "/data/failure"),
    ("madang.billing", "/data/postponed"),
    ("madang.billing", "/data/next_try_at"),
    ("madang.billing", "/data/order_id"),
    ("madang.billing", "/data/payment_id"),
    ("madang.billing", "/data/closed_at"),
    ("madang.fulfillment", "/data/tracking_url"),
    ("madang.fulfillment", "/data/delivery_due_at"),
    ("madang.fulfillment", "/data/delivered_at"),
    ("madang.fulfillment", "/data/closed_at"),
    ("madang.fulfillment", "/data/decision_due_at"),
    ("madang.fulfillment", "/data/decided_at"),
    ("madang.fulfillment", "/data/arrival_due_at"),
    ("madang.fulfillment", "/data/received_at"),
    ("madang.fulfillment", "/data/refund_due_at"),
    ("madang.fulfillment", "/data/refund"),
    ("madang.fulfillment", "/data/refunded_at"),
    ("madang.images", "/data/source"),
    ("madang.images", "/data/placeholder"),
    ("madang.images", "/data/color"),
    ("madang.billing", "/data/ends_at"),
    ("madang.billing", "/data/skipped"),
    ("madang.tickets", "/data/check_in"),
    ("madang.tickets", "/data/moved_from"),
    ("madang.images", "/data/refusal"),
    ("madang.images", "/data/replaces"),
    ("madang.images", "/data/sequencer"),
];

#[test]
fn a_schema_accepts_a_real_event() {
    for (event, schema, detail) in events() {
        assert_eq!(schema.validation_error(&detail), None, "{}", event.detail_type);
    }
}

#[test]
fn a_schema_rejects_an_event_without_a_required_field() {
    for (event, schema, detail) in events() {
        for field in fields(&detail) {
            let incomplete = without(&detail, &field);
            let name = &event.detail_type;
            let kind = format!("{} {name}", event.source);
            let optional = OPTIONAL
                .iter()
                .any(|(whose, pointer)| kind.starts_with(whose) && field == *pointer);
            assert_eq!(
                schema.validation_error(&incomplete).is_none(),
                optional,
                "{name} without {field}"
            );
        }
    }
}

#[test]
fn a_schema_is_self_contained_and_names_the_source_of_its_events() {
    for (schema, event) in schemas().unwrap().iter().zip(examples::events().unwrap()) {
        assert_eq!(schema.detail_type, event.detail_type);
        assert!(!schema.text.contains("#/components"), "{}", schema.detail_type);
        let json: Value = serde_json::from_str(&schema.text).unwrap();
        assert_eq!(json["x-amazon-events-source"], event.source);
        assert_eq!(json["x-amazon-events-detail-type"], event.detail_type);
        assert_eq!(json["$id"], format!("urn:madang:event:{}:1", event.detail_type));
        assert_eq!(json["title"], event.detail_type);
    }
}

#[test]
fn the_openapi_document_lists_each_event_by_reference_to_its_schema() {
    let document: yaml_serde::Value = yaml_serde::from_str(&repository::read("infra/openapi.yaml")).unwrap();
    let webhooks = document["webhooks"].as_mapping().unwrap();
    let names: Vec<&str> = webhooks.keys().map(|name| name.as_str().unwrap()).collect();
    let events = schemas().unwrap();
    assert_eq!(
        names,
        events
            .iter()
            .map(|event| event.detail_type.as_str())
            .collect::<Vec<_>>()
    );
    for event in &events {
        let webhook = &webhooks[event.detail_type.as_str()]["post"];
        let schema = &webhook["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let file = repository::read(&format!("infra/{}", schema.as_str().unwrap()));
        assert_eq!(file, event.text, "{}", event.detail_type);
        assert_eq!(webhook["tags"][0].as_str(), event.domain(), "{}", event.detail_type);
    }
}

/// Each event's example record, its schema, and the record's `detail`.
fn events() -> Vec<(Record, Schema, Value)> {
    let schemas = schemas().unwrap();
    let events = examples::events().unwrap();
    assert_eq!(schemas.len(), events.len());
    let with_schema = |event: Record| {
        let name = &event.detail_type;
        let schema = schemas.iter().find(|schema| schema.detail_type == *name).unwrap();
        let schema = serde_json::from_str(&schema.text).unwrap();
        let detail = serde_json::from_str(&event.detail).unwrap();
        (event, Schema::of(schema, ""), detail)
    };
    events.into_iter().map(with_schema).collect()
}

/// The JSON pointers of the members of `detail` and of their members.
fn fields(detail: &Value) -> Vec<String> {
    let mut fields = Vec::new();
    for (part, members) in detail.as_object().unwrap() {
        fields.push(format!("/{part}"));
        fields.extend(
            members
                .as_object()
                .unwrap()
                .keys()
                .map(|member| format!("/{part}/{member}")),
        );
    }
    fields
}

fn without(detail: &Value, field: &str) -> Value {
    let mut incomplete = detail.clone();
    let (parent, name) = field.rsplit_once('/').unwrap();
    let parent = incomplete.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    parent.remove(name).unwrap();
    incomplete
}
