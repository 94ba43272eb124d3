//! Search: what is found, how the index follows the products, and what interrupts its writer.

use function_tests::SearchFixture;
use function_tests::search_fixture::{ids, search_call};
use harness::gateway::Call;
use harness::platform::SEARCH;
use jiff::SignedDuration;
use proptest::prelude::*;
use search::search_documents::SearchDocuments;
use search::write_index::WriteIndex;
use search_engine::Checksum;
use serde_json::json;
use shared::search::DocumentKind;

const INVALID_PARAMETER: &str = "urn:madang:problem:invalid-parameter";

fn suggest_call(typed: &str) -> Call {
    Call::new("GET", "/search/suggestions").query("q", typed)
}

/// The checksum of the products as they are stored.
async fn stored(shop: &SearchFixture) -> Checksum {
    let mut checksum = Checksum::default();
    for item in shop.shop.engine.items(harness::engine::CATALOG).await {
        if item["pk"].as_str().unwrap().starts_with("PRODUCT#") {
            let (version, wakes) = (
                item["version"].as_u64().unwrap(),
                item["wakes"].as_u64().unwrap_or_default(),
            );
            checksum.add(
                DocumentKind::Product.name(),
                item["sku"].as_str().unwrap(),
                version << 16 | wakes,
            );
        }
    }
    checksum
}

#[tokio::test]
async fn before_anything_is_indexed_a_search_finds_nothing() {
    let shop = SearchFixture::open().await;
    let answer = shop.search(search_call(&[("q", "tea")])).await;
    assert_eq!(
        (answer.status, &answer.body),
        (200, &json!({ "q": "tea", "items": [] }))
    );
    let answer = shop.suggest(suggest_call("t")).await;
    assert_eq!((answer.status, &answer.body), (200, &json!({ "q": "t", "items": [] })));
}

#[tokio::test]
async fn products_are_found_in_korean_and_english_by_initials_and_with_a_typo() {
    let shop = SearchFixture::open().await;
    shop.index(&[
        ("seogwipo", "서귀포 감귤 2kg"),
        ("green-tea", "Green tea, 100 g"),
        ("keyboard", "기계식 키보드"),
    ])
    .await;
    assert_eq!(shop.found("감귤").await, ["seogwipo"]);
    assert_eq!(shop.found("귀포감").await, ["seogwipo"]);
    assert_eq!(shop.found("ㄱㅂㄷ").await, Vec::<String>::new());
    assert_eq!(shop.found("ㅋㅂㄷ").await, ["keyboard"]);
    assert_eq!(shop.found("gre").await, ["green-tea"]);
    assert_eq!(shop.found("grene").await, ["green-tea"]);
    assert_eq!(shop.found("green-tea").await, ["green-tea"], "the SKU is a name too");
    let answer = shop.search(search_call(&[("q", "감귤")])).await;
    let result = &answer.body["items"][0];
    assert_eq!(result["kind"], "PRODUCT");
    assert_eq!(result["highlights"], json!([{ "start": 4, "end": 6 }]));
    assert_eq!(
        result["product"]["current_price"],
        json!({ "amount": 1000, "currency": "KRW" })
    );
}

#[tokio::test]
async fn what_is_being_typed_is_completed() {
    let shop = SearchFixture::open().await;
    shop.index(&[("gamgyul", "감귤 한 상자"), ("gate", "Gate valve")]).await;
    for typed in ["감", "감ㄱ", "ㄱㄱ"] {
        let answer = shop.suggest(suggest_call(typed)).await;
        assert_eq!(answer.body["items"][0]["text"], "감귤 한 상자", "{typed}: {answer:?}");
    }
}

