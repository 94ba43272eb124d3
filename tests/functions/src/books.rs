//! The auditor of money: reads only the tables and the providers' ledger, and finds whether they agree.

use std::collections::BTreeMap;

use harness::engine::{ORDERS, PAYMENTS};
use sandbox::Entry;
use serde_json::Value;

use crate::Till;

/// What the tables say of money, and what the providers say.
#[derive(Debug)]
pub struct Books {
    orders: BTreeMap<String, Value>,
    payments: Vec<Value>,
    ledger: Vec<Entry>,
}

impl Books {
    /// The books of `till` as they stand now.
    pub async fn of(till: &Till) -> Self {
        let orders = till.engine.items(ORDERS).await;
        let payments = till.engine.items(PAYMENTS).await;
        Self {
            orders: orders
                .into_iter()
                .map(|order| (text(&order["order_id"]), order))
                .collect(),
            payments: payments
                .into_iter()
                .filter(|item| text(&item["pk"]).starts_with("PAYMENT#"))
                .collect(),
            ledger: till.sandbox.ledger(),
        }
    }

    /// What is true at every moment: nobody is charged twice by one payment, no order is paid by two, and the books say
    /// of no payment that it was taken that the provider did not take, nor that more went back than did.
    pub fn assert_sound(&self) {
        for entry in &self.ledger {
            assert!(entry.charges <= 1 && entry.refunded <= entry.charged, "{entry:?}");
        }
        for payment in &self.payments {
            if is_charged(payment) {
                let entry = self
                    .entry_of(payment)
                    .unwrap_or_else(|| panic!("never charged: {payment}"));
                assert_eq!(payment["amount"]["amount"], entry.charged, "{payment}");
                assert!(
                    number(&payment["refunded"]["amount"]) <= entry.refunded,
                    "{payment} {entry:?}"
                );
            }
        }
        for (id, order) in &self.orders {
            let paid_by: Vec<&Value> = self
                .payments
                .iter()
                .filter(|payment| text(&payment["order_id"]) == *id && payment["status"] == "PAID")
                .collect();
            if order["status"] == "PAID" {
                assert!(paid_by.len() <= 1, "{order} {paid_by:?}");
            }
            for payment in paid_by {
                let fits = matches!(order["status"].as_str(), Some("PAID" | "CANCELLED"));
                assert!(
                    fits && order["payment_id"] == payment["payment_id"],
                    "{order} {payment}"
                );
            }
        }
    }

    /// What is true once nothing hangs in the air: tables and ledger agree to the last unit, each paid order was paid
    /// for, and everybody else has their money back.
    pub fn assert_settled(&self) {
        self.assert_sound();
        for payment in &self.payments {
            let hangs = matches!(
                payment["status"].as_str(),
                Some("CONFIRMING" | "UNKNOWN" | "UNSERVABLE" | "STARTED")
            );
            assert!(!hangs, "it hangs in the air: {payment}");
            let refunds = payment["refunds"].as_array().expect("refunds");
            assert!(refunds.iter().all(|refund| refund["status"] == "DONE"), "{payment}");
            assert!(payment.get("review").is_none(), "{payment}");
        }
        for entry in &self.ledger {
            let payment = self
                .payments
                .iter()
                .find(|payment| text(&payment["reference"]) == entry.reference);
            let payment = payment.unwrap_or_else(|| panic!("charged, and not in the books: {entry:?}"));
            assert!(is_charged(payment), "{payment} {entry:?}");
            assert_eq!(payment["refunded"]["amount"], entry.refunded, "{payment} {entry:?}");
        }
        for (id, order) in &self.orders {
            let of_order = self.ledger.iter().filter(|entry| entry.order_id == *id);
            let kept: i64 = of_order.map(|entry| entry.charged - entry.refunded).sum();
            let elsewhere = self.refunded_elsewhere(id);
            let due = match order["status"].as_str() {
                Some("PAID") => number(&order["total"]["amount"]) - elsewhere,
                _ => 0,
            };
            assert_eq!(kept, due, "{order}");
            assert_ne!(order["status"], "PAYING", "{order}");
        }
    }

    /// What was refunded of an order's payment by somebody at the provider.
    fn refunded_elsewhere(&self, order_id: &str) -> i64 {
        let paying = self
            .payments
            .iter()
            .filter(|payment| text(&payment["order_id"]) == *order_id && payment["status"] == "PAID");
        let refunds = paying.flat_map(|payment| payment["refunds"].as_array().expect("refunds"));
        refunds.map(|refund| number(&refund["amount"]["amount"])).sum()
    }

    fn entry_of(&self, payment: &Value) -> Option<&Entry> {
        let reference = text(&payment["reference"]);
        self.ledger.iter().find(|entry| entry.reference == reference)
    }
}

fn is_charged(payment: &Value) -> bool {
    matches!(payment["status"].as_str(), Some("PAID" | "UNSERVABLE" | "REFUNDED"))
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn number(value: &Value) -> i64 {
    value.as_i64().expect("a number")
}
