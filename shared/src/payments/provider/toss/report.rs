//! Reads Toss's Payment object.

use iso_currency::Currency;
use jiff::Timestamp;
use jiff::tz::offset;
use serde_json::Value;
use uuid::Uuid;

use crate::core::money::Money;
use crate::orders::OrderId;
use crate::payments::provider::http::display_text;
use crate::payments::{DepositAccount, Failure, Provider, ProviderStatus, Report};

const NOT_PAID: &str = "The payment was not completed. Pay again.";

/// Reads a payment. `None` when it is not ours or cannot be read.
pub fn read(payment: &Value) -> Option<Report> {
    // Toss uses major units. For won, the only currency accepted at Toss, they equal the minor units.
    let won = |field: &str| {
        let is_won = payment["currency"] == Currency::KRW.code();
        Money::new(payment[field].as_u64().filter(|_| is_won)?, Currency::KRW).ok()
    };
    let (total, balance) = (won("totalAmount")?, won("balanceAmount")?);
    let status = status(payment)?;
    let refunded = match status {
        ProviderStatus::Charged => total.saturating_sub(balance),
        _ => Money::zero(Currency::KRW),
    };
    Some(Report {
        provider: Provider::Toss,
        reference: payment["paymentKey"].as_str()?.to_owned(),
        order_id: order_id(payment["orderId"].as_str()?)?,
        amount: total,
        refunded,
        failed_refunds: vec![],
        disputes: vec![],
        status,
        reported_at: None,
        deposit: deposit(&payment["virtualAccount"]).map(Box::new),
        deposit_secret: payment["secret"].as_str().map(str::to_owned),
    })
}

/// Parses an order's id, in our notation only.
fn order_id(text: &str) -> Option<OrderId> {
    let id = Uuid::parse_str(text).ok()?;
    (id.to_string() == text).then_some(OrderId(id))
}

fn status(payment: &Value) -> Option<ProviderStatus> {
    let failed = |status: &str| {
        let failure = &payment["failure"];
        let code = display_text(failure["code"].as_str(), status);
        ProviderStatus::Failed(Failure::new(code, display_text(failure["message"].as_str(), NOT_PAID)))
    };
    Some(match payment["status"].as_str()? {
        "READY" | "IN_PROGRESS" => ProviderStatus::Pending,
        "WAITING_FOR_DEPOSIT" => ProviderStatus::AwaitingDeposit,
        // The account was closed before the deposit arrived.
        "CANCELED" if payment["approvedAt"].is_null() => failed("CANCELED"),
        "DONE" | "CANCELED" | "PARTIAL_CANCELED" => ProviderStatus::Charged,
        status @ ("ABORTED" | "EXPIRED") => failed(status),
        _ => return None,
    })
}

fn deposit(account: &Value) -> Option<DepositAccount> {
    let bank = account["bankCode"].as_str().or_else(|| account["bank"].as_str());
    Some(DepositAccount {
        bank: bank?.to_owned(),
        account_number: account["accountNumber"].as_str()?.to_owned(),
        due_at: account["dueDate"].as_str().and_then(due_at),
    })
}