#[tokio::test]
async fn an_sku_is_found_and_never_suggested() {
    let shop = SearchFixture::open().await;
    shop.index(&[("matcha-1", "Fine matcha"), ("matcha-2", "Green tea")])
        .await;
    let answer = shop.suggest(suggest_call("mat")).await;
    let items = answer.body["items"].as_array().unwrap();
    let texts: Vec<&str> = items.iter().map(|item| item["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["Fine matcha"]);
    assert_eq!(shop.found("matcha-2").await, ["matcha-2"]);
}

#[tokio::test]
async fn a_changed_product_is_found_by_its_new_name_only_and_a_hidden_one_not_at_all() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea")]).await;
    shop.index(&[("tea", "Black tea")]).await;
    assert_eq!(shop.found("black").await, ["tea"]);
    assert!(shop.found("green").await.is_empty());
    shop.change("tea", &json!({ "status": "UNLISTED" })).await;
    shop.name(&["tea"]).await;
    shop.write().await;
    assert!(shop.found("black").await.is_empty());
}

#[tokio::test]
async fn a_schedule_shows_and_hides_a_product_and_changes_its_price() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea")]).await;
    let at = |minutes| shop.shop.now() + SignedDuration::from_mins(minutes);
    let sale = json!({
        "price": { "amount": 700, "currency": "KRW" }, "starts_at": at(2), "ends_at": at(4),
    });
    shop.change("tea", &json!({ "list_at": at(1), "unlist_at": at(6), "sale": sale }))
        .await;
    shop.name(&["tea"]).await;
    shop.write().await;
    let price = async || {
        let answer = shop.search(search_call(&[("q", "green")])).await;
        answer.body["items"][0]["product"]["current_price"]["amount"].clone()
    };
    assert_eq!(price().await, json!(null), "it is listed in a minute");
    for (wait, expected) in [(1, json!(1000)), (1, json!(700)), (2, json!(1000)), (2, json!(null))] {
        shop.shop.advance(SignedDuration::from_mins(wait));
        shop.shop.apply_product_schedules().await.unwrap();
        shop.name(&["tea"]).await;
        shop.write().await;
        assert_eq!(price().await, expected, "after {wait} minutes more");
        assert_eq!(shop.sweep().await.differing_buckets, 0);
    }
    // A rebuild follows the schedule too.
    shop.start_rebuild("k").await;
    shop.write().await;
    assert_eq!(price().await, json!(null));
}

#[tokio::test]
async fn a_product_is_not_found_after_its_unlisting_although_the_index_is_behind() {
    let shop = SearchFixture::open().await;
    shop.put("tea", "Green tea").await;
    let unlist_at = shop.shop.now() + SignedDuration::from_mins(1);
    shop.change("tea", &json!({ "unlist_at": unlist_at })).await;
    shop.name(&["tea"]).await;
    shop.write().await;
    assert_eq!(shop.found("green").await, ["tea"]);
    shop.shop.advance(SignedDuration::from_mins(1));
    assert!(shop.found("green").await.is_empty());
}

#[tokio::test]
async fn a_page_whose_products_are_all_hidden_by_now_is_filled_from_the_next_one() {
    let shop = SearchFixture::open().await;
    shop.put("old", "Green tea").await;
    let unlist_at = shop.shop.now() + SignedDuration::from_mins(1);
    let skus: Vec<String> = (0..12).map(|nth| format!("tea-{nth}")).collect();
    for sku in &skus {
        shop.put(sku, "Green tea").await;
        shop.change(sku, &json!({ "unlist_at": unlist_at })).await;
    }
    shop.name(&Vec::from_iter(skus.iter().map(String::as_str))).await;
    shop.name(&["old"]).await;
    shop.write().await;
    shop.shop.advance(SignedDuration::from_mins(1));
    let page = shop.search(search_call(&[("q", "tea"), ("limit", "5")])).await;
    assert_eq!(ids(&page.body), ["old"], "{page:?}");
    assert_eq!(page.body["next_cursor"], json!(null));
    // A request reads ten pages at most, and its cursor leads on.
    let page = shop.search(search_call(&[("q", "tea"), ("limit", "1")])).await;
    assert!(ids(&page.body).is_empty(), "{page:?}");
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let page = shop
        .search(search_call(&[("q", "tea"), ("limit", "1"), ("cursor", cursor)]))
        .await;
    assert_eq!(ids(&page.body), ["old"], "{page:?}");
}

