//! Runs for `POST /quotes`: prices items as `checkout` does, and lists the shipping methods that fit. Changes nothing: it
//! takes no stock, so it needs no `Idempotency-Key`.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::{self, CatalogStore, Sku};
use shared::core::error::Reason;
use shared::orders::{
    self, Destination, Item, Line, Pricing, Shipping, ShippingMethod, ShippingMethodId, Totals, sum_lines,
};

/// The function's store and settings.
#[derive(Debug)]
pub struct CreateQuote {
    /// Products.
    pub catalog: CatalogStore,
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
    /// Where the order would be delivered. If absent, in the shop's own country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub destination: Option<Destination>,
}

/// What an order of the items costs now.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderQuote {
    /// The lines, one for each product.
    pub lines: Vec<Line>,
    /// How the order is delivered. Absent if nothing is shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping: Option<Shipping>,
    /// What the order costs, and the parts of it. Send `total` as `expected_total` of the checkout.
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
];

/// Prices an order
///
/// Says what a checkout of the same items costs now, and which shipping methods fit. It takes no stock and is not
/// remembered, so it has no `Idempotency-Key`.
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
    http::caller(&request)?;
    let body: CreateQuoteRequest = http::body(&request)?;
    let wanted = sum_lines(&body.items)?;
    let skus: Vec<Sku> = wanted.iter().map(|(sku, _)| sku.clone()).collect();
    let products = function.catalog.products(&skus, invocation.deadline).await?;
    let delivery = function.pricing.delivery(body.destination, body.shipping_method);
    let quote = function.pricing.quote(&wanted, &products, &delivery, invocation.now)?;
    let shipping_methods = function.pricing.shipping_methods(&quote.lines, &delivery.destination)?;
    let quote = OrderQuote {
        lines: quote.lines,
        shipping: quote.shipping,
        totals: quote.totals,
        shipping_methods,
    };
    http::json(StatusCode::OK, &quote)
}
