//! The fulfillment of an order: what has become of the units of its lines.
//!
//! Invariants, after every step: delivered ≤ shipped, shipped + lost ≤ ordered − cancelled, returned + returning ≤ delivered, and
//! surplus ≤ written off.
//! The order has taken ordered − cancelled + written off units of the stock: what a carrier has lost does not come back to it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Line, LineId, MAX_LINES, MAX_QUANTITY, Order, OrderStatus, Rejected};
use crate::catalog::Sku;

/// Units of a line of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineQuantity {
    /// The line's id in its order.
    pub line_id: LineId,
    /// The number of units.
    #[schema(minimum = 1, maximum = 999)]
    pub quantity: u32,
}

/// A step of units in the fulfillment of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The units are cancelled before they are shipped.
    Cancel,
    /// The units are handed to a carrier.
    Ship,
    /// The units are to be shipped after all: their parcel was recorded by mistake.
    Unship,
    /// The carrier has lost the units. They are to be shipped again, or cancelled.
    Lose,
    /// The units of a lost parcel have turned up.
    Find,
    /// Units of a lost parcel have turned up after they were shipped again or cancelled. The customer has them.
    FindSurplus,
    /// The carrier has delivered the units.
    Deliver,
    /// The customer asks to return the units.
    RequestReturn,
    /// The units are not returned after all: the shop refuses the return, or has not received them.
    KeepReturn,
    /// The shop has received the units back.
    Return,
}

/// The state of the units of a line. A number that is absent is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quantities {
    /// The units that were ordered.
    pub ordered: u32,
    /// The units that were cancelled. They are never shipped.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cancelled: u32,
    /// The units that were shipped, with those that were delivered since.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shipped: u32,
    /// The units of lost parcels that are to be shipped again or cancelled.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u32,
    /// The units of lost parcels that were shipped again or cancelled. They are gone from the stock.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub written_off: u32,
    /// The units that the customer has beside those that were ordered: of lost parcels that turned up after their units were shipped
    /// again or cancelled. A parcel under way that is lost then leaves the customer with these.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub surplus: u32,
    /// The units that were delivered, with those that were returned since.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub delivered: u32,
    /// The units in returns that were requested and are not received yet.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub returning: u32,
    /// The units that were returned and received.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub returned: u32,
}

impl Quantities {
    /// `ordered` units of which nothing has become yet.
    pub const fn of(ordered: u32) -> Self {
        Self {
            ordered,
            cancelled: 0,
            shipped: 0,
            lost: 0,
            written_off: 0,
            surplus: 0,
            delivered: 0,
            returning: 0,
            returned: 0,
        }
    }

    /// The units that `step` can still take.
    pub const fn left(self, step: Step) -> u32 {
        match step {
            Step::Cancel | Step::Ship => self.ordered.saturating_sub(self.cancelled + self.shipped),
            // The customer has the units of another parcel instead, so these are not to be shipped again.
            Step::Unship if self.surplus > 0 => 0,
            Step::Unship | Step::Lose | Step::Deliver => self.shipped.saturating_sub(self.delivered),
            Step::Find => self.lost,
            // While units are to be shipped, the customer does not have too many.
            Step::FindSurplus if self.left(Step::Ship) > 0 => 0,
            Step::FindSurplus => self.written_off.saturating_sub(self.surplus),
            Step::RequestReturn => self.delivered.saturating_sub(self.returned + self.returning),
            Step::KeepReturn | Step::Return => self.returning,
        }
    }

    /// The units whose money goes back: those that were cancelled or returned.
    pub const fn given_back(self) -> u32 {
        self.cancelled + self.returned
    }

    /// The quantities after `step` of `units`. `None` if fewer units are left for it.
    fn after(mut self, step: Step, units: u32) -> Option<Self> {
        if units > self.left(step) {
            return None;
        }
        match step {
            // Lost units go first: those that are on the shelf stay for the customer.
            Step::Cancel => {
                self.write_off(units.min(self.lost));
                self.cancelled += units;
            }
            // The units that the order has taken go first, and then those that replace lost ones.
            Step::Ship => {
                let taken = self.left(Step::Ship).saturating_sub(self.lost);
                self.write_off(units.saturating_sub(taken));
                self.shipped += units;
            }
            Step::Unship => self.shipped -= units,
            // Surplus units are those that the customer has instead of lost ones.
            Step::Lose => {
                let had = units.min(self.surplus);
                self.surplus -= had;
                self.delivered += had;
                self.shipped -= units - had;
                self.lost += units - had;
            }
            Step::Find => {
                self.lost -= units;
                self.shipped += units;
            }
            Step::FindSurplus => self.surplus += units,
            Step::Deliver => self.delivered += units,
            Step::RequestReturn => self.returning += units,
            Step::KeepReturn => self.returning -= units,
            Step::Return => {
                self.returning -= units;
                self.returned += units;
            }
        }
        Some(self)
    }

