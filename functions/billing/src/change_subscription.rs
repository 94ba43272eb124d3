//! Runs for `POST /subscriptions/{subscription_id}/change`: changes the items or the card of the caller's subscription,
//! pauses or resumes it, skips a period, or revokes a cancellation.
//!
//! An existing invoice keeps its items and prices. A new card is charged at once for a declined invoice.

use crate::reason;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::{self, CatalogStore, Sku};
use shared::core::error::{self, Reason};
use shared::core::id::SubscriptionId;
use shared::core::idempotency::Fingerprint;
use shared::orders::{self, Item, quote, sum_lines};
use shared::payments::provider::Authorization;
use shared::payments::{self, Provider};
use uuid::Uuid;

use crate::charge_service::{BillingKeys, ChargeQueue};
use crate::event::BillingEvent;
use crate::invoice::{Invoice, InvoiceStatus, InvoiceTransition};
use crate::store::{
    RequestState, StoredKey, StoredSubscription, SubscriptionRequest, SubscriptionStore, SubscriptionWrite,
};
use crate::subscription::{Policy, Rejected, Subscription, SubscriptionTransition};

/// The function's stores, providers and queue.
#[derive(Debug)]
pub struct ChangeSubscription {
    /// Subscriptions and their invoices.
    pub subscriptions: SubscriptionStore,
    /// Products.
    pub catalog: CatalogStore,
    /// Issues and encrypts billing keys.
    pub keys: BillingKeys,
    /// The shop's billing policy.
    pub policy: Policy,
    /// The queue of charges.
    pub charge_queue: ChargeQueue,
}

impl ChangeSubscription {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            subscriptions: SubscriptionStore::new(platform)?,
            catalog: CatalogStore::new(platform)?,
            keys: BillingKeys::new(platform)?,
            policy: Policy::new(platform)?,
            charge_queue: ChargeQueue::new(platform)?,
        })
    }
}

/// A change of a subscription.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "change", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum ChangeSubscriptionRequest {
    /// Replaces the items, from the next period on.
    Items {
        /// The items of each period. Quantities of the same product are added up.
        #[schema(min_items = 1, max_items = 50)]
        items: Vec<Item>,
    },
    /// Pauses the subscription until it is resumed. An unpaid invoice is voided.
    Pause {},
    /// Resumes a paused subscription with the next period that falls due.
    Resume {},
    /// Skips one period.
    Skip {
        /// The period. Must be the next one.
        period: u32,
    },
    /// Replaces the card. A declined invoice is charged at once, and a `PAST_DUE` subscription becomes `ACTIVE`.
    Card {
        /// The provider's authorization to charge the card.
        authorization: Authorization,
    },
    /// Revokes a cancellation at the period's end.
    Continue {},
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &payments::reason::PAYMENT_REFUSED,
    &error::NOT_FOUND,
    &reason::SUBSCRIPTION_CLOSED,
    &reason::SUBSCRIPTION_STATUS,
    &reason::NOT_NEXT_PERIOD,
    &orders::reason::PAYMENT_UNDER_WAY,
    &orders::reason::INVALID_LINES,
    &catalog::reason::INVALID_QUANTITY,
    &catalog::reason::PRODUCT_UNAVAILABLE,
    &orders::reason::CURRENCIES_MIXED,
    &orders::reason::TOTAL_TOO_LARGE,
    &payments::reason::AMOUNT_NOT_TAKEN,
    &payments::reason::PROVIDER_NOT_CONFIGURED,
];

/// Changes a subscription
///
/// A retry with the same key and body changes nothing and returns the subscription in its current state.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/subscriptions/{subscription_id}/change", operation_id = "change-subscription", tag = "billing",
    request_body = ChangeSubscriptionRequest,
    security(("token" = [])),
    params(
        ("subscription_id" = Uuid, Path, description = "The subscription"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new change",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The changed subscription", body = Subscription,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request changed it"))),
    )
)]
pub async fn handle(
    function: &ChangeSubscription,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let id = http::path::<SubscriptionId>(&request)?;
    let body: ChangeSubscriptionRequest = http::body(&request)?;
    let fingerprint = Fingerprint::of(&(id, &body)).map_err(|error| Error::internal("read the change", error))?;
    let request_id = key.derive_id("change subscription", &caller.customer_id);
    let request = SubscriptionRequest {
        request_id,
        fingerprint,
        subscription_id: id,
        requested_at: invocation.now,
    };
    let mut issued = None;
    let mut attempts = Attempts::new("change a subscription");
    loop {
        attempts.start()?;
        let found = function
            .subscriptions
            .request_state(&request, &caller.customer_id, invocation.deadline);
        let (stored, invoice) = match found.await? {
            RequestState::New(stored, invoice) => (*stored, invoice),
            RequestState::Applied(subscription) => {
                return Ok(http::replayed(http::json(StatusCode::OK, &subscription)?));
            }
        };
        let open = invoice.as_ref().map(|invoice| &invoice.invoice);
        let change = function
            .change(&body, request_id, &stored, open, &mut issued, &invocation)
            .await?;
        let event = invocation.record(&BillingEvent::SubscriptionChanged(change.subscription.clone()))?;
        let mut replaced = stored.clone();
        if let Some(key) = &change.key {
            replaced.retired.extend(replaced.key.replace(key.clone()));
        }
        let after = change.invoice.as_ref().or(open);
        let next = replaced.next(
            change.subscription,
            after,
            Some(event),
            &function.policy,
            invocation.now,
        );
        let change_of_invoice = change.invoice.zip(invoice.as_deref());
        let invoice = change_of_invoice.map(|(after, stored)| match after.status {
            InvoiceStatus::Void => stored.voided(after, &invocation),
            _ => Ok(stored.next(after, None, invocation.now)),
        });
        let invoice = invoice.transpose()?;
        let write = SubscriptionWrite {
            request: Some(&request),
            new_key: change.key.as_ref(),
            ..SubscriptionWrite::with(&next, invoice.as_ref())
        };
        if function.subscriptions.save(&write, invocation.deadline).await? {
            function.charge_queue.send_if_due(&next, &invocation).await;
            return http::json(StatusCode::OK, &next.subscription);
        }
    }
}

