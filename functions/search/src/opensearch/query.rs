//! From a query and the plans of a tier to the JSON of a search.

use search_engine::{Cursor, Plan, Query, ROOT, Slot, one_typo_away};
use serde_json::{Value, json};

use super::mapping;

/// The fields of a hit.
const FIELDS: [&str; 4] = ["version", "created_at", "price", "stored"];

/// A search for the documents that fulfill at least one plan, in the order of the query, after a position.
pub fn search(query: &Query, plans: &[Plan], after: Option<&Cursor>, size: usize) -> Value {
    let order = query.order;
    let mut body = json!({
        "size": size,
        "track_total_hits": false,
        "_source": FIELDS,
        "query": { "bool": { "filter": filters(query, plans) } },
        "sort": [{ mapping::sort_field(order): { "order": "asc" } }, { "identity": { "order": "asc" } }],
    });
    if let Some(after) = after {
        body["search_after"] = json!([order.sort_key(after.value), mapping::identity(after.identity)]);
    }
    body
}

fn filters(query: &Query, plans: &[Plan]) -> Vec<Value> {
    // No hidden document is in a category.
    let mut filters = vec![term("categories", query.category.as_deref().unwrap_or(ROOT))];
    if !query.kinds.is_empty() {
        filters.push(json!({ "terms": { "kind": query.kinds } }));
    }
    if let Some(range) = &query.price {
        filters.push(term("currency", &range.currency));
        let most = i64::MAX.unsigned_abs();
        filters.push(json!({ "range": { "price": { "gte": range.min.min(most), "lte": range.max.min(most) } } }));
    }
    match plans {
        [only] => filters.extend(only.iter().map(slot)),
        plans => {
            let plans: Vec<Value> = plans.iter().map(|plan| all(plan)).collect();
            filters.push(at_least(1, plans));
        }
    }
    filters
}

fn all(plan: &[Slot]) -> Value {
    json!({ "bool": { "filter": plan.iter().map(slot).collect::<Vec<_>>() } })
}

/// The documents for which a slot holds.
fn slot(slot: &Slot) -> Value {
    match slot {
        Slot::Term(text) => term("terms", text),
        Slot::Range(first, last) if last.strip_suffix(char::MAX) == Some(first) => prefix(first),
        Slot::Range(first, last) => json!({ "range": { "terms": { "gte": first, "lte": last } } }),
        Slot::Character(characters) => {
            let terms: Vec<String> = characters.clone().map(String::from).collect();
            json!({ "terms": { "terms": terms } })
        }
        Slot::Typo(word) => {
            let mut terms: Vec<String> = one_typo_away(word).collect();
            terms.sort_unstable();
            terms.dedup();
            at_least(1, vec![prefix(word), json!({ "terms": { "terms": terms } })])
        }
        Slot::AtLeast(required, terms) => at_least(*required, terms.iter().map(|text| term("terms", text)).collect()),
    }
}

fn term(field: &str, text: &str) -> Value {
    json!({ "term": { field: { "value": text } } })
}

fn prefix(text: &str) -> Value {
    json!({ "prefix": { "terms": { "value": text } } })
}

fn at_least(required: usize, queries: Vec<Value>) -> Value {
    json!({ "bool": { "should": queries, "minimum_should_match": required } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use search_engine::{AnalyzedQuery, Match, Order, PriceRange};

    fn body(query: &Query, tier: Match) -> Value {
        let plans = AnalyzedQuery::new(query).unwrap().candidates(tier);
        search(query, &plans, query.after.as_ref(), 20)
    }

    fn query(text: &str) -> Query {
        Query {
            text: text.to_owned(),
            limit: 10,
            ..Query::default()
        }
    }

    #[test]
    fn a_text_becomes_terms_and_prefixes() {
        let body = body(&query("콘서트 ja"), Match::Text);
        let filter = &body["query"]["bool"]["filter"];
        assert_eq!(
            *filter,
            json!([
                term("categories", "/"),
                term("terms", "콘서"),
                term("terms", "서트"),
                prefix("ja")
            ])
        );
        assert_eq!(body["sort"][0], json!({ "newest": { "order": "asc" } }));
    }

    #[test]
    fn operators_are_characters() {
        let body = body(&query("tea* OR \"(title:mug)\""), Match::Text);
        assert!(!body.to_string().contains("query_string"));
        let filter = body["query"]["bool"]["filter"].as_array().unwrap().clone();
        assert!(filter.contains(&term("terms", "title")) && filter.contains(&prefix("tea")));
    }

    #[test]
    fn filters_and_a_position_narrow_a_search() {
        let query = Query {
            kinds: vec!["PRODUCT".to_owned()],
            category: Some("drinks/tea".to_owned()),
            price: Some(PriceRange {
                currency: "KRW".to_owned(),
                min: 5,
                max: u64::MAX,
            }),
            order: Order::PriceDesc,
            after: Some(Cursor {
                tier: Match::Text,
                boost: 0,
                value: u64::MAX - 1 - 700,
                identity: 255,
            }),
            ..query("tea")
        };
        let body = body(&query, Match::Text);
        let filter = body["query"]["bool"]["filter"].as_array().unwrap().clone();
        for expected in [
            term("categories", "drinks/tea"),
            json!({ "terms": { "kind": ["PRODUCT"] } }),
            term("currency", "KRW"),
            json!({ "range": { "price": { "gte": 5, "lte": i64::MAX } } }),
        ] {
            assert!(filter.contains(&expected), "{expected}");
        }
        assert_eq!(body["search_after"], json!([-702, "00000000000000ff"]));
    }

    #[test]
    fn near_misses_are_alternatives() {
        let typo = body(&query("jazz"), Match::Typo);
        let words = &typo["query"]["bool"]["filter"][1]["bool"]["should"][1]["terms"]["terms"];
        assert!(words.as_array().unwrap().contains(&json!("jaz")));
        let similar = body(&query("가나다라마"), Match::Similar);
        let pairs = &similar["query"]["bool"]["filter"][1]["bool"];
        assert_eq!(pairs["minimum_should_match"], 3);
        let half_typed = body(&query("국"), Match::HalfTyped);
        let readings = &half_typed["query"]["bool"]["filter"][1]["bool"]["should"];
        assert_eq!(readings.as_array().unwrap().len(), 2);
    }
}
