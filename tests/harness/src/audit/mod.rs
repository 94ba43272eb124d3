//! Audits: read all tables directly, without the code under test, and check that they are consistent.
//!
//! A `check_…` function returns the first violation as an error. The matching `assert_…` function panics instead.

mod line_refunds;
mod money;
mod periods;
mod points;
mod prices;
mod returns;
mod seats;
mod stock;
mod units;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

pub use line_refunds::check_line_refunds;
pub use money::LedgerAudit;
pub use periods::Periods;
pub use points::AuctionAudit;
pub use prices::check_prices;
pub use returns::check_returns;
pub use seats::{check_seats, check_seats_and_tickets};
pub use stock::{Balance, balances};
pub use units::{check_holds, check_units};

use crate::engine::{CATALOG, Engine, LISTINGS, ORDERS, PAYMENTS, SHOWS, SUBSCRIPTIONS};

impl Engine {
    /// Returns the balance of each product.
    pub async fn balances(&self) -> BTreeMap<String, Balance> {
        let (orders, subscriptions) = (self.items(ORDERS).await, self.items(SUBSCRIPTIONS).await);
        stock::balances(&self.items(CATALOG).await, orders.iter().chain(&subscriptions))
    }

    /// Returns the balance of one product, after checking that its units are conserved.
    pub async fn balance(&self, sku: &str) -> Balance {
        let balances = self.balances().await;
        for balance in balances.values() {
            balance.check().expect("units are conserved");
        }
        balances.get(sku).copied().unwrap_or_default()
    }

    /// Returns the units in each shard of a product that has had stock.
    pub async fn shards(&self, sku: &str) -> Vec<i64> {
        let prefix = format!("STOCK#{sku}#");
        let items = self.items(CATALOG).await;
        let stock = items.iter().filter(|item| text(&item["pk"]).starts_with(&prefix));
        stock.map(|item| number(&item["available"])).collect()
    }

    /// Sets a product's shards to exactly these units and records a matching receipt, without its event.
    pub async fn set_shards(&self, sku: &str, levels: &[u64]) {
        let put = |pk: String| {
            self.direct
                .put_item()
                .table_name(CATALOG)
                .item("pk", AttributeValue::S(pk))
        };
        for (shard, units) in levels.iter().enumerate() {
            let put = put(format!("STOCK#{sku}#{shard}")).item("available", AttributeValue::N(units.to_string()));
            put.send().await.expect("a stock item");
        }
        let units: u64 = levels.iter().sum();
        let put = put(format!("MOVEMENT#{sku}"))
            .item("sku", AttributeValue::S(sku.to_owned()))
            .item("kind", AttributeValue::S("RECEIPT".to_owned()))
            .item("change", AttributeValue::N(units.to_string()));
        put.send().await.expect("a receipt");
    }

    /// Sets the name in a product's record, as if it was put before today's rules.
    pub async fn set_product_name(&self, sku: &str, name: &str) {
        self.direct
            .update_item()
            .table_name(CATALOG)
            .key("pk", AttributeValue::S(format!("PRODUCT#{sku}")))
            .update_expression("SET #name = :name")
            .expression_attribute_names("#name", "name")
            .expression_attribute_values(":name", AttributeValue::S(name.to_owned()))
            .send()
            .await
            .expect("the product's name");
    }

    /// Removes the items whose time to live has passed at `now`, in seconds, as DynamoDB does.
    pub async fn sweep(&self, table: &str, now: i64) {
        for item in self.items(table).await {
            if item["swept_at"].as_i64().is_some_and(|at| at < now) {
                let key = AttributeValue::S(text(&item["pk"]).to_owned());
                let delete = self.direct.delete_item().table_name(table).key("pk", key);
                delete.send().await.expect("an item");
            }
        }
    }

    /// Corrupts the card of a product in one list so that it cannot be parsed.
    pub async fn damage_card(&self, sku: &str, sk: &str) {
        let update = self.direct.update_item().table_name(LISTINGS);
        update
            .key("pk", AttributeValue::S(format!("PRODUCT#{sku}")))
            .key("sk", AttributeValue::S(sk.to_owned()))
            .update_expression("SET card = :nonsense")
            .expression_attribute_values(":nonsense", AttributeValue::S("nonsense".to_owned()))
            .send()
            .await
            .expect("a row");
    }

