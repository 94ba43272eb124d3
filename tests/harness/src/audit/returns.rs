//! Checks what has become of the units of each return: in its order, on the shelf, and in its refund.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{amount, array, count, number, of_kind, text};

/// The units of a line that its returns have.
#[derive(Debug, Default)]
struct Returned {
    returning: i64,
    returned: i64,
}

/// Checks that no unit is returned or restocked twice: the units of each line are those of its returns, with
/// returned + returning ≤ delivered; the restocked units are on the shelf by one movement each; and each refund is what its
/// parts say. `fulfillment` and `catalog` have the items of these tables.
///
/// # Errors
/// The first violation.
pub fn check_returns(orders: &[Value], fulfillment: &[Value], catalog: &[Value]) -> Result<()> {
    let by_id = orders.iter().map(|order| (text(&order["order_id"]), order));
    let by_id: BTreeMap<&str, &Value> = by_id.collect();
    let mut lines: BTreeMap<(&str, String), Returned> = BTreeMap::new();
    let mut restocked: BTreeMap<&str, i64> = BTreeMap::new();
    for details in of_kind(fulfillment, "RETURN#") {
        let order = by_id.get(text(&details["order_id"]));
        let order = order.with_context(|| format!("a return of an unknown order: {details}"))?;
        for line in array(&details["lines"]) {
            let id = text(&line["line_id"]);
            let of_line = lines.entry((text(&order["order_id"]), id.to_owned())).or_default();
            match text(&details["status"]) {
                "REQUESTED" | "APPROVED" => of_line.returning += number(&line["quantity"]),
                "RECEIVED" | "REFUNDED" => {
                    let received = count(line, "restocked") + count(line, "written_off");
                    ensure!(
                        received <= number(&line["quantity"]),
                        "more units than were sent: {details}"
                    );
                    of_line.returned += received;
                }
                _ => {}
            }
            let nth: usize = id.parse::<usize>()? - 1;
            *restocked.entry(text(&order["lines"][nth]["sku"])).or_default() += count(line, "restocked");
        }
        check_refund(details)?;
    }
    for order in orders {
        for (nth, line) in array(&order["lines"]).enumerate() {
            let place = (text(&order["order_id"]), (nth + 1).to_string());
            let of_returns = lines.remove(&place).unwrap_or_default();
            let (returning, returned) = (count(line, "returning"), count(line, "returned"));
            ensure!(
                returned + returning <= count(line, "delivered"),
                "more units are returned than were delivered: {order}"
            );
            ensure!(
                (of_returns.returning, of_returns.returned) == (returning, returned),
                "{of_returns:?} in the returns of line {}: {order}",
                place.1
            );
        }
    }
    for movement in of_kind(catalog, "MOVEMENT#").filter(|movement| movement["kind"] == "RETURN") {
        *restocked.entry(text(&movement["sku"])).or_default() -= number(&movement["change"]);
    }
    for (sku, difference) in restocked {
        ensure!(
            difference == 0,
            "{difference} more units of {sku} restocked by returns than by movements"
        );
    }
    Ok(())
}

fn check_refund(details: &Value) -> Result<()> {
    let refund = &details["refund"];
    ensure!(
        refund.is_object() == (details["status"] == "REFUNDED"),
        "the refund and the status differ: {details}"
    );
    let of_lines: i64 = array(&details["lines"]).map(|line| amount(&line["refund"])).sum();
    let part = |name: &str| amount(&refund[name]);
    ensure!(
        refund.is_null()
            || (part("goods") == of_lines
                && part("amount") == of_lines - part("deduction") + part("shipping") - part("reduction")),
        "the parts of the refund do not add up: {details}"
    );
    Ok(())
}