    const fn write_off(&mut self, units: u32) {
        self.lost -= units;
        self.written_off += units;
    }

    /// Whether the invariants hold.
    pub(super) fn is_consistent(self) -> bool {
        let kept = self.ordered.checked_sub(self.cancelled);
        kept.is_some_and(|kept| self.shipped + self.lost <= kept)
            && self.delivered <= self.shipped
            && self.surplus <= self.written_off
            && self.returned + self.returning <= self.delivered
    }
}

/// For serde.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) const fn is_zero(units: &u32) -> bool {
    *units == 0
}

/// The progress of an order's fulfillment. It follows from the units of the lines that are shipped; cancelled units do
/// not count, and returned ones stay delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FulfillmentStatus {
    /// There is nothing to ship: no line has a package, or all units of those that have one are cancelled.
    NotRequired,
    /// Nothing is shipped yet.
    Unfulfilled,
    /// Some units are shipped, none is delivered.
    PartiallyShipped,
    /// All units are shipped, none is delivered.
    Shipped,
    /// Some units are delivered. The others are shipped or not.
    PartiallyDelivered,
    /// All units are delivered.
    Delivered,
}

impl FulfillmentStatus {
    /// The status of an order of `lines`.
    pub fn of(lines: &[Line]) -> Self {
        let (mut wanted, mut shipped, mut delivered) = (0, 0, 0);
        for line in lines.iter().filter(|line| line.package.is_some()) {
            wanted += line.quantities.ordered.saturating_sub(line.quantities.cancelled);
            shipped += line.quantities.shipped;
            delivered += line.quantities.delivered;
        }
        match (delivered, shipped) {
            _ if wanted == 0 => Self::NotRequired,
            (delivered, _) if delivered == wanted => Self::Delivered,
            (1.., _) => Self::PartiallyDelivered,
            (0, shipped) if shipped == wanted => Self::Shipped,
            (0, 1..) => Self::PartiallyShipped,
            (0, 0) => Self::Unfulfilled,
        }
    }
}

impl Order {
    /// The order after `step` of `units`.
    ///
    /// # Errors
    /// [`Rejected::NotPaid`] unless it is paid. [`Rejected::LineCount`] without lines and with too many,
    /// [`Rejected::LineInvalid`] for a line that it does not have, that is named twice, has no quantity, or is not shipped;
    /// [`Rejected::TooManyUnits`] when fewer units are left for the step.
    pub fn after(&self, step: Step, units: &[LineQuantity]) -> Result<Self, Rejected> {
        if self.status != OrderStatus::Paid {
            return Err(Rejected::NotPaid(self.status));
        }
        if !(1..=MAX_LINES).contains(&units.len()) {
            return Err(Rejected::LineCount(units.len()));
        }
        let mut next = self.clone();
        for (nth, unit) in units.iter().enumerate() {
            let is_repeated = units[..nth].iter().any(|before| before.line_id == unit.line_id);
            let line = next.lines.iter_mut().find(|line| line.line_id == unit.line_id);
            let line = line.filter(|_| !is_repeated && (1..=MAX_QUANTITY).contains(&unit.quantity));
            let line = line.filter(|line| step != Step::Ship || line.package.is_some());
            let line = line.ok_or(Rejected::LineInvalid(unit.line_id))?;
            let after = line.quantities.after(step, unit.quantity);
            line.quantities = after.ok_or_else(|| Rejected::TooManyUnits(step, self.left(step)))?;
        }
        next.fulfillment_status = FulfillmentStatus::of(&next.lines);
        Ok(next)
    }

    /// The order after `units` were delivered `at`.
    ///
    /// # Errors
    /// As [`Order::after`].
    pub fn delivered(&self, units: &[LineQuantity], at: Timestamp) -> Result<Self, Rejected> {
        let next = self.after(Step::Deliver, units)?;
        Ok(next.with_delivery_of(units, at))
    }

