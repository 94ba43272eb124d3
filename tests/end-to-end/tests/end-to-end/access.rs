//! Authorization and input validation.

use anyhow::{Result, ensure};
use end_to_end::Shop;
use serde_json::json;

use crate::Test;

pub const TESTS: &[Test] = &[
    ("a_listed_product_is_public", a_listed_product_is_public),
    ("an_order_needs_a_valid_token", an_order_needs_a_valid_token),
    ("shoppers_cannot_change_the_catalog", shoppers_cannot_change_the_catalog),
    (
        "another_customers_order_is_not_found",
        another_customers_order_is_not_found,
    ),
    (
        "bad_input_gets_its_problem_and_writes_nothing",
        bad_input_gets_its_problem_and_writes_nothing,
    ),
];

fn a_listed_product_is_public(shop: &Shop) -> Result<()> {
    let sku = shop.product(7, 4)?;
    ensure!(shop.available(&sku)? == 7);
    let missing = shop
        .api
        .call("GET", "/products/there-is-no-such-thing")
        .send()?
        .expect(404)?;
    ensure!(missing["type"] == "urn:madang:problem:not-found", "{missing}");
    Ok(())
}

fn an_order_needs_a_valid_token(shop: &Shop) -> Result<()> {
    let sku = shop.product(1, 1)?;
    let body = json!({ "items": [{ "sku": sku, "quantity": 1 }] });
    let call = || shop.api.call("POST", "/orders").key("k").json(&body);
    call().send()?.expect(401)?;
    call().token("not-a-token").send()?.expect(401)?;
    // Another user's claims with the wrong signature.
    let (head, signature) = shop.ann.rsplit_once('.').unwrap_or_default();
    let changed: String = signature.chars().rev().collect();
    call().token(&format!("{head}.{changed}")).send()?.expect(401)?;
    ensure!(shop.available(&sku)? == 1);
    Ok(())
}

fn shoppers_cannot_change_the_catalog(shop: &Shop) -> Result<()> {
    let sku = shop.product(1, 1)?;
    let body = json!({ "name": "Mine", "price": { "amount": 1, "currency": "KRW" }, "status": "LISTED" });
    let mut new = body.clone();
    new["sku"] = json!(shop.unique("mine"));
    let path = format!("/admin/products/{sku}");
    let calls = [
        shop.api.call("POST", "/admin/products").key("k").json(&new),
        shop.api.call("PATCH", &path).header("if-match", "*").json(&body),
        shop.api.call("GET", &path),
    ];
    for call in calls {
        let refused = call.token(&shop.ann).send()?.expect(403)?;
        ensure!(refused["type"] == "urn:madang:problem:forbidden", "{refused}");
    }
    let receive = shop
        .api
        .call("POST", &format!("/admin/products/{sku}/stock-movements"))
        .token(&shop.ann);
    let receipt = json!({ "kind": "RECEIPT", "quantity": 5 });
    receive.key("k").json(&receipt).send()?.expect(403)?;
    ensure!(shop.available(&sku)? == 1);
    Ok(())
}

fn another_customers_order_is_not_found(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let order = shop.order(&shop.ann, &shop.unique("key"), &sku, 1)?.expect(201)?;
    let path = format!("/orders/{}", order["order_id"].as_str().unwrap_or_default());
    shop.api.call("GET", &path).token(&shop.ann).send()?.expect(200)?;
    shop.api.call("GET", &path).token(&shop.bob).send()?.expect(404)?;
    let cancel = shop
        .api
        .call("POST", &format!("{path}/cancel"))
        .token(&shop.bob)
        .key("k");
    cancel.send()?.expect(404)?;
    Ok(())
}

fn bad_input_gets_its_problem_and_writes_nothing(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let key = shop.unique("key");
    let order = || shop.api.call("POST", "/orders").token(&shop.ann);
    let one = json!({ "items": [{ "sku": sku, "quantity": 1 }] });
    let many = json!({ "items": [{ "sku": sku, "quantity": 1000 }] });
    let cases = [
        (order().json(&one), 400, "invalid-idempotency-key"),
        (order().key(&key).body("{"), 400, "malformed-body"),
        (
            order().key(&key).json(&json!({ "items": [], "coupon": 1 })),
            400,
            "malformed-body",
        ),
        (order().key(&key).json(&many), 422, "invalid-quantity"),
        (order().key(&key).body(vec![b' '; 65 * 1024]), 413, "body-too-large"),
    ];
    for (call, status, problem) in cases {
        let answer = call.send()?;
        ensure!(
            answer.header("content-type") == Some("application/problem+json"),
            "{answer:?}"
        );
        let body = answer.expect(status)?;
        ensure!(body["type"] == format!("urn:madang:problem:{problem}"), "{body}");
    }
    let short = shop.order(&shop.ann, &key, &sku, 6)?.expect(409)?;
    ensure!(short["shortages"][0]["available"] == 5, "{short}");
    ensure!(shop.available(&sku)? == 5);
    Ok(())
}
