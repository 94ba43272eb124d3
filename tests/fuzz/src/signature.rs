//! The headers by which a webhook proves who sent it, as raw as they come.

use jiff::Timestamp;
use shared::core::signature::{StandardHeaders, verify_standard, verify_stripe};

use crate::cloud::{NOW, STANDARD_SECRET, STRIPE_SECRET};

/// Offers the bytes as headers: nothing passes, for nobody can guess a signature.
///
/// # Panics
/// When something does.
pub fn enter(data: &[u8]) {
    let now = Timestamp::from_second(NOW).expect("a time");
    let secrets = [STRIPE_SECRET.to_owned(), STANDARD_SECRET.to_owned()];
    let (header, body) = halves(data);
    assert!(verify_stripe(Some(header), body, &secrets, now).is_err());
    let (signature, rest) = halves(body);
    let signed = StandardHeaders {
        id: Some(header),
        timestamp: Some(signature),
        signature: Some(rest),
    };
    assert!(verify_standard(signed, data, &secrets, now).is_err());
}

/// What stands before and behind the first line's end.
fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    (&data[..end], data.get(end + 1..).unwrap_or_default())
}
