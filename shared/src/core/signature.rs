//! Webhook signatures: verified over the raw bytes of the body, in constant time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use crate::core::error::{self, Rejection};

/// The largest difference between a signature's time and the clock, in both directions (the same as in Stripe's
/// libraries and Standard Webhooks).
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);
/// The longest header that is read, in bytes. Real headers are much shorter.
const MAX_HEADER: usize = 4 * 1024;
/// The number of signatures that are checked. A secret that is being replaced makes two.
const MAX_CANDIDATES: usize = 16;

const MALFORMED: &str = "The signature is missing or malformed.";
const UNTIMELY: &str = "The signature's time is too far from the current time.";
const UNMATCHED: &str = "The signature does not match.";

/// The signature headers of a Standard Webhook.
#[derive(Clone, Copy, Debug)]
pub struct StandardHeaders<'a> {
    /// `webhook-id`.
    pub id: Option<&'a [u8]>,
    /// `webhook-timestamp`.
    pub timestamp: Option<&'a [u8]>,
    /// `webhook-signature`.
    pub signature: Option<&'a [u8]>,
}

/// Verifies that `body` was signed with one of `secrets`, in the format of the header `Stripe-Signature`.
///
/// # Errors
/// `invalid-signature`.
pub fn verify_stripe(header: Option<&[u8]>, body: &[u8], secrets: &[String], now: Timestamp) -> Result<(), Rejection> {
    let header = readable(header)?;
    let mut time = None;
    let mut candidates = Vec::new();
    for (name, value) in header.split(',').filter_map(|part| part.trim().split_once('=')) {
        match name {
            // With two times, the signed one is ambiguous.
            "t" if time.is_some() => return Err(invalid(MALFORMED)),
            "t" => time = Some(value),
            "v1" => candidates.extend(unhex(value)),
            _ => {}
        }
    }
    let time = time.ok_or_else(|| invalid(MALFORMED))?;
    require_timely(time, now)?;
    // The key is the whole secret, including its prefix.
    let keys = secrets.iter().map(|secret| secret.as_bytes().to_vec());
    require_match(&candidates, keys, &[time.as_bytes(), b".", body])
}

/// Verifies that `body` was signed with one of `secrets`, in the format of Standard Webhooks.
///
/// # Errors
/// `invalid-signature`.
pub fn verify_standard(
    headers: StandardHeaders<'_>,
    body: &[u8],
    secrets: &[String],
    now: Timestamp,
) -> Result<(), Rejection> {
    let (id, time) = (readable(headers.id)?, readable(headers.timestamp)?);
    let candidates: Vec<Vec<u8>> = readable(headers.signature)?
        .split(' ')
        .filter_map(|part| part.strip_prefix("v1,"))
        .filter_map(|signature| STANDARD.decode(signature).ok())
        .collect();
    require_timely(time, now)?;
    // The key is the decoded secret. A secret that cannot be decoded verifies nothing.
    let keys = secrets
        .iter()
        .filter_map(|secret| STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok());
    require_match(&candidates, keys, &[id.as_bytes(), b".", time.as_bytes(), b".", body])
}

/// Whether two secrets are equal, compared in constant time.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    // HMACs have the same length, so the length of a secret is not revealed either.
    match (mac(b"equal", &[a]), mac(b"equal", &[b])) {
        (Some(a), Some(b)) => a.verify_slice(&b.finalize().into_bytes()).is_ok(),
        _ => false,
    }
}

fn readable(header: Option<&[u8]>) -> Result<&str, Rejection> {
    header
        .filter(|bytes| (1..=MAX_HEADER).contains(&bytes.len()))
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .ok_or_else(|| invalid(MALFORMED))
}

fn require_timely(time: &str, now: Timestamp) -> Result<(), Rejection> {
    // Rust would parse "+5" too; no signer writes it.
    let digits = Some(time).filter(|time| time.bytes().all(|byte| byte.is_ascii_digit()));
    let at = digits
        .and_then(|time| time.parse().ok())
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or_else(|| invalid(MALFORMED))?;
    if now.duration_since(at).abs() > TOLERANCE {
        return Err(invalid(UNTIMELY));
    }
    Ok(())
}

fn require_match(
    candidates: &[Vec<u8>],
    keys: impl Iterator<Item = Vec<u8>>,
    parts: &[&[u8]],
) -> Result<(), Rejection> {
    if candidates.is_empty() {
        return Err(invalid(MALFORMED));
    }
    // Anyone can sign with an empty key.
    for key in keys.filter(|key| !key.is_empty()) {
        let Some(mac) = mac(&key, parts) else { continue };
        let mut tried = candidates.iter().take(MAX_CANDIDATES);
        if tried.any(|candidate| mac.clone().verify_slice(candidate).is_ok()) {
            return Ok(());
        }
    }
    Err(invalid(UNMATCHED))
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    // HMAC accepts keys of any length, so this never fails.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(mac)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?));
    bytes.collect::<Option<_>>().filter(|_| rest.is_empty())
}

