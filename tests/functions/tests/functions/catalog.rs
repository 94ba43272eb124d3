//! Products: created, changed, returned.

use function_tests::{Shop, admin_product_call, create_call, product, receive_call, update_call};
use harness::engine::CATALOG;
use harness::gateway::{Answer, Call};
use serde_json::{Value, json};

fn get_call(sku: &str) -> Call {
    Call::new("GET", "/products/{sku}").path("sku", sku)
}

/// A product with every field.
fn whole_product() -> Value {
    let mut body = product(1000, 2);
    body["description"] = json!("The first leaves\nof the year.");
    body["brand"] = json!("Courtyard");
    body["categories"] = json!(["drinks/tea", "gifts"]);
    body["attributes"] = json!({ "Weight": "100 g", "Origin": "Boseong" });
    body["metadata"] = json!({ "supplier": "B-7" });
    body["points"] = json!(500);
    body["package"] = json!({ "weight_grams": 120 });
    body["tax_class"] = json!("REDUCED");
    body
}

#[tokio::test]
async fn a_product_is_created_and_returned_with_its_stock() {
    let shop = Shop::with("tea", 4, 10).await;
    let answer = shop.get_product(get_call("tea")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["available"], 10);
    assert_eq!(answer.body["price"], json!({ "amount": 1000, "currency": "KRW" }));
    for hidden in ["metadata", "updated_by", "stock_shards", "version"] {
        assert_eq!(answer.body.get(hidden), None, "shoppers do not need {hidden}");
    }
}

#[tokio::test]
async fn an_unlisted_product_is_not_found() {
    let shop = Shop::with("tea", 1, 10).await;
    let mut hidden = product(1000, 1);
    hidden["status"] = json!("UNLISTED");
    assert_eq!(shop.put_product("tea", &hidden).await.status, 200);
    for sku in ["tea", "coffee"] {
        let answer = shop.get_product(get_call(sku)).await;
        assert_eq!((answer.status, answer.problem()), (404, "not-found"));
    }
    let seen = shop.get_admin_product(admin_product_call("tea")).await;
    assert_eq!((seen.status, &seen.body["status"]), (200, &json!("UNLISTED")));
    let missing = shop.get_admin_product(admin_product_call("coffee")).await;
    assert_eq!((missing.status, missing.problem()), (404, "not-found"));
}

#[tokio::test]
async fn every_field_is_stored_and_only_administrators_see_metadata() {
    let shop = Shop::open().await;
    shop.add_categories(&["drinks/tea", "gifts"]).await;
    let body = whole_product();
    let created = shop.create_product(create_call("tea", "k", &body)).await;
    assert_eq!(
        (created.status, created.header("location")),
        (201, "/admin/products/tea")
    );
    let seen = shop.get_admin_product(admin_product_call("tea")).await;
    assert_eq!(seen.body, created.body);
    assert_eq!(seen.header("etag"), created.header("etag"));
    let public = shop.get_product(get_call("tea")).await;
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&seen.body[name], value, "{name}");
        let is_public = !["metadata", "stock_shards"].contains(&name.as_str());
        assert_eq!(public.body.get(name), Some(value).filter(|_| is_public), "{name}");
    }
    let events = shop.engine.events(CATALOG).await;
    assert_eq!(
        (events[0].0.as_str(), &events[0].1["data"]),
        ("ProductChanged", &seen.body)
    );
}

#[tokio::test]
async fn a_product_is_created_once() {
    let shop = Shop::open().await;
    shop.add_categories(&["drinks/tea", "gifts"]).await;
    let body = whole_product();
    let first = shop.create_product(create_call("tea", "k", &body)).await;
    let again = shop.create_product(create_call("tea", "k", &body)).await;
    assert_eq!((again.status, again.replayed, &again.body), (201, true, &first.body));
    let other_key = shop.create_product(create_call("tea", "k2", &body)).await;
    assert_eq!((other_key.status, other_key.problem()), (409, "product-exists"));
    for (sku, body) in [("tea", &product(1200, 1)), ("mug", &body)] {
        let reused = shop.create_product(create_call(sku, "k", body)).await;
        assert_eq!((reused.status, reused.problem()), (422, "idempotency-key-reused"));
    }
    let mug = shop.get_admin_product(admin_product_call("mug")).await;
    assert_eq!(mug.status, 404);
}

