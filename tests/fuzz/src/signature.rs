//! Fuzz target: the signature headers of a webhook, as raw bytes.

use jiff::Timestamp;
use shared::core::signature::{StandardHeaders, verify_standard, verify_stripe};

use crate::cloud::{NOW, STANDARD_SECRET, STRIPE_SECRET};

/// Verifies the bytes as headers: none are accepted, since the fuzzer cannot guess a signature.
///
/// # Panics
/// If a signature is accepted.
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

/// Splits at the first line break.
fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    (&data[..end], data.get(end + 1..).unwrap_or_default())
}
