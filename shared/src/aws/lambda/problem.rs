//! Problem details (RFC 9457): the error format of every route, and the mapping of errors to HTTP statuses.

use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::core::error::{Error, Kind};

/// The media type of a [`Problem`].
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Seconds after which a client may retry a 503.
const RETRY_AFTER: u32 = 1;

/// Problem details, as `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:madang:problem:` and the stable code. Compare this field in programs, and no other.
    #[serde(rename = "type")]
    #[schema(format = Uri, examples("urn:madang:problem:out-of-stock"))]
    pub kind: String,
    /// A short description of the type. It is the same for each occurrence.
    pub title: String,
    /// The HTTP status code.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// A description of this occurrence.
    pub detail: String,
    /// This occurrence: `urn:madang:request:` and the id of the request, which the header `Request-Id` has too. The logs
    /// have it.
    #[schema(format = Uri, examples("urn:madang:request:8f507cfc-1c8e-4f2b-b0ab-6d6ad3b5a0bd"))]
    pub instance: String,
    /// The members that the type declares.
    #[serde(flatten)]
    #[schema(additional_properties)]
    pub members: Map<String, Value>,
}

impl Problem {
    /// The problem type of a code.
    pub fn type_of(code: &str) -> String {
        format!("urn:madang:problem:{code}")
    }
}

/// The problem of a request that failed for another reason than its own. Any operation can answer with it.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The HTTP status.
    pub status: StatusCode,
    /// The code.
    pub code: &'static str,
    /// Short title.
    pub title: &'static str,
    /// A sentence on what happened and what the client can do.
    pub detail: &'static str,
}

impl Fault {
    fn problem(&self, request_id: &str) -> Problem {
        problem(self.status, self.code, self.title, self.detail, request_id)
    }
}

/// The problem of an [`Error::Internal`].
pub const INTERNAL: Fault = Fault {
    status: StatusCode::INTERNAL_SERVER_ERROR,
    code: "internal",
    title: "Internal error",
    detail: "The request failed on our side. Report its id, which `instance` and the header Request-Id have.",
};

/// The problem of an [`Error::Unavailable`].
pub const UNAVAILABLE: Fault = Fault {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "unavailable",
    title: "Service unavailable",
    detail: "The outcome is unknown. Retry with the same Idempotency-Key: it takes effect at most once.",
};

/// The HTTP status of a kind of rejection.
pub const fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Kind::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// Creates the response to the failed request `request_id` and logs the error with its causes.
pub fn respond(error: &Error, request_id: &str) -> Response<Body> {
    let (status, problem) = match error {
        Error::Rejected(rejection) => {
            tracing::info!(code = rejection.reason.code, "rejected");
            let (status, reason) = (status_of(rejection.reason.kind), rejection.reason);
            let members = rejection.members.clone();
            let problem = problem(status, reason.code, reason.title, &rejection.detail, request_id);
            (status, Problem { members, ..problem })
        }
        Error::Unavailable { .. } => {
            tracing::warn!(causes = %Causes(error), "unavailable");
            (UNAVAILABLE.status, UNAVAILABLE.problem(request_id))
        }
        Error::Internal { .. } => {
            tracing::error!(causes = %Causes(error), "internal error");
            (INTERNAL.status, INTERNAL.problem(request_id))
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

fn problem(status: StatusCode, code: &str, title: &str, detail: &str, request_id: &str) -> Problem {
    Problem {
        kind: Problem::type_of(code),
        title: title.to_owned(),
        status: status.as_u16(),
        detail: detail.to_owned(),
        instance: format!("urn:madang:request:{request_id}"),
        members: Map::new(),
    }
}

/// Formats an error and all its causes on one line.
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
