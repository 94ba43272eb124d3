//! The carriers whose webhooks the shop accepts, with their secrets.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use shared::core::error::Rejection;
use shared::core::signature::{StandardHeaders, verify_standard};

use crate::reason;
use crate::shipment::name_key;

/// The carriers by their names in shipments, as the secret `CarrierCredentials` has them.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub struct Carriers(BTreeMap<String, CarrierKeys>);

/// The secrets of a carrier, or of the service that reports for it.
#[derive(Deserialize)]
struct CarrierKeys {
    /// The webhook secrets. There are two during a rotation.
    webhook_secrets: Vec<String>,
}

impl std::fmt::Debug for Carriers {
    /// Omits the content.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Carriers")
    }
}

/// The carriers with whose secrets a message was signed: several if one service reports for them.
#[derive(Debug, PartialEq, Eq)]
pub struct Signers(Vec<String>);

impl Carriers {
    /// The carriers with one of whose secrets `body` was signed.
    ///
    /// # Errors
    /// `carriers-not-configured` without carriers, `invalid-signature`.
    pub fn signers(&self, headers: StandardHeaders<'_>, body: &[u8], now: Timestamp) -> Result<Signers, Rejection> {
        let (mut signers, mut refused) = (vec![], None);
        for (carrier, keys) in &self.0 {
            match verify_standard(headers, body, &keys.webhook_secrets, now) {
                Ok(()) => signers.push(name_key(carrier)),
                Err(rejection) => refused = Some(rejection),
            }
        }
        match (signers.is_empty(), refused) {
            (false, _) => Ok(Signers(signers)),
            (true, Some(rejection)) => Err(rejection),
            (true, None) => {
                let detail = "The secret has no webhook secrets of carriers.";
                Err(Rejection::new(&reason::CARRIERS_NOT_CONFIGURED, detail))
            }
        }
    }
}

impl Signers {
    /// Whether the message may report the parcels of `carrier`.
    pub fn report_for(&self, carrier: &str) -> bool {
        self.0.contains(&name_key(carrier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_in_no_message() {
        let carriers: Carriers = serde_json::from_str(r#"{"CJ":{"webhook_secrets":["hush"]}}"#).unwrap();
        assert!(!format!("{carriers:?}").contains("hush"));
    }

    #[test]
    fn a_carrier_is_known_however_its_name_is_written() {
        let signers = Signers(vec![name_key("CJ Logistics")]);
        assert!(signers.report_for("cj-logistics"));
        assert!(!signers.report_for("Hanjin"));
    }
}
