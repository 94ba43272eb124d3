//! Lists of products: complete walks, prices as shown, stock, and what has changed.

use std::collections::BTreeMap;

use function_tests::listing_audit::check_listings;
use function_tests::{Shop, categories_call, create_call, product, update_call, write_off_call};
use harness::engine::{CATALOG, LISTINGS};
use harness::gateway::{Answer, Call};
use harness::{Fault, Hold};
use jiff::SignedDuration;
use serde_json::{Value, json};

pub(crate) fn list_call(query: &[(&str, &str)]) -> Call {
    let call = Call::new("GET", "/products");
    query.iter().fold(call, |call, (name, value)| call.query(name, value))
}

/// The SKUs on a page.
pub(crate) fn skus(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{page:?}");
    let items = page.body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["sku"].as_str().unwrap().to_owned())
        .collect()
}

/// The page of a list that follows a cursor.
pub(crate) async fn page(shop: &Shop, query: &[(&str, &str)], cursor: Option<&str>) -> Answer {
    let mut call = list_call(query);
    if let Some(cursor) = cursor {
        call = call.query("cursor", cursor);
    }
    shop.list_products(call).await
}

/// The SKUs of a whole list, page by page.
pub(crate) async fn walk(shop: &Shop, query: &[(&str, &str)]) -> Vec<String> {
    let (mut seen, mut cursor) = (vec![], None::<String>);
    loop {
        let page = page(shop, query, cursor.as_deref()).await;
        seen.extend(skus(&page));
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return seen,
        }
    }
}

/// Adds products with these SKUs and prices, placed in the lists, a second apart.
pub(crate) async fn add(shop: &Shop, products: &[(&str, u64)]) {
    for (sku, won) in products {
        shop.list(sku, *won, 1).await;
        shop.advance(SignedDuration::from_secs(1));
    }
    let skus: Vec<&str> = products.iter().map(|(sku, _)| *sku).collect();
    shop.watch(&skus).await;
}

pub(crate) async fn audit(shop: &Shop) {
    let (products, rows) = (shop.engine.items(CATALOG).await, shop.engine.items(LISTINGS).await);
    check_listings(&products, &rows, shop.now()).unwrap();
}

async fn change(shop: &Shop, sku: &str, change: &Value) {
    let changed = shop.update_product(update_call(sku, "*", change)).await;
    assert_eq!(changed.status, 200, "{changed:?}");
}

fn any(of: [&str; 2]) -> &str {
    of[fastrand::usize(..2)]
}

/// A count of how often each SKU was seen.
fn counts(seen: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for sku in seen {
        *counts.entry(sku.as_str()).or_default() += 1;
    }
    counts
}

const NEWEST: &[(&str, &str)] = &[("limit", "7")];
const CHEAPEST: &[(&str, &str)] = &[("order", "PRICE_ASC"), ("currency", "KRW"), ("limit", "7")];
const DEAREST: &[(&str, &str)] = &[("order", "PRICE_DESC"), ("currency", "KRW"), ("limit", "7")];

#[tokio::test]
async fn each_order_lists_all_products_in_it() {
    let shop = Shop::open().await;
    add(&shop, &[("a", 300), ("b", 100), ("c", 200), ("d", 100)]).await;
    change(&shop, "b", &json!({ "brand": "Courtyard" })).await;
    shop.watch(&["b"]).await;
    for (query, expected) in [
        (&[][..], ["d", "c", "b", "a"]),
        (&[("order", "NEWEST")], ["d", "c", "b", "a"]),
        (&[("order", "PRICE_ASC"), ("currency", "KRW")], ["b", "d", "c", "a"]),
        (&[("order", "PRICE_DESC"), ("currency", "KRW")], ["a", "c", "d", "b"]),
        (&[("order", "RECENTLY_UPDATED")], ["b", "d", "c", "a"]),
    ] {
        assert_eq!(walk(&shop, query).await, expected, "{query:?}");
        let mut one_by_one = query.to_vec();
        one_by_one.push(("limit", "1"));
        assert_eq!(walk(&shop, &one_by_one).await, expected, "{query:?}");
    }
    let dollars = &[("order", "PRICE_ASC"), ("currency", "USD")];
    assert!(
        walk(&shop, dollars).await.is_empty(),
        "amounts of two currencies have no order"
    );
}

