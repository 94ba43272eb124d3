//! Reads KakaoPay's responses to an order query, an approval and a cancellation.

use iso_currency::Currency;
use serde_json::Value;
use uuid::Uuid;

use crate::core::money::Money;
use crate::orders::OrderId;
use crate::payments::{Failure, Payment, ProviderStatus, Report};

const NOT_PAID: &str = "The payment was not completed. Pay again.";

/// Reads the response of `/order` or `/cancel` for `payment`. `None` when it cannot be read.
pub fn read(order: &Value, payment: &Payment) -> Option<Report> {
    let status = status(order["status"].as_str()?)?;
    let report = pending_report(order, payment)?;
    Some(match status {
        ProviderStatus::Charged => Report {
            amount: won(&order["amount"]["total"])?,
            refunded: refunded(order)?,
            status,
            ..report
        },
        _ => Report { status, ..report },
    })
}

/// Reads the response of `/approve` for `payment`. `None` when it cannot be read.
pub fn approved(approval: &Value, payment: &Payment) -> Option<Report> {
    let report = pending_report(approval, payment)?;
    Some(Report {
        amount: won(&approval["amount"]["total"])?,
        status: ProviderStatus::Charged,
        ..report
    })
}

/// A pending report of `payment` with the response's order id. `None` when the response is about another payment.
fn pending_report(answer: &Value, payment: &Payment) -> Option<Report> {
    if answer["tid"].as_str()? != payment.reference {
        return None;
    }
    Some(Report {
        order_id: OrderId(Uuid::parse_str(answer["partner_order_id"].as_str()?).ok()?),
        refunded: Money::zero(payment.amount.currency()),
        ..Report::on(payment, ProviderStatus::Pending)
    })
}

/// The tax-free part of a refund of `amount`: what of it is `untaxed`, and at least what is more than the taxed amount that is left.
/// So no part exceeds what is left of it, and the last refund has all of both. If it is not known what is untaxed, the taxed amount
/// goes back first.
pub fn tax_free_part(order: &Value, amount: Money, untaxed: Option<Money>) -> u64 {
    let left = &order["cancel_available_amount"];
    let part = |name: &str| left[name].as_u64().unwrap_or_default();
    let taxed = part("total").saturating_sub(part("tax_free"));
    let least = amount.amount().saturating_sub(taxed);
    let untaxed = untaxed.map_or(0, |untaxed| untaxed.min(amount).amount());
    untaxed.max(least).min(part("tax_free"))
}

fn won(amount: &Value) -> Option<Money> {
    Money::new(amount.as_u64()?, Currency::KRW).ok()
}

/// The refunded sum. Not verified: that `canceled_amount` is the sum of all refunds and absent before the first one.
fn refunded(order: &Value) -> Option<Money> {
    match &order["canceled_amount"]["total"] {
        Value::Null if order["status"] == "SUCCESS_PAYMENT" => Some(Money::zero(Currency::KRW)),
        total => won(total),
    }
}

