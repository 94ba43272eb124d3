//! From ranked documents to what a search returns.

use std::collections::HashSet;

use super::top::Top;
use super::{Cursor, Search, texts};
use crate::analyzer;
use crate::error::Error;
use crate::matching::Match;
use crate::stored;

/// A page of hits.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    /// The generation of the index, so that a client tells answers apart.
    pub generation: u64,
    /// The hits, in order.
    pub hits: Vec<Hit>,
    /// The cursor of the last hit if there is a next page.
    pub next: Option<Cursor>,
}

/// A document that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Its kind.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its version when it was indexed.
    pub version: u64,
    /// How well it matches.
    pub matched: Match,
    /// Its titles, with the parts that match.
    pub titles: Vec<HitTitle>,
    /// Its price is in the payload, as everything else that a client shows.
    pub payload: Vec<u8>,
    /// When it was first published, in milliseconds since 1970.
    pub created_at: i64,
    /// When it last changed, in milliseconds since 1970.
    pub updated_at: i64,
    /// Its position.
    pub cursor: Cursor,
}

/// A title of a hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HitTitle {
    /// The code of the language.
    pub language: String,
    /// The title.
    pub text: String,
    /// The parts that match, as ranges of UTF-16 code units: JavaScript's `text.slice(start, end)`.
    pub highlights: Vec<(u32, u32)>,
}

/// A completion of what is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// A title, alias or name.
    pub text: String,
    /// The parts that match, as ranges of UTF-16 code units.
    pub highlights: Vec<(u32, u32)>,
}

impl Search<'_> {
    /// The page of the ranked documents.
    pub(super) fn hits(&self, top: Top) -> Result<Hits, Error> {
        let generation = self.index.generation();
        let mut ranked = top.into_sorted();
        let has_next = ranked.len() > self.query.limit;
        ranked.truncate(self.query.limit);
        let mut hits = Vec::with_capacity(ranked.len());
        for (rank, segment, doc) in ranked {
            let segment = &self.index.segments[segment];
            let bytes = segment.stored(doc)?;
            let stored = stored::decode(&bytes).map_err(|_| Error::Damaged("a stored document is malformed"))?;
            let title = |&(language, text): &(&str, &str)| HitTitle {
                language: language.to_owned(),
                text: text.to_owned(),
                highlights: self.parsed.highlights(&analyzer::units(text)),
            };
            hits.push(Hit {
                kind: segment.kinds.name(doc).unwrap_or_default().to_owned(),
                id: stored.id.to_owned(),
                version: segment.version.first(doc).unwrap_or_default(),
                matched: self.best_match(&texts(&bytes)?).unwrap_or(rank.tier),
                titles: stored.titles.iter().map(title).collect(),
                payload: stored.payload.to_vec(),
                created_at: segment.created_at.first(doc).unwrap_or_default(),
                updated_at: stored.updated_at,
                cursor: rank.cursor(),
            });
        }
        let last = hits.last().map(|hit| hit.cursor);
        let next = last.filter(|_| has_next);
        Ok(Hits { generation, hits, next })
    }

    /// The best matching text of each ranked document.
    pub(super) fn suggestions(&self, top: Top, limit: usize) -> Result<Vec<Suggestion>, Error> {
        let mut seen = HashSet::new();
        let mut suggestions = vec![];
        for (_, segment, doc) in top.into_sorted() {
            let bytes = self.index.segments[segment].stored(doc)?;
            let stored = stored::decode(&bytes).map_err(|_| Error::Damaged("a stored document is malformed"))?;
            let all = stored
                .titles
                .iter()
                .map(|&(_, text)| text)
                .chain(stored.aliases)
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
}

fn covered(highlights: &[(u32, u32)]) -> u32 {
    highlights.iter().map(|(start, end)| end - start).sum()
}
