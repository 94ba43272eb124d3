//! Runs for `POST /tickets/{ticket_id}/transfer-offers/{transfer_offer_id}/accept`: makes the caller the holder of a ticket that
//! was offered to them.

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::batch_get;
use shared::aws::dynamodb::transaction::Writes;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};
use shared::core::identity::CustomerId;
use shared::tickets::{ReceivedTickets, SeatId, SeatStore, ShowtimeId, TicketId, TransferOfferId};
use utoipa::ToSchema;

use crate::admission::store::{StoredTicket, TicketStore};
use crate::admission::ticket::Ticket;
use crate::admission::transfer::{OpenOffer, TicketTransfer};
use crate::create_transfer_offer::require_ahead;
use crate::event::TicketEvent;
use crate::reason;
use crate::store::ShowStore;

/// The function's stores.
#[derive(Debug)]
pub struct AcceptTransferOffer {
    /// Showtimes and performances.
    pub shows: ShowStore,
    /// The seats that customers hold.
    pub seats: SeatStore,
    /// Tickets.
    pub tickets: TicketStore,
}

impl AcceptTransferOffer {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            seats: SeatStore::new(platform)?,
            tickets: TicketStore::new(platform)?,
        })
    }
}

/// The code of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptTransferOfferRequest {
    /// The code that the holder was given.
    #[schema(min_length = 1, max_length = 200, pattern = "^[ -~]{1,200}$")]
    pub code: String,
}

/// A ticket that the caller has accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AcceptedTransfer {
    /// The offer.
    pub transfer_offer_id: TransferOfferId,
    /// The ticket. `get-ticket` returns it with its code, as long as the caller holds it.
    pub ticket_id: TicketId,
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The seat.
    pub seat: SeatId,
    /// The time of the transfer.
    pub transferred_at: Timestamp,
}

impl From<&TicketTransfer> for AcceptedTransfer {
    fn from(transfer: &TicketTransfer) -> Self {
        Self {
            transfer_offer_id: transfer.transfer_offer_id,
            ticket_id: transfer.ticket_id,
            showtime_id: transfer.showtime_id,
            seat: transfer.seat,
            transferred_at: transfer.transferred_at,
        }
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &reason::OWN_TICKET,
    &reason::OFFER_EXPIRED,
    &reason::TICKET_VOID,
    &reason::TICKET_USED,
    &reason::SHOW_CANCELLED,
    &reason::SHOWTIME_STARTED,
    &reason::TOO_MANY_TRANSFERS,
    &reason::TOO_MANY_SEATS,
];

/// Accepts the offer of a ticket
///
/// The caller becomes the holder. The ticket gets a new code, and the former one does not admit any more. The ticket counts among
/// the seats that the caller may have at the showtime. Nothing is paid; only the buyer of the ticket can give its seat back for money,
/// and only while they hold it.
///
/// An offer is accepted once. A retry by the same customer returns the transfer, with any key.
///
/// # Cost
/// Three requests: 8 read units, and 10 write units, or 12 for a ticket that goes on to a third customer.
///
/// # Errors
/// `not-found` for a wrong code, and for an offer that was accepted by somebody else, taken back or replaced, or that a check-in has
/// ended: nobody learns anything about the ticket without the code. [`REFUSALS`], those of the request itself,
/// [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/tickets/{ticket_id}/transfer-offers/{transfer_offer_id}/accept", operation_id = "accept-transfer-offer", tag = "tickets",
    request_body = AcceptTransferOfferRequest,
    security(("token" = [])),
    params(
        ("ticket_id" = Uuid, Path, description = "The ticket"),
        ("transfer_offer_id" = Uuid, Path, description = "The offer"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The transfer", body = AcceptedTransfer,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request accepted the offer"))),
    )
)]
pub async fn handle(
    function: &AcceptTransferOffer,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let receiver = http::caller(&request)?.customer_id;
    // The offer itself says who has accepted it.
    http::idempotency_key(&request)?;
    let ticket_id = http::path::<TicketId>(&request)?;
    let offer_id = http::path::<TransferOfferId>(&request)?;
    let body: AcceptTransferOfferRequest = http::body(&request)?;
    let mut attempts = Attempts::new("accept a ticket");
    loop {
        attempts.start()?;
        let read = function.tickets.with_transfers(ticket_id, invocation.deadline);
        let (stored, transfers) = read.await?.ok_or_else(no_such_offer)?;
        let mut accepted = transfers.iter();
        let accepted = accepted.find(|one| one.transfer_offer_id == offer_id && one.receiver_id == receiver);
        if let Some(known) = accepted {
            return http::json(StatusCode::OK, &AcceptedTransfer::from(known)).map(http::replayed);
        }
        let offer = open_offer(&stored, offer_id, &body.code).ok_or_else(no_such_offer)?;
        require_acceptable(&stored.ticket, &receiver, invocation.now)?;
        if let Some(transfer) = function.accept(&stored, offer, &receiver, &invocation).await? {
            return http::json(StatusCode::OK, &AcceptedTransfer::from(&transfer));
        }
    }
}

