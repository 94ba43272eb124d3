//! Lists: the page that a request asks for, and its response.
//!
//! Every list answers with a [`Page`]. A page with a next one has the header `Link` (RFC 8288) too.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use lambda_http::http::{HeaderValue, StatusCode, header};
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::aws::lambda::http::{self, Request, Response};
use crate::core::error::{Error, Rejection};

/// The default number of items on a page.
pub const DEFAULT_LIMIT: u8 = 20;
/// The most items on a page, and the most items that are read for a page with a filter.
pub const MAX_LIMIT: u8 = 100;

/// The query parameter that continues a list.
const CURSOR: &str = "cursor";
/// The query parameter with the page size.
const LIMIT: &str = "limit";
/// The query parameters with a range of creation times.
pub const CREATED: [&str; 2] = ["created_from", "created_to"];

/// A page size, for the API description: any number from 1, because a larger one counts as the largest.
#[derive(Debug)]
pub struct PageSize;

impl PartialSchema for PageSize {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .build()
            .into()
    }
}

impl ToSchema for PageSize {}

/// The query parameters of every list.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// Items per page, 20 by default. A number above 100 counts as 100.
    #[param(inline)]
    pub limit: Option<PageSize>,
    /// `next_cursor` of the previous page, with the same filters.
    pub cursor: Option<String>,
}

/// The query parameters of a list with a range of creation times.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CreatedParameters {
    /// Only items created at or after this time.
    pub created_from: Option<Timestamp>,
    /// Only items created before this time.
    pub created_to: Option<Timestamp>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Cursor of the next page. Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

// Not derived: the derived name of a page of orders would be `Page_Order`.
impl<T: ToSchema> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        let cursor = ObjectBuilder::new().schema_type(Type::String);
        let cursor = cursor.description(Some("Cursor of the next page. Absent on the last page."));
        let page = ObjectBuilder::new()
            .description(Some("A page of a list."))
            .property("items", items)
            .property("next_cursor", cursor)
            .required("items");
        page.build().into()
    }
}

impl<T: ToSchema> ToSchema for Page<T> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("{}List", T::name()))
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

/// The page that a request asks for.
#[derive(Debug)]
pub struct PageRequest<'a> {
    /// The most items on the page.
    pub limit: u8,
    request: &'a Request,
    /// The list: the route, the owner, and the filters with their values.
    list: Vec<&'a str>,
    /// The filters that the request has.
    filters: Vec<(&'static str, &'a str)>,
    /// The page size as requested.
    requested: Option<&'a str>,
}

impl<'a> PageRequest<'a> {
    /// Reads the page size and the filters of a request. `list` identifies the list: the route and the owner.
    ///
    /// # Errors
    /// `invalid-parameter` when the page size is not a number or below 1, and when a parameter occurs more than once.
    pub fn of(request: &'a Request, list: &[&'a str], filters: &[&'static str]) -> Result<Self, Rejection> {
        Self::with_default(DEFAULT_LIMIT, request, list, filters)
    }

