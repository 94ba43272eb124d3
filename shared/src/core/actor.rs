//! Who acted: the person, the payment provider or the function that caused a change. Every event names its actor, and
//! so does every record that a person decided.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::identity::CustomerId;

/// The kind of an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActorKind {
    /// A customer, about what belongs to them.
    Customer,
    /// An administrator, for the shop.
    Staff,
    /// A payment provider, in a webhook.
    Provider,
    /// A function that runs on a schedule.
    Schedule,
    /// A function that an event or a message starts.
    Function,
}

/// The actor of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// The kind.
    pub kind: ActorKind,
    /// The subject (`sub`) of a person's token, or the name of a provider or a function. Never a person's name or
    /// address.
    #[schema(examples("7f3b0c5e-8d6a-4a57-9a43-0a4f1f2d7c11"))]
    pub id: String,
}

impl Actor {
    /// A customer.
    pub fn customer(id: &CustomerId) -> Self {
        Self::new(ActorKind::Customer, id.as_str())
    }

    /// An administrator.
    pub fn staff(id: &CustomerId) -> Self {
        Self::new(ActorKind::Staff, id.as_str())
    }

    /// A payment provider.
    pub fn provider(name: &str) -> Self {
        Self::new(ActorKind::Provider, name)
    }

    /// A function that runs on a schedule.
    pub fn schedule(function: &str) -> Self {
        Self::new(ActorKind::Schedule, function)
    }

    /// A function that an event or a message starts.
    pub fn function(name: &str) -> Self {
        Self::new(ActorKind::Function, name)
    }

    fn new(kind: ActorKind, id: &str) -> Self {
        Self {
            kind,
            id: id.to_owned(),
        }
    }
}
