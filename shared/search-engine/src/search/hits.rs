//! From ranked documents to what a search returns.

use super::top::Top;
use super::{Cursor, Search};
use crate::analyzed::Record;
use crate::error::Error;
use crate::matching::Match;

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
    /// The document's kind.
    pub kind: String,
    /// The document's id, unique within its kind.
    pub id: String,
    /// The version of the document that was indexed.
    pub version: u64,
    /// The quality of the match.
    pub matched: Match,
    /// The document's titles, with the parts that match.
    pub titles: Vec<HitTitle>,
    /// Its price is in the payload, as everything else that a client shows.
    pub payload: Vec<u8>,
    /// When it was first published, in milliseconds since 1970.
    pub created_at: i64,
    /// When it last changed, in milliseconds since 1970.
    pub updated_at: i64,
    /// The hit's position in the results, from which the next page begins.
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
        let limit = self.analyzed.query().limit;
        let mut ranked = top.into_sorted();
        let has_next = ranked.len() > limit;
        ranked.truncate(limit);
        let mut hits = Vec::with_capacity(ranked.len());
        for (rank, segment, doc) in ranked {
            let segment = &self.index.segments[segment];
            let record = Record {
                kind: segment.kinds.name(doc).unwrap_or_default(),
                version: segment.version.first(doc).unwrap_or_default(),
                created_at: segment.created_at.first(doc).unwrap_or_default(),
                stored: &segment.stored(doc)?,
            };
            hits.push(self.analyzed.hit(&record, rank.cursor())?);
        }
        let last = hits.last().map(|hit| hit.cursor);
        Ok(Hits {
            generation: self.index.generation(),
            hits,
            next: last.filter(|_| has_next),
        })
    }

    /// The best matching text of each ranked document.
    pub(super) fn suggestions(&self, top: Top, limit: usize) -> Result<Vec<Suggestion>, Error> {
        let ranked = top.into_sorted().into_iter();
        let stored: Vec<Vec<u8>> = ranked
            .map(|(_, segment, doc)| self.index.segments[segment].stored(doc))
            .collect::<Result<_, _>>()?;
        self.analyzed.suggestions(stored, limit)
    }
}
