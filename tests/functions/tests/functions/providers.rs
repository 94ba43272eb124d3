//! The providers' APIs: the result of each call, and that no network fault moves money twice or turns a charge into a
//! failure.

mod billing;
mod kakaopay;
mod stripe;
mod toss;
mod vault;

use std::sync::Arc;
use std::time::Duration;

use function_tests::payment_fixture::credentials;
use harness::FakeVault;
use sandbox::{Entry, Fault, Options, Sandbox};
use serde_json::{Value, json};
use shared::aws::transport::HttpsTransport;
use shared::catalog::Product;
use shared::core::country::Country;
use shared::core::identity::CustomerId;
use shared::core::money::Money;
use shared::orders::{Order, OrderId, Pricing};
use shared::payments::provider::{
    Answer, Attempt, ClientParameters, Endpoints, PaymentProvider, Providers, ReturnUrls, Start, Started,
};
use shared::payments::{Failure, Payment, Provider, ProviderStatus, Refund, Report};
use tokio::time::Instant;

/// The total of each order in these tests, in won.
const TOTAL: u64 = 2000;

/// A provider and its sandbox.
struct ProviderFixture {
    sandbox: Sandbox,
    vault: FakeVault,
    providers: Providers,
    provider: Provider,
}

impl ProviderFixture {
    async fn open(provider: Provider) -> Self {
        let sandbox = Sandbox::start(Options::default()).await;
        let vault = FakeVault::with(&credentials(&sandbox.options()));
        Self {
            providers: providers(&sandbox, &vault),
            sandbox,
            vault,
            provider,
        }
    }

    /// Returns the same providers with nothing fetched yet.
    fn reopened(&self) -> Providers {
        providers(&self.sandbox, &self.vault)
    }

    fn api(&self) -> &dyn PaymentProvider {
        self.providers.of(self.provider).unwrap()
    }

    /// Returns the payment of order `n` with this `reference`.
    fn payment(&self, n: u32, reference: &str) -> Payment {
        let order = order(n);
        Payment::new(
            self.provider,
            reference.to_owned(),
            order.order_id,
            order.customer_id,
            order.totals.total,
            order.placed_at,
        )
    }

    async fn try_start(&self, n: u32, request_id: &str) -> Result<Started, shared::Error> {
        let url = |end: &str| format!("https://shop.example.com/{end}");
        let return_urls = ReturnUrls {
            approval: url("paid"),
            cancel: url("cart"),
            fail: url("failed"),
        };
        let order = order(n);
        let start = Start {
            order: &order,
            request_id,
            return_urls: Some(&return_urls),
        };
        self.api().start(&start, ample()).await
    }

    /// Starts a payment for order `n`.
    async fn start(&self, n: u32) -> (Payment, ClientParameters) {
        let started = self.try_start(n, &format!("request-{n}")).await.unwrap();
        (self.payment(n, &started.reference.unwrap()), started.client)
    }

    async fn confirm(&self, payment: &Payment, confirmation: Option<&str>) -> Answer {
        self.confirm_by(payment, confirmation, ample()).await
    }

    async fn confirm_by(&self, payment: &Payment, confirmation: Option<&str>, deadline: Instant) -> Answer {
        let attempt = Attempt {
            payment,
            confirmation,
            nth: 0,
        };
        self.api().confirm(attempt, deadline).await
    }

    async fn find(&self, payment: &Payment) -> Answer {
        let attempt = Attempt {
            payment,
            confirmation: None,
            nth: 0,
        };
        self.api().find(attempt, ample()).await
    }

    async fn abandon(&self, payment: &Payment) -> Answer {
        let attempt = Attempt {
            payment,
            confirmation: None,
            nth: 0,
        };
        self.api().cancel_unpaid(attempt, ample()).await
    }

    async fn refund(&self, payment: &Payment, refund: &Refund) -> Answer {
        self.api().refund(first(payment), refund, ample()).await
    }

    /// Returns the sandbox's name of the provider.
    fn side(&self) -> sandbox::Provider {
        match self.provider {
            Provider::Toss => sandbox::Provider::Toss,
            Provider::Stripe => sandbox::Provider::Stripe,
            Provider::KakaoPay => sandbox::Provider::Kakaopay,
            Provider::Standard => sandbox::Provider::Standard,
        }
    }

    fn plan(&self, operation: &str, faults: &[Fault]) {
        for fault in faults {
            self.sandbox.plan(self.side(), operation, fault.clone());
        }
    }

    /// Refunds in the provider's dashboard.
    fn refund_elsewhere(&self, payment: &Payment, won: i64) {
        self.sandbox.dashboard_refund(self.side(), &payment.reference, won);
    }

