//! Runs for `POST /bids/{bid_id}/cancel`: cancels the caller's bid and releases its points or its voucher.

use crate::reason;
use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};

use crate::bid::{Bid, BidStatus, BidTransition, Rejected};
use crate::id::BidId;
use crate::matching::MatchingService;

/// The function's service.
#[derive(Debug)]
pub struct CancelBid {
    /// Matches and closes bids.
    pub matching: MatchingService,
}

impl CancelBid {
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

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND, &reason::BID_CLOSED];

/// Cancels an open bid
///
/// Its points or its voucher are released at once. Cancelling a cancelled bid returns it unchanged. A bid past its
/// deadline cannot be cancelled, but the request releases what it held.
///
/// # Errors
/// `not-found` for another customer's bid too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/bids/{bid_id}/cancel", operation_id = "cancel-bid", tag = "auctions",
    security(("token" = [])),
    params(
        ("bid_id" = Uuid, Path, description = "The bid"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The cancelled bid", body = Bid,
            headers(("Idempotency-Replayed" = bool, description = "true: it was cancelled before"))),
    )
)]
pub async fn handle(function: &CancelBid, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?.customer_id;
    let key = http::idempotency_key(&request)?;
    let id = http::path::<BidId>(&request)?;
    let request = StoredRequest::new("cancel bid", &key, &caller, &id, invocation.now)?;
    let (auctions, deadline) = (&function.matching.auctions, invocation.deadline);
    let mut attempts = Attempts::new("cancel a bid");
    loop {
        attempts.start()?;
        let (earlier, stored) = futures::try_join!(auctions.earlier(&request, deadline), auctions.bid(id, deadline))?;
        let stored = stored.filter(|stored| stored.bid.customer_id == caller);
        let stored = stored.ok_or(Rejected::NotFound)?;
        let is_cancelled = stored.bid.status == BidStatus::Cancelled;
        if is_cancelled && (earlier.is_some() || auctions.record_request(&request, deadline).await?) {
            return Ok(http::replayed(http::json(StatusCode::OK, &stored.bid)?));
        }
        if stored.bid.status == BidStatus::Open && stored.bid.expires_at <= invocation.now {
            // The customer need not wait for `expire-bids` to release what the bid held.
            function
                .matching
                .close_bid(&stored, BidTransition::Expire, None, &invocation)
                .await?;
            return Err(Rejected::Closed(BidStatus::Expired).into());
        }
        if let Some(cancelled) = function
            .matching
            .close_bid(&stored, BidTransition::Cancel, Some(&request), &invocation)
            .await?
        {
            return http::json(StatusCode::OK, &cancelled);
        }
    }
}
