//! The bus brings `OrderPaid`; it leaves the points that the order bought in its customer's wallet, once. It brings
//! `PaymentRefunded` when all of an order's money went back; then the points go too, while they are unspent.
//!
//! An order that was cancelled before its event came has left a mark that its points were taken back: they are never
//! credited then.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::Error;
use shared::auctions::PointsEvent;
use shared::auctions::WalletStore;
use shared::auctions::{Credit, CreditStatus, Points};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::core::event::Envelope;
use shared::orders::OrderStore;
use shared::orders::{Order, OrderStatus};
use shared::payments::{Payment, PaymentStatus};

/// The function's table.
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

/// The event of an order or of a payment, as the bus delivers it.
pub type OrderOrPayment = EventBridgeEvent<Value>;

/// Credits what an order bought, or takes it back.
///
/// # Errors
/// [`Error::Unavailable`] when it has to be tried again, [`Error::Internal`].
pub async fn handle(function: &CreditPoints, event: OrderOrPayment, invocation: Invocation) -> Result<(), Error> {
    match event.detail_type.as_str() {
        "OrderPaid" => credit(function, &data_of(event.detail)?, &invocation).await,
        "PaymentRefunded" => {
            let payment: Payment = data_of(event.detail)?;
            // A part of the money is no part of the points.
            if payment.status != PaymentStatus::Refunded {
                return Ok(());
            }
            take_back(function, &payment, &invocation).await
        }
        other => Err(Error::internal(READING, format!("{other} is no event for points"))),
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
    tracing::info!(order_id = %order.order_id, points = %credit.points, ?credited, "done");
    Ok(())
}

/// Whose money went back without their order being cancelled keeps no points that they have not spent.
///
/// When the event that they were paid has yet to come, a mark is left, and they are never credited.
async fn take_back(function: &CreditPoints, refunded: &Payment, invocation: &Invocation) -> Result<(), Error> {
    let order_id = refunded.order_id;
    let order = function.orders.get(order_id, invocation.deadline).await?;
    let is_paid_by_it = order.is_some_and(|stored| {
        stored.order.status == OrderStatus::Paid && stored.order.payment_id == Some(refunded.payment_id)
    });
    if !is_paid_by_it {
        // It came too late or was one too many: another one pays the order, or none.
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
