//! What a cancellation would change: the order, its seats, and the refund of its payment. Nothing is written.

use jiff::Timestamp;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::core::actor::ActorKind;
use shared::core::idempotency::derive_id;
use shared::core::identity::Caller;
use shared::core::money::Money;
use shared::coupons::CouponClaim;
use shared::orders::{
    Ending, LineFee, LineQuantity, LineRefund, Order, OrderEvent, OrderId, OrderStatus, Rejected, Step, StoredOrder,
    line_refund,
};
use shared::payments::{
    self, OrderPaymentStore, PaymentEventKind, RefundReason, Rejected as PaymentRejected, StoredPayment,
};
use uuid::Uuid;

use crate::seat_returns::{SeatReturn, SeatReturns};

/// Plans cancellations.
#[derive(Debug)]
pub struct CancellationPlans {
    /// Orders and payments.
    pub order_payments: OrderPaymentStore,
    seat_returns: SeatReturns,
}

/// The order, its seats and its payment after a cancellation.
#[derive(Debug)]
pub struct CancellationPlan {
    /// The order.
    pub order: Order,
    /// The event `OrderCancelled` or `OrderLinesCancelled`.
    pub event: OrderEvent,
    /// The payment with its refund. `None` for an order without a payment.
    pub payment: Option<StoredPayment>,
    /// The seats that are given back.
    pub seats: SeatReturn,
    /// The time until which the coupons that go back can be redeemed at least. `None` if they keep their time.
    pub coupons_until: Option<Timestamp>,
    /// What is refunded of each line.
    pub refunds: Vec<LineRefund>,
    /// What is refunded in all.
    pub refund: Money,
}

impl CancellationPlans {
    /// Plans on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            order_payments: OrderPaymentStore::new(platform)?,
            seat_returns: SeatReturns::new(platform)?,
        })
    }

    /// Reads an order that `caller` may cancel. The shop itself, without a caller, may cancel any.
    ///
    /// # Errors
    /// [`Rejected::NotFound`], [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn load(
        &self,
        order_id: OrderId,
        caller: Option<&Caller>,
        invocation: &Invocation,
    ) -> Result<StoredOrder, Error> {
        let stored = self.order_payments.orders.get(order_id, invocation.deadline);
        let may_cancel = |stored: &StoredOrder| {
            caller.is_none_or(|caller| caller.is_admin || stored.order.customer_id == caller.customer_id)
        };
        Ok(stored.await?.filter(may_cancel).ok_or(Rejected::NotFound)?)
    }

    /// The order without the units in `lines`, or cancelled as a whole.
    ///
    /// # Errors
    /// The rejections of orders and payments, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn plan(
        &self,
        stored: &StoredOrder,
        lines: Option<&[LineQuantity]>,
        request_id: Uuid,
        invocation: &Invocation,
    ) -> Result<CancellationPlan, Error> {
        match units_of(&stored.order, lines) {
            None => self.whole(stored, invocation).await,
            Some(units) => self.units(stored, units, request_id, invocation).await,
        }
    }

    async fn whole(&self, stored: &StoredOrder, invocation: &Invocation) -> Result<CancellationPlan, Error> {
        let units = stored.order.left(Step::Cancel);
        let mut seats = self.seat_returns.of(stored, &units, invocation).await?;
        let ending = match invocation.actor()?.kind {
            ActorKind::Customer if !seats.is_because_of_shop => Ending::Cancel,
            _ => Ending::CancelByShop,
        };
        let cancelled = stored.order.end(ending, invocation.now)?;
        let payment = self.paid_payment(stored, invocation).await?;
        let mut refunds = stored.order.refunds_of(&units);
        let refund_id = derive_id(&["order cancelled", &stored.order.order_id.to_string()]);
        let (order, payment) = match payment {
            None => {
                limit_to(&mut refunds, Money::zero(cancelled.totals.total.currency()))?;
                (cancelled, None)
            }
            // Fees that lines have paid before stay.
            Some(payment) if has_fees(&seats.fees) || stored.order.keeps_fees() => {
                let refunding = with_refund_of_lines(&payment, &mut refunds, &mut seats.fees, refund_id, invocation)?;
                let order = cancelled.with_refunds(&refunds)?.with_fees(&seats.fees);
                (order, Some(payments::next(&payment, refunding, None, invocation)?))
            }
            Some(payment) => {
                limit_to(&mut refunds, payment.payment.refundable())?;
                let refunding = payment
                    .payment
                    .with_cancelled_order(refund_id, invocation.actor()?, invocation.now);
                let refunding = match refunding {
                    // The payment is saved unchanged: a concurrent report that brings money back then reads the cancelled order.
                    Err(PaymentRejected::NothingToRefund) => payment.payment.clone(),
                    refunding => refunding?,
                };
                (cancelled, Some(payments::next(&payment, refunding, None, invocation)?))
            }
        };
        Ok(CancellationPlan {
            // The time may have passed while the order had them, and the customer did not ask for this.
            coupons_until: (ending == Ending::CancelByShop).then(|| invocation.now + CouponClaim::TIME_AFTER_RETURN),
            event: OrderEvent::OrderCancelled(order.clone()),
            refund: refund_of(&order, payment.as_ref(), refund_id),
            order,
            payment,
            seats,
            refunds,
        })
    }

    /// Cancels `units` of a paid order. Their refund is at most what is kept of the payment: what was refunded without a line
    /// counts, so that the customer does not get it twice.
    async fn units(
        &self,
        stored: &StoredOrder,
        units: &[LineQuantity],
        request_id: Uuid,
        invocation: &Invocation,
    ) -> Result<CancellationPlan, Error> {
        let cancelled = stored.order.after(Step::Cancel, units)?;
        let mut seats = self.seat_returns.of(stored, units, invocation).await?;
        let payment = self.paid_payment(stored, invocation).await?;
        let mut refunds = stored.order.refunds_of(units);
        let (order, payment) = match payment {
            None => (cancelled, None),
            Some(payment) => {
                let refunding = with_refund_of_lines(&payment, &mut refunds, &mut seats.fees, request_id, invocation)?;
                let event = refunding.refund(request_id).map(|_| PaymentEventKind::RefundRequested);
                let order = cancelled.with_refunds(&refunds)?.with_fees(&seats.fees);
                (order, Some(payments::next(&payment, refunding, event, invocation)?))
            }
        };
        Ok(CancellationPlan {
            coupons_until: None,
            event: OrderEvent::OrderLinesCancelled(order.clone()),
            refund: refund_of(&order, payment.as_ref(), request_id),
            order,
            payment,
            seats,
            refunds,
        })
    }

    /// The payment that paid the order, unless it is in review. `None` for an order that is not paid, or costs nothing.
    async fn paid_payment(
        &self,
        stored: &StoredOrder,
        invocation: &Invocation,
    ) -> Result<Option<StoredPayment>, Error> {
        let (OrderStatus::Paid, Some(payment_id)) = (stored.order.status, stored.order.payment_id) else {
            return Ok(None);
        };
        let payments = &self.order_payments.payments;
        let payment = payments.get(payment_id, invocation.deadline).await?;
        let payment =
            payment.ok_or_else(|| Error::internal("cancel an order", "the payment of the order does not exist"))?;
        if payment.payment.is_in_review() {
            return Err(PaymentRejected::InReview.into());
        }
        Ok(Some(payment))
    }
}

