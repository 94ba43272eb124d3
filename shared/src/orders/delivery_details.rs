//! Who receives an order, and where: personal data, which are stored encrypted and apart from what events show.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::address::Address;
use crate::core::contact::Contact;
use crate::core::destination::Destination;
use crate::core::error::Rejection;

/// The recipient of an order, and the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryDetails {
    /// The person to write to or call about the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contact: Option<Contact>,
    /// The address to which the order is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping_address: Option<Address>,
}

impl DeliveryDetails {
    /// Where the order is delivered and taxed, if there is an address.
    pub fn destination(&self) -> Option<Destination> {
        self.shipping_address.as_ref().map(Destination::from)
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_taxed_by_its_address_as_it_is_stored() {
        let typed = Address {
            recipient: "Kim Minji".to_owned(),
            line1: "1 Market St".to_owned(),
            line2: None,
            city: "San Francisco".to_owned(),
            region: Some(" ca ".to_owned()),
            postal_code: Some("94105".to_owned()),
            country: "US".parse().unwrap(),
            phone: None,
        };
        let details = DeliveryDetails::checked(None, Some(&typed)).unwrap().unwrap();
        let destination = details.destination().unwrap();
        assert_eq!(destination.region, Some("CA".to_owned().try_into().unwrap()));
    }
}
