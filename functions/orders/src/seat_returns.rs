//! The seats that a cancellation gives back: the fee of each, and its ticket, which becomes void.

use jiff::Timestamp;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::transaction::Writes;
use shared::aws::lambda::Invocation;
use shared::core::actor::ActorKind;
use shared::core::country::Country;
use shared::core::money::Money;
use shared::orders::{Line, LineFee, LineQuantity, OrderStatus, Rejected, StoredOrder, shop_country};
use shared::tickets::{ReceivedTickets, ReturnTime, Showtime, ShowtimeStatus, SoldSeatStore, TicketId};

use crate::statutory_terms::StatutoryTerms;

/// Says what it costs to give seats back.
#[derive(Debug)]
pub struct SeatReturns {
    sold: SoldSeatStore,
    statutory: StatutoryTerms,
    country: Country,
}

/// The seats that a cancellation gives back.
#[derive(Debug, Default)]
pub struct SeatReturn {
    /// The fee of each seat. Empty if none is charged.
    pub fees: Vec<LineFee>,
    /// The tickets among them that are not with their buyer. Their holders have fewer seats then.
    pub received: Vec<ReceivedTickets>,
    /// The writes that make the tickets void, and the check that the showtime is the one that the fees follow from.
    pub writes: Writes,
    /// Whether the show is cancelled or was moved, so that the customer loses nothing.
    pub is_because_of_shop: bool,
    /// The time until which the fees stay the same. `None` if they do not depend on the time.
    pub valid_until: Option<Timestamp>,
}

impl SeatReturns {
    /// The rule of the shop in the country that `SHOP_COUNTRY` names.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let statutory = StatutoryTerms::all().map_err(|error| Error::internal("read the statutory terms", error))?;
        Ok(Self {
            sold: SoldSeatStore::new(platform)?,
            statutory,
            country: shop_country(platform)?,
        })
    }

    /// The seats among `units` of a paid order. Customers pay the fees of the order's terms, and keep seats whose tickets were
    /// checked in or are with somebody else; the shop gives everything back.
    ///
    /// # Errors
    /// [`Rejected::SeatUsed`], [`Rejected::SeatTransferred`], [`Rejected::SeatsNotReturnable`], [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn of(
        &self,
        stored: &StoredOrder,
        units: &[LineQuantity],
        invocation: &Invocation,
    ) -> Result<SeatReturn, Error> {
        let order = &stored.order;
        let is_given_back = |line: &&Line| units.iter().any(|unit| unit.line_id == line.line_id);
        let lines: Vec<&Line> = order.lines.iter().filter(is_given_back).collect();
        let showtime_id = lines.iter().find_map(|line| Some(line.seat.as_ref()?.showtime_id));
        let Some(showtime_id) = showtime_id.filter(|_| order.status == OrderStatus::Paid) else {
            return Ok(SeatReturn::default());
        };
        let ids: Vec<TicketId> = lines.iter().map(|line| order.ticket_id(line.line_id)).collect();
        let seats = self.sold.read(showtime_id, &ids, invocation.deadline).await?;
        let Writes(mut writes) = self.sold.void_writes(&seats, invocation.now)?;
        if invocation.actor()?.kind != ActorKind::Customer {
            return Ok(SeatReturn {
                received: seats.received(),
                writes: Writes(writes),
                ..SeatReturn::default()
            });
        }
        // The holder would lose a ticket, and the money belongs to the buyer. Of a cancelled show nobody loses anything. Before the
        // check-in: whether the holder has come is not the buyer's business.
        let is_kept = |line: &&&Line| seats.is_transferred(order.ticket_id(line.line_id));
        if let Some(transferred) = lines.iter().find(is_kept)
            && seats.showtime.status != ShowtimeStatus::Cancelled
        {
            return Err(Rejected::SeatTransferred(transferred.line_id).into());
        }
        if let Some(used) = lines
            .iter()
            .find(|line| seats.is_checked_in(order.ticket_id(line.line_id)))
        {
            return Err(Rejected::SeatUsed(used.line_id).into());
        }
        let fees = lines.iter().map(|line| {
            let fee = self.fee_of(line.total, stored, &seats.showtime, invocation.now);
            let fee = fee.ok_or(Rejected::SeatsNotReturnable)?;
            Ok::<_, Error>(LineFee {
                line_id: line.line_id,
                fee,
            })
        });
        let fees: Vec<LineFee> = fees.collect::<Result<_, _>>()?;
        if fees.iter().any(|fee| fee.fee.amount() > 0) {
            writes.push(self.sold.check_unchanged(&seats)?);
        }
        Ok(SeatReturn {
            fees,
            received: seats.received(),
            writes: Writes(writes),
            is_because_of_shop: is_because_of_shop(stored, &seats.showtime),
            valid_until: self.valid_until(stored, &seats.showtime, invocation.now),
        })
    }

    /// The fee for a seat that `paid` was paid for. `None` if it is not taken back.
    fn fee_of(&self, paid: Money, stored: &StoredOrder, showtime: &Showtime, now: Timestamp) -> Option<Money> {
        let free = Money::zero(paid.currency());
        if showtime.status == ShowtimeStatus::Cancelled {
            return Some(free);
        }
        let time = time_of(stored, showtime, now);
        if was_moved_since(stored, showtime) {
            return time.days_before().map(|_| free);
        }
        let terms = stored.refund_terms.as_ref();
        let statutory = self.statutory.of(self.country, &time);
        let fees = [
            terms.and_then(|terms| terms.fee_of(paid, &time)),
            statutory.and_then(|terms| terms.fee_of(paid, &time)),
        ];
        fees.into_iter().flatten().reduce(Money::min)
    }

    fn valid_until(&self, stored: &StoredOrder, showtime: &Showtime, now: Timestamp) -> Option<Timestamp> {
        if showtime.status == ShowtimeStatus::Cancelled {
            return None;
        }
        if was_moved_since(stored, showtime) {
            return Some(showtime.starts_at);
        }
        let time = time_of(stored, showtime, now);
        let free_time = self.statutory.of(self.country, &time).map(|terms| terms.free_time());
        let free_until = free_time.map(|free| time.booked_at + free).filter(|&until| now < until);
        let until = time.same_until();
        Some(free_until.map_or(until, |free| free.min(until)))
    }
}

/// Whether the show is cancelled or was moved since the booking.
fn is_because_of_shop(stored: &StoredOrder, showtime: &Showtime) -> bool {
    showtime.status == ShowtimeStatus::Cancelled || was_moved_since(stored, showtime)
}

fn time_of<'a>(stored: &StoredOrder, showtime: &'a Showtime, now: Timestamp) -> ReturnTime<'a> {
    ReturnTime {
        booked_at: stored.order.placed_at,
        at: now,
        starts_at: showtime.starts_at,
        time_zone: &showtime.time_zone,
    }
}

/// Whether the showtime has got another start since the booking.
fn was_moved_since(stored: &StoredOrder, showtime: &Showtime) -> bool {
    showtime.was_moved_since(stored.order.placed_at)
}
