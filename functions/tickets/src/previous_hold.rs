//! The customer's hold before the one that is asked for: it has ended, is ended now, or is replaced.

use jiff::SignedDuration;
use shared::Error;
use shared::aws::lambda::Invocation;
use shared::core::error::Rejection;
use shared::orders::{Ending, Order, OrderEvent, OrderId, OrderStatus, ReplacedHold, StoredOrder};
use shared::tickets::{Allowance, LoadedSeats, SeatRow, Taken};

use crate::hold_seats::HoldSeats;
use crate::reason;

/// The customer's previous hold.
#[derive(Clone, Debug)]
pub enum Previous {
    /// It has ended, or there is none.
    Ended {
        /// The customer's allowance now.
        allowance: Option<Allowance>,
    },
    /// It waits for payment, and the request replaces it.
    Replaced {
        /// The customer's allowance now.
        allowance: Allowance,
        /// The order that the request replaces.
        stored: Box<StoredOrder>,
    },
    /// The request replaces an order that does not hold seats of the showtime for the customer.
    NotReplaceable,
    /// It has just changed: read again.
    Changed,
}

impl HoldSeats {
    /// The customer's allowance once the previous hold has ended, which this ends if its time has passed.
    ///
    /// # Errors
    /// `hold-exists` while it waits for payment, unless the request replaces it, or is being paid for. [`Error::Unavailable`] and
    /// [`Error::Internal`].
    pub async fn end_previous(
        &self,
        loaded: &LoadedSeats,
        replaces: Option<OrderId>,
        invocation: &Invocation,
    ) -> Result<Previous, Error> {
        let allowance = loaded.allowance.clone();
        let order_id = allowance.as_ref().map(|allowance| OrderId(allowance.order_id));
        let previous = match order_id {
            Some(order_id) => self.orders.get(order_id, invocation.deadline).await?,
            None => None,
        };
        let Some((allowance, previous)) = allowance.clone().zip(previous) else {
            return Ok(match replaces {
                Some(_) => Previous::NotReplaceable,
                None => Previous::Ended { allowance },
            });
        };
        let order_id = previous.order.order_id;
        if self.reservations.end_if_past(&previous, invocation).await? {
            return Ok(Previous::Changed);
        }
        match previous.order.status {
            OrderStatus::PendingPayment if replaces == Some(order_id) => {
                let stored = Box::new(previous);
                Ok(Previous::Replaced { allowance, stored })
            }
            OrderStatus::Paying => {
                let detail = "A payment of the seats that you hold is in progress. Wait for its outcome.";
                Err(Rejection::with(reason::HoldExists { order_id }, detail).into())
            }
            OrderStatus::PendingPayment => {
                let detail =
                    "You hold seats of this showtime already. Pay for them, replace them, or cancel their order.";
                Err(Rejection::with(reason::HoldExists { order_id }, detail).into())
            }
            _ if replaces.is_some() => Ok(Previous::NotReplaceable),
            // The order has just ended: the rows are older.
            OrderStatus::Cancelled | OrderStatus::Expired if names(loaded.rows.values(), order_id) => {
                Ok(Previous::Changed)
            }
            _ => Ok(Previous::Ended {
                allowance: Some(allowance.paid_early(unused(&previous.order))),
            }),
        }
    }
}

/// The order whose seats are replaced, cancelled.
///
/// # Errors
/// `order-closed` when it does not wait for payment, and [`Error::Internal`].
pub fn cancelled(read: StoredOrder, invocation: &Invocation) -> Result<ReplacedHold, Error> {
    let cancelled = read.order.end(Ending::Cancel, invocation.now)?;
    let event = invocation.record(&OrderEvent::OrderCancelled(cancelled.clone()))?;
    let ended = read.next(cancelled, Some(event));
    Ok(ReplacedHold { read, ended })
}

/// Whether seats of the rows name the order.
pub fn names<'a>(mut rows: impl Iterator<Item = &'a SeatRow>, order_id: OrderId) -> bool {
    let is_it = |taken: &Taken| matches!(taken, Taken::Order { order_id: named, .. } if *named == order_id.0);
    rows.any(|row| row.taken.values().any(is_it))
}

/// Refuses a hold, unless a concurrent duplicate of its request has placed the order and the rows show its seats: then `None`, so that
/// the caller reads again and answers as to a retry.
///
/// # Errors
/// `refusal`.
pub fn refuse_unless_placed<'a, T>(
    rows: impl Iterator<Item = &'a SeatRow>,
    placed: OrderId,
    refusal: Rejection,
) -> Result<Option<T>, Error> {
    if names(rows, placed) {
        return Ok(None);
    }
    Err(refusal.into())
}

/// The time that was left of a hold when its order was paid. An order that ended otherwise has given it back.
fn unused(order: &Order) -> SignedDuration {
    match (order.status, order.paid_at) {
        (OrderStatus::Paid, Some(at)) if order.totals.total.amount() > 0 => order.expires_at.duration_since(at),
        _ => SignedDuration::ZERO,
    }
}