/// Toss writes a deposit's deadline as a time in Korea, without an offset (`2026-01-08T00:00:00`).
fn due_at(text: &str) -> Option<Timestamp> {
    let with_offset: Option<Timestamp> = text.parse().ok();
    with_offset.or_else(|| offset(9).to_timestamp(text.parse().ok()?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ORDER: &str = "018f6a44-0d3c-8f4e-9a11-5d2f5a4f7c11";

    /// A payment of 12,900 won with other `fields`.
    fn payment(fields: Value) -> Value {
        let mut payment = json!({
            "paymentKey": "tgen_1",
            "orderId": ORDER,
            "currency": "KRW",
            "status": "DONE",
            "totalAmount": 12900,
            "balanceAmount": 12900,
            "approvedAt": "2026-01-01T00:00:00+09:00",
            "virtualAccount": null,
            "aFieldToCome": { "is": "ignored" },
        });
        for (name, value) in fields.as_object().unwrap() {
            payment[name] = value.clone();
        }
        payment
    }

    #[test]
    fn each_status_is_read() {
        let failed = |code: &str| ProviderStatus::Failed(Failure::new(code, NOT_PAID));
        for (fields, status, refunded) in [
            (json!({ "status": "READY" }), ProviderStatus::Pending, 0),
            (
                json!({ "status": "IN_PROGRESS", "balanceAmount": 0 }),
                ProviderStatus::Pending,
                0,
            ),
            (
                json!({ "status": "WAITING_FOR_DEPOSIT" }),
                ProviderStatus::AwaitingDeposit,
                0,
            ),
            (json!({ "status": "DONE" }), ProviderStatus::Charged, 0),
            (
                json!({ "status": "PARTIAL_CANCELED", "balanceAmount": 9900 }),
                ProviderStatus::Charged,
                3000,
            ),
            (
                json!({ "status": "PARTIAL_CANCELED", "balanceAmount": 0 }),
                ProviderStatus::Charged,
                12900,
            ),
            (
                json!({ "status": "CANCELED", "balanceAmount": 0 }),
                ProviderStatus::Charged,
                12900,
            ),
            (
                json!({ "status": "CANCELED", "balanceAmount": 0, "approvedAt": null }),
                failed("CANCELED"),
                0,
            ),
            (json!({ "status": "EXPIRED" }), failed("EXPIRED"), 0),
            (json!({ "status": "ABORTED", "failure": null }), failed("ABORTED"), 0),
            (
                json!({ "status": "ABORTED", "failure": { "code": "FDS_ERROR" } }),
                failed("FDS_ERROR"),
                0,
            ),
        ] {
            let report = read(&payment(fields.clone())).unwrap();
            assert_eq!(
                (report.status, report.refunded.amount()),
                (status, refunded),
                "{fields}"
            );
            assert_eq!((report.amount.amount(), report.reference.as_str()), (12900, "tgen_1"));
        }
    }

    #[test]
    fn a_payment_that_is_not_ours_has_no_report() {
        for fields in [
            json!({ "orderId": "order-1" }),
            json!({ "orderId": ORDER.to_uppercase() }),
            json!({ "orderId": null }),
            json!({ "currency": "USD" }),
            json!({ "currency": null }),
            json!({ "totalAmount": 12.5 }),
            json!({ "totalAmount": -1 }),
            json!({ "balanceAmount": null }),
            json!({ "status": "A_STATUS_TO_COME" }),
            json!({ "paymentKey": null }),
        ] {
            assert_eq!(read(&payment(fields.clone())), None, "{fields}");
        }
        assert_eq!(read(&json!("DONE")), None);
    }

    #[test]
    fn the_deadline_of_a_deposit_is_a_time_in_korea_unless_it_says_otherwise() {
        let at = |text: &str| due_at(text).map(|at| at.to_string());
        let expected = Some("2026-01-07T15:00:00Z".to_owned());
        assert_eq!(at("2026-01-08T00:00:00"), expected);
        assert_eq!(at("2026-01-08T00:00:00+09:00"), expected);
        assert_eq!(at("2026-01-07T15:00:00Z"), expected);
        assert_eq!(at("tomorrow"), None);
    }

    #[test]
    fn a_deposit_account_is_read_with_its_secret() {
        let account = json!({ "bankCode": "20", "accountNumber": "X123", "dueDate": "2026-01-08T00:00:00" });
        let fields = json!({ "status": "WAITING_FOR_DEPOSIT", "virtualAccount": account, "secret": "ps_1" });
        let report = read(&payment(fields)).unwrap();
        let expected = DepositAccount {
            bank: "20".to_owned(),
            account_number: "X123".to_owned(),
            due_at: Some("2026-01-07T15:00:00Z".parse().unwrap()),
        };
        assert_eq!(report.deposit.as_deref(), Some(&expected));
        assert_eq!(report.deposit_secret.as_deref(), Some("ps_1"));
    }
}
