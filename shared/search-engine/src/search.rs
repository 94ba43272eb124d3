//! The search: tiers of candidates from the best to the worst, each checked before it is a hit.

mod hits;
mod top;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use tantivy::DocId;

pub use hits::{Hit, HitTitle, Hits, Suggestion};

use crate::analyzed::AnalyzedQuery;
use crate::error::Error;
use crate::index::Index;
use crate::matching::Match;
use crate::schema::ROOT;
use crate::segment::{Segment, intersect};
use top::{Rank, Top};

/// The most hits of a page.
pub const MAX_HITS: usize = 10_000;
/// The documents to find.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Words. Without any, all documents that the filters leave are found.
    pub text: String,
    /// Only these kinds. All kinds if it is empty.
    pub kinds: Vec<String>,
    /// Only this category and those below it.
    pub category: Option<String>,
    /// Only these prices.
    pub price: Option<PriceRange>,
    /// The order of the hits.
    pub order: Order,
    /// Kinds that come first in each tier of relevance, and how much: 0, the highest, first to 255. Other kinds have 128.
    pub boosts: Vec<(String, u8)>,
    /// The most hits of the page.
    pub limit: usize,
    /// The last hit of the page before.
    pub after: Option<Cursor>,
}

/// Prices in a currency, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRange {
    /// ISO 4217.
    pub currency: String,
    /// In minor units.
    pub min: u64,
    /// In minor units.
    pub max: u64,
}

/// The order of hits. Documents that are equal in it have a fixed order by their ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Order {
    /// By [`Match`], boost of the kind, and time, newest first.
    #[default]
    Relevance,
    /// By time, newest first.
    Newest,
    /// By price, lowest first, whatever the currency. Documents without a price come last.
    PriceAsc,
    /// By price, highest first, whatever the currency. Documents without a price come last.
    PriceDesc,
}

impl Order {
    /// The number that the order compares, so that lower is first: the time, or the price.
    pub fn value(self, created_at: i64, price: impl FnOnce() -> Option<u64>) -> u64 {
        match self {
            Self::Relevance | Self::Newest => u64::MAX - (created_at as u64 ^ 1 << 63),
            Self::PriceAsc => price().unwrap_or(u64::MAX),
            Self::PriceDesc => price().map_or(u64::MAX, |price| u64::MAX - 1 - price.min(u64::MAX - 1)),
        }
    }
}

/// The position of a hit in the order of a query. It is valid for the same query in any generation: the order does not
/// depend on other documents, so that only a document that has changed can move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The tier of the hit.
    pub tier: Match,
    /// The boost of its kind.
    pub boost: u8,
    /// The hit's time or price, as a number of which the lowest comes first.
    pub value: u64,
    /// A hash of its kind and id.
    pub identity: u64,
}

impl Index {
    /// Finds a page of documents.
    ///
    /// # Errors
    /// [`Error::Query`] and [`Error::Parameter`] refuse the query.
    pub fn search(&self, query: &Query) -> Result<Hits, Error> {
        let search = Search::new(self, AnalyzedQuery::new(query)?);
        let top = search.run()?;
        search.hits(top)
    }

    /// Completes what is being typed: titles, aliases and names, each once, the best first.
    ///
    /// # Errors
    /// As [`Index::search`].
    pub fn suggest(&self, typed: &str, kinds: &[String], limit: usize) -> Result<Vec<Suggestion>, Error> {
        let search = Search::new(self, AnalyzedQuery::typing(typed, kinds, limit)?);
        let top = search.run()?;
        search.suggestions(top, limit)
    }
}

/// A query against an index.
struct Search<'a> {
    index: &'a Index,
    analyzed: AnalyzedQuery,
}

impl<'a> Search<'a> {
    const fn new(index: &'a Index, analyzed: AnalyzedQuery) -> Self {
        Self { index, analyzed }
    }

