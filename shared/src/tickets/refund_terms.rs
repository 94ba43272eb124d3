//! The terms on which a seat is given back: what the refund policy of its performance said when the seat was held.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::core::calendar::Timezone;
use crate::core::money::Money;

/// The terms of an order. They are stored as numbers alone: highest fees have the currency of the order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<Vec<u64>>", try_from = "Vec<Vec<u64>>")]
pub struct RefundTerms {
    /// The days after the booking in which a seat is given back free of charge. 0 for none.
    pub free_days: u16,
    /// The last day on which `free_days` applies, in days before the show.
    pub free_days_before: u16,
    /// The fees, the earliest first. After the last step no seat is taken back.
    pub steps: Vec<FeeStep>,
}

/// The fee until some day before the show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeStep {
    /// The last day of the step, in days before the show. 0 is the day of the show.
    pub days_before: u16,
    /// The fee in percent of the price paid for the seat, rounded down.
    pub percent: u8,
    /// The highest fee, in minor units.
    #[serde(default)]
    pub at_most: Option<u64>,
}

/// The stored text is not [`RefundTerms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the refund terms are damaged")]
pub struct InvalidRefundTerms;

/// When a seat is given back, and the times that its fee depends on.
#[derive(Clone, Copy, Debug)]
pub struct ReturnTime<'a> {
    /// The time of the booking.
    pub booked_at: Timestamp,
    /// The time at which the seat is given back.
    pub at: Timestamp,
    /// The start of the show.
    pub starts_at: Timestamp,
    /// The time zone of the venue, whose calendar days count.
    pub time_zone: &'a Timezone,
}

impl ReturnTime<'_> {
    /// The calendar days until the show. `None` once it has started.
    pub fn days_before(&self) -> Option<u32> {
        let days = self.time_zone.days_between(self.at, self.starts_at);
        (self.at < self.starts_at).then_some(days)
    }

    /// The calendar days since the booking.
    pub fn days_since_booking(&self) -> u32 {
        self.time_zone.days_between(self.booked_at, self.at)
    }

    /// The time until which all that depends on calendar days and the start stays the same.
    pub fn same_until(&self) -> Timestamp {
        self.time_zone.end_of_day_after(self.at, 0).min(self.starts_at)
    }
}

impl RefundTerms {
    /// The fee for a seat that `paid` was paid for. `None` if it is not taken back any more.
    pub fn fee_of(&self, paid: Money, time: &ReturnTime<'_>) -> Option<Money> {
        let left = time.days_before()?;
        let is_free = self.free_days > 0 && time.days_since_booking() <= self.free_days.into();
        if is_free && left >= self.free_days_before.into() {
            return Some(Money::zero(paid.currency()));
        }
        fee_of_steps(&self.steps, paid, left)
    }
}

/// The fee of the step that `left` days before the show are in. `None` after the last one.
pub fn fee_of_steps(steps: &[FeeStep], paid: Money, left: u32) -> Option<Money> {
    let step = steps.iter().find(|step| left >= step.days_before.into())?;
    let fee = paid.percent(step.percent);
    let at_most = step
        .at_most
        .and_then(|at_most| Money::new(at_most, paid.currency()).ok());
    Some(at_most.map_or(fee, |at_most| fee.min(at_most)))
}

impl From<RefundTerms> for Vec<Vec<u64>> {
    fn from(terms: RefundTerms) -> Self {
        let step = |step: FeeStep| {
            let numbers = [step.days_before.into(), step.percent.into()];
            numbers.into_iter().chain(step.at_most).collect()
        };
        let free = vec![terms.free_days.into(), terms.free_days_before.into()];
        [free].into_iter().chain(terms.steps.into_iter().map(step)).collect()
    }
}

impl TryFrom<Vec<Vec<u64>>> for RefundTerms {
    type Error = InvalidRefundTerms;

    fn try_from(numbers: Vec<Vec<u64>>) -> Result<Self, InvalidRefundTerms> {
        let days = |number: u64| u16::try_from(number).map_err(|_| InvalidRefundTerms);
        let step = |numbers: &Vec<u64>| {
            let (days_before, percent, at_most) = match numbers[..] {
                [days_before, percent] => (days_before, percent, None),
                [days_before, percent, at_most] => (days_before, percent, Some(at_most)),
                _ => return Err(InvalidRefundTerms),
            };
            Ok(FeeStep {
                days_before: days(days_before)?,
                percent: u8::try_from(percent).map_err(|_| InvalidRefundTerms)?,
                at_most,
            })
        };
        let (free, steps) = numbers.split_first().ok_or(InvalidRefundTerms)?;
        let [free_days, free_days_before] = free[..] else {
            return Err(InvalidRefundTerms);
        };
        Ok(Self {
            free_days: days(free_days)?,
            free_days_before: days(free_days_before)?,
            steps: steps.iter().map(step).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests;
