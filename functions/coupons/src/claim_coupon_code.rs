//! Runs for `POST /coupon-claims`: a customer claims a coupon with a code that the shop has given away.
//!
//! A claim costs two requests once the coupon is known: one batch read (the customer's wrong codes, the claim, and the use of the
//! code) and one transaction (the claim, and the use of the code, both under `attribute_not_exists`).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::backoff::Backoff;
use shared::aws::dynamodb::Item;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{Reason, Rejection};
use shared::core::identity::CustomerId;
use shared::coupons::{
    self, CouponClaim, CouponClaimId, CouponClaimStatus, CouponId, StoredCoupon, claim_key, coupon_key,
};

use crate::claim_coupon::{claimed, earlier, not_open, over};
use crate::code::CouponCode;
use crate::code_keys::CodeKeys;
use crate::event::CouponEvent;
use crate::known_coupons::{KnownCoupon, KnownCoupons};
use crate::reason;
use crate::store::{
    ClaimSource, CouponTable, FoundForCode, IssueOutcome, UsedCode, campaign_key, code_key, wrong_codes_key,
};
use crate::wrong_codes::WrongCodes;

/// The most campaigns that a function remembers. Beyond that it forgets all.
const MAX_CAMPAIGNS: usize = 1_000;

/// The function's store and memory.
#[derive(Debug)]
pub struct ClaimCouponCode {
    /// Coupons and claims.
    pub coupons: CouponTable,
    /// The keys of codes.
    pub keys: CodeKeys,
    /// The coupons that were read in the last second.
    pub known: KnownCoupons,
    /// The coupons of campaigns, which never change.
    campaigns: Mutex<HashMap<u32, CouponId>>,
}

/// A code.
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimCouponCodeRequest {
    /// The code, with or without dashes and spaces, in either case.
    #[schema(
        min_length = 25,
        max_length = 100,
        pattern = "^[ -~]{25,100}$",
        examples("7ZC4T-000G8-Q5N3W-9B0XD-K2VHM")
    )]
    pub code: String,
}

impl std::fmt::Debug for ClaimCouponCodeRequest {
    /// Omits the code: who knows it can use it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClaimCouponCodeRequest")
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &reason::COUPON_CODE_INVALID,
    &reason::COUPON_CODE_USED,
    &reason::COUPON_CODE_REVOKED,
    &reason::COUPON_CLAIMED,
    &reason::TOO_MANY_WRONG_CODES,
    &coupons::reason::COUPON_NOT_OPEN,
    &coupons::reason::COUPON_EXPIRED,
];

