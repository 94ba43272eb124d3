//! Runs for `POST /admin/coupons/{coupon_id}/revoke-codes`: codes of a coupon no longer work.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, conditional};
use shared::core::error::{self, Reason, Rejection};
use shared::coupons::{CodeRange, Coupon, CouponId, StoredCoupon};

use crate::create_coupon_codes::{invalid_range, without_codes};
use crate::reason;
use crate::store::CouponTable;

/// The function's store.
#[derive(Debug)]
pub struct RevokeCouponCodes {
    /// Coupons.
    pub coupons: CouponTable,
}

impl RevokeCouponCodes {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            coupons: CouponTable::new(platform)?,
        })
    }
}

/// The codes to revoke.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeCouponCodesRequest {
    /// The index of the first code.
    #[schema(minimum = 0, maximum = 999_999_999)]
    pub first_index: u32,
    /// The number of codes.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub count: u32,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::COUPON_WITHOUT_CODES,
    &reason::INVALID_CODE_RANGE,
    &reason::TOO_MANY_CODE_RANGES,
];

/// Revokes codes of a coupon
///
/// They do not work any more, within a second. A claim that a code has made stays. Codes that are revoked already stay so, whichever
/// request revoked them. A revocation cannot be taken back: make codes with other indexes.
///
/// # Cost
/// Two requests: one read unit; two write units for each kilobyte of the coupon, and one for the list.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/coupons/{coupon_id}/revoke-codes", operation_id = "revoke-coupon-codes", tag = "coupons",
    request_body = RevokeCouponCodesRequest,
    security(("token" = [])),
    params(
        ("coupon_id" = Uuid, Path, description = "The coupon"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The coupon", body = Coupon,
            headers(
                ("ETag" = String, description = "For `If-Match` of a change"),
                ("Idempotency-Replayed" = bool, description = "true: the codes were revoked before"),
            )),
    )
)]
pub async fn handle(function: &RevokeCouponCodes, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let coupon_id = http::path::<CouponId>(&request)?;
    // The codes alone identify the revocation.
    http::idempotency_key(&request)?;
    let body: RevokeCouponCodesRequest = http::body(&request)?;
    let range = CodeRange::of(body.first_index, body.count);
    let range = range.ok_or_else(|| invalid_range(CodeRange::MAX_INDEX + 1))?;
    let mut attempts = Attempts::new("revoke codes");
    loop {
        attempts.start()?;
        let previous = function.coupons.get(coupon_id, invocation.deadline).await?;
        if previous.codes.is_none() {
            return Err(without_codes().into());
        }
        let revoked_codes = range.joined_to(&previous.coupon.revoked_codes);
        if revoked_codes == previous.coupon.revoked_codes {
            return conditional::tagged(StatusCode::OK, &previous.coupon).map(http::replayed);
        }
        if revoked_codes.len() > Coupon::MAX_REVOKED {
            let detail = format!("A coupon has at most {} ranges of revoked codes.", Coupon::MAX_REVOKED);
            return Err(Rejection::new(&reason::TOO_MANY_CODE_RANGES, detail).into());
        }
        let next = StoredCoupon {
            coupon: Coupon {
                revoked_codes,
                updated_at: invocation.at_present().now,
                ..previous.coupon
            },
            version: previous.version + 1,
            updated_by: invocation.actor()?.clone(),
            ..previous
        };
        if function.coupons.save(&next, 0, invocation.deadline).await? {
            return conditional::tagged(StatusCode::OK, &next.coupon);
        }
    }
}
