//! Runs for `POST /orders`: places an order and reserves its stock until it is paid or expires. An order that costs nothing
//! is paid at once.
//!
//! A new order costs two round trips: one batch read (the products, the claims of coupons, and the order in case this is a retry)
//! and one transaction (the stock of each product, the claims, and the order). A function reads each coupon once.

use envconfig::Envconfig;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::encryption::CustomerKeyStore;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::{self, Sku};
use shared::core::address::Address;
use shared::core::contact::Contact;
use shared::core::destination::Destination;
use shared::core::error::{self, Reason, Rejection};
use shared::core::idempotency::Fingerprint;
use shared::core::json::UniqueMap;
use shared::core::metadata::Metadata;
use shared::core::money::Money;
use shared::core::text::DisplayText;
use shared::coupons::{self, CouponClaimId, Redemptions, require_combinable};
use shared::orders::{
    self, DeliveryDetails, Draft, Item, Loaded, Order, OrderCoupon, OrderEvent, OrderId, OrderStatus,
    PlaceOrderOutcome, Pricing, Quote, Rejected, ReservationStore, SealedDetails, ShippingMethodId, StoredOrder,
    sum_lines,
};

/// The function's store and settings.
#[derive(Debug)]
pub struct Checkout {
    /// Stock and orders.
    pub reservations: ReservationStore,
    /// The customers' data keys.
    pub customer_keys: CustomerKeyStore,
    /// Taxes and shipping methods.
    pub pricing: Pricing,
    /// The time for which an unpaid order reserves its stock.
    pub reservation: jiff::SignedDuration,
}

/// An order to place.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckoutRequest {
    /// The items to order. Quantities of the same product are added up.
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<Item>,
    /// The shipping method. If absent, the first one that fits. Ignored if nothing is shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping_method: Option<ShippingMethodId>,
    /// The customer's claims of coupons, which the order redeems: at most one coupon of each class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    pub coupon_claim_ids: Vec<CouponClaimId>,
    /// The total that the customer was shown. If it differs, the order is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expected_total: Option<Money>,
    /// Notes to keep with the order, by name. Names have up to 40 characters of `A-Z a-z 0-9 . _ -`, texts up to 200, each
    /// of one line.
    #[serde(default, skip_serializing_if = "UniqueMap::is_empty")]
    #[schema(schema_with = orders::schema::metadata_schema)]
    pub metadata: UniqueMap<String>,
    /// The order's name in another system, such as the number of a purchase order. Text of one line. It need not be
    /// unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub external_reference: Option<String>,
    /// The person to write to or call about the order. Stored encrypted; `get-delivery-details` returns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contact: Option<Contact>,
    /// The address to which the order is sent, and by which it is taxed. Required if something is shipped. Stored
    /// encrypted; `get-delivery-details` returns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping_address: Option<Address>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &orders::reason::OUT_OF_STOCK,
    &orders::reason::TOTAL_DIFFERS,
    &orders::reason::INVALID_LINES,
    &catalog::reason::INVALID_QUANTITY,
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
    &coupons::reason::COUPONS_NOT_COMBINABLE,
    &error::INVALID_METADATA,
    &error::INVALID_TEXT,
    &error::INVALID_ADDRESS,
    &error::INVALID_CONTACT,
];

