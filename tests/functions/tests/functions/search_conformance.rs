//! What every search engine does: the same tests on the embedded engine and on a server.
//!
//! The server is one of Elasticsearch's wire protocol, which `pip` installs from `search-server.txt`; without it these tests
//! say so and pass, unless `MADANG_SEARCH_SERVER` is set. With `MADANG_OPENSEARCH_ENDPOINT=https://…`, a region and
//! credentials in the environment they run on that OpenSearch instead, in indexes of their own.

use std::collections::BTreeSet;

use function_tests::SearchFixture;
use function_tests::search_fixture::{ids, search_call};
use harness::gateway::Call;
use jiff::SignedDuration;
use search_engine::sample::{self, Random};
use search_engine::{Checksum, Document, Order, Query, Title};
use serde_json::{Value, json};
use shared::search::DocumentKind;

/// Runs each case on the embedded engine and on a server.
macro_rules! on_each_engine {
    ($($case:ident,)*) => {
        mod embedded {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(&function_tests::SearchFixture::open().await).await;
                }
            )*
        }

        mod server {
            $(
                #[tokio::test]
                async fn $case() {
                    let Some(shop) = function_tests::SearchFixture::on_server().await else { return };
                    super::$case(&shop).await;
                    shop.close().await;
                }
            )*
        }
    };
}

on_each_engine! {
    before_anything_is_indexed_a_search_finds_nothing,
    korean_words_are_found_anywhere_in_a_title,
    initial_consonants_stand_for_their_syllables,
    a_half_typed_syllable_is_found,
    english_words_are_found_by_their_beginning,
    near_misses_are_found_when_nothing_matches,
    whole_titles_come_before_beginnings_and_those_before_others,
    quotes_and_operators_are_characters,
    filters_leave_a_kind_a_category_and_a_range_of_prices,
    pages_have_each_product_once_in_each_order,
    an_older_version_never_replaces_a_newer_one,
    a_hidden_product_is_not_found,
    what_is_being_typed_is_completed,
    highlights_are_parts_of_the_original_title,
    a_rebuild_replaces_the_index_and_a_roll_back_returns_to_the_one_before,
    a_damaged_rebuild_does_not_replace_the_index,
    a_lost_change_is_found_by_the_daily_comparison,
    what_only_the_index_has_is_removed_by_the_daily_comparison,
    messages_that_arrive_twice_change_nothing,
}

async fn before_anything_is_indexed_a_search_finds_nothing(shop: &SearchFixture) {
    let answer = shop.search(search_call(&[("q", "tea")])).await;
    assert_eq!(
        (answer.status, &answer.body),
        (200, &json!({ "q": "tea", "items": [] }))
    );
    assert_eq!(suggested(shop, "t").await, Vec::<String>::new());
}

async fn korean_words_are_found_anywhere_in_a_title(shop: &SearchFixture) {
    shop.index(&[
        ("seogwipo", "서귀포 감귤 2kg"),
        ("keyboard", "기계식 키보드"),
        ("decomposed", "\u{1112}\u{1161}\u{11AB}라봉 상자"),
    ])
    .await;
    shop.finds("감귤", &["seogwipo"]).await;
    shop.finds("귀포감", &["seogwipo"]).await;
    shop.finds("감귤 서귀포", &["seogwipo"]).await;
    shop.finds("드", &["keyboard"]).await;
    shop.finds("한라", &["decomposed"]).await;
    shop.finds("감포", &[]).await;
}

async fn initial_consonants_stand_for_their_syllables(shop: &SearchFixture) {
    shop.index(&[("gamgyul", "서귀포 감귤"), ("keyboard", "기계식 키보드")])
        .await;
    shop.finds("ㄱㄱ", &["keyboard", "gamgyul"]).await;
    shop.finds("ㅋㅂㄷ", &["keyboard"]).await;
    shop.finds("감ㄱ", &["gamgyul"]).await;
    shop.finds("ㅅ", &["gamgyul"]).await;
    shop.finds("ㄱㅂㄷ", &[]).await;
}

