//! Tickets that change hands: the holder offers a ticket, and who has the code of the offer becomes the holder.
//!
//! No money changes hands. A transfer gives the ticket a new code, so that what the former holder can show does not admit.

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::core::error::Rejection;
use shared::core::identity::CustomerId;
use shared::core::signature::constant_time_eq;
use shared::orders::OrderId;
use shared::tickets::{PerformanceId, SeatId, ShowtimeId, TicketId, TransferOfferId};
use utoipa::ToSchema;

use super::keys::TicketKey;
use super::ticket::{Ticket, TicketStatus};
use crate::reason;

/// The number of characters of an offer's code.
pub const OFFER_CODE_LENGTH: usize = 26;
/// The longest time for which an offer is open.
pub const OFFER_TIME: SignedDuration = SignedDuration::from_hours(72);
/// The most transfers of a ticket, beside the one that gives it back to its buyer.
pub const MAX_TRANSFERS: u8 = 3;
/// The first bytes that the code of an offer is derived from, so that it is no signature of a ticket.
const CONTEXT: &[u8] = b"madang transfer offer\0";

/// The code of an offer: 128 bits that nobody can compute without the key. Only its hash is stored.
///
/// It follows from the offer's id, so that a retried request is answered with the same code.
#[derive(Clone, PartialEq, Eq)]
pub struct OfferCode(String);

impl OfferCode {
    /// The code of an offer of a ticket that expires at `expires_at`. An id can return after a month, if a key is used again; the time
    /// does not.
    pub fn of(key: &TicketKey, ticket_id: TicketId, offer_id: TransferOfferId, expires_at: Timestamp) -> Self {
        let expires_ms = expires_at.as_millisecond().to_be_bytes();
        let named = [CONTEXT, ticket_id.0.as_bytes(), offer_id.0.as_bytes(), &expires_ms].concat();
        let digest = Sha256::digest(key.sign(&named));
        Self(BASE32_NOPAD.encode(&digest[..16]))
    }

    /// The code as text, in base32.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// The hash of a code, whichever case it is written in.
pub fn hash_of(code: &str) -> String {
    BASE64_NOPAD.encode(&Sha256::digest(code.to_ascii_uppercase()))
}

/// An open offer, as the ticket's item has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOffer {
    /// The hash of the code.
    pub code_hash: String,
    /// The performance, whose most seats bind the receiver.
    pub performance_id: PerformanceId,
}

impl OpenOffer {
    /// Whether `code` is its code. Compared in constant time.
    pub fn has_code(&self, code: &str) -> bool {
        constant_time_eq(hash_of(code).as_bytes(), self.code_hash.as_bytes())
    }
}

/// A transfer of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketTransfer {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The number of the transfer among those of the ticket, from 1.
    #[schema(minimum = 1, maximum = 4)]
    pub number: u8,
    /// The order that bought the ticket.
    pub order_id: OrderId,
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The seat.
    pub seat: SeatId,
    /// The offer that was accepted.
    pub transfer_offer_id: TransferOfferId,
    /// The customer who held the ticket before.
    pub giver_id: CustomerId,
    /// The customer who accepted it.
    pub receiver_id: CustomerId,
    /// The time of the transfer.
    pub transferred_at: Timestamp,
}

impl Ticket {
    /// Whether somebody else than its buyer holds it.
    pub const fn is_received(&self) -> bool {
        self.buyer_id.is_some()
    }

    /// The customer who bought it.
    pub fn buyer(&self) -> &CustomerId {
        self.buyer_id.as_ref().unwrap_or(&self.holder_id)
    }

    /// Checks that it can still be passed on: it is valid, and not checked in.
    ///
    /// # Errors
    /// `ticket-void` and `ticket-used`.
    pub fn require_unused(&self) -> Result<(), Rejection> {
        if self.status == TicketStatus::Void {
            return Err(Rejection::new(
                &reason::TICKET_VOID,
                "The seat of the ticket was given back.",
            ));
        }
        if self.check_in.is_some() {
            return Err(Rejection::new(&reason::TICKET_USED, "The ticket is checked in."));
        }
        Ok(())
    }

    /// Checks that it has not changed hands too often. To its buyer it can always be given back.
    ///
    /// # Errors
    /// `too-many-transfers`.
    pub fn require_transferable(&self, receiver: Option<&CustomerId>) -> Result<(), Rejection> {
        let goes_back = self.is_received() && receiver.is_none_or(|receiver| receiver == self.buyer());
        if self.transfers < MAX_TRANSFERS || goes_back {
            return Ok(());
        }
        let detail = format!("A ticket changes hands at most {MAX_TRANSFERS} times; its buyer can get it back.");
        Err(Rejection::new(&reason::TOO_MANY_TRANSFERS, detail))
    }

