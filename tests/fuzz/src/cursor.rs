//! Fuzz target: the cursor of a list, also of a list of products and of a search.

use catalog::listings::list::ListPosition;
use lambda_http::{Body, RequestExt};
use search::search_documents::{self, place};
use shared::aws::lambda::page::{Cursor, Position};
use std::collections::HashMap;
use uuid::Uuid;

const LIST: [&str; 2] = ["orders", "ann"];

/// Parses the text as a cursor, and the bytes as a position of each kind: they are rejected, or they are the only form of their
/// position.
///
/// # Panics
/// If two texts mean one position, or a cursor does not survive a round trip.
pub fn enter(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    try_as::<0>(&text);
    try_as::<1>(&text);
    try_as::<2>(&text);
    try_as::<3>(&text);
    if let Some(position) = ListPosition::read(&text, &LIST) {
        assert_eq!(position.text(&LIST), text);
    }
    // The fuzzer cannot guess the checksum.
    if let Some(position) = ListPosition::parse(data) {
        assert_eq!(position.bytes(), data);
        assert_eq!(ListPosition::read(&position.text(&LIST), &LIST), Some(position));
    }
    if let Some(cursor) = Cursor::<3>::parse(data) {
        assert_eq!(cursor.bytes(), data);
        if let Ok(place) = place(cursor) {
            assert_eq!(search_documents::cursor(&place), cursor);
        }
    }
    if let Some((id, rest)) = data.split_first_chunk::<16>() {
        let mut number = [0; 8];
        number.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        let cursor = Cursor {
            at: [u64::from_be_bytes(number) >> 1],
            id: Uuid::from_bytes(*id),
        };
        assert_eq!(parse(&cursor.text(&LIST)), Some(cursor));
        assert_eq!(parse::<1>(&cursor.text(&["orders", "bob"])), None);
    }
}

fn try_as<const N: usize>(text: &str) {
    if let Some(cursor) = parse::<N>(text) {
        assert_eq!(cursor.text(&LIST), text);
    }
}

fn parse<const N: usize>(text: &str) -> Option<Cursor<N>> {
    let query = HashMap::from([("cursor".to_owned(), text.to_owned())]);
    let request = lambda_http::Request::new(Body::Empty).with_query_string_parameters(query);
    Cursor::of(&request, &LIST).ok()?
}