async fn a_half_typed_syllable_is_found(shop: &SearchFixture) {
    shop.index(&[("gamgyul", "서귀포 감귤"), ("chicken", "통닭 한 마리")])
        .await;
    shop.finds("감규", &["gamgyul"]).await;
    shop.finds("통달", &["chicken"]).await;
    assert_eq!(quality(shop, "감규").await, ["SIMILAR"]);
}

async fn english_words_are_found_by_their_beginning(shop: &SearchFixture) {
    shop.index(&[("tea", "Green Tea, 100 g"), ("phone", "iPhone15 case")])
        .await;
    shop.finds("gre", &["tea"]).await;
    shop.finds("TE", &["tea"]).await;
    shop.finds("iphone 15", &["phone"]).await;
    shop.finds("een", &[]).await;
}

async fn near_misses_are_found_when_nothing_matches(shop: &SearchFixture) {
    shop.index(&[("tea", "Green tea"), ("jazz", "대한민국 서울 째즈 밤")])
        .await;
    for typo in ["grene", "gren", "greeen", "grean"] {
        shop.finds(typo, &["tea"]).await;
    }
    shop.finds("대한민국서울재즈밤", &["jazz"]).await;
    assert_eq!(quality(shop, "greeen").await, ["SIMILAR"]);
    shop.index(&[("grene", "Grene")]).await;
    shop.finds("grene", &["grene"]).await;
}

async fn whole_titles_come_before_beginnings_and_those_before_others(shop: &SearchFixture) {
    shop.index(&[
        ("whole", "Tea"),
        ("other", "Green tea"),
        ("start", "Tea pot"),
        ("newer", "Black tea"),
    ])
    .await;
    shop.finds("tea", &["whole", "start", "newer", "other"]).await;
    assert_eq!(quality(shop, "tea").await, ["TITLE", "PREFIX", "TEXT", "TEXT"]);
}

async fn quotes_and_operators_are_characters(shop: &SearchFixture) {
    shop.index(&[("tea", "Green tea"), ("mug", "Mug (\"large\") + lid")])
        .await;
    for text in [
        "\"green tea\"",
        "green* tea",
        "+green -tea",
        "(green)",
        "green~1",
        "tea^9",
    ] {
        let expected: &[&str] = match text {
            // A digit is a word that has to be found.
            "green~1" | "tea^9" => &[],
            _ => &["tea"],
        };
        shop.finds(text, expected).await;
    }
    shop.finds("large lid", &["mug"]).await;
    for text in [
        "tea OR mug",
        "tea AND NOT mug",
        "name:tea",
        "[a TO z]",
        "*",
        "?",
        "*:*",
        "\u{0}",
        "🍵",
    ] {
        shop.finds(text, &[]).await;
    }
}

async fn filters_leave_a_kind_a_category_and_a_range_of_prices(shop: &SearchFixture) {
    shop.shop
        .add_categories(&["drinks", "drinks/tea", "drinks/tea/green", "cups"])
        .await;
    shop.put("tea", "Green tea").await;
    shop.put("mug", "Tea mug").await;
    let change = json!({ "categories": ["drinks/tea/green"] });
    shop.change("tea", &change).await;
    let change = json!({ "categories": ["cups"], "price": { "amount": 9000, "currency": "KRW" } });
    shop.change("mug", &change).await;
    shop.name(&["tea", "mug"]).await;
    shop.write().await;
    shop.finds("tea", &["tea", "mug"]).await;
    let by = async |parameters: &[(&str, &str)]| ids(&shop.search(search_call(parameters)).await.body);
    assert_eq!(by(&[("category", "drinks")]).await, ["tea"]);
    assert_eq!(by(&[("q", "tea"), ("category", "drinks/tea")]).await, ["tea"]);
    assert_eq!(by(&[("q", "mug"), ("category", "cups")]).await, ["mug"]);
    assert!(by(&[("category", "drink")]).await.is_empty());
    assert_eq!(
        by(&[("q", "tea"), ("currency", "KRW"), ("order", "PRICE_DESC")]).await,
        ["mug", "tea"]
    );
    let won = |from, to| [("currency", "KRW"), ("price_from", from), ("price_to", to)];
    assert_eq!(by(&won("0", "1000")).await, ["tea"]);
    assert_eq!(by(&won("1001", "9000")).await, ["mug"]);
    assert!(by(&won("1001", "8999")).await.is_empty());
    assert_eq!(by(&[("currency", "KRW"), ("price_from", "9000")]).await, ["mug"]);
    assert!(by(&[("q", "tea"), ("currency", "USD")]).await.is_empty());
}

