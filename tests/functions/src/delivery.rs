//! Contacts, addresses, and requests with them.

use harness::gateway::Call;
use serde_json::{Value, json};

use crate::order_call;

/// Builds a request for the delivery details of an order.
pub fn details_call(order_id: &str) -> Call {
    Call::new("GET", "/orders/{order_id}/delivery-details").path("order_id", order_id)
}

/// Builds a customer's checkout of one unit that is sent to `address`.
pub fn delivery_call(customer: &str, key: &str, sku: &str, address: &Value) -> Call {
    let items = json!([{ "sku": sku, "quantity": 1 }]);
    let body = json!({ "items": items, "contact": contact(), "shipping_address": address });
    order_call(customer, key, &[]).json(&body)
}

/// Builds a customer's checkout with this body, which is sent to the address in Seoul.
pub fn shipped_order_call(customer: &str, key: &str, body: &Value) -> Call {
    let mut body = body.clone();
    body["shipping_address"] = address();
    order_call(customer, key, &[]).json(&body)
}

/// Returns a contact.
pub fn contact() -> Value {
    json!({ "name": "Kim Minji", "email": "minji@example.com", "phone": "+821012345678" })
}

/// Returns an address in Seoul.
pub fn address() -> Value {
    json!({
        "recipient": "Kim Minji",
        "line1": "110, Sejong-daero",
        "city": "Seoul",
        "postal_code": "04524",
        "country": "KR",
    })
}
