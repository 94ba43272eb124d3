//! A shop with subscriptions: the subscription functions on a payment fixture, a queue and KMS.

use std::ops::Deref;
use std::time::Duration;

use billing::charge_service::ChargeService;
use billing::charge_subscription::ChargeSubscription;
use billing::enqueue_due_charges::{EnqueueDueCharges, Summary};
use billing::subscription::{MissedPeriods, Policy};
use harness::engine::ACCOUNTS;
use harness::gateway::{Answer, Call};
use harness::queue::Delivery;
use harness::{FakeKms, FakeQueue, Services};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::aws::Platform;
use shared::core::actor::Actor;
use uuid::Uuid;

use crate::{PaymentFixture, Shop};

/// A shop with subscriptions. Dereferences to its [`PaymentFixture`].
#[derive(Debug)]
pub struct BillingFixture {
    /// The payment fixture.
    pub payments: PaymentFixture,
    /// KMS, which encrypts billing keys.
    pub kms: FakeKms,
    /// The queue of commands.
    pub queue: FakeQueue,
    platform: Platform,
}

impl Deref for BillingFixture {
    type Target = PaymentFixture;

    fn deref(&self) -> &PaymentFixture {
        &self.payments
    }
}

impl BillingFixture {
    /// Adds subscriptions to a shop.
    pub async fn in_shop(shop: Shop) -> Self {
        Self::at(PaymentFixture::in_shop(shop).await)
    }

    /// Adds subscriptions to a payment fixture.
    pub fn at(payments: PaymentFixture) -> Self {
        let queue = FakeQueue::new(SignedDuration::from_mins(15), 5);
        let kms = payments.kms.clone();
        let services = Services {
            secrets: Some(payments.vault.clone()),
            kms: Some(kms.clone()),
            queue: Some(queue.clone()),
            ..Services::default()
        };
        Self {
            platform: payments.platform().with_aws(services.config()),
            payments,
            kms,
            queue,
        }
    }

    /// Opens a shop with a listed product of 1,000 won in one shard, and `units` of it.
    pub async fn with(sku: &str, units: u64) -> Self {
        Self::in_shop(Shop::with(sku, 1, units).await).await
    }

