//! Runs for `POST /subscriptions`: starts a subscription, and redeems a coupon for it. Its first period is charged when it falls due.
//!
//! The provider issues one billing key per request, even if the function crashes before it is stored: the idempotency key
//! sent to the provider is derived from the request's, so a retry gets the same billing key.

use crate::charge_service::{BillingKeys, ChargeQueue};
use crate::event::BillingEvent;
use crate::reason;
use crate::store::{StoredSubscription, SubscriptionStore, SubscriptionWrite};
use crate::subscription::{Policy, Rejected, Subscription, SubscriptionCoupon, SubscriptionStatus};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::encryption::CustomerKeyStore;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::{self, CatalogStore, Sku};
use shared::core::address::Address;
use shared::core::calendar::Schedule;
use shared::core::contact::Contact;
use shared::core::destination::Destination;
use shared::core::error::{self, Reason};
use shared::core::id::SubscriptionId;
use shared::core::idempotency::Fingerprint;
use shared::core::identity::CustomerId;
use shared::core::money::Money;
use shared::coupons::{self, CouponClaimId, NotRedeemable, Redemption};
use shared::orders::{self, DeliveryDetails, Item, Pricing, SealedDetails, ShippingMethodId, sum_lines};
use shared::payments;
use shared::payments::provider::Authorization;

/// The function's stores, providers and queue.
#[derive(Debug)]
pub struct CreateSubscription {
    /// Subscriptions.
    pub subscriptions: SubscriptionStore,
    /// Products.
    pub catalog: CatalogStore,
    /// Taxes and shipping methods.
    pub pricing: Pricing,
    /// Issues and encrypts billing keys.
    pub keys: BillingKeys,
    /// The customers' data keys.
    pub customer_keys: CustomerKeyStore,
    /// The shop's billing policy.
    pub policy: Policy,
    /// The queue of charges.
    pub charge_queue: ChargeQueue,
}

impl CreateSubscription {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            subscriptions: SubscriptionStore::with_coupons(platform)?,
            catalog: CatalogStore::new(platform)?,
            pricing: Pricing::new(platform)?,
            keys: BillingKeys::new(platform)?,
            customer_keys: CustomerKeyStore::new(platform)?,
            policy: Policy::new(platform)?,
            charge_queue: ChargeQueue::new(platform)?,
        })
    }
}

/// The greatest time between now and an anchor ahead.
const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(24 * 366);
/// The greatest age of the anchor: as long as the longest interval.
const MAX_AGO: SignedDuration = SignedDuration::from_hours(24 * 366 * 3);

/// A subscription to start.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSubscriptionRequest {
    /// The items of each period. Quantities of the same product are added up.
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<Item>,
    /// The shipping method of each period. If absent, the first one that fits. Ignored if nothing is shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping_method: Option<ShippingMethodId>,
    /// The customer's claim of a coupon, which the subscription redeems. It counts for as many charges as the coupon's `duration` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub coupon_claim_id: Option<CouponClaimId>,
    /// The dates on which periods fall due. The first billed period is the first on or after today's date.
    pub schedule: Schedule,
    /// The provider's authorization to charge the card.
    pub authorization: Authorization,
    /// The total of the first period that the customer was shown. If it differs today, the request is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expected_total: Option<Money>,
    /// The person to write to or call about the orders of the subscription. Stored encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contact: Option<Contact>,
    /// The address to which the orders of the subscription are sent. Stored encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping_address: Option<Address>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &payments::reason::PAYMENT_REFUSED,
    &orders::reason::TOTAL_DIFFERS,
    &orders::reason::INVALID_LINES,
    &catalog::reason::INVALID_QUANTITY,
    &reason::INVALID_SCHEDULE,
    &catalog::reason::PRODUCT_UNAVAILABLE,
    &orders::reason::CURRENCIES_MIXED,
    &orders::reason::TOTAL_TOO_LARGE,
    &orders::reason::SHIPPING_METHOD_UNAVAILABLE,
    &orders::reason::NOT_SHIPPABLE,
    &orders::reason::ADDRESS_MISSING,
    &coupons::reason::COUPON_NOT_FOUND,
    &coupons::reason::COUPON_EXPIRED,
    &coupons::reason::COUPON_IN_USE,
    &coupons::reason::COUPON_NOT_APPLICABLE,
    &coupons::reason::COUPON_MINIMUM_NOT_REACHED,
    &coupons::reason::COUPON_CURRENCY_DIFFERS,
    &payments::reason::AMOUNT_NOT_TAKEN,
    &payments::reason::PROVIDER_NOT_CONFIGURED,
    &error::INVALID_TEXT,
    &error::INVALID_ADDRESS,
    &error::INVALID_CONTACT,
];

