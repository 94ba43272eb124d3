//! Attendance of a show: by the holder of a ticket that was checked in or, where nobody scans, of a valid one.

use jiff::{SignedDuration, Timestamp};
use shared::Error;
use shared::aws::Platform;
use shared::core::error::Rejection;
use shared::tickets::{Showtime, ShowtimeStatus};

use crate::admission::ticket::{Ticket, TicketStatus};
use crate::performance::Performance;
use crate::reason;

/// The assumed duration of a show whose performance does not say it.
const USUAL_LENGTH: SignedDuration = SignedDuration::from_hours(3);

/// The proof that somebody has attended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The check-in of the ticket.
    CheckIn,
    /// The ticket, since the shop scans none.
    Ticket,
}

impl Proof {
    /// The proof that the variable `REVIEWS_NEED_CHECK_IN` asks for.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is missing or is neither `true` nor `false`.
    pub fn of(platform: &Platform) -> Result<Self, Error> {
        match platform.variable("REVIEWS_NEED_CHECK_IN")?.as_str() {
            "true" => Ok(Self::CheckIn),
            "false" => Ok(Self::Ticket),
            other => Err(Error::internal(
                "read REVIEWS_NEED_CHECK_IN",
                format!("it is true or false, not {other}"),
            )),
        }
    }

    /// Checks that the holder of a ticket has attended the performance, whose show is over.
    ///
    /// # Errors
    /// `not-attended` and `show-not-over`.
    pub fn require(
        self,
        ticket: &Ticket,
        showtime: &Showtime,
        performance: &Performance,
        now: Timestamp,
    ) -> Result<(), Rejection> {
        let refused = |detail: &str| Err(Rejection::new(&reason::NOT_ATTENDED, detail));
        if showtime.performance_id != performance.performance_id {
            return refused("The ticket is for another performance.");
        }
        if showtime.status == ShowtimeStatus::Cancelled {
            return refused("The showtime was cancelled.");
        }
        if ticket.status == TicketStatus::Void {
            return refused("The seat of the ticket was given back.");
        }
        let over_at = over_at(showtime, performance);
        if now < over_at {
            let detail = format!("The show ends at {over_at}. Write the review after it.");
            return Err(Rejection::with(reason::ShowNotOver { over_at }, detail));
        }
        if self == Self::CheckIn && ticket.check_in.is_none() {
            return refused("The ticket was not checked in.");
        }
        Ok(())
    }
}

/// The end of a show.
pub fn over_at(showtime: &Showtime, performance: &Performance) -> Timestamp {
    showtime.starts_at + length_of(performance)
}

/// How long a show takes.
pub fn length_of(performance: &Performance) -> SignedDuration {
    let minutes = performance.duration_minutes.map(i64::from);
    minutes.map_or(USUAL_LENGTH, SignedDuration::from_mins)
}
