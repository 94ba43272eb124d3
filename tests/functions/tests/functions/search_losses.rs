//! What the search does when something is lost or damaged: entities, the state of the index, and tables that were restored.

use std::time::Duration;

use function_tests::SearchFixture;
use function_tests::search_fixture::{ids, search_call};
use harness::engine::CATALOG;
use harness::platform::SEARCH;
use jiff::SignedDuration;
use search::search_documents::SearchDocuments;
use search_engine::{Checksum, Document};
use serde_json::json;
use shared::search::DocumentKind;

/// The checksum of the products as they are stored.
async fn stored(shop: &SearchFixture) -> Checksum {
    let mut checksum = Checksum::default();
    for item in shop.shop.engine.items(CATALOG).await {
        if item["pk"].as_str().unwrap().starts_with("PRODUCT#") {
            let number = |name: &str| item[name].as_u64().unwrap_or_default();
            let revision = number("version") << 16 | number("wakes");
            checksum.add(DocumentKind::Product.name(), item["sku"].as_str().unwrap(), revision);
        }
    }
    checksum
}

async fn agrees_with_the_tables(shop: &SearchFixture) {
    assert_eq!(shop.state().current.manifest.checksum, stored(shop).await);
}

/// Opens a shop with three indexed products, of which `mug` cannot be read any more.
async fn shop_with_a_damaged_product() -> SearchFixture {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea"), ("mug", "Tea mug"), ("pot", "Tea pot")])
        .await;
    shop.shop.engine.damage_product("mug").await;
    shop
}

#[tokio::test]
async fn a_product_that_cannot_be_read_does_not_keep_the_others_from_the_index() {
    let shop = shop_with_a_damaged_product().await;
    shop.put("cup", "Tea cup").await;
    shop.name(&["mug", "cup"]).await;
    assert!(shop.write_once().await.unwrap());
    assert_eq!(shop.found("cup").await, ["cup"]);
}

#[tokio::test]
async fn a_product_that_cannot_be_read_does_not_stop_the_daily_comparison() {
    let shop = shop_with_a_damaged_product().await;
    // Enough for several in each shard of the index of changes.
    let skus: Vec<String> = (0..40).map(|nth| format!("cup-{nth}")).collect();
    for sku in &skus {
        shop.put(sku, "Tea cup").await;
    }
    shop.shop.advance(SignedDuration::from_hours(1));
    let summary = shop.sweep().await;
    assert_eq!((summary.compared, summary.damaged, summary.queued), (42, 1, 40));
    assert_eq!(summary.missing, 41, "the damaged one may be missing in the index");
    shop.write().await;
    let found = shop.search(search_call(&[("q", "cup"), ("limit", "100")])).await;
    assert_eq!(ids(&found.body).len(), 40);
    assert_eq!(
        shop.found("mug").await,
        ["mug"],
        "it exists, so it stays as it was indexed last"
    );
}

#[tokio::test]
async fn a_product_that_cannot_be_read_does_not_stop_a_rebuild_or_a_roll_back() {
    let shop = shop_with_a_damaged_product().await;
    let first = shop.state().current.rebuild_id;
    shop.start_rebuild("k").await;
    shop.write().await;
    let state = shop.state();
    assert_ne!(state.current.rebuild_id, first);
    assert_eq!((state.next, state.current.manifest.documents["PRODUCT"]), (None, 2));
    assert_eq!(shop.found("tea").await, ["tea", "pot"]);
    shop.put("cup", "Tea cup").await;
    assert_eq!(shop.roll_back("r").await.status, 200);
    shop.write().await;
    assert_eq!(shop.state().current.rebuild_id, first);
    assert_eq!(shop.found("cup").await, ["cup"]);
}

#[tokio::test]
async fn a_function_that_knows_an_index_searches_it_while_its_state_is_lost_and_built_again() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea")]).await;
    let function = SearchDocuments::new(shop.platform()).unwrap();
    let search = async || ids(&shop.search_on(&function, search_call(&[("q", "green")])).await.body);
    assert_eq!(search().await, ["tea"]);
    let wait = async || {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(3)).await;
        tokio::time::resume();
    };
    shop.s3.remove(SEARCH, "index.json");
    wait().await;
    assert_eq!(search().await, ["tea"], "the state is lost");
    shop.put("pot", "Green pot").await;
    shop.name(&["pot"]).await;
    assert!(shop.write_once().await.unwrap());
    assert!(shop.state().next.is_some());
    wait().await;
    assert_eq!(search().await, ["tea"], "a rebuild is under way");
    shop.write().await;
    wait().await;
    assert_eq!(search().await, ["pot", "tea"]);
}

#[tokio::test]
async fn an_index_whose_state_is_lost_is_built_again_from_the_tables() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea"), ("mug", "Tea mug")]).await;
    shop.s3.remove(SEARCH, "index.json");
    shop.index(&[("pot", "Tea pot")]).await;
    agrees_with_the_tables(&shop).await;
    assert_eq!(shop.state().previous, None, "nothing to roll back to");
    // Without a message, the daily run begins it.
    shop.s3.remove(SEARCH, "index.json");
    shop.sweep().await;
    shop.write().await;
    agrees_with_the_tables(&shop).await;
}