#[tokio::test]
async fn a_damaged_index_is_rebuilt() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea"), ("mug", "Tea mug")]).await;
    let bundle = shop.state().current.manifest.bundles[0].name.clone();
    shop.s3.upload(SEARCH, &format!("bundles/{bundle}"), b"damaged");
    assert_eq!(shop.search(search_call(&[("q", "green")])).await.status, 500);
    shop.start_rebuild("k").await;
    let delivery = shop.queue.receive(10, shop.shop.now()).unwrap();
    let writer = WriteIndex::new(shop.platform()).unwrap();
    shop.write_batch(&writer, delivery.batch).await.unwrap();
    assert_eq!(shop.found("green").await, ["tea"]);
}

#[tokio::test]
async fn a_rebuild_whose_message_was_lost_is_continued_by_the_daily_run() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea")]).await;
    shop.start_rebuild("k").await;
    let lost = shop.queue.receive(10, shop.shop.now()).unwrap();
    shop.queue.settle(&lost, &Default::default());
    shop.sweep().await;
    shop.write().await;
    assert_eq!(shop.state().next, None);
}

#[tokio::test]
async fn a_message_that_arrives_late_shows_no_older_version() {
    let shop = SearchFixture::open().await;
    shop.put("tea", "Green tea").await;
    shop.name(&["tea"]).await;
    let late = shop.queue.receive(10, shop.shop.now()).unwrap().batch;
    shop.change("tea", &json!({ "status": "UNLISTED" })).await;
    shop.name(&["tea"]).await;
    shop.write().await;
    shop.write_batch(&shop.writer, late).await.unwrap();
    assert!(shop.found("tea").await.is_empty());
    assert_eq!(shop.state().current.manifest.checksum, stored(&shop).await);
}

#[tokio::test]
async fn a_message_about_an_unchanged_product_commits_nothing() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea")]).await;
    let (state, changes) = (shop.state(), shop.s3.changes());
    shop.name(&["tea", "unknown"]).await;
    shop.write().await;
    assert_eq!((shop.state(), shop.s3.changes()), (state, changes));
}

#[tokio::test]
async fn a_page_leads_to_the_next_one_and_its_cursor_is_good_for_no_other_search() {
    let shop = SearchFixture::open().await;
    let skus: Vec<String> = (0..25).map(|nth| format!("tea-{nth}")).collect();
    let products: Vec<(&str, &str)> = skus.iter().map(|sku| (sku.as_str(), "Green tea")).collect();
    shop.index(&products).await;
    let (mut found, mut cursor) = (vec![], String::new());
    loop {
        let mut parameters = vec![("q", "tea"), ("limit", "10")];
        if !cursor.is_empty() {
            parameters.push(("cursor", &cursor));
        }
        let page = shop.search(search_call(&parameters)).await;
        assert_eq!(page.status, 200, "{page:?}");
        found.extend(ids(&page.body));
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
        // A commit between two pages.
        shop.index(&[("mug", "Tea mug")]).await;
    }
    found.retain(|id| id != "mug");
    let count = found.len();
    found.sort();
    found.dedup();
    assert_eq!((found.len(), count), (25, 25));
    let other = shop
        .search(search_call(&[("q", "green"), ("limit", "10"), ("cursor", &cursor)]))
        .await;
    assert_eq!(other.body["type"], INVALID_PARAMETER);
}

