//! Venues: the houses in which performances take place.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::core::calendar::Timezone;
use shared::core::destination::Destination;
use shared::core::error::Rejection;
use shared::core::json::UniqueMap;
use shared::tickets::{ShowKind, ShowList, VenueId};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::fields;
use crate::store::Entity;

const MAX_ADDRESS: usize = 300;

/// A new venue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateVenueRequest {
    /// The name that customers see, by language.
    #[schema(schema_with = fields::names_schema)]
    pub names: UniqueMap<String>,
    /// The time zone. It cannot be changed: the showtimes of the venue depend on it.
    pub time_zone: Timezone,
    /// The location of the venue: tickets are taxed as there. Absent: in the shop's own country. It cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub location: Option<Destination>,
    /// The address that customers see. Text of one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 300)]
    pub address: Option<String>,
}

/// A venue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Venue {
    /// The venue's id.
    pub venue_id: VenueId,
    /// The name, by language.
    #[schema(schema_with = fields::names_schema)]
    pub names: BTreeMap<String, String>,
    /// The time zone.
    pub time_zone: Timezone,
    /// The location of the venue: tickets are taxed as there. Absent: in the shop's own country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub location: Option<Destination>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 300)]
    pub address: Option<String>,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

impl Entity for Venue {
    const PREFIX: &'static str = ShowKind::Venue.key_prefix();
    const MISSING: &'static str = "There is no such venue.";

    fn id(&self) -> Uuid {
        self.venue_id.0
    }

    fn place(&self) -> (String, Timestamp) {
        (ShowList::Venues.name().to_owned(), self.created_at)
    }
}

impl CreateVenueRequest {
    /// The fields of `venue`.
    pub fn of(venue: &Venue) -> Self {
        Self {
            names: UniqueMap(venue.names.clone()),
            time_zone: venue.time_zone.clone(),
            location: venue.location.clone(),
            address: venue.address.clone(),
        }
    }

    /// The venue with these fields.
    ///
    /// # Errors
    /// `invalid-show`.
    pub fn checked(self, venue_id: VenueId, created_at: Timestamp, updated_at: Timestamp) -> Result<Venue, Rejection> {
        let address = self.address.as_deref();
        let venue = Venue {
            venue_id,
            names: fields::names("names", &self.names.0)?,
            time_zone: self.time_zone,
            location: self.location,
            address: address
                .map(|text| fields::line("address", text, MAX_ADDRESS))
                .transpose()?,
            created_at,
            updated_at,
        };
        fields::require_size("names", &venue)?;
        Ok(venue)
    }
}
