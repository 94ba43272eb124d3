//! Toss's errors: a code and its HTTP status.

use serde_json::json;

use crate::http::Answer;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: String,
    pub message: String,
}

/// Creates a refusal with a code.
pub fn refuse(code: &str, message: &str) -> Refusal {
    Refusal {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

impl Refusal {
    /// Converts the refusal to a response.
    pub fn answer(&self) -> Answer {
        let body = json!({ "code": self.code, "message": self.message });
        Answer::json(status_of(&self.code), &body)
    }
}

/// Returns a code's HTTP status, for rules and for codes that tests plan.
fn status_of(code: &str) -> u16 {
    match code {
        "UNAUTHORIZED_KEY" => 401,
        "IDEMPOTENT_REQUEST_PROCESSING" => 409,
        "FORBIDDEN_REQUEST" => 403,
        "PROVIDER_ERROR" | "UNKNOWN_PAYMENT_ERROR" | "COMMON_ERROR" => 500,
        _ if code.starts_with("REJECT_") || code.starts_with("NOT_CANCELABLE_") => 403,
        _ if code.starts_with("NOT_FOUND") => 404,
        _ if code.contains("INTERNAL") => 500,
        _ => 400,
    }
}
