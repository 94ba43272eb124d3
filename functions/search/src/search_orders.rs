//! Runs for `GET /admin/orders/search`, for administrators: finds orders by a part of a name or an e-mail address. Changes
//! nothing.
//!
//! Each order that the private index finds is read again. It is shown only if its customer still has the data key with which the
//! name was encrypted. So an erased name finds nothing, also while it is still in the index.

use std::collections::{BTreeSet, HashMap};

use search_engine::{Hit, Hits, Query};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::encryption::CustomerKeyStore;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Cursor, PageParameters, PageRequest};
use shared::aws::lambda::problem::Causes;
use shared::core::error::{Reason, Rejection};
use shared::core::identity::CustomerId;
use shared::orders::{Order, OrderId, OrderStore, StoredOrder};
use tokio::time::Instant;
use uuid::Uuid;

use crate::index_copy::IndexCopy;
use crate::index_reader::IndexReader;
use crate::refused::refused;
use crate::search_documents::{Highlight, cursor, place};
use crate::storage::IndexStorage;

/// The function's index and stores.
#[derive(Debug)]
pub struct SearchOrders {
    /// The private index.
    pub reader: IndexReader,
    /// Orders.
    pub orders: OrderStore,
    /// The customers' data keys, of which only the ids are read.
    pub customer_keys: CustomerKeyStore,
}

impl SearchOrders {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            reader: IndexReader::of(IndexStorage::private(platform)?, IndexCopy::new(platform)),
            orders: OrderStore::new(platform)?,
            customer_keys: CustomerKeyStore::new(platform)?,
        })
    }
}

/// An order that was found by a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderSearchResult {
    /// The name of the contact, or of the recipient of an order without a contact.
    pub name: String,
    /// The parts of the name that match. Empty if the text is in the e-mail address or in the name of another recipient.
    pub highlights: Vec<Highlight>,
    /// The order as it is now.
    pub order: Order,
}

/// A page of orders that were found by a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderSearchResults {
    /// The orders.
    pub items: Vec<OrderSearchResult>,
    /// Cursor of the next page. Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Finds orders by a name or an e-mail address
///
/// For administrators. Every word must be found in the name of the contact or recipient, or in the e-mail address. Korean names
/// are found by any part and by initial consonants, words of letters by their beginning; if nothing is found, typos are
/// tolerated. Whole names come first, each group newest first. New orders appear within some seconds. A page may have fewer
/// orders than `limit`, even none, and a `next_cursor`.
///
/// # Cost
/// Two batch reads.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/orders/search", operation_id = "search-orders", tag = "search",
    security(("token" = [])),
    params(
        ("q" = String, Query, description = "A part of a name or of an e-mail address, up to 64 characters", max_length = 64),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of orders", body = OrderSearchResults),
    )
)]
pub async fn handle(function: &SearchOrders, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let page = PageRequest::of(&request, &["orders by name"], &["q"])?;
    let text = http::query_parameter(&request, "q")?.unwrap_or_default().trim();
    if text.is_empty() {
        return Err(Rejection::invalid_parameter("q", "it is missing").into());
    }
    let after: Option<Cursor<3>> = page.after()?;
    let query = Query {
        text: text.to_owned(),
        limit: usize::from(page.limit),
        after: after.map(place).transpose()?,
        ..Query::default()
    };
    let found = match function.reader.current(invocation.deadline).await? {
        Some(index) => index.search(&query).map_err(refused)?,
        None => Hits::default(),
    };
    let mut orders = readable(function, &found.hits, invocation.deadline).await?;
    let items = found.hits.into_iter().filter_map(|hit| {
        let order = orders.remove(&hit.id.parse().ok()?)?.as_of(invocation.now);
        let title = hit.titles.into_iter().next();
        let (name, highlights) = title.map(|title| (title.text, title.highlights)).unwrap_or_default();
        let highlights = highlights.into_iter().map(|(start, end)| Highlight { start, end });
        Some(OrderSearchResult {
            name,
            highlights: highlights.collect(),
            order,
        })
    });
    let next_cursor = page.cursor(found.next.as_ref().map(cursor));
    let link = next_cursor.as_deref().map(|cursor| page.link(cursor)).transpose()?;
    let results = OrderSearchResults {
        items: items.collect(),
        next_cursor,
    };
    let mut response = http::json(lambda_http::http::StatusCode::OK, &results)?;
    if let Some(link) = link {
        let name = lambda_http::http::header::LINK;
        response.headers_mut().insert(name, link);
    }
    Ok(response)
}

/// The orders of hits whose names can still be read, by id. Strongly consistent.
async fn readable(function: &SearchOrders, hits: &[Hit], deadline: Instant) -> Result<HashMap<Uuid, Order>, Error> {
    let ids: Vec<OrderId> = hits.iter().filter_map(|hit| hit.id.parse().ok()).map(OrderId).collect();
    let (orders, damaged) = function.orders.get_all(&ids, deadline).await?;
    for error in damaged {
        // One damaged order must not hide the others.
        tracing::error!(causes = %Causes(&error), "order that was found cannot be read");
    }
    let customers: BTreeSet<CustomerId> = orders.iter().map(|stored| stored.order.customer_id.clone()).collect();
    // After the orders: an erasure in between counts.
    let keys = function.customer_keys.find_ids(&customers, deadline).await?;
    let is_readable = |stored: &StoredOrder| {
        let key = keys.get(&stored.order.customer_id);
        let details = stored.delivery_details.as_ref();
        key.zip(details)
            .is_some_and(|(key, details)| details.is_encrypted_with(*key))
    };
    let readable = orders.into_iter().filter(is_readable);
    Ok(readable.map(|stored| (stored.order.order_id.0, stored.order)).collect())
}
