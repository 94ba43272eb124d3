//! Scans at the door: a ticket admits once, whoever asks first.

use jiff::Timestamp;
use shared::Error;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::vault::Vault;
use shared::core::error::Rejection;
use shared::core::idempotency::IdempotencyKey;
use shared::core::identity::CustomerId;
use shared::core::text::DisplayText;
use shared::tickets::ShowtimeId;
use uuid::Uuid;

use super::code::TicketCode;
use super::event::{DoubleScan, ScanPlace, TicketEvent};
use super::keys::TicketKeys;
use super::store::{StoredTicket, TicketStore};
use super::ticket::{CheckIn, Ticket, TicketStatus};

/// The most characters of a gate's name.
const MAX_GATE: usize = 40;

/// What a scan of a code finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanOutcome {
    /// The ticket is checked in by this scan.
    CheckedIn(Ticket),
    /// An earlier attempt of this scan has checked the ticket in.
    Repeated(Ticket),
    /// Another scan has checked the ticket in.
    AlreadyCheckedIn(Box<StoredTicket>, CheckIn),
    /// The ticket's seat was given back.
    Void(Ticket),
    /// The ticket has a newer code.
    Replaced(Ticket),
    /// The ticket is for another showtime.
    OtherShowtime(ShowtimeId),
    /// It is not the code of a ticket.
    Invalid,
}

/// The store and the keys of functions that scan.
#[derive(Debug)]
pub struct Scanner {
    /// Tickets.
    pub tickets: TicketStore,
    /// The keys of codes.
    pub keys: Vault<TicketKeys>,
}

impl Scanner {
    /// Scans a code at the door of a showtime.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn scan(
        &self,
        code: &str,
        showtime_id: ShowtimeId,
        scan: CheckIn,
        invocation: &Invocation,
    ) -> Result<ScanOutcome, Error> {
        let Some(code) = self.read(code, invocation).await? else {
            return Ok(ScanOutcome::Invalid);
        };
        if code.showtime_id != showtime_id {
            return Ok(ScanOutcome::OtherShowtime(code.showtime_id));
        }
        let checked_in = self
            .tickets
            .check_in(code.ticket_id, code.issue, &scan, invocation.deadline);
        Ok(match checked_in.await? {
            Ok(ticket) => ScanOutcome::CheckedIn(ticket),
            Err(None) => ScanOutcome::Invalid,
            Err(Some(stored)) => refused(stored, code.issue, &scan),
        })
    }

    /// Records that an offline device has scanned a ticket which another scan had checked in.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn record_double_scan(
        &self,
        mut stored: StoredTicket,
        scan: &CheckIn,
        invocation: &Invocation,
    ) -> Result<(), Error> {
        let mut attempts = Attempts::new("record a double scan");
        loop {
            attempts.start()?;
            let ticket = &stored.ticket;
            let is_known = ticket.double_scans.iter().any(|known| known.scan_id == scan.scan_id);
            let Some(check_in) = ticket.check_in.as_ref().filter(|_| !is_known) else {
                return Ok(());
            };
            if ticket.double_scans.len() >= Ticket::MAX_DOUBLE_SCANS {
                return Ok(());
            }
            let event = TicketEvent::DoubleScanFound(DoubleScan {
                ticket_id: ticket.ticket_id,
                showtime_id: ticket.showtime_id,
                seat: ticket.seat,
                check_in: place(check_in),
                double_scan: place(scan),
            });
            let event = invocation.record(&event)?;
            let ticket_id = ticket.ticket_id;
            if self
                .tickets
                .add_double_scan(&stored, scan, &event, invocation.deadline)
                .await?
            {
                return Ok(());
            }
            match self.tickets.get(ticket_id, invocation.deadline).await? {
                Some(present) => stored = present,
                None => return Ok(()),
            }
        }
    }

    /// What a code says. `None` if it is not the code of a ticket.
    async fn read(&self, code: &str, invocation: &Invocation) -> Result<Option<TicketCode>, Error> {
        let known = self.keys.get(invocation.deadline).await?;
        if let Ok(code) = TicketCode::verify(code, &known) {
            return Ok(Some(code));
        }
        // A key may have been added.
        let fresh = self.keys.reload(invocation.now, invocation.deadline).await?;
        Ok(fresh.and_then(|keys| TicketCode::verify(code, &keys).ok()))
    }
}

/// The reason why a ticket was not checked in.
fn refused(stored: StoredTicket, issue: u16, scan: &CheckIn) -> ScanOutcome {
    let ticket = &stored.ticket;
    match &ticket.check_in {
        Some(known) if known.scan_id == scan.scan_id => ScanOutcome::Repeated(stored.ticket),
        _ if ticket.status == TicketStatus::Void => ScanOutcome::Void(stored.ticket),
        _ if ticket.issue != issue => ScanOutcome::Replaced(stored.ticket),
        Some(known) => {
            let known = known.clone();
            ScanOutcome::AlreadyCheckedIn(Box::new(stored), known)
        }
        // It was valid and not checked in: the code is of an issue that does not exist yet.
        None => ScanOutcome::Invalid,
    }
}

fn place(scan: &CheckIn) -> ScanPlace {
    ScanPlace {
        at: scan.at,
        gate: scan.gate.clone(),
    }
}

/// The scan that `caller` made under `key`. A scan that is uploaded with the key of a check-in is the same scan.
///
/// # Errors
/// [`Error::Internal`] when the invocation has no actor.
pub fn scan_of(
    caller: &CustomerId,
    key: &IdempotencyKey,
    gate: String,
    at: Timestamp,
    invocation: &Invocation,
) -> Result<CheckIn, Error> {
    Ok(CheckIn {
        scan_id: scan_id(caller, key),
        at,
        gate,
        by: invocation.actor()?.clone(),
    })
}

fn scan_id(caller: &CustomerId, key: &IdempotencyKey) -> Uuid {
    key.derive_id("scan", caller)
}

/// The name of a gate.
///
/// # Errors
/// `invalid-text`.
pub fn gate(text: &str) -> Result<String, Rejection> {
    let gate = DisplayText::line(text, MAX_GATE);
    gate.map(String::from).map_err(|invalid| invalid.in_field("gate"))
}
