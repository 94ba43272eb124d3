//! Pagination of lists: the limit and the cursor.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::aws::lambda::http::{self, Request};
use crate::core::error::Rejection;

/// The default number of items on a page.
pub const DEFAULT_LIMIT: u8 = 20;
/// The most items on a page.
pub const MAX_LIMIT: u8 = 100;

/// The last item of a page: its sort numbers and its id. It contains no customer.
///
/// The text form has a checksum over the cursor and its list, such as one customer's orders. A changed cursor or a
/// cursor of another list is rejected. The checksum needs no secret: the caller's token alone selects the customer, so
/// a computed cursor only moves within the caller's own items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor<const N: usize> {
    /// The sort numbers, such as a time in Unix milliseconds; each below 2^63.
    pub at: [u64; N],
    /// The item's id.
    pub id: Uuid,
}

/// The checksum's length in bytes.
const CHECKSUM_LENGTH: usize = 8;

impl<const N: usize> Cursor<N> {
    /// The cursor as text: 8 bytes for each number, 16 for the id and 8 for the checksum, in base64.
    ///
    /// `list` identifies the list: the route and the owner.
    pub fn text(&self, list: &[&str]) -> String {
        let mut bytes: Vec<u8> = self.at.iter().flat_map(|number| number.to_be_bytes()).collect();
        bytes.extend(self.id.as_bytes());
        bytes.extend(checksum(list, &bytes));
        BASE64.encode(bytes)
    }

    /// Reads the request's cursor, if it has one.
    ///
    /// # Errors
    /// `invalid-parameter` unless [`Cursor::text`] wrote it for this list, and when it occurs more than once.
    pub fn of(request: &Request, list: &[&str]) -> Result<Option<Self>, Rejection> {
        let text = http::query_parameter(request, "cursor")?;
        let parsed = text.map(|text| {
            let refused = || Rejection::invalid_parameter("cursor", "it was not issued for this list");
            Self::parse(text, list).ok_or_else(refused)
        });
        parsed.transpose()
    }

    fn parse(text: &str, list: &[&str]) -> Option<Self> {
        let bytes = BASE64.decode(text).ok()?;
        let (position, found) = bytes.split_at_checked(N * 8 + 16)?;
        if found != checksum(list, position) {
            return None;
        }
        let (numbers, id) = position.split_at(N * 8);
        let mut at = [0; N];
        for (number, bytes) in at.iter_mut().zip(numbers.as_chunks::<8>().0) {
            *number = u64::from_be_bytes(*bytes);
        }
        let in_range = at.iter().all(|number| i64::try_from(*number).is_ok());
        let id = Uuid::from_slice(id).ok()?;
        in_range.then_some(Self { at, id })
    }
}

/// The first bytes of a SHA-256 over a list's name and a position. Each part is prefixed with its length.
fn checksum(list: &[&str], position: &[u8]) -> [u8; CHECKSUM_LENGTH] {
    let mut hash = Sha256::new();
    for part in list.iter().map(|part| part.as_bytes()).chain([position]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut checksum = [0; CHECKSUM_LENGTH];
    checksum.copy_from_slice(&digest[..CHECKSUM_LENGTH]);
    checksum
}

/// Reads the request's page size, [`DEFAULT_LIMIT`] if it has none.
///
/// # Errors
/// `invalid-parameter` outside 1..=[`MAX_LIMIT`], and when it occurs more than once.
pub fn limit(request: &Request) -> Result<u8, Rejection> {
    limit_or(request, DEFAULT_LIMIT)
}

/// Reads the request's page size, `default` if it has none.
///
/// # Errors
/// `invalid-parameter` outside 1..=[`MAX_LIMIT`], and when it occurs more than once.
pub fn limit_or(request: &Request, default: u8) -> Result<u8, Rejection> {
    let Some(text) = http::query_parameter(request, "limit")? else {
        return Ok(default);
    };
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| Rejection::invalid_parameter("limit", "it is 1 to 100"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNS: [&str; 2] = ["orders", "ann"];

    fn cursor<const N: usize>(at: [u64; N]) -> Cursor<N> {
        let id = Uuid::from_u128(7);
        Cursor { at, id }
    }

    #[test]
    fn a_cursor_round_trips_through_its_text() {
        let cursor = cursor([1_700_000_000_123, 0, i64::MAX as u64]);
        assert_eq!(Cursor::parse(&cursor.text(&ANNS), &ANNS), Some(cursor));
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let anns = cursor([1]).text(&ANNS);
        for other in [
            &["orders", "bob"][..],
            &["bids", "ann"],
            &["orders"],
            &["ordersann"],
            &["", "ordersann"],
        ] {
            assert_eq!(Cursor::<1>::parse(&anns, other), None, "{other:?}");
        }
        assert_eq!(Cursor::<0>::parse(&anns, &ANNS), None);
        assert_eq!(Cursor::<2>::parse(&anns, &ANNS), None);
    }

    #[test]
    fn a_cursor_with_any_bit_changed_is_refused() {
        let good = BASE64.decode(cursor([1]).text(&ANNS)).unwrap();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Cursor::<1>::parse(&BASE64.encode(bad), &ANNS), None, "bit {bit}");
        }
    }

    #[test]
    fn a_forged_cursor_is_refused() {
        let good = cursor([1]).text(&ANNS);
        for bad in ["", "AAAA", "%%%", &good[1..], &format!("{good}AAAA"), "한글"] {
            assert_eq!(Cursor::<1>::parse(bad, &ANNS), None, "{bad}");
        }
        let beyond = cursor([1 << 63]).text(&ANNS);
        assert_eq!(Cursor::<1>::parse(&beyond, &ANNS), None, "no list has such a position");
    }
}
