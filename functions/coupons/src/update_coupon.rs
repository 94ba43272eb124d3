//! Runs for `PATCH /admin/coupons/{coupon_id}`: renames a coupon, raises its total, moves the end of its claims, puts a waiting
//! room before them, or revokes it.

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, conditional};
use shared::core::error::{self, Reason, Rejection};
use shared::core::merge_patch::Patch;
use shared::coupons::{Coupon, CouponId, StoredCoupon};
use shared::waiting_rooms::WaitingRoomId;

use crate::fields::{self, invalid};
use crate::reason;
use crate::store::CouponTable;

/// The function's store.
#[derive(Debug)]
pub struct UpdateCoupon {
    /// Coupons.
    pub coupons: CouponTable,
}

impl UpdateCoupon {
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

/// Changes of a coupon, as a merge patch (RFC 7396): only what is named changes, and `null` clears the waiting room or
/// lifts the revocation.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCouponRequest {
    /// The name that customers see. Text of one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// The number of customers who can claim it. Not less than before, and only for a coupon that has a total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 100_000_000)]
    pub total: Option<u64>,
    /// The time from which it can no longer be claimed. A time in the past ends the claims within a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub claims_end_at: Option<Timestamp>,
    /// The time from which nobody claims or redeems it. A time in the past takes effect within ten seconds, and `null` lifts the
    /// revocation. Orders and subscriptions that have redeemed it keep it.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<Timestamp>)]
    pub revoked_at: Patch<Timestamp>,
    /// The waiting room whose admission a claim needs. It takes effect within a second.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<WaitingRoomId>)]
    pub waiting_room_id: Patch<WaitingRoomId>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND, &reason::INVALID_COUPON];

/// Changes a coupon
///
/// Only what is named changes (RFC 7396). `If-Match` is required: if the coupon has changed since it was read, the answer is 412
/// and nothing changes. A change that is made already is answered with 200 in any case. More units can be claimed within a second.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    patch, path = "/admin/coupons/{coupon_id}", operation_id = "update-coupon", tag = "coupons",
    request_body(content = UpdateCouponRequest, content_type = "application/merge-patch+json"),
    security(("token" = [])),
    params(
        ("coupon_id" = Uuid, Path, description = "The coupon"),
        ("If-Match" = String, Header, description = "The `ETag` of the coupon as it was read, or `*`"),
    ),
    responses(
        (status = 200, description = "The coupon", body = Coupon,
            headers(("ETag" = String, description = "For `If-Match` of the next change"))),
    )
)]
pub async fn handle(function: &UpdateCoupon, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let coupon_id = http::path::<CouponId>(&request)?;
    let body: UpdateCouponRequest = http::body(&request)?;
    conditional::require_if_match(&request)?;
    let mut attempts = Attempts::new("change a coupon");
    loop {
        attempts.start()?;
        let previous = function.coupons.get(coupon_id, invocation.deadline).await?;
        let (changed, added) = patched(&previous.coupon, &body)?;
        if changed == previous.coupon {
            return conditional::tagged(StatusCode::OK, &previous.coupon);
        }
        conditional::require_match(&request, &previous.coupon)?;
        let next = StoredCoupon {
            coupon: Coupon {
                updated_at: invocation.at_present().now,
                ..changed
            },
            version: previous.version + 1,
            updated_by: invocation.actor()?.clone(),
            ..previous
        };
        if function.coupons.save(&next, added, invocation.deadline).await? {
            return conditional::tagged(StatusCode::OK, &next.coupon);
        }
    }
}

/// The coupon with the changes, and the units that are added.
fn patched(previous: &Coupon, changes: &UpdateCouponRequest) -> Result<(Coupon, u64), Rejection> {
    let mut coupon = previous.clone();
    if let Some(name) = &changes.name {
        coupon.name = fields::name(name)?;
    }
    coupon.claims_end_at = changes.claims_end_at.unwrap_or(previous.claims_end_at);
    changes
        .revoked_at
        .merge(&mut coupon.revoked_at, |&at| Ok::<_, Rejection>(Some(at)))?;
    changes
        .waiting_room_id
        .merge(&mut coupon.waiting_room_id, |&id| Ok::<_, Rejection>(Some(id)))?;
    fields::check_room(coupon.distribution, coupon.waiting_room_id)?;
    fields::check_times(&coupon)?;
    let Some(total) = changes.total else {
        return Ok((coupon, 0));
    };
    let present = previous
        .total
        .ok_or_else(|| invalid("total", "the coupon has no limit"))?;
    if !(present..=Coupon::MAX_TOTAL).contains(&total) {
        let detail = format!("it can only be raised, from {present} to at most {}", Coupon::MAX_TOTAL);
        return Err(invalid("total", &detail));
    }
    coupon.total = Some(total);
    if total > present {
        coupon.exhausted_at = None;
    }
    Ok((coupon, total - present))
}
