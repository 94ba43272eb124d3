//! Seats that change hands in the transaction of an order, and what its customer may hold.
//!
//! Invariants: a row names an order at a seat exactly while the order has the seat. Nobody takes a seat from an order, also
//! after the deadline of its hold: the order is ended first, on condition that it still waits for payment.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use uuid::Uuid;

use super::{SeatStore, key, row_of, taken_value};
use crate::aws::dynamodb::transaction::{put, update};
use crate::aws::dynamodb::{Item, Wanted, batch_get, classify_error, composite, number, parse, send_until_answered};
use crate::core::error::Error;
use crate::core::identity::CustomerId;
use crate::tickets::allowance::{Allowance, AllowanceChange};
use crate::tickets::id::ShowtimeId;
use crate::tickets::row::{RowKey, SeatRow, Taken};
use crate::tickets::seat::SeatId;

const ALLOWANCE: &str = "ALLOWANCE";

/// Seats of a showtime that an order has, takes or gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderSeats {
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The order.
    pub order_id: Uuid,
    /// The order's customer.
    pub customer_id: CustomerId,
    /// The seats, each once.
    pub seats: Vec<SeatId>,
}

impl OrderSeats {
    /// The number of seats.
    pub fn count(&self) -> u8 {
        u8::try_from(self.seats.len()).unwrap_or(u8::MAX)
    }

    /// The places in each row.
    pub fn rows(&self) -> BTreeMap<RowKey, Vec<u8>> {
        let mut rows: BTreeMap<RowKey, Vec<u8>> = BTreeMap::new();
        for seat in &self.seats {
            rows.entry(seat.row).or_default().push(seat.place);
        }
        rows
    }
}

/// The data that a hold reads first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadedSeats {
    /// The rows that exist.
    pub rows: BTreeMap<RowKey, SeatRow>,
    /// The allowance of the customer so far. `None` before the first hold.
    pub allowance: Option<Allowance>,
}

