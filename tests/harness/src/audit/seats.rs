//! Checks that a seat has one order: rows and orders name each other.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{array, number, of_kind, text};

/// A seat of a showtime.
type Seat = (String, String);

/// Checks that each row names an order at a seat exactly while the order is open and has the seat, and that what a customer is
/// recorded to have of a showtime are those seats. `seats` has the items of the seats table.
///
/// # Errors
/// The first violation.
pub fn check_seats(orders: &[Value], seats: &[Value]) -> Result<()> {
    check_seats_and_tickets(orders, seats, &[])
}

/// As [`check_seats`], where tickets have changed hands: a customer is also recorded to have the valid tickets that others have
/// bought. `tickets` has the items of the tickets table.
///
/// # Errors
/// The first violation.
pub fn check_seats_and_tickets(orders: &[Value], seats: &[Value], tickets: &[Value]) -> Result<()> {
    let mut owners: BTreeMap<Seat, String> = BTreeMap::new();
    let mut counts: BTreeMap<(String, String), i64> = BTreeMap::new();
    for order in of_kind(orders, "ORDER#") {
        if !matches!(text(&order["status"]), "PENDING_PAYMENT" | "PAYING" | "PAID") {
            continue;
        }
        let is_kept = |line: &&Value| line["seat"].is_object() && line["cancelled"].is_null();
        for line in array(&order["lines"]).filter(is_kept) {
            let showtime = text(&line["seat"]["showtime_id"]).to_owned();
            *counts
                .entry((showtime.clone(), text(&order["customer_id"]).to_owned()))
                .or_default() += 1;
            let seat = (showtime, text(&line["seat"]["seat"]).to_owned());
            let id = text(&order["order_id"]).replace('-', "");
            if let Some(other) = owners.insert(seat.clone(), id.clone()) {
                anyhow::bail!("{seat:?} has two orders, {other} and {id}");
            }
        }
    }
    for ticket in of_kind(tickets, "TICKET#").filter(|ticket| ticket["status"] == "VALID") {
        if ticket["buyer_id"].is_string() {
            let holder = (
                text(&ticket["showtime_id"]).to_owned(),
                text(&ticket["holder_id"]).to_owned(),
            );
            *counts.entry(holder).or_default() += 1;
        }
    }
    let mut named: BTreeSet<Seat> = BTreeSet::new();
    for row in of_kind(seats, "SHOW#").filter(|item| text(&item["sk"]).starts_with("ROW#")) {
        let mut key = text(&row["pk"]).split('#').skip(1).step_by(2);
        let (showtime, part) = (key.next().unwrap_or_default(), key.next().unwrap_or_default());
        let number: u16 = text(&row["sk"]).trim_start_matches("ROW#").parse()?;
        for (place, taken) in row["h"].as_object().into_iter().flatten() {
            // The hexadecimal digits of an order's id, and of a deadline or none. A blocked seat has no text.
            let Some(order) = taken.as_str().and_then(|taken| taken.get(..32)) else {
                continue;
            };
            let seat = (showtime.to_owned(), format!("{part}-{number}-{place}"));
            ensure!(
                owners.get(&seat).is_some_and(|owner| owner == order),
                "{seat:?} names the order {order}, and its order is {:?}",
                owners.get(&seat)
            );
            named.insert(seat);
        }
    }
    for (seat, order) in &owners {
        ensure!(named.contains(seat), "{seat:?} does not name its order {order}");
    }
    for item in of_kind(seats, "SHOW#").filter(|item| item["sk"] == "ALLOWANCE") {
        let key = text(&item["pk"]).trim_start_matches("SHOW#");
        let (showtime, customer) = key.split_once("#CUSTOMER#").unwrap_or_default();
        let counted = counts
            .remove(&(showtime.to_owned(), customer.to_owned()))
            .unwrap_or_default();
        ensure!(
            number(&item["seats"]) == counted,
            "the customer has {counted} seats: {item}"
        );
    }
    ensure!(counts.is_empty(), "nobody counts the seats of {counts:?}");
    Ok(())
}
