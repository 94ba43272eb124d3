//! Toss Payments' messages: unsigned, so each is only a reason to ask.

use serde_json::Value;
use shared::Error;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http;
use shared::billing::BillingEvent;
use shared::billing::{Step, SubscriptionStatus};
use shared::billing::{StoredSubscription, SubscriptionWrite};
use shared::core::error;
use shared::core::error::Rejection;
use shared::core::id::PaymentId;
use shared::core::signature;
use shared::orders::OrderId;
use shared::orders::StoredOrder;
use shared::payments::StoredPayment;
use shared::payments::provider::BillingKey;
use shared::payments::{Payment, PaymentStatus, Provider};
use uuid::Uuid;

use super::{Outcome, PaymentWebhook};

/// How often what changes under our hands is read again.
const ATTEMPTS: usize = 5;
/// The longest `paymentKey`.
const MAX_KEY: usize = 200;

/// Takes a message.
pub async fn take(function: &PaymentWebhook, body: &[u8], invocation: &Invocation) -> Result<Outcome, Error> {
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
        let whose = (order.order.order_id, order.order.customer_id.clone());
        let payment = Payment::new(Provider::Toss, key.to_owned(), whose, order.order.total, invocation.now);
        StoredPayment::unsaved(payment, order.order.expires_at)
    });
    function.service.look(&stored, invocation).await?;
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
        secret.is_some_and(|secret| signature::equal(secret.as_bytes(), told.as_bytes()))
    });
    let stored = stored.ok_or_else(|| {
        Rejection::new(
            &error::INVALID_SIGNATURE,
            "The secret is not that of a deposit for this order.",
        )
    })?;
    let looked = function.service.look(&stored, invocation).await?;
    tracing::info!(
        awaiting = looked.payment.status == PaymentStatus::AwaitingDeposit,
        "a deposit was told of"
    );
    Ok(Outcome::Entered)
}

/// The card of a subscription is gone, as they say: its customer is asked for a new one.
///
/// There is nothing to look it up by. But whoever names a billing key knows it, and it is charged all the same when it
/// is due: what that then comes to is what counts.
async fn billing_deleted(function: &PaymentWebhook, hint: &Value, invocation: &Invocation) -> Result<Outcome, Error> {
    let subscriptions = &function.subscriptions;
    let Some(key) = hint["billingKey"].as_str() else {
        return Ok(Outcome::Ignored);
    };
    let key_id = BillingKey::id_of(Provider::Toss, key);
    for _ in 0..ATTEMPTS {
        let owner = match subscriptions.of_key(key_id, invocation.deadline).await? {
            Some(id) => subscriptions.get(id, invocation.deadline).await?,
            None => None,
        };
        // We too delete keys, of subscriptions that are over and of cards that were replaced.
        let is_charged = |stored: &StoredSubscription| stored.key.as_ref().is_some_and(|key| key.key_id == key_id);
        let Some(stored) = owner.filter(is_charged) else {
            return Ok(Outcome::Ignored);
        };
        // Of one that is over the last charge may be under way still; nobody is asked for a card.
        if stored.subscription.status == SubscriptionStatus::Cancelled {
            return Ok(Outcome::Ignored);
        }
        if stored.subscription.needs_card {
            return Ok(Outcome::Entered);
        }
        let asking = stored.subscription.after(Step::AskForCard, invocation.now)?;
        let event = invocation.record(&BillingEvent::SubscriptionChanged(asking.clone()))?;
        let next = stored.noted(asking, event);
        if subscriptions
            .save(&SubscriptionWrite::of(&next), invocation.deadline)
            .await?
        {
            return Ok(Outcome::Entered);
        }
    }
    Err(Error::unavailable("take a message", "the subscription keeps changing"))
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
