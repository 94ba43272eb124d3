//! A client of the deployed stack: its API, two shoppers, an administrator, the events on the bus, and the payment
//! sandbox.

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
pub const EVENT_DEADLINE: Duration = Duration::from_secs(60);

/// The carrier that reports deliveries.
pub const CARRIER: &str = "Courtyard Post";
/// The secret of its webhooks.
pub const CARRIER_SECRET: &str = "whsec_Y291cnR5YXJkIHBvc3Q=";

/// The deployed shop and its users.
pub struct Shop {
    /// The API.
    pub api: Api,
    /// The events on the bus.
    pub tap: Tap,
    /// Token of a shopper.
    pub ann: String,
    /// Token of another shopper.
    pub bob: String,
    /// Token of an administrator.
    pub admin: String,
    /// The deployed stack.
    pub stack: Stack,
    turn: Mutex<()>,
    run: String,
    made: AtomicU32,
}

impl Shop {
    /// Connects to a stack: signs up its users, subscribes to its bus, and gives the carrier its secret.
    ///
    /// # Errors
    /// If the stack does not respond.
    pub fn open(stack: &Stack) -> Result<Self> {
        let secret = json!({
            "SecretId": stack.outputs.get("CarrierCredentialsArn"),
            "SecretString": json!({ CARRIER: { "webhook_secrets": [CARRIER_SECRET] } }).to_string(),
        });
        stack.aws("secretsmanager").call("PutSecretValue", &secret)?;
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

    /// Returns the sandbox that receives the shop's payments.
    ///
    /// # Errors
    /// If there is none; the message says how to set one up.
    pub fn sandbox(&self) -> Result<&Sandbox> {
        self.stack.sandbox()
    }

    /// Locks the planning of provider faults, since a planned fault applies to the next call of any test.
    pub fn lock_faults(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a name that no other test or run uses.
    pub fn unique(&self, what: &str) -> String {
        format!("{what}-{}-{}", self.run, self.made.fetch_add(1, Ordering::Relaxed))
    }

    /// Lists a new product of 1,000 won with `units` in `shards` shards and returns its SKU.
    ///
    /// # Errors
    /// If the API refuses.
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

    /// Lists `units` of a new product and returns its SKU.
    ///
    /// # Errors
    /// If the API refuses.
    pub fn list(&self, sku: String, product: &Value, units: u32) -> Result<String> {
        let mut product = product.clone();
        product["sku"] = json!(sku);
        let create = self.api.call("POST", "/admin/products").token(&self.admin);
        create.key(&sku).json(&product).send()?.expect(201)?;
        self.move_stock(&sku, &json!({ "kind": "RECEIPT", "quantity": units }))?
            .expect(201)?;
        Ok(sku)
    }

    /// Moves stock of a product, as an administrator.
    ///
    /// # Errors
    /// If the API does not respond.
    pub fn move_stock(&self, sku: &str, movement: &Value) -> Result<Answer> {
        let call = self
            .api
            .call("POST", &format!("/admin/products/{sku}/stock-movements"))
            .token(&self.admin);
        call.key(&self.unique("movement")).json(movement).send()
    }

    /// Returns the available units of a product.
    ///
    /// # Errors
    /// If the API refuses.
    pub fn available(&self, sku: &str) -> Result<u64> {
        let product = self.api.call("GET", &format!("/products/{sku}")).send()?.expect(200)?;
        Ok(product["available"].as_u64().unwrap_or_default())
    }

    /// Orders `quantity` units under `key`.
    ///
    /// # Errors
    /// If the API does not respond.
    pub fn order(&self, token: &str, key: &str, sku: &str, quantity: i64) -> Result<Answer> {
        let body = json!({ "items": [{ "sku": sku, "quantity": quantity }] });
        self.api
            .call("POST", "/orders")
            .token(token)
            .key(key)
            .json(&body)
            .send()
    }

    /// Returns the response at `path` for the user of `token`.
    ///
    /// # Errors
    /// If the status is not 200.
    pub fn get(&self, token: &str, path: &str) -> Result<Value> {
        self.api.call("GET", path).token(token).send()?.expect(200)
    }

    /// Returns the current order.
    ///
    /// # Errors
    /// If the user of `token` cannot read it.
    pub fn current_order(&self, token: &str, order: &Value) -> Result<Value> {
        self.get(token, &format!("/orders/{}", text(order, "order_id")?))
    }

    /// Waits for an event of this order.
    ///
    /// # Errors
    /// If the event does not arrive in time.
    pub fn event(&self, detail_type: &str, order: &Value, within: Duration) -> Result<Value> {
        let id = &order["order_id"];
        let event = self
            .tap
            .wait_for(detail_type, |event| event.detail["data"]["order_id"] == *id, within)?;
        Ok(event.detail)
    }

    /// Repeats a request until `wanted` accepts the response.
    ///
    /// # Errors
    /// The last response, after the deadline.
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
            // Reading the bus is the delay between two requests.
            self.tap.events()?;
        }
    }
}

/// Returns a text member.
///
/// # Errors
/// If the member is not text.
pub fn text<'a>(value: &'a Value, member: &str) -> Result<&'a str> {
    let text = value[member].as_str();
    text.with_context(|| format!("no {member} in {value}"))
}

/// Returns a contact and an address.
pub fn delivery_details() -> Value {
    json!({
        "contact": { "name": "Kim Minji", "email": "minji@example.com" },
        "shipping_address": {
            "recipient": "Kim Minji",
            "line1": "110, Sejong-daero",
            "city": "Seoul",
            "postal_code": "04524",
            "country": "KR",
        },
    })
}
