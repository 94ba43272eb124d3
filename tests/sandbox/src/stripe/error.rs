//! Stripe's errors: a type, and usually a code.

use serde_json::{Value, json};

use crate::http::{Answer, Call};

/// A refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    status: u16,
    body: Value,
    stored: bool,
}

impl Refusal {
    /// Converts the refusal to a response.
    pub fn answer(&self) -> Answer {
        let answer = Answer::json(self.status, &json!({ "error": self.body }));
        match self.stored {
            true => answer,
            false => answer.not_stored(),
        }
    }

    /// Names the invalid parameter. Such a call is not executed, so its response is not stored under its key.
    pub fn about(mut self, parameter: &str) -> Self {
        self.body["param"] = json!(parameter);
        self.stored = false;
        self
    }

    /// Adds the issuer's advice.
    pub fn with_advice(mut self, advice_code: &str) -> Self {
        self.body["advice_code"] = json!(advice_code);
        self
    }

    /// Adds the current payment intent.
    pub fn with_intent(mut self, intent: Value) -> Self {
        self.body["payment_intent"] = intent;
        self
    }

    /// Returns the code and message as text.
    pub fn to_text(&self) -> String {
        self.body.to_string()
    }
}

/// Creates a refusal of an invalid request; an empty code is omitted.
pub fn refuse(status: u16, code: &str, message: &str) -> Refusal {
    let mut body = json!({ "type": "invalid_request_error", "message": message });
    if !code.is_empty() {
        body["code"] = json!(code);
    }
    Refusal {
        status,
        body,
        stored: true,
    }
}

/// Creates a decline of the buyer's card.
pub fn declined(code: &str, decline_code: &str) -> Refusal {
    let mut body = json!({ "type": "card_error", "code": code, "message": "Your card was declined." });
    if !decline_code.is_empty() {
        body["decline_code"] = json!(decline_code);
    }
    Refusal {
        status: 402,
        body,
        stored: true,
    }
}

/// The object is unknown.
pub fn missing(kind: &str, id: &str) -> Refusal {
    let status = if kind == "payment_intent" { 404 } else { 400 };
    refuse(status, "resource_missing", &format!("No such {kind}: '{id}'"))
}

/// Creates the refusal for a test's `code` or `code/decline_code`.
pub fn by_code(ordered: &str) -> Refusal {
    let (code, decline_code) = ordered.split_once('/').unwrap_or((ordered, ""));
    match code {
        "authentication_required"
        | "card_declined"
        | "expired_card"
        | "incorrect_cvc"
        | "incorrect_number"
        | "processing_error" => declined(code, decline_code),
        "rate_limit" => refuse(429, code, "Too many requests"),
        "lock_timeout" => refuse(409, code, "This object is in use"),
        "resource_missing" => refuse(404, code, "No such object"),
        _ => refuse(400, code, "As ordered"),
    }
}

/// The provider has an internal error.
pub fn internal_error(status: u16) -> Answer {
    let body = json!({ "error": { "type": "api_error", "message": "Something went wrong on Stripe's end" } });
    Answer::json(status, &body)
}

/// Another call holds the object.
pub fn busy() -> Answer {
    by_code("lock_timeout").answer()
}

/// The first call with this key is still in progress.
pub fn in_flight() -> Answer {
    idempotency_error(
        409,
        Some("idempotency_key_in_use"),
        "The first request with this key is still in progress",
    )
}

/// The key was used with other parameters.
pub fn other_parameters() -> Answer {
    idempotency_error(400, None, "Keys can only be reused with the same parameters")
}

/// The operation is unknown.
pub fn no_such_route(call: &Call) -> Answer {
    refuse(
        404,
        "",
        &format!("Unrecognized request URL ({}: {})", call.method, call.path),
    )
    .answer()
}

fn idempotency_error(status: u16, code: Option<&str>, message: &str) -> Answer {
    let mut error = json!({ "type": "idempotency_error", "message": message });
    if let Some(code) = code {
        error["code"] = json!(code);
    }
    Answer::json(status, &json!({ "error": error }))
}