async fn pages_have_each_product_once_in_each_order(shop: &SearchFixture) {
    let skus: Vec<String> = (0..45).map(|nth| format!("tea-{nth:02}")).collect();
    for (nth, sku) in skus.iter().enumerate() {
        // Three groups of relevance, and many equal prices.
        let name = ["Tea", "Tea pot", "Green tea"][nth % 3];
        shop.put(sku, name).await;
        let price = json!({ "price": { "amount": 1000 * (nth % 4), "currency": "KRW" } });
        shop.change(sku, &price).await;
    }
    shop.name(&Vec::from_iter(skus.iter().map(String::as_str))).await;
    shop.write().await;
    let all = BTreeSet::from_iter(&skus);
    shop.sees(45, async || {
        let found = shop.search(search_call(&[("q", "tea"), ("limit", "100")])).await;
        ids(&found.body).len()
    })
    .await;
    for order in ["RELEVANCE", "NEWEST", "PRICE_ASC", "PRICE_DESC"] {
        for text in ["tea", "", "grene"] {
            let by = |limit| [("q", text), ("order", order), ("currency", "KRW"), ("limit", limit)];
            let whole = walk(shop, &by("100")).await;
            let pages = walk(shop, &by("7")).await;
            assert_eq!(ids_of(&pages), ids_of(&whole), "{order} {text}");
            if text != "grene" {
                assert_eq!(BTreeSet::from_iter(&ids_of(&pages)), all, "{order} {text}");
                assert_eq!(pages.len(), all.len(), "{order} {text}: each once");
            }
            let prices: Vec<u64> = pages.iter().map(price).collect();
            assert!(order != "PRICE_ASC" || prices.is_sorted(), "{prices:?}");
            assert!(order != "PRICE_DESC" || prices.iter().rev().is_sorted(), "{prices:?}");
        }
    }
    let newest = walk(shop, &[("q", "tea"), ("order", "NEWEST"), ("limit", "10")]).await;
    assert!(ids_of(&newest).iter().rev().is_sorted());
}

async fn an_older_version_never_replaces_a_newer_one(shop: &SearchFixture) {
    shop.index(&[("tea", "Green tea")]).await;
    shop.finds("green", &["tea"]).await;
    let ids = BTreeSet::from(["tea".to_owned()]);
    let deadline = shop.shop.invocation().deadline;
    let read = shop.writer.sources.read(DocumentKind::Product, &ids, deadline).await;
    let current = read.unwrap().documents.remove(0);
    let versions = [
        (current.version + 2, "Black tea"),
        (current.version + 1, "White tea"),
        (current.version, "Red tea"),
    ];
    for (version, name) in versions {
        let mut document = current.clone();
        document.version = version;
        document.titles[0].text = name.to_owned();
        write(shop, &[document]).await;
    }
    shop.finds("black", &["tea"]).await;
    for older in ["green", "white", "red"] {
        shop.finds(older, &[]).await;
    }
}

async fn a_hidden_product_is_not_found(shop: &SearchFixture) {
    shop.index(&[("tea", "Green tea")]).await;
    shop.finds("green", &["tea"]).await;
    shop.name(&["tea"]).await;
    let late = shop.queue.receive(10, shop.shop.now()).unwrap().batch;
    shop.change("tea", &json!({ "status": "UNLISTED" })).await;
    shop.name(&["tea"]).await;
    shop.write().await;
    shop.write_batch(&shop.writer, late).await.unwrap();
    shop.finds("green", &[]).await;
    shop.finds("", &[]).await;
    assert!(suggested(shop, "gr").await.is_empty());
    agrees_with_the_tables(shop).await;
}

async fn what_is_being_typed_is_completed(shop: &SearchFixture) {
    shop.index(&[
        ("gamgyul", "감귤 한 상자"),
        ("another", "감귤 한 상자"),
        ("gate", "Gate valve"),
    ])
    .await;
    for typed in ["감", "감ㄱ", "ㄱㄱ", "감규", "한 상"] {
        shop.sees(vec!["감귤 한 상자".to_owned()], async || {
            suggested(shop, typed).await
        })
        .await;
    }
    assert_eq!(suggested(shop, "ga v").await, ["Gate valve"]);
    assert!(suggested(shop, "gaet").await.is_empty(), "no typos while typing");
}

