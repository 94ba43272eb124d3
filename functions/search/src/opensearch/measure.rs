//! The content of an index, to compare it with the tables: counts, checksum and versions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use search_engine::Checksum;
use search_engine::checksum::BUCKETS;
use serde::Deserialize;
use serde_json::json;
use shared::core::error::Error;
use tokio::time::Instant;

use super::{OpenSearch, mapping};

const DOING: &str = "measure the index";

/// The kinds that are counted, more than there will be.
const KINDS: usize = 32;
/// The versions of a request.
const PAGE: usize = 2000;

/// The content of an index, as far as searches see it: writes of the last second may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// The documents by kind, hidden ones too.
    pub documents: BTreeMap<String, u64>,
    /// A checksum of all documents.
    pub checksum: Checksum,
    /// The time at which the last one was written.
    pub indexed_at: Option<Timestamp>,
}

impl OpenSearch {
    /// Measures an index, in one request: the server adds up the parts of the checksum. An index that does not exist has
    /// nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn measure(&self, index: &str, deadline: Instant) -> Result<Measured, Error> {
        let sum = |field: &str| json!({ "sum": { "field": field } });
        let body = json!({
            "size": 0,
            "track_total_hits": false,
            "aggs": {
                "kinds": { "terms": { "field": "kind", "size": KINDS } },
                "indexed_at": { "max": { "field": "indexed_at" } },
                "buckets": {
                    "terms": { "field": "bucket", "size": BUCKETS },
                    "aggs": { "high": sum("sum_high"), "low": sum("sum_low") },
                },
            },
        });
        let Some(found): Option<Aggregated> = self.find_in(DOING, index, &body, deadline).await? else {
            return Ok(Measured::default());
        };
        let found = found.aggregations;
        let kinds = found.kinds.buckets.into_iter();
        let mut measured = Measured {
            documents: kinds.map(|kind| (kind.key, kind.doc_count)).collect(),
            indexed_at: found.indexed_at.value.and_then(timestamp),
            ..Measured::default()
        };
        for bucket in found.buckets.buckets {
            let sum = whole(bucket.high.value) << 32;
            measured
                .checksum
                .add_sum(bucket.key, sum.wrapping_add(whole(bucket.low.value)));
        }
        Ok(measured)
    }

    /// Visits the documents in some buckets of the checksum: kind, id and version.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn visit(
        &self,
        index: &str,
        buckets: &[usize],
        deadline: Instant,
        mut visit: impl FnMut(&str, &str, u64) + Send,
    ) -> Result<(), Error> {
        let mut after: Option<String> = None;
        loop {
            let mut body = json!({
                "size": PAGE,
                "track_total_hits": false,
                "_source": ["identity", "version"],
                "query": { "terms": { "bucket": buckets } },
                "sort": [{ "identity": { "order": "asc" } }],
            });
            if let Some(after) = &after {
                body["search_after"] = json!([after]);
            }
            let Some(page): Option<Versions> = self.find_in(DOING, index, &body, deadline).await? else {
                return Ok(());
            };
            let hits = page.hits.hits;
            after = hits.last().map(|last| last.source.identity.clone());
            let is_last = hits.len() < PAGE;
            for hit in hits {
                let (kind, id) = mapping::kind_and_id(&hit.id);
                visit(kind, id, hit.source.version);
            }
            if is_last {
                return Ok(());
            }
        }
    }
}

/// A sum of whole numbers, which is exact below 2^53.
fn whole(sum: f64) -> u64 {
    sum as u64
}

fn timestamp(milliseconds: f64) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds as i64).ok()
}

#[derive(Deserialize)]
struct Aggregated {
    aggregations: Aggregations,
}

#[derive(Deserialize)]
struct Aggregations {
    kinds: Groups<Kind>,
    indexed_at: Latest,
    buckets: Groups<Bucket>,
}

#[derive(Deserialize)]
struct Groups<T> {
    buckets: Vec<T>,
}

#[derive(Deserialize)]
struct Kind {
    key: String,
    doc_count: u64,
}

#[derive(Deserialize)]
struct Bucket {
    key: usize,
    high: Sum,
    low: Sum,
}

#[derive(Deserialize)]
struct Sum {
    value: f64,
}

#[derive(Deserialize)]
struct Latest {
    value: Option<f64>,
}

#[derive(Deserialize)]
struct Versions {
    hits: VersionHits,
}

#[derive(Deserialize)]
struct VersionHits {
    hits: Vec<VersionHit>,
}

#[derive(Deserialize)]
struct VersionHit {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_source")]
    source: VersionSource,
}

#[derive(Deserialize)]
struct VersionSource {
    identity: String,
    version: u64,
}
