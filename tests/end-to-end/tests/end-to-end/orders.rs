//! Orders: placed, retried, canceled, expired and listed, and their events.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::{EVENT_DEADLINE, Shop, delivery_details, text};
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "the_second_of_two_editors_gets_412_and_a_known_product_is_not_sent_again",
        the_second_of_two_editors_gets_412_and_a_known_product_is_not_sent_again,
    ),
    (
        "an_unpaid_order_is_expired_by_the_schedule",
        an_unpaid_order_is_expired_by_the_schedule,
    ),
    (
        "an_order_is_placed_and_its_event_is_published",
        an_order_is_placed_and_its_event_is_published,
    ),
    (
        "an_order_has_the_same_shape_everywhere",
        an_order_has_the_same_shape_everywhere,
    ),
    (
        "events_of_a_product_and_its_delivery_are_published",
        events_of_a_product_and_its_delivery_are_published,
    ),
    (
        "a_retried_order_returns_the_first_one",
        a_retried_order_returns_the_first_one,
    ),
    (
        "a_cancelled_order_releases_its_stock",
        a_cancelled_order_releases_its_stock,
    ),
    (
        "concurrent_buyers_get_exactly_the_available_units",
        concurrent_buyers_get_exactly_the_available_units,
    ),
    ("orders_are_listed_page_by_page", orders_are_listed_page_by_page),
    (
        "delivery_details_are_decrypted_and_found_by_a_name_until_they_are_erased",
        delivery_details_are_decrypted_and_found_by_a_name_until_they_are_erased,
    ),
];

fn the_second_of_two_editors_gets_412_and_a_known_product_is_not_sent_again(shop: &Shop) -> Result<()> {
    let sku = shop.product(1, 1)?;
    let path = format!("/admin/products/{sku}");
    let seen = shop.api.call("GET", &path).token(&shop.admin).send()?;
    let tag = seen.header("etag").context("no ETag")?.to_owned();
    let edit = |change: Value| {
        let call = shop
            .api
            .call("PATCH", &path)
            .token(&shop.admin)
            .header("if-match", &tag);
        call.header("content-type", "application/merge-patch+json")
            .body(change.to_string())
            .send()
    };
    edit(json!({ "name": "Black tea", "attributes": { "Weight": "50 g" } }))?.expect(200)?;
    let late = edit(json!({ "brand": "Courtyard" }))?.expect(412)?;
    ensure!(late["type"] == "urn:madang:problem:precondition-failed", "{late}");
    let public = shop.api.call("GET", &format!("/products/{sku}")).send()?;
    let tag = public.header("etag").context("no ETag")?.to_owned();
    let body = public.expect(200)?;
    ensure!(
        body["name"] == "Black tea" && body["attributes"]["Weight"] == "50 g",
        "{body}"
    );
    let known = shop
        .api
        .call("GET", &format!("/products/{sku}"))
        .header("if-none-match", &tag);
    ensure!(known.send()?.status == 304);
    Ok(())
}

fn path_of(order: &Value) -> String {
    format!("/orders/{}", order["order_id"].as_str().unwrap_or_default())
}

fn an_order_is_placed_and_its_event_is_published(shop: &Shop) -> Result<()> {
    let sku = shop.product(10, 2)?;
    let items = json!({ "items": [{ "sku": sku, "quantity": 3 }] });
    let quote = shop.api.call("POST", "/quotes").token(&shop.ann).json(&items);
    let quote = quote.send()?.expect(200)?;
    let order = shop.order(&shop.ann, &shop.unique("key"), &sku, 3)?.expect(201)?;
    ensure!(order["status"] == "PENDING_PAYMENT", "{order}");
    ensure!(
        order["totals"]["total"] == json!({ "amount": 3000, "currency": "KRW" }),
        "{order}"
    );
    ensure!(quote["totals"] == order["totals"], "{quote} is not {order}");
    ensure!(shop.available(&sku)? == 7);
    let event = shop.event("OrderPlaced", &order, EVENT_DEADLINE)?;
    ensure!(event["data"] == order, "{event} is not {order}");
    ensure!(event["metadata"]["version"] == 1, "{event}");
    let customer = json!({ "kind": "CUSTOMER", "id": order["customer_id"] });
    ensure!(event["metadata"]["actor"] == customer, "{event}");
    Ok(())
}

