//! Runs for `GET /wallet`: returns the caller's points. Changes nothing.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::auctions::{Wallet, WalletStore};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::Reason;

/// The function's store.
#[derive(Debug)]
pub struct GetWallet {
    /// Wallets.
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

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Returns the caller's wallet
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/wallet", operation_id = "get-wallet", tag = "auctions",
    security(("token" = [])),
    responses(
        (status = 200, description = "The wallet", body = Wallet),
    )
)]
pub async fn handle(function: &GetWallet, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let customer = http::caller(&request)?.customer_id;
    let wallet = function.wallets.wallet(&customer, invocation.deadline).await?;
    http::json(StatusCode::OK, &wallet)
}
