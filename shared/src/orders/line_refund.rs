//! Refunds by line: what goes back for units that were cancelled or returned.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{LineId, LineQuantity, Order, Rejected};
use crate::core::money::Money;

/// The refund of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineRefund {
    /// The line's id in its order.
    pub line_id: LineId,
    /// The amount.
    pub amount: Money,
}

/// The fee for giving the seat of a line back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineFee {
    /// The line's id in its order.
    pub line_id: LineId,
    /// The fee. 0 for none.
    pub fee: Money,
}

impl Order {
    /// The refunds for `units`, after those that were cancelled or returned before.
    pub fn refunds_of(&self, units: &[LineQuantity]) -> Vec<LineRefund> {
        let refunds = units.iter().filter_map(|unit| {
            let line = self.lines.iter().find(|line| line.line_id == unit.line_id)?;
            Some(LineRefund {
                line_id: unit.line_id,
                amount: line.refund_of(line.quantities.given_back(), unit.quantity),
            })
        });
        refunds.collect()
    }

    /// The order with `refunds` counted on its lines.
    ///
    /// # Errors
    /// [`Rejected::RefundTooLarge`] when more would be refunded of a line than it costs, [`Rejected::LineInvalid`] for a
    /// line that it does not have.
    pub fn with_refunds(&self, refunds: &[LineRefund]) -> Result<Self, Rejected> {
        let mut next = self.clone();
        for refund in refunds {
            let line = next.lines.iter_mut().find(|line| line.line_id == refund.line_id);
            let line = line.ok_or(Rejected::LineInvalid(refund.line_id))?;
            let before = line.refunded.unwrap_or(Money::zero(line.total.currency()));
            let left = line.total.saturating_sub(before);
            if refund.amount.amount() > left.amount() {
                return Err(Rejected::RefundTooLarge(refund.line_id, left));
            }
            line.refunded = Some(before.plus(refund.amount)?).filter(|sum| sum.amount() > 0);
        }
        Ok(next)
    }
}

impl Order {
    /// Whether the fee for giving a seat back is kept of one of its lines.
    pub fn keeps_fees(&self) -> bool {
        self.lines.iter().any(|line| line.cancellation_fee.is_some())
    }

    /// The order with `fees` kept of its lines.
    #[must_use]
    pub fn with_fees(mut self, fees: &[LineFee]) -> Self {
        for line in &mut self.lines {
            let fee = fees.iter().find(|fee| fee.line_id == line.line_id);
            line.cancellation_fee = fee
                .map(|fee| fee.fee)
                .filter(|fee| fee.amount() > 0)
                .or(line.cancellation_fee);
        }
        self
    }
}

/// Takes the fees of their lines off `refunds`, and reduces each fee to what can be taken: no more is kept than would be refunded.
pub fn deduct(refunds: &mut [LineRefund], fees: &mut [LineFee]) {
    for fee in fees {
        let refund = refunds.iter_mut().find(|refund| refund.line_id == fee.line_id);
        let available = refund
            .as_ref()
            .map_or(Money::zero(fee.fee.currency()), |refund| refund.amount);
        fee.fee = fee.fee.min(available);
        if let Some(refund) = refund {
            refund.amount = refund.amount.saturating_sub(fee.fee);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::{OrderStatus, Quantities, Step, example};
    use iso_currency::Currency;
    use proptest::prelude::*;

    fn won(amount: u64) -> Money {
        Money::new(amount, Currency::KRW).unwrap()
    }

    fn order(quantity: u32, total: u64) -> Order {
        let mut order = example::order(OrderStatus::Paid, 0);
        let line = &mut order.lines[0];
        (line.quantity, line.quantities, line.total) = (quantity, Quantities::of(quantity), won(total));
        order
    }

    #[test]
    fn no_more_is_refunded_of_a_line_than_it_costs() {
        let order = order(2, 1001);
        let line_id = order.lines[0].line_id;
        let refund = |amount| {
            [LineRefund {
                line_id,
                amount: won(amount),
            }]
        };
        let refunded = order.with_refunds(&refund(1000)).unwrap();
        assert_eq!(refunded.lines[0].refunded, Some(won(1000)));
        assert_eq!(
            refunded.with_refunds(&refund(2)),
            Err(Rejected::RefundTooLarge(line_id, won(1)))
        );
        assert!(refunded.with_refunds(&refund(1)).is_ok());
    }

    #[test]
    fn a_fee_is_kept_of_its_line_alone() {
        let mut order = example::order(OrderStatus::Paid, 1000);
        let mut second = order.lines[0].clone();
        second.line_id = crate::orders::LineId::all().nth(1).unwrap();
        order.lines.push(second);
        let [first, second] = [0, 1].map(|nth| order.lines[nth].line_id);
        let mut fees = [
            LineFee {
                line_id: first,
                fee: won(300),
            },
            LineFee {
                line_id: second,
                fee: won(0),
            },
        ];
        let mut refunds = [first, second].map(|line_id| LineRefund {
            line_id,
            amount: won(1000),
        });
        deduct(&mut refunds, &mut fees);
        assert_eq!(refunds.map(|refund| refund.amount), [won(700), won(1000)]);
        let kept: Vec<_> = order
            .with_fees(&fees)
            .lines
            .iter()
            .map(|line| line.cancellation_fee)
            .collect();
        assert_eq!(kept, [Some(won(300)), None]);
    }

    #[test]
    fn no_more_is_kept_as_a_fee_than_would_be_refunded() {
        let order = example::order(OrderStatus::Paid, 1000);
        let line_id = order.lines[0].line_id;
        let left = |limit: u64, fee: u64| {
            let mut refunds = [LineRefund {
                line_id,
                amount: won(limit),
            }];
            let mut fees = [LineFee { line_id, fee: won(fee) }];
            deduct(&mut refunds, &mut fees);
            (refunds[0].amount, fees[0].fee)
        };
        assert_eq!(left(800, 100), (won(700), won(100)), "a part was refunded before");
        assert_eq!(left(50, 100), (won(0), won(50)));
        assert_eq!(left(0, 100), (won(0), won(0)), "nothing is kept");
    }

    proptest! {
        #[test]
        fn cancelled_units_in_any_parts_are_refunded_what_their_line_costs(
            total in 0..1_000_000u64, parts in prop::collection::vec(1..=9u32, 1..=20),
        ) {
            let mut order = order(parts.iter().sum(), total);
            for quantity in parts {
                let units = [LineQuantity { line_id: order.lines[0].line_id, quantity }];
                let refunds = order.refunds_of(&units);
                order = order.after(Step::Cancel, &units).unwrap().with_refunds(&refunds).unwrap();
            }
            prop_assert_eq!(order.lines[0].refunded.unwrap_or(won(0)), won(total));
        }
    }
}
