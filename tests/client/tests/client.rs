//! The TypeScript client compiles with its type tests, and its runtime keeps its promises under Node.
#![allow(clippy::unwrap_used, reason = "a panic fails the test and names the line")]

use std::path::Path;

use client_tests::Client;

#[test]
fn the_client_compiles_is_small_and_survives_lost_answers() {
    let client = Client::build(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    if let Some(client) = client {
        client
            .test(&["runtime.test", "waits.test", "size.test", "readme.test"], &[])
            .unwrap();
    }
}
