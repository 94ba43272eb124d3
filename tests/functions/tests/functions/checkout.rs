//! Placing an order, and retries of it.

use function_tests::{RESERVATION, Shop, id_of, order_call, product};
use harness::engine::ORDERS;
use harness::gateway::Call;
use serde_json::{Value, json};
use shared::orders::{OrderId, OrderNumber};

#[tokio::test]
async fn an_order_is_placed_and_holds_its_stock() {
    let shop = Shop::with("tea", 1, 10).await;
    shop.list("cup", 8000, 1).await;
    shop.receive("cup", 3).await;
    let answer = shop.order("ann", "k1", &[("tea", 2), ("cup", 1)]).await;
    assert_eq!((answer.status, answer.replayed), (201, false));
    assert_eq!(answer.body["status"], "PENDING_PAYMENT");
    let won = |amount: u64| json!({ "amount": amount, "currency": "KRW" });
    let totals = json!({
        "subtotal": won(10_000), "discount": won(0), "shipping": won(0), "tax": won(0),
        "included_tax": won(182 + 727), "total": won(10_000),
    });
    assert_eq!(answer.body["totals"], totals);
    let tea = json!({
        "line_id": "1", "kind": "PRODUCT", "sku": "tea", "name": "Green tea, 100 g", "unit_price": won(1000),
        "quantity": 2, "discount": won(0), "tax": won(0), "tax_rate": "10", "included_tax": won(182), "total": won(2000),
        "quantities": { "ordered": 2 },
    });
    assert_eq!(answer.body["fulfillment_status"], "NOT_REQUIRED");
    assert_eq!(answer.body["lines"][0], tea);
    assert_eq!(answer.body["lines"][1]["line_id"], "2");
    assert_eq!(answer.body["expires_at"], json!(shop.now() + RESERVATION));
    assert_eq!(shop.engine.balance("tea").await.available, 8);
    assert_eq!(shop.engine.balance("cup").await.held, 1);
    assert_eq!(shop.see("ann", &id_of(&answer)).await.body, answer.body);
}

#[tokio::test]
async fn an_order_has_a_number_that_follows_from_its_id() {
    let shop = Shop::with("tea", 1, 10).await;
    let (first, second) = (
        shop.order("ann", "k1", &[("tea", 1)]).await,
        shop.order("ann", "k2", &[("tea", 1)]).await,
    );
    for order in [&first, &second] {
        let number: OrderNumber = order.body["number"].as_str().unwrap().parse().unwrap();
        assert_eq!(number, OrderNumber::of(OrderId(id_of(order).parse().unwrap())));
    }
    assert_ne!(first.body["number"], second.body["number"]);
}

fn noted(key: &str, notes: &Value) -> Call {
    let mut body = json!({ "items": [{ "sku": "tea", "quantity": 1 }] });
    body.as_object_mut().unwrap().extend(notes.as_object().unwrap().clone());
    order_call("ann", key, &[]).json(&body)
}

#[tokio::test]
async fn an_order_keeps_its_metadata_and_external_reference_everywhere() {
    let shop = Shop::with("tea", 1, 10).await;
    let notes = json!({ "metadata": { "campaign": "spring" }, "external_reference": " PO-7 " });
    let order = shop.checkout(noted("k1", &notes)).await;
    assert_eq!(order.status, 201, "{order:?}");
    assert_eq!(order.body["metadata"], json!({ "campaign": "spring" }));
    assert_eq!(
        order.body["external_reference"], "PO-7",
        "without white space at its ends"
    );
    assert_eq!(shop.engine.events(ORDERS).await[0].1["data"], order.body);
    assert_eq!(shop.see("ann", &id_of(&order)).await.body, order.body);
    let listed = shop.list_orders(Call::new("GET", "/orders").by("ann")).await;
    assert_eq!(listed.body["items"], json!([order.body]));
    let cancelled = shop.cancel("ann", &id_of(&order)).await;
    for name in ["number", "totals", "metadata", "external_reference"] {
        assert_eq!(cancelled.body[name], order.body[name], "{name}");
    }
    let mut lines = order.body["lines"].clone();
    lines[0]["quantities"]["cancelled"] = json!(1);
    assert_eq!(cancelled.body["lines"], lines);
}

