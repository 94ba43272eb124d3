//! The deployed shop as its clients meet it: an API, two shoppers, an administrator, the events on the bus, and the
//! sandbox of the payment providers.

pub mod bid;
pub mod pay;
pub mod sign;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use local_cloud::{Answer, Api, Sandbox, Stack, Tap};
use serde_json::{Value, json};

/// How long an event may take from a change to the bus.
pub const SOON: Duration = Duration::from_secs(60);

/// The shop and who comes to it.
pub struct Shop {
    /// Its API.
    pub api: Api,
    /// What its bus delivers.
    pub tap: Tap,
    /// A shopper's token.
    pub ann: String,
    /// Another shopper's token.
    pub bob: String,
    /// An administrator's token.
    pub admin: String,
    /// What is deployed.
    pub stack: Stack,
    turn: Mutex<()>,
    run: String,
    made: AtomicU32,
}

impl Shop {
    /// Meets the stack: signs its users up and listens to its bus.
    ///
    /// # Errors
    /// When the stack does not answer.
    pub fn open(stack: &Stack) -> Result<Self> {
        Ok(Self {
            api: stack.api(),
            tap: stack.tap()?,
            ann: stack.sign_up("ann", &[])?,
            bob: stack.sign_up("bob", &[])?,
            admin: stack.sign_up("admin", &["admin"])?,
            stack: stack.clone(),
            turn: Mutex::default(),
            run: format!("{:x}", std::process::id()),
            made: AtomicU32::new(0),
        })
    }

    /// The sandbox that the shop's payments go to.
    ///
    /// # Errors
    /// When there is none; the message says how to have one.
    pub fn sandbox(&self) -> Result<&Sandbox> {
        self.stack.sandbox()
    }

    /// The turn of a test that plans a provider's faults, or calls what others plan them for: a fault meets whoever
    /// calls next.
    pub fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A name that no other test, and no other run, has.
    pub fn unique(&self, what: &str) -> String {
        format!("{what}-{}-{}", self.run, self.made.fetch_add(1, Ordering::Relaxed))
    }

    /// Lists a new product of 1,000 won with `units` in `shards` shards, and answers its sku.
    ///
    /// # Errors
    /// When the API refuses.
    pub fn product(&self, units: u32, shards: u8) -> Result<String> {
        let sku = self.unique("tea");
        let product = json!({
            "name": "Green tea, 100 g",
            "price": { "amount": 1000, "currency": "KRW" },
            "status": "LISTED",
            "stock_shards": shards,
        });
        self.list(sku, &product, units)
    }

    /// Lists `units` of a new product, and answers its sku.
    ///
    /// # Errors
    /// When the API refuses.
    pub fn list(&self, sku: String, product: &Value, units: u32) -> Result<String> {
        let put = self.api.call("PUT", &format!("/products/{sku}")).token(&self.admin);
        put.json(product).send()?.expect(200)?;
        let receive = self
            .api
            .call("POST", &format!("/products/{sku}/stock"))
            .token(&self.admin);
        let body = json!({ "quantity": units });
        receive.key(&self.unique("delivery")).json(&body).send()?.expect(201)?;
        Ok(sku)
    }

    /// What the API says can be sold of a product.
    ///
    /// # Errors
    /// When the product is not shown.
    pub fn available(&self, sku: &str) -> Result<u64> {
        let product = self.api.call("GET", &format!("/products/{sku}")).send()?.expect(200)?;
        Ok(product["available"].as_u64().unwrap_or_default())
    }

    /// Orders `quantity` units under `key`.
    ///
    /// # Errors
    /// When the API does not answer.
    pub fn order(&self, token: &str, key: &str, sku: &str, quantity: i64) -> Result<Answer> {
        let body = json!({ "items": [{ "sku": sku, "quantity": quantity }] });
        self.api
            .call("POST", "/orders")
            .token(token)
            .key(key)
            .json(&body)
            .send()
    }

    /// What is answered at `path` to the one whom `token` names.
    ///
    /// # Errors
    /// When it is not 200.
    pub fn get(&self, token: &str, path: &str) -> Result<Value> {
        self.api.call("GET", path).token(token).send()?.expect(200)
    }

    /// The order as it stands now.
    ///
    /// # Errors
    /// When it is not shown to the one whom `token` names.
    pub fn order_again(&self, token: &str, order: &Value) -> Result<Value> {
        self.get(token, &format!("/orders/{}", text(order, "order_id")?))
    }

    /// Waits for the event of this order.
    ///
    /// # Errors
    /// When it does not come in time.
    pub fn event(&self, detail_type: &str, order: &Value, within: Duration) -> Result<Value> {
        let id = &order["order_id"];
        let event = self
            .tap
            .wait_for(detail_type, |event| event.detail["data"]["order_id"] == *id, within)?;
        Ok(event.detail)
    }

    /// Asks again until `wanted` accepts the answer.
    ///
    /// # Errors
    /// With the last answer, when the time is over.
    pub fn until(
        &self,
        within: Duration,
        ask: impl Fn() -> Result<Value>,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let deadline = Instant::now() + within;
        loop {
            let answer = ask()?;
            if wanted(&answer) {
                return Ok(answer);
            }
            if Instant::now() > deadline {
                bail!("still {answer} after {within:?}");
            }
            // Listening to the bus is the pause between two questions.
            self.tap.events()?;
        }
    }
}

/// A member that is text.
///
/// # Errors
/// When it is not.
pub fn text<'a>(value: &'a Value, member: &str) -> Result<&'a str> {
    let text = value[member].as_str();
    text.with_context(|| format!("no {member} in {value}"))
}
