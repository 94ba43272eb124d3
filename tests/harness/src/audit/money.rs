//! Checks that the payment records in the tables agree with the providers' ledger.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use sandbox::Entry;
use serde_json::Value;

use super::{cost, number, text};
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
    /// recorded as taken was taken by the provider, no more is recorded as refunded than was refunded, and each charge is
    /// refunded, withdrawn or kept to the last unit, with no more owed than is kept.
    ///
    /// # Errors
    /// The first violation.
    pub fn check_sound(&self) -> Result<()> {
        for entry in &self.ledger {
            ensure!(
                entry.charges <= 1 && entry.refunded + entry.withdrawn <= entry.charged,
                "charged or refunded more than once: {entry:?}"
            );
        }
        for payment in self.payments.values() {
            check_balance(payment)?;
        }
        let mut paid_by: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for payment in self.payments.values() {
            if is_charged(payment) {
                let entry = self.entry_of(payment);
                let entry = entry.with_context(|| format!("recorded as paid, but never charged: {payment}"))?;
                // A provider can report two amounts. A person finds out which one it charged.
                let is_known = payment["amount"]["amount"] == entry.charged || is_gone(payment, entry);
                ensure!(
                    is_known || is_contradicted(payment),
                    "charged a different amount than recorded: {payment} {entry:?}"
                );
                ensure!(
                    done(payment, false) <= entry.refunded + entry.failed,
                    "recorded refunds exceed the provider's: {payment} {entry:?}"
                );
            }
            if payment["status"] == "PAID" {
                paid_by.entry(text(&payment["order_id"])).or_default().push(payment);
            }
        }
        for order in self.orders.values().filter(|order| cost(order) == 0) {
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
            ensure!(payment.get("reviews").is_none(), "payment is in review: {payment}");
        }
        for order in self.orders.values() {
            ensure!(order["status"] != "PAYING", "order is still being paid: {order}");
        }
        Ok(())
    }

    /// Checks what is true once payments were also compared with the providers' records: tables and ledger agree to the
    /// last unit, each paid order is paid for, and all other money is refunded, except the fees for
    /// giving seats back.
    ///
    /// # Errors
    /// The first violation.
    pub fn check_settled(&self) -> Result<()> {
        self.check_finished()?;
        let mut kept: BTreeMap<&str, i64> = BTreeMap::new();
        for entry in &self.ledger {
            let payment = self.payments.get(&entry.reference);
            let payment = payment.with_context(|| format!("charged, but not recorded: {entry:?}"))?;
            // The bank took the deposit back before a report of it arrived. The provider itself says that nothing was paid.
            if payment["status"] == "FAILED" && entry.withdrawn == entry.charged {
                continue;
            }
            ensure!(
                is_charged(payment),
                "charged, but not recorded as paid: {payment} {entry:?}"
            );
            let is_gone = is_gone(payment, entry);
            // Of an amount that the provider contradicted, the refunds end at the recorded one.
            let amounts_differ = number(&payment["amount"]["amount"]) != entry.charged;
            ensure!(
                done(payment, false) == entry.refunded || is_gone && amounts_differ,
                "refunds differ: {payment} {entry:?}"
            );
            // The bank can also withdraw what the customer got by hand: the payment has no more to lose than its charge.
            let left = entry.charged - entry.refunded - done(payment, true);
            ensure!(
                is_gone || withdrawn(payment) == entry.withdrawn.min(left),
                "withdrawals differ: {payment} {entry:?}"
            );
            *kept.entry(&entry.order_id).or_default() += if is_gone { 0 } else { left - withdrawn(payment) };
        }
        let returned = self.returned();
        for (id, order) in &self.orders {
            let kept = kept.get(id.as_str()).copied().unwrap_or_default();
            let fees = cancellation_fees(order);
            let due = match order["status"].as_str() {
                Some("PAID") if cost(order) > 0 => cost(order) - returned[text(&order["payment_id"])],
                Some("CANCELLED") if fees > 0 => {
                    let left = cost(order) - returned[text(&order["payment_id"])];
                    // Only an administrator, the provider's dashboard or the bank gives a fee back.
                    let is_given_back = self.is_refunded_otherwise(text(&order["payment_id"]));
                    if is_given_back { left.min(fees) } else { fees }
                }
                _ => 0,
            };
            ensure!(kept == due, "provider kept {kept} of an order with {due} due: {order}");
        }
        Ok(())
    }

    /// Returns what of each payment is no longer with the shop, including payments of orders that stay paid.
    fn returned(&self) -> BTreeMap<&str, i64> {
        let payments = self.payments.values();
        payments
            .map(|payment| {
                let returned = done(payment, false) + done(payment, true) + withdrawn(payment);
                (text(&payment["payment_id"]), returned)
            })
            .collect()
    }

    /// Whether money of a payment went back that no cancellation asked for.
    fn is_refunded_otherwise(&self, payment_id: &str) -> bool {
        let mut payments = self.payments.values();
        let payment = payments.find(|payment| payment["payment_id"] == payment_id);
        payment.is_none_or(|payment| {
            let mut refunds = payment["refunds"].as_array().expect("refunds").iter();
            let is_other = |refund: &Value| {
                refund["by_hand"] == true || matches!(refund["reason"].as_str(), Some("REQUESTED" | "ELSEWHERE"))
            };
            withdrawn(payment) > 0 || refunds.any(is_other)
        })
    }

    fn entry_of(&self, payment: &Value) -> Option<&Entry> {
        let reference = text(&payment["reference"]);
        self.ledger.iter().find(|entry| entry.reference == reference)
    }
}

