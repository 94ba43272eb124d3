//! Fuzz target: a batch of a table's stream, as Lambda delivers it.

use aws_lambda_events::dynamodb::Event;
use events::relay_events::{RelayEvents, handle};

use crate::cloud::{Cloud, invocation, run};

/// Relays the batch: every change is published or kept in the queue, whatever it contains.
///
/// # Panics
/// If a change fails.
pub fn enter(data: &[u8]) {
    let Ok(batch) = serde_json::from_slice::<Event>(data) else {
        return;
    };
    let function = RelayEvents::new(&Cloud::default().platform()).expect("its variables");
    let response = run(handle(&function, batch, invocation())).expect("a response to the stream");
    assert!(
        response.batch_item_failures.is_empty(),
        "bus and queue accept everything: {response:?}"
    );
}