#[tokio::test]
async fn of_concurrent_requests_with_one_key_one_creates_the_product() {
    let shop = Shop::open().await;
    shop.add_categories(&["drinks/tea", "gifts"]).await;
    let body = whole_product();
    let create = || shop.create_product(create_call("tea", "k", &body));
    let answers = futures::future::join_all((0..8).map(|_| create())).await;
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (201, &answers[0].body));
    }
    let by_others = futures::future::join_all((0..8).map(|nth| {
        let call = create_call("mug", &format!("key-{nth}"), &body);
        shop.create_product(call)
    }));
    let statuses: Vec<u16> = by_others.await.iter().map(|answer| answer.status).collect();
    assert_eq!(
        statuses.iter().filter(|&&status| status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| matches!(status, 201 | 409)),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn only_what_is_named_changes_and_null_clears() {
    let shop = Shop::open().await;
    shop.add_categories(&["drinks/tea", "gifts"]).await;
    let mut expected = shop
        .create_product(create_call("tea", "k", &whole_product()))
        .await
        .body;
    shop.advance(jiff::SignedDuration::from_secs(1));
    let changes = [
        json!({ "name": "Black tea" }),
        json!({ "price": { "amount": 1200, "currency": "KRW" } }),
        json!({ "status": "UNLISTED", "stock_shards": 3, "tax_class": "EXEMPT" }),
        json!({ "brand": "Yard", "points": 600, "categories": ["gifts"] }),
        json!({ "description": "One line.", "package": { "weight_grams": 130 } }),
    ];
    for (nth, change) in changes.iter().enumerate() {
        let changed = shop.update_product(update_call("tea", "*", change)).await;
        for (name, value) in change.as_object().unwrap() {
            expected[name] = value.clone();
        }
        expected["version"] = json!(nth + 2);
        expected["updated_at"] = json!(shop.now());
        assert_eq!((changed.status, &changed.body), (200, &expected), "{change}");
    }
    let change = json!({ "attributes": { "Weight": null, "Color": "green" }, "metadata": { "note": "x" } });
    let changed = shop.update_product(update_call("tea", "*", &change)).await;
    assert_eq!(
        changed.body["attributes"],
        json!({ "Origin": "Boseong", "Color": "green" })
    );
    assert_eq!(changed.body["metadata"], json!({ "supplier": "B-7", "note": "x" }));
    let names = [
        "description",
        "brand",
        "points",
        "package",
        "categories",
        "attributes",
        "metadata",
    ];
    let cleared: serde_json::Map<String, Value> = names.iter().map(|&name| (name.to_owned(), Value::Null)).collect();
    let changed = shop.update_product(update_call("tea", "*", &json!(cleared))).await;
    for name in ["description", "brand", "points", "package", "metadata"] {
        assert_eq!(changed.body.get(name), None, "{name}");
    }
    assert_eq!(
        (&changed.body["categories"], &changed.body["attributes"]),
        (&json!([]), &json!({}))
    );
    let seen = shop.get_admin_product(admin_product_call("tea")).await;
    assert_eq!(
        (seen.body, seen.headers["etag"].as_str()),
        (changed.body.clone(), changed.header("etag"))
    );
}

#[tokio::test]
async fn what_cannot_be_cleared_refuses_null() {
    let shop = Shop::with("tea", 1, 0).await;
    for name in ["name", "price", "status", "stock_shards"] {
        let refused = shop
            .update_product(update_call("tea", "*", &json!({ name: null })))
            .await;
        assert_eq!(refused.problem(), "malformed-body", "{name}");
        let mut body = product(1000, 1);
        body[name] = Value::Null;
        let refused = shop.create_product(create_call("mug", "k", &body)).await;
        assert_eq!(refused.problem(), "malformed-body", "{name}");
    }
}

#[tokio::test]
async fn the_second_of_two_editors_gets_412_and_loses_nothing() {
    let shop = Shop::open().await;
    let body = product(1000, 1);
    shop.create_product(create_call("tea", "k", &body)).await;
    let seen = shop.get_admin_product(admin_product_call("tea")).await;
    let tag = seen.header("etag");
    let first = shop
        .update_product(update_call("tea", tag, &json!({ "name": "Black tea" })))
        .await;
    assert_eq!(first.status, 200);
    let change = json!({ "brand": "Courtyard" });
    let second = shop.update_product(update_call("tea", tag, &change)).await;
    assert_eq!((second.status, second.problem()), (412, "precondition-failed"));
    let seen = shop.get_admin_product(admin_product_call("tea")).await;
    assert_eq!(seen.body, first.body, "the first editor's change is kept");
    assert_eq!(seen.header("etag"), first.header("etag"));
    let again = shop
        .update_product(update_call("tea", seen.header("etag"), &change))
        .await;
    assert_eq!(
        (&again.body["name"], &again.body["brand"]),
        (&json!("Black tea"), &json!("Courtyard"))
    );
}

#[tokio::test]
async fn of_concurrent_editors_with_one_tag_one_succeeds() {
    let shop = Shop::open().await;
    let created = shop.create_product(create_call("tea", "k", &product(1000, 1))).await;
    let tag = created.header("etag");
    let edits = (0..8).map(|nth| {
        let change = json!({ "metadata": { format!("editor-{nth}"): "x" } });
        shop.update_product(update_call("tea", tag, &change))
    });
    let answers = futures::future::join_all(edits).await;
    let succeeded: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(succeeded.len(), 1, "{answers:?}");
    assert!(
        answers.iter().all(|answer| matches!(answer.status, 200 | 412)),
        "{answers:?}"
    );
    let seen = shop.get_admin_product(admin_product_call("tea")).await;
    assert_eq!(seen.body, succeeded[0].body);
    assert_eq!(seen.body["version"], 2);
}

#[tokio::test]
async fn concurrent_editors_that_require_no_state_lose_nothing() {
    let shop = Shop::open().await;
    shop.create_product(create_call("tea", "k", &product(1000, 1))).await;
    let edits = (0..4).map(|nth| {
        let change = json!({ "metadata": { format!("editor-{nth}"): "x" } });
        shop.update_product(update_call("tea", "*", &change))
    });
    let answers = futures::future::join_all(edits).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let seen = shop.get_admin_product(admin_product_call("tea")).await;
    assert_eq!(seen.body["metadata"].as_object().unwrap().len(), 4);
}

#[tokio::test]
async fn a_change_without_if_match_is_refused() {
    let shop = Shop::with("tea", 1, 0).await;
    let change = json!({ "name": "Black tea" });
    let call = Call::new("PATCH", "/admin/products/{sku}").path("sku", "tea");
    let refused = shop.update_product(call.by_admin().json(&change)).await;
    assert_eq!((refused.status, refused.problem()), (428, "precondition-required"));
    let missing = shop.update_product(update_call("coffee", "*", &change)).await;
    assert_eq!((missing.status, missing.problem()), (404, "not-found"));
    assert_eq!(
        shop.get_admin_product(admin_product_call("tea")).await.body["version"],
        1
    );
}

#[tokio::test]
async fn a_change_whose_response_was_lost_succeeds_again() {
    let shop = Shop::open().await;
    let created = shop.create_product(create_call("tea", "k", &product(1000, 1))).await;
    let call = update_call("tea", created.header("etag"), &json!({ "name": "Black tea" }));
    let first = shop.update_product(call.clone()).await;
    let again = shop.update_product(call).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.body["version"], 2, "nothing was written again");
}

