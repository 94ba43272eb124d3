//! The personal data that customers give: no table, event or response to others has them in readable form.

use serde_json::{Value, json};

/// A part of each contact and address.
pub const MARKER: &str = "Paldalmun";

/// The contact of a customer.
pub fn contact(name: &str) -> Value {
    json!({
        "name": format!("{MARKER} {name}"),
        "email": format!("{name}.{MARKER}@example.com"),
        "phone": "+821012345678",
    })
}

/// The address of a customer.
pub fn address(name: &str) -> Value {
    json!({
        "recipient": format!("{MARKER} {name}"),
        "line1": format!("1, {MARKER}-ro"),
        "city": "Suwon",
        "postal_code": "16256",
        "country": "KR",
    })
}