/// The result of a request.
struct Change {
    subscription: Subscription,
    /// The open invoice, if it changes.
    invoice: Option<Invoice>,
    /// The billing key of a new card.
    key: Option<StoredKey>,
}

impl ChangeSubscription {
    /// Applies `body` to a subscription and its open invoice. `issued` keeps the billing key of a new card between attempts.
    async fn change(
        &self,
        body: &ChangeSubscriptionRequest,
        request_id: Uuid,
        stored: &StoredSubscription,
        open: Option<&Invoice>,
        issued: &mut Option<(StoredKey, shared::payments::provider::Card)>,
        invocation: &Invocation,
    ) -> Result<Change, Error> {
        let (before, now) = (&stored.subscription, invocation.now);
        let subscription_only = |subscription| Change {
            subscription,
            invoice: None,
            key: None,
        };
        Ok(match body {
            ChangeSubscriptionRequest::Items { items } => {
                let wanted = sum_lines(items)?;
                self.validate_items(before, &wanted, invocation).await?;
                let items = wanted.into_iter().map(Item::from).collect();
                subscription_only(before.transition(SubscriptionTransition::SetItems(items), now)?)
            }
            ChangeSubscriptionRequest::Pause {} => {
                let (subscription, invoice) =
                    before.transition_and_void(SubscriptionTransition::Pause, open, now, &self.policy)?;
                Change {
                    invoice,
                    ..subscription_only(subscription)
                }
            }
            ChangeSubscriptionRequest::Resume {} => {
                subscription_only(before.transition(SubscriptionTransition::Resume, now)?)
            }
            ChangeSubscriptionRequest::Skip { period } => {
                subscription_only(before.transition(SubscriptionTransition::Skip(*period), now)?)
            }
            ChangeSubscriptionRequest::Continue {} => {
                subscription_only(before.transition(SubscriptionTransition::EndWithPeriod(false), now)?)
            }
            ChangeSubscriptionRequest::Card { authorization } => {
                // The charge in progress must finish with its card: with another one it would be another charge.
                if open.is_some_and(|open| open.status == InvoiceStatus::Charging) {
                    return Err(Rejected::ChargeUnderWay.into());
                }
                // Checks the status before the provider issues a billing key.
                before.transition(SubscriptionTransition::RequestCard, now)?;
                self.check_takes(authorization.provider(), before, open, invocation)
                    .await?;
                let (key, card) = match issued.take() {
                    Some(issued) => issued,
                    None => {
                        let request_id = request_id.to_string();
                        let (id, customer) = (before.subscription_id, &before.customer_id);
                        self.keys
                            .issue(authorization, &request_id, id, customer, invocation)
                            .await?
                    }
                };
                *issued = Some((key.clone(), card.clone()));
                let invoice = open.and_then(|open| open.transition(InvoiceTransition::NewCard, now, &self.policy));
                Change {
                    invoice,
                    key: Some(key),
                    ..subscription_only(
                        before.transition(SubscriptionTransition::ReplaceCard(authorization.provider(), card), now)?,
                    )
                }
            }
        })
    }

    /// Checks that the items are for sale and that the provider accepts their total.
    async fn validate_items(
        &self,
        subscription: &Subscription,
        wanted: &[(Sku, u32)],
        invocation: &Invocation,
    ) -> Result<(), Error> {
        let skus: Vec<Sku> = wanted.iter().map(|(sku, _)| sku.clone()).collect();
        let products = self.catalog.products(&skus, invocation.deadline).await?;
        self.keys
            .providers
            .require_accepted(subscription.provider, quote(wanted, &products)?.total)
    }

    /// Checks that the provider of a new card accepts the amount to charge: that of the open invoice, or of the next one.
    /// Items that are not for sale now have no price to check, and do not prevent a new card.
    async fn check_takes(
        &self,
        provider: Provider,
        subscription: &Subscription,
        open: Option<&Invoice>,
        invocation: &Invocation,
    ) -> Result<(), Error> {
        if let Some(total) = open.and_then(|open| open.total) {
            return self.keys.providers.require_accepted(provider, total);
        }
        let wanted = sum_lines(&subscription.items)?;
        let skus: Vec<Sku> = wanted.iter().map(|(sku, _)| sku.clone()).collect();
        let products = self.catalog.products(&skus, invocation.deadline).await?;
        match quote(&wanted, &products) {
            Ok(quote) => self.keys.providers.require_accepted(provider, quote.total),
            Err(_) => Ok(()),
        }
    }
}
