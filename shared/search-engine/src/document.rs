//! Documents that are indexed: their limits, and their stored form.

use serde::{Deserialize, Serialize};

/// The most characters of a kind.
pub const MAX_KIND: usize = 32;
/// The most bytes of an id.
pub const MAX_ID: usize = 128;
/// The most titles, one a language.
pub const MAX_TITLES: usize = 8;
/// The most aliases.
pub const MAX_ALIASES: usize = 16;
/// The most names.
pub const MAX_NAMES: usize = 32;
/// The most characters of a title, alias or name.
pub const MAX_TEXT: usize = 300;
/// The most categories.
pub const MAX_CATEGORIES: usize = 16;
/// The most bytes of a category's path.
pub const MAX_CATEGORY: usize = 200;
/// The most bytes of a payload.
pub const MAX_PAYLOAD: usize = 4096;

/// Something that people search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The kind, such as `PRODUCT`: letters, digits, `_` and `-`.
    pub kind: String,
    /// Unique in its kind.
    pub id: String,
    /// Increases with each change. An older version never replaces a newer one.
    pub version: u64,
    /// Titles by language.
    pub titles: Vec<Title>,
    /// Other titles, such as a former one.
    pub aliases: Vec<String>,
    /// Names by which it is found: its brand, venue, performers.
    pub names: Vec<String>,
    /// Paths of categories, from the root, with slashes: `music/jazz`.
    pub categories: Vec<String>,
    /// The price that lists show.
    pub price: Option<Price>,
    /// When it was first published, in milliseconds since 1970.
    pub created_at: i64,
    /// When it last changed, in milliseconds since 1970.
    pub updated_at: i64,
    /// Whether searches find it. A hidden document counts in the checksum.
    pub visible: bool,
    /// The data that a hit shows, such as the card in JSON. The index does not read it.
    pub payload: Vec<u8>,
}

/// A title in a language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// The code of the language, such as `ko`.
    pub language: String,
    /// The title.
    pub text: String,
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// In minor units.
    pub amount: u64,
    /// ISO 4217, such as `KRW`.
    pub currency: String,
}

/// A document beyond the limits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("document {kind}/{id}: {field} {problem}")]
pub struct InvalidDocument {
    /// The document's kind, cut to the allowed length.
    pub kind: String,
    /// The document's id, cut to the allowed length.
    pub id: String,
    /// The field.
    pub field: &'static str,
    /// A description of the problem.
    pub problem: &'static str,
}

impl Document {
    /// Checks the limits.
    ///
    /// # Errors
    /// The first field beyond them.
    pub fn validate(&self) -> Result<(), InvalidDocument> {
        let texts = self
            .titles
            .iter()
            .map(|title| &title.text)
            .chain(&self.aliases)
            .chain(&self.names);
        let mut texts = texts.map(String::as_str);
        let mut languages = self.titles.iter().map(|title| title.language.as_str());
        let checks = [
            (
                "kind",
                is_code(&self.kind, MAX_KIND),
                "has 1 to 32 letters, digits, _ or -",
            ),
            ("id", (1..=MAX_ID).contains(&self.id.len()), "has 1 to 128 bytes"),
            ("titles", self.titles.len() <= MAX_TITLES, "are at most 8"),
            (
                "titles",
                languages.all(|language| is_code(language, 16)),
                "have a language code",
            ),
            ("aliases", self.aliases.len() <= MAX_ALIASES, "are at most 16"),
            ("names", self.names.len() <= MAX_NAMES, "are at most 32"),
            (
                "texts",
                texts.all(|text| text.chars().nth(MAX_TEXT).is_none()),
                "have at most 300 characters",
            ),
            ("categories", self.categories.len() <= MAX_CATEGORIES, "are at most 16"),
            (
                "categories",
                self.categories.iter().all(|path| is_category(path)),
                "are paths without white space",
            ),
            (
                "price",
                self.price.as_ref().is_none_or(|price| is_code(&price.currency, 3)),
                "has a currency",
            ),
            ("payload", self.payload.len() <= MAX_PAYLOAD, "has at most 4096 bytes"),
        ];
        let Some((field, _, problem)) = checks.into_iter().find(|(_, holds, _)| !holds) else {
            return Ok(());
        };
        let short = |text: &str, max: usize| text.chars().take(max).collect();
        Err(InvalidDocument {
            kind: short(&self.kind, MAX_KIND),
            id: short(&self.id, MAX_ID),
            field,
            problem,
        })
    }
}

fn is_code(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Whether a text is the path of a category.
pub(crate) fn is_category(path: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    path.len() <= MAX_CATEGORY && path.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_document_within_the_limits_is_valid() {
        assert_eq!(sample::document(1).validate(), Ok(()));
    }

    #[test]
    fn each_field_has_a_limit() {
        type Change = fn(&mut Document);
        let changes: [(&str, Change); 9] = [
            ("kind", |document| document.kind = "a b".into()),
            ("id", |document| document.id = "x".repeat(129)),
            ("titles", |document| document.titles[0].language.clear()),
            ("texts", |document| document.titles[0].text = "가".repeat(301)),
            ("aliases", |document| document.aliases = vec!["a".into(); 17]),
            ("names", |document| document.names = vec!["a".into(); 33]),
            ("categories", |document| document.categories = vec!["a//b".into()]),
            ("price", |document| {
                document.price = Some(Price {
                    amount: 1,
                    currency: "WON!".into(),
                })
            }),
            ("payload", |document| document.payload = vec![0; 4097]),
        ];
        for (field, change) in changes {
            let mut document = sample::document(1);
            change(&mut document);
            assert_eq!(document.validate().expect_err("it is beyond a limit").field, field);
        }
    }
}
