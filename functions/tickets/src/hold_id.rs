//! The ids of the orders that hold seats. Their last four bytes follow from the others and the customer, so a row of seats tells whose
//! seats are certainly another's. To those who do not know the customer's id they say nothing: no two orders have them in common.

use data_encoding::HEXLOWER;
use shared::core::idempotency::{IdempotencyKey, derive_id};
use shared::core::identity::CustomerId;
use shared::orders::OrderId;
use uuid::Uuid;

/// The index at which the bytes of the customer begin. The order's number is made of the first ones.
const OF_CUSTOMER: usize = 12;

/// The id of the order that the customer's request with this key places.
pub fn hold_id(key: &IdempotencyKey, customer: &CustomerId) -> OrderId {
    let mut bytes = key.derive_id("hold", customer).into_bytes();
    let of_customer = bytes_of(customer, &bytes[..OF_CUSTOMER]);
    bytes[OF_CUSTOMER..].copy_from_slice(&of_customer);
    OrderId(Uuid::from_bytes(bytes))
}

/// Whether an order may be a hold of the customer. One of four billion holds of others may be one too.
pub fn may_be_hold_of(order_id: Uuid, customer: &CustomerId) -> bool {
    let (of_order, of_customer) = order_id.as_bytes().split_at(OF_CUSTOMER);
    of_customer == bytes_of(customer, of_order)
}

fn bytes_of(customer: &CustomerId, of_order: &[u8]) -> [u8; 4] {
    let of_order = HEXLOWER.encode(of_order);
    let [.., a, b, c, d] = derive_id(&["hold of", customer.as_str(), &of_order]).into_bytes();
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

    #[test]
    fn the_ids_of_two_holds_of_a_customer_have_nothing_in_common() {
        let ann = CustomerId::new("ann");
        let ends: std::collections::BTreeSet<Vec<u8>> = (0..100)
            .map(|nth| hold_id(&key(&nth.to_string()), &ann).0.as_bytes()[OF_CUSTOMER..].to_vec())
            .collect();
        assert_eq!(
            ends.len(),
            100,
            "who has the ids cannot tell that one customer placed the orders"
        );
    }
}
