//! Checks tickets: those of paid seats are valid, and each admits once.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use serde_json::Value;

use super::key;
use crate::world::World;

/// Checks that each valid ticket is that of a seat of a paid order, at every moment, that no seat has two, and that it knows who
/// bought it.
///
/// # Errors
/// The first ticket for which this does not hold.
pub fn check_valid(orders: &[Value], tickets: &[Value]) -> Result<()> {
    let sold = sold_seats(orders);
    let buyers: BTreeMap<&str, &Value> = orders
        .iter()
        .filter_map(|order| Some((order["order_id"].as_str()?, &order["customer_id"])))
        .collect();
    let mut valid = BTreeSet::new();
    for ticket in tickets.iter().filter(|item| key(item).starts_with("TICKET#")) {
        let seat = (text(&ticket["order_id"]), text(&ticket["seat"]));
        let buyer = [&ticket["buyer_id"], &ticket["holder_id"]];
        let buyer = buyer.into_iter().find(|customer| customer.is_string());
        let order = ticket["order_id"].as_str().unwrap_or_default();
        ensure!(
            buyer == buyers.get(order).copied(),
            "another customer bought it: {ticket}"
        );
        if ticket["status"] == "VALID" {
            ensure!(sold.contains(&seat), "it is valid, and its seat is not sold: {ticket}");
            ensure!(valid.insert(seat), "its seat has another one: {ticket}");
        } else {
            ensure!(!sold.contains(&seat), "it is void, and its seat is sold: {ticket}");
        }
    }
    Ok(())
}

/// Checks that each seat of a paid order has a valid ticket, once all events are delivered.
///
/// # Errors
/// The seats without one.
pub fn check_tickets(orders: &[Value], tickets: &[Value]) -> Result<()> {
    check_valid(orders, tickets)?;
    let valid = tickets.iter().filter(|ticket| ticket["status"] == "VALID");
    let valid: BTreeSet<(String, String)> = valid
        .map(|ticket| (text(&ticket["order_id"]), text(&ticket["seat"])))
        .collect();
    let sold = sold_seats(orders);
    let missing: Vec<&(String, String)> = sold.difference(&valid).collect();
    ensure!(missing.is_empty(), "paid seats without a ticket: {missing:?}");
    Ok(())
}

/// The seats of paid orders that were not given back, each with its order.
fn sold_seats(orders: &[Value]) -> BTreeSet<(String, String)> {
    let mut sold = BTreeSet::new();
    for order in orders.iter().filter(|order| order["status"] == "PAID") {
        let lines = order["lines"].as_array().into_iter().flatten();
        let seats = lines.filter(|line| line["seat"].is_object() && line["cancelled"].is_null());
        sold.extend(seats.map(|line| (text(&order["order_id"]), text(&line["seat"]["seat"]))));
    }
    sold
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Checks that no paid order has seats of a cancelled showtime, once all events and messages are delivered.
///
/// # Errors
/// The first one that has.
pub fn check_cancelled_showtimes(orders: &[Value], shows: &[Value]) -> Result<()> {
    let showtimes = shows.iter().filter(|item| key(item).starts_with("SHOW#"));
    let cancelled: BTreeSet<&str> = showtimes
        .filter(|showtime| showtime["status"] == "CANCELLED")
        .filter_map(|showtime| showtime["showtime_id"].as_str())
        .collect();
    for order in orders.iter().filter(|order| order["status"] == "PAID") {
        let lines = order["lines"].as_array().into_iter().flatten();
        let mut showtimes = lines.filter_map(|line| line["seat"]["showtime_id"].as_str());
        ensure!(
            !showtimes.any(|showtime| cancelled.contains(showtime)),
            "it is paid: {order}"
        );
    }
    Ok(())
}

/// Checks that each customer with tickets was told the present start of their showtime, once all events and messages are delivered.
///
/// # Errors
/// The first order whose customer was not.
pub fn check_told_starts(tickets: &[Value], shows: &[Value]) -> Result<()> {
    let showtimes = shows.iter().filter(|item| key(item).starts_with("SHOW#"));
    let starts: BTreeMap<&str, &Value> = showtimes
        .filter(|showtime| showtime["status"] != "CANCELLED")
        .filter_map(|showtime| Some((showtime["showtime_id"].as_str()?, &showtime["starts_at"])))
        .collect();
    let valid = tickets.iter().filter(|ticket| ticket["status"] == "VALID");
    let showtime_of: BTreeMap<&str, &str> = valid
        .filter_map(|ticket| Some((ticket["order_id"].as_str()?, ticket["showtime_id"].as_str()?)))
        .collect();
    for told in tickets.iter().filter(|item| key(item).starts_with("ORDER#")) {
        let showtime = told["order_id"].as_str().and_then(|order| showtime_of.get(order));
        let start = showtime.and_then(|showtime| starts.get(showtime));
        ensure!(
            start.is_none_or(|start| **start == told["told_start"]),
            "the show starts at {start:?}: {told}"
        );
    }
    Ok(())
}

/// Checks that no ticket was admitted by two scans.
///
/// # Errors
/// The first one that was.
pub fn check_admissions(world: &World) -> Result<()> {
    for (ticket, admissions) in &world.state().check_ins {
        let is_once = admissions.scans.len() == 1 && admissions.answers <= 1;
        ensure!(is_once, "{ticket} was admitted twice: {admissions:?}");
    }
    Ok(())
}

/// Checks that no ticket was admitted with a code that its former holder had.
///
/// # Errors
/// The tickets that were.
pub fn check_former_codes(world: &World) -> Result<()> {
    let admitted = &world.state().former_codes_admitted;
    ensure!(admitted.is_empty(), "they were: {admitted:?}");
    Ok(())
}