#[tokio::test]
async fn filters_leave_a_category_and_a_range_of_prices() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea"), ("mug", "Tea mug")]).await;
    shop.change("mug", &json!({ "price": { "amount": 9000, "currency": "KRW" } }))
        .await;
    shop.name(&["mug"]).await;
    shop.write().await;
    let by = async |parameters: &[(&str, &str)]| ids(&shop.search(search_call(parameters)).await.body);
    assert_eq!(
        by(&[("q", "tea"), ("currency", "KRW"), ("price_to", "1000")]).await,
        ["tea"]
    );
    assert_eq!(by(&[("currency", "KRW"), ("price_from", "1001")]).await, ["mug"]);
    assert_eq!(
        by(&[("q", "tea"), ("currency", "KRW"), ("order", "PRICE_DESC")]).await,
        ["mug", "tea"]
    );
    assert!(by(&[("q", "tea"), ("currency", "USD")]).await.is_empty());
    assert!(by(&[("q", "tea"), ("category", "drinks")]).await.is_empty());
}

#[tokio::test]
async fn a_parameter_out_of_range_is_refused() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea")]).await;
    let long = "가".repeat(65);
    for parameters in [
        vec![("q", long.as_str())],
        vec![("kind", "TREE")],
        vec![("category", "Drinks")],
        vec![("price_from", "1")],
        vec![("order", "PRICE_ASC")],
        vec![("order", "PRICE_DESC")],
        vec![("currency", "KRW"), ("price_from", "-1")],
        vec![("currency", "KRW"), ("price_from", "1.5")],
        vec![("order", "RANDOM")],
        vec![("limit", "0")],
        vec![("cursor", "AAAA")],
    ] {
        let answer = shop.search(search_call(&parameters)).await;
        assert_eq!(answer.body["type"], INVALID_PARAMETER, "{parameters:?}: {answer:?}");
    }
    let answer = shop.suggest(Call::new("GET", "/search/suggestions")).await;
    assert_eq!(answer.body["type"], INVALID_PARAMETER);
}

#[tokio::test]
async fn a_text_of_any_characters_is_searched_as_text() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea")]).await;
    for text in [
        "tea AND",
        "\"tea",
        "tea*",
        "(",
        "title:tea",
        "[a TO z]",
        "+-!",
        "~1",
        "\u{0}",
        "🍵",
        "ᄀ",
        "  ",
    ] {
        let call = search_call(&[]).query("q", text);
        let answer = shop.search(call).await;
        assert!(matches!(answer.status, 200 | 400), "{text:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_writer_that_dies_at_any_step_loses_nothing() {
    let shop = SearchFixture::open().await;
    shop.index(&[("mug", "Tea mug")]).await;
    // The SDK sends a request three times.
    for (method, before) in [("GET", 0), ("PUT", 0), ("PUT", 1)] {
        let sku = format!("tea-{method}-{before}").to_lowercase();
        shop.put(&sku, "Green tea").await;
        shop.name(&[&sku]).await;
        for _ in 0..before {
            shop.s3.plan_served(method);
        }
        for _ in 0..3 {
            shop.s3.plan(method, 500);
        }
        let delivery = shop.queue.receive(10, shop.shop.now()).unwrap();
        let killed = shop
            .write_batch(&WriteIndex::new(shop.platform()).unwrap(), delivery.batch.clone())
            .await;
        assert!(killed.is_err(), "{method} {before}");
        assert!(!shop.found("mug").await.is_empty(), "the index is readable");
        shop.write_batch(&WriteIndex::new(shop.platform()).unwrap(), delivery.batch.clone())
            .await
            .unwrap();
        shop.queue.settle(&delivery, &Default::default());
        assert_eq!(shop.found("green").await.len(), shop.found("green tea").await.len());
        assert_eq!(shop.state().current.manifest.checksum, stored(&shop).await);
    }
}

#[tokio::test]
async fn a_commit_whose_response_was_lost_is_recognized() {
    let shop = SearchFixture::open().await;
    shop.index(&[("mug", "Tea mug")]).await;
    shop.put("tea", "Green tea").await;
    shop.name(&["tea"]).await;
    let generation = shop.state().current.manifest.generation;
    shop.s3.lose_answer("PUT");
    shop.s3.lose_answer("PUT");
    shop.write().await;
    assert_eq!(
        shop.state().current.manifest.generation,
        generation + 1,
        "committed once"
    );
    assert_eq!(shop.found("green").await, ["tea"]);
}

#[tokio::test]
async fn of_two_writers_at_once_none_loses_a_change() {
    let shop = SearchFixture::open().await;
    shop.index(&[("pot", "Tea pot")]).await;
    for round in 0..5 {
        let skus = [format!("tea-{round}"), format!("mug-{round}")];
        let mut batches = vec![];
        for sku in &skus {
            shop.put(sku, "Green thing").await;
            shop.name(&[sku]).await;
            let delivery = shop.queue.receive(10, shop.shop.now()).unwrap();
            shop.queue.settle(&delivery, &Default::default());
            batches.push(delivery.batch);
        }
        let writers = [(); 2].map(|()| WriteIndex::new(shop.platform()).unwrap());
        let (one, other) = futures::join!(
            shop.write_batch(&writers[0], batches[0].clone()),
            shop.write_batch(&writers[1], batches[1].clone()),
        );
        one.unwrap();
        other.unwrap();
        assert_eq!(shop.state().current.manifest.checksum, stored(&shop).await);
    }
    assert_eq!(shop.found("green").await.len(), 10);
}

#[tokio::test]
async fn a_reader_sees_a_commit_after_two_seconds_and_survives_an_outage_of_the_bucket() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea")]).await;
    let function = SearchDocuments::new(shop.platform()).unwrap();
    let search = async || ids(&shop.search_on(&function, search_call(&[("q", "green")])).await.body);
    assert_eq!(search().await, ["tea"]);
    shop.index(&[("pot", "Green pot")]).await;
    assert_eq!(search().await, ["tea"], "looked two seconds ago at most");
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(3)).await;
    for _ in 0..3 {
        shop.s3.plan("GET", 503);
    }
    assert_eq!(search().await, ["tea"], "the bucket is busy");
    tokio::time::advance(std::time::Duration::from_secs(3)).await;
    assert_eq!(search().await.len(), 2);
}

