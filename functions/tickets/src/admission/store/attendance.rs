//! Tickets as proof of an attendance, and how many reviews a customer writes on a day (`REVIEWS#<customer>#<day>`).

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem, Update};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use shared::Error;
use shared::aws::dynamodb::table::text_of;
use shared::aws::dynamodb::transaction::{check, update};
use shared::aws::dynamodb::{Item, Wanted, batch_get, key, number, parse, text};
use shared::core::identity::CustomerId;
use shared::tickets::TicketId;
use tokio::time::Instant;

use super::{READING, StoredTicket, TicketStore, ticket_key};
use crate::admission::ticket::{Ticket, TicketStatus};
use crate::performance_reviews::attendance::Proof;

/// The most reviews that a customer writes or edits on a day.
pub const MAX_A_DAY: u32 = 10;
/// The time for which a count is kept: until its day is over everywhere.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// A customer's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayOfReviews {
    pk: String,
    swept_at: i64,
}

impl DayOfReviews {
    /// The day of `now` in UTC.
    pub fn of(customer: &CustomerId, now: Timestamp) -> Self {
        let day = now.to_zoned(TimeZone::UTC).date();
        Self {
            pk: format!("REVIEWS#{}#{day}", customer.as_str()),
            swept_at: (now + KEPT).as_second(),
        }
    }
}

#[derive(Deserialize)]
struct Count {
    written: u32,
}

impl TicketStore {
    /// The items to read before a review: a ticket, and the count of the day. Consistently.
    pub fn wanted_attendance(&self, ticket: Option<TicketId>, day: &DayOfReviews) -> Wanted<'_> {
        let ticket = ticket.map(|ticket| key(ticket_key(ticket)));
        Wanted {
            table: &self.table.name,
            keys: [key(day.pk.clone())].into_iter().chain(ticket).collect(),
            consistent: true,
        }
    }

    /// Reads the found ones of the [wanted](TicketStore::wanted_attendance) items.
    ///
    /// # Errors
    /// [`Error::Internal`] for a damaged item.
    pub fn loaded_attendance(&self, found: &mut HashMap<String, Vec<Item>>) -> Result<(Option<Ticket>, u32), Error> {
        let (mut ticket, mut today) = (None, 0);
        for item in found.remove(&self.table.name).unwrap_or_default() {
            if text_of(&item, "pk").is_some_and(|pk| pk.starts_with(TicketId::KEY_PREFIX)) {
                ticket = Some(parse::<StoredTicket>(READING, item)?.ticket);
            } else {
                today = parse::<Count>(READING, item)?.written;
            }
        }
        Ok((ticket, today))
    }

    /// Builds the check that the holder of a ticket has attended.
    ///
    /// # Errors
    /// [`Error::Internal`] when the check cannot be built.
    pub fn attendance_check(&self, ticket: &Ticket, proof: Proof) -> Result<TransactWriteItem, Error> {
        const IS_VALID: &str = "holder_id = :holder AND #status = :valid";
        let condition = match proof {
            Proof::CheckIn => format!("{IS_VALID} AND attribute_exists(check_in)"),
            Proof::Ticket => IS_VALID.to_owned(),
        };
        check(
            ConditionCheck::builder()
                .table_name(&self.table.name)
                .set_key(Some(key(ticket_key(ticket.ticket_id))))
                .condition_expression(condition)
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":holder", text(ticket.holder_id.as_str()))
                .expression_attribute_values(":valid", text("VALID")),
        )
    }

    /// Builds the write that counts a review of the day. Condition: there were fewer than [`MAX_A_DAY`].
    ///
    /// # Errors
    /// [`Error::Internal`] when the write cannot be built.
    pub fn count_review(&self, day: &DayOfReviews) -> Result<TransactWriteItem, Error> {
        update(
            Update::builder()
                .table_name(&self.table.name)
                .set_key(Some(key(day.pk.clone())))
                .update_expression("SET written = if_not_exists(written, :zero) + :one, swept_at = :sweep")
                .condition_expression("attribute_not_exists(pk) OR written < :most")
                .expression_attribute_values(":zero", number(0))
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":most", number(MAX_A_DAY))
                .expression_attribute_values(":sweep", number(day.swept_at)),
        )
    }

    /// Those of `tickets` that are valid. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn valid_among(
        &self,
        tickets: impl IntoIterator<Item = TicketId>,
        deadline: Instant,
    ) -> Result<BTreeSet<TicketId>, Error> {
        let ids: BTreeSet<TicketId> = tickets.into_iter().collect();
        if ids.is_empty() {
            return Ok(ids);
        }
        let wanted = Wanted {
            table: &self.table.name,
            keys: ids.into_iter().map(|id| key(ticket_key(id))).collect(),
            consistent: false,
        };
        let found = batch_get(&self.table.client, READING, vec![wanted], deadline).await?;
        let mut valid = BTreeSet::new();
        for item in found.into_values().flatten() {
            let ticket = parse::<StoredTicket>(READING, item)?.ticket;
            if ticket.status == TicketStatus::Valid {
                valid.insert(ticket.ticket_id);
            }
        }
        Ok(valid)
    }
}