/// Starts a subscription
///
/// This request charges nothing. The first period is charged when it falls due (within minutes if that is now), at the
/// catalog prices, taxes and shipping prices of that day. With `coupon_claim_id`, the subscription redeems the customer's coupon, which
/// goes back if the subscription ends before a charge was paid with it. A retry with the same key and body returns the subscription in its current state.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/subscriptions", operation_id = "create-subscription", tag = "billing",
    request_body = CreateSubscriptionRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new subscription",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The subscription", body = Subscription,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request started it"),
                ("Location" = String, description = "The subscription's path"),
            )),
    )
)]
pub async fn handle(
    function: &CreateSubscription,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let body: CreateSubscriptionRequest = http::body(&request)?;
    let wanted = sum_lines(&body.items)?;
    let details = DeliveryDetails::checked(body.contact.as_ref(), body.shipping_address.as_ref())?;
    let fingerprint = key
        .fingerprint_of(&body)
        .map_err(|error| Error::internal("read the subscription", error))?;
    let id = SubscriptionId(key.derive_id("subscription", &caller.customer_id));

    // A retry succeeds even if prices or products have changed since.
    if let Some(existing) = function.subscriptions.get(id, invocation.deadline).await? {
        return replay(existing, &fingerprint);
    }
    let period = first_period(&body.schedule, invocation.now)?;
    let destination = details.as_ref().and_then(DeliveryDetails::destination);
    let (customer, keys) = (&caller.customer_id, &function.customer_keys);
    let redemption = match body.coupon_claim_id {
        Some(claim) => Some(function.redemption(claim, customer, id, &invocation).await?),
        None => None,
    };
    let redemption = redemption.as_ref();
    validate(function, &body, &wanted, destination.clone(), redemption, &invocation).await?;

    let delivery_details = SealedDetails::seal(details.as_ref(), customer, keys, invocation.deadline).await?;
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
        shipping_method: body.shipping_method,
        destination,
        next_period: period,
        next_at: body.schedule.due_at(period),
        schedule: body.schedule,
        provider: key.provider,
        card,
        open_period: None,
        ends_with_period: false,
        ends_at: None,
        skipped: None,
        coupon: redemption.map(SubscriptionCoupon::new),
        needs_card: false,
        started_at: invocation.now,
        past_due_at: None,
        cancelled_at: None,
    };
    let stored = StoredSubscription {
        due_at: subscription.due_at(None, &function.policy),
        event: Some(invocation.record(&BillingEvent::SubscriptionStarted(subscription.clone()))?),
        subscription,
        key: Some(key.clone()),
        retired: vec![],
        delivery_details: delivery_details.as_ref().map(|fresh| fresh.details.clone()),
        fingerprint: fingerprint.clone(),
        version: 1,
        gives_back: None,
    };
    let write = SubscriptionWrite {
        new_key: Some(&key),
        key_unchanged: delivery_details.as_ref().map(|fresh| &fresh.key_unchanged),
        ..SubscriptionWrite::of(&stored)
    };
    if function.subscriptions.save(&write, invocation.deadline).await? {
        function.charge_queue.send_if_due(&stored, &invocation).await;
        return created(&stored.subscription);
    }
    // An earlier attempt of this write, or a concurrent retry, has created the subscription.
    if let Some(existing) = function.subscriptions.get(id, invocation.deadline).await? {
        return replay(existing, &fingerprint);
    }
    // An order or another subscription has redeemed the claim meanwhile.
    if let Some(claim) = body.coupon_claim_id {
        function.redemption(claim, customer, id, &invocation).await?;
    }
    // A retry encrypts the personal data with a new key.
    Err(Error::unavailable(
        "start a subscription",
        "the personal data of the customer were erased meanwhile, or an order had the coupon for a moment",
    ))
}

