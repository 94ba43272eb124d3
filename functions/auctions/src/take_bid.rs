//! Runs for `POST /products/{sku}/bids/take`: buys or sells a voucher at once, in a trade with the best bid of the other
//! side.

use crate::bid::{Rejected, Side, price};
use crate::id::VoucherId;
use crate::matching::{MatchRequest, MatchingService};
use crate::reason;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::auctions::Points;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::Sku;
use shared::core::error::{self, Reason};
use shared::core::idempotency::Fingerprint;
use uuid::Uuid;

/// The function's service.
#[derive(Debug)]
pub struct TakeBid {
    /// Makes trades.
    pub matching: MatchingService,
}

impl TakeBid {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            matching: MatchingService::new(platform)?,
        })
    }
}

/// A request to take the best bid of the other side.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBidRequest {
    /// Whether the caller buys or sells.
    pub side: Side,
    /// The worst price to accept, such as the price that the customer was shown. Any price when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1000, maximum = 10_000_000)]
    pub price: Option<u64>,
    /// The voucher to sell. Required to sell, not allowed to buy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub voucher_id: Option<VoucherId>,
}

/// A trade. The other party is not disclosed.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TakenBid {
    /// The trade's id.
    pub trade_id: Uuid,
    /// The product of the voucher.
    pub sku: Sku,
    /// The voucher that was sold.
    pub voucher_id: VoucherId,
    /// The price paid.
    pub price: Points,
    /// The time of the trade.
    pub traded_at: Timestamp,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::INVALID_PARAMETER,
    &reason::NOT_ENOUGH_POINTS,
    &reason::NOTHING_TO_TAKE,
    &reason::PRICE_DIFFERS,
    &reason::VOUCHER_OFFERED,
    &reason::BID_CLOSED,
    &reason::INVALID_PRICE,
    &reason::VOUCHER_NOT_YOURS,
    &reason::OWN_BID,
];

/// Takes the best bid of the other side
///
/// At the same price, the oldest bid is taken. The caller's own bids are skipped. A retry with the same key and body
/// returns the same trade.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/products/{sku}/bids/take", operation_id = "take-bid", tag = "auctions", request_body = TakeBidRequest,
    security(("token" = [])),
    params(
        ("sku" = Sku, Path, description = "The product"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new trade",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The trade", body = TakenBid,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request made it"),
                ("Location" = String, description = "The path of the vouchers or of the wallet that the trade changed"),
            )),
    )
)]
pub async fn handle(function: &TakeBid, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let sku = http::path::<Sku>(&request)?;
    let body: TakeBidRequest = http::body(&request)?;
    if (body.side == Side::Sell) != body.voucher_id.is_some() {
        return Err(Rejected::VoucherNamed.into());
    }
    let fingerprint = Fingerprint::of(&(&sku, &body)).map_err(|error| Error::internal("read the request", error))?;
    let request = MatchRequest {
        trade_id: key.derive_id("trade", &caller.customer_id),
        customer_id: caller.customer_id,
        sku,
        side: body.side,
        limit: body.price.map(price).transpose()?,
        voucher_id: body.voucher_id,
        fingerprint,
    };
    let outcome = function.matching.take(&request, &invocation).await?;
    let trade = outcome.trade;
    let taken = TakenBid {
        trade_id: trade.trade_id,
        sku: trade.sku,
        voucher_id: trade.voucher_id,
        price: trade.price,
        traded_at: trade.traded_at,
    };
    let brought = match body.side {
        Side::Buy => "/vouchers",
        Side::Sell => "/wallet",
    };
    let response = http::created(brought, &taken)?;
    Ok(if outcome.replayed {
        http::replayed(response)
    } else {
        response
    })
}