    /// The order after `units` of a lost parcel turned up and were delivered `at`: those that are still lost are delivered, and the
    /// others, which were shipped again or cancelled, are surplus.
    ///
    /// # Errors
    /// As [`Order::after`]. [`Rejected::TooManyUnits`] also while units of such a line are to be shipped.
    pub fn found(&self, units: &[LineQuantity], at: Timestamp) -> Result<Self, Rejected> {
        let lost = self.left(Step::Find);
        let lost_of = |unit: &LineQuantity| lost.iter().find(|lost| lost.line_id == unit.line_id);
        let split = |quantity: &dyn Fn(u32, u32) -> u32| -> Vec<LineQuantity> {
            let part = units.iter().map(|unit| LineQuantity {
                line_id: unit.line_id,
                quantity: quantity(unit.quantity, lost_of(unit).map_or(0, |lost| lost.quantity)),
            });
            part.filter(|unit| unit.quantity > 0).collect()
        };
        let (found, surplus) = (split(&u32::min), split(&u32::saturating_sub));
        let mut next = self.clone();
        if !found.is_empty() {
            next = next.after(Step::Find, &found)?.after(Step::Deliver, &found)?;
        }
        if !surplus.is_empty() {
            next = next.after(Step::FindSurplus, &surplus)?;
        }
        Ok(next.with_delivery_of(units, at))
    }

    /// The order whose lines of `units` have a delivery `at`.
    fn with_delivery_of(mut self, units: &[LineQuantity], at: Timestamp) -> Self {
        for line in &mut self.lines {
            if units.iter().any(|unit| unit.line_id == line.line_id) {
                line.delivered_at = line.delivered_at.max(Some(at));
            }
        }
        self
    }

    /// The units of each line that `step` can still take.
    pub fn left(&self, step: Step) -> Vec<LineQuantity> {
        let can_be_taken = |line: &&Line| step != Step::Ship || line.package.is_some();
        let lines = self.lines.iter().filter(can_be_taken).map(|line| LineQuantity {
            line_id: line.line_id,
            quantity: line.quantities.left(step),
        });
        lines.filter(|line| line.quantity > 0).collect()
    }

    /// Whether the units that are neither cancelled nor returned cost nothing, so that nothing has to be kept of the payment for
    /// them.
    pub fn has_only_free_units_left(&self) -> bool {
        self.lines
            .iter()
            .filter(|line| line.quantities.given_back() < line.quantities.ordered)
            .all(|line| line.total.amount() == 0)
    }

    /// Whether units with a package are left that are neither cancelled nor returned.
    pub fn has_packages_left(&self) -> bool {
        let mut lines = self.lines.iter().filter(|line| line.package.is_some());
        lines.any(|line| line.quantities.given_back() < line.quantities.ordered)
    }

    /// Whether units of it were ever shipped, also if they are lost now.
    pub fn was_shipped(&self) -> bool {
        self.lines.iter().any(|line| {
            let quantities = line.quantities;
            quantities.shipped + quantities.lost + quantities.written_off > 0
        })
    }

    /// The units of each line that `next`, which follows on this order, has written off.
    pub fn written_off_by(&self, next: &Self) -> Vec<LineQuantity> {
        let lines = self.lines.iter().zip(&next.lines).map(|(line, next)| LineQuantity {
            line_id: line.line_id,
            quantity: next.quantities.written_off.saturating_sub(line.quantities.written_off),
        });
        lines.filter(|line| line.quantity > 0).collect()
    }

    /// The products of `units`, and how many units of each. Seats are left out.
    pub fn products_of(&self, units: &[LineQuantity]) -> Vec<(Sku, u32)> {
        let products = units.iter().filter_map(|unit| {
            let line = self.lines.iter().find(|line| line.line_id == unit.line_id)?;
            Some((line.sku.clone()?, unit.quantity))
        });
        products.collect()
    }

    /// The order with all units cancelled.
    ///
    /// # Errors
    /// [`Rejected::Shipped`] when units were shipped.
    pub fn with_all_cancelled(&self) -> Result<Self, Rejected> {
        if self.was_shipped() {
            return Err(Rejected::Shipped(self.left(Step::Cancel)));
        }
        let mut next = self.clone();
        for line in &mut next.lines {
            line.quantities.cancelled = line.quantities.ordered;
        }
        next.fulfillment_status = FulfillmentStatus::of(&next.lines);
        Ok(next)
    }
}

#[cfg(test)]
mod tests;
