//! How administrators find orders by names: what is found, who may search, and how names are erased from the index.

use function_tests::private_search_fixture::{PrivateSearchFixture, ids, search_orders_call};
use harness::engine::{LOOKUPS, ORDERS};
use harness::gateway::Call;
use jiff::SignedDuration;
use search_engine::{Index, Query};
use serde_json::json;
use shared::search::PrivateIndexCommand;

const DAY: SignedDuration = SignedDuration::from_hours(24);

#[tokio::test]
async fn before_anything_is_indexed_nothing_is_found() {
    let shop = PrivateSearchFixture::open().await;
    assert!(shop.found("김민지").await.is_empty());
}

#[tokio::test]
async fn an_order_is_found_by_a_part_of_a_name_in_korean_or_english_or_by_an_email_address() {
    let shop = PrivateSearchFixture::open().await;
    let minji = shop.place("ann", "a", "김민지", "minji.kim@example.com").await;
    let bob = shop.place("bob", "b", "Robert O'Hara", "bob@shop.example").await;
    shop.index().await;
    for text in [
        "김민지",
        "민지",
        "김",
        "ㄱㅁㅈ",
        "minji.kim@example.com",
        "minji.kim@exa",
        "minji",
    ] {
        assert_eq!(shop.found(text).await, std::slice::from_ref(&minji), "{text}");
    }
    for text in ["robert", "Rob", "o'hara", "hara", "bob@shop"] {
        assert_eq!(shop.found(text).await, std::slice::from_ref(&bob), "{text}");
    }
    assert!(shop.found("이서준").await.is_empty());
    let answer = shop.search(search_orders_call("민지")).await;
    let item = &answer.body["items"][0];
    assert_eq!(
        (&item["name"], &item["highlights"]),
        (&json!("김민지"), &json!([{ "start": 1, "end": 3 }]))
    );
    assert_eq!(item["order"], shop.shop.see("ann", &minji).await.body);
}

#[tokio::test]
async fn what_is_shown_of_an_order_is_current_and_an_order_without_names_is_not_found() {
    let shop = PrivateSearchFixture::open().await;
    let order = shop.place("ann", "a", "김민지", "a@example.com").await;
    shop.shop.order("bob", "b", &[("tea", 1)]).await;
    shop.index().await;
    shop.shop.cancel("ann", &order).await;
    let answer = shop.search(search_orders_call("김민지")).await;
    assert_eq!(answer.body["items"][0]["order"]["status"], "CANCELLED");
    assert_eq!(shop.state().current.manifest.document_count(), 2);
}

#[tokio::test]
async fn only_administrators_search_and_a_text_is_needed() {
    let shop = PrivateSearchFixture::open().await;
    let route = || Call::new("GET", "/admin/orders/search").query("q", "김민지");
    assert_eq!(shop.search(route().by("ann")).await.problem(), "forbidden");
    assert_eq!(shop.search(route()).await.problem(), "unauthenticated");
    shop.place("ann", "a", "김민지", "a@example.com").await;
    shop.index().await;
    let long = "가".repeat(65);
    for text in ["", " ", &long] {
        let refused = shop.search(search_orders_call(text)).await;
        assert_eq!(
            (refused.status, &refused.body["parameter"]),
            (400, &json!("q")),
            "{refused:?}"
        );
    }
    let missing = shop.search(Call::new("GET", "/admin/orders/search").by_admin()).await;
    assert_eq!(missing.body["parameter"], "q");
}

#[tokio::test]
async fn pages_have_each_order_once() {
    let shop = PrivateSearchFixture::open().await;
    for n in 0..7 {
        let key = n.to_string();
        shop.place("ann", &key, "김민지", "a@example.com").await;
    }
    shop.index().await;
    let (mut seen, mut cursor) = (vec![], None::<String>);
    loop {
        let mut call = search_orders_call("민지").query("limit", "3");
        if let Some(cursor) = &cursor {
            call = call.query("cursor", cursor);
        }
        let page = shop.search(call).await;
        seen.extend(ids(&page));
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
        // A commit between two pages.
        let key = format!("later{}", seen.len());
        shop.place("bob", &key, "김민지", "b@example.com").await;
        shop.index().await;
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count, "none twice");
    assert!(count >= 7);
}

#[tokio::test]
async fn an_erased_name_is_not_found_at_once_and_leaves_the_index_with_the_next_message() {
    let shop = PrivateSearchFixture::open().await;
    let of_ann = shop.place("ann", "a", "김민지", "minji@example.com").await;
    let of_bob = shop.place("bob", "b", "김민지", "bob@example.com").await;
    shop.index().await;
    assert_eq!(shop.found("민지").await, [of_bob.clone(), of_ann]);
    shop.shop.erase_personal_data("ann").await;
    assert_eq!(shop.found("민지").await, std::slice::from_ref(&of_bob), "at once");
    for _ in 0..2 {
        shop.shop.erase_lookups(&["ann"]).await.unwrap();
        shop.write().await;
        assert_eq!(
            in_index(&shop, "민지"),
            std::slice::from_ref(&of_bob),
            "also in the index itself"
        );
    }
    // A later order under a new key is found.
    let later = shop.place("ann", "c", "김민지", "minji@example.com").await;
    shop.index().await;
    assert_eq!(shop.found("민지").await, [later, of_bob]);
}