impl SeatStore {
    /// The items to read before a hold, consistently: the rows, and what the customer has held so far, if it is named.
    pub fn wanted(
        &self,
        showtime: ShowtimeId,
        customer: Option<&CustomerId>,
        rows: impl IntoIterator<Item = RowKey>,
    ) -> Wanted<'_> {
        let rows = rows.into_iter().map(|row| key(showtime, row));
        let allowance = customer.map(|customer| allowance_key(showtime, customer));
        Wanted {
            table: &self.table.name,
            keys: rows.chain(allowance).collect(),
            consistent: true,
        }
    }

    /// Reads what a customer has held so far, consistently.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn allowance(
        &self,
        showtime: ShowtimeId,
        customer: &CustomerId,
        deadline: Instant,
    ) -> Result<Option<Allowance>, Error> {
        let place = allowance_key(showtime, customer);
        self.table.read("read what a customer holds", place, deadline).await
    }

    /// Reads the found ones of the [wanted](SeatStore::wanted) items.
    ///
    /// # Errors
    /// [`Error::Internal`] for a damaged item.
    pub fn loaded(&self, found: &mut HashMap<String, Vec<Item>>) -> Result<LoadedSeats, Error> {
        let mut loaded = LoadedSeats::default();
        for item in found.remove(&self.table.name).unwrap_or_default() {
            if item
                .get("sk")
                .is_some_and(|sk| sk.as_s().is_ok_and(|sk| sk == ALLOWANCE))
            {
                loaded.allowance = Some(parse("read what a customer holds", item)?);
            } else {
                let row = row_of(item)?;
                loaded.rows.insert(row.key, row);
            }
        }
        Ok(loaded)
    }

    /// Builds the writes of a hold until `until`, and of the allowance with it. The seats of `replaced`, an order of the same
    /// customer, are given back or handed over. Conditions: nobody else has the seats, and the allowance has not changed since it
    /// was read.
    ///
    /// # Errors
    /// [`Error::Internal`] when a write cannot be built.
    pub fn hold_writes(
        &self,
        held: &OrderSeats,
        until: Option<Timestamp>,
        replaced: Option<&OrderSeats>,
        allowance: &Allowance,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let mut writes = self.row_writes(replaced, Some((held, until)))?;
        let place = allowance_key(held.showtime_id, &held.customer_id);
        let item = self.table.item("hold seats", place, allowance)?;
        writes.push(put(self.table.put_if_version(item, allowance.version))?);
        Ok(writes)
    }

    /// Reads the rows of seats, and what their customer holds, consistently.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn load(&self, seats: &OrderSeats, deadline: Instant) -> Result<LoadedSeats, Error> {
        let wanted = self.wanted(seats.showtime_id, Some(&seats.customer_id), seats.rows().into_keys());
        let mut found = batch_get(&self.table.client, "read seats", vec![wanted], deadline).await?;
        self.loaded(&mut found)
    }

    /// Builds the writes by which an order that was paid late gets its seats again. Conditions: nobody has them, and its customer
    /// then has at most `most` seats.
    ///
    /// # Errors
    /// [`Error::Internal`] when a write cannot be built.
    pub fn retake_writes(&self, sold: &OrderSeats, most: u8) -> Result<Vec<TransactWriteItem>, Error> {
        let mut writes = self.row_writes(None, Some((sold, None)))?;
        let others = i64::from(most) - i64::from(sold.count());
        let change = self.change_allowance(sold, AllowanceChange::taken_again(sold.count()));
        let change = change
            .condition_expression("attribute_exists(pk) AND seats <= :others")
            .expression_attribute_values(":others", number(others));
        writes.push(update(change)?);
        Ok(writes)
    }

    /// Builds the writes by which an order gives seats back, `left` before the end of their hold. Condition: the order has
    /// them.
    ///
    /// # Errors
    /// [`Error::Internal`] when a write cannot be built.
    pub fn give_back_writes(&self, seats: &OrderSeats, left: SignedDuration) -> Result<Vec<TransactWriteItem>, Error> {
        let mut writes = self.row_writes(Some(seats), None)?;
        let change = AllowanceChange::given_back(seats.count(), left);
        writes.push(update(self.change_allowance(seats, change))?);
        Ok(writes)
    }

    /// Removes the deadlines of seats that were sold, so that the seat map shows them as sold. Returns false when the order does
    /// not have all of them any more.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn mark_sold(&self, sold: &OrderSeats, deadline: Instant) -> Result<bool, Error> {
        const DOING: &str = "mark seats as sold";
        for (row, places) in sold.rows() {
            // The order without a deadline.
            let sets: Vec<String> = paths(&places).iter().map(|path| format!("{path} = :order")).collect();
            let change = self.change_if_of(sold, row, &places);
            let change = change.update_expression(format!("SET {}", sets.join(", ")));
            let change: Update = change.build().map_err(|error| Error::internal(DOING, error))?;
            let send = || async {
                let update = self.table.client.update_item().table_name(&change.table_name);
                let sent = update
                    .set_key(Some(change.key.clone()))
                    .update_expression(&change.update_expression)
                    .set_condition_expression(change.condition_expression.clone())
                    .set_expression_attribute_names(change.expression_attribute_names.clone())
                    .set_expression_attribute_values(change.expression_attribute_values.clone());
                match sent.send().await {
                    Ok(_) => Ok(true),
                    Err(SdkError::ServiceError(refused))
                        if matches!(refused.err(), UpdateItemError::ConditionalCheckFailedException(_)) =>
                    {
                        Ok(false)
                    }
                    Err(error) => Err(classify_error(DOING, error)),
                }
            };
            if !send_until_answered(DOING, deadline, send).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Builds the writes by which one order gives seats back and another one takes some until a deadline, all of a row in one: a
    /// transaction may not name an item twice. Conditions: the first order has its seats, and nobody has the others.
    fn row_writes(
        &self,
        from: Option<&OrderSeats>,
        to: Option<(&OrderSeats, Option<Timestamp>)>,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let Some(showtime) = from.or(to.map(|(to, _)| to)).map(|seats| seats.showtime_id) else {
            return Ok(vec![]);
        };
        let had = from.map(OrderSeats::rows).unwrap_or_default();
        let has = to.map(|(to, _)| to.rows()).unwrap_or_default();
        let rows: BTreeSet<RowKey> = had.keys().chain(has.keys()).copied().collect();
        let none = vec![];
        let writes = rows.into_iter().map(|row| {
            let (had, has) = (had.get(&row).unwrap_or(&none), has.get(&row).unwrap_or(&none));
            let without = |some: &[u8], others: &[u8]| -> Vec<u8> {
                some.iter().filter(|place| !others.contains(place)).copied().collect()
            };
            let (taken, given_back) = (without(has, had), without(had, has));
            let free = paths(&taken)
                .into_iter()
                .map(|path| format!("attribute_not_exists({path})"));
            let owned = paths(had).into_iter().map(|path| has_order(&path));
            let conditions = ["attribute_exists(pk)".to_owned()].into_iter().chain(free).chain(owned);
            let sets: Vec<String> = paths(has).iter().map(|path| format!("{path} = :taken")).collect();
            let (sets, removes) = (sets.join(", "), paths(&given_back).join(", "));
            let clauses = [("SET", sets), ("REMOVE", removes)]
                .into_iter()
                .filter(|(_, paths)| !paths.is_empty());
            let clauses: Vec<String> = clauses.map(|(clause, paths)| format!("{clause} {paths}")).collect();
            let named: Vec<u8> = had.iter().chain(&taken).copied().collect();
            let mut change = self
                .row_update(showtime, row, &named)
                .condition_expression(conditions.collect::<Vec<_>>().join(" AND "))
                .update_expression(clauses.join(" "));
            if let (Some((to, until)), false) = (to, has.is_empty()) {
                let order_id = to.order_id;
                change = change.expression_attribute_values(":taken", taken_value(&Taken::Order { order_id, until }));
            }
            if let (Some(from), false) = (from, had.is_empty()) {
                change = change.expression_attribute_values(":order", id_value(from.order_id));
            }
            update(change)
        });
        writes.collect()
    }

    /// An update of a row on condition that the order has the seats at `places`.
    fn change_if_of(&self, seats: &OrderSeats, row: RowKey, places: &[u8]) -> UpdateBuilder {
        let owned: Vec<String> = paths(places).iter().map(|path| has_order(path)).collect();
        self.row_update(seats.showtime_id, row, places)
            .condition_expression(owned.join(" AND "))
            .expression_attribute_values(":order", id_value(seats.order_id))
    }

    /// An update of a row that names the seats at `places`.
    pub(super) fn row_update(&self, showtime: ShowtimeId, row: RowKey, places: &[u8]) -> UpdateBuilder {
        let names = places.iter().map(|place| (format!("#p{place}"), place.to_string()));
        Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(key(showtime, row)))
            .set_expression_attribute_names(Some(names.collect()))
    }

    fn change_allowance(&self, of: &OrderSeats, change: AllowanceChange) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(allowance_key(of.showtime_id, &of.customer_id)))
            .update_expression("ADD seats :seats, held_ms :held, version :one")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":seats", number(change.seats))
            .expression_attribute_values(":held", number(change.held_ms))
            .expression_attribute_values(":one", number(1))
    }
}

/// The paths of the seats in a row's item.
pub(super) fn paths(places: &[u8]) -> Vec<String> {
    places.iter().map(|place| format!("h.#p{place}")).collect()
}

/// The condition that `:order` has the seat at `path`, with a deadline or without one.
fn has_order(path: &str) -> String {
    format!("begins_with({path}, :order)")
}

pub(super) fn allowance_key(showtime: ShowtimeId, customer: &CustomerId) -> Item {
    composite(format!("SHOW#{showtime}#CUSTOMER#{}", customer.as_str()), ALLOWANCE)
}

fn id_value(order_id: Uuid) -> AttributeValue {
    AttributeValue::B(Blob::new(order_id.as_bytes()))
}
