//! Runs for each `OrderPaid`: credits the points that the order bought, once. Runs for each event of a payment that can
//! return money to the customer or to the shop, and for `ReturnRefunded`: takes back the points of the returned part, or gives
//! them back when a refund failed or the bank returned the money. What is spent or held is owed.
//!
//! An event of a payment only says that the payment changed. The part is computed from the payment as it is now, so
//! events can be late, repeated and in any order.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::Error;
use shared::auctions::{Credit, CreditOutcome, CreditStatus, WalletStore};
use shared::aws::Platform;
use shared::aws::backoff::Backoff;
use shared::aws::lambda::Invocation;
use shared::core::event::Envelope;
use shared::core::id::PaymentId;
use shared::orders::{Order, OrderId, OrderStatus};
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
const TAKING_BACK: &str = "take back the points of an order";

/// `OrderPaid`, `ReturnRefunded`, or an event of a payment, as EventBridge delivers it.
pub type OrderOrPayment = EventBridgeEvent<Value>;

/// The fields of a payment that the function reads from an event. They never change.
#[derive(Deserialize)]
struct ChangedPayment {
    payment_id: PaymentId,
    order_id: OrderId,
}

/// The fields of a refunded return that the function reads from an event.
#[derive(Deserialize)]
struct RefundedReturn {
    order_id: OrderId,
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
            let ChangedPayment { payment_id, order_id } = data_of(event.detail)?;
            take_back(function, order_id, Some(payment_id), &invocation).await
        }
        "madang.fulfillment" => {
            let RefundedReturn { order_id } = data_of(event.detail)?;
            let order = function
                .order_payments
                .orders
                .get(order_id, invocation.deadline)
                .await?;
            // An order that cost nothing has no payment.
            let payment_id = order.and_then(|stored| stored.order.payment_id);
            take_back(function, order_id, payment_id, &invocation).await
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

/// Takes back the points of returned units, and of the part of the payment that the customer has back, or returns them.
///
/// If `OrderPaid` has not been delivered yet, credits the points first, unless all of them go back.
async fn take_back(
    function: &CreditPoints,
    order_id: OrderId,
    payment_id: Option<PaymentId>,
    invocation: &Invocation,
) -> Result<(), Error> {
    let OrderPaymentStore { orders, payments, .. } = &function.order_payments;
    let incomplete = || Error::internal(TAKING_BACK, format!("order {order_id} or its payment does not exist"));
    let order = orders.get(order_id, invocation.deadline).await?;
    let order = order.ok_or_else(incomplete)?.order;
    // Most orders buy no points, which never changes.
    let Some(uncredited) = Credit::of(&order, CreditStatus::Credited, invocation.now) else {
        return Ok(());
    };
    let mut backoff = Backoff::until(invocation.deadline);
    loop {
        // Read the credit before what decides about it: then a write on condition that the credit has not changed is
        // based on the newest payment that any earlier write was based on.
        let known = function.wallets.credit_of(order_id, invocation.deadline).await?;
        let payment = async {
            match payment_id {
                Some(payment_id) => payments.get(payment_id, invocation.deadline).await,
                None => Ok(None),
            }
        };
        let (payment, order) = futures::try_join!(payment, orders.get(order_id, invocation.deadline))?;
        let order = order.ok_or_else(incomplete)?;
        // A cancellation takes all points back itself. Another payment of the order was late or a duplicate.
        if order.order.status != OrderStatus::Paid || order.order.payment_id != payment_id {
            return Ok(());
        }
        if payment_id.is_some() && payment.is_none() {
            return Err(incomplete());
        }
        let credit = known.as_ref().map_or(&uncredited, |known| &known.credit);
        let taken_back = credit.to_take_back(&order.order, payment.as_ref().map(|stored| &stored.payment));
        if credit.taken_back == taken_back {
            return Ok(());
        }
        if known.is_none() && taken_back < credit.points {
            self::credit(function, &order.order, invocation).await?;
            continue;
        }
        let next = credit.with_taken_back(taken_back, invocation.now);
        if function
            .wallets
            .save_taken_back(known.as_ref(), next, invocation)
            .await?
        {
            tracing::info!(%order_id, points = %taken_back, "points taken back");
            return Ok(());
        }
        if !backoff.wait().await {
            return Err(Error::unavailable(
                TAKING_BACK,
                "other writers keep changing the wallet",
            ));
        }
    }
}
