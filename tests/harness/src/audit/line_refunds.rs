//! Checks what is refunded of the lines of each order.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{amount, array, cost, count, line_cost, number, of_kind, text};

/// Checks that no more is refunded of a line than its units cost that were cancelled or returned, and of the delivery than its price, and
/// that these refunds are those of the order's payment: never more than it charged, and exactly its refunds for units, for the delivery
/// and for the cancelled order, as long as none of its refunds was refused or failed. What replaces such a refund can be of another amount.
///
/// # Errors
/// The first violation.
pub fn check_line_refunds(orders: &[Value], payments: &[Value]) -> Result<()> {
    let payments: BTreeMap<&str, &Value> = of_kind(payments, "PAYMENT#")
        .map(|payment| (text(&payment["payment_id"]), payment))
        .collect();
    for order in orders {
        let of_delivery = amount(&order["shipping_refunded"]);
        let prices = array(&order["shipping"]["parts"]).map(|part| amount(&part["price"]) + amount(&part["tax"]));
        ensure!(
            of_delivery <= prices.sum(),
            "more of the delivery is refunded than it costs: {order}"
        );
        let mut of_units = of_delivery;
        for line in array(&order["lines"]) {
            let refunded = amount(&line["refunded"]);
            ensure!(
                refunded + amount(&line["cancellation_fee"]) <= cost_of_given_back(line),
                "more is refunded of a line than its units cost that were given back, less its fee: {order}"
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
            let sum = |reasons: &[&str]| -> i64 {
                let is_for = |refund: &&Value| reasons.contains(&text(&refund["reason"]));
                let refunds = array(&payment["refunds"]).filter(is_for);
                refunds.map(|refund| amount(&refund["amount"])).sum()
            };
            let requested = sum(&["LINES_CANCELLED", "RETURNED", "DELIVERY", "ORDER_CANCELLED"]);
            // What was charged beyond the order's total goes back with the cancelled order.
            let beyond = (amount(&payment["amount"]) - cost(order)).max(0);
            // A refund at the provider can take the place of one that was requested.
            let elsewhere = sum(&["ELSEWHERE"]);
            ensure!(
                (requested - beyond..=requested + elsewhere).contains(&of_units),
                "{of_units} refunded by line, but {requested} requested: {order} {payment}"
            );
        }
    }
    Ok(())
}

/// What the units of a line cost that were cancelled or returned: their part of its total, rounded half up.
fn cost_of_given_back(line: &Value) -> i64 {
    let (units, all) = (
        count(line, "cancelled") + count(line, "returned"),
        number(&line["quantity"]),
    );
    (2 * line_cost(line) * units + all) / (2 * all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Audits an order of three units for 1,000 won and the delivery, of which these units were given back and this was refunded
    /// of the line and of the delivery. The payment has a refund for each of these reasons and amounts.
    fn audited(units: [i64; 2], refunded: [i64; 2], refunds: &[(&str, i64)]) -> Result<()> {
        let won = |amount: i64| json!({ "amount": amount, "currency": "KRW" });
        let line = json!({
            "unit_price": won(1000), "quantity": 3, "cancelled": units[0], "returned": units[1], "refunded": won(refunded[0]),
        });
        let order = json!({
            "lines": [line], "shipping": { "parts": [{ "price": won(3000) }] }, "shipping_refunded": won(refunded[1]),
            "payment_id": "p", "paid_at": "2026-01-01T00:00:00Z",
        });
        let refunds: Vec<Value> = refunds
            .iter()
            .map(|&(reason, amount)| json!({ "reason": reason, "amount": won(amount), "status": "DONE" }))
            .collect();
        let payment = json!({ "pk": "PAYMENT#p", "payment_id": "p", "amount": won(6000), "refunds": refunds });
        check_line_refunds(&[order], &[payment])
    }

    #[test]
    fn the_refund_of_two_units_for_one_that_was_returned_is_found() {
        assert!(audited([0, 1], [1000, 0], &[("RETURNED", 1000)]).is_ok());
        assert!(audited([0, 1], [2000, 0], &[("RETURNED", 2000)]).is_err());
        assert!(audited([1, 1], [2000, 0], &[("LINES_CANCELLED", 1000), ("RETURNED", 1000)]).is_ok());
    }

    #[test]
    fn a_cancelled_order_that_does_not_count_its_refund_is_found() {
        assert!(audited([3, 0], [3000, 3000], &[("ORDER_CANCELLED", 6000)]).is_ok());
        for counted in [[0, 0], [2000, 3000], [3000, 0]] {
            assert!(
                audited([3, 0], counted, &[("ORDER_CANCELLED", 6000)]).is_err(),
                "{counted:?}"
            );
        }
    }

    #[test]
    fn a_refund_of_the_delivery_that_the_order_does_not_count_is_found() {
        assert!(audited([1, 0], [1000, 3000], &[("LINES_CANCELLED", 1000), ("DELIVERY", 3000)]).is_ok());
        assert!(audited([1, 0], [1000, 0], &[("LINES_CANCELLED", 1000), ("DELIVERY", 3000)]).is_err());
    }

    #[test]
    fn more_of_the_delivery_than_it_costs_is_found() {
        assert!(audited([1, 0], [1000, 3001], &[("LINES_CANCELLED", 4001)]).is_err());
    }
}
