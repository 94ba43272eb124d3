//! The allowance of a customer when tickets of a showtime change hands.
//!
//! Invariant: an allowance counts the seats of the customer's open and paid orders, and the valid tickets that the customer has
//! received from others. Who bought a ticket and passed it on is still counted: nobody buys, passes on, and buys again without end.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use jiff::Timestamp;
use uuid::Uuid;

use super::SeatStore;
use super::transfer::allowance_key;
use crate::aws::dynamodb::transaction::update;
use crate::aws::dynamodb::{number, text};
use crate::core::error::Error;
use crate::core::identity::CustomerId;
use crate::tickets::id::ShowtimeId;

/// Tickets of a showtime that a customer has received from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedTickets {
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The customer who has received them.
    pub customer_id: CustomerId,
    /// The number of tickets.
    pub count: u8,
}

impl SeatStore {
    /// Builds the write that counts tickets for the customer who receives them. Condition: the customer then has at most `most`
    /// seats.
    ///
    /// # Errors
    /// [`Error::Internal`] when the write cannot be built.
    pub fn receive_write(
        &self,
        received: &ReceivedTickets,
        most: u8,
        now: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let others = i64::from(most) - i64::from(received.count);
        // A customer who has never held seats of the showtime has no allowance yet: it begins without an order.
        const CHANGE: &str = "SET seats = if_not_exists(seats, :zero) + :count, most = :most, \
            order_id = if_not_exists(order_id, :none), since = if_not_exists(since, :now), \
            held_ms = if_not_exists(held_ms, :zero), version = if_not_exists(version, :zero) + :one";
        update(
            self.update_of(received)
                .update_expression(CHANGE)
                .condition_expression("attribute_not_exists(pk) OR seats <= :others")
                .expression_attribute_values(":zero", number(0))
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":count", number(received.count))
                .expression_attribute_values(":most", number(most))
                .expression_attribute_values(":others", number(others))
                .expression_attribute_values(":none", text(Uuid::nil().to_string()))
                .expression_attribute_values(":now", text(now.to_string())),
        )
    }

    /// Builds the write that does not count tickets any more for the customer who had received them.
    ///
    /// # Errors
    /// [`Error::Internal`] when the write cannot be built.
    pub fn pass_on_write(&self, received: &ReceivedTickets) -> Result<TransactWriteItem, Error> {
        update(
            self.update_of(received)
                .update_expression("ADD seats :count, version :one")
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_values(":count", number(-i64::from(received.count)))
                .expression_attribute_values(":one", number(1)),
        )
    }

    fn update_of(&self, received: &ReceivedTickets) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(allowance_key(received.showtime_id, &received.customer_id)))
    }
}