#[tokio::test]
async fn a_walk_shows_each_untouched_product_once_while_others_come_change_and_go() {
    let shop = Shop::open().await;
    let names: Vec<String> = (0..60).map(|n| format!("sku-{n:02}")).collect();
    // Many equal prices.
    let products: Vec<(&str, u64)> = names
        .iter()
        .zip(0..)
        .map(|(name, n)| (name.as_str(), 100 + n / 20))
        .collect();
    add(&shop, &products).await;
    let mut touched: Vec<String> = vec![];
    for (nth, query) in [NEWEST, CHEAPEST, DEAREST].into_iter().enumerate() {
        let (mut seen, mut cursor, mut pages) = (vec![], None::<String>, 0);
        loop {
            let found = page(&shop, query, cursor.as_deref()).await;
            seen.extend(skus(&found));
            let Some(next) = found.body["next_cursor"].as_str() else {
                break;
            };
            cursor = Some(next.to_owned());
            let new = format!("new-{nth}-{pages}");
            let [moved, hidden] = [pages, 59 - pages].map(|n| names[nth * 10 + n % 10].clone());
            add(&shop, &[(&new, 90 + pages as u64 * 5)]).await;
            change(
                &shop,
                &moved,
                &json!({ "price": { "amount": 150 - pages, "currency": "KRW" } }),
            )
            .await;
            change(&shop, &hidden, &json!({ "status": "UNLISTED" })).await;
            shop.watch(&[&moved, &hidden]).await;
            touched.extend([moved, hidden]);
            pages += 1;
        }
        assert!(pages >= 5, "{pages}");
        let counts = counts(&seen);
        let untouched = names.iter().filter(|name| !touched.contains(name));
        for name in untouched {
            assert_eq!(counts.get(name.as_str()), Some(&1), "{name} {query:?}");
        }
    }
    audit(&shop).await;
}

#[tokio::test]
async fn has_next_is_known_from_one_row_more_and_the_last_page_is_never_empty() {
    let shop = Shop::open().await;
    add(&shop, &[("a", 100), ("b", 100), ("c", 100), ("d", 100)]).await;
    for (limit, pages) in [("1", 4), ("2", 2), ("3", 2), ("4", 1), ("5", 1)] {
        let (mut cursor, mut count) = (None::<String>, 0);
        loop {
            let found = page(&shop, &[("limit", limit)], cursor.as_deref()).await;
            assert!(!skus(&found).is_empty());
            count += 1;
            let Some(next) = found.body["next_cursor"].as_str() else {
                break;
            };
            assert!(found.link.is_some());
            cursor = Some(next.to_owned());
        }
        assert_eq!(count, pages, "{limit}");
    }
}

#[tokio::test]
async fn cursors_of_equal_prices_differ_and_fit_their_list_only() {
    let shop = Shop::open().await;
    add(&shop, &[("a", 100), ("b", 100), ("c", 100)]).await;
    let query = [("order", "PRICE_ASC"), ("currency", "KRW"), ("limit", "1")];
    let first = page(&shop, &query, None).await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = page(&shop, &query, Some(cursor)).await;
    assert_ne!(second.body["next_cursor"].as_str(), Some(cursor));
    for other in [
        &[][..],
        &[("order", "PRICE_DESC"), ("currency", "KRW")],
        &[("order", "PRICE_ASC"), ("currency", "USD")],
        &[("order", "PRICE_ASC"), ("currency", "KRW"), ("available", "true")],
        &[("order", "PRICE_ASC"), ("currency", "KRW"), ("category", "drinks")],
    ] {
        let refused = page(&shop, other, Some(cursor)).await;
        let seen = (refused.status, refused.body["parameter"].as_str());
        assert_eq!(seen, (400, Some("cursor")), "{other:?}");
    }
    let changed: String = cursor.chars().rev().collect();
    assert_eq!(page(&shop, &query, Some(&changed)).await.problem(), "invalid-parameter");
}

