//! Cancels an order or units of it: releases the stock and the seats, makes tickets void, gives the coupons back, takes the points
//! back, and requests the refund, in one transaction.

use shared::Error;
use shared::auctions::{Credit, CreditStatus, CreditWrites, Points, Rejected as PointsRejected, WalletStore};
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::transaction::Writes;
use shared::aws::lambda::Invocation;
use shared::core::actor::ActorKind;
use shared::core::idempotency::Fingerprint;
use shared::core::identity::Caller;
use shared::core::money::Money;
use shared::orders::{LineQuantity, Order, OrderId, OrderStatus, Rejected, ReservationStore, StoredOrder};
use shared::payments::{OrderCancellation, PaymentRequest};
use shared::tickets::SeatStore;
use uuid::Uuid;

use crate::cancellation_plan::{CancellationPlan, CancellationPlans, units_of};

/// Cancels orders.
#[derive(Debug)]
pub struct Cancellations {
    /// Plans each cancellation.
    pub plans: CancellationPlans,
    /// Orders with their stock and seats.
    reservations: ReservationStore,
    /// The seats that customers hold of showtimes.
    seats: SeatStore,
    /// Wallets of points.
    wallets: WalletStore,
}

/// A request to cancel an order, or units of it.
#[derive(Debug)]
pub struct CancellationRequest {
    /// The order.
    pub order_id: OrderId,
    /// The units. `None` for the whole order.
    pub lines: Option<Vec<LineQuantity>>,
    /// The refund that the customer was shown. If it differs, nothing is cancelled.
    pub expected_refund: Option<Money>,
    /// The request's id, which identifies a retry.
    pub request_id: Uuid,
    /// The request's fingerprint.
    pub fingerprint: Fingerprint,
    /// The caller. `None` when the shop itself cancels the order.
    pub caller: Option<Caller>,
}

/// An order that a request has cancelled, or some units of it.
#[derive(Debug)]
pub enum Cancelled {
    /// By this attempt.
    Now(Order),
    /// By an earlier attempt, or by another request.
    Before(Order),
}

impl Cancellations {
    /// Cancellations on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            plans: CancellationPlans::new(platform)?,
            reservations: ReservationStore::for_all_orders(platform)?,
            seats: SeatStore::new(platform)?,
            wallets: WalletStore::new(platform)?,
        })
    }

    /// Cancels an order, or units of it.
    ///
    /// # Errors
    /// The rejections of orders, payments and points, [`Error::Unavailable`], [`Error::Internal`].
    pub async fn cancel(&self, request: &CancellationRequest, invocation: &Invocation) -> Result<Cancelled, Error> {
        let (request_id, caller) = (request.request_id, request.caller.as_ref());
        let load = || self.plans.load(request.order_id, caller, invocation);
        let payments = &self.plans.order_payments.payments;
        let mut attempts = Attempts::new("cancel an order");
        loop {
            attempts.start()?;
            let stored = load().await?;
            // Read the request last: if it does not exist, the earlier read precedes any concurrent duplicate.
            if let Some(known) = payments.request(request_id, invocation.deadline).await? {
                known.fingerprint.require_same(&request.fingerprint)?;
                return Ok(Cancelled::Before(load().await?.order));
            }
            if stored.order.status == OrderStatus::Cancelled {
                return Ok(Cancelled::Before(stored.order));
            }
            let acting = caller.map(|caller| invocation.by(caller.acting_on(&stored.order.customer_id)));
            let invocation = acting.as_ref().unwrap_or(invocation);
            match self.attempt(request, &stored, invocation).await {
                Ok(Some(order)) => return Ok(Cancelled::Now(order)),
                Ok(None) => {}
                // Another attempt of this request may have changed the payment after the record was read.
                Err(rejected @ Error::Rejected(_)) => {
                    let Some(known) = payments.request(request_id, invocation.deadline).await? else {
                        return Err(rejected);
                    };
                    known.fingerprint.require_same(&request.fingerprint)?;
                    return Ok(Cancelled::Before(load().await?.order));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Cancels what was read. `None` when something has changed: read again.
    async fn attempt(
        &self,
        request: &CancellationRequest,
        stored: &StoredOrder,
        invocation: &Invocation,
    ) -> Result<Option<Order>, Error> {
        let lines = request.lines.as_deref();
        let plan = self.plans.plan(stored, lines, request.request_id, invocation).await?;
        if request.expected_refund.is_some_and(|expected| expected != plan.refund) {
            return Err(Rejected::RefundDiffers { present: plan.refund }.into());
        }
        let units = units_of(&stored.order, lines);
        let points = match units {
            None => self.take_back_points(stored, invocation).await?,
            Some(_) => self.take_back_part(stored, &plan, invocation).await?,
        };
        // A customer cannot cancel what bought points that are spent; the shop can.
        if points.owed > Points::ZERO && invocation.actor()?.kind == ActorKind::Customer {
            return Err(PointsRejected::PointsSpent.into());
        }
        let (Writes(mut writes), Writes(of_seats)) = (points.writes, plan.seats.writes);
        writes.extend(of_seats);
        for received in &plan.seats.received {
            writes.push(self.seats.pass_on_write(received)?);
        }
        let cancellation = OrderCancellation {
            stored,
            cancelled: plan.order.clone(),
            units,
            shipping: plan.parts.shipping,
            event: invocation.record(&plan.event)?,
            payment: plan.payment.as_ref(),
            request: PaymentRequest {
                request_id: request.request_id,
                fingerprint: request.fingerprint.clone(),
                payment_id: None,
                requested_by: invocation.actor()?.clone(),
                requested_at: invocation.now,
            },
            coupons_until: plan.coupons_until,
            writes: Writes(writes),
        };
        let order_payments = &self.plans.order_payments;
        let done = order_payments.cancel(&self.reservations, cancellation, invocation.deadline);
        Ok(done.await?.then_some(plan.order))
    }

    /// The writes that take back the points that a paid order bought.
    async fn take_back_points(&self, stored: &StoredOrder, invocation: &Invocation) -> Result<CreditWrites, Error> {
        let credit = Credit::of(&stored.order, CreditStatus::TakenBack, invocation.now);
        match credit.filter(|_| stored.order.status == OrderStatus::Paid) {
            Some(credit) => self.wallets.take_back_writes(&credit, invocation).await,
            None => Ok(NO_POINTS),
        }
    }

    /// The writes that take back the points of the units that the plan cancels. Credits the order's points first if that has not
    /// happened yet.
    async fn take_back_part(
        &self,
        stored: &StoredOrder,
        plan: &CancellationPlan,
        invocation: &Invocation,
    ) -> Result<CreditWrites, Error> {
        let Some(credit) = Credit::of(&stored.order, CreditStatus::Credited, invocation.now) else {
            return Ok(NO_POINTS);
        };
        let mut known = self.wallets.credit_of(credit.order_id, invocation.deadline).await?;
        if known.is_none() {
            self.wallets.credit(&credit, invocation).await?;
            known = self.wallets.credit_of(credit.order_id, invocation.deadline).await?;
        }
        let known = known.ok_or_else(|| Error::internal("take back points", "the credit was not saved"))?;
        let payment = plan.payment.as_ref().map(|payment| &payment.payment);
        let taken_back = known.credit.to_take_back(&plan.order, payment);
        self.wallets.take_back_part_writes(&known, taken_back, invocation).await
    }
}

const NO_POINTS: CreditWrites = CreditWrites {
    writes: Writes(vec![]),
    owed: Points::ZERO,
};
