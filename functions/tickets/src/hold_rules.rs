//! The rules of a hold: when seats are sold, which may be chosen, what they cost, and what a customer may hold.

use std::collections::BTreeMap;

use shared::Error;
use shared::aws::lambda::Invocation;
use shared::core::error::{self, Rejection};
use shared::core::money::Money;
use shared::coupons::Redemptions;
use shared::orders::{self, Line, LineId, LineSeat, Order, OrderId, Quote, Tax, Totals, discounted_seats};
use shared::tickets::{
    Allowance, AllowedHold, HoldLimits, NotAllowed, RowKey, SeatId, SeatRow, SeatState, Showtime, Taken,
};

use crate::performance::{Performance, PerformanceStatus};
use crate::reason::{self, SeatNow};
use crate::row_now::rows_now;
use crate::seat_changes::now as seats_now;
use crate::single_seats::single_seats_of;
use crate::store::Entity;

/// Checks that seats are sold now, long enough for a hold.
///
/// # Errors
/// `not-found` for a draft, `not-on-sale`.
pub fn require_on_sale(
    showtime: &Showtime,
    performance: &Performance,
    invocation: &Invocation,
) -> Result<(), Rejection> {
    if !showtime.is_public() {
        return Err(Rejection::new(&error::NOT_FOUND, Showtime::MISSING));
    }
    // Nobody can pay for a hold that is shorter.
    let shortest = invocation.now + HoldLimits::SHORTEST;
    let is_on_sale = showtime.is_on_sale_at(invocation.now) && shortest <= showtime.sales_end_at;
    if is_on_sale && performance.status == PerformanceStatus::Listed {
        return Ok(());
    }
    let reason = reason::NotOnSale {
        showtime_status: showtime.status,
        sales_start_at: showtime.sales_start_at,
        sales_end_at: showtime.sales_end_at,
    };
    Err(Rejection::with(reason, "The seats are not on sale now."))
}

/// The requested seats that are not free: `kept` are those whose orders are paid meanwhile.
pub fn taken(
    chosen: &[SeatId],
    rows: &BTreeMap<RowKey, SeatRow>,
    kept: &[SeatId],
    invocation: &Invocation,
) -> Vec<SeatNow> {
    let mut seats = seats_now(chosen, rows, kept, invocation);
    seats.retain(|seat| seat.state != SeatState::Free);
    seats
}

/// Checks that none of the chosen seats is a place of general admission.
///
/// # Errors
/// `general-admission`.
pub fn require_seats(chosen: &[SeatId], showtime: &Showtime) -> Result<(), Rejection> {
    let mut areas = chosen.iter().filter_map(|seat| showtime.area_of(seat.row));
    let Some(area) = areas.next() else { return Ok(()) };
    let detail = format!(
        "Places of {} are not chosen. Ask for a number of them with `general`.",
        area.name
    );
    let area = area.area.clone();
    Err(Rejection::with(reason::GeneralAdmission { area }, detail))
}

/// Checks that nobody has the chosen seats in `others`, the rows without the order that is replaced: `kept` are those whose orders
/// are paid meanwhile. `rows` are the rows as they are.
///
/// # Errors
/// `seats-taken`.
pub fn require_not_taken(
    chosen: &[SeatId],
    (others, rows): (&BTreeMap<RowKey, SeatRow>, &BTreeMap<RowKey, SeatRow>),
    kept: &[SeatId],
    invocation: &Invocation,
) -> Result<(), Rejection> {
    let seats = taken(chosen, others, kept, invocation);
    let Some(first) = seats.first() else { return Ok(()) };
    let detail = format!("The seat {} is taken. Nothing is held.", first.seat);
    let rows = rows_now(chosen, rows, kept, invocation.now);
    Err(Rejection::with(reason::SeatsTaken { seats, rows }, detail))
}

/// Checks that a choice leaves no single seat in `others`, the rows without the order that is replaced, among them those that
/// continue the chosen ones. `rows` are the rows as they are.
///
/// # Errors
/// `single-seat-left`.
pub fn require_no_single_seat(
    chosen: &[SeatId],
    (others, rows): (&BTreeMap<RowKey, SeatRow>, &BTreeMap<RowKey, SeatRow>),
    invocation: &Invocation,
) -> Result<(), Rejection> {
    let seats = single_seats_of(chosen, others);
    let Some(first) = seats.first() else { return Ok(()) };
    let detail = format!("The seat {first} would be left single. Choose it too, or seats further from it.");
    let rows = rows_now(chosen.iter().chain(&seats), rows, &[], invocation.now);
    Err(Rejection::with(reason::SingleSeatLeft { seats, rows }, detail))
}

