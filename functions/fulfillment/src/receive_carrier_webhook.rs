//! Runs for `POST /webhooks/carriers`: records deliveries that carriers report, signed according to Standard Webhooks.
//!
//! Invariants: unsigned content is not trusted, and a carrier reports its own parcels only. A message about a shipment that is not recorded yet is refused with 404, so
//! that the carrier sends it again: staff may record a parcel after it is under way. Messages can be repeated and in any
//! order: a shipment that is delivered stays as it is. A shipment that cannot be delivered does not stop the others of a
//! message, since carriers use their numbers again.

use jiff::Timestamp;
use lambda_http::http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::problem::Causes;
use shared::aws::vault::Vault;
use shared::core::actor::Actor;
use shared::core::error::{self, Reason, Rejection};
use shared::core::signature::{self, StandardHeaders};
use shared::orders;
use tokio::time::Instant;

use crate::carriers::{Carriers, Signers};
use crate::delivery::deliver;
use crate::reason;
use crate::shipment::{Rejected, ShipmentId, tracking_key};
use crate::store::FulfillmentStore;

/// The function's store and secret.
#[derive(Debug)]
pub struct ReceiveCarrierWebhook {
    /// Shipments and orders.
    pub fulfillment: FulfillmentStore,
    /// The secret with the carriers' webhook secrets.
    pub carriers: Vault<Carriers>,
}

impl ReceiveCarrierWebhook {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            fulfillment: FulfillmentStore::new(platform)?,
            carriers: Vault::new(platform.aws(), platform.variable("CARRIER_CREDENTIALS")?),
        })
    }
}

/// The longest accepted request body, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// A message.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    r#type: String,
    data: serde_json::Value,
    /// Other fields, which are ignored.
    #[serde(flatten)]
    other: serde_json::Map<String, serde_json::Value>,
}

/// The data of a delivery: the shipment by its id, or by its carrier and number.
#[derive(Debug, Serialize, Deserialize)]
struct Data {
    shipment_id: Option<ShipmentId>,
    carrier: Option<String>,
    tracking_number: Option<String>,
    delivered_at: Timestamp,
    /// Other fields, which are ignored.
    #[serde(flatten)]
    other: serde_json::Map<String, serde_json::Value>,
}

/// The outcome of a carrier's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CarrierWebhookOutcome {
    /// The delivery is recorded, now or earlier.
    Entered,
    /// The type of the message is not known.
    Ignored,
}

/// The response to a carrier's message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CarrierWebhookAnswer {
    /// The outcome of the message.
    pub outcome: CarrierWebhookOutcome,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::INVALID_SIGNATURE,
    &reason::UNKNOWN_SHIPMENT,
    &reason::CARRIERS_NOT_CONFIGURED,
    &reason::INVALID_DELIVERY_TIME,
    &reason::SHIPMENT_STATUS,
    &orders::reason::ORDER_NOT_PAID,
    &orders::reason::TOO_FEW_UNITS,
];

/// Receives a carrier's webhook
///
/// Signed according to Standard Webhooks. The type `shipment.delivered` has the data `delivered_at`, and either
/// `shipment_id`, or `carrier` and `tracking_number`; it delivers the shipments under the number, the newest 100. A carrier
/// reports its own parcels only. Other types are ignored.
/// After any status but 2xx the carrier must retry, also after 404: the shipment may not be recorded yet.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/webhooks/carriers", operation_id = "receive-carrier-webhook", tag = "fulfillment",
    request_body(content = serde_json::Value, description = "As the carrier sends it", content_type = "application/json"),
    responses(
        (status = 200, description = "The message is processed", body = CarrierWebhookAnswer),
    )
)]
pub async fn handle(
    function: &ReceiveCarrierWebhook,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let body = http::raw_body(&request, MAX_BODY)?;
    let signers = function.verify(&request, body, &invocation).await?;
    // All that is recorded in its name is signed.
    let invocation = invocation.by(Actor::provider("CARRIER"));
    let message: Message = http::parse(body)?;
    if message.r#type != "shipment.delivered" {
        return answer(CarrierWebhookOutcome::Ignored);
    }
    let data: Data = http::parse_member("data", &message.data)?;
    let store = &function.fulfillment;
    let found = shipments(store, &data, &signers, invocation.deadline).await?;
    deliver_each(store, &found, data.delivered_at, &invocation).await?;
    answer(CarrierWebhookOutcome::Entered)
}

