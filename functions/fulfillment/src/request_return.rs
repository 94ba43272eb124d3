//! Runs for `POST /orders/{order_id}/returns`: requests the return of delivered units of the caller's order, or of any order
//! for an administrator. Counts them in the order, in one transaction, so that no unit is in two returns.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::encryption::CustomerKeyStore;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::actor::ActorKind;
use shared::core::country::Country;
use shared::core::error::{self, Reason, Rejection};
use shared::core::idempotency::Fingerprint;
use shared::core::text::DisplayText;
use shared::orders::{self, LineQuantity, Order, OrderId, Step, StoredOrder};
use tokio::time::Instant;

use crate::reason;
use crate::return_store::{ReturnChange, StoredReturn};
use crate::returns::{Return, ReturnId, ReturnLine, ReturnPolicy, ReturnReason, ReturnStatus};
use crate::store::FulfillmentStore;

/// The function's store and settings.
#[derive(Debug)]
pub struct RequestReturn {
    /// Returns and orders.
    pub fulfillment: FulfillmentStore,
    /// The time for which a customer may return what was delivered.
    pub policy: ReturnPolicy,
    /// The keys with which addresses are encrypted.
    pub customer_keys: CustomerKeyStore,
}

impl RequestReturn {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            fulfillment: FulfillmentStore::new(platform)?,
            policy: ReturnPolicy::new(platform)?,
            customer_keys: CustomerKeyStore::new(platform)?,
        })
    }
}

/// The most lines of a return: each costs two writes of the transaction that receives it, which has at most 100.
const MAX_LINES: usize = 48;

/// The longest note, in characters.
pub(crate) const MAX_NOTE: usize = 500;

/// Units to return.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestReturnRequest {
    /// The units, each line once.
    #[schema(min_items = 1, max_items = 48)]
    pub lines: Vec<LineQuantity>,
    /// The reason.
    pub reason: ReturnReason,
    /// A note for the shop, such as what is wrong with the goods. It stays after an erasure of personal data, so it should have
    /// none. Text of several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub note: Option<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &error::INVALID_TEXT,
    &orders::reason::INVALID_LINES,
    &orders::reason::INVALID_LINE,
    &orders::reason::ORDER_NOT_PAID,
    &orders::reason::TOO_FEW_UNITS,
    &reason::RETURN_WINDOW_CLOSED,
];

/// Requests a return
///
/// Only delivered units, and at most those that are neither returned nor in another return. A customer can request it until the
/// end of the last of the shop's return days, 7 by default, after the day of the line's latest delivery; an administrator
/// later too. The days are those of the country of the order's address, and end not before those of the shop's timezone; in a country
/// with several timezones they end where they end last. The customer waits for the shop's decision before sending anything.
///
/// # Errors
/// `not-found` for another customer's order too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/orders/{order_id}/returns", operation_id = "request-return", tag = "fulfillment",
    request_body = RequestReturnRequest,
    security(("token" = [])),
    params(
        ("order_id" = Uuid, Path, description = "The order"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new return",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The return", body = Return,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request created the return"),
                ("Location" = String, description = "The path of the order's returns"),
            )),
    )
)]
pub async fn handle(function: &RequestReturn, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let order_id = http::path::<OrderId>(&request)?;
    let mut body: RequestReturnRequest = http::body(&request)?;
    body.note = note("note", body.note.as_deref())?;
    let fingerprint = Fingerprint::of(&(order_id, &body));
    let fingerprint = fingerprint.map_err(|error| Error::internal("read the return", error))?;
    let return_id = ReturnId(key.derive_id("return", &caller.customer_id));
    let store = &function.fulfillment;
    let mut attempts = Attempts::new("request a return");
    loop {
        attempts.start()?;
        let (order, existing) = store.order_and_return(order_id, return_id, invocation.deadline).await?;
        if let Some(existing) = existing {
            return replay(&existing, &fingerprint);
        }
        let stored = order
            .filter(|stored| caller.is_admin || stored.order.customer_id == caller.customer_id)
            .ok_or(orders::Rejected::NotFound)?;
        let invocation = invocation.by(caller.acting_on(&stored.order.customer_id));
        let returning = match function.returning(&stored, &body.lines, &invocation).await {
            Ok(returning) => returning,
            // A concurrent duplicate of this request may have counted the units after the return was read.
            Err(rejected) => {
                return match store.find_return(return_id, invocation.deadline).await? {
                    Some(existing) => replay(&existing, &fingerprint),
                    None => Err(rejected),
                };
            }
        };
        let new = StoredReturn::new(
            function.requested(return_id, &stored, &body, &invocation),
            fingerprint.clone(),
            &invocation,
        )?;
        let change = ReturnChange {
            next: new,
            order: Some(stored.next(returning, None)),
            records: vec![],
            stock: vec![],
        };
        if store.save_return(&change, None, invocation.deadline).await? {
            return created(&change.next.details);
        }
    }
}

