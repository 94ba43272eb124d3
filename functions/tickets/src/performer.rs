//! Performers: people and groups who appear in performances.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::core::error::Rejection;
use shared::core::json::UniqueMap;
use shared::images::ImageId;
use shared::tickets::{ShowKind, ShowList};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::fields;
use crate::store::Entity;

shared::entity_id! {
    /// A performer's id, derived from the administrator and the idempotency key.
    pub struct PerformerId as "performer_id", "There is no such performer."
}

/// A new performer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePerformerRequest {
    /// The name that customers see, by language.
    #[schema(schema_with = fields::names_schema)]
    pub names: UniqueMap<String>,
    /// The biography, by language. Text of several lines.
    #[serde(default, skip_serializing_if = "UniqueMap::is_empty")]
    #[schema(schema_with = fields::texts_schema)]
    pub biographies: UniqueMap<String>,
    /// The portrait. It must be `READY` and uploaded with the purpose `LISTING`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub image: Option<ImageId>,
}

/// A performer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Performer {
    /// The performer's id.
    pub performer_id: PerformerId,
    /// The name, by language.
    #[schema(schema_with = fields::names_schema)]
    pub names: BTreeMap<String, String>,
    /// The biography, by language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(schema_with = fields::texts_schema)]
    pub biographies: BTreeMap<String, String>,
    /// The portrait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub image: Option<ImageId>,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

impl Entity for Performer {
    const PREFIX: &'static str = ShowKind::Performer.key_prefix();
    const MISSING: &'static str = "There is no such performer.";

    fn id(&self) -> Uuid {
        self.performer_id.0
    }

    fn place(&self) -> (String, Timestamp) {
        (ShowList::Performers.name().to_owned(), self.created_at)
    }
}

impl CreatePerformerRequest {
    /// The fields of `performer`.
    pub fn of(performer: &Performer) -> Self {
        Self {
            names: UniqueMap(performer.names.clone()),
            biographies: UniqueMap(performer.biographies.clone()),
            image: performer.image,
        }
    }

    /// The performer with these fields. The image is not looked at.
    ///
    /// # Errors
    /// `invalid-show`.
    pub fn checked(
        self,
        performer_id: PerformerId,
        created_at: Timestamp,
        updated_at: Timestamp,
    ) -> Result<Performer, Rejection> {
        let performer = Performer {
            performer_id,
            names: fields::names("names", &self.names.0)?,
            biographies: fields::texts("biographies", &self.biographies.0)?,
            image: self.image,
            created_at,
            updated_at,
        };
        fields::require_size("biographies", &performer)?;
        Ok(performer)
    }
}
