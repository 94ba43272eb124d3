//! Runs for `POST /admin/orders/{order_id}/shipments`, for administrators: records a parcel and counts its units as shipped
//! in the order, in one transaction, on condition that its payment was not refunded in full or taken back, unless only free units
//! are left. Units that replace lost ones are taken from the stock in the same transaction.

use envconfig::Envconfig;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::{Hold, Sku};
use shared::core::error::{self, Reason, Rejection};
use shared::core::id::PaymentId;
use shared::core::idempotency::Fingerprint;
use shared::core::text::DisplayText;
use shared::orders::{self, LineQuantity, OrderId, ReservationStore, Step, StoredOrder, TakeOutcome};
use shared::payments::{self, PaymentStore};
use tokio::time::Instant;

use crate::event::FulfillmentEvent;
use crate::shipment::{Shipment, ShipmentId, ShipmentStatus};
use crate::store::{FulfillmentStore, ShipmentChange, StoredShipment};

/// The function's stores and settings.
#[derive(Debug)]
pub struct CreateShipment {
    /// Shipments and orders.
    pub fulfillment: FulfillmentStore,
    /// Payments.
    pub payments: PaymentStore,
    /// The stock, for units that replace lost ones.
    pub reservations: ReservationStore,
    /// The time in which a carrier should deliver a parcel.
    pub delivery_time: SignedDuration,
}

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "DELIVERY_DAYS")]
    delivery_days: u16,
}

impl CreateShipment {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let Config { delivery_days } = platform.config()?;
        Ok(Self {
            fulfillment: FulfillmentStore::new(platform)?,
            payments: PaymentStore::new(platform)?,
            reservations: ReservationStore::new(platform)?,
            delivery_time: SignedDuration::from_hours(24 * i64::from(delivery_days)),
        })
    }
}

/// The longest name of a carrier and the longest tracking number, in characters.
const MAX_TEXT: usize = 50;
/// The longest address of a tracking page, in characters.
const MAX_URL: usize = 500;

/// A parcel that was handed to a carrier.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateShipmentRequest {
    /// The units in the parcel, each line once.
    #[schema(min_items = 1, max_items = 50)]
    pub lines: Vec<LineQuantity>,
    /// The carrier. Text of one line.
    #[schema(min_length = 1, max_length = 50, examples("CJ Logistics"))]
    pub carrier: String,
    /// The carrier's number of the parcel. Text of one line. Several shipments can have the same number: a parcel with
    /// units of several orders.
    #[schema(min_length = 1, max_length = 50, examples("6890-1234-5678"))]
    pub tracking_number: String,
    /// The page that shows where the parcel is: an `https` URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        max_length = 500,
        pattern = "^https://[!-~]+$",
        examples("https://track.example.com/689012345678")
    )]
    pub tracking_url: Option<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &error::INVALID_TEXT,
    &orders::reason::INVALID_LINES,
    &orders::reason::INVALID_LINE,
    &orders::reason::ORDER_NOT_PAID,
    &orders::reason::TOO_FEW_UNITS,
    &orders::reason::OUT_OF_STOCK,
    &payments::reason::PAYMENT_NOT_KEPT,
];

/// Creates a shipment
///
/// Counts the units as shipped: the customer can no longer cancel them. Only lines with a package are shipped, and only while the
/// shop keeps something of the payment: units that were refunded by line are cancelled and are not shipped. When only units that cost
/// nothing are left, they are shipped without that. Units that replace those of a lost parcel are taken from the stock. A retry with
/// the same key and body returns the shipment as it is now.
///
/// # Cost
/// Two requests: a batch read and a transaction. Units that replace lost ones need another read, and a write for each product.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/orders/{order_id}/shipments", operation_id = "create-shipment", tag = "fulfillment",
    request_body = CreateShipmentRequest,
    security(("token" = [])),
    params(
        ("order_id" = Uuid, Path, description = "The order"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new shipment",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The shipment", body = Shipment,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request created the shipment"),
                ("Location" = String, description = "The path of the order's shipments"),
            )),
    )
)]
pub async fn handle(function: &CreateShipment, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let order_id = http::path::<OrderId>(&request)?;
    let body = normalized(http::body(&request)?)?;
    let fingerprint = Fingerprint::of(&(order_id, &body));
    let fingerprint = fingerprint.map_err(|error| Error::internal("read the shipment", error))?;
    let shipment_id = ShipmentId(key.derive_id("shipment", &caller.customer_id));
    let (store, deadline) = (&function.fulfillment, invocation.deadline);
    let mut attempts = Attempts::new("create a shipment");
    loop {
        attempts.start()?;
        let (order, existing) = store.order_and_shipment(order_id, shipment_id, deadline).await?;
        if let Some(existing) = existing {
            return replay(&existing, &fingerprint);
        }
        let stored = order.ok_or(orders::Rejected::NotFound)?;
        let change = match function.shipped(&stored, shipment_id, &body, &fingerprint, &invocation) {
            // The transaction's condition on the payment does not say that it failed.
            Ok(change) if !attempts.is_first() => {
                let kept = function.require_kept(&stored, deadline).await;
                kept.map(|()| change)
            }
            change => change,
        };
        let saved = match change {
            Ok(change) => function.save(&stored, change, deadline).await,
            Err(error) => Err(error),
        };
        match saved {
            Ok(Some(shipment)) => return created(&shipment),
            Ok(None) => {}
            // A concurrent duplicate of this request may have shipped the units after the shipment was read.
            Err(rejected @ Error::Rejected(_)) => {
                return match store.shipment_serializable(shipment_id, deadline).await? {
                    Some(existing) => replay(&existing, &fingerprint),
                    None => Err(rejected),
                };
            }
            Err(error) => return Err(error),
        }
    }
}

