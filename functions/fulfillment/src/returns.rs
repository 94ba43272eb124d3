//! A return: units of an order that a customer sends back, from the request to the refund.

use envconfig::Envconfig;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::aws::Platform;
use shared::core::calendar::Timezone;
use shared::core::country::Country;
use shared::core::error::{self, Error, Rejection};
use shared::core::identity::CustomerId;
use shared::core::money::Money;
use shared::orders::{self, LineId, LineQuantity, LineRefund, Order, OrderId, Step, shop_time_zone};
use utoipa::ToSchema;

use crate::reason;

shared::entity_id! {
    /// A return's id, derived from the person who requested it and the idempotency key.
    pub struct ReturnId as "return_id", "There is no such return."
}

/// The status of a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReturnStatus {
    /// The customer asks to return the units.
    Requested,
    /// The customer may send the units back.
    Approved,
    /// The shop does not take the units back, or they did not arrive by `arrival_due_at`.
    Refused,
    /// The shop has the units. Their refund is due at `refund_due_at`.
    Received,
    /// The refund was requested at the payment.
    Refunded,
}

impl ReturnStatus {
    /// The status as requests and stored items name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Approved => "APPROVED",
            Self::Refused => "REFUSED",
            Self::Received => "RECEIVED",
            Self::Refunded => "REFUNDED",
        }
    }
}

/// The reason of a customer for a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReturnReason {
    /// The customer does not want the goods any more.
    ChangedMind,
    /// The goods arrived damaged.
    Damaged,
    /// The goods do not work.
    Defective,
    /// Other goods arrived.
    WrongItem,
    /// The goods differ from their description.
    NotAsDescribed,
    /// Another reason. `note` may say which.
    Other,
}

impl ReturnReason {
    /// Whether the goods were not what the customer had ordered, so that the shop bears the costs of the delivery (in Korea,
    /// E-Commerce Act Art. 17 (3) and 18 (10)).
    pub const fn is_fault_of_shop(self) -> bool {
        match self {
            Self::Damaged | Self::Defective | Self::WrongItem | Self::NotAsDescribed => true,
            Self::ChangedMind | Self::Other => false,
        }
    }
}

/// The decision about a requested return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReturnDecision {
    /// The customer may send the units back.
    Approve,
    /// The shop does not take the units back.
    Refuse,
}

/// A return, as customers see it. Events have it without the notes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Return {
    /// The return's id.
    pub return_id: ReturnId,
    /// The order.
    pub order_id: OrderId,
    /// The customer of the order.
    pub customer_id: CustomerId,
    /// The return's status.
    pub status: ReturnStatus,
    /// The customer's reason.
    pub reason: ReturnReason,
    /// The customer's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub note: Option<String>,
    /// The units, each line once.
    #[schema(min_items = 1, max_items = 48)]
    pub lines: Vec<ReturnLine>,
    /// The time of the request.
    pub requested_at: Timestamp,
    /// The time until which the shop decides: the end of the third business day after the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub decision_due_at: Option<Timestamp>,
    /// The shop's note about its decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub decision_note: Option<String>,
    /// The time of the decision, or at which the return was refused because its units had not arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub decided_at: Option<Timestamp>,
    /// The time until which the units of an approved return must arrive. Afterwards the return is refused, and the units can be returned
    /// again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub arrival_due_at: Option<Timestamp>,
    /// The time at which the shop received the units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub received_at: Option<Timestamp>,
    /// The time until which the refund must be requested: the end of the third business day after the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refund_due_at: Option<Timestamp>,
    /// The refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refund: Option<ReturnRefund>,
    /// The time at which the refund was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refunded_at: Option<Timestamp>,
}

/// The units of a line in a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReturnLine {
    /// The line's id in its order.
    pub line_id: LineId,
    /// The units that the customer asked to return.
    #[schema(minimum = 1, maximum = 999)]
    pub quantity: u32,
    /// The units that were received and are for sale again.
    pub restocked: u32,
    /// The units that were received and cannot be sold.
    pub written_off: u32,
    /// The refund for the received units, without a deduction. Absent until they are received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refund: Option<Money>,
}

/// The refund of a return: `goods` − `deduction` + `shipping` − `reduction` = `amount`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReturnRefund {
    /// The refunded amount.
    pub amount: Money,
    /// The price of the received units.
    pub goods: Money,
    /// The amount that the shop keeps of the price of the units, such as for wear.
    pub deduction: Money,
    /// The note about the deduction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub deduction_note: Option<String>,
    /// The amount that is refunded of the price of the delivery, before the reduction.
    pub shipping: Money,
    /// The amount that is not refunded because the payment has no more left: it was refunded before, without naming units. Absent for
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reduction: Option<Money>,
}

