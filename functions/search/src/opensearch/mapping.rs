//! The fields of an index on the server, and a document in them.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use search_engine::{Document, Order, ServerDocument};
use serde::Serialize;
use serde_json::{Value, json};

/// The field that an order sorts by, lowest first.
pub const fn sort_field(order: Order) -> &'static str {
    match order {
        Order::Relevance | Order::Newest => "newest",
        Order::PriceAsc => "price_asc",
        Order::PriceDesc => "price_desc",
    }
}

/// The fields. Changing them needs another `SCHEMA_VERSION` of the engine, so that the index is built again.
///
/// Terms are keywords in a list, not a text that the server splits: an analyzer would cut words of more than 255 letters.
/// `strict` refuses fields that the server would guess a type for.
pub fn mapping() -> Value {
    let keyword = json!({ "type": "keyword" });
    let terms = json!({ "type": "keyword", "doc_values": false });
    let number = json!({ "type": "long" });
    let shown = json!({ "type": "long", "index": false, "doc_values": false });
    json!({ "mappings": { "dynamic": "strict", "properties": {
        "kind": keyword,
        "version": shown,
        "identity": keyword,
        "bucket": { "type": "short" },
        "sum_high": number,
        "sum_low": number,
        "terms": terms,
        "categories": terms,
        "currency": terms,
        "price": number,
        "newest": number,
        "price_asc": number,
        "price_desc": number,
        "created_at": shown,
        "indexed_at": number,
        "stored": { "type": "binary" },
    } } })
}

/// The id of a document.
pub fn id(kind: &str, id: &str) -> String {
    format!("{kind}:{id}")
}

/// The kind and id in the id of a document. No kind has a colon.
pub fn kind_and_id(id: &str) -> (&str, &str) {
    id.split_once(':').unwrap_or_default()
}

/// An identity as a field: of fixed width, so that its order is that of the number.
pub fn identity(identity: u64) -> String {
    format!("{identity:016x}")
}

/// A document in the fields.
#[derive(Clone, Debug, Serialize)]
pub struct Source<'a> {
    kind: &'a str,
    version: u64,
    identity: String,
    bucket: usize,
    // Servers add numbers as floating points, which hold sums of 32 bits exactly for two million documents a bucket.
    sum_high: u64,
    sum_low: u64,
    terms: BTreeSet<String>,
    categories: BTreeSet<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<u64>,
    newest: i64,
    price_asc: i64,
    price_desc: i64,
    created_at: i64,
    indexed_at: i64,
    stored: String,
}

impl<'a> Source<'a> {
    /// The fields of a document that is indexed now.
    pub fn new(document: &'a Document, now: Timestamp) -> Self {
        let indexed = ServerDocument::from(document);
        let price = document.price.as_ref();
        let key = |order: Order| {
            let value = order.value(document.created_at, || price.map(|price| price.amount));
            order.sort_key(value)
        };
        Self {
            kind: &document.kind,
            version: document.version,
            identity: identity(indexed.identity),
            bucket: indexed.bucket,
            sum_high: indexed.fingerprint >> 32,
            sum_low: indexed.fingerprint & 0xffff_ffff,
            terms: indexed.terms,
            categories: indexed.categories,
            currency: price.map(|price| price.currency.as_str()),
            price: price.map(|price| price.amount),
            newest: key(Order::Newest),
            price_asc: key(Order::PriceAsc),
            price_desc: key(Order::PriceDesc),
            created_at: document.created_at,
            indexed_at: now.as_millisecond(),
            stored: BASE64_STANDARD.encode(indexed.stored),
        }
    }
}