/// The units that a request cancels. `None` for the whole order, also if it names all that is left of one of which nothing is shipped.
pub fn units_of<'a>(order: &Order, lines: Option<&'a [LineQuantity]>) -> Option<&'a [LineQuantity]> {
    lines.filter(|lines| {
        let left = order.left(Step::Cancel);
        let is_whole = lines.len() == left.len() && left.iter().all(|line| lines.contains(line));
        order.is_shipped() || !is_whole
    })
}

fn has_fees(fees: &[LineFee]) -> bool {
    fees.iter().any(|fee| fee.fee.amount() > 0)
}

/// The payment with the refund of lines, less their fees. Without it if nothing is refunded.
fn with_refund_of_lines(
    payment: &StoredPayment,
    refunds: &mut [LineRefund],
    fees: &mut [LineFee],
    refund_id: Uuid,
    invocation: &Invocation,
) -> Result<payments::Payment, Error> {
    let payment = &payment.payment;
    payment.require_refundable_by_line()?;
    limit_to(refunds, payment.refundable())?;
    line_refund::deduct(refunds, fees);
    let zero = Money::zero(payment.amount.currency());
    let amount = refunds.iter().try_fold(zero, |sum, refund| sum.plus(refund.amount));
    let amount = amount.map_err(Rejected::from)?;
    if amount.amount() == 0 {
        return Ok(payment.clone());
    }
    let (reason, by) = (RefundReason::LinesCancelled, invocation.actor()?);
    Ok(payment.with_refund(refund_id, Some(amount), reason, None, by, invocation.now)?)
}

fn limit_to(refunds: &mut [LineRefund], limit: Money) -> Result<(), Rejected> {
    line_refund::limit(refunds, limit)?;
    Ok(())
}

fn refund_of(order: &Order, payment: Option<&StoredPayment>, refund_id: Uuid) -> Money {
    let refund = payment.and_then(|payment| payment.payment.refund(refund_id));
    refund.map_or(Money::zero(order.totals.total.currency()), |refund| refund.amount)
}
