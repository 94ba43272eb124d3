//! The ids of the orders that hold seats. Their last four bytes are the same in all holds of a customer, so a row of seats tells
//! whose seats are certainly another's.

use shared::core::idempotency::{IdempotencyKey, derive_id};
use shared::core::identity::CustomerId;
use shared::orders::OrderId;
use uuid::Uuid;

/// Where the bytes of the customer begin. The order's number is made of the first ones.
const OF_CUSTOMER: usize = 12;

/// The id of the order that the customer's request with this key places.
pub fn hold_id(key: &IdempotencyKey, customer: &CustomerId) -> OrderId {
    let mut bytes = key.derive_id("hold", customer).into_bytes();
    bytes[OF_CUSTOMER..].copy_from_slice(&bytes_of(customer));
    OrderId(Uuid::from_bytes(bytes))
}

/// Whether an order may be a hold of the customer. One of four billion holds of others may be one too.
pub fn may_be_hold_of(order_id: Uuid, customer: &CustomerId) -> bool {
    order_id.as_bytes()[OF_CUSTOMER..] == bytes_of(customer)
}

fn bytes_of(customer: &CustomerId) -> [u8; 4] {
    let [.., a, b, c, d] = derive_id(&["holds of", customer.as_str()]).into_bytes();
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str) -> IdempotencyKey {
        IdempotencyKey::parse(Some(key.as_bytes())).unwrap()
    }

    #[test]
    fn each_request_of_a_customer_has_an_id_that_says_whose_it_may_be() {
        let (ann, bob) = (CustomerId::new("ann"), CustomerId::new("bob"));
        let ids = [
            hold_id(&key("1"), &ann),
            hold_id(&key("2"), &ann),
            hold_id(&key("1"), &bob),
        ];
        assert!(ids[0] != ids[1] && ids[0] != ids[2], "{ids:?}");
        assert_eq!(ids[0], hold_id(&key("1"), &ann));
        assert_eq!(ids.map(|id| may_be_hold_of(id.0, &ann)), [true, true, false]);
        assert_eq!(ids[0].0.get_version_num(), 8);
    }
}
