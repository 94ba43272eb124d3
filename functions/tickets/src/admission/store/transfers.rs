//! Offers and transfers of tickets. An open offer is a part of the ticket's item, and a transfer an item of its own
//! (`TRANSFER#<ticket>#<number>`), which has the event. So a ticket stays small, however often it changes hands.

use aws_sdk_dynamodb::types::Update;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::dynamodb::table::text_of;
use shared::aws::dynamodb::transaction::{Writes, put, transact_changes, update};
use shared::aws::dynamodb::{Wanted, batch_get, key, number, parse, text};
use shared::core::event::Record;
use shared::tickets::{END_OFFER, TicketId, TransferOfferId};
use tokio::time::Instant;

use super::{READING, REMEMBERED, StoredTicket, TicketStore, attribute, request_key, ticket_key};
use crate::admission::ticket::Ticket;
use crate::admission::transfer::{MAX_TRANSFERS, OpenOffer, TicketTransfer};

const DOING: &str = "pass a ticket on";

/// An offer as the request that made it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferRecord {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The number of the key that its code follows from.
    pub key: u8,
    /// The time from which it cannot be accepted.
    pub expires_at: Timestamp,
    /// The time at which the record is removed.
    swept_at: i64,
}

impl OfferRecord {
    /// The record of an offer that is made at `now`.
    pub fn new(ticket_id: TicketId, key: u8, expires_at: Timestamp, now: Timestamp) -> Self {
        Self {
            ticket_id,
            key,
            expires_at,
            swept_at: (now + REMEMBERED).as_second(),
        }
    }
}

/// A transfer as stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredTransfer {
    #[serde(flatten)]
    transfer: TicketTransfer,
    event: Record,
}

impl TicketStore {
    /// Reads an offer as it was made, if it was. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn offer(&self, id: TransferOfferId, deadline: Instant) -> Result<Option<OfferRecord>, Error> {
        self.table.read(READING, key(request_key(id.0)), deadline).await
    }

    /// Makes an offer of a ticket, in place of one that it has. Returns false when the ticket has changed since it was read,
    /// possibly by an earlier attempt of the same request.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn make_offer(
        &self,
        read: &StoredTicket,
        id: TransferOfferId,
        offer: &OpenOffer,
        record: &OfferRecord,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let change = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(key(ticket_key(read.ticket.ticket_id))))
            .update_expression(
                "SET offer = :offer, transfer_offer_id = :id, offered_until = :until, version = version + :one",
            )
            .condition_expression("version = :read")
            .expression_attribute_values(":offer", attribute(offer)?)
            .expression_attribute_values(":id", text(id.to_string()))
            .expression_attribute_values(":until", text(record.expires_at.to_string()))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":read", number(read.version));
        let items = vec![
            update(change)?,
            put(self.table.put_new(DOING, key(request_key(id.0)), record)?)?,
        ];
        transact_changes(&self.table.client, DOING, items, 2, deadline).await
    }

    /// Ends the open offer of a ticket. Returns the ticket, or the stored one if it has changed since it was read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn end_offer(
        &self,
        read: &StoredTicket,
        deadline: Instant,
    ) -> Result<Result<StoredTicket, Option<StoredTicket>>, Error> {
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(key(ticket_key(read.ticket.ticket_id))))
            .update_expression(format!("SET version = version + :one {END_OFFER}"))
            .condition_expression("version = :read")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":read", number(read.version));
        self.update(update, deadline).await
    }

    /// Reads a ticket and its transfers, the first one first, in one request. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn with_transfers(
        &self,
        id: TicketId,
        deadline: Instant,
    ) -> Result<Option<(StoredTicket, Vec<TicketTransfer>)>, Error> {
        let numbers = 1..=MAX_TRANSFERS + 1;
        let transfers = numbers.map(|number| key(transfer_key(id, number)));
        let wanted = Wanted {
            table: &self.table.name,
            keys: [key(ticket_key(id))].into_iter().chain(transfers).collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, READING, vec![wanted], deadline).await?;
        let (mut ticket, mut transfers) = (None, vec![]);
        for item in found.into_values().flatten() {
            if text_of(&item, "pk").is_some_and(|pk| pk.starts_with(TicketId::KEY_PREFIX)) {
                ticket = Some(parse::<StoredTicket>(READING, item)?);
            } else {
                transfers.push(parse::<StoredTransfer>(READING, item)?.transfer);
            }
        }
        transfers.sort_by_key(|transfer| transfer.number);
        Ok(ticket.map(|ticket| (ticket, transfers)))
    }

    /// Passes a ticket on, together with `allowances`, the changes of what giver and receiver may hold. Returns false when the
    /// ticket has changed since it was read, possibly by an earlier attempt of the same request, or the condition of an allowance
    /// failed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn pass_on(
        &self,
        read: &StoredTicket,
        next: &Ticket,
        (transfer, event): (TicketTransfer, Record),
        Writes(allowances): Writes,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let ticket_id = next.ticket_id;
        let change = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(key(ticket_key(ticket_id))))
            .condition_expression("version = :read")
            .expression_attribute_values(":holder", text(next.holder_id.as_str()))
            .expression_attribute_values(":issue", number(next.issue))
            .expression_attribute_values(":transfers", number(next.transfers))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":read", number(read.version));
        const SET: &str = "SET holder_id = :holder, issue = :issue, transfers = :transfers, version = version + :one";
        let change = match &next.buyer_id {
            Some(buyer) => change
                .update_expression(format!("{SET}, buyer_id = :buyer {END_OFFER}"))
                .expression_attribute_values(":buyer", text(buyer.as_str())),
            None => change.update_expression(format!("{SET} {END_OFFER}, buyer_id")),
        };
        let place = key(transfer_key(ticket_id, transfer.number));
        let record = StoredTransfer { transfer, event };
        let mut items = vec![update(change)?, put(self.table.put_new(DOING, place, &record)?)?];
        items.extend(allowances);
        let records = items.len();
        transact_changes(&self.table.client, DOING, items, records, deadline).await
    }
}

fn transfer_key(id: TicketId, number: u8) -> String {
    format!("TRANSFER#{id}#{number}")
}
