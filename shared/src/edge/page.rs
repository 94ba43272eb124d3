//! Pages of lists: how many items a caller wants, and from where on.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use uuid::Uuid;

use super::http::{self, Request};
use crate::error::Rejection;

/// How many items a page has unless the caller says.
pub const DEFAULT_LIMIT: u8 = 20;
/// The most items on a page.
pub const MAX_LIMIT: u8 = 100;

/// Where a page ends: at an item, by its numbers and its id. It names no customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor<const N: usize> {
    /// What the list is ordered by, such as a time in Unix milliseconds.
    pub at: [i64; N],
    /// The last item.
    pub id: Uuid,
}

impl<const N: usize> Cursor<N> {
    /// The cursor as text: 8 bytes a number, and 16 of the id, in base64.
    pub fn text(&self) -> String {
        let mut bytes: Vec<u8> = self.at.iter().flat_map(|number| number.to_be_bytes()).collect();
        bytes.extend(self.id.as_bytes());
        BASE64.encode(bytes)
    }

    /// The request's cursor, when it has one.
    ///
    /// # Errors
    /// `invalid-parameter` when it is not one that [`Cursor::text`] wrote.
    pub fn of(request: &Request) -> Result<Option<Self>, Rejection> {
        let text = http::query_parameter(request, "cursor");
        let parsed = text.map(|text| {
            Self::parse(text).ok_or_else(|| http::invalid_parameter("cursor", "it is not one that this route gave out"))
        });
        parsed.transpose()
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text).ok()?;
        let (numbers, id) = bytes.split_at_checked(N * 8)?;
        let mut at = [0; N];
        for (number, bytes) in at.iter_mut().zip(numbers.as_chunks::<8>().0) {
            *number = i64::from_be_bytes(*bytes);
        }
        Some(Self {
            at,
            id: Uuid::from_slice(id).ok()?,
        })
    }
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
    limit.ok_or_else(|| http::invalid_parameter("limit", "it is 1 to 100"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_out() {
        let cursor = Cursor {
            at: [1_700_000_000_123, -7],
            id: Uuid::from_u128(7),
        };
        assert_eq!(Cursor::parse(&cursor.text()), Some(cursor));
    }

    #[test]
    fn a_forged_cursor_is_refused() {
        let good = Cursor {
            at: [1],
            id: Uuid::from_u128(7),
        }
        .text();
        for bad in ["", "AAAA", "%%%", &good[1..], &format!("{good}AAAA"), "한글"] {
            assert_eq!(Cursor::<1>::parse(bad), None, "{bad}");
        }
    }
}