#[tokio::test]
async fn a_first_deployment_to_a_shop_with_products_indexes_all_of_them() {
    let shop = SearchFixture::open().await;
    shop.put("tea", "Green tea").await;
    shop.put("mug", "Tea mug").await;
    shop.index(&[("pot", "Tea pot")]).await;
    agrees_with_the_tables(&shop).await;
    assert_eq!(shop.state().next, None);
}

#[tokio::test]
async fn an_index_of_another_version_is_rebuilt_by_the_daily_run_also_without_a_message() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea"), ("mug", "Tea mug")]).await;
    let mut state = shop.state();
    state.current.manifest.analyzer_version += 1;
    shop.s3
        .upload(SEARCH, "index.json", &serde_json::to_vec(&state).unwrap());
    shop.sweep().await;
    shop.write().await;
    assert_eq!(shop.found("green").await, ["tea"]);
    agrees_with_the_tables(&shop).await;
}

/// The document that the present product makes.
async fn document(shop: &SearchFixture, sku: &str) -> Document {
    let ids = [sku.to_owned()].into();
    let deadline = shop.shop.invocation().deadline;
    let read = shop.writer.sources.read(DocumentKind::Product, &ids, deadline).await;
    read.unwrap().documents.remove(0)
}

#[tokio::test]
async fn after_a_restore_of_the_table_the_daily_run_replaces_what_is_newer_in_the_index() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea"), ("mug", "Tea mug"), ("pot", "Tea pot")])
        .await;
    let mut newer = document(&shop, "tea").await;
    newer.version += 1 << 16;
    newer.titles[0].text = "Black tea".to_owned();
    let engine = shop.writer.engines.embedded();
    engine.write(&[newer], &shop.shop.invocation()).await.unwrap();
    shop.shop.engine.remove_product("mug").await;
    assert_eq!(shop.found("black").await, ["tea"]);
    // A rebuild has fewer documents than the index, and is refused.
    let before = shop.state().current.rebuild_id;
    shop.start_rebuild("k").await;
    shop.write().await;
    assert_eq!(shop.state().current.rebuild_id, before);
    shop.shop.advance(SignedDuration::from_hours(1));
    let summary = shop.sweep().await;
    assert_eq!((summary.queued, summary.replaced, summary.missing), (0, 2, 2));
    shop.write().await;
    agrees_with_the_tables(&shop).await;
    assert_eq!(shop.found("green").await, ["tea"]);
    assert!(shop.found("mug").await.is_empty());
    assert_eq!(shop.sweep().await.differing_buckets, 0);
    shop.start_rebuild("k2").await;
    shop.write().await;
    assert_ne!(shop.state().current.rebuild_id, before);
}

#[tokio::test]
async fn a_request_to_replace_removes_nothing_that_exists_and_may_arrive_twice() {
    let shop = shop_with_a_damaged_product().await;
    shop.put("cup", "Tea cup").await;
    let queue = shared::search::IndexQueue::new(shop.platform()).unwrap();
    let skus = ["tea", "mug", "cup", "unknown"].map(str::to_owned);
    for _ in 0..2 {
        let deadline = shop.shop.invocation().deadline;
        queue.replace(DocumentKind::Product, &skus, deadline).await.unwrap();
        shop.write().await;
        let mut found = shop.found("tea").await;
        found.sort();
        assert_eq!(found, ["cup", "mug", "pot", "tea"]);
    }
}

#[tokio::test]
async fn a_rebuild_of_many_steps_makes_the_same_index_while_changes_go_on() {
    let mut shop = SearchFixture::open().await;
    shop.writer.step = 5;
    let skus: Vec<String> = (0..23).map(|nth| format!("tea-{nth}")).collect();
    let products: Vec<(&str, &str)> = skus.iter().map(|sku| (sku.as_str(), "Green tea")).collect();
    shop.index(&products).await;
    let before = shop.state().current.rebuild_id;
    shop.start_rebuild("k").await;
    let mut steps = 0;
    while shop.state().next.is_some() {
        let created = format!("new-{steps}");
        shop.put(&created, "Green pot").await;
        shop.change(&skus[steps], &json!({ "name": "Black tea" })).await;
        shop.change(&skus[22 - steps], &json!({ "status": "UNLISTED" })).await;
        // A change that no message names is met by the walk, since it moves ahead of it, or by the daily run.
        shop.name(&[&created, &skus[steps], &skus[22 - steps]]).await;
        shop.write_once().await.unwrap();
        steps += 1;
    }
    assert!(steps >= 4, "{steps} steps");
    shop.write().await;
    assert_ne!(shop.state().current.rebuild_id, before);
    agrees_with_the_tables(&shop).await;
    assert_eq!(shop.sweep().await.differing_buckets, 0);
}
