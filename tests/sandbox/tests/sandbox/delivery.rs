//! Delivery of webhooks: until they are taken, or eight times.

use std::time::Duration;

use sandbox::{Card, Delivery, Options};
use tokio::time::timeout;

use crate::client::World;
use crate::shop::Shop;
use crate::stripe::intent;

async fn delivering_to(url: &str, retry_unit: Duration) -> World {
    let world = World::with(Options {
        webhook_target: Some(url.to_owned()),
        retry_unit,
        ..Options::default()
    });
    let world = world.await;
    let id = intent(&world).await;
    world.sandbox.stripe_pay(&id, &Card::Good);
    world
}

async fn tries(world: &World) -> Vec<Delivery> {
    timeout(Duration::from_secs(20), world.sandbox.settled())
        .await
        .expect("deliveries end");
    world.sandbox.deliveries()
}

#[tokio::test]
async fn a_webhook_is_delivered_again_until_it_is_taken() {
    let shop = Shop::start(&[500, 404, 302, 204]).await;
    let world = delivering_to(&shop.url, Duration::from_micros(10)).await;
    let tries = tries(&world).await;
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
async fn a_webhook_is_given_up_after_eight_tries() {
    let shop = Shop::start(&[500]).await;
    let world = delivering_to(&shop.url, Duration::from_micros(10)).await;
    assert_eq!(tries(&world).await.len(), 8);
    assert_eq!(shop.seen().len(), 8);
}

#[tokio::test]
async fn a_shop_that_is_down_counts_as_a_try() {
    // Nobody listens at a port that was just given back.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let world = delivering_to(&url, Duration::from_micros(10)).await;
    let tries = tries(&world).await;
    assert_eq!(tries.len(), 8);
    assert!(tries.iter().all(|each| each.status.is_none() && each.error.is_some()));
}

#[tokio::test]
async fn tries_keep_the_distance_of_the_schedule() {
    let shop = Shop::start(&[500, 500, 500, 200]).await;
    let begin = std::time::Instant::now();
    let world = delivering_to(&shop.url, Duration::from_millis(10)).await;
    assert_eq!(tries(&world).await.len(), 4);
    assert!(begin.elapsed() >= Duration::from_millis(10 * (1 + 4 + 16)));
}

#[tokio::test]
async fn without_a_target_webhooks_wait_and_are_delivered_once_there_is_one() {
    let world = World::start().await;
    let id = intent(&world).await;
    world.sandbox.stripe_pay(&id, &Card::Good);
    assert!(tries(&world).await.is_empty());
    let shop = Shop::start(&[200]).await;
    world.sandbox.set_webhook_target(Some(&shop.url));
    assert_eq!(tries(&world).await.len(), 1);
    assert!(world.sandbox.webhooks().is_empty());
}
