//! The body of a shopper's order.

use std::collections::HashSet;

use orders::checkout::{Checkout, handle};
use serde_json::{Value, json};
use shared::aws::lambda::problem;

use crate::cloud::{Cloud, invocation, post, run};

/// Orders with this body: it is refused for a reason, or every unit of it is paid for.
///
/// # Panics
/// When neither is so.
pub fn enter(data: &[u8]) {
    let function = Checkout::new(&Cloud::default().platform()).expect("its variables");
    let key = [("idempotency-key", "k"), ("content-type", "application/json")];
    let request = post("/orders", &json!({}), &key, data).expect("a request");
    let answer = run(handle(&function, request, invocation())).unwrap_or_else(|error| problem::respond(&error));
    let status = answer.status().as_u16();
    assert!(matches!(status, 201 | 400 | 413 | 422 | 409), "{answer:?}");
    if status != 201 {
        return;
    }
    let order: Value = serde_json::from_slice(answer.body()).expect("an order");
    let lines = order["lines"].as_array().expect("lines");
    let skus: HashSet<_> = lines.iter().map(|line| line["sku"].as_str()).collect();
    assert_eq!(skus.len(), lines.len(), "each product once");
    let costs = lines.iter().map(|line| {
        let quantity = line["quantity"]
            .as_u64()
            .filter(|quantity| (1..=999).contains(quantity));
        u128::from(quantity.expect("some units")) * u128::from(line["unit_price"]["amount"].as_u64().expect("a price"))
    });
    let total = order["total"]["amount"].as_u64().expect("a total");
    assert_eq!(costs.sum::<u128>(), u128::from(total));
}
