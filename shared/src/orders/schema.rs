//! Schemas that the derive macro cannot describe.

use utoipa::openapi::schema::Object;

use crate::core::metadata::Metadata;

/// The schema of [`Order::metadata`](crate::orders::Order::metadata).
pub fn metadata_schema() -> Object {
    Metadata::schema()
        .description(Some(
            "Notes of the client that places the order, by name. They are in the order's events too, so they must not be \
             secret or personal.",
        ))
        .examples([serde_json::json!({ "campaign": "spring" })])
        .build()
}