/// Received units of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivedUnits {
    /// The line's id in its order.
    pub line_id: LineId,
    /// The units that are for sale again.
    #[schema(minimum = 0, maximum = 999)]
    pub restock: u32,
    /// The units that cannot be sold.
    #[schema(minimum = 0, maximum = 999)]
    pub write_off: u32,
}

/// The time for which a customer may return what was delivered.
#[derive(Clone, Debug)]
pub struct ReturnPolicy {
    /// The calendar days after that of the delivery.
    pub days: u16,
    /// The shop's timezone.
    pub zone: Timezone,
}

/// The time for the arrival of the units of an approved return. Customers in the EU have 14 days to send them (Directive 2011/83/EU
/// Art. 14 (1)), and a parcel takes up to two weeks, as `DeliveryDays` has it by default.
const ARRIVAL_TIME: SignedDuration = SignedDuration::from_hours(24 * 30);
/// The business days until whose end the shop decides about a return: as many as it has for the refund, since the customer waits for
/// the decision with the parcel.
const DECISION_DAYS: u16 = 3;
/// The business days after the receipt until whose end the refund must be requested (in Korea, E-Commerce Act Art. 18 (2)).
const REFUND_DAYS: u16 = 3;

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "RETURN_DAYS")]
    days: u16,
}

impl ReturnPolicy {
    /// Reads `RETURN_DAYS` and `SHOP_TIME_ZONE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let Config { days } = platform.config()?;
        Ok(Self {
            days,
            zone: shop_time_zone(platform)?,
        })
    }

    /// The time until which a decision about a return that is requested `now` is due.
    pub fn decision_due_at(&self, now: Timestamp) -> Timestamp {
        self.zone.end_of_business_day_after(now, DECISION_DAYS)
    }

    /// The time until which the refund of a return that is received `now` is due.
    pub fn refund_due_at(&self, now: Timestamp) -> Timestamp {
        self.zone.end_of_business_day_after(now, REFUND_DAYS)
    }

    /// Checks that the days of `units` of `order` are not over, in the shop's timezone or in that of a customer in `country`.
    ///
    /// # Errors
    /// [`Rejected::WindowClosed`].
    pub fn require_open(
        &self,
        order: &Order,
        units: &[LineQuantity],
        country: Option<Country>,
        now: Timestamp,
    ) -> Result<(), Rejected> {
        let lines = order
            .lines
            .iter()
            .filter(|line| units.iter().any(|unit| unit.line_id == line.line_id));
        let zones = country.map(Timezone::of_country).unwrap_or_default();
        for delivered_at in lines.filter_map(|line| line.delivered_at) {
            let in_shop = self.zone.end_of_day_after(delivered_at, self.days);
            let in_country = Timezone::latest_end_of_day_after(&zones, delivered_at, self.days);
            let ended_at = in_country.map_or(in_shop, |end| end.max(in_shop));
            if now >= ended_at {
                return Err(Rejected::WindowClosed { ended_at });
            }
        }
        Ok(())
    }
}

impl Return {
    /// The units of the request.
    pub fn units(&self) -> Vec<LineQuantity> {
        let lines = self.lines.iter();
        lines
            .map(|line| LineQuantity {
                line_id: line.line_id,
                quantity: line.quantity,
            })
            .collect()
    }

    /// The return after the shop's decision.
    ///
    /// # Errors
    /// [`Rejected::Status`] unless it is requested.
    pub fn decided(&self, decision: ReturnDecision, note: Option<String>, now: Timestamp) -> Result<Self, Rejected> {
        // An approved return whose units never arrive ends too.
        let is_given_up = self.status == ReturnStatus::Approved && decision == ReturnDecision::Refuse;
        if !is_given_up {
            self.require(ReturnStatus::Requested)?;
        }
        Ok(Self {
            status: match decision {
                ReturnDecision::Approve => ReturnStatus::Approved,
                ReturnDecision::Refuse => ReturnStatus::Refused,
            },
            decision_note: note,
            decided_at: Some(now),
            arrival_due_at: match decision {
                ReturnDecision::Approve => Some(now + ARRIVAL_TIME),
                ReturnDecision::Refuse => self.arrival_due_at,
            },
            ..self.clone()
        })
    }

