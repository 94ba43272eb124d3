//! Toss's errors, classified by code.

use reqwest::StatusCode;
use serde_json::Value;

use crate::payments::Failure;
use crate::payments::provider::http::{CallError, Reply, display_text};

/// Toss's code when the payment was confirmed before. Query its status.
pub const ALREADY_PROCESSED: &str = "ALREADY_PROCESSED_PAYMENT";

const TRY_AGAIN: &str = "The payment failed. Pay again, or choose another payment method.";
const EXPIRED: &str = "The payment expired. Pay again.";

/// Returns the body of a successful response, otherwise the classified error.
pub fn classify(reply: Reply) -> Result<Value, CallError> {
    let Reply { status, body } = reply;
    if status.is_success() {
        return Ok(body);
    }
    let Some(code) = body["code"].as_str().filter(|_| status.is_client_error()) else {
        return Err(CallError::Unknown(format!("Toss responded with {status}").into()));
    };
    Err(match meaning(status, code) {
        Meaning::Unknown => CallError::Unknown(format!("Toss responded with {status}, {code}").into()),
        Meaning::InvalidCredentials => CallError::InvalidCredentials(display_text(Some(code), "")),
        Meaning::Refused => CallError::Refused(Failure::new(display_text(Some(code), ""), message(code, &body))),
    })
}

#[derive(Debug, PartialEq)]
enum Meaning {
    Unknown,
    InvalidCredentials,
    Refused,
}

fn meaning(status: StatusCode, code: &str) -> Meaning {
    match code {
        "COMMON_ERROR"
        | "FAILED_INTERNAL_SYSTEM_PROCESSING"
        | "FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING"
        | "IDEMPOTENT_REQUEST_PROCESSING"
        | "PROVIDER_ERROR"
        | "UNKNOWN_PAYMENT_ERROR" => Meaning::Unknown,
        "FORBIDDEN_REQUEST" | "INCORRECT_BASIC_AUTH_FORMAT" | "INVALID_API_KEY" | "UNAUTHORIZED_KEY" => {
            Meaning::InvalidCredentials
        }
        _ => match status {
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Meaning::Unknown,
            StatusCode::UNAUTHORIZED => Meaning::InvalidCredentials,
            _ => Meaning::Refused,
        },
    }
}

/// Toss's message when it is about the buyer's card or limits, otherwise a general one.
fn message(code: &str, body: &Value) -> String {
    match code {
        "NOT_FOUND_PAYMENT_SESSION" => EXPIRED.to_owned(),
        _ if is_for_buyer(code) => display_text(body["message"].as_str(), TRY_AGAIN),
        _ => TRY_AGAIN.to_owned(),
    }
}

fn is_for_buyer(code: &str) -> bool {
    code.starts_with("REJECT_")
        || code.starts_with("EXCEED_MAX_")
        || matches!(
            code,
            "CARD_PROCESSING_ERROR"
                | "FDS_ERROR"
                | "INVALID_CARD_EXPIRATION"
                | "INVALID_REJECT_CARD"
                | "INVALID_STOPPED_CARD"
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn classified(status: u16, body: Value) -> &'static str {
        let status = StatusCode::from_u16(status).unwrap();
        match classify(Reply { status, body }) {
            Ok(_) => "success",
            Err(CallError::Refused(_)) => "refused",
            Err(CallError::InvalidCredentials(_)) => "credentials",
            Err(CallError::Unknown(_)) => "unknown",
        }
    }

    #[test]
    fn a_code_means_refused_or_unknown() {
        for (status, code, expected) in [
            (400, "COMMON_ERROR", "unknown"),
            (400, "PROVIDER_ERROR", "unknown"),
            (400, "UNKNOWN_PAYMENT_ERROR", "unknown"),
            (409, "IDEMPOTENT_REQUEST_PROCESSING", "unknown"),
            (500, "FAILED_INTERNAL_SYSTEM_PROCESSING", "unknown"),
            (500, "FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING", "unknown"),
            (500, "REJECT_CARD_PAYMENT", "unknown"),
            (503, "A_CODE_TO_COME", "unknown"),
            (429, "A_CODE_TO_COME", "unknown"),
            (408, "A_CODE_TO_COME", "unknown"),
            (302, "A_CODE_TO_COME", "unknown"),
            (401, "A_CODE_TO_COME", "credentials"),
            (401, "UNAUTHORIZED_KEY", "credentials"),
            (400, "INVALID_API_KEY", "credentials"),
            (403, "INCORRECT_BASIC_AUTH_FORMAT", "credentials"),
            (403, "FORBIDDEN_REQUEST", "credentials"),
            (400, "ALREADY_PROCESSED_PAYMENT", "refused"),
            (403, "REJECT_CARD_PAYMENT", "refused"),
            (403, "EXCEED_MAX_AMOUNT", "refused"),
            (400, "DUPLICATED_ORDER_ID", "refused"),
            (404, "NOT_FOUND_PAYMENT", "refused"),
            (404, "NOT_FOUND_PAYMENT_SESSION", "refused"),
            (400, "A_CODE_TO_COME", "refused"),
        ] {
            let body = json!({ "code": code, "message": "…" });
            assert_eq!(classified(status, body), expected, "{status} {code}");
        }
    }

    #[test]
    fn an_error_without_a_code_is_unknown() {
        for body in [json!({}), json!([]), json!({ "code": 7 }), json!(null), json!("no")] {
            assert_eq!(classified(400, body.clone()), "unknown");
            assert_eq!(classified(200, body), "success");
        }
    }

    #[test]
    fn a_shopper_reads_only_messages_that_concern_them() {
        let long = "가".repeat(300);
        for (code, text, expected) in [
            ("REJECT_CARD_PAYMENT", "한도 초과", "한도 초과".to_owned()),
            ("FDS_ERROR", "", TRY_AGAIN.to_owned()),
            ("EXCEED_MAX_AMOUNT", &long, "가".repeat(200)),
            ("INVALID_REQUEST", "paymentKey: 잘못된 값", TRY_AGAIN.to_owned()),
            ("NOT_FOUND_PAYMENT_SESSION", "…", EXPIRED.to_owned()),
        ] {
            assert_eq!(message(code, &json!({ "message": text })), expected, "{code}");
        }
    }
}