/// Reads a status. The list of statuses is not verified; `None` for any other.
fn status(status: &str) -> Option<ProviderStatus> {
    Some(match status {
        "SUCCESS_PAYMENT" | "PART_CANCEL_PAYMENT" | "CANCEL_PAYMENT" => ProviderStatus::Charged,
        "READY" | "SEND_TMS" | "OPEN_PAYMENT" | "SELECT_METHOD" | "ARS_WAITING" | "AUTH_PASSWORD" | "ISSUED_SID" => {
            ProviderStatus::Pending
        }
        "FAIL_AUTH_PASSWORD" | "FAIL_PAYMENT" | "QUIT_PAYMENT" => {
            ProviderStatus::Failed(Failure::new(status, NOT_PAID))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::identity::CustomerId;
    use crate::payments::Provider;
    use jiff::Timestamp;
    use serde_json::json;

    const ORDER: &str = "018f6a44-0d3c-8f4e-9a11-5d2f5a4f7c11";

    /// A payment of 12,900 won.
    fn payment() -> Payment {
        let amount = Money::new(12900, Currency::KRW).unwrap();
        Payment::new(
            Provider::KakaoPay,
            "T1".to_owned(),
            OrderId(Uuid::parse_str(ORDER).unwrap()),
            CustomerId::new("c"),
            amount,
            Timestamp::UNIX_EPOCH,
        )
    }

    /// The order of a payment of 12,900 won with other `fields`.
    fn order(fields: Value) -> Value {
        let mut order = json!({
            "tid": "T1",
            "cid": "TC0ONETIME",
            "status": "SUCCESS_PAYMENT",
            "partner_order_id": ORDER,
            "amount": { "total": 12900, "tax_free": 0 },
        });
        for (name, value) in fields.as_object().unwrap() {
            order[name] = value.clone();
        }
        order
    }

    #[test]
    fn each_status_is_read() {
        let failed = |code: &str| ProviderStatus::Failed(Failure::new(code, NOT_PAID));
        let refunded = |status: &str, total: u64| json!({ "status": status, "canceled_amount": { "total": total } });
        for (fields, status, expected) in [
            (json!({ "status": "READY", "amount": null }), ProviderStatus::Pending, 0),
            (json!({ "status": "SEND_TMS" }), ProviderStatus::Pending, 0),
            (json!({ "status": "OPEN_PAYMENT" }), ProviderStatus::Pending, 0),
            (json!({ "status": "SELECT_METHOD" }), ProviderStatus::Pending, 0),
            (json!({ "status": "ARS_WAITING" }), ProviderStatus::Pending, 0),
            (json!({ "status": "AUTH_PASSWORD" }), ProviderStatus::Pending, 0),
            (json!({ "status": "ISSUED_SID" }), ProviderStatus::Pending, 0),
            (
                json!({ "status": "FAIL_AUTH_PASSWORD" }),
                failed("FAIL_AUTH_PASSWORD"),
                0,
            ),
            (json!({ "status": "FAIL_PAYMENT" }), failed("FAIL_PAYMENT"), 0),
            (json!({ "status": "QUIT_PAYMENT" }), failed("QUIT_PAYMENT"), 0),
            (json!({}), ProviderStatus::Charged, 0),
            (refunded("SUCCESS_PAYMENT", 0), ProviderStatus::Charged, 0),
            (refunded("PART_CANCEL_PAYMENT", 3000), ProviderStatus::Charged, 3000),
            (refunded("CANCEL_PAYMENT", 12900), ProviderStatus::Charged, 12900),
        ] {
            let report = read(&order(fields.clone()), &payment()).unwrap();
            assert_eq!(
                (report.status, report.refunded.amount()),
                (status, expected),
                "{fields}"
            );
            assert_eq!((report.amount.amount(), report.reference.as_str()), (12900, "T1"));
        }
    }

    #[test]
    fn a_response_that_cannot_be_read_has_no_report() {
        for fields in [
            json!({ "status": "A_STATUS_TO_COME" }),
            json!({ "status": null }),
            json!({ "status": "PART_CANCEL_PAYMENT" }),
            json!({ "tid": "T2" }),
            json!({ "partner_order_id": "7" }),
            json!({ "amount": null }),
            json!({ "amount": { "total": -1 } }),
        ] {
            assert_eq!(read(&order(fields.clone()), &payment()), None, "{fields}");
        }
    }

    #[test]
    fn an_approval_has_the_charged_amount() {
        let approval = json!({ "aid": "A1", "tid": "T1", "partner_order_id": ORDER, "amount": { "total": 12800 } });
        let report = approved(&approval, &payment()).unwrap();
        assert_eq!(
            (report.status, report.amount.amount()),
            (ProviderStatus::Charged, 12800)
        );
        assert_eq!(
            approved(&json!({ "tid": "T1", "partner_order_id": ORDER }), &payment()),
            None
        );
        assert_eq!(
            approved(&json!({ "tid": "T2", "amount": { "total": 12800 } }), &payment()),
            None
        );
    }

    #[test]
    fn a_refund_takes_its_untaxed_part_or_the_taxed_one_first_and_the_last_one_takes_all_that_is_left() {
        let won = |amount| Money::new(amount, Currency::KRW).unwrap();
        let left =
            |total: u64, tax_free: u64| json!({ "cancel_available_amount": { "total": total, "tax_free": tax_free } });
        for (total, tax_free, amount, untaxed, part) in [
            (1000, 0, 1000, None, 0),
            (1000, 300, 500, None, 0),
            (1000, 300, 800, None, 100),
            (1000, 300, 1000, None, 300),
            (300, 300, 100, None, 100),
            (1000, 300, 2000, None, 300),
            (25_000, 15_000, 15_000, Some(15_000), 15_000),
            (25_000, 15_000, 10_000, Some(0), 0),
            (25_000, 15_000, 12_000, Some(0), 2000),
            (25_000, 5000, 15_000, Some(15_000), 5000),
            (25_000, 15_000, 5000, Some(9000), 5000),
            (1000, 300, 1000, Some(0), 300),
        ] {
            assert_eq!(
                tax_free_part(&left(total, tax_free), won(amount), untaxed.map(won)),
                part,
                "{amount} of {total}, of which {untaxed:?} untaxed"
            );
        }
        assert_eq!(tax_free_part(&json!({}), won(500), Some(won(500))), 0);
    }
}