    /// The return after its units did not arrive in time.
    ///
    /// # Errors
    /// [`Rejected::Status`] unless it is approved and their arrival is overdue.
    pub fn given_up(&self, now: Timestamp) -> Result<Self, Rejected> {
        self.require(ReturnStatus::Approved)?;
        if self.arrival_due_at.is_none_or(|due_at| now < due_at) {
            return Err(Rejected::Status(self.status));
        }
        self.decided(ReturnDecision::Refuse, self.decision_note.clone(), now)
    }

    /// The return after the shop received `units` of it, whose refund is `refunds`, due until `due_at`.
    ///
    /// # Errors
    /// [`Rejected::Status`] unless it is approved.
    pub fn received(
        &self,
        units: &[ReceivedUnits],
        refunds: &[LineRefund],
        due_at: Timestamp,
        now: Timestamp,
    ) -> Result<Self, Rejected> {
        self.require(ReturnStatus::Approved)?;
        let mut next = self.clone();
        for line in &mut next.lines {
            if let Some(unit) = units.iter().find(|unit| unit.line_id == line.line_id) {
                (line.restocked, line.written_off) = (unit.restock, unit.write_off);
            }
            let refund = refunds.iter().find(|refund| refund.line_id == line.line_id);
            line.refund = refund.map(|refund| refund.amount);
        }
        Ok(Self {
            status: ReturnStatus::Received,
            received_at: Some(now),
            refund_due_at: Some(due_at),
            ..next
        })
    }

    /// The return after its refund was requested.
    ///
    /// # Errors
    /// [`Rejected::Status`] unless it is received.
    pub fn refunded(&self, refund: ReturnRefund, now: Timestamp) -> Result<Self, Rejected> {
        self.require(ReturnStatus::Received)?;
        Ok(Self {
            status: ReturnStatus::Refunded,
            refund: Some(refund),
            refunded_at: Some(now),
            ..self.clone()
        })
    }

    /// The refunds of the received units.
    pub fn line_refunds(&self) -> Vec<LineRefund> {
        let refunds = self.lines.iter().filter_map(|line| {
            Some(LineRefund {
                line_id: line.line_id,
                amount: line.refund?,
            })
        });
        refunds.collect()
    }

    /// The return without the texts that people wrote: they can be personal.
    #[must_use]
    pub fn for_event(&self) -> Self {
        let mut next = self.clone();
        (next.note, next.decision_note) = (None, None);
        if let Some(refund) = &mut next.refund {
            refund.deduction_note = None;
        }
        next
    }

    /// Checks that `units` are units of this return, each line once, and at least one.
    ///
    /// # Errors
    /// `invalid-lines`, `invalid-line`, `too-few-units`.
    pub fn require_units(&self, units: &[ReceivedUnits]) -> Result<(), orders::Rejected> {
        let mut sum = 0;
        for (nth, unit) in units.iter().enumerate() {
            let is_repeated = units[..nth].iter().any(|before| before.line_id == unit.line_id);
            let line = self
                .lines
                .iter()
                .find(|line| line.line_id == unit.line_id && !is_repeated);
            let line = line.ok_or(orders::Rejected::LineInvalid(unit.line_id))?;
            let received = unit.restock.saturating_add(unit.write_off);
            if received > line.quantity {
                return Err(orders::Rejected::TooManyUnits(Step::Return, self.units()));
            }
            sum += received;
        }
        if sum == 0 {
            return Err(orders::Rejected::LineCount(0));
        }
        Ok(())
    }

    /// Checks that the return has this status.
    ///
    /// # Errors
    /// [`Rejected::Status`].
    pub fn require(&self, status: ReturnStatus) -> Result<(), Rejected> {
        if self.status == status {
            return Ok(());
        }
        Err(Rejected::Status(self.status))
    }
}

