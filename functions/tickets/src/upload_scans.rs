//! Runs for `POST /admin/showtimes/{showtime_id}/scans`, for administrators: records scans that a device made without a network.

use jiff::{SignedDuration, Timestamp};
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};
use shared::core::idempotency::IdempotencyKey;
use shared::tickets::{ShowtimeId, TicketId};
use utoipa::ToSchema;

use crate::admission::doors::Shut;
use crate::admission::scan::{ScanKind, ScanOutcome, Scanner, gate, scan_of};
use crate::admission::ticket::CheckIn;
use crate::reason;

/// The function's store and keys.
#[derive(Debug)]
pub struct UploadScans {
    /// Tickets, and the keys of their codes.
    pub scanner: Scanner,
}

/// The most scans of a request.
const MAX_SCANS: usize = 100;
/// The greatest time by which the clock of a device may be ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// What to do about a wrong time.
const CORRECT: &str = "Set the clock of the device, or send its present time as sent_at.";
/// The greatest age of a scan.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);

impl UploadScans {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            scanner: Scanner::new(platform)?,
        })
    }
}

/// Scans of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadScansRequest {
    /// The scans. They are recorded by their times.
    #[schema(min_items = 1, max_items = 100)]
    pub scans: Vec<OfflineScan>,
    /// The time at which the request is sent, by the clock that timed the scans. The times of the scans are corrected by the
    /// difference between that clock and ours. Send it anew with each try. Without it, the times are taken as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sent_at: Option<Timestamp>,
}

/// A scan that admitted without a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfflineScan {
    /// The key of the scan, such as a UUID, new for each scan of all devices. If it was sent to `check-in-ticket` and not answered, the
    /// key of that request.
    #[schema(min_length = 16, max_length = 255, pattern = "^[!-~]+$")]
    pub key: String,
    /// The code that the scanner read.
    #[schema(min_length = 1, max_length = 200, pattern = "^[ -~]{1,200}$")]
    pub code: String,
    /// The gate. Text of one line.
    #[schema(min_length = 1, max_length = 40)]
    pub gate: String,
    /// The time of the scan by the clock of the device. After the correction by `sent_at` it is at most five minutes ahead, and at most
    /// 30 days ago.
    pub scanned_at: Timestamp,
}

/// The results of the uploaded scans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadedScans {
    /// The scans, in the order of the request.
    pub scans: Vec<UploadedScan>,
}

/// The result of an uploaded scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadedScan {
    /// The key of the scan.
    pub key: String,
    /// The result of the scan.
    pub result: ScanResult,
    /// The ticket. Absent if the code is none of this showtime's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ticket_id: Option<TicketId>,
    /// The check-in that was recorded first. Absent for a ticket that is not checked in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub check_in: Option<CheckIn>,
}

/// The result of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanResult {
    /// The ticket is checked in by this scan, also if its code was replaced since.
    CheckedIn,
    /// Another scan was recorded first. Both are kept with the ticket, and `UnexpectedScanFound` is published, for at most ten scans.
    AlreadyCheckedIn,
    /// The ticket is void. The scan is kept and published as if another one had checked the ticket in.
    TicketVoid,
    /// Check-in was not open at the time of the scan. The scan is kept and published in the same way, and the ticket is not used.
    NotOpen,
    /// The showtime is cancelled. The scan is kept and published in the same way.
    ShowCancelled,
    /// An administrator has undone the check-in by this scan.
    Undone,
    /// The ticket is for another showtime.
    OtherShowtime,
    /// It is not the code of a ticket.
    InvalidCode,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND, &error::INVALID_TEXT, &reason::INVALID_SCANS];

/// Records scans of a device that had no network
///
/// Each scan has a result of its own. A scan that was recorded before is not recorded again. The device has admitted the holder, so a
/// code that was replaced since counts too. Whether check-in was open follows from the time of the scan, which `sent_at` corrects if the
/// clock of the device is wrong. Send at most 100 scans a request, and send all of them again if no answer comes.
///
/// # Cost
/// A request and a write unit a scan, and a request and a read unit for the showtime; for an unexpected scan, a request and two to five write units more.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/showtimes/{showtime_id}/scans", operation_id = "upload-scans", tag = "tickets",
    request_body = UploadScansRequest,
    security(("token" = [])),
    params(
        ("showtime_id" = Uuid, Path, description = "The showtime at whose door the tickets were scanned"),
        ("Idempotency-Key" = String, Header,
            description = "1 to 255 visible ASCII characters. Each scan is recognized by its own `key`",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The results of the uploaded scans", body = UploadedScans,
            headers(("Idempotency-Replayed" = bool, description = "true: no scan of a ticket is new"))),
    )
)]
pub async fn handle(function: &UploadScans, request: Request, invocation: Invocation) -> Result<Response, Error> {
    http::idempotency_key(&request)?;
    let showtime_id = http::path::<ShowtimeId>(&request)?;
    let body: UploadScansRequest = http::body(&request)?;
    let scans = checked(body, &invocation)?;
    let mut order: Vec<usize> = (0..scans.len()).collect();
    order.sort_by_key(|&nth| scans[nth].scan.at);
    let mut recorded = vec![];
    // One after the other: two of them can be of one ticket.
    for nth in order {
        recorded.push((nth, function.record(&scans[nth], showtime_id, &invocation).await?));
    }
    recorded.sort_by_key(|(nth, _)| *nth);
    let mut of_tickets = recorded
        .iter()
        .filter(|(_, (scan, _))| scan.ticket_id.is_some())
        .peekable();
    let is_replay = of_tickets.peek().is_some() && of_tickets.all(|(_, (_, is_repeated))| *is_repeated);
    let scans = recorded.into_iter().map(|(_, (scan, _))| scan).collect();
    let response = http::json(StatusCode::OK, &UploadedScans { scans })?;
    Ok(if is_replay { http::replayed(response) } else { response })
}