#[tokio::test]
async fn an_order_by_price_needs_a_currency_and_no_other_takes_one() {
    let shop = Shop::open().await;
    for (query, parameter) in [
        (&[("order", "PRICE_ASC")][..], "currency"),
        (&[("currency", "KRW")], "currency"),
        (&[("order", "CHEAPEST")], "order"),
        (&[("order", "PRICE_ASC"), ("currency", "won")], "currency"),
        (&[("available", "yes")], "available"),
        (&[("category", "Tea")], "category"),
    ] {
        let refused = page(&shop, query, None).await;
        let seen = (refused.status, refused.body["parameter"].as_str());
        assert_eq!(seen, (400, Some(parameter)), "{query:?}");
    }
}

#[tokio::test]
async fn a_category_lists_the_products_of_all_categories_below_it() {
    let shop = Shop::open().await;
    shop.add_categories(&["drinks/tea/green", "drinks/coffee", "gifts"])
        .await;
    add(&shop, &[("a", 100), ("b", 100), ("c", 100)]).await;
    change(&shop, "a", &json!({ "categories": ["drinks/tea/green", "gifts"] })).await;
    change(&shop, "b", &json!({ "categories": ["drinks/coffee", "drinks"] })).await;
    shop.watch(&["a", "b"]).await;
    for (category, expected) in [
        ("drinks", &["b", "a"][..]),
        ("drinks/tea", &["a"]),
        ("drinks/coffee", &["b"]),
        ("gifts", &["a"]),
        ("unknown", &[]),
    ] {
        assert_eq!(walk(&shop, &[("category", category)]).await, expected, "{category}");
    }
    change(&shop, "a", &json!({ "categories": ["gifts"] })).await;
    shop.watch(&["a"]).await;
    assert_eq!(walk(&shop, &[("category", "drinks")]).await, ["b"]);
    audit(&shop).await;
}

#[tokio::test]
async fn a_sale_moves_a_product_in_the_order_of_the_prices_that_are_shown() {
    let shop = Shop::open().await;
    add(&shop, &[("a", 300), ("b", 200), ("c", 100)]).await;
    let in_minutes = |minutes| json!(shop.now() + SignedDuration::from_mins(minutes));
    let sale = json!({
        "price": { "amount": 150, "currency": "KRW" }, "starts_at": in_minutes(10), "ends_at": in_minutes(20),
    });
    change(&shop, "a", &json!({ "sale": sale })).await;
    shop.watch(&["a"]).await;
    for (minutes, expected) in [(5, ["c", "b", "a"]), (5, ["c", "a", "b"]), (10, ["c", "b", "a"])] {
        shop.advance(SignedDuration::from_mins(minutes));
        if shop.apply_product_schedules().await.unwrap().processed > 0 {
            shop.watch(&["a"]).await;
        }
        assert_eq!(walk(&shop, CHEAPEST).await, expected, "{}", shop.now());
        audit(&shop).await;
    }
}

#[tokio::test]
async fn a_wake_up_that_a_slow_clock_follows_is_not_lost() {
    let shop = Shop::open().await;
    add(&shop, &[("tea", 300)]).await;
    let at = shop.now() + SignedDuration::from_mins(10);
    change(&shop, "tea", &json!({ "unlist_at": at })).await;
    shop.advance(SignedDuration::from_mins(10));
    assert_eq!(shop.apply_product_schedules().await.unwrap().processed, 1);
    // The clock of the next function is five seconds behind.
    shop.advance(SignedDuration::from_secs(-5));
    shop.watch(&["tea"]).await;
    assert!(walk(&shop, NEWEST).await.is_empty());
}