#[tokio::test]
async fn a_lost_message_is_found_by_the_daily_comparison() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea"), ("mug", "Tea mug")]).await;
    assert_eq!(shop.sweep().await.differing_buckets, 0);
    shop.put("pot", "Tea pot").await;
    shop.put("mug", "Coffee mug").await;
    let summary = shop.sweep().await;
    assert_eq!((summary.compared, summary.differing_buckets, summary.queued), (3, 2, 2));
    shop.write().await;
    assert_eq!(shop.found("pot").await, ["pot"]);
    assert_eq!(shop.found("coffee").await, ["mug"]);
    assert_eq!(shop.sweep().await.differing_buckets, 0);
}

#[tokio::test]
async fn bundles_that_nobody_uses_are_removed_after_a_day() {
    let shop = SearchFixture::open().await;
    for round in 0..12 {
        shop.index(&[("tea", &format!("Green tea {round}"))]).await;
    }
    let bundles = || shop.s3.objects(SEARCH).len() - 1;
    let before = bundles();
    assert_eq!(shop.sweep().await.removed, 0, "a function may still read them");
    shop.shop.advance(SignedDuration::from_hours(25));
    let removed = shop.sweep().await.removed;
    assert!(removed > 0);
    assert_eq!(bundles(), before - removed);
    assert_eq!(shop.found("green").await, ["tea"]);
}

#[tokio::test]
async fn many_commits_leave_few_bundles() {
    let shop = SearchFixture::open().await;
    for round in 0..40 {
        shop.index(&[(&format!("tea-{round}"), "Green tea")]).await;
        assert!(shop.state().current.manifest.bundles.len() <= 10);
    }
    let page = shop.search(search_call(&[("q", "green"), ("limit", "100")])).await;
    assert_eq!(ids(&page.body).len(), 40);
}

