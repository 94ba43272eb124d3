//! The code of a ticket: what its QR code says, signed, without personal data.
//!
//! A scanner without a network checks a code with the [public keys](super::keys) alone. The text of a code is the base32 (RFC 4648,
//! without padding) of 105 bytes; QR codes store its characters in few bits, and case does not matter. 41 bytes are a version (1), the
//! number of the key (1), the number of the code (2), the ticket (16), the showtime (16) and the seat (part 2, row 2, place 1), with
//! numbers in big-endian order. 64 bytes are the Ed25519 signature (RFC 8032) of `madang ticket`, a zero byte, and these 41 bytes.

use data_encoding::BASE32_NOPAD;
use shared::tickets::{RowKey, SeatId, ShowtimeId, TicketId};
use uuid::Uuid;

use super::keys::TicketKeys;
use super::ticket::Ticket;

/// The number of characters of a code.
pub const CODE_LENGTH: usize = 168;
/// The first bytes that are signed, so that a key that signs something else too cannot sign a ticket by accident.
const CONTEXT: &[u8] = b"madang ticket\0";
const VERSION: u8 = 1;
const CLAIMS: usize = 41;
const BYTES: usize = CLAIMS + 64;

/// The content of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketCode {
    /// The number of the code.
    pub issue: u16,
    /// The ticket.
    pub ticket_id: TicketId,
    /// The showtime.
    pub showtime_id: ShowtimeId,
    /// The seat.
    pub seat: SeatId,
}

/// The text is not a code that one of the keys signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTicketCode {
    /// It has another form, or its signature does not match.
    #[error("the text is not the code of a ticket")]
    NotSigned,
    /// It names a key that is not known.
    #[error("the key of the code is not known")]
    UnknownKey,
}

use InvalidTicketCode::{NotSigned, UnknownKey};

impl TicketCode {
    /// The present code of a ticket.
    pub const fn of(ticket: &Ticket) -> Self {
        Self {
            issue: ticket.issue,
            ticket_id: ticket.ticket_id,
            showtime_id: ticket.showtime_id,
            seat: ticket.seat,
        }
    }

    /// The text of the code, signed with the key that signs now. The same ticket has the same text as long as that key stays.
    pub fn sign(&self, keys: &TicketKeys) -> String {
        let key = keys.signing();
        let mut bytes = self.claims(key.number).to_vec();
        let signature = key.sign(&signed(&bytes));
        bytes.extend(signature);
        BASE32_NOPAD.encode(&bytes)
    }

    /// Reads a code that one of `keys` signed.
    ///
    /// # Errors
    /// [`InvalidTicketCode`].
    pub fn verify(text: &str, keys: &TicketKeys) -> Result<Self, InvalidTicketCode> {
        if text.len() != CODE_LENGTH {
            return Err(NotSigned);
        }
        let bytes = BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes());
        let bytes: [u8; BYTES] = bytes.ok().and_then(|bytes| bytes.try_into().ok()).ok_or(NotSigned)?;
        let (claims, signature) = bytes.split_at(CLAIMS);
        if claims[0] != VERSION {
            return Err(NotSigned);
        }
        let key = keys.numbered(claims[1]).ok_or(UnknownKey)?;
        if !key.has_signed(&signed(claims), signature) {
            return Err(NotSigned);
        }
        let number = |at: usize| u16::from_be_bytes([claims[at], claims[at + 1]]);
        let id = |at: usize| Uuid::from_slice(&claims[at..at + 16]).map_err(|_| NotSigned);
        Ok(Self {
            issue: number(2),
            ticket_id: TicketId(id(4)?),
            showtime_id: ShowtimeId(id(20)?),
            seat: SeatId {
                row: RowKey {
                    part: number(36),
                    row: number(38),
                },
                place: claims[40],
            },
        })
    }

    fn claims(&self, key: u8) -> [u8; CLAIMS] {
        let mut claims = [0; CLAIMS];
        claims[0] = VERSION;
        claims[1] = key;
        claims[2..4].copy_from_slice(&self.issue.to_be_bytes());
        claims[4..20].copy_from_slice(self.ticket_id.0.as_bytes());
        claims[20..36].copy_from_slice(self.showtime_id.0.as_bytes());
        claims[36..38].copy_from_slice(&self.seat.row.part.to_be_bytes());
        claims[38..40].copy_from_slice(&self.seat.row.row.to_be_bytes());
        claims[40] = self.seat.place;
        claims
    }
}

fn signed(claims: &[u8]) -> Vec<u8> {
    [CONTEXT, claims].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(json: &str) -> TicketKeys {
        serde_json::from_str(json).unwrap()
    }

    fn first() -> TicketKeys {
        keys(r#"{"1":"0123456789abcdef0123456789abcdef"}"#)
    }

    fn code() -> TicketCode {
        TicketCode {
            issue: 3,
            ticket_id: TicketId(Uuid::from_u128(7)),
            showtime_id: ShowtimeId(Uuid::from_u128(8)),
            seat: "3-12-7".parse().unwrap(),
        }
    }

    #[test]
    fn a_code_is_read_as_it_was_signed_in_either_case() {
        let text = code().sign(&first());
        assert_eq!(text.len(), CODE_LENGTH);
        assert_eq!(TicketCode::verify(&text, &first()), Ok(code()));
        assert_eq!(TicketCode::verify(&text.to_lowercase(), &first()), Ok(code()));
        assert_eq!(text, code().sign(&first()), "the same ticket has the same code");
    }

    #[test]
    fn codes_of_the_former_key_are_valid_until_it_is_removed() {
        let text = code().sign(&first());
        let (old, new) = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
        let both = keys(&format!(r#"{{"1":"{old}","2":"{new}"}}"#));
        assert_eq!(TicketCode::verify(&text, &both), Ok(code()));
        assert_ne!(code().sign(&both), text, "the newer key signs");
        let rotated = keys(&format!(r#"{{"2":"{new}"}}"#));
        assert_eq!(TicketCode::verify(&text, &rotated), Err(UnknownKey));
        let other = keys(&format!(r#"{{"1":"{new}"}}"#));
        assert_eq!(
            TicketCode::verify(&text, &other),
            Err(NotSigned),
            "another shop's key 1"
        );
    }

    #[test]
    fn texts_of_another_form_are_refused() {
        let text = code().sign(&first());
        for bad in [
            String::new(),
            text[1..].to_owned(),
            format!("{text}A"),
            text.replace(text.chars().next().unwrap(), "1"),
            "가".repeat(CODE_LENGTH / 3),
            "A".repeat(CODE_LENGTH),
        ] {
            assert_eq!(TicketCode::verify(&bad, &first()), Err(NotSigned), "{bad}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn an_altered_code_is_refused(at in 0..CODE_LENGTH, to in 0..32usize) {
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
            let text = code().sign(&first());
            let mut altered = text.clone().into_bytes();
            altered[at] = alphabet[to];
            let altered = String::from_utf8(altered).unwrap();
            prop_assume!(altered != text);
            prop_assert!(TicketCode::verify(&altered, &first()).is_err());
        }
    }
}