impl ReceiveCarrierWebhook {
    async fn verify(&self, request: &Request, body: &[u8], invocation: &Invocation) -> Result<Signers, Error> {
        let header = |name| request.headers().get(name).map(HeaderValue::as_bytes);
        let signed = StandardHeaders {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
        };
        if signed.signature.is_none() {
            // An unsigned message does not cost a read of the secret.
            signature::verify_standard(signed, body, &[], invocation.now)?;
        }
        let verified = self.carriers.verify(invocation.now, invocation.deadline, |carriers| {
            Ok(carriers.signers(signed, body, invocation.now)?)
        });
        verified.await
    }
}

/// The shipments that a message of `signers` is about. At least one.
async fn shipments(
    store: &FulfillmentStore,
    data: &Data,
    signers: &Signers,
    deadline: Instant,
) -> Result<Vec<ShipmentId>, Error> {
    let found = match (data.shipment_id, &data.carrier, &data.tracking_number) {
        (Some(id), ..) => {
            let stored = store.shipment(id, deadline).await?;
            let of_signer = stored.filter(|stored| signers.report_for(&stored.shipment.carrier));
            of_signer.map(|_| id).into_iter().collect()
        }
        (None, Some(carrier), Some(number)) if carrier.len() + number.len() <= MAX_TRACKING => {
            if !signers.report_for(carrier) {
                let detail = "The message is not signed with a secret of this carrier.";
                return Err(Rejection::new(&error::INVALID_SIGNATURE, detail).into());
            }
            store.find_parcel(&tracking_key(carrier, number), deadline).await?
        }
        _ => {
            let detail = "data: it has neither shipment_id, nor carrier and tracking_number of at most 50 characters.";
            return Err(Rejection::new(&error::MALFORMED_BODY, detail).into());
        }
    };
    if found.is_empty() {
        return Err(Rejected::Unknown.into());
    }
    Ok(found)
}

/// Delivers the shipments of a message. One that cannot be delivered, such as another one under a number that the carrier
/// has used again, does not stop the others.
///
/// # Errors
/// The first failure, so that the carrier sends the message again. The first rejection if the report has delivered no shipment,
/// now or earlier.
async fn deliver_each(
    store: &FulfillmentStore,
    found: &[ShipmentId],
    at: Timestamp,
    invocation: &Invocation,
) -> Result<(), Error> {
    let (mut is_delivered, mut rejected, mut failed) = (false, None, None);
    for &shipment_id in found {
        match deliver(store, shipment_id, Some(at), None, invocation).await {
            // A parcel that was delivered at another time is not the one of this report.
            Ok(delivery) => is_delivered |= !delivery.is_known || delivery.shipment.delivered_at == Some(at),
            Err(error) => {
                tracing::warn!(%shipment_id, causes = %Causes(&error), "reported shipment not delivered");
                let first = match error {
                    Error::Rejected(_) => &mut rejected,
                    _ => &mut failed,
                };
                first.get_or_insert(error);
            }
        }
    }
    match failed.or(rejected.filter(|_| !is_delivered)) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// The longest carrier and tracking number together, in bytes. A shipment has at most 50 characters of each, of at most 4
/// bytes.
const MAX_TRACKING: usize = 400;

fn answer(outcome: CarrierWebhookOutcome) -> Result<Response, Error> {
    http::json(StatusCode::OK, &CarrierWebhookAnswer { outcome })
}
