//! What Toss's refusals mean: its code says it, and not its status.

use reqwest::StatusCode;
use serde_json::Value;

use crate::payments::Failure;
use crate::payments::provider::http::{CallError, Reply, words};

/// Toss has had the confirmation before; where the payment stands is to be asked.
pub const ALREADY_PROCESSED: &str = "ALREADY_PROCESSED_PAYMENT";

const TRY_AGAIN: &str = "The payment could not be taken. Pay again, or choose another way of paying.";
const LAPSED: &str = "The time to pay is over. Pay again.";

/// A payment's answer, or why there is none.
pub fn classify(reply: Reply) -> Result<Value, CallError> {
    let Reply { status, body } = reply;
    if status.is_success() {
        return Ok(body);
    }
    let Some(code) = body["code"].as_str().filter(|_| status.is_client_error()) else {
        return Err(CallError::Unknown(format!("Toss answers {status}").into()));
    };
    Err(match meaning(status, code) {
        Meaning::Unknown => CallError::Unknown(format!("Toss answers {status}, {code}").into()),
        Meaning::OurKey => CallError::InvalidCredentials(words(Some(code), "")),
        Meaning::No => CallError::Refused(Failure::new(words(Some(code), ""), message(code, &body))),
    })
}

/// Whether a refund was refused for what has gone back already.
pub fn may_be_refunded(code: &str) -> bool {
    matches!(
        code,
        "ALREADY_CANCELED_PAYMENT" | "NOT_CANCELABLE_AMOUNT" | "NOT_MATCHES_REFUNDABLE_AMOUNT"
    )
}

#[derive(Debug, PartialEq)]
enum Meaning {
    Unknown,
    OurKey,
    No,
}

fn meaning(status: StatusCode, code: &str) -> Meaning {
    match code {
        "COMMON_ERROR"
        | "FAILED_INTERNAL_SYSTEM_PROCESSING"
        | "FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING"
        | "IDEMPOTENT_REQUEST_PROCESSING"
        | "PROVIDER_ERROR"
        | "UNKNOWN_PAYMENT_ERROR" => Meaning::Unknown,
        "FORBIDDEN_REQUEST" | "INCORRECT_BASIC_AUTH_FORMAT" | "INVALID_API_KEY" | "UNAUTHORIZED_KEY" => Meaning::OurKey,
        _ => match status {
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Meaning::Unknown,
            StatusCode::UNAUTHORIZED => Meaning::OurKey,
            _ => Meaning::No,
        },
    }
}

/// Toss's own words where they are for the buyer; what is ours to mend would only puzzle them.
fn message(code: &str, body: &Value) -> String {
    match code {
        "NOT_FOUND_PAYMENT_SESSION" => LAPSED.to_owned(),
        _ if is_buyers(code) => words(body["message"].as_str(), TRY_AGAIN),
        _ => TRY_AGAIN.to_owned(),
    }
}

fn is_buyers(code: &str) -> bool {
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

    fn judged(status: u16, body: Value) -> &'static str {
        let status = StatusCode::from_u16(status).unwrap();
        match classify(Reply { status, body }) {
            Ok(_) => "served",
            Err(CallError::Refused(_)) => "no",
            Err(CallError::InvalidCredentials(_)) => "our key",
            Err(CallError::Unknown(_)) => "unknown",
        }
    }

    #[test]
    fn a_code_means_yes_no_or_nobody_knows() {
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
            (401, "A_CODE_TO_COME", "our key"),
            (401, "UNAUTHORIZED_KEY", "our key"),
            (400, "INVALID_API_KEY", "our key"),
            (403, "INCORRECT_BASIC_AUTH_FORMAT", "our key"),
            (403, "FORBIDDEN_REQUEST", "our key"),
            (400, "ALREADY_PROCESSED_PAYMENT", "no"),
            (403, "REJECT_CARD_PAYMENT", "no"),
            (403, "EXCEED_MAX_AMOUNT", "no"),
            (400, "DUPLICATED_ORDER_ID", "no"),
            (404, "NOT_FOUND_PAYMENT", "no"),
            (404, "NOT_FOUND_PAYMENT_SESSION", "no"),
            (400, "A_CODE_TO_COME", "no"),
        ] {
            let body = json!({ "code": code, "message": "…" });
            assert_eq!(judged(status, body), expected, "{status} {code}");
        }
    }

    #[test]
    fn an_answer_without_a_code_says_nothing() {
        for body in [json!({}), json!([]), json!({ "code": 7 }), json!(null), json!("no")] {
            assert_eq!(judged(400, body.clone()), "unknown");
            assert_eq!(judged(200, body), "served");
        }
    }

    #[test]
    fn a_shopper_reads_what_is_theirs_to_mend() {
        let long = "가".repeat(300);
        for (code, said, expected) in [
            ("REJECT_CARD_PAYMENT", "한도 초과", "한도 초과".to_owned()),
            ("FDS_ERROR", "", TRY_AGAIN.to_owned()),
            ("EXCEED_MAX_AMOUNT", &long, "가".repeat(200)),
            ("INVALID_REQUEST", "paymentKey: 잘못된 값", TRY_AGAIN.to_owned()),
            ("NOT_FOUND_PAYMENT_SESSION", "…", LAPSED.to_owned()),
        ] {
            assert_eq!(message(code, &json!({ "message": said })), expected, "{code}");
        }
    }
}