/// Claims a coupon with a code
///
/// A code works once. Sent again by the customer who used it, it returns the claim in its current state, at any time. A customer has at
/// most one claim of a coupon: with `coupon-claimed`, a second code stays unused.
///
/// After ten wrong codes in an hour, no other code of the customer is looked at until the hour is over. The first three are answered
/// with the reason, the others with `coupon-code-invalid` whatever it is. A text that cannot be a code, and a code that is sent too
/// early, do not count, and neither does the last wrong code when it is sent again.
///
/// # Cost
/// Two requests: three read units; four write units, and one for the list of the customer's claims. Once a second and function,
/// another read unit, once a function and coupon another request and one to KMS. A wrong code costs three read units and a write
/// unit.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/coupon-claims", operation_id = "claim-coupon-code", tag = "coupons",
    request_body = ClaimCouponCodeRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The claim", body = CouponClaim,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: the customer had used the code before"),
                ("Location" = String, description = "The path of the customer's claims"),
            )),
    )
)]
pub async fn handle(function: &ClaimCouponCode, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::caller(&request)?.customer_id;
    // The code alone identifies the claim.
    http::idempotency_key(&request)?;
    let body: ClaimCouponCodeRequest = http::body(&request)?;
    let code = CouponCode::parse(&body.code).map_err(|malformed| {
        let detail = format!("The code is not valid: {malformed}.");
        Rejection::new(&reason::COUPON_CODE_INVALID, detail)
    })?;
    let mut backoff = Backoff::until(invocation.deadline);
    loop {
        let found = function.look(code, &customer, &invocation).await?;
        let (wrong, has_used) = (found.wrong, found.has_used(code));
        let locked_until = wrong.locked_until(invocation.now);
        if let Some(again_at) = locked_until.filter(|_| !has_used) {
            // A retry of the last code that counted is answered as its first request.
            let is_retry = wrong.has_counted(code.id_for(&customer), invocation.now);
            let refusal = if is_retry {
                WrongCode::Unknown.into()
            } else {
                too_many(again_at)
            };
            return Err(refusal.into());
        }
        let judged = function.judge(code, found, &invocation).await?;
        let coupon = match (judged, locked_until) {
            // The customer's own code is no guess: a retry is answered as the first request.
            (Judged::Claimed(claim), _) => return earlier(*claim, &invocation),
            (_, Some(again_at)) => return Err(too_many(again_at).into()),
            (Judged::Refused(refusal), None) => return Err(refusal.into()),
            (Judged::Wrong(why), None) => {
                let refusal = function.refuse(why, code, &customer, wrong, &invocation);
                return Err(refusal.await?.into());
            }
            (Judged::Good(coupon), None) => coupon.coupon,
        };
        let claim = CouponClaim {
            coupon_claim_id: CouponClaimId::of(coupon.coupon_id, &customer),
            coupon_id: coupon.coupon_id,
            customer_id: customer.clone(),
            status: CouponClaimStatus::Issued,
            order_id: None,
            subscription_id: None,
            code_index: Some(code.index),
            claimed_at: invocation.now,
            redeemable_until: coupon.redeemable_until,
            is_extended: false,
        };
        let event = invocation.record(&CouponEvent::CouponClaimed((&claim).into()))?;
        let source = ClaimSource::Code(code.index);
        let issued = function.coupons.issue(&claim, &event, source, invocation.deadline);
        match issued.await? {
            IssueOutcome::Issued => return claimed(&claim),
            // Another request was faster, perhaps an earlier attempt of this one. What is stored now says which it was.
            IssueOutcome::Exists(_) | IssueOutcome::CodeUsed | IssueOutcome::ShardEmpty | IssueOutcome::Conflict => {}
        }
        if !backoff.wait().await {
            return Err(Error::unavailable(
                "claim a coupon",
                "another request is using the code",
            ));
        }
    }
}

/// The judgment of a code.
enum Judged {
    /// The customer has used it: this claim.
    Claimed(Box<CouponClaim>),
    /// It makes a claim of this coupon.
    Good(Box<StoredCoupon>),
    /// It is genuine, and does not work for this customer, or not now. It counts as no guess.
    Refused(Rejection),
    /// It does not work.
    Wrong(WrongCode),
}

/// The reason for which a code does not work.
#[derive(Clone, Copy)]
enum WrongCode {
    /// No coupon has such a code.
    Unknown,
    /// Another customer has used it.
    Used,
    /// An administrator has revoked it.
    Revoked,
    /// The claims of its coupon have ended.
    Over {
        /// The time at which they ended.
        ended_at: Timestamp,
    },
}

impl From<WrongCode> for Rejection {
    fn from(wrong: WrongCode) -> Self {
        match wrong {
            WrongCode::Unknown => Self::new(
                &reason::COUPON_CODE_INVALID,
                "The code is not valid. Check what you typed.",
            ),
            WrongCode::Used => Self::new(&reason::COUPON_CODE_USED, "Another customer has used the code."),
            WrongCode::Revoked => Self::new(&reason::COUPON_CODE_REVOKED, "The shop has revoked the code."),
            WrongCode::Over { ended_at } => over(ended_at),
        }
    }
}

fn too_many(again_at: Timestamp) -> Rejection {
    let detail = format!("You have sent too many wrong codes. Try again from {again_at} on.");
    Rejection::with(reason::TooManyWrongCodes { again_at }, detail)
}

