//! Runs for `GET /admin/orders`, for administrators: finds orders by number, customer, telephone number, product and status,
//! those that are to be shipped, and by day, newest first. Changes nothing.
//!
//! Orders of one customer come from the index of the orders table. All others are found by rows that `index-orders` writes, and
//! are read again before they are shown.

use std::collections::{BTreeSet, HashMap};

use futures::future::try_join;
use shared::Error;
use shared::aws::Platform;
use shared::aws::encryption::CustomerKeyStore;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::page::{Cursor, PageParameters, PageRequest};
use shared::aws::lambda::problem::Causes;
use shared::core::error::Reason;
use shared::core::identity::CustomerId;
use shared::lookups::{Found, FoundPage, List, LookupStore, PhoneKeyStore, Position, Subject};
use shared::orders::{Order, OrderId, OrderStatus, OrderStore};
use tokio::time::Instant;
use uuid::Uuid;

use crate::list_orders::OrderList;
use crate::order_list::{DAYS, KEYS, OrderKey, ShopDays, status_name};

/// The function's stores and settings.
#[derive(Debug)]
pub struct ListAdminOrders {
    /// Orders.
    pub orders: OrderStore,
    /// The rows by which they are found.
    pub lookups: LookupStore,
    /// The key of phone tags.
    pub phone_keys: PhoneKeyStore,
    /// The customers' data keys, of which only the ids are read.
    pub customer_keys: CustomerKeyStore,
    /// The shop's days.
    pub days: ShopDays,
}

impl ListAdminOrders {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            orders: OrderStore::new(platform)?,
            lookups: LookupStore::new(platform)?,
            phone_keys: PhoneKeyStore::new(platform)?,
            customer_keys: CustomerKeyStore::new(platform)?,
            days: ShopDays::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Finds orders
///
/// For administrators. By at most one of `number`, `customer_id`, `phone_last4`, `sku`, `status` and `to_ship`, and by
/// days in the shop's timezone; newest first. An order is found some seconds after it was placed, and by its new status some seconds after that
/// has changed. An order that was not paid in time is found as `EXPIRED` a minute or two later. The orders of a page are read as
/// they are now, so it may have fewer than `limit`, even none, and a `next_cursor`.
///
/// # Cost
/// One query, or four at once where a list is spread over four partitions, and one batch read of the orders.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/orders", operation_id = "list-admin-orders", tag = "orders",
    security(("token" = [])),
    params(
        PageParameters,
        ("number" = Option<String>, Query, nullable = false,
            description = "Only orders with this number, as people type it: in any case, with or without the dash"),
        ("customer_id" = Option<String>, Query, nullable = false, description = "Only orders of this customer"),
        ("phone_last4" = Option<String>, Query, nullable = false, pattern = "^[0-9]{4}$",
            description = "Only orders whose contact or address has a telephone number with these last four digits"),
        ("sku" = Option<String>, Query, nullable = false, description = "Only orders of this product"),
        ("status" = Option<OrderStatus>, Query, description = "Only orders with this status"),
        ("to_ship" = Option<bool>, Query, nullable = false,
            description = "`true`: only paid orders with units that are to be shipped"),
        ("placed_on" = Option<String>, Query, nullable = false, format = Date,
            description = "Only orders that were placed on this day in the shop's timezone"),
        ("placed_from" = Option<String>, Query, nullable = false, format = Date,
            description = "Only orders that were placed on this day or later"),
        ("placed_until" = Option<String>, Query, nullable = false, format = Date,
            description = "Only orders that were placed on this day or earlier"),
    ),
    responses(
        (status = 200, description = "A page of orders", body = OrderList),
    )
)]
pub async fn handle(function: &ListAdminOrders, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let filters: Vec<&'static str> = KEYS.into_iter().chain(DAYS).collect();
    let page = PageRequest::of(&request, &["orders of all customers"], &filters)?;
    let key = OrderKey::of(&request)?;
    let placed_ms = function.days.placed_ms(&request)?;
    let after: Option<Cursor<1>> = page.after()?;
    let deadline = invocation.deadline;
    let cursor = |order: &Order| Cursor {
        at: [order.placed_at.as_millisecond().unsigned_abs()],
        id: order.order_id.0,
    };
    if let OrderKey::Customer(customer) = &key {
        let found = function.orders.list(customer, placed_ms, after, page.limit, deadline);
        let found = found.await?;
        let orders = found.items.into_iter().map(|order| order.as_of(invocation.now));
        return page.respond(orders.collect(), found.next, cursor);
    }
    let found = match list(function, &key, deadline).await? {
        Some(list) => {
            let after = after.map(|Cursor { at: [created_ms], id }| Position { created_ms, id });
            let lookups = &function.lookups;
            let found = lookups.list(Subject::Order, &list, placed_ms, after, page.limit, deadline);
            found.await?
        }
        None => FoundPage::default(),
    };
    let orders = read(function, &found.found, deadline).await?.into_iter();
    let orders = orders.map(|order| order.as_of(invocation.now));
    let orders = orders.filter(|order| key.matches(order)).collect();
    let next = found
        .next
        .map(|Position { created_ms, id }| Cursor { at: [created_ms], id });
    page.respond(orders, next, cursor)
}

/// The list of a key. None for telephone numbers before the first one was indexed.
async fn list(function: &ListAdminOrders, key: &OrderKey, deadline: Instant) -> Result<Option<List>, Error> {
    Ok(match key {
        // The orders of one customer have an index of their own.
        OrderKey::All | OrderKey::Customer(_) => Some(List::All),
        OrderKey::Number(number) => Some(List::Number(number.to_string())),
        OrderKey::Product(sku) => Some(List::Product(sku.clone())),
        OrderKey::Status(status) => Some(List::Status(status_name(*status))),
        OrderKey::ToShip => Some(List::ToShip),
        OrderKey::Phone(digits) => {
            let phone_key = function.phone_keys.get(deadline).await?;
            let tag = phone_key.map(|phone_key| phone_key.tag(*digits)).transpose();
            let tag = tag.map_err(|error| Error::internal("tag a telephone number", error))?;
            tag.map(List::Phone)
        }
    })
}

/// Reads the orders that were found, in their order. Strongly consistent. Leaves out those that were found by personal data
/// that are erased.
async fn read(function: &ListAdminOrders, found: &[Found], deadline: Instant) -> Result<Vec<Order>, Error> {
    let ids: Vec<OrderId> = found.iter().map(|found| OrderId(found.position.id)).collect();
    let owners = found.iter().filter_map(|found| found.owner.as_ref());
    let owners: BTreeSet<CustomerId> = owners.map(|owner| owner.customer_id.clone()).collect();
    let orders = function.orders.get_all(&ids, deadline);
    let keys = function.customer_keys.find_ids(&owners, deadline);
    let ((orders, damaged), keys) = try_join(orders, keys).await?;
    for error in damaged {
        // One damaged order must not hide the others.
        tracing::error!(causes = %Causes(&error), "listed order cannot be read");
    }
    let orders = orders.into_iter().map(|stored| (stored.order.order_id.0, stored.order));
    let mut orders: HashMap<Uuid, Order> = orders.collect();
    let is_readable = |found: &&Found| {
        let owner = found.owner.as_ref();
        owner.is_none_or(|owner| keys.get(&owner.customer_id) == Some(&owner.key_id))
    };
    let readable = found.iter().filter(is_readable);
    Ok(readable.filter_map(|found| orders.remove(&found.position.id)).collect())
}
