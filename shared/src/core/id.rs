//! Typed ids of entities, and path parameters.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Rejection;

/// A value that is a parameter in a route's path.
pub trait PathParameter: Sized {
    /// The parameter's name in the route, such as `order_id`.
    const NAME: &'static str;

    /// Parses the parameter.
    ///
    /// # Errors
    /// `not-found` for a malformed id, which cannot exist; `invalid-parameter` for other values.
    fn from_path(text: &str) -> Result<Self, Rejection>;
}

/// Declares the id of an entity, a UUID, with the parameter's name in routes and the detail of `not-found` for a
/// malformed id.
#[macro_export]
macro_rules! entity_id {
    ($(#[$about:meta])* pub struct $name:ident as $parameter:literal, $missing:literal) => {
        $(#[$about])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
        )]
        #[schema(value_type = uuid::Uuid)]
        pub struct $name(pub uuid::Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl $crate::core::id::PathParameter for $name {
            const NAME: &'static str = $parameter;

            fn from_path(text: &str) -> Result<Self, $crate::core::error::Rejection> {
                let id = uuid::Uuid::parse_str(text).map(Self);
                id.map_err(|_| $crate::core::error::Rejection::new(&$crate::core::error::NOT_FOUND, $missing))
            }
        }
    };
}

entity_id! {
    /// A payment's id, derived from the provider and the provider's reference: a webhook finds the payment without an index.
    pub struct PaymentId as "payment_id", "There is no such payment."
}

entity_id! {
    /// A subscription's id, derived from the customer and the idempotency key.
    pub struct SubscriptionId as "subscription_id", "There is no such subscription."
}

/// One period of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionPeriod {
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// The period's number, from 0 at the schedule's anchor.
    pub period: u32,
}