    /// Corrupts a product so that it cannot be parsed.
    pub async fn damage_product(&self, sku: &str) {
        let update = self.direct.update_item().table_name(CATALOG);
        update
            .key("pk", AttributeValue::S(format!("PRODUCT#{sku}")))
            .update_expression("SET version = :nonsense")
            .expression_attribute_values(":nonsense", AttributeValue::S("nonsense".to_owned()))
            .send()
            .await
            .expect("a product");
    }

    /// Corrupts the item with this key in the shows table so that it cannot be parsed.
    pub async fn damage_show(&self, pk: &str) {
        let update = self.direct.update_item().table_name(SHOWS);
        update
            .key("pk", AttributeValue::S(pk.to_owned()))
            .update_expression("SET version = :nonsense")
            .expression_attribute_values(":nonsense", AttributeValue::S("nonsense".to_owned()))
            .send()
            .await
            .expect("a show");
    }

    /// Removes a product, as a restore of the table to an earlier time does.
    pub async fn remove_product(&self, sku: &str) {
        let delete = self.direct.delete_item().table_name(CATALOG);
        let key = AttributeValue::S(format!("PRODUCT#{sku}"));
        delete.key("pk", key).send().await.expect("a product");
    }

    /// Corrupts an order so that it cannot be parsed.
    pub async fn damage_order(&self, order_id: &str) {
        let update = self.direct.update_item().table_name(ORDERS);
        update
            .key("pk", AttributeValue::S(format!("ORDER#{order_id}")))
            .update_expression("SET version = :nonsense")
            .expression_attribute_values(":nonsense", AttributeValue::S("nonsense".to_owned()))
            .send()
            .await
            .expect("an order");
    }

    /// Counts units of an order's first line as delivered and returned.
    pub async fn return_units(&self, order_id: &str, units: u32) {
        let update = self.direct.update_item().table_name(ORDERS);
        let update = update.key("pk", AttributeValue::S(format!("ORDER#{order_id}")));
        let returned = "SET #lines[0].shipped = :units, #lines[0].delivered = :units, #lines[0].returned = :units";
        update
            .update_expression(returned)
            .expression_attribute_names("#lines", "lines")
            .expression_attribute_values(":units", AttributeValue::N(units.to_string()))
            .send()
            .await
            .expect("an order");
    }

    /// Damages a subscription so that it cannot be read.
    pub async fn damage_subscription(&self, subscription_id: &str) {
        let update = self.direct.update_item().table_name(SUBSCRIPTIONS);
        update
            .key("pk", AttributeValue::S(format!("SUBSCRIPTION#{subscription_id}")))
            .key("sk", AttributeValue::S("SUBSCRIPTION".to_owned()))
            .update_expression("SET version = :nonsense")
            .expression_attribute_values(":nonsense", AttributeValue::S("nonsense".to_owned()))
            .send()
            .await
            .expect("a subscription");
    }

