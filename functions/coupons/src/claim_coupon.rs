//! Runs for `POST /coupons/{coupon_id}/claims`: a customer claims a coupon, which takes one of its units.
//!
//! A claim costs one transaction: the claim under `attribute_not_exists`, and a unit of one shard. The coupon itself is read once
//! a second, so early and late customers cost at most one read.

use jiff::Timestamp;
use shared::Error;
use shared::aws::Platform;
use shared::aws::backoff::Backoff;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};
use shared::coupons::{self, Coupon, CouponClaim, CouponClaimId, CouponClaimStatus, CouponDistribution, CouponId};
use shared::waiting_rooms::service::{Passage, token_of};
use shared::waiting_rooms::{self, AdmissionService};

use crate::event::CouponEvent;
use crate::known_coupons::{KnownCoupon, KnownCoupons};
use crate::reason;
use crate::store::{ClaimSource, CouponTable, IssueOutcome, missing};

/// The function's store and memory.
#[derive(Debug)]
pub struct ClaimCoupon {
    /// Coupons and claims.
    pub coupons: CouponTable,
    /// The admissions of waiting rooms.
    pub admissions: AdmissionService,
    /// The coupons that were read in the last second.
    pub known: KnownCoupons,
}

impl ClaimCoupon {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            coupons: CouponTable::new(platform)?,
            admissions: AdmissionService::new(platform)?,
            known: KnownCoupons::default(),
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &coupons::reason::COUPON_NOT_OPEN,
    &coupons::reason::COUPON_EXHAUSTED,
    &coupons::reason::COUPON_EXPIRED,
    &waiting_rooms::reason::ADMISSION_REQUIRED,
    &reason::COUPON_NEEDS_CODE,
];

/// Claims a coupon
///
/// A customer has at most one claim of a coupon: any other request returns it in its current state. Units are given to those who
/// come first, but requests of the same moment are in no order. Name the claim in a checkout to redeem it. If the coupon has a
/// `waiting_room_id`, a new claim needs the token of an admission by that room.
///
/// # Cost
/// One request: four write units, and one for the list of the customer's claims. Once a second and function, two read units more. A
/// refusal before the opening costs nothing else, one after it, or without an admission, one read unit.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/coupons/{coupon_id}/claims", operation_id = "claim-coupon", tag = "coupons",
    security(("token" = [])),
    params(
        ("coupon_id" = Uuid, Path, description = "The coupon"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
        ("Waiting-Room-Token" = Option<String>, Header, nullable = false,
            description = "The token of `enter-waiting-room`, for a coupon with a waiting room"),
    ),
    responses(
        (status = 201, description = "The claim", body = CouponClaim,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: the customer had claimed the coupon before"),
                ("Location" = String, description = "The path of the customer's claims"),
            )),
    )
)]
pub async fn handle(function: &ClaimCoupon, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer_id = http::caller(&request)?.customer_id;
    // The customer and the coupon alone identify the claim.
    http::idempotency_key(&request)?;
    let coupon_id = http::path::<CouponId>(&request)?;
    let coupon_claim_id = CouponClaimId::of(coupon_id, &customer_id);
    let new_claim = |coupon: &Coupon| CouponClaim {
        coupon_claim_id,
        coupon_id,
        customer_id: customer_id.clone(),
        status: CouponClaimStatus::Issued,
        order_id: None,
        subscription_id: None,
        code_index: None,
        claimed_at: invocation.now,
        redeemable_until: coupon.redeemable_until,
        is_extended: false,
    };
    let mut backoff = Backoff::until(invocation.deadline);
    let (mut surveyed, mut moved) = (false, false);
    loop {
        let mut known = match function.known.get(coupon_id, invocation.now) {
            Some(known) => known,
            None => {
                let read = function
                    .coupons
                    .coupon_and_claim(coupon_id, coupon_claim_id, invocation.deadline);
                let (coupon, claim) = read.await?;
                if let Some(claim) = claim {
                    return earlier(claim, &invocation);
                }
                let mut known = KnownCoupon::new(coupon.ok_or_else(missing)?, invocation.now);
                function.known.put(&mut known);
                known
            }
        };
        let coupon = &known.stored.coupon;
        if invocation.now < coupon.claims_start_at {
            return Err(not_open(coupon.claims_start_at).into());
        }
        let passage = Passage {
            room: coupon.waiting_room_id,
            customer: &customer_id,
            token: token_of(&request),
        };
        let refusal = match closed(coupon, invocation.now) {
            Some(refusal) => Some(refusal),
            None => function.admissions.refusal(passage, &invocation).await?,
        };
        if let Some(refusal) = refusal {
            // The customer may have claimed it before. A concurrent duplicate of this request may have taken the last unit.
            let claim = function
                .coupons
                .claim(coupon_claim_id, surveyed, invocation.deadline)
                .await?;
            return claim.map_or_else(|| Err(refusal.into()), |claim| earlier(claim, &invocation));
        }
        let claim = new_claim(coupon);
        let event = invocation.record(&CouponEvent::CouponClaimed((&claim).into()))?;
        let source = match coupon.shards {
            Some(count) => ClaimSource::Shard(known.pick(count)),
            None => ClaimSource::Unlimited,
        };
        let issued = function.coupons.issue(&claim, &event, source, invocation.deadline);
        match issued.await? {
            IssueOutcome::Issued => return claimed(&claim),
            IssueOutcome::Exists(claim) => return earlier(*claim, &invocation),
            // Another shard is probably free. A second conflict means high load: wait.
            IssueOutcome::Conflict if !moved => {
                moved = true;
                continue;
            }
            IssueOutcome::Conflict | IssueOutcome::CodeUsed => moved = false,
            IssueOutcome::ShardEmpty => {
                function.look_for_units(&mut known, &invocation).await?;
                surveyed = true;
                continue;
            }
        }
        if !backoff.wait().await {
            return Err(Error::unavailable("claim a coupon", "the shards of its units are busy"));
        }
    }
}

