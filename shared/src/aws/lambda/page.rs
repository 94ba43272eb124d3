//! Pages of lists: how many items a caller wants, and from where on.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::aws::lambda::http;
use crate::aws::lambda::http::Request;
use crate::core::error::Rejection;

/// How many items a page has unless the caller says.
pub const DEFAULT_LIMIT: u8 = 20;
/// The most items on a page.
pub const MAX_LIMIT: u8 = 100;

/// Where a page of one list ends: at an item, by its numbers and its id. It names no customer.
///
/// As text it carries a check over itself and the list that it was given out for, such as one customer's orders. What is
/// changed, and what belongs to another list, is refused. The check is no secret, and need not be: whose items are read
/// is said by the caller's token alone, so that whoever computes one only moves within what is their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor<const N: usize> {
    /// What the list is ordered by, such as a time in Unix milliseconds; below 2^63.
    pub at: [u64; N],
    /// The last item.
    pub id: Uuid,
}

/// Bytes of a check: a mistake passes once in 2^64.
const CHECK: usize = 8;

impl<const N: usize> Cursor<N> {
    /// The cursor of `list` as text: 8 bytes a number, 16 of the id, 8 of the check, in base64.
    ///
    /// `list` is what tells this list from any other: the route, and whose it is.
    pub fn text(&self, list: &[&str]) -> String {
        let mut bytes: Vec<u8> = self.at.iter().flat_map(|number| number.to_be_bytes()).collect();
        bytes.extend(self.id.as_bytes());
        bytes.extend(check(list, &bytes));
        BASE64.encode(bytes)
    }

    /// The request's cursor of `list`, when it has one.
    ///
    /// # Errors
    /// `invalid-parameter` when it is not one that [`Cursor::text`] wrote for this list.
    pub fn of(request: &Request, list: &[&str]) -> Result<Option<Self>, Rejection> {
        let text = http::query_parameter(request, "cursor");
        let parsed = text.map(|text| {
            let refused = || Rejection::invalid_parameter("cursor", "it is not one that was given out for this list");
            Self::parse(text, list).ok_or_else(refused)
        });
        parsed.transpose()
    }

    fn parse(text: &str, list: &[&str]) -> Option<Self> {
        let bytes = BASE64.decode(text).ok()?;
        let (place, found) = bytes.split_at_checked(N * 8 + 16)?;
        if found != check(list, place) {
            return None;
        }
        let (numbers, id) = place.split_at(N * 8);
        let mut at = [0; N];
        for (number, bytes) in at.iter_mut().zip(numbers.as_chunks::<8>().0) {
            *number = u64::from_be_bytes(*bytes);
        }
        let in_range = at.iter().all(|number| i64::try_from(*number).is_ok());
        let id = Uuid::from_slice(id).ok()?;
        in_range.then_some(Self { at, id })
    }
}

/// The beginning of a SHA-256 over a list's name and a place in it, in which no boundary can be moved.
fn check(list: &[&str], place: &[u8]) -> [u8; CHECK] {
    let mut hash = Sha256::new();
    for part in list.iter().map(|part| part.as_bytes()).chain([place]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut check = [0; CHECK];
    check.copy_from_slice(&digest[..CHECK]);
    check
}

/// How many items the caller wants on a page.
///
/// # Errors
/// `invalid-parameter` outside 1..=[`MAX_LIMIT`].
pub fn limit(request: &Request) -> Result<u8, Rejection> {
    let Some(text) = http::query_parameter(request, "limit") else {
        return Ok(DEFAULT_LIMIT);
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
    fn a_cursor_comes_back_as_it_went_out() {
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
        assert_eq!(Cursor::<1>::parse(&beyond, &ANNS), None, "no list has such a place");
    }
}
