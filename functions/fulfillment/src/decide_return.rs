//! Runs for `POST /admin/returns/{return_id}/decide`, for administrators: approves or refuses a requested return. The units of
//! a refused return can be returned again, such as with a better reason.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};

use crate::reason;
use crate::request_return::note;
use crate::return_store::{ReturnChange, StoredReturn};
use crate::returns::{Return, ReturnDecision, ReturnId};
use crate::store::FulfillmentStore;

/// The function's stores.
#[derive(Debug)]
pub struct DecideReturn {
    /// Returns and orders.
    pub fulfillment: FulfillmentStore,
}

impl DecideReturn {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            fulfillment: FulfillmentStore::new(platform)?,
        })
    }
}

/// The decision about a return.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideReturnRequest {
    /// The decision.
    pub decision: ReturnDecision,
    /// A note for the customer, such as where to send the units. Text of several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub note: Option<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND, &error::INVALID_TEXT, &reason::RETURN_STATUS];

/// Decides about a return
///
/// Approves or refuses a requested return, or refuses one that is approved and whose units have not arrived. The units of a refused
/// return count as kept by the customer. An approved return is refused automatically if its units have not arrived by `arrival_due_at`.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/returns/{return_id}/decide", operation_id = "decide-return", tag = "fulfillment",
    request_body = DecideReturnRequest,
    security(("token" = [])),
    params(
        ("return_id" = Uuid, Path, description = "The return"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The return", body = Return,
            headers(("Idempotency-Replayed" = bool, description = "true: an earlier request decided"))),
    )
)]
pub async fn handle(function: &DecideReturn, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let id = http::path::<ReturnId>(&request)?;
    let mut body: DecideReturnRequest = http::body(&request)?;
    body.note = note("note", body.note.as_deref())?;
    let record = StoredRequest::new("decide return", &key, &caller.customer_id, &(id, &body), invocation.now)?;
    let (store, deadline) = (&function.fulfillment, invocation.deadline);
    let mut attempts = Attempts::new("decide about a return");
    loop {
        attempts.start()?;
        let (stored, is_known) = store.return_and_request(id, &record, deadline).await?;
        if is_known {
            return replay(&stored);
        }
        let change = match decided(store, &stored, &body, &invocation).await {
            Ok(change) => change,
            Err(rejected) => match store.changed_meanwhile(&stored, &record, rejected, deadline).await? {
                Some(known) => return replay(&known),
                None => continue,
            },
        };
        if store.save_return(&change, Some(&record), deadline).await? {
            return http::json(StatusCode::OK, &change.next.details);
        }
    }
}

async fn decided(
    store: &FulfillmentStore,
    stored: &StoredReturn,
    body: &DecideReturnRequest,
    invocation: &Invocation,
) -> Result<ReturnChange, Error> {
    let decided = stored
        .details
        .decided(body.decision, body.note.clone(), invocation.now)?;
    if body.decision == ReturnDecision::Refuse {
        let order = store.order_of(stored, invocation.deadline).await?;
        return ReturnChange::refusing(stored, decided, &order, invocation);
    }
    Ok(ReturnChange {
        next: stored.next(decided, invocation)?,
        order: None,
        records: vec![],
        stock: vec![],
    })
}

fn replay(stored: &StoredReturn) -> Result<Response, Error> {
    http::json(StatusCode::OK, &stored.details).map(http::replayed)
}
