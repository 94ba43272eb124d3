//! How administrators find orders: by one key and by days, page by page, and not by what was erased.

use function_tests::delivery::{address, delivery_call};
use function_tests::fulfillment_fixture::{FulfillmentFixture, cancel_call, close_call};
use function_tests::{RESERVATION, Shop, id_of, order_call};
use futures::future::join_all;
use harness::engine::{ACCOUNTS, LOOKUPS, ORDERS};
use harness::faults::Hold;
use harness::gateway::{Answer, Call};
use harness::{Fault, engine};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What must be readable nowhere: the last digits of telephone numbers, also in a larger text.
const SECRETS: [&str; 4] = ["Minji", "minji@", "5678", "9012"];

fn call(query: &[(&str, &str)]) -> Call {
    let call = Call::new("GET", "/admin/orders").by_admin();
    query.iter().fold(call, |call, (name, value)| call.query(name, value))
}

fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let items = answer.body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["order_id"].as_str().unwrap().to_owned())
        .collect()
}

async fn found(shop: &Shop, query: &[(&str, &str)]) -> Vec<String> {
    ids(&shop.list_admin_orders(call(query)).await)
}

/// Places an order a second after the one before, and returns its id.
async fn place(shop: &Shop, customer: &str, key: &str, skus: &[&str]) -> String {
    shop.advance(SignedDuration::from_secs(1));
    let items: Vec<(&str, i64)> = skus.iter().map(|sku| (*sku, 1)).collect();
    let placed = shop.order(customer, key, &items).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    id_of(&placed)
}

/// Places an order with a contact's telephone number, `+821012345678`, and returns its id.
async fn place_with_phone(shop: &Shop, customer: &str, key: &str) -> String {
    shop.advance(SignedDuration::from_secs(1));
    let placed = shop.checkout(delivery_call(customer, key, "tea", &address())).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    id_of(&placed)
}

/// The rows of customers: one for each order with personal data, and one for each of its telephone numbers' endings.
async fn personal_rows(shop: &Shop) -> usize {
    let rows = shop.engine.items(LOOKUPS).await;
    let is_personal = |row: &&Value| row["pk"].as_str().unwrap().starts_with("CUSTOMER#");
    rows.iter().filter(is_personal).count()
}

/// A shop with tea and mugs.
async fn tea_and_mugs() -> Shop {
    let shop = Shop::with("tea", 1, 100).await;
    shop.list("mug", 2000, 1).await;
    shop.receive("mug", 100).await;
    shop
}

#[tokio::test]
async fn each_key_finds_exactly_its_orders_newest_first() {
    let shop = tea_and_mugs().await;
    let of_ann = place(&shop, "ann", "a", &["tea"]).await;
    let of_bob = place(&shop, "bob", "b", &["tea", "mug"]).await;
    let with_phone = place_with_phone(&shop, "cho", "c").await;
    shop.cancel("bob", &of_bob).await;
    shop.index_all_orders().await;
    let number = shop.see("bob", &of_bob).await.body["number"]
        .as_str()
        .unwrap()
        .to_owned();
    let typed = number.to_lowercase().replace('-', " ");
    for (query, expected) in [
        (vec![], vec![&with_phone, &of_bob, &of_ann]),
        (vec![("number", number.as_str())], vec![&of_bob]),
        (vec![("number", typed.as_str())], vec![&of_bob]),
        (vec![("customer_id", "ann")], vec![&of_ann]),
        (vec![("customer_id", "dan")], vec![]),
        (vec![("phone_last4", "5678")], vec![&with_phone]),
        (vec![("phone_last4", "5679")], vec![]),
        (vec![("sku", "tea")], vec![&with_phone, &of_bob, &of_ann]),
        (vec![("sku", "mug")], vec![&of_bob]),
        (vec![("sku", "pot")], vec![]),
        (vec![("status", "PENDING_PAYMENT")], vec![&with_phone, &of_ann]),
        (vec![("status", "CANCELLED")], vec![&of_bob]),
        (vec![("status", "PAID")], vec![]),
    ] {
        assert_eq!(
            found(&shop, &query).await.iter().collect::<Vec<_>>(),
            expected,
            "{query:?}"
        );
    }
}