#[tokio::test]
async fn a_client_that_has_the_product_gets_304_until_it_or_its_stock_changes() {
    let shop = Shop::with("tea", 1, 10).await;
    let first = shop.get_product(get_call("tea")).await;
    assert_eq!(
        first.header("cache-control"),
        "public, max-age=5, stale-while-revalidate=10"
    );
    let known = |answer: &Answer| get_call("tea").header("if-none-match", answer.header("etag"));
    let unchanged = shop.get_product(known(&first)).await;
    assert_eq!(
        (unchanged.status, unchanged.header("etag")),
        (304, first.header("etag"))
    );
    assert_eq!(
        unchanged.header("cache-control"),
        "public, max-age=5, stale-while-revalidate=10"
    );
    assert_eq!(unchanged.body, Value::Null);
    shop.order("ann", "k", &[("tea", 1)]).await;
    let sold = shop.get_product(known(&first)).await;
    assert_eq!((sold.status, &sold.body["available"]), (200, &json!(9)));
    shop.put_product("tea", &product(1200, 1)).await;
    let dearer = shop.get_product(known(&sold)).await;
    assert_eq!((dearer.status, &dearer.body["price"]["amount"]), (200, &json!(1200)));
    let admin = shop.get_admin_product(admin_product_call("tea")).await;
    let call = admin_product_call("tea").header("if-none-match", admin.header("etag"));
    assert_eq!(shop.get_admin_product(call.clone()).await.status, 304);
    shop.order("ann", "k2", &[("tea", 1)]).await;
    assert_eq!(
        shop.get_admin_product(call).await.status,
        304,
        "a sale does not disturb an editor"
    );
}

