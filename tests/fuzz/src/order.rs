//! Fuzz target: the body of a checkout.

use std::collections::HashSet;

use orders::checkout::{Checkout, handle};
use serde_json::{Value, json};
use shared::aws::lambda::serve;

use crate::cloud::{Cloud, invocation, post, run};

/// Places an order with this body: it is refused with a problem, or every unit of it is priced.
///
/// # Panics
/// If the status is unexpected or the total is wrong.
pub fn enter(data: &[u8]) {
    let function = Checkout::new(&Cloud::default().platform()).expect("its variables");
    let key = [("idempotency-key", "k"), ("content-type", "application/json")];
    let event = post("/orders", &json!({}), &key, data);
    let answer = run(serve::respond(&event, invocation(), |request, invocation| {
        handle(&function, request, invocation)
    }));
    let status = answer.status().as_u16();
    assert!(matches!(status, 201 | 400 | 413 | 422 | 409), "{answer:?}");
    if status != 201 {
        return;
    }
    let order: Value = serde_json::from_slice(answer.body()).expect("an order");
    let lines = order["lines"].as_array().expect("lines");
    let skus: HashSet<_> = lines.iter().map(|line| line["sku"].as_str()).collect();
    assert_eq!(skus.len(), lines.len(), "each product has one line");
    let costs = lines.iter().map(|line| {
        let quantity = line["quantity"]
            .as_u64()
            .filter(|quantity| (1..=999).contains(quantity));
        u128::from(quantity.expect("some units")) * u128::from(line["unit_price"]["amount"].as_u64().expect("a price"))
    });
    let part = |name: &str| u128::from(order["totals"][name]["amount"].as_u64().expect("a part"));
    assert_eq!(costs.sum::<u128>(), part("subtotal"));
    let parts = part("subtotal") - part("discount") + part("shipping") + part("tax");
    assert_eq!(parts, part("total"));
}
