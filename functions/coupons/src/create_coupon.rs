//! Runs for `POST /admin/coupons`: creates a coupon, with its units in shards or the key of its codes.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, conditional};
use shared::core::error::Reason;
use shared::coupons::{Coupon, CouponDistribution, CouponId, StoredCoupon};

use crate::code_keys::CodeKeys;
use crate::fields::CreateCouponRequest;
use crate::reason;
use crate::store::CouponTable;

/// The function's store.
#[derive(Debug)]
pub struct CreateCoupon {
    /// Coupons.
    pub coupons: CouponTable,
    /// The keys of codes.
    pub keys: CodeKeys,
}

impl CreateCoupon {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            coupons: CouponTable::new(platform)?,
            keys: CodeKeys::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&reason::INVALID_COUPON];

/// Creates a coupon
///
/// Customers claim it from `claims_start_at` on: everybody, or those who have one of its codes. Its class, what it takes off, its
/// scope, its duration and its times cannot be changed, except for the end of the claims. A retry with the same key and body returns
/// it in its current state.
///
/// # Cost
/// Two requests: one read unit, and two write units for each shard and for the coupon. One with codes takes two more write units and
/// a request to KMS.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/coupons", operation_id = "create-coupon", tag = "coupons",
    request_body = CreateCouponRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each coupon",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The coupon", body = Coupon,
            headers(
                ("ETag" = String, description = "For `If-Match` of a change"),
                ("Idempotency-Replayed" = bool, description = "true: an earlier request created it"),
                ("Location" = String, description = "The coupon's path"),
            )),
    )
)]
pub async fn handle(function: &CreateCoupon, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let body: CreateCouponRequest = http::body(&request)?;
    let fingerprint = key
        .fingerprint_of(&body)
        .map_err(|error| Error::internal("read a coupon", error))?;
    let coupon_id = CouponId(key.derive_id("coupon", &caller.customer_id));
    let earlier = async || -> Result<Option<Response>, Error> {
        let Some(earlier) = function.coupons.find(coupon_id, invocation.deadline).await? else {
            return Ok(None);
        };
        earlier.fingerprint.require_same(&fingerprint)?;
        created(&earlier.coupon).map(http::replayed).map(Some)
    };
    // A retry succeeds even if the coupon would be refused now.
    if let Some(earlier) = earlier().await? {
        return Ok(earlier);
    }
    let coupon = body.checked(coupon_id, invocation.now)?;
    let mut attempts = Attempts::new("create a coupon");
    loop {
        attempts.start()?;
        let codes = match coupon.distribution {
            CouponDistribution::Claim => None,
            CouponDistribution::Codes => Some(function.keys.create(coupon_id, invocation.deadline).await?),
        };
        let stored = StoredCoupon {
            coupon: coupon.clone(),
            codes,
            fingerprint: fingerprint.clone(),
            version: 1,
            updated_by: invocation.actor()?.clone(),
        };
        if function.coupons.create(&stored, invocation.deadline).await? {
            return created(&stored.coupon);
        }
        // A concurrent duplicate of this request has created it, or another coupon has the campaign.
        if let Some(earlier) = earlier().await? {
            return Ok(earlier);
        }
    }
}

fn created(coupon: &Coupon) -> Result<Response, Error> {
    let response = conditional::tagged(StatusCode::CREATED, coupon)?;
    http::located(response, &format!("/admin/coupons/{}", coupon.coupon_id))
}
