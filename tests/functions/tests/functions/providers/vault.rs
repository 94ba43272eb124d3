//! The providers' credentials.

use harness::FakeVault;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shared::Error;
use shared::payments::Provider;

use super::{ProviderFixture, ample, assert_unknown, refused, rejected, short};

fn secret(key: &str) -> serde_json::Value {
    json!({ "toss": { "secret_key": key } })
}

#[tokio::test]
async fn concurrent_readers_fetch_the_secret_once() {
    let fake = FakeVault::with(&secret("a"));
    let vault = fake.vault();
    let callers = (0..10).map(|_| async { vault.clone().get(ample()).await.unwrap() });
    for credentials in futures::future::join_all(callers).await {
        assert_eq!(credentials.toss().unwrap().secret_key, "a");
    }
    fake.set(&secret("b"));
    assert_eq!(vault.get(ample()).await.unwrap().toss().unwrap().secret_key, "a");
    assert_eq!(fake.reads(), 1);
}

#[tokio::test]
async fn a_secret_is_reloaded_at_most_every_30_seconds() {
    let fake = FakeVault::with(&secret("a"));
    let vault = fake.vault();
    vault.get(ample()).await.unwrap();
    fake.set(&secret("b"));
    let now = Timestamp::from_second(1_767_225_600).unwrap();
    let reload = async |seconds| {
        let at = now + SignedDuration::from_secs(seconds);
        let fresh = vault.reload(at, ample()).await.unwrap();
        fresh.map(|fresh| fresh.toss().unwrap().secret_key.clone())
    };
    assert_eq!(reload(0).await.as_deref(), Some("b"));
    assert_eq!(vault.get(ample()).await.unwrap().toss().unwrap().secret_key, "b");
    fake.set(&secret("c"));
    for seconds in [0, 1, 29, -5] {
        assert_eq!(reload(seconds).await, None, "{seconds}");
    }
    assert_eq!(reload(30).await.as_deref(), Some("c"));
    assert_eq!(fake.reads(), 3);
}

#[tokio::test]
async fn without_the_secret_no_provider_is_called_and_a_fetched_secret_is_kept() {
    let shop = ProviderFixture::open(Provider::Toss).await;
    shop.vault.set_down(true);
    let payment = shop.payment(1, "tgen_1");
    assert_unknown(&shop.confirm_by(&payment, None, short()).await);
    shop.vault.set_down(false);
    let vault = shop.vault.vault();
    vault.get(ample()).await.unwrap();
    shop.vault.set_down(true);
    let now = Timestamp::UNIX_EPOCH;
    let failed = vault.reload(now, ample()).await;
    assert!(matches!(failed, Err(Error::Unavailable { .. })), "{failed:?}");
    assert!(vault.get(ample()).await.is_ok());
    // A failed attempt counts too.
    assert!(vault.reload(now, ample()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_damaged_secret_is_an_internal_error_that_does_not_show_it() {
    let fake = FakeVault::with(&json!({ "toss": { "secret_key": ["hush"] } }));
    let error = fake.vault().get(ample()).await.unwrap_err();
    assert!(matches!(error, Error::Internal { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("hush"));
}

#[tokio::test]
async fn a_provider_without_credentials_is_unavailable() {
    for provider in [Provider::Toss, Provider::Stripe, Provider::KakaoPay] {
        let shop = ProviderFixture::open(provider).await;
        shop.vault.set(&json!({}));
        assert_eq!(rejected(shop.try_start(1, "request").await), "provider-not-configured");
        assert_unknown(&shop.find(&shop.payment(1, "reference")).await);
    }
    let shop = ProviderFixture::open(Provider::Toss).await;
    shop.vault.set(&json!({}));
    let failure = refused(shop.confirm(&shop.payment(1, "tgen_1"), None).await);
    assert_eq!(failure.code, "provider-not-configured");
}
