//! Runs for `POST /tickets/{ticket_id}/transfer-offers`: offers the caller's ticket to anybody who has the code that is returned.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::vault::Vault;
use shared::core::error::{self, Reason, Rejection};
use shared::tickets::{Showtime, ShowtimeStatus, TicketId, TransferOfferId};
use utoipa::ToSchema;

use crate::admission::keys::{self, TicketKeys};
use crate::admission::store::TicketStore;
use crate::admission::store::transfers::OfferRecord;
use crate::admission::transfer::{OFFER_TIME, OfferCode, OpenOffer, hash_of};
use crate::reason;
use crate::store::ShowStore;

/// The function's stores and keys.
#[derive(Debug)]
pub struct CreateTransferOffer {
    /// Showtimes.
    pub shows: ShowStore,
    /// Tickets.
    pub tickets: TicketStore,
    /// The keys that the codes of offers follow from.
    pub keys: Vault<TicketKeys>,
}

impl CreateTransferOffer {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            tickets: TicketStore::new(platform)?,
            keys: keys::vault(platform)?,
        })
    }
}

/// An offer of a ticket, as its holder sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferOffer {
    /// The offer's id.
    pub transfer_offer_id: TransferOfferId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// Give it to the receiver only, with both ids. Anybody who has it can take the ticket. No other answer has it.
    #[schema(min_length = 26, max_length = 26, pattern = "^[A-Z2-7]{26}$")]
    pub code: String,
    /// The time from which it cannot be accepted.
    pub expires_at: Timestamp,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::TICKET_VOID,
    &reason::TICKET_USED,
    &reason::SHOW_CANCELLED,
    &reason::SHOWTIME_STARTED,
    &reason::TOO_MANY_TRANSFERS,
];

/// Offers a ticket to somebody else
///
/// The receiver sends the code to `accept-transfer-offer`, and becomes the holder; no money changes hands. The offer is open for 72
/// hours, and until the show starts. A ticket has one open offer: a new one replaces it. The ticket stays the caller's until it is
/// accepted, and admits until then; a check-in ends the offer. `delete-transfer-offer` takes it back.
///
/// A ticket changes hands at most three times. To its buyer it can be given back once more.
///
/// A retry with the same key returns the same offer, also if it has ended since.
///
/// # Errors
/// `not-found` for another customer's ticket too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/tickets/{ticket_id}/transfer-offers", operation_id = "create-transfer-offer", tag = "tickets",
    security(("token" = [])),
    params(
        ("ticket_id" = Uuid, Path, description = "The ticket"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each offer",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The offer", body = TransferOffer,
            headers(
                ("Location" = String, description = "Path of the ticket, which has the offer's id"),
                ("Idempotency-Replayed" = bool, description = "true: an earlier request made the offer"),
            )),
    )
)]
pub async fn handle(
    function: &CreateTransferOffer,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let ticket_id = http::path::<TicketId>(&request)?;
    let offer_id = TransferOfferId(key.derive_id(&format!("offer of {ticket_id}"), &caller.customer_id));
    let keys = function.keys.get(invocation.deadline).await?;
    let mut attempts = Attempts::new("offer a ticket");
    loop {
        attempts.start()?;
        if let Some(record) = function.tickets.offer(offer_id, invocation.deadline).await? {
            return created(offer_id, &record, &keys).map(http::replayed);
        }
        let own = function
            .tickets
            .get_own(ticket_id, &caller.customer_id, invocation.deadline);
        let stored = own.await?;
        let ticket = &stored.ticket;
        ticket.require_unused()?;
        ticket.require_transferable(None)?;
        let showtime = function
            .shows
            .get::<Showtime>(ticket.showtime_id.0, invocation.deadline);
        let showtime = showtime.await?.entity;
        require_ahead(&showtime, invocation.now)?;
        let expires_at = (invocation.now + OFFER_TIME).min(showtime.starts_at);
        let record = OfferRecord::new(ticket_id, keys.signing().number, expires_at, invocation.now);
        let offer = OpenOffer {
            code_hash: hash_of(OfferCode::of(keys.signing(), ticket_id, offer_id, expires_at).text()),
            performance_id: showtime.performance_id,
        };
        let made = function
            .tickets
            .make_offer(&stored, offer_id, &offer, &record, invocation.deadline);
        if made.await? {
            return created(offer_id, &record, &keys);
        }
    }
}

/// Checks that a showtime is still to come.
///
/// # Errors
/// `show-cancelled` and `showtime-started`.
pub fn require_ahead(showtime: &Showtime, now: Timestamp) -> Result<(), Rejection> {
    if showtime.status == ShowtimeStatus::Cancelled {
        let detail = "The showtime does not take place. The customer who bought the ticket gets the money back.";
        return Err(Rejection::new(&reason::SHOW_CANCELLED, detail));
    }
    if showtime.starts_at <= now {
        return Err(Rejection::new(&reason::SHOWTIME_STARTED, "The show has started."));
    }
    Ok(())
}

fn created(offer_id: TransferOfferId, record: &OfferRecord, keys: &TicketKeys) -> Result<Response, Error> {
    let key = keys.numbered(record.key);
    let key = key.ok_or_else(|| Error::internal("offer a ticket", "the key of the offer was removed"))?;
    let offer = TransferOffer {
        transfer_offer_id: offer_id,
        ticket_id: record.ticket_id,
        code: OfferCode::of(key, record.ticket_id, offer_id, record.expires_at)
            .text()
            .to_owned(),
        expires_at: record.expires_at,
    };
    http::created(&format!("/tickets/{}", record.ticket_id), &offer)
}
