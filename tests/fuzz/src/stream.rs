//! A batch of a table's stream, as Lambda hands it over.

use aws_lambda_events::dynamodb::Event;
use events::relay_events::{RelayEvents, handle};

use crate::cloud::{Cloud, invocation, run};

/// Relays the batch: every change of it gets through or is kept, whatever stands in it.
///
/// # Panics
/// When one does not.
pub fn enter(data: &[u8]) {
    let Ok(batch) = serde_json::from_slice::<Event>(data) else {
        return;
    };
    let function = RelayEvents::new(&Cloud::default().platform()).expect("its variables");
    let response = run(handle(&function, batch, invocation())).expect("an answer to the stream");
    assert!(
        response.batch_item_failures.is_empty(),
        "bus and queue take everything: {response:?}"
    );
}
