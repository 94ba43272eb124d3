//! Checks that the payment records in the tables agree with the providers' ledger.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use sandbox::Entry;
use serde_json::Value;

use super::{number, text};
use crate::engine::{Engine, ORDERS, PAYMENTS};

/// The orders and payments in the tables, and the providers' ledger.
#[derive(Debug)]
pub struct LedgerAudit {
    orders: BTreeMap<String, Value>,
    payments: BTreeMap<String, Value>,
    ledger: Vec<Entry>,
}

impl LedgerAudit {
    /// Reads the tables of `engine` and compares them with the providers' `ledger`.
    pub async fn of(engine: &Engine, ledger: Vec<Entry>) -> Self {
        Self::from_items(engine.items(ORDERS).await, engine.items(PAYMENTS).await, ledger)
    }

    /// Audits items that were read before.
    pub fn from_items(orders: Vec<Value>, payments: Vec<Value>, ledger: Vec<Entry>) -> Self {
        let orders = orders.into_iter();
        let payments = payments
            .into_iter()
            .filter(|item| text(&item["pk"]).starts_with("PAYMENT#"));
        Self {
            orders: orders
                .map(|order| (text(&order["order_id"]).to_owned(), order))
                .collect(),
            payments: payments
                .map(|payment| (text(&payment["reference"]).to_owned(), payment))
                .collect(),
            ledger,
        }
    }

    /// [`LedgerAudit::check_sound`], asserted.
    pub fn assert_sound(&self) {
        self.check_sound().expect("the tables are consistent with the ledger");
    }

    /// [`LedgerAudit::check_settled`], asserted.
    pub fn assert_settled(&self) {
        self.check_settled().expect("all payments are settled");
    }

    /// Checks what is true at every moment: no payment charges twice, two payments never pay one order, every payment
    /// recorded as taken was taken by the provider, and no more is recorded as refunded than was refunded.
    ///
    /// # Errors
    /// The first violation.
    pub fn check_sound(&self) -> Result<()> {
        for entry in &self.ledger {
            ensure!(
                entry.charges <= 1 && entry.refunded <= entry.charged,
                "charged or refunded more than once: {entry:?}"
            );
        }
        let mut paid_by: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for payment in self.payments.values() {
            if is_charged(payment) {
                let entry = self.entry_of(payment);
                let entry = entry.with_context(|| format!("recorded as paid, but never charged: {payment}"))?;
                ensure!(
                    payment["amount"]["amount"] == entry.charged,
                    "charged a different amount than recorded: {payment} {entry:?}"
                );
                ensure!(
                    number(&payment["refunded"]["amount"]) <= entry.refunded,
                    "recorded refunds exceed the provider's: {payment} {entry:?}"
                );
            }
            if payment["status"] == "PAID" {
                paid_by.entry(text(&payment["order_id"])).or_default().push(payment);
            }
        }
        for order in self
            .orders
            .values()
            .filter(|order| number(&order["total"]["amount"]) == 0)
        {
            ensure!(
                matches!(order["status"].as_str(), Some("PAID" | "CANCELLED")) && order.get("payment_id").is_none(),
                "costs nothing, but waits for a payment: {order}"
            );
        }
        for (id, payments) in paid_by {
            let order = &self.orders[id];
            ensure!(
                order["status"] != "PAID" || payments.len() <= 1,
                "paid twice: {order} {payments:?}"
            );
            for payment in payments {
                let fits = matches!(order["status"].as_str(), Some("PAID" | "CANCELLED"));
                ensure!(
                    fits && order["payment_id"] == payment["payment_id"],
                    "payment and order disagree: {order} {payment}"
                );
            }
        }
        Ok(())
    }

    /// Checks what is true once all work is done: no payment is unfinished or waits for a decision.
    ///
    /// # Errors
    /// The first violation.
    pub fn check_finished(&self) -> Result<()> {
        self.check_sound()?;
        for payment in self.payments.values() {
            let hangs = matches!(
                payment["status"].as_str(),
                Some("CONFIRMING" | "UNKNOWN" | "UNSERVABLE" | "STARTED")
            );
            ensure!(!hangs, "payment is unfinished: {payment}");
            let refunds = payment["refunds"].as_array().expect("refunds");
            ensure!(
                refunds.iter().all(|refund| refund["status"] != "PENDING"),
                "refund is unfinished: {payment}"
            );
            ensure!(payment.get("review").is_none(), "payment is in review: {payment}");
        }
        for order in self.orders.values() {
            ensure!(order["status"] != "PAYING", "order is still being paid: {order}");
        }
        Ok(())
    }

    /// Checks what is true once payments were also compared with the providers' records: tables and ledger agree to the
    /// last unit, each paid order is paid for, and all other money is refunded.
    ///
    /// # Errors
    /// The first violation.
    pub fn check_settled(&self) -> Result<()> {
        self.check_finished()?;
        let mut kept: BTreeMap<&str, i64> = BTreeMap::new();
        for entry in &self.ledger {
            let payment = self.payments.get(&entry.reference);
            let payment = payment.with_context(|| format!("charged, but not recorded: {entry:?}"))?;
            ensure!(
                is_charged(payment),
                "charged, but not recorded as paid: {payment} {entry:?}"
            );
            ensure!(
                payment["refunded"]["amount"] == entry.refunded,
                "refunds differ: {payment} {entry:?}"
            );
            *kept.entry(&entry.order_id).or_default() += entry.charged - entry.refunded;
        }
        let refunded = self.refunded();
        for (id, order) in &self.orders {
            let kept = kept.get(id.as_str()).copied().unwrap_or_default();
            let due = match order["status"].as_str() {
                Some("PAID") if number(&order["total"]["amount"]) > 0 => {
                    number(&order["total"]["amount"]) - refunded[text(&order["payment_id"])]
                }
                _ => 0,
            };
            ensure!(kept == due, "provider kept {kept} of an order with {due} due: {order}");
        }
        Ok(())
    }

    /// Returns the sum refunded of each payment, including payments of orders that stay paid.
    fn refunded(&self) -> BTreeMap<&str, i64> {
        let payments = self.payments.values();
        payments
            .map(|payment| {
                let refunds = payment["refunds"].as_array().expect("refunds");
                let done = refunds.iter().filter(|refund| refund["status"] == "DONE");
                let sum = done.map(|refund| number(&refund["amount"]["amount"])).sum();
                (text(&payment["payment_id"]), sum)
            })
            .collect()
    }

    fn entry_of(&self, payment: &Value) -> Option<&Entry> {
        let reference = text(&payment["reference"]);
        self.ledger.iter().find(|entry| entry.reference == reference)
    }
}

fn is_charged(payment: &Value) -> bool {
    matches!(payment["status"].as_str(), Some("PAID" | "UNSERVABLE" | "REFUNDED"))
}