#[tokio::test]
async fn a_telephone_number_finds_nothing_before_the_first_one_was_indexed() {
    let shop = Shop::with("tea", 1, 5).await;
    assert!(found(&shop, &[("phone_last4", "5678")]).await.is_empty());
}

#[tokio::test]
async fn the_telephone_numbers_of_a_contact_and_of_an_address_both_find_the_order_once() {
    let shop = Shop::with("tea", 1, 9).await;
    let mut with_phone = address();
    for (key, phone, other) in [("a", "+821077779012", "9012"), ("b", "+821099995678", "5678")] {
        with_phone["phone"] = json!(phone);
        let placed = shop.checkout(delivery_call("ann", key, "tea", &with_phone)).await;
        let order = id_of(&placed);
        shop.index_all_orders().await;
        for ending in ["5678", other] {
            let found = found(&shop, &[("phone_last4", ending)]).await;
            assert_eq!(found.iter().filter(|id| **id == order).count(), 1, "{ending}");
        }
    }
}

#[tokio::test]
async fn days_are_those_of_the_shop() {
    let shop = Shop::with("tea", 1, 9).await;
    // It is nine in the morning of January 1 in Seoul.
    let first = place(&shop, "ann", "a", &["tea"]).await;
    shop.advance(SignedDuration::from_hours(14));
    let last_minutes = place(&shop, "ann", "b", &["tea"]).await;
    shop.advance(SignedDuration::from_hours(1));
    let next_day = place(&shop, "bob", "c", &["tea"]).await;
    shop.index_all_orders().await;
    let all = vec![&next_day, &last_minutes, &first];
    for (query, expected) in [
        (vec![("placed_on", "2026-01-01")], vec![&last_minutes, &first]),
        (vec![("placed_on", "2026-01-02")], vec![&next_day]),
        (vec![("placed_on", "2025-12-31")], vec![]),
        (vec![("placed_from", "2026-01-02")], vec![&next_day]),
        (vec![("placed_until", "2026-01-01")], vec![&last_minutes, &first]),
        (
            vec![("placed_from", "2026-01-01"), ("placed_until", "2026-01-02")],
            all.clone(),
        ),
        (vec![("placed_from", "0001-01-01"), ("placed_until", "9999-12-31")], all),
        (vec![("sku", "tea"), ("placed_on", "2026-01-02")], vec![&next_day]),
        (
            vec![("customer_id", "ann"), ("placed_on", "2026-01-01")],
            vec![&last_minutes, &first],
        ),
        (vec![("customer_id", "bob"), ("placed_on", "2026-01-01")], vec![]),
    ] {
        assert_eq!(
            found(&shop, &query).await.iter().collect::<Vec<_>>(),
            expected,
            "{query:?}"
        );
    }
}

#[tokio::test]
async fn staff_find_what_is_to_be_shipped_until_it_is_shipped_or_cancelled() {
    let shop = FulfillmentFixture::open().await;
    let first = shop.paid("ann", "a", &[("tea", 2)]).await;
    shop.advance(SignedDuration::from_mins(1));
    let second = shop.paid("bob", "b", &[("tea", 1), ("recipe", 1)]).await;
    shop.paid("cem", "c", &[("recipe", 1)]).await;
    shop.order("dan", "d", &[("tea", 1)]).await;
    let to_ship = async || {
        shop.index_all_orders().await;
        found(&shop, &[("to_ship", "true")]).await
    };
    assert_eq!(to_ship().await, [second.as_str(), &first]);
    let parcel = shop.shipped(&first, "p1", &[("1", 1)]).await;
    let whole = cancel_call("bob", &second, "c", &[]).json(&json!({}));
    assert_eq!(shop.cancel_order(whole).await.status, 200);
    shop.arrive(&parcel, "d").await;
    assert_eq!(to_ship().await, [first.as_str()], "one of two units is delivered");
    let parcel = shop.shipped(&first, "p2", &[("1", 1)]).await;
    assert_eq!(to_ship().await, [""; 0]);
    shop.close_shipment(close_call(&parcel, "l", "LOST")).await;
    assert_eq!(to_ship().await, [first.as_str()], "the parcel is lost");
}

