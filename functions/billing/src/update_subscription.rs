//! Runs for `PATCH /subscriptions/{subscription_id}`: changes the items, the shipping method or the card of the caller's
//! subscription.
//!
//! An existing invoice keeps its items and prices. A new card is charged at once for a declined invoice.

use crate::reason;
use serde::{Deserialize, Deserializer, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::encryption::CustomerKeyStore;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::{self, CatalogStore, Sku};
use shared::core::address::Address;
use shared::core::contact::Contact;
use shared::core::destination::Destination;
use shared::core::error::{self, Reason};
use shared::orders::{
    self, DeliveryDetails, Item, Pricing, Quote, Rejected as OrderRejected, SealedDetails, ShippingMethodId, sum_lines,
};
use shared::payments::provider::{Authorization, Card};
use shared::payments::{self, Provider};
use uuid::Uuid;

use crate::charge_service::{BillingKeys, ChargeQueue};
use crate::customer_change::{Change, ChangeRequest};
use crate::invoice::{Invoice, InvoiceStatus, InvoiceTransition};
use crate::store::{StoredKey, SubscriptionStore};
use crate::subscription::{Policy, Rejected, Subscription, SubscriptionTransition};

/// The function's stores, providers and queue.
#[derive(Debug)]
pub struct UpdateSubscription {
    /// Subscriptions and their invoices.
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

impl UpdateSubscription {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            subscriptions: SubscriptionStore::new(platform)?,
            catalog: CatalogStore::new(platform)?,
            pricing: Pricing::new(platform)?,
            keys: BillingKeys::new(platform)?,
            customer_keys: CustomerKeyStore::new(platform)?,
            policy: Policy::new(platform)?,
            charge_queue: ChargeQueue::new(platform)?,
        })
    }
}

/// The changes of a subscription (RFC 7396). An absent member does not change.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateSubscriptionRequest {
    /// The items of each period, from the next one on. Quantities of the same product are added up.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(nullable = false, min_items = 1, max_items = 50)]
    pub items: Option<Vec<Item>>,
    /// The shipping method of each period, from the next one on.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(nullable = false)]
    pub shipping_method: Option<ShippingMethodId>,
    /// The provider's authorization to charge another card. A declined invoice is charged at once, and a `PAST_DUE`
    /// subscription becomes `ACTIVE`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(nullable = false)]
    pub authorization: Option<Authorization>,
    /// The person to write to or call about the orders of the subscription.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(nullable = false)]
    pub contact: Option<Contact>,
    /// The address to which the orders of the subscription are sent, from the next one on.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(nullable = false)]
    pub shipping_address: Option<Address>,
}

/// A member that can be absent, but not null: a subscription always has items and a card.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &payments::reason::PAYMENT_REFUSED,
    &error::NOT_FOUND,
    &reason::SUBSCRIPTION_CLOSED,
    &orders::reason::PAYMENT_UNDER_WAY,
    &orders::reason::INVALID_LINES,
    &catalog::reason::INVALID_QUANTITY,
    &catalog::reason::PRODUCT_UNAVAILABLE,
    &orders::reason::CURRENCIES_MIXED,
    &orders::reason::TOTAL_TOO_LARGE,
    &orders::reason::SHIPPING_METHOD_UNAVAILABLE,
    &orders::reason::NOT_SHIPPABLE,
    &orders::reason::ADDRESS_MISSING,
    &payments::reason::AMOUNT_NOT_TAKEN,
    &payments::reason::PROVIDER_NOT_CONFIGURED,
    &error::INVALID_TEXT,
    &error::INVALID_ADDRESS,
    &error::INVALID_CONTACT,
];

