//! Resharding: a listing is spread over other shards while it is read and written.

use function_tests::{Shop, product, reshard_call, update_call};
use harness::Fault;
use harness::engine::LISTINGS;
use harness::gateway::Answer;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::product_lists::{add, audit, page, skus, walk};

/// Begins to spread the products of drinks over `shards`, and returns the response.
async fn reshard(shop: &Shop, shards: u8, key: &str) -> Answer {
    shop.reshard_listing(reshard_call("category:drinks", shards, key)).await
}

/// Opens a shop with products in drinks, all of one price, and returns their SKUs, newest first.
async fn shop_with_drinks(count: usize) -> (Shop, Vec<String>) {
    let shop = Shop::open().await;
    shop.add_categories(&["drinks"]).await;
    let mut names: Vec<String> = (0..count).map(|n| format!("sku-{n:03}")).collect();
    for name in &names {
        put_drink(&shop, name).await;
    }
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    shop.watch(&all).await;
    names.reverse();
    (shop, names)
}

async fn put_drink(shop: &Shop, sku: &str) {
    let mut body = product(100, 1);
    body["categories"] = json!(["drinks"]);
    assert_eq!(shop.put_product(sku, &body).await.status, 201);
    shop.advance(SignedDuration::from_secs(1));
}

/// Runs the schedule until the listing is steady. Returns the phases that were seen.
async fn finish(shop: &Shop, key: &str, shards: u8) -> Vec<Value> {
    let mut phases = vec![];
    for _ in 0..10 {
        let seen = reshard(shop, shards, key).await;
        assert_eq!((seen.status, seen.replayed), (200, true), "{seen:?}");
        if phases.last() != Some(&seen.body["phase"]) {
            phases.push(seen.body["phase"].clone());
        }
        if seen.body["phase"] == "STEADY" {
            return phases;
        }
        shop.advance(SignedDuration::from_mins(16));
        assert_eq!(shop.continue_resharding().await.unwrap().failed, 0);
    }
    panic!("not steady: {phases:?}")
}

/// How many rows the list of all drinks has in an epoch.
async fn rows(shop: &Shop, epoch: u32) -> usize {
    let sk = format!("category:drinks#{epoch}");
    let items = shop.engine.items(LISTINGS).await;
    items.iter().filter(|item| item["sk"] == sk).count()
}

const DRINKS: &[(&str, &str)] = &[("category", "drinks"), ("limit", "7")];

#[tokio::test]
async fn a_listing_is_spread_over_more_shards_and_back() {
    let (shop, names) = shop_with_drinks(30).await;
    for (epoch, shards) in [(2, 4), (3, 1), (4, 1)] {
        let key = format!("key-{epoch}");
        let begun = reshard(&shop, shards, &key).await;
        assert_eq!((begun.status, &begun.body["phase"]), (200, &json!("FILLING")));
        assert_eq!(
            finish(&shop, &key, shards).await,
            ["FILLING", "DRAINING", "CLEARING", "STEADY"]
        );
        assert_eq!(walk(&shop, DRINKS).await, names);
        assert_eq!((rows(&shop, epoch - 1).await, rows(&shop, epoch).await), (0, 30));
        audit(&shop).await;
    }
    assert_eq!(page(&shop, DRINKS, None).await.body["approximate_count"], 30);
}

#[tokio::test]
async fn a_walk_that_began_before_goes_on_through_every_phase() {
    let (shop, names) = shop_with_drinks(30).await;
    let (mut seen, mut cursor) = (vec![], None::<String>);
    reshard(&shop, 8, "k").await;
    loop {
        let found = page(&shop, DRINKS, cursor.as_deref()).await;
        seen.extend(skus(&found));
        let Some(next) = found.body["next_cursor"].as_str() else {
            break;
        };
        cursor = Some(next.to_owned());
        shop.advance(SignedDuration::from_mins(16));
        shop.continue_resharding().await.unwrap();
    }
    assert_eq!(seen, names);
}

#[tokio::test]
async fn what_changes_in_each_phase_is_right_in_the_lists_at_once_and_in_the_end() {
    let (shop, mut names) = shop_with_drinks(20).await;
    reshard(&shop, 4, "k").await;
    for minutes in [1, 16, 1, 16, 1, 16, 1, 16] {
        let new = format!("new-{}", shop.now().as_second());
        put_drink(&shop, &new).await;
        let hidden = names.remove(3);
        let hide = json!({ "status": "UNLISTED" });
        shop.update_product(update_call(&hidden, "*", &hide)).await;
        shop.watch(&[&new, &hidden]).await;
        names.insert(0, new);
        assert_eq!(walk(&shop, DRINKS).await, names, "{}", shop.now());
        shop.advance(SignedDuration::from_mins(minutes));
        shop.continue_resharding().await.unwrap();
        assert_eq!(walk(&shop, DRINKS).await, names, "{}", shop.now());
    }
    assert_eq!(reshard(&shop, 4, "k").await.body["phase"], "STEADY");
    assert_eq!(rows(&shop, 1).await, 0);
    audit(&shop).await;
}

#[tokio::test]
async fn nothing_is_filled_while_a_run_may_know_the_old_shards_only() {
    let (shop, _) = shop_with_drinks(3).await;
    reshard(&shop, 4, "k").await;
    shop.advance(SignedDuration::from_mins(14));
    shop.continue_resharding().await.unwrap();
    assert_eq!(rows(&shop, 2).await, 0);
    shop.advance(SignedDuration::from_mins(1));
    shop.continue_resharding().await.unwrap();
    assert_eq!(rows(&shop, 2).await, 3);
}

