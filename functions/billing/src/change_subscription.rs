//! `POST /subscriptions/{subscription_id}/change` brings a customer's wish to have other things, a pause, one delivery
//! less, or another card charged; it leaves the subscription so.
//!
//! What has been billed stays as it was billed. A new card is charged at once for what the last one declined.

use crate::charge_service::{BillingKeys, ChargeQueue};
use crate::event::BillingEvent;
use crate::invoice::{Invoice, InvoiceStatus, Turn};
use crate::store::{
    RequestState, StoredKey, StoredSubscription, SubscriptionRequest, SubscriptionStore, SubscriptionWrite,
};
use crate::subscription::{Policy, Rejected, Step, Subscription};
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::problem::{Faults, Problem, TokenRequired};
use shared::catalog::CatalogStore;
use shared::catalog::Sku;
use shared::core::id::SubscriptionId;
use shared::core::idempotency::Fingerprint;
use shared::orders::{Item, quote, sum_lines};
use shared::payments::Provider;
use shared::payments::provider::Authorization;
use uuid::Uuid;

/// The function's tables, providers and queue.
#[derive(Debug)]
pub struct ChangeSubscription {
    /// Subscriptions and their invoices.
    pub subscriptions: SubscriptionStore,
    /// Products.
    pub catalog: CatalogStore,
    /// Providers, and what seals their keys.
    pub keys: BillingKeys,
    /// What the shop has decided.
    pub policy: Policy,
    /// Where a charge of a new card is commanded.
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

/// How often a subscription that changes under our hands is read again.
const ATTEMPTS: usize = 5;

/// A customer's change.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "change", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum ChangeSubscriptionRequest {
    /// Other things from the next period on.
    Items {
        /// What each period brings; lines of one product are summed.
        #[schema(min_items = 1, max_items = 50)]
        items: Vec<Item>,
    },
    /// Nothing until it is resumed. A period that is not paid yet is given up.
    Pause,
    /// Deliveries again, from the next date on.
    Resume,
    /// No delivery for this period.
    Skip {
        /// The period, which must be the next one.
        period: u32,
    },
    /// Another card. It is charged at once for what the last one declined; a subscription that is past due goes on.
    Card {
        /// What the customer brought back from the provider.
        authorization: Authorization,
    },
    /// No end with the period after all.
    Continue,
}

/// Changes a subscription
///
/// Asked again with the same key and body, it changes nothing again and answers how the subscription stands now.
///
/// # Errors
/// Rejections of [`Rejected`], of [`shared::orders::Rejected`] and of the provider, [`Error::Unavailable`],
/// [`Error::Internal`].
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
        (status = 200, description = "The subscription, changed", body = Subscription,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request changed it"))),
        (status = 400, description = "`malformed-body`, `invalid-idempotency-key`", body = Problem, content_type = "application/problem+json"),
        (status = 402, description = "`payment-refused` with `provider_code`: the card was not accepted", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`subscription-closed`, `subscription-status` with `subscription_status`, `not-next-period` with `next_period`, `payment-under-way`: the card is being charged", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`: over 64 KB", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-lines`, `invalid-quantity`, `product-unavailable` with `sku`, `currencies-mixed`, `total-too-large`, `amount-not-taken`, `provider-not-configured`, `idempotency-key-reused`", body = Problem, content_type = "application/problem+json"),
        TokenRequired, Faults,
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
    for _ in 0..ATTEMPTS {
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
            .change((&body, request_id), &stored, open, &mut issued, &invocation)
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
        let invoice = change_of_invoice.map(|(after, stored)| stored.next(after, None, invocation.now));
        let posting = SubscriptionWrite {
            request: Some(&request),
            new_key: change.key.as_ref(),
            ..SubscriptionWrite::with(&next, invoice.as_ref())
        };
        if function.subscriptions.save(&posting, invocation.deadline).await? {
            function.charge_queue.send_if_due(&next, &invocation).await;
            return http::json(StatusCode::OK, &next.subscription);
        }
    }
    Err(Error::unavailable("change a subscription", "it keeps changing"))
}

/// What a request comes to.
struct Change {
    subscription: Subscription,
    /// The open invoice, when that changes too.
    invoice: Option<Invoice>,
    /// The key to a new card.
    key: Option<StoredKey>,
}

impl ChangeSubscription {
    /// What `body` makes of a subscription and its open invoice. `issued` is the new card's key, once there is one.
    async fn change(
        &self,
        (body, request_id): (&ChangeSubscriptionRequest, Uuid),
        stored: &StoredSubscription,
        open: Option<&Invoice>,
        issued: &mut Option<(StoredKey, shared::payments::provider::Card)>,
        invocation: &Invocation,
    ) -> Result<Change, Error> {
        let (before, now) = (&stored.subscription, invocation.now);
        let alone = |subscription| Change {
            subscription,
            invoice: None,
            key: None,
        };
        Ok(match body {
            ChangeSubscriptionRequest::Items { items } => {
                let wanted = sum_lines(items)?;
                self.judge(before, &wanted, invocation).await?;
                let items = wanted.into_iter().map(Item::from).collect();
                alone(before.after(Step::SetItems(items), now)?)
            }
            ChangeSubscriptionRequest::Pause => {
                let (subscription, invoice) = before.giving_up(Step::Pause, open, now, &self.policy)?;
                Change {
                    invoice,
                    ..alone(subscription)
                }
            }
            ChangeSubscriptionRequest::Resume => alone(before.after(Step::Resume, now)?),
            ChangeSubscriptionRequest::Skip { period } => alone(before.after(Step::Skip(*period), now)?),
            ChangeSubscriptionRequest::Continue => alone(before.after(Step::EndWithPeriod(false), now)?),
            ChangeSubscriptionRequest::Card { authorization } => {
                // An attempt under way keeps its card to its end: with another one it would be another attempt.
                if open.is_some_and(|open| open.status == InvoiceStatus::Charging) {
                    return Err(Rejected::ChargeUnderWay.into());
                }
                // What the subscription does not allow is not asked for at the provider.
                before.after(Step::AskForCard, now)?;
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
                let invoice = open.and_then(|open| open.after(Turn::NewCard, now, &self.policy));
                Change {
                    invoice,
                    key: Some(key),
                    ..alone(before.after(Step::ReplaceCard(authorization.provider(), card), now)?)
                }
            }
        })
    }

    /// What is for sale, and can be charged, can be subscribed to.
    async fn judge(
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

    /// The provider of another card must take what is to be charged: the open invoice, or what the next one would be. What
    /// is not for sale at the moment has no price to ask about, and does not keep a customer from a new card.
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