#[tokio::test]
async fn an_order_without_notes_has_no_such_members() {
    let shop = Shop::with("tea", 1, 10).await;
    let order = shop.checkout(noted("k1", &json!({ "metadata": {} }))).await;
    assert_eq!(order.status, 201);
    let members = order.body.as_object().unwrap();
    assert!(!members.contains_key("metadata") && !members.contains_key("external_reference"));
    let again = shop.checkout(noted("k1", &json!({}))).await;
    assert!(again.replayed, "no notes are the same request, written in either way");
}

#[tokio::test]
async fn a_retry_with_other_notes_is_another_request() {
    let shop = Shop::with("tea", 1, 10).await;
    let notes = json!({ "metadata": { "a": "1", "b": "2" }, "external_reference": "PO-7" });
    let first = shop.checkout(noted("k1", &notes)).await;
    let turned = order_call("ann", "k1", &[])
        .text(r#"{"external_reference":"PO-7","metadata":{"b":"2","a":"1"},"items":[{"sku":"tea","quantity":1}]}"#);
    let again = shop.checkout(turned).await;
    assert_eq!((again.replayed, again.body), (true, first.body));
    for other in [
        json!({}),
        json!({ "metadata": { "a": "1", "b": "2" } }),
        json!({ "metadata": { "a": "1" }, "external_reference": "PO-7" }),
        json!({ "metadata": { "a": "1", "b": "3" }, "external_reference": "PO-7" }),
        json!({ "metadata": { "a": "1", "b": "2" }, "external_reference": "PO-8" }),
    ] {
        let answer = shop.checkout(noted("k1", &other)).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (422, "idempotency-key-reused"),
            "{other}"
        );
    }
    assert_eq!(shop.engine.balance("tea").await.held, 1);
}

#[tokio::test]
async fn an_order_carries_its_event_and_the_trace() {
    let shop = Shop::with("tea", 1, 10).await;
    let answer = shop.order("ann", "k1", &[("tea", 2)]).await;
    let events = shop.engine.events(ORDERS).await;
    let (kind, detail) = &events[0];
    assert_eq!(kind, "OrderPlaced");
    assert_eq!(detail["data"], answer.body);
    assert_eq!(detail["metadata"]["version"], 1);
    assert_eq!(detail["metadata"]["trace"], "Root=1-5759e988-bd862e3fe1be46a994272793");
}

#[tokio::test]
async fn two_lines_of_one_product_become_one_line_and_do_not_oversell() {
    let shop = Shop::with("tea", 1, 5).await;
    let answer = shop.order("ann", "k1", &[("tea", 2), ("tea", 2)]).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.body["lines"].as_array().unwrap().len(), 1);
    assert_eq!(answer.body["lines"][0]["quantity"], 4);
    let over = shop.order("bob", "k2", &[("tea", 1), ("tea", 1)]).await;
    assert_eq!(over.problem(), "out-of-stock");
    assert_eq!(shop.engine.balance("tea").await.available, 1);
}

#[tokio::test]
async fn the_same_request_again_returns_the_first_order() {
    let shop = Shop::with("tea", 1, 10).await;
    let first = shop.order("ann", "k1", &[("tea", 2)]).await;
    let again = shop.order("ann", "k1", &[("tea", 2)]).await;
    assert_eq!((again.status, again.replayed), (201, true));
    assert_eq!(again.body, first.body);
    assert_eq!(shop.engine.balance("tea").await.held, 2);
    assert_eq!(shop.engine.count(ORDERS).await, 1);
}