fn an_order_has_the_same_shape_everywhere(shop: &Shop) -> Result<()> {
    let sku = shop.product(2, 1)?;
    let body = json!({
        "items": [{ "sku": sku, "quantity": 2 }], "metadata": { "campaign": "spring" }, "external_reference": "PO-7",
    });
    let place = shop.api.call("POST", "/orders").token(&shop.ann);
    let order = place.key(&shop.unique("key")).json(&body).send()?.expect(201)?;
    ensure!(order["metadata"]["campaign"] == "spring", "{order}");
    ensure!(order["external_reference"] == "PO-7", "{order}");
    ensure!(shop.current_order(&shop.ann, &order)? == order);
    // The list is eventually consistent.
    shop.until(
        EVENT_DEADLINE,
        || shop.get(&shop.ann, "/orders?limit=100"),
        |listed| listed["items"].as_array().is_some_and(|orders| orders.contains(&order)),
    )?;
    let event = shop.event("OrderPlaced", &order, EVENT_DEADLINE)?;
    ensure!(event["data"] == order, "{event} is not {order}");
    Ok(())
}

fn events_of_a_product_and_its_delivery_are_published(shop: &Shop) -> Result<()> {
    let sku = shop.product(10, 1)?;
    for detail_type in ["ProductChanged", "StockMoved"] {
        let event = shop
            .tap
            .wait_for(detail_type, |event| event.detail["data"]["sku"] == sku, EVENT_DEADLINE)?;
        ensure!(event.source == "madang.catalog", "{event:?}");
        ensure!(event.detail["metadata"]["actor"]["kind"] == "STAFF", "{event:?}");
    }
    Ok(())
}

fn a_retried_order_returns_the_first_one(shop: &Shop) -> Result<()> {
    let sku = shop.product(10, 1)?;
    let key = shop.unique("key");
    let first = shop.order(&shop.ann, &key, &sku, 3)?;
    ensure!(first.header("idempotency-replayed").is_none(), "{first:?}");
    let again = shop.order(&shop.ann, &key, &sku, 3)?;
    ensure!(again.header("idempotency-replayed") == Some("true"), "{again:?}");
    ensure!(first.expect(201)? == again.expect(201)?);
    shop.order(&shop.ann, &key, &sku, 4)?.expect(422)?;
    ensure!(shop.available(&sku)? == 7);
    Ok(())
}

fn a_cancelled_order_releases_its_stock(shop: &Shop) -> Result<()> {
    let sku = shop.product(10, 4)?;
    let order = shop.order(&shop.ann, &shop.unique("key"), &sku, 9)?.expect(201)?;
    let key = shop.unique("cancel");
    let cancel = || {
        let path = format!("{}/cancel", path_of(&order));
        shop.api.call("POST", &path).token(&shop.ann).key(&key).send()
    };
    ensure!(cancel()?.expect(200)?["status"] == "CANCELLED");
    ensure!(cancel()?.header("idempotency-replayed") == Some("true"));
    ensure!(shop.available(&sku)? == 10);
    shop.event("OrderCancelled", &order, EVENT_DEADLINE)?;
    Ok(())
}

fn delivery_details_are_decrypted_and_found_by_a_name_until_they_are_erased(shop: &Shop) -> Result<()> {
    let sku = shop.product(10, 1)?;
    let mut body = delivery_details();
    body["items"] = json!([{ "sku": sku, "quantity": 1 }]);
    // Other tests' customers keep their keys.
    let call = shop.api.call("POST", "/orders").token(&shop.admin);
    let order = call.key(&shop.unique("key")).json(&body).send()?.expect(201)?;
    let path = format!("{}/delivery-details", path_of(&order));
    let details = shop.get(&shop.admin, &path)?;
    ensure!(details == delivery_details(), "{details}");
    let by_another = shop.api.call("GET", &path).token(&shop.bob).send()?;
    ensure!(by_another.status == 404);
    let event = shop.event("OrderPlaced", &order, EVENT_DEADLINE)?;
    ensure!(!event.to_string().contains("Sejong"), "{event}");
    let by_number = format!("/admin/orders?number={}", text(&order, "number")?);
    let by_name = "/admin/orders/search?q=Minji&limit=100";
    is_found(shop, &by_number, "/order_id", &order, true)?;
    is_found(shop, by_name, "/order/order_id", &order, true)?;
    let customer = text(&order, "customer_id")?;
    let erase = format!("/admin/customers/{customer}/personal-data");
    shop.api.call("DELETE", &erase).token(&shop.admin).send()?.expect(200)?;
    let erased = shop.api.call("GET", &path).token(&shop.admin).send()?;
    ensure!(erased.status == 404);
    is_found(shop, by_name, "/order/order_id", &order, false)?;
    ensure!(shop.current_order(&shop.admin, &order)?["status"] == "PENDING_PAYMENT");
    Ok(())
}

