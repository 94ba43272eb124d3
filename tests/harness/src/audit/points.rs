//! Checks that every point, voucher and bid is accounted for.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{number, text};

/// The items of the auctions table.
#[derive(Debug)]
pub struct AuctionAudit {
    items: Vec<Value>,
}

impl AuctionAudit {
    /// Audits these items.
    pub const fn of(items: Vec<Value>) -> Self {
        Self { items }
    }

    /// Checks what is true at every moment: each wallet equals the sum of its ledger, is not negative, and has no points
    /// available while it owes some; each credit equals the entries of its order; held points equal what open bids need;
    /// each offered voucher belongs to one open bid; the order book has exactly the open bids; no two bids on a product
    /// have the same time; and each bid trades at most once, before its deadline, two bids at the price of the one that
    /// was on the order book first.
    ///
    /// # Errors
    /// The first violation. What is wrong.
    pub fn check(&self) -> Result<()> {
        let bids = self.by_id("BID", "bid_id");
        let vouchers = self.by_id("VOUCHER", "voucher_id");
        let mut needed: BTreeMap<&str, i64> = BTreeMap::new();
        let mut offered = 0;
        let mut open = 0;
        for bid in bids.values().filter(|bid| bid["status"] == "OPEN") {
            open += 1;
            if bid["side"] == "BUY" {
                *needed.entry(text(&bid["customer_id"])).or_default() += number(&bid["price"]);
                continue;
            }
            offered += 1;
            let voucher = vouchers.get(text(&bid["voucher_id"]));
            let voucher = voucher.with_context(|| format!("bid without its voucher: {bid}"))?;
            ensure!(
                voucher["owner_id"] == bid["customer_id"] && voucher["offered_by"] == bid["bid_id"],
                "bid sells a voucher that it does not hold: {bid} {voucher}"
            );
        }
        let bound = vouchers.values().filter(|voucher| voucher.get("offered_by").is_some());
        ensure!(bound.count() == offered, "an offered voucher has no open bid");
        let on_book = self.items.iter().filter(|item| text(&item["pk"]).starts_with("BOOK#"));
        ensure!(on_book.count() == open, "the order book differs from the open bids");
        let mut times = BTreeSet::new();
        for bid in bids.values() {
            ensure!(
                times.insert((text(&bid["sku"]), time(&bid["placed_at"]))),
                "another bid has its time: {bid}"
            );
        }
        self.check_wallets(&needed)?;
        self.check_credits()?;
        self.check_trades(&bids)
    }

    /// Checks what is true once all work is done: of each paid order's points, the part whose money the customer has back
    /// is taken back or owed; of each cancelled order's, all.
    ///
    /// # Errors
    /// The first violation.
    pub fn check_refunds(&self, orders: &[Value], payments: &[Value]) -> Result<()> {
        let payments: BTreeMap<&str, &Value> = payments
            .iter()
            .filter(|payment| text(&payment["pk"]).starts_with("PAYMENT#"))
            .map(|payment| (text(&payment["payment_id"]), payment))
            .collect();
        let orders: BTreeMap<&str, &Value> = orders.iter().map(|order| (text(&order["order_id"]), order)).collect();
        for credit in self.of_kind("CREDIT") {
            let Some(order) = orders.get(text(&credit["order_id"])) else {
                continue;
            };
            let points = number(&credit["points"]);
            let payment = order["payment_id"].as_str().and_then(|id| payments.get(id));
            let (of_units, by_line) = (
                points_of_units(order),
                payment.map_or(0, |payment| refunded_by_line(payment)),
            );
            let gone = match payment {
                _ if order["status"] == "CANCELLED" => points,
                Some(payment) if returned(payment) > by_line => {
                    let whole = number(&payment["amount"]["amount"]) - by_line;
                    let part = i128::from(points - of_units) * i128::from((returned(payment) - by_line).min(whole));
                    of_units + i64::try_from(part / i128::from(whole.max(1)))?
                }
                _ => of_units,
            };
            ensure!(
                optional(credit, "taken_back") == gone,
                "{gone} points belong to returned money: {credit} {order} {payment:?}"
            );
        }
        Ok(())
    }

    /// Returns the points in all wallets.
    pub fn points(&self) -> i64 {
        self.of_kind("WALLET")
            .map(|wallet| optional(wallet, "available") + optional(wallet, "held"))
            .sum()
    }

    fn check_wallets(&self, needed: &BTreeMap<&str, i64>) -> Result<()> {
        let mut ledgers: BTreeMap<&str, i64> = BTreeMap::new();
        let mut debts: BTreeMap<&str, i64> = BTreeMap::new();
        for item in &self.items {
            if text(&item["sk"]).starts_with("ENTRY#") {
                *ledgers.entry(text(&item["pk"])).or_default() += movement(item);
                *debts.entry(text(&item["pk"])).or_default() += debt(item);
            }
        }
        for wallet in self.of_kind("WALLET") {
            let pk = text(&wallet["pk"]);
            let customer = pk.strip_prefix("WALLET#").expect("a wallet");
            let (available, held) = (optional(wallet, "available"), optional(wallet, "held"));
            let owed = optional(wallet, "owed");
            ensure!(available >= 0 && owed >= 0, "negative points: {wallet}");
            ensure!(available == 0 || owed == 0, "owes points and has points: {wallet}");
            ensure!(
                owed == debts.get(pk).copied().unwrap_or_default(),
                "owed points differ from the ledger: {wallet}"
            );
            ensure!(
                held == needed.get(customer).copied().unwrap_or_default(),
                "held points differ from what open bids need: {wallet}"
            );
            ensure!(
                available + held == ledgers.get(pk).copied().unwrap_or_default(),
                "wallet differs from its ledger: {wallet}, the ledger's sum is {:?}",
                ledgers.get(pk)
            );
        }
        Ok(())
    }

