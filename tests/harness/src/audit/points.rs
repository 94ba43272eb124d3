//! The auditor of the exchange: every point, voucher and bid is accounted for.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{number, text};

/// What the auctions' table says.
#[derive(Debug)]
pub struct AuctionAudit {
    items: Vec<Value>,
}

impl AuctionAudit {
    /// The table's items as they stand now.
    pub const fn of(items: Vec<Value>) -> Self {
        Self { items }
    }

    /// What is true at every moment: what wallets have is what their ledgers come to, never below zero, and what they hold
    /// is what open bids need; each voucher is offered by the open bid that sells it; the book has the open bids, and
    /// nothing else; a bid trades once or not at all, and never from its deadline on.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<()> {
        let bids = self.by_id("BID", "bid_id");
        let vouchers = self.by_id("VOUCHER", "voucher_id");
        let mut needed: BTreeMap<&str, i64> = BTreeMap::new();
        let mut offered = 0;
        let mut open = 0;
        for bid in bids.values().filter(|bid| bid["status"] == "OPEN") {
            open += 1;
            if bid["side"] == "buy" {
                *needed.entry(text(&bid["customer_id"])).or_default() += number(&bid["price"]);
                continue;
            }
            offered += 1;
            let voucher = vouchers.get(text(&bid["voucher_id"]));
            let voucher = voucher.with_context(|| format!("it sells no voucher: {bid}"))?;
            ensure!(
                voucher["owner_id"] == bid["customer_id"] && voucher["offered_by"] == bid["bid_id"],
                "a bid sells a voucher that it does not have: {bid} {voucher}"
            );
        }
        let bound = vouchers.values().filter(|voucher| voucher.get("offered_by").is_some());
        ensure!(bound.count() == offered, "a voucher is offered by no open bid");
        let on_book = self.items.iter().filter(|item| text(&item["pk"]).starts_with("BOOK#"));
        ensure!(on_book.count() == open, "the book has others than the open bids");
        self.check_wallets(&needed)?;
        self.check_trades(&bids)
    }

    /// The points in all wallets.
    pub fn points(&self) -> i64 {
        self.of_kind("WALLET")
            .map(|wallet| optional(wallet, "available") + optional(wallet, "held"))
            .sum()
    }

    fn check_wallets(&self, needed: &BTreeMap<&str, i64>) -> Result<()> {
        let mut ledgers: BTreeMap<&str, i64> = BTreeMap::new();
        for item in &self.items {
            if text(&item["sk"]).starts_with("ENTRY#") {
                *ledgers.entry(text(&item["pk"])).or_default() += movement(item);
            }
        }
        for wallet in self.of_kind("WALLET") {
            let pk = text(&wallet["pk"]);
            let customer = pk.strip_prefix("WALLET#").expect("a wallet");
            let (available, held) = (optional(wallet, "available"), optional(wallet, "held"));
            ensure!(available >= 0, "less than nothing can be spent: {wallet}");
            ensure!(
                held == needed.get(customer).copied().unwrap_or_default(),
                "open bids need other than what is held: {wallet}"
            );
            ensure!(
                available + held == ledgers.get(pk).copied().unwrap_or_default(),
                "points appeared or vanished: {wallet}, its ledger comes to {:?}",
                ledgers.get(pk)
            );
        }
        Ok(())
    }

    fn check_trades(&self, bids: &BTreeMap<&str, &Value>) -> Result<()> {
        let mut traded: BTreeMap<&str, &Value> = BTreeMap::new();
        for trade in self.of_kind("TRADE") {
            for side in ["buy_bid", "sell_bid"] {
                let Some(id) = trade.get(side).and_then(Value::as_str) else {
                    continue;
                };
                let bid = bids.get(id).with_context(|| format!("no such bid: {trade}"))?;
                ensure!(
                    bid["status"] == "TRADED" && bid["trade_id"] == trade["trade_id"],
                    "a bid does not know of its trade: {bid} {trade}"
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

/// What an entry of a ledger adds to its wallet.
fn movement(entry: &Value) -> i64 {
    let points = number(&entry["points"]);
    match text(&entry["kind"]) {
        "CREDITED" | "EARNED" => points,
        "PAID" | "TAKEN_BACK" => -points,
        _ => 0,
    }
}

fn optional(item: &Value, name: &str) -> i64 {
    item.get(name).and_then(Value::as_i64).unwrap_or_default()
}

fn time(value: &Value) -> jiff::Timestamp {
    text(value).parse().expect("a time")
}
