//! Quotes: what an order would cost, its tax and its delivery, and the checkout that follows.

use std::sync::atomic::{AtomicU32, Ordering};

use function_tests::delivery::shipped_order_call;
use function_tests::payment_fixture::amount;
use function_tests::{Shop, id_of, order_body, order_call, product};
use harness::engine::ORDERS;
use harness::gateway::{Answer, Call};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A product of `won` that weighs `grams`, if it is shipped at all.
pub fn shipped(won: u64, grams: Option<u32>, tax_class: &str) -> Value {
    let mut product = product(won, 1);
    product["tax_class"] = json!(tax_class);
    if let Some(grams) = grams {
        product["package"] = json!({ "weight_grams": grams });
    }
    product
}

/// Opens a shop with tea, which is shipped, a gift card, which is not, and heavy pots.
pub async fn shop() -> Shop {
    let shop = Shop::open().await;
    for (sku, product) in [
        ("tea", shipped(12_900, Some(120), "STANDARD")),
        ("book", shipped(15_000, Some(400), "EXEMPT")),
        ("pot", shipped(9_000, Some(10_000), "REDUCED")),
        ("gift-card", shipped(50_000, None, "EXEMPT")),
    ] {
        assert_eq!(shop.put_product(sku, &product).await.status, 201);
        shop.receive(sku, 10_000).await;
    }
    shop
}

async fn quote(shop: &Shop, body: &Value) -> Answer {
    shop.create_quote(Call::new("POST", "/quotes").by("ann").json(body))
        .await
}

fn items(of: &[(&str, u32)]) -> Value {
    let item = |(sku, quantity): &(&str, u32)| json!({ "sku": sku, "quantity": quantity });
    of.iter().map(item).collect()
}

#[tokio::test]
async fn a_quote_shows_tax_delivery_and_the_methods_that_fit_and_takes_no_stock() {
    let shop = shop().await;
    shop.engine.faults.measure();
    let body = json!({ "items": items(&[("tea", 2), ("gift-card", 1)]) });
    let quote = quote(&shop, &body).await;
    assert_eq!(quote.status, 200, "{quote:?}");
    assert_eq!(
        shop.engine.faults.cost().requests,
        [("BatchGetItem".to_owned(), 1)].into()
    );
    let totals = json!({
        "subtotal": amount(75_800), "discount": amount(0), "shipping": amount(3000), "tax": amount(0),
        "included_tax": amount(2345 + 273), "total": amount(78_800),
    });
    assert_eq!(quote.body["totals"], totals);
    assert_eq!(quote.body["lines"][0]["tax_rate"], "10");
    assert_eq!(quote.body["lines"][0]["included_tax"], amount(2345));
    assert_eq!(quote.body["lines"][1].get("tax_rate"), None);
    let part = json!({ "price": amount(3000), "tax_rate": "10", "tax": amount(0), "included_tax": amount(273) });
    let shipping = json!({
        "method_id": "kr-standard", "name": "Standard delivery", "price": amount(3000), "parts": [part],
    });
    assert_eq!(quote.body["shipping"], shipping);
    let methods = json!([
        { "method_id": "kr-standard", "name": "Standard delivery", "price": amount(3000) },
        { "method_id": "kr-express", "name": "Express delivery", "price": amount(6000) },
    ]);
    assert_eq!(quote.body["shipping_methods"], methods);
    assert_eq!(shop.engine.balance("tea").await.available, 10_000);
    assert_eq!(shop.engine.count(ORDERS).await, 0);
}

#[tokio::test]
async fn an_order_keeps_its_delivery_and_its_tax_everywhere() {
    let shop = shop().await;
    let body = json!({ "items": items(&[("tea", 1), ("book", 1)]), "shipping_method": "kr-express" });
    let order = shop.checkout(shipped_order_call("ann", "k", &body)).await;
    assert_eq!(order.status, 201, "{order:?}");
    assert_eq!(order.body["totals"]["total"], amount(33_900));
    assert_eq!(order.body["shipping"]["method_id"], "kr-express");
    assert_eq!(
        order.body["shipping"]["parts"].as_array().unwrap().len(),
        2,
        "{order:?}"
    );
    assert_eq!(shop.see("ann", &id_of(&order)).await.body, order.body);
    let listed = shop.list_orders(Call::new("GET", "/orders").by("ann")).await;
    assert_eq!(listed.body["items"], json!([order.body]));
    assert_eq!(shop.engine.events(ORDERS).await[0].1["data"], order.body);
    let again = shop.checkout(shipped_order_call("ann", "k", &body)).await;
    assert_eq!((again.replayed, again.body), (true, order.body));
    let other = json!({ "items": items(&[("tea", 1), ("book", 1)]), "shipping_method": "kr-standard" });
    let other = shop.checkout(shipped_order_call("ann", "k", &other)).await;
    assert_eq!(other.problem(), "idempotency-key-reused");
}

