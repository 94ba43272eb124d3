//! The limits of a customer's holds of a showtime: so many seats over all requests, and so much time within an hour.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The limits of holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldLimits {
    /// The longest hold.
    pub hold: SignedDuration,
    /// The longest time for which a customer holds seats of one showtime without paying, within a [`HoldLimits::WINDOW`].
    pub budget: SignedDuration,
}

impl HoldLimits {
    /// The time after which a customer has a new budget. It begins with the first hold.
    pub const WINDOW: SignedDuration = SignedDuration::from_hours(1);
    /// The shortest hold. With less time nobody can pay.
    pub const SHORTEST: SignedDuration = SignedDuration::from_mins(1);
}

/// The seats and the time that a customer has held of a showtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// The seats of orders that wait for payment, are being paid for, or are paid, and the tickets that others have passed on to
    /// the customer.
    pub seats: i64,
    /// The most seats that the customer could have at the latest hold.
    pub most: u8,
    /// The order of the latest hold. Only this one can wait for payment. Nil before the first hold.
    pub order_id: Uuid,
    /// The beginning of the window.
    pub since: Timestamp,
    /// The time for which seats were held since then without being paid, in milliseconds, with what is left of the present hold.
    pub held_ms: i64,
    /// Counts the changes, from 1.
    pub version: u64,
}

/// A hold is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAllowed {
    /// The customer would have more seats than one may have.
    TooManySeats {
        /// The seats that the customer has.
        seats: u32,
    },
    /// The time of the window is used up. Has the time of a new one.
    TimeUsedUp {
        /// The beginning of the next window.
        again_at: Timestamp,
    },
}

/// A hold that an [`Allowance`] permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHold {
    /// The allowance with this hold.
    pub allowance: Allowance,
    /// The end of the hold.
    pub until: Timestamp,
}

/// The changes of an [`Allowance`] when an order takes or gives back seats outside of a new hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllowanceChange {
    /// The seats that are added.
    pub seats: i64,
    /// The held time that is added, in milliseconds.
    pub held_ms: i64,
}

impl AllowanceChange {
    /// An order takes `seats` again.
    pub const fn taken_again(seats: u8) -> Self {
        Self {
            seats: seats as i64,
            held_ms: 0,
        }
    }

    /// An order gives `seats` back, `left` before the end of their hold.
    pub fn given_back(seats: u8, left: SignedDuration) -> Self {
        Self {
            seats: -i64::from(seats),
            held_ms: -milliseconds(left).max(0),
        }
    }
}

