//! Runs for `GET /coupon-claims`: lists the caller's claims of coupons, newest first. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Page, PageParameters, PageRequest};
use shared::core::error::Reason;
use shared::coupons::CouponClaim;

use crate::store::{CouponTable, claims_of, cursor};

/// The function's store.
#[derive(Debug)]
pub struct ListClaims {
    /// Coupons.
    pub coupons: CouponTable,
}

impl ListClaims {
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

/// A page of the caller's claims.
pub type CouponClaimList = Page<CouponClaim>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the caller's claims of coupons
///
/// Newest first. The list is eventually consistent: a new claim may take a moment to appear.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/coupon-claims", operation_id = "list-claims", tag = "coupons",
    security(("token" = [])),
    params(PageParameters),
    responses(
        (status = 200, description = "A page of claims", body = CouponClaimList),
    )
)]
pub async fn handle(function: &ListClaims, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::caller(&request)?.customer_id;
    let page = PageRequest::of(&request, &["claims", customer.as_str()], &[])?;
    let (list, after) = (claims_of(&customer), page.after()?);
    let found = function.coupons.list(&list, after, page.limit, invocation.deadline);
    let found = found.await?;
    let claims = found
        .items
        .into_iter()
        .map(|claim: CouponClaim| claim.as_of(invocation.now));
    page.respond(claims.collect(), found.next, |claim| {
        cursor(claim.claimed_at, claim.coupon_claim_id.0)
    })
}
