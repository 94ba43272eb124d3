//! A query after analysis: which tiers to search, which terms their documents have, and whether a document matches. The
//! same for each engine: the embedded one, and those that are servers.

use std::collections::HashSet;

use crate::analyzer;
use crate::document::is_category;
use crate::error::Error;
use crate::matching::{Match, Texts};
use crate::pattern::Parsed;
use crate::plan::{Plan, plans};
use crate::search::{Cursor, Hit, HitTitle, MAX_HITS, Order, Query, Suggestion};
use crate::stored::{self, Stored};

/// The most kinds of a filter.
const MAX_KINDS: usize = 32;

/// Tiers without tolerance. Near misses are searched only if these have no hit: who types right wants no others.
const EXACT: [Match; 3] = [Match::Title, Match::Prefix, Match::Text];
const NEAR: [Match; 3] = [Match::HalfTyped, Match::Similar, Match::Typo];

/// A query after analysis.
#[derive(Clone, Debug)]
pub struct AnalyzedQuery {
    query: Query,
    parsed: Parsed,
    /// Whether the query is incomplete: its last syllable may be half-typed.
    typing: bool,
}

/// A document as an engine keeps it.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The document's kind.
    pub kind: &'a str,
    /// The document's version. A newer one replaces it.
    pub version: u64,
    /// When it was first published, in milliseconds since 1970.
    pub created_at: i64,
    /// The bytes that [`ServerDocument`](crate::ServerDocument) calls `stored`.
    pub stored: &'a [u8],
}

impl AnalyzedQuery {
    /// Analyzes a query.
    ///
    /// # Errors
    /// [`Error::Query`] and [`Error::Parameter`] refuse it.
    pub fn new(query: &Query) -> Result<Self, Error> {
        Self::of(query, false)
    }

    /// Analyzes what is being typed, for `limit` suggestions.
    ///
    /// # Errors
    /// As [`AnalyzedQuery::new`].
    pub fn typing(typed: &str, kinds: &[String], limit: usize) -> Result<Self, Error> {
        let query = Query {
            text: typed.to_owned(),
            kinds: kinds.to_vec(),
            // Several documents can have the same title.
            limit: limit.saturating_mul(3),
            ..Query::default()
        };
        Self::of(&query, true)
    }

