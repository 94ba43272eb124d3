//! Runs for `GET /subscriptions/{subscription_id}/invoices`: lists a subscription's invoices, newest first. Changes nothing.

use crate::invoice::Invoice;
use crate::store::SubscriptionStore;
use crate::subscription::Rejected;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Cursor, Page, PageParameters, PageRequest};
use shared::core::error::{self, Reason};
use shared::core::id::SubscriptionId;

/// The function's store.
#[derive(Debug)]
pub struct ListInvoices {
    /// Subscriptions and their invoices.
    pub subscriptions: SubscriptionStore,
}

impl ListInvoices {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            subscriptions: SubscriptionStore::new(platform)?,
        })
    }
}

/// A page of a subscription's invoices.
pub type InvoiceList = Page<Invoice>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Lists the invoices of a subscription
///
/// Newest first. A skipped period has no invoice. Customers read those of their own subscriptions; administrators read any.
///
/// # Errors
/// `not-found` for another customer's subscription too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/subscriptions/{subscription_id}/invoices", operation_id = "list-invoices", tag = "billing",
    security(("token" = [])),
    params(("subscription_id" = Uuid, Path, description = "The subscription"), PageParameters),
    responses(
        (status = 200, description = "A page of invoices", body = InvoiceList),
    )
)]
pub async fn handle(function: &ListInvoices, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let id = http::path::<SubscriptionId>(&request)?;
    let subscription = id.to_string();
    let page = PageRequest::of(&request, &["invoices", &subscription], &[])?;
    let before = page.after::<Cursor<1>>()?.map(|cursor| cursor.at[0]);
    let before = before.and_then(|period| u32::try_from(period).ok());
    let found = function
        .subscriptions
        .get_with_invoices(id, before, page.limit, invocation.deadline)
        .await?;
    let (_, found) = found
        .filter(|(stored, _)| stored.subscription.is_visible_to(&caller))
        .ok_or(Rejected::NotFound)?;
    let position = |period: u32| Cursor {
        at: [period.into()],
        id: id.0,
    };
    page.respond(found.invoices, found.next.map(position), |invoice| {
        position(invoice.of.period)
    })
}