#[tokio::test]
async fn each_field_has_its_limits() {
    let shop = Shop::with("tea", 1, 0).await;
    let paths: Vec<String> = (0..10).map(|nth| format!("c{nth}")).chain(["a/b".to_owned()]).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    shop.add_categories(&paths).await;
    let many = |count: usize| -> Value { (0..count).map(|nth| (format!("n{nth}"), json!("x"))).collect() };
    let categories = |count: usize| -> Value { (0..count).map(|nth| format!("c{nth}")).collect() };
    let long = |length: usize| "차".repeat(length);
    for (field, most, more) in [
        ("name", json!(long(200)), json!(long(201))),
        ("description", json!(long(5_000)), json!(long(5_001))),
        ("description", json!("a\nb"), json!("a\u{200b}b")),
        ("brand", json!(long(100)), json!(long(101))),
        ("brand", json!("a b"), json!("a\nb")),
        ("categories", categories(10), categories(11)),
        ("categories", json!(["a/b", "a"]), json!(["a", "a"])),
        ("attributes", many(30), many(31)),
        ("attributes", json!({ long(50): long(200) }), json!({ long(51): "x" })),
        ("attributes", json!({ "a": "x" }), json!({ "a": long(201) })),
        (
            "attributes",
            json!({ "가": "x" }),
            json!({ "가": "x", "\u{1100}\u{1161}": "y" }),
        ),
        ("metadata", many(20), many(21)),
        (
            "metadata",
            json!({ "a".repeat(40): long(200) }),
            json!({ "a".repeat(41): "x" }),
        ),
        ("metadata", json!({ "A.b_c-1": "x" }), json!({ "가": "x" })),
        ("metadata", json!({ "a": "x" }), json!({ "a": "" })),
        ("points", json!(10_000_000), json!(10_000_001)),
        ("points", json!(1), json!(0)),
        (
            "package",
            json!({ "weight_grams": 1_000_000 }),
            json!({ "weight_grams": 1_000_001 }),
        ),
        ("package", json!({ "weight_grams": 1 }), json!({ "weight_grams": 0 })),
    ] {
        shop.update_product(update_call(
            "tea",
            "*",
            &json!({ "attributes": null, "metadata": null }),
        ))
        .await;
        let changed = shop
            .update_product(update_call("tea", "*", &json!({ field: most })))
            .await;
        assert_eq!((changed.status, &changed.body[field]), (200, &most), "{field} {most}");
        let mut new = product(1000, 1);
        new[field] = more.clone();
        let created = shop.create_product(create_call("mug", "k", &new)).await;
        let changed = shop
            .update_product(update_call("tea", "*", &json!({ field: more })))
            .await;
        for refused in [created, changed] {
            let seen = (refused.status, refused.problem(), &refused.body["field"]);
            assert_eq!(seen, (422, "invalid-product", &json!(field)), "{field} {more}");
        }
    }
    for category in ["Drinks", "/drinks", "drinks//tea", "a b"] {
        let refused = shop
            .update_product(update_call("tea", "*", &json!({ "categories": [category] })))
            .await;
        assert_eq!(refused.problem(), "malformed-body", "{category}");
    }
}

