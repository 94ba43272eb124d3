//! The queue: a message sent is delivered at least once, until it succeeds.

use aws_lambda_events::sqs::SqsBatchResponse;
use std::time::Duration;

use harness::FakeQueue;
use harness::queue::URL;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shared::Error;
use shared::aws::lambda::batch;
use shared::aws::queue::Queue;
use tokio::time::Instant;

const VISIBILITY: SignedDuration = SignedDuration::from_mins(12);

fn queue() -> (FakeQueue, Queue) {
    let fake = FakeQueue::new(VISIBILITY, 2);
    let queue = Queue::new(&fake.config(), URL.to_owned());
    (fake, queue)
}

/// Sends messages with these numbers, with a deadline in half a minute.
async fn send(queue: &Queue, numbers: &[u32]) -> Vec<bool> {
    let messages: Vec<String> = numbers.iter().map(u32::to_string).collect();
    queue.send(&messages, Instant::now() + Duration::from_secs(30)).await
}

#[tokio::test]
async fn messages_that_the_queue_refuses_are_sent_again_without_the_others() {
    let (fake, queue) = queue();
    fake.refuse("2");
    fake.refuse("2");
    assert_eq!(send(&queue, &[1, 2, 3]).await, [true; 3]);
    assert_eq!(fake.requests(), [3, 1, 1]);
    assert_eq!(fake.messages(), [json!(1), json!(3), json!(2)]);
}

#[tokio::test]
async fn a_request_that_fails_or_whose_response_is_lost_is_repeated() {
    let (fake, queue) = queue();
    fake.fail(2);
    assert_eq!(send(&queue, &[1, 2]).await, [true; 2]);
    assert_eq!(fake.requests(), [2, 2, 2]);
    fake.lose_answers(1);
    assert_eq!(send(&queue, &[3]).await, [true]);
    let messages = fake.messages();
    assert_eq!(
        messages,
        [json!(1), json!(2), json!(3), json!(3)],
        "twice is better than never"
    );
}

#[tokio::test]
async fn messages_that_cannot_be_sent_in_time_are_reported() {
    let (fake, queue) = queue();
    fake.refuse("2");
    let messages = ["1".to_owned(), "2".to_owned()];
    // No time is left for a second attempt.
    let taken = queue.send(&messages, Instant::now() + Duration::from_micros(1)).await;
    assert!(!taken[1] && fake.messages().len() <= 1, "{taken:?}");
}

#[tokio::test]
async fn a_failed_message_is_delivered_again_alone_and_ends_as_a_dead_letter() {
    let (fake, queue) = queue();
    send(&queue, &[1, 2]).await;
    let mut now = Timestamp::UNIX_EPOCH;
    let first = fake.receive(10, now).unwrap();
    assert!(fake.receive(10, now).is_none(), "a delivered message is invisible");
    let response = batch::serve(first.batch.clone(), async |number: u32| match number {
        1 => Ok(()),
        _ => Err(Error::unavailable("try", "busy")),
    });
    fake.settle(&first, &response.await);
    assert!(fake.receive(10, now).is_none());
    now += VISIBILITY;
    let second = fake.receive(10, now).unwrap();
    assert_eq!(second.batch.messages.len(), 1);
    assert_eq!(second.batch.messages[0].body, "2");
    // The function crashes and reports nothing.
    now += VISIBILITY;
    assert!(fake.receive(10, now).is_none());
    assert_eq!((fake.dead_letters(), fake.messages()), (vec![json!(2)], vec![]));
}

#[tokio::test]
async fn messages_can_be_delivered_twice_and_in_any_order() {
    let (fake, queue) = queue();
    fake.deliver_twice(true);
    fake.shuffle(7);
    send(&queue, &[1, 2, 3, 4, 5]).await;
    let delivery = fake.receive(10, Timestamp::UNIX_EPOCH).unwrap();
    let mut bodies: Vec<&str> = delivery
        .batch
        .messages
        .iter()
        .map(|message| message.body.as_str())
        .collect();
    assert_ne!(bodies, ["1", "1", "2", "2", "3", "3", "4", "4", "5", "5"]);
    bodies.sort_unstable();
    assert_eq!(bodies, ["1", "1", "2", "2", "3", "3", "4", "4", "5", "5"]);
    fake.settle(&delivery, &SqsBatchResponse::default());
    assert!(fake.messages().is_empty());
}
