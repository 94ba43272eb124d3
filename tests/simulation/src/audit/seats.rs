//! Checks seats: a showtime has the seats of its plan, and a seat is blocked when the box office blocked it.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use harness::engine::{SEATS, SHOWS};
use serde_json::Value;
use shared::tickets::ShowKind;

use super::key;
use crate::world::World;

/// Checks that a showtime that was published has all seats of its plan, by zone, and any other one has none.
///
/// # Errors
/// The first showtime for which this does not hold.
pub fn check_seats(world: &World) -> Result<()> {
    let rows = world.tables.items(SEATS);
    let mut seats: BTreeMap<&str, BTreeMap<u64, u64>> = BTreeMap::new();
    for row in rows.iter().filter(|row| key(row).starts_with("SHOW#")) {
        let showtime = key(row).split('#').nth(1).unwrap_or_default();
        let zones = seats.entry(showtime).or_default();
        *zones.entry(row["z"].as_u64().unwrap_or_default()).or_default() += row["n"].as_u64().unwrap_or_default();
    }
    for showtime in world.tables.items(SHOWS) {
        let Some(id) = key(&showtime).strip_prefix("SHOW#") else {
            continue;
        };
        let created = seats.remove(id).unwrap_or_default();
        // A showtime that was cancelled as a draft may have lost the race with its publication.
        let is_public = matches!(showtime["status"].as_str(), Some("ON_SALE" | "CLOSED"));
        let zones = showtime["seating"]["zones"].as_array().into_iter().flatten();
        let planned: BTreeMap<u64, u64> = (0..)
            .zip(zones.map(|zone| zone["seats"].as_u64().unwrap_or_default()))
            .collect();
        if is_public {
            ensure!(created == planned, "it has {created:?}: {showtime}");
        } else if planned.is_empty() {
            ensure!(created.is_empty(), "it has seats without a seating: {showtime}");
        }
    }
    ensure!(seats.is_empty(), "no showtime has these seats: {seats:?}");
    Ok(())
}

/// Checks that the seats whose blocking or release was answered are blocked or free, and that as many places of each standing area
/// are blocked as the answers say.
///
/// # Errors
/// The first seat or showtime for which this does not hold.
pub fn check_blocked(world: &World) -> Result<()> {
    let rows = world.tables.items(SEATS);
    let state = world.state();
    for ((showtime, seat), is_blocked) in &state.blocked_seats {
        if state.uncertain_seats.contains(&(showtime.clone(), seat.clone())) {
            continue;
        }
        let mut place = seat.split('-');
        let mut next = || place.next().unwrap_or_default();
        let (part, row, place) = (next(), next(), next());
        let found = rows.iter().find(|item| {
            key(item) == format!("SHOW#{showtime}#SEC#{part}") && item["sk"] == format!("ROW#{row:0>3}").as_str()
        });
        let taken = found.map_or(&Value::Null, |row| &row["h"][place]);
        ensure!(
            taken.is_boolean() == *is_blocked,
            "{seat} of {showtime} is {taken}, and blocked was {is_blocked}"
        );
    }
    drop(state);
    check_blocked_places(world, &rows)
}

fn check_blocked_places(world: &World, rows: &[Value]) -> Result<()> {
    let state = world.state();
    for show in &world.tables.items(SHOWS) {
        let Some(id) = key(show).strip_prefix("SHOW#") else {
            continue;
        };
        let Some(part) = show["seating"]["areas"][0]["part"].as_u64() else {
            continue;
        };
        let of_area = rows.iter().filter(|row| key(row) == format!("SHOW#{id}#SEC#{part}"));
        let taken = of_area.flat_map(|row| row["h"].as_object().into_iter().flatten());
        let blocked = taken.filter(|(_, taken)| taken.is_boolean()).count() as i64;
        let answered = state.blocked_places.get(id).copied().unwrap_or_default();
        ensure!(
            blocked == answered || state.uncertain_places.contains(id),
            "{blocked} places of {id} are blocked, and {answered} should be"
        );
    }
    Ok(())
}

/// Checks that no customer has more seats of a showtime than its performance allows.
///
/// # Errors
/// The first customer who has.
pub fn check_limits(seats: &[Value], shows: &[Value]) -> Result<()> {
    let shows: BTreeMap<&str, &Value> = shows.iter().map(|show| (key(show), show)).collect();
    for allowance in seats.iter().filter(|item| item["sk"] == "ALLOWANCE") {
        let showtime = key(allowance).split('#').nth(1).unwrap_or_default();
        let showtime = shows.get(format!("SHOW#{showtime}").as_str());
        let performance = showtime.and_then(|showtime| showtime["performance_id"].as_str());
        let performance = ShowKind::Performance.key_prefix().to_owned() + performance.unwrap_or_default();
        let most = shows
            .get(performance.as_str())
            .and_then(|found| found["max_seats"].as_i64());
        ensure!(allowance["seats"].as_i64() <= most, "more than {most:?}: {allowance}");
    }
    Ok(())
}

/// Checks that seats that are sold have no deadline, once all events are delivered.
///
/// # Errors
/// The first seat that has one.
pub fn check_marked(orders: &[Value], seats: &[Value]) -> Result<()> {
    let is_paid = |id: &str| {
        let mut paid = orders.iter().filter(|order| order["status"] == "PAID");
        paid.any(|order| {
            order["order_id"]
                .as_str()
                .is_some_and(|paid| paid.replace('-', "") == id)
        })
    };
    let rows = seats.iter().filter(|item| item["h"].is_object());
    for (row, taken) in rows.flat_map(|row| {
        row["h"]
            .as_object()
            .into_iter()
            .flatten()
            .map(move |seat| (row, seat.1))
    }) {
        // The digits of the order's id, and those of the deadline.
        let (order, deadline) = taken
            .as_str()
            .and_then(|taken| taken.split_at_checked(32))
            .unwrap_or_default();
        let is_marked = deadline.is_empty() || !is_paid(order);
        ensure!(is_marked, "a sold seat has a deadline: {row}");
    }
    Ok(())
}

/// Checks that the count of each showtime in lists is that of its rows, once nothing is held and all changes are delivered.
///
/// # Errors
/// The first count that is not.
pub fn check_remaining(items: &[Value]) -> Result<()> {
    let mut free: BTreeMap<String, i64> = BTreeMap::new();
    for row in items.iter().filter(|item| sort_key(item).starts_with("ROW#")) {
        let taken = row["h"].as_object().map_or(0, serde_json::Map::len);
        let showtime = key(row).split("#SEC#").next().unwrap_or_default().to_owned();
        *free.entry(showtime).or_default() += row["n"].as_i64().unwrap_or_default() - taken as i64;
    }
    for count in items.iter().filter(|item| sort_key(item) == "REMAINING") {
        let zones = count["free"].as_array().into_iter().flatten();
        let counted: i64 = zones.filter_map(Value::as_i64).sum();
        let showtime = key(count);
        ensure!(
            free.get(showtime) == Some(&counted),
            "{count} of {:?}",
            free.get(showtime)
        );
    }
    Ok(())
}

fn sort_key(item: &Value) -> &str {
    item["sk"].as_str().unwrap_or_default()
}