#[tokio::test]
async fn the_limits_hold_for_what_a_change_leaves() {
    let shop = Shop::with("tea", 1, 0).await;
    let part = |from: usize, to: usize| -> Value { (from..to).map(|nth| (format!("n{nth}"), json!("x"))).collect() };
    let change = |metadata: Value| shop.update_product(update_call("tea", "*", &json!({ "metadata": metadata })));
    assert_eq!(change(part(0, 12)).await.status, 200);
    assert_eq!(change(part(12, 24)).await.problem(), "invalid-product");
    assert_eq!(change(part(12, 20)).await.status, 200);
}

#[tokio::test]
async fn a_product_with_all_that_fits_is_stored_published_and_sold() {
    let shop = Shop::with("tea", 1, 1).await;
    let text = |length: usize| "차".repeat(length);
    let attributes: Value = (0..30)
        .map(|nth| (format!("{nth}{}", text(48)), json!(text(200))))
        .collect();
    let metadata: Value = (0..20)
        .map(|nth| (format!("{nth}-{}", "a".repeat(37)), json!(text(200))))
        .collect();
    for change in [
        json!({ "attributes": attributes, "metadata": metadata }),
        json!({ "description": text(5_000), "name": text(200), "brand": text(100) }),
    ] {
        let changed = shop.update_product(update_call("tea", "*", &change)).await;
        assert_eq!(changed.status, 200, "{changed:?}");
    }
    let events = shop.engine.events(CATALOG).await;
    let size = events.iter().map(|(_, event)| event.to_string().len()).max().unwrap();
    assert!(size < 128 * 1024, "the bus takes 256 KB: {size}");
    assert_eq!(shop.order("ann", "k", &[("tea", 1)]).await.status, 201);
}

#[tokio::test]
async fn a_change_that_changes_nothing_writes_nothing() {
    let shop = Shop::open().await;
    let first = shop.list("tea", 1000, 1).await;
    let again = shop.list("tea", 1000, 1).await;
    assert_eq!(first.body, again.body);
    let changed = shop.list("tea", 1200, 1).await;
    assert_eq!(changed.body["version"], 2);
    let events = shop.engine.events(CATALOG).await;
    assert_eq!(events[0].0, "ProductChanged");
    assert_eq!(events[0].1["data"]["price"]["amount"], 1200);
}

#[tokio::test]
async fn shards_are_kept_when_omitted_and_never_lowered() {
    let shop = Shop::with("tea", 8, 10).await;
    let mut without_shards = product(1500, 1);
    without_shards.as_object_mut().unwrap().remove("stock_shards");
    let answer = shop.put_product("tea", &without_shards).await;
    assert_eq!(answer.body["stock_shards"], 8);
    let lowered = shop.put_product("tea", &product(1500, 4)).await;
    assert_eq!((lowered.status, lowered.problem()), (409, "shards-not-lowered"));
}

#[tokio::test]
async fn raising_the_shards_spreads_the_stock_and_loses_nothing() {
    let shop = Shop::with("tea", 1, 1003).await;
    shop.list("tea", 1000, 64).await;
    let balance = shop.engine.balance("tea").await;
    assert_eq!((balance.received, balance.available), (1003, 1003));
    let levels = shop.engine.shards("tea").await;
    assert_eq!(levels.len(), 64);
    assert!(levels.iter().all(|units| (15..=16).contains(units)), "{levels:?}");
}

#[tokio::test]
async fn only_administrators_change_the_catalog() {
    let shop = Shop::with("tea", 1, 5).await;
    let create = create_call("mug", "k", &product(1, 1)).by("shopper");
    let update = update_call("tea", "*", &product(1, 1)).by("shopper");
    let get = admin_product_call("tea").by("shopper");
    for refused in [
        shop.create_product(create).await,
        shop.update_product(update).await,
        shop.get_admin_product(get).await,
    ] {
        assert_eq!((refused.status, refused.problem()), (403, "forbidden"));
    }
    let receive = shop.move_stock(receive_call("tea", "x", 5).by("shopper")).await;
    assert_eq!((receive.status, receive.problem()), (403, "forbidden"));
    assert_eq!(shop.engine.balance("tea").await.available, 5);
}

