//! A ticket as its holder sees it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::code::TicketCode;
use super::keys::TicketKeys;
use super::ticket::{Ticket, TicketStatus};

/// A ticket with its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketWithCode {
    /// The ticket.
    #[serde(flatten)]
    pub ticket: Ticket,
    /// What to show at the door, also as a QR code at `/tickets/{ticket_id}/qr`. Whoever has it can use the ticket. Absent if the
    /// ticket is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 168, max_length = 168)]
    pub code: Option<String>,
}

impl TicketWithCode {
    /// The ticket with its present code.
    pub fn of(ticket: Ticket, keys: &TicketKeys) -> Self {
        let is_valid = ticket.status == TicketStatus::Valid;
        Self {
            code: is_valid.then(|| TicketCode::of(&ticket).sign(keys)),
            ticket,
        }
    }
}
