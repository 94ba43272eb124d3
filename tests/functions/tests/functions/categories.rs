//! Categories: the tree, its editors, and the products that must fit it.

use function_tests::{Shop, categories_call, create_call, product, update_call};
use harness::gateway::{Answer, Call};
use serde_json::{Value, json};

fn get_call() -> Call {
    Call::new("GET", "/categories")
}

/// Opens a shop with drinks and tea, which has a weight and a roast.
async fn shop_with_tree() -> Shop {
    let shop = Shop::open().await;
    let categories = json!({
        "drinks": { "names": { "en": "Drinks", "ko": "음료" }, "position": 1, "attributes": {
            "weight": { "type": "NUMBER", "unit": "g", "names": { "en": "Weight" }, "required": true },
        } },
        "drinks/tea": { "names": { "en": "Tea", "ko": "차" }, "attributes": {
            "roast": { "type": "ENUM", "values": ["light", "dark"] },
        } },
    });
    let changed = shop.update_categories(categories_call("*", &categories)).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    shop
}

fn tea(attributes: &Value) -> Value {
    let mut body = product(1000, 1);
    body["categories"] = json!(["drinks/tea"]);
    body["attributes"] = attributes.clone();
    body
}

async fn change(shop: &Shop, change: &Value) -> Answer {
    shop.update_product(update_call("tea", "*", change)).await
}

#[track_caller]
fn assert_refused(answer: &Answer, field: &str) {
    let seen = (answer.status, answer.problem(), &answer.body["field"]);
    assert_eq!(seen, (422, "invalid-product", &json!(field)), "{answer:?}");
}

#[tokio::test]
async fn a_shop_without_categories_has_an_empty_tree() {
    let shop = Shop::open().await;
    let seen = shop.get_categories(get_call()).await;
    assert_eq!((seen.status, &seen.body), (200, &json!({ "categories": {} })));
}

#[tokio::test]
async fn only_what_is_named_of_the_tree_changes_and_null_removes() {
    let shop = shop_with_tree().await;
    let before = shop.get_categories(get_call()).await;
    let change = json!({
        "drinks/tea": { "names": { "en": null, "fr": "Thé" }, "position": 3, "attributes": { "roast": { "values": ["dark"] } } },
        "gifts": { "names": { "en": "Gifts" } },
    });
    let changed = shop
        .update_categories(categories_call(before.header("etag"), &change))
        .await;
    let mut expected = before.body.clone();
    expected["categories"]["drinks/tea"] = json!({
        "names": { "ko": "차", "fr": "Thé" }, "position": 3,
        "attributes": { "roast": { "type": "ENUM", "values": ["dark"] } },
    });
    expected["categories"]["gifts"] = json!({ "names": { "en": "Gifts" }, "position": 0 });
    assert_eq!((changed.status, &changed.body), (200, &expected));
    let removed = json!({ "gifts": null, "drinks/tea": { "attributes": { "roast": null } } });
    let changed = shop
        .update_categories(categories_call(changed.header("etag"), &removed))
        .await;
    expected["categories"].as_object_mut().unwrap().remove("gifts");
    expected["categories"]["drinks/tea"]
        .as_object_mut()
        .unwrap()
        .remove("attributes");
    assert_eq!((changed.status, &changed.body), (200, &expected));
    assert_eq!(shop.get_categories(get_call()).await.body, expected);
}

#[tokio::test]
async fn a_client_that_has_the_tree_gets_304_and_may_keep_it_for_minutes() {
    let shop = shop_with_tree().await;
    let first = shop.get_categories(get_call()).await;
    assert_eq!(
        first.header("cache-control"),
        "public, max-age=60, stale-while-revalidate=240"
    );
    let known = get_call().header("if-none-match", first.header("etag"));
    assert_eq!(shop.get_categories(known.clone()).await.status, 304);
    shop.add_categories(&["gifts"]).await;
    assert_eq!(shop.get_categories(known).await.status, 200);
}

#[tokio::test]
async fn editors_read_the_tree_as_it_is_now() {
    let shop = shop_with_tree().await;
    let seen = shop.get_admin_categories().await;
    assert_eq!((seen.status, seen.header("cache-control")), (200, "private, no-cache"));
    let public = shop.get_categories(get_call()).await;
    assert_eq!((&seen.body, seen.header("etag")), (&public.body, public.header("etag")));
    let gifts = json!({ "gifts": { "names": { "en": "Gifts" } } });
    let changed = shop
        .update_categories(categories_call(seen.header("etag"), &gifts))
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(shop.get_admin_categories().await.body, changed.body);
}

#[tokio::test]
async fn the_second_of_two_editors_of_the_tree_loses_nothing() {
    let shop = shop_with_tree().await;
    let tag = shop.get_categories(get_call()).await.header("etag").to_owned();
    let edits = (0..6).map(|nth| {
        let change = json!({ format!("gifts-{nth}"): { "names": { "en": "Gifts" } } });
        shop.update_categories(categories_call(&tag, &change))
    });
    let answers = futures::future::join_all(edits).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(
        statuses.iter().filter(|&&status| status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 412)),
        "{statuses:?}"
    );
    let without = Call::new("PATCH", "/admin/categories")
        .by_admin()
        .json(&json!({ "categories": {} }));
    assert_eq!(shop.update_categories(without).await.problem(), "precondition-required");
    let gone = categories_call(&tag, &json!({ "x": { "names": { "en": "x" } } })).by("shopper");
    assert_eq!(shop.update_categories(gone).await.problem(), "forbidden");
}