#[tokio::test]
async fn a_filter_that_is_wrong_is_refused_and_the_refusal_names_it() {
    let shop = Shop::with("tea", 1, 5).await;
    for (query, named) in [
        (vec![("number", "RFAMY-3GV5X")], "number"),
        (vec![("number", "RFAMY")], "number"),
        (vec![("customer_id", "a b")], "customer_id"),
        (vec![("phone_last4", "567")], "phone_last4"),
        (vec![("phone_last4", "+821012345678")], "phone_last4"),
        (vec![("sku", "#tea")], "sku"),
        (vec![("status", "LOST")], "status"),
        (vec![("sku", "tea"), ("status", "PAID")], "status"),
        (vec![("to_ship", "false")], "to_ship"),
        (vec![("number", "RFAMY-3GV5J"), ("phone_last4", "5678")], "phone_last4"),
        (vec![("placed_on", "2026-02-30")], "placed_on"),
        (vec![("placed_on", "2026-01-01T00:00:00Z[UTC]x")], "placed_on"),
        (
            vec![("placed_on", "2026-01-01"), ("placed_from", "2026-01-01")],
            "placed_on",
        ),
        (
            vec![("placed_from", "2026-01-02"), ("placed_until", "2026-01-01")],
            "placed_until",
        ),
        (vec![("limit", "0")], "limit"),
        (vec![("cursor", "AAAA")], "cursor"),
    ] {
        let refused = shop.list_admin_orders(call(&query)).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (400, "invalid-parameter"),
            "{query:?}"
        );
        assert_eq!(refused.body["parameter"], *named, "{query:?}: {refused:?}");
        assert!(!refused.body.to_string().contains("5678"), "{refused:?}");
    }
}

#[tokio::test]
async fn only_administrators_find_orders() {
    let shop = Shop::with("tea", 1, 5).await;
    let route = || Call::new("GET", "/admin/orders");
    assert_eq!(shop.list_admin_orders(route().by("ann")).await.problem(), "forbidden");
    assert_eq!(shop.list_admin_orders(route()).await.problem(), "unauthenticated");
}