#[tokio::test]
async fn a_retry_succeeds_after_price_product_and_stock_have_changed() {
    let shop = Shop::with("tea", 1, 2).await;
    let first = shop.order("ann", "k1", &[("tea", 2)]).await;
    let mut hidden = product(9999, 1);
    hidden["status"] = json!("UNLISTED");
    shop.put_product("tea", &hidden).await;
    let again = shop.order("ann", "k1", &[("tea", 2)]).await;
    assert_eq!((again.status, again.replayed, again.body), (201, true, first.body));
}

#[tokio::test]
async fn a_retry_returns_the_orders_current_status() {
    let shop = Shop::with("tea", 1, 2).await;
    let first = shop.order("ann", "k1", &[("tea", 2)]).await;
    shop.cancel("ann", &id_of(&first)).await;
    let again = shop.order("ann", "k1", &[("tea", 2)]).await;
    assert_eq!((again.status, again.replayed), (201, true));
    assert_eq!(again.body["status"], "CANCELLED");
    assert_eq!(shop.engine.balance("tea").await.available, 2, "a retry takes no stock");
}

#[tokio::test]
async fn one_key_with_two_bodies_is_rejected() {
    let shop = Shop::with("tea", 1, 10).await;
    shop.order("ann", "k1", &[("tea", 2)]).await;
    let other = shop.order("ann", "k1", &[("tea", 3)]).await;
    assert_eq!((other.status, other.problem()), (422, "idempotency-key-reused"));
    let spaced = order_call("ann", "k1", &[]).text("{ \"items\" : [ {\"quantity\":2, \"sku\":\"tea\"} ] }");
    assert!(
        shop.checkout(spaced).await.replayed,
        "white space and field order do not make another body"
    );
}

#[tokio::test]
async fn one_key_of_two_customers_is_two_orders() {
    let shop = Shop::with("tea", 1, 10).await;
    let ann = shop.order("ann", "k1", &[("tea", 1)]).await;
    let bob = shop.order("bob", "k1", &[("tea", 1)]).await;
    assert_eq!((bob.status, bob.replayed), (201, false));
    assert_ne!(id_of(&ann), id_of(&bob));
}

#[tokio::test]
async fn an_expected_total_that_differs_from_the_current_one_is_rejected() {
    let shop = Shop::with("tea", 1, 10).await;
    let expecting = |amount: u64, currency: &str| {
        let total = json!({ "amount": amount, "currency": currency });
        let body = json!({ "items": [{ "sku": "tea", "quantity": 2 }], "expected_total": total });
        order_call("ann", &format!("k{amount}{currency}"), &[]).json(&body)
    };
    let wrong = shop.checkout(expecting(1999, "KRW")).await;
    assert_eq!((wrong.status, wrong.problem()), (409, "total-differs"));
    assert_eq!(wrong.body["total"], json!({ "amount": 2000, "currency": "KRW" }));
    assert_eq!(shop.checkout(expecting(2000, "USD")).await.problem(), "total-differs");
    assert_eq!(shop.engine.count(ORDERS).await, 0);
    assert_eq!(shop.checkout(expecting(2000, "KRW")).await.status, 201);
}

#[tokio::test]
async fn an_out_of_stock_problem_names_the_product_and_the_available_units() {
    let shop = Shop::with("tea", 4, 3).await;
    shop.list("cup", 8000, 1).await;
    shop.list("pot", 30_000, 1).await;
    shop.receive("pot", 5).await;
    let answer = shop.order("ann", "k1", &[("tea", 4), ("cup", 1), ("pot", 1)]).await;
    assert_eq!((answer.status, answer.problem()), (409, "out-of-stock"));
    let mut shortages = answer.body["shortages"].as_array().unwrap().clone();
    shortages.sort_by_key(|short| short["sku"].to_string());
    assert_eq!(
        shortages,
        [
            json!({ "sku": "cup", "requested": 1, "available": 0 }),
            json!({ "sku": "tea", "requested": 4, "available": 3 }),
        ]
    );
    assert_eq!(shop.engine.count(ORDERS).await, 0);
    assert_eq!(shop.engine.balance("pot").await.available, 5);
}