/// Reads a list of administrators until an order is in it, or is not. `id` is the place of its id in an item.
fn is_found(shop: &Shop, path: &str, id: &str, order: &Value, wanted: bool) -> Result<()> {
    let has = |page: &Value| {
        let mut items = page["items"].as_array().into_iter().flatten();
        items.any(|item| item.pointer(id) == Some(&order["order_id"]))
    };
    let page = || shop.get(&shop.admin, path);
    shop.until(EVENT_DEADLINE, page, |page| has(page) == wanted).map(drop)
}

fn an_unpaid_order_is_expired_by_the_schedule(shop: &Shop) -> Result<()> {
    let sku = shop.product(10, 1)?;
    let order = shop.order(&shop.bob, &shop.unique("key"), &sku, 4)?.expect(201)?;
    ensure!(shop.available(&sku)? == 6);
    let event = shop.event("OrderExpired", &order, Duration::from_secs(300))?;
    ensure!(event["data"]["status"] == "EXPIRED", "{event}");
    let schedule = json!({ "kind": "SCHEDULE", "id": "expire-orders" });
    ensure!(event["metadata"]["actor"] == schedule, "{event}");
    ensure!(shop.available(&sku)? == 10);
    let seen = shop
        .api
        .call("GET", &path_of(&order))
        .token(&shop.bob)
        .send()?
        .expect(200)?;
    ensure!(seen["status"] == "EXPIRED", "{seen}");
    Ok(())
}

fn concurrent_buyers_get_exactly_the_available_units(shop: &Shop) -> Result<()> {
    let sku = shop.product(10, 4)?;
    let run = shop.unique("rush");
    let answers: Vec<Result<u16>> = std::thread::scope(|scope| {
        let buyers: Vec<_> = (0..30)
            .map(|buyer| {
                let (sku, key) = (&sku, format!("{run}-{buyer}"));
                scope.spawn(move || Ok(shop.order(&shop.ann, &key, sku, 1)?.status))
            })
            .collect();
        let join =
            |buyer: std::thread::ScopedJoinHandle<'_, _>| buyer.join().unwrap_or_else(|_| anyhow::bail!("panicked"));
        buyers.into_iter().map(join).collect()
    });
    let statuses: Vec<u16> = answers.into_iter().collect::<Result<_>>()?;
    let count = |status: u16| statuses.iter().filter(|&&found| found == status).count();
    ensure!((count(201), count(409)) == (10, 20), "{statuses:?}");
    Ok(())
}

fn orders_are_listed_page_by_page(shop: &Shop) -> Result<()> {
    let sku = shop.product(10, 1)?;
    for _ in 0..3 {
        shop.order(&shop.bob, &shop.unique("key"), &sku, 1)?.expect(201)?;
    }
    let page = |cursor: &str| {
        let call = shop.api.call("GET", &format!("/orders?limit=2{cursor}"));
        call.token(&shop.bob).send()?.expect(200)
    };
    // The list is eventually consistent.
    let first = shop.until(EVENT_DEADLINE, || page(""), |page| page["next_cursor"].is_string())?;
    ensure!(first["items"].as_array().map(Vec::len) == Some(2), "{first}");
    let next = page(&format!(
        "&cursor={}",
        first["next_cursor"].as_str().unwrap_or_default()
    ))?;
    ensure!(
        next["items"].as_array().is_some_and(|orders| !orders.is_empty()),
        "{next}"
    );
    ensure!(first["items"][1]["order_id"] != next["items"][0]["order_id"]);
    Ok(())
}
