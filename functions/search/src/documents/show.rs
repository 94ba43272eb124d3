//! Performances, performers and venues as documents.

use std::collections::{BTreeMap, BTreeSet};

use search_engine::document::{MAX_ALIASES, MAX_NAMES, MAX_TITLES};
use search_engine::{Document, Hit, Title};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::dynamodb::damaged::Damaged;
use shared::images::ImageId;
use shared::search::DocumentKind;
use shared::tickets::{Show, ShowKind, ShowReader};
use tokio::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

/// The part of a performance, a performer or a venue that a search shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShowResult {
    /// The names or titles, by language, of at most eight languages.
    pub names: BTreeMap<String, String>,
    /// The main poster of a performance, or the portrait of a performer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub image: Option<ImageId>,
}

/// The fields of a show that the index keeps, beside its titles.
#[derive(Debug, Serialize, Deserialize)]
struct Card {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<ImageId>,
}

impl ShowResult {
    /// The result for a hit. None for one that another version of this code has indexed and this one cannot read.
    pub fn of(hit: &Hit) -> Option<Self> {
        let Card { image } = serde_json::from_slice(&hit.payload).ok()?;
        let names = hit
            .titles
            .iter()
            .map(|title| (title.language.clone(), title.text.clone()));
        Some(Self {
            names: names.collect(),
            image,
        })
    }
}

/// The documents of these shows, as they are stored now, and the shows that cannot be read. A performance is also found by the
/// names of its performers that can be read.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
pub async fn read(
    shows: &ShowReader,
    kind: ShowKind,
    ids: &BTreeSet<String>,
    deadline: Instant,
) -> Result<(Vec<Document>, Vec<Damaged>), Error> {
    let ids: Vec<Uuid> = ids.iter().filter_map(|id| Uuid::parse_str(id).ok()).collect();
    let (found, damaged) = shows.get(kind, &ids, deadline).await?;
    let cast: BTreeSet<Uuid> = found.iter().flat_map(|show| show.cast.iter().copied()).collect();
    let (performers, damaged_cast) = match Vec::from_iter(cast) {
        cast if cast.is_empty() => Default::default(),
        cast => shows.get(ShowKind::Performer, &cast, deadline).await?,
    };
    damaged_cast
        .iter()
        .for_each(|damaged| damaged.report("name a performer"));
    let performers: BTreeMap<Uuid, Show> = performers.into_iter().map(|show| (show.id, show)).collect();
    let documents = found.iter().map(|show| document(show, &performers));
    Ok((documents.collect::<Result<_, _>>()?, damaged))
}

/// The document of a show. A draft has one too, so that its version counts: no message that arrives late can show it again.
fn document(show: &Show, performers: &BTreeMap<Uuid, Show>) -> Result<Document, Error> {
    let card = Card { image: show.image };
    let card = serde_json::to_vec(&card).map_err(|error| Error::internal("serialize a show's card", error))?;
    let names_of_cast = show
        .cast
        .iter()
        .filter_map(|performer| performers.get(performer))
        .flat_map(|performer| performer.names.values());
    let mut names: Vec<String> = vec![];
    for name in names_of_cast {
        if names.len() < MAX_NAMES && !names.contains(name) {
            names.push(name.clone());
        }
    }
    Ok(Document {
        kind: DocumentKind::from(show.kind).name().to_owned(),
        id: show.id.to_string(),
        version: show.version,
        titles: show.names.iter().take(MAX_TITLES).map(title).collect(),
        // A name beyond the most titles of a document is found, and not highlighted.
        aliases: show
            .names
            .values()
            .skip(MAX_TITLES)
            .take(MAX_ALIASES)
            .cloned()
            .collect(),
        names,
        categories: vec![],
        price: None,
        created_at: show.created_at.as_millisecond(),
        updated_at: show.updated_at.as_millisecond(),
        visible: show.is_public,
        payload: card,
    })
}

fn title((language, text): (&String, &String)) -> Title {
    Title {
        language: language.clone(),
        text: text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn show(kind: ShowKind, names: BTreeMap<String, String>, cast: Vec<Uuid>) -> Show {
        Show {
            kind,
            id: Uuid::from_u128(1),
            version: 3,
            names,
            is_public: true,
            cast,
            image: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_largest_show_is_within_the_limits_of_a_document() {
        let names: BTreeMap<String, String> = (0..20)
            .map(|number| (format!("a{}", char::from(b'a' + number)), "호".repeat(100)))
            .collect();
        let performers: BTreeMap<Uuid, Show> = (0..100)
            .map(|number| {
                let named = names
                    .keys()
                    .map(|language| (language.clone(), format!("performer {number} {language}")));
                (
                    Uuid::from_u128(number),
                    show(ShowKind::Performer, named.collect(), vec![]),
                )
            })
            .collect();
        let performance = show(ShowKind::Performance, names, performers.keys().copied().collect());
        let document = document(&performance, &performers).unwrap();
        document.validate().unwrap();
        assert_eq!((document.titles.len(), document.aliases.len()), (8, 12));
        assert_eq!(document.names.len(), MAX_NAMES);
        assert_eq!(document.names[0], "performer 0 aa");
    }
}
