//! Reads Stripe's PaymentIntent, its refunds and its disputes.

use iso_currency::Currency;
use serde_json::Value;
use uuid::Uuid;

use crate::core::money::Money;
use crate::orders::OrderId;
use crate::payments::provider::http::display_text;
use crate::payments::provider::stripe::error::failure;
use crate::payments::{DisputeStatus, FailedRefund, Failure, Provider, ProviderStatus, Report, ReportedDispute};

/// Reads an intent. `None` when it is not ours or cannot be read.
pub fn read(intent: &Value) -> Option<Report> {
    let currency = Currency::from_code(&intent["currency"].as_str()?.to_uppercase())?;
    let currency = Some(currency).filter(|currency| has_iso_minor_unit(*currency))?;
    let money = |amount: &Value| Money::new(amount.as_u64()?, currency).ok();
    let status = status(intent)?;
    // An id if it is not expanded.
    let charge = &intent["latest_charge"];
    let (amount, refunded) = match status {
        ProviderStatus::Charged => (money(&intent["amount_received"])?, refunded(charge, currency)),
        _ => (money(&intent["amount"])?, Money::zero(currency)),
    };
    let refunds = charge["refunds"]["data"].as_array().into_iter().flatten();
    let disputes = charge["disputes"]["data"].as_array().into_iter().flatten();
    Some(Report {
        provider: Provider::Stripe,
        reference: intent["id"].as_str()?.to_owned(),
        order_id: order_id(&intent["metadata"])?,
        amount,
        refunded,
        failed_refunds: refunds.filter_map(failed_refund).collect(),
        disputes: disputes.filter_map(|listed| dispute(listed, None)).collect(),
        status,
        reported_at: None,
        deposit: None,
        deposit_secret: None,
    })
}

/// The order that an object's metadata name. `None` when the object is not ours: another shop can use the same account.
fn order_id(metadata: &Value) -> Option<OrderId> {
    Uuid::parse_str(metadata["order_id"].as_str()?).ok().map(OrderId)
}

