//! The tickets table: an item for each ticket, and one for each order with the tickets that it has.
//!
//! A `TICKET#<uuid>` without unexpected scans stays below 1 KB unless its title is long in a script of three bytes a character, so that a check-in costs one write unit. Therefore the event of an issue is
//! stored with the order's item, `ORDER#<uuid>`, and a check-in has none.

pub mod attendance;
pub mod transfers;

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure, Update};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::listed::{List, ListIndex, Listed};
use shared::aws::dynamodb::table::{Table, text_of};
use shared::aws::dynamodb::transaction::{self, put, transact_changes, update};
use shared::aws::dynamodb::{Item, Wanted, batch_get, classify_error, key, number, parse, send_until_answered, text};
use shared::aws::lambda::page::Cursor;
use shared::core::error::{self, Rejection};
use shared::core::event::Record;
use shared::core::identity::CustomerId;
use shared::orders::{OrderId, OrderStore, StoredOrder};
use shared::tickets::{END_OFFER, SeatId, ShowtimeId, TicketId};
use tokio::time::Instant;
use uuid::Uuid;

use super::ticket::{CheckIn, Ticket, UndoneCheckIn};
use super::transfer::OpenOffer;
use crate::event::TicketSeat;

const READING: &str = "read a ticket";
const UPDATING: &str = "update the tickets of an order";
const SCANNING: &str = "scan a ticket";
const BY_HOLDER: ListIndex = ListIndex {
    name: "by-holder",
    list: "holder_id",
    place: "starts_ms",
};
const AT_DOOR: &str = "at-door";
/// The time for which a request to replace a code is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Reads and writes the table.
#[derive(Clone, Debug)]
pub struct TicketStore {
    table: Table,
}

/// A ticket as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTicket {
    /// The ticket.
    #[serde(flatten)]
    pub ticket: Ticket,
    /// The offer to somebody else that is open, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OpenOffer>,
    /// The scans whose check-ins were undone. They do not check the ticket in again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undone_scans: Vec<Uuid>,
    /// The number of writes, from 1.
    pub version: u64,
}

/// The valid tickets of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTickets {
    /// The order.
    pub order_id: OrderId,
    /// The tickets.
    pub tickets: Vec<TicketSeat>,
    /// The start of the showtime that the customer was told last. Absent if the customer has booked another start than that of the
    /// tickets, and was not told yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_start: Option<Timestamp>,
    /// The number of writes, from 1.
    pub version: u64,
    /// The event of the latest write.
    pub event: Record,
}

/// A change of an order's tickets.
#[derive(Clone, Debug)]
pub struct OrderTicketsUpdate {
    /// The order that the change follows from, as read.
    pub order: StoredOrder,
    /// The valid tickets after the change.
    pub next: OrderTickets,
    /// The new tickets.
    pub issued: Vec<Ticket>,
}

/// A page of tickets.
#[derive(Debug)]
pub struct TicketPage {
    /// The tickets, in the order of the list.
    pub tickets: Vec<Ticket>,
    /// The start of the next page, if there is one.
    pub next: Option<Cursor<1>>,
}

/// A position in the list of the tickets of a part of a showtime.
#[derive(Clone, Copy, Debug)]
pub struct DoorPosition {
    /// The seat of the ticket.
    pub seat: SeatId,
    /// The ticket.
    pub ticket_id: TicketId,
}

impl DoorPosition {
    /// The position of a ticket.
    pub const fn of(ticket: &Ticket) -> Self {
        Self {
            seat: ticket.seat,
            ticket_id: ticket.ticket_id,
        }
    }
}

