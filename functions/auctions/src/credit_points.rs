//! Runs for each `OrderPaid`: credits the points that the order bought, once. Runs for each event of a refund: takes back
//! the refunded part of the points, or returns it when the refund failed. What is spent or held is owed.
//!
//! An event of a refund only says that the payment changed. The part is computed from the payment as it is now, so events
//! can be late, repeated and in any order.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::Error;
use shared::auctions::{Credit, CreditOutcome, CreditStatus, Points, WalletStore};
use shared::aws::Platform;
use shared::aws::backoff::Backoff;
use shared::aws::lambda::Invocation;
use shared::core::event::Envelope;
use shared::core::id::PaymentId;
use shared::orders::{Order, OrderStatus};
use shared::payments::OrderPaymentStore;

/// The function's stores.
#[derive(Debug)]
pub struct CreditPoints {
    /// Wallets.
    pub wallets: WalletStore,
    /// Orders and payments, which are only read.
    pub order_payments: OrderPaymentStore,
}

impl CreditPoints {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            wallets: WalletStore::new(platform)?,
            order_payments: OrderPaymentStore::new(platform)?,
        })
    }
}

const READING: &str = "read an event";
const REFUNDING: &str = "take back the points of a refunded order";

/// `OrderPaid`, or an event of a payment, as EventBridge delivers it.
pub type OrderOrPayment = EventBridgeEvent<Value>;

/// The field of a payment that the function reads from an event.
#[derive(Deserialize)]
struct ChangedPayment {
    payment_id: PaymentId,
}

/// Credits the points of an order, takes them back, or returns them.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`], also for points that would exceed the wallet's
/// limit: the event becomes a dead letter, which a person handles.
pub async fn handle(function: &CreditPoints, event: OrderOrPayment, invocation: Invocation) -> Result<(), Error> {
    match event.source.as_str() {
        "madang.orders" => credit(function, &data_of(event.detail)?, &invocation).await,
        "madang.payments" => {
            let changed: ChangedPayment = data_of(event.detail)?;
            apply_refunds(function, changed.payment_id, &invocation).await
        }
        other => Err(Error::internal(READING, format!("unexpected source {other}"))),
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
    let outcome = function.wallets.credit(&credit, invocation).await?;
    tracing::info!(order_id = %order.order_id, points = %credit.points, ?outcome, "points credited");
    match outcome {
        CreditOutcome::Credited | CreditOutcome::Exists(_) => Ok(()),
        CreditOutcome::Refused => Err(Error::internal(
            "credit points",
            format!(
                "the wallet would exceed its limit with the points of order {}",
                order.order_id
            ),
        )),
    }
}

/// Takes back the refunded part of the points of an order, or returns it.
///
/// If `OrderPaid` has not been delivered yet, credits the points first, unless all of them go back.
async fn apply_refunds(function: &CreditPoints, id: PaymentId, invocation: &Invocation) -> Result<(), Error> {
    let OrderPaymentStore { orders, payments, .. } = &function.order_payments;
    let mut backoff = Backoff::until(invocation.deadline);
    loop {
        let payment = payments.get(id, invocation.deadline).await?;
        let order_id = payment.map(|stored| stored.payment.order_id);
        let order_id = order_id.ok_or_else(|| Error::internal(REFUNDING, format!("there is no payment {id}")))?;
        // Read the credit before what decides about it: then a write on condition that the credit has not changed is
        // based on the newest payment that any earlier write was based on.
        let known = function.wallets.credit_of(order_id, invocation.deadline).await?;
        let (payment, order) = futures::try_join!(
            payments.get(id, invocation.deadline),
            orders.get(order_id, invocation.deadline),
        )?;
        let (Some(payment), Some(order)) = (payment, order) else {
            return Err(Error::internal(REFUNDING, format!("payment {id} has no order")));
        };
        // A cancellation takes all points back itself. Another payment of the order was late or a duplicate.
        if order.order.status != OrderStatus::Paid || order.order.payment_id != Some(id) {
            return Ok(());
        }
        let credit = match &known {
            Some(known) => known.credit.clone(),
            None => match Credit::of(&order.order, CreditStatus::Credited, invocation.now) {
                Some(credit) => credit,
                None => return Ok(()),
            },
        };
        let (refunded, amount) = (payment.payment.refunded.amount(), payment.payment.amount.amount());
        let taken_back = credit.points.share(refunded, amount);
        if known.as_ref().map_or(Points::ZERO, |known| known.credit.taken_back) == taken_back {
            return Ok(());
        }
        if known.is_none() && taken_back < credit.points {
            self::credit(function, &order.order, invocation).await?;
            continue;
        }
        let next = credit.with_taken_back(taken_back, invocation.now);
        if function.wallets.save_refunded(known.as_ref(), next, invocation).await? {
            tracing::info!(%order_id, points = %taken_back, "points taken back");
            return Ok(());
        }
        if !backoff.wait().await {
            return Err(Error::unavailable(REFUNDING, "other writers keep changing the wallet"));
        }
    }
}
