//! Domain events: what happened, in the past tense, and the envelope that the bus carries.
//!
//! Each domain has one enum of its own events, made by [`domain_events!`](crate::domain_events).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The version of the envelope and of each event's data; raised when a change would break a consumer.
pub const VERSION: u32 = 1;

/// What happens in a domain.
pub trait DomainEvent {
    /// `source` on the bus: `madang.` and the domain.
    const SOURCE: &'static str;

    /// `detail-type` on the bus.
    fn detail_type(&self) -> &'static str;

    /// The event as its entity carries it.
    ///
    /// # Errors
    /// Only when the data cannot be written as JSON.
    fn record(&self, stamp: Stamp) -> Result<Record, serde_json::Error>;
}

/// Declares the events of a domain. A variant's name is the event's `detail-type`, its data stands in an [`Envelope`].
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
        #[allow(clippy::enum_variant_names, reason = "the names on the bus say whose events they are")]
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

/// When a change happens, and what its event is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When.
    pub now: Timestamp,
    /// The event's id, a UUIDv7.
    pub event_id: Uuid,
    /// The X-Ray trace header of the request that caused it.
    pub trace: Option<String>,
}

/// What an entity carries of its newest event, in the attribute `event`: written with the change itself,
/// delivered by the table's stream, published by `relay-events`.
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
    /// The X-Ray trace header of the request that caused it, beside the envelope so that the relay need not parse that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

impl Record {
    /// A record of an event with `data`.
    ///
    /// # Errors
    /// Only when `data` cannot be written as JSON.
    pub fn new(
        source: &str,
        detail_type: &str,
        stamp: Stamp,
        data: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        let metadata = Metadata {
            id: stamp.event_id,
            occurred_at: stamp.now,
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
    /// About the event.
    pub metadata: Metadata,
    /// What happened.
    pub data: T,
}

/// About an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Metadata {
    /// The same each time that the event is delivered; consumers drop what they have seen.
    pub id: Uuid,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The version of the event's data.
    #[schema(minimum = 1)]
    pub version: u32,
    /// The X-Ray trace header of the request that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trace: Option<String>,
}
