//! Checks that the parts of the price of each order add up.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{amount, array, cost, line_cost, line_shares, number, text};

/// Checks the price that each order's event shows: the totals are the sums of the lines and of the delivery, also as they
/// are stored, and the delivery's price is the sum of its parts.
///
/// # Errors
/// The first violation.
pub fn check_prices(orders: &[Value]) -> Result<()> {
    for order in orders {
        let Some(detail) = order["event"]["detail"].as_str() else {
            continue;
        };
        let shown: Value = serde_json::from_str(detail)?;
        check_price(order, &shown["data"])?;
    }
    Ok(())
}

fn check_price(order: &Value, shown: &Value) -> Result<()> {
    let totals = |name: &str| number(&shown["totals"][name]["amount"]);
    let lines = |part: fn(&Value) -> i64| array(&shown["lines"]).map(part).sum::<i64>();
    let parts = |name: &str| {
        array(&shown["shipping"]["parts"])
            .map(|part| amount(&part[name]))
            .sum::<i64>()
    };
    let sums = [
        (
            "subtotal",
            lines(|line| number(&line["unit_price"]["amount"]) * number(&line["quantity"])),
        ),
        ("discount", lines(|line| amount(&line["discount"]))),
        ("shipping", amount(&shown["shipping"]["price"])),
        ("shipping", parts("price")),
        ("tax", lines(|line| amount(&line["tax"])) + parts("tax")),
        (
            "included_tax",
            lines(|line| amount(&line["included_tax"])) + parts("included_tax"),
        ),
        (
            "total",
            totals("subtotal") - totals("discount") + totals("shipping") + totals("tax"),
        ),
        ("total", cost(order)),
    ];
    for (name, sum) in sums {
        ensure!(totals(name) == sum, "{name} is not {sum}: {shown} {order}");
    }
    // The coupon of an order that a subscription has placed is in its invoice.
    if shown["subscription"].is_null() {
        let sum: i64 = array(&shown["coupons"]).map(|coupon| amount(&coupon["discount"])).sum();
        ensure!(
            totals("discount") == sum,
            "the discounts of its coupons are {sum}: {shown}"
        );
    }
    for coupon in array(&shown["coupons"]) {
        let id = &coupon["coupon_claim_id"];
        ensure!(
            array(&order["coupons"]).any(|stored| stored["coupon_claim_id"] == *id),
            "the claim {id} is not stored: {order}"
        );
        ensure!(
            amount(&coupon["discount"]) > 0,
            "the claim {id} takes nothing off: {shown}"
        );
        let of_class = |share: &&Value| share["class"] == coupon["class"];
        let shares = array(&shown["lines"]).flat_map(|line| array(&line["coupon_discounts"]));
        let sum: i64 = shares.filter(of_class).map(|share| amount(&share["amount"])).sum();
        ensure!(
            amount(&coupon["discount"]) == sum,
            "the discount of a coupon is not {sum}: {shown}"
        );
    }
    for line in array(&shown["lines"]) {
        ensure!(
            line_shares(line) == amount(&line["discount"]),
            "the shares of line {} do not add up: {shown}",
            text(&line["line_id"])
        );
        let total = number(&line["total"]["amount"]);
        ensure!(
            total == line_cost(line),
            "line {} does not add up: {order}",
            text(&line["line_id"])
        );
        ensure!(
            (0..=total).contains(&amount(&line["included_tax"])),
            "line {} has more tax than price: {order}",
            text(&line["line_id"])
        );
    }
    Ok(())
}