/// A scan to record.
struct Scan {
    key: String,
    code: String,
    scan: CheckIn,
}

impl UploadScans {
    /// Records a scan. Returns too whether it was recorded before.
    async fn record(
        &self,
        Scan { key, code, scan }: &Scan,
        showtime_id: ShowtimeId,
        invocation: &Invocation,
    ) -> Result<(UploadedScan, bool), Error> {
        let made = (ScanKind::Offline, scan);
        let outcome = self.scanner.scan(code, showtime_id, made, invocation).await?;
        let mut is_repeated = matches!(outcome, ScanOutcome::Repeated(_));
        let (result, ticket_id, check_in) = match outcome {
            ScanOutcome::CheckedIn(ticket) | ScanOutcome::Repeated(ticket) => {
                (ScanResult::CheckedIn, Some(ticket.ticket_id), ticket.check_in)
            }
            ScanOutcome::AlreadyCheckedIn(stored, check_in) => {
                let ticket_id = stored.ticket.ticket_id;
                is_repeated = stored.ticket.knows(scan);
                self.scanner.record_unexpected_scan(*stored, scan, invocation).await?;
                (ScanResult::AlreadyCheckedIn, Some(ticket_id), Some(check_in))
            }
            ScanOutcome::Void(stored) => {
                let (ticket_id, check_in) = (stored.ticket.ticket_id, stored.ticket.check_in.clone());
                is_repeated = stored.ticket.knows(scan);
                self.scanner.record_unexpected_scan(*stored, scan, invocation).await?;
                (ScanResult::TicketVoid, Some(ticket_id), check_in)
            }
            ScanOutcome::Shut(stored, shut) => {
                let (ticket_id, check_in) = (stored.ticket.ticket_id, stored.ticket.check_in.clone());
                is_repeated = stored.ticket.knows(scan);
                self.scanner.record_unexpected_scan(*stored, scan, invocation).await?;
                let result = match shut {
                    Shut::Before { .. } => ScanResult::NotOpen,
                    Shut::Cancelled => ScanResult::ShowCancelled,
                };
                (result, Some(ticket_id), check_in)
            }
            ScanOutcome::Undone(ticket) => {
                is_repeated = true;
                (ScanResult::Undone, Some(ticket.ticket_id), ticket.check_in)
            }
            ScanOutcome::OtherShowtime(_) => (ScanResult::OtherShowtime, None, None),
            ScanOutcome::Replaced(_) | ScanOutcome::Invalid => (ScanResult::InvalidCode, None, None),
        };
        let uploaded = UploadedScan {
            key: key.clone(),
            result,
            ticket_id,
            check_in,
        };
        Ok((uploaded, is_repeated))
    }
}

/// The scans of a request, all of which can be recorded.
fn checked(
    UploadScansRequest { scans, sent_at }: UploadScansRequest,
    invocation: &Invocation,
) -> Result<Vec<Scan>, Error> {
    if !(1..=MAX_SCANS).contains(&scans.len()) {
        return Err(invalid(format!("A request has 1 to {MAX_SCANS} scans.")).into());
    }
    // How far the clock of the device is behind. Negative if it is ahead.
    let behind = sent_at.map_or(SignedDuration::ZERO, |sent| invocation.now.duration_since(sent));
    let mut checked: Vec<Scan> = vec![];
    for scan in scans {
        let key = IdempotencyKey::parse(Some(scan.key.as_bytes()));
        let key = key.map_err(|_| invalid("The key of a scan has 1 to 255 visible ASCII characters.".to_owned()))?;
        let scanned_at = scan.scanned_at.checked_add(behind);
        let scanned_at = scanned_at.map_err(|_| invalid("A corrected time is beyond the calendar.".to_owned()))?;
        if scanned_at > invocation.now + AHEAD {
            return Err(invalid(format!("{scanned_at} is in the future. {CORRECT}")).into());
        }
        if scanned_at < invocation.now - MAX_AGE {
            return Err(invalid(format!("{scanned_at} is more than 30 days ago. {CORRECT}")).into());
        }
        let at = scanned_at.min(invocation.now);
        let made = scan_of(&key, gate(&scan.gate)?, at, invocation)?;
        if checked.iter().any(|known| known.scan.scan_id == made.scan_id) {
            return Err(invalid("Two scans have the same key.".to_owned()).into());
        }
        checked.push(Scan {
            key: scan.key,
            code: scan.code,
            scan: made,
        });
    }
    Ok(checked)
}

fn invalid(detail: String) -> Rejection {
    Rejection::new(&reason::INVALID_SCANS, detail)
}
