//! A shop with payments: the payment functions on a sandbox of the providers, whose ledger records every charge.

use std::future::pending;
use std::ops::Deref;
use std::sync::Arc;

use futures::future::BoxFuture;

use harness::audit::LedgerAudit;
use harness::bus::FakeBus;
use harness::gateway::{Answer, Call};
use harness::{CARRIER_CREDENTIALS, FakeVault, Services};
use lambda_http::http::{Request, Response};
use payments::receive_webhook::ReceiveWebhook;
use payments::reconcile_payments::{ReconcilePayments, Summary};
use payments::refund_payment::RefundPayment;
use sandbox::{Entry, Options, Outcome, Sandbox, Webhook};
use serde_json::{Value, json};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::transport::{HttpsTransport, Transport};
use shared::core::actor::Actor;
use shared::core::error::Cause;
use shared::payments::PaymentService;

use tokio::task::yield_now;

use crate::Shop;

/// The secrets of the carrier `CJ`: two, as during a rotation.
pub const CARRIER_SECRETS: [&str; 2] = ["whsec_Y2FycmllciBzZWNyZXQ=", "whsec_Y2FycmllciByb2xsZWQ="];
/// The secret of the carrier `Hanjin`.
pub const HANJIN_SECRET: &str = "whsec_aGFuamluIHNlY3JldA==";

/// A shop with payments. Dereferences to its [`Shop`].
#[derive(Debug)]
pub struct PaymentFixture {
    /// The shop.
    pub shop: Shop,
    /// The providers' sandbox.
    pub sandbox: Arc<Sandbox>,
    /// The secret with the providers' credentials.
    pub vault: FakeVault,
    /// The bus, for events that no table carries.
    pub bus: FakeBus,
    platform: Platform,
    /// Built once, as in a warm function: it fetches its secrets once.
    webhook: ReceiveWebhook,
}

impl Deref for PaymentFixture {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl PaymentFixture {
    /// Adds payments to a shop.
    pub async fn in_shop(shop: Shop) -> Self {
        let options = Options {
            clock: shop.clock(),
            ..Options::default()
        };
        let vault = FakeVault::with(&credentials(&options));
        let sandbox = Arc::new(Sandbox::start(options).await);
        let transport = Arc::new(HttpsTransport::new().expect("TLS"));
        Self::of(shop, sandbox, vault, transport)
    }

    /// Adds payments to a shop, with providers in this process, for tests with very many calls.
    pub fn without_sockets(shop: Shop) -> Self {
        let options = Options {
            clock: shop.clock(),
            ..Options::default()
        };
        let vault = FakeVault::with(&credentials(&options));
        let sandbox = Arc::new(Sandbox::in_process(options));
        let transport = Arc::new(InProcess(Arc::clone(&sandbox)));
        Self::of(shop, sandbox, vault, transport)
    }

    fn of(shop: Shop, sandbox: Arc<Sandbox>, vault: FakeVault, transport: Arc<dyn Transport>) -> Self {
        vault.set_secret(CARRIER_CREDENTIALS, &carriers(&CARRIER_SECRETS));
        let bus = FakeBus::default();
        let services = Services {
            secrets: Some(vault.clone()),
            kms: Some(shop.kms.clone()),
            bus: Some(bus.clone()),
            ..Services::default()
        };
        let platform = shop
            .platform()
            .with_aws(services.config())
            .with_transport(transport)
            .with_variable("TOSS_URL", sandbox.toss_url())
            .with_variable("STRIPE_URL", sandbox.stripe_url())
            .with_variable("KAKAOPAY_URL", sandbox.kakaopay_url());
        Self {
            webhook: ReceiveWebhook::new(&platform).expect("its variables"),
            shop,
            sandbox,
            vault,
            bus,
            platform,
        }
    }

    /// Opens a shop with a listed product of 1,000 won in one shard, and `units` of it.
    pub async fn with(sku: &str, units: u64) -> Self {
        Self::in_shop(Shop::with(sku, 1, units).await).await
    }

    /// Returns the platform that its functions are built from.
    pub fn platform(&self) -> Platform {
        self.platform.clone()
    }