    fn of(query: &Query, typing: bool) -> Result<Self, Error> {
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
            query: query.clone(),
            parsed,
            typing,
        })
    }

    /// The query.
    pub const fn query(&self) -> &Query {
        &self.query
    }

    /// The tiers without tolerance to search, from the best. None for a text of punctuation, which finds nothing.
    pub fn exact_tiers(&self) -> Vec<Match> {
        let tiers: &[Match] = match self.query.order {
            _ if self.is_text_of_punctuation() || self.typing && self.has_no_words() => &[],
            // Only relevance tells tiers apart.
            Order::Relevance if !self.has_no_words() => &EXACT,
            _ => &[Match::Text],
        };
        self.after_cursor(tiers)
    }

    /// The tiers of near misses to search after that, from the best. None if an exact tier has a hit, on this page or
    /// before it.
    pub fn near_tiers(&self, has_exact: bool) -> Vec<Match> {
        let is_after_exact = self.query.after.is_some_and(|cursor| cursor.tier <= Match::Text);
        if has_exact || is_after_exact || self.typing || self.has_no_words() {
            return vec![];
        }
        self.after_cursor(&NEAR)
    }

    /// The plans of a tier: each of its documents fulfills at least one of them. A plan may find too much, never too
    /// little. The plan without slots finds all documents.
    pub fn candidates(&self, tier: Match) -> Vec<Plan> {
        if self.has_no_words() {
            return vec![vec![]];
        }
        if tier > Match::Text {
            return plans(&self.parsed, tier, false);
        }
        let is_prefix_only = self.parsed.written.is_single_initial() && self.query.order != Order::Relevance;
        let tier = if is_prefix_only { Match::Prefix } else { tier };
        plans(&self.parsed, tier, self.typing)
    }

    /// Whether a document that a plan of a tier has found is of this tier.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn is_in(&self, tier: Match, stored: &[u8]) -> Result<bool, Error> {
        if self.has_no_words() {
            return Ok(true);
        }
        let found = self.best_match(&texts(&decode(stored)?));
        Ok(match self.query.order {
            _ if tier > Match::Text => found == Some(tier),
            Order::Relevance => found == Some(tier),
            _ => found.is_some_and(|found| found <= Match::Text),
        })
    }

    /// The hit for a document that matches.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn hit(&self, record: &Record<'_>, cursor: Cursor) -> Result<Hit, Error> {
        let stored = decode(record.stored)?;
        let title = |&(language, text): &(&str, &str)| HitTitle {
            language: language.to_owned(),
            text: text.to_owned(),
            highlights: self.parsed.highlights(&analyzer::units(text)),
        };
        Ok(Hit {
            kind: record.kind.to_owned(),
            id: stored.id.to_owned(),
            version: record.version,
            matched: self.best_match(&texts(&stored)).unwrap_or(cursor.tier),
            titles: stored.titles.iter().map(title).collect(),
            payload: stored.payload.to_vec(),
            created_at: record.created_at,
            updated_at: stored.updated_at,
            cursor,
        })
    }

    /// The best matching text of each document, each text once, the best document first.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn suggestions<S: AsRef<[u8]>>(
        &self,
        documents: impl IntoIterator<Item = S>,
        limit: usize,
    ) -> Result<Vec<Suggestion>, Error> {
        let mut seen = HashSet::new();
        let mut suggestions = vec![];
        for bytes in documents {
            let stored = decode(bytes.as_ref())?;
            // An id, such as an SKU, is found as an alias, but it is no text for readers.
            let aliases = stored.aliases.into_iter().filter(|&text| text != stored.id);
            let all = stored
                .titles
                .iter()
                .map(|&(_, text)| text)
                .chain(aliases)
                .chain(stored.names);
            let matching = all.filter_map(|text| {
                let units = analyzer::units(text);
                let highlights = self.parsed.highlights(&units);
                // The text that matches earliest and most, and of equal ones the first.
                let quality = (highlights.first()?.0, std::cmp::Reverse(covered(&highlights)));
                Some((quality, text, units, highlights))
            });
            let Some((_, text, units, highlights)) = matching.min_by_key(|(quality, ..)| *quality) else {
                continue;
            };
            let is_new = seen.insert(units.iter().map(|unit| unit.character).collect::<String>());
            if is_new && suggestions.len() < limit {
                let text = text.to_owned();
                suggestions.push(Suggestion { text, highlights });
            }
        }
        Ok(suggestions)
    }

    fn best_match(&self, texts: &Texts) -> Option<Match> {
        if self.typing {
            self.parsed.best_match_while_typing(texts)
        } else {
            self.parsed.best_match(texts)
        }
    }

    fn after_cursor(&self, tiers: &[Match]) -> Vec<Match> {
        let is_after = |tier: &&Match| self.query.after.is_none_or(|cursor| **tier >= cursor.tier);
        tiers.iter().filter(is_after).copied().collect()
    }

    fn has_no_words(&self) -> bool {
        self.parsed.written.tokens.is_empty()
    }

    fn is_text_of_punctuation(&self) -> bool {
        self.has_no_words() && !self.query.text.trim().is_empty()
    }
}

fn decode(bytes: &[u8]) -> Result<Stored<'_>, Error> {
    stored::decode(bytes).map_err(|_| Error::Damaged("a stored document is malformed"))
}

/// The searchable texts of a stored document.
fn texts(stored: &Stored<'_>) -> Texts {
    let titles = stored.titles.iter().map(|&(_, text)| text);
    let titles = titles.chain(stored.aliases.iter().copied());
    Texts {
        titles: titles.map(analyzer::units).collect(),
        names: stored.names.iter().copied().map(analyzer::units).collect(),
    }
}

fn covered(highlights: &[(u32, u32)]) -> u32 {
    highlights.iter().map(|(start, end)| end - start).sum()
}