impl TicketStore {
    /// Reads the table's name from `TICKETS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "TICKETS_TABLE")?,
        })
    }

    /// Reads a ticket. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(&self, id: TicketId, deadline: Instant) -> Result<Option<StoredTicket>, Error> {
        self.table.read(READING, key(ticket_key(id)), deadline).await
    }

    /// Reads the ticket of a holder. Strongly consistent.
    ///
    /// # Errors
    /// `not-found`, also for the ticket of another one, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get_own(&self, id: TicketId, holder: &CustomerId, deadline: Instant) -> Result<StoredTicket, Error> {
        let found = self
            .get(id, deadline)
            .await?
            .filter(|stored| stored.ticket.holder_id == *holder);
        Ok(found.ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such ticket."))?)
    }

    /// Reads an order and its tickets, in one request. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn of_order(
        &self,
        orders: &OrderStore,
        id: OrderId,
        deadline: Instant,
    ) -> Result<(Option<StoredOrder>, Option<OrderTickets>), Error> {
        let own = key(order_key(id));
        let (order, tickets) = orders.get_with(id, &self.table, own, deadline).await?;
        Ok((order, tickets.map(|item| parse(READING, item)).transpose()?))
    }

    /// The tickets of an order with their holders, where those have received them from its customer. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn with_holders(&self, seats: Vec<TicketSeat>, deadline: Instant) -> Result<Vec<TicketSeat>, Error> {
        let wanted = Wanted {
            table: &self.table.name,
            keys: seats.iter().map(|seat| key(ticket_key(seat.ticket_id))).collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, READING, vec![wanted], deadline).await?;
        let mut holders = HashMap::new();
        for item in found.into_values().flatten() {
            let ticket = parse::<StoredTicket>(READING, item)?.ticket;
            if ticket.is_received() {
                holders.insert(ticket.ticket_id, ticket.holder_id);
            }
        }
        let seats = seats.into_iter().map(|seat| TicketSeat {
            holder_id: holders.remove(&seat.ticket_id),
            ..seat
        });
        Ok(seats.collect())
    }

    /// Writes a change of an order's tickets. Returns false when the order or its tickets have changed since they were read,
    /// possibly by an earlier attempt of the same call.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn update_order(
        &self,
        orders: &OrderStore,
        change: &OrderTicketsUpdate,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let next = &change.next;
        let item = self.table.item(UPDATING, key(order_key(next.order_id)), next)?;
        let mut items = vec![
            transaction::check(orders.check_unchanged(&change.order))?,
            put(self.table.put_if_version(item, next.version))?,
        ];
        for ticket in &change.issued {
            items.push(put(self.put_new(ticket)?)?);
        }
        let records = items.len();
        transact_changes(&self.table.client, UPDATING, items, records, deadline).await
    }

    /// Checks a ticket in: one write unit, and no read. With `issue`, only under that code. Not by a scan that was undone. Ends an offer of the ticket. Returns the ticket, or the stored one if it
    /// was not written.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn check_in(
        &self,
        id: TicketId,
        issue: Option<u16>,
        check_in: &CheckIn,
        deadline: Instant,
    ) -> Result<Result<Ticket, Option<StoredTicket>>, Error> {
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(key(ticket_key(id))))
            .update_expression(format!("SET check_in = :scan, version = version + :one {END_OFFER}"))
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":scan", attribute(check_in)?)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":valid", text("VALID"))
            .expression_attribute_values(":scan_id", text(check_in.scan_id.to_string()));
        const IS_OPEN: &str = "#status = :valid AND attribute_not_exists(check_in) \
                               AND (attribute_not_exists(undone_scans) OR NOT contains(undone_scans, :scan_id))";
        let update = match issue {
            Some(issue) => update
                .condition_expression(format!("{IS_OPEN} AND issue = :issue"))
                .expression_attribute_values(":issue", number(issue)),
            None => update.condition_expression(IS_OPEN),
        };
        let written = self.update(update, deadline).await?;
        Ok(written.map(|stored| stored.ticket))
    }

    /// Undoes the check-in of a ticket, as read. Returns the ticket, or the stored one if it has changed since, possibly by an earlier
    /// attempt of the same call.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn undo_check_in(
        &self,
        read: &StoredTicket,
        undone: UndoneCheckIn,
        event: &Record,
        deadline: Instant,
    ) -> Result<Result<Ticket, Option<StoredTicket>>, Error> {
        let mut scans = read.undone_scans.clone();
        scans.push(undone.check_in.scan_id);
        let mut all = read.ticket.undone_check_ins.clone();
        all.push(undone);
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(key(ticket_key(read.ticket.ticket_id))))
            .update_expression(
                "SET undone_check_ins = :undone, undone_scans = :scans, event = :event, version = version + :one \
                 REMOVE check_in",
            )
            .condition_expression("version = :read")
            .expression_attribute_values(":undone", attribute(&all)?)
            .expression_attribute_values(":scans", attribute(&scans)?)
            .expression_attribute_values(":event", attribute(event)?)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":read", number(read.version));
        let written = self.update(update, deadline).await?;
        Ok(written.map(|stored| stored.ticket))
    }

    /// Records a further scan of a ticket. Returns the stored ticket when it has changed since it was read, possibly by an earlier
    /// attempt of the same call.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn add_unexpected_scan(
        &self,
        read: &StoredTicket,
        scan: &CheckIn,
        event: &Record,
        deadline: Instant,
    ) -> Result<Result<(), Option<StoredTicket>>, Error> {
        let scans: Vec<&CheckIn> = read.ticket.unexpected_scans.iter().chain([scan]).collect();
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(key(ticket_key(read.ticket.ticket_id))))
            .update_expression("SET unexpected_scans = :scans, event = :event, version = version + :one")
            .condition_expression("version = :read")
            .expression_attribute_values(":scans", attribute(&scans)?)
            .expression_attribute_values(":event", attribute(event)?)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":read", number(read.version));
        Ok(self.update(update, deadline).await?.map(|_| ()))
    }

    /// Sends a conditional update of a ticket. Returns the updated ticket, or the stored one if the condition failed.
    async fn update(
        &self,
        update: UpdateItemFluentBuilder,
        deadline: Instant,
    ) -> Result<Result<StoredTicket, Option<StoredTicket>>, Error> {
        let update = update
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        let send = || async {
            match update.clone().send().await {
                Ok(written) => Ok(Ok(written.attributes)),
                Err(SdkError::ServiceError(refused))
                    if matches!(refused.err(), UpdateItemError::ConditionalCheckFailedException(_)) =>
                {
                    match refused.into_err() {
                        UpdateItemError::ConditionalCheckFailedException(refused) => Ok(Err(refused.item)),
                        other => Err(Error::internal(SCANNING, other)),
                    }
                }
                Err(error) => Err(classify_error(SCANNING, error)),
            }
        };
        match send_until_answered(SCANNING, deadline, send).await? {
            Ok(written) => {
                let written = written.ok_or_else(|| Error::internal(SCANNING, "the answer has no ticket"))?;
                parse(SCANNING, written).map(Ok)
            }
            Err(stored) => Ok(Err(stored.map(|item| parse(SCANNING, item)).transpose()?)),
        }
    }

    /// Whether the request with this id has replaced the code of a ticket.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn has_replaced(&self, request: Uuid, deadline: Instant) -> Result<bool, Error> {
        let found: Option<Request> = self.table.read(READING, key(request_key(request)), deadline).await?;
        Ok(found.is_some())
    }

    /// Gives a ticket the next code, and records the request. Returns false when the ticket has changed since it was read, possibly
    /// by an earlier attempt of the same request.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn replace_code(
        &self,
        read: &StoredTicket,
        request: Uuid,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<bool, Error> {
        const DOING: &str = "replace the code of a ticket";
        let record = Request {
            swept_at: (now + REMEMBERED).as_second(),
        };
        let change = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(key(ticket_key(read.ticket.ticket_id))))
            .update_expression("SET issue = issue + :one, version = version + :one")
            .condition_expression("version = :read")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":read", number(read.version));
        let items = vec![
            update(change)?,
            put(self.table.put_new(DOING, key(request_key(request)), &record)?)?,
        ];
        transact_changes(&self.table.client, DOING, items, 2, deadline).await
    }

    /// Reads a page of the tickets of a holder, sorted by start, latest first. The list is eventually consistent; the tickets are read
    /// consistently.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn of_holder(
        &self,
        holder: &CustomerId,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<TicketPage, Error> {
        let list = List::newest_in(BY_HOLDER, holder.as_str(), TicketId::KEY_PREFIX);
        let page = self.table.list_items("list tickets", &list, after, limit, deadline);
        let Listed { items, next } = page.await?;
        let mut tickets = self.in_order(items, deadline).await?;
        // The index may still name one that was passed on a moment ago.
        tickets.retain(|ticket| ticket.holder_id == *holder);
        Ok(TicketPage { tickets, next })
    }

    /// Reads a page of the tickets of a part of a showtime, by their seats' ids as texts.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn of_part(
        &self,
        showtime_id: ShowtimeId,
        part: u16,
        after: Option<DoorPosition>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Vec<Ticket>, Error> {
        const DOING: &str = "list the tickets of a showtime";
        let door = door_of(showtime_id, part);
        let start = after.map(|after| {
            let mut start = key(ticket_key(after.ticket_id));
            start.insert("door".into(), text(&door));
            start.insert("seat".into(), text(after.seat.to_string()));
            start
        });
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(AT_DOOR)
            .key_condition_expression("door = :door")
            .expression_attribute_values(":door", text(&door))
            .limit(limit.into())
            .set_exclusive_start_key(start);
        let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
        let answer = send_until_answered(DOING, deadline, send).await?;
        self.in_order(answer.items.unwrap_or_default(), deadline).await
    }

    /// Reads the tickets that an index names, in its order. Strongly consistent.
    async fn in_order(&self, listed: Vec<Item>, deadline: Instant) -> Result<Vec<Ticket>, Error> {
        let keys: Vec<String> = listed
            .iter()
            .filter_map(|item| text_of(item, "pk"))
            .map(str::to_owned)
            .collect();
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let wanted = Wanted {
            table: &self.table.name,
            keys: keys.iter().map(|pk| key(pk.clone())).collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, READING, vec![wanted], deadline).await?;
        let mut tickets = vec![];
        for item in found.into_values().flatten() {
            tickets.push(parse::<StoredTicket>(READING, item)?.ticket);
        }
        let place = |ticket: &Ticket| keys.iter().position(|pk| *pk == ticket_key(ticket.ticket_id));
        tickets.sort_by_key(place);
        Ok(tickets)
    }

    fn put_new(&self, ticket: &Ticket) -> Result<aws_sdk_dynamodb::types::builders::PutBuilder, Error> {
        let stored = StoredTicket {
            ticket: ticket.clone(),
            offer: None,
            undone_scans: vec![],
            version: 1,
        };
        let mut item = self.table.item(UPDATING, key(ticket_key(ticket.ticket_id)), &stored)?;
        let starts_ms = ticket.starts_at.as_millisecond().max(0);
        item.insert("starts_ms".into(), number(starts_ms));
        item.insert("door".into(), text(door_of(ticket.showtime_id, ticket.seat.row.part)));
        Ok(self.table.put_if_version(item, 1))
    }
}

/// The record of a request to replace a code.
#[derive(Serialize, Deserialize)]
struct Request {
    swept_at: i64,
}

fn ticket_key(id: TicketId) -> String {
    format!("{}{id}", TicketId::KEY_PREFIX)
}

fn order_key(id: OrderId) -> String {
    format!("ORDER#{id}")
}

fn request_key(id: Uuid) -> String {
    format!("REQUEST#{id}")
}

/// The partition of a ticket in the index `at-door`: one for each part of the house, since thousands are issued in a minute.
fn door_of(showtime_id: ShowtimeId, part: u16) -> String {
    format!("{showtime_id}#{part}")
}

fn attribute(value: &impl Serialize) -> Result<AttributeValue, Error> {
    serde_dynamo::to_attribute_value(value).map_err(|error| Error::internal(SCANNING, error))
}
