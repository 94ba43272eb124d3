//! A segment of the index, opened for reading: its columns, its stored documents, and the candidates of a plan.

use std::sync::Arc;

use tantivy::columnar::Column;
use tantivy::postings::{SegmentPostings, TermInfo};
use tantivy::query::BitSetDocSet;
use tantivy::schema::document::{DeserializeError, DocumentDeserialize, DocumentDeserializer};
use tantivy::schema::{IndexRecordOption, OwnedValue};
use tantivy::store::StoreReader;
use tantivy::{BitSet, DocId, DocSet, InvertedIndexReader, SegmentReader, TERMINATED, Term};

use crate::error::Error;
use crate::plan::{Slot, one_typo_away};
use crate::schema::Fields;

/// Blocks of 4 KB that each segment keeps decompressed.
const CACHED_BLOCKS: usize = 64;

/// A segment.
pub struct Segment {
    pub reader: SegmentReader,
    pub identity: Column<u64>,
    pub version: Column<u64>,
    pub created_at: Column<i64>,
    pub price: Column<u64>,
    pub kinds: Codes,
    pub currencies: Codes,
    fields: Fields,
    terms: Arc<InvertedIndexReader>,
    categories: Arc<InvertedIndexReader>,
    store: StoreReader,
}

/// A column of codes of which there are few.
pub struct Codes {
    ordinals: Column<u64>,
    pub names: Vec<String>,
}

/// A sorted set of documents.
pub type Docs = Box<dyn DocSet>;

impl Segment {
    /// Opens a segment.
    pub fn open(segment: &tantivy::Segment, fields: Fields) -> Result<Self, Error> {
        let reader = SegmentReader::open(segment)?;
        let columns = reader.fast_fields();
        let documents = reader.max_doc();
        let price = columns.column_opt("price")?;
        Ok(Self {
            identity: columns.u64("identity")?,
            version: columns.u64("version")?,
            created_at: columns.i64("created_at")?,
            price: price.unwrap_or_else(|| Column::build_empty_column(documents)),
            kinds: Codes::open(&reader, "kind")?,
            currencies: Codes::open(&reader, "currency")?,
            terms: reader.inverted_index(fields.terms)?,
            categories: reader.inverted_index(fields.categories)?,
            store: reader.get_store_reader(CACHED_BLOCKS)?,
            fields,
            reader,
        })
    }

    /// The identities of all documents that are not deleted.
    pub fn identities(&self) -> impl Iterator<Item = (DocId, u64)> {
        let alive = (0..self.reader.max_doc()).filter(|&doc| !self.reader.is_deleted(doc));
        alive.filter_map(|doc| Some((doc, self.identity.first(doc)?)))
    }

    /// The stored form of a document.
    pub fn stored(&self, doc: DocId) -> Result<Vec<u8>, Error> {
        let StoredBytes(bytes) = self.store.get(doc)?;
        Ok(bytes)
    }

    /// The documents in a category for which all slots hold. Deleted documents are among them.
    pub fn candidates(&self, plan: &[Slot], category: Option<&str>) -> Result<Option<Vec<Docs>>, Error> {
        let mut sets: Vec<Docs> = vec![];
        if let Some(category) = category {
            let term = Term::from_field_text(self.fields.categories, category);
            match self.categories.read_postings(&term, IndexRecordOption::Basic)? {
                Some(postings) => sets.push(Box::new(postings)),
                None => return Ok(None),
            }
        }
        for slot in plan {
            match self.slot(slot)? {
                Some(set) => sets.push(set),
                None => return Ok(None),
            }
        }
        Ok(Some(sets))
    }

    fn slot(&self, slot: &Slot) -> Result<Option<Docs>, Error> {
        match slot {
            Slot::Term(term) => Ok(self.postings(term)?.map(|postings| Box::new(postings) as Docs)),
            Slot::Range(first, last) => self.union(&self.range(first, last)?),
            Slot::Character(characters) => {
                let terms = characters.clone().map(String::from);
                self.union(&self.existing(terms)?)
            }
            Slot::Typo(word) => {
                let mut terms = self.range(word, &format!("{word}{}", char::MAX))?;
                terms.extend(self.existing(one_typo_away(word))?);
                self.union(&terms)
            }
            Slot::AtLeast(required, terms) => self.at_least(*required, terms).map(Some),
        }
    }

    fn postings(&self, term: &str) -> Result<Option<SegmentPostings>, Error> {
        let term = Term::from_field_text(self.fields.terms, term);
        Ok(self.terms.read_postings(&term, IndexRecordOption::Basic)?)
    }

