//! The caller's identity: a customer of the user pool, and whether they are an administrator.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::actor::Actor;
use crate::core::error::{self, Rejection};
use crate::core::id::PathParameter;

/// A customer's id: the `sub` claim of the token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, examples("7f3b0c5e-8d6a-4a57-9a43-0a4f1f2d7c11"))]
pub struct CustomerId(String);

impl CustomerId {
    /// Creates the id from the token's `sub` claim.
    pub fn new(sub: impl Into<String>) -> Self {
        Self(sub.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PathParameter for CustomerId {
    const NAME: &'static str = "customer_id";

    fn from_path(text: &str) -> Result<Self, Rejection> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=128).contains(&text.len()) && text.bytes().all(is_allowed) {
            return Ok(Self::new(text));
        }
        let why = "a customer's id has 1 to 128 characters of A-Z a-z 0-9 - _";
        Err(Rejection::invalid_parameter(Self::NAME, why))
    }
}

/// The caller of a request, from the verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The customer.
    pub customer_id: CustomerId,
    /// Whether the token has the group `admin`.
    pub is_admin: bool,
}

impl Caller {
    /// Checks that the caller is an administrator.
    ///
    /// # Errors
    /// `forbidden` for other callers.
    pub fn require_admin(&self) -> Result<(), Rejection> {
        if self.is_admin {
            return Ok(());
        }
        Err(Rejection::new(
            &error::FORBIDDEN,
            "Only members of the group admin may do this.",
        ))
    }

    /// The actor when the caller changes what belongs to `owner`: an administrator is staff unless it is their own.
    pub fn acting_on(&self, owner: &CustomerId) -> Actor {
        if self.customer_id == *owner {
            Actor::customer(&self.customer_id)
        } else {
            Actor::staff(&self.customer_id)
        }
    }
}
