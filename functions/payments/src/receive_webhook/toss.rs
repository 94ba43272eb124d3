//! Toss Payments' webhooks. They are unsigned, so each only causes a query of Toss's API.

use serde_json::Value;
use shared::Error;
use shared::aws::lambda::{Invocation, http};
use shared::core::actor::Actor;
use shared::core::error::{self, Rejection};
use shared::core::id::PaymentId;
use shared::core::signature;
use shared::orders::{OrderId, StoredOrder};
use shared::payments::provider::BillingKey;
use shared::payments::reason;
use shared::payments::{BillingKeyDeletion, BillingKeyEvent, Payment, PaymentStatus, Provider, StoredPayment};
use uuid::Uuid;

use super::{Outcome, ReceiveWebhook};

/// The maximum length of a payment key or billing key, in bytes.
const MAX_KEY: usize = 200;

/// Processes a message.
pub async fn receive(function: &ReceiveWebhook, body: &[u8], invocation: &Invocation) -> Result<Outcome, Error> {
    let message: Value = http::parse(body)?;
    match message["eventType"].as_str() {
        Some("PAYMENT_STATUS_CHANGED") => changed(function, &message["data"], invocation).await,
        Some("BILLING_DELETED") => billing_deleted(function, &message["data"], invocation).await,
        // A deposit message is flat and has no type.
        None if message["secret"].is_string() => deposited(function, &message, invocation).await,
        _ => Ok(Outcome::Ignored),
    }
}

/// Queries the payment. Uses only the ids of the message.
async fn changed(function: &ReceiveWebhook, hint: &Value, invocation: &Invocation) -> Result<Outcome, Error> {
    let order_id = hint["orderId"].as_str().and_then(|id| Uuid::parse_str(id).ok());
    let key = hint["paymentKey"]
        .as_str()
        .filter(|key| (1..=MAX_KEY).contains(&key.len()));
    let (Some(order_id), Some(key)) = (order_id, key) else {
        return Ok(Outcome::Ignored);
    };
    // A sender must know an order's id to cause a query.
    let order = order(function, OrderId(order_id), invocation).await?;
    let id = PaymentId::of(Provider::Toss, key);
    let payments = &function.service.order_payments.payments;
    let stored = payments.get(id, invocation.deadline).await?.unwrap_or_else(|| {
        let payment = Payment::new(
            Provider::Toss,
            key.to_owned(),
            order.order.order_id,
            order.order.customer_id.clone(),
            order.order.totals.total,
            invocation.now,
        );
        StoredPayment::unsaved(payment, order.order.expires_at)
    });
    let recorded = function.service.refresh_with(&stored, |_| Ok(()), invocation).await?;
    Ok(Outcome::of(&recorded))
}

/// Queries the payment after a deposit message. The message must contain the secret of the deposit account.
///
/// If the customer has started another payment since, the reconciler finds the deposit within an hour.
async fn deposited(function: &ReceiveWebhook, message: &Value, invocation: &Invocation) -> Result<Outcome, Error> {
    let Some(order_id) = message["orderId"].as_str().and_then(|id| Uuid::parse_str(id).ok()) else {
        return Ok(Outcome::Ignored);
    };
    let order = order(function, OrderId(order_id), invocation).await?;
    let payments = &function.service.order_payments.payments;
    let stored = match order.order.payment_id {
        Some(id) => payments.get(id, invocation.deadline).await?,
        None => None,
    };
    let secret = message["secret"].as_str().unwrap_or_default();
    let stored = stored.filter(|stored| {
        let expected = stored.deposit_secret.as_deref();
        expected.is_some_and(|expected| signature::constant_time_eq(expected.as_bytes(), secret.as_bytes()))
    });
    let stored = stored.ok_or_else(|| {
        Rejection::new(
            &error::INVALID_SIGNATURE,
            "The secret is not that of a deposit for this order.",
        )
    })?;
    let refreshed = function.service.refresh_from_provider(&stored, invocation).await?;
    tracing::info!(
        awaiting = refreshed.payment.status == PaymentStatus::AwaitingDeposit,
        "deposit webhook processed"
    );
    Ok(Outcome::Entered)
}

/// Publishes the report of a deleted billing key for the billing domain.
async fn billing_deleted(function: &ReceiveWebhook, hint: &Value, invocation: &Invocation) -> Result<Outcome, Error> {
    let key = hint["billingKey"].as_str();
    let Some(key) = key.filter(|key| (1..=MAX_KEY).contains(&key.len())) else {
        return Ok(Outcome::Ignored);
    };
    let event = BillingKeyEvent::BillingKeyDeleted(BillingKeyDeletion {
        provider: Provider::Toss,
        key_id: BillingKey::id_of(Provider::Toss, key),
        reported_at: invocation.now,
    });
    // The message is not signed, so this function says it, and not Toss.
    let invocation = invocation.by(Actor::function("receive-webhook"));
    let record = invocation.record(&event)?;
    function.bus.publish_one(&record, invocation.deadline).await?;
    Ok(Outcome::Forwarded)
}

async fn order(function: &ReceiveWebhook, id: OrderId, invocation: &Invocation) -> Result<StoredOrder, Error> {
    let order = function
        .service
        .order_payments
        .orders
        .get(id, invocation.deadline)
        .await?;
    order.ok_or_else(|| Rejection::new(&reason::UNKNOWN_ORDER, format!("There is no order {id} yet.")).into())
}
