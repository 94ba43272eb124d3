//! How shoppers trade gift vouchers: points, vouchers, bids.

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use local_cloud::Answer;
use serde_json::{Value, json};

use crate::{SOON, Shop, text};

/// What one unit of the product brings that [`Shop::buy_points`] orders.
pub const POINTS: u64 = 10_000;

/// A deadline that no test reaches.
pub const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Shop {
    /// A shopper whom no other test knows, by their token.
    ///
    /// # Errors
    /// When the user pool refuses.
    pub fn somebody(&self) -> Result<String> {
        self.stack.sign_up(&self.unique("somebody"), &[])
    }

    /// Pays for as many units of [`POINTS`], and answers the order.
    ///
    /// # Errors
    /// When it is not taken.
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

    /// A shopper with as many units of [`POINTS`] in their wallet, by their token.
    ///
    /// # Errors
    /// When they do not come in time.
    pub fn somebody_with_points(&self, units: i64) -> Result<String> {
        let token = self.somebody()?;
        let order = self.buy_points(&token, units)?;
        self.event("PointsCredited", &order, SOON)?;
        Ok(token)
    }

    /// What can be spent and what bids hold.
    ///
    /// # Errors
    /// When the wallet is not shown.
    pub fn wallet(&self, token: &str) -> Result<(u64, u64)> {
        let wallet = self.get(token, "/wallet")?["wallet"].take();
        let points = |name: &str| wallet[name].as_u64().with_context(|| format!("no {name} in {wallet}"));
        Ok((points("available")?, points("held")?))
    }

    /// What happened to the points of a wallet, newest first: kind and points.
    ///
    /// # Errors
    /// When the wallet is not shown.
    pub fn ledger(&self, token: &str) -> Result<Vec<(String, u64)>> {
        let view = self.get(token, "/wallet")?;
        let entries = view["entries"].as_array().context("no entries")?.iter();
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
    /// When the API refuses.
    pub fn voucher(&self, token: &str, sku: &str) -> Result<Value> {
        let body = json!({ "sku": sku, "code": self.unique("VOUCHER") });
        let call = self.api.call("POST", "/vouchers").token(token);
        call.key(&self.unique("voucher")).json(&body).send()?.expect(201)
    }

    /// Wants to buy a voucher until `stands` is over.
    ///
    /// # Errors
    /// When the API does not answer.
    pub fn bid_to_buy(&self, token: &str, sku: &str, price: u64, stands: SignedDuration) -> Result<Answer> {
        let body = json!({ "side": "buy", "price": price, "expires_at": ahead(stands) });
        self.bid(token, sku, &body)
    }

    /// Offers a voucher for an hour.
    ///
    /// # Errors
    /// When the API does not answer.
    pub fn bid_to_sell(&self, token: &str, voucher: &Value, price: u64) -> Result<Answer> {
        let voucher_id = &voucher["voucher_id"];
        let body = json!({ "side": "sell", "price": price, "expires_at": ahead(HOUR), "voucher_id": voucher_id });
        self.bid(token, text(voucher, "sku")?, &body)
    }

    /// Places a bid of any kind.
    ///
    /// # Errors
    /// When the API does not answer.
    pub fn bid(&self, token: &str, sku: &str, body: &Value) -> Result<Answer> {
        let call = self.api.call("POST", &format!("/products/{sku}/bids")).token(token);
        call.key(&self.unique("bid")).json(body).send()
    }

    /// Takes the best bid of the other side.
    ///
    /// # Errors
    /// When the API does not answer.
    pub fn take(&self, token: &str, sku: &str, key: &str, body: &Value) -> Result<Answer> {
        let call = self.api.call("POST", &format!("/products/{sku}/bids/take"));
        call.token(token).key(key).json(body).send()
    }

    /// Gives up a bid.
    ///
    /// # Errors
    /// When the API does not answer.
    pub fn give_up(&self, token: &str, bid: &Value) -> Result<Answer> {
        let call = self.api.call("POST", &format!("/bids/{}/cancel", text(bid, "bid_id")?));
        call.token(token).key(&self.unique("cancel")).send()
    }

    /// The prices on a side of the book, best first, as anybody sees them.
    ///
    /// # Errors
    /// When the book is not shown.
    pub fn book(&self, sku: &str, side: &str) -> Result<Vec<u64>> {
        let book = self
            .api
            .call("GET", &format!("/products/{sku}/bids"))
            .send()?
            .expect(200)?;
        let bids = book[side]["bids"]
            .as_array()
            .with_context(|| format!("no {side} in {book}"))?;
        bids.iter()
            .map(|bid| bid["price"].as_u64().context("no price"))
            .collect()
    }

    /// Waits for the event about a bid or a trade: `id` is its member in both.
    ///
    /// # Errors
    /// When it does not come in time.
    pub fn bid_event(&self, detail_type: &str, id: &str, value: &Value, within: std::time::Duration) -> Result<Value> {
        let event = self
            .tap
            .wait_for(detail_type, |event| event.detail["data"][id] == value[id], within)?;
        Ok(event.detail)
    }
}

/// So long from now on.
pub fn ahead(time: SignedDuration) -> String {
    (Timestamp::now() + time).to_string()
}
