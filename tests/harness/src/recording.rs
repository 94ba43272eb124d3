//! Records the requests that a test sends to functions, with their responses.

use std::cell::RefCell;

use crate::gateway::{Answer, Call};

tokio::task_local! {
    static EXCHANGES: RefCell<Vec<(Call, Answer)>>;
}

/// Runs `test` and returns the requests that it sent, in order.
pub async fn record(test: impl Future<Output = ()>) -> Vec<(Call, Answer)> {
    let recorded = async {
        test.await;
        EXCHANGES.with(RefCell::take)
    };
    EXCHANGES.scope(RefCell::default(), recorded).await
}

/// Notes an exchange, if the test is being recorded.
pub(crate) fn note(call: &Call, answer: &Answer) {
    // Without a recording there is nothing to do.
    let _ = EXCHANGES.try_with(|exchanges| exchanges.borrow_mut().push((call.clone(), answer.clone())));
}
