//! Scans at the door: a ticket admits once, whoever asks first.

use jiff::Timestamp;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::vault::Vault;
use shared::core::error::{self, Rejection};
use shared::core::idempotency::{IdempotencyKey, derive_id};
use shared::core::text::DisplayText;
use shared::tickets::ShowtimeId;

use super::code::{InvalidTicketCode, TicketCode};
use super::doors::{Doors, Shut};
use super::keys::{self, TicketKeys};
use super::store::{StoredTicket, TicketStore};
use super::ticket::{CheckIn, Ticket, TicketStatus};
use crate::event::{ScanPlace, TicketEvent, UnexpectedScan};

/// The most characters of a gate's name.
const MAX_GATE: usize = 40;

/// The outcome of a scan of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanOutcome {
    /// The ticket is checked in by this scan.
    CheckedIn(Ticket),
    /// An earlier attempt of this scan has checked the ticket in.
    Repeated(Ticket),
    /// Another scan has checked the ticket in.
    AlreadyCheckedIn(Box<StoredTicket>, CheckIn),
    /// The ticket's seat was given back.
    Void(Box<StoredTicket>),
    /// No ticket of the showtime is checked in at the time of the scan.
    Shut(Box<StoredTicket>, Shut),
    /// An administrator has undone the check-in by this scan.
    Undone(Ticket),
    /// The ticket has a newer code.
    Replaced(Ticket),
    /// The ticket is for another showtime.
    OtherShowtime(ShowtimeId),
    /// It is not the code of a ticket.
    Invalid,
}

/// Whether a scan may still be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanKind {
    /// The holder waits at the gate.
    Online,
    /// The holder was admitted without a network, by the codes that the device knew then. So a replaced code counts too.
    Offline,
}

/// The store and the keys of functions that scan.
#[derive(Debug)]
pub struct Scanner {
    /// Tickets.
    pub tickets: TicketStore,
    /// The keys of codes.
    pub keys: Vault<TicketKeys>,
    /// From when on tickets are checked in.
    pub doors: Doors,
}

impl Scanner {
    /// The scanner on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            tickets: TicketStore::new(platform)?,
            keys: keys::vault(platform)?,
            doors: Doors::new(platform)?,
        })
    }

    /// Scans a code at the door of a showtime. The time of the scan decides whether check-in is open.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn scan(
        &self,
        code: &str,
        showtime_id: ShowtimeId,
        (kind, scan): (ScanKind, &CheckIn),
        invocation: &Invocation,
    ) -> Result<ScanOutcome, Error> {
        let Some(code) = self.read(code, invocation).await? else {
            return Ok(ScanOutcome::Invalid);
        };
        if code.showtime_id != showtime_id {
            return Ok(ScanOutcome::OtherShowtime(code.showtime_id));
        }
        if let Some(shut) = self.doors.shut(showtime_id, scan.at, invocation).await? {
            let stored = self.tickets.get(code.ticket_id, invocation.deadline).await?;
            return Ok(stored.map_or(ScanOutcome::Invalid, |stored| turned_away(stored, shut, scan)));
        }
        let issue = (kind == ScanKind::Online).then_some(code.issue);
        let checked_in = self.tickets.check_in(code.ticket_id, issue, scan, invocation.deadline);
        Ok(match checked_in.await? {
            Ok(ticket) => ScanOutcome::CheckedIn(ticket),
            Err(None) => ScanOutcome::Invalid,
            Err(Some(stored)) => refused(stored, code.issue, scan),
        })
    }

    /// Records that a device without a network has admitted a ticket which another scan had checked in, which was void, or which was
    /// not checked in at that time. A ticket keeps ten such scans.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn record_unexpected_scan(
        &self,
        mut stored: StoredTicket,
        scan: &CheckIn,
        invocation: &Invocation,
    ) -> Result<(), Error> {
        let mut attempts = Attempts::new("record an unexpected scan");
        loop {
            attempts.start()?;
            let ticket = &stored.ticket;
            if ticket.knows(scan) || ticket.unexpected_scans.len() >= Ticket::MAX_UNEXPECTED_SCANS {
                return Ok(());
            }
            let event = TicketEvent::UnexpectedScanFound(UnexpectedScan {
                ticket_id: ticket.ticket_id,
                showtime_id: ticket.showtime_id,
                seat: ticket.seat,
                status: ticket.status,
                check_in: ticket.check_in.as_ref().map(place),
                unexpected_scan: place(scan),
            });
            let event = invocation.record(&event)?;
            let added = self
                .tickets
                .add_unexpected_scan(&stored, scan, &event, invocation.deadline);
            match added.await? {
                Ok(()) | Err(None) => return Ok(()),
                Err(Some(present)) => stored = present,
            }
        }
    }

    /// The content of a code. `None` if it is not the code of a ticket.
    async fn read(&self, code: &str, invocation: &Invocation) -> Result<Option<TicketCode>, Error> {
        let known = self.keys.get(invocation.deadline).await?;
        match TicketCode::verify(code, &known) {
            Ok(code) => Ok(Some(code)),
            Err(InvalidTicketCode::NotSigned) => Ok(None),
            // It may have been added a moment ago.
            Err(InvalidTicketCode::UnknownKey) => {
                let fresh = self.keys.reload(invocation.now, invocation.deadline).await?;
                Ok(fresh.and_then(|keys| TicketCode::verify(code, &keys).ok()))
            }
        }
    }
}

