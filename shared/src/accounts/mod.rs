//! Accounts: what happens to customers as persons.

mod event;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::identity::CustomerId;

pub use event::AccountEvent;

/// An erasure of a customer's personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonalDataErasure {
    /// The customer.
    pub customer_id: CustomerId,
    /// Whether there were addresses or contacts to erase. False if the customer has never given any, or they were erased
    /// before.
    pub had_personal_data: bool,
    /// The time of the erasure. Subscriptions that were started until then, or in the minute after it, are cancelled soon after.
    pub erased_at: Timestamp,
}
