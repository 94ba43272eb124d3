//! Runs for `GET /wallet`: returns the caller's points and ledger. Changes nothing.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::auctions::{Entry, Wallet, WalletStore};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{self, Cursor};
use shared::core::error::Reason;

/// The function's store.
#[derive(Debug)]
pub struct GetWallet {
    /// Wallets and their ledgers.
    pub wallets: WalletStore,
}

impl GetWallet {
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

/// A wallet and a page of its ledger.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WalletView {
    /// The wallet's points.
    pub wallet: Wallet,
    /// The ledger entries, newest first.
    pub entries: Vec<Entry>,
    /// Cursor of the next page. Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Returns the caller's wallet and its ledger
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/wallet", operation_id = "get-wallet", tag = "auctions",
    security(("token" = [])),
    params(
        ("limit" = Option<u8>, Query, description = "Entries per page, 20 by default", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
    ),
    responses(
        (status = 200, description = "The wallet and a page of its ledger", body = WalletView),
    )
)]
pub async fn handle(function: &GetWallet, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::caller(&request)?.customer_id;
    let limit = page::limit(&request)?;
    let list = ["wallet", customer.as_str()];
    let after = Cursor::<0>::of(&request, &list)?.map(|cursor| cursor.id);
    let (wallet, ledger) = futures::try_join!(
        function.wallets.wallet(&customer, invocation.deadline),
        function.wallets.ledger(&customer, after, limit, invocation.deadline),
    )?;
    let view = WalletView {
        wallet,
        entries: ledger.entries,
        next_cursor: ledger.next.map(|id| Cursor { at: [], id }.text(&list)),
    };
    http::json(StatusCode::OK, &view)
}
