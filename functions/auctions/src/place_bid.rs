//! Runs for `POST /products/{sku}/bids`: places a bid, which holds its points or its voucher. If a bid of the other side
//! matches, trades the two at once.

use crate::reason;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::problem::Causes;
use shared::catalog::{self, CatalogStore, Product, Sku};
use shared::core::error::{self, Reason};
use shared::core::event::Record;
use shared::core::idempotency::Fingerprint;
use shared::core::identity::CustomerId;

use crate::bid::{Bid, BidStatus, Rejected, Side, price};
use crate::event::AuctionEvent;
use crate::id::{BidId, VoucherId};
use crate::matching::MatchingService;
use crate::store::{PlaceBidOutcome, StoredBid, StoredVoucher};

/// The function's service and store.
#[derive(Debug)]
pub struct PlaceBid {
    /// Places and matches bids.
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

/// The least time between two bids on a product: the precision of stored times.
const TIME_STEP: SignedDuration = SignedDuration::from_millis(1);

/// A bid to place.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceBidRequest {
    /// Whether to buy or to sell.
    pub side: Side,
    /// The highest price to pay, or the lowest to accept, in points: a multiple of 100.
    #[schema(minimum = 1000, maximum = 10_000_000, multiple_of = 100, examples(45_000))]
    pub price: u64,
    /// The deadline of the bid: in the future and at most 90 days ahead.
    pub expires_at: Timestamp,
    /// The voucher to sell. Required to sell, not allowed to buy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub voucher_id: Option<VoucherId>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::INVALID_PARAMETER,
    &reason::NOT_ENOUGH_POINTS,
    &reason::VOUCHER_OFFERED,
    &reason::TOO_MANY_BIDS,
    &reason::INVALID_PRICE,
    &reason::INVALID_DEADLINE,
    &catalog::reason::PRODUCT_UNAVAILABLE,
    &reason::VOUCHER_NOT_YOURS,
];

/// Places a bid
///
/// Holds the price in the caller's wallet, or the voucher. If the other side has a bid at this price or a better one, the
/// two are traded at once, at the price of the bid that was on the order book first. A retry with the same key and body
/// returns the bid in its current state.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/products/{sku}/bids", operation_id = "place-bid", tag = "auctions", request_body = PlaceBidRequest,
    security(("token" = [])),
    params(
        ("sku" = Sku, Path, description = "The product"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new bid",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The bid, `OPEN` or `TRADED`", body = Bid,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request placed it"),
                ("Location" = String, description = "The path of the caller's bids"),
            )),
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
    // A retry succeeds even if the product or the deadline would be rejected now.
    if let Some(known) = known {
        return replay(function, known, &fingerprint, &invocation).await;
    }
    let bid = validate(&body, bid_id, sku, caller.customer_id, product.as_ref(), &invocation)?;
    let mut stored = StoredBid {
        event: Some(placed_event(&bid, &invocation)?),
        bid,
        fingerprint: fingerprint.clone(),
        version: 1,
    };
    let mut attempts = Attempts::new("place a bid");
    attempts.start()?;
    loop {
        let offered = offered(function, &stored.bid, &invocation).await;
        let offered = match offered {
            // A concurrent retry of this request may have offered the voucher.
            Err(rejected @ Error::Rejected(_)) => {
                let existing = function.matching.auctions.bid(bid_id, invocation.deadline).await?;
                let existing = existing.ok_or(rejected)?;
                return replay(function, existing, &fingerprint, &invocation).await;
            }
            offered => offered?,
        };
        let entry_id = invocation.new_id();
        let auctions = &function.matching.auctions;
        let placing = auctions.place(&stored, offered.as_ref(), entry_id, invocation.deadline);
        match placing.await? {
            PlaceBidOutcome::Placed => {
                let placed = stored.bid.clone();
                let matched = function.matching.match_bid(stored, &invocation).await;
                // The bid is placed even if matching failed; a retry matches it again.
                let bid = matched.map_or_else(
                    |error| {
                        tracing::warn!(causes = %Causes(&error), "bid matching failed");
                        placed
                    },
                    |matched| matched.bid,
                );
                return http::created("/bids", &bid);
            }
            PlaceBidOutcome::Exists(known) => return replay(function, *known, &fingerprint, &invocation).await,
            PlaceBidOutcome::WalletRefused => {
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
            PlaceBidOutcome::VoucherChanged => attempts.start()?,
            // Another bid has been placed meanwhile, so this ends, at the latest with the invocation.
            PlaceBidOutcome::Behind { newest } => {
                stored.bid.placed_at = newest + TIME_STEP;
                stored.event = Some(placed_event(&stored.bid, &invocation)?);
            }
        }
    }
}

fn placed_event(bid: &Bid, invocation: &Invocation) -> Result<Record, Error> {
    invocation.record(&AuctionEvent::BidPlaced(bid.clone()))
}

/// Checks the request and builds the bid.
fn validate(
    body: &PlaceBidRequest,
    bid_id: BidId,
    sku: Sku,
    customer_id: CustomerId,
    product: Option<&Product>,
    invocation: &Invocation,
) -> Result<Bid, Rejected> {
    if (body.side == Side::Sell) != body.voucher_id.is_some() {
        return Err(Rejected::VoucherNamed);
    }
    Bid::check_deadline(body.expires_at, invocation.now)?;
    let price = price(body.price)?;
    if !product.is_some_and(|product| product.is_listed_at(invocation.now) && product.points.is_none()) {
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

/// The next version of the voucher, offered by the bid. None for a bid to buy.
async fn offered(function: &PlaceBid, bid: &Bid, invocation: &Invocation) -> Result<Option<StoredVoucher>, Error> {
    let Some(id) = bid.voucher_id else {
        return Ok(None);
    };
    let voucher = function
        .matching
        .voucher_for_sale(&bid.customer_id, &bid.sku, id, invocation)
        .await?;
    let offered = voucher.voucher.offered_by(Some(bid.bid_id));
    Ok(Some(voucher.next(offered)))
}

/// The response to a retry: the bid in its current state, matched again if it is open.
async fn replay(
    function: &PlaceBid,
    known: StoredBid,
    fingerprint: &Fingerprint,
    invocation: &Invocation,
) -> Result<Response, Error> {
    known.fingerprint.require_same(fingerprint)?;
    let matched = function.matching.match_bid(known, invocation).await?;
    let bid = matched.bid.as_of(invocation.now);
    http::created("/bids", &bid).map(http::replayed)
}
