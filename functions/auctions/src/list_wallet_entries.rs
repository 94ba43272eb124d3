//! Runs for `GET /wallet/entries`: lists the ledger of the caller's wallet, newest first. Changes nothing.

use shared::Error;
use shared::auctions::{Entry, WalletStore};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Cursor, Page, PageParameters, PageRequest};
use shared::core::error::Reason;

/// The function's store.
#[derive(Debug)]
pub struct ListWalletEntries {
    /// Wallets and their ledgers.
    pub wallets: WalletStore,
}

impl ListWalletEntries {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            wallets: WalletStore::new(platform)?,
        })
    }
}

/// A page of a wallet's ledger.
pub type EntryList = Page<Entry>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the entries of the caller's wallet
///
/// Newest first. Each change of the wallet has an entry.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/wallet/entries", operation_id = "list-wallet-entries", tag = "auctions",
    security(("token" = [])),
    params(PageParameters),
    responses(
        (status = 200, description = "A page of entries", body = EntryList),
    )
)]
pub async fn handle(function: &ListWalletEntries, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::caller(&request)?.customer_id;
    let page = PageRequest::of(&request, &["wallet", customer.as_str()], &[])?;
    let after = page.after::<Cursor<0>>()?.map(|cursor| cursor.id);
    let found = function
        .wallets
        .ledger(&customer, after, page.limit, invocation.deadline)
        .await?;
    let position = |id| Cursor { at: [], id };
    page.respond(found.entries, found.next.map(position), |entry| {
        position(entry.entry_id)
    })
}