impl ClaimCoupon {
    /// Reads all shards of a coupon after one was found empty, and remembers what is left. If nothing is, marks the coupon as
    /// exhausted.
    ///
    /// Units are only taken, except when an administrator adds some, which makes a new version. So if all shards were seen empty and
    /// the version is still the one that was read, none has a unit.
    async fn look_for_units(&self, known: &mut KnownCoupon, invocation: &Invocation) -> Result<(), Error> {
        let coupon = &known.stored.coupon;
        let id = coupon.coupon_id;
        let levels = self.coupons.levels(coupon, invocation.deadline).await?;
        if levels.iter().any(|level| level.available > 0) {
            known.levels = levels;
            self.known.put(known);
            return Ok(());
        }
        if self.coupons.mark_exhausted(&known.stored, invocation).await? {
            known.stored.coupon.exhausted_at = Some(invocation.now);
            known.stored.version += 1;
            self.known.put(known);
        } else {
            self.known.forget(id);
        }
        Ok(())
    }
}

/// The refusal of a coupon that cannot be claimed yet.
pub fn not_open(claims_start_at: Timestamp) -> Rejection {
    let detail = format!("The coupon can be claimed from {claims_start_at} on.");
    Rejection::with(coupons::reason::CouponNotOpen { claims_start_at }, detail)
}

/// The refusal of a coupon that can no longer be claimed.
fn closed(coupon: &Coupon, now: Timestamp) -> Option<Rejection> {
    if coupon.distribution == CouponDistribution::Codes {
        let detail = "The shop gives away codes of this coupon. Claim it with one of them.";
        return Some(Rejection::new(&reason::COUPON_NEEDS_CODE, detail));
    }
    if coupon.exhausted_at.is_some() {
        let detail = "All units of the coupon are claimed.";
        return Some(Rejection::new(&coupons::reason::COUPON_EXHAUSTED, detail));
    }
    let until = coupon.claimable_until();
    (now >= until).then(|| over(until))
}

/// The refusal of a coupon whose claims have ended.
pub fn over(ended_at: Timestamp) -> Rejection {
    let detail = format!("The coupon could be claimed until {ended_at}.");
    let members = coupons::reason::CouponExpired {
        coupon_claim_id: None,
        ended_at,
    };
    Rejection::with(members, detail)
}

/// The response to a customer who has claimed the coupon before.
///
/// # Errors
/// [`Error::Internal`].
pub fn earlier(claim: CouponClaim, invocation: &Invocation) -> Result<Response, Error> {
    claimed(&claim.as_of(invocation.now)).map(http::replayed)
}

/// The response with a claim.
///
/// # Errors
/// [`Error::Internal`].
pub fn claimed(claim: &CouponClaim) -> Result<Response, Error> {
    http::created("/coupon-claims", claim)
}