    /// Sets the refunded sum of a paid payment, as after a refund that failed later.
    pub async fn set_refunded(&self, payment_id: &str, sum: u64) {
        let update = self.direct.update_item().table_name(PAYMENTS);
        update
            .key("pk", AttributeValue::S(format!("PAYMENT#{payment_id}")))
            .update_expression("SET refunded.amount = :sum, #status = :paid")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":sum", AttributeValue::N(sum.to_string()))
            .expression_attribute_values(":paid", AttributeValue::S("PAID".to_owned()))
            .send()
            .await
            .expect("a payment");
    }

    /// Replaces a subscription's encrypted billing key with another subscription's.
    pub async fn copy_billing_key(&self, from: &str, to: &str) {
        let key = |id: &str| {
            let text = |text: String| AttributeValue::S(text);
            [
                ("pk".to_owned(), text(format!("SUBSCRIPTION#{id}"))),
                ("sk".to_owned(), text("SUBSCRIPTION".to_owned())),
            ]
        };
        let get = self.direct.get_item().table_name(SUBSCRIPTIONS);
        let stolen = get
            .set_key(Some(key(from).into()))
            .send()
            .await
            .expect("a subscription");
        let update = self.direct.update_item().table_name(SUBSCRIPTIONS);
        update
            .set_key(Some(key(to).into()))
            .update_expression("SET #key = :key")
            .expression_attribute_names("#key", "key")
            .expression_attribute_values(":key", stolen.item.expect("a subscription")["key"].clone())
            .send()
            .await
            .expect("a subscription");
    }

    /// Returns every item of a table as JSON; numbers are integers.
    pub async fn items(&self, table: &str) -> Vec<Value> {
        all(&self.direct, table).await.into_iter().map(json_of_item).collect()
    }

    /// Returns the number of items in a table.
    pub async fn count(&self, table: &str) -> usize {
        all(&self.direct, table).await.len()
    }

    /// Returns the events that a table's entities carry, as (detail-type, detail).
    pub async fn events(&self, table: &str) -> Vec<(String, serde_json::Value)> {
        let items = self.items(table).await;
        let events = items.iter().filter_map(|item| item.get("event"));
        events
            .map(|event| {
                let detail = serde_json::from_str(text(&event["detail"])).expect("JSON");
                (text(&event["detail_type"]).to_owned(), detail)
            })
            .collect()
    }
}

type Item = std::collections::HashMap<String, AttributeValue>;

/// Audits may scan; functions may not.
async fn all(client: &Client, table: &str) -> Vec<Item> {
    let pages = client.scan().table_name(table).consistent_read(true).into_paginator();
    pages.items().send().collect::<Result<_, _>>().await.expect("a table")
}

fn json_of_item(item: Item) -> Value {
    item.into_iter().map(|(name, value)| (name, json_of(value))).collect()
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn json_of(value: AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => text.into(),
        AttributeValue::N(digits) => digits.parse::<i64>().expect("an integer").into(),
        AttributeValue::Bool(flag) => flag.into(),
        AttributeValue::L(values) => values.into_iter().map(json_of).collect(),
        AttributeValue::M(item) => json_of_item(item),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::B(bytes) => hex(bytes.as_ref()).into(),
        other => panic!("no entity has {other:?}"),
    }
}

/// Returns what an order costs, from its lines and its shipping alone.
fn cost(order: &Value) -> i64 {
    let of_lines: i64 = array(&order["lines"]).map(line_cost).sum();
    let parts = array(&order["shipping"]["parts"]);
    let of_delivery: i64 = parts.map(|part| amount(&part["price"]) + amount(&part["tax"])).sum();
    of_lines + of_delivery
}

/// Returns what a line costs.
fn line_cost(line: &Value) -> i64 {
    let price = number(&line["unit_price"]["amount"]) * number(&line["quantity"]);
    price - line_discount(line) + amount(&line["tax"])
}

/// Returns what is taken off a line. A line of an order is stored with the shares of the coupons alone.
fn line_discount(line: &Value) -> i64 {
    match &line["discount"] {
        Value::Null => line_shares(line),
        discount => amount(discount),
    }
}

/// Returns the sum of the shares of coupons in a line.
fn line_shares(line: &Value) -> i64 {
    let shares = array(&line["coupon_discounts"]);
    shares.map(|share| amount(&share["amount"])).sum()
}

/// Returns the amount of money; 0 if it is absent.
fn amount(money: &Value) -> i64 {
    money["amount"].as_i64().unwrap_or_default()
}

/// Returns the elements of an array; none if it is absent.
fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Returns the items whose key begins with `kind`.
fn of_kind<'a>(items: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    items.iter().filter(move |item| text(&item["pk"]).starts_with(kind))
}

/// Returns a number that is not stored when it is 0.
fn count(item: &Value, name: &str) -> i64 {
    item[name].as_i64().unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn number(value: &Value) -> i64 {
    value.as_i64().expect("a number")
}