    /// As [`PageRequest::of`], with another default page size.
    ///
    /// # Errors
    /// As [`PageRequest::of`].
    pub fn with_default(
        default: u8,
        request: &'a Request,
        list: &[&'a str],
        filters: &[&'static str],
    ) -> Result<Self, Rejection> {
        let requested = http::query_parameter(request, LIMIT)?;
        let mut page = Self {
            limit: requested.map_or(Ok(default), limit)?,
            request,
            list: list.to_vec(),
            filters: vec![],
            requested,
        };
        for &name in filters {
            if let Some(value) = http::query_parameter(request, name)? {
                page.list.extend([name, value]);
                page.filters.push((name, value));
            }
        }
        Ok(page)
    }

    /// The same page of the list with a filter that the request may lack.
    #[must_use]
    pub fn with_filter(&self, name: &'static str, value: &'a str) -> Self {
        let (mut list, mut filters) = (self.list.clone(), self.filters.clone());
        if self.text(name).is_none() {
            list.extend([name, value]);
            filters.push((name, value));
        }
        Self { list, filters, ..*self }
    }

    /// The position after which the page starts. None for the first page.
    ///
    /// # Errors
    /// As [`Position::of`].
    pub fn after<P: Position>(&self) -> Result<Option<P>, Rejection> {
        P::of(self.request, &self.list)
    }

    /// The parts that distinguish the page from all others: the list with its filters, the page size and the cursor.
    ///
    /// # Errors
    /// `invalid-parameter` when the cursor occurs more than once.
    pub fn identity(&self) -> Result<impl Serialize, Rejection> {
        Ok((&self.list, self.limit, http::query_parameter(self.request, CURSOR)?))
    }

    /// The value of a filter, if the request has it.
    ///
    /// # Errors
    /// `invalid-parameter` when it is not a `T`.
    pub fn filter<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Rejection> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let deserializer: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
        let value = T::deserialize(deserializer);
        value
            .map(Some)
            .map_err(|_| Rejection::invalid_parameter(name, "it is not one of the described values"))
    }

    /// The range of creation times in Unix milliseconds: from [`CREATED`], or all times.
    ///
    /// # Errors
    /// `invalid-parameter` when a time is not RFC 3339, or the range is empty.
    pub fn created(&self) -> Result<RangeInclusive<u64>, Rejection> {
        let [from, to] = CREATED;
        let time = |name: &str| {
            let parse = |text: &str| {
                let time: Result<Timestamp, _> = text.parse();
                time.map(milliseconds)
                    .map_err(|_| Rejection::invalid_parameter(name, "it is not an RFC 3339 time"))
            };
            self.text(name).map(parse).transpose()
        };
        let first = time(from)?.unwrap_or_default();
        let last = match time(to)? {
            None => LAST_MS,
            Some(end) if first < end => end - 1,
            Some(_) => return Err(Rejection::invalid_parameter(to, "it is not after the first time")),
        };
        Ok(first..=last)
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        let mut filters = self.filters.iter();
        filters.find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The number of items to read. With a filter that no key answers, it is [`MAX_LIMIT`] for every page size: each page
    /// costs at most as much as the largest one, and few pages are empty.
    pub const fn read_limit(&self, is_filtered: bool) -> u8 {
        if is_filtered { MAX_LIMIT } else { self.limit }
    }

    /// Responds with at most `limit` of the `items`. `next` is the position after the last item that was read, if more follow,
    /// and `position` that of an item.
    ///
    /// # Errors
    /// [`Error::Internal`] when the page cannot be serialized.
    pub fn respond<T: Serialize, P: Position>(
        &self,
        mut items: Vec<T>,
        next: Option<P>,
        position: impl Fn(&T) -> P,
    ) -> Result<Response, Error> {
        let limit = usize::from(self.limit);
        let next = if items.len() > limit {
            items.truncate(limit);
            items.last().map(position)
        } else {
            next
        };
        let next_cursor = self.cursor(next);
        let link = next_cursor.as_deref().map(|cursor| self.link(cursor));
        let mut response = http::json(StatusCode::OK, &Page { items, next_cursor })?;
        if let Some(link) = link {
            response.headers_mut().insert(header::LINK, link?);
        }
        Ok(response)
    }

    /// The text of the next page's cursor.
    pub fn cursor(&self, next: Option<impl Position>) -> Option<String> {
        next.map(|next| next.text(&self.list))
    }

    /// The header that leads to the next page. Its reference has only a query, so it holds under every host and base path.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is not a header.
    pub fn link(&self, cursor: &str) -> Result<HeaderValue, Error> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.filters);
        query.extend_pairs(self.requested.map(|limit| (LIMIT, limit)));
        query.append_pair(CURSOR, cursor);
        let link = format!("<?{}>; rel=\"next\"", query.finish());
        HeaderValue::try_from(link).map_err(|error| Error::internal("link the next page", error))
    }
}

/// The latest time that a sort key can have, in Unix milliseconds.
const LAST_MS: u64 = i64::MAX as u64;

/// Unix milliseconds, rounded up. Times before 1970 are 0.
fn milliseconds(time: Timestamp) -> u64 {
    let nanoseconds = time.as_nanosecond().max(0);
    u64::try_from((nanoseconds + 999_999) / 1_000_000).unwrap_or(LAST_MS)
}

/// The position of an item in its list. It contains no customer.
///
/// The text form, a cursor, has a checksum over the position and its list, such as one customer's orders. A changed cursor or a
/// cursor of another list is rejected. The checksum needs no secret: the caller's token alone selects the customer, so
/// a computed cursor only moves within the caller's own items.
pub trait Position: Sized {
    /// The position as bytes.
    fn bytes(&self) -> Vec<u8>;

    /// Reads what [`Position::bytes`] wrote.
    fn parse(bytes: &[u8]) -> Option<Self>;

    /// The cursor: the position and a checksum of 8 bytes, in base64.
    ///
    /// `list` identifies the list: the route and the owner.
    fn text(&self, list: &[&str]) -> String {
        let mut bytes = self.bytes();
        bytes.extend(checksum(list, &bytes));
        BASE64.encode(bytes)
    }

    /// Reads the request's cursor, if it has one.
    ///
    /// # Errors
    /// `invalid-parameter` unless [`Position::text`] wrote it for this list, and when it occurs more than once.
    fn of(request: &Request, list: &[&str]) -> Result<Option<Self>, Rejection> {
        let text = http::query_parameter(request, CURSOR)?;
        let parsed = text.map(|text| {
            let refused = || Rejection::invalid_parameter(CURSOR, "it was not issued for this list");
            Self::read(text, list).ok_or_else(refused)
        });
        parsed.transpose()
    }

