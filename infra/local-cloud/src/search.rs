//! A search for `cargo up`, with a typo.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::interrupt;
use crate::progress::Progress;
use crate::stack::Stack;
use crate::up::{money, text};

/// The titles that are searched: the teas are green.
const TYPO: &str = "Boseong gren tea";
/// [`TYPO`] in a query.
const QUERY: &str = "Boseong%20gren%20tea";
/// How long the index may take to have the products.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How often is searched meanwhile.
const POLL: Duration = Duration::from_millis(500);

/// Searches the teas until one is found, and prints it.
pub(crate) fn find(stack: &Stack, progress: Progress) -> Result<()> {
    let step = progress.step("searching with a typo");
    let api = stack.api();
    let until = Instant::now() + TIMEOUT;
    loop {
        interrupt::check()?;
        let path = format!("/search?q={QUERY}&limit=3");
        let page = api.call("GET", &path).send()?.expect(200)?;
        let items = page["items"].as_array().context("the search has no items")?;
        if !items.is_empty() {
            let found: Vec<String> = items.iter().map(described).collect();
            step.done(format!("\u{201c}{TYPO}\u{201d} finds {}", found.join(", ")));
            return Ok(());
        }
        if Instant::now() > until {
            bail!("the search for \u{201c}{TYPO}\u{201d} finds nothing");
        }
        thread::sleep(POLL);
    }
}

fn described(item: &Value) -> String {
    format!("{} {}", text(&item["title"]), money(&item["product"]["current_price"]))
}