impl ClaimCouponCode {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            coupons: CouponTable::new(platform)?,
            keys: CodeKeys::new(platform)?,
            known: KnownCoupons::default(),
            campaigns: Mutex::default(),
        })
    }

    /// Reads what the code needs: in one request, or in two if the function does not know the campaign.
    async fn look(
        &self,
        code: CouponCode,
        customer: &CustomerId,
        invocation: &Invocation,
    ) -> Result<FoundForCode, Error> {
        let deadline = invocation.deadline;
        let wrong = wrong_codes_key(customer);
        let known = self.campaigns().get(&code.campaign).copied();
        let (coupon_id, wrong, more) = match known {
            Some(coupon_id) => (coupon_id, None, Some(wrong)),
            None => {
                let keys = vec![wrong, campaign_key(code.campaign)];
                let found = self.coupons.read_for_code(keys, deadline).await?;
                let Some(coupon_id) = found.coupon_id else {
                    return Ok(found);
                };
                self.remember(code.campaign, coupon_id);
                (coupon_id, Some(found.wrong), None)
            }
        };
        let recent = self.known.get(coupon_id, invocation.now);
        let coupon = recent.is_none().then(|| coupon_key(coupon_id));
        let own = [
            claim_key(CouponClaimId::of(coupon_id, customer)),
            code_key(coupon_id, code.index),
        ];
        let keys: Vec<Item> = own.into_iter().chain(more).chain(coupon).collect();
        let mut found = self.coupons.read_for_code(keys, deadline).await?;
        match (recent, &found.coupon) {
            (Some(recent), _) => found.coupon = Some(recent.stored),
            (None, Some(read)) => self.known.put(&mut KnownCoupon::new(read.clone(), invocation.now)),
            (None, None) => {}
        }
        found.wrong = wrong.unwrap_or(found.wrong);
        Ok(found)
    }

    /// Judges a code by what was found.
    async fn judge(&self, code: CouponCode, found: FoundForCode, invocation: &Invocation) -> Result<Judged, Error> {
        const DOING: &str = "check a code";
        let FoundForCode {
            coupon, claim, used, ..
        } = found;
        let Some((stored, codes)) = coupon.and_then(|stored| Some((stored.clone(), stored.codes?))) else {
            return Ok(Judged::Wrong(WrongCode::Unknown));
        };
        let coupon = &stored.coupon;
        let key = self.keys.of(coupon.coupon_id, &codes, invocation.deadline).await?;
        let is_genuine =
            codes.campaign == code.campaign && key.has_made(code).map_err(|error| Error::internal(DOING, error))?;
        if !is_genuine {
            return Ok(Judged::Wrong(WrongCode::Unknown));
        }
        Ok(match (claim, used) {
            (Some(claim), _) if claim.code_index == Some(code.index) => Judged::Claimed(Box::new(claim)),
            (_, Some(UsedCode { .. })) => Judged::Wrong(WrongCode::Used),
            _ if coupon.revoked_codes.iter().any(|range| range.has(code.index)) => Judged::Wrong(WrongCode::Revoked),
            _ if invocation.now >= coupon.claimable_until() => Judged::Wrong(WrongCode::Over {
                ended_at: coupon.claimable_until(),
            }),
            (Some(claim), None) => {
                let coupon_claim_id = claim.coupon_claim_id;
                let detail = "You have this coupon already. The code stays unused.";
                Judged::Refused(Rejection::with(reason::CouponClaimed { coupon_claim_id }, detail))
            }
            (None, None) if invocation.now < coupon.claims_start_at => {
                Judged::Refused(not_open(coupon.claims_start_at))
            }
            (None, None) => Judged::Good(Box::new(stored)),
        })
    }

    /// Counts a wrong code, unless it was the last one too, and says what the customer is told of it.
    async fn refuse(
        &self,
        why: WrongCode,
        code: CouponCode,
        customer: &CustomerId,
        known: WrongCodes,
        invocation: &Invocation,
    ) -> Result<Rejection, Error> {
        let sent = code.id_for(customer);
        let counted = self.coupons.count_wrong_code(customer, sent, known, invocation).await?;
        Ok(match counted {
            Ok(counted) if counted.explains() => why.into(),
            Ok(_) => WrongCode::Unknown.into(),
            Err(full) => too_many(full.locked_until(invocation.now).unwrap_or(invocation.now)),
        })
    }

    fn remember(&self, campaign: u32, coupon_id: CouponId) {
        let mut campaigns = self.campaigns();
        if campaigns.len() >= MAX_CAMPAIGNS {
            campaigns.clear();
        }
        campaigns.insert(campaign, coupon_id);
    }

    fn campaigns(&self) -> MutexGuard<'_, HashMap<u32, CouponId>> {
        self.campaigns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