#[tokio::test]
async fn a_shipping_method_that_does_not_fit_is_refused_with_those_that_do() {
    let shop = shop().await;
    for (of, method, fitting) in [
        (items(&[("tea", 1)]), "us-standard", vec!["kr-standard", "kr-express"]),
        (items(&[("tea", 1)]), "by-hand", vec!["kr-standard", "kr-express"]),
        (items(&[("pot", 3)]), "kr-express", vec!["kr-standard"]),
    ] {
        let body = json!({ "items": of, "shipping_method": method });
        for answer in [
            quote(&shop, &body).await,
            shop.checkout(shipped_order_call("ann", method, &body)).await,
        ] {
            assert_eq!((answer.status, answer.problem()), (422, "shipping-method-unavailable"));
            let methods = answer.body["shipping_methods"].as_array().unwrap().iter();
            let methods: Vec<&str> = methods.map(|method| method["method_id"].as_str().unwrap()).collect();
            assert_eq!(methods, fitting, "{body}");
        }
    }
    assert_eq!(shop.engine.count(ORDERS).await, 0);
}

#[tokio::test]
async fn what_no_method_delivers_is_refused_and_what_is_not_shipped_needs_none() {
    let shop = shop().await;
    let heavy = json!({ "items": items(&[("pot", 4)]) });
    let digital = json!({ "items": items(&[("gift-card", 4)]), "shipping_method": "by-hand" });
    assert_eq!(quote(&shop, &heavy).await.problem(), "not-shippable");
    let refused = shop.checkout(shipped_order_call("ann", "1", &heavy)).await;
    assert_eq!((refused.status, refused.problem()), (422, "not-shippable"));
    let quoted = quote(&shop, &digital).await;
    assert_eq!(quoted.body["shipping_methods"], json!([]));
    let order = shop.checkout(shipped_order_call("ann", "2", &digital)).await;
    assert_eq!(order.body["totals"]["total"], amount(200_000), "{order:?}");
    assert_eq!(order.body.get("shipping"), None);
}

#[tokio::test]
async fn what_is_shipped_needs_an_address_and_is_taxed_and_priced_for_it() {
    let shop = shop().await;
    let tea = order_body(&[("tea", 1)]);
    let refused = shop.checkout(order_call("ann", "1", &[("tea", 1)])).await;
    assert_eq!((refused.status, refused.problem()), (422, "address-missing"));
    let mut abroad = tea.clone();
    abroad["shipping_address"] = json!({
        "recipient": "Kim Minji", "line1": "1 Market St", "city": "San Francisco", "region": "CA",
        "postal_code": "94105", "country": "US",
    });
    let refused = shop.checkout(order_call("ann", "2", &[]).json(&abroad)).await;
    assert_eq!(refused.problem(), "not-shippable", "no method delivers won abroad");
    let mut quoted = tea.clone();
    quoted["destination"] = json!({ "country": "US", "region": "CA" });
    assert_eq!(quote(&shop, &quoted).await.problem(), "not-shippable");
    let mut exported = order_body(&[("gift-card", 1)]);
    exported["shipping_address"] = abroad["shipping_address"].clone();
    let order = shop.checkout(order_call("ann", "3", &[]).json(&exported)).await;
    assert_eq!(
        order.body["totals"]["included_tax"],
        amount(0),
        "an export is not taxed"
    );
    assert_eq!(shop.engine.count(ORDERS).await, 1);
}

#[tokio::test]
async fn a_quote_refuses_what_a_checkout_refuses() {
    let shop = shop().await;
    for (body, problem) in [
        (json!({ "items": [] }), "invalid-lines"),
        (json!({ "items": items(&[("tea", 1000)]) }), "invalid-quantity"),
        (json!({ "items": items(&[("nothing", 1)]) }), "product-unavailable"),
        (
            json!({ "items": items(&[("tea", 1)]), "expected_total": amount(1) }),
            "malformed-body",
        ),
        (
            json!({ "items": items(&[("tea", 1)]), "shipping_method": "KR" }),
            "malformed-body",
        ),
    ] {
        assert_eq!(quote(&shop, &body).await.problem(), problem, "{body}");
    }
    let anonymous = Call::new("POST", "/quotes").json(&json!({ "items": items(&[("tea", 1)]) }));
    assert_eq!(shop.create_quote(anonymous).await.problem(), "unauthenticated");
}

#[test]
fn the_total_of_every_quote_is_the_total_that_the_checkout_expects() {
    static KEYS: AtomicU32 = AtomicU32::new(0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let shop = runtime.block_on(shop());
    let sku = prop::sample::select(vec!["tea", "book", "gift-card"]);
    let cart = prop::collection::vec((sku, 1..=5u32), 1..=6);
    let method = prop::sample::select(vec![None, Some("kr-standard"), Some("kr-express")]);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(24));
    let outcome = runner.run(&(cart, method), |(cart, method)| {
        let mut body = json!({ "items": items(&cart) });
        if let Some(method) = method {
            body["shipping_method"] = json!(method);
        }
        let quoted = runtime.block_on(quote(&shop, &body));
        prop_assert_eq!(quoted.status, 200, "{:?}", quoted);
        body["expected_total"] = quoted.body["totals"]["total"].clone();
        let key = KEYS.fetch_add(1, Ordering::SeqCst).to_string();
        let order = runtime.block_on(shop.checkout(shipped_order_call("ann", &key, &body)));
        prop_assert_eq!(order.status, 201, "{:?}", order);
        for part in ["lines", "shipping", "totals"] {
            prop_assert_eq!(order.body.get(part), quoted.body.get(part), "{}", part);
        }
        Ok(())
    });
    outcome.unwrap();
}
