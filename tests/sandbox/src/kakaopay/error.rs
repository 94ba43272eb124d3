//! KakaoPay's errors: a negative number, some words, and for declines what the payment method said.

use serde_json::{Value, json};

use crate::http::Answer;

/// A field is missing, or not as it should be.
pub const INVALID_FIELD: i64 = -2;
/// The buyer has not approved in the app.
pub const NOT_AUTHENTICATED: i64 = -701;
/// The payment was approved before.
pub const ALREADY_APPROVED: i64 = -702;
/// The token is not the one that the buyer brought.
pub const WRONG_TOKEN: i64 = -703;
/// The order is another one than at the beginning.
pub const WRONG_ORDER: i64 = -706;
/// The user is another one than at the beginning.
pub const WRONG_USER: i64 = -707;
/// There is no such payment.
pub const UNKNOWN_TID: i64 = -708;
/// More would be cancelled than is left.
pub const NOT_CANCELABLE_AMOUNT: i64 = -710;
/// The time to approve is over.
pub const LAPSED: i64 = -723;
/// There is no such shop.
pub const UNKNOWN_CID: i64 = -731;
/// There is no such subscription.
pub const UNKNOWN_SID: i64 = -750;
/// The payment method declined.
pub const DECLINED: i64 = -780;

/// A refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    body: Value,
}

impl Refusal {
    /// The refusal as an answer.
    pub fn answer(&self) -> Answer {
        Answer::json(400, &self.body)
    }

    /// Its code and message, in words.
    pub fn said(&self) -> String {
        self.body.to_string()
    }
}

/// Refuses with a code.
pub fn refuse(code: i64, message: &str) -> Refusal {
    Refusal {
        body: json!({ "error_code": code, "error_message": message }),
    }
}

/// The payment method declined, for this reason of its own.
pub fn declined(method_code: &str) -> Refusal {
    let mut refusal = refuse(DECLINED, "approval failure");
    refusal.body["extras"] = json!({
        "method_result_code": method_code,
        "method_result_message": "the payment method declined",
    });
    refusal
}

/// The refusal for a code that a test ordered: `code`, or `code/method_result_code`.
pub fn by_code(ordered: &str) -> Refusal {
    let (code, method_code) = ordered.split_once('/').unwrap_or((ordered, "DECLINED"));
    match code.parse().unwrap_or(INVALID_FIELD) {
        DECLINED => declined(method_code),
        code => refuse(code, "as ordered"),
    }
}

/// The secret key is unknown.
pub fn unauthorized() -> Answer {
    Answer::json(
        401,
        &json!({ "error_code": -401, "error_message": "the secret key is unknown" }),
    )
}

/// The provider's own fault.
pub fn internal_error(status: u16) -> Answer {
    Answer::json(
        status,
        &json!({ "error_code": -1, "error_message": "the provider has a fault of its own" }),
    )
}

/// There is no such operation.
pub fn no_such_route() -> Answer {
    Answer::json(
        404,
        &json!({ "error_code": -3, "error_message": "there is no such operation" }),
    )
}
