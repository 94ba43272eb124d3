//! Fuzz target: a payment provider's webhook, headers and body.
//!
//! An input has the format of HTTP: a first line with the provider, and `signed` to add its valid signature, then one
//! header per line, an empty line, and the body.

use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use payments::receive_webhook::{ReceiveWebhook, handle};
use serde_json::json;
use sha2::Sha256;
use shared::aws::lambda::serve;

use crate::cloud::{Cloud, NOW, STRIPE_SECRET, invocation, post, run};

/// Sends the webhook: it is answered, and an unsigned one that needs a signature never reaches the tables.
///
/// # Panics
/// If one of these is violated.
pub fn enter(data: &[u8]) {
    let (head, body) = split(data);
    let Ok(head) = str::from_utf8(head) else { return };
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (provider, is_signed) = (words.next().unwrap_or_default(), words.next() == Some("signed"));
    let sent: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let made = if is_signed { sign(provider, body) } else { vec![] };
    let made = made.iter().map(|(name, value)| (*name, value.as_str()));
    let headers: Vec<(&str, &str)> = sent.into_iter().chain(made).collect();
    let path = json!({ "provider": provider });
    let event = post("/webhooks/{provider}", &path, &headers, body);

    // Created once: its HTTP client reads the machine's TLS roots.
    thread_local! {
        static FUNCTION: (Cloud, ReceiveWebhook) = {
            let cloud = Cloud::default();
            (cloud.clone(), ReceiveWebhook::new(&cloud.platform()).expect("its variables"))
        };
    }
    let (answer, stored) = FUNCTION.with(|(cloud, function)| {
        let before = cloud.stored();
        let answer = run(serve::respond(&event, invocation(), |request, invocation| {
            handle(function, request, invocation)
        }));
        (answer, cloud.stored() - before)
    });
    let status = answer.status().as_u16();
    assert!(matches!(status, 200 | 400 | 401 | 404 | 413 | 422), "{answer:?}");
    if provider != "toss" && !is_signed {
        assert_ne!(status, 200, "{answer:?}");
        assert_eq!(stored, 0, "an unsigned webhook reached the tables");
    }
}

/// Returns the headers with a valid signature.
fn sign(provider: &str, body: &[u8]) -> Vec<(&'static str, String)> {
    match provider {
        "stripe" => {
            let mac = mac(STRIPE_SECRET.as_bytes(), &[NOW.to_string().as_bytes(), b".", body]);
            let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
            vec![("stripe-signature", format!("t={NOW},v1={hex}"))]
        }
        "standard" => {
            let mac = mac(b"madang", &[b"msg_1.", NOW.to_string().as_bytes(), b".", body]);
            vec![
                ("webhook-id", "msg_1".to_owned()),
                ("webhook-timestamp", NOW.to_string()),
                ("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(mac))),
            ]
        }
        _ => vec![],
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

/// Splits at the first empty line.
fn split(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n").unwrap_or(data.len());
    (&data[..end], data.get(end + 2..).unwrap_or_default())
}