fn invalid(detail: &str) -> Rejection {
    Rejection::new(&error::INVALID_SIGNATURE, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: i64 = 1_767_225_600;
    const BODY: &str = r#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"description":"마당"}}}"#;
    // Made with the Python package `stripe` 16.1.0, the secrets `whsec_stripe_vector` and `whsec_rolled`.
    const STRIPE: &str = "aa849f610dc7179e5d621550c852a575fbf97776fe4627797da13f9192d533ab";
    const ROLLED: &str = "ae1d5cdc4b93201cb44820f891551070b5ba9978ed426b4b31f439b2757399ee";
    // Made with the Python package `standardwebhooks` 1.1.0, this secret and the id `msg_1`.
    const STANDARD_SECRET: &str = "whsec_bWFkYW5nIGNvdXJ0eWFyZCBzZWNyZXQ=";
    const STANDARD_SIGNATURE: &str = "v1,Os9Aw4uQsdeAR/bzDzfACfKiNVFMFnDjo8KRcmKiEaQ=";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn stripe(header: &str, body: &[u8], secrets: &[&str], second: i64) -> Result<(), String> {
        let secrets: Vec<String> = secrets.iter().map(ToString::to_string).collect();
        verify_stripe(Some(header.as_bytes()), body, &secrets, at(second)).map_err(|rejection| rejection.detail)
    }

    fn standard(id: &str, signature: &str, body: &[u8], secret: &str, second: i64) -> Result<(), String> {
        let time = SECOND.to_string();
        let headers = StandardHeaders {
            id: Some(id.as_bytes()),
            timestamp: Some(time.as_bytes()),
            signature: Some(signature.as_bytes()),
        };
        verify_standard(headers, body, &[secret.to_owned()], at(second)).map_err(|rejection| rejection.detail)
    }

    fn header() -> String {
        format!("t={SECOND},v1={STRIPE},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39")
    }

    #[test]
    fn a_header_of_stripes_library_is_accepted() {
        assert_eq!(
            stripe(&header(), BODY.as_bytes(), &["whsec_stripe_vector"], SECOND),
            Ok(())
        );
    }

    #[test]
    fn the_old_and_the_new_secret_are_accepted_during_a_rotation() {
        let both = format!("t={SECOND},v1={ROLLED},v1={STRIPE}");
        for (header, secrets) in [
            (both.as_str(), &["whsec_stripe_vector"][..]),
            (&both, &["whsec_rolled"]),
            (&header(), &["whsec_rolled", "whsec_stripe_vector"]),
        ] {
            assert_eq!(stripe(header, BODY.as_bytes(), secrets, SECOND), Ok(()));
        }
    }

    #[test]
    fn a_signature_is_valid_for_300_seconds_in_both_directions() {
        for (second, expected) in [
            (SECOND - 301, Err(UNTIMELY.to_owned())),
            (SECOND - 300, Ok(())),
            (SECOND + 300, Ok(())),
            (SECOND + 301, Err(UNTIMELY.to_owned())),
        ] {
            assert_eq!(
                stripe(&header(), BODY.as_bytes(), &["whsec_stripe_vector"], second),
                expected
            );
            assert_eq!(
                standard("msg_1", STANDARD_SIGNATURE, BODY.as_bytes(), STANDARD_SECRET, second),
                expected
            );
        }
    }

    #[test]
    fn a_malformed_header_is_rejected() {
        let long = format!("{},{}", header(), "x".repeat(MAX_HEADER));
        let late = format!("t={SECOND},{}v1={STRIPE}", "v1=00,".repeat(MAX_CANDIDATES));
        for (header, detail) in [
            ("", MALFORMED),
            ("t=1767225600", MALFORMED),
            (&format!("v1={STRIPE}"), MALFORMED),
            (&format!("t={SECOND},v0={STRIPE}"), MALFORMED),
            (&format!("t={SECOND},v1={STRIPE}0"), MALFORMED),
            (&format!("t={SECOND},t={SECOND},v1={STRIPE}"), MALFORMED),
            (&format!("t=+{SECOND},v1={STRIPE}"), MALFORMED),
            (&format!("t=,v1={STRIPE}"), MALFORMED),
            (&format!("t=99999999999999999999,v1={STRIPE}"), MALFORMED),
            (&long, MALFORMED),
            (&late, UNMATCHED),
            (&format!("t={SECOND},v1="), UNMATCHED),
            (&format!("t={SECOND},v1={}", &STRIPE[..32]), UNMATCHED),
        ] {
            let verified = stripe(header, BODY.as_bytes(), &["whsec_stripe_vector"], SECOND);
            assert_eq!(verified, Err(detail.to_owned()), "{header}");
        }
        assert!(verify_stripe(None, b"", &[], at(SECOND)).is_err());
    }

    #[test]
    fn nothing_is_accepted_without_a_secret() {
        // The HMAC with an empty key, which anyone can compute.
        let mac = mac(b"", &[b"1767225600.", BODY.as_bytes()])
            .unwrap()
            .finalize()
            .into_bytes();
        let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        for secrets in [&[][..], &[""]] {
            let verified = stripe(&format!("t={SECOND},v1={hex}"), BODY.as_bytes(), secrets, SECOND);
            assert_eq!(verified, Err(UNMATCHED.to_owned()));
        }
        for secret in ["", "whsec_", "whsec_%"] {
            let verified = standard("msg_1", STANDARD_SIGNATURE, BODY.as_bytes(), secret, SECOND);
            assert_eq!(verified, Err(UNMATCHED.to_owned()));
        }
    }

    #[test]
    fn the_published_standard_webhook_is_accepted() {
        let headers = StandardHeaders {
            id: Some(b"msg_27UH4WbU6Z5A5EzD8u03UvzRbpk"),
            timestamp: Some(b"1649367553"),
            signature: Some(b"v1,bm90aGluZw== v1a,x v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="),
        };
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let secrets = ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned()];
        assert_eq!(verify_standard(headers, body, &secrets, at(1_649_367_553)), Ok(()));
    }

    #[test]
    fn each_header_of_a_standard_webhook_is_required() {
        let whole = StandardHeaders {
            id: Some(b"msg_1"),
            timestamp: Some(b"1767225600"),
            signature: Some(STANDARD_SIGNATURE.as_bytes()),
        };
        let verify = |headers| verify_standard(headers, BODY.as_bytes(), &[STANDARD_SECRET.to_owned()], at(SECOND));
        assert_eq!(verify(whole), Ok(()));
        assert!(verify(StandardHeaders { id: None, ..whole }).is_err());
        assert!(
            verify(StandardHeaders {
                timestamp: None,
                ..whole
            })
            .is_err()
        );
        assert!(
            verify(StandardHeaders {
                signature: None,
                ..whole
            })
            .is_err()
        );
    }

    #[test]
    fn only_equal_secrets_compare_equal() {
        assert!(constant_time_eq(b"ps_secret", b"ps_secret"));
        for other in [&b""[..], b"ps_secre", b"ps_secreT", b"ps_secret0"] {
            assert!(!constant_time_eq(b"ps_secret", other));
        }
    }

    /// `text` with one byte changed.
    fn changed(text: &str, place: prop::sample::Index, flip: u8) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        bytes
    }

    proptest! {
        #[test]
        fn a_changed_byte_of_the_body_fails(place: prop::sample::Index, flip in 1..=255u8) {
            let body = changed(BODY, place, flip);
            prop_assert!(stripe(&header(), &body, &["whsec_stripe_vector"], SECOND).is_err());
            prop_assert!(standard("msg_1", STANDARD_SIGNATURE, &body, STANDARD_SECRET, SECOND).is_err());
        }

        #[test]
        fn a_changed_byte_of_the_header_fails(place: prop::sample::Index, flip in 1..=127u8) {
            let header = format!("t={SECOND},v1={STRIPE}");
            let changed = String::from_utf8(changed(&header, place, flip)).unwrap();
            // An uppercase hexadecimal digit is the same signature.
            let prefix = header.len() - STRIPE.len();
            prop_assume!(changed[..prefix] != header[..prefix] || !changed.eq_ignore_ascii_case(&header));
            prop_assert!(stripe(&changed, BODY.as_bytes(), &["whsec_stripe_vector"], SECOND).is_err());
        }

        #[test]
        fn a_changed_byte_of_a_standard_id_or_signature_fails(place: prop::sample::Index, flip in 1..=127u8) {
            let id = String::from_utf8(changed("msg_1", place, flip)).unwrap();
            let signature = String::from_utf8(changed(STANDARD_SIGNATURE, place, flip)).unwrap();
            let verify = |id: &str, signature: &str| standard(id, signature, BODY.as_bytes(), STANDARD_SECRET, SECOND);
            prop_assert!(verify(&id, STANDARD_SIGNATURE).is_err());
            prop_assert!(verify("msg_1", &signature).is_err());
        }
    }
}
