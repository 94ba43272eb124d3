//! Refusals of Toss: a code, and the status that goes with it.

use serde_json::json;

use crate::http::Answer;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: String,
    pub message: String,
}

/// Refuses with a code.
pub fn refuse(code: &str, message: &str) -> Refusal {
    Refusal {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

impl Refusal {
    /// The refusal as an answer.
    pub fn answer(&self) -> Answer {
        let body = json!({ "code": self.code, "message": self.message });
        Answer::json(status_of(&self.code), &body)
    }
}

/// Each code has one status, whether a rule or a test asks for it.
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