/// Places an order
///
/// Reserves the stock until `expires_at`. With `coupon_claim_ids`, the order redeems the customer's coupons, which go back if the order
/// is not paid. The coupon of the seller applies first, and that of the platform to what it left. An order whose total is 0 is `PAID`
/// at once and needs no payment. A retry with the same key and body returns the order in its current state.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/orders", operation_id = "checkout", tag = "orders", request_body = CheckoutRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new order",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The order", body = Order,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request placed the order"),
                ("Location" = String, description = "The order's path"),
            )),
    )
)]
pub async fn handle(checkout: &Checkout, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let body: CheckoutRequest = http::body(&request)?;
    let wanted = sum_lines(&body.items)?;
    let metadata = Metadata::new(&body.metadata)?;
    let external_reference = external_reference(&body)?;
    require_combinable(&body.coupon_claim_ids)?;
    let details = DeliveryDetails::checked(body.contact.as_ref(), body.shipping_address.as_ref())?;
    let fingerprint = key
        .fingerprint_of(&body)
        .map_err(|error| Error::internal("read the order", error))?;
    let order_id = OrderId(key.derive_id("order", &caller.customer_id));

    let skus: Vec<Sku> = wanted.iter().map(|(sku, _)| sku.clone()).collect();
    let (claim_ids, deadline) = (body.coupon_claim_ids.as_slice(), invocation.deadline);
    let load = |fresh| checkout.reservations.load(order_id, &skus, claim_ids, fresh, deadline);
    let (customer, keys) = (&caller.customer_id, &checkout.customer_keys);
    let seal = SealedDetails::seal(details.as_ref(), customer, keys, invocation.deadline);
    let (mut loaded, delivery_details) = futures::try_join!(load(false), seal)?;
    let destination = details.as_ref().and_then(DeliveryDetails::destination);
    // A retry succeeds even if the coupons could not be redeemed any more.
    let redemptions = match &loaded.existing {
        None => {
            let (store, own) = (&checkout.reservations, [order_id]);
            let redemptions = store.redemptions(claim_ids, &loaded.claims, customer, &own, &invocation);
            redemptions.await?
        }
        Some(_) => Redemptions::default(),
    };
    let price = |loaded: &Loaded| {
        let destination = destination.clone();
        checkout.price(&body, &wanted, destination, loaded, &redemptions, invocation.now)
    };
    let mut priced = price(&loaded);
    if loaded.existing.is_none() && priced.is_err() {
        // The first read is eventually consistent. Nothing is rejected because of stale products.
        loaded = load(true).await?;
        priced = price(&loaded);
    }
    // A retry succeeds even if prices or products have changed since.
    if let Some(existing) = loaded.existing {
        return replay(existing, &fingerprint, &invocation);
    }

    let (now, expires_at) = (invocation.now, invocation.now + checkout.reservation);
    let quote = priced?;
    let order = Order {
        coupons: OrderCoupon::of(&redemptions, &quote.lines).map_err(Rejected::from)?,
        metadata,
        external_reference,
        ..Order::new(order_id, caller.customer_id.clone(), quote, now, expires_at)
    };
    let order = order.paid_if_free(now);

    let event = match order.status {
        OrderStatus::Paid => OrderEvent::OrderPaid(order.clone()),
        _ => OrderEvent::OrderPlaced(order.clone()),
    };
    let event = invocation.record(&event)?;
    let draft = Draft {
        order,
        delivery_details,
        fingerprint: fingerprint.clone(),
        products: loaded.products,
        event,
    };
    match checkout.reservations.place(&draft, invocation.deadline).await? {
        PlaceOrderOutcome::Placed => created(&draft.order),
        PlaceOrderOutcome::Exists(existing) => replay(*existing, &fingerprint, &invocation),
        PlaceOrderOutcome::OutOfStock(shortages) => Err(Rejected::OutOfStock(shortages).into()),
        PlaceOrderOutcome::ClaimTaken(claim) => {
            let refused = |refused| Rejected::Coupon(claim.coupon_claim_id, refused);
            claim.require_redeemable(customer, &[], now).map_err(refused)?;
            Err(Error::unavailable(
                "redeem a coupon",
                "another order or a subscription had it for a moment",
            ))
        }
    }
}

/// Checks and normalizes the external reference. `None` if the request has none.
fn external_reference(body: &CheckoutRequest) -> Result<Option<String>, Rejection> {
    let read = |text: &String| DisplayText::line(text, Order::MAX_EXTERNAL_REFERENCE).map(String::from);
    let read = body.external_reference.as_ref().map(read).transpose();
    read.map_err(|invalid| invalid.in_field("external_reference"))
}

fn created(order: &Order) -> Result<Response, Error> {
    http::created(&format!("/orders/{}", order.order_id), order)
}

/// The response to a retry: the order in its current state.
fn replay(existing: StoredOrder, fingerprint: &Fingerprint, invocation: &Invocation) -> Result<Response, Error> {
    existing.fingerprint.require_same(fingerprint)?;
    let order = existing.order.as_of(invocation.now);
    created(&order).map(http::replayed)
}

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "RESERVATION_MINUTES")]
    reservation_minutes: u32,
}

impl Checkout {
    /// Prices the items, and checks the expected total, if any.
    fn price(
        &self,
        body: &CheckoutRequest,
        wanted: &[(Sku, u32)],
        destination: Option<Destination>,
        loaded: &Loaded,
        redemptions: &Redemptions,
        now: Timestamp,
    ) -> Result<Quote, Rejected> {
        let has_address = destination.is_some();
        let delivery = self.pricing.delivery(destination, body.shipping_method.clone());
        let quote = self
            .pricing
            .quote_with_coupons(wanted, &loaded.products, &delivery, redemptions, now)?;
        if quote.shipping.is_some() && !has_address {
            return Err(Rejected::AddressMissing);
        }
        match body.expected_total {
            Some(expected) if expected != quote.totals.total => Err(Rejected::TotalDiffers {
                present: quote.totals.total,
            }),
            _ => Ok(quote),
        }
    }

    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let config: Config = platform.config()?;
        Ok(Self {
            reservations: ReservationStore::for_all_orders(platform)?,
            customer_keys: CustomerKeyStore::new(platform)?,
            pricing: Pricing::new(platform)?,
            reservation: jiff::SignedDuration::from_mins(config.reservation_minutes.into()),
        })
    }
}
