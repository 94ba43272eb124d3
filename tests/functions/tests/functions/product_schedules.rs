//! Drafts, scheduled listings and sales: what is shown and sold follows the clock, whether or not a schedule has run.

use function_tests::{Shop, admin_product_call, create_call, product, update_call};
use harness::Fault;
use harness::engine::CATALOG;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use serde_json::{Value, json};

fn get_call(sku: &str) -> Call {
    Call::new("GET", "/products/{sku}").path("sku", sku)
}

/// A time so many minutes after the clock's.
fn in_minutes(shop: &Shop, minutes: i64) -> Value {
    json!(shop.now() + SignedDuration::from_mins(minutes))
}

async fn change(shop: &Shop, change: &Value) -> Answer {
    shop.update_product(update_call("tea", "*", change)).await
}

/// Opens a shop with tea for 1,000 won, on sale for 700 between the tenth and the twentieth minute.
async fn shop_with_sale() -> Shop {
    let shop = Shop::with("tea", 1, 10).await;
    let sale = json!({
        "price": { "amount": 700, "currency": "KRW" },
        "starts_at": in_minutes(&shop, 10), "ends_at": in_minutes(&shop, 20),
    });
    let changed = change(&shop, &json!({ "sale": sale })).await;
    assert_eq!((changed.status, &changed.body["sale"]), (200, &sale));
    shop
}

/// The prices that a shopper is shown, quoted and charged.
async fn prices(shop: &Shop, key: &str) -> [Value; 3] {
    let shown = shop.get_product(get_call("tea")).await;
    assert_eq!(shown.body["price"]["amount"], 1000, "the regular price stays");
    let items = json!({ "items": [{ "sku": "tea", "quantity": 1 }] });
    let quote = shop
        .create_quote(Call::new("POST", "/quotes").by("ann").json(&items))
        .await;
    let order = shop.order("ann", key, &[("tea", 1)]).await;
    let amount = |answer: &Answer| answer.body["lines"][0]["unit_price"]["amount"].clone();
    [
        shown.body["current_price"]["amount"].clone(),
        amount(&quote),
        amount(&order),
    ]
}

/// Whether the product is shown, and whether it can be ordered.
async fn is_sold(shop: &Shop, key: &str) -> (u16, u16) {
    let shown = shop.get_product(get_call("tea")).await;
    let order = shop.order("ann", key, &[("tea", 1)]).await;
    (shown.status, order.status)
}

#[tokio::test]
async fn a_sale_price_is_shown_quoted_and_charged_while_the_sale_runs() {
    let shop = shop_with_sale().await;
    for (minutes, price) in [(9, 1000), (1, 700), (9, 700), (1, 1000)] {
        shop.advance(SignedDuration::from_mins(minutes));
        let key = shop.now().to_string();
        assert_eq!(prices(&shop, &key).await, [price; 3].map(Value::from), "{key}");
    }
}

#[tokio::test]
async fn a_scheduled_product_is_sold_within_its_times_only() {
    let shop = Shop::with("tea", 1, 10).await;
    let times = json!({ "list_at": in_minutes(&shop, 10), "unlist_at": in_minutes(&shop, 20) });
    assert_eq!(change(&shop, &times).await.status, 200);
    for (minutes, expected) in [(9, (404, 422)), (1, (200, 201)), (9, (200, 201)), (1, (404, 422))] {
        shop.advance(SignedDuration::from_mins(minutes));
        let key = shop.now().to_string();
        assert_eq!(is_sold(&shop, &key).await, expected, "{key}");
    }
}

#[tokio::test]
async fn a_draft_is_not_sold_until_it_is_published_and_never_becomes_a_draft_again() {
    let shop = Shop::open().await;
    let mut draft = product(1000, 1);
    draft["status"] = json!("DRAFT");
    let created = shop.create_product(create_call("tea", "k", &draft)).await;
    assert_eq!((created.status, created.body.get("first_listed_at")), (201, None));
    shop.receive("tea", 10).await;
    assert_eq!(is_sold(&shop, "k1").await, (404, 422));
    shop.advance(SignedDuration::from_mins(1));
    let published = change(&shop, &json!({ "status": "LISTED" })).await;
    assert_eq!(published.body["first_listed_at"], json!(shop.now()));
    assert_eq!(is_sold(&shop, "k2").await, (200, 201));
    for status in ["LISTED", "UNLISTED"] {
        assert_eq!(change(&shop, &json!({ "status": status })).await.status, 200);
        let refused = change(&shop, &json!({ "status": "DRAFT" })).await;
        assert_eq!((refused.status, refused.problem()), (409, "already-published"));
    }
}

#[tokio::test]
async fn the_first_listing_is_kept_when_a_product_is_hidden_and_shown_again() {
    let shop = Shop::with("tea", 1, 0).await;
    let first = shop.get_admin_product(admin_product_call("tea")).await.body["first_listed_at"].clone();
    assert_eq!(first, json!(shop.now()));
    for status in ["UNLISTED", "LISTED"] {
        shop.advance(SignedDuration::from_hours(1));
        let changed = change(&shop, &json!({ "status": status })).await;
        assert_eq!(changed.body["first_listed_at"], first);
    }
}