async fn highlights_are_parts_of_the_original_title(shop: &SearchFixture) {
    shop.index(&[("mix", "🍵 서귀포 감귤 Tea"), ("wide", "ＴＥＡ cup")])
        .await;
    shop.finds("감귤", &["mix"]).await;
    let highlights = async |text: &str| {
        let found = shop.search(search_call(&[("q", text)])).await;
        let items = found.body["items"].as_array().unwrap().clone();
        let of = |item: &Value| (item["id"].as_str().unwrap().to_owned(), item["highlights"].clone());
        items.iter().map(of).collect::<Vec<_>>()
    };
    let part = |start: u32, end: u32| json!({ "start": start, "end": end });
    assert_eq!(highlights("감귤").await, [("mix".to_owned(), json!([part(7, 9)]))]);
    assert_eq!(
        highlights("tea 서귀").await,
        [("mix".to_owned(), json!([part(3, 5), part(10, 13)]))]
    );
    assert_eq!(
        highlights("te cup").await,
        [("wide".to_owned(), json!([part(0, 2), part(4, 7)]))]
    );
}

async fn a_rebuild_replaces_the_index_and_a_roll_back_returns_to_the_one_before(shop: &SearchFixture) {
    shop.index(&[("tea", "Green tea"), ("mug", "Tea mug")]).await;
    let first = shop.state().current.rebuild_id;
    let begun = shop.start_rebuild("k").await;
    assert_eq!(begun.status, 202, "{begun:?}");
    // Before its first step.
    shop.put("cup", "Tea cup").await;
    shop.change("mug", &json!({ "name": "Coffee mug" })).await;
    shop.name(&["cup", "mug"]).await;
    shop.write().await;
    let state = shop.state();
    assert_eq!(state.next, None);
    assert_eq!(
        state.current.rebuild_id.map(|id| id.to_string()).as_deref(),
        begun.body["rebuild"]["rebuild_id"].as_str()
    );
    shop.finds("coffee", &["mug"]).await;
    shop.finds("cup", &["cup"]).await;
    agrees_with_the_tables(shop).await;
    let seen = shop.see_index().await.body;
    assert_eq!(
        (&seen["documents"]["PRODUCT"], &seen["has_previous"]),
        (&json!(3), &json!(true))
    );
    // A change that the previous build lacks.
    shop.index(&[("pot", "Green pot")]).await;
    let rolled_back = shop.roll_back("r").await;
    assert_eq!(rolled_back.status, 200, "{rolled_back:?}");
    shop.write().await;
    assert_eq!(shop.state().current.rebuild_id, first);
    shop.finds("green", &["pot", "tea"]).await;
    shop.finds("coffee", &["mug"]).await;
    agrees_with_the_tables(shop).await;
    assert_eq!(shop.roll_back("r2").await.status, 409);
    shop.shop.advance(SignedDuration::from_hours(25));
    assert!(shop.sweep().await.removed > 0, "what no build uses is removed");
    shop.finds("green", &["pot", "tea"]).await;
}

async fn a_damaged_rebuild_does_not_replace_the_index(shop: &SearchFixture) {
    shop.index(&[("tea", "Green tea"), ("mug", "Tea mug")]).await;
    shop.finds("tea", &["tea", "mug"]).await;
    let current = shop.state().current.rebuild_id;
    // A document that the tables do not have, so that a rebuild finds fewer.
    let ids = BTreeSet::from(["tea".to_owned()]);
    let deadline = shop.shop.invocation().deadline;
    let read = shop.writer.sources.read(DocumentKind::Product, &ids, deadline).await;
    let mut extra = read.unwrap().documents.remove(0);
    extra.id = "ghost".to_owned();
    write(shop, &[extra]).await;
    shop.sees(3, async || {
        shop.see_index().await.body["documents"]["PRODUCT"].as_u64().unwrap()
    })
    .await;
    shop.start_rebuild("k").await;
    shop.write().await;
    let state = shop.state();
    assert_eq!((state.current.rebuild_id, state.next), (current, None));
}