#[tokio::test]
async fn what_is_sold_out_is_shown_as_such_and_is_in_no_available_list_until_it_is_back() {
    let shop = Shop::open().await;
    add(&shop, &[("tea", 100), ("mug", 100)]).await;
    shop.receive("tea", 2).await;
    shop.watch_products(&["STOCK#tea#0"]).await.unwrap();
    let sold_out = async || {
        let page = page(&shop, NEWEST, None).await;
        let items = page.body["items"].as_array().unwrap().clone();
        let flags: Vec<bool> = items.iter().map(|item| item["sold_out"].as_bool().unwrap()).collect();
        (flags, walk(&shop, &[("available", "true")]).await)
    };
    assert_eq!(sold_out().await, (vec![true, false], vec!["tea".to_owned()]));
    shop.order("ann", "k", &[("tea", 2)]).await;
    shop.watch_products(&["STOCK#tea#0"]).await.unwrap();
    assert_eq!(sold_out().await, (vec![true, true], vec![]));
    shop.receive("tea", 1).await;
    shop.watch_products(&["STOCK#tea#0"]).await.unwrap();
    assert_eq!(sold_out().await, (vec![true, false], vec!["tea".to_owned()]));
    audit(&shop).await;
}

#[tokio::test]
async fn units_in_any_shard_keep_a_product_from_being_sold_out() {
    let shop = Shop::with("tea", 8, 8).await;
    shop.move_stock(write_off_call("tea", "w", 7)).await;
    shop.watch(&["tea"]).await;
    assert_eq!(walk(&shop, &[("available", "true")]).await, ["tea"]);
    shop.move_stock(write_off_call("tea", "w2", 1)).await;
    shop.watch_products(&["STOCK#tea#3"]).await.unwrap();
    assert!(walk(&shop, &[("available", "true")]).await.is_empty());
    audit(&shop).await;
}

#[tokio::test]
async fn administrators_list_drafts_and_unlisted_products_too() {
    let shop = Shop::open().await;
    add(&shop, &[("tea", 100), ("mug", 100)]).await;
    change(&shop, "tea", &json!({ "status": "UNLISTED" })).await;
    shop.advance(SignedDuration::from_secs(1));
    let mut draft = product(100, 1);
    draft["status"] = json!("DRAFT");
    shop.create_product(create_call("pot", "k", &draft)).await;
    shop.watch(&["tea", "pot"]).await;
    let call = || Call::new("GET", "/admin/products").by_admin();
    let seen = shop.list_admin_products(call()).await;
    assert_eq!(skus(&seen), ["pot", "tea", "mug"]);
    let statuses: Vec<&Value> = seen.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["status"])
        .collect();
    assert_eq!(statuses, ["DRAFT", "UNLISTED", "LISTED"]);
    assert_eq!(seen.body["approximate_count"], 3);
    assert_eq!(walk(&shop, NEWEST).await, ["mug"]);
    let refused = shop.list_admin_products(call().by("shopper")).await;
    assert_eq!((refused.status, refused.problem()), (403, "forbidden"));
    audit(&shop).await;
}