impl RequestReturn {
    /// The order with the units in a return.
    async fn returning(
        &self,
        stored: &StoredOrder,
        units: &[LineQuantity],
        invocation: &Invocation,
    ) -> Result<Order, Error> {
        if units.len() > MAX_LINES {
            return Err(orders::Rejected::LineCount(units.len()).into());
        }
        let (order, now) = (&stored.order, invocation.now);
        let returning = order.after(Step::RequestReturn, units)?;
        // The address is decrypted only if the request depends on it.
        if invocation.actor()?.kind == ActorKind::Customer && self.policy.require_open(order, units, None, now).is_err()
        {
            let country = self.country_of(stored, invocation.deadline).await?;
            self.policy.require_open(order, units, country, now)?;
        }
        Ok(returning)
    }

    /// The country of the order's address. `None` if it has no address, or it was erased.
    async fn country_of(&self, stored: &StoredOrder, deadline: Instant) -> Result<Option<Country>, Error> {
        let Some(sealed) = &stored.delivery_details else {
            return Ok(None);
        };
        let key = self.customer_keys.get(&stored.order.customer_id, deadline).await?;
        let details = key.map(|key| sealed.open(&key)).transpose()?.flatten();
        let address = details.and_then(|details| details.shipping_address);
        Ok(address.map(|address| address.country))
    }

    fn requested(
        &self,
        return_id: ReturnId,
        stored: &StoredOrder,
        body: &RequestReturnRequest,
        invocation: &Invocation,
    ) -> Return {
        let lines = body.lines.iter().map(|unit| ReturnLine {
            line_id: unit.line_id,
            quantity: unit.quantity,
            restocked: 0,
            written_off: 0,
            refund: None,
        });
        Return {
            return_id,
            order_id: stored.order.order_id,
            customer_id: stored.order.customer_id.clone(),
            status: ReturnStatus::Requested,
            reason: body.reason,
            note: body.note.clone(),
            lines: lines.collect(),
            requested_at: invocation.now,
            decision_due_at: Some(self.policy.decision_due_at(invocation.now)),
            decision_note: None,
            decided_at: None,
            arrival_due_at: None,
            received_at: None,
            refund_due_at: None,
            refund: None,
            refunded_at: None,
        }
    }
}

/// Checks and normalizes a note in `field`.
pub(crate) fn note(field: &str, text: Option<&str>) -> Result<Option<String>, Rejection> {
    let note = text.map(|text| DisplayText::lines(text, MAX_NOTE).map(String::from));
    note.transpose().map_err(|invalid| invalid.in_field(field))
}

fn created(details: &Return) -> Result<Response, Error> {
    http::created(&format!("/orders/{}/returns", details.order_id), details)
}

fn replay(existing: &StoredReturn, fingerprint: &Fingerprint) -> Result<Response, Error> {
    existing.fingerprint.require_same(fingerprint)?;
    created(&existing.details).map(http::replayed)
}