async fn a_lost_change_is_found_by_the_daily_comparison(shop: &SearchFixture) {
    shop.index(&[("tea", "Green tea"), ("mug", "Tea mug")]).await;
    agrees_with_the_tables(shop).await;
    assert_eq!(shop.sweep().await.differing_buckets, 0);
    shop.put("pot", "Tea pot").await;
    shop.put("mug", "Coffee mug").await;
    let summary = shop.sweep().await;
    assert_eq!((summary.compared, summary.differing_buckets, summary.queued), (3, 2, 2));
    shop.write().await;
    shop.finds("pot", &["pot"]).await;
    shop.finds("coffee", &["mug"]).await;
    agrees_with_the_tables(shop).await;
}

async fn what_only_the_index_has_is_removed_by_the_daily_comparison(shop: &SearchFixture) {
    shop.index(&[("tea", "Green tea"), ("mug", "Tea mug")]).await;
    shop.finds("tea", &["tea", "mug"]).await;
    shop.shop.engine.remove_product("mug").await;
    let summary = shop.sweep().await;
    assert_eq!((summary.queued, summary.replaced), (0, 1));
    shop.write().await;
    shop.finds("tea", &["tea"]).await;
    agrees_with_the_tables(shop).await;
    let begun = shop.start_rebuild("k").await;
    shop.write().await;
    let rebuilt = shop.state().current.rebuild_id.map(|id| id.to_string());
    assert_eq!(rebuilt.as_deref(), begun.body["rebuild"]["rebuild_id"].as_str());
}

async fn messages_that_arrive_twice_change_nothing(shop: &SearchFixture) {
    shop.queue.deliver_twice(true);
    shop.index(&[("tea", "Green tea")]).await;
    shop.start_rebuild("k").await;
    shop.write().await;
    shop.index(&[("tea", "Black tea")]).await;
    shop.finds("black", &["tea"]).await;
    shop.finds("green", &[]).await;
    agrees_with_the_tables(shop).await;
}

#[tokio::test]
async fn a_server_finds_what_the_embedded_engine_finds_in_the_same_order() {
    let Some(server) = SearchFixture::on_server().await else {
        return;
    };
    let embedded = SearchFixture::open().await;
    server.start_rebuild("k").await;
    server.write().await;
    let documents: Vec<Document> = (0..400).map(sample::document).collect();
    for shop in [&server, &embedded] {
        write(shop, &documents).await;
    }
    let (theirs, ours) = (server.searcher(), embedded.searcher());
    let found = async |searcher: &search::searcher::Searcher, query: &Query| {
        let deadline = server.shop.invocation().deadline;
        let hits = searcher.search(query, deadline).await.unwrap().hits;
        let seen = hits
            .into_iter()
            .map(|hit| (hit.id, hit.matched, hit.titles, hit.cursor));
        seen.collect::<Vec<_>>()
    };
    let all = |order| Query {
        order,
        limit: 500,
        ..Query::default()
    };
    for order in [Order::Newest, Order::PriceAsc, Order::PriceDesc] {
        let expected = found(&ours, &all(order)).await;
        server.sees(expected, async || found(&theirs, &all(order)).await).await;
    }
    let mut random = Random::new(11);
    for nth in 0..150 {
        let title = &documents[random.below(400) as usize].titles;
        let query = Query {
            text: part_of(&title[nth % title.len()], &mut random),
            limit: 20,
            ..Query::default()
        };
        let (expected, actual) = (found(&ours, &query).await, found(&theirs, &query).await);
        assert_eq!(actual, expected, "{}", query.text);
        let deadline = server.shop.invocation().deadline;
        let completed = ours.suggest(&query.text, &[], 10, deadline).await.unwrap();
        let also = theirs.suggest(&query.text, &[], 10, deadline).await.unwrap();
        assert_eq!(also, completed, "{}", query.text);
    }
    server.close().await;
}

