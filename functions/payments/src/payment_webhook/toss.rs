//! Toss Payments' messages: unsigned, so each is only a reason to ask.

use serde_json::Value;
use shared::Error;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http;
use shared::core::error;
use shared::core::error::Rejection;
use shared::core::id::PaymentId;
use shared::core::signature;
use shared::orders::OrderId;
use shared::orders::StoredOrder;
use shared::payments::StoredPayment;
use shared::payments::provider::BillingKey;
use shared::payments::{BillingKeyDeletion, BillingKeyEvent, Payment, PaymentStatus, Provider};
use uuid::Uuid;

use super::{Outcome, PaymentWebhook};

/// The longest key of a payment or a card.
const MAX_KEY: usize = 200;

/// Takes a message.
pub async fn receive(function: &PaymentWebhook, body: &[u8], invocation: &Invocation) -> Result<Outcome, Error> {
    let message: Value = http::parse(body)?;
    match message["eventType"].as_str() {
        Some("PAYMENT_STATUS_CHANGED") => changed(function, &message["data"], invocation).await,
        Some("BILLING_DELETED") => billing_deleted(function, &message["data"], invocation).await,
        // A deposit's message is flat, and has no type.
        None if message["secret"].is_string() => deposited(function, &message, invocation).await,
        _ => Ok(Outcome::Ignored),
    }
}

/// The payment is asked for; of the message only its names are used.
async fn changed(function: &PaymentWebhook, hint: &Value, invocation: &Invocation) -> Result<Outcome, Error> {
    let order_id = hint["orderId"].as_str().and_then(|id| Uuid::parse_str(id).ok());
    let key = hint["paymentKey"]
        .as_str()
        .filter(|key| (1..=MAX_KEY).contains(&key.len()));
    let (Some(order_id), Some(key)) = (order_id, key) else {
        return Ok(Outcome::Ignored);
    };
    // Whoever knows no order of ours cannot make us ask.
    let order = order(function, OrderId(order_id), invocation).await?;
    let id = PaymentId::of(Provider::Toss, key);
    let payments = &function.service.order_payments.payments;
    let stored = payments.get(id, invocation.deadline).await?.unwrap_or_else(|| {
        let payment = Payment::new(
            Provider::Toss,
            key.to_owned(),
            order.order.order_id,
            order.order.customer_id.clone(),
            order.order.total,
            invocation.now,
        );
        StoredPayment::unsaved(payment, order.order.expires_at)
    });
    function.service.refresh_from_provider(&stored, invocation).await?;
    Ok(Outcome::Entered)
}

/// The message proves itself by the secret that came with the account's number, and then is a hint like the others.
///
/// When the customer has begun another payment meanwhile, the reconciler finds the deposit within the hour.
async fn deposited(function: &PaymentWebhook, message: &Value, invocation: &Invocation) -> Result<Outcome, Error> {
    let Some(order_id) = message["orderId"].as_str().and_then(|id| Uuid::parse_str(id).ok()) else {
        return Ok(Outcome::Ignored);
    };
    let order = order(function, OrderId(order_id), invocation).await?;
    let payments = &function.service.order_payments.payments;
    let stored = match order.order.payment_id {
        Some(id) => payments.get(id, invocation.deadline).await?,
        None => None,
    };
    let told = message["secret"].as_str().unwrap_or_default();
    let stored = stored.filter(|stored| {
        let secret = stored.deposit_secret.as_deref();
        secret.is_some_and(|secret| signature::constant_time_eq(secret.as_bytes(), told.as_bytes()))
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
        "a deposit was told of"
    );
    Ok(Outcome::Entered)
}

/// Forwards the report that a billing key was deleted: subscriptions are another domain's.
async fn billing_deleted(function: &PaymentWebhook, hint: &Value, invocation: &Invocation) -> Result<Outcome, Error> {
    let key = hint["billingKey"].as_str();
    let Some(key) = key.filter(|key| (1..=MAX_KEY).contains(&key.len())) else {
        return Ok(Outcome::Ignored);
    };
    let event = BillingKeyEvent::BillingKeyDeleted(BillingKeyDeletion {
        provider: Provider::Toss,
        key_id: BillingKey::id_of(Provider::Toss, key),
        reported_at: invocation.now,
    });
    let record = invocation.record(&event)?;
    function.bus.publish_one(&record, invocation.deadline).await?;
    Ok(Outcome::Forwarded)
}

async fn order(function: &PaymentWebhook, id: OrderId, invocation: &Invocation) -> Result<StoredOrder, Error> {
    let order = function
        .service
        .order_payments
        .orders
        .get(id, invocation.deadline)
        .await?;
    order.ok_or_else(|| Rejection::new(&error::UNKNOWN_ORDER, format!("There is no order {id} yet.")).into())
}
