//! Stripe's errors, classified.

use reqwest::StatusCode;
use serde_json::Value;

use crate::payments::provider::http::{CallError, Reply, display_text};
use crate::payments::{Advice, Failure};

/// Stripe's code for an unknown object.
pub const MISSING: &str = "resource_missing";

const TRY_AGAIN: &str = "The payment failed. Pay again, or choose another payment method.";

/// Returns the body of a successful response, otherwise the classified error.
pub fn classify(reply: Reply) -> Result<Value, CallError> {
    let Reply { status, body } = reply;
    if status.is_success() {
        return Ok(body);
    }
    let error = &body["error"];
    let kind = error["type"].as_str().filter(|_| status.is_client_error());
    Err(match (status, kind) {
        // 403 is a restricted key without the permission.
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, Some(kind)) => {
            CallError::InvalidCredentials(display_text(error["code"].as_str(), kind))
        }
        // Timeouts, throttling, and a concurrent call with the same key.
        (StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS, _)
        | (_, None | Some("api_error")) => CallError::Unknown(format!("Stripe responded with {status}").into()),
        (_, Some(_)) => CallError::Refused(failure(error)),
    })
}

/// Reads the failure of a refused call. Uses Stripe's message only for card errors, which are for the buyer.
pub fn failure(error: &Value) -> Failure {
    let kind = error["type"].as_str().unwrap_or_default();
    let code = error["decline_code"].as_str().or_else(|| error["code"].as_str());
    let message = error["message"].as_str().filter(|_| kind == "card_error");
    Failure {
        advice: advice(error["advice_code"].as_str()),
        ..Failure::new(display_text(code, kind), display_text(message, TRY_AGAIN))
    }
}

/// Reads `advice_code`, the issuer's advice on this decline (<https://docs.stripe.com/declines#retrying-issuer-declines>).
fn advice(code: Option<&str>) -> Option<Advice> {
    match code? {
        "confirm_card_data" => Some(Advice::ConfirmCardData),
        "do_not_try_again" => Some(Advice::DoNotTryAgain),
        "try_again_later" => Some(Advice::TryAgainLater),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_error_means_refused_or_unknown() {
        for (status, body, expected) in [
            (200, json!({}), "success"),
            (
                400,
                json!({ "error": { "type": "invalid_request_error", "code": "charge_already_refunded" } }),
                "refused",
            ),
            (400, json!({ "error": { "type": "idempotency_error" } }), "refused"),
            (
                402,
                json!({ "error": { "type": "card_error", "code": "card_declined" } }),
                "refused",
            ),
            (
                404,
                json!({ "error": { "type": "invalid_request_error", "code": MISSING } }),
                "refused",
            ),
            (
                401,
                json!({ "error": { "type": "invalid_request_error" } }),
                "credentials",
            ),
            (
                403,
                json!({ "error": { "type": "invalid_request_error" } }),
                "credentials",
            ),
            (
                409,
                json!({ "error": { "type": "idempotency_error", "code": "idempotency_key_in_use" } }),
                "unknown",
            ),
            (
                409,
                json!({ "error": { "type": "invalid_request_error", "code": "lock_timeout" } }),
                "unknown",
            ),
            (
                429,
                json!({ "error": { "type": "invalid_request_error", "code": "rate_limit" } }),
                "unknown",
            ),
            (400, json!({ "error": { "type": "api_error" } }), "unknown"),
            (500, json!({ "error": { "type": "api_error" } }), "unknown"),
            (502, json!({ "error": { "type": "card_error" } }), "unknown"),
            (302, json!({ "error": { "type": "card_error" } }), "unknown"),
            (401, json!({ "message": "a proxy says this" }), "unknown"),
            (400, json!("no"), "unknown"),
        ] {
            let reply = Reply {
                status: StatusCode::from_u16(status).unwrap(),
                body: body.clone(),
            };
            let classified = match classify(reply) {
                Ok(_) => "success",
                Err(CallError::Refused(_)) => "refused",
                Err(CallError::InvalidCredentials(_)) => "credentials",
                Err(CallError::Unknown(_)) => "unknown",
            };
            assert_eq!(classified, expected, "{status} {body}");
        }
    }

    #[test]
    fn a_failure_has_the_most_specific_code_and_a_message_for_the_buyer() {
        for (error, code, message) in [
            (
                json!({ "type": "card_error", "code": "card_declined", "decline_code": "lost_card", "message": "Declined." }),
                "lost_card",
                "Declined.",
            ),
            (
                json!({ "type": "card_error", "code": "expired_card", "decline_code": null, "message": "Expired." }),
                "expired_card",
                "Expired.",
            ),
            (
                json!({ "type": "invalid_request_error", "code": "parameter_missing", "message": "amount" }),
                "parameter_missing",
                TRY_AGAIN,
            ),
            (json!({ "type": "idempotency_error" }), "idempotency_error", TRY_AGAIN),
        ] {
            assert_eq!(failure(&error), Failure::new(code, message));
        }
    }
}