#[tokio::test]
async fn a_hidden_product_stays_hidden_when_the_lists_are_made_anew() {
    let (shop, names) = shop_with_drinks(4).await;
    // The change that hides it is not delivered to the lists before they are made anew.
    let hide = json!({ "status": "UNLISTED" });
    shop.update_product(update_call(&names[1], "*", &hide)).await;
    reshard(&shop, 2, "k").await;
    finish(&shop, "k", 2).await;
    let shown = walk(&shop, DRINKS).await;
    assert!(!shown.contains(&names[1]), "{shown:?}");
    audit(&shop).await;
}

#[tokio::test]
async fn all_products_and_those_of_administrators_are_spread_anew_too() {
    let (shop, names) = shop_with_drinks(25).await;
    for listing in ["all", "admin"] {
        let begun = shop.reshard_listing(reshard_call(listing, 3, listing)).await;
        assert_eq!(begun.status, 200, "{begun:?}");
        for _ in 0..5 {
            shop.advance(SignedDuration::from_mins(16));
            shop.continue_resharding().await.unwrap();
        }
        let done = shop.reshard_listing(reshard_call(listing, 3, listing)).await;
        assert_eq!(done.body["phase"], "STEADY");
        assert_eq!(walk(&shop, &[("limit", "7")]).await, names);
        audit(&shop).await;
    }
}

#[tokio::test]
async fn a_listing_has_one_change_at_a_time_and_a_retry_is_the_first_request() {
    let (shop, _) = shop_with_drinks(3).await;
    assert!(!reshard(&shop, 4, "k").await.replayed);
    assert!(reshard(&shop, 4, "k").await.replayed);
    let refused = reshard(&shop, 8, "other").await;
    let seen = (refused.status, refused.problem(), &refused.body["phase"]);
    assert_eq!(seen, (409, "resharding-in-progress", &json!("FILLING")));
    let reused = reshard(&shop, 8, "k").await;
    assert_eq!((reused.status, reused.problem()), (422, "idempotency-key-reused"));
    let other = shop.reshard_listing(reshard_call("all", 4, "all")).await;
    assert_eq!(other.status, 200, "another listing is not concerned");
}

#[tokio::test]
async fn a_run_that_fails_at_any_of_its_requests_is_continued_by_the_next_one() {
    for operation in ["GetItem", "BatchGetItem", "Query", "TransactWriteItems", "UpdateItem"] {
        for fault in [Fault::Denied, Fault::LoseAnswer] {
            let (shop, names) = shop_with_drinks(5).await;
            reshard(&shop, 2, "k").await;
            for before in 0..12 {
                shop.advance(SignedDuration::from_mins(16));
                for _ in 0..before % 4 {
                    shop.engine
                        .faults
                        .plan(operation, Fault::Late(std::time::Duration::ZERO));
                }
                shop.engine.faults.plan(operation, fault.clone());
                // It may fail: the next run goes on.
                let _ = shop.continue_resharding().await;
                shop.engine.faults.forget();
                assert_eq!(walk(&shop, DRINKS).await, names, "{operation} {fault:?} {before}");
            }
            shop.advance(SignedDuration::from_mins(16));
            finish(&shop, "k", 2).await;
            audit(&shop).await;
        }
    }
}

#[tokio::test]
async fn a_product_that_cannot_be_read_does_not_keep_the_others_from_their_shards() {
    let (shop, mut names) = shop_with_drinks(10).await;
    let damaged = names.remove(4);
    shop.engine.damage_product(&damaged).await;
    reshard(&shop, 4, "k").await;
    let mut failed = 0;
    for _ in 0..5 {
        shop.advance(SignedDuration::from_mins(16));
        failed += shop.continue_resharding().await.unwrap().failed;
    }
    assert_eq!(reshard(&shop, 4, "k").await.body["phase"], "STEADY");
    assert_eq!(failed, 2, "each walk counts it once");
    assert_eq!(walk(&shop, DRINKS).await, names);
}

#[tokio::test]
async fn a_run_without_the_time_for_a_step_changes_no_listing() {
    let (shop, _) = shop_with_drinks(3).await;
    reshard(&shop, 4, "k").await;
    shop.reshard_listing(reshard_call("all", 4, "all")).await;
    shop.advance(SignedDuration::from_mins(16));
    let before = shop.engine.items(LISTINGS).await;
    let shop = shop.with_time(std::time::Duration::from_secs(5));
    assert!(shop.continue_resharding().await.unwrap().unfinished);
    assert_eq!(shop.engine.items(LISTINGS).await, before);
}

#[tokio::test]
async fn concurrent_runs_do_the_same_work_once() {
    let (shop, names) = shop_with_drinks(10).await;
    reshard(&shop, 4, "k").await;
    for _ in 0..5 {
        shop.advance(SignedDuration::from_mins(16));
        let runs = tokio::join!(
            shop.continue_resharding(),
            shop.continue_resharding(),
            shop.continue_resharding()
        );
        assert_eq!(
            (runs.0.unwrap().failed, runs.1.unwrap().failed, runs.2.unwrap().failed),
            (0, 0, 0)
        );
        assert_eq!(walk(&shop, DRINKS).await, names);
    }
    assert_eq!(reshard(&shop, 4, "k").await.body["phase"], "STEADY");
    audit(&shop).await;
}

#[tokio::test]
async fn only_a_bounded_number_of_listings_has_shards_of_its_own() {
    let shop = Shop::open().await;
    add(&shop, &[("tea", 100)]).await;
    for n in 0..50 {
        let listing = format!("category:c{n}");
        let begun = shop.reshard_listing(reshard_call(&listing, 2, &listing)).await;
        assert_eq!(begun.status, 200, "{begun:?}");
    }
    let refused = shop.reshard_listing(reshard_call("category:c50", 2, "k")).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (422, "too-many-resharded-listings")
    );
}
