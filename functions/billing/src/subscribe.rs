//! `POST /subscriptions` brings what a customer wants again and again, and their agreement to be charged for it; it leaves
//! a subscription whose first period is billed when it falls due.
//!
//! The provider's key to the card is issued once, also when the function crashes before it is written down: the provider
//! is asked under a key derived from the request's own, and tells the same one again.

use crate::charge_service::{BillingKeys, ChargeQueue};
use crate::event::BillingEvent;
use crate::store::{StoredSubscription, SubscriptionStore, SubscriptionWrite};
use crate::subscription::{Policy, Rejected, Subscription, SubscriptionStatus};
use jiff::{SignedDuration, Timestamp};
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
use shared::core::calendar::Schedule;
use shared::core::id::SubscriptionId;
use shared::core::idempotency::Fingerprint;
use shared::core::money::Money;
use shared::orders;
use shared::orders::{Item, Quote, quote, sum_lines};
use shared::payments::provider::Authorization;

/// The function's tables, providers and queue.
#[derive(Debug)]
pub struct Subscribe {
    /// Subscriptions.
    pub subscriptions: SubscriptionStore,
    /// Products.
    pub catalog: CatalogStore,
    /// Providers, and what seals their keys.
    pub keys: BillingKeys,
    /// What the shop has decided.
    pub policy: Policy,
    /// Where a period that is due at once is commanded.
    pub charge_queue: ChargeQueue,
}

impl Subscribe {
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

/// How far the first date may lie ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 366);
/// How far the anchor may lie behind: as long as the longest interval.
const BEHIND: SignedDuration = SignedDuration::from_hours(24 * 366 * 3);

/// A customer's subscription.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscribeRequest {
    /// What each period brings; lines of one product are summed.
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<Item>,
    /// When periods fall due. The first one that is billed is the first on today's date or a later one.
    pub schedule: Schedule,
    /// What the customer brought back from the provider.
    pub authorization: Authorization,
    /// What a period costs today, as the customer was shown; when it is no longer right, nothing is begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expected_total: Option<Money>,
}

/// Begins a subscription
///
/// Nothing is charged by this request: the first period is charged when it falls due, within minutes if that is now, at
/// the catalog's prices of that day. The same key with the same body brings the same subscription again, as it stands now.
///
/// # Errors
/// Rejections of [`orders::Rejected`], [`Rejected`] and of the provider, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/subscriptions", operation_id = "subscribe", tag = "billing", request_body = SubscribeRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new subscription",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The subscription", body = Subscription,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request began it"))),
        (status = 400, description = "`malformed-body`, `invalid-idempotency-key`", body = Problem, content_type = "application/problem+json"),
        (status = 402, description = "`payment-refused` with `provider_code`: the card was not accepted; where it is `authentication_required`, `client_secret` lets its holder prove themselves, and the same request then passes", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`total-differs` with `total`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`: over 64 KB", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-lines`, `invalid-quantity`, `invalid-schedule`, `product-unavailable` with `sku`, `currencies-mixed`, `total-too-large`, `amount-not-taken`, `provider-not-configured`, `idempotency-key-reused`", body = Problem, content_type = "application/problem+json"),
        TokenRequired, Faults,
    )
)]
pub async fn handle(function: &Subscribe, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let body: SubscribeRequest = http::body(&request)?;
    let wanted = sum_lines(&body.items)?;
    let fingerprint = Fingerprint::of(&body).map_err(|error| Error::internal("read the subscription", error))?;
    let id = SubscriptionId(key.derive_id("subscription", &caller.customer_id));

    // A retry is answered whatever has become of prices and products since.
    if let Some(existing) = function.subscriptions.get(id, invocation.deadline).await? {
        return replay(existing, &fingerprint);
    }
    let period = first_period(&body.schedule, invocation.now)?;
    judge(function, &body, &wanted, &invocation).await?;

    let request_id = id.to_string();
    let (key, card) = function
        .keys
        .issue(&body.authorization, &request_id, id, &caller.customer_id, &invocation)
        .await?;
    let subscription = Subscription {
        subscription_id: id,
        customer_id: caller.customer_id.clone(),
        status: SubscriptionStatus::Active,
        items: wanted.into_iter().map(Item::from).collect(),
        next_period: period,
        next_at: body.schedule.nth(period),
        schedule: body.schedule,
        provider: key.provider,
        card,
        open_period: None,
        ends_with_period: false,
        needs_card: false,
        started_at: invocation.now,
        past_due_since: None,
        cancelled_at: None,
    };
    let stored = StoredSubscription {
        due_at: subscription.due_at(None, &function.policy),
        event: Some(invocation.record(&BillingEvent::SubscriptionStarted(subscription.clone()))?),
        subscription,
        key: Some(key.clone()),
        retired: vec![],
        fingerprint: fingerprint.clone(),
        version: 1,
    };
    let posting = SubscriptionWrite {
        new_key: Some(&key),
        ..SubscriptionWrite::of(&stored)
    };
    if function.subscriptions.save(&posting, invocation.deadline).await? {
        function.charge_queue.send_if_due(&stored, &invocation).await;
        return http::json(StatusCode::CREATED, &stored.subscription);
    }
    // An earlier attempt of this very call, or a twin of the request.
    let existing = function.subscriptions.get(id, invocation.deadline).await?;
    let existing = existing.ok_or_else(|| Error::unavailable("begin a subscription", "it keeps changing"))?;
    replay(existing, &fingerprint)
}

/// The first period to be billed: the first on today's date, by the clocks of the place, or a later one.
fn first_period(schedule: &Schedule, now: Timestamp) -> Result<u32, Rejected> {
    let anchor = schedule.nth(0);
    if anchor > now + AHEAD || anchor < now - BEHIND {
        return Err(Rejected::AnchorOutOfRange);
    }
    Ok(schedule.first_on_date_of(now))
}

/// What is for sale, at the total that the customer expects, and can be charged, can be subscribed to.
async fn judge(
    function: &Subscribe,
    body: &SubscribeRequest,
    wanted: &[(Sku, u32)],
    invocation: &Invocation,
) -> Result<(), Error> {
    let skus: Vec<Sku> = wanted.iter().map(|(sku, _)| sku.clone()).collect();
    let products = function.catalog.products(&skus, invocation.deadline).await?;
    let Quote { total, .. } = quote(wanted, &products)?;
    if body.expected_total.is_some_and(|expected| expected != total) {
        return Err(orders::Rejected::TotalDiffers { present: total }.into());
    }
    function
        .keys
        .providers
        .require_accepted(body.authorization.provider(), total)
}

/// The answer for a subscription that stands already: the same, as it stands now.
fn replay(existing: StoredSubscription, fingerprint: &Fingerprint) -> Result<Response, Error> {
    existing.fingerprint.require_same(fingerprint)?;
    let answer = http::json(StatusCode::CREATED, &existing.subscription)?;
    Ok(http::replayed(answer))
}