#[tokio::test]
async fn a_draft_that_is_published_changes_the_tag_of_every_list_that_it_enters() {
    let shop = Shop::open().await;
    shop.add_categories(&["drinks/tea"]).await;
    add(&shop, &[("tea", 100)]).await;
    let mut draft = product(100, 1);
    draft["status"] = json!("DRAFT");
    draft["categories"] = json!(["drinks/tea"]);
    shop.create_product(create_call("pot", "k", &draft)).await;
    shop.watch(&["pot"]).await;
    for query in [&[][..], &[("category", "drinks")], &[("category", "drinks/tea")]] {
        let first = page(&shop, query, None).await;
        assert_eq!(
            first.header("cache-control"),
            "public, max-age=5, stale-while-revalidate=10"
        );
        let known = || list_call(query).header("if-none-match", first.header("etag"));
        let unchanged = shop.list_products(known()).await;
        assert_eq!((unchanged.status, &unchanged.body), (304, &Value::Null));
        change(&shop, "pot", &json!({ "status": "LISTED" })).await;
        shop.watch(&["pot"]).await;
        let changed = shop.list_products(known()).await;
        assert!(skus(&changed).contains(&"pot".to_owned()), "{query:?}");
        change(&shop, "pot", &json!({ "status": "UNLISTED" })).await;
        shop.watch(&["pot"]).await;
    }
}

#[tokio::test]
async fn a_client_that_has_the_page_costs_one_read_unit_and_asks_again_after_a_minute() {
    let shop = Shop::open().await;
    add(&shop, &[("tea", 100), ("mug", 100)]).await;
    let first = page(&shop, &[], None).await;
    let known = || list_call(&[]).header("if-none-match", first.header("etag"));
    shop.engine.faults.measure();
    assert_eq!(shop.list_products(known()).await.status, 304);
    let cost = shop.engine.faults.cost();
    assert!(cost.read_units <= 1.0, "{cost:?}");
    assert_eq!(
        cost.requests.into_iter().collect::<Vec<_>>(),
        [("BatchGetItem".to_owned(), 1)]
    );
    let other = list_call(&[("limit", "1")]).header("if-none-match", first.header("etag"));
    assert_eq!(
        shop.list_products(other).await.status,
        200,
        "another page has another tag"
    );
    shop.advance(SignedDuration::from_mins(1));
    assert_eq!(shop.list_products(known()).await.status, 200);
}

#[tokio::test]
async fn a_lost_count_hides_a_change_for_at_most_a_minute() {
    let shop = Shop::open().await;
    add(&shop, &[("tea", 100)]).await;
    let first = page(&shop, &[], None).await;
    let known = || list_call(&[]).header("if-none-match", first.header("etag"));
    change(&shop, "tea", &json!({ "name": "Black tea" })).await;
    for _ in 0..3 {
        shop.engine.faults.plan("UpdateItem", Fault::Denied);
    }
    shop.watch_products(&["PRODUCT#tea"]).await.unwrap_err();
    shop.engine.faults.forget();
    shop.advance(SignedDuration::from_mins(1));
    let again = shop.list_products(known()).await;
    assert_eq!(
        (again.status, &again.body["items"][0]["name"]),
        (200, &json!("Black tea"))
    );
}

#[tokio::test]
async fn the_approximate_count_follows_the_products_of_a_list() {
    let shop = Shop::open().await;
    assert_eq!(page(&shop, &[], None).await.body.get("approximate_count"), None);
    add(&shop, &[("a", 100), ("b", 100), ("c", 100)]).await;
    shop.receive("a", 1).await;
    shop.watch(&["a", "b", "c"]).await;
    let count = async |query| page(&shop, query, None).await.body["approximate_count"].clone();
    assert_eq!(count(&[]).await, 3);
    assert_eq!(count(&[("available", "true")]).await, 1);
    change(&shop, "b", &json!({ "status": "UNLISTED" })).await;
    shop.watch(&["b", "b"]).await;
    assert_eq!(count(&[]).await, 2);
}

