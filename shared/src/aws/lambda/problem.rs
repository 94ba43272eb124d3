//! Problem details (RFC 9457): the one form in which every route says no, and the one place that maps errors to HTTP.

use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::core::error::{Error, Kind, Rejection};

/// The media type of a [`Problem`].
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Seconds after which a client may try again what was not available.
const RETRY_AFTER: u32 = 1;

/// A problem, as `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:madang:problem:` and the stable code; programs compare this, and nothing else.
    #[serde(rename = "type")]
    #[schema(format = Uri, examples("urn:madang:problem:out-of-stock"))]
    pub kind: String,
    /// The type in words, the same each time.
    pub title: String,
    /// The status, repeated for readers of logs.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// This very case, in a sentence.
    pub detail: String,
    /// Members of the type, for programs (`shortages`, `sku`, `total`, `order_status` …).
    #[serde(flatten)]
    #[schema(additional_properties)]
    pub members: Map<String, Value>,
}

impl Problem {
    /// The problem type of a reason's code.
    pub fn type_of(code: &str) -> String {
        format!("urn:madang:problem:{code}")
    }
}

/// The status that stands for a rejection's kind.
pub const fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The answer to a request that failed; the failure is logged here, once, with its causes.
pub fn respond(error: &Error) -> Response<Body> {
    let (status, problem) = match error {
        Error::Rejected(rejection) => {
            tracing::info!(code = rejection.reason.code, "rejected");
            let status = status_of(rejection.reason.kind);
            (status, of_rejection(status, rejection))
        }
        Error::Unavailable { .. } => {
            tracing::warn!(causes = %Causes(error), "unavailable");
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let detail = "Nothing was changed that a retry with the same Idempotency-Key would not find. Try again.";
            (status, plain(status, "unavailable", "Not available now", detail))
        }
        Error::Internal { .. } => {
            tracing::error!(causes = %Causes(error), "internal error");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            let detail = "The request failed on our side; its trace id is in the response headers.";
            (status, plain(status, "internal", "Internal error", detail))
        }
    };
    let mut response = Response::new(Body::Text(serde_json::to_string(&problem).unwrap_or_default()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    }
    response
}

fn of_rejection(status: StatusCode, rejection: &Rejection) -> Problem {
    Problem {
        members: rejection.members.clone(),
        ..plain(status, rejection.reason.code, rejection.reason.title, &rejection.detail)
    }
}

fn plain(status: StatusCode, code: &str, title: &str, detail: &str) -> Problem {
    Problem {
        kind: Problem::type_of(code),
        title: title.to_owned(),
        status: status.as_u16(),
        detail: detail.to_owned(),
        members: Map::new(),
    }
}

/// An error and all its causes, on one line.
pub struct Causes<'a>(pub &'a Error);

impl std::fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut cause: Option<&dyn std::error::Error> = Some(self.0);
        let mut colon = "";
        while let Some(error) = cause {
            write!(f, "{colon}{error}")?;
            colon = ": ";
            cause = error.source();
        }
        Ok(())
    }
}

/// What every route may answer, whoever asks.
#[derive(utoipa::IntoResponses)]
pub enum Faults {
    /// `internal`: a fault of ours.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(Problem),
    /// `unavailable`: try again after `Retry-After` seconds; a POST with the same Idempotency-Key.
    #[response(status = 503, content_type = "application/problem+json", headers(("Retry-After" = u32, description = "Seconds")))]
    Unavailable(Problem),
}

/// What every route with a token answers without a valid one.
#[derive(utoipa::IntoResponses)]
pub enum TokenRequired {
    /// `unauthenticated`; the gateway in front answers first, in its own form.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
}
