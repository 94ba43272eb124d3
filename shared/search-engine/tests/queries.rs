//! What searches find, compared with a scan over all titles.

mod common;

use std::collections::BTreeSet;

use common::{Store, ids, query, titled};
use proptest::prelude::*;
use search_engine::sample::{self, Random};
use search_engine::{Cursor, Document, Error, Match, Order, PriceRange, Query};

fn documents(count: u64) -> Vec<Document> {
    (0..count).map(sample::document).collect()
}

fn texts(document: &Document) -> impl Iterator<Item = &String> {
    document.titles.iter().map(|title| &title.text).chain(&document.names)
}

#[test]
fn every_korean_substring_is_found_and_nothing_else() {
    let documents = documents(2000);
    let store = Store::with(&documents);
    let index = store.index();
    let compact = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let mut random = Random::new(5);
    let mut checked = 0;
    while checked < 300 {
        let title: Vec<char> = compact(&documents[random.below(2000) as usize].titles[0].text)
            .chars()
            .collect();
        let start = random.below(title.len() as u32) as usize;
        let part: String = title[start..].iter().take(1 + random.below(5) as usize).collect();
        if !part.chars().all(|c| ('가'..='힣').contains(&c)) {
            continue;
        }
        checked += 1;
        let has = |document: &&Document| texts(document).any(|text| compact(text).contains(&part));
        let expected: BTreeSet<&str> = documents
            .iter()
            .filter(has)
            .map(|document| document.id.as_str())
            .collect();
        let found = ids(&index, &query(&part));
        assert_eq!(
            found.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            expected,
            "{part}"
        );
        assert_eq!(found.len(), expected.len(), "{part}: no document comes twice");
    }
}

#[test]
fn every_word_is_found_by_its_beginning_and_nothing_else() {
    let documents = documents(2000);
    let store = Store::with(&documents);
    let index = store.index();
    let starts = |text: &String, part: &str| {
        text.to_lowercase()
            .split(|c: char| !c.is_ascii_alphabetic())
            .any(|word| word.starts_with(part))
    };
    for part in ["ja", "jazz", "night", "s", "symp", "collection", "o"] {
        let has = |document: &&Document| texts(document).any(|text| starts(text, part));
        let expected: BTreeSet<String> = documents
            .iter()
            .filter(has)
            .map(|document| document.id.clone())
            .collect();
        assert_eq!(BTreeSet::from_iter(ids(&index, &query(part))), expected, "{part}");
    }
}

#[test]
fn decomposed_hangul_finds_what_composed_hangul_finds() {
    let decomposed = "\u{1109}\u{1165}\u{110B}\u{116E}\u{11AF}";
    let store = Store::with(&[titled("a", "서울 재즈"), titled("b", &format!("{decomposed} 록"))]);
    assert_eq!(store.ids("서울").len(), 2);
    assert_eq!(store.ids(decomposed).len(), 2);
}

#[test]
fn consonants_that_stand_alone_in_a_title_are_found() {
    let store = Store::with(&[titled("a", "ㅋㅋㅋ"), titled("b", "서울 ㅈ밤"), titled("c", "ㄱa")]);
    for (text, id) in [
        ("ㅋㅋㅋ", "a"),
        ("ㅋㅋ", "a"),
        ("서울ㅈ", "b"),
        ("서ㅇㅈ", "b"),
        ("ㄱa", "c"),
    ] {
        assert_eq!(store.ids(text), [id], "{text}");
    }
}

#[test]
fn hits_come_by_match_then_boost_then_time() {
    let mut documents = vec![
        titled("part", "부산 재즈"),
        titled("prefix", "재즈 나이트"),
        titled("title", "재즈"),
    ];
    documents.push(Document {
        created_at: 0,
        ..titled("old", "재즈 나이트")
    });
    documents.push(Document {
        kind: "EVENT".into(),
        created_at: 0,
        ..titled("boosted", "재즈 나이트")
    });
    let store = Store::with(&documents);
    let boosts = vec![("EVENT".to_owned(), 1)];
    let found = ids(
        &store.index(),
        &Query {
            boosts,
            ..query("재즈")
        },
    );
    assert_eq!(found, ["title", "boosted", "prefix", "old", "part"]);
}

#[test]
fn near_misses_are_found_only_without_exact_hits() {
    let store = Store::with(&[
        titled("a", "대한민국서울째즈"),
        titled("b", "Jazz Festival"),
        titled("c", "한국기행"),
    ]);
    let index = store.index();
    let first = |text: &str| {
        let hits = index.search(&query(text)).expect("the query is valid").hits;
        hits.into_iter().map(|hit| (hit.id, hit.matched)).collect::<Vec<_>>()
    };
    assert_eq!(first("대한민국서울재즈"), [("a".to_owned(), Match::Similar)]);
    assert_eq!(first("festvial"), [("b".to_owned(), Match::Typo)]);
    assert_eq!(first("한구"), [("c".to_owned(), Match::HalfTyped)]);
    assert_eq!(first("부산"), []);
}