/// Changes the items, the shipping method or the card of a subscription
///
/// A retry with the same key and body changes nothing and returns the subscription in its current state.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    patch, path = "/subscriptions/{subscription_id}", operation_id = "update-subscription", tag = "billing",
    request_body = UpdateSubscriptionRequest,
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
    function: &UpdateSubscription,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let body: UpdateSubscriptionRequest = http::body(&request)?;
    let details = DeliveryDetails::checked(body.contact.as_ref(), body.shipping_address.as_ref())?;
    let change = ChangeRequest::of(&request, "update-subscription", &body, &invocation)?;
    let (customer, keys) = (&change.customer, &function.customer_keys);
    let delivery_details = SealedDetails::seal(details.as_ref(), customer, keys, invocation.deadline).await?;
    let wanted = Wanted {
        body: &body,
        destination: details.as_ref().and_then(DeliveryDetails::destination),
        request_id: change.request.request_id,
    };
    let mut issued = None;
    let decide = async |before: &Subscription, open: Option<&Invoice>| {
        let changed = function.change(&wanted, before, open, &mut issued, &invocation);
        Ok(Change {
            delivery_details: delivery_details.clone(),
            ..changed.await?
        })
    };
    let (subscriptions, policy) = (&function.subscriptions, &function.policy);
    let (response, saved) = change.apply(subscriptions, policy, &invocation, decide).await?;
    if let Some(saved) = saved {
        function.charge_queue.send_if_due(&saved, &invocation).await;
    }
    Ok(response)
}

/// The changes that a request wants.
struct Wanted<'a> {
    body: &'a UpdateSubscriptionRequest,
    /// The destination of its address, if it has one.
    destination: Option<Destination>,
    request_id: Uuid,
}

/// An issued billing key and its card. Kept between attempts: an authorization can be used once.
type Issued = Option<(StoredKey, Card)>;

impl UpdateSubscription {
    /// Applies `wanted` to a subscription and its open invoice.
    async fn change(
        &self,
        wanted: &Wanted<'_>,
        before: &Subscription,
        open: Option<&Invoice>,
        issued: &mut Issued,
        invocation: &Invocation,
    ) -> Result<Change, Error> {
        let body = wanted.body;
        let mut next = before.clone();
        if body.items.is_some() || body.shipping_method.is_some() || body.shipping_address.is_some() {
            let items = sum_lines(body.items.as_ref().unwrap_or(&before.items))?;
            let method = body.shipping_method.clone().or_else(|| before.shipping_method.clone());
            let items = items.into_iter().map(Item::from).collect();
            let destination = wanted.destination.clone().or_else(|| before.destination.clone());
            let transition = SubscriptionTransition::SetItems(items, method, destination);
            next = next.transition(transition, invocation.now)?;
            let quote = self.quote(&next, invocation).await??;
            if quote.shipping.is_some() && next.destination.is_none() {
                return Err(OrderRejected::AddressMissing.into());
            }
            let provider = body.authorization.as_ref().map(Authorization::provider);
            let provider = provider.unwrap_or(before.provider);
            self.keys.providers.require_accepted(provider, quote.totals.total)?;
        }
        match &body.authorization {
            Some(authorization) => {
                self.replace_card(authorization, wanted.request_id, &next, open, issued, invocation)
                    .await
            }
            None => Ok(Change::of(next)),
        }
    }

    /// Replaces the card.
    async fn replace_card(
        &self,
        authorization: &Authorization,
        request_id: Uuid,
        before: &Subscription,
        open: Option<&Invoice>,
        issued: &mut Issued,
        invocation: &Invocation,
    ) -> Result<Change, Error> {
        let now = invocation.now;
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
        let replaced = SubscriptionTransition::ReplaceCard(authorization.provider(), card);
        Ok(Change {
            invoice,
            key: Some(key),
            delivery_details: None,
            subscription: before.transition(replaced, now)?,
        })
    }

    /// The price of a period now, or why it has none.
    async fn quote(
        &self,
        subscription: &Subscription,
        invocation: &Invocation,
    ) -> Result<Result<Quote, OrderRejected>, Error> {
        let wanted = sum_lines(&subscription.items)?;
        let skus: Vec<Sku> = wanted.iter().map(|(sku, _)| sku.clone()).collect();
        let products = self.catalog.products(&skus, invocation.deadline).await?;
        let (destination, method) = (subscription.destination.clone(), subscription.shipping_method.clone());
        let delivery = self.pricing.delivery(destination, method);
        Ok(self.pricing.quote(&wanted, &products, &delivery, invocation.now))
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
        if let Some(total) = open.and_then(Invoice::total) {
            return self.keys.providers.require_accepted(provider, total);
        }
        match self.quote(subscription, invocation).await? {
            Ok(quote) => self.keys.providers.require_accepted(provider, quote.totals.total),
            Err(_) => Ok(()),
        }
    }
}