#[tokio::test]
async fn a_message_that_arrives_late_brings_no_erased_name_back() {
    let shop = PrivateSearchFixture::open().await;
    shop.place("ann", "a", "김민지", "minji@example.com").await;
    shop.shop.index_all_orders().await;
    let late = shop.queue.receive(10, shop.shop.now()).unwrap().batch;
    shop.write_batch(late.clone()).await.unwrap();
    assert_eq!(in_index(&shop, "민지").len(), 1);
    shop.shop.erase_personal_data("ann").await;
    shop.shop.erase_lookups(&["ann"]).await.unwrap();
    shop.write().await;
    for _ in 0..2 {
        shop.write_batch(late.clone()).await.unwrap();
        assert!(in_index(&shop, "민지").is_empty());
    }
}

#[tokio::test]
async fn an_erased_name_is_in_no_bundle_after_three_daily_runs() {
    let shop = PrivateSearchFixture::open().await;
    shop.place("ann", "a", "김민지", "minji@example.com").await;
    let of_bob = shop.place("bob", "b", "박서준", "bob@example.com").await;
    shop.index().await;
    let with_the_name = shop.bundles();
    shop.shop.erase_personal_data("ann").await;
    shop.shop.erase_lookups(&["ann"]).await.unwrap();
    shop.write().await;
    for _ in 0..3 {
        shop.shop.advance(DAY);
        shop.sweep().await;
        shop.write().await;
    }
    let manifest = shop.state().current.manifest;
    assert_eq!(manifest.deleted, 0);
    let used: Vec<String> = manifest.bundles.iter().map(|bundle| bundle.name.clone()).collect();
    assert_eq!(shop.bundles(), used, "no other bundle is left");
    assert!(with_the_name.iter().all(|bundle| !used.contains(bundle)));
    assert_eq!(shop.found("서준").await, [of_bob]);
}

#[tokio::test]
async fn an_order_whose_message_was_lost_is_found_after_the_daily_run() {
    let shop = PrivateSearchFixture::open().await;
    let order = shop.place("ann", "a", "김민지", "minji@example.com").await;
    shop.shop.index_all_orders().await;
    let lost = shop.queue.receive(10, shop.shop.now()).unwrap();
    shop.queue.settle(&lost, &Default::default());
    let summary = shop.sweep().await;
    assert_eq!((summary.compared, summary.queued), (1, 1));
    shop.write().await;
    assert_eq!(shop.found("민지").await, [order]);
    assert_eq!(shop.sweep().await.queued, 0);
}

#[tokio::test]
async fn an_index_of_another_version_begins_empty_and_the_daily_run_fills_it() {
    let shop = PrivateSearchFixture::open().await;
    let order = shop.place("ann", "a", "김민지", "minji@example.com").await;
    shop.index().await;
    let mut state = shop.state();
    state.current.manifest.analyzer_version += 1;
    let bytes = serde_json::to_vec(&state).unwrap();
    shop.s3.upload(harness::platform::PRIVATE_SEARCH, "index.json", &bytes);
    assert_eq!(shop.search(search_orders_call("민지")).await.status, 503);
    shop.sweep().await;
    shop.write().await;
    assert_eq!(shop.found("민지").await, [order]);
}

#[tokio::test]
async fn names_are_in_no_message_and_no_row() {
    let shop = PrivateSearchFixture::open().await;
    shop.place("ann", "a", "김민지", "minji@example.com").await;
    shop.shop.index_all_orders().await;
    let batch = shop.queue.receive(10, shop.shop.now()).unwrap().batch;
    assert_eq!(batch.messages.len(), 1);
    let command: PrivateIndexCommand = serde_json::from_str(&batch.messages[0].body).unwrap();
    assert!(matches!(command, PrivateIndexCommand::Index { .. }));
    let mut texts = vec![batch.messages[0].body.clone()];
    for table in [LOOKUPS, ORDERS] {
        texts.extend(shop.shop.engine.items(table).await.iter().map(ToString::to_string));
    }
    for secret in ["민지", "minji"] {
        assert!(texts.iter().all(|text| !text.contains(secret)), "{secret}");
    }
}

/// The orders that the index itself has under a text, whoever may see them.
fn in_index(shop: &PrivateSearchFixture, text: &str) -> Vec<String> {
    let folder = std::env::temp_dir().join(format!("private-index-{}", fastrand::u64(..)));
    let manifest = shop.state().current.manifest;
    let objects = shop.s3.objects(harness::platform::PRIVATE_SEARCH);
    let fetch = |name: &str| Ok::<_, std::io::Error>(objects[&format!("bundles/{name}")].bytes.clone());
    search_engine::fetch_missing(&folder, &manifest, fetch).unwrap();
    let index = Index::open(&folder, &manifest).unwrap();
    let query = Query {
        text: text.to_owned(),
        limit: 100,
        ..Query::default()
    };
    let hits = index.search(&query).unwrap().hits;
    std::fs::remove_dir_all(folder).ok();
    hits.into_iter().map(|hit| hit.id).collect()
}
