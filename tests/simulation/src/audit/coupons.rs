//! Checks coupons: no more claims than units, a claim has one order, which has the claim, an order has one coupon of each class, and a
//! code makes one claim.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use serde_json::Value;

use super::key;

/// Checks that the units that are left and the claims of each coupon are its total, and that claims and orders name each other.
/// `coupons` has the items of the coupons table.
///
/// # Errors
/// The first violation.
pub fn check_coupons(orders: &[Value], coupons: &[Value]) -> Result<()> {
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
        for coupon in redeemed.iter().filter(|coupon| coupon["returned_at"].is_null()) {
            let (claim, id) = (text(&coupon["coupon_claim_id"]), text(&order["order_id"]));
            let other = owners.insert(claim.clone(), id);
            ensure!(other.is_none(), "two orders have the claim {claim}: {order}");
        }
    }
    for (id, claim) in &claims {
        let owner = claim["order_id"].as_str();
        ensure!(
            owners.remove(id).as_deref() == owner,
            "the claim and its order do not name each other: {claim}"
        );
        ensure!(
            (claim["status"] == "REDEEMED") == owner.is_some(),
            "its status is wrong: {claim}"
        );
    }
    ensure!(owners.is_empty(), "no claim has these orders: {owners:?}");
    Ok(())
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