    /// Returns the payment service that functions use.
    pub fn service(&self) -> PaymentService {
        PaymentService::new(&self.platform).expect("its variables")
    }

    /// Calls `start-payment`.
    pub async fn start(&self, call: Call) -> Answer {
        let function = payments::start_payment::StartPayment::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            payments::start_payment::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `confirm-payment`.
    pub async fn confirm(&self, call: Call) -> Answer {
        self.confirm_in(call, self.invocation()).await
    }

    /// Calls `confirm-payment` in this invocation.
    pub async fn confirm_in(&self, call: Call, invocation: Invocation) -> Answer {
        let function = payments::confirm_payment::ConfirmPayment::new(&self.platform()).expect("its variables");
        call.send(invocation, |request, invocation| {
            payments::confirm_payment::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `get-payment`.
    pub async fn get(&self, call: Call) -> Answer {
        let function = payments::get_payment::GetPayment::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            payments::get_payment::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `request-refund`.
    pub async fn request_refund(&self, call: Call) -> Answer {
        let function = payments::request_refund::RequestRefund::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            payments::request_refund::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `resolve-review`.
    pub async fn resolve(&self, call: Call) -> Answer {
        let function = payments::resolve_review::ResolveReview::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            payments::resolve_review::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `receive-webhook` with any request.
    pub async fn webhook(&self, call: Call) -> Answer {
        call.send(self.invocation(), |request, invocation| {
            payments::receive_webhook::handle(&self.webhook, request, invocation)
        })
        .await
    }

    /// Calls `receive-webhook` with a provider's webhook.
    pub async fn deliver(&self, webhook: &Webhook) -> Answer {
        self.webhook(webhook_call(webhook)).await
    }

    /// Delivers every pending webhook once and returns the statuses.
    pub async fn deliver_all(&self) -> Vec<u16> {
        let mut statuses = vec![];
        for webhook in self.sandbox.webhooks() {
            statuses.push(self.deliver(&webhook).await.status);
        }
        statuses
    }

    /// Calls `refund-payment` with an event.
    pub async fn refund(&self, detail_type: &str, data: &Value) -> Result<(), shared::Error> {
        let event = serde_json::from_value(self.delivery("madang.orders", detail_type, data)).expect("an event");
        let function = RefundPayment::new(&self.platform()).expect("its variables");
        let invocation = self.invocation().by(Actor::function("refund-payment"));
        payments::refund_payment::handle(&function, event, invocation).await
    }

    /// Calls `reconcile-payments`.
    pub async fn reconcile(&self) -> Summary {
        self.try_reconcile().await.expect("a run")
    }

    /// Calls `reconcile-payments` and returns its error, if any.
    pub async fn try_reconcile(&self) -> Result<Summary, shared::Error> {
        let function = ReconcilePayments::new(&self.platform()).expect("its variables");
        let invocation = self.invocation().by(Actor::schedule("reconcile-payments"));
        payments::reconcile_payments::handle(&function, invocation).await
    }

    /// Audits the tables and the ledger.
    pub async fn ledger_audit(&self) -> LedgerAudit {
        LedgerAudit::of(&self.engine, self.sandbox.ledger()).await
    }

    /// Returns the only entry of the ledger.
    pub fn charged(&self) -> Entry {
        let mut entries = self.sandbox.ledger();
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries.remove(0)
    }

    /// Returns an order's status, as its customer sees it.
    pub async fn order_status(&self, customer: &str, order_id: &str) -> String {
        let order = self.see(customer, order_id).await;
        order.body["status"].as_str().expect("an order").to_owned()
    }

    /// Returns a payment, as an administrator sees it.
    pub async fn payment(&self, id: &Value) -> Value {
        let id = id.as_str().expect("a payment's id");
        let call = Call::new("GET", "/payments/{payment_id}").path("payment_id", id);
        let answer = self.get(call.by_admin()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// Returns an order's payment.
    pub async fn payment_of(&self, customer: &str, order_id: &str) -> Value {
        let order = self.see(customer, order_id).await;
        self.payment(&order.body["payment_id"]).await
    }
}

/// Calls the sandbox in this process, with an await before and after it at which a test can drop the caller.
#[derive(Debug)]
struct InProcess(Arc<Sandbox>);

impl Transport for InProcess {
    fn send(&self, request: Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Vec<u8>>, Cause>> {
        Box::pin(async move {
            yield_now().await;
            let fate = self.0.serve(request);
            yield_now().await;
            match fate {
                Outcome::Answered(answer) | Outcome::AnsweredLate(_, answer) => {
                    let mut response = Response::new(answer.body);
                    *response.status_mut() = answer.status.try_into()?;
                    Ok(response)
                }
                Outcome::NeverAnswered => pending().await,
                Outcome::ConnectionClosed => Err("the connection was closed".into()),
            }
        })
    }
}

/// Returns the secret with the sandbox's credentials.
pub fn credentials(options: &Options) -> Value {
    json!({
        "toss": { "secret_key": options.toss_secret_key },
        "stripe": {
            "secret_key": options.stripe_secret_key,
            "webhook_secrets": options.stripe_webhook_secrets,
        },
        "kakaopay": { "secret_key": options.kakaopay_secret_key, "cid": options.kakaopay_cid },
        "standard": { "webhook_secrets": options.standard_webhook_secrets },
    })
}

/// Returns the secret of carriers: `secrets` of the one that is called `CJ` and `CJ Logistics`, and one of `Hanjin`.
pub fn carriers(secrets: &[&str]) -> Value {
    json!({
        "CJ": { "webhook_secrets": secrets },
        "CJ Logistics": { "webhook_secrets": secrets },
        "Hanjin": { "webhook_secrets": [HANJIN_SECRET] },
    })
}

/// Builds a customer's confirmation of a Toss payment, under `key`.
pub fn toss_call(customer: &str, key: &str, order_id: &str, payment_key: &str, won: u64) -> Call {
    let body = json!({ "provider": "TOSS", "payment_key": payment_key, "amount": amount(won) });
    confirm_call(customer, key, order_id, &body)
}

/// Builds a customer's confirmation of a Stripe payment, under `key`.
pub fn stripe_call(customer: &str, key: &str, order_id: &str, payment_intent: &str, won: u64) -> Call {
    let body = json!({ "provider": "STRIPE", "payment_intent": payment_intent, "amount": amount(won) });
    confirm_call(customer, key, order_id, &body)
}

/// Builds a customer's confirmation of a KakaoPay payment, under `key`.
pub fn kakaopay_call(customer: &str, key: &str, order_id: &str, pg_token: &str, won: u64) -> Call {
    let body = json!({ "provider": "KAKAOPAY", "pg_token": pg_token, "amount": amount(won) });
    confirm_call(customer, key, order_id, &body)
}

/// Builds a customer's confirmation of a payment, under `key`.
pub fn confirm_call(customer: &str, key: &str, order_id: &str, body: &Value) -> Call {
    let call = Call::new("POST", "/orders/{order_id}/payments/confirm").path("order_id", order_id);
    call.by(customer).key(key).json(body)
}

/// Builds a customer's request to start a payment, under `key`.
pub fn start_call(customer: &str, key: &str, provider: &str, order_id: &str) -> Call {
    let body = json!({
        "provider": provider,
        "return_urls": {
            "approval": "https://shop.example.com/paid",
            "cancel": "https://shop.example.com/cart",
            "fail": "https://shop.example.com/failed",
        },
    });
    let call = Call::new("POST", "/orders/{order_id}/payments").path("order_id", order_id);
    call.by(customer).key(key).json(&body)
}

/// Builds a webhook's request as the gateway sends it.
pub fn webhook_call(webhook: &Webhook) -> Call {
    let provider = webhook.path.rsplit('/').next().expect("a path");
    let mut call = Call::new("POST", "/webhooks/{provider}").path("provider", provider);
    for (name, value) in &webhook.headers {
        call = call.header(&name.to_lowercase(), value);
    }
    call.text(std::str::from_utf8(&webhook.body).expect("text"))
}

/// Returns an amount of won.
pub fn amount(won: u64) -> Value {
    json!({ "amount": won, "currency": "KRW" })
}