    /// Reads a cursor of `list`.
    fn read(text: &str, list: &[&str]) -> Option<Self> {
        let bytes = BASE64.decode(text).ok()?;
        let (position, found) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM_LENGTH)?)?;
        if found != checksum(list, position) {
            return None;
        }
        Self::parse(position)
    }
}

/// The position of an item with an id: its sort numbers and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor<const N: usize> {
    /// The sort numbers, such as a time in Unix milliseconds; each below 2^63.
    pub at: [u64; N],
    /// The item's id.
    pub id: Uuid,
}

/// The checksum's length in bytes.
const CHECKSUM_LENGTH: usize = 8;

impl<const N: usize> Position for Cursor<N> {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.at.iter().flat_map(|number| number.to_be_bytes()).collect();
        bytes.extend(self.id.as_bytes());
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (numbers, id) = bytes.split_at_checked(N * 8)?;
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

/// Parses a page size. A number above [`MAX_LIMIT`] counts as that.
fn limit(text: &str) -> Result<u8, Rejection> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // A number that overflows is above the limit too.
    let limit = is_number.then(|| text.parse().unwrap_or(MAX_LIMIT).min(MAX_LIMIT));
    limit
        .filter(|limit| *limit > 0)
        .ok_or_else(|| Rejection::invalid_parameter(LIMIT, "it is a number from 1 on"))
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
    fn a_page_size_above_the_maximum_counts_as_the_maximum() {
        for (text, expected) in [("1", 1), ("099", 99), ("100", 100), ("101", 100), ("256", 100)] {
            assert_eq!(limit(text).unwrap(), expected, "{text}");
        }
        assert_eq!(limit(&"9".repeat(100)).unwrap(), MAX_LIMIT);
        for text in ["", "0", "00", "-1", "+1", "1.5", "x", "1 ", "١"] {
            limit(text).unwrap_err();
        }
    }

    #[test]
    fn a_page_keeps_its_limit_and_continues_after_its_last_item() {
        let request = Request::default();
        let page = PageRequest::with_default(2, &request, &ANNS, &[]).unwrap();
        let at = |number: &u64| cursor([*number]);
        for (found, next, items, expected) in [
            (vec![3, 2, 1], Some(cursor([1])), vec![3, 2], Some(cursor([2]))),
            (vec![3, 2, 1], None, vec![3, 2], Some(cursor([2]))),
            (vec![3, 2], Some(cursor([1])), vec![3, 2], Some(cursor([1]))),
            (vec![], Some(cursor([1])), vec![], Some(cursor([1]))),
            (vec![3, 2], None, vec![3, 2], None),
        ] {
            let response = page.respond(found, next, at).unwrap();
            let lambda_http::Body::Text(body) = response.body() else {
                panic!("{response:?}")
            };
            let body: Page<u64> = serde_json::from_str(body).unwrap();
            let next_cursor = expected.map(|next| next.text(&ANNS));
            let link = next_cursor
                .as_ref()
                .map(|next| format!("<?cursor={next}>; rel=\"next\""));
            assert_eq!(body, Page { items, next_cursor });
            let header = response.headers().get(header::LINK);
            assert_eq!(header.map(|value| value.to_str().unwrap().to_owned()), link);
        }
    }

    #[test]
    fn times_are_rounded_up_to_milliseconds() {
        for (text, expected) in [
            ("1970-01-01T00:00:00.001Z", 1),
            ("1970-01-01T00:00:00.0010001Z", 2),
            ("1969-12-31T00:00:00Z", 0),
        ] {
            assert_eq!(milliseconds(text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn a_cursor_round_trips_through_its_text() {
        let cursor = cursor([1_700_000_000_123, 0, i64::MAX as u64]);
        assert_eq!(Cursor::read(&cursor.text(&ANNS), &ANNS), Some(cursor));
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
            assert_eq!(Cursor::<1>::read(&anns, other), None, "{other:?}");
        }
        assert_eq!(Cursor::<0>::read(&anns, &ANNS), None);
        assert_eq!(Cursor::<2>::read(&anns, &ANNS), None);
    }

    #[test]
    fn a_cursor_with_any_bit_changed_is_refused() {
        let good = BASE64.decode(cursor([1]).text(&ANNS)).unwrap();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Cursor::<1>::read(&BASE64.encode(bad), &ANNS), None, "bit {bit}");
        }
    }

    #[test]
    fn a_forged_cursor_is_refused() {
        let good = cursor([1]).text(&ANNS);
        for bad in ["", "AAAA", "%%%", &good[1..], &format!("{good}AAAA"), "한글"] {
            assert_eq!(Cursor::<1>::read(bad, &ANNS), None, "{bad}");
        }
        let beyond = cursor([1 << 63]).text(&ANNS);
        assert_eq!(Cursor::<1>::read(&beyond, &ANNS), None, "no list has such a position");
    }
}
