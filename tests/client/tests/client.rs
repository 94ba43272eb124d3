//! The TypeScript client compiles with its type tests, and keeps its promises under Node and in a browser.
#![allow(clippy::unwrap_used, reason = "a panic fails the test and names the line")]

use std::path::Path;
use std::sync::LazyLock;

use client_tests::Client;
use pages::Browser;

static CLIENT: LazyLock<Option<Client>> =
    LazyLock::new(|| Client::build(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap());

#[test]
fn the_client_compiles_is_small_and_survives_lost_answers() {
    if let Some(client) = &*CLIENT {
        let files = ["runtime.test", "waits.test", "size.test", "readme.test"];
        client.test(&files, &[]).unwrap();
    }
}

#[test]
fn a_page_and_a_worker_use_the_client_in_a_browser() {
    let Some(client) = &*CLIENT else { return };
    let Some(browser) = Browser::open().unwrap() else {
        return;
    };
    let server = client.serve("browser").unwrap();
    browser.go(server.url()).unwrap();
    browser.wait_until("return document.title !== ''").unwrap();
    let outcome = browser.run("return document.title").unwrap();
    assert_eq!(outcome, r#"["1 key",304,"a","b"]"#);
}
