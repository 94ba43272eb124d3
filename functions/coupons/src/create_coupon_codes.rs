//! Runs for `POST /admin/coupons/{coupon_id}/codes`: makes codes of a coupon. Changes nothing: the same request makes the same codes,
//! so it needs no `Idempotency-Key`.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};
use shared::coupons::{CodeRange, CouponId};

use crate::code_keys::CodeKeys;
use crate::reason;
use crate::store::CouponTable;

/// The most codes of a request: about 320 KB.
const MAX_CODES: u32 = 10_000;

/// The function's store and keys.
#[derive(Debug)]
pub struct CreateCouponCodes {
    /// Coupons.
    pub coupons: CouponTable,
    /// The keys of codes.
    pub keys: CodeKeys,
}

impl CreateCouponCodes {
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

/// The codes to make.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCouponCodesRequest {
    /// The index of the first code.
    #[schema(minimum = 0, maximum = 999_999_999)]
    pub first_index: u32,
    /// The number of codes.
    #[schema(minimum = 1, maximum = 10_000)]
    pub count: u32,
}

/// Codes of a coupon.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CouponCodes {
    /// The coupon.
    pub coupon_id: CouponId,
    /// The index of the first code.
    pub first_index: u32,
    /// The codes, in the order of their indexes.
    #[schema(examples(json!(["7ZC4T-000G8-Q5N3W-9B0XD-K2VHM"])))]
    pub codes: Vec<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::COUPON_WITHOUT_CODES,
    &reason::INVALID_CODE_RANGE,
];

/// Makes codes of a coupon
///
/// Each code works once. Codes are not stored before they are used: the same request makes the same codes at any time. Give each
/// index away once, and keep a list of the customer of each code, so that codes can be revoked.
///
/// # Cost
/// One request, one read unit, whatever the number of codes; once a function and coupon a request to KMS.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/coupons/{coupon_id}/codes", operation_id = "create-coupon-codes", tag = "coupons",
    request_body = CreateCouponCodesRequest,
    security(("token" = [])),
    params(("coupon_id" = Uuid, Path, description = "The coupon")),
    responses(
        (status = 200, description = "The codes", body = CouponCodes),
    )
)]
pub async fn handle(function: &CreateCouponCodes, request: Request, invocation: Invocation) -> Result<Response, Error> {
    const DOING: &str = "make codes";
    let coupon_id = http::path::<CouponId>(&request)?;
    let body: CreateCouponCodesRequest = http::body(&request)?;
    let range = CodeRange::of(body.first_index, body.count).filter(|_| body.count <= MAX_CODES);
    let range = range.ok_or_else(|| invalid_range(MAX_CODES))?;
    let found = function.coupons.get(coupon_id, invocation.deadline).await?;
    let codes = found.codes.ok_or_else(without_codes)?;
    let key = function.keys.of(coupon_id, &codes, invocation.deadline).await?;
    let indexes = range.first_index..=range.last_index;
    let made = indexes.map(|index| key.code(codes.campaign, index).map(|code| code.to_string()));
    let made = CouponCodes {
        coupon_id,
        first_index: range.first_index,
        codes: made
            .collect::<Result<_, _>>()
            .map_err(|error| Error::internal(DOING, error))?,
    };
    http::json(StatusCode::OK, &made)
}

/// The refusal of a range with no code, more than `most`, or an index that is too high.
pub fn invalid_range(most: u32) -> Rejection {
    let detail = format!(
        "A request names 1 to {most} codes, with indexes up to {}.",
        CodeRange::MAX_INDEX
    );
    Rejection::new(&reason::INVALID_CODE_RANGE, detail)
}

/// The refusal for a coupon without codes.
pub fn without_codes() -> Rejection {
    let detail = "Customers claim this coupon without codes. Create one with the distribution CODES.";
    Rejection::new(&reason::COUPON_WITHOUT_CODES, detail)
}