    fn run(&self) -> Result<Top, Error> {
        let query = self.analyzed.query();
        let after = query.after.as_ref().map(Rank::from);
        // One more tells whether there is a next page.
        let mut top = Top::new(query.limit + 1, after);
        for tier in self.analyzed.exact_tiers() {
            if !top.is_full() {
                self.collect(&mut top, tier)?;
            }
        }
        for tier in self.analyzed.near_tiers(!top.is_empty()) {
            if !top.is_full() {
                self.collect(&mut top, tier)?;
            }
        }
        Ok(top)
    }

    /// Collects the documents that match in a tier.
    fn collect(&self, top: &mut Top, tier: Match) -> Result<(), Error> {
        let query = self.analyzed.query();
        let plans = self.analyzed.candidates(tier);
        for (position, segment) in self.index.segments.iter().enumerate() {
            let filter = Filter::new(query, segment);
            let mut seen = HashSet::new();
            for plan in &plans {
                let category = query.category.as_deref().or(plan.is_empty().then_some(ROOT));
                let Some(sets) = segment.candidates(plan, category)? else {
                    continue;
                };
                intersect(sets, |doc| {
                    let Some(order) = filter.order(doc) else { return Ok(()) };
                    // Most documents of a common word are not among the best.
                    if !top.might_take(tier, order) {
                        return Ok(());
                    }
                    let Some(rank) = filter.rank(doc, tier, order) else {
                        return Ok(());
                    };
                    if top.would_take(&rank)
                        && !segment.reader.is_deleted(doc)
                        && self.analyzed.is_in(tier, &segment.stored(doc)?)?
                        && (plans.len() == 1 || seen.insert(doc))
                    {
                        top.insert(rank, position, doc);
                    }
                    Ok(())
                })?;
            }
        }
        top.finish_tier();
        Ok(())
    }
}

/// The filters and the order of a query, for the documents of a segment.
struct Filter<'a> {
    query: &'a Query,
    segment: &'a Segment,
    /// The boost of each kind, or none if it is filtered out.
    boosts: Vec<Option<u8>>,
    /// The currency of the price filter. The outer option is the filter, the inner one whether a document has it.
    currency: Option<Option<usize>>,
}

impl<'a> Filter<'a> {
    fn new(query: &'a Query, segment: &'a Segment) -> Self {
        let boost = |kind: &String| {
            let is_wanted = query.kinds.is_empty() || query.kinds.contains(kind);
            let boost = query.boosts.iter().find(|(boosted, _)| boosted == kind);
            is_wanted.then(|| boost.map_or(128, |&(_, boost)| boost))
        };
        let currencies = &segment.currencies.names;
        let currency = query
            .price
            .as_ref()
            .map(|range| currencies.iter().position(|name| *name == range.currency));
        Self {
            query,
            segment,
            boosts: segment.kinds.names.iter().map(boost).collect(),
            currency,
        }
    }

    /// The rank of a document by its boost and value.
    fn rank(&self, doc: DocId, tier: Match, (boost, value): (u8, u64)) -> Option<Rank> {
        let identity = self.segment.identity.first(doc)?;
        Some(Rank {
            tier,
            boost,
            value,
            identity,
        })
    }

    /// The boost and value of a document, or none if it is filtered out.
    fn order(&self, doc: DocId) -> Option<(u8, u64)> {
        let boost = *self.boosts.get(self.segment.kinds.ordinal(doc)?)?;
        let boost = boost?;
        let price = || self.segment.price.first(doc);
        if let (Some(range), Some(currency)) = (&self.query.price, self.currency) {
            let has_currency = currency.is_some() && self.segment.currencies.ordinal(doc) == currency;
            if !has_currency || !price().is_some_and(|price| (range.min..=range.max).contains(&price)) {
                return None;
            }
        }
        let created_at = self.segment.created_at.first(doc).unwrap_or(i64::MIN);
        let boost = if self.query.order == Order::Relevance { boost } else { 0 };
        Some((boost, self.query.order.value(created_at, price)))
    }
}