#[tokio::test]
async fn until_the_first_build_on_a_server_is_complete_the_embedded_engine_answers() {
    let embedded = SearchFixture::open().await;
    embedded.index(&[("tea", "Green tea"), ("mug", "Tea mug")]).await;
    let Some(shop) = embedded.moved_to_server().await else {
        return;
    };
    assert_eq!(shop.found("green").await, ["tea"]);
    assert_eq!(shop.see_index().await.body["engine"], "EMBEDDED");
    let begun = shop.start_rebuild("k").await;
    assert_eq!(
        (&begun.body["engine"], &begun.body["rebuild"]["read"]),
        (&json!("EMBEDDED"), &json!(0))
    );
    // A change meanwhile is in both engines.
    shop.put("pot", "Green pot").await;
    shop.name(&["pot"]).await;
    let next = shop.queue.receive(1, shop.shop.now()).unwrap();
    shop.queue.settle(&next, &Default::default());
    shop.write_once().await.unwrap();
    assert_eq!(shop.found("green").await, ["pot", "tea"]);
    assert!(!shop.state().is_complete());
    shop.write_batch(&shop.writer, next.batch).await.unwrap();
    shop.write().await;
    assert_eq!(shop.see_index().await.body["engine"], "OPENSEARCH");
    shop.finds("green", &["pot", "tea"]).await;
    agrees_with_the_tables(&shop).await;
    assert_eq!(shop.roll_back("r").await.status, 409, "the first build replaces none");
    shop.close().await;
}

/// Writes documents to the engine, past the tables.
async fn write(shop: &SearchFixture, documents: &[Document]) {
    let engine = shop.writer.engines.administered();
    engine.write(documents, &shop.shop.invocation()).await.unwrap();
}

/// Waits until the checksum of the index is that of the products.
async fn agrees_with_the_tables(shop: &SearchFixture) {
    let mut stored = Checksum::default();
    for item in shop.shop.engine.items(harness::engine::CATALOG).await {
        if item["pk"].as_str().unwrap().starts_with("PRODUCT#") {
            let number = |name: &str| item[name].as_u64().unwrap_or_default();
            let revision = number("version") << 16 | number("wakes");
            stored.add(DocumentKind::Product.name(), item["sku"].as_str().unwrap(), revision);
        }
    }
    shop.sees(stored, async || {
        let engine = shop.writer.engines.administered();
        let invocation = shop.shop.invocation();
        let mut state = engine.state(&invocation).await.unwrap();
        engine.measure(&mut state, &invocation).await.unwrap();
        state.current.manifest.checksum
    })
    .await;
}

/// All results of a search, page by page.
async fn walk(shop: &SearchFixture, parameters: &[(&str, &str)]) -> Vec<Value> {
    let (mut items, mut cursor) = (vec![], String::new());
    loop {
        let mut call = search_call(parameters);
        if !cursor.is_empty() {
            call = call.query("cursor", &cursor);
        }
        let page = shop.search(call).await;
        assert_eq!(page.status, 200, "{page:?}");
        items.extend(page.body["items"].as_array().unwrap().iter().cloned());
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return items,
        }
    }
}

async fn suggested(shop: &SearchFixture, typed: &str) -> Vec<String> {
    let call = Call::new("GET", "/search/suggestions").query("q", typed);
    let answer = shop.suggest(call).await;
    let items = answer.body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["text"].as_str().unwrap().to_owned())
        .collect()
}

async fn quality(shop: &SearchFixture, text: &str) -> Vec<String> {
    let found = shop.search(search_call(&[("q", text)])).await;
    let items = found.body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["quality"].as_str().unwrap().to_owned())
        .collect()
}

fn ids_of(items: &[Value]) -> Vec<String> {
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

fn price(item: &Value) -> u64 {
    item["product"]["current_price"]["amount"].as_u64().unwrap()
}

/// A part of a title, sometimes with a mistake: what somebody may search.
fn part_of(title: &Title, random: &mut Random) -> String {
    let characters: Vec<char> = title.text.chars().collect();
    let start = random.below(characters.len() as u32) as usize;
    let length = 1 + random.below(9) as usize;
    let mut part: Vec<char> = characters[start..].iter().take(length).copied().collect();
    if random.below(3) == 0 {
        let at = random.below(part.len() as u32) as usize;
        part[at] = ['가', 'x', ' ', 'ㄱ'][random.below(4) as usize];
    }
    part.into_iter().collect()
}
