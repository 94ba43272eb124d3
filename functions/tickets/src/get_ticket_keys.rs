//! Runs for `GET /ticket-keys`: returns the public keys with which a scanner checks codes of tickets. Changes nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::aws::vault::Vault;
use shared::core::error::Reason;
use utoipa::ToSchema;

use crate::admission::keys::{self, TicketKeys};

/// The function's keys.
#[derive(Debug)]
pub struct GetTicketKeys {
    /// The keys of codes.
    pub keys: Vault<TicketKeys>,
}

impl GetTicketKeys {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            keys: keys::vault(platform)?,
        })
    }
}

/// The public keys of the codes of tickets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketKeyList {
    /// The keys, the newest last.
    pub keys: Vec<PublicTicketKey>,
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicTicketKey {
    /// The number of the key: the second byte of a code.
    #[schema(minimum = 1, maximum = 255)]
    pub number: u8,
    /// The Ed25519 key (RFC 8032): 32 bytes in base64.
    #[schema(min_length = 44, max_length = 44)]
    pub public_key: String,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Returns the public keys of the codes of tickets
///
/// A scanner without a network checks codes with them. The text of a code is the base32 (RFC 4648, without padding) of its bytes:
/// a version (1), the number of the key (1), the number of the code (2), the ticket (16), the showtime (16), the seat (part 2, row 2,
/// place 1), and an Ed25519 signature (64) of `madang ticket`, a zero byte and the bytes before it. Numbers are big-endian.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/ticket-keys", operation_id = "get-ticket-keys", tag = "tickets",
    params(
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The keys", body = TicketKeyList,
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request"),
            )),
        (status = 304, description = "Nothing has changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(function: &GetTicketKeys, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let keys = function.keys.get(invocation.deadline).await?;
    let keys = keys.all().map(|key| PublicTicketKey {
        number: key.number,
        public_key: STANDARD.encode(key.public()),
    });
    conditional::get(&request, &TicketKeyList { keys: keys.collect() }, cache::REFERENCE)
}
