//! The best documents so far.

use std::collections::BinaryHeap;

use tantivy::DocId;

use super::Cursor;
use crate::matching::Match;

/// The position of a document in the order of a query: lower is first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    pub tier: Match,
    pub boost: u8,
    pub value: u64,
    pub identity: u64,
}

impl From<&Cursor> for Rank {
    fn from(cursor: &Cursor) -> Self {
        Self {
            tier: cursor.tier,
            boost: cursor.boost,
            value: cursor.value,
            identity: cursor.identity,
        }
    }
}

impl Rank {
    /// The cursor of a document with this rank.
    pub fn cursor(self) -> Cursor {
        Cursor {
            tier: self.tier,
            boost: self.boost,
            value: self.value,
            identity: self.identity,
        }
    }
}

/// A ranked document: its rank, segment and number.
pub type Ranked = (Rank, usize, DocId);

/// The documents with the lowest ranks above a cursor.
pub struct Top {
    limit: usize,
    after: Option<Rank>,
    /// Of the tiers before.
    finished: Vec<Ranked>,
    /// Of this tier, the last in order on top.
    current: BinaryHeap<Ranked>,
}

impl Top {
    pub fn new(limit: usize, after: Option<Rank>) -> Self {
        Self {
            limit,
            after,
            finished: vec![],
            current: BinaryHeap::new(),
        }
    }

    /// Whether a document would be among the best. Only then it is worth to check that it matches.
    pub fn would_take(&self, rank: &Rank) -> bool {
        let is_after = self.after.is_none_or(|after| *rank > after);
        is_after && (self.has_room() || self.current.peek().is_some_and(|(last, ..)| rank < last))
    }

    /// Whether a document could be among the best, whatever its identity.
    pub fn might_take(&self, tier: Match, (boost, value): (u8, u64)) -> bool {
        let rank = |identity| Rank {
            tier,
            boost,
            value,
            identity,
        };
        let is_after = self.after.is_none_or(|after| rank(u64::MAX) > after);
        is_after && (self.has_room() || self.current.peek().is_some_and(|(last, ..)| rank(0) < *last))
    }

    /// Adds a document that [`Top::would_take`].
    pub fn insert(&mut self, rank: Rank, segment: usize, doc: DocId) {
        if !self.has_room() {
            self.current.pop();
        }
        self.current.push((rank, segment, doc));
    }

    /// Keeps the documents of a tier before those of the next ones.
    pub fn finish_tier(&mut self) {
        self.finished
            .extend(std::mem::take(&mut self.current).into_sorted_vec());
    }

    pub fn is_full(&self) -> bool {
        !self.has_room()
    }

    pub fn is_empty(&self) -> bool {
        self.finished.is_empty() && self.current.is_empty()
    }

    /// All documents in order.
    pub fn into_sorted(self) -> Vec<Ranked> {
        self.finished
    }

    fn has_room(&self) -> bool {
        self.finished.len() + self.current.len() < self.limit
    }
}
