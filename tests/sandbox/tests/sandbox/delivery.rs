//! Delivery of webhooks: until one attempt is accepted, at most eight times.

use std::time::Duration;

use sandbox::{Card, Delivery, Options};
use tokio::time::timeout;

use crate::client::TestClient;
use crate::shop::Shop;
use crate::stripe::intent;

async fn delivering_to(url: &str, retry_unit: Duration) -> TestClient {
    let client = TestClient::with(Options {
        webhook_target: Some(url.to_owned()),
        retry_unit,
        ..Options::default()
    });
    let client = client.await;
    let id = intent(&client).await;
    client.sandbox.stripe_pay(&id, &Card::Good);
    client
}

async fn tries(client: &TestClient) -> Vec<Delivery> {
    timeout(Duration::from_secs(20), client.sandbox.settled())
        .await
        .expect("deliveries end");
    client.sandbox.deliveries()
}

#[tokio::test]
async fn a_webhook_is_retried_until_it_is_accepted() {
    let shop = Shop::start(&[500, 404, 302, 204]).await;
    let client = delivering_to(&shop.url, Duration::from_micros(10)).await;
    let tries = tries(&client).await;
    let statuses: Vec<_> = tries.iter().map(|each| (each.attempt, each.status)).collect();
    assert_eq!(
        statuses,
        [(1, Some(500)), (2, Some(404)), (3, Some(302)), (4, Some(204))]
    );
    let seen = shop.seen();
    assert_eq!(seen.len(), 4);
    assert!(seen[0].starts_with("POST /webhooks/stripe HTTP/1.1\r\n"), "{}", seen[0]);
    assert!(seen[0].contains("stripe-signature: t=1767225600,v1="), "{}", seen[0]);
    assert!(seen[0].ends_with(&tries[0].body) && tries[0].body.contains("payment_intent.succeeded"));
}

#[tokio::test]
async fn a_webhook_is_given_up_after_eight_attempts() {
    let shop = Shop::start(&[500]).await;
    let client = delivering_to(&shop.url, Duration::from_micros(10)).await;
    assert_eq!(tries(&client).await.len(), 8);
    assert_eq!(shop.seen().len(), 8);
}

#[tokio::test]
async fn an_unreachable_shop_counts_as_an_attempt() {
    // No server listens at a port that was just released.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = delivering_to(&url, Duration::from_micros(10)).await;
    let tries = tries(&client).await;
    assert_eq!(tries.len(), 8);
    assert!(tries.iter().all(|each| each.status.is_none() && each.error.is_some()));
}

#[tokio::test]
async fn attempts_keep_the_intervals_of_the_schedule() {
    let shop = Shop::start(&[500, 500, 500, 200]).await;
    let begin = std::time::Instant::now();
    let client = delivering_to(&shop.url, Duration::from_millis(10)).await;
    assert_eq!(tries(&client).await.len(), 4);
    assert!(begin.elapsed() >= Duration::from_millis(10 * (1 + 4 + 16)));
}

#[tokio::test]
async fn without_a_target_webhooks_stay_pending_until_there_is_one() {
    let client = TestClient::start().await;
    let id = intent(&client).await;
    client.sandbox.stripe_pay(&id, &Card::Good);
    assert!(tries(&client).await.is_empty());
    let shop = Shop::start(&[200]).await;
    client.sandbox.set_webhook_target(Some(&shop.url));
    assert_eq!(tries(&client).await.len(), 1);
    assert!(client.sandbox.webhooks().is_empty());
}