#[test]
fn filters_leave_kinds_categories_with_those_below_and_prices() {
    let documents = documents(500);
    let store = Store::with(&documents);
    let price = PriceRange {
        currency: "KRW".into(),
        min: 50_000,
        max: 200_000,
    };
    let category = "goods/fashion".to_owned();
    let wanted = |document: &&Document| {
        let amount = document.price.as_ref().map_or(0, |price| price.amount);
        document.kind == "PRODUCT"
            && document.categories[0].starts_with("goods/fashion/")
            && (50_000..=200_000).contains(&amount)
    };
    let expected: BTreeSet<String> = documents
        .iter()
        .filter(wanted)
        .map(|document| document.id.clone())
        .collect();
    let query = Query {
        kinds: vec!["PRODUCT".into()],
        category: Some(category),
        price: Some(price),
        ..query("")
    };
    assert!(!expected.is_empty());
    assert_eq!(BTreeSet::from_iter(ids(&store.index(), &query)), expected);
}

#[test]
fn the_pages_of_every_order_are_the_parts_of_one_large_page() {
    let mut documents = documents(300);
    // Ties: many documents have the same price and time.
    for (number, document) in documents.iter_mut().enumerate() {
        document.created_at -= document.created_at % 10_000_000_000;
        document.price = document
            .price
            .take()
            .filter(|_| number % 3 != 0)
            .map(|price| search_engine::Price { amount: 100, ..price });
    }
    let mut store = Store::with(&documents[..200]);
    store.apply(documents[200..].iter().map(common::upsert).collect());
    let index = store.index();
    for order in [Order::Relevance, Order::Newest, Order::PriceAsc, Order::PriceDesc] {
        for text in ["", "재즈", "콘", "jazz", "ㅈㅈ"] {
            let all = ids(&index, &Query { order, ..query(text) });
            let mut pages = vec![];
            let mut after: Option<Cursor> = None;
            loop {
                let page = index
                    .search(&Query {
                        order,
                        after,
                        limit: 7,
                        ..query(text)
                    })
                    .expect("the query is valid");
                assert!(page.hits.len() == 7 || page.next.is_none());
                pages.extend(page.hits.into_iter().map(|hit| hit.id));
                match page.next {
                    Some(cursor) => after = Some(cursor),
                    None => break,
                }
            }
            assert_eq!(pages, all, "{order:?} {text}");
        }
    }
}

#[test]
fn prices_and_times_are_in_order() {
    let store = Store::with(&documents(200));
    let hits = store
        .index()
        .search(&Query {
            order: Order::Newest,
            ..query("")
        })
        .expect("the query is valid")
        .hits;
    assert_eq!(hits.len(), 200);
    assert!(hits.is_sorted_by_key(|hit| std::cmp::Reverse(hit.created_at)));
}

#[test]
fn a_walk_across_commits_shows_each_unchanged_document_once() {
    let documents = documents(100);
    let mut store = Store::with(&documents);
    let (mut found, mut after) = (vec![], None);
    for commit in 0.. {
        let page = Query {
            limit: 7,
            after,
            ..query("")
        };
        let page = store.index().search(&page).expect("the query is valid");
        found.extend(page.hits.into_iter().map(|hit| hit.id));
        after = page.next;
        if after.is_none() {
            break;
        }
        store.apply(vec![common::upsert(&titled(&format!("new-{commit}"), "재즈"))]);
        if commit == 5 {
            store.merge();
        }
    }
    found.retain(|id| !id.starts_with("new-"));
    found.sort();
    let mut expected: Vec<&str> = documents.iter().map(|document| document.id.as_str()).collect();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn queries_beyond_the_limits_are_refused() {
    let index = Store::new().index();
    assert!(matches!(index.search(&query(&"가".repeat(65))), Err(Error::Query(_))));
    assert!(matches!(
        index.search(&Query {
            limit: 10_001,
            ..query("가")
        }),
        Err(Error::Parameter("limit"))
    ));
    assert!(matches!(
        index.search(&Query {
            limit: 0,
            ..query("가")
        }),
        Err(Error::Parameter("limit"))
    ));
}

#[test]
fn suggestions_complete_what_is_typed() {
    let store = Store::with(&[
        titled("a", "한국 기행"),
        titled("b", "과자 세트"),
        titled("c", "Jazz Night"),
        titled("d", "한국 기행"),
    ]);
    let index = store.index();
    for (typed, text) in [
        ("하", "한국 기행"),
        ("한구", "한국 기행"),
        ("한국ㄱ", "한국 기행"),
        ("한국깋", "한국 기행"),
        ("ㅎㄱ", "한국 기행"),
        ("ㅎ", "한국 기행"),
        ("고", "과자 세트"),
        ("과ㅈ", "과자 세트"),
        ("ja", "Jazz Night"),
        ("jazz n", "Jazz Night"),
    ] {
        let found = index.suggest(typed, &[], 5).expect("the query is valid");
        let found: Vec<&str> = found.iter().map(|suggestion| suggestion.text.as_str()).collect();
        assert_eq!(found, [text], "{typed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_indexed_and_found_by_itself(title in "\\PC{1,40}") {
        let store = Store::with(&[titled("a", &title)]);
        let index = store.index();
        let hits = index.search(&query(&title)).expect("the query is short").hits;
        let length = title.encode_utf16().count() as u32;
        if title.chars().any(|c| c.is_ascii_alphanumeric() || ('가'..='힣').contains(&c)) {
            prop_assert_eq!(hits.len(), 1, "{}", title);
        }
        for (start, end) in hits.iter().flat_map(|hit| &hit.titles[0].highlights) {
            prop_assert!(start < end && *end <= length);
        }
    }
}
