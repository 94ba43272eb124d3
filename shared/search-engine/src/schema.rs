//! The fields of the index.

use tantivy::schema::{FAST, Field, IndexRecordOption, NumericOptions, STORED, Schema, TextFieldIndexing, TextOptions};
use tantivy::store::Compressor;
use tantivy::{IndexSettings, TantivyDocument, doc};

use crate::analyzer::{self, Unit};
use crate::checksum::identity;
use crate::document::Document;
use crate::stored;

/// Changes whenever the fields or the stored form change. An index of another version is refused.
pub const SCHEMA_VERSION: u32 = 1;

/// The category that all visible documents are in.
pub const ROOT: &str = "/";

/// The fields.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    /// Terms of all texts, separated by spaces.
    pub terms: Field,
    /// Paths of categories and of those above them, separated by spaces.
    pub categories: Field,
    /// A hash of kind and id.
    pub identity: Field,
    pub kind: Field,
    pub version: Field,
    pub created_at: Field,
    pub price: Field,
    pub currency: Field,
    /// The rest, see [`stored`].
    pub stored: Field,
}

/// The schema and its fields.
pub fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    // Which documents have a term is all that counts: not where and how often.
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("whitespace")
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    let terms = TextOptions::default().set_indexing_options(indexing);
    let code = TextOptions::default().set_fast("raw");
    let number = || NumericOptions::default() | FAST;
    let fields = Fields {
        terms: schema.add_text_field("terms", terms.clone()),
        categories: schema.add_text_field("categories", terms),
        identity: schema.add_u64_field("identity", number()),
        kind: schema.add_text_field("kind", code.clone()),
        version: schema.add_u64_field("version", number()),
        created_at: schema.add_i64_field("created_at", number()),
        price: schema.add_u64_field("price", number()),
        currency: schema.add_text_field("currency", code),
        stored: schema.add_bytes_field("stored", STORED),
    };
    (schema.build(), fields)
}

/// Small blocks: a search reads single documents, and each read decompresses a block.
pub fn settings() -> IndexSettings {
    IndexSettings {
        docstore_compression: Compressor::Lz4,
        docstore_blocksize: 4096,
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    }
}

/// The document in the fields of the index.
pub fn to_tantivy(fields: &Fields, document: &Document) -> TantivyDocument {
    let mut out = doc!(
        fields.identity => identity(&document.kind, &document.id),
        fields.kind => document.kind.as_str(),
        fields.version => document.version,
        fields.created_at => document.created_at,
        fields.stored => stored::encode(document),
    );
    if let Some(price) = &document.price {
        out.add_u64(fields.price, price.amount);
        out.add_text(fields.currency, &price.currency);
    }
    if document.visible {
        out.add_text(fields.terms, terms(document));
        out.add_text(fields.categories, categories(document));
    }
    out
}

/// The terms of a document's texts, separated by spaces.
pub fn terms(document: &Document) -> String {
    let mut terms = String::with_capacity(512);
    let mut add = |term: &str| {
        terms.push_str(term);
        terms.push(' ');
    };
    let titles = document.titles.iter().map(|title| &title.text).chain(&document.aliases);
    for title in titles {
        let units: Vec<Unit> = analyzer::units(title);
        analyzer::terms(&units, &mut add);
        analyzer::markers(&units, &mut add);
    }
    for name in &document.names {
        analyzer::terms(&analyzer::units(name), &mut add);
    }
    terms
}

/// The paths of a document's categories and of all above them, separated by spaces.
pub fn categories(document: &Document) -> String {
    let mut paths = vec![ROOT];
    for path in &document.categories {
        paths.extend(path.match_indices('/').map(|(end, _)| &path[..end]));
        paths.push(path);
    }
    paths.sort_unstable();
    paths.dedup();
    paths.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_category_is_indexed_with_those_above_it() {
        let mut document = sample::document(1);
        document.categories = vec!["music/jazz/live".into(), "music/rock".into()];
        assert_eq!(categories(&document), "/ music music/jazz music/jazz/live music/rock");
    }
}