#[tokio::test]
async fn a_page_costs_the_same_at_the_beginning_and_at_the_end_of_a_long_list() {
    let shop = Shop::open().await;
    let names: Vec<String> = (0..1200).map(|n| format!("sku-{n:04}")).collect();
    for part in names.chunks(100) {
        let products: Vec<(&str, u64)> = part
            .iter()
            .zip(0..)
            .map(|(name, n)| (name.as_str(), 1000 + n / 7))
            .collect();
        add(&shop, &products).await;
    }
    let mut query = CHEAPEST.to_vec();
    query[2] = ("limit", "20");
    let mut costs = vec![];
    let mut cursor = None::<String>;
    loop {
        shop.engine.faults.measure();
        let found = page(&shop, &query, cursor.as_deref()).await;
        costs.push(shop.engine.faults.cost());
        let Some(next) = found.body["next_cursor"].as_str() else {
            break;
        };
        cursor = Some(next.to_owned());
    }
    let pages = costs.len();
    assert_eq!(pages, 60);
    // Sixteen shards of half a unit, and the layouts with the count; a shard that has more than its share is read again.
    for (nth, cost) in costs.iter().enumerate() {
        assert!((9.0..=10.5).contains(&cost.read_units), "page {nth}: {cost:?}");
        assert!(cost.requests["Query"] <= 18, "page {nth}: {cost:?}");
    }
    let refilled = costs.iter().filter(|cost| cost.requests["Query"] > 16).count();
    assert!(refilled * 5 <= pages, "{refilled} of {pages}");
}

#[tokio::test]
async fn changes_in_any_order_and_repeatedly_lead_to_the_same_lists() {
    let shop = Shop::open().await;
    shop.add_categories(&["drinks/tea", "gifts"]).await;
    let names: Vec<String> = (0..8).map(|n| format!("sku-{n}")).collect();
    for name in &names {
        shop.list(name, 100, 1).await;
    }
    let mut keys: Vec<String> = vec![];
    for round in 0..40 {
        let name = &names[fastrand::usize(..names.len())];
        match round % 4 {
            0 => {
                change(
                    &shop,
                    name,
                    &json!({ "price": { "amount": 100 + round, "currency": "KRW" } }),
                )
                .await
            }
            1 => change(&shop, name, &json!({ "categories": [any(["drinks/tea", "gifts"])] })).await,
            2 => change(&shop, name, &json!({ "status": any(["LISTED", "UNLISTED"]) })).await,
            _ => drop(shop.receive(name, 1).await),
        }
        keys.extend([format!("PRODUCT#{name}"), format!("STOCK#{name}#0")]);
        shop.advance(SignedDuration::from_secs(1));
    }
    fastrand::shuffle(&mut keys);
    // Some batches are delivered at the same time, and some again.
    let batches: Vec<Vec<&str>> = keys
        .chunks(9)
        .map(|keys| keys.iter().map(String::as_str).collect())
        .collect();
    let runs = batches.iter().chain(&batches).map(|keys| shop.watch_products(keys));
    for outcome in futures::future::join_all(runs).await {
        outcome.unwrap();
    }
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    shop.watch(&all).await;
    audit(&shop).await;
}

#[tokio::test]
async fn a_run_that_read_an_older_product_never_replaces_the_rows_that_a_newer_run_wrote() {
    let shop = Shop::open().await;
    add(&shop, &[("tea", 100)]).await;
    change(&shop, "tea", &json!({ "name": "Second" })).await;
    for operation in ["GetItem", "BatchGetItem", "TransactWriteItems"] {
        let hold = Hold::default();
        // The layouts are read first.
        if operation == "GetItem" {
            shop.engine
                .faults
                .plan(operation, Fault::Late(std::time::Duration::ZERO));
        }
        shop.engine.faults.plan(operation, Fault::Held(hold.clone()));
        let newer = async {
            hold.arrived().await;
            change(&shop, "tea", &json!({ "name": format!("Held {operation}") })).await;
            shop.watch(&["tea"]).await;
            hold.release();
        };
        tokio::join!(shop.watch(&["tea"]), newer);
        audit(&shop).await;
        let seen = page(&shop, &[], None).await;
        assert_eq!(seen.body["items"][0]["name"], format!("Held {operation}"));
        change(&shop, "tea", &json!({ "name": format!("After {operation}") })).await;
    }
}