/// The reason for rejecting a request about a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// There is no such return.
    NotFound,
    /// The return's status does not allow the request.
    Status(ReturnStatus),
    /// The days in which the units can be returned are over.
    WindowClosed {
        /// The time at which they ended.
        ended_at: Timestamp,
    },
    /// The deduction is more than the price of the units.
    DeductionTooLarge(Money),
    /// More would be refunded of the price of the delivery than is left.
    ShippingTooLarge(Money),
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        let part = |part: &str, most: Money| {
            let detail = format!("{part} is at most {most}.");
            let part = part.to_owned();
            Self::with(reason::InvalidRefund { part, most }, detail)
        };
        match rejected {
            Rejected::NotFound => Self::new(&error::NOT_FOUND, "There is no such return."),
            Rejected::Status(return_status) => {
                let detail = format!("The return is {}.", return_status.name());
                Self::with(reason::StatusOfReturn { return_status }, detail)
            }
            Rejected::WindowClosed { ended_at } => {
                let detail = "The days in which the units can be returned are over.";
                Self::with(reason::ReturnWindowClosed { ended_at }, detail)
            }
            Rejected::DeductionTooLarge(most) => part("deduction", most),
            Rejected::ShippingTooLarge(most) => part("shipping", most),
        }
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        Rejection::from(rejected).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn requested() -> Return {
        let line = json!({ "line_id": "1", "quantity": 3, "restocked": 0, "written_off": 0 });
        let id = "8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd";
        let requested = json!({
            "return_id": id, "order_id": id, "customer_id": "ann", "status": "REQUESTED", "reason": "OTHER",
            "note": "Call me.", "lines": [line], "requested_at": "2026-01-05T00:00:00Z",
        });
        serde_json::from_value(requested).unwrap()
    }

    #[test]
    fn each_step_is_taken_in_one_status_only() {
        let now = Timestamp::UNIX_EPOCH;
        let zero = serde_json::from_value(json!({ "amount": 0, "currency": "KRW" })).unwrap();
        let refund = ReturnRefund {
            amount: zero,
            goods: zero,
            deduction: zero,
            deduction_note: None,
            shipping: zero,
            reduction: None,
        };
        for (status, allowed) in [
            (ReturnStatus::Requested, [true, false, false]),
            (ReturnStatus::Approved, [false, true, false]),
            (ReturnStatus::Received, [false, false, true]),
            (ReturnStatus::Refused, [false; 3]),
            (ReturnStatus::Refunded, [false; 3]),
        ] {
            let present = Return { status, ..requested() };
            let steps = [
                present.decided(ReturnDecision::Approve, None, now),
                present.received(&[], &[], now, now),
                present.refunded(refund.clone(), now),
            ];
            for (step, allowed) in steps.into_iter().zip(allowed) {
                let refused = step.err();
                assert_eq!(refused, (!allowed).then_some(Rejected::Status(status)), "{status:?}");
            }
        }
    }

    #[test]
    fn an_approved_return_is_given_up_once_the_time_for_the_arrival_of_its_units_is_over() {
        let now = Timestamp::UNIX_EPOCH;
        let note = Some("To warehouse 2".to_owned());
        let approved = requested().decided(ReturnDecision::Approve, note.clone(), now).unwrap();
        let due_at = approved.arrival_due_at.unwrap();
        assert_eq!(due_at, now + SignedDuration::from_hours(720));
        let early = approved.given_up(due_at - SignedDuration::from_nanos(1));
        assert_eq!(early, Err(Rejected::Status(ReturnStatus::Approved)));
        let given_up = approved.given_up(due_at).unwrap();
        assert_eq!(
            (given_up.status, given_up.decided_at),
            (ReturnStatus::Refused, Some(due_at))
        );
        assert_eq!(given_up.decision_note, note, "of the approval");
        for status in [ReturnStatus::Requested, ReturnStatus::Received, ReturnStatus::Refunded] {
            let other = Return {
                status,
                ..approved.clone()
            };
            assert_eq!(other.given_up(due_at), Err(Rejected::Status(status)), "{status:?}");
        }
    }

    #[test]
    fn only_units_of_the_return_are_received() {
        let unit = |line: &str, restock, write_off| ReceivedUnits {
            line_id: LineId::try_from(line.to_owned()).unwrap(),
            restock,
            write_off,
        };
        let returned = requested();
        assert!(returned.require_units(&[unit("1", 1, 2)]).is_ok());
        for wrong in [
            vec![],
            vec![unit("1", 0, 0)],
            vec![unit("1", 2, 2)],
            vec![unit("1", u32::MAX, 1)],
            vec![unit("2", 1, 0)],
            vec![unit("1", 1, 0), unit("1", 1, 0)],
        ] {
            assert!(returned.require_units(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_event_has_no_text_that_a_person_wrote() {
        let decided = requested().decided(ReturnDecision::Refuse, Some("Worn.".to_owned()), Timestamp::UNIX_EPOCH);
        let event = json!(decided.unwrap().for_event()).to_string();
        assert!(!event.contains("Call me") && !event.contains("Worn"), "{event}");
    }
}
