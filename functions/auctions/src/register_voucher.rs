//! Runs for `POST /vouchers`: registers a gift voucher to the caller, who can then sell it.

use crate::bid::Rejected;
use crate::id::VoucherId;
use crate::reason;
use crate::store::AuctionStore;
use crate::voucher::{Voucher, VoucherCode};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::{self, CatalogStore, Sku};
use shared::core::error::Reason;
use shared::core::idempotency::key_reused;
use shared::core::identity::CustomerId;

/// The function's stores.
#[derive(Debug)]
pub struct RegisterVoucher {
    /// Vouchers.
    pub auctions: AuctionStore,
    /// Products.
    pub catalog: CatalogStore,
}

impl RegisterVoucher {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            auctions: AuctionStore::new(platform)?,
            catalog: CatalogStore::new(platform)?,
        })
    }
}

/// A voucher to register.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterVoucherRequest {
    /// The product.
    pub sku: Sku,
    /// The code that redeems the voucher: 8 to 64 letters and digits, with hyphens and spaces anywhere between them.
    #[schema(min_length = 8, max_length = 80, pattern = "^[A-Za-z0-9 -]+$")]
    pub code: String,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &reason::VOUCHER_REGISTERED,
    &reason::INVALID_VOUCHER,
    &catalog::reason::PRODUCT_UNAVAILABLE,
];

/// Registers a gift voucher
///
/// A code can be registered once; case, hyphens and spaces do not matter. Only the owner sees it. The code is not
/// verified with its issuer. A retry with the same key and body returns the voucher in its current state or, once it has
/// another owner, as the caller registered it.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/vouchers", operation_id = "register-voucher", tag = "auctions", request_body = RegisterVoucherRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The voucher", body = Voucher,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: the caller has registered it before"),
                ("Location" = String, description = "The path of the caller's vouchers"),
            )),
    )
)]
pub async fn handle(function: &RegisterVoucher, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?.customer_id;
    let key = http::idempotency_key(&request)?;
    let body: RegisterVoucherRequest = http::body(&request)?;
    let code = VoucherCode::try_from(body.code).map_err(|_| Rejected::VoucherCode)?;
    let content = (&body.sku, code.fingerprint());
    let request = StoredRequest::new("register voucher", &key, &caller, &content, invocation.now)?;
    let (earlier, product) = futures::try_join!(
        function.auctions.earlier(&request, invocation.deadline),
        function.catalog.product(&body.sku, invocation.deadline),
    )?;
    // A retry succeeds even if the product would be refused now.
    if let Some(earlier) = earlier {
        return replay(function, &earlier, &code, caller, &invocation).await;
    }
    // Points pay for bids; they cannot be traded themselves.
    if !product.is_some_and(|product| product.is_listed_at(invocation.now) && product.points.is_none()) {
        return Err(Rejected::ProductUnavailable.into());
    }
    let voucher = Voucher {
        voucher_id: VoucherId(key.derive_id("voucher", &caller)),
        sku: body.sku,
        owner_id: caller,
        code,
        offered_by: None,
        owned_at: invocation.now,
    };
    register(function, voucher, &request, &invocation).await
}

/// Registers the voucher, unless its code is registered.
async fn register(
    function: &RegisterVoucher,
    voucher: Voucher,
    request: &StoredRequest,
    invocation: &Invocation,
) -> Result<Response, Error> {
    let (auctions, deadline) = (&function.auctions, invocation.deadline);
    let mut attempts = Attempts::new("register a voucher");
    loop {
        attempts.start()?;
        if auctions.register(&voucher, request, deadline).await? {
            return http::created("/vouchers", &voucher);
        }
        let known = auctions.voucher_with_code(&voucher.code, deadline).await?;
        // Read the request last: if it does not exist, the earlier read precedes any concurrent duplicate.
        if let Some(earlier) = auctions.earlier(request, deadline).await? {
            return replay(function, &earlier, &voucher.code, voucher.owner_id, invocation).await;
        }
        // Without a voucher of this code, the caller has one with this key whose request is no longer stored.
        let known = known.ok_or_else(key_reused)?.voucher;
        if known.owner_id != voucher.owner_id || known.sku != voucher.sku {
            return Err(Rejected::VoucherRegistered.into());
        }
        if auctions.record_request(request, deadline).await? {
            return http::created("/vouchers", &known).map(http::replayed);
        }
    }
}

/// The response to a retry: the voucher in its current state. Another owner's voucher is private, so the caller who has
/// sold it gets it as registered.
async fn replay(
    function: &RegisterVoucher,
    earlier: &StoredRequest,
    code: &VoucherCode,
    caller: CustomerId,
    invocation: &Invocation,
) -> Result<Response, Error> {
    let known = function.auctions.voucher_with_code(code, invocation.deadline).await?;
    let known = known.ok_or_else(|| Error::internal("register a voucher", "the registered voucher does not exist"))?;
    let voucher = if known.voucher.owner_id == caller {
        known.voucher
    } else {
        known.voucher.owned_by(caller, earlier.requested_at)
    };
    http::created("/vouchers", &voucher).map(http::replayed)
}
