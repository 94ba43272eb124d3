//! Runs for each `OrderPaid`: credits the points that the order bought, once. Runs for each `PaymentRefunded` of a whole
//! payment: takes the points of its order back unless they are spent or held.
//!
//! Cancelling an order records that its points were taken back. If `OrderPaid` is delivered after that, nothing is
//! credited.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::Error;
use shared::auctions::{Credit, CreditStatus, Points, PointsEvent, WalletStore};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::core::event::Envelope;
use shared::orders::{Order, OrderStatus, OrderStore};
use shared::payments::{Payment, PaymentStatus};

/// The function's stores.
#[derive(Debug)]
pub struct CreditPoints {
    /// Wallets.
    pub wallets: WalletStore,
    /// Orders.
    pub orders: OrderStore,
}

impl CreditPoints {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            wallets: WalletStore::new(platform)?,
            orders: OrderStore::new(platform)?,
        })
    }
}

const READING: &str = "read an event";

/// `OrderPaid` or `PaymentRefunded`, as EventBridge delivers it.
pub type OrderOrPayment = EventBridgeEvent<Value>;

/// Credits the points of an order, or takes them back.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
pub async fn handle(function: &CreditPoints, event: OrderOrPayment, invocation: Invocation) -> Result<(), Error> {
    match event.detail_type.as_str() {
        "OrderPaid" => credit(function, &data_of(event.detail)?, &invocation).await,
        "PaymentRefunded" => {
            let payment: Payment = data_of(event.detail)?;
            // A partial refund takes no points back.
            if payment.status != PaymentStatus::Refunded {
                return Ok(());
            }
            take_back(function, &payment, &invocation).await
        }
        other => Err(Error::internal(READING, format!("unexpected event type {other}"))),
    }
}

fn data_of<T: DeserializeOwned>(detail: Value) -> Result<T, Error> {
    let envelope: Envelope<T> = serde_json::from_value(detail).map_err(|error| Error::internal(READING, error))?;
    Ok(envelope.data)
}

async fn credit(function: &CreditPoints, order: &Order, invocation: &Invocation) -> Result<(), Error> {
    let Some(credit) = Credit::of(order, CreditStatus::Credited, invocation.now) else {
        return Ok(());
    };
    let event = invocation.record(&PointsEvent::PointsCredited(credit.clone()))?;
    let entry_id = invocation.stamp().event_id;
    let credited = function
        .wallets
        .credit(&credit, event, entry_id, invocation.deadline)
        .await?;
    tracing::info!(order_id = %order.order_id, points = %credit.points, ?credited, "points credited");
    Ok(())
}

/// Takes back the points of an order whose whole payment was refunded without cancelling the order.
///
/// If `OrderPaid` has not been delivered yet, records the credit as taken back, so that it is never made.
async fn take_back(function: &CreditPoints, refunded: &Payment, invocation: &Invocation) -> Result<(), Error> {
    let order_id = refunded.order_id;
    let order = function.orders.get(order_id, invocation.deadline).await?;
    let is_paid_by_it = order.is_some_and(|stored| {
        stored.order.status == OrderStatus::Paid && stored.order.payment_id == Some(refunded.payment_id)
    });
    if !is_paid_by_it {
        // The refunded payment did not pay the order: it was late or a duplicate.
        return Ok(());
    }
    let known = function.wallets.credit_of(order_id, invocation.deadline).await?;
    let taken = Credit {
        order_id,
        customer_id: refunded.customer_id.clone(),
        points: known.map_or(Points::ZERO, |known| known.points),
        status: CreditStatus::TakenBack,
        credited_at: invocation.now,
    };
    let event = invocation.record(&PointsEvent::PointsTakenBack(taken.clone()))?;
    let entry_id = invocation.stamp().event_id;
    let wallets = &function.wallets;
    if !wallets.take_back(&taken, event, entry_id, invocation.deadline).await? {
        tracing::error!(%order_id, points = %taken.points, "the points of a refunded order are spent or held");
    }
    Ok(())
}