    /// The ticket in the hands of `receiver`, with a new code and without an offer.
    #[must_use]
    pub fn passed_on_to(&self, receiver: &CustomerId) -> Self {
        let buyer = self.buyer().clone();
        Self {
            holder_id: receiver.clone(),
            buyer_id: (buyer != *receiver).then_some(buyer),
            transfers: self.transfers.saturating_add(1),
            issue: self.issue.saturating_add(1),
            transfer_offer_id: None,
            offered_until: None,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::keys::TicketKeys;
    use proptest::prelude::*;
    use shared::orders::LineId;
    use uuid::Uuid;

    fn customer(name: &str) -> CustomerId {
        CustomerId::new(name)
    }

    fn ticket() -> Ticket {
        Ticket {
            ticket_id: TicketId(Uuid::from_u128(1)),
            holder_id: customer("ann"),
            buyer_id: None,
            order_id: OrderId(Uuid::from_u128(2)),
            line_id: LineId::all().next().unwrap(),
            showtime_id: ShowtimeId(Uuid::from_u128(3)),
            starts_at: Timestamp::UNIX_EPOCH,
            seat: "0-0-0".parse().unwrap(),
            area: None,
            class: "VIP".to_owned().try_into().unwrap(),
            name: "The Nutcracker".into(),
            status: TicketStatus::Valid,
            issue: 1,
            transfers: 0,
            transfer_offer_id: None,
            offered_until: None,
            check_in: None,
            unexpected_scans: vec![],
            undone_check_ins: vec![],
            issued_at: Timestamp::UNIX_EPOCH,
            voided_at: None,
        }
    }

    #[test]
    fn the_code_of_an_offer_follows_from_the_key_the_ticket_and_the_offer() {
        let keys: TicketKeys =
            serde_json::from_str(r#"{"1":"0123456789abcdef0123456789abcdef","2":"fedcba9876543210fedcba9876543210"}"#)
                .unwrap();
        let [one, two] = [1, 2].map(|number| keys.numbered(number).unwrap());
        let (ticket, other) = (TicketId(Uuid::from_u128(1)), TicketId(Uuid::from_u128(2)));
        let [first, second] = [1, 2].map(|number| TransferOfferId(Uuid::from_u128(number)));
        let until = Timestamp::UNIX_EPOCH;
        let code = OfferCode::of(one, ticket, first, until);
        assert_eq!(code.text().len(), OFFER_CODE_LENGTH);
        assert!(
            code == OfferCode::of(one, ticket, first, until),
            "a retry has the same one"
        );
        for another in [
            OfferCode::of(two, ticket, first, until),
            OfferCode::of(one, other, first, until),
            OfferCode::of(one, ticket, second, until),
            OfferCode::of(one, ticket, first, until + OFFER_TIME),
        ] {
            assert!(another != code);
        }
        let offer = OpenOffer {
            code_hash: hash_of(code.text()),
            performance_id: PerformanceId(Uuid::nil()),
        };
        assert!(offer.has_code(code.text()) && offer.has_code(&code.text().to_lowercase()));
        for wrong in ["", "A", &code.text()[1..], &offer.code_hash] {
            assert!(!offer.has_code(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_ticket_that_comes_back_to_its_buyer_is_theirs_again() {
        let with_bob = ticket().passed_on_to(&customer("bob"));
        assert_eq!((with_bob.buyer().as_str(), with_bob.is_received()), ("ann", true));
        let with_eve = with_bob.passed_on_to(&customer("eve"));
        assert_eq!((with_eve.buyer().as_str(), with_eve.issue), ("ann", 3));
        let back = with_eve.passed_on_to(&customer("ann"));
        assert_eq!((back.is_received(), back.transfers, back.issue), (false, 3, 4));
    }

    proptest! {
        #[test]
        fn a_ticket_changes_hands_at_most_four_times_and_can_always_go_back(receivers in prop::collection::vec(0..4usize, 0..20)) {
            let people = ["ann", "bob", "eve", "dan"].map(customer);
            let mut ticket = ticket();
            for receiver in receivers {
                let receiver = &people[receiver];
                if ticket.holder_id == *receiver || ticket.require_transferable(Some(receiver)).is_err() {
                    continue;
                }
                prop_assert!(ticket.require_transferable(None).is_ok(), "what can be accepted can be offered");
                let next = ticket.passed_on_to(receiver);
                prop_assert_eq!(next.issue, ticket.issue + 1, "the former code does not admit");
                ticket = next;
            }
            prop_assert!(ticket.transfers <= MAX_TRANSFERS + 1);
            prop_assert_eq!(ticket.buyer(), &people[0]);
            if ticket.is_received() {
                prop_assert!(ticket.require_transferable(Some(&people[0])).is_ok());
            }
        }
    }
}
