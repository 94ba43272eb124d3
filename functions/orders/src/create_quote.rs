//! Runs for `POST /quotes`: prices items as `checkout` does, and lists the shipping methods that fit. Changes nothing: it
//! takes no stock, so it needs no `Idempotency-Key`.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::{self, CatalogStore, Sku};
use shared::core::destination::Destination;
use shared::core::error::Reason;
use shared::coupons::{self, CouponClaimId, require_combinable};
use shared::orders::{
    self, CouponQuotes, Item, Line, OrderCoupon, Pricing, Rejected, Shipping, ShippingMethod, ShippingMethodId, Totals,
    sum_lines,
};

/// The function's store and settings.
#[derive(Debug)]
pub struct CreateQuote {
    /// Products.
    pub catalog: CatalogStore,
    /// Claims of coupons.
    pub coupons: CouponQuotes,
    /// Taxes and shipping methods.
    pub pricing: Pricing,
}

impl CreateQuote {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            catalog: CatalogStore::new(platform)?,
            coupons: CouponQuotes::new(platform)?,
            pricing: Pricing::new(platform)?,
        })
    }
}

/// Items to price.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateQuoteRequest {
    /// The items. Quantities of the same product are added up.
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<Item>,
    /// The shipping method. If absent, the first one that fits. Ignored if nothing is shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping_method: Option<ShippingMethodId>,
    /// The customer's claims of coupons, which the order would redeem: at most one coupon of each class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    pub coupon_claim_ids: Vec<CouponClaimId>,
    /// The place where the order would be delivered. If absent, the shop's own country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub destination: Option<Destination>,
}

/// The present price of an order of the items.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderQuote {
    /// The lines, one for each product.
    pub lines: Vec<Line>,
    /// The delivery of the order. Absent if nothing is shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping: Option<Shipping>,
    /// The coupons, in the order in which they apply. Absent for none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    pub coupons: Vec<OrderCoupon>,
    /// The price of the order, and its parts. Send `total` as `expected_total` of the checkout.
    pub totals: Totals,
    /// The shipping methods that fit the order, in the shop's order of preference. Empty if nothing is shipped.
    pub shipping_methods: Vec<ShippingMethod>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &orders::reason::INVALID_LINES,
    &catalog::reason::INVALID_QUANTITY,
    &catalog::reason::PRODUCT_UNAVAILABLE,
    &orders::reason::CURRENCIES_MIXED,
    &orders::reason::TOTAL_TOO_LARGE,
    &orders::reason::SHIPPING_METHOD_UNAVAILABLE,
    &orders::reason::NOT_SHIPPABLE,
    &coupons::reason::COUPON_NOT_FOUND,
    &coupons::reason::COUPON_EXPIRED,
    &coupons::reason::COUPON_IN_USE,
    &coupons::reason::COUPON_NOT_APPLICABLE,
    &coupons::reason::COUPON_MINIMUM_NOT_REACHED,
    &coupons::reason::COUPON_CURRENCY_DIFFERS,
    &coupons::reason::COUPONS_NOT_COMBINABLE,
];

/// Prices an order
///
/// Says what a checkout of the same items and coupons costs now, and which shipping methods fit. It takes neither stock nor the
/// coupons, and is not remembered, so it has no `Idempotency-Key`.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/quotes", operation_id = "create-quote", tag = "orders", request_body = CreateQuoteRequest,
    security(("token" = [])),
    responses(
        (status = 200, description = "The price", body = OrderQuote),
    )
)]
pub async fn handle(function: &CreateQuote, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::caller(&request)?.customer_id;
    let body: CreateQuoteRequest = http::body(&request)?;
    let wanted = sum_lines(&body.items)?;
    require_combinable(&body.coupon_claim_ids)?;
    let skus: Vec<Sku> = wanted.iter().map(|(sku, _)| sku.clone()).collect();
    let products = function.catalog.products(&skus, invocation.deadline).await?;
    let delivery = function.pricing.delivery(body.destination, body.shipping_method);
    let ids = &body.coupon_claim_ids;
    let redemptions = function.coupons.redemptions(ids, &customer, &[], &invocation).await?;
    let quote = function
        .pricing
        .quote_with_coupons(&wanted, &products, &delivery, &redemptions, invocation.now)?;
    let shipping_methods = function.pricing.shipping_methods(&quote.lines, &delivery.destination)?;
    let quote = OrderQuote {
        coupons: OrderCoupon::of(&redemptions, &quote.lines).map_err(Rejected::from)?,
        lines: quote.lines,
        shipping: quote.shipping,
        totals: quote.totals,
        shipping_methods,
    };
    http::json(StatusCode::OK, &quote)
}