/// The lines of the chosen seats, and what they cost, less the discounts of coupons, taxed as `tax` says.
///
/// # Errors
/// `total-differs`, `total-too-large`, the refusals of a coupon that takes nothing off, and [`Error::Internal`] when a seat has no price.
pub fn quote(
    (showtime, performance): (&Showtime, &Performance),
    chosen: &[SeatId],
    rows: &BTreeMap<RowKey, SeatRow>,
    redemptions: &Redemptions,
    tax: Option<Tax>,
    expected: Option<Money>,
) -> Result<Quote, Error> {
    let title = performance.titles.values().next().map_or("", String::as_str);
    let line = |(line_id, seat): (LineId, &SeatId)| {
        let zone = rows.get(&seat.row).map(|row| row.zone);
        let class = zone.and_then(|zone| showtime.class_of(zone));
        let class = class.ok_or_else(|| Error::internal("price seats", format!("the seat {seat} has no price")))?;
        let area = showtime.area_of(seat.row);
        let label = area.map_or_else(|| seat.to_string(), |area| area.label(*seat));
        // The text of the line on a receipt.
        let name = format!(
            "{title}, {}, {} {label}",
            showtime.local_start.date_time().strftime("%Y-%m-%d %H:%M"),
            class.class
        );
        let seat = LineSeat {
            showtime_id: showtime.showtime_id,
            seat: *seat,
            class: class.class.clone(),
            area: area.map(|area| area.place(*seat)),
        };
        let line = Line::of_seat(line_id, seat, name, class.price, tax);
        Ok::<_, Error>(line.map_err(orders::Rejected::from)?)
    };
    let lines: Vec<Line> = LineId::all().zip(chosen).map(line).collect::<Result<_, _>>()?;
    let lines = discounted_seats(lines, redemptions, tax)?;
    let first = lines
        .first()
        .ok_or_else(|| Error::internal("price seats", "no seats"))?;
    let totals = Totals::of(first.unit_price.currency(), &lines, None).map_err(orders::Rejected::from)?;
    match expected {
        Some(expected) if expected != totals.total => {
            let present = totals.total;
            Err(orders::Rejected::TotalDiffers { present }.into())
        }
        _ => Ok(Quote {
            lines,
            shipping: None,
            totals,
        }),
    }
}

/// The hold that the customer's allowance permits.
///
/// # Errors
/// `too-many-seats` and `hold-time-used-up`.
pub fn allow(
    present: Option<&Allowance>,
    order_id: OrderId,
    count: u8,
    (showtime, performance): (&Showtime, &Performance),
    limits: HoldLimits,
    invocation: &Invocation,
) -> Result<AllowedHold, Rejection> {
    let (most, latest) = (performance.max_seats, showtime.sales_end_at);
    let allowed = Allowance::hold(present, order_id.0, count, most, limits, latest, invocation.now);
    allowed.map_err(|refused| not_allowed(refused, most))
}

/// The hold that replaces that of `order`, until the same deadline.
///
/// # Errors
/// `too-many-seats`.
pub fn swap(
    present: &Allowance,
    order: &Order,
    order_id: OrderId,
    count: u8,
    (showtime, performance): (&Showtime, &Performance),
) -> Result<AllowedHold, Rejection> {
    let given_back = order.seats().map_or(0, |seats| seats.count());
    let swapped = present.swap(order_id.0, given_back, count, performance.max_seats);
    let allowance = swapped.map_err(|refused| not_allowed(refused, performance.max_seats))?;
    Ok(AllowedHold {
        allowance,
        until: order.expires_at.min(showtime.sales_end_at),
    })
}

fn not_allowed(refused: NotAllowed, most: u8) -> Rejection {
    match refused {
        NotAllowed::TooManySeats { seats } => {
            let detail = format!("A customer can have {most} seats of this showtime.");
            Rejection::with(reason::TooManySeats { most, seats }, detail)
        }
        NotAllowed::TimeUsedUp { again_at } => {
            let detail = "You have held seats of this showtime for as long as one may without paying.";
            Rejection::with(reason::HoldTimeUsedUp { again_at }, detail)
        }
    }
}

/// The rows as they are without an order.
pub fn without_order(mut rows: BTreeMap<RowKey, SeatRow>, order_id: Option<OrderId>) -> BTreeMap<RowKey, SeatRow> {
    for row in rows.values_mut() {
        remove_order(row, order_id);
    }
    rows
}

/// Removes an order from a row.
pub fn remove_order(row: &mut SeatRow, order_id: Option<OrderId>) {
    let Some(own) = order_id.map(|own| own.0) else { return };
    let is_own = |taken: &Taken| matches!(taken, Taken::Order { order_id, .. } if *order_id == own);
    row.taken.retain(|_, taken| !is_own(taken));
}

/// A request that breaks a rule.
pub fn invalid(detail: String) -> Rejection {
    Rejection::new(&reason::INVALID_HOLD, detail)
}
