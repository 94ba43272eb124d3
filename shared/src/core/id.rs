//! Ids: each entity has a type of its own, which reads itself from the path of a request.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Rejection;

/// A value that routes carry in their path.
pub trait PathParameter: Sized {
    /// Its name in the route, such as `order_id`.
    const NAME: &'static str;

    /// Reads it.
    ///
    /// # Errors
    /// The rejection that the caller gets: `not-found` for an id that cannot exist, `invalid-parameter` for other values.
    fn from_path(text: &str) -> Result<Self, Rejection>;
}

/// Declares the id of an entity, a UUID; the parameter's name in routes, and what a caller is told of an id that cannot
/// exist.
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
    /// A payment's id, derived from its provider and its reference there: whoever meets the payment finds its record.
    pub struct PaymentId as "payment_id", "There is no such payment."
}

entity_id! {
    /// A subscription's id, derived from its customer and their idempotency key.
    pub struct SubscriptionId as "subscription_id", "There is no such subscription."
}

/// One period of a subscription: what an order was delivered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionPeriod {
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// The period, counted from the anchor, from 0.
    pub period: u32,
}
