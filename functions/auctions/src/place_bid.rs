//! `POST /products/{sku}/bids` brings a bid to buy or sell a gift voucher; it leaves the bid on the book with its points
//! or its voucher held, or traded at once when the other side has a bid at its price or a better one.

use crate::bid::{Bid, BidStatus, Rejected, Side, price};
use crate::event::AuctionEvent;
use crate::id::BidId;
use crate::id::VoucherId;
use crate::matching::MatchingService;
use crate::store::{PlaceBidOutcome, StoredBid, StoredVoucher};
use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::problem::{Causes, Faults, Problem, TokenRequired};
use shared::catalog::CatalogStore;
use shared::catalog::{Product, Sku};
use shared::core::idempotency::Fingerprint;
use shared::core::identity::CustomerId;

/// The function's market and tables.
#[derive(Debug)]
pub struct PlaceBid {
    /// Bids, vouchers, wallets.
    pub matching: MatchingService,
    /// Products.
    pub catalog: CatalogStore,
}

impl PlaceBid {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            matching: MatchingService::new(platform)?,
            catalog: CatalogStore::new(platform)?,
        })
    }
}

/// How often a voucher that changes under our hands is read again.
const ATTEMPTS: usize = 5;

/// A bid to be placed.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceBidRequest {
    /// To buy or to sell.
    pub side: Side,
    /// At this price or a better one; in steps of 100.
    #[schema(minimum = 1000, maximum = 10_000_000, multiple_of = 100, examples(45_000))]
    pub price: u64,
    /// From when on it can be taken no more: at most 90 days ahead.
    pub expires_at: Timestamp,
    /// The voucher to sell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub voucher_id: Option<VoucherId>,
}

/// Places a bid
///
/// The same key with the same body brings the same bid again, as it stands now.
///
/// # Errors
/// Rejections of [`Rejected`], `idempotency-key-reused`, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/products/{sku}/bids", operation_id = "place-bid", tag = "auctions", request_body = PlaceBidRequest,
    security(("token" = [])),
    params(
        ("sku" = Sku, Path, description = "The product"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new bid",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The bid, open or traded", body = Bid,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request placed it"))),
        (status = 400, description = "`malformed-body`, `invalid-idempotency-key`, `invalid-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 402, description = "`not-enough-points` with `available`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`voucher-offered`, `too-many-bids`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`: over 64 KB", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-price`, `invalid-deadline`, `product-unavailable`, `voucher-not-yours`, `idempotency-key-reused`", body = Problem, content_type = "application/problem+json"),
        TokenRequired, Faults,
    )
)]
pub async fn handle(function: &PlaceBid, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let sku = http::path::<Sku>(&request)?;
    let body: PlaceBidRequest = http::body(&request)?;
    let fingerprint = Fingerprint::of(&(&sku, &body)).map_err(|error| Error::internal("read the bid", error))?;
    let bid_id = BidId(key.derive_id("bid", &caller.customer_id));
    let (known, product) = futures::try_join!(
        function.matching.auctions.bid(bid_id, invocation.deadline),
        function.catalog.product(&sku, invocation.deadline),
    )?;
    // A retry is answered whatever has become of the product and the deadline since.
    if let Some(known) = known {
        return replay(function, known, &fingerprint, &invocation).await;
    }
    let bid = judge(&body, (bid_id, sku), caller.customer_id, product.as_ref(), &invocation)?;
    let event = invocation.record(&AuctionEvent::BidPlaced(bid.clone()))?;
    let stored = StoredBid {
        bid,
        fingerprint: fingerprint.clone(),
        version: 1,
        event: Some(event),
    };
    for _ in 0..ATTEMPTS {
        let offered = offered(function, &stored.bid, &invocation).await;
        let offered = match offered {
            // It may be offered by a twin of this request.
            Err(rejected @ Error::Rejected(_)) => {
                let twin = function.matching.auctions.bid(bid_id, invocation.deadline).await?;
                let twin = twin.ok_or(rejected)?;
                return replay(function, twin, &fingerprint, &invocation).await;
            }
            offered => offered?,
        };
        let entry_id = invocation.stamp().event_id;
        let auctions = &function.matching.auctions;
        let placing = auctions.place(&stored, offered.as_ref(), entry_id, invocation.deadline);
        match placing.await? {
            PlaceBidOutcome::Placed => {
                let placed = stored.bid.clone();
                let settled = function.matching.settle(stored, &invocation).await;
                // It stands, whatever has come of the look at the other side: a retry looks again.
                let bid = settled.map_or_else(
                    |error| {
                        tracing::warn!(causes = %Causes(&error), "a bid could not be matched");
                        placed
                    },
                    |settled| settled.bid,
                );
                return http::json(StatusCode::CREATED, &bid);
            }
            PlaceBidOutcome::Exists(known) => return replay(function, *known, &fingerprint, &invocation).await,
            PlaceBidOutcome::WalletRefuses => {
                let wallet = auctions
                    .wallets
                    .wallet(&stored.bid.customer_id, invocation.deadline)
                    .await?;
                if stored.bid.side == Side::Sell || wallet.available >= stored.bid.price {
                    return Err(Rejected::TooManyBids.into());
                }
                let available = wallet.available;
                return Err(Rejected::NotEnoughPoints { available }.into());
            }
            PlaceBidOutcome::VoucherChanged => {}
        }
    }
    Err(Error::unavailable("place a bid", "its voucher keeps changing"))
}

/// The bid that is asked for, when it may be placed.
fn judge(
    body: &PlaceBidRequest,
    (bid_id, sku): (BidId, Sku),
    customer_id: CustomerId,
    product: Option<&Product>,
    invocation: &Invocation,
) -> Result<Bid, Rejected> {
    if (body.side == Side::Sell) != body.voucher_id.is_some() {
        return Err(Rejected::VoucherNamed);
    }
    Bid::check_deadline(body.expires_at, invocation.now)?;
    let price = price(body.price)?;
    if !product.is_some_and(|product| product.is_listed() && product.points.is_none()) {
        return Err(Rejected::ProductUnavailable);
    }
    Ok(Bid {
        bid_id,
        sku,
        side: body.side,
        price,
        customer_id,
        voucher_id: body.voucher_id,
        status: BidStatus::Open,
        placed_at: invocation.now,
        expires_at: body.expires_at,
        closed_at: None,
        trade_id: None,
    })
}

/// The voucher that the bid sells, as it is to be kept; none for a bid to buy.
async fn offered(function: &PlaceBid, bid: &Bid, invocation: &Invocation) -> Result<Option<StoredVoucher>, Error> {
    let Some(id) = bid.voucher_id else {
        return Ok(None);
    };
    let voucher = function
        .matching
        .own_voucher(&bid.customer_id, &bid.sku, id, invocation)
        .await?;
    let offered = voucher.voucher.offered(Some(bid.bid_id));
    Ok(Some(voucher.next(offered)))
}

/// The answer for a bid that stands already: the same, as it stands now. It may have met another one meanwhile.
async fn replay(
    function: &PlaceBid,
    known: StoredBid,
    fingerprint: &Fingerprint,
    invocation: &Invocation,
) -> Result<Response, Error> {
    known.fingerprint.require_same(fingerprint)?;
    let settled = function.matching.settle(known, invocation).await?;
    let bid = settled.bid.as_of(invocation.now);
    Ok(http::replayed(http::json(StatusCode::CREATED, &bid)?))
}
