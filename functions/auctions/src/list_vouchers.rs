//! Runs for `GET /vouchers`: lists the caller's vouchers, newest first. Changes nothing.

use crate::store::AuctionStore;
use crate::voucher::Voucher;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Cursor, Page, PageParameters, PageRequest};
use shared::catalog::Sku;
use shared::core::error::Reason;

/// The function's store.
#[derive(Debug)]
pub struct ListVouchers {
    /// Vouchers.
    pub auctions: AuctionStore,
}

impl ListVouchers {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            auctions: AuctionStore::new(platform)?,
        })
    }
}

/// A page of the caller's vouchers.
pub type VoucherList = Page<Voucher>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the caller's vouchers
///
/// Newest first. The list is eventually consistent: a new voucher may take a moment to appear. Each page reads at most 100
/// vouchers, so a page with `sku` and a `next_cursor` may have fewer vouchers than `limit`, even none.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/vouchers", operation_id = "list-vouchers", tag = "auctions",
    security(("token" = [])),
    params(
        PageParameters,
        ("sku" = Option<Sku>, Query, description = "Only vouchers of this product"),
    ),
    responses(
        (status = 200, description = "A page of vouchers", body = VoucherList),
    )
)]
pub async fn handle(function: &ListVouchers, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::caller(&request)?.customer_id;
    let page = PageRequest::of(&request, &["vouchers", customer.as_str()], &["sku"])?;
    let sku: Option<Sku> = page.filter("sku")?;
    let limit = page.read_limit(sku.is_some());
    let found = function
        .auctions
        .list_vouchers(&customer, page.after()?, limit, invocation.deadline)
        .await?;
    let vouchers = found.items.into_iter();
    let vouchers = vouchers.filter(|voucher| sku.as_ref().is_none_or(|sku| voucher.sku == *sku));
    page.respond(vouchers.collect(), found.next, |voucher| Cursor {
        at: [voucher.owned_at.as_millisecond().unsigned_abs()],
        id: voucher.voucher_id.0,
    })
}
