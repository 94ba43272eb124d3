//! Helpers for auctions: points, vouchers, bids.

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use local_cloud::Answer;
use serde_json::{Value, json};

use crate::{EVENT_DEADLINE, Shop, text};

/// Points that a unit of the product ordered by [`Shop::buy_points`] credits.
pub const POINTS: u64 = 10_000;

/// A lifetime of bids that no test outlasts.
pub const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Shop {
    /// Signs up a new shopper and returns the token.
    ///
    /// # Errors
    /// If the user pool refuses.
    pub fn new_shopper(&self) -> Result<String> {
        self.stack.sign_up(&self.unique("somebody"), &[])
    }

    /// Pays for this many units of [`POINTS`] and returns the order.
    ///
    /// # Errors
    /// If the payment fails.
    pub fn buy_points(&self, token: &str, units: i64) -> Result<Value> {
        let product = json!({
            "name": "Points",
            "price": { "amount": POINTS, "currency": "KRW" },
            "status": "LISTED",
            "points": POINTS,
        });
        let sku = self.list(self.unique("points"), &product, 100)?;
        let (order, _) = self.paid_order(token, &sku, units)?;
        Ok(order)
    }

    /// Signs up a shopper with this many units of [`POINTS`] and returns the token.
    ///
    /// # Errors
    /// If the points are not credited in time.
    pub fn new_shopper_with_points(&self, units: i64) -> Result<String> {
        let token = self.new_shopper()?;
        let order = self.buy_points(&token, units)?;
        self.event("PointsCredited", &order, EVENT_DEADLINE)?;
        Ok(token)
    }

    /// Returns the available and held points of a wallet.
    ///
    /// # Errors
    /// If the API refuses.
    pub fn wallet(&self, token: &str) -> Result<(u64, u64)> {
        let wallet = self.get(token, "/wallet")?;
        let points = |name: &str| wallet[name].as_u64().with_context(|| format!("no {name} in {wallet}"));
        Ok((points("available")?, points("held")?))
    }

    /// Returns the kinds and points of a wallet's ledger, newest first.
    ///
    /// # Errors
    /// If the API refuses.
    pub fn ledger(&self, token: &str) -> Result<Vec<(String, u64)>> {
        let page = self.get(token, "/wallet/entries")?;
        let entries = page["items"].as_array().context("no entries")?.iter();
        entries
            .map(|entry| {
                Ok((
                    text(entry, "kind")?.to_owned(),
                    entry["points"].as_u64().context("no points")?,
                ))
            })
            .collect()
    }

    /// Registers a new voucher for `sku`.
    ///
    /// # Errors
    /// If the API refuses.
    pub fn voucher(&self, token: &str, sku: &str) -> Result<Value> {
        let body = json!({ "sku": sku, "code": self.unique("VOUCHER") });
        let call = self.api.call("POST", "/vouchers").token(token);
        call.key(&self.unique("voucher")).json(&body).send()?.expect(201)
    }

    /// Places a buy bid that expires after `lifetime`.
    ///
    /// # Errors
    /// If the API does not respond.
    pub fn place_buy_bid(&self, token: &str, sku: &str, price: u64, lifetime: SignedDuration) -> Result<Answer> {
        let body = json!({ "side": "BUY", "price": price, "expires_at": time_after(lifetime) });
        self.bid(token, sku, &body)
    }

    /// Places a sell bid that expires in an hour.
    ///
    /// # Errors
    /// If the API does not respond.
    pub fn place_sell_bid(&self, token: &str, voucher: &Value, price: u64) -> Result<Answer> {
        let voucher_id = &voucher["voucher_id"];
        let body = json!({ "side": "SELL", "price": price, "expires_at": time_after(HOUR), "voucher_id": voucher_id });
        self.bid(token, text(voucher, "sku")?, &body)
    }

    /// Places a bid.
    ///
    /// # Errors
    /// If the API does not respond.
    pub fn bid(&self, token: &str, sku: &str, body: &Value) -> Result<Answer> {
        let call = self.api.call("POST", &format!("/products/{sku}/bids")).token(token);
        call.key(&self.unique("bid")).json(body).send()
    }

    /// Takes the best bid of the other side.
    ///
    /// # Errors
    /// If the API does not respond.
    pub fn take(&self, token: &str, sku: &str, key: &str, body: &Value) -> Result<Answer> {
        let call = self.api.call("POST", &format!("/products/{sku}/bids/take"));
        call.token(token).key(key).json(body).send()
    }

    /// Cancels a bid.
    ///
    /// # Errors
    /// If the API does not respond.
    pub fn cancel_bid(&self, token: &str, bid: &Value) -> Result<Answer> {
        let call = self.api.call("POST", &format!("/bids/{}/cancel", text(bid, "bid_id")?));
        call.token(token).key(&self.unique("cancel")).send()
    }

    /// Returns the prices on a side of the order book, best first.
    ///
    /// # Errors
    /// If the API refuses.
    pub fn book(&self, sku: &str, side: &str) -> Result<Vec<u64>> {
        let book = self
            .api
            .call("GET", &format!("/products/{sku}/bids"))
            .send()?
            .expect(200)?;
        let bids = book[side]["items"]
            .as_array()
            .with_context(|| format!("no {side} in {book}"))?;
        bids.iter()
            .map(|bid| bid["price"].as_u64().context("no price"))
            .collect()
    }

    /// Waits for the event of a bid or a trade; `id` is the name of its id.
    ///
    /// # Errors
    /// If the event does not arrive in time.
    pub fn bid_event(&self, detail_type: &str, id: &str, value: &Value, within: std::time::Duration) -> Result<Value> {
        let event = self
            .tap
            .wait_for(detail_type, |event| event.detail["data"][id] == value[id], within)?;
        Ok(event.detail)
    }
}

/// Returns the time after this duration.
pub fn time_after(time: SignedDuration) -> String {
    (Timestamp::now() + time).to_string()
}