/// Returns what is kept of a cancelled order's lines, as fees for giving seats back.
fn cancellation_fees(order: &Value) -> i64 {
    let lines = order["lines"].as_array().expect("lines").iter();
    lines
        .filter_map(|line| line["cancellation_fee"]["amount"].as_i64())
        .sum()
}

/// Checks the law of a payment's money, which its record alone shows.
fn check_balance(payment: &Value) -> Result<()> {
    let refunded = number(&payment["refunded"]["amount"]);
    ensure!(
        done(payment, false) + done(payment, true) == refunded,
        "the refunds are not the refunded sum: {payment}"
    );
    if !is_charged(payment) {
        ensure!(refunded == 0, "refunded without a charge: {payment}");
        return Ok(());
    }
    let kept = number(&payment["amount"]["amount"]) - refunded - withdrawn(payment);
    ensure!(kept >= 0, "more went back than was charged: {payment}");
    let refunds = payment["refunds"].as_array().expect("refunds").iter();
    let pending: i64 = refunds
        .filter(|refund| refund["status"] == "PENDING")
        .map(|refund| number(&refund["amount"]["amount"]))
        .sum();
    let reviews = payment.get("reviews").and_then(Value::as_array);
    let of_refunds = reviews
        .into_iter()
        .flatten()
        .filter(|review| review["refund_id"].is_string());
    let in_review: i64 = of_refunds.filter_map(|review| review["owed"]["amount"].as_i64()).sum();
    ensure!(pending + in_review <= kept, "more is owed than is kept: {payment}");
    Ok(())
}

/// Returns the sum of a payment's made refunds: by hand, or at the provider.
fn done(payment: &Value, by_hand: bool) -> i64 {
    let refunds = payment["refunds"].as_array().expect("refunds").iter();
    let done = refunds.filter(|refund| refund["status"] == "DONE" && (refund["by_hand"] == true) == by_hand);
    done.map(|refund| number(&refund["amount"]["amount"])).sum()
}

fn withdrawn(payment: &Value) -> i64 {
    payment["withdrawn"]["amount"].as_i64().unwrap_or_default()
}

/// Returns whether all money of a payment was taken back, and is recorded as taken back. If the provider has contradicted itself about
/// the amount, a person records that nothing is left, and the amounts may differ.
fn is_gone(payment: &Value, entry: &Entry) -> bool {
    let by_hand = done(payment, true);
    let recorded = number(&payment["amount"]["amount"]) - done(payment, false) - by_hand;
    entry.withdrawn > 0 && entry.charged - entry.refunded - by_hand <= entry.withdrawn && recorded == withdrawn(payment)
}

/// Returns whether a contradiction of the provider is in review.
fn is_contradicted(payment: &Value) -> bool {
    let mut reviews = payment["reviews"].as_array().into_iter().flatten();
    reviews.any(|review| review["code"] == "CONTRADICTION")
}

fn is_charged(payment: &Value) -> bool {
    matches!(
        payment["status"].as_str(),
        Some("PAID" | "UNSERVABLE" | "REFUNDED" | "REVERSED")
    )
}
