//! Runs for `GET /admin/products`, for administrators: lists all products, drafts and unlisted ones too. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::page::{PageParameters, PageRequest};
use shared::core::error::Reason;

use crate::list_products::ProductList;
use crate::listings::keys::ProductOrder;
use crate::listings::list::List;
use crate::listings::scope::{Listing, Scope};
use crate::listings::store::ListingStore;

/// The function's store.
#[derive(Debug)]
pub struct ListAdminProducts {
    /// The lists of products.
    pub listings: ListingStore,
}

impl ListAdminProducts {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            listings: ListingStore::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists all products for administrators
///
/// The last changed product first, also drafts and unlisted products. The list follows a change within a few seconds. A product
/// that changes meanwhile moves to the first page.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/products", operation_id = "list-admin-products", tag = "catalog",
    security(("token" = [])),
    params(PageParameters),
    responses((status = 200, description = "A page of products", body = ProductList))
)]
pub async fn handle(function: &ListAdminProducts, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let page = PageRequest::of(&request, &["admin-products"], &[])?;
    let after = page.after()?;
    let list = List {
        scope: Scope::of(Listing::Admin),
        order: ProductOrder::RecentlyUpdated,
        currency: None,
    };
    let listings = &function.listings;
    let (layouts, count) = listings.layouts_and_count(&list.scope, invocation.deadline).await?;
    let epoch = layouts.of(&list.scope.listing).current;
    let limit = usize::from(page.limit);
    let found = list
        .page(listings, epoch, after.as_ref(), limit, invocation.deadline)
        .await?;
    ProductList::respond(found, count, &page)
}
