//! Searches: tier by tier, as the embedded engine does, each document checked before it is a hit.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use search_engine::checksum::identity;
use search_engine::{AnalyzedQuery, Cursor, Hit, Hits, Match, Order, Query, Record, Suggestion};
use serde::Deserialize;
use shared::core::error::Error;
use tokio::time::Instant;

use super::{OpenSearch, mapping, query};
use crate::refused::refused;

const DOING: &str = "search the index";

/// The documents of the first request of a tier, if a page does not need more. Some do not pass the check.
const FIRST: usize = 30;
/// The most documents of a request. The next one asks for twice as many.
const MOST: usize = 1000;

/// The boost of a kind that has none.
const NO_BOOST: u8 = 128;

impl OpenSearch {
    /// Finds a page of documents.
    ///
    /// # Errors
    /// [`Error::Rejected`] for a query beyond the limits, [`Error::Unavailable`] when a retry may succeed,
    /// [`Error::Internal`], also for a query with boosts, which this engine does not have.
    pub async fn search(&self, index: &str, query: &Query, deadline: Instant) -> Result<Hits, Error> {
        let analyzed = AnalyzedQuery::new(query).map_err(refused)?;
        let found = self.find(index, &analyzed, deadline).await?;
        let has_next = found.len() > query.limit;
        let hits: Vec<Hit> = found
            .iter()
            .take(query.limit)
            .map(|found| analyzed.hit(&found.record(), found.cursor))
            .collect::<Result<_, _>>()
            .map_err(refused)?;
        Ok(Hits {
            // The server has no generations.
            generation: 0,
            next: hits.last().map(|hit| hit.cursor).filter(|_| has_next),
            hits,
        })
    }

    /// Completes what is being typed.
    ///
    /// # Errors
    /// As [`OpenSearch::search`].
    pub async fn suggest(
        &self,
        index: &str,
        typed: &str,
        kinds: &[String],
        limit: usize,
        deadline: Instant,
    ) -> Result<Vec<Suggestion>, Error> {
        let analyzed = AnalyzedQuery::typing(typed, kinds, limit).map_err(refused)?;
        let found = self.find(index, &analyzed, deadline).await?;
        let documents = found.iter().map(|found| &found.stored);
        analyzed.suggestions(documents, limit).map_err(refused)
    }

    /// The documents of a page and one more, which tells whether there is a next page.
    async fn find(&self, index: &str, analyzed: &AnalyzedQuery, deadline: Instant) -> Result<Vec<Found>, Error> {
        if !analyzed.query().boosts.is_empty() {
            return Err(Error::internal(DOING, "the server does not boost kinds"));
        }
        let mut found = vec![];
        for tier in analyzed.exact_tiers() {
            self.collect(index, analyzed, tier, &mut found, deadline).await?;
        }
        for tier in analyzed.near_tiers(!found.is_empty()) {
            self.collect(index, analyzed, tier, &mut found, deadline).await?;
        }
        Ok(found)
    }

    /// Adds documents of a tier until the page is full.
    async fn collect(
        &self,
        index: &str,
        analyzed: &AnalyzedQuery,
        tier: Match,
        found: &mut Vec<Found>,
        deadline: Instant,
    ) -> Result<(), Error> {
        let (query, plans) = (analyzed.query(), analyzed.candidates(tier));
        if plans.is_empty() {
            return Ok(());
        }
        let mut after = query.after.filter(|cursor| cursor.tier == tier);
        let mut size = FIRST.max(query.limit + 1).min(MOST);
        while found.len() <= query.limit {
            let body = query::search(query, &plans, after.as_ref(), size);
            let reply: Option<SearchReply> = self.find_in(DOING, index, &body, deadline).await?;
            // A new index takes some seconds to be known everywhere.
            let reply = reply.ok_or_else(|| Error::unavailable(DOING, "there is no such index"))?;
            let is_last = reply.hits.hits.len() < size;
            for hit in reply.hits.hits {
                let candidate = Found::new(hit, query.order, tier)?;
                after = Some(candidate.cursor);
                if found.len() <= query.limit && analyzed.is_in(tier, &candidate.stored).map_err(refused)? {
                    found.push(candidate);
                }
            }
            if is_last {
                break;
            }
            size = (size * 2).min(MOST);
        }
        Ok(())
    }
}

/// A document that the server has found.
struct Found {
    kind: String,
    version: u64,
    created_at: i64,
    stored: Vec<u8>,
    cursor: Cursor,
}

impl Found {
    fn new(hit: SearchHit, order: Order, tier: Match) -> Result<Self, Error> {
        let source = hit.source;
        let stored = BASE64_STANDARD.decode(source.stored);
        let stored = stored.map_err(|error| Error::internal(DOING, error))?;
        let (kind, id) = mapping::kind_and_id(&hit.id);
        Ok(Self {
            cursor: Cursor {
                tier,
                boost: if order == Order::Relevance { NO_BOOST } else { 0 },
                value: order.value(source.created_at, || source.price),
                identity: identity(kind, id),
            },
            kind: kind.to_owned(),
            version: source.version,
            created_at: source.created_at,
            stored,
        })
    }

    fn record(&self) -> Record<'_> {
        Record {
            kind: &self.kind,
            version: self.version,
            created_at: self.created_at,
            stored: &self.stored,
        }
    }
}

#[derive(Deserialize)]
struct SearchReply {
    hits: SearchHits,
}

#[derive(Deserialize)]
struct SearchHits {
    hits: Vec<SearchHit>,
}

#[derive(Deserialize)]
struct SearchHit {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_source")]
    source: HitSource,
}

#[derive(Deserialize)]
struct HitSource {
    version: u64,
    created_at: i64,
    price: Option<u64>,
    stored: String,
}