/// Walks a list to its end; between two pages, `meanwhile` places an order.
async fn walk(shop: &Shop, query: &[(&str, &str)], meanwhile: &[&str]) -> Vec<String> {
    let (mut seen, mut cursor, mut placed) = (vec![], None::<String>, meanwhile.iter());
    loop {
        let mut next = call(query).query("limit", "3");
        if let Some(cursor) = &cursor {
            next = next.query("cursor", cursor);
        }
        let page = shop.list_admin_orders(next).await;
        seen.extend(ids(&page));
        if let Some(key) = placed.next() {
            place(shop, "eve", key, &["tea"]).await;
            shop.index_all_orders().await;
        }
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn pages_have_no_duplicates_and_no_gaps_while_orders_are_placed() {
    let shop = tea_and_mugs().await;
    let mut placed = vec![];
    for n in 0..11 {
        placed.insert(0, place(&shop, "ann", &format!("k{n}"), &["tea"]).await);
    }
    // Orders of the same millisecond.
    shop.advance(SignedDuration::from_secs(1));
    let same: Vec<Answer> =
        join_all((0..5).map(|n| shop.checkout(order_call("bob", &format!("s{n}"), &[("tea", 1)])))).await;
    let mut same: Vec<String> = same.iter().map(id_of).collect();
    same.sort();
    same.reverse();
    let expected: Vec<String> = same.into_iter().chain(placed).collect();
    shop.index_all_orders().await;
    for (nth, query) in [vec![], vec![("sku", "tea")], vec![("status", "PENDING_PAYMENT")]]
        .iter()
        .enumerate()
    {
        let meanwhile = [format!("{nth}a"), format!("{nth}b"), format!("{nth}c")];
        let before = nth * meanwhile.len();
        let meanwhile: Vec<&str> = meanwhile.iter().map(String::as_str).collect();
        let seen = walk(&shop, query, &meanwhile).await;
        assert_eq!(seen[before..], expected, "{query:?}");
    }
    assert_eq!(
        walk(&shop, &[("customer_id", "bob")], &[]).await.len(),
        5,
        "a list with an index of its own"
    );
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_filters_only() {
    let shop = tea_and_mugs().await;
    for n in 0..3 {
        place(&shop, "ann", &format!("k{n}"), &["tea", "mug"]).await;
    }
    shop.index_all_orders().await;
    let page = shop.list_admin_orders(call(&[("sku", "tea"), ("limit", "1")])).await;
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let other = shop
        .list_admin_orders(call(&[("sku", "mug"), ("cursor", cursor)]))
        .await;
    assert_eq!(other.body["parameter"], "cursor", "{other:?}");
}

#[tokio::test]
async fn an_order_is_found_by_the_status_that_is_shown_and_by_no_other() {
    let shop = Shop::with("tea", 1, 5).await;
    let order = place(&shop, "ann", "k", &["tea"]).await;
    shop.index_all_orders().await;
    let by = async |status: &str| found(&shop, &[("status", status)]).await;
    // The row is behind: the order has expired, and `expire-orders` has not run.
    shop.advance(RESERVATION);
    assert!(by("PENDING_PAYMENT").await.is_empty());
    shop.expire_orders().await.unwrap();
    assert!(by("PENDING_PAYMENT").await.is_empty());
    shop.index_all_orders().await;
    assert_eq!(by("EXPIRED").await, [order]);
}

#[tokio::test]
async fn doubled_and_shuffled_records_change_nothing() {
    let shop = tea_and_mugs().await;
    let first = place(&shop, "ann", "a", &["tea", "mug"]).await;
    let second = place_with_phone(&shop, "ann", "b").await;
    let keys = [&first, &second].map(|id| format!("ORDER#{id}"));
    shop.index_orders(&keys).await.unwrap();
    shop.cancel("ann", &first).await;
    let mut shuffled = vec![keys[1].clone(), keys[0].clone(), keys[1].clone(), keys[0].clone()];
    shop.index_orders(&shuffled).await.unwrap();
    let rows = shop.engine.items(LOOKUPS).await;
    let writes = async || {
        shop.engine.faults.measure();
        shop.index_orders(&shuffled).await.unwrap();
        shop.engine.faults.cost().write_units
    };
    assert!(writes().await < 0.1, "what is indexed is not written again");
    shuffled.reverse();
    shop.index_orders(&shuffled).await.unwrap();
    assert_eq!(sorted(shop.engine.items(LOOKUPS).await), sorted(rows));
    assert_eq!(found(&shop, &[("status", "CANCELLED")]).await, [first]);
}

fn sorted(rows: Vec<Value>) -> Vec<String> {
    let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn a_run_that_read_an_older_order_does_not_move_it_back() {
    let shop = Shop::with("tea", 1, 5).await;
    let order = place(&shop, "ann", "k", &["tea"]).await;
    let keys = [format!("ORDER#{order}")];
    let hold = Hold::default();
    // The first run has read the order, and is about to write its status.
    shop.engine.faults.plan("PutItem", Fault::Held(hold.clone()));
    let late = shop.index_orders(&keys);
    let newer = async {
        hold.arrived().await;
        shop.cancel("ann", &order).await;
        shop.index_orders(&keys).await.unwrap();
        hold.release();
    };
    let (late, ()) = tokio::join!(late, newer);
    late.unwrap();
    assert_eq!(found(&shop, &[("status", "CANCELLED")]).await, [order]);
}

#[tokio::test]
async fn a_run_that_fails_in_the_middle_is_completed_by_the_next_one() {
    for operation in ["TransactWriteItems", "BatchWriteItem", "PutItem"] {
        let shop = tea_and_mugs().await;
        let order = place_with_phone(&shop, "ann", "k").await;
        let keys = [format!("ORDER#{order}")];
        shop.engine.faults.plan(operation, Fault::Denied);
        assert!(shop.index_orders(&keys).await.is_err(), "{operation}");
        shop.index_orders(&keys).await.unwrap();
        for query in [("phone_last4", "5678"), ("sku", "tea"), ("status", "PENDING_PAYMENT")] {
            assert_eq!(
                found(&shop, &[query]).await,
                std::slice::from_ref(&order),
                "{operation}: {query:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_order_that_waits_for_kms_does_not_stop_the_others_and_is_indexed_later() {
    let shop = Shop::with("tea", 1, 9).await;
    let with_phone = place_with_phone(&shop, "ann", "a").await;
    let without = place(&shop, "bob", "b", &["tea"]).await;
    let keys = [&with_phone, &without].map(|id| format!("ORDER#{id}"));
    shop.kms.refuse(Some((400, "ThrottlingException")));
    assert!(shop.index_orders(&keys).await.is_err(), "the stream delivers it again");
    assert_eq!(found(&shop, &[("sku", "tea")]).await, std::slice::from_ref(&without));
    shop.kms.refuse(None);
    shop.index_orders(&keys).await.unwrap();
    assert_eq!(found(&shop, &[("sku", "tea")]).await, [without, with_phone.clone()]);
    assert_eq!(found(&shop, &[("phone_last4", "5678")]).await, [with_phone]);
}

#[tokio::test]
async fn a_damaged_order_does_not_hide_the_others() {
    let shop = Shop::with("tea", 1, 9).await;
    let before = place(&shop, "ann", "a", &["tea"]).await;
    let damaged = place(&shop, "ann", "b", &["tea"]).await;
    let after = place(&shop, "ann", "c", &["tea"]).await;
    shop.index_all_orders().await;
    shop.engine.damage_order(&damaged).await;
    shop.index_all_orders().await;
    assert_eq!(found(&shop, &[("sku", "tea")]).await, [after, before]);
}

#[tokio::test]
async fn an_erased_customer_is_not_found_by_a_telephone_number_and_others_are() {
    let shop = Shop::with("tea", 1, 9).await;
    let of_ann = place_with_phone(&shop, "ann", "a").await;
    let of_bob = place_with_phone(&shop, "bob", "b").await;
    shop.index_all_orders().await;
    let by_phone = async || found(&shop, &[("phone_last4", "5678")]).await;
    assert_eq!(by_phone().await, [of_bob.clone(), of_ann.clone()]);
    shop.erase_personal_data("ann").await;
    assert_eq!(by_phone().await, std::slice::from_ref(&of_bob), "at once");
    assert_eq!(personal_rows(&shop).await, 4);
    for _ in 0..2 {
        shop.erase_lookups(&["ann"]).await.unwrap();
        assert_eq!(personal_rows(&shop).await, 2, "ann's rows are removed");
    }
    shop.index_all_orders().await;
    assert_eq!(by_phone().await, [of_bob]);
    assert_eq!(
        found(&shop, &[("customer_id", "ann")]).await,
        [of_ann],
        "the order stays"
    );
}

#[tokio::test]
async fn a_record_of_an_erasure_that_arrives_late_leaves_what_the_customer_ordered_since() {
    let shop = Shop::with("tea", 1, 9).await;
    place_with_phone(&shop, "ann", "a").await;
    shop.index_all_orders().await;
    shop.erase_personal_data("ann").await;
    let later = place_with_phone(&shop, "ann", "b").await;
    shop.index_all_orders().await;
    for _ in 0..2 {
        shop.erase_lookups(&["ann"]).await.unwrap();
        assert_eq!(
            found(&shop, &[("phone_last4", "5678")]).await,
            std::slice::from_ref(&later)
        );
    }
    assert_eq!(personal_rows(&shop).await, 2);
}

#[tokio::test]
async fn an_order_that_is_indexed_during_an_erasure_leaves_no_row() {
    let shop = Shop::with("tea", 1, 9).await;
    // The key of phone tags exists.
    place_with_phone(&shop, "bob", "b").await;
    shop.index_all_orders().await;
    let order = place_with_phone(&shop, "ann", "a").await;
    let hold = Hold::default();
    // The telephone number is decrypted, and its row is about to be written.
    shop.engine.faults.plan("TransactWriteItems", Fault::Held(hold.clone()));
    let keys = [format!("ORDER#{order}")];
    let late = shop.index_orders(&keys);
    let erasure = async {
        hold.arrived().await;
        shop.erase_personal_data("ann").await;
        shop.erase_lookups(&["ann"]).await.unwrap();
        hold.release();
    };
    let (late, ()) = tokio::join!(late, erasure);
    late.unwrap();
    assert_eq!(personal_rows(&shop).await, 2, "bob's");
    assert_eq!(
        found(&shop, &[("customer_id", "ann")]).await,
        std::slice::from_ref(&order)
    );
    assert!(found(&shop, &[("sku", "tea")]).await.contains(&order));
}

#[tokio::test]
async fn personal_data_are_in_no_row_and_no_event() {
    let shop = Shop::with("tea", 1, 9).await;
    let mut with_phone = address();
    with_phone["phone"] = json!("+821000009012");
    shop.checkout(delivery_call("ann", "k", "tea", &with_phone)).await;
    shop.index_all_orders().await;
    assert_eq!(personal_rows(&shop).await, 3);
    let mut texts = vec![];
    for table in [LOOKUPS, ORDERS, ACCOUNTS] {
        texts.extend(shop.engine.items(table).await);
    }
    // Hexadecimal digits and base64 can spell any four digits: a hash is compared by its parts.
    let is_random = |text: &str| text.len() >= 16;
    for text in texts.iter().flat_map(strings) {
        for secret in SECRETS {
            let parts = text.split(['#', '-', '"']).filter(|part| !is_random(part));
            assert!(parts.clone().all(|part| part != secret), "{secret}: {text}");
        }
    }
    let events = shop.engine.events(ORDERS).await;
    for secret in ["Minji", "12345678", "00009012"] {
        assert!(!json!(events).to_string().contains(secret));
        assert!(!json!(texts).to_string().contains(secret));
    }
}

/// The texts in a value.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(values) => values.values().flat_map(strings).collect(),
        _ => vec![],
    }
}

#[tokio::test]
async fn a_checkout_costs_what_it_did_and_its_rows_are_paid_by_the_stream() {
    let shop = tea_and_mugs().await;
    // Ids as Cognito makes them, and the key of phone tags exists.
    let customer = "7f3b0c5e-8d6a-4a57-9a43-0a4f1f2d7c11";
    place_with_phone(&shop, customer, "first").await;
    shop.index_all_orders().await;
    let mut body = json!({ "items": [{ "sku": "tea", "quantity": 1 }, { "sku": "mug", "quantity": 1 }] });
    body["contact"] = function_tests::delivery::contact();
    body["shipping_address"] = address();
    shop.engine.faults.measure();
    let placed = shop.checkout(order_call(customer, "k", &[]).json(&body)).await;
    let checkout = shop.engine.faults.cost();
    let keys = [format!("ORDER#{}", id_of(&placed))];
    shop.engine.faults.measure();
    shop.index_orders(&keys).await.unwrap();
    let indexed = shop.engine.faults.cost();
    // As without the lists: neither more requests nor more units.
    assert!(checkout.write_units <= 14.0, "{checkout:?}");
    println!("two products and a telephone number: checkout {checkout:?}, its rows {indexed:?}");
    assert!(indexed.write_units <= 13.0, "{indexed:?}");
    shop.cancel(customer, &id_of(&placed)).await;
    shop.engine.faults.measure();
    shop.index_orders(&keys).await.unwrap();
    let moved = shop.engine.faults.cost();
    println!("a new status: {moved:?}");
    assert!(moved.write_units <= 3.0, "{moved:?}");
    for query in [
        vec![("sku", "tea")],
        vec![("phone_last4", "5678")],
        vec![("customer_id", customer)],
    ] {
        shop.engine.faults.measure();
        found(&shop, &query).await;
        let cost = shop.engine.faults.cost();
        println!("{query:?}: {cost:?}");
        assert!(cost.read_units <= 12.0, "{cost:?}");
    }
}

/// An event in the life of a few orders.
#[derive(Clone, Copy, Debug)]
enum Step {
    Place(u8),
    Cancel(u8),
    Expire,
    Index(u8),
    Erase(u8),
    EraseRows(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..4_u8).prop_map(Step::Place),
        (0..4_u8).prop_map(Step::Cancel),
        Just(Step::Expire),
        (0..4_u8).prop_map(Step::Index),
        (0..2_u8).prop_map(Step::Erase),
        (0..2_u8).prop_map(Step::EraseRows),
    ];
    prop::collection::vec(step, 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_in_whatever_order_the_lists_agree_with_the_orders(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(agree(&steps));
    }
}

/// Plays the steps, delivers all records at last, and compares each list with the orders as they are.
async fn agree(steps: &[Step]) {
    const CUSTOMERS: [&str; 2] = ["ann", "bob"];
    let shop = Shop::on(engine::Engine::start().await);
    shop.list("tea", 1000, 1).await;
    shop.receive("tea", 50).await;
    // The orders with a telephone number that was not erased since.
    let mut by_phone: Vec<(u8, String)> = vec![];
    let mut orders: Vec<(u8, String)> = vec![];
    for (nth, step) in steps.iter().enumerate() {
        shop.advance(SignedDuration::from_mins(4));
        match *step {
            Step::Place(which) => {
                let customer = CUSTOMERS[usize::from(which % 2)];
                let key = format!("k{nth}");
                let order = if which < 2 {
                    id_of(&shop.order(customer, &key, &[("tea", 1)]).await)
                } else {
                    let order = id_of(&shop.checkout(delivery_call(customer, &key, "tea", &address())).await);
                    by_phone.push((which % 2, order.clone()));
                    order
                };
                orders.push((which % 2, order));
            }
            Step::Cancel(which) => {
                if let Some((customer, order)) = orders.get(usize::from(which)) {
                    shop.cancel(CUSTOMERS[usize::from(*customer)], order).await;
                }
            }
            Step::Expire => {
                shop.expire_orders().await.unwrap();
            }
            Step::Index(which) => {
                if let Some((_, order)) = orders.get(usize::from(which)) {
                    shop.index_orders(&[format!("ORDER#{order}")]).await.unwrap();
                }
            }
            Step::Erase(customer) => {
                shop.erase_personal_data(CUSTOMERS[usize::from(customer)]).await;
                by_phone.retain(|(owner, _)| *owner != customer);
            }
            Step::EraseRows(customer) => {
                shop.erase_lookups(&[CUSTOMERS[usize::from(customer)]]).await.unwrap();
            }
        }
    }
    shop.advance(RESERVATION);
    shop.expire_orders().await.unwrap();
    shop.index_all_orders().await;
    shop.erase_lookups(&CUSTOMERS).await.unwrap();
    orders.reverse();
    by_phone.reverse();
    let only = |orders: &[(u8, String)]| orders.iter().map(|(_, order)| order.clone()).collect::<Vec<_>>();
    assert_eq!(found(&shop, &[]).await, only(&orders));
    assert_eq!(found(&shop, &[("sku", "tea")]).await, only(&orders));
    assert_eq!(found(&shop, &[("phone_last4", "5678")]).await, only(&by_phone));
    assert_eq!(personal_rows(&shop).await, 2 * by_phone.len());
    for status in ["PENDING_PAYMENT", "CANCELLED", "EXPIRED"] {
        let mut expected = vec![];
        for (customer, order) in &orders {
            let seen = shop.see(CUSTOMERS[usize::from(*customer)], order).await;
            if seen.body["status"] == status {
                expected.push(order.clone());
            }
        }
        assert_eq!(found(&shop, &[("status", status)]).await, expected, "{status}");
    }
}