    fn check_credits(&self) -> Result<()> {
        let mut left: BTreeMap<&str, i64> = BTreeMap::new();
        for item in &self.items {
            if text(&item["sk"]).starts_with("ENTRY#") {
                let points = match text(&item["kind"]) {
                    "CREDITED" | "RETURNED" => number(&item["points"]),
                    "TAKEN_BACK" | "OWED" => -number(&item["points"]),
                    _ => continue,
                };
                *left.entry(text(&item["about"]["id"])).or_default() += points;
            }
        }
        for credit in self.of_kind("CREDIT") {
            let is_refused = credit["status"] == "REFUSED";
            let net = if is_refused {
                0
            } else {
                number(&credit["points"]) - optional(credit, "taken_back")
            };
            let recorded = left.get(text(&credit["order_id"])).copied().unwrap_or_default();
            ensure!(recorded == net, "credit differs from its entries, {recorded}: {credit}");
        }
        Ok(())
    }

    fn check_trades(&self, bids: &BTreeMap<&str, &Value>) -> Result<()> {
        let mut traded: BTreeMap<&str, &Value> = BTreeMap::new();
        for trade in self.of_kind("TRADE") {
            let of_side = |side: &str| bids.get(trade.get(side)?.as_str()?).copied();
            if let (Some(buy), Some(sell)) = (of_side("buy_bid"), of_side("sell_bid")) {
                let first = [buy, sell].into_iter().min_by_key(|bid| time(&bid["placed_at"]));
                ensure!(
                    first.is_some_and(|first| first["price"] == trade["price"]),
                    "not at the price of the bid that was on the order book first: {trade} {buy} {sell}"
                );
            }
            for side in ["buy_bid", "sell_bid"] {
                let Some(id) = trade.get(side).and_then(Value::as_str) else {
                    continue;
                };
                let bid = bids
                    .get(id)
                    .with_context(|| format!("trade of an unknown bid: {trade}"))?;
                ensure!(
                    bid["status"] == "TRADED" && bid["trade_id"] == trade["trade_id"],
                    "bid does not record its trade: {bid} {trade}"
                );
                ensure!(
                    time(&bid["expires_at"]) > time(&trade["traded_at"]),
                    "expired, and traded: {bid} {trade}"
                );
                if let Some(first) = traded.insert(id, trade) {
                    anyhow::bail!("a bid traded twice: {first} {trade}");
                }
            }
        }
        Ok(())
    }

    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.items.iter().filter(move |item| item["sk"] == kind)
    }

    fn by_id<'a>(&'a self, kind: &'a str, id: &str) -> BTreeMap<&'a str, &'a Value> {
        self.of_kind(kind).map(|item| (text(&item[id]), item)).collect()
    }
}

/// Returns the points of units that were cancelled or returned.
fn points_of_units(order: &Value) -> i64 {
    let lines = order["lines"].as_array().expect("lines").iter();
    let points =
        lines.map(|line| optional(line, "points") * (optional(line, "cancelled") + optional(line, "returned")));
    points.sum()
}

/// Returns what was refunded for units that were cancelled or returned, and for the delivery.
fn refunded_by_line(payment: &Value) -> i64 {
    let refunds = payment["refunds"].as_array().into_iter().flatten();
    let by_line = refunds.filter(|refund| {
        let is_by_line = ["LINES_CANCELLED", "RETURNED", "DELIVERY"]
            .iter()
            .any(|reason| refund["reason"] == *reason);
        is_by_line && refund["status"] == "DONE"
    });
    by_line.map(|refund| number(&refund["amount"]["amount"])).sum()
}

/// Returns the sum that the customer has back: by refunds, lost disputes and reversals.
fn returned(payment: &Value) -> i64 {
    let amount = |part: &Value| number(&part["amount"]["amount"]);
    let disputes = payment["disputes"].as_array().into_iter().flatten();
    let lost = disputes.filter(|dispute| dispute["status"] == "LOST" && dispute["funds_withdrawn"] == true);
    let reversed = payment.get("reversal").map_or(0, amount);
    number(&payment["refunded"]["amount"]) + lost.map(amount).sum::<i64>() + reversed
}

/// Returns what a ledger entry adds to its wallet.
fn movement(entry: &Value) -> i64 {
    let points = number(&entry["points"]);
    match text(&entry["kind"]) {
        "CREDITED" | "EARNED" | "RETURNED" => points,
        "PAID" | "TAKEN_BACK" | "COLLECTED" => -points,
        _ => 0,
    }
}

/// Returns what a ledger entry adds to the points that its wallet owes.
fn debt(entry: &Value) -> i64 {
    let points = number(&entry["points"]);
    match text(&entry["kind"]) {
        "OWED" => points,
        "COLLECTED" => -points,
        _ => 0,
    }
}

fn optional(item: &Value, name: &str) -> i64 {
    item.get(name).and_then(Value::as_i64).unwrap_or_default()
}

fn time(value: &Value) -> jiff::Timestamp {
    text(value).parse().expect("a time")
}
