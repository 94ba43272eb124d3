//! Stock movements: units are received, corrected, written off and returned, each once, and never below zero.

use std::sync::Arc;

use function_tests::{Shop, correction_call, id_of, movement_call, movements_call, receive_call, write_off_call};
use harness::Fault;
use harness::engine::CATALOG;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::aws::dynamodb::transaction::transact_changes;
use shared::catalog::{CatalogEvent, CatalogStore, Sku, StockMovement, StockMovementKind};
use shared::core::actor::Actor;
use tokio::task::JoinSet;
use uuid::Uuid;

const WRITE: &str = "TransactWriteItems";

/// Opens a shop with a product that has exactly `levels` units in its shards.
async fn scattered(levels: &[u64]) -> Shop {
    let shop = Shop::with("tea", u8::try_from(levels.len()).unwrap(), 0).await;
    shop.engine.set_shards("tea", levels).await;
    shop
}

async fn available(shop: &Shop) -> i64 {
    shop.engine.balance("tea").await.available
}

/// The movements of a product on one page.
async fn page(shop: &Shop, query: &[(&str, &str)]) -> Answer {
    let call = query
        .iter()
        .fold(movements_call("tea"), |call, (name, value)| call.query(name, value));
    shop.list_movements(call).await
}

fn changes(page: &Answer) -> Vec<i64> {
    assert_eq!(page.status, 200, "{page:?}");
    let items = page.body["items"].as_array().unwrap();
    items.iter().map(|item| item["change"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn received_units_are_added_and_recorded() {
    let shop = Shop::with("tea", 3, 0).await;
    let receipt = shop.move_stock(receive_call("tea", "d1", 100)).await;
    assert_eq!((receipt.status, receipt.replayed), (201, false));
    let recorded = (&receipt.body["kind"], &receipt.body["change"], &receipt.body["sku"]);
    assert_eq!(recorded, (&json!("RECEIPT"), &json!(100), &json!("tea")));
    assert_eq!(receipt.headers["location"], "/admin/products/tea/stock-movements");
    let balance = shop.engine.balance("tea").await;
    assert_eq!((balance.received, balance.available), (100, 100));
}

#[tokio::test]
async fn a_count_corrects_the_stock_in_both_directions() {
    let shop = Shop::with("tea", 1, 10).await;
    let up = shop.move_stock(correction_call("tea", "up", 4)).await;
    assert_eq!((up.status, &up.body["change"]), (201, &json!(4)));
    let down = shop.move_stock(correction_call("tea", "down", -6)).await;
    assert_eq!((down.status, &down.body["change"]), (201, &json!(-6)));
    assert_eq!(down.body["note"], "Counted on Monday.");
    let balance = shop.engine.balance("tea").await;
    assert_eq!((balance.received, balance.corrected, balance.available), (10, -2, 8));
}

#[tokio::test]
async fn lost_units_are_written_off() {
    let shop = Shop::with("tea", 1, 10).await;
    let written_off = shop.move_stock(write_off_call("tea", "w", 3)).await;
    let recorded = (&written_off.body["kind"], &written_off.body["change"]);
    assert_eq!((written_off.status, recorded), (201, (&json!("WRITE_OFF"), &json!(-3))));
    let balance = shop.engine.balance("tea").await;
    assert_eq!((balance.written_off, balance.available), (3, 7));
}

/// A movement as its event has it: a note can be personal.
fn without_note(movement: &Value) -> Value {
    let mut told = movement.clone();
    told.as_object_mut().unwrap().remove("note");
    told
}

#[tokio::test]
async fn each_movement_publishes_itself_without_its_note() {
    let shop = Shop::with("tea", 1, 0).await;
    for call in [
        receive_call("tea", "r", 9),
        correction_call("tea", "c", -1),
        write_off_call("tea", "w", 2),
    ] {
        let movement = shop.move_stock(call).await;
        let events = shop.engine.events(CATALOG).await;
        let told =
            |(name, detail): &(String, Value)| name == "StockMoved" && detail["data"] == without_note(&movement.body);
        assert!(events.iter().any(told), "{movement:?}: {events:?}");
    }
}

#[tokio::test]
async fn a_correction_below_zero_is_refused_with_what_is_available_and_changes_nothing() {
    for levels in [&[5][..], &[0, 3, 0, 2]] {
        let shop = scattered(levels).await;
        let before = shop.engine.items(CATALOG).await.len();
        for call in [correction_call("tea", "c", -6), write_off_call("tea", "w", 6)] {
            let refused = shop.move_stock(call).await;
            let seen = (refused.status, refused.problem(), &refused.body["available"]);
            assert_eq!(seen, (409, "insufficient-stock", &json!(5)), "{refused:?}");
        }
        assert_eq!(shop.engine.items(CATALOG).await.len(), before);
        assert_eq!(available(&shop).await, 5);
        // The key of a refused movement is free.
        assert_eq!(shop.move_stock(write_off_call("tea", "w", 5)).await.status, 201);
    }
}

#[tokio::test]
async fn held_and_sold_units_cannot_be_written_off() {
    let shop = Shop::with("tea", 2, 10).await;
    let order = shop.order("ann", "k", &[("tea", 7)]).await;
    let refused = shop.move_stock(write_off_call("tea", "w", 4)).await;
    assert_eq!((refused.status, &refused.body["available"]), (409, &json!(3)));
    shop.cancel("ann", &id_of(&order)).await;
    assert_eq!(shop.move_stock(write_off_call("tea", "w", 4)).await.status, 201);
    assert_eq!(available(&shop).await, 6);
}

#[tokio::test]
async fn a_retry_moves_nothing_twice() {
    let shop = Shop::with("tea", 3, 100).await;
    for (call, left) in [
        (receive_call("tea", "r", 10), 110),
        (write_off_call("tea", "w", 5), 105),
        (correction_call("tea", "c", -105), 0),
    ] {
        let first = shop.move_stock(call.clone()).await;
        assert_eq!((first.status, first.replayed), (201, false));
        let again = shop.move_stock(call).await;
        assert_eq!((again.status, again.replayed), (201, true));
        assert_eq!(first.body, again.body);
        assert_eq!(available(&shop).await, left);
    }
    // Its units are gone, but it is the first request all the same.
    assert!(shop.move_stock(write_off_call("tea", "w", 5)).await.replayed);
}

#[tokio::test]
async fn a_movement_whose_response_is_lost_moves_its_units_once() {
    let shop = Shop::with("tea", 2, 10).await;
    for _ in 0..3 {
        shop.engine.faults.plan(WRITE, Fault::LoseAnswer);
    }
    assert_eq!(shop.move_stock(write_off_call("tea", "w", 10)).await.status, 201);
    assert_eq!(available(&shop).await, 0);
}

#[tokio::test]
async fn a_key_that_was_used_for_another_movement_is_refused() {
    let shop = Shop::with("tea", 1, 10).await;
    shop.list("mug", 1000, 1).await;
    assert_eq!(shop.move_stock(write_off_call("tea", "k", 2)).await.status, 201);
    let noted = json!({ "kind": "WRITE_OFF", "quantity": 2, "note": "Another reason." });
    for other in [
        write_off_call("tea", "k", 3),
        receive_call("tea", "k", 2),
        correction_call("tea", "k", -2),
        write_off_call("mug", "k", 2),
        movement_call("tea", "k", &noted),
    ] {
        let refused = shop.move_stock(other).await;
        assert_eq!((refused.status, refused.problem()), (422, "idempotency-key-reused"));
    }
    assert_eq!(available(&shop).await, 8);
}

#[tokio::test]
async fn a_movement_of_an_unknown_product_or_of_no_units_is_refused() {
    let shop = Shop::with("tea", 1, 10).await;
    let before = shop.engine.items(CATALOG).await.len();
    let unknown = shop.move_stock(receive_call("coffee", "k", 1)).await;
    assert_eq!((unknown.status, unknown.problem()), (404, "not-found"));
    for (kind, quantity) in [
        ("RECEIPT", 0),
        ("RECEIPT", -1),
        ("RECEIPT", 1_000_000_001_i64),
        ("WRITE_OFF", 0),
        ("WRITE_OFF", -1),
        ("CORRECTION", 0),
        ("CORRECTION", -1_000_000_001),
    ] {
        let body = json!({ "kind": kind, "quantity": quantity, "note": "Counted." });
        let refused = shop.move_stock(movement_call("tea", "k", &body)).await;
        assert_eq!(refused.problem(), "invalid-quantity", "{body}");
    }
    assert_eq!(shop.engine.items(CATALOG).await.len(), before);
}

#[tokio::test]
async fn a_correction_and_a_write_off_need_a_reason_and_a_receipt_may_have_a_note() {
    let shop = Shop::with("tea", 1, 10).await;
    for kind in ["CORRECTION", "WRITE_OFF"] {
        let body = json!({ "kind": kind, "quantity": 1 });
        assert_eq!(
            shop.move_stock(movement_call("tea", "k", &body)).await.problem(),
            "malformed-body"
        );
        for note in ["", " ", "a\u{200B}b", &"차".repeat(201)] {
            let body = json!({ "kind": kind, "quantity": 1, "note": note });
            let refused = shop.move_stock(movement_call("tea", "k", &body)).await;
            assert_eq!(
                (refused.problem(), &refused.body["field"]),
                ("invalid-text", &json!("note")),
                "{body}"
            );
        }
    }
    let note = format!("From Boseong.\n{}", "차".repeat(186));
    let body = json!({ "kind": "RECEIPT", "quantity": 1, "note": note });
    assert_eq!(
        shop.move_stock(movement_call("tea", "k", &body)).await.body["note"],
        note
    );
}

#[tokio::test]
async fn a_return_is_not_made_by_hand() {
    let shop = Shop::with("tea", 1, 10).await;
    let body = json!({ "kind": "RETURN", "quantity": 1, "note": "Sent back." });
    assert_eq!(
        shop.move_stock(movement_call("tea", "k", &body)).await.problem(),
        "malformed-body"
    );
}

#[tokio::test]
async fn units_that_are_scattered_over_shards_are_taken() {
    let shop = scattered(&[1; 64]).await;
    assert_eq!(shop.move_stock(write_off_call("tea", "w", 63)).await.status, 201);
    assert_eq!(available(&shop).await, 1);
    let last = shop.move_stock(correction_call("tea", "c", -1)).await;
    assert_eq!(last.status, 201, "{last:?}");
    assert_eq!(shop.engine.shards("tea").await, [0; 64]);
}

#[tokio::test]
async fn units_fewer_than_shards_are_all_received() {
    let shop = Shop::with("tea", 64, 3).await;
    assert_eq!(available(&shop).await, 3);
}

#[tokio::test]
async fn a_write_off_takes_two_round_trips() {
    let shop = Shop::with("tea", 8, 80).await;
    shop.engine.faults.measure();
    assert_eq!(shop.move_stock(write_off_call("tea", "w", 5)).await.status, 201);
    let cost = shop.engine.faults.cost();
    let expected = [("GetItem", 1), (WRITE, 1)].map(|(name, count)| (name.to_owned(), count));
    assert_eq!(cost.requests, expected.into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_write_offs_of_the_last_unit_at_once_one_is_refused() {
    for round in 0..20 {
        let shop = Shop::with("tea", 1 + round % 3, 1).await;
        let (one, other) = tokio::join!(
            shop.move_stock(write_off_call("tea", "a", 1)),
            shop.move_stock(write_off_call("tea", "b", 1))
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "{one:?} {other:?}");
        assert_eq!(available(&shop).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_write_off_of_the_last_units_sent_many_times_at_once_is_never_refused() {
    for shards in [1, 4] {
        let shop = Arc::new(Shop::with("tea", shards, 6).await);
        let mut sent = JoinSet::new();
        for _ in 0..20 {
            let shop = Arc::clone(&shop);
            sent.spawn(async move { shop.move_stock(write_off_call("tea", "w", 6)).await });
        }
        let answers = sent.join_all().await;
        assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
        assert!(answers.iter().all(|answer| answer.body == answers[0].body));
        assert_eq!(available(&shop).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_off_that_races_checkouts_takes_only_what_they_leave() {
    for round in 0..10 {
        let shop = Arc::new(Shop::with("tea", 1 + round % 4, 10).await);
        let mut orders = JoinSet::new();
        for buyer in 0..8 {
            let shop = Arc::clone(&shop);
            orders.spawn(async move { shop.order("ann", &format!("k{buyer}"), &[("tea", 1)]).await });
        }
        let written_off = shop.move_stock(write_off_call("tea", "w", 5)).await;
        let placed = orders
            .join_all()
            .await
            .iter()
            .filter(|order| order.status == 201)
            .count();
        let taken = if written_off.status == 201 {
            5
        } else {
            assert_eq!(written_off.problem(), "insufficient-stock");
            assert!(written_off.body["available"].as_u64().unwrap() < 5);
            0
        };
        let balance = shop.engine.balance("tea").await;
        assert_eq!(balance.held, i64::try_from(placed).unwrap());
        assert_eq!(balance.available, 10 - taken - balance.held);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_is_corrected_while_a_product_is_selling() {
    let shop = Arc::new(Shop::with("tea", 8, 400).await);
    shop.engine.faults.set_conflicts_per_mille(300);
    let mut orders = JoinSet::new();
    for buyer in 0..100 {
        let shop = Arc::clone(&shop);
        orders.spawn(async move { shop.order(&format!("customer-{buyer}"), "k", &[("tea", 1)]).await });
    }
    for nth in 0..5 {
        let down = shop
            .move_stock(correction_call("tea", &format!("down{nth}"), -10))
            .await;
        assert_eq!(down.status, 201, "{down:?}");
        let up = shop.move_stock(correction_call("tea", &format!("up{nth}"), 10)).await;
        assert_eq!(up.status, 201, "{up:?}");
    }
    assert!(orders.join_all().await.iter().all(|order| order.status == 201));
    let balance = shop.engine.balance("tea").await;
    assert_eq!((balance.corrected, balance.held, balance.available), (0, 100, 300));
}

#[tokio::test]
async fn movements_are_listed_newest_first_in_pages() {
    let shop = Shop::with("tea", 1, 0).await;
    for change in 1..=5 {
        let key = format!("k{change}");
        assert_eq!(shop.move_stock(receive_call("tea", &key, change)).await.status, 201);
        shop.advance(SignedDuration::from_secs(1));
    }
    shop.list("mug", 1000, 1).await;
    shop.receive("mug", 50).await;
    let first = page(&shop, &[("limit", "2")]).await;
    let mut seen = changes(&first);
    let mut cursor = first.body["next_cursor"].as_str().map(str::to_owned);
    while let Some(next) = cursor {
        let page = page(&shop, &[("limit", "2"), ("cursor", &next)]).await;
        seen.extend(changes(&page));
        cursor = page.body["next_cursor"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    let next = first.body["next_cursor"].as_str().unwrap();
    let foreign = shop.list_movements(movements_call("mug").query("cursor", next)).await;
    assert_eq!((foreign.status, &foreign.body["parameter"]), (400, &json!("cursor")));
}

#[tokio::test]
async fn a_listed_movement_is_the_one_that_was_made() {
    let shop = Shop::with("tea", 1, 0).await;
    let made = shop.receive("tea", 5).await;
    let written_off = shop.move_stock(write_off_call("tea", "w", 1)).await;
    let listed = page(&shop, &[]).await;
    let items = listed.body["items"].as_array().unwrap();
    assert!(
        items.contains(&made.body) && items.contains(&written_off.body),
        "{listed:?}"
    );
    assert_eq!(items.len(), 2);
}

#[tokio::test]
async fn movements_are_filtered_by_their_time() {
    let shop = Shop::with("tea", 1, 0).await;
    let start = shop.now();
    for change in 1..=4 {
        shop.receive("tea", change).await;
        shop.advance(SignedDuration::from_secs(1));
    }
    let at = |second: i64| (start + SignedDuration::from_secs(second)).to_string();
    let page = page(&shop, &[("created_from", &at(1)), ("created_to", &at(3))]).await;
    assert_eq!(changes(&page), [3, 2]);
}

#[tokio::test]
async fn a_product_without_movements_has_an_empty_list_and_an_unknown_one_none() {
    let shop = Shop::with("tea", 1, 0).await;
    assert_eq!(changes(&page(&shop, &[]).await), [] as [i64; 0]);
    let unknown = shop.list_movements(movements_call("coffee")).await;
    assert_eq!((unknown.status, unknown.problem()), (404, "not-found"));
}

#[tokio::test]
async fn only_administrators_move_stock_and_see_its_movements() {
    let shop = Shop::with("tea", 1, 5).await;
    let moved = shop.move_stock(receive_call("tea", "x", 5).by("shopper")).await;
    let listed = Call::new("GET", "/admin/products/{sku}/stock-movements").path("sku", "tea");
    let listed = shop.list_movements(listed.by("shopper")).await;
    for refused in [moved, listed] {
        assert_eq!((refused.status, refused.problem()), (403, "forbidden"));
    }
    assert_eq!(available(&shop).await, 5);
}

/// Puts two returned units back, in a transaction as another domain makes it. Returns whether it was written.
async fn put_back(shop: &Shop) -> bool {
    let catalog = CatalogStore::new(&shop.platform()).unwrap();
    let invocation = shop.invocation().by(Actor::function("test"));
    let movement = StockMovement {
        movement_id: Uuid::from_u128(7),
        sku: Sku::try_from("tea".to_owned()).unwrap(),
        kind: StockMovementKind::Return,
        change: 2,
        note: None,
        created_by: invocation.actor().unwrap().clone(),
        created_at: invocation.now,
    };
    let event = invocation.record(&CatalogEvent::StockMoved(movement.clone())).unwrap();
    let writes = catalog.return_writes(&movement, 1, &event).unwrap().to_vec();
    transact_changes(&shop.engine.client, "put back", writes, 1, invocation.deadline)
        .await
        .unwrap()
}

#[tokio::test]
async fn returned_units_are_put_back_once_by_another_domains_transaction() {
    let shop = scattered(&[3, 3]).await;
    assert!(put_back(&shop).await);
    assert!(!put_back(&shop).await, "the same return");
    assert_eq!(shop.engine.shards("tea").await, [3, 5]);
    let items = shop.engine.items(CATALOG).await;
    let balance = harness::audit::balances(&items, &[])["tea"];
    assert_eq!((balance.returned, balance.available), (2, 8));
    balance.check().unwrap();
    let listed = page(&shop, &[]).await;
    assert_eq!(listed.body["items"][0]["kind"], "RETURN");
}
