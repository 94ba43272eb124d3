//! The customer's changes of a subscription: each takes effect once under its idempotency key, with its event.
//!
//! All of them share their keys: a key of a pause cannot be used for a skip.

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::Error;
use shared::core::id::SubscriptionId;
use shared::core::identity::CustomerId;
use shared::orders::FreshDetails;

use crate::event::BillingEvent;
use crate::invoice::{Invoice, InvoiceStatus};
use crate::store::{
    RequestState, StoredKey, StoredSubscription, SubscriptionRequest, SubscriptionStore, SubscriptionWrite,
};
use crate::subscription::{Policy, Subscription, SubscriptionTransition};

/// The result of a change of a subscription.
#[derive(Debug)]
pub struct Change {
    /// The subscription after the change.
    pub subscription: Subscription,
    /// The open invoice, if it changes.
    pub invoice: Option<Invoice>,
    /// The billing key of a new card.
    pub key: Option<StoredKey>,
    /// The delivery details from the next order on, encrypted. `None` if they stay.
    pub delivery_details: Option<FreshDetails>,
}

impl Change {
    /// Changes the subscription only.
    pub const fn of(subscription: Subscription) -> Self {
        Self {
            subscription,
            invoice: None,
            key: None,
            delivery_details: None,
        }
    }
}

/// A customer's request to change a subscription.
#[derive(Debug)]
pub struct ChangeRequest {
    /// The customer.
    pub customer: CustomerId,
    /// The record of the request, which is saved with the change.
    pub request: SubscriptionRequest,
}

impl ChangeRequest {
    /// Reads the request of `operation` with `body`, which is `()` for none.
    ///
    /// # Errors
    /// `unauthenticated`, `invalid-idempotency-key`, `not-found`, and [`Error::Internal`].
    pub fn of(
        request: &Request,
        operation: &str,
        body: &impl Serialize,
        invocation: &Invocation,
    ) -> Result<Self, Error> {
        let customer = http::caller(request)?.customer_id;
        let key = http::idempotency_key(request)?;
        let subscription_id = http::path::<SubscriptionId>(request)?;
        let fingerprint = key
            .fingerprint_of(&(operation, subscription_id, body))
            .map_err(|error| Error::internal("read the change", error))?;
        let request = SubscriptionRequest {
            request_id: key.derive_id("change subscription", &customer),
            fingerprint,
            subscription_id,
            requested_by: invocation.actor()?.clone(),
            requested_at: invocation.now,
        };
        Ok(Self { customer, request })
    }

    /// Saves what `decide` makes of the subscription and its open invoice, unless the request was applied before, and
    /// responds with the subscription. `decide` is asked again when they have changed meanwhile. Returns what was saved too.
    ///
    /// # Errors
    /// Those of `decide`, `not-found` for another customer's subscription too, `idempotency-key-reused`,
    /// [`Error::Unavailable`], [`Error::Internal`].
    pub async fn apply(
        &self,
        subscriptions: &SubscriptionStore,
        policy: &Policy,
        invocation: &Invocation,
        mut decide: impl AsyncFnMut(&Subscription, Option<&Invoice>) -> Result<Change, Error>,
    ) -> Result<(Response, Option<StoredSubscription>), Error> {
        let mut attempts = Attempts::new("change a subscription");
        loop {
            attempts.start()?;
            let found = subscriptions.request_state(&self.request, Some(&self.customer), invocation.deadline);
            let (mut stored, invoice) = match found.await? {
                RequestState::New(stored, invoice) => (*stored, invoice),
                RequestState::Applied(subscription) => {
                    return Ok((http::replayed(http::json(StatusCode::OK, &subscription)?), None));
                }
            };
            let open = invoice.as_ref().map(|invoice| &invoice.invoice);
            let change = decide(&stored.subscription, open).await?;
            let event = invocation.record(&BillingEvent::SubscriptionChanged(change.subscription.clone()))?;
            if let Some(key) = &change.key {
                stored.retired.extend(stored.key.replace(key.clone()));
            }
            if let Some(newer) = &change.delivery_details {
                let details = stored.delivery_details.unwrap_or_default();
                stored.delivery_details = Some(details.replaced_by(newer.details.clone()));
            }
            let after = change.invoice.as_ref().or(open);
            let next = stored.next(change.subscription, after, Some(event), policy, invocation.now);
            let changed = change.invoice.zip(invoice.as_deref());
            let invoice = changed.map(|(after, stored)| match after.status {
                InvoiceStatus::Void => stored.voided(after, invocation),
                _ => Ok(stored.next(after, None, invocation.now)),
            });
            let invoice = invoice.transpose()?;
            let write = SubscriptionWrite {
                request: Some(&self.request),
                new_key: change.key.as_ref(),
                key_unchanged: change.delivery_details.as_ref().map(|fresh| &fresh.key_unchanged),
                ..SubscriptionWrite::with(&next, invoice.as_ref())
            };
            if subscriptions.save(&write, invocation.deadline).await? {
                return Ok((http::json(StatusCode::OK, &next.subscription)?, Some(next)));
            }
        }
    }

    /// Applies a transition that depends on the subscription only.
    ///
    /// # Errors
    /// Those of the transition and of [`ChangeRequest::apply`].
    pub async fn transition(
        &self,
        transition: SubscriptionTransition,
        subscriptions: &SubscriptionStore,
        policy: &Policy,
        invocation: &Invocation,
    ) -> Result<Response, Error> {
        let decide = async |before: &Subscription, _: Option<&Invoice>| {
            let subscription = before.transition(transition.clone(), invocation.now)?;
            Ok(Change::of(subscription))
        };
        Ok(self.apply(subscriptions, policy, invocation, decide).await?.0)
    }
}