#[tokio::test]
async fn a_sale_that_is_no_bargain_and_times_in_the_wrong_order_are_refused() {
    let shop = shop_with_sale().await;
    let sale = |amount: u64, currency: &str, from: i64, to: i64| {
        json!({
            "price": { "amount": amount, "currency": currency },
            "starts_at": in_minutes(&shop, from), "ends_at": in_minutes(&shop, to),
        })
    };
    for (refused, field) in [
        (json!({ "sale": sale(1000, "KRW", 1, 2) }), "sale"),
        (json!({ "sale": sale(900, "USD", 1, 2) }), "sale"),
        (json!({ "sale": sale(900, "KRW", 2, 2) }), "sale"),
        // The sale at 700 would no longer be one.
        (json!({ "price": { "amount": 700, "currency": "KRW" } }), "sale"),
        (
            json!({ "list_at": in_minutes(&shop, 2), "unlist_at": in_minutes(&shop, 2) }),
            "unlist_at",
        ),
    ] {
        let answer = change(&shop, &refused).await;
        let seen = (answer.status, answer.problem(), &answer.body["field"]);
        assert_eq!(seen, (422, "invalid-product", &json!(field)), "{refused}");
    }
    let cheaper = json!({ "sale": null, "price": { "amount": 700, "currency": "KRW" } });
    assert_eq!(change(&shop, &cheaper).await.status, 200);
}

#[tokio::test]
async fn a_sale_that_has_ended_does_not_limit_a_new_price() {
    let shop = shop_with_sale().await;
    let cheaper = json!({ "price": { "amount": 600, "currency": "KRW" } });
    shop.advance(SignedDuration::from_mins(20) - SignedDuration::from_millis(1));
    assert_eq!(change(&shop, &cheaper).await.problem(), "invalid-product");
    shop.advance(SignedDuration::from_millis(1));
    assert_eq!(change(&shop, &cheaper).await.status, 200);
    let shown = shop.get_product(get_call("tea")).await;
    assert_eq!(shown.body["current_price"]["amount"], 600);
}

#[tokio::test]
async fn each_time_of_a_schedule_wakes_the_product_once_and_changes_no_version() {
    let shop = shop_with_sale().await;
    let tag = shop
        .get_admin_product(admin_product_call("tea"))
        .await
        .header("etag")
        .to_owned();
    assert_eq!(shop.apply_product_schedules().await.unwrap().processed, 0);
    for woken in [10, 10] {
        shop.advance(SignedDuration::from_mins(woken));
        assert_eq!(shop.apply_product_schedules().await.unwrap().processed, 1);
        assert_eq!(shop.apply_product_schedules().await.unwrap().processed, 0);
    }
    shop.advance(SignedDuration::from_hours(24));
    assert_eq!(shop.apply_product_schedules().await.unwrap().processed, 0);
    let seen = shop.get_admin_product(admin_product_call("tea")).await;
    assert_eq!(seen.header("etag"), tag, "no editor is disturbed");
}

#[tokio::test]
async fn a_wake_up_that_is_lost_or_late_is_made_up_for() {
    let shop = shop_with_sale().await;
    shop.advance(SignedDuration::from_mins(15));
    shop.engine.faults.plan("TransactWriteItems", Fault::Denied);
    assert_eq!(shop.apply_product_schedules().await.unwrap().failed, 1);
    shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    shop.apply_product_schedules().await.unwrap();
    let items = shop.engine.items(CATALOG).await;
    let tea = items.iter().find(|item| item["pk"] == "PRODUCT#tea").unwrap();
    let ends = shop.now() + SignedDuration::from_mins(5);
    assert_eq!(
        tea["due_ms"],
        json!(ends.as_millisecond()),
        "next is the end of the sale"
    );
}

#[tokio::test]
async fn a_product_that_cannot_be_read_does_not_keep_the_others_from_waking() {
    let shop = Shop::open().await;
    let at = in_minutes(&shop, 5);
    // Enough for two in one shard of the index.
    for n in 0..40 {
        let mut body = product(1000, 1);
        body["unlist_at"] = at.clone();
        let created = shop.put_product(&format!("sku-{n}"), &body).await;
        assert_eq!(created.status, 201, "{created:?}");
    }
    shop.engine.damage_product("sku-7").await;
    shop.advance(SignedDuration::from_mins(5));
    let summary = shop.apply_product_schedules().await.unwrap();
    assert_eq!((summary.processed, summary.failed), (39, 1));
    let again = shop.apply_product_schedules().await.unwrap();
    assert_eq!((again.processed, again.failed), (0, 1));
}

#[tokio::test]
async fn a_product_that_was_changed_meanwhile_is_woken_by_its_new_schedule() {
    let shop = shop_with_sale().await;
    shop.advance(SignedDuration::from_mins(1));
    assert_eq!(change(&shop, &json!({ "sale": null })).await.status, 200);
    shop.advance(SignedDuration::from_hours(1));
    assert_eq!(shop.apply_product_schedules().await.unwrap().processed, 0);
    assert_eq!(
        change(&shop, &json!({ "list_at": in_minutes(&shop, 5) })).await.status,
        200
    );
    shop.advance(SignedDuration::from_mins(5));
    assert_eq!(shop.apply_product_schedules().await.unwrap().processed, 1);
}
