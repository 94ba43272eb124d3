//! The search: tiers of candidates from the best to the worst, each checked before it is a hit.

mod hits;
mod top;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use tantivy::DocId;

pub use hits::{Hit, HitTitle, Hits, Suggestion};

use crate::analyzer;
use crate::document::is_category;
use crate::error::Error;
use crate::index::Index;
use crate::matching::{Match, Texts};
use crate::pattern::Parsed;
use crate::plan::{Plan, plans};
use crate::schema::ROOT;
use crate::segment::{Segment, intersect};
use crate::stored;
use top::{Rank, Top};

/// The most hits of a page.
pub const MAX_HITS: usize = 10_000;
/// The most kinds of a filter.
const MAX_KINDS: usize = 32;

/// What to find.
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

/// The position of a hit in the order of a query. It is valid for the same query in any generation: the order does not
/// depend on other documents, so that only a document that has changed can move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The tier of the hit.
    pub tier: Match,
    /// The boost of its kind.
    pub boost: u8,
    /// Its time or price, so that lower is first.
    pub value: u64,
    /// A hash of its kind and id.
    pub identity: u64,
}

/// Tiers without tolerance. Near misses are searched only if these have no hit: who types right wants no others.
const EXACT: [Match; 3] = [Match::Title, Match::Prefix, Match::Text];
const NEAR: [Match; 3] = [Match::HalfTyped, Match::Similar, Match::Typo];

impl Index {
    /// Finds a page of documents.
    ///
    /// # Errors
    /// [`Error::Query`] and [`Error::Parameter`] refuse the query.
    pub fn search(&self, query: &Query) -> Result<Hits, Error> {
        let search = Search::new(self, query, false)?;
        let top = search.run()?;
        search.hits(top)
    }

    /// Completes what is being typed: titles, aliases and names, each once, the best first.
    ///
    /// # Errors
    /// As [`Index::search`].
    pub fn suggest(&self, typed: &str, kinds: &[String], limit: usize) -> Result<Vec<Suggestion>, Error> {
        let query = Query {
            text: typed.to_owned(),
            kinds: kinds.to_vec(),
            // Several documents can have the same title.
            limit: limit.saturating_mul(3),
            ..Query::default()
        };
        if typed.trim().is_empty() {
            return Ok(vec![]);
        }
        let search = Search::new(self, &query, true)?;
        let top = search.run()?;
        search.suggestions(top, limit)
    }
}

/// A query against an index.
struct Search<'a> {
    index: &'a Index,
    query: &'a Query,
    parsed: Parsed,
    /// Whether the query is incomplete: its last syllable may be half-typed.
    typing: bool,
}

impl<'a> Search<'a> {
    fn new(index: &'a Index, query: &'a Query, typing: bool) -> Result<Self, Error> {
        let parsed = Parsed::new(&query.text)?;
        let checks = [
            ("limit", (1..=MAX_HITS).contains(&query.limit)),
            (
                "kinds",
                query.kinds.len() <= MAX_KINDS && query.boosts.len() <= MAX_KINDS,
            ),
            ("category", query.category.as_deref().is_none_or(is_category)),
        ];
        if let Some((parameter, _)) = checks.into_iter().find(|(_, holds)| !holds) {
            return Err(Error::Parameter(parameter));
        }
        Ok(Self {
            index,
            query,
            parsed,
            typing,
        })
    }

    fn run(&self) -> Result<Top, Error> {
        let after = self.query.after.as_ref().map(Rank::from);
        // One more tells whether there is a next page.
        let mut top = Top::new(self.query.limit + 1, after);
        if self.parsed.written.tokens.is_empty() {
            // A query of punctuation finds nothing.
            if self.query.text.trim().is_empty() {
                self.collect(&mut top, &[vec![]], Match::Text)?;
            }
            return Ok(top);
        }
        let is_after = |tier: &Match| self.query.after.is_none_or(|cursor| *tier >= cursor.tier);
        for &tier in self.exact_tiers().iter().filter(|tier| is_after(tier)) {
            if !top.is_full() {
                self.collect(&mut top, &self.exact_plans(tier), tier)?;
            }
        }
        let has_exact = !top.is_empty() || self.query.after.is_some_and(|cursor| cursor.tier <= Match::Text);
        if has_exact || self.typing {
            return Ok(top);
        }
        for tier in NEAR.into_iter().filter(is_after) {
            if !top.is_full() {
                self.collect(&mut top, &plans(&self.parsed, tier, false), tier)?;
            }
        }
        Ok(top)
    }

    /// Only relevance tells tiers apart.
    fn exact_tiers(&self) -> &'static [Match] {
        match self.query.order {
            Order::Relevance => &EXACT,
            _ => &[Match::Text],
        }
    }

    fn exact_plans(&self, tier: Match) -> Vec<Plan> {
        let is_prefix_only = self.parsed.written.is_single_initial() && self.query.order != Order::Relevance;
        let tier = if is_prefix_only { Match::Prefix } else { tier };
        plans(&self.parsed, tier, self.typing)
    }

    /// Collects the documents that match in a tier.
    fn collect(&self, top: &mut Top, plans: &[Plan], tier: Match) -> Result<(), Error> {
        for (position, segment) in self.index.segments.iter().enumerate() {
            let filter = Filter::new(self.query, segment);
            let mut seen = HashSet::new();
            for plan in plans {
                let category = self.query.category.as_deref().or(plan.is_empty().then_some(ROOT));
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
                        && self.matches(segment, doc, tier)?
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

    fn matches(&self, segment: &Segment, doc: DocId, tier: Match) -> Result<bool, Error> {
        if self.parsed.written.tokens.is_empty() {
            return Ok(true);
        }
        let found = self.best_match(&texts(&segment.stored(doc)?)?);
        Ok(match self.query.order {
            _ if tier > Match::Text => found == Some(tier),
            Order::Relevance => found == Some(tier),
            _ => found.is_some_and(|found| found <= Match::Text),
        })
    }

    fn best_match(&self, texts: &Texts) -> Option<Match> {
        if self.typing {
            self.parsed.best_match_while_typing(texts)
        } else {
            self.parsed.best_match(texts)
        }
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
        Some(match self.query.order {
            Order::Relevance => (boost, self.newest_first(doc)),
            Order::Newest => (0, self.newest_first(doc)),
            Order::PriceAsc => (0, price().unwrap_or(u64::MAX)),
            Order::PriceDesc => (
                0,
                price().map_or(u64::MAX, |price| u64::MAX - 1 - price.min(u64::MAX - 1)),
            ),
        })
    }

    fn newest_first(&self, doc: DocId) -> u64 {
        let created_at = self.segment.created_at.first(doc).unwrap_or(i64::MIN);
        u64::MAX - (created_at as u64 ^ 1 << 63)
    }
}

/// The texts of a stored document.
fn texts(bytes: &[u8]) -> Result<Texts, Error> {
    let stored = stored::decode(bytes).map_err(|_| Error::Damaged("a stored document is malformed"))?;
    let titles = stored.titles.iter().map(|&(_, text)| text).chain(stored.aliases);
    Ok(Texts {
        titles: titles.map(analyzer::units).collect(),
        names: stored.names.into_iter().map(analyzer::units).collect(),
    })
}
