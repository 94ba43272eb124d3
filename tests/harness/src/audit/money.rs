//! The auditor of money: reads only the tables and the providers' ledger, and finds whether they agree.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use sandbox::Entry;
use serde_json::Value;

use super::{number, text};
use crate::engine::{Engine, ORDERS, PAYMENTS};

/// What the tables say of money, and what the providers say.
#[derive(Debug)]
pub struct LedgerAudit {
    orders: BTreeMap<String, Value>,
    payments: BTreeMap<String, Value>,
    ledger: Vec<Entry>,
}

impl LedgerAudit {
    /// The books in the tables of `engine` as they stand now, beside the providers' `ledger`.
    pub async fn of(engine: &Engine, ledger: Vec<Entry>) -> Self {
        Self::from_items(engine.items(ORDERS).await, engine.items(PAYMENTS).await, ledger)
    }

    /// The same of items that were read.
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
        self.check_sound().expect("the books are sound");
    }

    /// [`LedgerAudit::check_settled`], asserted.
    pub fn assert_settled(&self) {
        self.check_settled().expect("the books are settled");
    }

    /// What is true at every moment: nobody is charged twice by one payment, no order is paid by two, and the books say
    /// of no payment that it was taken that the provider did not take, nor that more went back than did.
    ///
    /// # Errors
    /// What is wrong.
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
                let entry = entry.with_context(|| format!("in the books, and never charged: {payment}"))?;
                ensure!(
                    payment["amount"]["amount"] == entry.charged,
                    "another amount was charged: {payment} {entry:?}"
                );
                ensure!(
                    number(&payment["refunded"]["amount"]) <= entry.refunded,
                    "more is refunded in the books than went back: {payment} {entry:?}"
                );
            }
            if payment["status"] == "PAID" {
                paid_by.entry(text(&payment["order_id"])).or_default().push(payment);
            }
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
                    "a payment and its order disagree: {order} {payment}"
                );
            }
        }
        Ok(())
    }

    /// What is true once nothing hangs in the air: each payment has come to an end, and waits for nobody.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check_landed(&self) -> Result<()> {
        self.check_sound()?;
        for payment in self.payments.values() {
            let hangs = matches!(
                payment["status"].as_str(),
                Some("CONFIRMING" | "UNKNOWN" | "UNSERVABLE" | "STARTED")
            );
            ensure!(!hangs, "it hangs in the air: {payment}");
            let refunds = payment["refunds"].as_array().expect("refunds");
            ensure!(
                refunds.iter().all(|refund| refund["status"] != "PENDING"),
                "a refund hangs in the air: {payment}"
            );
            ensure!(payment.get("review").is_none(), "it waits for a person: {payment}");
        }
        for order in self.orders.values() {
            ensure!(order["status"] != "PAYING", "its payment never ends: {order}");
        }
        Ok(())
    }

    /// What is true once the payments were compared with the providers' books too: tables and ledger agree to the last
    /// unit, each paid order was paid for, and everybody else has their money back.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check_settled(&self) -> Result<()> {
        self.check_landed()?;
        let mut kept: BTreeMap<&str, i64> = BTreeMap::new();
        for entry in &self.ledger {
            let payment = self.payments.get(&entry.reference);
            let payment = payment.with_context(|| format!("charged, and not in the books: {entry:?}"))?;
            ensure!(
                is_charged(payment),
                "charged, and not so in the books: {payment} {entry:?}"
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
                Some("PAID") => number(&order["total"]["amount"]) - refunded[text(&order["payment_id"])],
                _ => 0,
            };
            ensure!(
                kept == due,
                "{kept} was kept of an order that has {due} to pay: {order}"
            );
        }
        Ok(())
    }

    /// What was given back of each payment, an order's that stays paid too.
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