/// The refunded sum without failed refunds.
///
/// Stripe documents that the money of a failed refund returns to the account (API reference, Refund,
/// `failure_balance_transaction`), but not whether the charge's `amount_refunded` becomes smaller. So the list of refunds
/// decides, unless `amount_refunded` is a sum that the list cannot explain.
fn refunded(charge: &Value, currency: Currency) -> Money {
    let money = |amount: u64| Money::new(amount, currency).unwrap_or(Money::zero(currency));
    let reported = charge["amount_refunded"].as_u64().unwrap_or_default();
    let refunds = charge["refunds"]["data"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let sum = |is_failed: bool| -> u64 {
        let wanted = refunds.iter().filter(|refund| has_failed(refund) == is_failed);
        wanted
            .filter_map(|refund| refund["amount"].as_u64())
            .fold(0, u64::saturating_add)
    };
    let (made, failed) = (sum(false), sum(true));
    let is_whole = charge["refunds"]["has_more"] != true;
    if is_whole && (made..=made.saturating_add(failed)).contains(&reported) {
        return money(made);
    }
    money(reported)
}

fn has_failed(refund: &Value) -> bool {
    matches!(refund["status"].as_str(), Some("failed" | "canceled"))
}

/// Reads a refund that failed after it was made. `None` for any other.
pub fn failed_refund(refund: &Value) -> Option<FailedRefund> {
    if !has_failed(refund) {
        return None;
    }
    let status = refund["status"].as_str().unwrap_or_default();
    let refund_id = refund["metadata"]["refund_id"].as_str();
    Some(FailedRefund {
        refund_id: refund_id.and_then(|id| Uuid::parse_str(id).ok()),
        reference: refund["id"].as_str()?.to_owned(),
        amount: money_of(refund)?,
        code: display_text(refund["failure_reason"].as_str(), status),
    })
}

/// Reads a dispute. `event` is the type of the event that contains it, if it comes from one.
pub fn dispute(dispute: &Value, event: Option<&str>) -> Option<ReportedDispute> {
    let status = match dispute["status"].as_str()? {
        "won" => DisputeStatus::Won,
        "lost" => DisputeStatus::Lost,
        "warning_closed" | "prevented" | "charge_refunded" => DisputeStatus::Closed,
        // `needs_response`, `under_review`, their warnings, and statuses to come.
        _ => DisputeStatus::Open,
    };
    let moved = dispute["balance_transactions"]
        .as_array()
        .filter(|moved| !moved.is_empty());
    let funds_withdrawn = match (moved, event) {
        // Negative when withdrawn, positive when reinstated. The currency can be the account's.
        (Some(moved), _) => {
            moved
                .iter()
                .filter_map(|moved| moved["amount"].as_i64())
                .fold(0, i64::saturating_add)
                < 0
        }
        (None, Some("charge.dispute.funds_withdrawn")) => true,
        (None, _) => status == DisputeStatus::Lost,
    };
    Some(ReportedDispute {
        dispute_id: dispute["id"].as_str()?.to_owned(),
        amount: money_of(dispute)?,
        reason: display_text(dispute["reason"].as_str(), "no reason"),
        status,
        funds_withdrawn,
    })
}

/// The `amount` of an object in its own `currency`.
fn money_of(object: &Value) -> Option<Money> {
    let currency = Currency::from_code(&object["currency"].as_str()?.to_uppercase())?;
    Money::new(object["amount"].as_u64()?, currency).ok()
}

/// Whether Stripe's smallest unit of a currency is the minor unit of ISO 4217, which we use (Stripe, "Supported
/// currencies", special cases and three-decimal currencies).
pub fn has_iso_minor_unit(currency: Currency) -> bool {
    use Currency::{BHD, ISK, JOD, KWD, MGA, OMR, TND, UGX};
    !matches!(currency, BHD | ISK | JOD | KWD | MGA | OMR | TND | UGX)
}

fn status(intent: &Value) -> Option<ProviderStatus> {
    let error = &intent["last_payment_error"];
    Some(match intent["status"].as_str()? {
        "succeeded" => ProviderStatus::Charged,
        "canceled" => ProviderStatus::Failed(Failure::new("canceled", "The payment was cancelled. Pay again.")),
        "requires_payment_method" if error.is_object() => ProviderStatus::Failed(failure(error)),
        "requires_payment_method" | "requires_confirmation" | "requires_action" => ProviderStatus::Pending,
        // `processing` and other statuses that can still become charged.
        _ => ProviderStatus::Processing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ORDER: &str = "018f6a44-0d3c-8f4e-9a11-5d2f5a4f7c11";

    /// An intent of 12.90 dollars with other `fields`.
    fn intent(fields: Value) -> Value {
        let mut intent = json!({
            "id": "pi_1",
            "object": "payment_intent",
            "amount": 1290,
            "amount_received": 0,
            "currency": "usd",
            "status": "requires_payment_method",
            "metadata": { "order_id": ORDER },
            "last_payment_error": null,
            "latest_charge": null,
        });
        for (name, value) in fields.as_object().unwrap() {
            intent[name] = value.clone();
        }
        intent
    }

    #[test]
    fn each_status_is_read() {
        let declined =
            json!({ "type": "card_error", "code": "card_declined", "decline_code": "lost_card", "message": "No." });
        let part = json!({ "amount_refunded": 300 });
        let received =
            |charge: Value| json!({ "status": "succeeded", "amount_received": 1280, "latest_charge": charge });
        let failed = |code: &str, message: &str| ProviderStatus::Failed(Failure::new(code, message));
        for (fields, status, amount, refunded) in [
            (json!({}), ProviderStatus::Pending, 1290, 0),
            (
                json!({ "status": "requires_confirmation" }),
                ProviderStatus::Pending,
                1290,
                0,
            ),
            (json!({ "status": "requires_action" }), ProviderStatus::Pending, 1290, 0),
            // The last card failed, and another one is in progress.
            (
                json!({ "status": "requires_action", "last_payment_error": declined }),
                ProviderStatus::Pending,
                1290,
                0,
            ),
            (json!({ "status": "processing" }), ProviderStatus::Processing, 1290, 0),
            (
                json!({ "status": "a_status_to_come" }),
                ProviderStatus::Processing,
                1290,
                0,
            ),
            (
                json!({ "last_payment_error": declined }),
                failed("lost_card", "No."),
                1290,
                0,
            ),
            (
                json!({ "status": "canceled" }),
                failed("canceled", "The payment was cancelled. Pay again."),
                1290,
                0,
            ),
            (received(json!("ch_1")), ProviderStatus::Charged, 1280, 0),
            (received(part), ProviderStatus::Charged, 1280, 300),
        ] {
            let report = read(&intent(fields.clone())).unwrap();
            assert_eq!((report.status, report.reference.as_str()), (status, "pi_1"), "{fields}");
            assert_eq!(
                (report.amount.amount(), report.refunded.amount()),
                (amount, refunded),
                "{fields}"
            );
        }
    }

    #[test]
    fn the_list_of_refunds_decides_whichever_failed_ones_the_sum_keeps() {
        let refund = |id: &str, amount: u64, status: &str| json!({ "id": id, "amount": amount, "currency": "usd", "status": status, "metadata": {} });
        let list = [
            refund("re_3", 100, "succeeded"),
            refund("re_2", 200, "failed"),
            refund("re_1", 700, "canceled"),
        ];
        for (reported, refunded) in [(100, 100), (300, 100), (800, 100), (1000, 100), (1100, 1100), (0, 0)] {
            let charge = json!({ "amount_refunded": reported, "refunds": { "data": list } });
            let fields = json!({ "status": "succeeded", "amount_received": 1290, "latest_charge": charge });
            let report = read(&intent(fields)).unwrap();
            assert_eq!(report.refunded.amount(), refunded, "{reported}");
            assert_eq!(report.failed_refunds.len(), 2);
        }
    }

    #[test]
    fn an_intent_that_is_not_ours_has_no_report() {
        for fields in [
            json!({ "metadata": {} }),
            json!({ "metadata": { "order_id": "7" } }),
            json!({ "metadata": null }),
            json!({ "currency": "isk" }),
            json!({ "currency": "won" }),
            json!({ "amount": -1 }),
            json!({ "status": null }),
            json!({ "status": "succeeded", "amount_received": null }),
            json!({ "id": null }),
        ] {
            assert_eq!(read(&intent(fields.clone())), None, "{fields}");
        }
    }

    #[test]
    fn a_currency_with_another_smallest_unit_at_stripe_is_not_accepted() {
        for code in ["ISK", "UGX", "MGA", "BHD", "JOD", "KWD", "OMR", "TND"] {
            assert!(!has_iso_minor_unit(Currency::from_code(code).unwrap()), "{code}");
        }
        for code in ["KRW", "JPY", "USD", "EUR", "VND"] {
            assert!(has_iso_minor_unit(Currency::from_code(code).unwrap()), "{code}");
        }
    }
}
