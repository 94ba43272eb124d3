//! Runs for `GET /products`, without a token: lists the products that are for sale. Changes nothing.

use iso_currency::Currency;
use lambda_http::http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::conditional::{self, EntityTag};
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{PageParameters, PageRequest};
use shared::aws::lambda::{Invocation, cache};
use shared::catalog::Category;
use shared::core::error::{Reason, Rejection};

use crate::listings::card::ProductCard;
use crate::listings::keys::ProductOrder;
use crate::listings::list::{List, ListPage};
use crate::listings::scope::{Listing, Scope};
use crate::listings::store::{ListCount, ListingStore};

/// The function's store.
#[derive(Debug)]
pub struct ListProducts {
    /// The lists of products.
    pub listings: ListingStore,
}

impl ListProducts {
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

/// A page of products.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProductList {
    /// The products.
    pub items: Vec<ProductCard>,
    /// Cursor of the next page. Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
    /// The approximate number of products in the whole list, in any currency. Absent while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub approximate_count: Option<u64>,
}

impl ProductList {
    /// The response with a page.
    ///
    /// # Errors
    /// [`Error::Internal`] when the page cannot be serialized.
    pub fn respond(page: ListPage, count: Option<ListCount>, request: &PageRequest<'_>) -> Result<Response, Error> {
        let next_cursor = request.cursor(page.next);
        let link = next_cursor.as_deref().map(|cursor| request.link(cursor)).transpose()?;
        let list = Self {
            items: page.cards,
            next_cursor,
            approximate_count: count.map(|count| count.products.try_into().unwrap_or_default()),
        };
        let mut response = http::json(StatusCode::OK, &list)?;
        if let Some(link) = link {
            response.headers_mut().insert(header::LINK, link);
        }
        Ok(response)
    }
}

/// The query parameters of the list.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProductListParameters {
    /// Only products of this category and of those below it.
    pub category: Option<Category>,
    /// `NEWEST` by default.
    #[param(inline)]
    pub order: Option<ProductOrder>,
    /// `true`: only products that are not sold out.
    pub available: Option<bool>,
    /// The currency of the prices. Required for the orders by price, which show only products with a price in it.
    #[param(pattern = "^[A-Z]{3}$", value_type = Option<String>)]
    pub currency: Option<Currency>,
}

const FILTERS: [&str; 4] = ["category", "order", "available", "currency"];

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists products
///
/// Products that are listed now, of the whole shop or of a category. A category without products is an empty list. The list
/// follows a change of a product or of its stock within a few seconds. A walk by `NEWEST` or by price shows each product that
/// does not change meanwhile exactly once; with `RECENTLY_UPDATED`, a product that changes moves to the front, and may be
/// missed or shown twice.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/products", operation_id = "list-products", tag = "catalog",
    params(
        ProductListParameters,
        PageParameters,
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "A page of products", body = ProductList,
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request"),
            )),
        (status = 304, description = "The list has not changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(function: &ListProducts, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let page = PageRequest::of(&request, &["products"], &FILTERS)?;
    let (list, after) = (wanted(&page)?, page.after()?);
    // The count is read before the rows, so that a change between both reads gives the page an old tag, not an old page the new
    // tag. Indexes may lag all the same: see `tag`.
    let (layouts, count) = function
        .listings
        .layouts_and_count(&list.scope, invocation.deadline)
        .await?;
    let tag = tag(&page, count, &invocation)?;
    if let Some(unchanged) = conditional::unchanged(&request, &tag, cache::LISTS)? {
        return Ok(unchanged);
    }
    let epoch = layouts.of(&list.scope.listing).current;
    let limit = usize::from(page.limit);
    let found = list
        .page(&function.listings, epoch, after.as_ref(), limit, invocation.deadline)
        .await?;
    conditional::cacheable(ProductList::respond(found, count, &page)?, &tag, cache::LISTS)
}

/// The list that a request asks for.
fn wanted(page: &PageRequest<'_>) -> Result<List, Rejection> {
    const CURRENCY: &str = "currency";
    let order = page.filter("order")?.unwrap_or(ProductOrder::Newest);
    let currency = page.filter(CURRENCY)?;
    match (order.is_by_price(), currency) {
        (true, None) => return Err(Rejection::invalid_parameter(CURRENCY, "an order by price needs it")),
        (false, Some(_)) => {
            return Err(Rejection::invalid_parameter(
                CURRENCY,
                "only an order by price takes it",
            ));
        }
        _ => {}
    }
    let is_available = match page.filter::<String>("available")?.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Rejection::invalid_parameter("available", "it is true or false")),
    };
    let listing = page.filter("category")?.map_or(Listing::All, Listing::Category);
    Ok(List {
        scope: Scope { listing, is_available },
        order,
        currency,
    })
}

/// The tag of a page. It changes with the list, and with each minute: the list's indexes may lag behind its count, and a count
/// may be lost, but no page is confirmed for longer.
fn tag(page: &PageRequest<'_>, count: Option<ListCount>, invocation: &Invocation) -> Result<EntityTag, Error> {
    let generation = count.unwrap_or_default().generation;
    let minute = invocation.now.as_second().div_euclid(60);
    EntityTag::weak(&(page.identity()?, generation, minute))
}
