//! Checks tickets: those of paid seats are valid, and each admits once.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::key;
use crate::world::World;

/// Checks that the valid tickets are those of the seats of paid orders, once all events are delivered.
///
/// # Errors
/// The first ticket or seat for which this does not hold.
pub fn check_tickets(orders: &[Value], tickets: &[Value]) -> Result<()> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut sold: BTreeSet<(String, String)> = BTreeSet::new();
    for order in orders.iter().filter(|order| order["status"] == "PAID") {
        let lines = order["lines"].as_array().into_iter().flatten();
        let seats = lines.filter(|line| line["seat"].is_object() && line["cancelled"].is_null());
        sold.extend(seats.map(|line| (text(&order["order_id"]), text(&line["seat"]["seat"]))));
    }
    let mut valid = BTreeSet::new();
    for ticket in tickets.iter().filter(|item| key(item).starts_with("TICKET#")) {
        let seat = (text(&ticket["order_id"]), text(&ticket["seat"]));
        if ticket["status"] == "VALID" {
            ensure!(sold.contains(&seat), "it is valid, and its seat is not sold: {ticket}");
            ensure!(valid.insert(seat), "its seat has another one: {ticket}");
        } else {
            ensure!(!sold.contains(&seat), "it is void, and its seat is sold: {ticket}");
        }
    }
    ensure!(
        valid == sold,
        "paid seats without a ticket: {:?}",
        sold.difference(&valid)
    );
    Ok(())
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