#[tokio::test]
async fn a_rebuild_makes_the_same_index_while_changes_go_on() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea"), ("mug", "Tea mug"), ("pot", "Tea pot")])
        .await;
    shop.change("pot", &json!({ "status": "UNLISTED" })).await;
    shop.name(&["pot"]).await;
    shop.write().await;
    let answer = shop.start_rebuild("k").await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(answer.body["rebuild"]["read"], 0);
    // Before its first step.
    shop.put("cup", "Tea cup").await;
    shop.change("mug", &json!({ "name": "Coffee mug" })).await;
    shop.name(&["cup", "mug"]).await;
    let retry = shop.start_rebuild("k").await;
    assert_eq!(retry.headers["idempotency-replayed"], "true");
    shop.write().await;
    let state = shop.state();
    assert_eq!(
        state.current.rebuild_id.map(|id| id.to_string()),
        answer.body["rebuild"]["rebuild_id"].as_str().map(str::to_owned)
    );
    assert_eq!(
        (state.next, state.current.manifest.checksum),
        (None, stored(&shop).await)
    );
    assert_eq!(shop.found("coffee").await, ["mug"]);
    assert!(
        shop.found("pot").await.is_empty(),
        "a rebuild shows nothing that is hidden"
    );
    let seen = shop.see_index().await;
    assert_eq!(
        (&seen.body["documents"]["PRODUCT"], &seen.body["has_previous"]),
        (&json!(4), &json!(true))
    );
}

#[tokio::test]
async fn a_step_of_a_rebuild_that_is_delivered_twice_has_no_effect() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea")]).await;
    shop.queue.deliver_twice(true);
    shop.start_rebuild("k").await;
    shop.write().await;
    let state = shop.state();
    assert_eq!(
        (state.next, state.current.manifest.checksum),
        (None, stored(&shop).await)
    );
}

#[tokio::test]
async fn an_index_of_another_version_is_rebuilt_by_itself() {
    let shop = SearchFixture::open().await;
    shop.index(&[("tea", "Green tea"), ("mug", "Tea mug")]).await;
    let mut state = shop.state();
    state.current.manifest.analyzer_version += 1;
    shop.s3
        .upload(SEARCH, "index.json", &serde_json::to_vec(&state).unwrap());
    assert_eq!(shop.search(search_call(&[("q", "green")])).await.status, 503);
    shop.index(&[("pot", "Green pot")]).await;
    assert_eq!(shop.found("green").await.len(), 2);
    assert_eq!(shop.state().current.manifest.checksum, stored(&shop).await);
}

#[tokio::test]
async fn a_roll_back_searches_the_build_before_and_catches_up() {
    let shop = SearchFixture::open().await;
    let refused = shop.roll_back("k0").await;
    let reason = &refused.body["type"];
    assert_eq!(
        (refused.status, reason),
        (409, &json!("urn:madang:problem:no-previous-build"))
    );
    shop.index(&[("tea", "Green tea")]).await;
    let first = shop.state().current.rebuild_id;
    shop.start_rebuild("k").await;
    shop.write().await;
    shop.index(&[("mug", "Green mug")]).await;
    let answer = shop.roll_back("k1").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    shop.write().await;
    assert_eq!(shop.state().current.rebuild_id, first);
    assert_eq!(shop.state().current.manifest.checksum, stored(&shop).await);
    let retry = shop.roll_back("k1").await;
    assert_eq!(retry.headers["idempotency-replayed"], "true");
    assert_eq!(shop.roll_back("k2").await.status, 409);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn doubled_and_shuffled_messages_lead_to_the_same_index(
        changes in prop::collection::vec((0..6_usize, "[a-z가-힣]{1,6}", any::<bool>()), 1..25),
        seed in any::<u64>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let shop = SearchFixture::open().await;
            shop.queue.deliver_twice(true);
            shop.queue.shuffle(seed);
            for (product, name, writes) in &changes {
                let sku = format!("sku-{product}");
                shop.put(&sku, name).await;
                shop.name(&[&sku]).await;
                if *writes {
                    shop.write_once().await.unwrap();
                }
            }
            shop.write().await;
            assert_eq!(shop.state().current.manifest.checksum, stored(&shop).await);
        });
    }
}