    /// The terms from the first to the last.
    fn range(&self, first: &str, last: &str) -> Result<Vec<TermInfo>, Error> {
        let mut found = vec![];
        let mut terms = self.terms.terms().range().ge(first).le(last).into_stream()?;
        while terms.advance() {
            found.push(terms.value().clone());
        }
        Ok(found)
    }

    /// Those of the terms that the segment has.
    fn existing(&self, terms: impl Iterator<Item = String>) -> Result<Vec<TermInfo>, Error> {
        let dictionary = self.terms.terms();
        let found = terms.map(|term| dictionary.get(term)).filter_map(Result::transpose);
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// The documents that have any of the terms.
    fn union(&self, terms: &[TermInfo]) -> Result<Option<Docs>, Error> {
        let blocks = |term| {
            self.terms
                .read_block_postings_from_terminfo(term, IndexRecordOption::Basic)
        };
        match terms {
            [] => Ok(None),
            [only] => {
                let postings = self.terms.read_postings_from_terminfo(only, IndexRecordOption::Basic)?;
                Ok(Some(Box::new(postings)))
            }
            _ => {
                let mut docs = BitSet::with_max_value(self.reader.max_doc());
                for term in terms {
                    let mut blocks = blocks(term)?;
                    while blocks.block_len() > 0 {
                        for &doc in &blocks.docs()[..blocks.block_len()] {
                            docs.insert(doc);
                        }
                        blocks.advance();
                    }
                }
                Ok(Some(Box::new(BitSetDocSet::from(docs))))
            }
        }
    }

    fn at_least(&self, required: usize, terms: &[String]) -> Result<Docs, Error> {
        let mut counts = vec![0_u8; self.reader.max_doc() as usize];
        for term in terms {
            let Some(mut postings) = self.postings(term)? else {
                continue;
            };
            while postings.doc() != TERMINATED {
                counts[postings.doc() as usize] += 1;
                postings.advance();
            }
        }
        let mut docs = BitSet::with_max_value(self.reader.max_doc());
        let enough = (0..).zip(counts).filter(|&(_, count)| usize::from(count) >= required);
        for (doc, _) in enough {
            docs.insert(doc);
        }
        Ok(Box::new(BitSetDocSet::from(docs)))
    }
}

impl Codes {
    fn open(reader: &SegmentReader, field: &str) -> Result<Self, Error> {
        let Some(column) = reader.fast_fields().str(field)? else {
            let ordinals = Column::build_empty_column(reader.max_doc());
            return Ok(Self {
                ordinals,
                names: vec![],
            });
        };
        let mut names = vec![];
        for ordinal in 0..column.num_terms() as u64 {
            let mut name = String::new();
            column.ord_to_str(ordinal, &mut name)?;
            names.push(name);
        }
        let ordinals = column.ords().clone();
        Ok(Self { ordinals, names })
    }

    /// The position of a document's code in the names.
    pub fn ordinal(&self, doc: DocId) -> Option<usize> {
        self.ordinals.first(doc).map(|ordinal| ordinal as usize)
    }

    /// A document's code.
    pub fn name(&self, doc: DocId) -> Option<&str> {
        self.names.get(self.ordinal(doc)?).map(String::as_str)
    }
}

/// Calls `visit` with each document that is in all sets. The sets must not be empty.
pub fn intersect(mut sets: Vec<Docs>, mut visit: impl FnMut(DocId) -> Result<(), Error>) -> Result<(), Error> {
    // The smallest set leads.
    sets.sort_by_key(|set| set.size_hint());
    let Some((lead, others)) = sets.split_first_mut() else {
        return Ok(());
    };
    let mut doc = lead.doc();
    'documents: while doc != TERMINATED {
        for other in others.iter_mut() {
            let found = if other.doc() < doc {
                other.seek(doc)
            } else {
                other.doc()
            };
            if found == TERMINATED {
                return Ok(());
            }
            if found != doc {
                doc = lead.seek(found);
                continue 'documents;
            }
        }
        visit(doc)?;
        doc = lead.advance();
    }
    Ok(())
}

struct StoredBytes(Vec<u8>);

impl DocumentDeserialize for StoredBytes {
    fn deserialize<'de, D: DocumentDeserializer<'de>>(mut deserializer: D) -> Result<Self, DeserializeError> {
        match deserializer.next_field::<OwnedValue>()? {
            Some((_, OwnedValue::Bytes(bytes))) => Ok(Self(bytes)),
            _ => Err(DeserializeError::custom("a document has no stored form")),
        }
    }
}
