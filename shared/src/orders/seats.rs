//! The seats of an order.

use jiff::SignedDuration;

use super::{LineId, Order, OrderStatus};
use crate::tickets::{OrderSeats, SeatId, TicketId};

/// Seats that an order gives back, and what is left of their hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenBackSeats {
    /// The seats.
    pub seats: OrderSeats,
    /// The time until the hold would have ended. 0 for sold seats.
    pub left: SignedDuration,
}

impl Order {
    /// The seats that the order holds while it waits for payment, or has bought. `None` if it has none, or has ended. All seats
    /// of an order are of one showtime.
    pub fn seats(&self) -> Option<OrderSeats> {
        if matches!(self.status, OrderStatus::Cancelled | OrderStatus::Expired) {
            return None;
        }
        let lines = self.lines.iter().filter(|line| line.quantities.cancelled == 0);
        let seats: Vec<_> = lines.filter_map(|line| line.seat.as_ref()).collect();
        Some(OrderSeats {
            showtime_id: seats.first()?.showtime_id,
            order_id: self.order_id.0,
            customer_id: self.customer_id.clone(),
            seats: seats.into_iter().map(|seat| seat.seat).collect(),
        })
    }

    /// The id of the ticket of a line, once it is issued.
    pub fn ticket_id(&self, line_id: LineId) -> TicketId {
        TicketId::of(self.order_id.0, &String::from(line_id))
    }

    /// The seats that the order has, and `next`, which follows on it, has not.
    pub fn seats_given_back_by(&self, next: &Self) -> Option<GivenBackSeats> {
        let (had, has) = (self.seats()?, next.seats());
        let is_kept = |seat: &SeatId| has.as_ref().is_some_and(|has| has.seats.contains(seat));
        let seats: Vec<SeatId> = had.seats.iter().filter(|seat| !is_kept(seat)).copied().collect();
        let left = match (self.status, next.closed_at) {
            (OrderStatus::PendingPayment, Some(at)) => self.expires_at.duration_since(at).max(SignedDuration::ZERO),
            _ => SignedDuration::ZERO,
        };
        (!seats.is_empty()).then_some(GivenBackSeats {
            seats: OrderSeats { seats, ..had },
            left,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::money::Money;
    use crate::orders::{Ending, Line, LineQuantity, LineSeat, Step, example};
    use crate::tickets::ShowtimeId;
    use iso_currency::Currency;
    use jiff::Timestamp;
    use uuid::Uuid;

    fn order(status: OrderStatus) -> Order {
        let lines = LineId::all().take(2).zip(["0-0-1", "0-0-2"]).map(|(id, seat)| {
            let seat = LineSeat {
                showtime_id: ShowtimeId(Uuid::from_u128(7)),
                seat: seat.parse().unwrap(),
                class: "R".to_owned().try_into().unwrap(),
                area: None,
            };
            let price = Money::new(9, Currency::KRW).unwrap();
            Line::of_seat(id, seat, "The Nutcracker".to_owned(), price, None).unwrap()
        });
        Order {
            lines: lines.collect(),
            ..example::order(status, 18)
        }
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn names(seats: Option<OrderSeats>) -> Vec<String> {
        seats
            .into_iter()
            .flat_map(|seats| seats.seats)
            .map(|seat| seat.to_string())
            .collect()
    }

    #[test]
    fn an_order_has_its_seats_until_it_ends() {
        use OrderStatus::{Cancelled, Expired, Paid, Paying, PendingPayment};
        for status in [PendingPayment, Paying, Paid] {
            assert_eq!(names(order(status).seats()), ["0-0-1", "0-0-2"]);
        }
        for status in [Cancelled, Expired] {
            assert_eq!(order(status).seats(), None);
        }
        assert_eq!(example::order(Paid, 1).seats(), None, "an order of products");
    }

    #[test]
    fn an_order_that_ends_gives_all_seats_back_with_the_rest_of_their_hold() {
        let pending = order(OrderStatus::PendingPayment);
        let cancelled = pending.end(Ending::Cancel, second(40)).unwrap();
        let given_back = pending.seats_given_back_by(&cancelled).unwrap();
        assert_eq!(given_back.left, SignedDuration::from_secs(60));
        assert_eq!(names(Some(given_back.seats)), ["0-0-1", "0-0-2"]);
        let expired = pending.end(Ending::Expire, second(160)).unwrap();
        let given_back = pending.seats_given_back_by(&expired).unwrap();
        assert_eq!(given_back.left, SignedDuration::ZERO);
    }

    #[test]
    fn a_cancelled_line_gives_its_seat_back() {
        let paid = order(OrderStatus::Paid);
        let units = [LineQuantity {
            line_id: paid.lines[1].line_id,
            quantity: 1,
        }];
        let next = paid.after(Step::Cancel, &units).unwrap();
        let given_back = paid.seats_given_back_by(&next).unwrap();
        assert_eq!(names(Some(given_back.seats)), ["0-0-2"]);
        assert_eq!(names(next.seats()), ["0-0-1"]);
        assert_eq!(next.seats_given_back_by(&next), None);
    }
}