    /// Sets an environment variable of its functions.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.platform = self.platform.with_variable(name, value);
        self
    }

    /// Returns the platform that its functions are built from.
    pub fn platform(&self) -> Platform {
        self.platform.clone()
    }

    /// Returns the charge service that `charge-subscription` uses.
    pub fn service(&self) -> ChargeService {
        ChargeService::new(&self.platform).expect("its variables")
    }

    /// Calls `create-subscription`.
    pub async fn create_subscription(&self, call: Call) -> Answer {
        let function = billing::create_subscription::CreateSubscription::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            billing::create_subscription::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `get-subscription`.
    pub async fn get_subscription(&self, call: Call) -> Answer {
        let function = billing::get_subscription::GetSubscription::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            billing::get_subscription::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-invoices`.
    pub async fn list_invoices(&self, call: Call) -> Answer {
        let function = billing::list_invoices::ListInvoices::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            billing::list_invoices::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-subscriptions`.
    pub async fn list_subscriptions(&self, call: Call) -> Answer {
        let function = billing::list_subscriptions::ListSubscriptions::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            billing::list_subscriptions::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `list-customer-subscriptions`.
    pub async fn list_customer_subscriptions(&self, call: Call) -> Answer {
        let function = billing::list_customer_subscriptions::ListCustomerSubscriptions::new(&self.platform());
        let function = function.expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            billing::list_customer_subscriptions::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `update-subscription`.
    pub async fn update_subscription(&self, call: Call) -> Answer {
        let function = billing::update_subscription::UpdateSubscription::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            billing::update_subscription::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `pause-subscription`.
    pub async fn pause_subscription(&self, call: Call) -> Answer {
        let function = billing::pause_subscription::PauseSubscription::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            billing::pause_subscription::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `resume-subscription`.
    pub async fn resume_subscription(&self, call: Call) -> Answer {
        let function = billing::resume_subscription::ResumeSubscription::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            billing::resume_subscription::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `skip-period`.
    pub async fn skip_period(&self, call: Call) -> Answer {
        let function = billing::skip_period::SkipPeriod::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            billing::skip_period::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `continue-subscription`.
    pub async fn continue_subscription(&self, call: Call) -> Answer {
        let function = billing::continue_subscription::ContinueSubscription::new(&self.platform());
        let function = function.expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            billing::continue_subscription::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `cancel-subscription`.
    pub async fn cancel_subscription(&self, call: Call) -> Answer {
        let function = billing::cancel_subscription::CancelSubscription::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            billing::cancel_subscription::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `resolve-charge`.
    pub async fn resolve_charge(&self, call: Call) -> Answer {
        let function = billing::resolve_charge::ResolveCharge::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            billing::resolve_charge::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `request-new-card` for each event of a deleted billing key on the bus.
    pub async fn request_new_cards(&self) {
        let function = billing::request_new_card::RequestNewCard::new(&self.platform()).expect("its variables");
        for entry in self.bus.published() {
            let detail: Value = serde_json::from_str(entry["Detail"].as_str().expect("text")).expect("JSON");
            let event = json!({ "source": entry["Source"], "detail-type": entry["DetailType"], "detail": detail });
            let event = serde_json::from_value(event).expect("an event of a deleted billing key");
            let invocation = self.invocation().by(Actor::function("request-new-card"));
            let done = billing::request_new_card::handle(&function, event, invocation).await;
            done.expect("the subscription asks for a new card");
        }
    }

    /// Calls `cancel-subscriptions` for the latest erasure of each customer.
    pub async fn cancel_erased_subscriptions(&self) {
        self.try_cancel_erased_subscriptions()
            .await
            .expect("the subscriptions end");
    }

    /// Calls `cancel-subscriptions` for the latest erasure of each customer, and returns its error, if any. It looks twice without
    /// a pause.
    ///
    /// # Errors
    /// The function's.
    pub async fn try_cancel_erased_subscriptions(&self) -> Result<(), shared::Error> {
        let function = billing::cancel_subscriptions::CancelSubscriptions::new(&self.platform());
        let mut function = function.expect("its variables");
        function.index_lag = Duration::ZERO;
        for (name, detail) in self.engine.events(ACCOUNTS).await {
            let event = json!({ "source": "madang.accounts", "detail-type": name, "detail": detail });
            let event = serde_json::from_value(event).expect("an event of an erasure");
            let invocation = self.invocation().by(Actor::function("cancel-subscriptions"));
            billing::cancel_subscriptions::handle(&function, event, invocation).await?;
        }
        Ok(())
    }

    /// Calls `enqueue-due-charges`.
    pub async fn enqueue_due_charges(&self) -> Summary {
        self.try_enqueue_due_charges().await.expect("a run")
    }

    /// Calls `enqueue-due-charges` and returns its error, if any.
    pub async fn try_enqueue_due_charges(&self) -> Result<Summary, shared::Error> {
        let function = EnqueueDueCharges::new(&self.platform()).expect("its variables");
        let invocation = self.invocation().by(Actor::schedule("enqueue-due-charges"));
        billing::enqueue_due_charges::handle(&function, invocation).await
    }

    /// Calls `charge-subscription` with a batch.
    pub async fn charge(&self, delivery: &Delivery) {
        let function = ChargeSubscription::new(&self.platform()).expect("its variables");
        let invocation = self.invocation().by(Actor::function("charge-subscription"));
        let response = billing::charge_subscription::handle(&function, delivery.batch.clone(), invocation).await;
        self.queue.settle(delivery, &response.expect("an answer"));
    }

    /// Processes all visible messages of the queue and returns their number.
    pub async fn process_queue(&self) -> usize {
        let mut charge_queue = 0;
        while let Some(delivery) = self.queue.receive(10, self.now()) {
            charge_queue += delivery.batch.messages.len();
            self.charge(&delivery).await;
        }
        charge_queue
    }

    /// Enqueues what is due, processes the queue, and returns the number of commands.
    pub async fn run(&self) -> usize {
        self.enqueue_due_charges().await;
        self.process_queue().await
    }

    /// Advances the clock by `time`, with a run every `step`.
    pub async fn advance_with_runs(&self, time: SignedDuration, step: SignedDuration) {
        let end = self.now() + time;
        while self.now() < end {
            self.advance(step.min(end.duration_since(self.now())));
            self.run().await;
        }
    }

    /// Returns the authorization that Toss's card window gives a customer.
    pub fn authorization(&self, customer: &str) -> Value {
        let customer_key = customer_key(customer);
        json!({
            "provider": "TOSS",
            "auth_key": self.sandbox.toss_authorize_card(&customer_key),
            "customer_key": customer_key,
        })
    }

    /// Returns the billing key at Toss that charges a customer.
    pub fn billing_key(&self, customer: &str) -> String {
        let mut keys = self.sandbox.toss_billing_keys(&customer_key(customer));
        assert_eq!(keys.len(), 1, "{keys:?}");
        keys.remove(0)
    }

    /// Creates a customer's monthly subscription of one `sku`, starting today at 09:00 in Seoul, and returns its id.
    pub async fn subscribed(&self, customer: &str, sku: &str) -> String {
        let schedule = monthly("2026-01-01");
        let body = subscription(&[(sku, 1)], &schedule, &self.authorization(customer));
        let answer = self
            .create_subscription(subscribe_call(customer, "create-subscription", &body))
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["subscription_id"].as_str().expect("an id").to_owned()
    }

    /// Returns a subscription and its invoices, as its customer sees them.
    pub async fn account(&self, customer: &str, id: &str) -> Value {
        let call = Call::new("GET", "/subscriptions/{subscription_id}").path("subscription_id", id);
        let subscription = self.get_subscription(call.by(customer)).await;
        assert_eq!(subscription.status, 200, "{subscription:?}");
        let call = Call::new("GET", "/subscriptions/{subscription_id}/invoices").path("subscription_id", id);
        let invoices = self.list_invoices(call.by(customer)).await;
        assert_eq!(invoices.status, 200, "{invoices:?}");
        json!({ "subscription": subscription.body, "invoices": invoices.body["items"] })
    }

    /// Returns the status of a subscription and of its invoices, newest first.
    pub async fn statuses(&self, customer: &str, id: &str) -> (String, Vec<String>) {
        let account = self.account(customer, id).await;
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let invoices = account["invoices"].as_array().expect("invoices");
        (
            text(&account["subscription"]["status"]),
            invoices.iter().map(|invoice| text(&invoice["status"])).collect(),
        )
    }

    /// Changes a subscription under `key`, by the operation that [`change_call`] says.
    pub async fn change(&self, customer: &str, id: &str, key: &str, body: &Value) -> Answer {
        let (function, call) = change_call(customer, id, key, body);
        match function {
            "pause-subscription" => self.pause_subscription(call).await,
            "resume-subscription" => self.resume_subscription(call).await,
            "skip-period" => self.skip_period(call).await,
            "continue-subscription" => self.continue_subscription(call).await,
            _ => self.update_subscription(call).await,
        }
    }

    /// Cancels a subscription, `NOW` or at the `PERIOD_END`, with a new key.
    pub async fn end(&self, customer: &str, id: &str, when: &str) -> Answer {
        let key = format!("cancel-{}", Uuid::from_u128(fastrand::u128(..)));
        self.end_by(customer, id, &key, when).await
    }

    /// Cancels a subscription under `key`.
    pub async fn end_by(&self, customer: &str, id: &str, key: &str, when: &str) -> Answer {
        let call = Call::new("POST", "/subscriptions/{subscription_id}/cancel").path("subscription_id", id);
        let call = call.by(customer).key(key).json(&json!({ "when": when }));
        self.cancel_subscription(call).await
    }

    /// Returns the times of all charges, in order.
    pub fn charges(&self) -> Vec<Timestamp> {
        let taken = self.sandbox.ledger().into_iter().filter(|entry| entry.charges > 0);
        taken.map(|entry| entry.charged_at).collect()
    }
}

/// Returns the billing policy: the template's defaults.
pub fn policy() -> Policy {
    Policy {
        retry_days: vec![1, 3, 5, 7],
        past_due_days: 14,
        postponed_hours: 24,
        catch_up_days: 7,
        missed_periods: MissedPeriods::Latest,
    }
}

/// Returns the customer key at Toss.
pub fn customer_key(customer: &str) -> String {
    format!("customer-of-the-shop-{customer}")
}

/// Returns a schedule of every month from `anchor` on, at 09:00 in Seoul.
pub fn monthly(anchor: &str) -> Value {
    schedule(anchor, "09:00:00", "Asia/Seoul", "MONTH", 1)
}

/// Returns a schedule.
pub fn schedule(anchor: &str, time: &str, timezone: &str, unit: &str, count: u16) -> Value {
    json!({
        "anchor": anchor,
        "time": time,
        "timezone": timezone,
        "interval": { "unit": unit, "count": count },
    })
}

/// Returns the body of a subscription.
pub fn subscription(items: &[(&str, i64)], schedule: &Value, authorization: &Value) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
        .collect();
    json!({ "items": items, "schedule": schedule, "authorization": authorization })
}

/// Builds a customer's request to start a subscription, under `key`.
pub fn subscribe_call(customer: &str, key: &str, body: &Value) -> Call {
    Call::new("POST", "/subscriptions").by(customer).key(key).json(body)
}

/// Builds the request of a change, and the name of its function. `change` names it: `{"change": "PAUSE"}`, `RESUME`,
/// `SKIP` with the period, `CONTINUE`; otherwise its other members are the patch.
pub fn change_call(customer: &str, id: &str, key: &str, change: &Value) -> (&'static str, Call) {
    const ROUTE: &str = "/subscriptions/{subscription_id}";
    let mut body = change.clone();
    let name = body.as_object_mut().and_then(|body| body.remove("change"));
    let operation = match name.as_ref().and_then(Value::as_str) {
        Some("PAUSE") => Some(("pause-subscription", "pause")),
        Some("RESUME") => Some(("resume-subscription", "resume")),
        Some("SKIP") => Some(("skip-period", "skip")),
        Some("CONTINUE") => Some(("continue-subscription", "continue")),
        _ => None,
    };
    let (function, call) = match operation {
        Some((function, verb)) => (function, Call::new("POST", &format!("{ROUTE}/{verb}"))),
        None => ("update-subscription", Call::new("PATCH", ROUTE)),
    };
    let call = call.path("subscription_id", id).by(customer).key(key);
    let has_body = body.as_object().is_some_and(|body| !body.is_empty());
    (function, if has_body { call.json(&body) } else { call })
}
