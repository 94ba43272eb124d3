//! Runs for `GET /coupons/{coupon_id}`: returns a coupon. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::core::error::{self, Reason};
use shared::coupons::{Coupon, CouponId};

use crate::store::CouponTable;

/// The function's store.
#[derive(Debug)]
pub struct GetCoupon {
    /// Coupons.
    pub coupons: CouponTable,
}

impl GetCoupon {
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

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns a coupon
///
/// At most 15 seconds old. `exhausted_at` says that nobody can claim it any more, unless its total is raised.
///
/// # Cost
/// One request, one read unit.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/coupons/{coupon_id}", operation_id = "get-coupon", tag = "coupons",
    params(
        ("coupon_id" = Uuid, Path, description = "The coupon"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The coupon", body = Coupon,
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request"),
            )),
        (status = 304, description = "Nothing has changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(function: &GetCoupon, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let coupon_id = http::path::<CouponId>(&request)?;
    let found = function.coupons.get(coupon_id, invocation.deadline).await?;
    let coupon = Coupon {
        revoked_codes: vec![],
        ..found.coupon
    };
    conditional::get(&request, &coupon, cache::DETAILS)
}