impl Ticket {
    /// Whether the scan is recorded with the ticket.
    pub fn knows(&self, scan: &CheckIn) -> bool {
        let mut known = self.check_in.iter().chain(&self.unexpected_scans);
        known.any(|known| known.scan_id == scan.scan_id)
    }
}

/// The outcome of a scan while no ticket is checked in. It may have been recorded before the showtime was moved or cancelled.
fn turned_away(stored: StoredTicket, shut: Shut, scan: &CheckIn) -> ScanOutcome {
    match &stored.ticket.check_in {
        Some(known) if known.scan_id == scan.scan_id => ScanOutcome::Repeated(stored.ticket),
        _ if stored.undone_scans.contains(&scan.scan_id) => ScanOutcome::Undone(stored.ticket),
        _ => ScanOutcome::Shut(Box::new(stored), shut),
    }
}

/// The reason why a ticket was not checked in.
fn refused(stored: StoredTicket, issue: u16, scan: &CheckIn) -> ScanOutcome {
    let ticket = &stored.ticket;
    match &ticket.check_in {
        Some(known) if known.scan_id == scan.scan_id => ScanOutcome::Repeated(stored.ticket),
        _ if stored.undone_scans.contains(&scan.scan_id) => ScanOutcome::Undone(stored.ticket),
        _ if ticket.status == TicketStatus::Void => ScanOutcome::Void(Box::new(stored)),
        Some(known) => {
            let known = known.clone();
            ScanOutcome::AlreadyCheckedIn(Box::new(stored), known)
        }
        _ if ticket.issue != issue => ScanOutcome::Replaced(stored.ticket),
        // It was valid and not checked in: the code is of an issue that does not exist yet.
        None => ScanOutcome::Invalid,
    }
}

/// When and where a scan was made.
pub fn place(scan: &CheckIn) -> ScanPlace {
    ScanPlace {
        at: scan.at,
        gate: scan.gate.clone(),
    }
}

/// The shortest key of a scan. Keys of several devices must differ, so short ones, such as numbers, are refused.
const MIN_KEY: usize = 16;

/// The scan under a key: the same one, whoever sends it, and whether it is sent at once or uploaded later.
///
/// # Errors
/// `invalid-idempotency-key` for a short key, [`Error::Internal`] when the invocation has no actor.
pub fn scan_of(key: &IdempotencyKey, gate: String, at: Timestamp, invocation: &Invocation) -> Result<CheckIn, Error> {
    if key.as_str().len() < MIN_KEY {
        let detail = format!("The key of a scan has at least {MIN_KEY} characters. Send a new UUID for each scan.");
        return Err(Rejection::new(&error::INVALID_IDEMPOTENCY_KEY, detail).into());
    }
    Ok(CheckIn {
        scan_id: derive_id(&["scan", key.as_str()]),
        at,
        gate,
        by: invocation.actor()?.clone(),
    })
}

/// The name of a gate.
///
/// # Errors
/// `invalid-text`.
pub fn gate(text: &str) -> Result<String, Rejection> {
    let gate = DisplayText::line(text, MAX_GATE);
    gate.map(String::from).map_err(|invalid| invalid.in_field("gate"))
}
