//! Runs for `POST /vouchers`: registers a gift voucher to the caller, who can then sell it.

use crate::bid::Rejected;
use crate::id::VoucherId;
use crate::store::AuctionStore;
use crate::voucher::{Voucher, VoucherCode};
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::problem::{Faults, Problem, TokenRequired};
use shared::catalog::{CatalogStore, Sku};
use shared::core::error::{self, Rejection};

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
    #[schema(min_length = 8, max_length = 80)]
    pub code: String,
}

/// Registers a gift voucher
///
/// A code can be registered once; case, hyphens and spaces do not matter. Only the owner sees it. The code is not
/// verified with its issuer.
///
/// # Errors
/// `invalid-voucher`, `product-unavailable`, `voucher-registered`, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/vouchers", operation_id = "register-voucher", tag = "auctions", request_body = RegisterVoucherRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The voucher", body = Voucher,
        headers(("Idempotency-Replayed" = bool, description = "true: the caller has registered it before"))),
        (status = 400, description = "`malformed-body`, `invalid-idempotency-key`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`voucher-registered`: by another customer", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`: over 64 KB", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-voucher`, `product-unavailable`, `idempotency-key-reused`", body = Problem, content_type = "application/problem+json"),
        TokenRequired, Faults,
    )
)]
pub async fn handle(function: &RegisterVoucher, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let body: RegisterVoucherRequest = http::body(&request)?;
    let deadline = invocation.deadline;
    let product = function.catalog.product(&body.sku, deadline).await?;
    // Points pay for bids; they cannot be traded themselves.
    if !product.is_some_and(|product| product.is_listed() && product.points.is_none()) {
        return Err(Rejected::ProductUnavailable.into());
    }
    let voucher = Voucher {
        voucher_id: VoucherId(key.derive_id("voucher", &caller.customer_id)),
        sku: body.sku,
        owner_id: caller.customer_id,
        code: VoucherCode::try_from(body.code).map_err(|_| Rejected::VoucherCode)?,
        offered_by: None,
        owned_since: invocation.now,
    };
    let Some(known) = function.auctions.register(&voucher, deadline).await? else {
        return http::json(StatusCode::CREATED, &voucher);
    };
    let known = known.voucher;
    if known.owner_id != voucher.owner_id {
        return Err(Rejected::VoucherRegistered.into());
    }
    if known.sku != voucher.sku || known.code.fingerprint() != voucher.code.fingerprint() {
        let detail = "This key was used with another body. Use a new key for a new request.";
        return Err(Rejection::new(&error::IDEMPOTENCY_KEY_REUSED, detail).into());
    }
    Ok(http::replayed(http::json(StatusCode::CREATED, &known)?))
}