#[tokio::test]
async fn a_run_that_read_an_older_stock_corrects_its_rows_when_a_newer_run_had_nothing_to_write() {
    let shop = Shop::open().await;
    add(&shop, &[("tea", 100)]).await;
    shop.receive("tea", 1).await;
    shop.watch(&["tea"]).await;
    assert_eq!(shop.move_stock(write_off_call("tea", "w", 1)).await.status, 201);
    let hold = Hold::default();
    shop.engine.faults.plan("TransactWriteItems", Fault::Held(hold.clone()));
    let newer = async {
        hold.arrived().await;
        shop.receive("tea", 1).await;
        let before = shop.engine.items(LISTINGS).await;
        shop.watch_products(&["STOCK#tea#0"]).await.unwrap();
        let after = shop.engine.items(LISTINGS).await;
        hold.release();
        assert_eq!(before, after, "the rows show the product as available");
    };
    tokio::join!(shop.watch(&["tea"]), newer);
    assert_eq!(walk(&shop, &[("available", "true")]).await, ["tea"]);
    audit(&shop).await;
}

#[tokio::test]
async fn a_run_that_fails_at_any_of_its_requests_is_made_up_for_by_the_next_one() {
    for operation in ["GetItem", "BatchGetItem", "TransactWriteItems", "UpdateItem"] {
        for fault in [Fault::Denied, Fault::LoseAnswer] {
            for before in 0..3 {
                let shop = Shop::open().await;
                add(&shop, &[("tea", 100), ("mug", 100)]).await;
                change(&shop, "tea", &json!({ "status": "UNLISTED" })).await;
                change(&shop, "mug", &json!({ "price": { "amount": 90, "currency": "KRW" } })).await;
                for _ in 0..before {
                    shop.engine
                        .faults
                        .plan(operation, Fault::Late(std::time::Duration::ZERO));
                }
                shop.engine.faults.plan(operation, fault.clone());
                let outcome = shop.watch_products(&["PRODUCT#tea", "PRODUCT#mug"]).await;
                shop.engine.faults.forget();
                if outcome.is_err() {
                    shop.watch(&["tea", "mug"]).await;
                }
                audit(&shop).await;
            }
        }
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_hides_no_other() {
    let shop = Shop::open().await;
    add(&shop, &[("a", 100), ("b", 100), ("c", 100)]).await;
    shop.engine.damage_card("b", "all#1").await;
    assert_eq!(walk(&shop, &[("limit", "1")]).await, ["c", "a"]);
}

#[tokio::test]
async fn a_category_with_listed_products_or_categories_below_it_is_not_removed() {
    let shop = Shop::open().await;
    shop.add_categories(&["drinks/tea", "gifts"]).await;
    add(&shop, &[("tea", 100)]).await;
    change(&shop, "tea", &json!({ "categories": ["drinks/tea"] })).await;
    shop.watch(&["tea"]).await;
    let remove = async |paths: &[&str]| {
        let changes: serde_json::Map<String, Value> =
            paths.iter().map(|path| ((*path).to_owned(), Value::Null)).collect();
        shop.update_categories(categories_call("*", &json!(changes))).await
    };
    assert_eq!(remove(&["drinks"]).await.problem(), "invalid-categories");
    for paths in [&["drinks/tea"][..], &["drinks", "drinks/tea"]] {
        let refused = remove(paths).await;
        let seen = (refused.status, refused.problem(), &refused.body["category"]);
        assert_eq!(seen, (409, "category-not-empty", &json!(paths[0])), "{paths:?}");
    }
    shop.engine.damage_card("tea", "category:drinks/tea#1").await;
    assert_eq!(
        remove(&["drinks/tea"]).await.problem(),
        "category-not-empty",
        "a row that cannot be read counts"
    );
    change(&shop, "tea", &json!({ "categories": ["gifts"] })).await;
    shop.watch(&["tea"]).await;
    assert_eq!(remove(&["drinks", "drinks/tea"]).await.status, 200);
}
