//! A batch of a table's stream, as Lambda hands it over.

use aws_lambda_events::dynamodb::Event;
use events::relay_events::{RelayEvents, Undelivered, handle};
use shared::edge::bus::Bus;

use crate::cloud::{Cloud, invocation, run};

/// Relays the batch: every change of it gets through or is kept, whatever stands in it.
///
/// # Panics
/// When one does not.
pub fn enter(data: &[u8]) {
    let Ok(batch) = serde_json::from_slice::<Event>(data) else {
        return;
    };
    let aws = Cloud::default().aws();
    let queue = "https://queue.example.com/1/undelivered".to_owned();
    let function = RelayEvents {
        bus: Bus::new(&aws, "madang".to_owned()),
        undelivered: Undelivered::new(aws_sdk_sqs::Client::new(&aws), queue),
    };
    let response = run(handle(&function, batch, invocation())).expect("an answer to the stream");
    assert!(
        response.batch_item_failures.is_empty(),
        "bus and queue take everything: {response:?}"
    );
}