impl CreateShipment {
    /// Checks that the payment of the order was neither refunded in full nor taken back, if it pays for units.
    async fn require_kept(&self, stored: &StoredOrder, deadline: Instant) -> Result<(), Error> {
        let payment = match payment_of(stored) {
            Some(payment_id) => self.payments.get(payment_id, deadline).await?,
            None => None,
        };
        Ok(payment.map_or(Ok(()), |payment| payment.payment.require_kept())?)
    }

    /// Saves a shipment, and takes the units that replace lost ones from the stock, in one transaction. `None` when something has
    /// changed since it was read.
    async fn save(
        &self,
        stored: &StoredOrder,
        change: ShipmentChange,
        deadline: Instant,
    ) -> Result<Option<Shipment>, Error> {
        let replacements = stored.order.written_off_by(&change.order.order);
        if replacements.is_empty() {
            let is_saved = self.fulfillment.save_shipment(&change, None, deadline).await?;
            return Ok(is_saved.then_some(change.next.shipment));
        }
        let units = stored.order.products_of(&replacements);
        let skus: Vec<Sku> = units.iter().map(|(sku, _)| sku.clone()).collect();
        let loaded = self
            .reservations
            .load(stored.order.order_id, &skus, &[], true, deadline);
        let products = loaded.await?.products;
        let record = |holds| {
            let mut change = change.clone();
            change.order.holds.extend::<Vec<Hold>>(holds);
            self.fulfillment.shipment_items(&change)
        };
        match self.reservations.take(&units, &products, record, deadline).await? {
            TakeOutcome::Taken(_) => Ok(Some(change.next.shipment)),
            TakeOutcome::ConditionFailed(_) => Ok(None),
            TakeOutcome::OutOfStock(shortages) => Err(orders::Rejected::OutOfStock(shortages).into()),
        }
    }

    /// The new shipment and its order, on condition that the payment is kept.
    fn shipped(
        &self,
        stored: &StoredOrder,
        shipment_id: ShipmentId,
        body: &CreateShipmentRequest,
        fingerprint: &Fingerprint,
        invocation: &Invocation,
    ) -> Result<ShipmentChange, Error> {
        let shipped = stored.order.after(Step::Ship, &body.lines)?;
        let shipment = Shipment {
            shipment_id,
            order_id: stored.order.order_id,
            customer_id: stored.order.customer_id.clone(),
            status: ShipmentStatus::Shipped,
            lines: body.lines.clone(),
            carrier: body.carrier.clone(),
            tracking_number: body.tracking_number.clone(),
            tracking_url: body.tracking_url.clone(),
            shipped_at: invocation.now,
            delivery_due_at: Some(invocation.now + self.delivery_time),
            delivered_at: None,
            closed_at: None,
        };
        let event = invocation.record(&FulfillmentEvent::ShipmentCreated(shipment.clone()))?;
        let payment = payment_of(stored).map(|payment_id| self.payments.kept(payment_id));
        Ok(ShipmentChange {
            next: StoredShipment::new(shipment, fingerprint.clone(), event),
            order: stored.next(shipped, None),
            payment: payment.transpose()?,
        })
    }
}

/// The payment that pays for the units that are left of an order.
fn payment_of(stored: &StoredOrder) -> Option<PaymentId> {
    stored
        .order
        .payment_id
        .filter(|_| !stored.order.has_only_free_units_left())
}

/// Checks and normalizes the texts of the parcel.
fn normalized(mut body: CreateShipmentRequest) -> Result<CreateShipmentRequest, Rejection> {
    for (field, text) in [
        ("carrier", &mut body.carrier),
        ("tracking_number", &mut body.tracking_number),
    ] {
        let line = DisplayText::line(text, MAX_TEXT);
        *text = line.map_err(|invalid| invalid.in_field(field))?.into();
    }
    if body.tracking_url.as_deref().is_some_and(|url| !is_https(url)) {
        let field = "tracking_url".to_owned();
        let detail = format!("tracking_url: it is not an https URL of at most {MAX_URL} characters.");
        return Err(Rejection::with(error::InvalidText { field }, detail));
    }
    Ok(body)
}

/// Whether a text is an `https` URL with a host and without a user, which would hide the host.
fn is_https(url: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte);
    let rest = url.strip_prefix("https://").unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    url.len() <= MAX_URL && url.bytes().all(is_allowed) && !host.is_empty() && !host.contains('@')
}

fn created(shipment: &Shipment) -> Result<Response, Error> {
    http::created(&format!("/orders/{}/shipments", shipment.order_id), shipment)
}

fn replay(existing: &StoredShipment, fingerprint: &Fingerprint) -> Result<Response, Error> {
    existing.fingerprint.require_same(fingerprint)?;
    created(&existing.shipment).map(http::replayed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracking_page_is_an_https_url_without_a_user() {
        for good in ["https://track.example.com", "https://a.b/c?d=e#f", "https://[::1]:8/x"] {
            assert!(is_https(good), "{good}");
        }
        let long = format!("https://a.b/{}", "x".repeat(MAX_URL));
        for bad in [
            "",
            "https://",
            "https:///path",
            "http://a.b",
            "javascript:alert(1)",
            "https://a b",
            "https://shop.example.com@evil.example",
            "https://a.b/\n",
            "https://가.kr",
            &long,
        ] {
            assert!(!is_https(bad), "{bad}");
        }
    }
}