/// The open offer of a ticket, if it is the one that the request names, with its code.
fn open_offer<'a>(stored: &'a StoredTicket, offer_id: TransferOfferId, code: &str) -> Option<&'a OpenOffer> {
    let is_named = stored.ticket.transfer_offer_id == Some(offer_id);
    stored.offer.as_ref().filter(|offer| is_named && offer.has_code(code))
}

fn no_such_offer() -> Rejection {
    Rejection::new(
        &error::NOT_FOUND,
        "There is no such offer. Ask who offered the ticket for a new one.",
    )
}

fn require_acceptable(ticket: &Ticket, receiver: &CustomerId, now: Timestamp) -> Result<(), Rejection> {
    if ticket.holder_id == *receiver {
        return Err(Rejection::new(&reason::OWN_TICKET, "You hold this ticket."));
    }
    if ticket.offered_until.is_none_or(|until| until <= now) {
        let detail = "The offer has expired. Ask who offered the ticket for a new one.";
        return Err(Rejection::new(&reason::OFFER_EXPIRED, detail));
    }
    ticket.require_unused()?;
    ticket.require_transferable(Some(receiver))
}

impl AcceptTransferOffer {
    /// Makes `receiver` the holder. `None` when something has changed: read again.
    async fn accept(
        &self,
        stored: &StoredTicket,
        offer: &OpenOffer,
        receiver: &CustomerId,
        invocation: &Invocation,
    ) -> Result<Option<TicketTransfer>, Error> {
        let ticket = &stored.ticket;
        let showtime_id = ticket.showtime_id;
        let wanted = vec![
            self.shows.wanted(showtime_id, Some(offer.performance_id), true),
            self.seats.wanted(showtime_id, Some(receiver), []),
        ];
        let mut found = batch_get(self.shows.client(), "read a show", wanted, invocation.deadline).await?;
        let (Some(showtime), Some(performance)) = self.shows.loaded(&mut found)? else {
            return Err(Error::internal("accept a ticket", "its showtime does not exist"));
        };
        require_ahead(&showtime, invocation.now)?;
        let next = ticket.passed_on_to(receiver);
        let counted = |customer: &CustomerId| ReceivedTickets {
            showtime_id,
            customer_id: customer.clone(),
            count: 1,
        };
        let mut allowances = vec![];
        // The buyer has counted it all the time.
        if next.is_received() {
            let most = performance.max_seats;
            let has = self.seats.loaded(&mut found)?.allowance;
            let has = has.map_or(0, |allowance| allowance.seats.max(0));
            if has >= i64::from(most) {
                let seats = u32::try_from(has).unwrap_or(u32::MAX);
                let detail = format!("A customer has at most {most} seats of this showtime.");
                return Err(Rejection::with(reason::TooManySeats { most, seats }, detail).into());
            }
            allowances.push(self.seats.receive_write(&counted(receiver), most, invocation.now)?);
        }
        if ticket.is_received() {
            allowances.push(self.seats.pass_on_write(&counted(&ticket.holder_id))?);
        }
        let transfer = TicketTransfer {
            ticket_id: ticket.ticket_id,
            number: next.transfers,
            order_id: ticket.order_id,
            showtime_id,
            seat: ticket.seat,
            transfer_offer_id: ticket.transfer_offer_id.unwrap_or(TransferOfferId(uuid::Uuid::nil())),
            giver_id: ticket.holder_id.clone(),
            receiver_id: receiver.clone(),
            transferred_at: invocation.now,
        };
        let event = invocation.record(&TicketEvent::TicketTransferred(transfer.clone()))?;
        let record = (transfer.clone(), event);
        let passed_on = self
            .tickets
            .pass_on(stored, &next, record, Writes(allowances), invocation.deadline);
        Ok(passed_on.await?.then_some(transfer))
    }
}
