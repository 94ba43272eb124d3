//! Runs for `GET /admin/coupons`: lists all coupons, newest first. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::page::{Page, PageParameters, PageRequest};
use shared::core::error::Reason;
use shared::coupons::Coupon;

use crate::store::{COUPONS, CouponTable, cursor};

/// The function's store.
#[derive(Debug)]
pub struct ListAdminCoupons {
    /// Coupons.
    pub coupons: CouponTable,
}

impl ListAdminCoupons {
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

/// A page of coupons.
pub type CouponList = Page<Coupon>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists all coupons
///
/// Newest first. The list is eventually consistent: a new coupon may take a moment to appear.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/coupons", operation_id = "list-admin-coupons", tag = "coupons",
    security(("token" = [])),
    params(PageParameters),
    responses(
        (status = 200, description = "A page of coupons", body = CouponList),
    )
)]
pub async fn handle(function: &ListAdminCoupons, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let page = PageRequest::of(&request, &["admin coupons"], &[])?;
    let (deadline, after) = (invocation.deadline, page.after()?);
    let found = function
        .coupons
        .list::<Coupon>(COUPONS, after, page.limit, deadline)
        .await?;
    page.respond(found.items, found.next, |coupon| {
        cursor(coupon.created_at, coupon.coupon_id.0)
    })
}
