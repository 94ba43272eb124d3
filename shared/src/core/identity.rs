//! Who asks: a customer of the user pool, perhaps an administrator.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::error;
use crate::core::error::Rejection;

/// A customer: the `sub` claim of the token, opaque to us.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, examples("7f3b0c5e-8d6a-4a57-9a43-0a4f1f2d7c11"))]
pub struct CustomerId(String);

impl CustomerId {
    /// The customer whose token carries `sub`.
    pub fn new(sub: impl Into<String>) -> Self {
        Self(sub.into())
    }

    /// The claim as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The one who makes a request, as the verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The customer.
    pub customer_id: CustomerId,
    /// Whether the token carries the group `admin`.
    pub is_admin: bool,
}

impl Caller {
    /// Passes administrators only.
    ///
    /// # Errors
    /// `forbidden` for everybody else.
    pub fn require_admin(&self) -> Result<(), Rejection> {
        if self.is_admin {
            return Ok(());
        }
        Err(Rejection::new(
            &error::FORBIDDEN,
            "Only members of the group admin may do this.",
        ))
    }
}
