//! The changes that a cancellation would make: the order, its seats, and the refund of its payment. Nothing is written.

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
    Ending, LineFee, LineQuantity, Order, OrderEvent, OrderId, OrderStatus, RefundParts, Rejected, Step, StoredOrder,
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
    /// The refund of each line, less the fees, and of the price of the delivery.
    pub parts: RefundParts,
    /// The whole refund.
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
        let shipping_left = stored.shipping_left().map_err(Rejected::from)?;
        let mut parts = stored.order.refund_parts(&units, &cancelled, shipping_left);
        let refund_id = derive_id(&["order cancelled", &stored.order.order_id.to_string()]);
        let payment = match payment {
            None => {
                parts
                    .limit(Money::zero(parts.shipping.currency()))
                    .map_err(Rejected::from)?;
                None
            }
            // Fees that lines have paid before stay.
            Some(payment) if has_fees(&seats.fees) || stored.order.keeps_fees() => {
                let refunding =
                    with_refund_of_parts(&mut parts, stored, &payment, &mut seats.fees, refund_id, invocation)?;
                Some(payments::next(&payment, refunding, None, invocation)?)
            }
            Some(payment) => {
                parts.limit(payment.payment.refundable()).map_err(Rejected::from)?;
                let refunding = payment
                    .payment
                    .with_cancelled_order(refund_id, invocation.actor()?, invocation.now);
                let refunding = match refunding {
                    // The payment is saved unchanged: a concurrent report that brings money back then reads the cancelled order.
                    Err(PaymentRejected::NothingToRefund) => payment.payment.clone(),
                    refunding => refunding?,
                };
                Some(payments::next(&payment, refunding, None, invocation)?)
            }
        };
        let order = cancelled.with_refunds(&parts.lines)?.with_fees(&seats.fees);
        Ok(CancellationPlan {
            // The time may have passed while the order had them, and the customer did not ask for this.
            coupons_until: (ending == Ending::CancelByShop).then(|| invocation.now + CouponClaim::TIME_AFTER_RETURN),
            event: OrderEvent::OrderCancelled(order.clone()),
            refund: refund_of(&order, payment.as_ref(), refund_id),
            order,
            payment,
            seats,
            parts,
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
        let shipping_left = stored.shipping_left().map_err(Rejected::from)?;
        let mut parts = stored.order.refund_parts(units, &cancelled, shipping_left);
        let payment = match payment {
            None => {
                parts
                    .limit(Money::zero(parts.shipping.currency()))
                    .map_err(Rejected::from)?;
                None
            }
            Some(payment) => {
                let refunding =
                    with_refund_of_parts(&mut parts, stored, &payment, &mut seats.fees, request_id, invocation)?;
                let event = refunding.refund(request_id).map(|_| PaymentEventKind::RefundRequested);
                Some(payments::next(&payment, refunding, event, invocation)?)
            }
        };
        let order = cancelled.with_refunds(&parts.lines)?.with_fees(&seats.fees);
        Ok(CancellationPlan {
            coupons_until: None,
            event: OrderEvent::OrderLinesCancelled(order.clone()),
            refund: refund_of(&order, payment.as_ref(), request_id),
            order,
            payment,
            seats,
            parts,
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
        order.was_shipped() || !is_whole
    })
}

fn has_fees(fees: &[LineFee]) -> bool {
    fees.iter().any(|fee| fee.fee.amount() > 0)
}

/// The payment with the refund of `parts`, which are reduced by the fees and to what is kept. Without it if nothing is refunded.
fn with_refund_of_parts(
    parts: &mut RefundParts,
    stored: &StoredOrder,
    payment: &StoredPayment,
    fees: &mut [LineFee],
    refund_id: Uuid,
    invocation: &Invocation,
) -> Result<payments::Payment, Error> {
    let payment = &payment.payment;
    payment.require_refundable_by_line()?;
    parts.limit(payment.refundable()).map_err(Rejected::from)?;
    line_refund::deduct(&mut parts.lines, fees);
    let amount = parts.sum().map_err(Rejected::from)?;
    if amount.amount() == 0 {
        return Ok(payment.clone());
    }
    let (reason, by) = (RefundReason::LinesCancelled, invocation.actor()?);
    let refunding = payment.with_refund(refund_id, Some(amount), reason, None, by, invocation.now)?;
    let untaxed = parts.untaxed(&stored.order).map_err(Rejected::from)?;
    Ok(refunding.with_untaxed_part(untaxed))
}

fn refund_of(order: &Order, payment: Option<&StoredPayment>, refund_id: Uuid) -> Money {
    let refund = payment.and_then(|payment| payment.payment.refund(refund_id));
    refund.map_or(Money::zero(order.totals.total.currency()), |refund| refund.amount)
}