fn milliseconds(time: SignedDuration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

impl Allowance {
    /// The allowance when the latest hold, of `given_back` seats, is replaced by one of `seats` seats until the same deadline.
    ///
    /// # Errors
    /// [`NotAllowed::TooManySeats`].
    pub fn swap(&self, order_id: Uuid, given_back: u8, seats: u8, most: u8) -> Result<Self, NotAllowed> {
        let others = (self.seats - i64::from(given_back)).max(0);
        let has = others + i64::from(seats);
        if has > i64::from(most) {
            let seats = u32::try_from(others).unwrap_or(u32::MAX);
            return Err(NotAllowed::TooManySeats { seats });
        }
        Ok(Self {
            seats: has,
            most,
            order_id,
            version: self.version + 1,
            ..self.clone()
        })
    }

    /// The number of seats that the customer may still have.
    pub fn room(&self) -> i64 {
        i64::from(self.most) - self.seats
    }

    /// The allowance without the time that the latest hold did not need, because its order was paid `left` before its end.
    #[must_use]
    pub fn paid_early(&self, left: SignedDuration) -> Self {
        Self {
            held_ms: self.held_ms - milliseconds(left).max(0),
            ..self.clone()
        }
    }

    /// A hold of `seats` seats by a customer who may have `most`, and has `present` so far. It ends at `latest` at the latest. The
    /// hold is charged as a whole; what is not used of it is given back when it ends early.
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub fn hold(
        present: Option<&Self>,
        order_id: Uuid,
        seats: u8,
        most: u8,
        limits: HoldLimits,
        latest: Timestamp,
        now: Timestamp,
    ) -> Result<AllowedHold, NotAllowed> {
        let had = present.map_or(0, |allowance| allowance.seats.max(0));
        let has = had + i64::from(seats);
        if has > i64::from(most) {
            let seats = u32::try_from(had).unwrap_or(u32::MAX);
            return Err(NotAllowed::TooManySeats { seats });
        }
        let window = present.filter(|allowance| now < allowance.since + HoldLimits::WINDOW);
        let (since, held) = window.map_or((now, 0), |allowance| (allowance.since, allowance.held_ms.max(0)));
        let left = limits.budget - SignedDuration::from_millis(held);
        let hold = limits.hold.min(left);
        if hold < HoldLimits::SHORTEST {
            let again_at = since + HoldLimits::WINDOW;
            return Err(NotAllowed::TimeUsedUp { again_at });
        }
        let until = (now + hold).min(latest);
        Ok(AllowedHold {
            allowance: Self {
                seats: has,
                most,
                order_id,
                since,
                held_ms: held + milliseconds(until.duration_since(now)).max(0),
                version: present.map_or(1, |allowance| allowance.version + 1),
            },
            until,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tickets::{RowKey, SeatRow, SeatState, Taken};
    use proptest::prelude::*;

    const LIMITS: HoldLimits = HoldLimits {
        hold: SignedDuration::from_mins(8),
        budget: SignedDuration::from_mins(20),
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn hold(present: Option<&Allowance>, seats: u8, now: Timestamp) -> Result<AllowedHold, NotAllowed> {
        Allowance::hold(present, Uuid::nil(), seats, 4, LIMITS, Timestamp::MAX, now)
    }

    /// The allowance after a hold has ended, `left` before its end.
    fn ended(of: &AllowedHold, seats: u8, left: SignedDuration) -> Allowance {
        let change = AllowanceChange::given_back(seats, left);
        Allowance {
            seats: of.allowance.seats + change.seats,
            held_ms: of.allowance.held_ms + change.held_ms,
            version: of.allowance.version + 1,
            ..of.allowance.clone()
        }
    }

    #[test]
    fn a_customer_has_at_most_so_many_seats_over_all_holds() {
        let first = hold(None, 3, at(0)).unwrap();
        assert_eq!(first.until, at(480));
        let refused = hold(Some(&first.allowance), 2, at(1));
        assert_eq!(refused, Err(NotAllowed::TooManySeats { seats: 3 }));
        assert!(hold(Some(&first.allowance), 1, at(1)).is_ok());
        let none = ended(&first, 3, SignedDuration::ZERO);
        assert!(hold(Some(&none), 4, at(1)).is_ok(), "the last one too");
    }

    #[test]
    fn the_third_hold_is_shorter_and_the_fourth_waits_for_the_next_window() {
        let mut present = None;
        for (start, length) in [(0, 480), (500, 480), (1_000, 240)] {
            let allowed = hold(present.as_ref(), 1, at(start)).unwrap();
            assert_eq!(allowed.until, at(start + length));
            present = Some(ended(&allowed, 1, SignedDuration::ZERO));
        }
        let again_at = at(3_600);
        assert_eq!(
            hold(present.as_ref(), 1, at(1_300)),
            Err(NotAllowed::TimeUsedUp { again_at })
        );
        assert_eq!(hold(present.as_ref(), 1, again_at).unwrap().until, at(4_080));
    }

    #[test]
    fn the_rest_of_a_hold_that_ends_early_is_given_back() {
        let allowed = hold(None, 1, at(0)).unwrap();
        let present = ended(&allowed, 1, allowed.until.duration_since(at(30)));
        assert_eq!(present.held_ms, 30_000);
        assert_eq!(hold(Some(&present), 1, at(30)).unwrap().until, at(510));
    }

    #[test]
    fn a_swap_is_charged_no_more_time_and_counts_the_seats_that_are_left() {
        let first = hold(None, 2, at(0)).unwrap().allowance;
        let bought = Allowance { seats: 3, ..first };
        let other = Uuid::from_u128(1);
        let swapped = bought.swap(other, 2, 3, 4).unwrap();
        assert_eq!((swapped.seats, swapped.held_ms, swapped.order_id), (4, 480_000, other));
        assert_eq!(bought.swap(other, 2, 4, 4), Err(NotAllowed::TooManySeats { seats: 1 }));
    }

    #[test]
    fn a_hold_that_the_end_of_sales_cuts_is_charged_for_what_it_lasts() {
        let allowed = Allowance::hold(None, Uuid::nil(), 1, 4, LIMITS, at(90), at(0)).unwrap();
        assert_eq!((allowed.until, allowed.allowance.held_ms), (at(90), 90_000));
    }

    #[test]
    fn a_purchase_is_charged_for_the_time_until_it_is_paid() {
        let allowed = hold(None, 1, at(0)).unwrap();
        let paid = allowed.allowance.paid_early(allowed.until.duration_since(at(10)));
        assert_eq!((paid.held_ms, paid.seats, paid.room()), (10_000, 1, 3));
    }

    /// What a customer, or the time, does with a hold.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        /// Holds so many seats.
        Hold(u8),
        /// Takes so many seats instead, which fails if they are too many.
        Swap(u8),
        /// Cancels the hold.
        Release,
        /// Begins a payment, which is declined so many milliseconds later.
        Decline(i64),
        /// Pays, and gives the seats back later.
        Pay,
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (1..=4u8).prop_map(Step::Hold),
            2 => (1..=6u8).prop_map(Step::Swap),
            1 => Just(Step::Release),
            1 => (0..300_000i64).prop_map(Step::Decline),
            1 => Just(Step::Pay),
        ]
    }

    /// A customer, the hold that they have, and the holds that have ended: the windows and the times.
    #[derive(Debug, Default)]
    struct Customer {
        now: i64,
        present: Option<Allowance>,
        live: Option<Live>,
        ended: Vec<(Timestamp, SignedDuration)>,
    }

    #[derive(Clone, Copy, Debug)]
    struct Live {
        seats: u8,
        since: Timestamp,
        until: Timestamp,
    }

    impl Customer {
        fn now(&self) -> Timestamp {
            Timestamp::from_millisecond(self.now).unwrap()
        }

        /// Ends the hold now, or at its deadline if that has passed.
        fn end(&mut self) {
            let Some(live) = self.live.take() else { return };
            let end = self.now().min(live.until);
            let change = AllowanceChange::given_back(live.seats, live.until.duration_since(end));
            let allowance = self.present.as_mut().unwrap();
            allowance.seats += change.seats;
            allowance.held_ms += change.held_ms;
            self.ended.push((allowance.since, end.duration_since(live.since)));
        }

        fn step(&mut self, step: Step) {
            let now = self.now();
            if self.live.is_some_and(|live| live.until <= now) {
                self.end();
            }
            match (step, self.live) {
                (Step::Hold(seats), None) => {
                    let Ok(allowed) = hold(self.present.as_ref(), seats, now) else {
                        return;
                    };
                    let (since, until) = (now, allowed.until);
                    self.live = Some(Live { seats, since, until });
                    self.present = Some(allowed.allowance);
                }
                (Step::Swap(seats), Some(live)) => {
                    let present = self.present.as_mut().unwrap();
                    if let Ok(swapped) = present.swap(Uuid::max(), live.seats, seats, 4) {
                        *present = swapped;
                        self.live = Some(Live { seats, ..live });
                    }
                }
                (Step::Release, Some(_)) => self.end(),
                // The seats wait for the payment, also after the deadline. A declined one gives the time back that is left.
                (Step::Decline(after), Some(live)) => {
                    self.now += after;
                    if live.until <= self.now() {
                        self.end();
                    }
                }
                (Step::Pay, Some(live)) => {
                    let left = live.until.duration_since(now);
                    let paid = self.present.take().unwrap().paid_early(left);
                    self.ended.push((paid.since, now.duration_since(live.since)));
                    self.live = None;
                    let change = AllowanceChange::given_back(live.seats, SignedDuration::ZERO);
                    let seats = paid.seats + change.seats;
                    self.present = Some(Allowance { seats, ..paid });
                }
                _ => {}
            }
        }
    }

    /// A row with a seat that an order holds: until this time, or for as long as it is being paid for.
    fn row(until: Option<Timestamp>) -> SeatRow {
        let order_id = Uuid::nil();
        let taken = [(0, Taken::Order { order_id, until })];
        SeatRow {
            taken: taken.into(),
            ..SeatRow::free(RowKey { part: 0, row: 0 }, 1)
        }
    }

    proptest! {
        // Acceptance: 100,000 sequences, as tests/README.md says how.
        #[test]
        fn in_any_sequence_no_deadline_grows_and_nobody_holds_seats_for_longer_than_the_budget_of_a_window(
            steps in prop::collection::vec((0..700_000i64, any_step()), 1..40),
        ) {
            let mut customer = Customer::default();
            let millisecond = SignedDuration::from_millis(1);
            for (pause, step) in steps {
                customer.now += pause;
                let (before, at) = (customer.live, customer.now());
                customer.step(step);
                let Some(live) = customer.live else { continue };
                prop_assert!(live.until <= live.since + LIMITS.hold);
                prop_assert!(customer.present.as_ref().is_some_and(|present| present.seats <= 4));
                if let Some(before) = before.filter(|before| at < before.until) {
                    prop_assert_eq!(live.until, before.until, "the deadline of a hold stays");
                }
                let held = row(Some(live.until));
                prop_assert_eq!(held.state(0, live.until - millisecond), SeatState::Held);
                prop_assert_eq!(held.state(0, live.until), SeatState::Free);
                prop_assert_eq!(row(None).state(0, live.until), SeatState::Sold, "it is being paid for");
            }
            customer.end();
            for (since, _) in &customer.ended {
                let of_window = customer.ended.iter().filter(|(other, _)| other == since);
                let held = of_window.fold(SignedDuration::ZERO, |sum, (_, held)| sum + *held);
                prop_assert!(held <= LIMITS.budget, "{held:?} since {since}");
            }
        }
    }
}
