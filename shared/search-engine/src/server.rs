//! The fields of a document that a search server indexes, so that it finds what the embedded engine finds.
//!
//! The server compares terms and numbers, and knows no language: the terms are made here, and
//! [`AnalyzedQuery`](crate::AnalyzedQuery) checks each document that it finds.

use std::collections::BTreeSet;

use crate::checksum::{bucket, fingerprint, identity};
use crate::document::Document;
use crate::schema;
use crate::search::Order;
use crate::stored;

/// The fields of a document that a server indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerDocument {
    /// A hash of kind and id. It orders documents that are equal otherwise.
    pub identity: u64,
    /// The bucket of the checksum.
    pub bucket: usize,
    /// The number that the document adds to the sum of its bucket.
    pub fingerprint: u64,
    /// The terms of its texts. None of a hidden document.
    pub terms: BTreeSet<String>,
    /// The paths of its categories, of all above them, and [`ROOT`](crate::ROOT). None of a hidden document.
    pub categories: BTreeSet<String>,
    /// The document's other fields, encoded as a [`Record`](crate::Record).
    pub stored: Vec<u8>,
}

impl From<&Document> for ServerDocument {
    fn from(document: &Document) -> Self {
        let identity = identity(&document.kind, &document.id);
        let words = |text: String| text.split_whitespace().map(str::to_owned).collect();
        let (terms, categories) = if document.visible {
            (schema::terms(document), schema::categories(document))
        } else {
            Default::default()
        };
        Self {
            identity,
            bucket: bucket(identity),
            fingerprint: fingerprint(identity, document.version),
            terms: words(terms),
            categories: words(categories),
            stored: stored::encode(document),
        }
    }
}

impl Order {
    /// [`Order::value`] as the signed number that a server sorts by, lowest first. Prices and times stay small numbers:
    /// some servers round large ones.
    pub const fn sort_key(self, value: u64) -> i64 {
        match self {
            Self::Relevance | Self::Newest => (value ^ 1 << 63).cast_signed(),
            // A document without a price has the highest value.
            Self::PriceAsc if value > i64::MAX as u64 => i64::MAX,
            // That is -1, after -2 less the price.
            Self::PriceAsc | Self::PriceDesc => value.cast_signed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_hidden_document_has_no_terms() {
        let mut document = sample::document(3);
        document.visible = true;
        let shown = ServerDocument::from(&document);
        assert!(!shown.terms.is_empty() && shown.categories.contains(crate::ROOT));
        document.visible = false;
        let hidden = ServerDocument::from(&document);
        assert!(hidden.terms.is_empty() && hidden.categories.is_empty());
        assert_eq!((shown.bucket, shown.fingerprint), (hidden.bucket, hidden.fingerprint));
    }

    #[test]
    fn sort_keys_have_the_order_of_the_values() {
        let times = [i64::MIN, -1, 0, 1_700_000_000_000, i64::MAX];
        let prices = [None, Some(0), Some(9_900), Some(1_000_000_000_000)];
        for order in [Order::Relevance, Order::Newest, Order::PriceAsc, Order::PriceDesc] {
            let values = times
                .iter()
                .flat_map(|&time| prices.map(|price| order.value(time, || price)));
            let mut values: Vec<u64> = values.collect();
            values.sort_unstable();
            assert!(values.is_sorted_by_key(|&value| order.sort_key(value)), "{order:?}");
            values.dedup();
            let keys: BTreeSet<i64> = values.iter().map(|&value| order.sort_key(value)).collect();
            assert_eq!(keys.len(), values.len(), "{order:?}");
        }
    }
}
