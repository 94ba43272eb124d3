//! Sold seats that an order gives back: their showtime, which decides about the fee, and their tickets, which become void in the
//! transaction of the order.
//!
//! Invariant: a ticket is valid only while its order has the seat. Tickets are issued after the payment, on condition that the
//! order has not changed. So a seat that is given back has a ticket, which becomes void, or never gets one.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::builders::{ConditionCheckBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem, Update};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::time::Instant;

use crate::aws::Platform;
use crate::aws::dynamodb::table::Table;
use crate::aws::dynamodb::transaction::{Writes, check, update};
use crate::aws::dynamodb::{Wanted, batch_get, key, number, parse, text};
use crate::core::error::Error;
use crate::core::identity::CustomerId;
use crate::tickets::id::{ShowtimeId, TicketId};
use crate::tickets::showtime::Showtime;
use crate::tickets::store::received::ReceivedTickets;

const DOING: &str = "read sold seats";

/// Ends the open offer of a ticket, in the update of its item.
pub const END_OFFER: &str = "REMOVE offer, transfer_offer_id, offered_until";

/// Reads showtimes and the tickets of sold seats.
#[derive(Clone, Debug)]
pub struct SoldSeatStore {
    shows: Table,
    tickets: Table,
}

/// Sold seats of a showtime.
#[derive(Clone, Debug)]
pub struct SoldSeats {
    /// The showtime.
    pub showtime: Showtime,
    showtime_version: u64,
    tickets: Vec<SoldTicket>,
}

#[derive(Clone, Debug)]
struct SoldTicket {
    ticket_id: TicketId,
    /// `None` if it was not issued.
    issued: Option<Issued>,
}

#[derive(Deserialize)]
struct StoredShowtime {
    #[serde(flatten)]
    showtime: Showtime,
    version: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Issued {
    ticket_id: TicketId,
    holder_id: CustomerId,
    /// The buyer, if somebody else holds it.
    #[serde(default)]
    buyer_id: Option<IgnoredAny>,
    #[serde(default)]
    check_in: Option<IgnoredAny>,
}

impl SoldSeatStore {
    /// Reads the tables' names from `SHOWS_TABLE` and `TICKETS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: Table::new(platform, "SHOWS_TABLE")?,
            tickets: Table::new(platform, "TICKETS_TABLE")?,
        })
    }

    /// Reads a showtime and the tickets of its seats, in one request. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`], and [`Error::Internal`], also when there is no such showtime.
    pub async fn read(
        &self,
        showtime_id: ShowtimeId,
        tickets: &[TicketId],
        deadline: Instant,
    ) -> Result<SoldSeats, Error> {
        let wanted = vec![
            Wanted {
                table: &self.shows.name,
                keys: vec![key(format!("{}{showtime_id}", Showtime::KEY_PREFIX))],
                consistent: true,
            },
            Wanted {
                table: &self.tickets.name,
                keys: tickets.iter().map(|&id| key(ticket_key(id))).collect(),
                consistent: true,
            },
        ];
        let mut found = batch_get(&self.shows.client, DOING, wanted, deadline).await?;
        let showtime = found.remove(&self.shows.name).unwrap_or_default().pop();
        let showtime = showtime.ok_or_else(|| Error::internal(DOING, "the showtime does not exist"))?;
        let issued = found.remove(&self.tickets.name).unwrap_or_default().into_iter();
        let issued: Vec<Issued> = issued.map(|item| parse(DOING, item)).collect::<Result<_, _>>()?;
        let ticket = |&ticket_id: &TicketId| {
            let issued = issued.iter().find(|issued| issued.ticket_id == ticket_id).cloned();
            SoldTicket { ticket_id, issued }
        };
        let showtime: StoredShowtime = parse(DOING, showtime)?;
        Ok(SoldSeats {
            showtime: showtime.showtime,
            showtime_version: showtime.version,
            tickets: tickets.iter().map(ticket).collect(),
        })
    }

    /// Builds the writes that make the tickets void. Their conditions: no ticket was issued, checked in or passed on since it was
    /// read.
    ///
    /// # Errors
    /// [`Error::Internal`] when a write cannot be built.
    pub fn void_writes(&self, seats: &SoldSeats, at: Timestamp) -> Result<Writes, Error> {
        let write = |ticket: &SoldTicket| {
            let Some(issued) = &ticket.issued else {
                return check(self.check_not_issued(ticket.ticket_id));
            };
            let condition = match issued.check_in {
                None => "holder_id = :holder AND attribute_not_exists(check_in)",
                Some(_) => "holder_id = :holder",
            };
            update(
                self.void(ticket.ticket_id, at)
                    .condition_expression(condition)
                    .expression_attribute_values(":holder", text(issued.holder_id.as_str())),
            )
        };
        Ok(Writes(seats.tickets.iter().map(write).collect::<Result<_, _>>()?))
    }

    /// Builds the check that the showtime has not changed since it was read: it was neither moved nor cancelled.
    ///
    /// # Errors
    /// [`Error::Internal`] when the check cannot be built.
    pub fn check_unchanged(&self, seats: &SoldSeats) -> Result<TransactWriteItem, Error> {
        let showtime = key(format!("{}{}", Showtime::KEY_PREFIX, seats.showtime.showtime_id));
        check(
            ConditionCheck::builder()
                .table_name(&self.shows.name)
                .set_key(Some(showtime))
                .condition_expression("version = :read")
                .expression_attribute_values(":read", number(seats.showtime_version)),
        )
    }

    fn void(&self, id: TicketId, at: Timestamp) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.tickets.name)
            .set_key(Some(key(ticket_key(id))))
            .update_expression(format!(
                "SET #status = :void, voided_at = :at, version = version + :one {END_OFFER}"
            ))
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":void", text("VOID"))
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":one", number(1))
    }

    fn check_not_issued(&self, id: TicketId) -> ConditionCheckBuilder {
        ConditionCheck::builder()
            .table_name(&self.tickets.name)
            .set_key(Some(key(ticket_key(id))))
            .condition_expression("attribute_not_exists(pk)")
    }
}

impl SoldSeats {
    /// Whether this ticket was checked in.
    pub fn is_checked_in(&self, id: TicketId) -> bool {
        self.issued(id).is_some_and(|issued| issued.check_in.is_some())
    }

    /// Whether somebody else than the buyer holds this ticket.
    pub fn is_transferred(&self, id: TicketId) -> bool {
        self.issued(id).is_some_and(|issued| issued.buyer_id.is_some())
    }

    /// The tickets that are not with their buyer, by holder.
    pub fn received(&self) -> Vec<ReceivedTickets> {
        let issued = self.tickets.iter().filter_map(|ticket| ticket.issued.as_ref());
        let mut counts: BTreeMap<&str, (&CustomerId, u8)> = BTreeMap::new();
        for issued in issued.filter(|issued| issued.buyer_id.is_some()) {
            let holder = &issued.holder_id;
            counts.entry(holder.as_str()).or_insert((holder, 0)).1 += 1;
        }
        let received = counts.into_values().map(|(holder, count)| ReceivedTickets {
            showtime_id: self.showtime.showtime_id,
            customer_id: holder.clone(),
            count,
        });
        received.collect()
    }

    fn issued(&self, id: TicketId) -> Option<&Issued> {
        let ticket = self.tickets.iter().find(|ticket| ticket.ticket_id == id);
        ticket.and_then(|ticket| ticket.issued.as_ref())
    }
}

/// The key of a ticket in the tickets table.
fn ticket_key(id: TicketId) -> String {
    format!("{}{id}", TicketId::KEY_PREFIX)
}
