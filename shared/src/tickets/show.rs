//! Venues, performers and performances, as far as the search needs them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::images::ImageId;

/// The kinds of entities that customers find by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShowKind {
    /// A performance.
    Performance,
    /// A performer.
    Performer,
    /// A venue.
    Venue,
}

impl ShowKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Performance, Self::Performer, Self::Venue];

    /// The prefix of a key in the shows table, before the id.
    pub const fn key_prefix(self) -> &'static str {
        match self {
            Self::Performance => "PERF#",
            Self::Performer => "PERFORMER#",
            Self::Venue => "VENUE#",
        }
    }

    /// The kind and the id in a key of the shows table. None for another entity.
    pub fn in_key(key: &str) -> Option<(Self, Uuid)> {
        Self::ALL.into_iter().find_map(|kind| {
            let id = key.strip_prefix(kind.key_prefix())?;
            Some((kind, Uuid::parse_str(id).ok()?))
        })
    }
}

/// A list of the index `listed`. Together they have every show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShowList {
    /// The performances that only administrators see.
    DraftPerformances,
    /// The performances that everybody sees.
    ListedPerformances,
    /// The performers.
    Performers,
    /// The venues.
    Venues,
    /// The performances that were deleted.
    DeletedPerformances,
}

impl ShowList {
    /// All lists. A performance that is listed while somebody walks over them is met.
    pub const ALL: [Self; 5] = [
        Self::DraftPerformances,
        Self::ListedPerformances,
        Self::Performers,
        Self::Venues,
        Self::DeletedPerformances,
    ];

    /// The list's name in the index of lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DraftPerformances => "PERFORMANCES#DRAFT",
            Self::ListedPerformances => "PERFORMANCES#LISTED",
            Self::Performers => "PERFORMERS",
            Self::Venues => "VENUES",
            Self::DeletedPerformances => "PERFORMANCES#DELETED",
        }
    }

    /// The kind of the entities in the list.
    pub const fn kind(self) -> ShowKind {
        match self {
            Self::DraftPerformances | Self::ListedPerformances | Self::DeletedPerformances => ShowKind::Performance,
            Self::Performers => ShowKind::Performer,
            Self::Venues => ShowKind::Venue,
        }
    }
}

/// A venue, a performer or a performance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Show {
    /// The kind of the entity.
    pub kind: ShowKind,
    /// The entity's id.
    pub id: Uuid,
    /// The number of writes, from 1.
    pub version: u64,
    /// The entity's names or titles, by language.
    pub names: BTreeMap<String, String>,
    /// Whether everybody sees it.
    pub is_public: bool,
    /// The performers of a performance, in the order of the playbill.
    pub cast: Vec<Uuid>,
    /// The portrait of a performer, or the main poster of a performance.
    pub image: Option<ImageId>,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

/// The fields of a stored show. Those that a kind does not have are empty.
#[derive(Debug, Deserialize)]
pub(super) struct StoredShow {
    pk: String,
    version: u64,
    #[serde(alias = "titles")]
    names: BTreeMap<String, String>,
    #[serde(default)]
    status: Option<Status>,
    #[serde(default)]
    cast: Vec<CastMember>,
    #[serde(default)]
    image: Option<ImageId>,
    #[serde(default)]
    posters: Vec<ImageId>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Draft,
    Listed,
}

#[derive(Debug, Deserialize)]
struct CastMember {
    performer_id: Uuid,
}

impl StoredShow {
    /// The show. None for another entity of the table.
    pub(super) fn show(self) -> Option<Show> {
        let (kind, id) = ShowKind::in_key(&self.pk)?;
        Some(Show {
            kind,
            id,
            version: self.version,
            names: self.names,
            is_public: self.status != Some(Status::Draft),
            cast: self.cast.into_iter().map(|member| member.performer_id).collect(),
            image: self.image.or_else(|| self.posters.first().copied()),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018f0000-0000-8000-8000-000000000001";

    #[test]
    fn a_key_names_a_show_or_another_entity() {
        let id = Uuid::parse_str(ID).unwrap();
        for kind in ShowKind::ALL {
            let key = format!("{}{id}", kind.key_prefix());
            assert_eq!(ShowKind::in_key(&key), Some((kind, id)));
        }
        for other in ["SHOW#", "PLAN#", "VENUES#", ""] {
            assert_eq!(ShowKind::in_key(&format!("{other}{ID}")), None);
        }
    }
}
