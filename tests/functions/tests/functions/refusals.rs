//! Invalid checkouts: each gets its problem, and nothing is written.

use function_tests::{Shop, order_call};
use harness::engine::ORDERS;
use harness::gateway::Call;
use serde_json::{Value, json};

async fn shop() -> Shop {
    let shop = Shop::with("tea", 1, 10).await;
    let dollars = json!({ "name": "Mug", "price": { "amount": 900, "currency": "USD" }, "status": "LISTED" });
    let hidden = json!({ "name": "Old", "price": { "amount": 900, "currency": "KRW" }, "status": "UNLISTED" });
    let dear = json!({ "name": "Gem", "price": { "amount": 1_000_000_000_000_000_i64, "currency": "KRW" }, "status": "LISTED" });
    for (sku, body) in [("mug", dollars), ("old", hidden), ("gem", dear)] {
        assert_eq!(shop.put_product(sku, &body).await.status, 201);
    }
    shop
}

fn with_body(text: &str) -> Call {
    Call::new("POST", "/orders").by("ann").key("k").text(text)
}

fn with_items(items: Value) -> Call {
    with_body(&json!({ "items": items }).to_string())
}

/// An order of one unit with this member.
fn noted(name: &str, value: Value) -> Call {
    with_body(&json!({ "items": [{ "sku": "tea", "quantity": 1 }], name: value }).to_string())
}

fn notes(count: usize) -> Value {
    (0..count).map(|nth| (format!("note-{nth}"), json!("x"))).collect()
}

#[tokio::test]
async fn each_invalid_order_gets_its_problem_and_writes_nothing() {
    let shop = shop().await;
    let one = json!([{ "sku": "tea", "quantity": 1 }]);
    let quantity = |quantity: i64| with_items(json!([{ "sku": "tea", "quantity": quantity }]));
    let fifty_one = vec![json!({ "sku": "tea", "quantity": 1 }); 51];
    let cases: Vec<(&str, Call, u16, &str)> = vec![
        (
            "no key",
            Call::new("POST", "/orders").by("ann").json(&json!({ "items": one })),
            400,
            "invalid-idempotency-key",
        ),
        (
            "a key with a space",
            with_items(one.clone()).key("a b"),
            400,
            "invalid-idempotency-key",
        ),
        (
            "a key of 256 characters",
            with_items(one.clone()).key(&"k".repeat(256)),
            400,
            "invalid-idempotency-key",
        ),
        (
            "no body",
            Call::new("POST", "/orders").by("ann").key("k"),
            400,
            "malformed-body",
        ),
        ("not JSON", with_body("items=tea"), 400, "malformed-body"),
        ("two JSON values", with_body("{\"items\":[]} {}"), 400, "malformed-body"),
        ("a list", with_body("[]"), 400, "malformed-body"),
        ("no items field", with_body("{}"), 400, "malformed-body"),
        (
            "a quantity as text",
            with_items(json!([{ "sku": "tea", "quantity": "1" }])),
            400,
            "malformed-body",
        ),
        (
            "a fraction",
            with_items(json!([{ "sku": "tea", "quantity": 1.5 }])),
            400,
            "malformed-body",
        ),
        (
            "a quantity beyond any integer",
            with_body(r#"{"items":[{"sku":"tea","quantity":1e30}]}"#),
            400,
            "malformed-body",
        ),
        (
            "an unknown field",
            with_items(json!([{ "sku": "tea", "quantity": 1, "price": 1 }])),
            400,
            "malformed-body",
        ),
        (
            "an invalid sku",
            with_items(json!([{ "sku": "a b", "quantity": 1 }])),
            400,
            "malformed-body",
        ),
        ("no lines", with_items(json!([])), 422, "invalid-lines"),
        ("51 lines", with_items(json!(fifty_one)), 422, "invalid-lines"),
        ("quantity 0", quantity(0), 422, "invalid-quantity"),
        ("quantity -1", quantity(-1), 422, "invalid-quantity"),
        ("quantity 1000", quantity(1000), 422, "invalid-quantity"),
        (
            "a sum over 999",
            with_items(json!([{ "sku": "tea", "quantity": 999 }, { "sku": "tea", "quantity": 1 }])),
            422,
            "invalid-quantity",
        ),
        (
            "an unknown product",
            with_items(json!([{ "sku": "nil", "quantity": 1 }])),
            422,
            "product-unavailable",
        ),
        (
            "an unlisted product",
            with_items(json!([{ "sku": "old", "quantity": 1 }])),
            422,
            "product-unavailable",
        ),
        (
            "two currencies",
            with_items(json!([{ "sku": "tea", "quantity": 1 }, { "sku": "mug", "quantity": 1 }])),
            422,
            "currencies-mixed",
        ),
        (
            "too large a total",
            with_items(json!([{ "sku": "gem", "quantity": 2 }])),
            422,
            "total-too-large",
        ),
        ("too little stock", quantity(11), 409, "out-of-stock"),
        (
            "metadata as text",
            noted("metadata", json!("note")),
            400,
            "malformed-body",
        ),
        (
            "a number as note",
            noted("metadata", json!({ "a": 1 })),
            400,
            "malformed-body",
        ),
        (
            "metadata of null",
            noted("metadata", Value::Null),
            400,
            "malformed-body",
        ),
        (
            "a note that is named twice",
            with_body(r#"{"items":[{"sku":"tea","quantity":1}],"metadata":{"a":"1","a":"1"}}"#),
            400,
            "malformed-body",
        ),
        ("21 notes", noted("metadata", notes(21)), 422, "invalid-metadata"),
        (
            "a name with a space",
            noted("metadata", json!({ "a b": "x" })),
            422,
            "invalid-metadata",
        ),
        (
            "an empty note",
            noted("metadata", json!({ "a": " " })),
            422,
            "invalid-metadata",
        ),
        (
            "an empty reference",
            noted("external_reference", json!(" ")),
            422,
            "invalid-text",
        ),
        (
            "a reference of 101 characters",
            noted("external_reference", json!("x".repeat(101))),
            422,
            "invalid-text",
        ),
        (
            "a reference of two lines",
            noted("external_reference", json!("PO\n7")),
            422,
            "invalid-text",
        ),
        (
            "a reference of null",
            noted("external_reference", Value::Null),
            400,
            "malformed-body",
        ),
        (
            "no token",
            Call::new("POST", "/orders").key("k").json(&json!({ "items": one })),
            401,
            "unauthenticated",
        ),
        (
            "over 64 KB",
            with_body(&format!("{{\"items\":[{}]}}", " ".repeat(65_536))),
            413,
            "body-too-large",
        ),
    ];
    for (name, call, status, problem) in cases {
        let answer = shop.checkout(call).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (status, problem),
            "{name}: {answer:?}"
        );
        assert!(
            answer.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()),
            "{name}"
        );
    }
    assert_eq!(shop.engine.count(ORDERS).await, 0);
    assert_eq!(shop.engine.balance("tea").await.available, 10);
}

#[tokio::test]
async fn a_problem_names_its_product() {
    let shop = shop().await;
    let answer = shop.order("ann", "k", &[("tea", 1), ("nil", 1)]).await;
    assert_eq!(answer.body["sku"], "nil");
}

#[tokio::test]
async fn a_key_of_255_characters_is_accepted() {
    let shop = shop().await;
    assert_eq!(
        shop.checkout(order_call("ann", &"k".repeat(255), &[("tea", 1)]))
            .await
            .status,
        201
    );
}
