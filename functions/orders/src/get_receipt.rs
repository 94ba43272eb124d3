//! Runs for `GET /orders/{order_id}/receipt`: returns the receipt of a paid order to its customer or an administrator, as
//! JSON or as a page to print. Changes nothing.

mod page;
mod taxes;

use envconfig::Envconfig;
use jiff::Timestamp;
use lambda_http::http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::calendar::Timezone;
use shared::core::error::{self, Reason};
use shared::core::money::Money;
use shared::orders::{
    self, Line, OrderId, OrderNumber, OrderStore, Rejected, Shipping, StoredOrder, Totals, shop_time_zone,
};
use shared::payments::{Payment, PaymentStore, Provider};

pub use taxes::TaxOfRate;

/// The function's stores and settings.
#[derive(Debug)]
pub struct GetReceipt {
    /// Orders.
    pub orders: OrderStore,
    /// Payments.
    pub payments: PaymentStore,
    /// The shop.
    pub seller: Seller,
    /// The timezone of the page's times.
    pub zone: Timezone,
}

impl GetReceipt {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            orders: OrderStore::new(platform)?,
            payments: PaymentStore::new(platform)?,
            seller: Seller::of(platform.config()?),
            zone: shop_time_zone(platform)?,
        })
    }
}

/// The receipt of a paid order.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Receipt {
    /// The order's id.
    pub order_id: OrderId,
    /// The order's number.
    pub number: OrderNumber,
    /// The business that sold the order.
    pub seller: Seller,
    /// The time of the order.
    pub placed_at: Timestamp,
    /// The time of the payment.
    pub paid_at: Timestamp,
    /// The time of the cancellation, if the order was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cancelled_at: Option<Timestamp>,
    /// The lines of the order.
    pub lines: Vec<Line>,
    /// The delivery. Absent if nothing is shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping: Option<Shipping>,
    /// The price of the order, and its parts.
    pub totals: Totals,
    /// The net price and the tax by rate, the highest rate first. They add up to `totals.total`, also if units were refunded.
    pub taxes: Vec<TaxOfRate>,
    /// The payment. Absent for an order that cost nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payment: Option<ReceiptPayment>,
}

/// The shop, as far as the deployment names it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Seller {
    /// The name of the business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// The number under which the business is registered, such as its VAT id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub registration_number: Option<String>,
    /// The address of the business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<String>,
    /// The person who represents the business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub representative: Option<String>,
    /// The business's contact for customers: a telephone number or an e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contact: Option<String>,
}

/// The payment of an order.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReceiptPayment {
    /// The payment provider.
    pub provider: Provider,
    /// The charged amount.
    pub amount: Money,
    /// The amount that was refunded of the payment.
    pub refunded: Money,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND, &orders::reason::ORDER_NOT_PAID];

/// Returns the receipt of an order
///
/// For a paid order, also after its cancellation: the receipt shows what was refunded. Answered as JSON, or with
/// `Accept: text/html` as a page to print. Customers read the receipts of their own orders, administrators those of any.
///
/// # Errors
/// `not-found` for another customer's order too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/orders/{order_id}/receipt", operation_id = "get-receipt", tag = "orders",
    security(("token" = [])),
    params(("order_id" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "The receipt", content((Receipt = "application/json"), (String = "text/html"))),
    )
)]
pub async fn handle(function: &GetReceipt, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let order_id = http::path::<OrderId>(&request)?;
    let stored = function.orders.get(order_id, invocation.deadline).await?;
    let stored = stored
        .filter(|stored| caller.is_admin || stored.order.customer_id == caller.customer_id)
        .ok_or(Rejected::NotFound)?;
    let paid_at = stored.order.paid_at;
    let paid_at = paid_at.ok_or(Rejected::NotPaid(stored.order.status))?;
    let payment = match stored.order.payment_id {
        Some(id) => function.payments.get(id, invocation.deadline).await?,
        None => None,
    };
    let payment = payment.map(|stored| ReceiptPayment::of(&stored.payment));
    let receipt = receipt(stored, paid_at, payment, &function.seller)?;
    let mut response = if wants_page(&request) {
        page::respond(&receipt, &function.zone)?
    } else {
        http::json(StatusCode::OK, &receipt)?
    };
    let vary = HeaderValue::from_static("Accept");
    response.headers_mut().insert(header::VARY, vary);
    Ok(response)
}

fn receipt(
    stored: StoredOrder,
    paid_at: Timestamp,
    payment: Option<ReceiptPayment>,
    seller: &Seller,
) -> Result<Receipt, Error> {
    let taxes = taxes::by_rate(&stored).map_err(|error| Error::internal("add up taxes", error))?;
    let order = stored.order;
    Ok(Receipt {
        order_id: order.order_id,
        number: order.number,
        seller: seller.clone(),
        placed_at: order.placed_at,
        paid_at,
        cancelled_at: order.closed_at,
        taxes,
        lines: order.lines,
        shipping: order.shipping,
        totals: order.totals,
        payment,
    })
}

/// Whether the request prefers a page to JSON (RFC 9110 §12.5.1).
fn wants_page(request: &Request) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT).into_iter();
    let accepted: Vec<&str> = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let quality = |media_type: &str| {
        let qualities = accepted.iter().filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_it = parts.next()?.eq_ignore_ascii_case(media_type);
            let quality = parts.find_map(|part| part.strip_prefix("q=")).unwrap_or("1");
            is_it.then(|| quality.parse::<f32>().unwrap_or(0.0))
        });
        qualities.fold(0.0, f32::max)
    };
    quality("text/html") > 0.0 && quality("text/html") >= quality("application/json")
}

impl ReceiptPayment {
    fn of(payment: &Payment) -> Self {
        Self {
            provider: payment.provider,
            amount: payment.amount,
            refunded: payment.refunded,
        }
    }
}

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "SELLER_NAME")]
    name: String,
    #[envconfig(from = "SELLER_REGISTRATION_NUMBER")]
    registration_number: String,
    #[envconfig(from = "SELLER_ADDRESS")]
    address: String,
    #[envconfig(from = "SELLER_REPRESENTATIVE")]
    representative: String,
    #[envconfig(from = "SELLER_CONTACT")]
    contact: String,
}

impl Seller {
    /// A parameter of the template that is not set is empty.
    fn of(config: Config) -> Self {
        let set = |text: String| (!text.is_empty()).then_some(text);
        Self {
            name: set(config.name),
            registration_number: set(config.registration_number),
            address: set(config.address),
            representative: set(config.representative),
            contact: set(config.contact),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefers_page(accept: &[&str]) -> bool {
        let mut request = Request::default();
        for value in accept {
            let value = value.parse().unwrap();
            request.headers_mut().append(header::ACCEPT, value);
        }
        wants_page(&request)
    }

    #[test]
    fn a_page_is_sent_to_those_who_prefer_it_to_json() {
        for accept in [
            "text/html",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "application/json;q=0.5, Text/HTML; q=0.6",
            "application/json, text/html",
        ] {
            assert!(prefers_page(&[accept]), "{accept}");
        }
        assert!(prefers_page(&["application/json;q=0.1", "text/html"]), "in two lines");
        for accept in [
            "",
            "*/*",
            "application/json",
            "text/html;q=0",
            "text/html;q=0.5, application/json",
            "text/htmlx",
        ] {
            assert!(!prefers_page(&[accept]), "{accept}");
        }
        assert!(!prefers_page(&[]));
    }
}
