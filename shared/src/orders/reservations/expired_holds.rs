//! Holds whose time has passed. Their seats are free for everybody: a request that takes such a seat first ends the order that
//! held it, as `expire-orders` does within a minute.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::ReservationStore;
use crate::aws::lambda::Invocation;
use crate::core::error::Error;
use crate::orders::{OrderId, OrderStatus, StoredOrder};
use crate::tickets::{OrderSeats, RowKey, SeatId, SeatRow, SeatState, Taken};

/// The outcome of ending the holds of seats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedHolds {
    /// Whether a seat has become free, or may have: read the rows again.
    pub any: bool,
    /// The seats that are not free: their orders are paid or are being paid for.
    pub kept: Vec<SeatId>,
}

impl ReservationStore {
    /// Ends the orders that are named at `seats` and whose holds have ended. `rows` are the rows as read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn end_expired_holds(
        &self,
        seats: &[SeatId],
        rows: &BTreeMap<RowKey, SeatRow>,
        invocation: &Invocation,
    ) -> Result<EndedHolds, Error> {
        let named = seats
            .iter()
            .filter_map(|&seat| Some((seat, past_order(seat, rows, invocation)?)));
        let named: Vec<(SeatId, Uuid)> = named.collect();
        let ids: BTreeSet<Uuid> = named.iter().map(|(_, order_id)| *order_id).collect();
        if ids.is_empty() {
            return Ok(EndedHolds::default());
        }
        let ids: Vec<OrderId> = ids.into_iter().map(OrderId).collect();
        let (orders, damaged) = self.orders.get_all(&ids, invocation.deadline).await?;
        if let Some(error) = damaged.into_iter().next() {
            return Err(error);
        }
        let mut ended = EndedHolds::default();
        for stored in orders {
            if self.end_if_past(&stored, invocation).await? {
                ended.any = true;
                continue;
            }
            let has = stored.order.seats().map_or(vec![], |has| has.seats);
            let own = named.iter().filter(|(_, id)| *id == stored.order.order_id.0);
            for (seat, _) in own {
                // A line that was cancelled since the row was read has given its seat back.
                if has.contains(seat) {
                    ended.kept.push(*seat);
                } else {
                    ended.any = true;
                }
            }
        }
        Ok(ended)
    }

    /// Ends an order that still waits for payment after its deadline. Returns whether it did, or another request was faster:
    /// what was read of the order is old then.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn end_if_past(&self, stored: &StoredOrder, invocation: &Invocation) -> Result<bool, Error> {
        let is_past = stored.order.status == OrderStatus::PendingPayment && invocation.now >= stored.order.expires_at;
        if is_past {
            self.expire(stored, invocation).await?;
        }
        Ok(is_past)
    }

    /// The most seats of its customer, if an order that was paid late can get its seats again: nobody has them, and the customer may
    /// have so many. Ends the holds of others whose time has passed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub(super) async fn can_retake(&self, seats: &OrderSeats, invocation: &Invocation) -> Result<Option<u8>, Error> {
        let store = self.seats()?;
        let mut loaded = store.load(seats, invocation.deadline).await?;
        if self
            .end_expired_holds(&seats.seats, &loaded.rows, invocation)
            .await?
            .any
        {
            loaded = store.load(seats, invocation.deadline).await?;
        }
        let is_open = |seat: &SeatId| {
            let row = loaded.rows.get(&seat.row);
            row.is_some_and(|row| !row.taken.contains_key(&seat.place))
        };
        let allowance = loaded
            .allowance
            .filter(|allowance| i64::from(seats.count()) <= allowance.room());
        let allowance = allowance.filter(|_| seats.seats.iter().all(is_open));
        Ok(allowance.map(|allowance| allowance.most))
    }
}

/// The order that is named at a seat that everybody sees as free.
fn past_order(seat: SeatId, rows: &BTreeMap<RowKey, SeatRow>, invocation: &Invocation) -> Option<Uuid> {
    let row = rows.get(&seat.row)?;
    match row.taken.get(&seat.place)? {
        Taken::Order { order_id, .. } if row.state(seat.place, invocation.now) == SeatState::Free => Some(*order_id),
        _ => None,
    }
}