#[tokio::test]
async fn each_invalid_product_is_rejected() {
    let shop = Shop::open().await;
    let name = |text: &str| {
        let mut body = product(1000, 1);
        body["name"] = json!(text);
        body
    };
    for (body, status) in [
        (name(""), 422),
        (name("  "), 422),
        (name(&"차".repeat(201)), 422),
        (json!({ "name": "Tea" }), 400),
        (
            json!({ "name": "Tea", "price": { "amount": 10.5, "currency": "KRW" }, "status": "LISTED" }),
            400,
        ),
        (
            json!({ "name": "Tea", "price": { "amount": 10, "currency": "KRW" }, "status": "SOLD" }),
            400,
        ),
        (
            json!({ "name": "Tea", "price": { "amount": 10, "currency": "KRW" }, "status": "LISTED", "stock_shards": 65 }),
            400,
        ),
        (
            json!({ "name": "Tea", "price": { "amount": 10, "currency": "KRW" }, "status": "LISTED", "stock_shards": 0 }),
            400,
        ),
    ] {
        let refused = shop.create_product(create_call("tea", "k", &body)).await;
        assert_eq!(refused.status, status, "{body}");
    }
    let bad_sku = shop.create_product(create_call("a b", "k", &product(1, 1))).await;
    assert_eq!(bad_sku.problem(), "malformed-body");
    let bad_sku = shop.update_product(update_call("a b", "*", &product(1, 1))).await;
    assert_eq!(bad_sku.problem(), "invalid-parameter");
    assert_eq!(shop.engine.count(CATALOG).await, 0);
}

#[tokio::test]
async fn a_name_with_characters_that_nobody_sees_is_rejected() {
    let shop = Shop::open().await;
    for name in [
        "Tea\u{0}",
        "T\nea",
        "T\u{200B}ea",
        "\u{202E}aeT",
        "\u{3164}",
        "Tea\u{200D}",
        "\u{2800}",
    ] {
        let mut body = product(1000, 1);
        body["name"] = json!(name);
        let answer = shop.create_product(create_call("tea", "k", &body)).await;
        let seen = (answer.status, answer.problem(), &answer.body["field"]);
        assert_eq!(
            seen,
            (422, "invalid-product", &json!("name")),
            "{}",
            name.escape_unicode()
        );
    }
    assert_eq!(shop.engine.count(CATALOG).await, 0);
}

#[tokio::test]
async fn a_name_is_trimmed_and_composed_before_it_is_compared() {
    let shop = Shop::open().await;
    let mut body = product(1000, 1);
    body["name"] = json!("만두 👩\u{200D}🍳");
    let first = shop.put_product("tea", &body).await;
    assert_eq!(first.body["name"], body["name"], "{first:?}");
    body["name"] = json!(" \u{1106}\u{1161}\u{11AB}\u{1103}\u{116E} 👩\u{200D}🍳\u{3000}");
    let again = shop.put_product("tea", &body).await;
    assert_eq!(again.body, first.body, "nothing has changed");
}

#[tokio::test]
async fn a_stored_name_from_before_these_rules_is_still_shown_and_sold() {
    let shop = Shop::with("tea", 1, 1).await;
    let name = "old\u{200B} name\u{202E}";
    shop.engine.set_product_name("tea", name).await;
    let seen = shop.get_product(get_call("tea")).await;
    assert_eq!((seen.status, &seen.body["name"]), (200, &json!(name)));
    let changed = shop
        .update_product(update_call("tea", "*", &json!({ "brand": "Old" })))
        .await;
    assert_eq!((changed.status, &changed.body["name"]), (200, &json!(name)));
    let order = shop.order("ann", "k", &[("tea", 1)]).await;
    assert_eq!((order.status, &order.body["lines"][0]["name"]), (201, &json!(name)));
}
