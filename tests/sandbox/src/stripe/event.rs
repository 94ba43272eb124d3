//! Stripe's webhooks: events with the object at that time.

use serde_json::{Value, json};

use crate::options::Provider;
use crate::state::State;

/// Posts an event about an object.
pub fn post(state: &mut State, kind: &str, object: Value) {
    let body = json!({
        "id": state.id("evt_", 24),
        "object": "event",
        "api_version": "2026-03-25.dahlia",
        "created": state.now().as_second(),
        "data": { "object": object },
        "livemode": false,
        "pending_webhooks": 1,
        "request": { "id": null, "idempotency_key": null },
        "type": kind,
    });
    state.post(Provider::Stripe, &body);
}
