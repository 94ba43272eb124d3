//! KakaoPay's errors: a negative code, a message, and the payment method's code and message for declines.

use serde_json::{Value, json};

use crate::http::Answer;

/// A field is missing or invalid.
pub const INVALID_FIELD: i64 = -2;
/// The buyer has not approved in the app.
pub const NOT_AUTHENTICATED: i64 = -701;
/// The payment is already approved.
pub const ALREADY_APPROVED: i64 = -702;
/// The token differs from the buyer's.
pub const WRONG_TOKEN: i64 = -703;
/// The order differs from the payment's.
pub const WRONG_ORDER: i64 = -706;
/// The user differs from the payment's.
pub const WRONG_USER: i64 = -707;
/// The payment is unknown.
pub const UNKNOWN_TID: i64 = -708;
/// The amount exceeds the refundable amount.
pub const NOT_CANCELABLE_AMOUNT: i64 = -710;
/// The payment has expired.
pub const LAPSED: i64 = -723;
/// The shop's id is unknown.
pub const UNKNOWN_CID: i64 = -731;
/// The subscription is unknown.
pub const UNKNOWN_SID: i64 = -750;
/// The payment method declined.
pub const DECLINED: i64 = -780;

/// A refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    body: Value,
}

impl Refusal {
    /// Converts the refusal to a response.
    pub fn answer(&self) -> Answer {
        Answer::json(400, &self.body)
    }

    /// Returns the code and message as text.
    pub fn to_text(&self) -> String {
        self.body.to_string()
    }
}

/// Creates a refusal with a code.
pub fn refuse(code: i64, message: &str) -> Refusal {
    Refusal {
        body: json!({ "error_code": code, "error_message": message }),
    }
}

/// Creates a decline with the payment method's code.
pub fn declined(method_code: &str) -> Refusal {
    let mut refusal = refuse(DECLINED, "approval failure");
    refusal.body["extras"] = json!({
        "method_result_code": method_code,
        "method_result_message": "the payment method declined",
    });
    refusal
}

/// Creates the refusal for a test's `code` or `code/method_result_code`.
pub fn by_code(ordered: &str) -> Refusal {
    let (code, method_code) = ordered.split_once('/').unwrap_or((ordered, "DECLINED"));
    match code.parse().unwrap_or(INVALID_FIELD) {
        DECLINED => declined(method_code),
        code => refuse(code, "as ordered"),
    }
}

/// The secret key is invalid.
pub fn unauthorized() -> Answer {
    Answer::json(
        401,
        &json!({ "error_code": -401, "error_message": "invalid secret key" }),
    )
}

/// The provider has an internal error.
pub fn internal_error(status: u16) -> Answer {
    Answer::json(status, &json!({ "error_code": -1, "error_message": "internal error" }))
}

/// The operation is unknown.
pub fn no_such_route() -> Answer {
    Answer::json(404, &json!({ "error_code": -3, "error_message": "unknown operation" }))
}
