//! Holds whose time has passed. Their seats are free for everybody, and the one who takes a seat first ends the order that
//! held it, as `expire-orders` does within a minute.

use std::collections::{BTreeMap, BTreeSet};

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::orders::{OrderId, OrderStore, ReservationStore};
use shared::tickets::{RowKey, SeatId, SeatRow, SeatState, Taken};
use uuid::Uuid;

/// Ends the orders of holds.
#[derive(Clone, Debug)]
pub struct ExpiredHolds {
    orders: OrderStore,
    reservations: ReservationStore,
}

impl ExpiredHolds {
    /// Reads the tables' names from `ORDERS_TABLE`, `SEATS_TABLE` and `CATALOG_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            orders: OrderStore::new(platform)?,
            reservations: ReservationStore::with_seats(platform)?,
        })
    }

    /// Ends the orders that are named at `seats` and whose holds have ended. Returns the seats of those that have been paid or
    /// are being paid for meanwhile. Read the rows again if it ends any.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn end(
        &self,
        seats: &[SeatId],
        rows: &BTreeMap<RowKey, SeatRow>,
        invocation: &Invocation,
    ) -> Result<EndedHolds, Error> {
        let named: Vec<(SeatId, Uuid)> = seats
            .iter()
            .filter_map(|&seat| Some((seat, past_order(seat, rows, invocation)?)))
            .collect();
        let ids: BTreeSet<Uuid> = named.iter().map(|(_, order_id)| *order_id).collect();
        if ids.is_empty() {
            return Ok(EndedHolds::default());
        }
        let ids: Vec<OrderId> = ids.into_iter().map(OrderId).collect();
        let (orders, damaged) = self.orders.get_all(&ids, invocation.deadline).await?;
        if let Some(error) = damaged.into_iter().next() {
            return Err(error);
        }
        let (mut ended, mut kept) = (EndedHolds::default(), vec![]);
        for stored in orders {
            // Also if another request has ended it.
            if self.reservations.expire(&stored, invocation).await? || stored.order.seats().is_none() {
                ended.any = true;
                continue;
            }
            kept.push(stored.order.order_id.0);
        }
        let is_kept = |order_id: &Uuid| kept.contains(order_id);
        ended.kept = named
            .into_iter()
            .filter(|(_, order_id)| is_kept(order_id))
            .map(|(seat, _)| seat)
            .collect();
        Ok(ended)
    }
}

/// The outcome of ending the holds of seats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedHolds {
    /// Whether a seat has become free.
    pub any: bool,
    /// The seats that are not free: their orders are paid or are being paid for, or have just changed.
    pub kept: Vec<SeatId>,
}

/// The order that is named at a seat that everybody sees as free.
fn past_order(seat: SeatId, rows: &BTreeMap<RowKey, SeatRow>, invocation: &Invocation) -> Option<Uuid> {
    let row = rows.get(&seat.row)?;
    match row.taken.get(&seat.place)? {
        Taken::Order { order_id, .. } if row.state(seat.place, invocation.now) == SeatState::Free => Some(*order_id),
        _ => None,
    }
}