    /// Returns the numbers of charges and refunds, and the sum refunded.
    fn moved(&self) -> (u32, u32, i64) {
        let entries = self.sandbox.ledger();
        let sum = |each: fn(&Entry) -> u32| entries.iter().map(each).sum();
        let refunded = entries.iter().map(|entry| entry.refunded).sum();
        (sum(|entry| entry.charges), sum(|entry| entry.refund_count), refunded)
    }
}

fn providers(sandbox: &Sandbox, vault: &FakeVault) -> Providers {
    let endpoints = Endpoints {
        toss: sandbox.toss_url(),
        stripe: sandbox.stripe_url(),
        kakaopay: sandbox.kakaopay_url(),
    };
    let transport = Arc::new(HttpsTransport::new().unwrap());
    Providers::over(transport, &endpoints, vault.vault())
}

fn ample() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn short() -> Instant {
    Instant::now() + Duration::from_millis(200)
}

fn id(n: u32) -> String {
    format!("018f6a44-0d3c-8f4e-9a11-{n:012}")
}

fn won(amount: u64) -> Money {
    serde_json::from_value(json!({ "amount": amount, "currency": "KRW" })).unwrap()
}

fn order(n: u32) -> Order {
    let product = Product {
        name: "Green tea".to_owned(),
        price: won(TOTAL / 2),
        package: None,
        ..contract::examples::product().unwrap()
    };
    let sku = product.sku.clone();
    let at = |time: &str| time.parse().unwrap();
    let (placed_at, expires_at) = (at("2026-01-01T00:00:00Z"), at("2026-01-01T00:15:00Z"));
    let pricing = Pricing::of_shop(Country::try_from("KR".to_owned()).unwrap()).unwrap();
    let products = [(sku.clone(), product)].into();
    let quote = pricing
        .quote(&[(sku, 2)], &products, &pricing.delivery(None, None), placed_at)
        .unwrap();
    let order_id = OrderId(id(n).parse().unwrap());
    Order::new(order_id, CustomerId::new("ann"), quote, placed_at, expires_at)
}

/// Builds refund `n` of `amount` won.
fn refund(n: u32, amount: u64) -> Refund {
    let refund = json!({
        "refund_id": id(n),
        "amount": won(amount),
        "reason": "REQUESTED",
        "note": "a note for the shop only",
        "status": "PENDING",
        "requested_at": "2026-01-01T00:00:00Z",
    });
    serde_json::from_value(refund).unwrap()
}

/// Returns the payment after a refund of `amount` won.
fn refunded(payment: &Payment, amount: u64) -> Payment {
    Payment {
        refunded: won(amount),
        ..payment.clone()
    }
}

#[track_caller]
fn report(answer: Answer) -> Report {
    match answer {
        Answer::Report(report) => report,
        answer => panic!("expected a report: {answer:?}"),
    }
}

#[track_caller]
fn assert_status(answer: Answer, status: &ProviderStatus) {
    assert_eq!(report(answer).status, *status);
}

/// Asserts that exactly this payment was charged in full.
#[track_caller]
fn assert_charged(answer: Answer, payment: &Payment) {
    let report = report(answer);
    assert_eq!(report.payment_id(), payment.payment_id);
    assert_eq!((report.order_id, report.amount), (payment.order_id, won(TOTAL)));
    assert_eq!(report.status, ProviderStatus::Charged);
}

#[track_caller]
fn assert_failed(answer: Answer, code: &str) {
    let status = report(answer).status;
    assert_eq!(
        status.failure().map(|failure| failure.code.as_str()),
        Some(code),
        "{status:?}"
    );
}

#[track_caller]
fn assert_refunded(answer: Answer, amount: u64) {
    let report = report(answer);
    assert_eq!((report.status, report.refunded), (ProviderStatus::Charged, won(amount)));
}

#[track_caller]
fn refused(answer: Answer) -> Failure {
    match answer {
        Answer::Refused(failure) => failure,
        answer => panic!("expected a refusal: {answer:?}"),
    }
}

#[track_caller]
fn assert_unknown(answer: &Answer) {
    assert!(matches!(answer, Answer::Unknown(_)), "{answer:?}");
}

/// Returns the reason of a rejection.
#[track_caller]
fn rejected<T: std::fmt::Debug>(result: Result<T, shared::Error>) -> &'static str {
    match result.unwrap_err() {
        shared::Error::Rejected(rejection) => rejection.reason.code,
        error => panic!("expected a rejection: {error:?}"),
    }
}

/// Returns the secret with a wrong key for one provider.
fn with_wrong_key(shop: &ProviderFixture, provider: &str) -> Value {
    let mut secret = credentials(&shop.sandbox.options());
    secret[provider]["secret_key"] = json!("wrong");
    secret
}

/// Returns the first attempt of a payment.
fn first(payment: &Payment) -> Attempt<'_> {
    Attempt {
        payment,
        confirmation: None,
        nth: 0,
    }
}
