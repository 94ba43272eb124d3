//! Domain events, their envelope on the bus, and their record in a table.
//!
//! Each domain declares its events as one enum with [`domain_events!`](crate::domain_events). Names are in the past tense.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::core::actor::Actor;

/// The version of the envelope and of the events' data. Raised by a change that would break a consumer.
pub const VERSION: u32 = 1;

/// The events of a domain.
pub trait DomainEvent {
    /// `source` on the bus: `madang.` and the domain's name.
    const SOURCE: &'static str;

    /// `detail-type` on the bus.
    fn detail_type(&self) -> &'static str;

    /// The record of the event, which is stored with its entity.
    ///
    /// # Errors
    /// When the data cannot be serialized as JSON.
    fn record(&self, stamp: Stamp) -> Result<Record, serde_json::Error>;
}

/// Declares the events of a domain. A variant's name is the event's `detail-type`; its data is sent in an [`Envelope`].
#[macro_export]
macro_rules! domain_events {
    (
        $(#[$about:meta])*
        pub enum $name:ident from $source:literal {
            $($(#[$doc:meta])* $variant:ident($data:ty)),* $(,)?
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, utoipa::ToSchema)]
        #[allow(clippy::enum_variant_names, reason = "event names on the bus contain the entity")]
        #[allow(clippy::large_enum_variant, reason = "an event exists once, and not in a collection")]
        pub enum $name {
            $($(#[$doc])* $variant($data)),*
        }

        impl $crate::core::event::DomainEvent for $name {
            const SOURCE: &'static str = $source;

            fn detail_type(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => stringify!($variant)),*
                }
            }

            fn record(
                &self,
                stamp: $crate::core::event::Stamp,
            ) -> Result<$crate::core::event::Record, serde_json::Error> {
                let (source, detail_type) = ($source, self.detail_type());
                match self {
                    $(Self::$variant(data) => {
                        $crate::core::event::Record::new(source, detail_type, stamp, data)
                    }),*
                }
            }
        }
    };
}

/// The time of a change, who made it, and the identity of its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The time of the change.
    pub now: Timestamp,
    /// The actor of the change.
    pub actor: Actor,
    /// The event's id: a UUIDv7, or one that follows from what the change is a part of.
    pub event_id: Uuid,
    /// The X-Ray trace header of the request that caused it.
    pub trace: Option<String>,
}

/// The newest event of an entity, stored in its attribute `event`. It is written together with the change, delivered by
/// the table's stream, and published by `relay-events`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The event's id.
    pub id: Uuid,
    /// `source` on the bus.
    pub source: String,
    /// `detail-type` on the bus.
    pub detail_type: String,
    /// `detail` on the bus: an [`Envelope`] as JSON.
    pub detail: String,
    /// The X-Ray trace header of the request that caused it. Stored outside `detail`, so that `relay-events` need not parse
    /// that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

impl Record {
    /// Creates the record of an event with `data`.
    ///
    /// # Errors
    /// When `data` cannot be serialized as JSON.
    pub fn new(
        source: &str,
        detail_type: &str,
        stamp: Stamp,
        data: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        let metadata = Metadata {
            id: stamp.event_id,
            occurred_at: stamp.now,
            actor: stamp.actor,
            version: VERSION,
            trace: stamp.trace.clone(),
        };
        Ok(Self {
            id: stamp.event_id,
            source: source.to_owned(),
            detail_type: detail_type.to_owned(),
            detail: serde_json::to_string(&Envelope { metadata, data })?,
            trace: stamp.trace,
        })
    }
}

/// `detail` of an event on the bus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Envelope<T> {
    /// The event's metadata.
    pub metadata: Metadata,
    /// The entity after the change.
    pub data: T,
}

/// Metadata of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Metadata {
    /// The event's id, the same for each delivery. Consumers use it to drop duplicates.
    pub id: Uuid,
    /// The time of the event.
    pub occurred_at: Timestamp,
    /// The actor who caused the event.
    pub actor: Actor,
    /// Version of the event's data.
    #[schema(minimum = 1)]
    pub version: u32,
    /// The X-Ray trace header of the request that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trace: Option<String>,
}
