//! The signature schemes of webhooks: Stripe's and Standard Webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Returns the value of `Stripe-Signature`, with a signature per secret; the key is the whole secret with its prefix.
#[must_use]
pub fn stripe(secrets: &[String], timestamp: i64, body: &[u8]) -> String {
    let message = [format!("{timestamp}.").as_bytes(), body].concat();
    let mut header = format!("t={timestamp}");
    for secret in secrets {
        header.push_str(",v1=");
        for byte in hmac(secret.as_bytes(), &message) {
            header.push_str(&format!("{byte:02x}"));
        }
    }
    header
}

/// Returns the three headers of Standard Webhooks, with a signature per secret; the key is the decoded base64.
#[must_use]
pub fn standard(secrets: &[String], id: &str, timestamp: i64, body: &[u8]) -> Vec<(String, String)> {
    let message = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
            let key = STANDARD.decode(encoded).expect("a secret is base64 after its prefix");
            format!("v1,{}", STANDARD.encode(hmac(&key, &message)))
        })
        .collect();
    vec![
        ("webhook-id".to_owned(), id.to_owned()),
        ("webhook-timestamp".to_owned(), timestamp.to_string()),
        ("webhook-signature".to_owned(), signatures.join(" ")),
    ]
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
