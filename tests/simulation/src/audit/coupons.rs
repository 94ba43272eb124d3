//! Checks coupons: no more claims than units, a claim has one order or subscription, which has the claim, an order has one coupon of
//! each class, a subscription is charged with its coupon as often as the coupon says, and a code makes one claim.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::key;

/// Checks that the units that are left and the claims of each coupon are its total, and that claims and the orders and subscriptions
/// that have redeemed them name each other. `subscriptions` and `coupons` have the items of their tables.
///
/// # Errors
/// The first violation.
pub fn check_coupons(orders: &[Value], subscriptions: &[Value], coupons: &[Value]) -> Result<()> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of_kind = |kind: &'static str| coupons.iter().filter(move |item| key(item).starts_with(kind));
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for shard in of_kind("UNITS#") {
        let units = shard["available"].as_i64().unwrap_or_default();
        ensure!(units >= 0, "more were claimed than there are: {shard}");
        let coupon = key(shard).split('#').nth(1).unwrap_or_default();
        *counts.entry(coupon.to_owned()).or_default() += units;
    }
    let mut claims: BTreeMap<String, &Value> = BTreeMap::new();
    for claim in of_kind("CLAIM#") {
        *counts.entry(text(&claim["coupon_id"])).or_default() += 1;
        claims.insert(text(&claim["coupon_claim_id"]), claim);
    }
    for coupon in of_kind("COUPON#").filter(|coupon| coupon["total"].is_number()) {
        let counted = counts.get(&text(&coupon["coupon_id"])).copied().unwrap_or_default();
        ensure!(
            coupon["total"].as_i64() == Some(counted),
            "its units and claims are {counted}: {coupon}"
        );
    }
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for order in orders {
        let redeemed = order["coupons"].as_array().map_or(&[][..], Vec::as_slice);
        let classes: BTreeSet<String> = redeemed.iter().map(|coupon| text(&coupon["class"])).collect();
        ensure!(classes.len() == redeemed.len(), "two coupons are of one class: {order}");
        for coupon in redeemed {
            let claim = claims.get(&text(&coupon["coupon_claim_id"])).copied();
            let claim = claim.with_context(|| format!("there is no claim for a discount: {order}"))?;
            let names = |name| claim[name] == order[name] || claim[name] == coupon[name];
            ensure!(
                names("customer_id") && names("coupon_id"),
                "the claim {claim} is of another customer or coupon: {order}"
            );
            let defined = of_kind("COUPON#").find(|defined| defined["coupon_id"] == coupon["coupon_id"]);
            ensure!(
                defined.is_some_and(|defined| defined["class"] == coupon["class"]),
                "{defined:?} is not of the class of the order: {order}"
            );
        }
    }
    let of_subscriptions = subscriptions.iter().filter(|item| item["sk"] == "SUBSCRIPTION");
    for redeemer in orders.iter().chain(of_subscriptions) {
        let coupons = redeemer["coupons"].as_array().into_iter().flatten();
        let coupons = coupons.chain([&redeemer["coupon"]]).filter(|coupon| coupon.is_object());
        for coupon in coupons.filter(|coupon| coupon["returned_at"].is_null()) {
            let id = redeemer["order_id"].as_str().or(redeemer["subscription_id"].as_str());
            let (claim, id) = (text(&coupon["coupon_claim_id"]), id.unwrap_or_default().to_owned());
            let other = owners.insert(claim.clone(), id);
            ensure!(other.is_none(), "{other:?} has the claim {claim} too: {redeemer}");
        }
    }
    for (id, claim) in &claims {
        let (order, subscription) = (claim["order_id"].as_str(), claim["subscription_id"].as_str());
        ensure!(
            order.is_none() || subscription.is_none(),
            "it was redeemed twice: {claim}"
        );
        let owner = order.or(subscription);
        ensure!(
            owners.remove(id).as_deref() == owner,
            "the claim and what has redeemed it do not name each other: {claim}"
        );
        ensure!(
            (claim["status"] == "REDEEMED") == owner.is_some(),
            "its status is wrong: {claim}"
        );
    }
    ensure!(owners.is_empty(), "no claim names these: {owners:?}");
    Ok(())
}