#[tokio::test]
async fn a_change_of_the_tree_whose_response_was_lost_succeeds_again() {
    let shop = shop_with_tree().await;
    let tag = shop.get_categories(get_call()).await.header("etag").to_owned();
    let call = categories_call(&tag, &json!({ "gifts": { "names": { "en": "Gifts" } } }));
    let first = shop.update_categories(call.clone()).await;
    let again = shop.update_categories(call).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
}

#[tokio::test]
async fn a_tree_that_breaks_a_rule_is_refused_and_nothing_changes() {
    let shop = shop_with_tree().await;
    let before = shop.get_categories(get_call()).await.body;
    for change in [
        json!({ "cups/blue": { "names": { "en": "Blue" } } }),
        json!({ "gifts": {} }),
        json!({ "gifts": { "names": { "english": "Gifts" } } }),
        json!({ "drinks": null }),
        json!({ "Drinks": { "names": { "en": "x" } } }),
        json!({ "drinks": { "attributes": { "size": {} } } }),
        json!({ "drinks/tea": { "attributes": { "weight": { "type": "TEXT" } } } }),
    ] {
        let refused = shop.update_categories(categories_call("*", &change)).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (422, "invalid-categories"),
            "{change}"
        );
    }
    for malformed in [json!({ "drinks": { "color": "red" } }), json!({ "drinks": 1 })] {
        let refused = shop.update_categories(categories_call("*", &malformed)).await;
        assert_eq!(refused.problem(), "malformed-body", "{malformed}");
    }
    assert_eq!(shop.get_categories(get_call()).await.body, before);
}

#[tokio::test]
async fn a_product_names_only_categories_that_exist() {
    let shop = shop_with_tree().await;
    let mut body = tea(&json!({ "weight": "100" }));
    body["categories"] = json!(["drinks/tea", "drinks/coffee"]);
    assert_refused(&shop.create_product(create_call("tea", "k", &body)).await, "categories");
    body["categories"] = json!(["drinks/tea"]);
    assert_eq!(shop.create_product(create_call("tea", "k", &body)).await.status, 201);
    assert_refused(&change(&shop, &json!({ "categories": ["gifts"] })).await, "categories");
}

#[tokio::test]
async fn attributes_of_a_product_fit_the_types_that_its_categories_declare() {
    let shop = shop_with_tree().await;
    for bad in [
        json!({ "weight": "100 g" }),
        json!({ "weight": "100", "roast": "black" }),
        json!({}),
    ] {
        assert_refused(
            &shop.create_product(create_call("tea", "k", &tea(&bad))).await,
            "attributes",
        );
    }
    let good = tea(&json!({ "weight": "100", "roast": "dark", "Origin": "Boseong" }));
    assert_eq!(shop.create_product(create_call("tea", "k", &good)).await.status, 201);
    assert_refused(
        &change(&shop, &json!({ "attributes": { "roast": "black" } })).await,
        "attributes",
    );
    assert_refused(
        &change(&shop, &json!({ "attributes": { "weight": null } })).await,
        "attributes",
    );
    assert_refused(&change(&shop, &json!({ "attributes": null })).await, "attributes");
    assert_eq!(
        change(&shop, &json!({ "attributes": { "Origin": null } })).await.status,
        200
    );
}

#[tokio::test]
async fn what_a_change_does_not_name_may_be_older_than_the_declarations() {
    let shop = shop_with_tree().await;
    let body = tea(&json!({ "weight": "100", "roast": "dark" }));
    shop.create_product(create_call("tea", "k", &body)).await;
    let stricter = json!({ "drinks/tea": { "attributes": { "roast": { "values": ["light"] }, "leaf": { "type": "TEXT", "required": true } } } });
    assert_eq!(
        shop.update_categories(categories_call("*", &stricter)).await.status,
        200
    );
    assert_eq!(change(&shop, &json!({ "name": "Black tea" })).await.status, 200);
    assert_eq!(
        change(&shop, &json!({ "attributes": { "weight": "90" } })).await.status,
        200
    );
    assert_refused(
        &change(&shop, &json!({ "categories": ["drinks", "drinks/tea"] })).await,
        "attributes",
    );
}

#[tokio::test]
async fn a_draft_may_lack_required_attributes_until_it_is_published() {
    let shop = shop_with_tree().await;
    let mut draft = tea(&json!({}));
    draft["status"] = json!("DRAFT");
    assert_eq!(shop.create_product(create_call("tea", "k", &draft)).await.status, 201);
    assert_refused(&change(&shop, &json!({ "status": "LISTED" })).await, "attributes");
    let complete = json!({ "status": "LISTED", "attributes": { "weight": "100" } });
    assert_eq!(change(&shop, &complete).await.status, 200);
}

#[tokio::test]
async fn categories_are_read_only_for_a_change_that_concerns_them() {
    let shop = shop_with_tree().await;
    let body = tea(&json!({ "weight": "100" }));
    shop.create_product(create_call("tea", "k", &body)).await;
    for (named, reads) in [
        (json!({ "name": "Black tea" }), 1),
        (json!({ "attributes": { "weight": "90" } }), 2),
    ] {
        shop.engine.faults.measure();
        assert_eq!(change(&shop, &named).await.status, 200);
        let requests = shop.engine.faults.cost().requests;
        assert_eq!(
            (requests["GetItem"], requests["TransactWriteItems"]),
            (reads, 1),
            "{named}"
        );
    }
}
