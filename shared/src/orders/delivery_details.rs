//! Who receives an order, and where: personal data, which are stored encrypted and apart from what events show.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::address::Address;
use crate::core::contact::Contact;
use crate::core::error::Rejection;

/// Who receives an order, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryDetails {
    /// Who to write to or call about the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contact: Option<Contact>,
    /// Where the order is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping_address: Option<Address>,
}

impl DeliveryDetails {
    /// The details of a request, with their texts as they are stored. `None` if there are none.
    ///
    /// # Errors
    /// `invalid-contact`, `invalid-address` and `invalid-text`.
    pub fn checked(contact: Option<&Contact>, shipping_address: Option<&Address>) -> Result<Option<Self>, Rejection> {
        if contact.is_none() && shipping_address.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            contact: contact.map(Contact::checked).transpose()?,
            shipping_address: shipping_address.map(Address::checked).transpose()?,
        }))
    }
}