/// Checks that each subscription was charged with its coupon as often as it says, and not more often than the coupon says; that a
/// coupon goes back if the subscription has ended before; and that the discount of each invoice is that of its coupon.
/// `subscriptions` and `coupons` have the items of their tables.
///
/// # Errors
/// The first violation.
pub fn check_charges(subscriptions: &[Value], coupons: &[Value]) -> Result<()> {
    let of_kind = |kind: &'static str| {
        let is_it = move |item: &&Value| item["sk"].as_str().is_some_and(|sk| sk.starts_with(kind));
        subscriptions.iter().filter(is_it)
    };
    let discount = |of: &Value| of["discount"]["amount"].as_i64().unwrap_or_default();
    let mut discounted: BTreeMap<&str, i64> = BTreeMap::new();
    let mut paid: BTreeMap<&str, BTreeMap<i64, &Value>> = BTreeMap::new();
    for invoice in of_kind("INVOICE#").filter(|invoice| invoice["totals"].is_object()) {
        let subscription = invoice["subscription_id"].as_str().unwrap_or_default();
        let period = invoice["period"].as_i64().context("an invoice without a period")?;
        if invoice["status"] == "PAID" {
            paid.entry(subscription).or_default().insert(period, invoice);
        }
        let lines = invoice["lines"].as_array().into_iter().flatten();
        let sums = [lines.map(discount).sum(), discount(&invoice["totals"])];
        ensure!(
            sums == [discount(&invoice["coupon"]); 2],
            "its discounts differ: {invoice}"
        );
        if invoice["status"] == "PAID" && sums[0] > 0 {
            *discounted.entry(subscription).or_default() += 1;
        }
    }
    for subscription in of_kind("SUBSCRIPTION") {
        let id = subscription["subscription_id"].as_str().unwrap_or_default();
        let (charges, coupon) = (discounted.remove(id).unwrap_or_default(), &subscription["coupon"]);
        ensure!(
            coupon["charges_used"].as_i64().unwrap_or_default() == charges,
            "{charges} were charged with its coupon: {subscription}"
        );
        let defined = coupons
            .iter()
            .find(|item| item["coupon_id"] == coupon["coupon_id"] && key(item).starts_with("COUPON#"));
        ensure!(
            coupon.is_null() || defined.is_some(),
            "there is no such coupon: {subscription}"
        );
        let most = defined.and_then(|coupon| match coupon["duration"]["kind"].as_str() {
            Some("ONCE") => Some(1),
            _ => coupon["duration"]["charges"].as_i64(),
        });
        ensure!(
            most.is_none_or(|most| charges <= most),
            "{charges} charges with a coupon for {most:?}: {subscription}"
        );
        if let Some(defined) = defined {
            let invoices = paid.remove(id).unwrap_or_default();
            check_in_order(coupon, (defined, most), invoices.values().copied())?;
        }
        let left = most.map(|most| most - charges);
        ensure!(
            coupon["charges_left"].as_i64() == left,
            "it has {left:?} charges with its coupon left: {subscription}"
        );
        let is_over = subscription["status"] == "CANCELLED" && subscription["open_period"].is_null();
        ensure!(
            coupon.is_null() || coupon["returned_at"].is_string() == (is_over && charges == 0),
            "it should have given its coupon back, or kept it: {subscription}"
        );
    }
    Ok(())
}

/// Checks the paid invoices of a subscription, oldest first: as long as its coupon counts, each one is discounted, or says rightly why
/// it is not. `defined` is the coupon, which counts for so many charges.
fn check_in_order<'a>(
    coupon: &Value,
    (defined, most): (&Value, Option<i64>),
    paid: impl Iterator<Item = &'a Value>,
) -> Result<()> {
    let mut charges = 0;
    for invoice in paid {
        let counts = most.is_none_or(|most| charges < most);
        let of_invoice = &invoice["coupon"];
        ensure!(
            counts == of_invoice.is_object(),
            "{charges} charges of {most:?} were paid with the coupon before: {invoice}"
        );
        if !counts {
            continue;
        }
        ensure!(
            of_invoice["coupon_claim_id"] == coupon["coupon_claim_id"],
            "its subscription has another claim: {invoice}"
        );
        let is_discounted = of_invoice["discount"]["amount"].as_i64().unwrap_or_default() > 0;
        ensure!(
            is_discounted == of_invoice["not_applied"].is_null(),
            "it is not discounted, and does not say why: {invoice}"
        );
        let says = &of_invoice["not_applied"];
        let is_right = match reason_not_to_count(defined, invoice) {
            Some(reason) => says == reason,
            None => says.is_null() || says == "AMOUNT_NOT_TAKEN",
        };
        ensure!(is_right, "it says {says}, or is discounted, wrongly: {invoice}");
        charges += i64::from(is_discounted);
    }
    Ok(())
}

/// Why a coupon takes nothing off an invoice, whatever its provider takes. The coupons of the simulation count for all products.
fn reason_not_to_count(defined: &Value, invoice: &Value) -> Option<&'static str> {
    let subtotal = invoice["totals"]["subtotal"]["amount"].as_i64().unwrap_or_default();
    let minimum = defined["minimum_subtotal"]["amount"].as_i64();
    let takes_nothing = match defined["benefit"]["percent"].as_i64() {
        Some(percent) => subtotal * percent < 100,
        None => subtotal == 0,
    };
    match minimum {
        Some(minimum) if subtotal < minimum => Some("MINIMUM_NOT_REACHED"),
        _ if takes_nothing => Some("NOT_APPLICABLE"),
        _ => None,
    }
}

/// Checks that each used code and its claim name each other, and that coupons are claimed with codes exactly if they have some.
/// `coupons` has the items of the coupons table.
///
/// # Errors
/// The first violation.
pub fn check_codes(coupons: &[Value]) -> Result<()> {
    let of_kind = |kind: &'static str| coupons.iter().filter(move |item| key(item).starts_with(kind));
    let mut used: BTreeMap<&str, &Value> = of_kind("CODE#").map(|code| (key(code), code)).collect();
    for claim in of_kind("CLAIM#") {
        let coupon_id = claim["coupon_id"].as_str().unwrap_or_default();
        let coupon = of_kind("COUPON#").find(|coupon| coupon["coupon_id"] == coupon_id);
        let has_codes = coupon.is_some_and(|coupon| coupon["distribution"] == "CODES");
        ensure!(
            has_codes == claim["code_index"].is_number(),
            "its code is missing, or too much: {claim}"
        );
        if has_codes {
            let code = used.remove(&*format!("CODE#{coupon_id}#{}", claim["code_index"]));
            let is_its = code.is_some_and(|code| code["coupon_claim_id"] == claim["coupon_claim_id"]);
            ensure!(is_its, "its code made another claim, or none: {claim}");
        }
    }
    ensure!(used.is_empty(), "these codes have no claim: {used:?}");
    Ok(())
}