impl CreateSubscription {
    /// The redemption of a claim by the subscription `id`, if it can redeem the claim now.
    ///
    /// # Errors
    /// The refusals of [`NotRedeemable`], [`Error::Unavailable`] and [`Error::Internal`].
    async fn redemption(
        &self,
        claim: CouponClaimId,
        customer: &CustomerId,
        id: SubscriptionId,
        invocation: &Invocation,
    ) -> Result<Redemption, Error> {
        let coupons = self.subscriptions.coupons()?;
        let refused = |refused| orders::Rejected::Coupon(claim, refused);
        let found = coupons.claim(claim, invocation.deadline).await?;
        let found = found.ok_or_else(|| refused(NotRedeemable::NotFound))?;
        // A concurrent retry may have redeemed it for this subscription.
        found
            .require_redeemable(customer, &[id.0], invocation.now)
            .map_err(refused)?;
        let terms = coupons.terms(found.coupon_id, invocation.now, invocation.deadline);
        let coupon = terms.await?;
        if found.redeemer().is_none() {
            coupon.require_not_revoked(invocation.now).map_err(refused)?;
        }
        Ok(Redemption {
            coupon_claim_id: claim,
            coupon,
        })
    }
}

/// The first billed period: the first on or after today's date in the schedule's timezone.
fn first_period(schedule: &Schedule, now: Timestamp) -> Result<u32, Rejected> {
    let anchor = schedule.due_at(0);
    if anchor > now + MAX_AHEAD || anchor < now - MAX_AGO {
        return Err(Rejected::AnchorOutOfRange);
    }
    Ok(schedule.first_on_date_of(now))
}

/// Checks that the items are for sale at the expected total, and that the provider accepts it.
async fn validate(
    function: &CreateSubscription,
    body: &CreateSubscriptionRequest,
    wanted: &[(Sku, u32)],
    destination: Option<Destination>,
    redemption: Option<&Redemption>,
    invocation: &Invocation,
) -> Result<(), Error> {
    let skus: Vec<Sku> = wanted.iter().map(|(sku, _)| sku.clone()).collect();
    let products = function.catalog.products(&skus, invocation.deadline).await?;
    let has_address = destination.is_some();
    let delivery = function.pricing.delivery(destination, body.shipping_method.clone());
    let redemptions = redemption.cloned().into();
    let quote = function
        .pricing
        .quote_with_coupons(wanted, &products, &delivery, &redemptions, invocation.now)?;
    if quote.shipping.is_some() && !has_address {
        return Err(orders::Rejected::AddressMissing.into());
    }
    let total = quote.totals.total;
    if body.expected_total.is_some_and(|expected| expected != total) {
        return Err(orders::Rejected::TotalDiffers { present: total }.into());
    }
    function
        .keys
        .providers
        .require_accepted(body.authorization.provider(), total)
}

fn created(subscription: &Subscription) -> Result<Response, Error> {
    http::created(
        &format!("/subscriptions/{}", subscription.subscription_id),
        subscription,
    )
}

/// The response to a retry: the subscription in its current state.
fn replay(existing: StoredSubscription, fingerprint: &Fingerprint) -> Result<Response, Error> {
    existing.fingerprint.require_same(fingerprint)?;
    created(&existing.subscription).map(http::replayed)
}
