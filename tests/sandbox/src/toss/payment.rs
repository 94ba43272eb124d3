//! Toss payments and their JSON.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::Refusal;
use crate::buyer::Method;
use crate::time;

/// The status of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    InProgress,
    WaitingForDeposit,
    Done,
    Canceled,
    PartialCanceled,
    Aborted,
    Expired,
}

impl Status {
    /// Returns Toss's name of the status.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::WaitingForDeposit => "WAITING_FOR_DEPOSIT",
            Self::Done => "DONE",
            Self::Canceled => "CANCELED",
            Self::PartialCanceled => "PARTIAL_CANCELED",
            Self::Aborted => "ABORTED",
            Self::Expired => "EXPIRED",
        }
    }

    /// Whether the payment prevents other payments of its order.
    pub const fn blocks_other_payments(self) -> bool {
        matches!(
            self,
            Self::WaitingForDeposit | Self::Done | Self::Canceled | Self::PartialCanceled
        )
    }
}

/// A payment.
#[derive(Clone, Debug)]
pub struct Payment {
    pub key: String,
    /// `NORMAL`, or `BILLING` for a charge of a billing key.
    pub kind: &'static str,
    pub order_id: String,
    pub order_name: String,
    pub currency: String,
    pub method: Method,
    pub total: i64,
    pub balance: i64,
    pub status: Status,
    pub requested_at: Timestamp,
    pub approved_at: Option<Timestamp>,
    pub last_transaction: Option<String>,
    pub cancels: Vec<Cancel>,
    /// The secret that a deposit's webhook repeats as proof.
    pub secret: String,
    pub failure: Option<Refusal>,
    /// The code with which the confirmation is declined.
    pub decline: Option<String>,
    /// The virtual account and its deadline.
    pub account: Option<(String, Timestamp)>,
}

/// A refund.
#[derive(Clone, Debug)]
pub struct Cancel {
    pub amount: i64,
    pub reason: String,
    /// The refundable amount after it.
    pub refundable: i64,
    pub at: Timestamp,
    pub transaction: String,
}

impl Payment {
    /// Returns the payment as Toss's JSON.
    pub fn json(&self) -> Value {
        let supplied = (self.balance * 10 + 5) / 11;
        json!({
            "mId": "sandbox",
            "version": "2022-11-16",
            "paymentKey": self.key,
            "type": self.kind,
            "orderId": self.order_id,
            "orderName": self.order_name,
            "currency": self.currency,
            "country": "KR",
            "method": match self.method {
                Method::Card => "카드",
                Method::VirtualAccount => "가상계좌",
            },
            "totalAmount": self.total,
            "balanceAmount": self.balance,
            "suppliedAmount": supplied,
            "vat": self.balance - supplied,
            "taxFreeAmount": 0,
            "taxExemptionAmount": 0,
            "status": self.status.name(),
            "requestedAt": time::with_offset(self.requested_at),
            "approvedAt": self.approved_at.map(time::with_offset),
            "lastTransactionKey": self.last_transaction,
            "cancels": match self.cancels.is_empty() {
                true => Value::Null,
                false => self.cancels.iter().map(Cancel::json).collect(),
            },
            "isPartialCancelable": true,
            "card": self.card(),
            "virtualAccount": self.virtual_account(),
            "transfer": null,
            "mobilePhone": null,
            "giftCertificate": null,
            "easyPay": null,
            "discount": null,
            "cashReceipt": null,
            "useEscrow": false,
            "cultureExpense": false,
            "secret": self.secret,
            "receipt": self.approved_at.map(|_| json!({ "url": format!("https://dashboard.invalid/receipt/{}", self.key) })),
            "checkout": { "url": format!("https://pay.invalid/{}/checkout", self.key) },
            "failure": self.failure.as_ref().map(|failure| {
                json!({ "code": failure.code, "message": failure.message })
            }),
        })
    }

    fn card(&self) -> Option<Value> {
        (self.method == Method::Card).then(|| {
            json!({
                "issuerCode": "61",
                "acquirerCode": "31",
                "number": "12345678****789*",
                "installmentPlanMonths": 0,
                "isInterestFree": false,
                "interestPayer": null,
                "approveNo": self.approved_at.map(|_| "00000000"),
                "useCardPoint": false,
                "cardType": "신용",
                "ownerType": "개인",
                "acquireStatus": "READY",
                "amount": self.total,
            })
        })
    }

    fn virtual_account(&self) -> Option<Value> {
        let (number, due) = self.account.as_ref()?;
        Some(json!({
            "accountType": "일반",
            "accountNumber": number,
            "bankCode": "20",
            "customerName": "김구매",
            "dueDate": time::with_offset(*due),
            "refundStatus": if self.cancels.is_empty() { "NONE" } else { "COMPLETED" },
            "expired": self.status == Status::Expired,
            "settlementStatus": "INCOMPLETED",
            "refundReceiveAccount": null,
        }))
    }
}

impl Cancel {
    fn json(&self) -> Value {
        json!({
            "cancelAmount": self.amount,
            "cancelReason": self.reason,
            "refundableAmount": self.refundable,
            "taxFreeAmount": 0,
            "taxExemptionAmount": 0,
            "easyPayDiscountAmount": 0,
            "canceledAt": time::with_offset(self.at),
            "transactionKey": self.transaction,
            "receiptKey": null,
            "cancelStatus": "DONE",
            "cancelRequestId": null,
        })
    }
}
