//! Checks what is refunded of the lines of each order.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{amount, array, line_cost, of_kind, text};

/// Checks that neither a line nor the delivery is refunded above its price, and that these refunds are those of the order's
/// payment: never more than it charged, and exactly its refunds for units, as long as none of its refunds was refused or failed. What
/// replaces such a refund can be of another amount.
///
/// # Errors
/// The first violation.
pub fn check_line_refunds(orders: &[Value], payments: &[Value]) -> Result<()> {
    let payments: BTreeMap<&str, &Value> = of_kind(payments, "PAYMENT#")
        .map(|payment| (text(&payment["payment_id"]), payment))
        .collect();
    for order in orders {
        let of_delivery = amount(&order["shipping_refunded"]);
        let prices = array(&order["shipping"]["parts"]).map(|part| amount(&part["price"]));
        ensure!(
            of_delivery <= prices.sum(),
            "more of the delivery is refunded than it costs: {order}"
        );
        let mut of_units = of_delivery;
        for line in array(&order["lines"]) {
            let refunded = amount(&line["refunded"]);
            ensure!(
                refunded + amount(&line["cancellation_fee"]) <= line_cost(line),
                "a line is refunded more than it costs less its fee: {order}"
            );
            of_units += refunded;
        }
        let Some(payment_id) = order["payment_id"].as_str().filter(|_| order["paid_at"].is_string()) else {
            ensure!(of_units == 0, "refunded without a payment: {order}");
            continue;
        };
        let payment = payments.get(payment_id);
        let payment = payment.with_context(|| format!("paid by an unknown payment: {order}"))?;
        ensure!(
            of_units <= amount(&payment["amount"]),
            "{of_units} refunded by line, which is more than the payment: {order} {payment}"
        );
        let mut refunds = array(&payment["refunds"]);
        if refunds.all(|refund| matches!(refund["status"].as_str(), Some("DONE" | "PENDING"))) {
            let for_units = |refund: &&Value| matches!(refund["reason"].as_str(), Some("LINES_CANCELLED" | "RETURNED"));
            let refunds = array(&payment["refunds"]).filter(for_units);
            let requested: i64 = refunds.map(|refund| amount(&refund["amount"])).sum();
            ensure!(
                of_units == requested,
                "{of_units} refunded by line, but {requested} requested: {order} {payment}"
            );
        }
    }
    Ok(())
}
