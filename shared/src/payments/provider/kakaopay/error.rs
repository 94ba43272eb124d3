//! KakaoPay's errors, classified.

use reqwest::StatusCode;
use serde_json::Value;

use crate::payments::Failure;
use crate::payments::provider::http::{CallError, Reply, words};

const TRY_AGAIN: &str = "The payment failed. Pay again, or choose another payment method.";

/// Returns the body of a successful response, otherwise the classified error.
pub fn classify(reply: Reply) -> Result<Value, CallError> {
    let Reply { status, body } = reply;
    if status.is_success() {
        return Ok(body);
    }
    let Some(code) = code(&body).filter(|_| status.is_client_error()) else {
        return Err(CallError::Unknown(format!("KakaoPay responded with {status}").into()));
    };
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => CallError::InvalidCredentials(code),
        StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => {
            CallError::Unknown(format!("KakaoPay responded with {status}, {code}").into())
        }
        _ => CallError::Refused(Failure::new(code, message(&body))),
    })
}

/// Reads `error_code`, a negative number. Not verified for all errors, so a string is accepted too.
fn code(body: &Value) -> Option<String> {
    let code = &body["error_code"];
    let number = code.as_i64().map(|code| code.to_string());
    number.or_else(|| code.as_str().map(|code| words(Some(code), "")))
}

/// The message of the card's or account's bank, which is for the buyer. KakaoPay's own message is not.
fn message(body: &Value) -> String {
    words(body["extras"]["method_result_message"].as_str(), TRY_AGAIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_error_means_refused_or_unknown() {
        let declined = json!({ "error_code": -780, "error_message": "approval failure",
            "extras": { "method_result_code": "USER_LOCKED", "method_result_message": "잠긴 계정" } });
        for (status, body, expected) in [
            (200, json!({}), "success"),
            (400, declined, "-780: 잠긴 계정"),
            (
                400,
                json!({ "error_code": -702, "error_message": "already" }),
                &format!("-702: {TRY_AGAIN}"),
            ),
            (400, json!({ "error_code": "BAD" }), &format!("BAD: {TRY_AGAIN}")),
            (401, json!({ "error_code": -401 }), "credentials"),
            (403, json!({ "error_code": -403 }), "credentials"),
            (408, json!({ "error_code": -1 }), "unknown"),
            (429, json!({ "error_code": -10 }), "unknown"),
            (500, json!({ "error_code": -780 }), "unknown"),
            (503, json!({ "error_code": -1 }), "unknown"),
            (302, json!({ "error_code": -1 }), "unknown"),
            (400, json!({ "message": "a proxy says this" }), "unknown"),
            (400, json!("no"), "unknown"),
        ] {
            let reply = Reply {
                status: StatusCode::from_u16(status).unwrap(),
                body: body.clone(),
            };
            let classified = match classify(reply) {
                Ok(_) => "success".to_owned(),
                Err(CallError::Refused(failure)) => format!("{}: {}", failure.code, failure.message),
                Err(CallError::InvalidCredentials(_)) => "credentials".to_owned(),
                Err(CallError::Unknown(_)) => "unknown".to_owned(),
            };
            assert_eq!(classified, expected, "{status} {body}");
        }
    }
}
